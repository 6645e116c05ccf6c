import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BitWriter, formatBase64url, parseBase64url } from '../src/digest/bits.ts';
import {
	advanceRecord,
	type ClientRecord,
	findClaim,
	fitRecord,
	formatRecord,
	type Gift,
	type KeyBits,
	type KeyOracle,
	MAX_RECORD_CHARACTERS,
	PROVISIONAL_MINUTES,
	parseRecord,
	type Segment,
} from '../src/digest/cookie.ts';
import { bestRemainderBits, encodeKeys } from '../src/digest/golomb.ts';
import { LivingKeys } from '../src/digest/living-keys.ts';
import { KEY_BITS, keyOf, type ResourceVersion } from '../src/digest/resource-key.ts';
import { onRandom, type Random } from './support/random.ts';

const WIDTHS: readonly KeyBits[] = [20, 18, 16];
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** A usual time, in minutes since 1970. */
const NOW = 29_000_000;

const versionOf = (index: number): ResourceVersion => ({
	url: `/assets/${index}.js?v=1`,
	hash: index.toString(16).padStart(32, '0'),
});
const versions = (count: number, from = 0): ResourceVersion[] =>
	Array.from({ length: count }, (_, index) => versionOf(from + index));

/** `count` versions whose keys differ at every width, so that no claim is there by chance. */
const distinctVersions = (count: number): ResourceVersion[] => {
	const byKey = new Map<number, ResourceVersion>();
	for (let index = 0; byKey.size < count; index++) {
		const version = versionOf(index);
		const key = keyOf(version) >> (KEY_BITS - 16);
		if (!byKey.has(key)) byKey.set(key, version);
	}
	return [...byKey.values()];
};

const giftsOf = (given: readonly ResourceVersion[], atMinutes: number): Gift[] =>
	given.map((version) => ({ version, atMinutes }));

const EVERYTHING: KeyOracle = { isCurrent: () => true, needsAge: () => false };
const EVERYTHING_AGES: KeyOracle = { isCurrent: () => true, needsAge: () => true };
const NOTHING: KeyOracle = { isCurrent: () => false, needsAge: () => false };

const ageless = (...keys: number[]): Segment => ({ sinceMinutes: undefined, keys });
const since = (sinceMinutes: number, ...keys: number[]): Segment => ({ sinceMinutes, keys });
const record = (keyBits: KeyBits, first: Segment, ...others: Segment[]): ClientRecord => ({
	keyBits,
	segments: [first, ...others],
});

const randomRecord = (random: Random): ClientRecord => {
	const keyBits = random.pick(WIDTHS);
	const most = random.pick([0, 1, 5, 60, 180]);
	const keys = (): number[] => random.ascending(random.below(most + 1), 2 ** keyBits);
	const stamps = Array.from({ length: random.below(4) }, () => random.bits(28)).sort((a, b) => a - b);
	return record(keyBits, ageless(...keys()), ...stamps.map((stamp) => since(stamp, ...keys())));
};

const text = suite('cookie text');

const WRITTEN: readonly { name: string; input: ClientRecord }[] = [
	{ name: 'nothing', input: record(20, ageless()) },
	{ name: 'the smallest key', input: record(20, ageless(0)) },
	{ name: 'the largest key of 20 bits', input: record(20, ageless(2 ** 20 - 1)) },
	{ name: 'the largest key of 18 bits', input: record(18, ageless(2 ** 18 - 1)) },
	{ name: 'the largest key of 16 bits', input: record(16, ageless(0, 2 ** 16 - 1)) },
	{ name: 'neighbours', input: record(20, ageless(7, 8, 9, 1_048_575)) },
	{ name: 'one age', input: record(20, ageless(), since(NOW, 5)) },
	{ name: 'three ages', input: record(18, ageless(1), since(0, 2), since(NOW, 3), since(2 ** 28 - 1, 4)) },
	{ name: 'equal ages', input: record(20, ageless(), since(NOW, 1), since(NOW, 2)) },
	{ name: 'the same key at several ages', input: record(20, ageless(5), since(1, 5), since(2, 5)) },
	{
		name: 'as many keys as a segment can have',
		input: record(20, ageless(...Array.from({ length: 1023 }, (_, key) => key))),
	},
];
for (const { name, input } of WRITTEN)
	text(`what is written is read back: ${name}`, () => {
		const written = formatRecord(input);
		assert.match(written, /^[\w-]+$/);
		if (written.length <= MAX_RECORD_CHARACTERS) assert.equal(parseRecord(written), input);
	});

text(
	'what is written is read back: random records of every width and number of segments',
	onRandom((random) => {
		for (let round = 0; round < 2000; round++) {
			const input = randomRecord(random);
			const written = formatRecord(input);
			const read = parseRecord(written);
			if (written.length > MAX_RECORD_CHARACTERS) assert.is(read, undefined);
			else {
				assert.equal(read, input);
				assert.is(formatRecord(read!), written);
			}
		}
	}),
);

