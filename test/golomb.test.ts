import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BitReader, BitWriter, formatBase64url, parseBase64url } from '../src/digest/bits.ts';
import { bestRemainderBits, decodeKeys, encodeKeys, type GolombParameters } from '../src/digest/golomb.ts';
import { onRandom, type Random } from './support/random.ts';

const golomb = suite('golomb');

const digestOf = (algorithm: string, text: string): Buffer => createHash(algorithm).update(text).digest();

const ascending = (keys: readonly number[]): number[] => [...keys].sort((a, b) => a - b);

/** A coded set with the fields in front of it and the padding behind it. */
interface Dialect extends GolombParameters {
	readonly pad: 0 | 1;
	/** Value and width of what comes first. */
	readonly header?: readonly (readonly [number, number])[];
}

const encode = (keys: readonly number[], { pad, header = [], ...parameters }: Dialect): Uint8Array => {
	const writer = new BitWriter();
	for (const [value, width] of header) writer.write(value, width);
	encodeKeys(writer, keys, parameters);
	return writer.toBytes(pad);
};

const decode = (bytes: Uint8Array, { header = [], ...parameters }: Dialect, most: number): number[] => {
	const reader = new BitReader(bytes);
	for (const [value, width] of header) assert.is(reader.read(width), value);
	return decodeKeys(reader, parameters, most);
};

const H2O: Dialect = { remainderBits: 6, stop: 1, bias: 1, pad: 0 };
const h2oKey = (path: string): number => digestOf('sha1', path).readUInt32LE() % 2 ** 13;

const goCasper = (p: number): Dialect => ({ remainderBits: Math.log2(p), stop: 0, bias: 0, pad: 0 });
const goKey = (path: string, n: number, p: number): number =>
	digestOf('md5', path).readUInt32BE(12) % (n * p);

const cacheDigest = (log2N: number, log2P: number): Dialect => ({
	remainderBits: log2P,
	stop: 1,
	bias: 1,
	pad: 0,
	header: [
		[log2N, 5],
		[log2P, 5],
	],
});
const topBits = (url: string, width: number): number =>
	Number(digestOf('sha256', url).readBigUInt64BE() >> BigInt(64 - width));

const apache = (log2N: number, log2P: number): Dialect => ({
	remainderBits: log2P,
	stop: 0,
	bias: 0,
	pad: 1,
	header: [
		[log2N, 8],
		[log2P, 8],
	],
});

const numbered = (count: number, start: number, keyOf: (index: number) => number): number[] =>
	Array.from({ length: count }, (_, index) => keyOf(start + index));

