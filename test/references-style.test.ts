import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { referencesOfCss } from '../src/site/references-css.ts';
import { needsOf } from '../src/site/references-style.ts';
import { onRandom } from './support/random.ts';

/** What a document with these style sheets needs: by file, why not. */
const needs = (html: string | undefined, ...sheets: string[]): string[] =>
	needsOf(
		html,
		false,
		sheets.map((css) => ({ sheet: referencesOfCss(css), layer: undefined, isConditional: false })),
	).map(({ href, reservation }) => (reservation === undefined ? href : `${href} (${reservation})`));

const style = suite('images and fonts of style sheets');

interface Row {
	readonly name: string;
	readonly html: string;
	readonly css: string | readonly string[];
	readonly want: readonly string[];
}

/** What each of these does was seen in Chromium 156. */
const check = (section: string, rows: readonly Row[]): void => {
	for (const { name, html, css, want } of rows)
		style(`${name} (${section})`, () => assert.equal(needs(html, ...[css].flat()), want));
};

const NOT_SHOWN = 'no element shows it';
const NO_TEXT = 'no text is set in it';
const STATE = 'only in another state';
const CHOICE = 'the client chooses';

check('Selectors 4', [
	{ name: 'where an element matches', html: '<p class=a>', css: '.a{background:url(a)}', want: ['a'] },
	{ name: 'where none does', html: '<p class=b>', css: '.a{background:url(a)}', want: [`a (${NOT_SHOWN})`] },
	{ name: 'in a state', html: '<p>', css: 'p:hover{background:url(a)}', want: [`a (${STATE})`] },
	{
		name: 'in a state of nothing',
		html: '<p>',
		css: 'b:hover{background:url(a)}',
		want: [`a (${NOT_SHOWN})`],
	},
	{ name: 'not in a state', html: '<p>', css: 'p:not(:hover){background:url(a)}', want: ['a'] },
	{
		name: 'by structure',
		html: '<ul><li><li>',
		css: 'li:last-child{background:url(a)}li:nth-child(3){background:url(b)}',
		want: ['a', `b (${NOT_SHOWN})`],
	},
	{
		name: 'a selector that nobody knows',
		html: '<p>',
		css: 'p:unknown{background:url(a)}',
		want: [`a (${STATE})`],
	},
	{ name: 'a selector that is none', html: '<p>', css: 'p[{background:url(a)}', want: [] },
	{
		name: 'tags that may be left out',
		html: '<title>x</title><p>',
		css: 'html>body>p{background:url(a)}html>head>title+body{background:url(b)}',
		want: ['a', `b (${NOT_SHOWN})`],
	},
	{ name: 'nested', html: '<div class=a><p class=b>', css: '.a{& .b{background:url(a)}}', want: ['a'] },
]);

check('CSS Cascading 5 §6', [
	{
		name: 'overridden by specificity',
		html: '<p class="a b">',
		css: '.a.b{background:none}.a{background:url(a)}',
		want: [`a (${NOT_SHOWN})`],
	},
	{
		name: 'overridden by order',
		html: '<p>',
		css: ['p{background:url(a)}', 'p{background-image:url(b)}'],
		want: [`a (${NOT_SHOWN})`, 'b'],
	},
	{
		name: 'important',
		html: '<p class=a>',
		css: 'p{background:url(a)!important}.a{background:none}',
		want: ['a'],
	},
	{
		name: 'by layers',
		html: '<p>',
		css: '@layer a,b;@layer b{p{background:url(b)}}@layer a{p{background:url(a)}}',
		want: ['b', `a (${NOT_SHOWN})`],
	},
	{
		name: 'unlayered wins',
		html: '<p id=x>',
		css: 'p{background:url(a)}@layer x{#x{background:url(b)}}',
		want: ['a', `b (${NOT_SHOWN})`],
	},
	{
		name: 'by the attribute',
		html: '<p style="background:none">',
		css: 'p{background:url(a)}',
		want: [`a (${NOT_SHOWN})`],
	},
	{
		name: 'other properties do not',
		html: '<p>',
		css: 'p{background:url(a);background-color:red}',
		want: ['a'],
	},
	{
		name: 'for some elements only',
		html: '<p><p class=b>',
		css: 'p{background:url(a)}.b{background:none}',
		want: ['a'],
	},
	{
		name: 'under a condition',
		html: '<p>',
		css: '@media (width>9px){p{background:url(a)}}',
		want: [`a (${CHOICE})`],
	},
	{
		name: 'overridden under a condition',
		html: '<p>',
		css: 'p{background:url(a)}@media (width>9px){p{background:url(b)}}',
		want: [`a (${CHOICE})`, `b (${CHOICE})`],
	},
	{
		name: 'a condition that does not win',
		html: '<p class=a>',
		css: '.a{background:url(a)}@media (width>9px){p{background:url(b)}}',
		want: ['a', `b (${NOT_SHOWN})`],
	},
]);