text('the layout stands: a record that a browser holds already must stay readable', () => {
	const input = record(20, ageless(1, 1000), since(NOW, 500_000));
	//       version width segments | count, remainder, gaps 1 and 998 | minutes, count, remainder, gap
	const bits = [
		'001 00 01',
		`0000000010 10010 1${(1).toString(2).padStart(18, '0')} 1${(998).toString(2).padStart(18, '0')}`,
		`${NOW.toString(2).padStart(28, '0')} 0000000001 10011 1${(500_000).toString(2).padStart(19, '0')}`,
	];
	const joined = bits.join('').replaceAll(' ', '');
	const bytes = joined.match(/.{1,8}/g)!.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
	assert.is(formatRecord(input), Buffer.from(bytes).toString('base64url'));
	assert.equal(parseRecord(Buffer.from(bytes).toString('base64url')), input);
});

/** The text of what {@link formatRecord} would not write: every field as given. */
interface Raw {
	readonly version?: number;
	readonly width?: number;
	readonly stamped?: number;
	readonly segments?: readonly {
		readonly since?: number;
		readonly keys: readonly number[];
		readonly count?: number;
		readonly remainderBits?: number;
	}[];
	/** What fills the last byte. */
	readonly pad?: 0 | 1;
	readonly tail?: readonly number[];
}
const rawText = ({
	version = 1,
	width = 0,
	stamped,
	segments = [{ keys: [] }],
	pad = 0,
	tail = [],
}: Raw): string => {
	const writer = new BitWriter();
	writer.write(version, 3);
	writer.write(width, 2);
	writer.write(stamped ?? segments.length - 1, 2);
	for (const { since: minutes, keys, count = keys.length, remainderBits } of segments) {
		const remainder = remainderBits ?? bestRemainderBits(count, WIDTHS[width] ?? 20);
		if (minutes !== undefined) writer.write(minutes, 28);
		writer.write(count, 10);
		writer.write(remainder, 5);
		encodeKeys(writer, keys, { remainderBits: remainder, stop: 1, bias: 1 });
	}
	return formatBase64url(Uint8Array.of(...writer.toBytes(pad), ...tail));
};

const VALID: Raw = { segments: [{ keys: [1, 5, 1000] }, { since: NOW, keys: [3, 700_000] }] };

text('a text built field by field is one that is read', () => {
	assert.equal(parseRecord(rawText(VALID)), record(20, ageless(1, 5, 1000), since(NOW, 3, 700_000)));
	assert.equal(parseRecord(rawText({})), record(20, ageless()));
});

const MALFORMED: readonly { name: string; input: string }[] = [
	{ name: 'nothing', input: '' },
	{ name: 'one character', input: 'A' },
	{ name: "another format's cookie", input: 'AAAAVAAAAAwg' },
	{ name: 'padding of base64', input: `${rawText(VALID)}=` },
	{ name: 'quotes', input: `"${rawText(VALID)}"` },
	{ name: 'a space', input: ` ${rawText(VALID)}` },
	...[0, 2, 3, 4, 5, 6, 7].map((version) => ({
		name: `version ${version}`,
		input: rawText({ ...VALID, version }),
	})),
	{ name: 'the width that stands for none', input: rawText({ ...VALID, width: 3 }) },
	{ name: 'fewer segments than announced', input: rawText({ ...VALID, stamped: 2 }) },
	{ name: 'more segments than announced', input: rawText({ ...VALID, stamped: 0 }) },
	{ name: 'four segments announced and none there', input: rawText({ stamped: 3, segments: [] }) },
	{ name: 'a count larger than the data', input: rawText({ segments: [{ keys: [1, 5], count: 3 }] }) },
	{ name: 'the largest count and no data', input: rawText({ segments: [{ keys: [], count: 1023 }] }) },
	{ name: 'a count smaller than the data', input: rawText({ segments: [{ keys: [1, 5, 9], count: 1 }] }) },
	{ name: 'a key of 2^20', input: rawText({ segments: [{ keys: [2 ** 20] }] }) },
	{
		name: 'a key of 2^18 where keys have 18 bits',
		input: rawText({ width: 1, segments: [{ keys: [5, 2 ** 18] }] }),
	},
	{
		name: 'a key of 2^16 where keys have 16 bits',
		input: rawText({ width: 2, segments: [{ keys: [2 ** 16] }] }),
	},
	{ name: 'a key past 2^32', input: rawText({ segments: [{ keys: [2 ** 33], remainderBits: 31 }] }) },
	{ name: 'one byte of zeros behind', input: rawText({ ...VALID, tail: [0] }) },
	{ name: 'one byte behind', input: rawText({ ...VALID, tail: [0x80] }) },
	{ name: 'many bytes behind', input: rawText({ ...VALID, tail: new Array<number>(100).fill(0xff) }) },
	{ name: 'set bits behind the last key', input: rawText({ ...VALID, pad: 1 }) },
	{
		name: 'another remainder width than is best',
		input: rawText({ segments: [{ keys: [1, 5, 1000], remainderBits: 17 }] }),
	},
	{ name: 'a remainder width for no keys', input: rawText({ segments: [{ keys: [], remainderBits: 18 }] }) },
	{
		name: 'the largest remainder width',
		input: rawText({ segments: [{ keys: [1], remainderBits: 31 }] }),
	},
	{
		name: 'a younger segment before an older one',
		input: rawText({ segments: [{ keys: [] }, { since: NOW, keys: [1] }, { since: NOW - 1, keys: [2] }] }),
	},
	{ name: '1001 characters', input: 'A'.repeat(1001) },
	{
		name: 'a well-formed record of more than 1000 characters',
		input: formatRecord(record(20, ageless(...Array.from({ length: 600 }, (_, index) => index * 1700)))),
	},
	{ name: 'a megabyte', input: 'K'.repeat(2 ** 20) },
	{ name: '1000 characters of zeros', input: 'A'.repeat(1000) },
	{ name: '1000 characters of ones', input: '_'.repeat(1000) },
];
for (const { name, input } of MALFORMED)
	text(`what would not have been written is no record: ${name}`, () => {
		const read = parseRecord(input);
		assert.is(read, undefined, `read as ${JSON.stringify(read)?.slice(0, 200)}`);
	});

