// What elements show, as browsers style them (HTML Standard §15.3).

import { TokenType } from '@csstools/css-tokenizer';
import type { Element } from './references-cascade.ts';
import { tokensOf } from './references-css-syntax.ts';

const UNSHOWN = new Set([
	'area',
	'base',
	'datalist',
	'head',
	'link',
	'meta',
	'noscript',
	'param',
	'rp',
	'script',
	'style',
	'template',
	'title',
	'video',
	'audio',
]);
/** What makes a line, which has a height, which takes the font of what it is in. */
const INLINE = new Set(
	'a abbr audio b bdi bdo br button canvas cite code data del dfn em embed i iframe img input ins kbd label mark math meter object output picture progress q ruby s samp select small span strong sub sup svg textarea time tt u var video wbr'.split(
		' ',
	),
);
/** The elements in an element. */
export const childrenOf = (element: Element): readonly Element[] =>
	('children' in element ? element.children : []).filter((node): node is Element => 'attribs' in node);

/** What browsers do not show of themselves (HTML Standard §15.3). */
export const isUnshown = ({ name, attribs, parent }: Element): boolean =>
	UNSHOWN.has(name) ||
	'hidden' in attribs ||
	(name === 'dialog' && !('open' in attribs)) ||
	(name === 'input' && attribs.type?.toLowerCase() === 'hidden') ||
	(parent !== null &&
		'name' in parent &&
		parent.name === 'details' &&
		name !== 'summary' &&
		!('open' in parent.attribs));

/** The text that an element itself shows. */
export const textOf = (element: Element): string => {
	if (element.name === 'input') return element.attribs.value ?? element.attribs.placeholder ?? '';
	const children = 'children' in element ? element.children : [];
	const text = children.map((node) => ('data' in node && node.type === 'text' ? node.data : '')).join('');
	if (text.trim() !== '') return text;
	return children.some((node) => 'name' in node && INLINE.has(node.name)) ? ' ' : '';
};

/** The strings of a `content` value. */
export const stringsOf = (content: string): string =>
	tokensOf(content)
		.map(([type, , , , token]) =>
			type === TokenType.String ? String((token as { readonly value?: unknown }).value ?? '') : '',
		)
		.join('');
