import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatHeldKeys, MAX_HELD_CHARACTERS, parseHeldKeys } from '../src/digest/held-keys.ts';
import { knowledgeOfWorker } from '../src/digest/worker.ts';
import { onRandom } from './support/random.ts';

const held = suite('held keys');

const MOST_KEY = 2 ** 32 - 1;
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** By the definition: the first four bytes of SHA-256 over URL, NUL and tag. */
const keyOf = (url: string, tag: string): number => {
	const [a = 0, b = 0, c = 0, d = 0] = createHash('sha256')
		.update(Buffer.from(`${url}\0${tag}`))
		.digest();
	return ((a * 256 + b) * 256 + c) * 256 + d;
};

const TEXTS: readonly { name: string; input: readonly number[]; want: string }[] = [
	// 00000 000
	{ name: 'no keys', input: [], want: 'AA' },
	// 11111 1 0000000000000000000000000000000 000: a remainder of 31 bits
	{ name: 'the least key', input: [0], want: '_AAAAAA' },
	// 11111 01 1111111111111111111111111111111 00: once 2 ** 31, and a remainder
	{ name: 'the greatest key', input: [MOST_KEY], want: '-_____w' },
	// 11110 1 5 1 1, both numbers of 30 bits, 00000: from the key after the first, the second is one away
	{ name: 'two keys', input: [7, 5], want: '9AAAAFgAAAAg' },
	{ name: 'a key twice', input: [5, 7, 5], want: '9AAAAFgAAAAg' },
];

for (const { name, input, want } of TEXTS)
	held(`the text of ${name}`, () => {
		assert.is(formatHeldKeys(input), want);
		assert.equal(
			parseHeldKeys(want),
			[...new Set(input)].sort((a, b) => a - b),
		);
	});

held(
	'keys come out as they went in, in ascending order',
	onRandom((random) => {
		for (let round = 0; round < 400; round++) {
			const bits = random.pick([4, 12, 20, 32]);
			const keys = Array.from({ length: random.below(random.pick([3, 40, 800])) }, () => random.bits(bits));
			const text = formatHeldKeys(keys);
			assert.match(text, /^[\w-]+$/);
			assert.equal(
				parseHeldKeys(text),
				[...new Set(keys)].sort((a, b) => a - b),
			);
		}
	}),
);

held(
	'each of many keys costs what its set makes necessary: about 32 bits less log2 of how many',
	onRandom((random) => {
		for (const [count, most] of [
			[21, 110],
			[100, 465],
			[1000, 4100],
		] as const) {
			const text = formatHeldKeys(random.ascending(count, 2 ** 32));
			assert.ok(
				text.length <= most,
				`${count} keys: expected ${most} characters at most, got ${text.length}`,
			);
			assert.is(parseHeldKeys(text)?.length, count);
		}
	}),
);

held(
	'of more keys than have room, the last ones are left out, and few more than must be',
	onRandom((random) => {
		for (const count of [1500, 2000, 5000]) {
			const keys = random.ascending(count, 2 ** 32).sort(() => random.below(3) - 1);
			const text = formatHeldKeys(keys);
			assert.ok(text.length <= MAX_HELD_CHARACTERS);
			const kept = parseHeldKeys(text)!;
			assert.equal(
				kept,
				keys.slice(0, kept.length).sort((a, b) => a - b),
			);
			assert.ok(
				text.length > MAX_HELD_CHARACTERS * 0.9 || kept.length === count,
				`${kept.length} of ${count}`,
			);
		}
	}),
);

held('what a server takes is what fits into a field with all that is beside it', () => {
	assert.ok(`casper/1 ${'A'.repeat(MAX_HELD_CHARACTERS)}`.length < 8192);
	assert.is(parseHeldKeys('A'.repeat(MAX_HELD_CHARACTERS + 4)), undefined);
	assert.equal(parseHeldKeys('A'.repeat(MAX_HELD_CHARACTERS)), []);
});