text('a record cut off at any character is no record', () => {
	const whole = rawText(VALID);
	for (let length = 0; length < whole.length; length++)
		assert.is(parseRecord(whole.slice(0, length)), undefined, whole.slice(0, length));
});

text('a record cut off at any byte is no record', () => {
	const whole = parseBase64url(rawText(VALID))!;
	for (let length = 0; length < whole.length; length++)
		assert.is(parseRecord(formatBase64url(whole.subarray(0, length))), undefined, `${length} bytes`);
});

text('a record of exactly 1000 characters is read', () => {
	const keys: number[] = [];
	for (
		let key = 0;
		formatRecord(record(20, ageless(...keys, key))).length <= MAX_RECORD_CHARACTERS;
		key += 2100
	)
		keys.push(key);
	const written = formatRecord(record(20, ageless(...keys)));
	assert.ok(written.length > MAX_RECORD_CHARACTERS - 4);
	assert.ok(parseRecord(written));
});

/** `whole` with one to four things wrong with it. */
const damaged = (random: Random, whole: string): string => {
	let result = whole;
	for (let times = random.below(4); times >= 0; times--) {
		const at = random.below(result.length + 1);
		const [before, after] = [result.slice(0, at), result.slice(at)];
		const other = random.once(10) ? random.text('=+/ "%\0é\u{1f600}', 1) : random.text(ALPHABET, 1);
		result = random.pick([
			`${before}${other}${after}`,
			`${before}${other}${after.slice(1)}`,
			`${before}${after.slice(1)}`,
			before,
			after,
			`${result}${before}`,
			flipBit(random, result),
			flipBit(random, result),
			flipBit(random, result),
		]);
	}
	return result;
};
const flipBit = (random: Random, whole: string): string => {
	const bytes = parseBase64url(whole);
	if (bytes === undefined || bytes.length === 0) return whole;
	bytes[random.below(Math.min(bytes.length, random.pick([8, 1000])))]! ^= 1 << random.below(8);
	return formatBase64url(bytes);
};

text(
	'of 20,000 random and damaged texts none throws, and what is read is written again as the same text',
	onRandom((random) => {
		const start = performance.now();
		let read = 0;
		for (let round = 0; round < 20_000; round++) {
			const input = random.once(4)
				? random.text(ALPHABET, random.below(1100))
				: damaged(random, formatRecord(randomRecord(random)));
			const found = parseRecord(input);
			if (found === undefined) continue;
			read++;
			if (formatRecord(found) !== input) assert.unreachable(`${input} is written as ${formatRecord(found)}`);
			assert.ok(found.segments.length <= 4);
			for (const { keys } of found.segments) {
				assert.ok(keys.length <= 1023);
				for (const [index, key] of keys.entries())
					if (!(key > (keys[index - 1] ?? -1) && key < 2 ** found.keyBits)) assert.unreachable(input);
			}
			if (random.once(20)) {
				const next = advanceRecord(found, giftsOf(versions(3), NOW), EVERYTHING, NOW);
				assert.ok(parseRecord(formatRecord(next)), `what follows on ${input}`);
			}
		}
		assert.ok(read > 200, `only ${read} were read at all`);
		assert.ok(performance.now() - start < 60_000);
	}),
);

text(
	'a valid beginning with anything behind it costs bounded work',
	onRandom((random) => {
		const start = performance.now();
		for (let round = 0; round < 2000; round++) {
			const fields = formatBase64url(
				(() => {
					const writer = new BitWriter();
					writer.write(1, 3);
					writer.write(random.below(3), 2);
					writer.write(random.below(4), 2);
					writer.write(random.below(1024), 10);
					writer.write(random.below(32), 5);
					return writer.toBytes(random.pick([0, 1]));
				})(),
			);
			const rest = random.pick(['A', '_', 'gIA', random.text(ALPHABET, 50)]).repeat(1000);
			const input = (fields + rest).slice(0, 1000);
			const found = parseRecord(input);
			if (found !== undefined) assert.is(formatRecord(found), input);
		}
		assert.ok(performance.now() - start < 30_000);
	}),
);

const claims = suite('cookie claims');

