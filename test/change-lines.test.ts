// What happens while somebody works on a site, and what goes wrong, as lines.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BrokenReference, ConsoleMessage, LiveEvent } from '../src/live-events.ts';
import type { UrlPath } from '../src/site/paths.ts';
import { ChangeLines } from '../src/terminal/change-lines.ts';
import { ProblemLines } from '../src/terminal/problem-lines.ts';
import { painter } from '../src/terminal/text.ts';

const TIME = new Date(2026, 10, 5, 9, 8, 7);

const changed = (...files: readonly string[]): LiveEvent => ({
	kind: 'changed',
	files: files.map((path) => ({ path: path as UrlPath, kind: 'changed' })),
});
const shown = (how: 'reload' | 'in place', page: string, ...files: readonly string[]): LiveEvent => ({
	kind: 'shown',
	page,
	how,
	files,
});
const broken = (changes: Partial<BrokenReference> = {}): BrokenReference => ({
	from: '/about.html',
	line: 12,
	url: '/css/style.css',
	...changes,
});
const said = (changes: Partial<ConsoleMessage>): LiveEvent => ({
	kind: 'console',
	page: '/about',
	messages: [{ level: 'error', text: 'oh', at: '/js/app.js:3:4', ...changes }],
});
const linesOf = (events: readonly LiveEvent[], columns?: number): readonly string[] => {
	const lines = new ChangeLines(painter(false), () => columns);
	const told = events.flatMap((event) => lines.take(event, TIME, 0));
	return [...told, ...lines.settle(400)];
};

const changes = suite('what happens, in lines');

const rows: readonly {
	name: string;
	input: readonly LiveEvent[];
	columns?: number;
	want: readonly string[];
}[] = [
	{
		name: 'a change that no tab shows',
		input: [changed('/css/site.css')],
		want: ['changed  css/site.css  no open page needs it'],
	},
	{
		name: 'a change that tabs show, each in its way, each page once',
		input: [
			changed('/css/site.css', '/a.css', '/b.css'),
			shown('reload', '/', '/css/site.css'),
			shown('reload', '/', '/css/site.css'),
			shown('in place', '/about', '/css/site.css'),
			shown('reload', '/b?c', '/a.css'),
			shown('reload', '/d', '/a.css'),
			shown('reload', '/e', '/a.css'),
		],
		want: ['changed  css/site.css (+2 more)  in place in /about, reloaded /, /b?c and 2 more'],
	},
	{
		name: 'two changes at once: each tab belongs to the one that it tells of',
		input: [changed('/a.css'), changed('/b.css'), shown('in place', '/', '/a.css')],
		want: ['changed  a.css  in place in /', 'changed  b.css  no open page needs it'],
	},
	{
		name: 'files that are new, and files that are gone',
		input: [
			{ kind: 'changed', files: [{ path: '/a.css' as UrlPath, kind: 'added' }] },
			{ kind: 'changed', files: [{ path: '/b.css' as UrlPath, kind: 'removed' }] },
			{
				kind: 'changed',
				files: [
					{ path: '/c.css' as UrlPath, kind: 'added' },
					{ path: '/d.css' as UrlPath, kind: 'removed' },
				],
			},
		],
		want: [
			'added    a.css  no open page needs it',
			'removed  b.css  no open page needs it',
			'changed  c.css (+1 more)  no open page needs it',
		],
	},
	{
		name: 'a tab that tells late',
		input: [shown('reload', '/', '/a.css'), shown('reload', '/b', '/a.css')],
		want: ['shown    reloaded /, /b'],
	},
	{
		name: 'a long name loses its middle in a terminal',
		columns: 60,
		input: [changed(`/${'a'.repeat(30)}/${'b'.repeat(30)}`)],
		want: ['changed  aaaaaaaaa…bbbbbbbb  no open page needs it'],
	},
	{
		name: 'references that are broken and mended',
		input: [
			{
				kind: 'broken',
				added: [broken({ suggestion: 'Style.css' }), broken({ url: '/x.js', line: 1 })],
				mended: [broken({ from: '/b.html' })],
				total: 2,
			},
		],
		want: [
			'broken   about.html:12  /css/style.css: no such file; did you mean Style.css?',
			'broken   about.html:1  /x.js: no such file',
			'mended   b.html:12  /css/style.css',
		],
	},
	{
		name: 'more that are broken than anybody reads',
		input: [
			{
				kind: 'broken',
				added: Array.from({ length: 8 }, (_, line) => broken({ line })),
				mended: [],
				total: 8,
			},
		],
		want: [
			...[0, 1, 2, 3, 4].map((line) => `broken   about.html:${line}  /css/style.css: no such file`),
			'broken   … and 3 more',
		],
	},
	{
		name: 'a page that cannot be reloaded, once',
		input: [
			{ kind: 'forbidden', page: '/x', policy: "script-src 'none'" },
			{ kind: 'forbidden', page: '/x', policy: "script-src 'none'" },
		],
		want: ["no live reload in /x: its Content-Security-Policy forbids it (script-src 'none')"],
	},
	{
		name: 'what a page says, and where',
		input: [said({}), said({ level: 'log', at: '' })],
		want: ['console.error  /about  js/app.js:3:4  oh', 'console.log  /about  oh'],
	},
];
for (const { name, input, columns, want } of rows)
	changes(name, () => {
		assert.equal(
			linesOf(input, columns),
			want.map((line) => `09:08:07  ${line}`),
		);
	});

