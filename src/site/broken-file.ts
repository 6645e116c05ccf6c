// The broken references of one file, looked at by itself: what it refers to whoever uses it.

import { type BrokenReference, isAnswered, isOthersTask, suggestedUrl } from './broken.ts';
import { urlOf } from './closure-walk.ts';
import { parseUrl } from './hrefs.ts';
import { ORIGIN, pathIn } from './paths.ts';
import type { Destination, DocumentReferences } from './references.ts';
import { imagePropertyOf, imagesOf, type StyleSheet } from './references-css.ts';
import { type ImportMap, parseImportMaps, resolveSpecifier } from './references-modules.ts';
import { findRoute, type RouteOptions } from './routes.ts';
import type { Asset, Snapshot } from './snapshot.ts';

/** Of the broken references of one file, so many are told. */
const MAX_BROKEN = 500;
const MAX_REMEMBERED = 10_000;

/** What was found in a file. */
export interface FileReport {
	readonly broken: readonly BrokenReference[];
	/** How many references were looked at: what it cost. */
	readonly looks: number;
}

/** Looks at files of one snapshot, and remembers what is not there. */
export class FileJudge {
	readonly #snapshot: Snapshot;
	readonly #routes: RouteOptions;
	readonly #mapsOf: () => readonly string[];
	#maps: readonly string[] | undefined;
	/** By URL: what is said of it where it is broken. */
	readonly #absent = new Map<string, Absence | undefined>();
	/** What is in this folder, as text, … */
	#folder = '';
	/** … leads somewhere where it is one of these: the files of a folder refer to much the same. */
	readonly #fine = new Set<string>();

	/** @param mapsOf the texts of the import maps of all pages; asked once, when the first file is looked at */
	constructor(snapshot: Snapshot, routes: RouteOptions, mapsOf: () => readonly string[]) {
		this.#snapshot = snapshot;
		this.#routes = routes;
		this.#mapsOf = mapsOf;
	}

