import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatEntry, type RequestEntry } from '../src/log.ts';
import type { Decision, Delivery, Plan } from '../src/plan.ts';
import type { Dependency } from '../src/site/closure.ts';
import { dependencyOf as anyDependencyOf, assetOf } from './support/dependency.ts';
import { onRandom } from './support/random.ts';

const log = suite('log');

const ENTRY: RequestEntry = {
	time: new Date('2026-11-05T09:08:07.006Z'),
	method: 'GET',
	target: '/a.css?v=1',
	protocol: 'HTTP/2',
	status: 200,
	bytes: 1234,
	durationMs: 1.26,
	remoteAddress: '192.0.2.1',
	referer: 'https://example.com/',
	userAgent: 'Mozilla/5.0 (X11)',
	page: undefined,
};

const dependencyOf = (url: string, changes: Partial<Dependency> = {}): Dependency =>
	anyDependencyOf(url, {
		asset: assetOf(url, { file: `/secret/folder${url}`, size: 321 }),
		from: '/index.html',
		line: 7,
		...changes,
	});

const DECISIONS: readonly Decision[] = [
	{ dependency: dependencyOf('/a.js'), verdict: 'send', reason: 'not held' },
	{ dependency: dependencyOf('/b.js'), verdict: 'send', reason: 'not held' },
	{ dependency: dependencyOf('/c.js'), verdict: 'confirm', reason: 'held, to be revalidated' },
	{ dependency: dependencyOf('/d.js'), verdict: 'skip', reason: 'held and immutable' },
	{ dependency: dependencyOf('/e.png', { as: 'image', line: 12 }), verdict: 'leave', reason: 'lazy' },
	{
		dependency: dependencyOf('/gone.js', { asset: undefined, hash: '' }),
		verdict: 'leave',
		reason: 'missing',
	},
];
const planOf = (channel: Plan['channel']): Plan => ({
	channel,
	decisions: DECISIONS,
	deliveries: DECISIONS.filter((decision): decision is Delivery => decision.verdict === 'send'),
});
const PAGE: RequestEntry = {
	...ENTRY,
	target: '/',
	page: { plan: planOf('push'), evidence: 'cookie', hinted: 0 },
};

for (const { name, changes, want } of [
	{
		name: 'everything there',
		changes: {},
		want: '192.0.2.1 - - [05/Nov/2026:09:08:07 +0000] "GET /a.css?v=1 HTTP/2" 200 1234 "https://example.com/" "Mozilla/5.0 (X11)"',
	},
	{
		name: 'neither body, nor Referer, nor User-Agent',
		changes: { bytes: 0, status: 304, referer: undefined, userAgent: undefined, protocol: 'HTTP/1.1' },
		want: '192.0.2.1 - - [05/Nov/2026:09:08:07 +0000] "GET /a.css?v=1 HTTP/1.1" 304 - "-" "-"',
	},
	{
		name: 'another day, an IPv6 address',
		changes: { time: new Date(Date.UTC(2027, 0, 31, 23, 59, 59)), remoteAddress: '2001:db8::1' },
		want: '2001:db8::1 - - [31/Jan/2027:23:59:59 +0000] "GET /a.css?v=1 HTTP/2" 200 1234 "https://example.com/" "Mozilla/5.0 (X11)"',
	},
	{
		name: 'a page view is a request like others',
		changes: PAGE,
		want: '192.0.2.1 - - [05/Nov/2026:09:08:07 +0000] "GET / HTTP/2" 200 1234 "https://example.com/" "Mozilla/5.0 (X11)"',
	},
] satisfies { name: string; changes: Partial<RequestEntry>; want: string }[])
	log(`combined: ${name}`, () => assert.is(formatEntry({ ...ENTRY, ...changes }, 'combined'), want));

const parse = (entry: RequestEntry): Record<string, unknown> => JSON.parse(formatEntry(entry, 'json'));

log('json: a file', () => {
	assert.equal(parse(ENTRY), {
		time: '2026-11-05T09:08:07.006Z',
		method: 'GET',
		target: '/a.css?v=1',
		protocol: 'HTTP/2',
		status: 200,
		bytes: 1234,
		durationMs: 1.26,
		remoteAddress: '192.0.2.1',
		referer: 'https://example.com/',
		userAgent: 'Mozilla/5.0 (X11)',
	});
});

log('json: what a client did not say is absent', () => {
	const record = parse({ ...ENTRY, referer: undefined, userAgent: undefined });
	assert.not('referer' in record);
	assert.not('userAgent' in record);
});

