// Whose request is answered next. A connection can bring thousands at once; answered one after the other as they come, they
// would keep everybody else waiting, and those that are cancelled by what comes behind them would be answered in vain
// (CVE-2023-44487).

/** Milliseconds of answering before the event loop gets its turn: others' requests come in then, and cancellations. */
const SLICE_MS = 5;

/** Spreads work fairly over those for whom it is done. */
export class Turns {
	/** What waits, by whom it is for. */
	readonly #waiting = new Map<object, (() => void)[]>();
	/** When the first work of this turn of the event loop began; `undefined` in a turn without any. */
	#beganMs: number | undefined;

	/** Does `work` for `owner`: at once where this turn has time for it, else after those that wait. `work` must not throw. */
	take(owner: object, work: () => void): void {
		if (this.#waiting.size === 0 && this.#hasTime()) return work();
		const row = this.#waiting.get(owner);
		if (row === undefined) this.#waiting.set(owner, [work]);
		else row.push(work);
	}

	#hasTime(): boolean {
		const now = performance.now();
		if (this.#beganMs === undefined) {
			this.#beganMs = now;
			setImmediate(() => this.#nextTurn());
		}
		return now - this.#beganMs < SLICE_MS;
	}

	#nextTurn(): void {
		this.#beganMs = undefined;
		while (this.#waiting.size > 0 && this.#hasTime()) {
			// One for each, then around again.
			for (const [owner, row] of this.#waiting) {
				const work = row.shift();
				if (row.length === 0) this.#waiting.delete(owner);
				work?.();
				if (!this.#hasTime()) break;
			}
		}
	}
}
