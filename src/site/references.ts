// HTML text → the references a browser follows with the page, in the order in which they hold it up (HTML Standard
// §4.2–§4.12), inline style sheets and modules included. Inside `template`, `noscript` and comments there are none.

import type { HeaderRules } from './header-rules.ts';
import { toHref, trimHref } from './hrefs.ts';
import { lineCounter } from './lines.ts';
import { excludesScreens, matchesEveryScreen } from './media.ts';
import type { RedirectRules } from './redirect-rules.ts';
import { referencesOfCss, type StyleSheet } from './references-css.ts';
import { type Draft, draftsOf, draftsOfContent, isCss, isImportMap } from './references-elements.ts';
import type { ModuleImports } from './references-modules.ts';
import { type Attributes, liveElements } from './references-tree.ts';

/** Fetch destinations (Fetch Standard §2.2.7, "destination") that a reference can have. */
export type Destination =
	| 'audio'
	| 'document'
	| 'embed'
	| 'fetch'
	| 'font'
	| 'image'
	| 'json'
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
	| 'the author says skip'
	| 'no element shows it'
	| 'no text is set in it'
	| 'only in another state'
	/** Of a `Link` field with `nopush`: the client asks for it. */
	| 'nopush';

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
	/** Characters before the element in the source. */
	readonly offset: number;
	/** Lower holds the page up earlier; the references come in this order. */
	readonly rank: number;
	readonly reservation: Reservation | undefined;
	/** What else a client may choose in its place, relative as `href` is. */
	readonly alternatives: readonly string[];
	/** As what its own references are followed, if they are. */
	readonly leads: 'style' | 'module' | 'document' | undefined;
	/** `href` is a module specifier, which an import map may lead elsewhere. */
	readonly isSpecifier: boolean;
}

/** A `style` element. */
export interface InlineStyle {
	readonly sheet: StyleSheet;
	/** Characters before the element in the source. */
	readonly offset: number;
	/** Lines before its text. */
	readonly linesBefore: number;
	/** Only in force under conditions that a server cannot judge. */
	readonly isConditional: boolean;
}

/** What a document refers to. */
export interface DocumentReferences {
	readonly kind: 'document';
	/** The first `<base href>`, relative to the document's own URL. */
	readonly base: string | undefined;
	readonly references: readonly Reference[];
	readonly styles: readonly InlineStyle[];
	/** The texts of its import maps. */
	readonly importMaps: readonly string[];
	/** Where something can be put in before all that is shown; `undefined` where nothing is to be. */
	readonly opening: Opening | undefined;
	/** The content security policies that it sets itself (Content Security Policy 3 §3.3). */
	readonly policies: readonly string[];
}

/** The place in a document's markup where its head is over. */
export interface Opening {
	/** So many `<` come before that of the first element that is shown; `undefined`: there is none, it is the end. */
	readonly tagsBefore: number | undefined;
	/** The document wants none of our service worker: `<html data-casper="off">`. */
	readonly isAlone: boolean;
	/** The nonce that the document's own scripts have (Content Security Policy 3 §2.3.1). */
	readonly nonce: string | undefined;
	/** The name of the document's encoding. */
	readonly encoding: string;
}

/** What a file refers to, or has requests lead to, by what it is. */
export type References = DocumentReferences | StyleSheet | ModuleImports | RedirectRules | HeaderRules;

/**
 * The references of a document's text. Never throws; unreadable markup is read as a browser would, by guess.
 * @param isXml for XHTML: tags that close themselves, names in their letter case
 * @param encoding of the bytes that the text was
 */
