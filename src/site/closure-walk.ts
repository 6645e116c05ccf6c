// From a document through its style sheets, modules and frames: every file on the way and what it refers to.

import { parseUrl } from './hrefs.ts';
import { ORIGIN } from './paths.ts';
import type { DocumentReferences, Reference } from './references.ts';
import type { StyleSheet } from './references-css.ts';
import { RANKS } from './references-elements.ts';
import { type ImportMap, parseImportMaps, resolveSpecifier } from './references-modules.ts';
import type { Asset } from './snapshot.ts';

/** A document on the way, which all that it leads to belongs to. */
export interface DocumentSource {
	readonly asset: Asset;
	/** Encoded path and query, as shown. */
	readonly url: string;
	readonly base: URL;
	readonly references: DocumentReferences;
	readonly importMap: ImportMap;
	/** Added to the ranks of all it refers to: what is in a frame can wait. */
	readonly rankBase: number;
	readonly depth: number;
}

/** A file whose references are followed. */
export interface Source {
	readonly asset: Asset;
	/** Encoded path and query. */
	readonly url: string;
	readonly as: 'document' | 'style' | 'module';
	/** How many files have to be read before this one is known of. */
	readonly depth: number;
	/** The document that it belongs to; of a frame, the one around it. */
	readonly document: DocumentSource | undefined;
	/** The CORS setting of a module graph is that of its root. */
	readonly crossorigin: Reference['crossorigin'];
}

/** One reference on the way. */
export type Link = Pick<
	Reference,
	'as' | 'isModule' | 'crossorigin' | 'integrity' | 'line' | 'rank' | 'reservation' | 'leads'
> & {
	/** `undefined` where it leads nowhere: then `text` says what was written. */
	readonly target: URL | undefined;
	readonly text: string;
	/** What else a client may choose in its place. */
	readonly alternatives?: readonly URL[];
	/** Of a module: what leads nowhere is an error, where other references are passed over. */
	readonly isSpecifier?: boolean;
};

/** More than there are ranks: what is in a frame comes after all that its page refers to. */
const FRAME_RANKS = 10;

/** `source` as a document; `undefined` where it is none. */
export const toDocument = ({ asset, url, document, depth }: Source): DocumentSource | undefined => {
	const { references } = asset;
	if (references?.kind !== 'document') return undefined;
	// A path of two slashes names no host here.
	const own = new URL(ORIGIN + url);
	const base = parseUrl(references.base ?? '', own) ?? own;
	const importMap = parseImportMaps(references.importMaps, base);
	const rankBase = document === undefined ? 0 : document.rankBase + FRAME_RANKS;
	return { asset, url, base, references, importMap, rankBase, depth };
};

/** The references of a file, in the order in which they hold the page up. */
export function* linksOf(source: Source, document: DocumentSource): Generator<Link> {
	const { references } = source.asset;
	if (references?.kind === 'document' && source.as === 'document') {
		for (const reference of references.references) yield toLink(reference, document);
		for (const { sheet, linesBefore } of references.styles)
			yield* importLinks(sheet, document.base, linesBefore, document.rankBase);
	} else if (references?.kind === 'style' && source.as === 'style')
		yield* importLinks(references, new URL(source.url, ORIGIN), 0, document.rankBase);
	else if (references?.kind === 'module' && source.as === 'module') yield* moduleLinks(source, document);
}

const toLink = (reference: Reference, { base, importMap, rankBase }: DocumentSource): Link => {
	const { href, isSpecifier, rank } = reference;
	const target = isSpecifier ? resolveSpecifier(href, base, importMap) : parseUrl(href, base);
	const alternatives = reference.alternatives
		.map((each) => parseUrl(each, base))
		.filter((each) => each !== undefined);
	return { ...reference, rank: rankBase + rank, target, text: href, alternatives };
};

function* importLinks(sheet: StyleSheet, base: URL, linesBefore: number, rankBase: number): Generator<Link> {
	for (const { href, line, reservation } of sheet.imports)
		yield {
			target: parseUrl(href, base),
			text: href,
			as: 'style',
			isModule: false,
			crossorigin: undefined,
			integrity: undefined,
			line: line + linesBefore,
			rank: rankBase + RANKS.style,
			reservation,
			leads: 'style',
		};
}

function* moduleLinks({ asset, url, crossorigin }: Source, document: DocumentSource): Generator<Link> {
	if (asset.references?.kind !== 'module') return;
	const base = new URL(url, ORIGIN);
	const links = asset.references.imports.map(({ specifier, as, line }): Link => {
		const target = resolveSpecifier(specifier, base, document.importMap);
		return {
			target,
			text: specifier,
			as,
			isModule: as === 'script',
			isSpecifier: true,
			crossorigin: crossorigin ?? 'anonymous',
			integrity: target && document.importMap.integrity.get(target.href),
			line,
			rank: document.rankBase + RANKS.script,
			reservation: undefined,
			leads: as === 'script' ? 'module' : undefined,
		};
	});
	// A module with a specifier that leads nowhere is an error: browsers fetch nothing of it (HTML Standard §8.1.4.1).
	const isBroken = links.some(({ target }) => target === undefined);
	for (const link of links) if (!isBroken || link.target === undefined) yield link;
}

/**
 * Path and query as requested: with the `?` of an empty query, and with `^` as browsers write it (Node before 24 does
 * not).
 */
export const urlOf = (target: URL): string =>
	target.pathname.replaceAll('^', '%5E') +
	withoutFragment(target.href).slice(ORIGIN.length + target.pathname.length);

/** A URL's text without its fragment. */
export const withoutFragment = (href: string): string => href.replace(/#.*/s, '');
