// The closure of a page: everything that it refers to, in the order in which it is held up by it.

import type { Destination, Reference, Reservation } from './references.ts';
import { findRoute } from './routes.ts';
import type { Asset, Snapshot } from './snapshot.ts';

/** One thing that a page needs, or would but for a reservation. */
export interface Dependency {
	/** Path and query as a browser serialises them; of another origin, the whole URL. */
	readonly url: string;
	/** The content hash; empty where there is no asset. */
	readonly hash: string;
	/** `undefined` where there is no such file, or the reference leads elsewhere. */
	readonly asset: Asset | undefined;
	readonly as: Destination;
	readonly isModule: boolean;
	readonly crossorigin: Reference['crossorigin'];
	readonly integrity: string | undefined;
	/** Why it is not to be sent with the page, as far as the site alone tells. */
	readonly reservation: Reservation | 'missing' | 'redirected' | 'other origin' | undefined;
	/** How many files have to be read before this one is known of: 1 where the page itself refers to it. */
	readonly depth: number;
	/** URL of the file whose reference this is, and the line in it. */
	readonly from: string;
	readonly line: number;
}

/** A page with its dependencies, as long as none of the files looked at changes. */
export interface Closure {
	readonly page: Asset;
	/** Each URL once, the page itself never. */
	readonly dependencies: readonly Dependency[];
}

interface Memo {
	readonly closure: Closure;
	/** What was looked up on the way: the closure holds as long as each lookup has the same outcome. */
	readonly lookups: ReadonlyMap<string, Outcome>;
	validFor: Snapshot;
}

/** What a path leads to, as far as a closure depends on it. */
type Outcome = Asset | 'redirect' | 'nothing';

const ORIGIN = 'http://site.invalid';
const MAX_BASES = 8;
const MAX_DEPENDENCIES = 5000;

/** Closures by page and base URL. Answers depend on the arguments alone; what is kept only saves work. */
const memos = new WeakMap<Asset, Map<string, Memo>>();

/**
 * The closure of `page` when it is shown at `url` (encoded path): a fallback or a clean URL moves the base against which
 * its references resolve.
 */
export const closureOf = (snapshot: Snapshot, page: Asset, url: string): Closure => {
	const byBase = memos.get(page) ?? new Map<string, Memo>();
	memos.set(page, byBase);
	const known = byBase.get(url);
	if (known !== undefined && isValid(known, snapshot)) return known.closure;
	const memo = computeClosure(snapshot, page, url);
	// A fallback page can be shown under any URL that a client makes up.
	if (byBase.size >= MAX_BASES && known === undefined) byBase.clear();
	byBase.set(url, memo);
	return memo.closure;
};

const isValid = (memo: Memo, snapshot: Snapshot): boolean => {
	if (memo.validFor === snapshot) return true;
	for (const [path, outcome] of memo.lookups) if (lookUp(snapshot, path) !== outcome) return false;
	memo.validFor = snapshot;
	return true;
};

const lookUp = (snapshot: Snapshot, encodedPath: string): Outcome => {
	const route = findRoute(snapshot, encodedPath);
	return route.kind === 'asset' ? route.asset : route.kind === 'redirect' ? 'redirect' : 'nothing';
};

/** A file whose references are followed. */
interface Source {
	readonly asset: Asset;
	readonly url: string;
	readonly depth: number;
}

const computeClosure = (snapshot: Snapshot, page: Asset, url: string): Memo => {
	const lookups = new Map<string, Outcome>();
	const found = new Map<string, Dependency>();
	// Breadth first: what is found earlier is needed earlier. Style sheets and modules will lead on from here.
	const queue: Source[] = [{ asset: page, url, depth: 0 }];
	for (const from of queue) {
		for (const { reference, target } of targetsOf(from.asset, from.url)) {
			if (found.size >= MAX_DEPENDENCIES) break;
			const dependency = toDependency(snapshot, lookups, reference, target, from);
			if (dependency.url === url) continue;
			const earlier = found.get(dependency.url);
			if (
				earlier === undefined ||
				(earlier.reservation !== undefined && dependency.reservation === undefined)
			) {
				found.delete(dependency.url);
				found.set(dependency.url, dependency);
				if (dependency.asset?.references !== undefined && dependency.reservation === undefined)
					queue.push({ asset: dependency.asset, url: dependency.url, depth: dependency.depth });
			}
		}
	}
	return { closure: { page, dependencies: [...found.values()] }, lookups, validFor: snapshot };
};

function* targetsOf(asset: Asset, url: string): Generator<{ reference: Reference; target: URL }> {
	const own = new URL(url, ORIGIN);
	const base = parseUrl(asset.references?.base ?? '', own) ?? own;
	for (const reference of asset.references?.references ?? []) {
		const target = parseUrl(reference.href, base);
		if (target !== undefined) yield { reference, target };
	}
}

const toDependency = (
	snapshot: Snapshot,
	lookups: Map<string, Outcome>,
	reference: Reference,
	target: URL,
	from: Source,
): Dependency => {
	const { as, isModule, crossorigin, integrity, line } = reference;
	const common = { as, isModule, crossorigin, integrity, depth: from.depth + 1, from: from.url, line };
	target.hash = '';
	if (target.origin !== ORIGIN) {
		return {
			...common,
			url: target.href,
			hash: '',
			asset: undefined,
			reservation: reference.reservation ?? 'other origin',
		};
	}
	const outcome = lookUp(snapshot, target.pathname);
	lookups.set(target.pathname, outcome);
	const asset = typeof outcome === 'object' ? outcome : undefined;
	const reservation =
		reference.reservation ??
		(asset !== undefined ? undefined : outcome === 'redirect' ? 'redirected' : 'missing');
	// With the `?` of an empty query, which is part of what is requested, and with `^` as browsers write it (Node before 24
	// does not).
	const url =
		target.pathname.replaceAll('^', '%5E') + target.href.slice(ORIGIN.length + target.pathname.length);
	return { ...common, url, hash: asset?.hash ?? '', asset, reservation };
};

const parseUrl = (text: string, base: URL): URL | undefined => {
	try {
		return new URL(text, base);
	} catch {
		return undefined;
	}
};
