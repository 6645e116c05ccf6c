// Page views over real sockets: what a client says it holds, hints, and records that turn out wrong.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatRecord, parseRecord, type Segment } from '../src/digest/cookie.ts';
import { type DigestResource, encode } from '../src/digest/dialects.ts';
import { keyOf } from '../src/digest/resource-key.ts';
import {
	type Answer,
	ask,
	type Fields,
	openSession,
	PROTOCOLS,
	SETTING,
	type View,
	Wire,
} from './support/client.ts';
import { endAll, eventually, type Files, openIndexed, put, type Tested } from './support/server.ts';

const SITE: Files = {
	'index.html': [
		'<!doctype html><title>Start</title><link rel="stylesheet" href="/a.css?v=1">',
		'<script type="module" src="/m.js"></script><script src="/app.8fe7404fd529.js"></script>',
		'<link rel="preload" as="font" href="/f.woff2" crossorigin><img src="/i.svg">',
	].join(''),
	'other.html': '<!doctype html><title>Other</title><script src="/app.8fe7404fd529.js"></script>',
	'plain.html': '<!doctype html><title>Plain</title>',
	'a.css': 'a { color: red }',
	'm.js': 'm();',
	'app.8fe7404fd529.js': 'app();',
	'f.woff2': 'font',
	'i.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
};
const URLS = ['/a.css?v=1', '/app.8fe7404fd529.js', '/m.js', '/f.woff2', '/i.svg'];
const NO_PUSH = { [SETTING.enablePush]: 0 };

const originOf = ({ server }: Tested): string => new URL(server.url).origin;
/** URLs and entity tags of all that the start page needs. */
const heldOf = async (tested: Tested): Promise<{ url: string; etag: string }[]> => {
	const held: { url: string; etag: string }[] = [];
	for (const url of URLS) {
		const { etag = '' } = (await ask(tested, 'HTTP/2', url, {}, 'HEAD')).fields;
		held.push({ url, etag });
	}
	return held;
};
const setOf = (tested: Tested, resources: readonly DigestResource[]): string =>
	encode(
		'cache-digest',
		resources.map(({ url, ...others }) => ({ url: originOf(tested) + url, ...others })),
		{ probability: 2 ** 20 },
	);
const change = async (tested: Tested, file: string, content: string): Promise<void> => {
	await put(tested.folder, file, content);
	await eventually(
		'the change',
		async () => String((await ask(tested, 'HTTP/2', `/${file}`)).body) === content,
	);
};
/** What came with a page, by path: `200`, `304`. */
const pushed = ({ pushes }: View): Record<string, number> =>
	Object.fromEntries([...pushes].map(([path, { status }]) => [path, status]));
const all = (status: number): Record<string, number> => Object.fromEntries(URLS.map((url) => [url, status]));

const said = suite('what a client says it holds');
said.after.each(endAll);

said('with entity tags: what is held is confirmed, what changed is sent, as with a cookie', async () => {
	const tested = await openIndexed(SITE);
	const held = await heldOf(tested);
	const weak = held.map(({ url, etag }) => ({ url, etag: `W/${etag}` }));
	const mapping = held.map(({ url, etag }) => `${url.replace('=', '%3D')}=${etag.slice(1, -1)}`).join(', ');
	const rows = [
		{ name: 'strong tags', input: `${setOf(tested, held)}; validators; complete`, file: 'm.js' },
		{ name: 'weak tags', input: `${setOf(tested, weak)}; VALIDATORS; stale`, file: 'f.woff2' },
		{ name: 'a mapping', input: mapping, file: 'i.svg' },
	];
	for (const { name, input } of rows) {
		const view = await new Wire(tested).view('/', { 'cache-digest': input });
		assert.equal(pushed(view), all(304), name);
		assert.is(tested.entries.at(-1)?.page?.evidence, 'cache-digest', name);
	}
	for (const { name, input, file } of rows) {
		await change(tested, file, `changed for ${name}`);
		const view = await new Wire(tested).view('/', { 'cache-digest': input });
		assert.is(pushed(view)[`/${file}`], 200, name);
		assert.is(String(view.pushes.get(`/${file}`)?.body), `changed for ${name}`);
	}
});

