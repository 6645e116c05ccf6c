// Request path → what answers it. Only what the snapshot lists can be found, so no path can lead out of the site.

import { HEADERS_PATH, type HeaderRules } from './header-rules.ts';
import { encodePath, parsePath, pathIn, spellingsOf, type UrlPath } from './paths.ts';
import { applyRedirectRules, REDIRECTS_PATH, type RedirectRules } from './redirect-rules.ts';
import type { Asset, Snapshot } from './snapshot.ts';

/** How paths lead to files, beyond a file's own name. */
export interface RouteOptions {
	/**
	 * Under which of its addresses a page is shown. `keep`: under any whose relative references lead to the same places as
	 * those of its file. `add`: `/about/` alone, `remove`: `/about` alone, folders' pages included; references resolve
	 * against that address.
	 */
	readonly trailingSlash: 'keep' | 'add' | 'remove';
	/** The page for navigations that nothing else answers. */
	readonly single: UrlPath | undefined;
}

/** Without any option. */
export const DEFAULT_ROUTES: RouteOptions = { trailingSlash: 'keep', single: undefined };

/** What a path leads to. */
export type Route =
	| { readonly kind: 'asset'; readonly asset: Asset }
	/**
	 * To `location`: an encoded absolute path of this site that is an asset's, or wherever a rule of the site says. The
	 * request's query goes along where it has none.
	 */
	| { readonly kind: 'redirect'; readonly status: number; readonly location: string }
	/** A rule of the site shows this page, with status 404. */
	| { readonly kind: 'not found'; readonly page: Asset }
	| { readonly kind: 'malformed' }
	| { readonly kind: 'absent' };

const MALFORMED: Route = { kind: 'malformed' };
const ABSENT: Route = { kind: 'absent' };
/** Method and body kept (RFC 9110 §15.4.9). */
const PERMANENT = 308;

/** The route of an encoded request path (no query). */
export const findRoute = (
	snapshot: Snapshot,
	encodedPath: string,
	{ trailingSlash }: RouteOptions = DEFAULT_ROUTES,
): Route => {
	const parsed = parsePath(encodedPath);
	if (parsed.kind === 'malformed') return MALFORMED;
	if (parsed.kind === 'absent') return ABSENT;
	if (isRuleFile(parsed.path)) return ABSENT;
	const spellings = spellingsOf(parsed.path);
	const rules = rulesOf(snapshot);
	const forced = rules && ruledRoute(snapshot, rules, spellings, true);
	if (forced !== undefined) return forced;
	for (const path of spellings) {
		const asset = assetFor(snapshot, path);
		if (asset !== undefined) return routeTo(snapshot, asset, path, trailingSlash);
	}
	return (rules && ruledRoute(snapshot, rules, spellings, false)) ?? ABSENT;
};

/** The file of exactly this encoded path, or the page of this folder: whoever else has routes may show other things beside. */
export const findFile = (snapshot: Snapshot, encodedPath: string): Asset | undefined => {
	const parsed = parsePath(encodedPath);
	if (parsed.kind !== 'path' || isRuleFile(parsed.path)) return undefined;
	return snapshot.get(parsed.path.endsWith('/') ? indexOf(parsed.path.slice(0, -1)) : parsed.path);
};

/** The files of a site that say how it is served, which are not part of it. */
export const isRuleFile = (path: UrlPath): boolean => path === REDIRECTS_PATH || path === HEADERS_PATH;

/** The rules of a site for the fields of its responses. */
export const headerRulesOf = (snapshot: Snapshot): HeaderRules | undefined => {
	const references = snapshot.get(HEADERS_PATH)?.references;
	return references?.kind === 'headers' ? references : undefined;
};

const rulesOf = (snapshot: Snapshot): RedirectRules | undefined => {
	const references = snapshot.get(REDIRECTS_PATH)?.references;
	return references?.kind === 'redirects' ? references : undefined;
};

