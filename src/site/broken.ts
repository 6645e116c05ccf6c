// References that lead to nothing although they lead to this site: files that are not there, names in the wrong letter
// case, module specifiers that stand for nothing.

import type { Closure } from './closure.ts';
import { findFallback } from './fallbacks.ts';
import { HEADERS_PATH } from './header-rules.ts';
import { parseUrl } from './hrefs.ts';
import { listFolder } from './listing.ts';
import { ORIGIN, pathIn } from './paths.ts';
import type { Destination } from './references.ts';
import { DEFAULT_ROUTES, findRoute, type RouteOptions } from './routes.ts';
import type { Snapshot } from './snapshot.ts';
import { suggestionFor } from './suggestions.ts';

/** A reference that leads to nothing. */
export interface BrokenReference {
	/** Path of the file that has it, as URLs have it. */
	readonly from: string;
	/** The line there, from 1. */
	readonly line: number;
	/** Path and query that it leads to; what cannot be resolved, as written. */
	readonly url: string;
	/** Path of a file that may be meant, as URLs have it. */
	readonly suggestion?: string | undefined;
}

/**
 * The broken references of a page, its style sheets and modules, each place once. Those of its frames are theirs.
 * @param routes those of `closure`
 * @param most the first so many alone: what may be meant takes its time to find
 */
export const brokenIn = (
	closure: Closure,
	snapshot: Snapshot,
	routes: RouteOptions = DEFAULT_ROUTES,
	most: number = Number.POSITIVE_INFINITY,
): readonly BrokenReference[] => {
	const { missing = [], dependencies, page } = closure;
	if (missing.length === 0) return [];
	const files = new Map(dependencies.map(({ url, asset }) => [url, asset?.url]));
	const broken: BrokenReference[] = [];
	for (const { url, as, from, line, depth } of missing) {
		if (broken.length >= most) break;
		if (isOthersTask(url) || isAnswered(snapshot, url, as, routes)) continue;
		const ownFile = depth === 1 && from !== HEADERS_PATH ? page.url : undefined;
		const file = ownFile ?? files.get(from) ?? pathIn(from);
		broken.push({ from: file, line, url, suggestion: suggestedUrl(snapshot, url, file) });
	}
	return broken;
};

/** What programs fill in before a page is shown: `{{ url }}`, `{% url %}`, `<%= url %>`, `${url}`, `%URL_OF_SITE%`. */
const PLACEHOLDER =
	/(?:\{|%7B){2}|(?:\{|%7B)%[-+\s%]|(?:<|%3C)[%?]|\$(?:\{|%7B)|%[A-Z]{2,}_[A-Z_]+%|(?:#|%23)(?:\{|%7B)/i;

/** What hosts put into the sites that they serve (Cloudflare, Firebase, Netlify, Vercel), and what is our own. */
const OF_HOSTS = /^\/(?:cdn-cgi|__\/firebase|\.netlify|_vercel|\.casper)\//;

/** Whether a reference is to be met by what is no file of the site, or will be another one. */
export const isOthersTask = (url: string): boolean => PLACEHOLDER.test(url) || OF_HOSTS.test(url);

/** What is navigated to, rather than loaded. */
const FRAMES: ReadonlySet<Destination> = new Set(['document', 'embed', 'object'] as const);

/** Whether a frame shows something where there is no file: the list of a folder, or the one page of an application. */
export const isAnswered = (
	snapshot: Snapshot,
	url: string,
	as: Destination,
	routes: RouteOptions,
): boolean => {
	if (!FRAMES.has(as) || !url.startsWith('/')) return false;
	const path = pathIn(url);
	const visitor = { isNavigating: true, takesPages: false };
	return (
		findFallback(snapshot, path, routes, visitor).kind === 'asset' || listFolder(snapshot, path) !== undefined
	);
};

/**
 * The file that may be meant by `url`, as URLs have it.
 * @param from the file with the reference: a specifier may lack no more than `./`
 */
export const suggestedUrl = (snapshot: Snapshot, url: string, from: string): string | undefined => {
	if (!url.startsWith('/')) {
		const target = parseUrl(`./${url}`, new URL(ORIGIN + from));
		const route = target && findRoute(snapshot, target.pathname);
		return route?.kind === 'asset' ? route.asset.url : undefined;
	}
	const path = suggestionFor(snapshot, url);
	return path && snapshot.get(path)?.url;
};
