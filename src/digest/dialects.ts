// The cache digests that other programs write and read, as dialects of one Golomb-Rice code:
//
//   cache-digest  the field of draft-ietf-httpbis-cache-digest-02 (H2O, cache-digest.js), one digest without its flags
//   h2o-casper    H2O's cookie `h2o_casper`
//   go-casper     go-casper's cookie `x-go-casper`
//
// A dialect says what comes before the keys, which bits of which hash a key is, and how gaps are written. All of them
// fill the last byte up with zeros, and all are base64url without padding. Ignored on purpose: Apache's form and that
// of the first draft, which nothing sends any more, and the cuckoo filters of the later drafts.

import { BitReader, BitWriter, formatBase64url, parseBase64url } from './bits.ts';
import { decodeKeys, encodeKeys, type GolombParameters } from './golomb.ts';
import { lowOfSha1, restOfMd5, topOfSha256 } from './hashes.ts';
import { includesKey } from './sorted-keys.ts';

/** The name of an interchange format. */
export type Dialect = 'cache-digest' | 'h2o-casper' | 'go-casper';

/** What a digest is asked about or made of. Both texts are hashed verbatim, so write them as the other side does. */
export interface DigestResource {
	/**
	 * `cache-digest`: the absolute URL, percent-encoded, with a port only where the authority has one. The two cookies:
	 * path and query as in the request.
	 */
	readonly url: string;
	/**
	 * The entity tag as in the field, with its quotes and `W/`: the key is that of the URL followed by the tag, as in the
	 * `validators` form of `cache-digest`. Give it for every resource of a digest or for none: nothing in a digest tells.
	 * H2O's and go-casper's own cookies never have one.
	 */
	readonly etag?: string | undefined;
}

/** What writer and reader have to agree on. One that a dialect does not use is ignored; `undefined`: not given. */
export interface DialectParameters {
	/**
	 * P, the inverse of the probability of a false positive: a power of two, 1–2^31.
	 *
	 * `cache-digest`: for writing only, since readers find it in the digest; log2 of P and of the number of resources are
	 * at most 31 together, as in cache-digest.js. `go-casper`: must be that of the other side; at most 2^32 when
	 * multiplied by `capacity`. `h2o-casper`: not used; its probability is `size` of 2^`capacityBits`.
	 * @default `cache-digest` 128, as cache-digest.js; `go-casper` 64, as in its README
	 */
	readonly probability?: number | undefined;
	/**
	 * N of `go-casper`, the number of **resources** that the cookie is laid out for, 1–65536; must be that of the other
	 * side. With more of them false positives are more frequent than 1 in P.
	 * @default 10, as in go-casper's README
	 */
	readonly capacity?: number | undefined;
	/**
	 * The width of `h2o-casper`'s keys in **bits**, 1–15: `capacity-bits` of H2O's `http2-casper`; must be that of the
	 * other side.
	 * @default 13, as `http2-casper: ON`
	 */
	readonly capacityBits?: number | undefined;
}

/** A set of resources, as far as a digest tells them apart. */
export interface Digest {
	/** How many keys it has; resources that share one and keys that are repeated count once. */
	readonly size: number;
	/**
	 * Whether `resource` is in the set: true for each one that it was made of, and by chance for one in about
	 * {@link DialectParameters.probability} others. With an `etag` only where it was made with that tag, and without one
	 * only where it was made without: ask as the digest was made. Costs one hash and a binary search.
	 * @throws TypeError for a `url` or an `etag` that is no string
	 */
	has(resource: DigestResource): boolean;
	/**
	 * The set with `resources` too; this one stays as it is. Keys are as wide as they were: in `cache-digest`, whose
	 * header fixes the width, false positives get more frequent with each one. Its header can also promise keys wider
	 * than any number (more than 53 bits): nothing is added then.
	 * @throws TypeError for what has the wrong type
	 */
	with(resources: readonly DigestResource[]): Digest;
	/**
	 * The set as text, with the parameters it was read with, each key once: what {@link decode} reads again.
	 * @throws RangeError for a digest above 16,384 characters
	 */
	encode(): string;
}

/**
 * Longest digest in characters: as many as the whole header block that Node accepts over HTTP/1.1 by default. Browsers
 * drop cookies from 4096 on, so real ones are far shorter.
 */
export const MAX_DIGEST_CHARACTERS = 16_384;

/**
 * The digest of `resources` as text: `AfdA`. Their order makes no difference and duplicates are dropped; only the N
 * of `cache-digest` counts them, as it does in cache-digest.js.
 * @throws TypeError for what has the wrong type
 * @throws RangeError for an unknown dialect, for parameters outside their range, and for a digest above 16,384 characters
 */
