// The disk's edge: a folder that is watched.

import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CasperError } from '../errors.ts';
import type { UrlPath } from './paths.ts';
import { DEFAULT_ROUTES, type RouteOptions } from './routes.ts';
import type { Changes, Snapshot } from './snapshot.ts';
import { Visibility } from './visibility.ts';
import { WatchedSite } from './watcher-site.ts';

/** A folder as a site, kept current until it is closed. */
export interface Site {
	/** Absolute path of the folder, links resolved. */
	readonly root: string;
	/** What is known now. Until {@link Site.isReady} it is part of what there is. */
	readonly snapshot: Snapshot;
	readonly isReady: boolean;
	/** Resolves once the whole folder is indexed and watched, or the site is closed. */
	readonly ready: Promise<void>;
	/** Indexes what a request for this encoded path needs, ahead of the scan, and returns the snapshot that has it. */
	settle(encodedPath: string): Promise<Snapshot>;
	/** Looks at one path on disk right now, and returns the snapshot after it. */
	refresh(path: UrlPath): Promise<Snapshot>;
	/**
	 * Asks the disk whether these paths are as the snapshot has them, each once in 100 ms at most, and returns the snapshot
	 * after it. A file that has only just vanished stays a moment longer, as it may be about to be replaced. Never throws.
	 */
	check(paths: Iterable<UrlPath>): Promise<Snapshot>;
	close(): Promise<void>;
}

/** What a site tells its owner. */
export interface SiteListener {
	/** Before `after` takes the place of `before`. */
	onChange?(changes: Changes, before: Snapshot, after: Snapshot): void;
	/** The site goes on, but part of it cannot be read or watched: one line for a person. */
	onProblem?(message: string): void;
}

/**
 * Opens `folder` as a site. Resolves before anything is read.
 * @param routes how paths lead to files, for what is indexed ahead of the scan
 * @param visibility what of the folder is hidden, and whether links lead out of it
 * @throws {CasperError} CASPER_FOLDER_MISSING
 */
export const openSite = async (
	folder: string,
	listener: SiteListener = {},
	routes: RouteOptions = DEFAULT_ROUTES,
	visibility: Visibility = Visibility.DEFAULT,
): Promise<Site> => {
	const root = await realpath(resolve(folder)).catch((cause: unknown) => {
		throw missing(folder, 'nothing that can be read', cause);
	});
	if (!(await stat(root)).isDirectory()) throw missing(folder, 'a file');
	return new WatchedSite(root, listener, routes, visibility);
};

const missing = (folder: string, got: string, cause?: unknown): CasperError =>
	new CasperError(
		'CASPER_FOLDER_MISSING',
		`folder ${JSON.stringify(folder)}: expected an existing folder to serve, got ${got}; name another one, or create it`,
		{ cause },
	);
