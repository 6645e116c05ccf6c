// Which references one element makes, and how each is fetched (HTML Standard §4.2–§4.12, and what browsers do).

import { excludesScreens, matchesEveryScreen } from './media.ts';
import type { Destination, Reservation } from './references.ts';
import { declarationsOfAttribute, imagePropertyOf, imagesOf } from './references-css.ts';
import { importsOfModule } from './references-modules.ts';
import type { Attributes, LiveElement } from './references-tree.ts';
import { commonCandidate, essenceOf, isUniversalImage, parseSrcset } from './srcset.ts';

/** What goes into a reference besides what every element gives it. */
export interface Draft {
	readonly href: string | undefined;
	readonly as: Destination;
	readonly rank: number;
	readonly isModule?: boolean;
	/** The CORS setting, where it is not the attribute of the element itself. */
	readonly crossorigin?: string | undefined;
	readonly reservation?: Reservation | undefined;
	/** What else the client may choose in its place. */
	readonly alternatives?: readonly string[];
	readonly isIcon?: boolean;
	readonly leads?: 'style' | 'module' | 'document';
	readonly isSpecifier?: boolean;
	/** Lines between the element and what is referred to from within it. */
	readonly linesBefore?: number;
}

/** Style sheets hold up everything, blocking scripts the parser, the others only themselves. */
export const RANKS = {
	style: 0,
	blockingScript: 1,
	script: 2,
	early: 3,
	image: 4,
	frame: 5,
	rest: 6,
} as const;

const JAVASCRIPT =
	/^(?:(?:application|text)\/(?:x-)?(?:java|ecma)script|text\/(?:javascript1\.[0-5]|jscript|livescript))$/;
/** The elements whose `background` browsers show (HTML Standard §15.3). */
const HAS_BACKGROUND = new Set(['body', 'table', 'thead', 'tbody', 'tfoot', 'tr', 'td', 'th']);

/** The references of an element, without those to nowhere. */
export const draftsOf = (element: LiveElement): readonly Draft[] => {
	const { name, attribs, around } = element;
	const { src, href = attribs['xlink:href'] } = attribs;
	const inFallback: Reservation | undefined = around.isFallback ? 'the client chooses' : undefined;
	switch (name) {
		case 'link':
			return draftsOfLink(attribs);
		case 'script':
			return draftsOfScript(attribs, around.isSvg ? href : src);
		case 'img':
			return draftsOfImage(element);
		case 'image':
			// The parser of HTML takes it for `img` (§13.2.6.4.7, "don't ask").
			return around.isSvg ? [{ href, as: 'image', rank: RANKS.image }] : draftsOfImage(element);
		case 'use':
		case 'feimage':
		case 'feImage':
			return around.isSvg ? [{ href, as: 'image', rank: RANKS.image }] : [];
		case 'input':
			return attribs.type?.toLowerCase() === 'image' ? [{ href: src, as: 'image', rank: RANKS.image }] : [];
		case 'video':
			return [{ href: attribs.poster, as: 'image', rank: RANKS.image }, mediaDraft('video', src)];
		case 'audio':
			return [mediaDraft('audio', src)];
		case 'source':
			return around.parent === 'video' || around.parent === 'audio' ? [mediaDraft(around.parent, src)] : [];
		case 'track':
			return 'default' in attribs ? [{ href: src, as: 'track', rank: RANKS.rest }] : [];
		case 'iframe':
			if ('srcdoc' in attribs) return [];
			return [
				{ href: src, as: 'document', rank: RANKS.frame, leads: 'document', reservation: lazinessOf(attribs) },
			];
		case 'frame':
			return around.parent === 'frameset'
				? [{ href: src, as: 'document', rank: RANKS.frame, leads: 'document' }]
				: [];
		case 'object':
			return [
				{ href: attribs.data, as: 'object', rank: RANKS.frame, leads: 'document', reservation: inFallback },
			];
		case 'embed':
			return [{ href: src, as: 'embed', rank: RANKS.frame, leads: 'document', reservation: inFallback }];
		default:
			return HAS_BACKGROUND.has(name) ? [{ href: attribs.background, as: 'image', rank: RANKS.image }] : [];
	}
};

const mediaDraft = (as: 'video' | 'audio', href: string | undefined): Draft => ({
	href,
	as,
	rank: RANKS.rest,
	reservation: 'fetched in ranges',
});

const lazinessOf = ({ loading }: Attributes): Reservation | undefined =>
	loading?.toLowerCase() === 'lazy' ? 'lazy' : undefined;

const draftsOfImage = ({ attribs, around }: LiveElement): readonly Draft[] => {
	const { src, srcset = '' } = attribs;
	const sources = around.parent === 'picture' ? around.sources : [];
	const common = commonCandidate(sources, src, srcset);
	const sets = common === undefined ? [...sources.map((source) => source.srcset ?? ''), srcset] : [];
	return [
		{
			href: common ?? src ?? parseSrcset(srcset)[0]?.url,
			as: 'image',
			rank: RANKS.image,
			reservation: lazinessOf(attribs) ?? (common === undefined ? 'the client chooses' : undefined),
			alternatives: sets.flatMap((set) => parseSrcset(set).map(({ url }) => url)),
		},
	];
};