claims('a record claims what was given and nothing of what was not', () => {
	const [known, unknown] = [versions(5), versions(5, 100)];
	const next = advanceRecord(undefined, giftsOf(known, NOW), EVERYTHING, NOW);
	for (const version of known) assert.is(findClaim(next, version)?.sinceMinutes, NOW);
	for (const version of unknown) assert.is(findClaim(next, version), undefined);
	for (const { url, hash } of known) {
		assert.is(findClaim(next, { url: `${url}0`, hash }), undefined, 'another query');
		assert.is(findClaim(next, { url, hash: `f${hash.slice(1)}` }), undefined, 'another content');
	}
});

claims('a record without keys claims nothing', () => {
	for (const version of versions(1000)) assert.is(findClaim(record(16, ageless()), version), undefined);
});

claims('of several ages of a claim the youngest holds', () => {
	const version = versionOf(1);
	const key = keyOf(version);
	assert.is(findClaim(record(20, ageless(key), since(5, key), since(9, key)), version)?.sinceMinutes, 9);
	assert.is(findClaim(record(20, ageless(), since(5, key), since(9, 1)), version)?.sinceMinutes, 5);
	assert.ok(findClaim(record(20, ageless(key), since(5, 1)), version));
});

for (const keyBits of WIDTHS)
	claims(`at ${keyBits} bits, the first and the last key of a record are found`, () => {
		const given = distinctVersions(50).sort((a, b) => keyOf(a) - keyOf(b));
		const keys = given.map((version) => keyOf(version) >> (KEY_BITS - keyBits));
		for (const count of [1, 2, 3, 49, 50])
			for (const version of given.slice(0, count))
				assert.ok(findClaim(record(keyBits, ageless(...keys.slice(0, count))), version));
	});

claims(
	'no claim is ever lost, and none becomes younger than its gift: random visits, changes of the site and clocks',
	onRandom((random) => {
		for (let history = 0; history < 30; history++) {
			const pool = distinctVersions(420);
			const aged = new Set(pool.filter(() => random.once(3)).map(keyOf));
			const living = new LivingKeys();
			const present = new Set<ResourceVersion>(pool);
			for (const version of pool) living.add(version, aged.has(keyOf(version)));
			/** When each was given last, for as long as it has been there since. */
			const given = new Map<ResourceVersion, number>();
			let current: ClientRecord | undefined;
			let now = NOW;
			for (let visit = 0; visit < 40; visit++) {
				now += random.pick([0, 1, 5, 9, 10, 11, 60, 5000, -3, -2000]);
				for (let change = random.below(20); change > 0; change--) {
					const version = random.pick(pool);
					if (present.delete(version)) living.remove(version);
					else {
						present.add(version);
						living.add(version, aged.has(keyOf(version)));
					}
				}
				for (const version of given.keys()) if (!present.has(version)) given.delete(version);
				const gifts = Array.from({ length: random.below(40) }, () => ({
					version: random.pick(pool),
					atMinutes: now - random.pick([0, 0, 0, 1, 15, 300, -5]),
				}));
				current = advanceRecord(current, gifts, living, now);
				for (const { version, atMinutes } of gifts)
					if (present.has(version))
						given.set(version, Math.max(atMinutes, given.get(version) ?? Number.NEGATIVE_INFINITY));

				const written = formatRecord(current);
				assert.ok(written.length <= MAX_RECORD_CHARACTERS);
				assert.equal(parseRecord(written), current);
				for (const [version, atMinutes] of given) {
					const claim = findClaim(current, version);
					assert.ok(claim, `${version.url}, visit ${visit}`);
					assert.ok((claim.sinceMinutes ?? 0) <= atMinutes);
					assert.ok((claim.sinceMinutes ?? 0) <= now, 'a claim from the future');
				}
				// Keys differ at every width, so a claim for what was never given or is gone has no excuse.
				for (const version of pool)
					if (!given.has(version) && !present.has(version) && findClaim(current, version))
						assert.unreachable(`${version.url} is gone, yet claimed`);
			}
		}
	}),
);

for (const { keyBits, count } of [
	{ keyBits: 20, count: 440 },
	{ keyBits: 18, count: 540 },
	{ keyBits: 16, count: 720 },
] as const)
	claims(`at ${keyBits} bits false positives are no more than twice keys / 2^${keyBits}`, () => {
		const held = advanceRecord(undefined, giftsOf(versions(count), NOW), EVERYTHING, NOW);
		assert.is(held.keyBits, keyBits);
		for (const version of versions(count)) assert.ok(findClaim(held, version));
		const probes = 100_000;
		let wrong = 0;
		for (let index = 0; index < probes; index++) if (findClaim(held, versionOf(10_000 + index))) wrong++;
		const expected = (probes * count) / 2 ** keyBits;
		assert.ok(wrong <= 2 * expected, `${wrong}, expected ${expected}`);
		assert.ok(wrong >= expected / 2, `${wrong}, expected ${expected}: are there keys at all?`);
	});

const size = suite('cookie size');

