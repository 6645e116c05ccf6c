import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseSelectors } from '../src/site/references-selectors.ts';

const selectors = suite('selectors');

/** `text key specificity`, then the pseudo-element and whether it is of a state. */
const described = (list: string): string[] =>
	parseSelectors(list).map(({ text, key, specificity, pseudoElement, isState }) => {
		const parts = [
			Math.floor(specificity / 1e6),
			Math.floor(specificity / 1e3) % 1e3,
			specificity % 1e3,
		].join('');
		const mark = { id: '#', class: '.', type: '', any: '*' }[key.kind];
		return [text, mark + key.name, parts, pseudoElement && `::${pseudoElement}`, isState && 'state']
			.filter(Boolean)
			.join(' ');
	});

const ROWS: readonly { input: string; want: readonly string[] }[] = [
	{ input: 'a', want: ['a a 001'] },
	{ input: '*', want: ['* * 000'] },
	{ input: '#a.b[c]', want: ['#a.b[c] #a 120'] },
	{ input: 'a.b , c > d', want: ['a.b .b 011', 'c>d d 002'] },
	{ input: 'ul  li + li ~ .x', want: ['ul li+li~.x .x 013'] },
	{ input: 'a:hover', want: ['a a 011 state'] },
	{ input: ':hover > .b', want: ['*>.b .b 020 state'] },
	{ input: 'a:not(:hover)', want: ['a a 011'] },
	{ input: 'a:not(.b)', want: ['a:not(.b) a 011'] },
	{ input: ':is(a, #b) c', want: [':is(a, #b) c c 101'] },
	{ input: ':where(#a) b', want: [':where(#a) b b 001'] },
	{ input: 'a:is(:focus, .b)', want: ['a a 011 state'] },
	{ input: 'li:nth-child(2n+1)', want: ['li:nth-child(2n+1) li 011'] },
	{ input: 'a::before', want: ['a a 002 ::before'] },
	{ input: 'a:after', want: ['a a 002 ::after'] },
	{ input: 'a::selection', want: ['a a 002 ::other'] },
	{ input: '.a\\:b', want: ['.a\\:b .a:b 010'] },
	{ input: ':root', want: [':root * 010'] },
	{ input: 'svg|a', want: ['svga svg 002 state'] },
	{ input: 'a[b="c,d"], e', want: ['a[b="c,d"] a 011', 'e e 001'] },
	{ input: 'DIV', want: ['DIV div 001'] },
];
for (const { input, want } of ROWS)
	selectors(`${input} (Selectors 4 §17)`, () => assert.equal(described(input), want));

selectors.run();