const NONE: readonly { name: string; input: string }[] = [
	{ name: 'nothing', input: '' },
	{ name: 'one character', input: 'A' },
	{ name: 'another alphabet', input: '+/8=' },
	{ name: 'padding', input: 'AA==' },
	{ name: 'a blank', input: 'A A' },
	{ name: 'bits behind the last byte', input: 'AB' },
	{ name: 'characters beyond ASCII', input: 'ÀÀÀÀ' },
	{ name: 'more than a thousand megabytes would be worth', input: 'A'.repeat(1e6) },
	// 11111 00 1 and a remainder: 2 × 2^31
	{ name: 'a key beyond 32 bits', input: '-QAAAAA' },
];

for (const { name, input } of NONE)
	held(`what is no digest: ${name}`, () => {
		assert.is(parseHeldKeys(input), undefined);
		assert.is(knowledgeOfWorker(input).claimOf({ url: '/', hash: 'a' }), undefined);
	});

held(
	'whatever a client sends, reading it is soon done, and what is read are keys',
	onRandom((random) => {
		const texts = [
			'_'.repeat(MAX_HELD_CHARACTERS),
			`A${'_'.repeat(MAX_HELD_CHARACTERS - 1)}`,
			`B${'_'.repeat(MAX_HELD_CHARACTERS - 1)}`,
			'-'.repeat(MAX_HELD_CHARACTERS),
			...Array.from({ length: 60 }, () => random.text(BASE64URL, MAX_HELD_CHARACTERS)),
			...Array.from({ length: 2000 }, () => random.text(BASE64URL, random.below(12))),
		];
		const begun = performance.now();
		for (const text of texts) {
			const keys = parseHeldKeys(text);
			if (keys === undefined) continue;
			assert.ok(keys.length <= text.length * 6, text);
			assert.ok(
				keys.every((key, at) => key <= MOST_KEY && key > (keys[at - 1] ?? -1)),
				text,
			);
			knowledgeOfWorker(text).claimOf({ url: '/', hash: 'a' });
		}
		const milliseconds = (performance.now() - begun) / texts.length;
		assert.ok(milliseconds < 20, `${milliseconds} ms a text`);
	}),
);

const worker = suite('knowledge of a worker');

worker('a key is the first 32 bits of SHA-256 over path and query, NUL and tag', () => {
	// printf '/a.css?v=1\0000123abcd' | sha256sum
	const VECTOR = 0x132cb2ec;
	assert.is(keyOf('/a.css?v=1', '0123abcd'), VECTOR);
	const known = knowledgeOfWorker(formatHeldKeys([VECTOR]));
	assert.is(known.evidence, 'worker');
	assert.equal(known.claimOf({ url: '/a.css?v=1', hash: '0123abcd' }), { sinceMinutes: undefined });
	assert.is(known.claimOf({ url: '/a.css', hash: '0123abcd' }), undefined);
	assert.is(known.claimOf({ url: '/a.css?v=1', hash: '0123abce' }), undefined);
});

worker('what is not held is taken for held once in millions', () => {
	const keys = Array.from({ length: 1000 }, (_, at) => keyOf(`/held/${at}`, 'tag'));
	const known = knowledgeOfWorker(formatHeldKeys(keys));
	for (let at = 0; at < 1000; at++) assert.ok(known.claimOf({ url: `/held/${at}`, hash: 'tag' }));
	let wrong = 0;
	for (let at = 0; at < 200_000; at++)
		if (known.claimOf({ url: `/other/${at}`, hash: 'tag' }) !== undefined) wrong++;
	// 200,000 × 1000 / 2^32 is 0.05; these URLs are always the same, so that there is no chance in it.
	assert.is(wrong, 0);
});

worker('a digest that cannot be read claims nothing, and is a worker’s all the same', () => {
	const known = knowledgeOfWorker('?');
	assert.is(known.evidence, 'worker');
	assert.is(known.claimOf({ url: '/', hash: '' }), undefined);
});

held.run();
worker.run();