size(
	'1000 characters hold about 470 keys of 20 bits, 570 of 18 and 750 of 16',
	onRandom((random) => {
		for (const { keyBits, least, most } of [
			{ keyBits: 20, least: 455, most: 490 },
			{ keyBits: 18, least: 560, most: 600 },
			{ keyBits: 16, least: 735, most: 775 },
		] as const) {
			const fits = (count: number): boolean =>
				formatRecord(record(keyBits, ageless(...random.ascending(count, 2 ** keyBits)))).length <=
				MAX_RECORD_CHARACTERS;
			assert.ok(fits(least), `${least} keys of ${keyBits} bits`);
			assert.not(fits(most), `${most} keys of ${keyBits} bits`);
		}
	}),
);

for (const { count, keyBits } of [
	{ count: 0, keyBits: 20 },
	{ count: 1, keyBits: 20 },
	{ count: 455, keyBits: 20 },
	{ count: 490, keyBits: 18 },
	{ count: 560, keyBits: 18 },
	{ count: 600, keyBits: 16 },
	{ count: 735, keyBits: 16 },
] as const)
	size(`${count} gifts are kept at ${keyBits} bits, every one of them`, () => {
		const given = versions(count);
		const next = advanceRecord(undefined, giftsOf(given, NOW), EVERYTHING, NOW);
		assert.is(next.keyBits, keyBits);
		assert.ok(formatRecord(next).length <= MAX_RECORD_CHARACTERS);
		for (const version of given) assert.ok(findClaim(next, version), version.url);
	});

for (const count of [760, 1023, 1024, 1100, 2000, 5000])
	size(`of ${count} gifts at once as many are kept as fit`, () => {
		const next = advanceRecord(undefined, giftsOf(versions(count), NOW), EVERYTHING, NOW);
		assert.is(next.keyBits, 16);
		const written = formatRecord(next);
		assert.ok(written.length <= MAX_RECORD_CHARACTERS);
		assert.ok(written.length >= MAX_RECORD_CHARACTERS - 20, `${written.length} characters`);
		assert.ok(next.segments[1]!.keys.length >= 700, `${next.segments[1]!.keys.length} keys`);
		assert.equal(parseRecord(written), next);
	});

size(
	'whatever goes in, no more than 1000 characters come out, and they are read back',
	onRandom((random) => {
		for (let round = 0; round < 60; round++) {
			const many = (): number => random.pick([0, 1, 200, 500, 900, 1500]);
			const keyBits = random.pick(WIDTHS);
			const clustered = (): number[] => {
				const first = random.below(2 ** keyBits - 1500);
				return Array.from({ length: many() }, (_, index) => first + index);
			};
			const keys = (): number[] => (random.once(3) ? clustered() : random.ascending(many(), 2 ** keyBits));
			const stamps = Array.from({ length: random.below(4) }, () => random.bits(28)).sort((a, b) => a - b);
			const input = record(keyBits, ageless(...keys()), ...stamps.map((stamp) => since(stamp, ...keys())));
			const oracle: KeyOracle = { isCurrent: () => true, needsAge: (key) => key % 3 === 0 };
			for (const output of [
				fitRecord(input),
				advanceRecord(input, giftsOf(versions(many(), round * 1000), NOW), oracle, NOW),
			]) {
				const written = formatRecord(output);
				assert.ok(written.length <= MAX_RECORD_CHARACTERS);
				assert.equal(parseRecord(written), output);
			}
		}
	}),
);

size('a record is never longer than 1000 characters: browsers drop a cookie of more than 4096 whole', () => {
	assert.is(MAX_RECORD_CHARACTERS, 1000);
});

size(
	'few keys always fit as they are, however they lie and are divided',
	onRandom((random) => {
		const stacked = (count: number, keyBits: number): number[] =>
			Array.from({ length: count }, (_, index) => 2 ** keyBits - count + index);
		for (const keyBits of WIDTHS)
			for (const counts of [
				[250],
				[0, 250],
				[1, 247, 1, 1],
				[62, 62, 63, 63],
				[100, 0, 0, 150],
				[247, 1, 1, 1],
			])
				for (const keys of [stacked, (count: number) => random.ascending(count, 2 ** keyBits)]) {
					const [first = [], ...others] = counts.map((count) => keys(count, keyBits));
					const input = record(keyBits, ageless(...first), ...others.map((part) => since(NOW, ...part)));
					assert.equal(fitRecord(input), input);
					assert.ok(formatRecord(input).length <= MAX_RECORD_CHARACTERS);
				}
	}),
);

size(
	'a record of exactly 1000 characters stays as it is, one of a character more does not',
	onRandom((random) => {
		let keys = random.ascending(440, 2 ** 20);
		const lengthOf = (): number => formatRecord(record(20, ageless(...keys))).length;
		while (lengthOf() < 1000) keys = [...new Set([...keys, random.bits(20)])].sort((a, b) => a - b);
		// A key takes more than a character: most sets pass 1000 by.
		while (lengthOf() !== 1000) keys = random.ascending(keys.length + Math.sign(1000 - lengthOf()), 2 ** 20);
		const full = record(20, ageless(...keys));
		assert.equal(fitRecord(full), full);
		assert.equal(parseRecord(formatRecord(full)), full);
		while (lengthOf() <= 1000) keys = [...new Set([...keys, random.bits(20)])].sort((a, b) => a - b);
		assert.is(fitRecord(record(20, ageless(...keys))).keyBits, 18);
	}),
);

