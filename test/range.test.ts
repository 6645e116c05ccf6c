import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseRange, type Range } from '../src/http/range.ts';
import { onRandom, type Random } from './support/random.ts';

const ranges = suite('ranges');

/** Bytes of the representation, as in the examples of RFC 9110 §14.1.2. */
const SIZE = 10_000;

const part = (start: number, end: number): Range => ({ kind: 'part', start, end });
const WHOLE: Range = { kind: 'whole' };
const UNSATISFIABLE: Range = { kind: 'unsatisfiable' };

const FIELDS: readonly { name: string; input: string; size?: number; want: Range }[] = [
	{ name: 'the first 500 bytes (§14.1.2)', input: 'bytes=0-499', want: part(0, 500) },
	{ name: 'the second 500 bytes (§14.1.2)', input: 'bytes=500-999', want: part(500, 1000) },
	{ name: 'the final 500 bytes (§14.1.2)', input: 'bytes=-500', want: part(9500, 10_000) },
	{ name: 'the final 500 bytes, open (§14.1.2)', input: 'bytes=9500-', want: part(9500, 10_000) },
	{ name: 'one byte', input: 'bytes=0-0', want: part(0, 1) },
	{ name: 'the last byte', input: 'bytes=9999-9999', want: part(9999, 10_000) },
	{ name: 'the last byte, from the end', input: 'bytes=-1', want: part(9999, 10_000) },
	{ name: 'everything, open', input: 'bytes=0-', want: part(0, 10_000) },
	{ name: 'an end behind the end', input: 'bytes=9000-20000', want: part(9000, 10_000) },
	{ name: 'more from the end than there is', input: 'bytes=-20000', want: part(0, 10_000) },
	{ name: 'leading zeros', input: 'bytes=0000-0009', want: part(0, 10) },
	{ name: 'a number beyond all numbers', input: `bytes=1-${'9'.repeat(400)}`, want: part(1, 10_000) },
	{ name: 'a unit in capitals (§14.1)', input: 'Bytes=0-1', want: part(0, 2) },
	{ name: 'spaces around a part (§5.6.1)', input: 'bytes= 0-1 ', want: part(0, 2) },
	{ name: 'empty elements (§5.6.1.2)', input: 'bytes=, ,0-1,,', want: part(0, 2) },

	{ name: 'a beginning behind the end (§14.1.2)', input: 'bytes=10000-', want: UNSATISFIABLE },
	{ name: 'both behind the end', input: 'bytes=10000-10001', want: UNSATISFIABLE },
	{ name: 'the last 0 bytes (§14.1.2)', input: 'bytes=-0', want: UNSATISFIABLE },
	{ name: 'several, none of which is there', input: 'bytes=10000-,-0', want: UNSATISFIABLE },
	{ name: 'a beginning beyond all numbers', input: `bytes=${'9'.repeat(400)}-`, want: UNSATISFIABLE },

	{ name: 'parts that touch', input: 'bytes=0-4,5-9', want: part(0, 10) },
	{ name: 'parts that touch, the other way round', input: 'bytes=5-9,0-4', want: part(0, 10) },
	{ name: 'parts that overlap (§14.1.2)', input: 'bytes=500-700,601-999', want: part(500, 1000) },
	{ name: 'a part within another', input: 'bytes=0-99,10-19,20-29', want: part(0, 100) },
	{ name: 'one that is there of two', input: 'bytes=0-4,10000-', want: part(0, 5) },
	{ name: 'the first and last byte only (§14.1.2)', input: 'bytes=0-0,-1', want: WHOLE },
	{ name: 'parts apart', input: 'bytes=0-4,6-9', want: WHOLE },
	{ name: 'many parts that touch', input: `bytes=${Array(33).fill('0-1').join()}`, want: WHOLE },
	{ name: 'a field longer than any need', input: `bytes=0-${'0'.repeat(2000)}`, want: WHOLE },

	{ name: 'another unit', input: 'items=0-5', want: WHOLE },
	{ name: 'no unit', input: '0-5', want: WHOLE },
	{ name: 'no range', input: 'bytes=', want: WHOLE },
	{ name: 'commas alone', input: 'bytes=,,', want: WHOLE },
	{ name: 'neither beginning nor end', input: 'bytes=-', want: WHOLE },
	{ name: 'an end before the beginning (§14.1.1)', input: 'bytes=9-2', want: WHOLE },
	{ name: 'an end before the beginning in a list', input: 'bytes=0-1,9-2', want: WHOLE },
	{ name: 'no number', input: 'bytes=a-b', want: WHOLE },
	{ name: 'a sign', input: 'bytes=+0-1', want: WHOLE },
	{ name: 'two dashes', input: 'bytes=--1', want: WHOLE },
	{ name: 'three numbers', input: 'bytes=0-1-2', want: WHOLE },
	{ name: 'a fraction', input: 'bytes=0.5-1', want: WHOLE },
	{ name: 'spaces within', input: 'bytes=0 - 1', want: WHOLE },
	{ name: 'spaces around the sign', input: 'bytes = 0-1', want: WHOLE },
	{ name: 'a range of two fields', input: 'bytes=0-1, bytes=2-3', want: WHOLE },
	{ name: 'hexadecimal digits', input: 'bytes=0x0-0x5', want: WHOLE },
	{ name: 'digits of another script', input: 'bytes=٠-٥', want: WHOLE },
	{ name: 'a line feed', input: 'bytes=0-1\n', want: WHOLE },

	{ name: 'of nothing', input: 'bytes=0-', size: 0, want: WHOLE },
	{ name: 'from the end of nothing', input: 'bytes=-5', size: 0, want: WHOLE },
	{ name: 'of one byte', input: 'bytes=-5', size: 1, want: part(0, 1) },
];
for (const { name, input, size = SIZE, want } of FIELDS)
	ranges(`${name}: ${input.slice(0, 40)} → ${want.kind} (RFC 9110 §14)`, () => {
		assert.equal(parseRange(input, size), want);
	});

