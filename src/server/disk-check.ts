// What is served is what is on the disk, even where nothing ever tells of changes: while somebody works on the site, each
// request has the files that it depends on looked at, those of a page once a view.

import type { PageReader } from '../delivery/page-reader.ts';
import { type Fields, isNavigation, type Target } from '../http/request.ts';
import { isNavigating } from '../http/visitor.ts';
import { fallbackCandidatesOf, MAX_SHOWN_PATH } from '../site/fallbacks.ts';
import { HEADERS_PATH } from '../site/header-rules.ts';
import { parsePath, pathIn, type UrlPath } from '../site/paths.ts';
import { REDIRECTS_PATH } from '../site/redirect-rules.ts';
import { candidatesOf, findRoute, type RouteOptions, ruledCandidatesOf } from '../site/routes.ts';
import { type Asset, isHtml, type Snapshot } from '../site/snapshot.ts';
import type { Site } from '../site/watcher.ts';

/** What was looked at is not looked at again for so long. */
const FRESH_MS = 100;
/** Where more than so many ask for the same at a time, the others are content with this. */
const MAX_ASKING = 16;
const BUSY_MS = 1000;
/** Of more paths, those known are forgotten, and long ones at once: clients can make up any number. */
const MAX_KNOWN = 10_000;
const MAX_KNOWN_PATH = 512;
/** Of a page with more files than that, the others are not. */
const MAX_FILES = 1000;
/** What has changed may refer to more that has. */
const MAX_ROUNDS = 4;

/** One that is not over. */
interface Look {
	readonly snapshot: Promise<Snapshot>;
	/** Requests that wait for it. */
	asking: number;
}

/** Has the disk looked at for requests. */
export class DiskCheck {
	readonly #site: Site;
	readonly #reader: PageReader;
	readonly #routes: RouteOptions;
	readonly #pageAt: (snapshot: Snapshot, path: string) => Asset | undefined;
	/** When what a path depends on was looked at last, by whether a page was to be shown. */
	readonly #lookedMs = { page: new Map<string, number>(), file: new Map<string, number>() };
	/** Looks that are not over. */
	readonly #underWay = { page: new Map<string, Look>(), file: new Map<string, Look>() };

	/** @param pageAt the page that a navigation to an encoded path shows */
	constructor(
		site: Site,
		reader: PageReader,
		routes: RouteOptions,
		pageAt: (snapshot: Snapshot, path: string) => Asset | undefined,
	) {
		this.#site = site;
		this.#reader = reader;
		this.#routes = routes;
		this.#pageAt = pageAt;
	}

	/** Whether a moment ago the disk was as the snapshot has it. If not, {@link DiskCheck.look} before an answer. */
	isFresh({ path }: Target, fields: Fields): boolean {
		const kind = kindOf(fields);
		const lookedMs = this.#lookedMs[kind].get(path);
		if (lookedMs === undefined) return false;
		const age = performance.now() - lookedMs;
		if (age < FRESH_MS) return true;
		const asking = age < BUSY_MS ? this.#underWay[kind].get(path)?.asking : undefined;
		return asking !== undefined && asking >= MAX_ASKING;
	}

	/**
	 * Looks at what the answer to a request depends on, and returns the snapshot after it. Who asks while somebody else does
	 * gets the same: looks of each would leave no time for answers.
	 */
	look(target: Target, fields: Fields): Promise<Snapshot> {
		const { path } = target;
		if (path.length > MAX_SHOWN_PATH) return Promise.resolve(this.#site.snapshot);
		const underWay = this.#underWay[kindOf(fields)];
		let look = underWay.get(path);
		if (look === undefined) {
			const snapshot = this.#look(target, fields).finally(() => underWay.delete(path));
			look = { snapshot, asking: 0 };
			underWay.set(path, look);
		}
		look.asking++;
		return look.snapshot;
	}

	async #look({ path }: Target, fields: Fields): Promise<Snapshot> {
		const kind = kindOf(fields);
		let snapshot = await this.#site.check([
			HEADERS_PATH,
			REDIRECTS_PATH,
			...candidatesOf(path),
			...ruledCandidatesOf(this.#site.snapshot, path),
		]);
		const isAbsent = findRoute(snapshot, path, this.#routes).kind === 'absent';
		if (isAbsent) snapshot = await this.#site.check(fallbackCandidatesOf(path, this.#routes));
		// Whoever takes anything may have asked for an image that is missing, and shows no page for that.
		const isShown = kind === 'page' && (!isAbsent || isNavigating(fields));
		for (let round = 1; round <= MAX_ROUNDS; round++) {
			const page = isShown ? this.#pageAt(snapshot, path) : undefined;
			if (page === undefined || !isHtml(page.type)) break;
			const before = snapshot;
			snapshot = await this.#site.check(pathsOf(this.#reader, snapshot, page, path));
			if (snapshot === before) break;
		}
		if (path.length > MAX_KNOWN_PATH) return snapshot;
		const known = this.#lookedMs[kind];
		if (known.size >= MAX_KNOWN) known.clear();
		known.set(path, performance.now());
		return snapshot;
	}
}

const kindOf = (fields: Fields): 'page' | 'file' => (isNavigation(fields) ? 'page' : 'file');

/** The files of a page: those that are there, and those that it lacks. */
function* pathsOf(reader: PageReader, snapshot: Snapshot, page: Asset, path: string): Generator<UrlPath> {
	const { dependencies, alternatives = [] } = reader.closureOf(snapshot, page, path);
	yield page.path;
	for (const { asset, url } of [...dependencies, ...alternatives].slice(0, MAX_FILES)) {
		if (asset !== undefined) yield asset.path;
		else if (url.startsWith('/')) {
			const parsed = parsePath(pathIn(url));
			if (parsed.kind === 'path') yield parsed.path;
		}
	}
}