said('a path alone stands for its version where the name carries a hash of the content', async () => {
	const tested = await openIndexed(SITE);
	const view = await new Wire(tested).view('/', { 'cache-digest': '/app.8fe7404fd529.js' });
	assert.equal(pushed(view), { ...all(200), '/app.8fe7404fd529.js': 304 });
	const inProduction = await openIndexed(SITE, { production: true });
	const { '/app.8fe7404fd529.js': _, ...others } = all(200);
	const field = { 'cache-digest': '/app.8fe7404fd529.js' };
	assert.equal(pushed(await new Wire(inProduction).view('/', field)), others);
});

said(
	'by URLs alone: what is named is not sent again even when it changes, and the log says why',
	async () => {
		const tested = await openIndexed(SITE);
		const field = { 'cache-digest': `${setOf(tested, [{ url: '/m.js' }, { url: '/a.css?v=1' }])}; complete` };
		const { '/m.js': _, '/a.css?v=1': __, ...others } = all(200);
		for (const content of ['m();', 'changed();']) {
			if (content !== SITE['m.js']) await change(tested, 'm.js', content);
			assert.equal(pushed(await new Wire(tested).view('/', field)), others, content);
			const { plan, evidence } = tested.entries.findLast(({ page }) => page !== undefined)?.page ?? {};
			assert.is(evidence, 'cache-digest');
			const decision = plan?.decisions.find(({ dependency }) => dependency.url === '/m.js');
			assert.is(`${decision?.verdict}: ${decision?.reason}`, 'leave: held, version unknown');
		}
		const stale = { 'cache-digest': `${setOf(tested, [{ url: '/m.js' }])}; stale` };
		assert.equal(pushed(await new Wire(tested).view('/', stale)), { ...all(200), '/m.js': 304 });
	},
);

said('is used alone, before a cookie; neither cookie nor `private` comes with the answer', async () => {
	const tested = await openIndexed(SITE);
	const first = await new Wire(tested).view('/');
	const cookie = first.document.fields['set-cookie']?.split(';')[0] ?? '';
	const view = await new Wire(tested).view('/', { cookie, 'cache-digest': 'AcA; complete' });
	assert.equal(pushed(view), all(200));
	assert.is(view.document.fields['set-cookie'], undefined);
	assert.is(view.document.fields['cache-control'], 'no-cache');
});

said('that cannot be read is nothing said: a cookie counts, and is written', async () => {
	const tested = await openIndexed(SITE);
	const first = await new Wire(tested).view('/');
	const cookie = first.document.fields['set-cookie']?.split(';')[0] ?? '';
	for (const input of ['', '***', 'AcA; unknown', '_'.repeat(15_000), 'AcA,'.repeat(100), '\x80\xff']) {
		const view = await new Wire(tested).view('/', { cookie, 'cache-digest': input });
		assert.equal(pushed(view), all(304), input.slice(0, 20));
		assert.ok(view.document.fields['set-cookie']);
	}
});

said('a hard reload gets every body in spite of it (RFC 9111 §5.2.1.4)', async () => {
	const tested = await openIndexed(SITE);
	const input = `${setOf(tested, await heldOf(tested))}; validators`;
	const fields = { 'cache-digest': input, 'cache-control': 'no-cache' };
	assert.equal(pushed(await new Wire(tested).view('/', fields)), all(200));
});

said('what the connection was given counts beside it: no body twice', async () => {
	const wire = new Wire(await openIndexed(SITE));
	assert.equal(pushed(await wire.view('/', { 'cache-digest': 'AcA' })), all(200));
	assert.equal(pushed(await wire.view('/', { 'cache-digest': 'AcA' })), all(304));
});

said('repeated fields are one list (RFC 9110 §5.3)', async () => {
	const tested = await openIndexed(SITE);
	const sets = (await heldOf(tested)).map((held) => `${setOf(tested, [held])}; validators`);
	const session = openSession(tested, { enablePush: false });
	const stream = session.request({ ':path': '/', 'cache-digest': sets });
	stream.resume();
	await eventually('the entry', () => tested.entries.some(({ page }) => page !== undefined));
	const { plan } = tested.entries.find(({ page }) => page !== undefined)?.page ?? {};
	assert.equal(
		plan?.decisions.map(({ verdict }) => verdict),
		URLS.map(() => 'confirm'),
	);
});