	/** The broken references of `asset`, each place once. Bare specifiers of module files are for their pages to judge. */
	judge(asset: Asset): FileReport {
		const broken = new Map<string, BrokenReference>();
		let looks = 0;
		for (const place of this.#placesOf(asset)) {
			looks++;
			if (broken.size >= MAX_BROKEN) break;
			if (this.#isFine(place)) continue;
			const absence = this.#absenceOf(place, asset);
			if (absence === undefined) continue;
			const { url, suggestion } = absence;
			broken.set(`${place.line} ${url}`, { from: asset.url, line: place.line, url, suggestion });
		}
		return { broken: [...broken.values()], looks };
	}

	#placesOf(asset: Asset): Iterable<Place> {
		const { references } = asset;
		switch (references?.kind) {
			case 'document':
				return placesOfDocument(references, this.#addressOf(asset));
			case 'style':
				return placesOfSheet(references, new Base(asset.url), 0);
			case 'module':
				return references.imports
					.filter(({ specifier }) => isOfBrowsers(specifier))
					.map(({ specifier, as, line }) => ({
						href: specifier,
						as,
						line,
						base: new Base(asset.url),
						map: 'unknown',
					}));
			default:
				return [];
		}
	}

	/** Where a page is shown, which its references are relative to. */
	#addressOf({ path, url }: Asset): string {
		if (this.#routes.trailingSlash === 'keep') return url;
		const route = findRoute(this.#snapshot, url, this.#routes);
		if (route.kind !== 'redirect') return url;
		const shown = findRoute(this.#snapshot, route.location, this.#routes);
		return shown.kind === 'asset' && shown.asset.path === path ? route.location : url;
	}

	/** Whether a reference leads somewhere. Asked for nearly all of them to no avail, so that it has to be quick. */
	#isFine({ href, base, map }: Place): boolean {
		if (base.folder !== this.#folder) {
			this.#folder = base.folder;
			this.#fine.clear();
		}
		const isKept = typeof map !== 'object' && !href.startsWith('?');
		if (isKept && this.#fine.has(href)) return true;
		const target = targetOf(href, base, map);
		// No request is made for what is no URL, such as `//:0`; a module that cannot be is an error.
		if (target === undefined) return map === undefined;
		if (target.origin === ORIGIN) {
			const { kind } = findRoute(this.#snapshot, target.pathname, this.#routes);
			if (kind !== 'asset' && kind !== 'redirect') return false;
		}
		if (isKept && this.#fine.size < MAX_REMEMBERED) this.#fine.add(href);
		return true;
	}

	/** What is to be said of a reference that leads to no file; `undefined`: nothing. */
	#absenceOf({ href, as, base, map }: Place, { url: from }: Asset): Absence | undefined {
		const target = targetOf(href, base, map);
		const url = target === undefined ? href : urlOf(target);
		const key = target === undefined ? `${href} ${from}` : `${url} ${as} ${map === 'unknown'}`;
		const known = this.#absent.get(key);
		if (known !== undefined || this.#absent.has(key)) return known;
		const isMapped = map === 'unknown' && target !== undefined && this.#isMapped(target);
		const isTold = !isMapped && !isOthersTask(url) && !isAnswered(this.#snapshot, url, as, this.#routes);
		const absence = isTold ? { url, suggestion: suggestedUrl(this.#snapshot, url, from) } : undefined;
		if (this.#absent.size >= MAX_REMEMBERED) this.#absent.clear();
		this.#absent.set(key, absence);
		return absence;
	}

	/** Whether the import map of a page may lead a module elsewhere. */
	#isMapped({ pathname }: URL): boolean {
		const name = pathname.slice(pathname.lastIndexOf('/') + 1);
		this.#maps ??= this.#mapsOf();
		return this.#maps.some((text) => text.includes(name) || MAPPED_FOLDER.test(text));
	}
}

type Absence = Pick<BrokenReference, 'url' | 'suggestion'>;

/** In an import map, what is said of all modules below a path. */
const MAPPED_FOLDER = /"(?:\.{0,2}\/|https?:)[^"]*\/"\s*:/i;

/** One reference of a file. */
interface Place {
	readonly href: string;
	readonly as: Destination;
	readonly line: number;
	readonly base: Base;
	/** Of a specifier: what it may stand for. Which page a module file belongs to is unknown here. */
	readonly map?: ImportMap | 'unknown';
}

/** What references are relative to. Made into a URL only where one is needed. */
class Base {
	readonly #text: string;
	/** References are relative to no more than that, but for those of a query alone. */
	readonly folder: string;
	#url: URL | undefined;

	/** @param text encoded path, or a whole URL */
	constructor(text: string) {
		this.#text = text;
		this.folder = text.slice(0, text.lastIndexOf('/') + 1);
	}

	get url(): URL {
		this.#url ??= new URL(this.#text.startsWith('/') ? ORIGIN + this.#text : this.#text);
		return this.#url;
	}
}

/** Where a reference leads; `undefined`: nowhere. */
const targetOf = (href: string, base: Base, map: Place['map']): URL | undefined =>
	typeof map === 'object' ? resolveSpecifier(href, base.url, map) : parseUrl(href, base.url);

/** A specifier that browsers understand without an import map; without an extension it is one for other programs. */
const isOfBrowsers = (specifier: string): boolean =>
	/^(?:\/|\.\.?\/)/.test(specifier) && /\.[^/.]+$/.test(pathIn(specifier));

function* placesOfDocument(
	{ references, styles, base: baseHref, importMaps }: DocumentReferences,
	url: string,
): Generator<Place> {
	const own = new Base(url);
	const base = baseHref === undefined ? own : new Base(parseUrl(baseHref, own.url)?.href ?? url);
	let map: ImportMap | undefined;
	for (const { href, as, line, isSpecifier, alternatives } of references) {
		if (isSpecifier) map ??= parseImportMaps(importMaps, base.url);
		yield isSpecifier && map !== undefined ? { href, as, line, base, map } : { href, as, line, base };
		for (const other of alternatives) yield { href: other, as, line, base };
	}
	for (const { sheet, linesBefore } of styles) yield* placesOfSheet(sheet, base, linesBefore);
}

/** Nearly all images of some style sheets are in the values themselves, which take long to read. */
const MAY_LEAD = /(?:url|src)\(\s*["']?(?!["'\s#]|data:)|image-set\(/i;

/** What a style sheet imports, and its images and fonts, whether or not an element shows them. */
function* placesOfSheet(
	{ imports, rules, fontFaces, hasImages }: StyleSheet,
	base: Base,
	linesBefore: number,
): Generator<Place> {
	for (const { href, line } of imports) yield { href, as: 'style', line: line + linesBefore, base };
	for (const { href, line } of fontFaces) yield { href, as: 'font', line: line + linesBefore, base };
	if (!hasImages) return;
	for (const { declarations } of rules)
		for (const { property, value, line } of declarations) {
			// Relative to which style sheet a variable's images are depends on where it is used.
			if (imagePropertyOf(property) === undefined || !MAY_LEAD.test(value)) continue;
			for (const { href } of imagesOf(value)) yield { href, as: 'image', line: line + linesBefore, base };
		}
}
