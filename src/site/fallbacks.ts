// What is shown where a path leads to nothing: the one page of a single-page application, or the site's own 404.html.

import { isHidden, parsePath, pathOfFile, type UrlPath } from './paths.ts';
import type { Route, RouteOptions } from './routes.ts';
import { type Asset, isHtml, type Snapshot, typeOf } from './snapshot.ts';

/** What the client would do with a page instead of what it asked for. */
export interface Visitor {
	/** It navigates: the page is what it asked for. */
	readonly isNavigating: boolean;
	/** It shows a page, or takes one as well as anything else. */
	readonly takesPages: boolean;
}

/** What answers a path that leads to nothing; `not found` is the page to be sent with status 404. */
export type Fallback =
	| Extract<Route, { kind: 'asset' | 'absent' }>
	| { readonly kind: 'not found'; readonly page: Asset };

/** Longer paths (characters, encoded) are made up: where they lead nowhere, nobody shows the page that says so. */
export const MAX_SHOWN_PATH = 2048;
/** Folders from the root down whose 404.html is looked for, so that a path of thousands of slashes costs no more. */
const MAX_FOLDERS = 64;
const DEFAULT_TYPE = typeOf('');

/** The answer to an encoded request path (no query) for which there is no route. */
export const findFallback = (
	snapshot: Snapshot,
	encodedPath: string,
	{ single }: RouteOptions,
	{ isNavigating, takesPages }: Visitor,
): Fallback => {
	const asset = single !== undefined && isNavigating ? snapshot.get(single) : undefined;
	if (asset !== undefined && isPlace(encodedPath)) return { kind: 'asset', asset };
	if (takesPages)
		for (const path of notFoundPagesOf(encodedPath)) {
			const page = snapshot.get(path);
			if (page !== undefined) return { kind: 'not found', page };
		}
	return { kind: 'absent' };
};

/** The paths that {@link findFallback} may look at. */
export const fallbackCandidatesOf = (encodedPath: string, { single }: RouteOptions): readonly UrlPath[] => [
	...(single === undefined ? [] : [single]),
	...notFoundPagesOf(encodedPath),
];

/** The path of the file that an application is shown from, below the root; `undefined` for what cannot be one. */
export const singlePath = (name: string): UrlPath | undefined => {
	const path = pathOfFile(name.replace(/^(?:\.?\/)+/, '').split('/'));
	return path === undefined || isHidden(path) || !isHtml(typeOf(path)) ? undefined : path;
};

/** Whether an application may have a view there: not where a file of a known type, other than a page, is missing. */
const isPlace = (encodedPath: string): boolean => {
	const parsed = parsePath(encodedPath);
	if (parsed.kind !== 'path' || isHidden(parsed.path)) return false;
	const type = typeOf(parsed.path);
	return type === DEFAULT_TYPE || isHtml(type);
};

/** The nearest first. What cannot be a path of this site is told of by the root's. */
const notFoundPagesOf = (encodedPath: string): readonly UrlPath[] => {
	const parsed = parsePath(encodedPath);
	const folders = parsed.kind === 'path' ? parsed.path.split('/', MAX_FOLDERS + 1) : [];
	const pages: UrlPath[] = [];
	let folder = '';
	// The last part is the name of what is not there.
	for (const name of ['', ...folders.slice(1, -1)]) {
		folder += name === '' ? '' : `/${name}`;
		pages.unshift(`${folder}/404.html` as UrlPath);
	}
	return pages;
};