said.run();

const hints = suite('hints');
hints.after.each(endAll);

const LINKS = [
	'</a.css?v=1>; rel=preload; as=style',
	'</app.8fe7404fd529.js>; rel=preload; as=script',
	'</m.js>; rel=modulepreload; as=script',
	'</f.woff2>; rel=preload; as=font; crossorigin',
];
const linksOf = ({ fields }: Pick<Answer, 'fields'>): string[] => fields.link?.split(', ') ?? [];

hints('a document without push names what is lacking, as 200 and as 304, over both protocols', async () => {
	for (const cert of [true, false]) {
		const tested = await openIndexed(SITE, { cert });
		for (const protocol of PROTOCOLS) {
			const full = await ask(tested, protocol, '/');
			assert.is(full.status, 200);
			assert.equal(linksOf(full), LINKS, protocol);
			const unmodified = await ask(tested, protocol, '/', { 'if-none-match': full.fields.etag ?? '' });
			assert.is(unmodified.status, 304);
			assert.equal(linksOf(unmodified), LINKS, protocol);
			const { plan, hinted } = tested.entries.at(-1)?.page ?? {};
			assert.equal([plan?.channel, hinted], ['hints', 4]);
		}
	}
});

hints('nobody else gets them', async () => {
	const tested = await openIndexed(SITE);
	const rows: { name: string; target?: string; fields?: Fields; method?: string }[] = [
		{ name: 'HEAD', method: 'HEAD' },
		{ name: 'a fetch', fields: { 'sec-fetch-dest': 'empty' } },
		{ name: 'a file', target: '/a.css' },
		{ name: 'a page without references', target: '/plain.html' },
		{ name: 'a missing page', target: '/missing' },
	];
	for (const protocol of PROTOCOLS)
		for (const { name, target = '/', fields, method } of rows)
			assert.equal(linksOf(await ask(tested, protocol, target, fields, method)), [], `${protocol} ${name}`);
	const view = await new Wire(tested).view('/');
	assert.equal(linksOf(view.document), [], 'a client that takes pushes');
	const without = await openIndexed(SITE, { hints: false });
	for (const protocol of PROTOCOLS)
		assert.equal(linksOf(await ask(without, protocol, '/')), [], 'switched off');
	const pushless = new Wire(await openIndexed(SITE, { push: false }));
	assert.equal(linksOf((await pushless.view('/')).document), LINKS, 'pushes switched off');
});

hints(
	'what may be used unasked is not named: by cookie, by connection, by what the client says',
	async () => {
		const tested = await openIndexed(SITE, { production: true });
		const [style, app, module, font] = LINKS;
		const others = [style, module, font];
		const wire = new Wire(tested, NO_PUSH);
		assert.equal(linksOf((await wire.view('/')).document), LINKS);
		await wire.ended(wire.request('/app.8fe7404fd529.js', { 'sec-fetch-dest': 'script' }));
		const { document } = await wire.view('/');
		assert.equal(linksOf(document), others, 'the connection');
		assert.is(document.fields['cache-control'], 'private, no-cache');
		const cookie = document.fields['set-cookie']?.split(';')[0] ?? '';
		for (const protocol of PROTOCOLS) {
			const answer = await ask(tested, protocol, '/', { cookie });
			assert.equal(linksOf(answer), others, `the cookie over ${protocol}`);
			assert.is(answer.fields['cache-control'], 'private, no-cache', protocol);
			const digest = { 'cache-digest': '/app.8fe7404fd529.js' };
			assert.equal(linksOf(await ask(tested, protocol, '/', digest)), others, `the field over ${protocol}`);
			const hard = await ask(tested, protocol, '/', { cookie, 'cache-control': 'no-cache' });
			assert.equal(linksOf(hard), [style, app, module, font], `a hard reload over ${protocol}`);
		}
	},
);

const WEBKIT =
	'Mozilla/5.0 (X11; Linux) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15';

