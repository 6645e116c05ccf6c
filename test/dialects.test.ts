import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BitReader, BitWriter, formatBase64url, parseBase64url } from '../src/digest/bits.ts';
import { MAX_DIGEST_CHARACTERS } from '../src/digest/dialects.ts';
import { decodeKeys, encodeKeys } from '../src/digest/golomb.ts';
import { type Dialect, type DialectParameters, decode, encode } from '../src/digest/index.ts';

interface H2oRow {
	readonly name: string;
	readonly capacity_bits: number;
	readonly paths: readonly string[];
	readonly incoming_cookie: string | null;
	readonly keys: readonly number[];
	readonly cookie: string;
}
interface GoRow {
	readonly name: string;
	readonly N?: number;
	readonly P: number;
	readonly paths?: readonly string[];
	readonly keys: readonly number[] | null;
	readonly cookie: string;
	readonly decodes_back_to?: readonly number[];
	readonly round_trip?: boolean;
}
interface ServiceWorkerRow {
	readonly name: string;
	readonly urls: readonly string[];
	readonly log2P: number;
	readonly keys: readonly number[] | null;
	readonly digest: string | null;
}
interface FieldRow {
	readonly name: string;
	readonly urls: readonly string[];
	readonly header: string | readonly string[];
	readonly offered: readonly string[];
	readonly pushed: readonly string[];
}
interface EtagRow {
	readonly url: string;
	readonly etag: string | null;
	readonly digest_one_entry_P128: string;
}
interface PublishedRow {
	readonly source: string;
	readonly cookie_cap13?: string;
	readonly digest?: string;
	readonly keys?: readonly number[];
	readonly url?: string;
	readonly header?: string;
	readonly urls?: readonly string[];
}
interface LimitRow {
	readonly name: string;
	readonly digest?: string;
	readonly keys?: readonly number[] | 'reject';
}
interface Vectors {
	readonly h2o_casper: readonly H2oRow[];
	readonly go_casper: readonly GoRow[];
	readonly cache_digest_js: readonly ServiceWorkerRow[];
	readonly cache_digest_header_h2o: readonly FieldRow[];
	readonly cache_digest_etag: readonly EtagRow[];
	readonly published: readonly PublishedRow[];
	readonly decode_limits: readonly LimitRow[];
}

const vectors = JSON.parse(readFileSync(new URL('vectors/digests.json', import.meta.url), 'utf8')) as Vectors;

const dialects = suite('dialects');

const DIALECTS: readonly Dialect[] = ['cache-digest', 'h2o-casper', 'go-casper'];

const isRangeError = (error: Error): boolean => error instanceof RangeError;

const of = (urls: readonly string[]): { url: string }[] => urls.map((url) => ({ url }));

const numbered = (count: number, urlOf: (index: number) => string): string[] =>
	Array.from({ length: count }, (_, index) => urlOf(index));

/** `text` is a digest of `urls` and `size` keys. */
const assertHas = (
	dialect: Dialect,
	text: string,
	parameters: DialectParameters,
	urls: readonly string[],
	size: number,
): void => {
	const digest = decode(dialect, text, parameters);
	assert.is(digest?.size, size);
	for (const url of urls) assert.ok(digest?.has({ url }), url);
};

for (const { name, capacity_bits: capacityBits, paths, incoming_cookie, keys, cookie } of vectors.h2o_casper)
	dialects(`h2o-casper is written and read as by H2O: ${name}`, () => {
		// The cookie that comes in is part of what goes out; what it was made of is in the vectors' README.
		const before =
			keys.length > paths.length ? numbered(keys.length - paths.length, (index) => `/s/${index}.css`) : [];
		if (before.length > 0)
			assert.is(encode('h2o-casper', of(before), { capacityBits }), incoming_cookie ?? undefined);
		assert.is(encode('h2o-casper', of([...before, ...paths]), { capacityBits }), cookie);
		assertHas('h2o-casper', cookie, { capacityBits }, [...before, ...paths], keys.length);
		assert.equal(
			decodeKeys(
				new BitReader(parseBase64url(cookie)!),
				{ remainderBits: 6, stop: 1, bias: 1 },
				Number.POSITIVE_INFINITY,
			),
			keys,
		);
	});

