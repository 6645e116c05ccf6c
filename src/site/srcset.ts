// Which image of a responsive set every client would take (HTML Standard §4.8.4.2.2).

import { excludesScreens } from './media.ts';

/** Image types that every browser of the last five years decodes. */
const UNIVERSAL = new Set(['image/gif', 'image/jpeg', 'image/png', 'image/svg+xml', 'image/webp']);

/** The attributes of a `<source>` that take part in the choice. */
export interface SourceAttributes {
	readonly [name: string]: string | undefined;
}

/**
 * The one image that every client takes for an `<img>` with these `<source>` elements before it, or `undefined` where
 * viewport, pixel density or format support decide.
 */
export const commonCandidate = (
	sources: readonly SourceAttributes[],
	src: string | undefined,
	srcset: string | undefined,
): string | undefined => {
	for (const source of sources) {
		const media = source.media?.trim() ?? '';
		if (excludesScreens(media)) continue;
		const type = source.type?.trim().toLowerCase() ?? '';
		if (media !== '' || (type !== '' && !UNIVERSAL.has(type))) return undefined;
		return onlyCandidate(source.srcset ?? '', undefined);
	}
	return onlyCandidate(srcset ?? '', src);
};

const onlyCandidate = (srcset: string, src: string | undefined): string | undefined => {
	const candidates = parseSrcset(srcset);
	if (candidates.length === 0) return src;
	// `src` stands in for a missing 1x candidate only; a set of widths replaces it.
	const urls = new Set(candidates.map(({ url }) => url));
	const isDense = candidates.every(({ descriptor }) => !descriptor.endsWith('w'));
	const hasPlain = candidates.some(
		({ descriptor }) => descriptor === '' || Number.parseFloat(descriptor) === 1,
	);
	if (isDense && !hasPlain && src !== undefined) urls.add(src);
	return urls.size === 1 ? candidates[0]?.url : undefined;
};

/** The candidates of a `srcset` attribute: URL and descriptor (`2x`, `640w` or empty). */
export const parseSrcset = (srcset: string): { readonly url: string; readonly descriptor: string }[] => {
	const candidates: { url: string; descriptor: string }[] = [];
	for (let rest = srcset.replace(/^[\s,]+/, ''); rest !== ''; rest = rest.replace(/^[\s,]+/, '')) {
		const url = rest.slice(0, rest.search(/\s|$/));
		rest = rest.slice(url.length);
		// A URL may contain commas; only one at its end, or the one behind its descriptor, separates candidates.
		const ends = url.endsWith(',') ? 0 : rest.search(/,|$/);
		candidates.push({ url: url.replace(/,+$/, ''), descriptor: rest.slice(0, ends).trim() });
		rest = rest.slice(ends);
	}
	return candidates;
};
