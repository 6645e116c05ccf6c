// Repeatable randomness: the seed of a failed run is part of its message and can be given back as CASPER_SEED.

import { randomInt } from 'node:crypto';

/** Mulberry32: small, fast, the same everywhere. */
export class Random {
	#state: number;

	constructor(seed: number) {
		this.#state = seed | 0;
	}

	/** 32 bits. */
	#next(): number {
		this.#state = (this.#state + 0x6d2b79f5) | 0;
		let mixed = this.#state;
		mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return (mixed ^ (mixed >>> 14)) >>> 0;
	}

	/** A whole number from 0 to `below` - 1; `below` at most 2^53. */
	below(below: number): number {
		const high = this.#next() >>> 11;
		return Math.floor(((high * 2 ** 32 + this.#next()) / 2 ** 53) * below);
	}

	/** A number of `width` bits, 0–53. */
	bits(width: number): number {
		return this.below(2 ** width);
	}

	/** One of `choices`. */
	pick<T>(choices: readonly T[]): T {
		return choices[this.below(choices.length)] as T;
	}

	/** True once in `times`. */
	once(times: number): boolean {
		return this.below(times) === 0;
	}

	bytes(length: number): Uint8Array {
		return Uint8Array.from({ length }, () => this.below(256));
	}

	text(alphabet: string, length: number): string {
		return Array.from({ length }, () => alphabet[this.below(alphabet.length)]).join('');
	}

	/** `count` different numbers below `below`, ascending. */
	ascending(count: number, below: number): number[] {
		const numbers = new Set<number>();
		while (numbers.size < count) numbers.add(this.below(below));
		return [...numbers].sort((a, b) => a - b);
	}
}

/** A test that runs on random data. */
export const onRandom = (test: (random: Random) => void) => (): void => {
	const seed = Number(process.env.CASPER_SEED ?? randomInt(2 ** 31));
	try {
		test(new Random(seed));
	} catch (error) {
		if (error instanceof Error) error.message += ` (CASPER_SEED=${seed})`;
		throw error;
	}
};
