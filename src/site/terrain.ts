// What is known of a folder's shape besides its files: its folders, its links, and what seems to be gone.

import { Links } from './links.ts';
import type { UrlPath } from './paths.ts';
import type { Snapshot } from './snapshot.ts';

/** What a look at the disk came upon. */
export type Found =
	/** `isListed`: its folder says so, so that its name is right and no link. */
	| { readonly kind: 'file'; readonly path: UrlPath; readonly isListed?: true }
	/** `id` tells the folder from another one that took its place. */
	| { readonly kind: 'folder'; readonly path: UrlPath; readonly id: string }
	/** Comes before what the link leads to. */
	| ({ readonly kind: 'link'; readonly path: UrlPath } & LinkTarget);

/** Where a link leads. */
export interface LinkTarget {
	/** Absolute, without any link in it; may be hidden. */
	readonly target: string;
	/** Whether it lies within the site. */
	readonly isWithin: boolean;
	/** Whether nothing is there. */
	readonly isBroken: boolean;
}

/** All that a look at the disk came upon. */
export type Seen = Readonly<Record<Found['kind'], Set<UrlPath>>>;

/** The path of the root itself. */
export const ROOT: UrlPath = '/' as UrlPath;

/** A file that is gone for a shorter time is being replaced. */
const GONE_MS = 80;

/** Notes of what was seen, to tell what is new and what is gone. Knows neither the disk nor the time. */
export class Terrain {
	readonly links: Links = new Links();
	/** Every folder that ever was, with its last identity. */
	readonly #folders = new Map<UrlPath, string>();
	/** Since when known files are gone, by the clock of {@link Terrain.isGone}. */
	readonly #gone = new Map<UrlPath, number>();

	/** Whether the folder at `path` is the one that was there; `undefined`: there is none. */
	isSameFolder(path: UrlPath, id: string | undefined): boolean {
		return this.#folders.get(path) === id;
	}

	/** Takes note of a folder. Returns whether it took the place of another one. */
	setFolder(path: UrlPath, id: string): boolean {
		const before = this.#folders.get(path);
		this.#folders.set(path, id);
		return before !== undefined && before !== id;
	}

	/** A file that seemed gone is there. */
	recall(path: UrlPath): void {
		this.#gone.delete(path);
	}

	/** Takes note that a known file is not there. Returns whether it is gone for good. */
	isGone(path: UrlPath, nowMs: number): boolean {
		const sinceMs = this.#gone.get(path) ?? nowMs;
		const isFinal = nowMs - sinceMs >= GONE_MS;
		if (isFinal) this.#gone.delete(path);
		else this.#gone.set(path, sinceMs);
		return isFinal;
	}

	/**
	 * Takes note of what was known at or below some paths and was not seen there.
	 * @returns files with the path that they lie at or below, and whether they are gone for good
	 */
	*forget(
		scope: ReadonlySet<UrlPath>,
		seen: Seen,
		snapshot: Snapshot,
		nowMs: number,
	): Generator<{ readonly path: UrlPath; readonly top: UrlPath; readonly isFinal: boolean }> {
		for (const [path, top] of this.#knownWithin(scope, snapshot)) {
			if (!seen.link.has(path)) this.links.delete(path);
			if (seen.file.has(path) || snapshot.get(path) === undefined) continue;
			yield { path, top, isFinal: this.isGone(path, nowMs) };
		}
	}

	*#knownWithin(
		scope: ReadonlySet<UrlPath>,
		snapshot: Snapshot,
	): Generator<readonly [path: UrlPath, top: UrlPath]> {
		for (const path of scope) yield [path, path];
		// Only what was a folder can have something below it: to look through all files for each would take too long.
		const folders = new Set([...scope].filter((path) => this.#folders.has(path) || this.links.has(path)));
		if (folders.size === 0) return;
		const paths = [...snapshot.assets()].map(({ path }) => path);
		for (const path of [...paths, ...this.links.paths()]) {
			const top = foldersAbove(path).find((folder) => folders.has(folder));
			if (top !== undefined) yield [path, top];
		}
	}
}

/** From the root down, without `path` itself. */
export const foldersAbove = (path: UrlPath): UrlPath[] => {
	const folders: UrlPath[] = path === ROOT ? [] : [ROOT];
	for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1))
		folders.push(path.slice(0, at) as UrlPath);
	return folders;
};