log('json: a page lists every dependency with verdict and reason, in order', () => {
	const record = parse(PAGE);
	assert.not('page' in record);
	assert.is(record.channel, 'push');
	assert.is(record.evidence, 'cookie');
	assert.is(record.pushed, 2);
	assert.is(record.confirmed, 1);
	assert.is(record.skipped, 1);
	assert.is(record.left, 2);
	const common = { as: 'script', bytes: 321, from: '/index.html:7' };
	assert.equal(record.dependencies, [
		{ ...common, url: '/a.js', verdict: 'send', reason: 'not held', hash: 'hash of /a.js' },
		{ ...common, url: '/b.js', verdict: 'send', reason: 'not held', hash: 'hash of /b.js' },
		{ ...common, url: '/c.js', verdict: 'confirm', reason: 'held, to be revalidated', hash: 'hash of /c.js' },
		{ ...common, url: '/d.js', verdict: 'skip', reason: 'held and immutable', hash: 'hash of /d.js' },
		{
			...common,
			url: '/e.png',
			as: 'image',
			verdict: 'leave',
			reason: 'lazy',
			hash: 'hash of /e.png',
			from: '/index.html:12',
		},
		{ url: '/gone.js', as: 'script', verdict: 'leave', reason: 'missing', from: '/index.html:7' },
	]);
});

log('json: without push, what would have been pushed is what the client lacks', () => {
	const record = parse({ ...PAGE, page: { plan: planOf('plain'), evidence: 'no-cache', hinted: 0 } });
	assert.is(record.channel, 'plain');
	assert.is(record.evidence, 'no-cache');
	assert.is(record.lacking, 2);
	assert.is(record.stale, 1);
	assert.not('pushed' in record);
	assert.not('hinted' in record);
});

log('json: with hints, the number of links is told beside what is lacking', () => {
	const record = parse({ ...PAGE, page: { plan: planOf('hints'), evidence: 'cache-digest', hinted: 3 } });
	const { channel, evidence, hinted, lacking, stale } = record;
	assert.equal(
		{ channel, evidence, hinted, lacking, stale },
		{
			channel: 'hints',
			evidence: 'cache-digest',
			hinted: 3,
			lacking: 2,
			stale: 1,
		},
	);
	assert.not('pushed' in record);
});

log('no format tells where files lie on the disk', () => {
	for (const format of ['combined', 'json'] as const) assert.not.match(formatEntry(PAGE, format), /secret/);
});

const HOSTILE: readonly { name: string; input: string; escaped: string }[] = [
	{
		name: 'a line feed and a forged line',
		input: '/\n1.2.3.4 - - "GET /"',
		escaped: '/\\x0a1.2.3.4 - - \\"GET /\\"',
	},
	{ name: 'a carriage return', input: '/\rx', escaped: '/\\x0dx' },
	{ name: 'NUL and tab', input: '/\0\t', escaped: '/\\x00\\x09' },
	{ name: 'a colour', input: '/\x1b[31mred', escaped: '/\\x1b[31mred' },
	{ name: 'a window title', input: '/\x1b]0;title\x07', escaped: '/\\x1b]0;title\\x07' },
	{ name: 'a colour as the single character of 8-bit terminals', input: '/\x9b31m', escaped: '/\\x9b31m' },
	{ name: 'DEL', input: '/\x7f', escaped: '/\\x7f' },
	{ name: 'quotes and backslashes', input: '/"\\"', escaped: '/\\"\\\\\\"' },
	{ name: 'bytes of UTF-8', input: '/\xc3\xa9', escaped: '/\\xc3\\xa9' },
	{ name: 'a line separator of Unicode', input: '/\u2028', escaped: '/\\x2028' },
	{ name: 'text that runs backwards', input: '/\u202egpj', escaped: '/\\x202egpj' },
];
for (const { name, input, escaped } of HOSTILE) {
	const entry: RequestEntry = { ...PAGE, method: input, target: input, referer: input, userAgent: input };
	log(`combined: what a client sends is escaped: ${name}`, () => {
		const line = formatEntry(entry, 'combined');
		assert.ok(line.endsWith(`"${escaped} ${escaped} HTTP/2" 200 1234 "${escaped}" "${escaped}"`), line);
	});
	log(`json: what a client sends is escaped, and read back as it was: ${name}`, () => {
		const line = formatEntry(entry, 'json');
		assert.match(line, /^[\x20-\x7e]+$/);
		const { method, target, referer, userAgent } = parse(entry);
		assert.equal([method, target, referer, userAgent], [input, input, input, input]);
	});
}

log(
	'every format makes one line of printable ASCII of random requests',
	onRandom((random) => {
		const noise = (): string =>
			random.text('a/"\\\0\n\r\t\x1b\x7f\x85\x9b\xe9\u2028\u2029日\ud800\udc00', 30);
		for (let round = 0; round < 500; round++) {
			const entry = { ...PAGE, method: noise(), target: noise(), referer: noise(), userAgent: noise() };
			for (const format of ['combined', 'json'] as const)
				assert.match(formatEntry(entry, format), /^[\x20-\x7e]+$/);
			assert.is(parse(entry).target, entry.target);
		}
	}),
);

log.run();
