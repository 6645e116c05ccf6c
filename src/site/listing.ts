// What a folder without a page has in it.

import { encodePath, parsePath, type UrlPath } from './paths.ts';
import { isRuleFile } from './routes.ts';
import type { Snapshot } from './snapshot.ts';

/** A file, or a folder that has files somewhere below it. */
export interface Entry {
	/** As on the disk; a folder's ends in a slash. */
	readonly name: string;
	/** Relative to the folder, as a browser serialises it. */
	readonly href: string;
	/** Bytes of a file; of a folder, of all files below it. */
	readonly size: number;
}

/** A folder's entries. */
export interface Listing {
	/** Decoded, with a slash at both ends. */
	readonly path: UrlPath;
	/** Folders first, each by name in the order of its characters. */
	readonly entries: readonly Entry[];
}

/**
 * The folder at an encoded path, with its slash at the end or without; `undefined` where there is none.
 * What is well known (RFC 8615) is for programs, and not listed among the rest. Looks at every file of the site.
 */
export const listFolder = (snapshot: Snapshot, encodedPath: string): Listing | undefined => {
	const parsed = parsePath(encodedPath);
	if (parsed.kind !== 'path') return undefined;
	const path = parsed.path.replace(/\/?$/, '/') as UrlPath;
	const sizes = new Map<string, number>();
	for (const { path: file, size } of snapshot.assets()) {
		if (!file.startsWith(path) || isRuleFile(file)) continue;
		const slash = file.indexOf('/', path.length);
		const name = file.slice(path.length, slash === -1 ? undefined : slash + 1);
		if (path !== '/' || name !== '.well-known/') sizes.set(name, (sizes.get(name) ?? 0) + size);
	}
	const names = [...sizes.keys()];
	if (names.length === 0) return undefined;
	const folders = names.filter((name) => name.endsWith('/')).sort();
	const files = names.filter((name) => !name.endsWith('/')).sort();
	return {
		path,
		entries: [...folders, ...files].map((name) => ({
			name,
			// A name may look like a scheme.
			href: `.${encodePath(`/${name}` as UrlPath)}`,
			size: sizes.get(name) ?? 0,
		})),
	};
};
