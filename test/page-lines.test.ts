// Requests told together with the page that they belong to, and how the lines look.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RequestEntry } from '../src/log.ts';
import type { Channel, Decision, Plan, Verdict } from '../src/plan.ts';
import { LineRate } from '../src/terminal/line-rate.ts';
import { formatTold } from '../src/terminal/page-lines.ts';
import { PageVisits, type Told } from '../src/terminal/page-visits.ts';
import { painter } from '../src/terminal/text.ts';
import { dependencyOf } from './support/dependency.ts';

const PLAIN = painter(false);
const ENTRY: RequestEntry = {
	time: new Date(2026, 10, 5, 9, 8, 7),
	method: 'GET',
	target: '/a.css',
	protocol: 'HTTP/2',
	status: 200,
	bytes: 1234,
	durationMs: 1.26,
	remoteAddress: '192.0.2.1',
	referer: undefined,
	userAgent: 'Browser',
	page: undefined,
};

/** A plan with so many of each verdict, on files called after it. */
const planOf = (channel: Channel, counts: Partial<Record<Verdict, number>>): Plan => {
	const decisions = Object.entries(counts).flatMap(([verdict, count]) =>
		Array.from(
			{ length: count },
			(_, index): Decision => ({
				dependency: dependencyOf(`/${verdict}${index}.css`),
				verdict: verdict as Verdict,
				reason: 'not held',
			}),
		),
	);
	return { channel, decisions, deliveries: [] };
};

const pageOf = (target: string, changes: Partial<RequestEntry> = {}): RequestEntry => ({
	...ENTRY,
	target,
	page: { plan: planOf('push', { send: 2, leave: 1 }), evidence: 'none', hinted: 0 },
	...changes,
});

const fileOf = (target: string, from?: string, changes: Partial<RequestEntry> = {}): RequestEntry => ({
	...ENTRY,
	target,
	referer: from === undefined ? undefined : `https://localhost:8443${from}`,
	...changes,
});

/** `page + files` as far as they are told, a request alone by its target. */
const summary = (told: readonly Told[]): readonly string[] =>
	told.map(({ entry, assets }) =>
		assets === undefined ? entry.target : `${entry.target} + ${assets.files}`,
	);

const visits = suite('what belongs to a page');

const rows: readonly { name: string; input: readonly RequestEntry[]; want: readonly string[] }[] = [
	{ name: 'a page alone', input: [pageOf('/')], want: ['/ + 0'] },
	{ name: 'a file alone', input: [fileOf('/a.css')], want: ['/a.css'] },
	{
		name: 'files that the page refers to',
		input: [pageOf('/b?c=d'), fileOf('/a.css', '/b?c=d'), fileOf('/b.css', '/b?c=d')],
		want: ['/b?c=d + 2'],
	},
	{
		name: 'a font by the style sheet that came by a request, and an image by one that was pushed',
		input: [
			pageOf('/'),
			pageOf('/other'),
			fileOf('/a.css', '/'),
			fileOf('/a.woff2', '/a.css'),
			fileOf('/b.png', '/send1.css'),
		],
		want: ['/ + 2', '/other + 1'],
	},
	{
		name: 'of two pages, each has its own',
		input: [pageOf('/'), pageOf('/b'), fileOf('/a.css', '/b'), fileOf('/b.css', '/'), fileOf('/c.css', '/b')],
		want: ['/ + 1', '/b + 2'],
	},
	{
		name: 'a page that is shown again: what comes then is the second one’s',
		input: [pageOf('/'), fileOf('/a.css', '/'), pageOf('/'), fileOf('/b.css', '/'), fileOf('/c.css', '/')],
		want: ['/ + 1', '/ + 2'],
	},
	{
		name: 'without a referrer, or with a strange one, what comes while only one page is under way',
		input: [
			pageOf('/'),
			fileOf('/a.css'),
			fileOf('/b.css', undefined, { referer: 'about:client' }),
			fileOf('/c.css', undefined, { referer: '::' }),
		],
		want: ['/ + 3'],
	},
	{
		name: 'without a referrer nobody knows which of two',
		input: [pageOf('/'), pageOf('/b'), fileOf('/a.css')],
		want: ['/a.css', '/ + 0', '/b + 0'],
	},
	{
		name: 'other clients have nothing to do with it',
		input: [
			pageOf('/'),
			fileOf('/a.css', '/', { remoteAddress: '192.0.2.2' }),
			fileOf('/b.css', '/', { userAgent: 'curl' }),
		],
		want: ['/a.css', '/b.css', '/ + 0'],
	},
	{
		name: 'a page that a page led to is no file of it',
		input: [pageOf('/'), pageOf('/b', { referer: 'https://localhost:8443/' })],
		want: ['/ + 0', '/b + 0'],
	},
];
for (const { name, input, want } of rows)
	visits(name, () => {
		const pages = new PageVisits();
		const told = input.flatMap((entry) => pages.take(entry, 0));
		assert.equal(summary([...told, ...pages.endAll()]), want);
		assert.is(pages.isPending, false);
	});

