// What a request needs of a site that is not yet indexed.

import { closureOf } from './closure.ts';
import { fallbackCandidatesOf } from './fallbacks.ts';
import { HEADERS_PATH } from './header-rules.ts';
import { pathIn, type UrlPath } from './paths.ts';
import { REDIRECTS_PATH } from './redirect-rules.ts';
import { candidatesOf, findRoute, type RouteOptions, ruledCandidatesOf } from './routes.ts';
import type { Asset, Snapshot } from './snapshot.ts';

/** A site that gets to know more and more. */
export interface Unfinished {
	readonly snapshot: Snapshot;
	readonly routes: RouteOptions;
	/** Has what lies at these paths in the snapshot. */
	index(paths: readonly UrlPath[]): Promise<void>;
}

/** Indexes what a request for this encoded path needs. */
export const indexAhead = async (site: Unfinished, encodedPath: string): Promise<void> => {
	await site.index([REDIRECTS_PATH, HEADERS_PATH, ...candidatesOf(encodedPath)]);
	await site.index(ruledCandidatesOf(site.snapshot, encodedPath));
	const route = findRoute(site.snapshot, encodedPath, site.routes);
	if (route.kind === 'not found') await indexPage(site, route.page, encodedPath);
	if (route.kind === 'asset') await indexPage(site, route.asset, encodedPath);
	if (route.kind !== 'absent') return;
	const fallbacks = fallbackCandidatesOf(encodedPath, site.routes);
	await site.index(fallbacks);
	for (const path of fallbacks) {
		const page = site.snapshot.get(path);
		if (page !== undefined) await indexPage(site, page, encodedPath);
	}
};

/** Indexes what a page needs when it is shown at `url`. */
const indexPage = async (site: Unfinished, page: Asset, url: string): Promise<void> => {
	// Each round finds what the files of the round before refer to.
	for (const tried = new Set<string>(); ; ) {
		const closure = closureOf(site.snapshot, page, url, undefined, site.routes);
		const unknown = closure.dependencies.filter(
			(dependency) =>
				dependency.asset === undefined && dependency.url.startsWith('/') && !tried.has(dependency.url),
		);
		if (unknown.length === 0) return;
		for (const { url } of unknown) tried.add(url);
		await site.index(unknown.flatMap(({ url }) => candidatesOf(pathIn(url))));
	}
};