check('CSS Display 3 §2.5', [
	{
		name: 'not where the element is not shown',
		html: '<p hidden><div style="display:none">',
		css: 'p,div{background:url(a)}',
		want: [`a (${NOT_SHOWN})`],
	},
	{
		name: 'nor what it is in',
		html: '<div class=n><p>',
		css: '.n{display:none}p{background:url(a)}',
		want: [`a (${NOT_SHOWN})`],
	},
	{ name: 'invisible is there', html: '<p>', css: 'p{visibility:hidden;background:url(a)}', want: ['a'] },
	{
		name: 'hidden, but shown by the author',
		html: '<p hidden>',
		css: 'p{display:block;background:url(a)}',
		want: ['a'],
	},
	{
		name: 'dialogs and details that are closed',
		html: '<dialog class=a></dialog><details><summary class=b></summary><p class=c></details>',
		css: '.a{background:url(a)}.b{background:url(b)}.c{background:url(c)}',
		want: [`a (${NOT_SHOWN})`, 'b', `c (${NOT_SHOWN})`],
	},
	{
		name: 'templates and noscript',
		html: '<template><p></p></template><noscript><p></p></noscript>',
		css: 'p{background:url(a)}',
		want: [`a (${NOT_SHOWN})`],
	},
]);

check('properties', [
	{
		name: 'all that name images',
		html: '<p>',
		css: 'p{cursor:url(a),auto;list-style:url(b);border-image:url(c) 1;mask:url(d);shape-outside:url(e);content:url(f)}',
		want: ['a', 'b', 'c', 'd', 'e', 'f'],
	},
	{
		name: 'a pseudo-element with content',
		html: '<p>',
		css: 'p::before{content:"";background:url(a)}',
		want: ['a'],
	},
	{
		name: 'a pseudo-element without',
		html: '<p>',
		css: 'p::before{background:url(a)}p::after{content:none;background:url(b)}',
		want: [`a (${NOT_SHOWN})`, `b (${NOT_SHOWN})`],
	},
	{ name: 'a selection', html: '<p>', css: 'p::selection{background:url(a)}', want: [`a (${STATE})`] },
	{
		name: 'variables',
		html: '<p>',
		css: ':root{--a:url(a)}p{background:var(--a)}b{background:var(--b, url(b))}',
		want: [`b (${NOT_SHOWN})`, 'a'],
	},
	{ name: 'variables that nobody uses', html: '<p>', css: 'p{--a:url(a)}', want: [] },
	{
		name: 'a set',
		html: '<p>',
		css: 'p{background:image-set(url(a) 1x,url(b) 2x)}',
		want: [`a (${CHOICE})`, `b (${CHOICE})`],
	},
]);

const face = (name: string, more = ''): string =>
	`@font-face{font-family:${name};src:url(${name}${more.replace(/\W+/g, '')});${more}}`;