changes('several lines of a console are indented, and no more than 20', () => {
	const [first, ...others] = linesOf([
		said({ text: Array.from({ length: 100 }, (_, at) => `\tline ${at}`).join('\r\n') }),
	]);
	assert.is(first, '09:08:07  console.error  /about  js/app.js:3:4    line 0');
	assert.is(others.length, 20);
	assert.is(others[0], '            line 1');
	assert.is(others.at(-1), '          … and 80 more lines');
});

changes('a change is told of after 400 ms, and what is told by then belongs to it', () => {
	const lines = new ChangeLines(painter(false), () => undefined);
	assert.is(lines.isPending, false);
	assert.equal(lines.take(changed('/a.css'), TIME, 1000), []);
	assert.equal(lines.settle(1399), []);
	assert.is(lines.isPending, true);
	assert.equal(lines.take(shown('in place', '/', '/a.css'), new Date(), 1399), []);
	assert.equal(lines.settle(1400), ['09:08:07  changed  a.css  in place in /']);
	assert.is(lines.isPending, false);
});

changes('what tabs fetch for a change is counted with it, and it is awaited', () => {
	const lines = new ChangeLines(painter(false), () => undefined);
	assert.is(lines.count(1, 900), false);
	lines.take(changed('/a.css'), TIME, 1000);
	assert.is(lines.count(1000, 1100), true);
	assert.is(lines.count(234, 1390), true);
	lines.take(shown('in place', '/', '/a.css'), TIME, 1400);
	assert.equal(lines.settle(1589), []);
	assert.equal(lines.settle(1590), ['09:08:07  changed  a.css  in place in /  + 2 files, 1 kB']);
});

changes('a tab that goes on fetching does not hold a change back for more than 2 s', () => {
	const lines = new ChangeLines(painter(false), () => undefined);
	lines.take(changed('/a.css'), TIME, 0);
	for (let now = 0; now < 2000; now += 100) {
		assert.equal(lines.settle(now), []);
		lines.count(1, now);
	}
	assert.is(lines.settle(2000).length, 1);
});

changes('what a change breaks is said after it', () => {
	const lines = new ChangeLines(painter(false), () => undefined);
	lines.take(changed('/a.css'), TIME, 0);
	assert.equal(lines.take({ kind: 'broken', added: [broken()], mended: [], total: 1 }, TIME, 300), []);
	assert.equal(
		lines.settle(400).map((line) => line.slice(10, 17)),
		['changed', 'broken '],
	);
	assert.equal(lines.endAll(), []);
});

