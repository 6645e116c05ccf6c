// Reloads a page so that it is where it was, and not again and again.

import { page, type Report, report } from './wire.ts';

/** Gone once the page is what it was reloaded for. */
const KEY = `casper-serve-live ${page}`;
/** The page may get its content later, and with it its height: so long after it has loaded we try to scroll. */
const SCROLL_AT_MS: readonly number[] = [0, 50, 200, 500, 1000];
const GESTURES: readonly string[] = ['wheel', 'touchstart', 'pointerdown', 'keydown'];

/** What a page tells the one that comes after it. */
interface Memory {
	/** Content hash of the document that was to come. */
	readonly version: string;
	/** Pixels. */
	readonly scroll?: readonly [number, number];
}

const read = (): Memory | undefined => {
	try {
		return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') ?? undefined;
	} catch {
		return undefined;
	}
};

/** False where the page may store nothing. */
const write = (memory: Memory | undefined): boolean => {
	try {
		if (memory === undefined) sessionStorage.removeItem(KEY);
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
	const isKnown = write({ version, scroll: [scrollX, scrollY] });
	if (isCareful && !isKnown) return false;
	const what: Report = { how: 'reload', files };
	void report(what, true);
	(location as { reload(isHard: boolean): void }).reload(isHard);
	return true;
};

/**
 * Takes up what the page before this one left: its place is scrolled to.
 * @param version content hash of the document shown, if known
 * @returns the version that a reload was to bring and did not
 */
export const resume = (version: string | undefined): string | undefined => {
	const memory = read();
	if (memory === undefined) return undefined;
	const isDone = version === undefined || memory.version === '' || memory.version === version;
	write(isDone ? undefined : { version: memory.version });
	if (memory.scroll !== undefined) restore(memory.scroll);
	return isDone ? undefined : memory.version;
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
