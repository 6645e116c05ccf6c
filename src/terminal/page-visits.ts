// Which requests belong to one showing of a page: told together, once the page has got what it asks for (pure: times are
// given). What belongs to none is told at once.

import type { RequestEntry } from '../log.ts';

/** A request to tell of, and for a page what it asked for. */
export interface Told {
	readonly entry: RequestEntry;
	/** `undefined` for a request that belongs to no page. */
	readonly assets: AssetCounts | undefined;
}

/** What a page asked for by requests of its own. */
export interface AssetCounts {
	readonly files: number;
	/** Of bodies. */
	readonly bytes: number;
	/** Those answered by 304. */
	readonly unchanged: number;
	/** Those answered by 400 and above. */
	readonly failures: number;
	/** The first of these. */
	readonly failed: readonly RequestEntry[];
}

/** A page has what it needs when it has asked for nothing so long. */
const QUIET_MS = 300;
/** Some pages never stop to ask. */
const LONGEST_MS = 3000;
/** Nobody reads more pages at once; what hurries clients are is told of them at once. */
const MOST_VISITS = 50;
const MOST_PATHS = 500;
const MOST_FAILED = 5;

interface Visit {
	readonly entry: RequestEntry;
	readonly startedMs: number;
	/** Of the page and of what it got, which is what later requests are referred by. Made when first asked for. */
	paths: Set<string> | undefined;
	latestMs: number;
	files: number;
	bytes: number;
	unchanged: number;
	failures: number;
	readonly failed: RequestEntry[];
}

/** Showings of pages that are under way. Times are milliseconds of any clock that does not go back. */
export class PageVisits {
	/** In order of their beginning. */
	readonly #visits = new Set<Visit>();

	/** Whether anything is held back. */
	get isPending(): boolean {
		return this.#visits.size > 0;
	}

	/** Takes a request whose answer has ended, and returns what is to be told at once. */
	take(entry: RequestEntry, nowMs: number): readonly Told[] {
		if (entry.page !== undefined) return this.#begin(entry, nowMs);
		const visit = this.#visitOf(entry);
		if (visit === undefined) return [{ entry, assets: undefined }];
		visit.latestMs = nowMs;
		visit.files += 1;
		visit.bytes += entry.bytes;
		if (entry.status === 304) visit.unchanged += 1;
		if (entry.status >= 400) {
			visit.failures += 1;
			if (visit.failed.length < MOST_FAILED) visit.failed.push(entry);
		}
		const paths = pathsOf(visit);
		if (paths.size < MOST_PATHS) paths.add(entry.target);
		return [];
	}

	/** The pages that have got what they ask for. */
	settle(nowMs: number): readonly Told[] {
		const told: Told[] = [];
		for (const visit of this.#visits)
			if (nowMs - visit.latestMs >= QUIET_MS || nowMs - visit.startedMs >= LONGEST_MS)
				told.push(this.#end(visit));
		return told;
	}

	/** All that are left. */
	endAll(): readonly Told[] {
		return [...this.#visits].map((visit) => this.#end(visit));
	}

	#begin(entry: RequestEntry, nowMs: number): readonly Told[] {
		const [first] = this.#visits;
		const told = first !== undefined && this.#visits.size >= MOST_VISITS ? [this.#end(first)] : [];
		this.#visits.add({
			entry,
			startedMs: nowMs,
			paths: undefined,
			latestMs: nowMs,
			files: 0,
			bytes: 0,
			unchanged: 0,
			failures: 0,
			failed: [],
		});
		return told;
	}

	#end(visit: Visit): Told {
		this.#visits.delete(visit);
		const { entry, files, bytes, unchanged, failures, failed } = visit;
		return { entry, assets: { files, bytes, unchanged, failures, failed } };
	}

	/** The latest that refers to it; without a word of that, the only one of this client. */
	#visitOf({ remoteAddress, userAgent, referer }: RequestEntry): Visit | undefined {
		if (this.#visits.size === 0) return undefined;
		const ofClient = [...this.#visits].filter(
			({ entry }) => entry.remoteAddress === remoteAddress && entry.userAgent === userAgent,
		);
		const from = targetOf(referer);
		const referring = from === undefined ? undefined : ofClient.findLast((visit) => pathsOf(visit).has(from));
		return referring ?? (ofClient.length === 1 ? ofClient[0] : undefined);
	}
}

const pathsOf = (visit: Visit): Set<string> => {
	if (visit.paths === undefined) {
		const { target, page } = visit.entry;
		const urls = page?.plan.decisions.map(({ dependency }) => dependency.url) ?? [];
		visit.paths = new Set([target, ...urls]);
	}
	return visit.paths;
};

/** Path and query of a URL; `undefined` for what is none. */
const targetOf = (url: string | undefined): string | undefined => {
	if (url === undefined || !URL.canParse(url)) return undefined;
	const { pathname, search } = new URL(url);
	return `${pathname}${search}`;
};
