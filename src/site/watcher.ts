// The disk's edge: keeps a snapshot of a folder current. Scans once, then follows what chokidar sees.

import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { CasperError } from '../errors.ts';
import { closureOf } from './closure.ts';
import { isHidden, pathOfFile, type UrlPath } from './paths.ts';
import { candidatesOf, findRoute } from './routes.ts';
import { type FolderLink, type FoundFile, fileOf, pathOf, readAsset, walk, walkLink } from './scan.ts';
import { type Asset, type Changes, Snapshot } from './snapshot.ts';

/** A folder as a site, kept current until it is closed. */
export interface Site {
	/** Absolute path of the folder, links resolved. */
	readonly root: string;
	/** What is known now. Until {@link Site.isReady} it is part of what there is. */
	readonly snapshot: Snapshot;
	readonly isReady: boolean;
	/** Resolves once the whole folder is indexed, or the site is closed. */
	readonly ready: Promise<void>;
	/** Indexes what a request for this encoded path needs, ahead of the scan, and returns the snapshot that has it. */
	settle(encodedPath: string): Promise<Snapshot>;
	/** Looks at one path on disk right now, and returns the snapshot after it. */
	refresh(path: UrlPath): Promise<Snapshot>;
	close(): Promise<void>;
}

/** What a site tells its owner. */
export interface SiteListener {
	/** Before `after` takes the place of `before`. */
	onChange?(changes: Changes, before: Snapshot, after: Snapshot): void;
	/** The site goes on, but part of it cannot be read or watched: one line for a person. */
	onProblem?(message: string): void;
}

/** Files read at a time: more do not go faster on the four threads that Node gives the file system. */
const READERS = 8;
/** While scanning, what was found is published at most so often. */
const PUBLISH_MS = 50;
/** Changes that come within so short a time make one snapshot; no change waits longer than the second. */
const SETTLE_MS = 10;
const MAX_SETTLE_MS = 60;

/**
 * Opens `folder` as a site. Resolves before anything is read.
 * @throws {CasperError} CASPER_FOLDER_MISSING
 */
export const openSite = async (folder: string, listener: SiteListener = {}): Promise<Site> => {
	const root = await realpath(resolve(folder)).catch((cause: unknown) => {
		throw missing(folder, 'nothing that can be read', cause);
	});
	if (!(await stat(root)).isDirectory()) throw missing(folder, 'a file');
	return new WatchedSite(root, listener);
};

const missing = (folder: string, got: string, cause?: unknown): CasperError =>
	new CasperError(
		'CASPER_FOLDER_MISSING',
		`folder ${JSON.stringify(folder)}: expected an existing folder to serve, got ${got}; name another one, or create it`,
		{ cause },
	);

class WatchedSite implements Site {
	readonly root: string;
	readonly ready: Promise<void>;
	snapshot: Snapshot = Snapshot.EMPTY;
	isReady = false;
	readonly #listener: SiteListener;
	readonly #links = new Map<UrlPath, FolderLink>();
	readonly #reading = new Map<UrlPath, Promise<Asset | undefined>>();
	readonly #found = new Map<UrlPath, Asset | undefined>();
	readonly #changed = new Set<UrlPath>();
	#watcher: FSWatcher | undefined;
	#firstChangeMs = 0;
	#timer: NodeJS.Timeout | undefined;
	#work: Promise<void> = Promise.resolve();
	#isClosed = false;
	#isBlind = false;