/** Where the rules of the site have a path lead to. What a rule shows is itself not subject to rules. */
const ruledRoute = (
	snapshot: Snapshot,
	rules: RedirectRules,
	spellings: readonly UrlPath[],
	isForced: boolean,
): Route | undefined => {
	for (const path of spellings) {
		const outcome = applyRedirectRules(rules, path, isForced);
		if (outcome === undefined) continue;
		const { status, location } = outcome;
		if (status !== 200 && status !== 404) return { kind: 'redirect', status, location };
		const shown = parsePath(pathIn(location));
		const asset =
			shown.kind !== 'path' || isRuleFile(shown.path) ? undefined : assetFor(snapshot, shown.path);
		if (asset === undefined) return ABSENT;
		return status === 200 ? { kind: 'asset', asset } : { kind: 'not found', page: asset };
	}
	return undefined;
};

/** The paths that the rules of the site may show for an encoded request path. */
export const ruledCandidatesOf = (snapshot: Snapshot, encodedPath: string): readonly UrlPath[] => {
	const parsed = parsePath(encodedPath);
	const rules = rulesOf(snapshot);
	if (rules === undefined || parsed.kind !== 'path') return [];
	return spellingsOf(parsed.path).flatMap((path) =>
		[true, false].flatMap((isForced) => {
			const outcome = applyRedirectRules(rules, path, isForced);
			return outcome === undefined ? [] : candidatesOf(pathIn(outcome.location));
		}),
	);
};

/** What a path stands for in any of its forms: a file comes before the page of that name, that before a folder. */
const assetFor = (snapshot: Snapshot, path: UrlPath): Asset | undefined => {
	const stem = path.endsWith('/') ? path.slice(0, -1) : path;
	if (stem === path) return snapshot.get(path) ?? snapshot.get(pageOf(stem)) ?? snapshot.get(indexOf(stem));
	return snapshot.get(indexOf(stem)) ?? (stem === '' ? undefined : snapshot.get(pageOf(stem)));
};

const routeTo = (
	snapshot: Snapshot,
	asset: Asset,
	path: UrlPath,
	trailingSlash: RouteOptions['trailingSlash'],
): Route => {
	if (!asset.path.endsWith('.html')) return { kind: 'asset', asset };
	const preferred = preferredOf(asset.path, trailingSlash);
	// A file or a page may have the name before it.
	const isTaken = assetFor(snapshot, preferred) !== asset;
	const isShown =
		trailingSlash === 'keep' || isTaken ? folderOf(path) === folderOf(asset.path) : path === preferred;
	if (isShown) return { kind: 'asset', asset };
	return { kind: 'redirect', status: PERMANENT, location: encodePath(isTaken ? asset.path : preferred) };
};

/** The one path under which a page is best shown. */
const preferredOf = (page: UrlPath, trailingSlash: RouteOptions['trailingSlash']): UrlPath => {
	const stem = stemOf(page);
	const isFolder = trailingSlash === 'keep' ? page.endsWith('/index.html') : trailingSlash === 'add';
	return (isFolder || stem === '' ? `${stem}/` : stem) as UrlPath;
};

/**
 * The paths that {@link findRoute} may look at for an encoded request path, whatever the options: those of the path itself,
 * and those that may have the name under which what is there would be shown.
 */
export const candidatesOf = (encodedPath: string): readonly UrlPath[] => {
	const parsed = parsePath(encodedPath);
	if (parsed.kind !== 'path') return [];
	const candidates = new Set<UrlPath>();
	for (const path of spellingsOf(parsed.path))
		for (const form of formsOf(path.replace(/\/$/, ''))) {
			candidates.add(form);
			for (const other of formsOf(stemOf(form))) candidates.add(other);
		}
	return [...candidates];
};

const formsOf = (stem: string): readonly UrlPath[] =>
	stem === '' ? [indexOf(stem)] : [stem as UrlPath, pageOf(stem), indexOf(stem)];

/** Without what a page's address can do without: `/docs` for `/docs/index.html`, empty for the root's own page. */
const stemOf = (file: UrlPath): string => file.replace(/(?:\/index)?\.html$/, '');

const pageOf = (stem: string): UrlPath => `${stem}.html` as UrlPath;

const indexOf = (folder: string): UrlPath => `${folder}/index.html` as UrlPath;

/** Against which relative references resolve. */
const folderOf = (path: UrlPath): string => path.slice(0, path.lastIndexOf('/') + 1);
