// No more lines than somebody can read: what comes above that is counted (pure: times are given).

const WINDOW_MS = 1000;
const MOST_LINES = 50;

/** Lets so many lines a second through. Times are milliseconds of any clock that does not go back. */
export class LineRate {
	#startedMs = Number.NEGATIVE_INFINITY;
	#lines = 0;
	#counted = 0;

	/** Whether anything was counted and not told of yet. */
	get isPending(): boolean {
		return this.#counted > 0;
	}

	/** Whether a line may be shown. If not, `weight` is counted, which is how much it tells of. */
	admit(nowMs: number, weight = 1): boolean {
		// What was counted is told of first: the window begins anew only then.
		if (nowMs - this.#startedMs >= WINDOW_MS && this.#counted === 0) {
			this.#startedMs = nowMs;
			this.#lines = 0;
		}
		this.#lines += 1;
		if (this.#lines <= MOST_LINES) return true;
		this.#counted += weight;
		return false;
	}

	/** How much was counted in a second that is over, once; 0 for nothing. */
	takeCounted(nowMs: number): number {
		if (nowMs - this.#startedMs < WINDOW_MS) return 0;
		const counted = this.#counted;
		this.#counted = 0;
		return counted;
	}
}
