import { Buffer } from 'node:buffer';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BitReader, BitWriter, formatBase64url, parseBase64url } from '../src/digest/bits.ts';
import { onRandom } from './support/random.ts';

const bits = suite('bits');

const ofBits = (text: string): Uint8Array => {
	const writer = new BitWriter();
	for (const bit of text.replaceAll(' ', '')) writer.write(Number(bit), 1);
	return writer.toBytes(0);
};
const toBits = (bytes: Uint8Array): string =>
	[...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join(' ');

const written: readonly {
	name: string;
	input: readonly (readonly [value: number, width: number])[];
	want: string;
}[] = [
	{ name: 'nothing', input: [], want: '' },
	{ name: 'no width is no bit', input: [[5, 0]], want: '' },
	{ name: 'the most significant bit goes first', input: [[0b1011, 4]], want: '10110000' },
	{
		name: 'a value across a byte boundary',
		input: [
			[1, 6],
			[0b1001, 4],
		],
		want: '00000110 01000000',
	},
	{
		name: 'only the low bits of a value',
		input: [
			[0xff, 3],
			[0, 1],
		],
		want: '11100000',
	},
	{ name: 'a whole byte leaves nothing to fill up', input: [[0xa5, 8]], want: '10100101' },
	{
		name: 'a value past 2^31',
		input: [[2 ** 31 + 1, 32]],
		want: '10000000 00000000 00000000 00000001',
	},
	{
		name: 'the largest value of 53 bits, not at a byte boundary',
		input: [
			[0, 1],
			[Number.MAX_SAFE_INTEGER, 53],
		],
		want: `01111111 ${'11111111 '.repeat(5)}11111100`,
	},
];
for (const { name, input, want } of written)
	bits(`writing: ${name}`, () => {
		const writer = new BitWriter();
		for (const [value, width] of input) writer.write(value, width);
		assert.is(
			writer.length,
			input.reduce((sum, [, width]) => sum + width, 0),
		);
		assert.is(toBits(writer.toBytes(0)), want);
	});

bits('writing: the last byte is filled up with the bit that is asked for', () => {
	for (const pad of [0, 1] as const) {
		const writer = new BitWriter();
		writer.write(0b101, 3);
		assert.is(toBits(writer.toBytes(pad)), pad === 0 ? '10100000' : '10111111');
	}
});

bits('writing: a repeated bit', () => {
	const writer = new BitWriter();
	writer.repeat(1, 0);
	writer.repeat(1, 11);
	writer.repeat(0, 2);
	writer.repeat(1, 1);
	assert.is(toBits(writer.toBytes(0)), '11111111 11100100');
});

bits(
	'reading gives back what was written, at every width from 0 to 53 and at every offset in a byte',
	onRandom((random) => {
		for (let offset = 0; offset < 8; offset++)
			for (let width = 0; width <= 53; width++) {
				const values = [0, 2 ** width - 1, Math.floor(2 ** width / 2), random.bits(width)];
				const writer = new BitWriter();
				writer.write(0, offset);
				for (const value of values) writer.write(value, width);
				const reader = new BitReader(writer.toBytes(1));
				reader.read(offset);
				for (const value of values) assert.is(reader.read(width), value, `${value}, ${width} bits`);
				assert.ok(reader.remaining < 8);
			}
	}),
);

bits(
	'reading gives back any mixture of widths',
	onRandom((random) => {
		for (let round = 0; round < 200; round++) {
			const fields = Array.from({ length: 50 }, () => {
				const width = random.below(54);
				return { width, value: random.bits(width) };
			});
			const writer = new BitWriter();
			for (const { value, width } of fields) writer.write(value, width);
			const reader = new BitReader(writer.toBytes(0));
			for (const { value, width } of fields) assert.is(reader.read(width), value);
		}
	}),
);

bits('reading past the end yields undefined, takes nothing and never throws', () => {
	const reader = new BitReader(ofBits('1010 0101'));
	assert.is(reader.read(9), undefined);
	assert.is(reader.remaining, 8);
	assert.is(reader.read(8), 0b10100101);
	assert.is(reader.read(0), 0);
	assert.is(reader.read(1), undefined);
	assert.is(reader.read(53), undefined);
	assert.is(reader.readRun(0), undefined);
	assert.is(reader.readRun(1), undefined);
	assert.is(reader.remaining, 0);
});

bits('reading from no bytes', () => {
	const reader = new BitReader(new Uint8Array());
	assert.is(reader.remaining, 0);
	assert.is(reader.read(0), 0);
	assert.is(reader.read(1), undefined);
});

bits('a run ends with its stop bit, which is taken', () => {
	const reader = new BitReader(ofBits('0001 1110 0'));
	assert.is(reader.readRun(1), 3);
	assert.is(reader.readRun(0), 3);
	assert.is(reader.readRun(0), 0);
	assert.is(reader.remaining, 7);
});

bits(
	'runs and fields are read where the one before them ended, across bytes',
	onRandom((random) => {
		for (let round = 0; round < 200; round++) {
			const stop = random.pick([0, 1] as const);
			const runs = Array.from({ length: 30 }, () => ({ run: random.below(40), field: random.bits(9) }));
			const writer = new BitWriter();
			for (const { run, field } of runs) {
				writer.repeat(stop === 0 ? 1 : 0, run);
				writer.write(stop, 1);
				writer.write(field, 9);
			}
			const written = writer.length;
			const reader = new BitReader(writer.toBytes(stop));
			for (const { run, field } of runs) {
				assert.is(reader.readRun(stop), run);
				assert.is(reader.read(9), field);
			}
			assert.is(reader.remaining, Math.ceil(written / 8) * 8 - written);
		}
	}),
);

bits('a run without its stop bit is the end of data', () => {
	const reader = new BitReader(new Uint8Array(1000));
	assert.is(reader.readRun(1), undefined);
	assert.is(reader.remaining, 0);
});

const base64url = suite('base64url');

const ENCODED: readonly { name: string; bytes: readonly number[]; text: string }[] = [
	{ name: 'nothing', bytes: [], text: '' },
	{ name: 'one byte', bytes: [0xff], text: '_w' },
	{ name: 'two bytes', bytes: [0xff, 0xef], text: '_-8' },
	{ name: 'three bytes', bytes: [0xff, 0xef, 0xbe], text: '_---' },
	{ name: 'four bytes', bytes: [0, 0, 0, 0], text: 'AAAAAA' },
	{ name: 'the test vector of RFC 4648 §10', bytes: [...Buffer.from('foobar')], text: 'Zm9vYmFy' },
];
for (const { name, bytes, text } of ENCODED)
	base64url(`text and bytes stand for each other: ${name} (RFC 4648 §5)`, () => {
		assert.is(formatBase64url(Uint8Array.from(bytes)), text);
		assert.equal(parseBase64url(text), Uint8Array.from(bytes));
	});

const REFUSED: readonly { name: string; input: string }[] = [
	{ name: 'padding', input: '_w==' },
	{ name: 'padding where none is due', input: 'Zm9v====' },
	{ name: 'padding within', input: '_w==_w' },
	{ name: '+ of the other alphabet', input: 'ab+d' },
	{ name: '/ of the other alphabet', input: 'ab/d' },
	{ name: 'a space', input: 'ab d' },
	{ name: 'a space around it', input: ' abc' },
	{ name: 'a line feed at the end', input: 'Zm9\n' },
	{ name: 'a quote', input: '"Zm9vYmFy"' },
	{ name: 'NUL', input: 'ab\0d' },
	{ name: 'a character beyond ASCII', input: 'abcé' },
	{ name: 'a character whose low byte is in the alphabet', input: 'ab\u0141d' },
	{ name: 'half a surrogate pair', input: 'ab\ud83dd' },
	{ name: 'one character', input: 'A' },
	{ name: 'five characters', input: 'AAAAA' },
	{ name: 'set bits behind one byte', input: '_x' },
	{ name: 'the lowest bit behind one byte', input: 'AB' },
	{ name: 'the highest bit behind one byte', input: 'AI' },
	{ name: 'set bits behind two bytes', input: '_-9' },
	{ name: 'the highest bit behind two bytes', input: 'AAC' },
];
for (const { name, input } of REFUSED)
	base64url(`refused: ${name} (RFC 4648 §3.2–§3.5)`, () => assert.is(parseBase64url(input), undefined));

base64url(
	'agrees with Node on random bytes of every length',
	onRandom((random) => {
		for (let length = 0; length < 200; length++) {
			const bytes = random.bytes(length);
			const text = formatBase64url(bytes);
			assert.is(text, Buffer.from(bytes).toString('base64url'));
			assert.equal(parseBase64url(text), bytes);
		}
	}),
);

base64url(
	'of each text of two or three characters there is at most one reading, and it is written the same',
	() => {
		const alphabet = [...'ABIQgwx7-_=+/ \u0141'];
		for (const a of alphabet)
			for (const b of alphabet)
				for (const c of ['', ...alphabet]) {
					const bytes = parseBase64url(a + b + c);
					if (bytes !== undefined) assert.is(formatBase64url(bytes), a + b + c);
				}
	},
);

bits.run();
base64url.run();
