// Text for a terminal: what it must not obey, how it is shortened, and when it is coloured.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { countOf, isColourWanted, painter, printable, shorten, sizeOf } from '../src/terminal/text.ts';

const text = suite('text for a terminal');

const colours: readonly {
	name: string;
	input: [environment: Record<string, string>, isTerminal: boolean];
	want: boolean;
}[] = [
	{ name: 'a terminal', input: [{}, true], want: true },
	{ name: 'no terminal', input: [{}, false], want: false },
	{ name: 'NO_COLOR', input: [{ NO_COLOR: '1' }, true], want: false },
	{ name: 'an empty NO_COLOR, which is none', input: [{ NO_COLOR: '' }, true], want: true },
	{ name: 'FORCE_COLOR', input: [{ FORCE_COLOR: '1' }, false], want: true },
	{ name: 'FORCE_COLOR=0', input: [{ FORCE_COLOR: '0' }, true], want: false },
	{ name: 'FORCE_COLOR=false', input: [{ FORCE_COLOR: 'false' }, true], want: false },
	{ name: 'both', input: [{ FORCE_COLOR: '', NO_COLOR: '1' }, false], want: true },
	{ name: 'a terminal that knows no colours', input: [{ TERM: 'dumb' }, true], want: false },
	{ name: 'one that is said to know them', input: [{ TERM: 'dumb', FORCE_COLOR: '1' }, true], want: true },
];
for (const { name, input, want } of colours)
	text(`is coloured or not: ${name}`, () => {
		assert.is(isColourWanted(...input), want);
	});

const controls: readonly { name: string; input: string; want: string }[] = [
	{ name: 'nothing', input: 'Boitatá/不知火 🔥.svg', want: 'Boitatá/不知火 🔥.svg' },
	{ name: 'an emoji of several parts', input: '👩‍🚒', want: '👩‍🚒' },
	{ name: 'C0', input: 'a\0\t\n\r\x1b[31mb', want: 'a\\x00\\x09\\x0a\\x0d\\x1b[31mb' },
	{ name: 'DEL and C1', input: '\x7f\x80\x9b31m\x9f', want: '\\x7f\\x80\\x9b31m\\x9f' },
	{ name: 'bidi controls', input: '\u202egpj\u2066\u200f\u061c', want: '\\u202egpj\\u2066\\u200f\\u061c' },
	{ name: 'line separators', input: '\u2028\u2029', want: '\\u2028\\u2029' },
	{ name: 'half a character', input: 'a\ud83d', want: 'a\\ud83d' },
];
for (const { name, input, want } of controls)
	text(`escapes what a terminal could obey: ${name}`, () => {
		assert.is(printable(input), want);
	});

text('a text that is shortened keeps its two ends and has that many characters', () => {
	const rows = [
		{ input: ['/abc', 4], want: '/abc' },
		{ input: ['/abcdef', 4], want: '/a…f' },
		{ input: ['/abcdef', 5], want: '/a…ef' },
		{ input: ['/abcdef', 0], want: '/…f' },
		{ input: ['/abcdef', -9], want: '/…f' },
		{ input: ['/abcdef', Number.POSITIVE_INFINITY], want: '/abcdef' },
	] as const;
	for (const { input, want } of rows) assert.is(shorten(...(input as [string, number])), want);
});

text('sizes and counts are short', () => {
	const sizes: readonly (readonly [number, string])[] = [
		[0, '0 B'],
		[999, '999 B'],
		[1000, '1 kB'],
		[396_600, '397 kB'],
		[999_499, '999 kB'],
		[999_500, '1.0 MB'],
		[1_234_567, '1.2 MB'],
		[999_949_999, '999.9 MB'],
		[999_950_000, '1.0 GB'],
		[12_345_678_901, '12.3 GB'],
	];
	for (const [bytes, want] of sizes) assert.is(sizeOf(bytes), want);
	const counts: readonly (readonly [number, string])[] = [
		[0, '0 files'],
		[1, '1 file'],
		[999, '999 files'],
		[1000, '1,000 files'],
		[1_234_567, '1,234,567 files'],
	];
	for (const [count, want] of counts) assert.is(countOf(count, 'file'), want);
});

text('a painter that does not colour leaves text as it is', () => {
	assert.is(painter(false)('red', 'a'), 'a');
	assert.is(painter(true)('red', 'a'), '\x1b[31ma\x1b[39m');
});

text.run();
