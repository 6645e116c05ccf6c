import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { imagesOf, parseFamilies, referencesOfCss } from '../src/site/references-css.ts';
import { parseRules } from '../src/site/references-css-syntax.ts';
import { onRandom } from './support/random.ts';

/** Each block as `layer? selector { property: value !? } (conditional)`. */
const rulesOf = (css: string): string[] =>
	parseRules(css).blocks.map(({ prelude, layer, isConditional, declarations }) => {
		const inside = declarations.map(
			({ property, value, isImportant }) => `${property}: ${value}${isImportant ? ' !' : ''}`,
		);
		return `${layer === undefined ? '' : `${layer} `}${prelude} { ${inside.join('; ')} }${isConditional ? ' (conditional)' : ''}`;
	});

const syntax = suite('CSS rules');

const RULES: readonly { name: string; input: string; want: readonly string[] }[] = [
	{ name: 'a rule', input: 'a { color: red; B: c }', want: ['a { color: red; b: c }'] },
	{ name: 'important', input: 'a{b:c!important;d:e ! IMPORTANT}', want: ['a { b: c !; d: e ! }'] },
	{ name: 'a custom property keeps its letter case', input: 'a{--B:{x}}', want: ['a { --B: {x} }'] },
	{ name: 'comments anywhere', input: '/*a{*/a/**/{/**/b/**/:/**/c/*}*/}', want: ['a { b: c }'] },
	{ name: 'a block that is not closed', input: 'a{b:c', want: ['a { b: c }'] },
	{ name: 'a brace too many', input: 'a{b:c}}d{e:f}', want: ['a { b: c }', 'd { e: f }'] },
	{ name: 'brackets in values', input: 'a{b:c({;});d:[;]}', want: ['a { b: c({;}); d: [;] }'] },
	{ name: 'declarations that are none', input: 'a{b;c:d;:e;f g;h:i}', want: ['a { c: d; h: i }'] },
	{ name: 'marks of markup', input: '<!-- a{b:c} -->', want: ['a { b: c }'] },
	{
		name: 'nesting (CSS Nesting 1 §3)',
		input: 'a{b:c;&:hover{d:e}.f &{g:h}> i{j:k}.l,.m{n:o}}',
		want: [
			':is(a):hover { d: e }',
			'.f :is(a) { g: h }',
			':is(a) > i { j: k }',
			':is(a) .l, :is(a) .m { n: o }',
			'a { b: c }',
		],
	},
	{
		name: 'a rule that looks like a declaration',
		input: 'a{b:hover{c:d}}',
		want: [':is(a) b:hover { c: d }'],
	},
	{
		name: 'media for all screens, some and none (Media Queries 4 §2)',
		input: '@media screen{a{b:c}}@media (width<9px){d{e:f}}@media print{g{h:i}}',
		want: ['a { b: c }', 'd { e: f } (conditional)'],
	},
	{
		name: 'media within a rule',
		input: 'a{@media (hover){b:c}}',
		want: ['a { b: c } (conditional)'],
	},
	{
		name: 'support that is there, not there, unknown (CSS Conditional 3 §6)',
		input: '@supports (a:b){c{d:e}}@supports not (a:b){f{g:h}}@supports (a:b) or (not (c:d)){i{j:k}}',
		want: ['c { d: e }', 'i { j: k } (conditional)'],
	},
	{
		name: 'layers (CSS Cascading 5 §6.4)',
		input: '@layer a,b;@layer b{c{d:e}@layer f{g{h:i}}}@layer{j{k:l}}',
		want: ['b c { d: e }', 'b.f g { h: i }', '(1) j { k: l }'],
	},
	{ name: 'containers', input: '@container x (width>1px){a{b:c}}', want: ['a { b: c } (conditional)'] },
	{
		name: 'what is about other things',
		input: '@keyframes x{from{a:b}}@page{a:b}@counter-style x{a:b}@unknown{a{b:c}}d{e:f}',
		want: ['d { e: f }'],
	},
];
for (const { name, input, want } of RULES) syntax(name, () => assert.equal(rulesOf(input), want));

syntax('lines', () => {
	const [first, second] = parseRules('\n\na {\n\nb: c;\nd: e }\nf { g: h }').blocks;
	assert.equal([first?.line, ...(first?.declarations.map(({ line }) => line) ?? [])], [3, 5, 6]);
	assert.is(second?.line, 7);
});

syntax('nesting that doubles with each level stays small', () => {
	const started = performance.now();
	const css = `${'&,&{'.repeat(200)}a:b`;
	assert.ok(JSON.stringify(parseRules(`x{${css}`)).length < 1e6);
	assert.ok(performance.now() - started < 5000);
});

syntax.run();

const references = suite('references of CSS');