visits('a page is told of when nothing has come for 300 ms', () => {
	const pages = new PageVisits();
	pages.take(pageOf('/'), 1000);
	assert.equal(summary(pages.settle(1299)), []);
	pages.take(fileOf('/a.css', '/'), 1299);
	assert.equal(summary(pages.settle(1598)), []);
	assert.is(pages.isPending, true);
	assert.equal(summary(pages.settle(1599)), ['/ + 1']);
	assert.is(pages.isPending, false);
	assert.equal(summary(pages.take(fileOf('/late.css', '/'), 1600)), ['/late.css']);
});

visits('a page that goes on asking is told of after 3 s', () => {
	const pages = new PageVisits();
	pages.take(pageOf('/'), 0);
	for (let now = 0; now < 3000; now += 100) {
		pages.take(fileOf('/poll', '/'), now);
		assert.equal(summary(pages.settle(now)), []);
	}
	assert.equal(summary(pages.settle(3000)), ['/ + 30']);
});

visits('counts bodies, what was unchanged and what failed, and remembers the first that did', () => {
	const pages = new PageVisits();
	pages.take(pageOf('/'), 0);
	for (const status of [200, 304, 304, 404, 500])
		pages.take(fileOf(`/${status}`, '/', { status, bytes: 10 }), 0);
	for (let at = 0; at < 20; at++) pages.take(fileOf(`/gone${at}`, '/', { status: 404, bytes: 10 }), 0);
	const [{ assets } = { assets: undefined }] = pages.endAll();
	assert.is(assets?.files, 25);
	assert.is(assets?.bytes, 250);
	assert.is(assets?.unchanged, 2);
	assert.is(assets?.failures, 22);
	assert.equal(
		assets?.failed.map(({ target }) => target),
		['/404', '/500', '/gone0', '/gone1', '/gone2'],
	);
});

visits('a flood of pages is not held back: the oldest go first', () => {
	const pages = new PageVisits();
	const told: Told[] = [];
	for (let at = 0; at < 10_000; at++) told.push(...pages.take(pageOf(`/${at}`), 0));
	assert.ok(told.length >= 9900, String(told.length));
	assert.is(told[0]?.entry.target, '/0');
	assert.is(told.length + pages.endAll().length, 10_000);
});

visits.run();

const lines = suite('lines of pages');

const tellOf = (entries: readonly RequestEntry[], columns?: number): readonly string[] => {
	const pages = new PageVisits();
	const told = entries.flatMap((entry) => pages.take(entry, 0));
	return [...told, ...pages.endAll()].flatMap((one) => formatTold(one, { paint: PLAIN, columns }));
};
const withPlan = (
	channel: Channel,
	counts: Partial<Record<Verdict, number>>,
	hinted = 0,
): Partial<RequestEntry> => ({ page: { plan: planOf(channel, counts), evidence: 'none', hinted } });