hints('who holds the document as it is has what never changes, too (RFC 9110 §13.1.2)', async () => {
	const tested = await openIndexed(SITE, { production: true });
	const { etag = '' } = (await ask(tested, 'HTTP/1.1', '/')).fields;
	const others = LINKS.filter((link) => !link.includes('app'));
	for (const protocol of PROTOCOLS) {
		const answer = await ask(tested, protocol, '/', { 'if-none-match': etag });
		assert.equal(linksOf(answer), others, protocol);
		assert.is(answer.fields['cache-control'], 'private, no-cache');
		// Whose condition it is, nobody knows.
		const proxied = await ask(tested, protocol, '/', { 'if-none-match': etag, via: '1.1 proxy' });
		assert.equal(linksOf(proxied), LINKS, protocol);
		assert.is(proxied.fields['cache-control'], 'private, no-cache');
		const changed = await ask(tested, protocol, '/', { 'if-none-match': '"another"' });
		assert.equal(linksOf(changed), LINKS, protocol);
	}
	// It says nothing of bodies: who takes pushes gets them.
	const { pushes } = await new Wire(tested).view('/', { 'if-none-match': etag });
	assert.is(pushes.get('/app.8fe7404fd529.js')?.status, 200);
});

hints(
	'a request that a proxy passed on gets those of a stranger, whatever its connection was given',
	async () => {
		const tested = await openIndexed(SITE, { production: true });
		const wire = new Wire(tested);
		const via = { via: '1.1 proxy' };
		await wire.view('/app.8fe7404fd529.js', via);
		for (let time = 0; time < 2; time++) {
			const { document, pushes } = await wire.view('/', via);
			assert.equal(linksOf(document), LINKS);
			assert.is(pushes.size, 0);
			assert.is(document.fields['cache-control'], 'private, no-cache');
			assert.is(document.fields['set-cookie'], undefined);
		}
	},
);

hints('who shows what was once preloaded, however old, is told of what never changes alone', async () => {
	const tested = await openIndexed(SITE, { production: true });
	for (const protocol of PROTOCOLS) {
		const answer = await ask(tested, protocol, '/', { 'user-agent': WEBKIT });
		assert.equal(
			linksOf(answer),
			LINKS.filter((link) => link.includes('app')),
			protocol,
		);
	}
});

hints('what is named but not asked for is not remembered as given', async () => {
	const tested = await openIndexed(SITE);
	const wire = new Wire(tested, NO_PUSH);
	await wire.view('/');
	await wire.ended(wire.request('/m.js', { 'sec-fetch-dest': 'script' }));
	const { document } = await wire.view('/');
	const cookie = document.fields['set-cookie']?.split(';')[0] ?? '';
	assert.equal(pushed(await new Wire(tested).view('/', { cookie })), { ...all(200), '/m.js': 304 });
});

hints('documents say what they depend on, files do not depend on anything (RFC 9110 §12.5.5)', async () => {
	const tested = await openIndexed(SITE);
	const vary = 'Accept-Encoding, Cache-Digest, Service-Worker-Navigation-Preload';
	for (const protocol of PROTOCOLS) {
		const { fields } = await ask(tested, protocol, '/');
		assert.is(fields.vary, vary);
		assert.is((await ask(tested, protocol, '/', {}, 'HEAD')).fields.vary, vary);
		const unmodified = await ask(tested, protocol, '/', { 'if-none-match': fields.etag ?? '' });
		assert.is(unmodified.fields.vary, vary);
		assert.is((await ask(tested, protocol, '/m.js')).fields.vary, undefined);
	}
});

hints.run();

const healing = suite('a record that is wrong');
healing.after.each(endAll);

const minutesNow = (): number => Math.floor(Date.now() / 60_000);

/** A cookie that claims all that the start page needs, given so many minutes ago; `undefined`: long ago. */
const claiming = async (
	tested: Tested,
	minutesAgo: number | undefined,
	urls: readonly string[] = URLS,
): Promise<string> => {
	const keys = (await heldOf(tested))
		.filter(({ url }) => urls.includes(url))
		.map(({ url, etag }) => keyOf({ url, hash: etag.slice(1, -1) }))
		.sort((a, b) => a - b);
	const ageless: Segment = { sinceMinutes: undefined, keys: minutesAgo === undefined ? keys : [] };
	const stamped = minutesAgo === undefined ? [] : [{ sinceMinutes: minutesNow() - minutesAgo, keys }];
	return `__Host-casper_${tested.port}=${formatRecord({ keyBits: 20, segments: [ageless, ...stamped] })}`;
};

const deletionFor = ({ port }: Tested): string =>
	`__Host-casper_${port}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure`;

