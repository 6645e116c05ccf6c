import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
	FRAME,
	type Frame,
	type FrameKind,
	FrameReader,
	frameHead,
	MAX_ITEMS,
	opaqueTagOf,
} from '../src/http/bundle-format.ts';
import { onRandom, type Random } from './support/random.ts';

const format = suite('bundle format');

const MOST_CONTENT = 2 ** 24;
const KINDS = Object.values(FRAME);

const bytesOf = ({ kind, item, content }: Frame): Buffer =>
	Buffer.concat([frameHead(kind as FrameKind, item, content.length), content]);

/** Frames as texts, which say all of them. */
const textOf = (frames: readonly Frame[]): string[] =>
	frames.map(({ kind, item, content }) => `${kind} ${item} ${Buffer.from(content).toString('base64')}`);

/** Bytes in pieces of random lengths, empty ones included. */
const cut = (random: Random, bytes: Uint8Array): Uint8Array[] => {
	const pieces: Uint8Array[] = [];
	const most = random.pick([2, 10, 1000, 100_000]);
	for (let at = 0; at < bytes.length; ) {
		const length = random.below(most);
		pieces.push(bytes.subarray(at, at + length));
		at += length;
	}
	return pieces;
};

const randomFrame = (random: Random): Frame => ({
	kind: random.pick(KINDS),
	item: random.pick([0, 1, random.bits(16), MAX_ITEMS]),
	content: random.bytes(random.pick([0, 0, 1, random.below(50), random.below(5000)])),
});

format('a frame is its kind, its item and the length of its content, in network byte order', () => {
	assert.equal([...frameHead(FRAME.manifest, 0, 0)], [1, 0, 0, 0, 0, 0, 0]);
	assert.equal([...frameHead(FRAME.content, 0x0102, 0x03040506)], [3, 1, 2, 3, 4, 5, 6]);
	assert.equal([...frameHead(FRAME.complete, MAX_ITEMS, 0)], [6, 255, 255, 0, 0, 0, 0]);
});

format(
	'frames come out as they went in, however they are cut',
	onRandom((random) => {
		for (let round = 0; round < 150; round++) {
			const frames = Array.from({ length: random.below(12) }, () => randomFrame(random));
			const reader = new FrameReader();
			const got = cut(random, Buffer.concat(frames.map(bytesOf))).flatMap((piece) => reader.read(piece)!);
			assert.equal(textOf(got), textOf(frames));
		}
	}),
);

format('a frame is there with its last byte, and not before', () => {
	const bytes = bytesOf({ kind: FRAME.content, item: 3, content: Buffer.from('abc') });
	const reader = new FrameReader();
	for (const byte of bytes.subarray(0, -1)) assert.equal(reader.read(Uint8Array.of(byte)), []);
	assert.equal(textOf(reader.read(bytes.subarray(-1))!), [`3 3 ${btoa('abc')}`]);
});

format('what a reader holds back is its own: the pieces may be written over', () => {
	const bytes = bytesOf({ kind: FRAME.content, item: 0, content: Buffer.from('held back') });
	const reader = new FrameReader();
	const piece = Uint8Array.from(bytes.subarray(0, 10));
	assert.equal(reader.read(piece), []);
	piece.fill(0);
	assert.equal(textOf(reader.read(bytes.subarray(10))!), [`3 0 ${btoa('held back')}`]);
});

format('the longest content there may be is taken, and what says that it is longer is none of ours', () => {
	const content = Buffer.alloc(MOST_CONTENT, 'a');
	const [frame] = new FrameReader().read(bytesOf({ kind: FRAME.content, item: 0, content }))!;
	assert.is(frame!.content.length, MOST_CONTENT);
	for (const length of [MOST_CONTENT + 1, 2 ** 31, 2 ** 32 - 1])
		assert.is(new FrameReader().read(frameHead(FRAME.content, 0, length)), undefined);
});

format(
	'other bytes are frames or none: nothing throws, and no more is held than came',
	onRandom((random) => {
		for (let round = 0; round < 300; round++) {
			const reader = new FrameReader();
			const bytes = random.bytes(random.below(3000));
			// Short lengths, which random ones hardly are.
			if (random.once(2))
				for (let at = 3; at < bytes.length; at += 7 + random.below(9)) bytes.fill(0, at, at + 2);
			let taken = 0;
			for (const piece of cut(random, bytes)) {
				const frames = reader.read(piece);
				if (frames === undefined) break;
				for (const { content } of frames) taken += 7 + content.length;
			}
			assert.ok(taken <= bytes.length);
		}
	}),
);

format('of a frame that never comes whole, no more is held than one may be long', () => {
	const reader = new FrameReader();
	const piece = Buffer.alloc(2 ** 20);
	let frames = 0;
	assert.equal(reader.read(frameHead(FRAME.content, 0, MOST_CONTENT)), []);
	for (let round = 0; round < 17; round++) frames += reader.read(piece)!.length;
	// What came after its end was read as empty frames of no kind, and held no longer.
	assert.is(frames, 1 + Math.floor(2 ** 20 / 7));
});

const TAGS: readonly { name: string; input: string | null | undefined; want: string | undefined }[] = [
	{ name: 'a strong one', input: '"0a1b2c"', want: '0a1b2c' },
	{ name: 'the weak one of a content coding', input: 'W/"0a1b2c"', want: '0a1b2c' },
	{ name: 'that of a document as it is shown', input: '"0a1b2c-01234567"', want: '0a1b2c-01234567' },
	{ name: 'none', input: undefined, want: undefined },
	{ name: 'none, as the Fetch API says it', input: null, want: undefined },
	{ name: 'an empty field', input: '', want: undefined },
	{ name: 'an empty tag', input: '""', want: undefined },
	{ name: 'without quotes', input: '0a1b2c', want: undefined },
	{ name: 'w for W (RFC 9110 §8.8.3 tells letter case apart)', input: 'w/"a"', want: undefined },
	{ name: 'two', input: '"a", "b"', want: undefined },
	{ name: 'any', input: '*', want: undefined },
	{ name: 'characters that ours never have', input: '"a:b"', want: undefined },
	{ name: 'a blank before it', input: ' "a"', want: undefined },
	{ name: 'a line after it', input: '"a"\n', want: undefined },
];

for (const { name, input, want } of TAGS)
	format(`the opaque part of an entity tag: ${name}`, () => assert.is(opaqueTagOf(input), want));

format.run();