const looks: readonly {
	name: string;
	input: readonly RequestEntry[];
	columns?: number;
	want: readonly string[];
}[] = [
	{
		name: 'a file',
		input: [fileOf('/a.css')],
		want: ['09:08:07  200   1.3 ms  /a.css                    1 kB'],
	},
	{
		name: 'a method other than GET',
		input: [fileOf('/a.css', undefined, { method: 'HEAD', bytes: 0, durationMs: 123.4 })],
		want: ['09:08:07  200   123 ms  HEAD /a.css               0 B'],
	},
	{
		name: 'each channel, in columns',
		input: [
			pageOf('/', withPlan('push', { send: 32, leave: 18 })),
			pageOf('/about', withPlan('bundle', { send: 1, confirm: 34, leave: 16 })),
			pageOf('/b', withPlan('hints', { send: 32, confirm: 1, skip: 2, leave: 18 }, 17)),
			pageOf('/c', withPlan('plain', { send: 2 })),
			fileOf('/a.css', '/', { bytes: 397_000 }),
		],
		want: [
			'09:08:07  200   1.3 ms  /                         push: 32 pushed, 0 confirmed, 0 skipped, 18 left   + 1 file, 397 kB',
			'09:08:07  200   1.3 ms  /about                    bundle: 1 sent, 34 confirmed, 0 skipped, 16 left',
			'09:08:07  200   1.3 ms  /b                        hints: 17 hinted of 32 lacking, 1 stale, 2 skipped, 18 left',
			'09:08:07  200   1.3 ms  /c                        plain: 2 lacking, 0 stale, 0 skipped, 0 left',
		],
	},
	{
		name: 'in a narrow terminal, without what is 0',
		columns: 100,
		input: [
			pageOf('/', withPlan('push', { send: 32, leave: 18 })),
			pageOf('/b', withPlan('hints', { send: 32, leave: 18 }, 17)),
			pageOf('/c', withPlan('plain', { send: 0 })),
			fileOf('/a.css', '/', { bytes: 397_000 }),
			fileOf('/b.css', '/b', { status: 304, bytes: 0 }),
		],
		want: [
			'09:08:07  200   1.3 ms  /                 push: 32 pushed, 18 left          + 1 file, 397 kB',
			'09:08:07  200   1.3 ms  /b                hints: 17 of 32 hinted, 18 left   + 1 file, 0 B, 1 × 304',
			'09:08:07  200   1.3 ms  /c                plain: 0 lacking',
		],
	},
	{
		name: 'what failed is named below',
		input: [
			pageOf('/'),
			...Array.from({ length: 7 }, (_, at) => fileOf(`/gone${at}.js`, '/', { status: 404, bytes: 0 })),
		],
		want: [
			'09:08:07  200   1.3 ms  /                         push: 2 pushed, 0 confirmed, 0 skipped, 1 left     + 7 files, 0 B, 7 failed',
			...[0, 1, 2, 3, 4].map((at) => `          404           /gone${at}.js`),
			'                        … and 2 more',
		],
	},
	{
		name: 'a long path loses its middle where there is no room',
		columns: 80,
		input: [
			pageOf(`/${'a'.repeat(40)}/${'b'.repeat(40)}`, withPlan('push', { send: 32, leave: 18 })),
			fileOf(`/${'a'.repeat(40)}/${'b'.repeat(40)}`, '/other', { userAgent: 'curl' }),
		],
		want: [
			`09:08:07  200   1.3 ms  /${'a'.repeat(24)}…${'b'.repeat(24)}  1 kB`,
			`09:08:07  200   1.3 ms  /${'a'.repeat(14)}…${'b'.repeat(14)}  push: 32 pushed, 18 left`,
		],
	},
];
for (const { name, input, columns, want } of looks)
	lines(`look: ${name}`, () => assert.equal(tellOf(input, columns), want));

lines('no line of usual counts is longer than a terminal of 100 characters', () => {
	const plans = [
		withPlan('push', { send: 32, leave: 18 }),
		withPlan('push', { confirm: 134, leave: 116 }),
		withPlan('bundle', { confirm: 34, leave: 16 }),
		withPlan('hints', { send: 32, leave: 18 }, 17),
		withPlan('hints', { send: 2, confirm: 30, skip: 4, leave: 18 }, 17),
		withPlan('plain', { send: 32, leave: 18 }),
	];
	for (const plan of plans)
		for (const target of ['/', '/notes/hessdalen', `/${'long/'.repeat(30)}`]) {
			const asked = Array.from({ length: 21 }, (_, at) =>
				fileOf(`/${at}`, target, { status: at === 0 ? 404 : at < 15 ? 200 : 304, bytes: 19_000 }),
			);
			const [line = ''] = tellOf([pageOf(target, plan), ...asked], 100);
			assert.ok(line.length <= 100, `${line.length}: ${line}`);
			assert.match(line, /1 failed$/);
		}
});

