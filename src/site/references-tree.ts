// Markup → the elements that a browser acts upon, in document order. What cheerio builds is walked here and nowhere else.

import { type CheerioAPI, load } from 'cheerio/slim';

type Node = ReturnType<CheerioAPI['root']>[0]['childNodes'][number];

/** Attributes by name: lower case in HTML, as written in XML. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** Where an element stands, as far as it matters to what it refers to. */
export interface Surroundings {
	/** Name of the parent; empty at the top. */
	readonly parent: string;
	readonly isSvg: boolean;
	/** Inside what is shown only where an `object` or a media element is not. */
	readonly isFallback: boolean;
	/** Of the `source` elements before it under the same parent. */
	readonly sources: readonly Attributes[];
}

/** One element that counts. */
export interface LiveElement {
	/** Lower case in HTML, as written in XML. */
	readonly name: string;
	readonly attribs: Attributes;
	/** Characters before its tag. */
	readonly offset: number;
	readonly around: Surroundings;
	/** The text within a script or a style sheet; of other elements empty. */
	readonly content: string;
}

/** Elements whose content is text, or a document that is not shown. */
const NOT_LIVE = new Set([
	'template',
	'noscript',
	'iframe',
	'noembed',
	'noframes',
	'plaintext',
	'script',
	'style',
	'textarea',
	'title',
	'xmp',
]);
const HAS_FALLBACK = new Set(['object', 'video', 'audio', 'canvas']);
/** HTML content within SVG. */
const ENDS_SVG = new Set(['foreignobject', 'desc', 'title']);
/** A `picture` with more than these sources is read as if it had these. */
const MAX_SOURCES = 50;

interface Level extends Surroundings {
	readonly nodes: readonly Node[];
	readonly sources: Attributes[];
	next: number;
}

/** The live elements of a text. Never throws; unreadable markup is read as a browser would, by guess. */
export function* liveElements(text: string, isXml: boolean): Generator<LiveElement> {
	const markup = text.slice(0, readableLength(text));
	const $ = load(markup, { xml: { xmlMode: isXml, decodeEntities: true, withStartIndices: true } });
	// By a stack of our own: markup can be nested deeper than calls can.
	const levels: Level[] = [toLevel('', $.root()[0]?.childNodes ?? [], undefined)];
	for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
		const node = level.nodes[level.next++];
		if (node === undefined) levels.pop();
		else if ('attribs' in node) {
			const { name, attribs, children, startIndex } = node;
			yield { name, attribs, offset: startIndex ?? 0, around: level, content: contentOf(name, children) };
			if (name === 'source' && level.sources.length < MAX_SOURCES) level.sources.push(attribs);
			if (children.length > 0 && isLive(name, attribs)) levels.push(toLevel(name, children, level));
		}
	}
}

const contentOf = (name: string, children: readonly Node[]): string =>
	name === 'script' || name === 'style'
		? children.map((child) => ('data' in child ? child.data : contentOf(name, child.children))).join('')
		: '';

const toLevel = (parent: string, nodes: readonly Node[], above: Surroundings | undefined): Level => ({
	parent,
	nodes,
	isSvg: parent === 'svg' || (above?.isSvg === true && !ENDS_SVG.has(parent.toLowerCase())),
	isFallback: HAS_FALLBACK.has(parent) || above?.isFallback === true,
	sources: [],
	next: 0,
});

/** Whether the children count. A declarative shadow root is a template that takes effect (HTML Standard §4.12.3). */
const isLive = (name: string, attribs: Attributes): boolean =>
	!NOT_LIVE.has(name) || (name === 'template' && /^(?:open|closed)$/i.test(attribs.shadowrootmode ?? ''));

/** Texts up to this length cannot be nested deep enough to matter. */
const SHALLOW_LENGTH = 2 ** 16;
/** Steps of the parser: about a second. */
const MAX_STEPS = 1e9;
const TAG = /<!--(?:-?>|.*?(?:-->|$))|<(\/?)([a-z][^\s/>]*)/gis;
const VOID = /^(?:area|base|br|col|embed|frame|hr|img|input|link|meta|param|source|track|wbr)$/i;

/**
 * How much of a text is read. For each tag the parser moves or searches all open elements, which takes hours where a
 * million are open: we stop before. An element that ends out of turn counts as open, so this never counts too few.
 */
const readableLength = (text: string): number => {
	if (text.length <= SHALLOW_LENGTH) return text.length;
	const open: string[] = [];
	let steps = 0;
	for (const { 1: slash, 2: name = '', index } of text.matchAll(TAG)) {
		if (slash === '') {
			if (!VOID.test(name)) open.push(name);
		} else if (open.at(-1) === name) open.pop();
		steps += open.length;
		if (steps > MAX_STEPS) return index;
	}
	return text.length;
};
