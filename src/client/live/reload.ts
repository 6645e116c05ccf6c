// Reloads a page so that it is where it was, and not again and again.

import { isReloaded, page, type Report, report } from './wire.ts';

/** Where a frame is: by index in its parent, that in its own, and so on. */
const placeOf = (frame: Window): string => {
	const { parent } = frame;
	if (parent === frame) return '';
	let index = 0;
	while (index < parent.length && parent[index] !== frame) index++;
	return `${placeOf(parent)} ${index}`;
};

/** A tab has a storage of its own, but shares it with its frames. By no address: scripts change that as they like. */
const KEY = `casper-serve-live${placeOf(window)}`;
/** Versions that are remembered as not to be had. */
const MOST_REFUSED = 20;
/** The page may get its content later, and with it its height: so long after it has loaded we try to scroll. */
const SCROLL_AT_MS: readonly number[] = [0, 50, 200, 500, 1000];
const GESTURES: readonly string[] = ['wheel', 'touchstart', 'pointerdown', 'keydown'];

/** What a page tells the one that comes after it. */
interface Memory {
	/** The reload under way. */
	readonly reload?: {
		/** Content hash of the document that is to come; empty where any will do. */
		readonly version: string;
		/** Path and query that are loaded. */
		readonly url: string;
		/** Pixels. */
		readonly scroll: readonly [number, number];
	};
	/** Content hashes of documents that a reload did not bring, whatever the address; the latest at the end. */
	readonly refused: readonly string[];
}

const read = (): Memory => {
	try {
		return { refused: [], ...JSON.parse(sessionStorage.getItem(KEY) ?? '{}') };
	} catch {
		return { refused: [] };
	}
};

/** False where the page may store nothing. */
const write = (memory: Memory): boolean => {
	try {
		if (memory.reload === undefined && memory.refused.length === 0) sessionStorage.removeItem(KEY);
		else sessionStorage.setItem(KEY, JSON.stringify(memory));
		return true;
	} catch {
		return false;
	}
};

/** How a page is reloaded. */
export interface Manner {
	/** Past what is held in memory: Firefox alone does so. */
	readonly isHard: boolean;
	/** Not where the next page could not know of it. */
	readonly isCareful: boolean;
}

/** Tells the server and reloads, or says with `false` that it must not. */
export const reload = (version: string, files: readonly string[], { isHard, isCareful }: Manner): boolean => {
	const url = location.pathname + location.search;
	const isKnown = write({ ...read(), reload: { version, url, scroll: [scrollX, scrollY] } });
	if (isCareful && !isKnown) return false;
	const what: Report = { how: 'reload', files };
	void report(what, true);
	(location as { reload(isHard: boolean): void }).reload(isHard);
	return true;
};

/**
 * Takes up what the page before this one left: its place is scrolled to.
 * @param version content hash of the document shown, if known
 * @returns the versions that reloads were to bring and did not
 */
export const resume = (version: string | undefined): readonly string[] => {
	const { reload: last, refused: before } = read();
	// Where somebody went elsewhere meanwhile, nothing was refused.
	const isOurs = last !== undefined && isReloaded;
	const isRefused = isOurs && version !== undefined && last.version !== '' && last.version !== version;
	const earlier = before.filter((each) => each !== version && each !== last?.version);
	const refused = isRefused ? [...earlier, last.version] : before.filter((each) => each !== version);
	const kept = refused.slice(-MOST_REFUSED);
	write({ refused: kept });
	if (isOurs && last.url === page) restore(last.scroll);
	return kept;
};

/** Browsers do it themselves, but not where the page has told them not to. */
const restore = ([left, top]: readonly [number, number]): void => {
	// By the user, or by us.
	let isTaken = false;
	const take = (): void => {
		isTaken = true;
	};
	for (const gesture of GESTURES) addEventListener(gesture, take, { once: true, passive: true });
	const scroll = (): void => {
		if (isTaken) return;
		const isThere = (): boolean => Math.abs(scrollX - left) <= 1 && Math.abs(scrollY - top) <= 1;
		if (!isThere()) scrollTo({ left, top, behavior: 'instant' });
		isTaken = isThere();
	};
	const start = (): void => {
		for (const after of SCROLL_AT_MS) setTimeout(scroll, after);
	};
	if (document.readyState === 'complete') start();
	else addEventListener('load', start, { once: true });
};