for (const { name, P, N, paths, cookie, decodes_back_to, round_trip } of vectors.go_casper)
	if (paths !== undefined && decodes_back_to !== undefined && round_trip === true)
		dialects(`go-casper is written and read as by go-casper: ${name}`, () => {
			const parameters = { probability: P, capacity: N };
			assert.is(encode('go-casper', of(paths), parameters), cookie);
			assertHas('go-casper', cookie, parameters, paths, new Set(decodes_back_to).size);
		});

for (const { P, paths, keys, cookie } of vectors.go_casper)
	if (paths === undefined)
		dialects(`go-casper is read as by go-casper: ${JSON.stringify(cookie)}`, () => {
			assert.is(
				decode('go-casper', cookie, { probability: P })?.size,
				keys === null ? undefined : new Set(keys).size,
			);
		});

dialects('what go-casper itself garbles is refused or written so that it can be read', () => {
	const garbled = vectors.go_casper.filter(({ round_trip }) => round_trip === false);
	assert.is(garbled.length, 4);
	for (const { name, P, N, paths = [], cookie } of garbled) {
		const parameters = { probability: P, capacity: N };
		if (P === 100) {
			assert.throws(() => encode('go-casper', of(paths), parameters), isRangeError, name);
			continue;
		}
		const written = encode('go-casper', of(paths), parameters);
		assertHas('go-casper', written, parameters, paths, new Set(paths).size);
		// Only what was garbled differs: a file given twice is the same cookie.
		assert.is(written === cookie, name === 'duplicates kept', name);
	}
});

dialects(
	'the last key of a go-casper cookie is read where go-casper loses it: a remainder of 0 at the end of a byte',
	() => {
		// Key 64 alone; found by trying.
		const parameters = { probability: 64, capacity: 10 };
		const path = numbered(20_000, (index) => `/${index}`).find(
			(url) => encode('go-casper', [{ url }], parameters) === 'gA',
		);
		assert.ok(path);
		assertHas('go-casper', 'gA', parameters, [path!], 1);
	},
);

for (const { name, urls, log2P, keys, digest } of vectors.cache_digest_js)
	dialects(`cache-digest is written and read as by cache-digest.js: ${name}`, () => {
		const parameters = { probability: 2 ** log2P };
		if (digest === null) {
			assert.throws(() => encode('cache-digest', of(urls), parameters), /probability: expected at most/);
			return;
		}
		assert.is(encode('cache-digest', of(urls), parameters), digest);
		assertHas('cache-digest', digest, {}, urls, keys!.length);
	});

/** Rows about the flags of the field: what was pushed does not follow from the digests alone. */
const FLAGS_DECIDE: readonly string[] = ["flags '; complete; stale'", 'list, second reset'];

for (const { name, urls, header, offered, pushed } of vectors.cache_digest_header_h2o)
	dialects(`cache-digest says what H2O does not push: ${name}`, () => {
		const lines = typeof header === 'string' ? [header] : header;
		const texts = lines
			.flatMap((line) => line.split(','))
			.map((element) => element.split(';')[0]!.trim())
			.filter((text) => text !== '');
		const [first = ''] = texts;
		if (texts.length === 1 && !name.includes('forced')) {
			const probability = 2 ** (new BitReader(parseBase64url(first)!).read(10)! & 31);
			assert.is(encode('cache-digest', of(urls), { probability }), first);
		}
		if (texts.length === 1) assertHas('cache-digest', first, {}, urls, urls.length);
		const digests = texts.map((text) => decode('cache-digest', text));
		if (!FLAGS_DECIDE.includes(name))
			assert.equal(
				offered
					.filter((url) => !digests.some((digest) => digest?.has({ url })))
					.map((url) => new URL(url).pathname),
				pushed,
			);
	});

for (const { url, etag, digest_one_entry_P128: text } of vectors.cache_digest_etag)
	dialects(`the validators form appends the entity tag with its quotes (-02 §2.1.2): ${url} ${etag}`, () => {
		const resource = { url, etag: etag ?? undefined };
		assert.is(encode('cache-digest', [resource]), text);
		assert.ok(decode('cache-digest', text)!.has(resource));
		assert.not(decode('cache-digest', text)!.has({ url, etag: '"another"' }));
		assert.is(decode('cache-digest', text)!.has({ url }), etag === null);
	});

for (const { source, cookie_cap13, digest, keys = [], url, header, urls = [] } of vectors.published)
	dialects(`what was published holds: ${source}, ${cookie_cap13 ?? digest ?? header}`, () => {
		if (cookie_cap13 !== undefined) {
			assert.is(encode('h2o-casper', [{ url: '/index.html' }]), cookie_cap13);
			assertHas('h2o-casper', cookie_cap13, {}, ['/index.html'], 1);
			return;
		}
		const text = digest ?? header!.split(';')[0]!;
		const all = url === undefined ? urls : [url];
		assert.is(encode('cache-digest', of(all)), text);
		assertHas('cache-digest', text, {}, all, Math.max(keys.length, all.length));
	});

