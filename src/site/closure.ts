// The closure of a page: everything that it refers to, itself or through its style sheets, modules and frames, in the
// order in which it is held up by it.

import {
	type DocumentSource,
	type Link,
	linksOf,
	type Source,
	toDocument,
	urlOf,
	withoutFragment,
} from './closure-walk.ts';
import { applyHeaderRules, HEADERS_PATH, type HeaderRules } from './header-rules.ts';
import { parseUrl } from './hrefs.ts';
import { matchesEveryScreen } from './media.ts';
import { ORIGIN, parsePath, pathIn } from './paths.ts';
import { parsePreloadLinks } from './preload-links.ts';
import type { Destination, Reference, Reservation } from './references.ts';
import type { SheetInUse } from './references-cascade.ts';
import type { StyleSheet } from './references-css.ts';
import { RANKS } from './references-elements.ts';
import { DEFAULT_ROUTES, findRoute, headerRulesOf, type RouteOptions } from './routes.ts';
import type { Asset, Snapshot } from './snapshot.ts';
import { needsOfDocument } from './style-needs.ts';

/** One thing that a page needs, or would but for a reservation. */
export interface Dependency {
	/** Path and query as a browser serialises them; of another origin, the whole URL; what leads nowhere, as written. */
	readonly url: string;
	/** The content hash; empty where there is no asset. */
	readonly hash: string;
	/** `undefined` where there is no such file, or the reference leads elsewhere. */
	readonly asset: Asset | undefined;
	readonly as: Destination;
	readonly isModule: boolean;
	readonly crossorigin: Reference['crossorigin'];
	readonly integrity: string | undefined;
	/** Why it is not to be sent with the page, as far as the site alone tells. */
	readonly reservation: Reservation | 'missing' | 'redirected' | 'other origin' | 'leads nowhere' | undefined;
	/** How many files have to be read before this one is known of: 1 where the page itself refers to it. */
	readonly depth: number;
	/** URL of the file whose reference this is, and the line in it. */
	readonly from: string;
	readonly line: number;
}

/** A page with its dependencies, as long as none of the files looked at changes. */
export interface Closure {
	readonly page: Asset;
	/** Whether the page has an import map, which is to be read before any of its modules. */
	readonly hasImportMap: boolean;
	/** Each URL once, the page itself never. */
	readonly dependencies: readonly Dependency[];
	/** What a client may choose in place of some of them, as of images in several sizes. */
	readonly alternatives?: readonly Dependency[];
	/**
	 * What of this site the page itself, its style sheets and modules refer to, but that is not there, whatever it is
	 * reserved for: each place that does so once. Module specifiers that lead nowhere, too.
	 */
	readonly missing?: readonly Dependency[];
	/** URLs that the site's own rules name in the `Link` field of the page. */
	readonly named: ReadonlySet<string>;
	/** The page or frames on whose text some of it depends, though that was not at hand. */
	readonly unread: readonly Asset[];
}

interface Memo {
	readonly closure: Closure;
	/** What was looked up on the way: the closure holds as long as each lookup has the same outcome. */
	readonly lookups: ReadonlyMap<string, Outcome>;
	readonly routes: RouteOptions;
	readonly rules: HeaderRules | undefined;
	validFor: Snapshot;
}

/** What a path leads to, as far as a closure depends on it. */
type Outcome = Asset | 'redirect' | 'nothing';

const MAX_BASES = 8;
const MAX_DEPENDENCIES = 5000;
/** Style sheets that a document uses, those imported twice counted twice, and imports below each other. */
const MAX_SHEETS = 500;
const MAX_IMPORT_DEPTH = 64;

const NO_TEXTS: TextSource = () => undefined;

/** Closures by page and base URL. Answers depend on the arguments alone; what is kept only saves work. */
const memos = new WeakMap<Asset, Map<string, Memo>>();

/** The text of a document; `undefined` where it is not at hand. */
export type TextSource = (document: Asset) => (() => string) | undefined;

