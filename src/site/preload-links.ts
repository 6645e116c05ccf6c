// What a `Link` field announces (RFC 8288 §3): the preloads that an author wrote by hand.

import type { Destination, Reference } from './references.ts';

/** A link with `rel=preload` or `rel=modulepreload`. */
export interface PreloadLink {
	readonly href: string;
	readonly as: Destination;
	readonly isModule: boolean;
	readonly crossorigin: Reference['crossorigin'];
	readonly integrity: string | undefined;
	/** Named, but not to be pushed (W3C Preload §3.3). */
	readonly isNopush: boolean;
}

/** Destinations that `as` may name; others announce nothing that a page would use. */
const DESTINATIONS: ReadonlySet<string> = new Set(['fetch', 'font', 'image', 'script', 'style', 'track']);

/** A target, with the blanks around it. */
const TARGET = /\s*<([^>]*)>\s*/y;
/** A parameter, or none, behind its semicolon. Each run of blanks is taken in one place, so that no text makes it go back. */
const PARAMETER = /;\s*(?:([^\s=;,"]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"\s*|([^\s;,"]+)\s*)?)?)?/y;

/** The preloads of a field value. What is not written as links are, and all behind it, is passed over. */
export const parsePreloadLinks = (field: string): readonly PreloadLink[] => {
	const links: PreloadLink[] = [];
	for (let at = 0; at < field.length; ) {
		TARGET.lastIndex = at;
		const href = TARGET.exec(field)?.[1];
		if (href === undefined) break;
		at = TARGET.lastIndex;
		const parameters = new Map<string, string>();
		while (field[at] === ';') {
			PARAMETER.lastIndex = at;
			const [, name, quoted, plain] = PARAMETER.exec(field) ?? [];
			at = Math.max(at + 1, PARAMETER.lastIndex);
			const key = name?.toLowerCase();
			// Of parameters that are repeated, the first counts (RFC 8288 §3.3).
			if (key !== undefined && !parameters.has(key))
				parameters.set(key, quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '');
		}
		if (at < field.length && field[at] !== ',') break;
		at++;
		const relations = (parameters.get('rel') ?? '').toLowerCase().split(/\s+/);
		const isModule = relations.includes('modulepreload');
		const as = parameters.get('as')?.toLowerCase() ?? (isModule ? 'script' : '');
		if (!(isModule || relations.includes('preload')) || !DESTINATIONS.has(as) || href === '') continue;
		const cors = parameters.get('crossorigin')?.toLowerCase();
		links.push({
			href,
			as: as as Destination,
			isModule,
			crossorigin:
				cors === undefined
					? isModule || as === 'font'
						? 'anonymous'
						: undefined
					: cors === 'use-credentials'
						? cors
						: 'anonymous',
			integrity: parameters.get('integrity'),
			isNopush: parameters.has('nopush'),
		});
	}
	return links;
};