const VECTORS: readonly {
	name: string;
	keys: readonly number[];
	want?: readonly number[];
	dialect: Dialect;
	text: string;
}[] = [
	{
		name: 'H2O, two files',
		keys: ['/a.css', '/b.js'].map(h2oKey),
		want: [1620, 3446],
		dialect: H2O,
		text: 'AAAAVAAAAAwg',
	},
	{
		name: 'H2O, one file',
		keys: [h2oKey('/index.html')],
		want: [7700],
		dialect: H2O,
		text: 'AAAAAAAAAAAAAAAAAAAAqA',
	},
	{
		name: 'H2O, ten files with neighbouring keys',
		keys: numbered(10, 0, (index) => h2oKey(`/assets/${index}.css`)),
		want: [627, 990, 1149, 1359, 2634, 3982, 6084, 6439, 6440, 6857],
		dialect: H2O,
		text: 'AHMGovCiAAA9AAACGAAAAAdQYoAGAA',
	},
	{
		name: 'go-casper, one file for one',
		keys: [goKey('/static/example.js', 1, 64)],
		want: [18],
		dialect: goCasper(64),
		text: 'JA',
	},
	{
		name: 'go-casper, one file for ten',
		keys: [goKey('/static/example.js', 10, 64)],
		want: [146],
		dialect: goCasper(64),
		text: 'yQA',
	},
	{
		name: 'go-casper, two files',
		keys: ['/js/jquery-1.9.1.min.js', '/assets/style.css'].map((path) => goKey(path, 2, 64)),
		want: [65, 104],
		dialect: goCasper(64),
		text: 'gU4',
	},
	{
		name: 'go-casper, four files',
		keys: ['/js/jquery-1.9.1.min.js', '/assets/style.css', '/static/logo.jpg', '/static/cover.jpg'].map(
			(path) => goKey(path, 4, 64),
		),
		want: [65, 104, 134, 140],
		dialect: goCasper(64),
		text: 'gU54MA',
	},
	{
		name: 'go-casper, four files at 1 in 1024',
		keys: ['/js/jquery-1.9.1.min.js', '/assets/style.css', '/static/logo.jpg', '/static/cover.jpg'].map(
			(path) => goKey(path, 4, 1024),
		),
		want: [390, 616, 1164, 2369],
		dialect: goCasper(1024),
		text: 'MMOJEkWo',
	},
	{
		name: 'go-casper, twenty files',
		keys: numbered(20, 1, (index) => goKey(`/static/example${index}.jpg`, 20, 64)),
		dialect: goCasper(64),
		text: 'FmDhUxQHeuwQYINoQrxmr1g_iw',
	},
	{
		name: 'go-casper, a quotient that spans bytes',
		keys: [goKey('/s/0.js', 56, 64)],
		want: [3124],
		dialect: goCasper(64),
		text: '________aA',
	},
	{ name: 'Cache-Digest, nothing', keys: [], dialect: cacheDigest(0, 7), text: 'AcA' },
	{
		name: "Cache-Digest, the drafts' example",
		keys: [topBits('https://example.com/style.css', 7)],
		want: [93],
		dialect: cacheDigest(0, 7),
		text: 'AfdA',
	},
	{
		name: 'Cache-Digest, with an entity tag',
		keys: [topBits('https://example.com/style.css"deadbeef"', 7)],
		want: [82],
		dialect: cacheDigest(0, 7),
		text: 'AfSA',
	},
	{
		name: 'Cache-Digest, two files',
		keys: ['style.css', 'jquery.js'].map((file) => topBits(`https://example.com/${file}`, 8)),
		want: [178, 186],
		dialect: cacheDigest(1, 7),
		text: 'CdZQ4A',
	},
	{
		name: 'Cache-Digest, neighbouring keys',
		keys: ['style.css', 'jquery.js'].map((file) => topBits(`https://example.com/${file}`, 5)),
		want: [22, 23],
		dialect: cacheDigest(1, 4),
		text: 'CRaA',
	},
	{
		name: 'Cache-Digest, three files',
		keys: ['style.css', 'jquery.js', 'shortcut.css'].map((file) => topBits(`https://example.com/${file}`, 9)),
		want: [20, 356, 373],
		dialect: cacheDigest(2, 7),
		text: 'EeUM-QA',
	},
	{ name: 'Apache, nothing', keys: [], dialect: apache(1, 8), text: 'AQg' },
	{
		name: 'Apache, one file',
		keys: [topBits('http://127.0.0.1:8732/a.css', 9)],
		dialect: apache(1, 8),
		text: 'AQg4fw',
	},
	{
		name: 'Apache, two files',
		keys: ['b.js', 'pic.jpg'].map((file) => topBits(`http://127.0.0.1:8732/${file}`, 7)),
		dialect: apache(1, 6),
		text: 'AQZMBw',
	},
	{
		name: "the first draft's own tool",
		keys: ['style.css', 'jquery.js'].map((file) => topBits(`https://example.com/${file}`, 9)),
		want: [356, 373],
		dialect: { ...apache(1, 8), bias: 1 },
		text: Buffer.from('010899021f', 'hex').toString('base64url'),
	},
];
for (const { name, keys, want = ascending(keys), dialect, text } of VECTORS)
	golomb(`what another program wrote is written and read alike: ${name}`, () => {
		assert.equal(ascending(keys), want);
		assert.is(formatBase64url(encode(want, dialect)), text);
		assert.equal(decode(parseBase64url(text)!, dialect, want.length), want);
	});