size('what fits stays as it is', () => {
	const input = record(20, ageless(1, 2, 3), since(5, 9), since(9, 8));
	assert.equal(fitRecord(input), input);
});

size('narrower keys claim what the wider ones claimed, at the same age', () => {
	const [old, young] = [versions(250), versions(250, 250)];
	const first = advanceRecord(undefined, giftsOf(old, NOW), EVERYTHING, NOW);
	assert.is(first.keyBits, 20);
	const second = advanceRecord(first, giftsOf(young, NOW + 60), EVERYTHING, NOW + 60);
	assert.is(second.keyBits, 18);
	for (const version of old) assert.ok(findClaim(second, version));
	for (const version of young) assert.is(findClaim(second, version)?.sinceMinutes, NOW + 60);
	const third = advanceRecord(second, giftsOf(versions(150, 500), NOW + 120), EVERYTHING, NOW + 120);
	assert.is(third.keyBits, 16);
	for (const version of versions(650)) assert.ok(findClaim(third, version));
});

size('a narrowed record has its keys in order and each once', () => {
	const keys = Array.from({ length: 1023 }, (_, index) => index * 2);
	const clusters = record(
		20,
		ageless(...keys),
		since(5, ...keys),
		since(6, ...Array.from({ length: 500 }, (_, index) => index * 2097)),
	);
	const fitted = fitRecord(clusters);
	assert.equal(parseRecord(formatRecord(fitted)), fitted);
});
size('what does not fit at 16 bits loses its oldest keys first: those without age, then by age', () => {
	const [settled, oldest, older, newest] = [0, 1, 2, 3].map((part) =>
		distinctVersions(1000).slice(part * 250, part * 250 + 250),
	);
	let current = advanceRecord(undefined, giftsOf(settled!, NOW - 20), EVERYTHING, NOW);
	current = advanceRecord(current, giftsOf(oldest!, NOW + 1), EVERYTHING_AGES, NOW + 1);
	current = advanceRecord(current, giftsOf(older!, NOW + 2), EVERYTHING_AGES, NOW + 2);
	current = advanceRecord(current, giftsOf(newest!, NOW + 3), EVERYTHING_AGES, NOW + 3);
	const count = (part: ResourceVersion[] | undefined): number =>
		part!.filter((version) => findClaim(current, version)).length;
	assert.is(count(newest), 250);
	assert.is(count(older), 250);
	assert.ok(count(oldest) > 50, `${count(oldest)} of the oldest with an age`);
	assert.is(count(settled), 0);
	// Twice as many new ones push out the next ages.
	current = advanceRecord(
		current,
		giftsOf(distinctVersions(1600).slice(1000), NOW + 4),
		EVERYTHING_AGES,
		NOW + 4,
	);
	assert.is(count(oldest), 0);
	assert.ok(count(older) === 0 || count(newest) === 250);
	for (const version of distinctVersions(1600).slice(1000)) assert.ok(findClaim(current, version));
});

size('a segment that lost all its keys is gone, the ageless one stays first', () => {
	const keys = (from: number): number[] => Array.from({ length: 900 }, (_, index) => from + index * 70);
	const fitted = fitRecord(record(16, ageless(...keys(0)), since(5, ...keys(30)), since(6, ...keys(60))));
	assert.is(fitted.segments.length, 2);
	assert.equal(fitted.segments[0], ageless());
	assert.is(fitted.segments[1]!.sinceMinutes, 6);
	assert.ok(fitted.segments[1]!.keys.length > 600);
});

const ageing = suite('cookie ageing');

const shape = ({ segments }: ClientRecord): string =>
	segments.map(({ sinceMinutes, keys }) => `${sinceMinutes ?? 'ageless'}: ${keys.length}`).join(', ');

ageing('what was just given is provisional: a segment of its own', () => {
	const next = advanceRecord(undefined, giftsOf(versions(3), NOW), EVERYTHING, NOW);
	assert.is(shape(next), `ageless: 0, ${NOW}: 3`);
});

ageing('a segment has the age of its oldest member', () => {
	const gifts = [...giftsOf(versions(2), NOW - 3), ...giftsOf(versions(2, 2), NOW)];
	assert.is(shape(advanceRecord(undefined, gifts, EVERYTHING, NOW)), `ageless: 0, ${NOW - 3}: 4`);
	assert.is(
		shape(advanceRecord(undefined, gifts.toReversed(), EVERYTHING, NOW)),
		`ageless: 0, ${NOW - 3}: 4`,
	);
});

