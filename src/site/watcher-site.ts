// A site at the disk's edge: keeps a snapshot of a folder current. Chokidar says where something happened; what happened
// there, and whether that was all, we see for ourselves, since it drops events that follow each other closely and loses
// folders that are replaced.

import { indexAhead, type Unfinished } from './ahead.ts';
import type { UrlPath } from './paths.ts';
import type { RouteOptions } from './routes.ts';
import { diskVersionAt, explore, fileOf, folderIdAt } from './scan.ts';
import { Readings } from './scan-readings.ts';
import { type Asset, type Changes, Snapshot } from './snapshot.ts';
import { type Found, foldersAbove, type LinkTarget, ROOT, Terrain } from './terrain.ts';
import type { Visibility } from './visibility.ts';
import type { Site, SiteListener } from './watcher.ts';
import { type Blindness, lineOf } from './watcher-blindness.ts';
import { Checks } from './watcher-checks.ts';
import { Events } from './watcher-events.ts';
import { Findings } from './watcher-found.ts';
import { Looks, note, type Occasion, type Touched } from './watcher-looks.ts';
import { Places } from './watcher-places.ts';
import { Sight } from './watcher-sight.ts';

/** Files read at a time: more do not go faster on the four threads that Node gives the file system. */
const READERS = 8;
/** While scanning, what was found is published at most so often. */
const PUBLISH_MS = 50;
/** Where something happened there is another look so much later, until one finds no difference; then a last one. */
const AGAIN_MS = 100;
const LAST_MS = 1000;
/** While the root itself is gone, as between a clean and a build, we look for it so often. */
const ROOT_GONE_MS = 500;
/** What cannot be watched is looked at so often; but a look is followed by a pause of so many times its length. */
const POLL_MS = 2000;
const REST = 10;

/** The site of a folder from its first look until it is closed. */
export class WatchedSite implements Site, Unfinished {
	readonly root: string;
	readonly routes: RouteOptions;
	readonly ready: Promise<void>;
	snapshot: Snapshot = Snapshot.EMPTY;
	isReady = false;
	readonly #listener: SiteListener;
	readonly #visibility: Visibility;
	readonly #readings: Readings;
	readonly #terrain = new Terrain();
	readonly #places: Places;
	readonly #looks = new Looks((touched) => this.#look(touched));
	#events: Events | undefined;
	#onWatching = (): void => {};
	readonly #checks = new Checks((paths) => this.#check(paths));
	readonly #sight: Sight;
	#isClosed = false;
	/** Whether everything is looked at now and then, and why. */
	#blindness: Blindness | undefined;

