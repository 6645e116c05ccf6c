import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commonCandidate, essenceOf, parseSrcset, type SourceAttributes } from '../src/site/srcset.ts';

/** Candidates in the words of the attribute. */
const written = (srcset: string): string[] =>
	parseSrcset(srcset).map((candidate) =>
		candidate.kind === 'width'
			? `${candidate.url} ${candidate.width}w`
			: `${candidate.url} ${candidate.density}x`,
	);

const parsing: readonly { name: string; input: string; want: readonly string[] }[] = [
	{ name: 'nothing', input: '', want: [] },
	{ name: 'white space alone', input: ' \t\n\f\r', want: [] },
	{ name: 'commas alone', input: ' ,, ,', want: [] },
	{ name: 'a URL alone is for density 1', input: 'a.png', want: ['a.png 1x'] },
	{
		name: 'densities and fractions of one',
		input: 'a 1x, b 1.5x, c .5x, d 2e1x, e 0x',
		want: ['a 1x', 'b 1.5x', 'c 0.5x', 'd 20x', 'e 0x'],
	},
	{ name: 'widths', input: 'a 320w, b 640w', want: ['a 320w', 'b 640w'] },
	{ name: 'a width with its height, for the future', input: 'a 320w 200h', want: ['a 320w'] },
	{ name: 'a height with its width', input: 'a 200h 320w', want: ['a 320w'] },
	{ name: 'commas within a URL', input: 'a,b.png 1x,c,d.png 2x', want: ['a,b.png 1x', 'c,d.png 2x'] },
	{ name: 'commas around and between', input: ',,a,, b 2x,', want: ['a 1x', 'b 2x'] },
	{ name: 'a comma that is followed at once by a URL belongs to the URL', input: 'a,b', want: ['a,b 1x'] },
	{
		name: 'white space of all five kinds',
		input: 'a\t1x\n,\fb\r2x',
		want: ['a 1x', 'b 2x'],
	},
	{ name: 'no other white space', input: 'a\u00a01x', want: ['a\u00a01x 1x'] },
	{ name: 'nor a vertical tab', input: 'a\v1x', want: ['a\v1x 1x'] },
	{
		name: 'a comma in parentheses does not separate, and what is in them is no descriptor',
		input: 'a (1x, 2x), b 2x',
		want: ['b 2x'],
	},
	{ name: 'a parenthesis that never closes takes the rest', input: 'a (1x, b 2x', want: [] },
	{ name: 'an unknown descriptor', input: 'a 5q, b 2x', want: ['b 2x'] },
	{ name: 'a negative density', input: 'a -1x', want: [] },
	{ name: 'a width of none', input: 'a 0w', want: [] },
	{ name: 'a width that is no whole number', input: 'a 1.5w', want: [] },
	{ name: 'a height alone', input: 'a 200h', want: [] },
	{ name: 'a plus sign', input: 'a +1x', want: [] },
	{ name: 'a point without digits behind it', input: 'a 1.x', want: [] },
	{ name: 'capitals', input: 'a 1X, b 10W', want: [] },
	{ name: 'two densities', input: 'a 1x 2x', want: [] },
	{ name: 'a width and a density', input: 'a 100w 1x', want: [] },
	{ name: 'a data URL with its comma', input: 'data:,x 1x, b 2x', want: ['data:,x 1x', 'b 2x'] },
];

const srcset = suite('srcset');

for (const { name, input, want } of parsing)
	srcset(`parses a set: ${name} (HTML Standard §4.8.4.4.2)`, () => {
		assert.equal(written(input), want);
	});