const IMPORTS: readonly { name: string; input: string; want: readonly string[] }[] = [
	{ name: 'a string', input: '@import "a.css";', want: ['a.css'] },
	{ name: 'a URL', input: '@import url(a.css);', want: ['a.css'] },
	{ name: 'a quoted URL', input: "@IMPORT URL( 'a.css' );", want: ['a.css'] },
	{ name: 'escapes', input: '@import "\\61 .css";', want: ['a.css'] },
	{
		name: 'several, after a character set and layers',
		input: '@charset "x";@layer a;@import "b";@import "c";',
		want: ['b', 'c'],
	},
	{ name: 'none after a rule (CSS Cascading 5 §2)', input: 'a{}@import "b";', want: [] },
	{ name: 'none in a block', input: '@media all{@import "b";}', want: [] },
	{ name: 'none in a comment', input: '/*@import "b";*/', want: [] },
	{ name: 'media of some screens', input: '@import "a" (width<9px);', want: ['a conditional'] },
	{ name: 'media of no screen', input: '@import "a" print;', want: ['a conditional (other media)'] },
	{ name: 'a layer', input: '@import "a" layer(b.c);', want: ['a b.c'] },
	{ name: 'a layer without name', input: '@import "a" layer screen;', want: ['a '] },
	{ name: 'support', input: '@import "a" supports(display:grid);', want: ['a'] },
	{ name: 'no support', input: '@import "a" supports(not (display:grid));', want: ['a (other media)'] },
	{ name: 'all of it', input: '@import url(a) layer(b) supports((c:d)) screen;', want: ['a b'] },
	{ name: 'to nowhere', input: '@import "";@import url(#a);@import "data:,x";', want: [] },
];
for (const { name, input, want } of IMPORTS)
	references(`imports: ${name}`, () =>
		assert.equal(
			referencesOfCss(input).imports.map(({ href, layer, isConditional, reservation }) =>
				[href, layer, isConditional && 'conditional', reservation && `(${reservation})`]
					.filter((part) => part !== undefined && part !== false)
					.join(' '),
			),
			want,
		),
	);

const IMAGES: readonly { name: string; input: string; want: readonly string[] }[] = [
	{ name: 'one', input: 'url(a.png) no-repeat', want: ['a.png'] },
	{ name: 'quoted, escaped', input: 'url("a\\20 b.png"),url( c.png )', want: ['a b.png', 'c.png'] },
	{ name: 'none', input: 'linear-gradient(red, blue)', want: [] },
	{ name: 'a text that looks like one', input: '"url(a.png)"', want: [] },
	{ name: 'no request', input: 'url(data:,x) url(#a) url("")', want: [] },
	{ name: 'a set (CSS Images 4 §2.4)', input: 'image-set(url(a) 1x, "b" 2x)', want: ['a?', 'b?'] },
	{ name: 'a set of one', input: 'image-set("a" type("image/png"))', want: ['a'] },
	{ name: 'that of WebKit', input: '-webkit-image-set(url(a) 1x, url(b) 2x)', want: ['a?', 'b?'] },
	{ name: 'a broken one', input: 'url(a b) url("c', want: ['c'] },
];
for (const { name, input, want } of IMAGES)
	references(`images: ${name}`, () =>
		assert.equal(
			imagesOf(input).map(({ href, isChoice }) => `${href}${isChoice ? '?' : ''}`),
			want,
		),
	);

const FACES: readonly { name: string; input: string; want: string | undefined }[] = [
	{ name: 'a face', input: 'font-family:"A B";src:url(a.woff2)', want: 'a b 400-400 a.woff2' },
	{
		name: 'weights, style',
		input: 'font-family:a;src:url(b);font-weight:100 900;font-style:italic',
		want: 'a 100-900 italic b',
	},
	{ name: 'words for weights', input: 'font-family:a;src:url(b);font-weight:bold', want: 'a 700-700 b' },
	{
		name: 'the first format that is read',
		input:
			'font-family:a;src:url(b.eot);src:url(b.eot?#x) format("embedded-opentype"),url(c) format("woff2"),url(d) format("woff")',
		want: 'a 400-400 c',
	},
	{
		name: 'formats by their ending',
		input: 'font-family:a;src:url(b.svg#x),url(b.ttf)',
		want: 'a 400-400 b.ttf',
	},
	{
		name: 'perhaps on the machine',
		input: 'font-family:a;src:local("a"),url(b)',
		want: 'a 400-400 b (the client chooses)',
	},
	{
		name: 'a range',
		input: 'font-family:a;src:url(b);unicode-range:U+26, u+0-7F, U+4??',
		want: 'a 400-400 b [26-26,0-7f,400-4ff]',
	},
	{ name: 'without name', input: 'src:url(b)', want: undefined },
	{ name: 'without source', input: 'font-family:a;src:local(b)', want: undefined },
];
for (const { name, input, want } of FACES)
	references(`faces (CSS Fonts 4 §4): ${name}`, () => {
		const [face] = referencesOfCss(`@font-face{${input}}`).fontFaces;
		const range = face?.range?.map((ends) => ends.map((end) => end.toString(16)).join('-')).join();
		const got = face && [
			face.family,
			face.weights.join('-'),
			face.isItalic && 'italic',
			face.href,
			range && `[${range}]`,
			face.reservation && `(${face.reservation})`,
		];
		assert.is(got?.filter(Boolean).join(' '), want);
	});

references('families', () => {
	const got = parseFamilies('"A, B", C  D, sans-serif, "serif", \\65').map(
		({ name, isGeneric }) => `${name}${isGeneric ? '*' : ''}`,
	);
	assert.equal(got, ['a, b', 'c d', 'sans-serif*', 'serif', 'e']);
});

references(
	'any text is read in bounded time and never throws',
	onRandom((random) => {
		const pieces = [
			'@import',
			'url(',
			')',
			'"',
			"'",
			'{',
			'}',
			';',
			':',
			'a',
			'&',
			',',
			'@media',
			'@layer',
			'/*',
			'*/',
			'\\',
			'@font-face',
			'src',
			'font-family',
			'--x',
			'var(',
			'(',
			'[',
			']',
			' ',
			'\n',
			'!important',
			'U+4??',
		];
		for (let round = 0; round < 2000; round++) {
			const css = Array.from({ length: random.below(60) }, () => random.pick(pieces)).join('');
			const started = performance.now();
			referencesOfCss(css);
			assert.ok(performance.now() - started < 1000, JSON.stringify(css));
		}
		for (const piece of pieces) referencesOfCss(piece.repeat(20_000));
	}),
);

references.run();