check('CSS Fonts 4 §5', [
	{ name: 'a font that a text is set in', html: '<p>x', css: `${face('A')}p{font-family:a}`, want: ['A'] },
	{
		name: 'one that no text is set in',
		html: '<p>x',
		css: `${face('A')}b{font-family:A}`,
		want: [`A (${NO_TEXT})`],
	},
	{
		name: 'one of an element that is empty',
		html: '<p></p>',
		css: `${face('A')}p{font-family:A}`,
		want: [`A (${NO_TEXT})`],
	},
	{ name: 'one of a line without text', html: '<p><img>', css: `${face('A')}p{font-family:A}`, want: ['A'] },
	{ name: 'handed down', html: '<body><div><p>x', css: `${face('A')}body{font-family:A}`, want: ['A'] },
	{
		name: 'the first family that has all',
		html: '<p>x',
		css: `${face('A')}${face('B')}p{font-family:A,B}`,
		want: ['A', `B (${NO_TEXT})`],
	},
	{
		name: 'behind one that is always there',
		html: '<p>x',
		css: `${face('A')}p{font-family:serif,A}`,
		want: [`A (${NO_TEXT})`],
	},
	{
		name: 'behind one that may be there',
		html: '<p>x',
		css: `${face('A')}p{font-family:Arial,A}`,
		want: [`A (${CHOICE})`],
	},
	{
		name: 'by range',
		html: '<p>x',
		css: `${face('A', 'unicode-range:U+400-4FF')}${face('B')}p{font-family:A,B}`,
		want: [`Aunicoderange:U400-4FF (${NO_TEXT})`.replace(':', '').replace('-4', '4'), 'B'],
	},
	{
		name: 'by weight',
		html: '<p>x<b>y</b>',
		css: `${face('A', 'font-weight:400')}${face('A', 'font-weight:700')}${face('A', 'font-weight:900')}p{font-family:A}`,
		want: ['Afontweight400', 'Afontweight700', `Afontweight900 (${NO_TEXT})`],
	},
	{
		name: 'the nearest weight',
		html: '<p>x',
		css: `${face('A', 'font-weight:300')}${face('A', 'font-weight:600')}p{font:500 1em A}`,
		want: ['Afontweight300', `Afontweight600 (${NO_TEXT})`],
	},
	{
		name: 'by style',
		html: '<p><i>x</i>',
		css: `${face('A', 'font-style:italic')}${face('A', 'font-style:normal')}i{font-family:A}`,
		want: ['Afontstyleitalic', `Afontstylenormal (${NO_TEXT})`],
	},
	{
		name: 'the shorthand',
		html: '<p>x',
		css: `${face('A')}p{font:italic bold 12px/1.5 "A", serif}`,
		want: ['A'],
	},
	{
		name: 'through variables',
		html: '<p>x',
		css: `${face('A')}:root{--f:"A"}p{font-family:var(--f)}`,
		want: ['A'],
	},
	{
		name: 'text of a pseudo-element',
		html: '<i class=x></i>',
		css: `${face('A')}.x::before{font-family:A;content:"\\f007"}`,
		want: ['A'],
	},
	{
		name: 'text that is not shown',
		html: '<p hidden>x</p><script>x</script>',
		css: `${face('A')}html{font-family:A}`,
		want: [`A (${NO_TEXT})`],
	},
]);

style('masks and shapes are fetched with CORS, as fonts are', () => {
	const css = `p{mask:url(a);shape-outside:url(b);background:url(c)}${face('D')}`;
	const sheet = { sheet: referencesOfCss(css), layer: undefined, isConditional: false };
	const got = needsOf('<p>x', false, [sheet]).filter(({ isCors }) => isCors);
	assert.equal(
		got.map(({ href }) => href),
		['a', 'b', 'D'],
	);
});

style('without a document nothing is known to be needed', () =>
	assert.equal(needs(undefined, `p{background:url(a)}${face('A')}`), [`a (${NOT_SHOWN})`, `A (${NO_TEXT})`]),
);

style('a large page with many rules takes bounded time', () => {
	const html = `<p class="a b">${'<div><p class="a b">x</p></div>'.repeat(20_000)}`;
	const css = Array.from({ length: 1000 }, (_, at) => `:not(.x${at}) > *{background:url(${at})}`).join('');
	const started = performance.now();
	needs(html, css);
	assert.ok(performance.now() - started < 30_000);
});

style(
	'any markup and any CSS are read and never throw',
	onRandom((random) => {
		const tags = [
			'<p>',
			'</p>',
			'<div class=a>',
			'<html>',
			'<body>',
			'<head>',
			'<title>',
			'x',
			'<style>',
			'<!--',
			'<svg>',
			'<template>',
			'</div>',
			'<details>',
			'<input value=x>',
		];
		const pieces = [
			'p',
			'.a',
			'::before',
			'{',
			'}',
			'background:url(a)',
			';',
			'font-family:A',
			',',
			':is(',
			')',
			'>',
			':not(',
			'@font-face',
			'src:url(b)',
			'display:none',
			'--x:1',
			'var(--x)',
		];
		const made = (from: readonly string[]): string =>
			Array.from({ length: random.below(40) }, () => random.pick(from)).join('');
		for (let round = 0; round < 1000; round++) needs(made(tags), made(pieces), made(pieces));
	}),
);

style.run();