export const encode = (
	dialect: Dialect,
	resources: readonly DigestResource[],
	parameters: DialectParameters = {},
): string => {
	const layout = layoutOf(dialect, parameters);
	const texts = textsOf(resources);
	const form = layout.begin(texts.length);
	const keys = [...new Set(texts)].map(form.keyOf).sort((a, b) => a - b);
	return formatKeys(form.golomb.bias === 1 ? [...new Set(keys)] : keys, form);
};

/**
 * The set that `text` stands for, or `undefined` for what is no digest of this dialect: another alphabet, padding,
 * no header, a key that the dialect does not have, or more than 16,384 characters. What is whole of a text that was cut
 * off counts, and zeros behind it do not matter, as in H2O. Work is linear in the text, whatever it claims.
 * @throws TypeError for parameters that are no numbers
 * @throws RangeError for an unknown dialect and for parameters outside their range; never because of `text`
 */
export const decode = (
	dialect: Dialect,
	text: string,
	parameters: DialectParameters = {},
): Digest | undefined => {
	const layout = layoutOf(dialect, parameters);
	if (typeof text !== 'string' || text.length > MAX_DIGEST_CHARACTERS) return undefined;
	const bytes = parseBase64url(text);
	if (bytes === undefined) return undefined;
	const reader = new BitReader(bytes);
	const form = layout.resume(reader);
	const keys = form && readKeys(reader, form);
	return form === undefined || keys === undefined ? undefined : toDigest(keys, form);
};

/** The set of `keys`, which are in ascending order without repetition. */
const toDigest = (keys: readonly number[], form: Form): Digest => ({
	size: keys.length,
	has: (resource) => includesKey(keys, form.keyOf(textOf(resource))),
	with: (resources) => {
		const added = textsOf(resources)
			.map(form.keyOf)
			.filter((key) => key < form.below);
		return toDigest(
			[...new Set([...keys, ...added])].sort((a, b) => a - b),
			form,
		);
	},
	encode: () => formatKeys(keys, form),
});

/** What fills the last byte up, in all dialects. */
const PAD = 0;

/** How the keys of one digest are made and written. */
interface Form {
	readonly golomb: GolombParameters;
	/** Keys from here on make the digest that of something else. */
	readonly below: number;
	/** More keys than these make it that of something else. */
	readonly most: number;
	readonly keyOf: (text: string) => number;
	/** Writes what comes before the keys. */
	readonly head: (writer: BitWriter) => void;
}

/** A dialect with its parameters. */
interface Layout {
	/** The form for `count` resources. */
	begin(count: number): Form;
	/** The form of what is read; `undefined` where there is none. */
	resume(reader: BitReader): Form | undefined;
}

/** A form that writer and reader know beforehand. */
const agreedOn = (keys: Omit<Form, 'head'>): Layout => {
	const form: Form = { ...keys, head: () => {} };
	return { begin: () => form, resume: () => form };
};

const LAYOUTS: Readonly<Record<Dialect, (parameters: DialectParameters) => Layout>> = {
	'cache-digest': ({ probability = 128 }) => {
		const log2P = log2OfProbability(probability);
		return {
			begin: (count) => {
				// Rounded as in cache-digest.js; the draft's nearest power of two differs for few counts and reads the same.
				const log2N = Math.round(Math.log2(Math.max(1, count)));
				if (log2N + log2P > 31)
					throw new RangeError(
						`probability: expected at most ${2 ** (31 - log2N)} for ${count} resources, got ${probability}`,
					);
				return golombCodedSet(log2N, log2P);
			},
			resume: (reader) => {
				const log2N = reader.read(5);
				const log2P = reader.read(5);
				return log2N === undefined || log2P === undefined ? undefined : golombCodedSet(log2N, log2P);
			},
		};
	},
	'h2o-casper': ({ capacityBits = 13 }) => {
		checkRange('capacityBits', capacityBits, 1, 15);
		return agreedOn({
			golomb: { remainderBits: 6, stop: 1, bias: 1 },
			// H2O keeps wider keys, though it never looks for one, and drops cookies of more keys than these.
			below: Number.POSITIVE_INFINITY,
			most: Math.max(128, 2 ** capacityBits),
			keyOf: (text) => lowOfSha1(text, capacityBits),
		});
	},
	'go-casper': ({ probability = 64, capacity = 10 }) => {
		const remainderBits = log2OfProbability(probability);
		// Above this one key could fill the longest text with its quotient.
		checkRange('capacity', capacity, 1, 65_536);
		const below = probability * capacity;
		if (below > 2 ** 32)
			throw new RangeError(
				`probability: expected at most 2^32 when multiplied by capacity ${capacity}, got ${probability}`,
			);
		return agreedOn({
			golomb: { remainderBits, stop: 0, bias: 0 },
			below,
			most: Number.POSITIVE_INFINITY,
			keyOf: (text) => restOfMd5(text, below),
		});
	},
};

