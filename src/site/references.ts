// HTML text → the references a browser follows with the page, in the order in which they hold it up (HTML Standard
// §4.2–§4.12). Style sheets and modules are read elsewhere. Inside `template`, `noscript`, comments and script text
// there are none.

import { type CheerioAPI, load } from 'cheerio/slim';
import { excludesScreens } from './media.ts';
import { commonCandidate } from './srcset.ts';

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
	/** Lower holds the page up earlier: see {@link RANKS}. */
	readonly rank: number;
	readonly reservation: Reservation | undefined;
}

/** What a document refers to. */
export interface DocumentReferences {
	/** The first `<base href>`, relative to the document's own URL. */
	readonly base: string | undefined;
	readonly references: readonly Reference[];
}

/** Style sheets hold up everything, blocking scripts the parser, the others only themselves. */
const RANKS = { style: 0, blockingScript: 1, script: 2, early: 3, image: 4, frame: 5, rest: 6 } as const;

const READ_INSIDE =
	'base, link, script, img, input, video, audio, source, iframe, frame, object, embed, use, image, feimage, [background]';
const NOT_LIVE = new Set([
	'template',
	'noscript',
	'iframe',
	'object',
	'textarea',
	'title',
	'style',
	'script',
	'xmp',
]);
const JAVASCRIPT = /^(?:application|text)\/(?:x-)?(?:java|ecma)script$/;
const NOT_FETCHED = /^(?!https?:)[a-z][a-z0-9+.-]*:/i;

type Node = ReturnType<CheerioAPI['root']>[0]['childNodes'][number];
type Element = Extract<Node, { attribs: Record<string, string> }>;

/** What goes into a reference besides what every element gives it. */
interface Draft {
	readonly href: string | undefined;
	readonly as: Destination;
	readonly rank: number;
	readonly isModule?: boolean;
	readonly crossorigin?: string | undefined;
	readonly reservation?: Reservation | undefined;
}

/** The references of an HTML document's text. Never throws; unreadable markup is read as a browser would, by guess. */
export const referencesOfHtml = (html: string): DocumentReferences => {
	const $ = load(html, { xml: { xmlMode: false, decodeEntities: true, withStartIndices: true } });
	const lineOf = lineCounter(html);
	const references: Reference[] = [];
	const icons: number[] = [];
	let base: string | undefined;
	for (const element of $<Element, string>(READ_INSIDE).toArray()) {
		if (!isLive(element)) continue;
		if (element.name === 'base') {
			base ??= element.attribs.href?.trim();
			continue;
		}
		for (const draft of draftsOf(element)) {
			const href = draft.href?.trim() ?? '';
			if (href === '' || href.startsWith('#') || NOT_FETCHED.test(href)) continue;
			if (isIcon(element)) icons.push(references.length);
			references.push(toReference(element, href, draft, lineOf(element.startIndex ?? 0)));
		}
	}
	return {
		base,
		references: references.map(preferOneIcon(references, icons)).sort((a, b) => a.rank - b.rank),
	};
};

