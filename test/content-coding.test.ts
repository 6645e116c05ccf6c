import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeContent, OFFERED } from '../src/delivery/coding.ts';
import { type Coding, chooseCoding, isCompressible } from '../src/http/content-coding.ts';
import { typeOf } from '../src/site/snapshot.ts';
import { onRandom } from './support/random.ts';

const codings = suite('content codings');

const ALL: readonly Coding[] = ['br', 'zstd', 'gzip'];

const FIELDS: readonly {
	name: string;
	input: string | undefined;
	offered?: readonly Coding[];
	want: Coding | undefined;
}[] = [
	{ name: 'no field', input: undefined, want: undefined },
	{ name: 'an empty field', input: '', want: undefined },
	{ name: 'browsers', input: 'gzip, deflate, br, zstd', want: 'br' },
	{ name: 'browsers, without TLS', input: 'gzip, deflate', want: 'gzip' },
	{ name: 'browsers, where Node.js has no zstd', input: 'zstd, gzip', offered: ['br', 'gzip'], want: 'gzip' },
	{ name: 'none of ours', input: 'deflate, compress', want: undefined },
	{ name: 'capital letters (§8.4.1)', input: 'GZip', want: 'gzip' },
	{ name: 'an old name (§8.4.1.3)', input: 'x-gzip', want: 'gzip' },
	{ name: 'weights (§12.4.2)', input: 'br;q=0.5, gzip;q=0.8', want: 'gzip' },
	{ name: 'weights, equal', input: 'gzip;q=0.8, zstd;q=0.8', want: 'zstd' },
	{ name: 'weights of three digits', input: 'br;q=0.001, zstd;q=0.002', want: 'zstd' },
	{ name: 'a capital Q and spaces', input: 'br ; Q=0.1 ,\tgzip;q=1.000', want: 'gzip' },
	{ name: 'refused', input: 'br;q=0, gzip', want: 'gzip' },
	{ name: 'refused, all', input: 'br;q=0, zstd;q=0.0, gzip;q=0.000', want: undefined },
	{ name: 'any (§12.5.3)', input: '*', want: 'br' },
	{ name: 'any but one', input: '*, br;q=0', want: 'zstd' },
	{ name: 'one rather than any', input: 'gzip, *;q=0.5', want: 'gzip' },
	{ name: 'none at all', input: '*;q=0', want: undefined },
	{ name: 'one and none else', input: 'gzip, *;q=0', want: 'gzip' },
	{ name: 'identity', input: 'identity', want: undefined },
	{ name: 'identity first', input: 'identity, gzip;q=0.5', want: undefined },
	{ name: 'identity last', input: 'identity;q=0.5, gzip', want: 'gzip' },
	{ name: 'identity among equals', input: 'identity, gzip', want: 'gzip' },
	{ name: 'identity refused', input: 'identity;q=0, gzip;q=0.1', want: 'gzip' },
	{ name: 'identity refused, and nothing else', input: 'identity;q=0', want: undefined },
	{ name: 'an example (§12.5.3)', input: 'gzip;q=1.0, identity; q=0.5, *;q=0', want: 'gzip' },
	{ name: 'an example (§12.5.3)', input: 'compress;q=0.5, gzip;q=1.0', want: 'gzip' },

	{ name: 'a weight above 1', input: 'br;q=1.1, gzip', want: 'gzip' },
	{ name: 'a weight that is none', input: 'br;q=high, gzip', want: 'gzip' },
	{ name: 'a weight of four digits', input: 'br;q=0.1234, gzip', want: 'gzip' },
	{ name: 'another parameter', input: 'br;level=1, gzip', want: 'gzip' },
	{ name: 'a word within another', input: 'brotli, gzipped', want: undefined },
	{ name: 'no comma', input: 'br gzip', want: undefined },
	{ name: 'empty elements', input: ',, gzip ,', want: 'gzip' },
	{ name: 'a name of every object', input: '__proto__, constructor', want: undefined },
];
for (const { name, input, offered = ALL, want } of FIELDS)
	codings(`${name}: ${input} → ${want ?? 'as it is'} (RFC 9110 §12.5.3)`, () => {
		assert.is(chooseCoding(input, offered), want);
	});

codings(
	'random fields never throw, and what is chosen was named',
	onRandom((random) => {
		for (let round = 0; round < 5000; round++) {
			const field = Array.from({ length: random.below(12) }, () =>
				random.pick(['br', 'gzip', 'zstd', '*', 'identity', ';q=', '0', '1', '.5', ',', ' ', ';', '\xff']),
			).join('');
			const coding = chooseCoding(field, ALL);
			assert.ok(coding === undefined || field.includes(coding) || field.includes('*'), field);
		}
	}),
);

codings('a field of 64 KB costs no more than its length', () => {
	const start = performance.now();
	for (const filler of [',', ' ', 'gzip,', 'a', ';q=', 'br;q=0.1 ,'])
		chooseCoding(filler.repeat(65_536 / filler.length), ALL);
	assert.ok(performance.now() - start < 1000);
});

const NAMES: readonly { want: boolean; names: readonly string[] }[] = [
	{
		want: true,
		names: [
			'a.html a.css a.js a.mjs a.json a.svg a.xml a.txt a.md a.csv a.map a.webmanifest a.wasm a.ttf a.otf a.eot',
			'a.ico a.bmp a.xhtml a.rss a.atom a.jsonld a.geojson a.ics a.vtt a.yaml a.m3u8',
		],
	},
	{
		want: false,
		names: [
			'a.png a.jpg a.gif a.webp a.avif a.woff a.woff2 a.mp4 a.webm a.mp3 a.ogg a.zip a.gz a.br a.zst a.pdf',
			'a.epub a.docx a.7z a.bin a',
		],
	},
];
for (const { want, names } of NAMES)
	for (const name of names.join(' ').split(' '))
		codings(`${name} is ${want ? 'worth a coding' : 'sent as it is'}`, () => {
			assert.is(isCompressible(typeOf(name)), want, typeOf(name));
		});

codings('what is made is smaller and can be read; else it is what it was', async () => {
	const text = Buffer.from('a line that comes again\n'.repeat(500));
	for (const coding of OFFERED) {
		const coded = await encodeContent(text, coding);
		assert.ok(coded.length < text.length / 4, coding);
		if (coding === 'gzip') assert.ok(gunzipSync(coded).equals(text));
		const noise = Buffer.from('x');
		assert.is(await encodeContent(noise, coding), noise, coding);
	}
});

codings.run();