for (const { name, digest, keys } of vectors.decode_limits)
	if (digest !== undefined)
		dialects(`a reader's limit holds: ${name}`, () => {
			const read = decode('cache-digest', digest);
			assert.is(read?.size, keys === 'reject' ? undefined : keys!.length);
			if (read) assert.not(read.has({ url: 'https://example.com/' }));
		});

const fields = (pairs: readonly (readonly [value: number, width: number])[]): string => {
	const writer = new BitWriter();
	for (const [value, width] of pairs) writer.write(value, width);
	return formatBase64url(writer.toBytes(0));
};

dialects('all ones without a remainder are one key a bit, while they are keys of the header', () => {
	const ones = (log2N: number): string =>
		fields([[log2N, 5], [0, 5], ...Array.from({ length: 1000 }, () => [1, 1] as const)]);
	assert.is(decode('cache-digest', ones(16))?.size, 1000);
	assert.is(decode('cache-digest', ones(9)), undefined);
});

const READ: readonly {
	name: string;
	dialect: Dialect;
	text: string;
	parameters?: DialectParameters;
	/** Number of keys; none: no digest. */
	want?: number;
}[] = [
	{ name: 'H2O takes no odd character', dialect: 'h2o-casper', text: 'A' },
	{ name: 'H2O takes no padding', dialect: 'h2o-casper', text: 'AAAAVAAAAAwg=' },
	{ name: 'H2O takes no other alphabet', dialect: 'h2o-casper', text: 'AAAAVAAAAAw+' },
	{ name: 'H2O takes no second cookie in the field', dialect: 'h2o-casper', text: 'AAAAVAAAAAwg; other=1' },
	{
		name: 'H2O counts what is whole of a cookie cut off',
		dialect: 'h2o-casper',
		text: 'AAAAVAAAAAw',
		want: 1,
	},
	{ name: 'H2O ignores zeros at the end', dialect: 'h2o-casper', text: 'AAAAVAAAAAwgAAAA', want: 2 },
	{ name: 'zeros alone are no key', dialect: 'h2o-casper', text: 'AAAA', want: 0 },
	{ name: 'an empty cookie is an empty set', dialect: 'h2o-casper', text: '', want: 0 },
	{ name: 'an empty go-casper cookie too', dialect: 'go-casper', text: '', want: 0 },
	{ name: 'a Cache-Digest has a header', dialect: 'cache-digest', text: '' },
	{ name: 'and all of it', dialect: 'cache-digest', text: 'AA' },
	{ name: 'a Cache-Digest of one key of no bits', dialect: 'cache-digest', text: 'ACA', want: 1 },
	{ name: 'H2O ignores zeros behind a Cache-Digest', dialect: 'cache-digest', text: 'CeORQAAAAA', want: 2 },
	{ name: 'H2O takes no padding in Cache-Digest', dialect: 'cache-digest', text: 'CeORQA=' },
	{ name: 'H2O takes no quotes', dialect: 'cache-digest', text: '"CeORQA"' },
	{ name: 'flags are not part of a digest', dialect: 'cache-digest', text: 'CeORQA; complete' },
	{ name: 'H2O drops all keys for one out of range', dialect: 'cache-digest', text: 'AfMswA' },
	{ name: 'all ones', dialect: 'cache-digest', text: '____', want: 0 },
	{
		name: 'a key of 53 bits is read',
		dialect: 'cache-digest',
		text: fields([
			[22, 5],
			[31, 5],
			[1, 1],
			[2 ** 31 - 1, 31],
		]),
		want: 1,
	},
	{
		name: 'a key of more bits than a number holds is none',
		dialect: 'cache-digest',
		text: fields([
			[23, 5],
			[31, 5],
			[1, 1],
			[0, 31],
		]),
	},
	{
		name: "a key that this N does not have is another cookie's",
		dialect: 'go-casper',
		text: 'yQA',
		parameters: { capacity: 2 },
	},
	{
		name: 'while the N it was made with does',
		dialect: 'go-casper',
		text: 'yQA',
		parameters: { capacity: 3 },
		want: 1,
	},
	{ name: 'go-casper refuses a run without an end', dialect: 'go-casper', text: 'yf8' },
	{
		name: 'a remainder cut off in go-casper',
		dialect: 'go-casper',
		text: '_8A',
		parameters: { capacity: 99 },
	},
];
for (const { name, dialect, text, parameters, want } of READ)
	dialects(`a text of a peer is read or is no digest, without an exception: ${name}`, () => {
		assert.is(decode(dialect, text, parameters)?.size, want);
	});

