import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MAX_DIGEST_CHARACTERS } from '../src/digest/dialects.ts';
import {
	type Dialect,
	type DialectParameters,
	type Digest,
	type DigestResource,
	decode,
	encode,
} from '../src/digest/index.ts';
import { onRandom, type Random } from './support/random.ts';

const fuzz = suite('dialects-fuzz');

const DIALECTS: readonly Dialect[] = ['cache-digest', 'h2o-casper', 'go-casper'];
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const MOST_BYTES = (MAX_DIGEST_CHARACTERS / 4) * 3;

const randomParameters = (random: Random): DialectParameters => ({
	probability: 2 ** random.below(16),
	capacity: 1 + random.below(random.pick([1, 10, 100, 1000, 65_536])),
	capacityBits: 1 + random.below(15),
});

const randomUrl = (random: Random): string =>
	random.pick([
		() => `/assets/${random.below(1e9)}.css`,
		() => `https://example.com/${random.bits(40)}.js?v=${random.below(9)}`,
		() => random.text('/%?#é日😀\ud800 \0', random.below(20)),
	])();

const randomResource = (random: Random): DigestResource => ({
	url: randomUrl(random),
	...(random.once(3) && { etag: `${random.pick(['', 'W/'])}"${random.below(1e6)}"` }),
});

fuzz(
	'whatever was written is found, in every dialect and with all parameters',
	onRandom((random) => {
		for (let round = 0; round < 1500; round++) {
			const dialect = random.pick(DIALECTS);
			const parameters = randomParameters(random);
			const count = random.pick([0, 1, 2, random.below(30), random.below(300)]);
			const resources = Array.from({ length: count }, () => randomResource(random));
			if (count > 0 && random.once(3)) resources.push(random.pick(resources));
			const text = encode(dialect, resources, parameters);
			const digest = decode(dialect, text, parameters);
			const what = `${dialect} ${JSON.stringify(parameters)} ${text}`;
			assert.ok(digest, what);
			assert.ok(digest.size <= count && digest.size >= Math.min(1, count), what);
			for (const resource of resources)
				assert.ok(digest.has(resource), `${JSON.stringify(resource)} in ${what}`);
		}
	}),
);

/** How many of `probes` resources that are not in a digest it takes for its own. */
const countFalsePositives = (random: Random, digest: Digest, probes: number): number => {
	const run = random.bits(40);
	let found = 0;
	for (let probe = 0; probe < probes; probe++) if (digest.has({ url: `/probe/${run}/${probe}` })) found++;
	return found;
};

const expected: readonly {
	dialect: Dialect;
	count: number;
	parameters: DialectParameters;
	/** The probability of a false positive that the dialect promises. */
	promise: (size: number) => number;
}[] = [
	...[16, 64, 128, 256].flatMap((probability) => [
		// Around 22 and 23 the number of resources is rounded worst, down and up.
		...[1, 2, 22, 23, 100, 500].map((count) => ({
			dialect: 'cache-digest' as const,
			count,
			parameters: { probability },
			promise: () => 1 / probability,
		})),
		...[1, 10, 100].map((count) => ({
			dialect: 'go-casper' as const,
			count,
			parameters: { probability, capacity: count },
			promise: () => 1 / probability,
		})),
	]),
	...(
		[
			[10, 50],
			[13, 50],
			[13, 100],
			[15, 500],
		] as const
	).map(([capacityBits, count]) => ({
		dialect: 'h2o-casper' as const,
		count,
		parameters: { capacityBits },
		promise: (size: number) => size / 2 ** capacityBits,
	})),
];
for (const { dialect, count, parameters, promise } of expected)
	fuzz(
		`false positives are at most twice as frequent as promised: ${dialect}, ${count} resources, ${JSON.stringify(parameters)}`,
		onRandom((random) => {
			const run = random.bits(40);
			const resources = Array.from({ length: count }, (_, index) => ({ url: `/held/${run}/${index}` }));
			const digest = decode(dialect, encode(dialect, resources, parameters), parameters);
			assert.ok(digest);
			// At 200 due by chance, 400 are out of the question; rounding N makes them 283 at worst.
			const probes = Math.ceil(200 / promise(digest.size));
			const found = countFalsePositives(random, digest, probes);
			assert.ok(found <= 400, `${found} of ${probes}`);
		}),
	);

