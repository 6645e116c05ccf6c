// The digest of what a service worker holds, as its navigations carry it: five bits that say how wide remainders are, then
// keys of 32 bits as a Golomb-coded set, in base64url. Runs in the service worker too.
//
// A key is the first 32 bits of SHA-256(url NUL tag), `url` being path and query, `tag` the opaque part of the entity tag.

import { BitReader, BitWriter, formatBase64url, parseBase64url } from './bits.ts';
import { bestRemainderBits, decodeKeys, encodeKeys } from './golomb.ts';

export const HELD_KEY_BITS = 32;

/** Longest digest in characters: servers and proxies have limits for a field from 8 KiB on. */
export const MAX_HELD_CHARACTERS = 6000;

const WIDTH_BITS = 5;

/** The digest of `keys`, in any order; the last ones are left out where they have no room. */
export const formatHeldKeys = (keys: readonly number[]): string => {
	for (let count = keys.length; ; count = Math.floor(count * 0.95)) {
		const text = formatAll(keys.slice(0, count));
		if (text.length <= MAX_HELD_CHARACTERS) return text;
	}
};

const formatAll = (keys: readonly number[]): string => {
	const sorted = [...new Set(keys)].sort((a, b) => a - b);
	const remainderBits = bestRemainderBits(sorted.length, HELD_KEY_BITS);
	const writer = new BitWriter();
	writer.write(remainderBits, WIDTH_BITS);
	encodeKeys(writer, sorted, { remainderBits, stop: 1, bias: 1 });
	return formatBase64url(writer.toBytes(0));
};

/** The keys of a digest in ascending order; `undefined` for what is none. Work is linear in the text. */
export const parseHeldKeys = (text: string): readonly number[] | undefined => {
	const bytes = text.length > MAX_HELD_CHARACTERS ? undefined : parseBase64url(text);
	if (bytes === undefined) return undefined;
	const reader = new BitReader(bytes);
	const remainderBits = reader.read(WIDTH_BITS);
	if (remainderBits === undefined) return undefined;
	const keys = decodeKeys(reader, { remainderBits, stop: 1, bias: 1 }, Number.POSITIVE_INFINITY);
	return (keys.at(-1) ?? 0) < 2 ** HELD_KEY_BITS ? keys : undefined;
};
