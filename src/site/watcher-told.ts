// What events told of lately. Knows neither the disk nor the time.

/** So many files are kept; of more, all count as told. */
const MOST_FILES = 10_000;

/** Files that something happened to, and when. Times are milliseconds by a clock that only goes forward. */
export class Told {
	readonly #times = new Map<string, number>();
	#forgottenMs = Number.NEGATIVE_INFINITY;

	/** Something happened to `file` (absolute). */
	note(file: string, nowMs: number): void {
		if (this.#times.size >= MOST_FILES && !this.#times.has(file)) {
			this.#times.clear();
			this.#forgottenMs = nowMs;
		}
		this.#times.set(file, nowMs);
	}

	/** Whether, since then, something was told of one of these files. */
	isTold(files: readonly string[], sinceMs: number): boolean {
		if (this.#forgottenMs >= sinceMs) return true;
		return files.some((file) => (this.#times.get(file) ?? Number.NEGATIVE_INFINITY) >= sinceMs);
	}
}