/** The bytes that a well-formed field asks for, one by one: slow, but plain. */
const bytesOf = (specs: readonly string[], size: number): Set<number> => {
	const bytes = new Set<number>();
	for (const spec of specs) {
		const [first = '', last = ''] = spec.split('-');
		const start = first === '' ? size - Number(last) : Number(first);
		const end = first === '' || last === '' ? size - 1 : Number(last);
		for (let at = Math.max(0, start); at <= Math.min(end, size - 1); at++) bytes.add(at);
	}
	return bytes;
};

const specOf = (random: Random, size: number): string => {
	const first = random.below(size + 5);
	return random.pick([`${first}-`, `-${first}`, `${first}-${first + random.below(size)}`]);
};

ranges(
	'random ranges are the bytes that they name, and no others (RFC 9110 §14.1.2)',
	onRandom((random) => {
		for (let round = 0; round < 5000; round++) {
			const size = 1 + random.below(40);
			const specs = Array.from({ length: 1 + random.below(4) }, () => specOf(random, size));
			const bytes = [...bytesOf(specs, size)].sort((a, b) => a - b);
			const [first = 0] = bytes;
			const isOne = bytes.every((byte, index) => byte === first + index);
			const want = bytes.length === 0 ? UNSATISFIABLE : isOne ? part(first, first + bytes.length) : WHOLE;
			assert.equal(parseRange(`bytes=${specs.join(',')}`, size), want, `${specs} of ${size}`);
		}
	}),
);

ranges(
	'random text never throws, and no part is empty or outside',
	onRandom((random) => {
		for (let round = 0; round < 5000; round++) {
			const size = random.below(100);
			const input = `${random.pick(['bytes=', 'bytes', ''])}${random.text('0123-,= \t9ab', random.below(30))}`;
			const range = parseRange(input, size);
			if (range.kind === 'part')
				assert.ok(0 <= range.start && range.start < range.end && range.end <= size, JSON.stringify(input));
		}
	}),
);

ranges('a field of 64 KB costs no more than its length', () => {
	const start = performance.now();
	for (const filler of [',', ' ', '0-1,', '-', '\t,', '9'])
		parseRange(`bytes=${filler.repeat(65_536 / filler.length)}`, SIZE);
	assert.ok(performance.now() - start < 1000);
});

ranges.run();