changes('changes without end are not held without end', () => {
	const lines = new ChangeLines(painter(false), () => undefined);
	let told = 0;
	for (let at = 0; at < 1000; at++) told += lines.take(changed(`/${at}.css`), TIME, 0).length;
	assert.is(told, 950);
	assert.is(lines.endAll().length, 50);
});

const HOSTILE = '/\x1b[2J\n12:00:00  forged\r\x9b31m\u202eb\x7f';
changes('nothing that files, pages or consoles are called or say moves or colours the terminal', () => {
	const events: readonly LiveEvent[] = [
		changed(HOSTILE),
		shown('reload', HOSTILE, HOSTILE),
		{
			kind: 'broken',
			added: [broken({ from: HOSTILE, url: HOSTILE, suggestion: HOSTILE })],
			mended: [broken({ from: HOSTILE, url: HOSTILE })],
			total: 1,
		},
		{ kind: 'forbidden', page: HOSTILE, policy: HOSTILE },
		said({ text: HOSTILE, at: HOSTILE }),
		{ kind: 'console', page: HOSTILE, messages: [{ level: 'log', text: 'a', at: '' }] },
	];
	const lines = linesOf(events);
	// Of these, only what a console says may have lines.
	assert.is(lines.length, events.length + 1 + 2 - 1);
	for (const line of lines) {
		assert.not.match(line, /[\p{Cc}\u202e]/u);
		assert.not.match(line, /^12:00:00/);
	}
});

changes('what a page says is bounded', () => {
	const text = 'a'.repeat(10_000);
	for (const line of linesOf([said({ text, at: text }), { ...said({}), page: text } as LiveEvent]))
		assert.ok(line.length < 1000, String(line.length));
});

changes.run();

const problems = suite('problems, in lines');

problems('the same line within 10 s is counted', () => {
	const lines = new ProblemLines();
	assert.equal(lines.take('a: gone', 1000), ['casper-serve: a: gone']);
	assert.equal(lines.take('a: gone', 5000), []);
	assert.equal(lines.take('b: gone', 5000), ['casper-serve: b: gone']);
	assert.equal(lines.take('a: gone', 10_999), []);
	assert.equal(lines.settle(10_999), []);
	assert.equal(lines.settle(11_000), ['casper-serve: a: gone (again, 2 times)']);
	assert.equal(lines.take('a: gone', 11_001), ['casper-serve: a: gone']);
	assert.equal(lines.settle(15_000), []);
	assert.is(lines.isPending, true);
	assert.equal(lines.take('a: gone', 15_001), []);
	assert.equal(lines.endAll(), ['casper-serve: a: gone (again, 1 time)']);
	assert.is(lines.isPending, false);
});

problems('after 20 lines within 10 s comes advice, once', () => {
	const lines = new ProblemLines('press u');
	const told = (from: number, count: number, now: number): readonly string[] =>
		Array.from({ length: count }, (_, at) => lines.take(`${from + at}`, now)).flat();
	assert.not(told(0, 19, 0).includes('press u'));
	assert.not(told(19, 19, 10_000).includes('press u'));
	assert.is(told(38, 1, 10_001).at(-1), 'press u');
	assert.not(told(39, 100, 10_002).includes('press u'));
});

problems('without end they are not remembered without end, and nothing is lost', () => {
	const lines = new ProblemLines();
	lines.take('first', 0);
	lines.take('first', 0);
	const told = Array.from({ length: 1000 }, (_, at) => lines.take(`problem ${at}`, 0)).flat();
	assert.is(told.length, 1001);
	assert.ok(told.includes('casper-serve: first (again, 1 time)'));
});

problems('they are one line each, and colour nothing', () => {
	const [line, ...others] = new ProblemLines().take('a\nb\x1b[31m', 0);
	assert.equal(others, []);
	assert.is(line, 'casper-serve: a\\x0ab\\x1b[31m');
});

problems.run();
