// Which image of a responsive set every client would take (HTML Standard §4.8.4.3, "selecting an image source").

import { excludesScreens, matchesEveryScreen } from './media.ts';

/** Image types that every browser of the last five years decodes. */
const UNIVERSAL = new Set(['image/gif', 'image/jpeg', 'image/png', 'image/svg+xml', 'image/webp']);

/** The attributes of a `<source>` that take part in the choice. */
export interface SourceAttributes {
	readonly [name: string]: string | undefined;
}

/** A URL of a set, and what it is for: pixels of width, or a density (1 where nothing is said). */
export type Candidate =
	| { readonly url: string; readonly kind: 'width'; readonly width: number }
	| { readonly url: string; readonly kind: 'density'; readonly density: number };

/**
 * The one image that every client takes for an `<img>` with these `<source>` elements before it, or `undefined` where
 * viewport, pixel density or format support decide, or where there is none.
 */
export const commonCandidate = (
	sources: readonly SourceAttributes[],
	src: string | undefined,
	srcset: string | undefined,
): string | undefined => {
	for (const source of sources) {
		const candidates = parseSrcset(source.srcset ?? '');
		const type = essenceOf(source.type);
		const isUnusable = candidates.length === 0 || (type !== '' && !type.startsWith('image/'));
		if (isUnusable || excludesScreens(source.media)) continue;
		if (!matchesEveryScreen(source.media) || (type !== '' && !isUniversalImage(type))) return undefined;
		return onlyCandidate(candidates, undefined);
	}
	return onlyCandidate(parseSrcset(srcset ?? ''), src);
};

/** The media type without its parameters, lower case; empty where there is none. */
export const essenceOf = (type: string | undefined): string =>
	(type ?? '').replace(/;.*/s, '').trim().toLowerCase();

export const isUniversalImage = (essence: string): boolean => UNIVERSAL.has(essence);

const onlyCandidate = (candidates: readonly Candidate[], src: string | undefined): string | undefined => {
	// What is the same for all is the set: the first for each width or density, and `src` for a missing density of 1.
	const urls = new Map<string, string>();
	for (const candidate of candidates) {
		const key = candidate.kind === 'width' ? `${candidate.width}w` : `${candidate.density}x`;
		if (!urls.has(key)) urls.set(key, candidate.url);
	}
	const hasWidths = candidates.some(({ kind }) => kind === 'width');
	if (src !== undefined && src !== '' && !hasWidths && !urls.has('1x')) urls.set('1x', src);
	return new Set(urls.values()).size === 1 ? [...urls.values()][0] : undefined;
};

/** The candidates of a `srcset` attribute (HTML Standard §4.8.4.4.2); those with wrong descriptors are left out. */
export const parseSrcset = (srcset: string): Candidate[] => {
	const candidates: Candidate[] = [];
	const piece = /[\t\n\f\r ,]*([^\t\n\f\r ,][^\t\n\f\r ]*)/y;
	for (let match = piece.exec(srcset); match !== null; match = piece.exec(srcset)) {
		const [, word = ''] = match;
		// A URL may contain commas; only those at its end, or the one behind its descriptors, separate candidates.
		const url = word.replace(/,+$/, '');
		let descriptors = '';
		if (url === word) {
			const end = endOfDescriptors(srcset, piece.lastIndex);
			descriptors = srcset.slice(piece.lastIndex, end);
			piece.lastIndex = end;
		}
		const candidate = toCandidate(url, descriptors);
		if (candidate !== undefined) candidates.push(candidate);
	}
	return candidates;
};

/** The next comma outside parentheses, which do not nest. */
const endOfDescriptors = (srcset: string, start: number): number => {
	let isInParentheses = false;
	for (let at = start; at < srcset.length; at++) {
		const character = srcset[at];
		if (character === ',' && !isInParentheses) return at;
		if (character === '(') isInParentheses = true;
		else if (character === ')') isInParentheses = false;
	}
	return srcset.length;
};

const toCandidate = (url: string, descriptors: string): Candidate | undefined => {
	const words = descriptors.split(/[\t\n\f\r ]+/).filter((word) => word !== '');
	const widths = words.filter((word) => /^\d+w$/.test(word) && Number.parseInt(word, 10) > 0);
	const heights = words.filter((word) => /^\d+h$/.test(word) && Number.parseInt(word, 10) > 0);
	const densities = words.filter((word) => /^-?(?:\d+|\d*\.\d+)(?:[eE][-+]?\d+)?x$/.test(word));
	if (widths.length + heights.length + densities.length !== words.length) return undefined;
	if (widths.length === 1 && heights.length <= 1 && densities.length === 0)
		return { url, kind: 'width', width: Number.parseInt(words.find((word) => word.endsWith('w')) ?? '', 10) };
	const density = densities[0] === undefined ? 1 : Number.parseFloat(densities[0]);
	return widths.length + heights.length === 0 && densities.length <= 1 && density >= 0
		? { url, kind: 'density', density }
		: undefined;
};
