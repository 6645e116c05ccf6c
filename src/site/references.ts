// HTML text → the references a browser follows with the page, in the order in which they hold it up (HTML Standard
// §4.2–§4.12). Style sheets and modules are read elsewhere. Inside `template`, `noscript`, comments and script text
// there are none.

import { type Draft, draftsOf } from './references-elements.ts';
import { type Attributes, liveElements } from './references-tree.ts';

/** Fetch destinations (Fetch Standard §2.2.7, "destination") that a reference can have. */
export type Destination =
	| 'audio'
	| 'document'
	| 'embed'
	| 'fetch'
	| 'font'
	| 'image'
	| 'manifest'
	| 'object'
	| 'script'
	| 'style'
	| 'track'
	| 'video'
	| 'worker';

/** Why a reference is not fetched with the page, or not by every client. */
export type Reservation =
	| 'lazy'
	| 'other media'
	| 'alternate'
	| 'disabled'
	| 'nomodule'
	| 'the client chooses'
	| 'another icon is preferred'
	| 'fetched in ranges'
	| 'the author says skip';

/** One reference, as its author wrote it. */
export interface Reference {
	/** Relative to the document's base URL; never empty, never of a scheme that no request is made for. */
	readonly href: string;
	readonly as: Destination;
	/** Module references are preloaded with another `rel`. */
	readonly isModule: boolean;
	/** The CORS setting, also where it is implied (fonts, modules); `undefined` for no-cors requests. */
	readonly crossorigin: 'anonymous' | 'use-credentials' | undefined;
	readonly type: string | undefined;
	readonly media: string | undefined;
	readonly integrity: string | undefined;
	/** Line of the element in the source, from 1. */
	readonly line: number;
	/** Lower holds the page up earlier; the references come in this order. */
	readonly rank: number;
	readonly reservation: Reservation | undefined;
}

/** What a document refers to. */
export interface DocumentReferences {
	/** The first `<base href>`, relative to the document's own URL. */
	readonly base: string | undefined;
	readonly references: readonly Reference[];
}

/** What looks like a URL but has no request made for it. */
const NOT_FETCHED = /^(?!https?:)[a-z][a-z0-9+.-]*:/i;

/**
 * The references of a document's text. Never throws; unreadable markup is read as a browser would, by guess.
 * @param isXml for XHTML: tags that close themselves, names in their letter case
 */
export const referencesOfHtml = (html: string, isXml = false): DocumentReferences => {
	const lineOf = lineCounter(html);
	const references: Reference[] = [];
	const icons: Icon[] = [];
	let base: string | undefined;
	for (const element of liveElements(html, isXml)) {
		const { name, attribs, offset, around } = element;
		if (name === 'base' && attribs.href !== undefined && !around.isSvg) base ??= toBase(attribs.href);
		for (const draft of draftsOf(element)) {
			const href = toHref(draft.href ?? '');
			if (href === '' || href.startsWith('#') || NOT_FETCHED.test(href)) continue;
			const reference = toReference(attribs, href, draft, lineOf(offset));
			if (draft.isIcon) icons.push({ reference, index: references.length, sizes: attribs.sizes ?? '' });
			references.push(reference);
		}
	}
	const preferred = preferredIcon(icons);
	for (const { reference, index } of icons)
		if (index !== preferred?.index && reference.reservation === undefined)
			references[index] = { ...reference, reservation: 'another icon is preferred' };
	return { base, references: references.sort((a, b) => a.rank - b.rank) };
};

/** As the URL parser begins (WHATWG URL §4.4): controls and spaces around it go, tabs and newlines within it. */
const toHref = (text: string): string => {
	let [start, end] = [0, text.length];
	while (start < end && text.charCodeAt(start) <= 0x20) start++;
	while (start < end && text.charCodeAt(end - 1) <= 0x20) end--;
	return text.slice(start, end).replace(/[\t\n\r]+/g, '');
};

/** HTML Standard §4.2.3, "set the frozen base URL": these two schemes leave the document's own URL. */
const toBase = (text: string): string => {
	const href = toHref(text);
	return /^(?:data|javascript):/i.test(href) ? '' : href;
};

const toReference = (attribs: Attributes, href: string, draft: Draft, line: number): Reference => {
	const word = attribs['data-casper'];
	return {
		href,
		as: draft.as,
		isModule: draft.isModule ?? false,
		crossorigin: corsSetting(draft.crossorigin ?? attribs.crossorigin),
		type: attribs.type,
		media: attribs.media,
		integrity: attribs.integrity,
		line,
		rank: draft.rank,
		reservation: word === 'skip' ? 'the author says skip' : word === 'push' ? undefined : draft.reservation,
	};
};

const corsSetting = (value: string | undefined): Reference['crossorigin'] => {
	if (value === undefined) return undefined;
	return value.toLowerCase() === 'use-credentials' ? 'use-credentials' : 'anonymous';
};

/** An icon, where it is in the list of references, and for which sizes it is. */
interface Icon {
	readonly reference: Reference;
	readonly index: number;
	readonly sizes: string;
}

/**
 * Browsers fetch few of the icons declared. Of Chromium 156's choices this is the one that it always makes: a scalable
 * icon, else the one for 32 × 32 pixels, else the last one that is for no size, else the last.
 */
const preferredIcon = (icons: readonly Icon[]): Icon | undefined => {
	const free = icons.filter(({ reference }) => reference.reservation === undefined);
	return (
		free.findLast(
			({ reference: { type, href } }) => type === 'image/svg+xml' || /\.svg(?:[?#]|$)/i.test(href),
		) ??
		free.findLast(({ sizes }) => /(?:^|\s)32x32(?:\s|$)/i.test(sizes)) ??
		free.findLast(({ sizes }) => sizes.trim() === '') ??
		free.at(-1)
	);
};

/** Lines by offset, counted once and forwards: elements come in document order. */
const lineCounter = (text: string): ((offset: number) => number) => {
	let line = 1;
	let next = text.indexOf('\n');
	return (offset) => {
		for (; next !== -1 && next < offset; next = text.indexOf('\n', next + 1)) line++;
		return line;
	};
};
