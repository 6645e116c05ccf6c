// What the library remembers of a client, in each of its cookies.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CasperOptions, createCasper } from '../src/casper.ts';
import { parseRecord } from '../src/digest/cookie.ts';
import { decode, encode } from '../src/digest/index.ts';
import { type Fields, type View, Wire } from './support/client.ts';
import { openHost } from './support/host.ts';
import { onRandom } from './support/random.ts';
import { endAll, onEnd, type Tested } from './support/server.ts';

const JPG = '/static/example.jpg';
const JS = '/static/example.js';

/** A host whose pages push what their query names. */
const openPages = async (options: CasperOptions = {}, isSecure = false): Promise<Tested> => {
	const casper = createCasper(options);
	onEnd(() => casper.close());
	return openHost(async (request, response) => {
		const targets = new URL(request.url, 'http://host.invalid').searchParams.getAll('push');
		if (request.url.startsWith('/page')) await casper.push(request, response, targets);
		response.end('x');
	}, isSecure);
};

const pageWith = (...targets: readonly string[]): string =>
	`/page?${targets.map((target) => `push=${encodeURIComponent(target)}`).join('&')}`;

/** A page on a connection of its own. */
const view = (host: Tested, targets: readonly string[], fields: Fields = {}): Promise<View> =>
	new Wire(host).view(pageWith(...targets), fields);

const pathsIn = ({ pushes }: View): string[] => [...pushes.keys()];
const fieldOf = ({ document }: View): string | undefined => document.fields['set-cookie'];
/** `name=value` of the cookie that came. */
const pairOf = (viewed: View): string => /^[^;]*/.exec(fieldOf(viewed) ?? '')?.[0] ?? '';
const textIn = (pair: string): string => pair.slice(pair.indexOf('=') + 1);

interface Kind {
	readonly cookie: NonNullable<CasperOptions['cookie']>;
	readonly attributes: RegExp;
	readonly nameOf: (host: Tested) => string;
}

const THIRTY_DAYS = 'Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax';
const KINDS: readonly Kind[] = [
	{
		cookie: 'x-go-casper',
		nameOf: () => 'x-go-casper',
		attributes: /^; Path=\/; HttpOnly; SameSite=Lax(; Secure)?$/,
	},
	{
		cookie: 'h2o_casper',
		nameOf: () => 'h2o_casper',
		attributes: new RegExp(`^; ${THIRTY_DAYS}(; Secure)?$`),
	},
	{
		cookie: 'casper',
		nameOf: ({ port, isSecure }) => `${isSecure ? '__Host-' : ''}casper_${port}`,
		attributes: new RegExp(`^; ${THIRTY_DAYS}(; Secure)?$`),
	},
];

const cookies = suite('casper: cookies');
cookies.after.each(endAll);

for (const { cookie, nameOf, attributes } of KINDS)
	for (const isSecure of [false, true])
		cookies(`${cookie}${isSecure ? ' over TLS' : ''}: name and attributes (RFC 6265 §4.1)`, async () => {
			const host = await openPages({ cookie }, isSecure);
			const viewed = await view(host, [JPG]);
			const field = fieldOf(viewed) ?? '';
			const pair = pairOf(viewed);
			assert.is(pair.slice(0, pair.indexOf('=')), nameOf(host));
			assert.match(field.slice(pair.length), attributes);
			assert.is(/; Secure/.test(field), isSecure);
		});

for (const { cookie } of KINDS) {
	cookies(
		`${cookie}: what it names is not pushed, what it does not is, and the next one names both`,
		async () => {
			const host = await openPages({ cookie });
			const first = await view(host, [JPG]);
			assert.equal(pathsIn(first), [JPG]);
			const fields = { cookie: `theme=dark; ${pairOf(first)}; session=1` };
			assert.equal(pathsIn(await view(host, [JPG], fields)), []);
			const second = await view(host, [JPG, JS], fields);
			assert.equal(pathsIn(second), [JS]);
			assert.equal(pathsIn(await view(host, [JPG, JS, '/other'], { cookie: pairOf(second) })), ['/other']);
		},
	);

	cookies(`${cookie}: a hard reload gets everything, and forgets nothing (RFC 9111 §5.2.1.4)`, async () => {
		const host = await openPages({ cookie });
		const first = pairOf(await view(host, [JPG, '/seldom']));
		const second = await view(host, [JPG, JS], { cookie: first, 'cache-control': 'no-cache' });
		assert.equal(pathsIn(second), [JPG, JS]);
		assert.equal(pathsIn(await view(host, [JPG, JS, '/seldom'], { cookie: pairOf(second) })), []);
	});

	cookies(`${cookie}: no cookie where nothing was ever pushed`, async () => {
		const host = await openPages({ cookie });
		assert.is(fieldOf(await view(host, [])), undefined);
	});
}