healing('is deleted by the answer to a request for what it claims since ten minutes', async () => {
	const tested = await openIndexed(SITE);
	for (const minutesAgo of [11, 1000, undefined]) {
		const cookie = await claiming(tested, minutesAgo);
		const wire = new Wire(tested);
		const { document } = await wire.view('/m.js', { cookie, 'sec-fetch-dest': 'script' });
		assert.is(document.status, 200);
		assert.is(document.fields['set-cookie'], deletionFor(tested), `${minutesAgo} minutes`);
		assert.is(document.fields['cache-control'], 'private, no-cache');
	}
	const plain = await openIndexed(SITE, { cert: false });
	const cookie = (await claiming(plain, undefined)).replace('__Host-', '');
	const { document } = await new Wire(plain).view('/m.js', { cookie });
	assert.is(
		document.fields['set-cookie'],
		`casper_${plain.port}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`,
	);
});

healing(
	'counts no longer on its connection: the next document remembers what this one was given',
	async () => {
		const tested = await openIndexed(SITE);
		const cookie = await claiming(tested, undefined);
		const wire = new Wire(tested);
		assert.equal(pushed(await wire.view('/other.html', { cookie })), { '/app.8fe7404fd529.js': 304 });
		// The client holds nothing of the kind, and asks; its cookie goes out with what it has asked for already, too.
		await wire.ended(wire.request('/app.8fe7404fd529.js', { cookie }));
		const view = await wire.view('/', { cookie });
		assert.equal(pushed(view), { ...all(200), '/app.8fe7404fd529.js': 304 });
		const setCookie = view.document.fields['set-cookie'] ?? '';
		const keys = parseRecord(setCookie.split(/[=;]/)[1] ?? '')?.segments.flatMap((segment) => segment.keys);
		// All that was given anew, and the page before.
		assert.is(keys?.length, URLS.length + 1);
		const next = setCookie.split(';')[0] ?? '';
		assert.equal(pushed(await wire.view('/', { cookie: next })), all(304));
		assert.is(tested.entries.findLast(({ page }) => page !== undefined)?.page?.evidence, 'cookie');
	},
);

healing('of claims that were not missed, too, none is kept', async () => {
	const tested = await openIndexed(SITE);
	const cookie = await claiming(tested, 100);
	const wire = new Wire(tested, NO_PUSH);
	await wire.ended(wire.request('/m.js', { cookie }));
	const { document } = await wire.view('/plain.html', { cookie });
	const setCookie = document.fields['set-cookie'] ?? '';
	const keys = parseRecord(setCookie.split(/[=;]/)[1] ?? '')?.segments.flatMap((segment) => segment.keys);
	assert.is(keys?.length, 2);
});

