// Golomb-Rice coded sets: ascending keys as gaps, each gap a unary quotient and a remainder of fixed width. All the
// formats of this field are this one code with other parameters (draft-ietf-httpbis-cache-digest-02 §2.1.1 and the
// cookies of H2O and go-casper). Runs in the service worker too.

import type { BitReader, BitWriter } from './bits.ts';

/** What tells the dialects of the code apart. */
export interface GolombParameters {
	/** Width of a gap's remainder in bits, 0–31: log2 of P, the inverse of the false-positive probability. */
	readonly remainderBits: number;
	/** The bit that ends a quotient's unary run; the run itself is of the other bit. */
	readonly stop: 0 | 1;
	/** 1 where a gap is stored less one, so that keys cannot repeat; 0 where it is stored as it is. */
	readonly bias: 0 | 1;
}

/** Appends `keys` (ascending; strictly so where `bias` is 1; each below 2^53) to `writer`. */
export const encodeKeys = (writer: BitWriter, keys: Iterable<number>, parameters: GolombParameters): void => {
	const { remainderBits, stop, bias } = parameters;
	const divisor = 2 ** remainderBits;
	let next = 0;
	for (const key of keys) {
		const gap = key - next;
		if (!(gap >= 0))
			throw new RangeError(`keys: expected ascending order, got ${key} where ${next} or more is due`);
		writer.repeat(stop === 0 ? 1 : 0, Math.floor(gap / divisor));
		writer.write(stop, 1);
		writer.write(gap % divisor, remainderBits);
		next = key + bias;
	}
};

/**
 * Reads up to `most` keys, fewer where the data end first: in every dialect whose padding repeats the unary bit, the
 * end of data inside a gap is the end of the set. Work is linear in the bits there are, whatever they claim.
 */
export const decodeKeys = (reader: BitReader, parameters: GolombParameters, most: number): number[] => {
	const { remainderBits, stop, bias } = parameters;
	const divisor = 2 ** remainderBits;
	const keys: number[] = [];
	let next = 0;
	while (keys.length < most) {
		const quotient = reader.readRun(stop);
		if (quotient === undefined) break;
		const remainder = reader.read(remainderBits);
		if (remainder === undefined) break;
		const key = next + quotient * divisor + remainder;
		keys.push(key);
		next = key + bias;
	}
	return keys;
};

/** The remainder width (0–31) that codes `count` keys below 2^`keyBits` in the fewest bits, or very nearly so. */
export const bestRemainderBits = (count: number, keyBits: number): number =>
	count === 0 ? 0 : Math.min(31, Math.max(0, Math.floor(Math.log2((Math.LN2 * 2 ** keyBits) / count) + 0.5)));