const choosing: readonly {
	name: string;
	sources?: readonly SourceAttributes[];
	src?: string;
	srcset?: string;
	want: string | undefined;
}[] = [
	{ name: 'the source alone', src: 'a', want: 'a' },
	{ name: 'nothing at all', want: undefined },
	{ name: 'an empty source', src: '', want: undefined },
	{ name: 'an empty set leaves the source', src: 'a', srcset: '', want: 'a' },
	{ name: 'a set of wrong ones leaves the source', src: 'a', srcset: 'b 5q', want: 'a' },
	{ name: 'one candidate', srcset: 'a', want: 'a' },
	{ name: 'a density of 1 takes the place of the source', src: 'a', srcset: 'b 1x', want: 'b' },
	{ name: 'so does one in other digits', src: 'a', srcset: 'b 1.0x', want: 'b' },
	{ name: 'the source is one of two', src: 'a', srcset: 'b 2x', want: undefined },
	{ name: 'the source and a set that say the same', src: 'a', srcset: 'a 2x', want: 'a' },
	{ name: 'an empty source is no candidate', src: '', srcset: 'b 2x', want: 'b' },
	{ name: 'two densities', srcset: 'a 1x, b 2x', want: undefined },
	{ name: 'two for the same density: the first', srcset: 'a 1x, b', want: 'a' },
	{ name: 'two densities of the same', srcset: 'a 1x, a 2x', want: 'a' },
	{ name: 'one width takes the place of the source', src: 'a', srcset: 'b 100w', want: 'b' },
	{ name: 'two widths', src: 'a', srcset: 'b 100w, c 200w', want: undefined },
	{ name: 'two of the same width: the first', srcset: 'b 100w, c 100w', want: 'b' },
	{ name: 'a width and a density', srcset: 'a 100w, b 2x', want: undefined },

	{ name: 'a source that everyone takes', sources: [{ srcset: 's' }], src: 'a', want: 's' },
	{ name: 'a source without a set', sources: [{ src: 's' }], src: 'a', want: 'a' },
	{ name: 'a source with an empty set', sources: [{ srcset: ' ' }], src: 'a', want: 'a' },
	{ name: 'a source with a wrong set', sources: [{ srcset: 's 5q' }], src: 'a', want: 'a' },
	{ name: 'a source with two densities', sources: [{ srcset: 's, t 2x' }], src: 'a', want: undefined },
	{
		name: 'the first source that counts',
		sources: [{ srcset: '' }, { srcset: 's' }, { srcset: 't' }],
		src: 'a',
		want: 's',
	},
	{ name: 'a universal type', sources: [{ srcset: 's', type: 'image/webp' }], src: 'a', want: 's' },
	{
		name: 'a type in capitals, with a parameter and space',
		sources: [{ srcset: 's', type: ' IMAGE/PNG ; q=1' }],
		src: 'a',
		want: 's',
	},
	{ name: 'an empty type', sources: [{ srcset: 's', type: ' ' }], src: 'a', want: 's' },
	{
		name: 'a type that some browsers know',
		sources: [{ srcset: 's', type: 'image/avif' }],
		src: 'a',
		want: undefined,
	},
	{ name: 'a type of no image', sources: [{ srcset: 's', type: 'text/html' }], src: 'a', want: 'a' },
	{ name: 'a type that is none', sources: [{ srcset: 's', type: 'png' }], src: 'a', want: 'a' },
	{ name: 'media that no screen matches', sources: [{ srcset: 's', media: 'print' }], src: 'a', want: 'a' },
	{ name: 'media that all match', sources: [{ srcset: 's', media: 'all' }], src: 'a', want: 's' },
	{ name: 'media that all screens match', sources: [{ srcset: 's', media: 'screen' }], src: 'a', want: 's' },
	{
		name: 'media that some screens match',
		sources: [{ srcset: 's', media: '(min-width: 40em)' }],
		src: 'a',
		want: undefined,
	},
	{
		name: 'what nobody takes does not decide, whatever else it is',
		sources: [
			{ srcset: 's', media: 'print', type: 'image/avif' },
			{ srcset: '', media: '(min-width: 40em)' },
		],
		src: 'a',
		want: 'a',
	},
];

for (const { name, sources = [], src, srcset: set, want } of choosing)
	srcset(`chooses for all clients: ${name} (HTML Standard §4.8.4.3)`, () => {
		assert.is(commonCandidate(sources, src, set), want);
	});

const essences: readonly { name: string; input: string | undefined; want: string }[] = [
	{ name: 'no type', input: undefined, want: '' },
	{ name: 'parameters', input: 'text/css; charset=utf-8', want: 'text/css' },
	{ name: 'capitals and space', input: ' Text/CSS ', want: 'text/css' },
	{ name: 'parameters on further lines', input: 'text/css;\na=b\n;c', want: 'text/css' },
];

for (const { name, input, want } of essences)
	srcset(`the essence of a media type: ${name} (MIME Sniffing §3.1)`, () => {
		assert.is(essenceOf(input), want);
	});

srcset('a megabyte of anything is read in linear time', () => {
	const began = performance.now();
	for (const piece of [',', 'a ', 'a (', 'a, ', '1', 'a 1x 1x ', ' ', '\\', 'a 1e'])
		parseSrcset(`x ${piece.repeat(2 ** 20 / piece.length)}`);
	assert.ok(performance.now() - began < 10_000);
});

srcset.run();