golomb('where the padding repeats the unary bit, the end of data is the end of the set', () => {
	for (const { name, keys, want = ascending(keys), dialect, text } of VECTORS)
		if (dialect.pad !== dialect.stop) assert.equal(decode(parseBase64url(text)!, dialect, 1e9), want, name);
});

golomb('bytes of zeros behind a set add no key where zeros do not stop a run', () => {
	assert.equal(decode(parseBase64url('AAAAVAAAAAwgAAAAAAAA')!, H2O, 1e9), [1620, 3446]);
});

golomb('a text cut off anywhere yields the keys that are whole', () => {
	const keys = [627, 990, 1149, 1359, 2634, 3982, 6084, 6439, 6440, 6857];
	const bytes = encode(keys, H2O);
	for (let length = 0; length <= bytes.length; length++) {
		const read = decode(bytes.subarray(0, length), H2O, 1e9);
		assert.equal(read, keys.slice(0, read.length));
	}
});

golomb('a key repeats where a gap of none is stored as it is', () => {
	const dialect = goCasper(64);
	assert.equal(decode(encode([146, 146, 146], dialect), dialect, 3), [146, 146, 146]);
});

golomb('no more keys are read than asked for, and reading can go on behind them', () => {
	const reader = new BitReader(encode([1, 2, 3, 4], { ...H2O, remainderBits: 2 }));
	const parameters = { remainderBits: 2, stop: 1, bias: 1 } as const;
	assert.equal(decodeKeys(reader, parameters, 0), []);
	assert.equal(decodeKeys(reader, parameters, 2), [1, 2]);
	// The gaps of the rest count from zero again.
	assert.equal(decodeKeys(reader, parameters, 2), [0, 1]);
});

const MISORDERED: readonly { name: string; keys: readonly number[]; bias: 0 | 1; message: RegExp }[] = [
	{ name: 'a smaller key', keys: [5, 4], bias: 0, message: /got 4 where 5 or more is due/ },
	{ name: 'a repeated key', keys: [5, 5], bias: 1, message: /got 5 where 6 or more is due/ },
	{ name: 'a negative key', keys: [-1], bias: 1, message: /got -1/ },
	{ name: 'what is no number', keys: [1, Number.NaN], bias: 0, message: /got NaN/ },
];
for (const { name, keys, bias, message } of MISORDERED)
	golomb(`a caller's mistake is refused: ${name}`, () => {
		assert.throws(
			() => encodeKeys(new BitWriter(), keys, { remainderBits: 4, stop: 1, bias }),
			(error: Error) => error instanceof RangeError && message.test(error.message),
		);
	});

const everyDialect = function* (): Generator<GolombParameters> {
	for (let remainderBits = 0; remainderBits <= 31; remainderBits++)
		for (const stop of [0, 1] as const)
			for (const bias of [0, 1] as const) yield { remainderBits, stop, bias };
};

const randomKeys = (random: Random, { remainderBits, bias }: GolombParameters): number[] => {
	// Quotients of a hundred at most, so that no case is all unary.
	const below = Math.min(2 ** 40, 2 ** remainderBits * (1 + random.below(100)));
	const count = random.below(Math.min(60, below));
	return bias === 1
		? random.ascending(count, below)
		: ascending(Array.from({ length: count }, () => random.below(below)));
};

golomb(
	'keys come back from every combination of parameters',
	onRandom((random) => {
		for (const parameters of everyDialect())
			for (let round = 0; round < 20; round++) {
				const keys = randomKeys(random, parameters);
				const pad: 0 | 1 = parameters.stop === 1 ? 0 : 1;
				const bytes = encode(keys, { ...parameters, pad });
				assert.equal(decodeKeys(new BitReader(bytes), parameters, keys.length), keys);
				assert.equal(decodeKeys(new BitReader(bytes), parameters, 1e9), keys);
			}
	}),
);

golomb('keys up to 2^53 come back', () => {
	const keys = [0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, 2 ** 40, 2 ** 43 - 1];
	for (const stop of [0, 1] as const)
		for (const bias of [0, 1] as const) {
			const parameters = { remainderBits: 31, stop, bias };
			const bytes = encode(keys, { ...parameters, pad: 0 });
			assert.equal(decodeKeys(new BitReader(bytes), parameters, keys.length), keys);
		}
});

