// Bundles as a service worker gets them, over both protocols, with TLS and without.

import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HELD_BYTES } from '../src/delivery/body.ts';
import { type Bundle, bundleOf, isBundle, navigation, wordOf } from './support/bundle.ts';
import { type Answer, ask, askOn, type Fields, openSession, PROTOCOLS } from './support/client.ts';
import { endAll, openIndexed } from './support/server.ts';

const bundle = suite('bundle on the wire');
bundle.after.each(endAll);

/** Text that hardly gets smaller by a coding. */
const noise = (length: number): string => {
	let text = '';
	for (let at = 0; text.length < length; at++)
		text += createHash('sha512').update(`${length} ${at}`).digest('base64');
	return text.slice(0, length);
};

const PAGE = `<!doctype html>
<title>A</title>
<link rel="stylesheet" href="a.css">
<script src="a.js" defer></script>
<body><img src="a.png" alt=""><img src="b.png" loading="lazy" alt="">
<p>${noise(100_000)}</p>
`;
const FILES = {
	'index.html': PAGE,
	'a.css': '@import "b.css"; @font-face { font-family: A; src: url(a.woff2) } body { font-family: A }',
	'b.css': `p { color: red } /* ${noise(50_000)} */`,
	'a.js': 'document.title = "B"',
	'a.woff2': Buffer.from(noise(5000)),
	'a.png': Buffer.from(noise(40_000)),
	'b.png': Buffer.from(noise(300)),
	'off.html': '<!doctype html><html data-casper="off"><body>',
	'secret.html': '<!doctype html><title>Secret</title><body>',
	'about.html': '<!doctype html><title>About</title><body>',
	'shared.html': '<!doctype html><title>Shared</title><body>',
	'kept.html': '<!doctype html><title>Kept</title><body>',
	'elsewhere.html': '<!doctype html><base href="https://example.org/"><body>',
	'large.html': `<!doctype html><body>${' '.repeat(HELD_BYTES)}`,
	_redirects: '/old /about 302\n',
	_headers:
		'/a.css\n  X-Site: ours\n  ! X-Content-Type-Options\n/a.png\n  Cache-Control: max-age=60\n/b.css\n  Vary: X-Theme\n/secret\n  Cache-Control: no-store\n/shared\n  Cache-Control: max-age=0, s-maxage=60\n/kept\n  Cache-Control: max-age=60\n/about\n  Clear-Site-Data: "cache"\n',
};

const tagOf = (content: string | Uint8Array): string =>
	createHash('sha256').update(content).digest('hex').slice(0, 32);

/** Each way to a server there is. */
const onEachWay = async (
	test: (
		ask: (target: string, fields?: Fields, method?: string) => Promise<Answer>,
		way: string,
	) => Promise<void>,
	files: Parameters<typeof openIndexed>[0] = FILES,
): Promise<void> => {
	for (const cert of [true, false]) {
		const tested = await openIndexed(files, { bundle: true, cert });
		for (const protocol of PROTOCOLS)
			await test(
				(target, fields, method) => ask(tested, protocol, target, fields, method),
				`${protocol}${cert ? ' over TLS' : ''}`,
			);
	}
};

const URLS = ['/', '/a.css', '/b.css', '/a.js', '/a.woff2', '/a.png'] as const;
const ORDER = [
	'manifest',
	'head /',
	'content /',
	...['/b.css', '/a.css', '/a.js', '/a.woff2'].flatMap((url) => [
		`head ${url}`,
		`content ${url}`,
		`end ${url}`,
	]),
	'content /',
	'end /',
	'head /a.png',
	'content /a.png',
	'end /a.png',
	'complete',
];

/** The order without regard to which of those that hold up the first paint comes first. */
const phasesOf = ({ order }: Bundle): string[] => {
	const at = order.indexOf('content /', 3);
	return [...order.slice(0, 3), ...[...order.slice(3, at)].sort(), ...order.slice(at)];
};