	constructor(root: string, listener: SiteListener) {
		this.root = root;
		this.#listener = listener;
		this.ready = this.#scan().then(
			() => this.#watch(),
			(error: unknown) => this.#report(this.root, error),
		);
	}

	async settle(encodedPath: string): Promise<Snapshot> {
		if (this.isReady) return this.snapshot;
		await this.#index(candidatesOf(encodedPath));
		const route = findRoute(this.snapshot, encodedPath);
		if (route.kind !== 'asset') return this.snapshot;
		// Each round finds what the files of the round before refer to.
		for (const tried = new Set<string>(); ; ) {
			const unknown = closureOf(this.snapshot, route.asset, encodedPath).dependencies.filter(
				({ reservation, url }) => reservation === 'missing' && !tried.has(url),
			);
			if (unknown.length === 0) return this.snapshot;
			for (const { url } of unknown) tried.add(url);
			await this.#index(unknown.flatMap(({ url }) => candidatesOf(url.replace(/\?.*/s, ''))));
		}
	}

	async refresh(path: UrlPath): Promise<Snapshot> {
		this.#publish(new Map([[path, await this.#readAnew(path)]]));
		return this.snapshot;
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		clearTimeout(this.#timer);
		await this.ready;
		await this.#watcher?.close();
		await this.#work;
	}

	async #index(paths: readonly UrlPath[]): Promise<void> {
		const unknown = paths.filter((path) => this.snapshot.get(path) === undefined);
		const assets = await Promise.all(unknown.map(async (path) => [path, await this.#read(path)] as const));
		this.#publish(new Map(assets));
	}

	async #scan(): Promise<void> {
		const files = walk(this.root, this.root, (link) => this.#links.set(link.path, link));
		let published = performance.now();
		const read = async (): Promise<void> => {
			for (let next = await files.next(); !next.done && !this.#isClosed; next = await files.next()) {
				await this.#find(next.value);
				if (performance.now() - published < PUBLISH_MS) continue;
				this.#publishFound();
				published = performance.now();
			}
		};
		await Promise.all(Array.from({ length: READERS }, read));
		this.#publishFound();
		this.isReady = true;
	}

	async #find({ path }: FoundFile): Promise<void> {
		if (this.snapshot.get(path) === undefined) this.#found.set(path, await this.#read(path));
	}

	#publishFound(): void {
		// What a request had indexed in the meantime is newer.
		const found = new Map([...this.#found].filter(([path]) => this.snapshot.get(path) === undefined));
		this.#found.clear();
		this.#publish(found);
	}

	/** Several askers for one path share one reading. */
	#read(path: UrlPath): Promise<Asset | undefined> {
		const known = this.#reading.get(path);
		if (known !== undefined) return known;
		const reading = (isHidden(path) ? Promise.resolve(undefined) : readAsset(this.root, path))
			.catch((error: unknown) => this.#report(fileOf(this.root, path), error))
			.finally(() => this.#reading.delete(path));
		this.#reading.set(path, reading);
		return reading;
	}

	/** As {@link #read}, but never of before now: a reading under way may have missed the change that is asked about. */
	async #readAnew(path: UrlPath): Promise<Asset | undefined> {
		await this.#reading.get(path);
		return this.#read(path);
	}

	#publish(found: Changes): void {
		const before = this.snapshot;
		const changes = new Map(
			[...found].filter(([path, asset]) => asset?.diskVersion !== before.get(path)?.diskVersion),
		);
		if (changes.size === 0 || this.#isClosed) return;
		const after = before.with(changes);
		this.#listener.onChange?.(changes, before, after);
		this.snapshot = after;
	}

	/** Chokidar reports every file that it finds at first: what changed since the scan is caught up with by that. */
	#watch(): void {
		if (this.#isClosed) return;
		const isIgnored = (file: string): boolean => {
			const names = relative(this.root, file).split(/[/\\]/);
			const path = pathOfFile(names);
			return path !== undefined && path !== '/.well-known' && isHidden(path);
		};
		this.#watcher = watch(this.root, { followSymlinks: false, ignored: isIgnored })
			.on('add', (file, stats) => this.#onEvent(file, stats))
			.on('change', (file) => this.#onEvent(file))
			.on('unlink', (file) => this.#onEvent(file))
			.on('error', (error) => this.#reportWatching(error));
	}

	#onEvent(file: string, stats?: Stats): void {
		const path = pathOf(this.root, file);
		if (path === undefined || this.#isClosed) return;
		const known = this.snapshot.get(path);
		if (known?.size === stats?.size && known?.modifiedMs === Math.trunc(stats?.mtimeMs ?? 0)) return;
		this.#changed.add(path);
		for (const { path: alias, real } of this.#links.values()) {
			const target = pathOf(this.root, real);
			if (target !== undefined && path.startsWith(`${target}/`))
				this.#changed.add((alias + path.slice(target.length)) as UrlPath);
		}
		const now = performance.now();
		if (this.#timer === undefined) this.#firstChangeMs = now;
		clearTimeout(this.#timer);
		const wait = Math.max(0, Math.min(SETTLE_MS, this.#firstChangeMs + MAX_SETTLE_MS - now));
		this.#timer = setTimeout(() => this.#takeChanges(), wait);
	}

	#takeChanges(): void {
		this.#timer = undefined;
		const paths = [...this.#changed];
		this.#changed.clear();
		this.#work = this.#work.then(() => this.#apply(paths));
	}

	async #apply(paths: readonly UrlPath[]): Promise<void> {
		const queue = [...paths];
		const changes = new Map<UrlPath, Asset | undefined>();
		const read = async (): Promise<void> => {
			for (let path = queue.pop(); path !== undefined && !this.#isClosed; path = queue.pop()) {
				const asset = await this.#readAnew(path);
				changes.set(path, asset);
				if (asset === undefined) await this.#applyLink(path, queue);
			}
		};
		await Promise.all(Array.from({ length: READERS }, read));
		this.#publish(changes);
	}

	/** A path without a file may be a link to a folder that came or went: then everything below it did. */
	async #applyLink(path: UrlPath, queue: UrlPath[]): Promise<void> {
		if (this.#links.delete(path))
			for (const asset of this.snapshot.assets())
				if (asset.path.startsWith(`${path}/`)) queue.push(asset.path);
		const found = walkLink(this.root, path, fileOf(this.root, path), (link) =>
			this.#links.set(link.path, link),
		);
		for await (const { path: below } of found) if (below !== path) queue.push(below);
	}

	/** Once: a lack of watches is reported for every file. */
	#reportWatching(error: unknown): void {
		if (!this.#isBlind) this.#report(this.root, error);
		this.#isBlind = true;
	}

	#report(file: string, error: unknown): undefined {
		if (this.#isClosed) return;
		const { message } = error instanceof Error ? error : new Error(String(error));
		this.#listener.onProblem?.(`${file}: ${message}`);
	}
}