golomb(
	'a hostile text never throws, and yields at most one key a bit, each a whole number in order',
	onRandom((random) => {
		const inputs = [
			new Uint8Array(750),
			new Uint8Array(750).fill(0xff),
			new Uint8Array(750).fill(0x55),
			new Uint8Array(),
			Uint8Array.of(0x80),
			...Array.from({ length: 40 }, () => random.bytes(random.below(750))),
		];
		for (const parameters of everyDialect())
			for (const bytes of inputs)
				for (const most of [0, 1, 1e9, Number.POSITIVE_INFINITY]) {
					const keys = decodeKeys(new BitReader(bytes), parameters, most);
					assert.ok(keys.length <= Math.min(most, bytes.length * 8));
					let least = 0;
					for (const key of keys) {
						if (!(Number.isSafeInteger(key) && key >= least))
							assert.unreachable(`${key} of ${JSON.stringify(parameters)}`);
						least = key + parameters.bias;
					}
				}
	}),
);

golomb('all stop bits with no remainder are one key a bit', () => {
	const bytes = new Uint8Array(100).fill(0xff);
	const keys = decodeKeys(new BitReader(bytes), { remainderBits: 0, stop: 1, bias: 1 }, 1e9);
	assert.equal(
		keys,
		Array.from({ length: 800 }, (_, key) => key),
	);
});

golomb('a run that never stops is no key', () => {
	for (const stop of [0, 1] as const) {
		const bytes = new Uint8Array(750).fill(stop === 1 ? 0 : 0xff);
		assert.equal(decodeKeys(new BitReader(bytes), { remainderBits: 7, stop, bias: 1 }, 1e9), []);
	}
});

/** Bits that `keys` take, by the definition of the code. */
const bitsOf = (keys: readonly number[], remainderBits: number): number => {
	let bits = 0;
	let next = 0;
	for (const key of keys) {
		bits += Math.floor((key - next) / 2 ** remainderBits) + 1 + remainderBits;
		next = key + 1;
	}
	return bits;
};

golomb('a set takes as many bits as the code prescribes: quotient, stop bit, remainder', () => {
	const keys = [0, 1, 62, 64, 1000];
	for (const remainderBits of [0, 1, 6, 20]) {
		const writer = new BitWriter();
		encodeKeys(writer, keys, { remainderBits, stop: 1, bias: 1 });
		assert.is(writer.length, bitsOf(keys, remainderBits));
	}
});

golomb(
	'the remainder width chosen is within 1 % of the best of all widths, or some bits where keys are few',
	onRandom((random) => {
		for (const keyBits of [8, 13, 16, 18, 20, 32])
			for (const count of [1, 2, 3, 5, 8, 20, 50, 100, 127, 128, 181, 182, 470, 750, 1023]) {
				// A set that fills much of its range has shorter gaps than the estimate takes them for.
				if (count > 2 ** (keyBits - 3)) continue;
				// One set tells little about a width: the mean of several does.
				const totals = new Array<number>(32).fill(0);
				const rounds = Math.ceil(2000 / count);
				for (let round = 0; round < rounds; round++) {
					const keys = random.ascending(count, 2 ** keyBits);
					for (const width of totals.keys()) totals[width]! += bitsOf(keys, width) / rounds;
				}
				const best = Math.min(...totals);
				const chosen = totals[bestRemainderBits(count, keyBits)]!;
				assert.ok(
					chosen <= best * 1.01 + 2,
					`${count} keys of ${keyBits} bits: ${chosen} bits, at best ${best}`,
				);
			}
	}),
);

golomb('the remainder width is always one that can be written in five bits', () => {
	for (let keyBits = 0; keyBits <= 53; keyBits++)
		for (const count of [0, 1, 2, 1023, 2 ** 20, 2 ** 31]) {
			const width = bestRemainderBits(count, keyBits);
			assert.ok(Number.isInteger(width) && width >= 0 && width <= 31, `${count}, ${keyBits}: ${width}`);
		}
	assert.is(bestRemainderBits(0, 20), 0);
});

golomb.run();