/**
 * The closure of `page` when it is shown at `url` (encoded path): a fallback or a clean URL moves the base against which
 * its references resolve.
 * @param textOf asked for the page and its frames where their text decides which images and fonts of their style sheets
 * they need: without it, none of them
 * @param routes how paths lead to files
 */
export const closureOf = (
	snapshot: Snapshot,
	page: Asset,
	url: string,
	textOf: TextSource = NO_TEXTS,
	routes: RouteOptions = DEFAULT_ROUTES,
): Closure => {
	const byBase = memos.get(page) ?? new Map<string, Memo>();
	memos.set(page, byBase);
	const known = byBase.get(url);
	const isWhole = known?.closure.unread.every((document) => textOf(document) === undefined);
	if (known?.routes === routes && isWhole && isValid(known, snapshot)) return known.closure;
	const memo = new Walk(snapshot, page, url, routes).toMemo(textOf);
	// A fallback page can be shown under any URL that a client makes up.
	if (byBase.size >= MAX_BASES && known === undefined) byBase.clear();
	byBase.set(url, memo);
	return memo.closure;
};

const isValid = (memo: Memo, snapshot: Snapshot): boolean => {
	if (memo.validFor === snapshot) return true;
	if (memo.rules !== headerRulesOf(snapshot)) return false;
	for (const [path, outcome] of memo.lookups)
		if (lookUp(snapshot, path, memo.routes) !== outcome) return false;
	memo.validFor = snapshot;
	return true;
};

const lookUp = (snapshot: Snapshot, encodedPath: string, routes: RouteOptions): Outcome => {
	const route = findRoute(snapshot, encodedPath, routes);
	return route.kind === 'asset' ? route.asset : route.kind === 'redirect' ? 'redirect' : 'nothing';
};

interface Found {
	readonly dependency: Dependency;
	readonly rank: number;
}

class Walk {
	readonly #snapshot: Snapshot;
	readonly #page: Asset;
	readonly #url: string;
	readonly #routes: RouteOptions;
	readonly #lookups = new Map<string, Outcome>();
	readonly #found = new Map<string, Found>();
	readonly #alternatives = new Map<string, Dependency>();
	readonly #missing = new Map<string, Dependency>();
	/** What is followed, breadth first: what is found earlier is needed earlier. */
	readonly #queue: Source[] = [];
	readonly #followed = new Set<string>();
	readonly #documents: DocumentSource[] = [];
	readonly #rules: HeaderRules | undefined;
	readonly #named = new Set<string>();

	constructor(snapshot: Snapshot, page: Asset, url: string, routes: RouteOptions) {
		this.#snapshot = snapshot;
		this.#routes = routes;
		this.#page = page;
		this.#url = url;
		this.#rules = headerRulesOf(snapshot);
		this.#follow({ asset: page, url, as: 'document', depth: 0, document: undefined, crossorigin: undefined });
		for (const source of this.#queue) {
			const document = source.as === 'document' ? toDocument(source) : source.document;
			if (document === undefined) continue;
			if (source.as === 'document') this.#documents.push(document);
			for (const link of linksOf(source, document)) this.#take(link, source, document);
			if (source.document === undefined && source.as === 'document') this.#takeNamed(document);
		}
	}

	/** What the `Link` field of the page says, which goes before what the page does not say. */
	#takeNamed(document: DocumentSource): void {
		const parsed = this.#rules && parsePath(pathIn(this.#url));
		const edits =
			this.#rules && parsed?.kind === 'path' ? applyHeaderRules(this.#rules, parsed.path) : undefined;
		const field = edits?.set.get('link');
		if (edits === undefined || field === undefined) return;
		const own = new URL(ORIGIN + this.#url);
		for (const { href, as, isModule, crossorigin, integrity, isNopush } of parsePreloadLinks(field)) {
			const link: Link = {
				target: parseUrl(href, own),
				text: href,
				as,
				isModule,
				crossorigin,
				integrity,
				line: edits.linkLine,
				rank:
					as === 'style'
						? RANKS.style
						: as === 'script'
							? RANKS.script
							: as === 'image'
								? RANKS.image
								: RANKS.early,
				reservation: isNopush ? 'nopush' : undefined,
				leads: as === 'style' ? 'style' : isModule ? 'module' : undefined,
			};
			this.#take(link, { url: HEADERS_PATH, depth: 0 }, document);
			if (link.target?.origin === ORIGIN) this.#named.add(urlOf(link.target));
		}
	}