	/** @param root absolute, links resolved */
	constructor(root: string, listener: SiteListener, routes: RouteOptions, visibility: Visibility) {
		this.root = root;
		this.routes = routes;
		this.#listener = listener;
		this.#visibility = visibility;
		this.#places = new Places(root, this.#terrain, visibility);
		this.#sight = new Sight(root, (blindness) => this.#poll(blindness));
		this.#readings = new Readings(root, (file, error) => this.#report(file, error), visibility);
		this.ready = this.#looks.now(new Map([[ROOT, 'again']])).then(() => {
			this.isReady = true;
			return this.#watch();
		});
	}

	async settle(encodedPath: string): Promise<Snapshot> {
		if (!this.isReady) await indexAhead(this, encodedPath);
		return this.snapshot;
	}

	async refresh(path: UrlPath): Promise<Snapshot> {
		const known = this.snapshot.get(path);
		let asset = await this.#readings.readAnew(path, known);
		if (asset === undefined && known !== undefined) {
			// It may be about to be replaced.
			await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
			asset = await this.#readings.readAnew(path, known);
		}
		this.#publish(new Map([[path, asset]]));
		return this.snapshot;
	}

	async check(paths: Iterable<UrlPath>): Promise<Snapshot> {
		await this.#checks.run(paths);
		return this.snapshot;
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		this.#sight.end();
		const looked = this.#looks.end();
		this.#onWatching();
		await this.ready;
		await looked;
		await this.#events?.close();
	}

	/** Each at once, so that what the watcher finds out meanwhile is not undone. */
	async index(paths: readonly UrlPath[]): Promise<void> {
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

	async #check(paths: readonly UrlPath[]): Promise<void> {
		const queue = [...paths];
		await inParallel(async () => {
			for (let path = queue.pop(); path !== undefined && !this.#isClosed; path = queue.pop())
				try {
					await this.#checkOne(path);
				} catch (error) {
					this.#report(fileOf(this.root, path), error);
				}
		});
	}

	async #checkOne(path: UrlPath): Promise<void> {
		if (this.#visibility.hides(path)) return;
		const known = this.snapshot.get(path);
		const version = await diskVersionAt(this.root, path, this.#isFar);
		if (version === known?.diskVersion) return;
		// What lies beyond a folder that nobody has seen, only a look at that can tell: it may be a link that leads out.
		const unseen =
			known === undefined ? foldersAbove(path).find((folder) => !this.#isSeen(folder)) : undefined;
		if (unseen !== undefined) return this.#looks.now(new Map([[unseen, 'again']]));
		const asset = version === undefined ? undefined : await this.#readings.readAnew(path, known);
		if (asset !== undefined) this.#terrain.recall(path);
		else if (this.snapshot.get(path) === undefined) return;
		if (asset?.hash !== known?.hash && this.#isWatched(path)) this.#sight.expect(path);
		if (asset === undefined && !this.#terrain.isGone(path, performance.now()))
			this.#lookSoon([path], 'again');
		else this.#publish(new Map([[path, asset]]));
	}

	#isSeen(folder: UrlPath): boolean {
		return !this.#terrain.isSameFolder(folder, undefined);
	}

	/** Whether what happens at `path` is told at once: not what a link leads to, nor what lies in a new folder. */
	#isWatched(path: UrlPath): boolean {
		return this.#isSeen(foldersAbove(path).at(-1) ?? ROOT) && this.#terrain.links.resolve(path) === undefined;
	}

	/** Resolves once changes are seen as they happen, or the site is closed. */
	async #watch(): Promise<void> {
		await this.#sight.examine();
		if (this.#isClosed) return;
		this.#events = new Events(this.#places.watched, {
			isOfInterest: (file) => this.#places.isOfInterest(file),
			onEvent: (file) => this.#lookSoon(this.#places.touch(file), 'event'),
			onSign: (watched, name) => this.#sight.tell(watched, name),
			onReady: () => {
				this.#onWatching();
				if (this.#isClosed) return;
				// What happened after the scan and before there was a watch.
				const caughtUp = this.#looks.now(new Map([[ROOT, 'last']]));
				void caughtUp.then(() => this.#sight.begin());
			},
			onPartlyBlind: (error) => this.#report(this.root, error),
			onBlind: (code) => {
				this.#sight.lose({ kind: 'exhausted', code });
				this.#onWatching();
			},
		});
		this.#places.tell(this.#events);
		return new Promise((resolve) => {
			this.#onWatching = resolve;
		});
	}

	/** From now on looks at everything now and then, whatever events tell. */
	#poll(blindness: Blindness): void {
		this.#blindness = blindness;
		this.#tell(lineOf(this.root, blindness, POLL_MS, this.snapshot.files));
		this.#lookSoon([ROOT], 'last');
	}

	get #isFar(): boolean {
		return this.#blindness?.kind === 'far';
	}

	#lookSoon(paths: Iterable<UrlPath>, occasion: Occasion): void {
		const shown = [...paths].filter((path) => !this.#visibility.hides(path));
		if (shown.length > 0) this.#looks.soon(shown, occasion);
	}

	/** Looks at what lies at some paths and below them, and publishes what is other than known. Never throws. */
	async #look(touched: Touched): Promise<void> {
		const look = new Findings();
		const { seen } = look;
		const began = performance.now();
		try {
			const scope = await this.#scopeOf(touched);
			await this.#explore(scope, look);
			if (this.#isClosed) return;
			const tops = new Set(scope.keys());
			for (const missing of this.#terrain.forget(tops, seen, this.snapshot, performance.now())) {
				look.differing.add(missing.top);
				if (missing.isFinal) look.note(missing.path, this.snapshot.get(missing.path), undefined);
			}
			this.#lookSoon(this.#publishFound(look), 'again');
			if (scope.has(ROOT) && !seen.folder.has(ROOT)) this.#looks.later([ROOT], 'again', ROOT_GONE_MS);
			// Once there is a watch it looks at everything anyway.
			if (this.isReady) this.#lookAgain(scope, look.differing);
			if (this.#blindness !== undefined && scope.has(ROOT)) {
				const pauseMs = Math.max(POLL_MS, REST * (performance.now() - began));
				this.#looks.later([ROOT], 'last', pauseMs, 'poll');
			}
		} catch (error) {
			this.#report(this.root, error);
			this.#looks.later([...touched.keys()], 'again', LAST_MS);
		}
	}

	#lookAgain(scope: Touched, differing: ReadonlySet<UrlPath>): void {
		const isPoll = (path: UrlPath): boolean =>
			this.#blindness !== undefined && path === ROOT && scope.get(path) === 'last';
		const again = [...scope.keys()].filter(
			(path) => scope.get(path) === 'event' || (differing.has(path) && !isPoll(path)),
		);
		const last = [...scope.keys()].filter((path) => scope.get(path) === 'again' && !differing.has(path));
		this.#looks.later(again, 'again', AGAIN_MS);
		this.#looks.later(last, 'last', LAST_MS);
	}

	/** Where to look: a folder above that came, went or was replaced stands for all below it. */
	async #scopeOf(touched: Touched): Promise<Touched> {
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

	async #explore(scope: Touched, look: Findings): Promise<void> {
		const all = exploreAll(this.root, scope.keys(), this.#visibility);
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
				this.#publishFound(look);
				published = performance.now();
			}
		});
		if (!this.isReady) this.#publishFound(look);
	}

	/** Takes note of one thing found. Returns whether it is other than known. */
	async #takeIn(found: Found, look: Findings, isCertain: boolean): Promise<boolean> {
		const { path } = found;
		if (found.kind === 'folder') return this.#takeInFolder(path, found.id);
		if (found.kind === 'link') return this.#takeInLink(path, found);
		const known = this.snapshot.get(path);
		const isKnown =
			isCertain &&
			known !== undefined &&
			(await diskVersionAt(this.root, path, this.#isFar)) === known.diskVersion;
		const asset = isKnown ? known : await this.#readings.readAnew(path, known, found.isListed);
		if (asset === undefined) look.seen.file.delete(path);
		else this.#terrain.recall(path);
		if (asset === undefined || isSame(asset, known)) return false;
		look.note(path, known, asset);
		return true;
	}

	#takeInFolder(path: UrlPath, id: string): boolean {
		const isOther = this.#places.takeInFolder(path, id);
		if (isOther) this.#sight.excuse(path);
		return isOther;
	}

	#takeInLink(path: UrlPath, link: LinkTarget): boolean {
		if (!link.isBroken || link.isWithin) return this.#places.takeInLink(path, link);
		// Nothing tells when it comes.
		this.#looks.later([path], 'last', POLL_MS, path);
		return this.#places.forgetLink(path);
	}

	/** Returns the paths to look at again. */
	#publishFound(look: Findings): readonly UrlPath[] {
		const { changes, overtaken } = look.take(this.snapshot);
		this.#publish(changes);
		return overtaken;
	}

	#report(file: string, error: unknown): void {
		const { message } = error instanceof Error ? error : new Error(String(error));
		this.#tell(`${file}: ${message}`);
	}

	#tell(problem: string): void {
		if (!this.#isClosed) this.#listener.onProblem?.(problem);
	}
}

async function* exploreAll(
	root: string,
	paths: Iterable<UrlPath>,
	visibility: Visibility,
): AsyncGenerator<readonly [top: UrlPath, found: Found]> {
	for (const path of paths) for await (const found of explore(root, path, visibility)) yield [path, found];
}

const inParallel = async (work: () => Promise<void>): Promise<void> => {
	await Promise.all(Array.from({ length: READERS }, work));
};

const isSame = (one: Asset | undefined, other: Asset | undefined): boolean =>
	one?.diskVersion === other?.diskVersion && one?.hash === other?.hash;
