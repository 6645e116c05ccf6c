// The disk's edge: keeps a snapshot of a folder current. Chokidar says where something happened; what happened there, and
// whether that was all, we see for ourselves, since it drops events that follow each other closely and loses folders that
// are replaced.

import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { CasperError } from '../errors.ts';
import { closureOf } from './closure.ts';
import { fallbackCandidatesOf } from './fallbacks.ts';
import { HEADERS_PATH } from './header-rules.ts';
import { isHidden, pathIn, type UrlPath } from './paths.ts';
import { REDIRECTS_PATH } from './redirect-rules.ts';
import { candidatesOf, DEFAULT_ROUTES, findRoute, type RouteOptions, ruledCandidatesOf } from './routes.ts';
import { diskVersionAt, explore, fileOf, folderIdAt, pathOf, Readings } from './scan.ts';
import { type Asset, type Changes, Snapshot } from './snapshot.ts';
import { type Found, foldersAbove, ROOT, type Seen, Terrain } from './terrain.ts';

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
/** Events that come within so short a time make one look; none waits longer than the second. */
const SETTLE_MS = 10;
const MAX_SETTLE_MS = 60;
/** Where something happened there is another look so much later, until one finds no difference; then a last one. */
const AGAIN_MS = 100;
const LAST_MS = 1000;
/** While the root itself is gone, as between a clean and a build, we look for it so often. */
const ROOT_GONE_MS = 500;

/**
 * Opens `folder` as a site. Resolves before anything is read.
 * @param routes how paths lead to files, for what is indexed ahead of the scan
 * @throws {CasperError} CASPER_FOLDER_MISSING
 */