	toMemo(textOf: TextSource): Memo {
		const unread: Asset[] = [];
		for (const document of this.#documents) {
			const sheets = this.#sheetsOf(document);
			if (sheets.every(({ sheet }) => !sheet.hasImages && sheet.fontFaces.length === 0)) continue;
			const text = textOf(document.asset);
			if (text === undefined) unread.push(document.asset);
			this.#takeNeeds(document, sheets, text);
		}
		const dependencies = [...this.#found.values()]
			.sort((a, b) => a.rank - b.rank || a.dependency.depth - b.dependency.depth)
			.map(({ dependency }) => dependency);
		const { references } = this.#page;
		const hasImportMap = references?.kind === 'document' && references.importMaps.length > 0;
		const alternatives = [...this.#alternatives.values()].filter(({ url }) => !this.#found.has(url));
		const closure = {
			page: this.#page,
			hasImportMap,
			dependencies,
			alternatives,
			missing: [...this.#missing.values()],
			named: this.#named,
			unread,
		};
		return {
			closure,
			lookups: this.#lookups,
			routes: this.#routes,
			rules: this.#rules,
			validFor: this.#snapshot,
		};
	}

	/** The images and fonts of a document's style sheets. */
	#takeNeeds(document: DocumentSource, sheets: readonly SheetAt[], text: (() => string) | undefined): void {
		const needs = needsOfDocument(document.asset, text, sheets);
		for (const { sheet: index, href, as, isCors, line, reservation } of needs) {
			const sheet = sheets[index];
			if (sheet === undefined) continue;
			const link: Link = {
				target: parseUrl(href, sheet.base),
				text: href,
				as,
				isModule: false,
				crossorigin: isCors ? 'anonymous' : undefined,
				integrity: undefined,
				line: line + sheet.linesBefore,
				rank: document.rankBase + (as === 'font' ? RANKS.early : RANKS.image),
				reservation,
				leads: undefined,
			};
			this.#take(link, sheet, document);
		}
	}

	/** The style sheets of a document in cascade order: imported ones come before what imports them. */
	#sheetsOf(document: DocumentSource): readonly SheetAt[] {
		const sheets: SheetAt[] = [];
		const { url, base, depth, references } = document;
		const add = (sheet: StyleSheet, at: Omit<SheetAt, 'sheet'>, above: ReadonlySet<StyleSheet>): void => {
			if (above.has(sheet) || above.size > MAX_IMPORT_DEPTH || sheets.length >= MAX_SHEETS) return;
			for (const { href, layer, isConditional, reservation } of sheet.imports) {
				const target = reservation === 'other media' ? undefined : parseUrl(href, at.base);
				if (target === undefined) continue;
				const inner =
					layer === undefined ? at.layer : `${at.layer === undefined ? '' : `${at.layer}.`}${layer || '()'}`;
				addFile(target, inner, at.isConditional || isConditional, at.depth + 1, new Set([...above, sheet]));
			}
			sheets.push({ ...at, sheet });
		};
		const addFile = (
			target: URL,
			layer: string | undefined,
			isConditional: boolean,
			level: number,
			above: ReadonlySet<StyleSheet>,
		): void => {
			const outcome = target.origin === ORIGIN ? this.#lookUp(target.pathname) : 'nothing';
			const sheet = typeof outcome === 'object' ? outcome.references : undefined;
			if (sheet?.kind !== 'style') return;
			add(
				sheet,
				{ base: target, url: urlOf(target), layer, isConditional, depth: level, linesBefore: 0 },
				above,
			);
		};
		const linked = references.references.filter(
			({ leads, reservation }) => leads === 'style' && reservation === undefined,
		);
		for (const each of [...linked, ...references.styles].sort((a, b) => a.offset - b.offset)) {
			if ('sheet' in each) {
				const { sheet, isConditional, linesBefore } = each;
				add(sheet, { base, url, layer: undefined, isConditional, depth, linesBefore }, new Set());
				continue;
			}
			const target = parseUrl(each.href, base);
			if (target !== undefined)
				addFile(target, undefined, !matchesEveryScreen(each.media), depth + 1, new Set());
		}
		return sheets;
	}

	#lookUp(encodedPath: string): Outcome {
		const outcome = lookUp(this.#snapshot, encodedPath, this.#routes);
		this.#lookups.set(encodedPath, outcome);
		return outcome;
	}

	#follow(source: Source): void {
		const key = `${source.as} ${source.url}`;
		if (this.#followed.has(key)) return;
		this.#followed.add(key);
		this.#queue.push(source);
	}

	#take(link: Link, from: { readonly url: string; readonly depth: number }, document: DocumentSource): void {
		for (const target of link.alternatives ?? []) {
			if (this.#alternatives.size >= MAX_DEPENDENCIES) break;
			const other = this.#toDependency({ ...link, target, reservation: 'the client chooses' }, from);
			this.#noteMissing(other, { ...link, target }, document);
			if (other.asset !== undefined) this.#alternatives.set(other.url, other);
		}
		const dependency = this.#toDependency(link, from);
		const { url, asset, reservation, crossorigin, depth } = dependency;
		this.#noteMissing(dependency, link, document);
		if (url === this.#url) return;
		const earlier = this.#found.get(url);
		if (earlier === undefined && this.#found.size >= MAX_DEPENDENCIES) return;
		// What the author names by hand is there before what the page says of it is known.
		const isNopush = reservation === 'nopush' && earlier?.dependency.reservation === undefined;
		const isFreed = earlier?.dependency.reservation !== undefined && reservation === undefined;
		if (earlier === undefined || isNopush || (isFreed && earlier.dependency.reservation !== 'nopush')) {
			this.#found.delete(url);
			this.#found.set(url, { dependency, rank: link.rank });
		}
		if (asset !== undefined && reservation === undefined && link.leads !== undefined)
			this.#follow({ asset, url, as: link.leads, depth, document, crossorigin });
	}

	#noteMissing(dependency: Dependency, { target, isSpecifier }: Link, document: DocumentSource): void {
		// A frame shows its own.
		if (dependency.asset !== undefined || document.depth > 0 || this.#missing.size >= MAX_DEPENDENCIES)
			return;
		const isMissing =
			target === undefined
				? isSpecifier === true
				: target.origin === ORIGIN && this.#lookUp(target.pathname) === 'nothing';
		const { from, line, url } = dependency;
		if (isMissing) this.#missing.set(`${from} ${line} ${url}`, dependency);
	}

	#toDependency(link: Link, from: { readonly url: string; readonly depth: number }): Dependency {
		const { target, text, as, isModule, crossorigin, integrity, line } = link;
		const common = { as, isModule, crossorigin, integrity, depth: from.depth + 1, from: from.url, line };
		if (target === undefined)
			return {
				...common,
				url: text,
				hash: '',
				asset: undefined,
				reservation: link.reservation ?? 'leads nowhere',
			};
		if (target.origin !== ORIGIN) {
			const reservation = link.reservation ?? 'other origin';
			return { ...common, url: withoutFragment(target.href), hash: '', asset: undefined, reservation };
		}
		const outcome = this.#lookUp(target.pathname);
		const asset = typeof outcome === 'object' ? outcome : undefined;
		const reservation =
			link.reservation ??
			(asset !== undefined ? undefined : outcome === 'redirect' ? 'redirected' : 'missing');
		return { ...common, url: urlOf(target), hash: asset?.hash ?? '', asset, reservation };
	}
}

/** A style sheet as a document uses it, and where it is. */
interface SheetAt extends SheetInUse {
	readonly base: URL;
	readonly url: string;
	readonly depth: number;
	readonly linesBefore: number;
}