bundle('all of a page, in the order in which it is needed, in each coding', async () => {
	await onEachWay(async (ask, way) => {
		for (const [accepted, want] of [
			['br', 'br'],
			['gzip', 'gzip'],
			['gzip, deflate, br, zstd', undefined],
			['identity', 'identity'],
			[undefined, 'identity'],
		] as const) {
			const what = `${way} ${accepted}`;
			const fields = accepted === undefined ? {} : { 'accept-encoding': accepted };
			const answer = await ask('/', { ...navigation(), ...fields });
			const { 'content-encoding': coding = 'identity' } = answer.fields;
			if (want !== undefined) assert.is(coding, want, what);
			else assert.is.not(coding, 'identity', what);
			const got = bundleOf(answer);
			assert.equal(
				phasesOf(got),
				[...ORDER.slice(0, 3), ...ORDER.slice(3, -6).sort(), ...ORDER.slice(-6)],
				what,
			);
			assert.equal([...got.parts.keys()].sort(), [...URLS].sort(), what);
			assert.ok(got.isComplete, what);
			for (const url of URLS.slice(1)) {
				const part = got.parts.get(url);
				assert.ok(part?.isSent, url);
				const file = FILES[url.slice(1) as keyof typeof FILES];
				assert.is(part.tag, tagOf(file), url);
				assert.ok(part.body.equals(Buffer.from(file)), `${what} ${url}`);
			}
		}
	});
});

bundle('the response is for this client and this moment alone, and says what it depends on', async () => {
	await onEachWay(async (ask, way) => {
		const { status, fields } = await ask('/', navigation());
		assert.is(status, 200, way);
		for (const [name, want] of Object.entries({
			'content-type': 'application/casper-bundle',
			'cache-control': 'no-store',
			casper: '1',
			'x-content-type-options': 'nosniff',
			etag: undefined,
			'last-modified': undefined,
			'set-cookie': undefined,
			link: undefined,
			'content-length': undefined,
		}))
			assert.is(fields[name], want, `${way}: ${name}`);
		for (const name of ['Accept-Encoding', 'Service-Worker-Navigation-Preload', 'Cache-Digest'])
			assert.match(fields.vary ?? '', name, way);
	});
});

bundle('a part has the fields of the response that it stands for, those of the site included', async () => {
	await onEachWay(async (ask, way) => {
		const { parts } = bundleOf(await ask('/', navigation()));
		for (const url of URLS.slice(1)) {
			const alone = await ask(url);
			const { status, fields } = parts.get(url)!;
			assert.is(status, 200, `${way} ${url}`);
			for (const name of Object.keys({ ...alone.fields, ...fields }))
				if (!['connection', 'date', 'keep-alive', 'transfer-encoding'].includes(name))
					assert.is(fields[name], alone.fields[name], `${way} ${url}: ${name}`);
		}
		assert.is(parts.get('/a.css')?.fields['x-site'], 'ours');
		assert.is(parts.get('/a.css')?.fields['x-content-type-options'], undefined);
		assert.is(parts.get('/a.png')?.fields['cache-control'], 'max-age=60');
	});
});

bundle('the document is what a navigation gets, byte for byte and tag for tag', async () => {
	await onEachWay(async (ask, way) => {
		const navigated = await ask('/', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' });
		const [, document] = [...bundleOf(await ask('/', navigation())).parts][0]!;
		assert.is(document.outcome, 'end', way);
		assert.is(document.status, 200, way);
		assert.ok(document.body.equals(navigated.body), way);
		assert.is(`"${document.tag}"`, navigated.fields.etag, way);
		for (const name of ['etag', 'content-type', 'content-length', 'last-modified', 'vary', 'casper'])
			assert.is(document.fields[name], navigated.fields[name], `${way}: ${name}`);
		// A record of what this client was given goes with what the client asks for itself.
		assert.is(document.fields['set-cookie'], undefined);
	});
});

bundle('what is held is named and not sent, the document included', async () => {
	await onEachWay(async (ask, way) => {
		const all = [...bundleOf(await ask('/', navigation())).parts.values()];
		const held = all.map(({ url, tag }) => [url, tag] as const);
		const none = bundleOf(await ask('/', navigation(...held)));
		assert.equal(none.order, ['manifest', 'complete'], way);
		assert.ok([...none.parts.values()].every(({ isSent }) => !isSent));
		// Fields change where content does not: what is held is shown with those of now.
		for (const { url, status, fields } of all) {
			const part = none.parts.get(url);
			assert.equal([part?.status, part?.fields], [status, fields], `${way} ${url}`);
		}
		assert.equal([...none.parts.values()].map(({ tag }) => tag).sort(), all.map(({ tag }) => tag).sort());
		const [, ...assets] = held;
		const document = bundleOf(await ask('/', navigation(...assets)));
		assert.equal(document.order, ['manifest', 'head /', 'content /', 'end /', 'complete'], way);
		const stale = assets.map(([url, tag]) => [url, url === '/a.css' ? 'older' : tag] as const);
		const changed = bundleOf(await ask('/', navigation(...stale)));
		assert.equal(
			[...changed.parts.values()].filter(({ isSent }) => isSent).map(({ url }) => url),
			['/', '/a.css'],
			way,
		);
		// Whatever the browser has beside.
		const lazy = [...held, ['/b.png', tagOf(FILES['b.png'])] as const];
		const parts = bundleOf(await ask('/', navigation(...lazy))).parts;
		assert.is(parts.get('/b.png')?.isSent, false, way);
	});
});

bundle('what the network of a browser acts upon is said of the bundle, too', async () => {
	await onEachWay(async (ask, way) => {
		const answer = await ask('/about', navigation());
		assert.is(answer.fields['clear-site-data'], '"cache"', way);
		assert.is(bundleOf(answer).parts.get('/about')?.fields['clear-site-data'], '"cache"', way);
	});
});

bundle('a worker that asks on its own gets the same', async () => {
	await onEachWay(async (ask, way) => {
		const own = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'cache-digest': wordOf() };
		const got = bundleOf(await ask('/', own));
		assert.equal(phasesOf(got), phasesOf(bundleOf(await ask('/', navigation()))), way);
	});
});