/** draft-ietf-httpbis-cache-digest-02 §2.1, with both logarithms from 0 to 31 as a reader finds them. */
const golombCodedSet = (log2N: number, log2P: number): Form => {
	const keyBits = log2N + log2P;
	return {
		golomb: { remainderBits: log2P, stop: 1, bias: 1 },
		// Wider keys are none that a number holds: the header may say so, but no key may follow it.
		below: keyBits > 53 ? 0 : 2 ** keyBits,
		most: Number.POSITIVE_INFINITY,
		keyOf: (text) => topOfSha256(text, keyBits),
		head: (writer) => {
			writer.write(log2N, 5);
			writer.write(log2P, 5);
		},
	};
};

/** The digest of `keys`, which are in ascending order. */
const formatKeys = (keys: readonly number[], { golomb, head }: Form): string => {
	const writer = new BitWriter();
	head(writer);
	// Counted first: by its header, a digest that a peer wrote can make one key half a gigabyte long.
	const characters = Math.ceil((Math.ceil((writer.length + bitsOf(keys, golomb)) / 8) * 4) / 3);
	if (characters > MAX_DIGEST_CHARACTERS)
		throw new RangeError(
			`resources: expected a digest of at most ${MAX_DIGEST_CHARACTERS} characters, got ${characters}`,
		);
	encodeKeys(writer, keys, golomb);
	return formatBase64url(writer.toBytes(PAD));
};

const bitsOf = (keys: readonly number[], { remainderBits, bias }: GolombParameters): number => {
	let bits = 0;
	let next = 0;
	for (const key of keys) {
		bits += Math.floor((key - next) / 2 ** remainderBits) + 1 + remainderBits;
		next = key + bias;
	}
	return bits;
};

const readKeys = (reader: BitReader, { golomb, below, most }: Form): readonly number[] | undefined => {
	const keys = golomb.stop === PAD ? readRepeating(reader, golomb) : decodeKeys(reader, golomb, most + 1);
	return keys === undefined || keys.length > most || (keys.at(-1) ?? -1) >= below ? undefined : keys;
};

/**
 * Keys where padding looks like a repeated key: it ends where no gap has room any more, and repetitions are dropped,
 * so that it never adds one. A run without its stop bit is refused, as go-casper does.
 */
const readRepeating = (reader: BitReader, golomb: GolombParameters): readonly number[] | undefined => {
	const keys: number[] = [];
	let key = 0;
	while (reader.remaining > golomb.remainderBits) {
		const [gap] = decodeKeys(reader, golomb, 1);
		if (gap === undefined) return undefined;
		key += gap;
		if (key !== keys.at(-1)) keys.push(key);
	}
	return keys;
};

const layoutOf = (dialect: Dialect, parameters: DialectParameters): Layout => {
	if (!Object.hasOwn(LAYOUTS, dialect))
		throw new RangeError(
			`dialect: expected one of ${Object.keys(LAYOUTS).join(', ')}, got ${String(dialect)}`,
		);
	return LAYOUTS[dialect](parameters);
};

const textsOf = (resources: readonly DigestResource[]): string[] => {
	if (!Array.isArray(resources)) throw new TypeError(`resources: expected an array, got ${typeof resources}`);
	return resources.map((resource) => textOf(resource));
};

/** What is hashed for a resource. */
const textOf = ({ url, etag }: DigestResource): string => {
	if (typeof url !== 'string') throw new TypeError(`url: expected a string, got ${typeof url}`);
	if (etag === undefined) return url;
	if (typeof etag !== 'string') throw new TypeError(`etag: expected a string, got ${typeof etag}`);
	return url + etag;
};

const log2OfProbability = (probability: number): number => {
	checkRange('probability', probability, 1, 2 ** 31);
	const log2 = 31 - Math.clz32(probability);
	// go-casper takes other numbers and writes digests that it cannot read itself.
	if (2 ** log2 !== probability)
		throw new RangeError(`probability: expected a power of two, got ${probability}`);
	return log2;
};

const checkRange = (setting: string, value: number, least: number, most: number): void => {
	if (typeof value !== 'number') throw new TypeError(`${setting}: expected a number, got ${typeof value}`);
	if (!(Number.isInteger(value) && value >= least && value <= most))
		throw new RangeError(`${setting}: expected a whole number from ${least} to ${most}, got ${value}`);
};