for (const { name, minutes, oracle, want } of [
	{ name: 'just given', minutes: 0, oracle: EVERYTHING, want: `ageless: 0, ${NOW}: 3` },
	{
		name: 'nine minutes later',
		minutes: PROVISIONAL_MINUTES - 1,
		oracle: EVERYTHING,
		want: `ageless: 0, ${NOW}: 3`,
	},
	{ name: 'ten minutes later', minutes: PROVISIONAL_MINUTES, oracle: EVERYTHING, want: 'ageless: 3' },
	{ name: 'a year later', minutes: 525_600, oracle: EVERYTHING, want: 'ageless: 3' },
	{
		name: 'ten minutes later, where age matters',
		minutes: PROVISIONAL_MINUTES,
		oracle: EVERYTHING_AGES,
		want: `ageless: 0, ${NOW}: 3`,
	},
	{
		name: 'a year later, where age matters',
		minutes: 525_600,
		oracle: EVERYTHING_AGES,
		want: `ageless: 0, ${NOW}: 3`,
	},
	{ name: 'the clock set back', minutes: -60, oracle: EVERYTHING, want: `ageless: 0, ${NOW - 60}: 3` },
	{ name: 'the clock set back to 1970', minutes: -NOW, oracle: EVERYTHING, want: 'ageless: 0, 0: 3' },
])
	ageing(`a provisional claim settles after ten minutes, unless its age matters: ${name}`, () => {
		const first = advanceRecord(undefined, giftsOf(versions(3), NOW), oracle, NOW);
		const next = advanceRecord(first, [], oracle, NOW + minutes);
		assert.is(shape(next), want);
		for (const version of versions(3)) assert.ok(findClaim(next, version));
	});

ageing('of a segment only the keys settle whose age does not matter', () => {
	const first = advanceRecord(undefined, giftsOf(versions(6), NOW), EVERYTHING, NOW);
	const aged = new Set(versions(2).map(keyOf));
	const oracle: KeyOracle = { isCurrent: () => true, needsAge: (key) => aged.has(key) };
	const next = advanceRecord(first, [], oracle, NOW + 10);
	assert.is(shape(next), `ageless: 4, ${NOW}: 2`);
	for (const version of versions(2)) assert.is(findClaim(next, version)?.sinceMinutes, NOW);
});

ageing('a gift of long ago on this connection is settled at once, unless its age matters', () => {
	const gifts = giftsOf(versions(2), NOW - 10);
	assert.is(shape(advanceRecord(undefined, gifts, EVERYTHING, NOW)), 'ageless: 2');
	assert.is(shape(advanceRecord(undefined, gifts, EVERYTHING_AGES, NOW)), `ageless: 0, ${NOW - 10}: 2`);
});

ageing('what is given again becomes young again where its age matters', () => {
	const first = advanceRecord(undefined, giftsOf(versions(3), NOW), EVERYTHING_AGES, NOW);
	const next = advanceRecord(first, giftsOf(versions(1), NOW + 60), EVERYTHING_AGES, NOW + 60);
	assert.is(shape(next), `ageless: 0, ${NOW}: 2, ${NOW + 60}: 1`);
	assert.is(findClaim(next, versionOf(0))?.sinceMinutes, NOW + 60);
	assert.is(findClaim(next, versionOf(1))?.sinceMinutes, NOW);
});

ageing('what is settled stays settled when it is given again', () => {
	const first = advanceRecord(undefined, giftsOf(versions(3), NOW), EVERYTHING, NOW + 10);
	const next = advanceRecord(first, giftsOf(versions(3), NOW + 20), EVERYTHING, NOW + 20);
	assert.is(shape(next), 'ageless: 3');
});

ageing('of more than three ages the two oldest are joined, and keep the older one', () => {
	let current: ClientRecord | undefined;
	for (const part of [0, 1, 2, 3, 4])
		current = advanceRecord(
			current,
			giftsOf(versions(part + 1, part * 10), NOW + part),
			EVERYTHING_AGES,
			NOW + part,
		);
	assert.is(shape(current!), `ageless: 0, ${NOW}: 6, ${NOW + 3}: 4, ${NOW + 4}: 5`);
	for (const part of [0, 1, 2])
		for (const version of versions(part + 1, part * 10))
			assert.is(findClaim(current!, version)?.sinceMinutes, NOW);
});

ageing('a gift from before the record is sorted in by its age', () => {
	const first = advanceRecord(undefined, giftsOf(versions(1), NOW), EVERYTHING_AGES, NOW);
	const next = advanceRecord(first, giftsOf(versions(2, 10), NOW - 5), EVERYTHING_AGES, NOW);
	assert.is(shape(next), `ageless: 0, ${NOW - 5}: 2, ${NOW}: 1`);
});

ageing('stamps of the future count from now on: claims stand, and settle ten minutes later', () => {
	const future = record(
		20,
		ageless(),
		since(NOW + 100, keyOf(versionOf(0))),
		since(NOW + 200, keyOf(versionOf(1))),
	);
	const next = advanceRecord(future, [], EVERYTHING, NOW);
	for (const version of versions(2)) assert.is(findClaim(next, version)?.sinceMinutes, NOW);
	assert.is(shape(advanceRecord(next, [], EVERYTHING, NOW + 10)), 'ageless: 2');
});

ageing('a gift of the future counts from now on', () => {
	const next = advanceRecord(undefined, giftsOf(versions(1), NOW + 100), EVERYTHING_AGES, NOW);
	assert.is(findClaim(next, versionOf(0))?.sinceMinutes, NOW);
});