const draftsOfScript = (attribs: Attributes, href: string | undefined): readonly Draft[] => {
	const type = scriptTypeOf(attribs);
	if (type === 'module') return [{ ...MODULE, href, crossorigin: attribs.crossorigin ?? '' }];
	if (!JAVASCRIPT.test(type)) return [];
	const rank = 'async' in attribs || 'defer' in attribs ? RANKS.script : RANKS.blockingScript;
	return [{ href, as: 'script', rank, reservation: 'nomodule' in attribs ? 'nomodule' : undefined }];
};

const MODULE = { as: 'script', rank: RANKS.script, isModule: true, leads: 'module' } as const;

/** What the text of an inline module imports, and the images of a `style` attribute. */
export const draftsOfContent = (element: LiveElement): readonly Draft[] => {
	const { name, attribs } = element;
	const style = attribs.style ?? '';
	const drafts: Draft[] = !style.includes('(')
		? []
		: declarationsOfAttribute(style).flatMap(({ property, value }) =>
				imagePropertyOf(property) === undefined
					? []
					: imagesOf(value).map(({ href, isChoice }) => ({
							href,
							as: 'image' as const,
							rank: RANKS.image,
							...(isChoice && { reservation: 'the client chooses' as const }),
						})),
			);
	if (name === 'script' && attribs.src === undefined && scriptTypeOf(attribs) === 'module')
		for (const { specifier, as, line } of importsOfModule(element.content).imports) {
			const crossorigin = attribs.crossorigin ?? '';
			const module = as === 'script' ? MODULE : { as, rank: RANKS.script };
			drafts.push({ ...module, href: specifier, crossorigin, isSpecifier: true, linesBefore: line - 1 });
		}
	return drafts;
};

/** Whether an element is an inline import map (external ones are not supported by browsers). */
export const isImportMap = ({ name, attribs }: LiveElement): boolean =>
	name === 'script' && attribs.src === undefined && scriptTypeOf(attribs) === 'importmap';

/** Whether what an element holds or leads to is CSS, by its `type`. */
export const isCss = ({ type }: Attributes): boolean => ['', 'text/css'].includes(essenceOf(type));

/** HTML Standard §4.12.1.1, "prepare the script element", steps 8–11. */
const scriptTypeOf = ({ type, language }: Attributes): string => {
	if (type === '' || (type === undefined && (language ?? '') === '')) return 'text/javascript';
	return (type?.trim() ?? `text/${language}`).toLowerCase();
};

const draftsOfLink = (attribs: Attributes): readonly Draft[] => {
	const rel = new Set((attribs.rel ?? '').toLowerCase().split(/[\t\n\f\r ]+/));
	const { href, media } = attribs;
	const otherMedia: Reservation | undefined = excludesScreens(media) ? 'other media' : undefined;
	if (rel.has('stylesheet')) {
		if (!isCss(attribs)) return [];
		const reservation = rel.has('alternate') ? 'alternate' : 'disabled' in attribs ? 'disabled' : otherMedia;
		return [{ href, as: 'style', rank: RANKS.style, leads: 'style', reservation }];
	}
	if (rel.has('modulepreload')) {
		const crossorigin = attribs.crossorigin ?? '';
		return [{ href, as: 'script', rank: RANKS.script, isModule: true, crossorigin, reservation: otherMedia }];
	}
	if (rel.has('preload')) return draftsOfPreload(attribs, otherMedia);
	if (rel.has('icon')) {
		const reservation = otherMedia ?? (matchesEveryScreen(media) ? undefined : 'the client chooses');
		return [{ href, as: 'image', rank: RANKS.rest, reservation, isIcon: true }];
	}
	if (rel.has('manifest')) return [{ href, as: 'manifest', rank: RANKS.rest }];
	return [];
};

/** The destinations that browsers preload (measured: Chromium 156 and Firefox 153 agree on these alone). */
const PRELOADS = {
	style: { rank: RANKS.style, takesType: (type: string) => type === 'text/css' },
	script: { rank: RANKS.script, takesType: () => true },
	font: { rank: RANKS.early, takesType: (type: string) => /^font\/(?:woff2?|ttf|otf|sfnt)$/.test(type) },
	fetch: { rank: RANKS.early, takesType: () => true },
	image: { rank: RANKS.image, takesType: isUniversalImage },
} as const;

const draftsOfPreload = (attribs: Attributes, otherMedia: Reservation | undefined): readonly Draft[] => {
	const as = attribs.as?.toLowerCase() ?? '';
	if (!isPreloadable(as)) return [];
	const { rank, takesType } = PRELOADS[as];
	const type = essenceOf(attribs.type);
	const { href, imagesrcset = '' } = attribs;
	const common = as === 'image' ? commonCandidate([], href, imagesrcset) : href;
	const isChoice = common === undefined || (type !== '' && !takesType(type));
	return [
		{
			href: common ?? href ?? parseSrcset(imagesrcset)[0]?.url,
			as,
			rank,
			crossorigin: as === 'font' ? 'anonymous' : attribs.crossorigin,
			reservation: otherMedia ?? (isChoice ? 'the client chooses' : undefined),
		},
	];
};

const isPreloadable = (as: string): as is keyof typeof PRELOADS => Object.hasOwn(PRELOADS, as);
