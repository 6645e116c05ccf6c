// What goes wrong, in lines that do not repeat themselves (pure: times are given).

import { countOf, printable } from './text.ts';

/** So long the same line is only counted. */
const SAME_MS = 10_000;
/** So many lines within {@link SAME_MS} push out of sight what was said before. */
const MANY = 20;
/** Of different lines that are remembered. */
const MOST_REMEMBERED = 500;

interface Remembered {
	readonly sinceMs: number;
	again: number;
}

/** Problems as lines. Times are milliseconds of any clock that does not go back. */
export class ProblemLines {
	readonly #remembered = new Map<string, Remembered>();
	readonly #advice: string | undefined;
	#windowMs = Number.NEGATIVE_INFINITY;
	#lines = 0;
	#isAdvised = false;

	/** @param advice is said once after many lines; `undefined`: nothing is */
	constructor(advice?: string) {
		this.#advice = advice;
	}

	/** Whether anything may be left to say. */
	get isPending(): boolean {
		return this.#remembered.size > 0;
	}

	/** What is to be said of a problem at once. */
	take(message: string, nowMs: number): readonly string[] {
		const line = printable(message);
		const same = this.#remembered.get(line);
		if (same !== undefined) {
			same.again += 1;
			return [];
		}
		const [oldest] = this.#remembered;
		const left = oldest !== undefined && this.#remembered.size >= MOST_REMEMBERED ? this.#forget(oldest) : [];
		this.#remembered.set(line, { sinceMs: nowMs, again: 0 });
		return [...left, `casper-serve: ${line}`, ...this.#adviceAfterMany(nowMs)];
	}

	/** How often those came again that are long enough ago. */
	settle(nowMs: number): readonly string[] {
		return [...this.#remembered]
			.filter(([, { sinceMs }]) => nowMs - sinceMs >= SAME_MS)
			.flatMap((entry) => this.#forget(entry));
	}

	/** All that is left. */
	endAll(): readonly string[] {
		return [...this.#remembered].flatMap((entry) => this.#forget(entry));
	}

	#forget([line, { again }]: readonly [string, Remembered]): readonly string[] {
		this.#remembered.delete(line);
		return again === 0 ? [] : [`casper-serve: ${line} (again, ${countOf(again, 'time')})`];
	}

	#adviceAfterMany(nowMs: number): readonly string[] {
		if (nowMs - this.#windowMs >= SAME_MS) {
			this.#windowMs = nowMs;
			this.#lines = 0;
		}
		this.#lines += 1;
		if (this.#advice === undefined || this.#isAdvised || this.#lines < MANY) return [];
		this.#isAdvised = true;
		return [this.#advice];
	}
}