export const openSite = async (
	folder: string,
	listener: SiteListener = {},
	routes: RouteOptions = DEFAULT_ROUTES,
): Promise<Site> => {
	const root = await realpath(resolve(folder)).catch((cause: unknown) => {
		throw missing(folder, 'nothing that can be read', cause);
	});
	if (!(await stat(root)).isDirectory()) throw missing(folder, 'a file');
	return new WatchedSite(root, listener, routes);
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
	readonly #routes: RouteOptions;
	readonly #readings: Readings;
	readonly #terrain = new Terrain();
	/** Where to look next. */
	#touched = new Map<UrlPath, Occasion>();
	#firstTouchMs = 0;
	#settling: NodeJS.Timeout | undefined;
	readonly #timers = new Set<NodeJS.Timeout>();
	#watcher: FSWatcher | undefined;
	#work: Promise<void>;
	#onWatching = (): void => {};
	#isClosed = false;
	#isBlind = false;

	constructor(root: string, listener: SiteListener, routes: RouteOptions) {
		this.root = root;
		this.#listener = listener;
		this.#routes = routes;
		this.#readings = new Readings(root, (file, error) => this.#report(file, error));
		this.#work = this.#look(new Map([[ROOT, 'again']]));
		this.ready = this.#work.then(() => {
			this.isReady = true;
			return this.#watch();
		});
	}

	async settle(encodedPath: string): Promise<Snapshot> {
		if (this.isReady) return this.snapshot;
		await this.#index([REDIRECTS_PATH, HEADERS_PATH, ...candidatesOf(encodedPath)]);
		await this.#index(ruledCandidatesOf(this.snapshot, encodedPath));
		const route = findRoute(this.snapshot, encodedPath, this.#routes);
		if (route.kind === 'not found') await this.#settlePage(route.page, encodedPath);
		if (route.kind === 'asset') await this.#settlePage(route.asset, encodedPath);
		if (route.kind === 'absent') {
			const fallbacks = fallbackCandidatesOf(encodedPath, this.#routes);
			await this.#index(fallbacks);
			for (const path of fallbacks) {
				const page = this.snapshot.get(path);
				if (page !== undefined) await this.#settlePage(page, encodedPath);
			}
		}
		return this.snapshot;
	}

	/** Indexes what a page needs when it is shown at `url`. */
	async #settlePage(page: Asset, url: string): Promise<void> {
		// Each round finds what the files of the round before refer to.
		for (const tried = new Set<string>(); ; ) {
			const closure = closureOf(this.snapshot, page, url, undefined, this.#routes);
			const unknown = closure.dependencies.filter(
				(dependency) =>
					dependency.asset === undefined && dependency.url.startsWith('/') && !tried.has(dependency.url),
			);
			if (unknown.length === 0) return;
			for (const { url } of unknown) tried.add(url);
			await this.#index(unknown.flatMap(({ url }) => candidatesOf(pathIn(url))));
		}
	}

	async refresh(path: UrlPath): Promise<Snapshot> {
		this.#publish(new Map([[path, await this.#readings.readAnew(path, this.snapshot.get(path))]]));
		return this.snapshot;
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		clearTimeout(this.#settling);
		for (const timer of this.#timers) clearTimeout(timer);
		this.#onWatching();
		await this.ready;
		await this.#work;
		// In a turn of its own: what chokidar begins to watch in the same turn it would forget to close.
		await new Promise((resolve) => setImmediate(() => resolve(this.#watcher?.close())));
	}

	/** Each at once, so that what the watcher finds out meanwhile is not undone. */
	async #index(paths: readonly UrlPath[]): Promise<void> {
		const queue = paths.filter((path) => this.snapshot.get(path) === undefined);
		await inParallel(async () => {
			for (let path = queue.pop(); path !== undefined; path = queue.pop())
				this.#publish(new Map([[path, await this.#readings.read(path, undefined)]]));
		});
	}

	#publish(found: Changes): void {
		const before = this.snapshot;
		const changes = new Map([...found].filter(([path, asset]) => !isSame(asset, before.get(path))));
		if (changes.size === 0 || this.#isClosed) return;
		const after = before.with(changes);
		this.#listener.onChange?.(changes, before, after);
		this.snapshot = after;
	}

	/** Resolves once changes are seen as they happen, or the site is closed. */
	#watch(): Promise<void> {
		if (this.#isClosed) return Promise.resolve();
		const isIgnored = (file: string): boolean => {
			const path = pathOf(this.root, file);
			// What is hidden is watched where a link leads to it.
			return (
				path !== undefined && path !== '/.well-known' && isHidden(path) && !this.#terrain.links.leadTo(path)
			);
		};
		this.#watcher = watch(this.root, { followSymlinks: false, ignoreInitial: true, ignored: isIgnored })
			.on('all', (_event, file) => this.#touch(this.#pathOf(file)))
			// What happened after the scan and before there was a watch.
			.on('ready', () => {
				this.#lookSoon([ROOT], 'last');
				this.#onWatching();
			})
			.on('error', (error) => this.#reportWatching(error));
		return new Promise((resolve) => {
			this.#onWatching = resolve;
		});
	}

	#pathOf(file: string): UrlPath | undefined {
		return file === this.root ? ROOT : pathOf(this.root, file);
	}

	#touch(path: UrlPath | undefined): void {
		if (path === undefined || this.#isClosed) return;
		const { links } = this.#terrain;
		// A link elsewhere may lead through this one.
		const aliases = links.has(path) ? links.paths() : links.aliasesOf(path);
		this.#lookSoon([path, ...aliases], 'event');
	}

	#lookSoon(paths: Iterable<UrlPath>, occasion: Occasion): void {
		for (const path of paths) if (!isHidden(path)) note(this.#touched, path, occasion);
		const now = performance.now();
		if (this.#settling === undefined) this.#firstTouchMs = now;
		clearTimeout(this.#settling);
		const wait = Math.max(0, Math.min(SETTLE_MS, this.#firstTouchMs + MAX_SETTLE_MS - now));
		this.#settling = setTimeout(() => {
			this.#settling = undefined;
			const touched = this.#touched;
			this.#touched = new Map();
			this.#work = this.#work.then(() => this.#look(touched));
		}, wait);
	}

	#lookLater(paths: readonly UrlPath[], occasion: Occasion, waitMs: number): void {
		if (paths.length === 0 || this.#isClosed) return;
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			this.#lookSoon(paths, occasion);
		}, waitMs);
		this.#timers.add(timer);
	}

	/** Looks at what lies at some paths and below them, and publishes what is other than known. Never throws. */
	async #look(touched: ReadonlyMap<UrlPath, Occasion>): Promise<void> {
		const seen = { file: new Set<UrlPath>(), folder: new Set<UrlPath>(), link: new Set<UrlPath>() };
		const look: Look = { changes: new Map(), seen, differing: new Set() };
		try {
			const scope = await this.#scopeOf(touched);
			await this.#explore(scope, look);
			if (this.#isClosed) return;
			const tops = new Set(scope.keys());
			for (const missing of this.#terrain.forget(tops, seen, this.snapshot, performance.now())) {
				look.differing.add(missing.top);
				if (missing.isFinal) look.changes.set(missing.path, undefined);
			}
			this.#publish(look.changes);
			if (scope.has(ROOT) && !seen.folder.has(ROOT)) this.#lookLater([ROOT], 'again', ROOT_GONE_MS);
			// Once there is a watch it looks at everything anyway.
			if (this.isReady) this.#lookAgain(scope, look.differing);
		} catch (error) {
			this.#report(this.root, error);
			this.#lookLater([...touched.keys()], 'again', LAST_MS);
		}
	}

	#lookAgain(scope: ReadonlyMap<UrlPath, Occasion>, differing: ReadonlySet<UrlPath>): void {
		const again = [...scope.keys()].filter((path) => scope.get(path) === 'event' || differing.has(path));
		const last = [...scope.keys()].filter((path) => scope.get(path) === 'again' && !differing.has(path));
		this.#lookLater(again, 'again', AGAIN_MS);
		this.#lookLater(last, 'last', LAST_MS);
	}

	/** Where to look: a folder above that came, went or was replaced stands for all below it. */
	async #scopeOf(touched: ReadonlyMap<UrlPath, Occasion>): Promise<ReadonlyMap<UrlPath, Occasion>> {
		const scope = new Map<UrlPath, Occasion>();
		const known = new Map<UrlPath, boolean>();
		for (const [path, occasion] of touched) {
			let top = path;
			for (const folder of foldersAbove(path)) {
				const isSame =
					known.get(folder) ?? this.#terrain.isSameFolder(folder, await folderIdAt(this.root, folder));
				known.set(folder, isSame);
				if (isSame) continue;
				top = folder;
				break;
			}
			note(scope, top, occasion);
		}
		return scope;
	}

	async #explore(scope: ReadonlyMap<UrlPath, Occasion>, look: Look): Promise<void> {
		const all = exploreAll(this.root, scope.keys());
		let published = performance.now();
		await inParallel(async () => {
			for (let next = await all.next(); !next.done && !this.#isClosed; next = await all.next()) {
				const [top, found] = next.value;
				if (look.seen[found.kind].has(found.path)) continue;
				look.seen[found.kind].add(found.path);
				// Who was just told of a file does not rely on its dates.
				const isCertain = found.path !== top || scope.get(top) !== 'event';
				if (await this.#takeIn(found, look, isCertain)) look.differing.add(top);
				if (this.isReady || performance.now() - published < PUBLISH_MS) continue;
				this.#publishUnknown(look);
				published = performance.now();
			}
		});
		if (!this.isReady) this.#publishUnknown(look);
	}

	/** Takes note of one thing found. Returns whether it is other than known. */
	async #takeIn(found: Found, look: Look, isCertain: boolean): Promise<boolean> {
		const { path } = found;
		if (found.kind === 'folder') return this.#takeInFolder(path, found.id);
		if (found.kind === 'link') return this.#takeInLink(path, found.target);
		const known = this.snapshot.get(path);
		const isKnown =
			isCertain && known !== undefined && (await diskVersionAt(this.root, path)) === known.diskVersion;
		const asset = isKnown ? known : await this.#readings.readAnew(path, known, found.isListed);
		if (asset === undefined) look.seen.file.delete(path);
		else this.#terrain.recall(path);
		if (asset === undefined || isSame(asset, known)) return false;
		look.changes.set(path, asset);
		return true;
	}

	#takeInFolder(path: UrlPath, id: string): boolean {
		if (this.#terrain.isSameFolder(path, id)) return false;
		if (this.#terrain.setFolder(path, id) && !this.#terrain.links.leadVia(path)) {
			// Whether chokidar noticed or not, it now watches the folder that is there.
			this.#watcher?.unwatch(fileOf(this.root, path));
			this.#watcher?.add(fileOf(this.root, path));
		}
		return true;
	}

	#takeInLink(path: UrlPath, target: UrlPath): boolean {
		const isNew = this.#terrain.links.set(path, target);
		if (isNew && isHidden(target)) this.#watcher?.add(fileOf(this.root, target));
		return isNew;
	}

	/** What a request had indexed in the meantime is newer than what the scan found. */
	#publishUnknown({ changes }: Look): void {
		this.#publish(new Map([...changes].filter(([path]) => this.snapshot.get(path) === undefined)));
		changes.clear();
	}

	/** Once: a lack of watches is reported for every file. */
	#reportWatching(error: unknown): void {
		if (!this.#isBlind) this.#report(this.root, error);
		this.#isBlind = true;
	}

	#report(file: string, error: unknown): void {
		if (this.#isClosed) return;
		const { message } = error instanceof Error ? error : new Error(String(error));
		this.#listener.onProblem?.(`${file}: ${message}`);
	}
}

/** Why to look at a path: something happened there, or it was other than known, or it was not any more. */
type Occasion = 'event' | 'again' | 'last';

/** Whatever else there is, an event counts. */
const note = (touched: Map<UrlPath, Occasion>, path: UrlPath, occasion: Occasion): void => {
	if (touched.get(path) !== 'event') touched.set(path, occasion);
};

/** What a look has found out so far. */
interface Look {
	readonly changes: Map<UrlPath, Asset | undefined>;
	readonly seen: Seen;
	/** The paths of its scope where something is other than known. */
	readonly differing: Set<UrlPath>;
}

async function* exploreAll(
	root: string,
	paths: Iterable<UrlPath>,
): AsyncGenerator<readonly [top: UrlPath, found: Found]> {
	for (const path of paths) for await (const found of explore(root, path)) yield [path, found];
}

const inParallel = async (work: () => Promise<void>): Promise<void> => {
	await Promise.all(Array.from({ length: READERS }, work));
};

const isSame = (one: Asset | undefined, other: Asset | undefined): boolean =>
	one?.diskVersion === other?.diskVersion && one?.hash === other?.hash;
