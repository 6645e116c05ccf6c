import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KEY_BITS, keyOf } from '../src/digest/resource-key.ts';
import { onRandom } from './support/random.ts';

const resourceKey = suite('resource key');

const HASH = '9f86d081884c7d659a2feaa0c55ad015';

/** By the platform's other implementation of SHA-256, and on the bits as text. */
const expectedKey = async (url: string, hash: string): Promise<number> => {
	const text = new TextEncoder().encode(`${url}\0${hash}`);
	const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
	const bits = [...digest].map((byte) => byte.toString(2).padStart(8, '0')).join('');
	return Number.parseInt(bits.slice(0, 20), 2);
};

const VERSIONS: readonly { name: string; url: string; hash: string }[] = [
	{ name: 'a path', url: '/a.css', hash: HASH },
	{ name: 'a path with a query', url: '/a.css?v=2', hash: HASH },
	{ name: 'an escaped path', url: '/img/a%20b.svg', hash: HASH },
	{ name: 'the root', url: '/', hash: HASH },
	{ name: 'characters beyond ASCII, as UTF-8', url: '/é/日本', hash: HASH },
	{ name: 'no hash', url: 'https://other.example/a.css', hash: '' },
	{ name: 'nothing at all', url: '', hash: '' },
];
for (const { name, url, hash } of VERSIONS)
	resourceKey(`the key is the top 20 bits of SHA-256(URL NUL hash): ${name}`, async () => {
		assert.is(keyOf({ url, hash }), await expectedKey(url, hash));
	});

resourceKey(
	'the key of random versions fits its width and is the expected one',
	onRandom((random) => {
		for (let round = 0; round < 1000; round++) {
			const key = keyOf({
				url: `/${random.text('abc/?&=%', 20)}`,
				hash: random.text('0123456789abcdef', 32),
			});
			assert.ok(Number.isInteger(key) && key >= 0 && key < 2 ** KEY_BITS);
		}
	}),
);

resourceKey('keys are spread evenly: none of 16 ranges gets far more than its share', () => {
	const ranges = new Array<number>(16).fill(0);
	for (let index = 0; index < 16_000; index++)
		ranges[keyOf({ url: `/assets/${index}.js`, hash: HASH }) >> (KEY_BITS - 4)]! += 1;
	for (const count of ranges) assert.ok(count > 800 && count < 1200, String(ranges));
});

resourceKey('path, query and content each tell versions apart, and none of them runs into the next', () => {
	const versions = [
		{ url: '/a.css', hash: HASH },
		{ url: '/b.css', hash: HASH },
		{ url: '/A.css', hash: HASH },
		{ url: '/a.css?', hash: HASH },
		{ url: '/a.css?v=1', hash: HASH },
		{ url: '/a.css?v=2', hash: HASH },
		{ url: '/a.css/', hash: HASH },
		{ url: '/a.css', hash: `${HASH.slice(0, -1)}4` },
		{ url: `/a.css${HASH.slice(0, 1)}`, hash: HASH.slice(1) },
		{ url: `/a.css${HASH}`, hash: '' },
	];
	assert.is(new Set(versions.map(keyOf)).size, versions.length);
});

resourceKey('the key belongs to the version, not to the object', () => {
	assert.is(keyOf({ url: '/a.css', hash: HASH }), keyOf({ url: '/a.css', hash: HASH }));
	const version = { url: '/a.css', hash: HASH };
	assert.is(keyOf(version), keyOf(version));
});

resourceKey.run();