export const referencesOfHtml = (html: string, isXml = false, encoding = 'utf-8'): DocumentReferences => {
	const lineOf = lineCounter(html);
	const references: Reference[] = [];
	const icons: Icon[] = [];
	const styles: InlineStyle[] = [];
	const importMaps: string[] = [];
	const policies: string[] = [];
	let base: string | undefined;
	let shownOffset: number | undefined;
	let nonce: string | undefined;
	let isAlone = false;
	let isOpen = !isXml;
	let lastText: { readonly name: string; readonly offset: number } | undefined;
	for (const element of liveElements(html, isXml)) {
		const { name, attribs, offset, around } = element;
		if (!OF_HEADS.has(name)) shownOffset ??= offset;
		if (HOLDS_TEXT.has(name)) lastText = { name, offset };
		if (name === 'script') {
			nonce ??= attribs.nonce;
			isOpen &&= !mayGoOn(element.content);
		}
		if (name === 'html') isAlone ||= attribs['data-casper'] === 'off';
		if (name === 'base' && attribs.href !== undefined && !around.isSvg) base ??= toBase(attribs.href);
		if (
			name === 'meta' &&
			attribs['http-equiv']?.trim().toLowerCase() === POLICY &&
			attribs.content !== undefined
		)
			policies.push(attribs.content);
		if (isImportMap(element)) importMaps.push(element.content);
		else if (name === 'style' && isCss(attribs) && !excludesScreens(attribs.media)) {
			const isConditional = !matchesEveryScreen(attribs.media);
			const sheet = referencesOfCss(element.content);
			styles.push({ sheet, offset, linesBefore: lineOf(offset) - 1, isConditional });
		}
		for (const draft of [...draftsOf(element), ...draftsOfContent(element)]) {
			const href = draft.isSpecifier ? (draft.href ?? '') : toHref(draft.href ?? '');
			if (href === '') continue;
			const reference = toReference(attribs, href, draft, lineOf(offset), offset);
			if (draft.isIcon) icons.push({ reference, index: references.length, sizes: attribs.sizes ?? '' });
			references.push(reference);
		}
	}
	const preferred = preferredIcon(icons);
	for (const { reference, index } of icons)
		if (index !== preferred?.index && reference.reservation === undefined)
			references[index] = { ...reference, reservation: 'another icon is preferred' };
	references.sort((a, b) => a.rank - b.rank);
	// What belongs to another site's base would be looked for there.
	isOpen &&= !/^(?:[a-z][a-z0-9+.-]*:|[\\/]{2})/i.test(base ?? '');
	if (shownOffset === undefined && lastText !== undefined)
		isOpen &&= new RegExp(`</${lastText.name}[\\s/>]`, 'i').test(html.slice(lastText.offset));
	const tagsBefore = shownOffset === undefined ? undefined : countTags(html, shownOffset);
	const opening = isOpen ? { tagsBefore, isAlone, nonce, encoding } : undefined;
	return { kind: 'document', base, references, styles, importMaps, opening, policies };
};

/** Elements that make no body (HTML Standard §13.2.6.4.4, "in head"), and those around them. */
const OF_HEADS: ReadonlySet<string> = new Set([
	'base',
	'basefont',
	'bgsound',
	'head',
	'html',
	'link',
	'meta',
	'noframes',
	'noscript',
	'script',
	'style',
	'template',
	'title',
]);

const POLICY = 'content-security-policy';

/** Elements of heads that, never closed, take the rest of the document as their text. */
const HOLDS_TEXT: ReadonlySet<string> = new Set([
	'noframes',
	'noscript',
	'script',
	'style',
	'template',
	'title',
]);

/** Whether a script may go on behind its first end tag (HTML Standard §13.2.5.27, "script data double escaped state"). */
const mayGoOn = (script: string): boolean => {
	const comment = script.indexOf('<!--');
	return comment !== -1 && /<script[\s/>]/i.test(script.slice(comment));
};

const countTags = (html: string, end: number): number => {
	let count = 0;
	for (let at = html.indexOf('<'); at !== -1 && at < end; at = html.indexOf('<', at + 1)) count++;
	return count;
};

/** HTML Standard §4.2.3, "set the frozen base URL": these two schemes leave the document's own URL. */
const toBase = (text: string): string => {
	const href = trimHref(text);
	return /^(?:data|javascript):/i.test(href) ? '' : href;
};

const NONE: readonly string[] = [];

const toReference = (
	attribs: Attributes,
	href: string,
	draft: Draft,
	line: number,
	offset: number,
): Reference => {
	const word = attribs['data-casper'];
	return {
		href,
		as: draft.as,
		isModule: draft.isModule ?? false,
		crossorigin: corsSetting(draft.crossorigin ?? attribs.crossorigin),
		type: attribs.type,
		media: attribs.media,
		integrity: attribs.integrity,
		line: line + (draft.linesBefore ?? 0),
		offset,
		rank: draft.rank,
		reservation: word === 'skip' ? 'the author says skip' : word === 'push' ? undefined : draft.reservation,
		alternatives: draft.alternatives?.map(toHref).filter((each) => each !== '') ?? NONE,
		leads: draft.leads,
		isSpecifier: draft.isSpecifier ?? false,
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