healing('is not what these requests show', async () => {
	const tested = await openIndexed(SITE);
	const cookie = await claiming(tested, undefined);
	const etag = (await heldOf(tested)).find(({ url }) => url === '/m.js')?.etag ?? '';
	const rows: { name: string; target?: string; fields?: Fields; cookie?: string }[] = [
		{ name: 'a revalidation', fields: { 'if-none-match': etag } },
		{ name: 'a revalidation of another version', fields: { 'if-none-match': '"another"' } },
		{ name: 'a revalidation by date', fields: { 'if-modified-since': 'Sat, 01 Jan 2028 00:00:00 GMT' } },
		{ name: 'a hard reload', fields: { 'cache-control': 'no-cache' } },
		{ name: 'a fetch past the cache', fields: { 'cache-control': 'no-cache', pragma: 'no-cache' } },
		{ name: 'a fetch that stores nothing', fields: { 'cache-control': 'no-store' } },
		{ name: 'an old client past its cache', fields: { pragma: 'no-cache' } },
		{ name: 'a range', fields: { range: 'bytes=0-1' } },
		{ name: 'a prefetch', fields: { 'sec-purpose': 'prefetch' } },
		{ name: 'a download, or the fetch of a script', fields: { 'sec-fetch-dest': 'empty' } },
		{ name: 'a file shown as a page', fields: { 'sec-fetch-dest': 'document' } },
		{
			name: 'another site of this machine',
			fields: { 'sec-fetch-dest': 'script', 'sec-fetch-site': 'cross-site', origin: 'http://127.0.0.1:9' },
		},
		{ name: 'HEAD', fields: { ':method': 'HEAD' } },
		{ name: 'a proxy', fields: { via: '1.1 proxy' } },
		{ name: 'what was not claimed: another query', target: '/m.js?v=2' },
		{ name: 'what was not claimed: nothing at all', cookie: await claiming(tested, undefined, []) },
		{ name: 'what was claimed a moment ago', cookie: await claiming(tested, 0) },
		{ name: 'what was claimed nine minutes ago', cookie: await claiming(tested, 8) },
		{ name: 'a cookie that cannot be read', cookie: `__Host-casper_${tested.port}=AAAA` },
		{ name: 'the cookie of others', cookie: 'a=b' },
		{ name: 'no claim but the older one of another file', cookie: await claiming(tested, 100, ['/i.svg']) },
	];
	for (const { name, target = '/m.js', fields = {}, cookie: other = cookie } of rows) {
		const { document } = await new Wire(tested).view(target, { cookie: other, ...fields });
		assert.ok([200, 206, 304].includes(document.status), name);
		assert.is(document.fields['set-cookie'], undefined, name);
		assert.is(document.fields['cache-control'], 'no-cache', name);
	}
	const { fields } = await ask(tested, 'HTTP/1.1', '/m.js', { cookie });
	assert.is(fields['set-cookie'], undefined, 'HTTP/1.1');
	await change(tested, 'm.js', 'changed();');
	const { document } = await new Wire(tested).view('/m.js', { cookie });
	assert.is(document.fields['set-cookie'], undefined, 'a version that was not claimed');
});

healing('is not what a page view shows: browsers keep documents apart by how they came to them', async () => {
	const tested = await openIndexed(SITE);
	const { etag = '' } = (await ask(tested, 'HTTP/2', '/', {}, 'HEAD')).fields;
	const keys = [keyOf({ url: '/', hash: etag.slice(1, -1) })];
	const record = formatRecord({ keyBits: 20, segments: [{ sinceMinutes: undefined, keys }] });
	const cookie = `__Host-casper_${tested.port}=${record}`;
	for (const fields of [{}, { 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' }]) {
		const { document } = await new Wire(tested).view('/', { cookie, ...fields });
		assert.match(document.fields['set-cookie'] ?? '', /; Max-Age=2592000;/);
		assert.is(tested.entries.findLast(({ page }) => page !== undefined)?.page?.evidence, 'cookie');
	}
});

healing('with narrow keys a file by chance looks like one that was given: it takes several', async () => {
	const tested = await openIndexed(SITE);
	const held = await heldOf(tested);
	for (const [keyBits, misses] of [
		[18, 2],
		[16, 3],
	] as const) {
		const keys = [
			...new Set(held.map(({ url, etag }) => keyOf({ url, hash: etag.slice(1, -1) }) >>> (20 - keyBits))),
		];
		const record = formatRecord({
			keyBits,
			segments: [{ sinceMinutes: undefined, keys: keys.sort((a, b) => a - b) }],
		});
		const cookie = `__Host-casper_${tested.port}=${record}`;
		const wire = new Wire(tested);
		const found: boolean[] = [];
		// The same file twice is one that is missing.
		for (const target of ['/m.js', '/m.js', '/f.woff2', '/i.svg']) {
			const { document } = await wire.view(target, { cookie });
			found.push(document.fields['set-cookie'] !== undefined);
		}
		assert.equal(found, [false, false, misses === 2, misses === 3], `${keyBits} bits`);
	}
});

healing('a confirmation that the client cannot use ends as one that it asked for', async () => {
	const tested = await openIndexed(SITE);
	const cookie = await claiming(tested, 60);
	const wire = new Wire(tested);
	const view = await wire.view('/', { cookie });
	assert.equal(pushed(view), all(304));
	const written = view.document.fields['set-cookie']?.split(';')[0] ?? '';
	const asked = await wire.view('/a.css?v=1', { cookie: written });
	assert.is(asked.document.status, 200);
	assert.is(asked.document.fields['set-cookie'], deletionFor(tested));
	const again = await wire.view('/', { cookie: written });
	assert.equal(pushed(again), { ...all(200), '/a.css?v=1': 304 });
});

healing.run();