cookies('a client whose go-casper or H2O cookie says it all already gets none', async () => {
	for (const cookie of ['x-go-casper', 'h2o_casper'] as const) {
		const host = await openPages({ cookie });
		const pair = pairOf(await view(host, [JPG]));
		assert.is(fieldOf(await view(host, [JPG], { cookie: pair })), undefined);
		assert.is(fieldOf(await view(host, [], { cookie: pair })), undefined);
	}
});

cookies('values are those of the other programs (test suite of go-casper; casper.c of H2O)', async () => {
	const go = await openPages({ probability: 64, capacity: 2 });
	assert.is(pairOf(await view(go, ['/js/jquery-1.9.1.min.js', '/assets/style.css'])), 'x-go-casper=gU4');
	const h2o = await openPages({ cookie: 'h2o_casper', capacityBits: 13 });
	assert.is(pairOf(await view(h2o, ['/a.css', '/b.js'])), 'h2o_casper=AAAAVAAAAAwg');
	const read = await view(h2o, ['/a.css', '/b.js', '/c.js'], { cookie: 'h2o_casper=AAAAVAAAAAwg' });
	assert.equal(pathsIn(read), ['/c.js']);
});

cookies('two pages at once on one connection lose nothing of each other', async () => {
	for (const { cookie } of KINDS) {
		const host = await openPages({ cookie });
		const wire = new Wire(host);
		const streams = [pageWith('/a', '/b'), pageWith('/b', '/c')].map((page) => wire.request(page));
		for (const stream of streams) await wire.ended(stream);
		const pages = streams.map((stream) => wire.viewOf(stream));
		assert.equal(pages.map(pathsIn), [['/a', '/b'], ['/c']]);
		for (const [index, page] of pages.entries()) {
			const targets = index === 0 ? ['/a', '/b'] : ['/a', '/b', '/c'];
			assert.equal(pathsIn(await view(host, targets, { cookie: pairOf(page) })), [], `${cookie} ${index}`);
		}
	}
});

const HOSTILE: readonly { name: string; value: string }[] = [
	{ name: 'empty', value: '' },
	{ name: 'another alphabet', value: '!!' },
	{ name: 'padding', value: 'JA==' },
	{ name: 'a length that no bytes have', value: 'J' },
	{ name: 'quotes', value: '"JA"' },
	{ name: 'ones without end', value: '_'.repeat(400) },
	{ name: 'zeros', value: 'A'.repeat(3000) },
	{ name: 'longer than any browser keeps', value: 'yQA'.repeat(2000) },
	{ name: 'beyond ASCII', value: 'j\xfc\xff' },
	{ name: 'of another program', value: 'eyJhbGciOiJIUzI1NiJ9.e30.x' },
];
for (const { name, value } of HOSTILE)
	cookies(`a cookie that is ${name} counts as none or as read, and harms nobody`, async () => {
		for (const kind of KINDS) {
			const host = await openPages({ cookie: kind.cookie });
			const viewed = await view(host, [JPG, JS], { cookie: `${kind.nameOf(host)}=${value}` });
			assert.is(viewed.document.status, 200);
			if (name !== 'zeros') assert.equal(pathsIn(viewed), [JPG, JS], kind.cookie);
		}
	});

cookies('random cookies harm nobody', async () => {
	const values: string[] = [];
	onRandom((random) => {
		for (let round = 0; round < 40; round++) values.push(random.text('ABCDEFghijk012345-_', 600));
	})();
	for (const kind of KINDS) {
		const host = await openPages({ cookie: kind.cookie });
		const wire = new Wire(host);
		for (const value of values) {
			const { document } = await wire.view(pageWith(`/${value}`), {
				cookie: `${kind.nameOf(host)}=${value}`,
			});
			assert.is(document.status, 200, `${kind.cookie} ${value}`);
		}
	}
});

cookies(
	'a digest that grows beyond 3,000 characters starts anew with what this connection was given',
	async () => {
		const options = { probability: 2 ** 16, capacity: 4096 } as const;
		const host = await openPages(options);
		const old = Array.from({ length: 800 }, (_, index) => ({ url: `/old/${index}` }));
		const value = encode('go-casper', old, options);
		assert.ok(value.length > 2500 && value.length < 3000, `${value.length}`);
		const added = Array.from({ length: 150 }, (_, index) => `/new/${index}`);
		const viewed = await view(host, added, { cookie: `x-go-casper=${value}` });
		const next = decode('go-casper', textIn(pairOf(viewed)), options);
		assert.ok(textIn(pairOf(viewed)).length <= 3000);
		for (const url of pathsIn(viewed)) assert.ok(next?.has({ url }), url);
		assert.is(next?.size, pathsIn(viewed).length);
	},
);