for (const { status, colour } of [
	{ status: 200, colour: 32 },
	{ status: 304, colour: 36 },
	{ status: 404, colour: 33 },
	{ status: 500, colour: 31 },
])
	lines(`${status} is told by its colour where colours are wanted, and by nothing else`, () => {
		const told: Told = { entry: fileOf('/a', undefined, { status }), assets: undefined };
		const [coloured = ''] = formatTold(told, { paint: painter(true), columns: 100 });
		assert.ok(coloured.includes(`\x1b[${colour}m${status}\x1b[39m`), JSON.stringify(coloured));
		// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
		assert.equal([coloured.replace(/\x1b\[\d+m/g, '')], formatTold(told, { paint: PLAIN, columns: 100 }));
	});

lines('a coloured line is as wide as one without colours', () => {
	const pages = new PageVisits();
	pages.take(pageOf('/'), 0);
	pages.take(fileOf('/a', '/', { status: 404 }), 0);
	const [told] = pages.endAll();
	const coloured = formatTold(told!, { paint: painter(true), columns: 100 }).join('\n');
	assert.match(coloured, '\x1b[31m1 failed\x1b[39m');
	// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
	const bare = coloured.replace(/\x1b\[\d+m/g, '');
	assert.is(bare, formatTold(told!, { paint: PLAIN, columns: 100 }).join('\n'));
});

const hostile: readonly { name: string; input: string; want: string }[] = [
	{ name: 'a line feed', input: '/\nx', want: '/\\x0ax' },
	{ name: 'a colour', input: '/\x1b[31mred', want: '/\\x1b[31mred' },
	{ name: 'a colour of 8-bit terminals', input: '/\x9b31m', want: '/\\x9b31m' },
	{ name: 'text that runs backwards', input: '/\u202egpj', want: '/\\x202egpj' },
	{ name: 'a quote', input: '/"', want: '/\\"' },
];
for (const { name, input, want } of hostile)
	lines(`what a client sends is escaped: ${name}`, () => {
		for (const line of tellOf([fileOf(input, undefined, { method: input }), pageOf(input)])) {
			assert.match(line, /^[ -~]+$/);
			assert.ok(line.includes(want), line);
		}
		const [, failed = ''] = tellOf([pageOf('/'), fileOf(input, '/', { status: 404 })]);
		assert.ok(failed.endsWith(`  ${want}`), failed);
	});

lines.run();

const rate = suite('no more lines than can be read');

rate('above 50 in a second they are counted, and told of when it is over', () => {
	const lineRate = new LineRate();
	let shown = 0;
	for (let at = 0; at < 1284; at++) if (lineRate.admit(500 + at / 2)) shown += 1;
	assert.is(shown, 50);
	assert.is(lineRate.isPending, true);
	assert.is(lineRate.takeCounted(1499), 0);
	assert.is(lineRate.takeCounted(1500), 1234);
	assert.is(lineRate.isPending, false);
	assert.is(lineRate.takeCounted(9000), 0);
	assert.is(lineRate.admit(1501), true);
});

rate('what a line stands for is counted', () => {
	const lineRate = new LineRate();
	for (let at = 0; at < 50; at++) assert.is(lineRate.admit(0, 7), true);
	assert.is(lineRate.admit(0, 7), false);
	assert.is(lineRate.admit(0, 8), false);
	assert.is(lineRate.takeCounted(1000), 15);
});

rate('50 a second go on for ever', () => {
	const lineRate = new LineRate();
	for (let second = 0; second < 20; second++)
		for (let at = 0; at < 50; at++) assert.is(lineRate.admit(second * 1000 + at * 10), true);
});

rate.run();