ageing('neither the record nor what it was made from is changed', () => {
	const keys = Object.freeze([1, 2, 3]) as unknown as number[];
	const frozen = Object.freeze({
		keyBits: 20 as const,
		segments: Object.freeze([
			Object.freeze({ sinceMinutes: undefined, keys }),
			Object.freeze({ sinceMinutes: NOW - 20, keys }),
		]) as unknown as ClientRecord['segments'],
	});
	advanceRecord(frozen, giftsOf(versions(3), NOW), EVERYTHING, NOW);
	fitRecord(frozen);
	assert.equal(
		frozen.segments.map((segment) => segment.keys),
		[
			[1, 2, 3],
			[1, 2, 3],
		],
	);
});

const pruning = suite('cookie pruning');

pruning('what the site no longer has is gone, what it has stays', () => {
	const living = new LivingKeys();
	const [kept, lost] = [versions(20), versions(20, 100)];
	for (const version of [...kept, ...lost]) living.add(version, false);
	const first = advanceRecord(undefined, giftsOf([...kept, ...lost], NOW), living, NOW);
	for (const version of lost) living.remove(version);
	const next = advanceRecord(first, [], living, NOW);
	assert.is(shape(next), `ageless: 0, ${NOW}: 20`);
	for (const version of kept) assert.ok(findClaim(next, version));
	for (const version of lost) assert.is(findClaim(next, version), undefined);
});

pruning('the same at narrower widths, in every segment', () => {
	for (const keyBits of WIDTHS) {
		const living = new LivingKeys();
		const [kept, lost] = [distinctVersions(40).slice(0, 20), distinctVersions(40).slice(20)];
		for (const version of kept) living.add(version, true);
		const keys = (given: readonly ResourceVersion[]): number[] =>
			given.map((version) => keyOf(version) >> (KEY_BITS - keyBits)).sort((a, b) => a - b);
		const all = keys([...kept, ...lost]);
		const next = advanceRecord(
			record(keyBits, ageless(...all), since(5, ...all), since(6, ...all)),
			[],
			living,
			NOW,
		);
		assert.equal(
			next,
			record(keyBits, ageless(...keys(kept)), since(5, ...keys(kept)), since(6, ...keys(kept))),
		);
	}
});

pruning('with nothing left, keys are as wide as they come again', () => {
	const narrow = advanceRecord(undefined, giftsOf(versions(700), NOW), EVERYTHING, NOW);
	assert.is(narrow.keyBits, 16);
	const oracle: KeyOracle = { isCurrent: (_, keyBits) => keyBits === 20, needsAge: () => false };
	const next = advanceRecord(narrow, giftsOf(versions(2, 1000), NOW), oracle, NOW);
	assert.is(next.keyBits, 20);
	for (const version of versions(2, 1000)) assert.is(findClaim(next, version)?.sinceMinutes, NOW);
	assert.equal(advanceRecord(narrow, [], NOTHING, NOW), record(20, ageless()));
});

pruning('gifts that the site no longer has, or never had under such a URL, push nothing out', () => {
	const living = new LivingKeys();
	const kept = distinctVersions(300);
	for (const version of kept) living.add(version, false);
	const first = advanceRecord(undefined, giftsOf(kept, NOW - 20), living, NOW);
	const gone = kept.map(({ url }) => ({ url, hash: 'what it was before it was edited' }));
	const busters = Array.from({ length: 1500 }, (_, index) => ({ url: `/data.json?t=${index}`, hash: 'h' }));
	const next = advanceRecord(first, giftsOf([...gone, ...busters], NOW), living, NOW);
	assert.is(next.keyBits, 20);
	for (const version of kept) assert.ok(findClaim(next, version), version.url);
	const claimed = [...gone, ...busters].filter((version) => findClaim(next, version));
	assert.ok(claimed.length < 10, `${claimed.length} claims`);
});

pruning('as long as one key is left, keys keep their width', () => {
	const narrow = record(16, ageless(1, 2, 3), since(NOW, 4));
	const oracle: KeyOracle = {
		isCurrent: (key, keyBits) => keyBits === 16 && key === 4,
		needsAge: () => false,
	};
	assert.equal(advanceRecord(narrow, [], oracle, NOW), record(16, ageless(), since(NOW, 4)));
});

pruning('the oracle is asked once for each key, at the width that the record has', () => {
	const asked: string[] = [];
	const oracle: KeyOracle = {
		isCurrent: (key, keyBits) => asked.push(`${key} of ${keyBits}`) > 0,
		needsAge: () => true,
	};
	advanceRecord(record(18, ageless(1, 2), since(5, 3), since(6, 4)), giftsOf(versions(5), NOW), oracle, NOW);
	const given = versions(5).map((version) => `${keyOf(version) >> 2} of 18`);
	assert.equal(asked.sort(), ['1 of 18', '2 of 18', '3 of 18', '4 of 18', ...given].sort());
});

pruning('its work does not depend on the size of the site, and is bounded for the fullest record', () => {
	let questions = 0;
	const oracle: KeyOracle = {
		isCurrent: () => ++questions > 0,
		needsAge: () => ++questions < 0,
	};
	const full = advanceRecord(undefined, giftsOf(versions(2000), NOW), EVERYTHING, NOW);
	const read = parseRecord(formatRecord(full))!;
	advanceRecord(read, [], oracle, NOW + 60);
	assert.ok(questions <= 2 * 800, `${questions} questions`);
});

text.run();
claims.run();
size.run();
ageing.run();
pruning.run();