const toReference = (element: Element, href: string, draft: Draft, line: number): Reference => {
	const { attribs } = element;
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

const draftsOf = (element: Element): readonly Draft[] => {
	const { name, attribs } = element;
	const { src, href } = attribs;
	const lazy: Reservation | undefined = attribs.loading?.toLowerCase() === 'lazy' ? 'lazy' : undefined;
	switch (name) {
		case 'link':
			return draftsOfLink(attribs);
		case 'script':
			return draftsOfScript(attribs);
		case 'img':
			return [
				{ ...candidateOf(element), as: 'image', rank: RANKS.image, ...(lazy && { reservation: lazy }) },
			];
		case 'input':
			return attribs.type?.toLowerCase() === 'image' ? [{ href: src, as: 'image', rank: RANKS.image }] : [];
		case 'video':
			return [
				{ href: attribs.poster, as: 'image', rank: RANKS.image },
				{ href: src, as: 'video', rank: RANKS.rest, reservation: 'fetched in ranges' },
			];
		case 'audio':
			return [{ href: src, as: 'audio', rank: RANKS.rest, reservation: 'fetched in ranges' }];
		case 'source': {
			const as = nameOf(element.parent);
			if (as !== 'video' && as !== 'audio') return [];
			return [{ href: src, as, rank: RANKS.rest, reservation: 'fetched in ranges' }];
		}
		case 'iframe':
		case 'frame':
			return 'srcdoc' in attribs ? [] : [{ href: src, as: 'document', rank: RANKS.frame, reservation: lazy }];
		case 'object':
			return [{ href: attribs.data, as: 'object', rank: RANKS.frame }];
		case 'embed':
			return [{ href: src, as: 'embed', rank: RANKS.frame }];
		case 'use':
		case 'image':
		case 'feimage':
			return [{ href: href ?? attribs['xlink:href'], as: 'image', rank: RANKS.image }];
		default:
			return [{ href: attribs.background, as: 'image', rank: RANKS.image }];
	}
};

const draftsOfLink = (attribs: Element['attribs']): readonly Draft[] => {
	const rel = new Set(tokens(attribs.rel?.toLowerCase()));
	const { href } = attribs;
	const otherMedia: Reservation | undefined = excludesScreens(attribs.media) ? 'other media' : undefined;
	if (rel.has('stylesheet')) {
		const type = attribs.type?.trim().toLowerCase() ?? '';
		if (type !== '' && type !== 'text/css') return [];
		const reservation = rel.has('alternate') ? 'alternate' : 'disabled' in attribs ? 'disabled' : otherMedia;
		return [{ href, as: 'style', rank: RANKS.style, reservation }];
	}
	if (rel.has('modulepreload'))
		return [
			{
				href,
				as: 'script',
				rank: RANKS.script,
				isModule: true,
				crossorigin: attribs.crossorigin ?? '',
				reservation: otherMedia,
			},
		];
	if (rel.has('preload')) {
		const as = attribs.as?.toLowerCase() ?? '';
		if (!isPreloadable(as)) return [];
		const reservation: Reservation | undefined = 'imagesrcset' in attribs ? 'the client chooses' : otherMedia;
		const cors = as === 'font' ? 'anonymous' : attribs.crossorigin;
		return [{ href, as, rank: PRELOAD_RANKS[as], crossorigin: cors, reservation }];
	}
	if (rel.has('icon')) return [{ href, as: 'image', rank: RANKS.rest, reservation: otherMedia }];
	if (rel.has('manifest')) return [{ href, as: 'manifest', rank: RANKS.rest }];
	return [];
};

/** The destinations that browsers preload (measured: Chromium 156 and Firefox 153 ignore all others). */
const PRELOAD_RANKS = {
	style: RANKS.style,
	script: RANKS.script,
	font: RANKS.early,
	fetch: RANKS.early,
	image: RANKS.image,
} as const;

const isPreloadable = (as: string): as is keyof typeof PRELOAD_RANKS => Object.hasOwn(PRELOAD_RANKS, as);

const draftsOfScript = (attribs: Element['attribs']): readonly Draft[] => {
	const { src: href } = attribs;
	const type = attribs.type?.trim().toLowerCase() ?? '';
	if (type === 'module')
		return [
			{ href, as: 'script', rank: RANKS.script, isModule: true, crossorigin: attribs.crossorigin ?? '' },
		];
	if (type !== '' && !JAVASCRIPT.test(type)) return [];
	const rank = 'async' in attribs || 'defer' in attribs ? RANKS.script : RANKS.blockingScript;
	return [{ href, as: 'script', rank, reservation: 'nomodule' in attribs ? 'nomodule' : undefined }];
};

/** The image that every client takes for an `<img>`, alone or in a `<picture>`; with a reservation when there is none. */
const candidateOf = (image: Element): Pick<Draft, 'href' | 'reservation'> => {
	const { src, srcset } = image.attribs;
	const sources: Element['attribs'][] = [];
	if (nameOf(image.parent) === 'picture')
		for (const sibling of image.parent?.children ?? []) {
			if (sibling === image) break;
			if ('attribs' in sibling && sibling.name === 'source') sources.push(sibling.attribs);
		}
	const href = commonCandidate(sources, src, srcset);
	return href === undefined ? { href: src ?? firstUrl(srcset), reservation: 'the client chooses' } : { href };
};

const firstUrl = (srcset: string | undefined): string | undefined => tokens(srcset)[0];

const isIcon = (element: Element): boolean =>
	element.name === 'link' && tokens(element.attribs.rel?.toLowerCase()).includes('icon');

/** Browsers fetch one icon: a scalable one where there is one, else the last of those declared. */
const preferOneIcon = (
	references: readonly Reference[],
	icons: readonly number[],
): ((reference: Reference, index: number) => Reference) => {
	const isScalable = (index: number): boolean => {
		const { type, href } = references[index] ?? {};
		return type === 'image/svg+xml' || /\.svg(?:[?#]|$)/i.test(href ?? '');
	};
	const preferred = icons.findLast(isScalable) ?? icons.at(-1);
	return (reference, index) =>
		icons.includes(index) && index !== preferred && reference.reservation === undefined
			? { ...reference, reservation: 'another icon is preferred' }
			: reference;
};

const isLive = (element: Element): boolean => {
	for (let above = element.parent; above; above = above.parent)
		if (NOT_LIVE.has(nameOf(above) ?? '')) return false;
	return true;
};

const nameOf = (node: Element['parent']): string | undefined =>
	node !== null && 'name' in node && typeof node.name === 'string' ? node.name : undefined;

const corsSetting = (value: string | undefined): Reference['crossorigin'] => {
	if (value === undefined) return undefined;
	return value.trim().toLowerCase() === 'use-credentials' ? 'use-credentials' : 'anonymous';
};

const tokens = (value: string | undefined): string[] => (value ?? '').split(/\s+/).filter(Boolean);

/** Lines by offset, counted once and forwards: elements come in document order. */
const lineCounter = (text: string): ((offset: number) => number) => {
	let line = 1;
	let counted = 0;
	return (offset) => {
		for (let at = text.indexOf('\n', counted); at !== -1 && at < offset; at = text.indexOf('\n', counted)) {
			line++;
			counted = at + 1;
		}
		return line;
	};
};