/** Reads `text` in every dialect: no exception, and no more keys than bits. */
const survive = (random: Random, text: string, bytes = Math.floor((text.length * 3) / 4)): void => {
	for (const dialect of DIALECTS) {
		const digest = decode(dialect, text, randomParameters(random));
		if (digest === undefined) continue;
		const what = `${dialect} ${text.slice(0, 200)}`;
		assert.ok(Number.isSafeInteger(digest.size) && digest.size >= 0 && digest.size <= bytes * 8, what);
		assert.type(digest.has(randomResource(random)), 'boolean', what);
	}
};

fuzz(
	'random bytes, whole digests damaged and texts of any characters never throw and yield at most one key a bit',
	onRandom((random) => {
		for (let round = 0; round < 1500; round++) {
			const length = random.pick([random.below(8), random.below(100), random.below(2000)]);
			const bytes = random.bytes(length);
			survive(random, Buffer.from(bytes).toString('base64url'), length);
			survive(random, random.text(BASE64URL, length));
			survive(random, random.text(`${BASE64URL}=+/ ;,"\0\u00e9\uffff\ud800`, length));

			const resources = Array.from({ length: random.below(60) }, () => randomResource(random));
			const whole = encode(random.pick(DIALECTS), resources, randomParameters(random));
			const at = random.below(whole.length + 1);
			survive(random, whole.slice(0, at));
			survive(random, whole.slice(at));
			survive(random, whole.slice(0, at) + random.pick([...BASE64URL]) + whole.slice(at + 1));
			survive(random, whole + random.text(BASE64URL, random.below(9)));
			survive(random, whole + whole);
		}
	}),
);

/** The longest text there may be, all of one byte behind a Cache-Digest header of log2 N and log2 P. */
const longest = (fill: number, log2N: number, log2P: number): string => {
	const bytes = Buffer.alloc(MOST_BYTES, fill);
	bytes.writeUInt16BE((log2N << 11) | (log2P << 6) | (fill & 63));
	return bytes.toString('base64url');
};

const HOSTILE: readonly { name: string; text: string }[] = [
	{ name: 'one key a bit', text: longest(0xff, 17, 0) },
	{ name: 'a run without end', text: longest(0, 31, 0) },
	{ name: 'keys as large as can be', text: longest(0x01, 31, 31) },
	{ name: 'alternating bits', text: longest(0x55, 31, 0) },
	{ name: 'alternating bits the other way', text: longest(0xaa, 22, 31) },
	{ name: 'zeros', text: 'A'.repeat(MAX_DIGEST_CHARACTERS) },
	{ name: 'ones', text: '_'.repeat(MAX_DIGEST_CHARACTERS) },
	{ name: 'sixteen million zeros', text: 'A'.repeat(2 ** 24) },
	{ name: 'sixteen million characters of no alphabet', text: '\uffff'.repeat(2 ** 24) },
];
const WIDEST: readonly DialectParameters[] = [
	{},
	{ probability: 1, capacity: 65_536, capacityBits: 15 },
	{ probability: 2 ** 16, capacity: 65_536, capacityBits: 1 },
];
for (const { name, text } of HOSTILE)
	fuzz(`a hostile text is read or refused in under a quarter of a second: ${name}`, () => {
		for (const dialect of DIALECTS)
			for (const parameters of WIDEST) {
				const start = performance.now();
				const digest = decode(dialect, text, parameters);
				const took = performance.now() - start;
				// It takes some milliseconds: the rest is for slow and busy machines.
				assert.ok(took < 250, `${dialect}: ${took} ms`);
				assert.ok((digest?.size ?? 0) <= MOST_BYTES * 8, dialect);
			}
	});

fuzz('the largest hostile digest keeps less than 2 MB', () => {
	setFlagsFromString('--expose-gc');
	const collect = runInNewContext('gc') as () => void;
	const text = longest(0xff, 17, 0);
	const kept: (Digest | undefined)[] = [];
	collect();
	const before = process.memoryUsage().heapUsed;
	for (let index = 0; index < 20; index++) kept.push(decode('cache-digest', text));
	collect();
	const each = (process.memoryUsage().heapUsed - before) / kept.length;
	assert.is(kept[0]?.size, MOST_BYTES * 8 - 10);
	assert.ok(each < 2e6, `${each} bytes`);
});

fuzz.run();