/** Keys 0 to `count` - 1 as an H2O cookie. */
const h2oCookie = (count: number): string => {
	const writer = new BitWriter();
	encodeKeys(
		writer,
		numbered(count, String).map((_, key) => key),
		{ remainderBits: 6, stop: 1, bias: 1 },
	);
	return formatBase64url(writer.toBytes(0));
};
for (const [capacityBits, most] of [
	[13, 8192],
	[10, 1024],
	[7, 128],
	[3, 128],
] as const)
	dialects(`a cookie of more keys than H2O takes is dropped (run): ${most} of ${capacityBits} bits`, () => {
		assert.is(decode('h2o-casper', h2oCookie(most), { capacityBits })?.size, most);
		assert.is(decode('h2o-casper', h2oCookie(most + 1), { capacityBits }), undefined);
	});

dialects('keys wider than the capacity are kept and match nothing, as in H2O (run)', () => {
	const text = encode('h2o-casper', [{ url: '/index.html' }], { capacityBits: 13 });
	const digest = decode('h2o-casper', text, { capacityBits: 10 });
	assert.is(digest?.size, 1);
	assert.not(digest?.has({ url: '/index.html' }));
});

dialects('a text is no digest from one character above the longest on', () => {
	const longest = `AcA${'A'.repeat(MAX_DIGEST_CHARACTERS - 3)}`;
	assert.is(decode('cache-digest', longest)?.size, 0);
	assert.is(decode('cache-digest', `${longest}AAAA`), undefined);
	for (const dialect of DIALECTS) assert.is(decode(dialect, 'A'.repeat(2 ** 24)), undefined);
});

dialects('what is no text is no digest', () => {
	for (const text of [undefined, null, 5, {}, ['AcA']])
		for (const dialect of DIALECTS) assert.is(decode(dialect, text as unknown as string), undefined);
});

dialects('the defaults are those of the programs themselves', () => {
	const some = of(['/a.css', '/b.js', '/c.css']);
	const defaults: Readonly<Record<Dialect, DialectParameters>> = {
		'cache-digest': { probability: 128 },
		'h2o-casper': { capacityBits: 13 },
		'go-casper': { probability: 64, capacity: 10 },
	};
	for (const dialect of DIALECTS) {
		const text = encode(dialect, some, defaults[dialect]);
		const none = { probability: undefined, capacity: undefined, capacityBits: undefined };
		assert.is(encode(dialect, some), text);
		assert.is(encode(dialect, some, none), text);
		assert.is(decode(dialect, text)?.size, 3);
	}
});

dialects('order makes no difference, and duplicates count once', () => {
	const urls = ['/a.css', '/b.js', '/c.css', '/d.svg'];
	for (const dialect of DIALECTS) {
		const text = encode(dialect, of(urls));
		assert.is(encode(dialect, of([...urls].reverse())), text);
		assert.is(decode(dialect, encode(dialect, of([...urls, ...urls])))?.size, urls.length);
	}
	// Whatever else repeats: only cache-digest.js counts duplicates, and only for N.
	for (const dialect of ['h2o-casper', 'go-casper'] as const)
		assert.is(encode(dialect, of([...urls, ...urls])), encode(dialect, of(urls)));
});

dialects('resources that share a key count once, in go-casper on reading only', () => {
	const [first, second] = ['/0', '/1'];
	// With one key for all there is nothing to try.
	const go = { probability: 1, capacity: 1 };
	assert.is(encode('go-casper', of([first!, second!]), go), 'AA');
	assert.is(decode('go-casper', 'AA', go)?.size, 1);
	const many = of(numbered(100, (index) => `/${index}`));
	assert.is(
		decode('h2o-casper', encode('h2o-casper', many, { capacityBits: 1 }), { capacityBits: 1 })?.size,
		2,
	);
});

dialects('in the cookies, too, a key with an entity tag is another than that without', () => {
	const resource = { url: '/a.css', etag: '"1"' };
	for (const dialect of DIALECTS) {
		const digest = decode(dialect, encode(dialect, [resource]));
		assert.ok(digest?.has(resource), dialect);
		assert.not(digest?.has({ url: '/a.css' }), dialect);
		assert.not(digest?.has({ url: '/a.css', etag: '"2"' }), dialect);
	}
});