cookies('one connection’s gifts never make a cookie of more than 3,000 characters', async () => {
	const options = { probability: 2 ** 31, capacity: 2 } as const;
	const wire = new Wire(await openPages(options));
	let last = '';
	for (let round = 0; round < 8; round++) {
		const targets = Array.from({ length: 100 }, (_, index) => `/${round}/${index}`);
		const viewed = await wire.view(pageWith(...targets));
		last = textIn(pairOf(viewed));
		assert.ok(last.length <= 3000, `${last.length}`);
	}
	const digest = decode('go-casper', last, options);
	assert.ok(digest?.has({ url: '/7/99' }), 'the newest are kept');
	assert.not(digest?.has({ url: '/0/0' }));
});

cookies('our own is one that `serve` reads', async () => {
	const host = await openPages({ cookie: 'casper' });
	const record = parseRecord(textIn(pairOf(await view(host, [JPG, JS]))));
	assert.is(record?.segments.flatMap(({ keys }) => keys).length, 2);
});

const fields = suite('casper: Set-Cookie fields of the host');
fields.after.each(endAll);

const HOSTS: readonly { name: string; set: string | string[]; want: string }[] = [
	{ name: 'one', set: 'a=1; Path=/', want: 'a=1; Path=/, ' },
	{ name: 'several', set: ['a=1', 'b=2; HttpOnly'], want: 'a=1, b=2; HttpOnly, ' },
	{ name: 'one of ours', set: 'x-go-casper=JA; Path=/', want: '' },
	{ name: 'ours among others', set: ['a=1', 'x-go-casper=JA', 'b=2'], want: 'a=1, b=2, ' },
	{ name: 'one that names ours in its value', set: 'a=x-go-casper=JA', want: 'a=x-go-casper=JA, ' },
	{ name: 'a longer name', set: 'x-go-casper2=1', want: 'x-go-casper2=1, ' },
];
for (const { name, set, want } of HOSTS)
	fields(`${name}: all stay but an earlier one of ours`, async () => {
		const casper = createCasper();
		const host = await openHost(async (request, response) => {
			if (request.url !== '/') return response.end('x');
			response.setHeader('set-cookie', set);
			await casper.push(request, response, [JS]);
			response.end('x');
		});
		const { document } = await new Wire(host).view('/');
		assert.is(document.fields['set-cookie'], `${want}x-go-casper=yQA; Path=/; HttpOnly; SameSite=Lax`);
	});

const digests = suite('casper: digests that grow');

for (const { name, dialect, parameters } of [
	{ name: 'go-casper', dialect: 'go-casper', parameters: { probability: 64, capacity: 40 } },
	{ name: 'h2o-casper', dialect: 'h2o-casper', parameters: { capacityBits: 13 } },
	{ name: 'cache-digest', dialect: 'cache-digest', parameters: { probability: 128 } },
] as const)
	digests(
		`${name}: what is added is in the set and its text, and what was there stays`,
		onRandom((random) => {
			for (let round = 0; round < 50; round++) {
				const made = Array.from({ length: 1 + random.below(30) }, (_, index) => ({
					url: `/${round}/${index}`,
				}));
				const added = Array.from({ length: random.below(10) }, (_, index) => ({
					url: `/+${round}/${index}`,
				}));
				const digest = decode(dialect, encode(dialect, made, parameters), parameters);
				assert.ok(digest);
				const before = digest.encode();
				const grown = digest.with(added);
				const read = decode(dialect, grown.encode(), parameters);
				for (const resource of [...made, ...added]) {
					assert.ok(grown.has(resource), resource.url);
					assert.ok(read?.has(resource), resource.url);
				}
				assert.is(read?.size, grown.size);
				assert.is(digest.encode(), before, 'the first stays as it is');
				if (dialect === 'h2o-casper')
					assert.is(grown.encode(), encode(dialect, [...made, ...added], parameters));
			}
		}),
	);

digests('what is added to an empty one is what `encode` writes', () => {
	const parameters = { probability: 64, capacity: 10 };
	assert.is(
		decode('go-casper', '', parameters)
			?.with([{ url: JS }])
			.encode(),
		'yQA',
	);
	assert.is(
		decode('h2o-casper', '')
			?.with([{ url: '/b.js' }, { url: '/a.css' }])
			.encode(),
		'AAAAVAAAAAwg',
	);
});

digests('a header that promises keys of half a gigabyte costs nothing (§3.2, log2N 31, P 1)', () => {
	const started = performance.now();
	for (const text of ['-AA', '-CA', '__8']) {
		const digest = decode('cache-digest', text);
		assert.ok(digest, text);
		const grown = digest.with([{ url: 'https://example.com/style.css' }]);
		try {
			assert.ok(grown.encode().length <= 16_384);
		} catch (error) {
			assert.instance(error, RangeError);
		}
	}
	assert.ok(performance.now() - started < 1000);
});

digests('what is no resource is a TypeError', () => {
	const digest = decode('go-casper', 'yQA');
	for (const resources of [undefined, '/a', [{ url: 1 }], [{}]])
		assert.throws(
			() => digest?.with(resources as never),
			(error: unknown) => error instanceof TypeError,
		);
});

cookies.run();
fields.run();
digests.run();
