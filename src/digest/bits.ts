// Bit strings, most significant bit first, and their base64url text (RFC 4648 §5 without padding). Runs in the
// service worker too, so nothing here is Node's.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const SEXTETS: ReadonlyMap<number, number> = new Map(
	[...ALPHABET].map((character, value) => [character.charCodeAt(0), value]),
);

const PIECE_BITS = 24;

/** Collects bits and hands them out as bytes. */
export class BitWriter {
	readonly #bytes: number[] = [];
	/** Bits that do not fill a byte yet, right-aligned. */
	#open = 0;
	#openBits = 0;

	/** Bits written so far. */
	get length(): number {
		return this.#bytes.length * 8 + this.#openBits;
	}

	/** Appends the low `width` bits of `value`; `width` 0–53, `value` a non-negative integer. */
	write(value: number, width: number): void {
		// Shifts wrap at 32 bits, of which seven may be taken already.
		if (width > PIECE_BITS) {
			this.write(Math.floor(value / 2 ** PIECE_BITS), width - PIECE_BITS);
			this.write(value % 2 ** PIECE_BITS, PIECE_BITS);
			return;
		}
		this.#open = (this.#open << width) | (value & ((1 << width) - 1));
		this.#openBits += width;
		while (this.#openBits >= 8) {
			this.#openBits -= 8;
			this.#bytes.push((this.#open >>> this.#openBits) & 0xff);
		}
		this.#open &= (1 << this.#openBits) - 1;
	}

	/** Appends `bit` `times` times. */
	repeat(bit: 0 | 1, times: number): void {
		for (let left = times; left > 0; left -= PIECE_BITS)
			this.write(bit === 1 ? 2 ** PIECE_BITS - 1 : 0, Math.min(PIECE_BITS, left));
	}

	/** The bytes written, the last one filled up with `pad`. */
	toBytes(pad: 0 | 1): Uint8Array {
		if (this.#openBits > 0) this.repeat(pad, 8 - this.#openBits);
		return Uint8Array.from(this.#bytes);
	}
}

/** Reads bits from bytes; past the end every read yields `undefined` and nothing throws. */
export class BitReader {
	readonly #bytes: Uint8Array;
	#position = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	/** Bits not read yet. */
	get remaining(): number {
		return this.#bytes.length * 8 - this.#position;
	}

	/** The next `width` bits (0–53) as a non-negative integer, or `undefined` when fewer are left. */
	read(width: number): number | undefined {
		if (width > this.remaining) return undefined;
		let value = 0;
		for (let left = width; left > 0; ) {
			const offset = this.#position % 8;
			const take = Math.min(left, 8 - offset);
			const byte = this.#bytes[this.#position >> 3] ?? 0;
			value = value * 2 ** take + ((byte >> (8 - offset - take)) & (2 ** take - 1));
			this.#position += take;
			left -= take;
		}
		return value;
	}

	/** How many bits come before the next bit equal to `stop`, which is consumed; `undefined` at the end of data. */
	readRun(stop: 0 | 1): number | undefined {
		const end = this.#bytes.length * 8;
		for (let run = 0; this.#position < end; run++) {
			const bit = ((this.#bytes[this.#position >> 3] ?? 0) >> (7 - (this.#position & 7))) & 1;
			this.#position++;
			if (bit === stop) return run;
		}
		return undefined;
	}
}

/** Text of `bytes` in base64url without padding. */
export const formatBase64url = (bytes: Uint8Array): string => {
	let text = '';
	for (let at = 0; at < bytes.length; at += 3) {
		const left = Math.min(3, bytes.length - at);
		const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
		for (let place = 0; place <= left; place++) text += ALPHABET[(group >> (18 - 6 * place)) & 63];
	}
	return text;
};

/**
 * The bytes that `text` stands for, or `undefined` for anything that {@link formatBase64url} would not have written:
 * another alphabet, padding, a length no bytes have, or set bits behind the last byte.
 */
export const parseBase64url = (text: string): Uint8Array | undefined => {
	if (text.length % 4 === 1) return undefined;
	const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
	let pending = 0;
	let bits = 0;
	let length = 0;
	for (let at = 0; at < text.length; at++) {
		const sextet = SEXTETS.get(text.charCodeAt(at));
		if (sextet === undefined) return undefined;
		pending = ((pending << 6) | sextet) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			bytes[length++] = (pending >> bits) & 0xff;
		}
	}
	return (pending & (2 ** bits - 1)) === 0 ? bytes : undefined;
};