const MISTAKES: readonly {
	name: string;
	dialect: Dialect;
	parameters: DialectParameters;
	message: RegExp;
	type?: typeof RangeError | typeof TypeError;
}[] = [
	...[0, -64, 1.5, 1 / 64, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY].flatMap((probability) =>
		(['cache-digest', 'go-casper'] as const).map((dialect) => ({
			name: `probability ${probability} of ${dialect}`,
			dialect,
			parameters: { probability },
			message: /^probability: expected a whole number from 1 to 2147483648, got /,
		})),
	),
	{
		name: 'no power of two in go-casper',
		dialect: 'go-casper',
		parameters: { probability: 100 },
		message: /^probability: expected a power of two, got 100$/,
	},
	{
		name: 'no power of two in cache-digest',
		dialect: 'cache-digest',
		parameters: { probability: 3 },
		message: /^probability: expected a power of two, got 3$/,
	},
	...[0, -1, 2.5, 65_537, Number.NaN].map((capacity) => ({
		name: `capacity ${capacity}`,
		dialect: 'go-casper' as const,
		parameters: { capacity },
		message: /^capacity: expected a whole number from 1 to 65536, got /,
	})),
	{
		name: 'more keys than the hash has',
		dialect: 'go-casper',
		parameters: { probability: 2 ** 29, capacity: 9 },
		message: /^probability: expected at most 2\^32 when multiplied by capacity 9, got 536870912$/,
	},
	...[0, -1, 16, 12.5, Number.NaN].map((capacityBits) => ({
		name: `capacityBits ${capacityBits}`,
		dialect: 'h2o-casper' as const,
		parameters: { capacityBits },
		message: /^capacityBits: expected a whole number from 1 to 15, got /,
	})),
	...['x-go-casper', '', 'constructor', '__proto__', undefined].map((dialect) => ({
		name: `dialect ${dialect}`,
		dialect: dialect as Dialect,
		parameters: {},
		message: /^dialect: expected one of cache-digest, h2o-casper, go-casper, got /,
	})),
	...['64', null, 64n].map((probability) => ({
		name: `a ${typeof probability} for a number`,
		dialect: 'go-casper' as const,
		parameters: { probability: probability as unknown as number },
		message: /^probability: expected a number, got (string|object|bigint)$/,
		type: TypeError,
	})),
];
for (const { name, dialect, parameters, message, type = RangeError } of MISTAKES)
	dialects(`a caller's mistake is refused by name, in writing as in reading: ${name}`, () => {
		const isRefusal = (error: Error): boolean => error instanceof type && message.test(error.message);
		assert.throws(() => encode(dialect, [], parameters), isRefusal);
		assert.throws(() => decode(dialect, 'A', parameters), isRefusal);
	});

dialects('resources that are none are refused by name', () => {
	const isTypeError = (message: RegExp) => (error: Error) =>
		error instanceof TypeError && message.test(error.message);
	const writing = (resources: unknown) => () => encode('cache-digest', resources as { url: string }[]);
	assert.throws(writing('/a.css'), isTypeError(/^resources: expected an array, got string$/));
	assert.throws(writing([{}]), isTypeError(/^url: expected a string, got undefined$/));
	assert.throws(writing([{ url: '/', etag: 5 }]), isTypeError(/^etag: expected a string, got number$/));
	const digest = decode('cache-digest', 'AcA');
	assert.throws(
		() => digest!.has({} as { url: string }),
		isTypeError(/^url: expected a string, got undefined$/),
	);
});

dialects('a digest that no reader would take is not written', () => {
	const many = of(numbered(20_000, (index) => `https://example.com/${index}`));
	for (const dialect of ['cache-digest', 'go-casper'] as const)
		assert.throws(
			() => encode(dialect, many, { capacity: 20_000 }),
			/resources: expected a digest of at most 16384 characters, got \d+/,
		);
});

dialects('what a dialect does not use is ignored', () => {
	const odd = { capacity: -1, capacityBits: 99 };
	assert.is(encode('cache-digest', [], odd), 'AcA');
	assert.is(encode('h2o-casper', [], { probability: 3, capacity: -1 }), '');
	assert.is(encode('go-casper', [], { capacityBits: 99 }), '');
});

dialects.run();