bundle('the document is named as it was asked for, with its query', async () => {
	await onEachWay(async (ask, way) => {
		const first = [...bundleOf(await ask('/about?a=1&b', navigation())).parts.values()];
		assert.is(first[0]?.url, '/about?a=1&b', way);
		const held = navigation(['/about?a=1&b', first[0]?.tag ?? '']);
		assert.equal(bundleOf(await ask('/about?a=1&b', held)).order, ['manifest', 'complete'], way);
		// That of another query is another thing to a cache.
		assert.ok(bundleOf(await ask('/about?a=2', held)).order.includes('end /about?a=2'), way);
	});
});

bundle('neither a condition nor what other clients say of their caches takes part in it', async () => {
	await onEachWay(async (ask, way) => {
		const { etag = '' } = (await ask('/', { 'sec-fetch-mode': 'navigate' })).fields;
		const fields = { ...navigation(), 'if-none-match': etag, cookie: '__Host-casper_1=IAAA' };
		const answer = await ask('/', { ...fields, 'if-modified-since': new Date().toUTCString() });
		assert.is(answer.status, 200, way);
		assert.equal(phasesOf(bundleOf(answer)), phasesOf(bundleOf(await ask('/', navigation()))), way);
	});
});

bundle('what the connection brought before, a worker need not have kept', async () => {
	const tested = await openIndexed(FILES, { bundle: true });
	const session = openSession(tested);
	await askOn(session, '/');
	for (const url of URLS) await askOn(session, url);
	for (let round = 0; round < 2; round++) {
		const { parts } = bundleOf(await askOn(session, '/', navigation()));
		assert.equal(
			[...parts.values()].filter(({ isSent }) => !isSent),
			[],
		);
	}
});

const PLAIN: readonly { name: string; target?: string; fields?: Fields; method?: string; want: number }[] = [
	{ name: 'a hard reload (RFC 9111 §5.2.1.4)', fields: { 'cache-control': 'no-cache' }, want: 200 },
	{ name: 'the same in the words of HTTP/1.0', fields: { pragma: 'no-cache' }, want: 200 },
	{ name: 'a worker of somebody else', fields: { 'service-worker-navigation-preload': 'true' }, want: 200 },
	{
		name: 'another version of ours',
		fields: { 'service-worker-navigation-preload': 'casper/2 AA' },
		want: 200,
	},
	{ name: 'what is not there', target: '/missing', want: 404 },
	{ name: 'a redirect', target: '/old', want: 302 },
	{ name: 'a page with a base elsewhere', target: '/elsewhere', want: 200 },
	{ name: 'a page of more than a mebibyte', target: '/large', want: 200 },
	{ name: 'a page that wants none', target: '/off', want: 200 },
	{ name: 'a page that nobody may store (RFC 9111 §5.2.2.5)', target: '/secret', want: 200 },
	{ name: 'a page that shared caches may keep (RFC 9111 §5.2.2.9)', target: '/shared', want: 200 },
	{ name: 'a page that may be used without asking', target: '/kept', want: 200 },
	{ name: 'an image', target: '/a.png', want: 200 },
	{ name: 'a HEAD', method: 'HEAD', want: 200 },
	{ name: 'a part', fields: { range: 'bytes=0-9' }, want: 206 },
];

for (const { name, target = '/', fields, method, want } of PLAIN)
	bundle(`no bundle: ${name}`, async () => {
		await onEachWay(async (ask, way) => {
			const answer = await ask(target, { ...navigation(), ...fields }, method);
			assert.not.ok(isBundle(answer), way);
			assert.is(answer.status, want, way);
		});
	});

bundle.run();
