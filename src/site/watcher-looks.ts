// When to look at the disk: what is touched in quick succession makes one look, and there is one look at a time.

import type { UrlPath } from './paths.ts';

/** Why to look at a path: something happened there, or it was other than known, or it was not any more. */
export type Occasion = 'event' | 'again' | 'last';

/** Where to look, and why. */
export type Touched = ReadonlyMap<UrlPath, Occasion>;

/** Events that come within so short a time make one look; none waits longer than the second. */
const SETTLE_MS = 10;
const MAX_SETTLE_MS = 60;

/** Whatever else there is, an event counts. */
export const note = (touched: Map<UrlPath, Occasion>, path: UrlPath, occasion: Occasion): void => {
	if (touched.get(path) !== 'event') touched.set(path, occasion);
};

/** The looks of one site, past and to come. Knows the time, but not the disk. */
export class Looks {
	readonly #look: (touched: Touched) => Promise<void>;
	/** Where to look next. */
	#touched = new Map<UrlPath, Occasion>();
	#firstTouchMs = 0;
	#settling: NodeJS.Timeout | undefined;
	readonly #timers = new Map<string, NodeJS.Timeout>();
	#timersSet = 0;
	#work: Promise<void> = Promise.resolve();
	#isEnded = false;

	/** @param look must not throw */
	constructor(look: (touched: Touched) => Promise<void>) {
		this.#look = look;
	}

	/** Looks as soon as the looks before are over; resolves when it is over itself. */
	now(touched: Touched): Promise<void> {
		this.#work = this.#work.then(() => this.#look(touched));
		return this.#work;
	}

	/** Looks once nothing more has come for a moment. */
	soon(paths: Iterable<UrlPath>, occasion: Occasion): void {
		if (this.#isEnded) return;
		for (const path of paths) note(this.#touched, path, occasion);
		const now = performance.now();
		if (this.#settling === undefined) this.#firstTouchMs = now;
		clearTimeout(this.#settling);
		const wait = Math.max(0, Math.min(SETTLE_MS, this.#firstTouchMs + MAX_SETTLE_MS - now));
		this.#settling = setTimeout(() => {
			this.#settling = undefined;
			const touched = this.#touched;
			this.#touched = new Map();
			void this.now(touched);
		}, wait);
	}

	/** @param name takes the place of an earlier one of the same name that has not come yet */
	later(
		paths: readonly UrlPath[],
		occasion: Occasion,
		waitMs: number,
		name: string = String(this.#timersSet++),
	): void {
		if (paths.length === 0 || this.#isEnded) return;
		clearTimeout(this.#timers.get(name));
		const timer = setTimeout(() => {
			this.#timers.delete(name);
			this.soon(paths, occasion);
		}, waitMs);
		this.#timers.set(name, timer);
	}

	/** Resolves once nothing is under way any more; nothing comes after. */
	end(): Promise<void> {
		this.#isEnded = true;
		clearTimeout(this.#settling);
		for (const timer of this.#timers.values()) clearTimeout(timer);
		return this.#work;
	}
}
