// Request path → what answers it. Only what the snapshot lists can be found, so no path can lead out of the site.

import { encodePath, isHidden, parsePath, type UrlPath } from './paths.ts';
import type { Asset, Snapshot } from './snapshot.ts';

/** What a path leads to. */
export type Route =
	| { readonly kind: 'asset'; readonly asset: Asset }
	/** To `location`, an encoded absolute path of this site; the request's query goes along. */
	| { readonly kind: 'redirect'; readonly location: string }
	| { readonly kind: 'malformed' }
	| { readonly kind: 'absent' };

const MALFORMED: Route = { kind: 'malformed' };
const ABSENT: Route = { kind: 'absent' };

/** The route of an encoded request path (no query). */
export const findRoute = (snapshot: Snapshot, encodedPath: string): Route => {
	const parsed = parsePath(encodedPath);
	if (parsed.kind === 'malformed') return MALFORMED;
	if (parsed.kind === 'absent' || isHidden(parsed.path)) return ABSENT;
	const { path } = parsed;
	const asset = snapshot.get(path.endsWith('/') ? indexOf(path) : path);
	if (asset !== undefined) return { kind: 'asset', asset };
	const folder = `${path}/` as UrlPath;
	if (!path.endsWith('/') && snapshot.get(indexOf(folder)) !== undefined)
		// A folder's page has its references below the folder: without the slash they would resolve beside it.
		return { kind: 'redirect', location: encodePath(folder) };
	return ABSENT;
};

/** The paths that {@link findRoute} may look at for an encoded request path. */
export const candidatesOf = (encodedPath: string): readonly UrlPath[] => {
	const parsed = parsePath(encodedPath);
	if (parsed.kind !== 'path' || isHidden(parsed.path)) return [];
	const { path } = parsed;
	return path.endsWith('/') ? [indexOf(path)] : [path, indexOf(`${path}/` as UrlPath)];
};

const indexOf = (folder: UrlPath): UrlPath => `${folder}index.html` as UrlPath;
