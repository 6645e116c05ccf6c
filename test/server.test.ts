import { symlink } from 'node:fs/promises';
import { createServer as createHttp1Server } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, createServer, type Server as TcpServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatRecord, parseRecord } from '../src/digest/cookie.ts';
import { keyOf } from '../src/digest/resource-key.ts';
import { CasperError, UsageError } from '../src/errors.ts';
import type { ServeOptions } from '../src/options.ts';
import { openSockets } from '../src/server/sockets.ts';
import { serve } from '../src/server.ts';
import {
	ask,
	askRaw,
	dataFrame,
	type Fields,
	goawayFrame,
	Line,
	PROTOCOLS,
	SETTING,
	settingsFrame,
	type View,
	Wire,
	windowFrame,
} from './support/client.ts';
import {
	endAll,
	eventually,
	type Files,
	makeFolder,
	onEnd,
	open,
	openIndexed,
	put,
	type Tested,
	within,
} from './support/server.ts';

const SITE: Files = {
	'index.html':
		'<!doctype html><title>Start</title><link rel="stylesheet" href="/a.css"><script src="/a.js"></script>',
	'a.css': 'a { color: red }',
	'a.js': 'a();',
	'docs/index.html': '<!doctype html><title>Docs</title>',
	'empty.txt': '',
};

const bodyless = ({ date: _, 'content-length': __, ...fields }: Fields): Fields => fields;

const answers = suite('answers');
answers.after.each(endAll);

answers(
	'a file comes with its type, length, tag and lifetime, over both protocols (RFC 9110 §8)',
	async () => {
		for (const cert of [true, false]) {
			const tested = await openIndexed(SITE, { cert });
			for (const protocol of PROTOCOLS) {
				const { status, fields, body } = await ask(tested, protocol, '/a.css');
				assert.is(status, 200);
				assert.is(String(body), SITE['a.css']);
				assert.is(fields['content-type'], 'text/css; charset=utf-8');
				assert.is(fields['content-length'], '16');
				assert.is(fields['cache-control'], 'no-cache');
				assert.is(fields['x-content-type-options'], 'nosniff');
				assert.match(fields.etag ?? '', /^"[0-9a-f]{32}"$/);
				assert.ok(Number.isFinite(Date.parse(fields.date ?? '')));
			}
		}
	},
);

answers('HEAD has the fields of GET and no body (RFC 9110 §9.3.2)', async () => {
	const tested = await openIndexed({ ...SITE, 'large.bin': Buffer.alloc(3_000_000, 1) });
	for (const protocol of PROTOCOLS)
		for (const target of [
			'/a.css',
			'/docs/',
			'/docs',
			'/empty.txt',
			'/large.bin',
			'/missing',
			'/%',
			'/.casper/refusal.css',
		]) {
			const get = await ask(tested, protocol, target);
			const head = await ask(tested, protocol, target, {}, 'HEAD');
			assert.is(head.status, get.status, target);
			assert.is(head.body.length, 0, target);
			const { date: _, 'set-cookie': __, 'cache-control': ___, ...fields } = get.fields;
			const { date: ____, 'cache-control': _____, ...headFields } = head.fields;
			assert.equal(headFields, fields, `${protocol} ${target}`);
		}
});

answers('both protocols give the same fields', async () => {
	const tested = await openIndexed(SITE);
	for (const target of ['/a.css', '/docs', '/empty.txt', '/missing', '/%']) {
		const [first, second] = await Promise.all(PROTOCOLS.map((protocol) => ask(tested, protocol, target)));
		const { connection: _, 'keep-alive': __, date: ___, ...http1 } = second?.fields ?? {};
		const { date: ____, ...http2 } = first?.fields ?? {};
		assert.equal(http1, http2, target);
		assert.ok(first?.body.equals(second?.body ?? Buffer.from('?')), target);
	}
});

answers('other methods are told which ones there are (RFC 9110 §15.5.6)', async () => {
	const tested = await openIndexed(SITE);
	for (const protocol of PROTOCOLS)
		for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND', 'TRACE'])
			for (const target of ['/a.css', '/missing', '/.casper/refusal.css']) {
				const { status, fields } = await ask(tested, protocol, target, {}, method);
				assert.is(status, 405, `${protocol} ${method} ${target}`);
				assert.is(fields.allow, 'GET, HEAD');
			}
	// Methods that only HTTP/2 lets through as they are.
	const wire = new Wire(tested);
	for (const method of ['BREW', 'get', 'PRI', 'G\u00cbT']) {
		const { document } = await wire.view('/a.css', { ':method': method });
		assert.ok(document.status === 405 || document.resetCode !== undefined, method);
	}
});

answers('a body that nobody asked for is neither read nor in the way (RFC 9110 §9.3.1)', async () => {
	const tested = await openIndexed(SITE);
	const wire = new Wire(tested);
	for (const method of ['POST', 'GET', 'PUT'])
		for (let round = 0; round < 10; round++) {
			const target = round % 2 === 0 ? '/a.css' : '/.casper/refusal.css';
			const stream = wire.request(target, { ':method': method }, false);
			// More in all than the window of the connection: it would be used up if nobody gave it back.
			for (let piece = 0; piece < 3; piece++) wire.send(dataFrame(stream, Buffer.alloc(16_000), false));
			await wire.until('an answer', () => wire.told(stream).status !== 0);
			assert.is(wire.told(stream).status, method === 'GET' ? 200 : 405);
			await wire.ended(stream);
			await wire.flushed();
		}
	const line = new Line(tested);
	const posts = 'POST /a.css HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc'.repeat(3);
	await line.write(`${posts}GET /a.css HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
	await line.closed();
	assert.equal(line.received.match(/HTTP\/1\.1 \d+/g), [
		'HTTP/1.1 405',
		'HTTP/1.1 405',
		'HTTP/1.1 405',
		'HTTP/1.1 200',
	]);
});

answers('If-None-Match is a list, compared weakly (RFC 9110 §13.1.2)', async () => {
	const tested = await openIndexed(SITE);
	const { etag = '' } = (await ask(tested, 'HTTP/2', '/a.css')).fields;
	const rows = [
		{ name: 'the tag', input: etag, want: 304 },
		{ name: 'weak', input: `W/${etag}`, want: 304 },
		{ name: 'first of a list', input: `${etag}, "b"`, want: 304 },
		{ name: 'last of a list', input: `"a,b" ,,W/"c",${etag}`, want: 304 },
		{ name: 'any', input: '*', want: 304 },
		{ name: 'another', input: '"0123"', want: 200 },
		{ name: 'without quotes', input: etag.slice(1, -1), want: 200 },
		{ name: 'one quote', input: etag.slice(1), want: 200 },
		{ name: 'lower-case weakness', input: `w/${etag}`, want: 200 },
		{ name: 'a list with any in it', input: `"a", *`, want: 200 },
		{ name: 'empty', input: '', want: 200 },
		{ name: 'commas', input: ','.repeat(5000), want: 200 },
		{ name: 'a start of the tag', input: `${etag.slice(0, 9)}"`, want: 200 },
	];
	for (const protocol of PROTOCOLS)
		for (const method of ['GET', 'HEAD'])
			for (const { name, input, want } of rows) {
				const { status, fields, body } = await ask(
					tested,
					protocol,
					'/a.css',
					{ 'if-none-match': input },
					method,
				);
				assert.is(status, want, `${protocol} ${method}: ${name}`);
				assert.is(fields.etag, etag);
				assert.is(fields['cache-control'], 'no-cache');
				if (want === 304) {
					assert.is(body.length, 0);
					assert.equal(
						Object.keys(bodyless(fields)).sort(),
						protocol === 'HTTP/2' ? ['cache-control', 'etag'] : ['cache-control', 'connection', 'etag'],
					);
				}
			}
});

answers(
	'a folder is redirected to its slash, with the query, never to another host (RFC 9110 §15.4.9)',
	async () => {
		const tested = await openIndexed(
			{
				...SITE,
				'a b/ü#/index.html': 'deep',
				'evil.example/index.html': 'evil',
				'%2f/index.html': 'slash',
			},
			{ allowedHosts: ['other.example'] },
		);
		const rows = [
			{ input: '/docs', want: '/docs/' },
			{ input: '/docs?', want: '/docs/?' },
			{ input: '/docs?a=1&b=%20?#'.replace('#', '%23'), want: '/docs/?a=1&b=%20?%23' },
			{ input: '/docs?//evil.example', want: '/docs/?//evil.example' },
			{ input: '/%64ocs', want: '/docs/' },
			{ input: '/a%20b/%C3%BC%23', want: '/a%20b/%C3%BC%23/' },
			{ input: '/evil.example', want: '/evil.example/' },
			{ input: '/%252f', want: '/%252f/' },
			{ input: '//docs', want: undefined },
			{ input: '//evil.example', want: undefined },
			{ input: '///evil.example', want: undefined },
			{ input: '/%2fevil.example', want: undefined },
			{ input: '/\\evil.example', want: undefined },
			{ input: '/.//evil.example', want: undefined },
			{ input: '/docs/..//evil.example', want: undefined },
			{ input: '/docs//', want: undefined },
			{ input: '/docs/index.html/', want: undefined },
			{ input: 'https://other.example/docs', want: '/docs/' },
			{ input: 'https://other.example//docs', want: undefined },
		];
		for (const protocol of PROTOCOLS)
			for (const { input, want } of rows) {
				// Only HTTP/1.1 has the absolute form (RFC 9112 §3.2.2).
				if (protocol === 'HTTP/2' && !input.startsWith('/')) continue;
				const { status, fields, body } = await ask(tested, protocol, input);
				assert.is(
					status,
					want === undefined ? (input.includes('\\') || input.includes('%2f') ? 400 : 404) : 308,
					input,
				);
				assert.is(fields.location, want, `${protocol} ${input}`);
				if (want !== undefined) assert.is(body.length, 0);
			}
	},
);

answers('the index of a folder is its page, and is there under its own name', async () => {
	const tested = await openIndexed(SITE);
	for (const protocol of PROTOCOLS)
		for (const target of ['/docs/', '/docs/index.html', '/docs/?a', '/docs/index.html?b'])
			assert.is(String((await ask(tested, protocol, target)).body), SITE['docs/index.html'], target);
});

answers('file names with whatever a URL must escape are served, and only so', async () => {
	const files: Files = {
		'a b.txt': 'space',
		'a#b.txt': 'number sign',
		'a%b.txt': 'per cent',
		'a%20b.txt': 'escape',
		'a+b.txt': 'plus',
		'a?b.txt': 'question mark',
		'ä/ö.txt': 'umlauts',
		'日本.txt': 'kanji',
		'🎈.txt': 'balloon',
		"a'b&c;d=e,f@g(h).txt": 'punctuation',
		'[x]^{y}|`z`.txt': 'brackets',
		['__proto__']: 'prototype',
		constructor: 'constructor',
		'a.b.c.tar.gz': 'dots',
		'..x': 'hidden',
		'x..': 'dots at the end',
	};
	const tested = await openIndexed(files);
	const rows = [
		{ input: '/a%20b.txt', want: 'space' },
		{ input: '/a%23b.txt', want: 'number sign' },
		{ input: '/a%25b.txt', want: 'per cent' },
		{ input: '/a%2520b.txt', want: 'escape' },
		{ input: '/a+b.txt', want: 'plus' },
		{ input: '/a%2Bb.txt', want: 'plus' },
		{ input: '/a%3Fb.txt', want: 'question mark' },
		{ input: '/a%3fb.txt?b', want: 'question mark' },
		{ input: '/%C3%A4/%c3%b6.txt', want: 'umlauts' },
		{ input: '/%E6%97%A5%E6%9C%AC.txt', want: 'kanji' },
		{ input: '/%F0%9F%8E%88.txt', want: 'balloon' },
		{ input: "/a'b&c;d=e,f@g(h).txt", want: 'punctuation' },
		{ input: '/%5Bx%5D%5E%7By%7D%7C%60z%60.txt', want: 'brackets' },
		{ input: '/[x]^{y}|`z`.txt', want: 'brackets' },
		{ input: '/__proto__', want: 'prototype' },
		{ input: '/constructor', want: 'constructor' },
		{ input: '/a.b.c.tar.gz', want: 'dots' },
		{ input: '/x..', want: 'dots at the end' },
		{ input: '/a%b.txt', want: 400 },
		{ input: '/A+B.txt', want: 404 },
		{ input: '/toString', want: 404 },
		{ input: '/..x', want: 404 },
		{ input: '/a%2520b', want: 404 },
	];
	for (const protocol of PROTOCOLS)
		for (const { input, want } of rows) {
			const { status, body } = await ask(tested, protocol, input);
			if (typeof want === 'number') assert.is(status, want, `${protocol} ${input}`);
			else assert.is(String(body), want, `${protocol} ${input}`);
		}
});

answers('types and charsets follow the file name (RFC 9110 §8.3)', async () => {
	const rows = [
		{ input: 'a.html', want: 'text/html; charset=utf-8' },
		{ input: 'b.HTML', want: 'text/html; charset=utf-8' },
		{ input: 'a.css', want: 'text/css; charset=utf-8' },
		{ input: 'a.js', want: 'text/javascript; charset=utf-8' },
		{ input: 'a.mjs', want: 'text/javascript; charset=utf-8' },
		{ input: 'a.json', want: 'application/json; charset=utf-8' },
		{ input: 'a.svg', want: 'image/svg+xml' },
		{ input: 'a.png', want: 'image/png' },
		{ input: 'a.webp', want: 'image/webp' },
		{ input: 'a.avif', want: 'image/avif' },
		{ input: 'a.woff2', want: 'font/woff2' },
		{ input: 'a.wasm', want: 'application/wasm' },
		{ input: 'a.txt', want: 'text/plain; charset=utf-8' },
		{ input: 'a.unheardof', want: 'application/octet-stream' },
		{ input: 'a', want: 'application/octet-stream' },
		{ input: 'html', want: 'application/octet-stream' },
		{ input: 'a.css.', want: 'application/octet-stream' },
	];
	const tested = await openIndexed(Object.fromEntries(rows.map(({ input }) => [input, 'x'])));
	for (const { input, want } of rows) {
		const { fields } = await ask(tested, 'HTTP/2', `/${input}`);
		assert.is(fields['content-type'], want, input);
		assert.is(fields['x-content-type-options'], 'nosniff', input);
	}
});

answers('an empty file is a whole answer', async () => {
	const tested = await openIndexed(SITE);
	for (const protocol of PROTOCOLS) {
		const { status, fields, body } = await ask(tested, protocol, '/empty.txt');
		assert.is(status, 200);
		assert.is(fields['content-length'], '0');
		assert.is(body.length, 0);
	}
});

answers(
	'refusals say what is wrong, as a page to people and as a line to programs, and are not kept',
	async () => {
		const tested = await openIndexed(SITE);
		for (const protocol of PROTOCOLS) {
			const line = await ask(tested, protocol, '/<missing>');
			assert.is(line.status, 404);
			assert.is(line.fields['content-type'], 'text/plain; charset=utf-8');
			assert.match(String(line.body), /^404 Not found: .*\n$/);
			assert.is(line.fields['cache-control'], 'no-store');
			assert.is(line.fields['set-cookie'], undefined);
			const page = await ask(tested, protocol, '/<missing>', { accept: 'text/html,*/*' });
			assert.is(page.fields['content-type'], 'text/html; charset=utf-8');
			assert.match(String(page.body), '<h1>404 ');
			for (const { body } of [line, page]) assert.not.match(String(body), /missing>|casper-test/);
		}
	},
);

answers('our own files are served, and nothing beside them', async () => {
	const tested = await openIndexed({ ...SITE, '.casper/secret.css': 'secret', x: 'x' });
	const rows = [
		{ input: '/.casper/refusal.css', fields: {}, want: 200 },
		{ input: '/.casper/refusal.css', fields: { range: 'bytes=9-2' }, want: 200 },
		{ input: '/.casper/refusal.css', fields: { range: 'bytes=-1' }, want: 200 },
		{ input: '/.casper/refusal.css?a=1', fields: { range: 'items=0-0' }, want: 200 },
		{ input: '/.casper/', fields: {}, want: 404 },
		{ input: '/.casper', fields: {}, want: 404 },
		{ input: '/.casper/secret.css', fields: {}, want: 404 },
		{ input: '/.casper/../x', fields: {}, want: 404 },
		{ input: '/.casper/%2e%2e/x', fields: {}, want: 404 },
		{ input: '/.casper/%2e%2e/', fields: {}, want: 404 },
		{ input: '/.casper/..%2fserver.ts', fields: {}, want: 404 },
		{ input: '/.casper/..%5cserver.ts', fields: {}, want: 404 },
		{ input: '/.casper//etc/passwd', fields: {}, want: 404 },
		{ input: '/.casper/%', fields: {}, want: 404 },
		{ input: '/.casper/%ff%00', fields: {}, want: 404 },
		{ input: '/.casper/__proto__', fields: {}, want: 404 },
		{ input: '/.casper/constructor', fields: {}, want: 404 },
		{ input: '/%2ecasper/refusal.css', fields: {}, want: 404 },
	];
	for (const protocol of PROTOCOLS) {
		for (const { input, fields, want } of rows) {
			const { status, body } = await ask(tested, protocol, input, fields);
			assert.is(status, want, `${protocol} ${input}`);
			if (want === 200) assert.match(String(body), 'color-scheme');
		}
		const { etag = '' } = (await ask(tested, protocol, '/.casper/refusal.css')).fields;
		assert.is((await ask(tested, protocol, '/.casper/refusal.css', { 'if-none-match': etag })).status, 304);
	}
	const own = tested.entries.filter(({ target }) => target === '/.casper/refusal.css');
	assert.ok(own.length >= 10);
	for (const { status, bytes, method } of own) {
		assert.ok(status === 200 || status === 304, `logged with status ${status}`);
		assert.ok(status === 304 || bytes > 0, `${method} logged with ${bytes} bytes`);
	}
});

answers.run();

const paths = suite('paths');
paths.after.each(endAll);

/** A folder in a folder, with what must not be had beside it and behind its links. */
const openInside = async (options: ServeOptions = {}): Promise<Tested> => {
	const outer = await makeFolder({
		'secret.txt': 'SECRET',
		'site2/secret.txt': 'SECRET',
		'site/index.html': 'index',
		'site/a.txt': 'inside',
		'site/b/c.txt': 'inside',
		'site/.hidden': 'SECRET',
		'site/.git/config': 'SECRET',
		'site/b/.env': 'SECRET',
		'site/.well-known/security.txt': 'inside',
		'site/.well-known/.secret': 'SECRET',
	});
	const links: [string, string][] = [
		['../secret.txt', 'site/out.txt'],
		['..', 'site/up'],
		['/etc', 'site/etc'],
		['a.txt', 'site/in.txt'],
		['b', 'site/in'],
		['nowhere', 'site/dangling.txt'],
		['loop', 'site/loop'],
	];
	for (const [target, path] of links) await symlink(target, join(outer, path));
	return openIndexed(join(outer, 'site'), options);
};

/** Targets byte for byte as no client would write them; `inside` where the file may be had. */
const TARGETS: { input: string; want: readonly number[] }[] = [
	{ input: '/a.txt', want: [200] },
	{ input: '/in.txt', want: [200] },
	{ input: '/in/c.txt', want: [200] },
	{ input: '/.well-known/security.txt', want: [200] },
	{ input: '/./a.txt', want: [400, 404] },
	{ input: '/b/../a.txt', want: [400, 404] },
	{ input: '/../secret.txt', want: [400, 404] },
	{ input: '/../site/a.txt', want: [400, 404] },
	{ input: '/../site2/secret.txt', want: [400, 404] },
	{ input: '/b/../../secret.txt', want: [400, 404] },
	{ input: '/%2e%2e/secret.txt', want: [400, 404] },
	{ input: '/%2E%2E/secret.txt', want: [400, 404] },
	{ input: '/.%2e/secret.txt', want: [400, 404] },
	{ input: '/%252e%252e/secret.txt', want: [400, 404] },
	{ input: '/..%2fsecret.txt', want: [400, 404] },
	{ input: '/..%2Fsecret.txt', want: [400, 404] },
	{ input: '/..%252fsecret.txt', want: [400, 404] },
	{ input: '/%2e%2e%2fsecret.txt', want: [400, 404] },
	{ input: '/..%5csecret.txt', want: [400, 404] },
	{ input: '/..\\secret.txt', want: [400, 404] },
	{ input: '/b\\c.txt', want: [400, 404] },
	{ input: '/..%c0%afsecret.txt', want: [400, 404] },
	{ input: '/%c0%ae%c0%ae/secret.txt', want: [400, 404] },
	{ input: '/%uff0e%uff0e/secret.txt', want: [400, 404] },
	{ input: '/..;/secret.txt', want: [400, 404] },
	{ input: '/.../secret.txt', want: [400, 404] },
	{ input: '/a.txt%00', want: [400, 404] },
	{ input: '/a.txt%00.html', want: [400, 404] },
	{ input: '/%00', want: [400, 404] },
	{ input: '/a.txt%0a', want: [400, 404] },
	{ input: '/a.txt%7f', want: [400, 404] },
	{ input: '/%', want: [400, 404] },
	{ input: '/%4', want: [400, 404] },
	{ input: '/%zz', want: [400, 404] },
	{ input: '/%ff', want: [400, 404] },
	{ input: '/a.txt/', want: [400, 404] },
	{ input: '/a.txt/b', want: [400, 404] },
	{ input: '//a.txt', want: [400, 404] },
	{ input: '/b//c.txt', want: [400, 404] },
	{ input: '/b/', want: [400, 404] },
	{ input: '/.hidden', want: [400, 404] },
	{ input: '/%2ehidden', want: [400, 404] },
	{ input: '/.git/config', want: [400, 404] },
	{ input: '/b/.env', want: [400, 404] },
	{ input: '/.well-known/.secret', want: [400, 404] },
	{ input: '/.well-known/../.hidden', want: [400, 404] },
	{ input: '/.well-known/../../secret.txt', want: [400, 404] },
	{ input: '/out.txt', want: [400, 404] },
	{ input: '/up/secret.txt', want: [400, 404] },
	{ input: '/up/site/a.txt', want: [400, 404] },
	{ input: '/etc/passwd', want: [400, 404] },
	{ input: '/dangling.txt', want: [400, 404] },
	{ input: '/loop', want: [400, 404] },
	{ input: '/loop/a.txt', want: [400, 404] },
	{ input: '/con', want: [400, 404] },
	{ input: '/a.txt::$DATA', want: [400, 404] },
	{ input: `/${'a'.repeat(300)}`, want: [400, 404] },
	{ input: `/${'a/'.repeat(3000)}`, want: [400, 404] },
	{ input: `/${'../'.repeat(2000)}secret.txt`, want: [400, 404] },
	{ input: 'a.txt', want: [400] },
	{ input: '*', want: [400] },
	{ input: '?', want: [400] },
	{ input: '/a.txt#b', want: [400] },
	{ input: 'http://localhost/a.txt', want: [200] },
	{ input: 'HTTPS://localhost:1/a.txt', want: [200] },
	{ input: 'HTTPS://user@host:1/a.txt', want: [421] },
	{ input: 'http://localhost', want: [200] },
	{ input: 'http://localhost?a', want: [200] },
	{ input: 'http:///a.txt', want: [200, 400] },
	{ input: 'ftp://localhost/a.txt', want: [400] },
	{ input: 'file:///etc/passwd', want: [400] },
	{ input: 'http://localhost/../secret.txt', want: [400, 404] },
	{ input: '/a.txt?../../secret.txt', want: [200] },
	{ input: '/a.txt?%00%ff%', want: [200] },
	{ input: '/a.txt?\xff', want: [200, 400] },
	{ input: '/\xc3\xa4', want: [404] },
	{ input: '/\xff', want: [400] },
];

paths('nothing outside of the folder, hidden or badly written can be had over HTTP/2', async () => {
	for (const cert of [true, false]) {
		const tested = await openInside({ cert });
		for (const { input, want } of TARGETS) {
			const wire = new Wire(tested);
			const { document } = await wire.view(input);
			assert.not.match(String(document.body), 'SECRET', input);
			// What is no path at all ends its stream (RFC 9113 §8.1.1, §8.3.1).
			if (document.resetCode === 1) assert.ok(!input.startsWith('/') || !want.includes(200), input);
			else assert.ok(want.includes(document.status), `${input}: ${document.status}`);
			wire.socket.destroy();
		}
		assert.equal(tested.problems, []);
	}
});

paths('nothing outside of the folder, hidden or badly written can be had over HTTP/1.1', async () => {
	for (const cert of [true, false]) {
		const tested = await openInside({ cert });
		for (const { input, want } of TARGETS) {
			const { status, text } = await askRaw(
				tested,
				`GET ${input} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
			);
			assert.not.match(text, 'SECRET', input);
			assert.ok(want.includes(status) || (status === 400 && want.includes(404)), `${input}: ${status}`);
		}
		assert.equal(tested.problems, []);
	}
});

paths('a target that no answer may echo does no harm (RFC 9110 §5.5)', async () => {
	const tested = await openIndexed(SITE);
	for (const code of [0, 1, 8, 9, 10, 11, 12, 13, 27, 31, 32, 127, 128, 160, 255])
		for (const target of [
			`/docs?a${String.fromCharCode(code)}b`,
			`/docs${String.fromCharCode(code)}`,
			`/a.css?${String.fromCharCode(code)}`,
		]) {
			const { text } = await askRaw(
				tested,
				`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
			);
			assert.not.match(text, /^HTTP\/1\.1 5/, JSON.stringify(target));
			assert.not.match(text, /\nb/, JSON.stringify(target));
			const { document } = await new Wire(tested)
				.view(target)
				.catch(() => ({ document: { status: 0, resetCode: 1 } }));
			assert.ok(document.status < 500, JSON.stringify(target));
		}
	assert.is((await ask(tested, 'HTTP/1.1', '/a.css')).status, 200);
	assert.equal(tested.problems, []);
});

paths.run();

const cookies = suite('the cookie');
cookies.after.each(endAll);

interface Visit extends View {
	/** The `name=value` that came with the document, if any. */
	readonly cookie: string | undefined;
}

/** Views a page on a connection of its own, with the cookie of an earlier visit. */
const visit = async (tested: Tested, cookie?: string, target = '/'): Promise<Visit> => {
	const wire = new Wire(tested);
	const view = await wire.view(target, cookie === undefined ? {} : { cookie });
	wire.socket.destroy();
	return { ...view, cookie: view.document.fields['set-cookie']?.split(';')[0] };
};

const statusesOf = ({ pushes }: View): number[] => [...pushes.values()].map(({ status }) => status);

/** A cookie that claims to hold these versions. */
const cookieThatClaims = (
	tested: Tested,
	versions: readonly { readonly url: string; readonly etag: string | undefined }[],
): string => {
	const keys = versions
		.map(({ url, etag = '' }) => keyOf({ url, hash: etag.slice(1, -1) }))
		.sort((a, b) => a - b);
	return `__Host-casper_${tested.port}=${formatRecord({ keyBits: 20, segments: [{ sinceMinutes: undefined, keys }] })}`;
};

cookies('has its name, its attributes and its bounds (RFC 6265bis §4.1)', async () => {
	for (const cert of [true, false]) {
		const tested = await openIndexed(SITE, { cert });
		const { document } = await visit(tested);
		const name = cert ? `__Host-casper_${tested.port}` : `casper_${tested.port}`;
		const pattern = `^${name}=[\\w-]{1,1000}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax${cert ? '; Secure' : ''}$`;
		assert.match(document.fields['set-cookie'] ?? '', new RegExp(pattern));
		assert.is(document.fields['cache-control'], 'private, no-cache');
	}
});

cookies('comes with documents over HTTP/2 and with nothing else', async () => {
	const tested = await openIndexed(SITE);
	const wire = new Wire(tested);
	await wire.view('/');
	const rows: { name: string; target: string; fields: Fields; want: boolean; isPrivate?: boolean }[] = [
		{ name: 'a document', target: '/', fields: {}, want: true },
		{ name: 'another document', target: '/docs/', fields: {}, want: true },
		{ name: 'an asset', target: '/a.css', fields: {}, want: false },
		{ name: 'a missing page', target: '/missing', fields: { accept: 'text/html' }, want: false },
		{ name: 'a redirect', target: '/docs', fields: {}, want: false },
		{ name: 'HEAD', target: '/', fields: { ':method': 'HEAD' }, want: false },
		{ name: 'POST', target: '/', fields: { ':method': 'POST' }, want: false },
		{ name: 'a fetch of a document', target: '/', fields: { 'sec-fetch-dest': 'empty' }, want: false },
		// It has hints, which are not the same for all browsers.
		{ name: 'through a proxy', target: '/', fields: { via: '1.1 proxy' }, want: false, isPrivate: true },
	];
	for (const { name, target, fields, want, isPrivate = want } of rows) {
		const { document, pushes } = await wire.view(target, fields);
		assert.is(document.fields['set-cookie'] !== undefined, want, name);
		assert.is(document.fields['cache-control']?.startsWith('private') ?? false, isPrivate, name);
		for (const { fields: pushed } of pushes.values()) assert.is(pushed['set-cookie'], undefined, name);
	}
	for (const [target, want] of [
		['/', 'private, no-cache'],
		['/a.css', 'no-cache'],
	] as const) {
		const { fields } = await ask(tested, 'HTTP/1.1', target, { accept: 'text/html' });
		assert.is(fields['set-cookie'], undefined);
		assert.is(fields['cache-control'], want);
	}
});

cookies('with it every dependency is confirmed and no body pushed, visit after visit', async () => {
	const tested = await openIndexed({
		...SITE,
		'index.html': `${SITE['index.html']}<img src="/a.svg?v=2"><img src="/a.svg">`,
		'a.svg': 'a',
	});
	let { cookie, ...first } = await visit(tested);
	assert.equal(statusesOf(first), [200, 200, 200, 200]);
	for (let time = 2; time <= 5; time++) {
		const next: Visit = await visit(tested, cookie);
		assert.equal(statusesOf(next), [304, 304, 304, 304], `visit ${time}`);
		for (const { promise, fields } of next.pushes.values()) assert.is(promise['if-none-match'], fields.etag);
		cookie = next.cookie;
	}
});

cookies('after a visit to another page all that was given is still known', async () => {
	const tested = await openIndexed({
		...SITE,
		'docs/index.html':
			'<!doctype html><link rel="stylesheet" href="/a.css?v=2"><script src="/a.js"></script>',
	});
	const first = await visit(tested);
	const second = await visit(tested, first.cookie, '/docs/');
	assert.equal(statusesOf(second), [200, 304]);
	const third = await visit(tested, second.cookie);
	assert.equal(statusesOf(third), [304, 304]);
	const fourth = await visit(tested, third.cookie, '/docs/');
	assert.equal(statusesOf(fourth), [304, 304]);
});

cookies('after one file changed exactly that one is pushed', async () => {
	const tested = await openIndexed(SITE);
	const { cookie } = await visit(tested);
	await put(tested.folder, 'a.js', 'changed();');
	await eventually(
		'the change',
		async () => String((await ask(tested, 'HTTP/2', '/a.js')).body) === 'changed();',
	);
	const { pushes, cookie: next } = await visit(tested, cookie);
	assert.equal(
		[...pushes].map(([path, { status }]) => [path, status]),
		[
			['/a.css', 304],
			['/a.js', 200],
		],
	);
	assert.is(String(pushes.get('/a.js')?.body), 'changed();');
	assert.equal(statusesOf(await visit(tested, next)), [304, 304]);
});

cookies('what the connection was given counts beside it: no body twice', async () => {
	const tested = await openIndexed(SITE);
	const { etag } = (await ask(tested, 'HTTP/2', '/a.css')).fields;
	const cookie = cookieThatClaims(tested, [{ url: '/a.css', etag }]);
	const wire = new Wire(tested);
	assert.equal(statusesOf(await wire.view('/', { cookie })), [304, 200]);
	assert.equal(statusesOf(await wire.view('/', { cookie })), [304, 304]);
	assert.equal(statusesOf(await wire.view('/')), [200, 304]);
});

cookies('that cannot be read is none: the page and all pushes arrive', async () => {
	const tested = await openIndexed(SITE);
	const { cookie = '' } = await visit(tested);
	const name = `__Host-casper_${tested.port}`;
	const value = cookie.slice(name.length + 1);
	const rows = [
		{ name: 'empty', input: `${name}=` },
		{ name: 'no value', input: name },
		{ name: 'another alphabet', input: `${name}=${value}=` },
		{ name: 'quoted', input: `${name}="${value}"` },
		{ name: 'cut off', input: `${name}=${value.slice(0, -2)}` },
		{ name: 'with more at its end', input: `${name}=${value}AA` },
		{ name: 'another version', input: `${name}=4${value.slice(1)}` },
		{ name: 'H2O', input: `${name}=AdttAAAA` },
		{ name: 'too long', input: `${name}=${'A'.repeat(5000)}` },
		{ name: 'all ones', input: `${name}=${'_'.repeat(999)}` },
		{ name: 'claims many keys', input: `${name}=IP${'_'.repeat(300)}` },
		{ name: 'bytes beyond ASCII', input: `${name}=\xff\xfe` },
		{ name: 'for another port', input: `__Host-casper_${tested.port + 1}=${value}` },
		{ name: 'of a server without TLS', input: `casper_${tested.port}=${value}` },
		{ name: 'of a longer name', input: `x${cookie}` },
		{ name: 'other cookies', input: 'a=b; c; =d; ;;' },
	];
	for (const { name: row, input } of rows) {
		const view = await visit(tested, input);
		assert.is(view.document.status, 200, row);
		assert.equal(statusesOf(view), [200, 200], row);
	}
});

cookies('is found among others', async () => {
	const tested = await openIndexed(SITE);
	const { cookie = '' } = await visit(tested);
	const rows = [
		{ name: 'first', input: `${cookie}; b=2` },
		{ name: 'in the middle', input: `a=1; ${cookie}; b=2` },
		{ name: 'last, without spaces', input: `a=1;${cookie}` },
		{ name: 'before one of the same name', input: `${cookie}; ${cookie.split('=')[0]}=AAAA` },
		{
			name: 'beside those of other ports',
			input: `__Host-casper_1=AAAA; ${cookie}; casper_${tested.port}=BBBB`,
		},
	];
	for (const { name, input } of rows) assert.equal(statusesOf(await visit(tested, input)), [304, 304], name);
});

cookies('a hard reload gets every body in spite of it (RFC 9111 §5.2.1.4)', async () => {
	const tested = await openIndexed(SITE);
	const { cookie = '' } = await visit(tested);
	const view = await new Wire(tested).view('/', { cookie, 'cache-control': 'no-cache' });
	assert.equal(statusesOf(view), [200, 200]);
});

cookies(
	'in production a name with a content hash is immutable and passed over on the second visit (RFC 8246)',
	async () => {
		const files = {
			'index.html':
				'<!doctype html><link rel="stylesheet" href="/a-4f2d9c1e7b.css"><script src="/b.js"></script>',
			'a-4f2d9c1e7b.css': 'a',
			'b.js': 'b',
		};
		const tested = await openIndexed(files, { production: true });
		const first = await visit(tested);
		assert.is(first.pushes.get('/a-4f2d9c1e7b.css')?.fields['cache-control'], 'max-age=31536000, immutable');
		assert.is(first.pushes.get('/b.js')?.fields['cache-control'], 'no-cache');
		assert.is(first.document.fields['cache-control'], 'private, no-cache');
		const second = await visit(tested, first.cookie);
		assert.equal([...second.pushes.keys()], ['/b.js']);
		assert.equal(statusesOf(second), [304]);

		const inDevelopment = await openIndexed(files);
		const { pushes } = await visit(inDevelopment);
		assert.is(pushes.get('/a-4f2d9c1e7b.css')?.fields['cache-control'], 'no-cache');
	},
);

cookies('a false claim costs a request at most and never shows what is old (RFC 9110 §13.1.2)', async () => {
	const tested = await openIndexed(SITE);
	const earlier = (await ask(tested, 'HTTP/2', '/a.css')).fields.etag;
	await put(tested.folder, 'a.css', 'a { color: blue }');
	await eventually(
		'the change',
		async () => (await ask(tested, 'HTTP/2', '/a.css', {}, 'HEAD')).fields.etag !== earlier,
	);
	const { etag } = (await ask(tested, 'HTTP/2', '/a.css', {}, 'HEAD')).fields;
	// A client that holds the earlier version, with a cookie whose keys collide with those of the later one.
	const wire = new Wire(tested);
	const { pushes } = await wire.view('/', { cookie: cookieThatClaims(tested, [{ url: '/a.css', etag }]) });
	const confirmed = pushes.get('/a.css');
	assert.is(confirmed?.status, 304);
	// It names what it confirms, so that the client sees that this is not what it holds.
	assert.is(confirmed?.promise['if-none-match'], etag);
	assert.is(confirmed?.fields.etag, etag);
	const { document } = await wire.view('/a.css', { 'if-none-match': earlier ?? '' });
	assert.is(document.status, 200);
	assert.is(String(document.body), 'a { color: blue }');
});

cookies('a false claim to hold what is immutable costs a request and nothing more', async () => {
	const tested = await openIndexed(
		{
			'index.html': '<!doctype html><link rel="stylesheet" href="/a-4f2d9c1e7b.css">',
			'a-4f2d9c1e7b.css': 'a',
		},
		{ production: true },
	);
	const { etag } = (await ask(tested, 'HTTP/2', '/a-4f2d9c1e7b.css')).fields;
	const wire = new Wire(tested);
	const { pushes } = await wire.view('/', {
		cookie: cookieThatClaims(tested, [{ url: '/a-4f2d9c1e7b.css', etag }]),
	});
	assert.is(pushes.size, 0);
	assert.is(String((await wire.view('/a-4f2d9c1e7b.css')).document.body), 'a');
});

cookies('keeps within its 1,000 characters however much was given', async () => {
	const files: Record<string, string> = {};
	for (let page = 0; page < 6; page++) {
		const images = Array.from({ length: 190 }, (_, index) => `/${page}/${index}.svg`);
		for (const image of images) files[image.slice(1)] = image;
		files[`${page}.html`] = `<!doctype html>${images.map((image) => `<img src="${image}">`).join('')}`;
	}
	const tested = await openIndexed(files, { pushCount: 200 });
	let cookie: string | undefined;
	for (let page = 0; page < 6; page++) {
		const view: Visit = await visit(tested, cookie, `/${page}.html`);
		assert.is(view.pushes.size, 190);
		assert.ok(view.cookie);
		const value = view.cookie.slice(view.cookie.indexOf('=') + 1);
		assert.ok(value.length <= 1000, `${value.length} characters`);
		assert.ok(parseRecord(value));
		cookie = view.cookie;
	}
	// The last page is among what is still known.
	const again = statusesOf(await visit(tested, cookie, '/5.html'));
	assert.ok(again.filter((status) => status === 304).length > 180);
});

cookies.run();

const start = suite('start');
start.after.each(endAll);

start('requests are answered before a large folder is indexed, and a page is complete', async () => {
	const files: Record<string, string> = {};
	for (let at = 0; at < 5000; at++) files[`${at % 50}/${at}.html`] = `<!doctype html>${at}`;
	files['zz/index.html'] =
		'<!doctype html><link rel="stylesheet" href="../zz/a.css"><img src="b.svg"><img src="/missing.svg">';
	files['zz/a.css'] = 'a';
	files['zz/b.svg'] = 'b';
	const tested = await open(files);
	let isReady = false;
	void tested.server.ready.then(() => {
		isReady = true;
	});
	await new Promise(setImmediate);
	assert.is(isReady, false);
	assert.ok(tested.server.contents.files < 5003);
	const wire = new Wire(tested);
	const { document, pushes } = await wire.view('/zz/');
	assert.is(document.status, 200);
	assert.equal([...pushes.keys()], ['/zz/a.css', '/zz/b.svg']);
	assert.equal(statusesOf({ pushes } as View), [200, 200]);
	for (const [target, want] of [
		['/zz', 308],
		['/49/4999.html', 200],
		['/missing', 404],
		['/%', 400],
		['/.casper/refusal.css', 200],
	] as const)
		assert.is((await wire.view(target)).document.status, want, target);
	await tested.server.ready;
	const { files: count, pages } = tested.server.contents;
	assert.is(count, 5003);
	assert.is(pages, 5001);
	assert.equal(statusesOf(await wire.view('/zz/')), [304, 304]);
});

start('the address says where it answers, over TLS and without', async () => {
	for (const [cert, pattern] of [
		[true, /^https:\/\/localhost:\d+\/$/],
		[false, /^http:\/\/localhost:\d+\/$/],
	] as const) {
		const { server } = await open(SITE, { cert });
		assert.match(server.url, pattern);
		assert.is.not(new URL(server.url).port, '0');
	}
});

const isListening = (port: number, host: string): Promise<boolean> =>
	new Promise((resolve) => {
		const socket = connect({ port, host });
		socket.once('connect', () => {
			socket.destroy();
			resolve(true);
		});
		socket.once('error', () => resolve(false));
	});

/** Whether this machine has the IPv6 loopback. */
const hasIpv6 = (): Promise<boolean> =>
	new Promise((resolve) => {
		const server = createServer();
		server.once('error', () => resolve(false));
		server.listen(0, '::1', () => server.close(() => resolve(true)));
	});

start('localhost means both loopbacks, one port', async () => {
	const both = await hasIpv6();
	for (const cert of [true, false]) {
		const tested = await openIndexed(SITE, { cert });
		for (const host of both ? ['127.0.0.1', '::1'] : ['127.0.0.1']) {
			const line = new Line(tested, host);
			await line.write('GET /a.css HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
			await line.closed();
			assert.match(line.received, /^HTTP\/1\.1 200/, host);
		}
	}
});

start('the host is one address, or all of them', async () => {
	const both = await hasIpv6();
	const rows = [
		{ input: '127.0.0.1' as const, url: /^http:\/\/127\.0\.0\.1:\d+\/$/, v4: true, v6: false },
		...(both ? [{ input: '::1' as const, url: /^http:\/\/\[::1\]:\d+\/$/, v4: false, v6: true }] : []),
		{ input: true as const, url: /^http:\/\/localhost:\d+\/$/, v4: true, v6: both },
	];
	for (const { input, url, v4, v6 } of rows) {
		// Another program may listen at the same port of the other address: hardly so three times.
		const seen: string[] = [];
		for (let tries = 0; tries < 3 && !seen.includes(`${v4} ${v6}`); tries++) {
			const { server, port } = await open(SITE, { cert: false, host: input });
			assert.match(server.url, url);
			seen.push(`${await isListening(port, '127.0.0.1')} ${await isListening(port, '::1')}`);
		}
		assert.ok(seen.includes(`${v4} ${v6}`), `${input}: ${seen.join(', ')}`);
	}
});

/** The error that starting a server ends with. */
const failure = async (folder: string, options: ServeOptions): Promise<unknown> => {
	try {
		onEnd(
			(
				(server) => () =>
					server.close()
			)(await serve(folder, options)),
		);
	} catch (error) {
		return error;
	}
	return undefined;
};

start('a host that is not of this machine is an error of its own kind', async () => {
	const folder = await makeFolder(SITE);
	// 192.0.2.0/24 is nobody's (RFC 5737), and no name ends with .invalid (RFC 6761 §6.4).
	for (const host of ['192.0.2.1', 'no-such-host.invalid', '2001:db8::1', '999.1.1.1', '[::1]']) {
		const error = await failure(folder, { host, port: 0 });
		assert.instance(error, CasperError, host);
		assert.is((error as CasperError).code, 'CASPER_HOST_UNAVAILABLE');
		assert.match((error as CasperError).message, JSON.stringify(host));
		assert.not.match((error as CasperError).message, '\n');
	}
});

const occupy = async (port: number, host: string): Promise<TcpServer> => {
	const server = createServer();
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen({ port, host, ipv6Only: true }, resolve);
	});
	onEnd(() => server.close());
	return server;
};

start('a given port that is taken is an error of its own kind', async () => {
	const folder = await makeFolder(SITE);
	for (const host of (await hasIpv6()) ? ['127.0.0.1', '::1'] : ['127.0.0.1']) {
		const { port } = (await occupy(0, host)).address() as AddressInfo;
		const error = await failure(folder, { port });
		assert.instance(error, CasperError);
		assert.is((error as CasperError).code, 'CASPER_PORT_IN_USE');
		assert.match((error as CasperError).message, String(port));
		// Nothing is left open by the attempt.
		if (host === '::1') assert.is(await isListening(port, '127.0.0.1'), false);
	}
});

start('a port that is not given is the next free one', async () => {
	const { port: taken } = (await occupy(0, '127.0.0.1')).address() as AddressInfo;
	const engines = { http1: createHttp1Server(), http2: createHttp2Server() };
	const options = {
		host: 'localhost',
		port: undefined,
		defaultPort: taken,
		tls: undefined,
		patienceMs: 10_000,
	} as const;
	const first = await openSockets(options, engines);
	onEnd(() => first.close(0));
	const second = await openSockets(options, engines);
	onEnd(() => second.close(0));
	assert.ok(first.port > taken && first.port < taken + 50);
	assert.ok(second.port > first.port && second.port < taken + 50);
});

start('options that cannot be are refused before anything is opened', async () => {
	const rows: { input: Record<string, unknown>; want: string }[] = [
		{ input: { port: -1 }, want: 'port' },
		{ input: { port: 65_536 }, want: 'port' },
		{ input: { port: 80.5 }, want: 'port' },
		{ input: { port: '8080' }, want: 'port' },
		{ input: { host: '' }, want: 'host' },
		{ input: { host: false }, want: 'host' },
		{ input: { pushBudget: -1 }, want: 'pushBudget' },
		{ input: { pushCount: 201 }, want: 'pushCount' },
		{ input: { push: 'yes' }, want: 'push' },
		{ input: { key: 'key.pem' }, want: 'key' },
		{ input: { key: 'key.pem', cert: true }, want: 'key' },
		{ input: { onRequest: 'log' }, want: 'onRequest' },
		{ input: { prot: 8080 }, want: 'prot' },
	];
	const folder = await makeFolder(SITE);
	for (const { input, want } of rows) {
		const error = await failure(folder, input as ServeOptions);
		assert.instance(error, UsageError, want);
		assert.is((error as UsageError).setting, want);
	}
});

start('a folder that is none is an error of its own kind', async () => {
	const folder = await makeFolder(SITE);
	for (const path of [join(folder, 'missing'), join(folder, 'a.css'), join(folder, 'a.css/b')]) {
		const error = await failure(path, { port: 0 });
		assert.instance(error, CasperError);
		assert.is((error as CasperError).code, 'CASPER_FOLDER_MISSING');
	}
});

start.run();

const end = suite('the end');
end.after.each(endAll);

/** Larger than what the buffers of two sockets hold. */
const LARGE_BYTES = 20_000_000;
const LARGE: Files = { ...SITE, 'large.bin': Buffer.alloc(LARGE_BYTES, 7) };

/** A large answer of which the client has not taken the most. */
const beginLarge = async (tested: Tested): Promise<Line> => {
	const line = new Line(tested);
	await line.write('GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n');
	await line.until('the beginning', (received) => received.length > 0);
	line.socket.pause();
	return line;
};

const bodyLengthOf = (received: string): number => received.length - received.indexOf('\r\n\r\n') - 4;

end('running responses finish, over both protocols; HTTP/2 clients get GOAWAY (RFC 9113 §6.8)', async () => {
	for (const cert of [true, false]) {
		const tested = await openIndexed(LARGE, { cert });
		const line = await beginLarge(tested);
		const wire = new Wire(tested, { [SETTING.initialWindow]: 1000 });
		const stream = wire.request('/large.bin');
		await wire.until('the beginning', () => wire.told(stream).body.length > 0);
		const page = wire.request('/');
		await wire.until('promises', () => wire.promisesOn(page).length === 2);

		let isOver = false;
		const closing = tested.server.close().then(() => {
			isOver = true;
		});
		await wire.until('GOAWAY', () =>
			wire.frames.some((frame) => frame.kind === 'goaway' && frame.code === 0),
		);
		assert.is(await isListening(tested.port, '127.0.0.1'), false);
		assert.is(isOver, false);
		line.socket.resume();
		wire.send(settingsFrame({ [SETTING.initialWindow]: 10 ** 8 }));
		for (const each of [stream, page, ...wire.promisesOn(page).map(({ promised }) => promised)])
			await wire.ended(each);
		assert.is(wire.told(stream).body.length, LARGE_BYTES);
		assert.ok(wire.told(page).isWhole);
		assert.equal(statusesOf(wire.viewOf(page)), [200, 200]);
		await line.closed();
		assert.is(bodyLengthOf(line.received), LARGE_BYTES);
		await within('the end', closing, 3);
	}
});

end('HTTP/1.1 requests that were sent together are all answered', async () => {
	const tested = await openIndexed(LARGE);
	const line = new Line(tested);
	await line.write(
		'GET /a.css HTTP/1.1\r\nHost: localhost\r\n\r\nGET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n',
	);
	await line.until('the beginning of the second', (received) => received.split('HTTP/1.1 200').length === 3);
	line.socket.pause();
	const closing = tested.server.close();
	line.socket.resume();
	await line.closed();
	await closing;
	assert.is(bodyLengthOf(line.received.slice(line.received.lastIndexOf('HTTP/1.1 200'))), LARGE_BYTES);
});

end('connections on which nothing runs do not hold it up', async () => {
	for (const cert of [true, false]) {
		const tested = await openIndexed(SITE, { cert });
		const idle = new Line(tested);
		await idle.write('GET /a.css HTTP/1.1\r\nHost: localhost\r\n\r\n');
		await idle.until('an answer', (received) => received.includes('color'));
		const half = new Line(tested);
		await half.write('GET /a.css HTTP/1.1\r\nHo');
		const wire = new Wire(tested);
		await wire.view('/');
		const silent = connect({ port: tested.port, host: '127.0.0.1' }).on('error', () => {});
		onEnd(() => silent.destroy());
		const preface = connect({ port: tested.port, host: '127.0.0.1' }).on('error', () => {});
		onEnd(() => preface.destroy());
		preface.write('PRI * HT');
		await Promise.all(
			[silent, preface].map((socket) => new Promise((resolve) => socket.once('connect', resolve))),
		);
		await new Promise(setImmediate);
		await within('the end', tested.server.close(), 3);
		await idle.closed();
		await half.closed();
		await eventually('the end of the HTTP/2 connection', () => wire.isClosed);
	}
});

end('a client that does not read is not waited for beyond five seconds', async () => {
	const tested = await openIndexed(LARGE);
	const line = await beginLarge(tested);
	const wire = new Wire(tested, { [SETTING.initialWindow]: 1000 });
	const stream = wire.request('/large.bin');
	await wire.until('the beginning', () => wire.told(stream).body.length > 0);
	const began = performance.now();
	await within('the end', tested.server.close(), 8);
	assert.ok(performance.now() - began > 4000);
	line.socket.resume();
	await line.closed();
	assert.ok(bodyLengthOf(line.received) < LARGE_BYTES);
	assert.is(wire.told(stream).isWhole, false);
});

end('clients that are gone without a word, or never say one, are let go', async () => {
	const engines = { http1: createHttp1Server(), http2: createHttp2Server() };
	engines.http1.on('request', (_request, response) => response.end('ok'));
	engines.http2.on('stream', (stream, { ':path': path }) => {
		stream.on('error', () => {});
		stream.respond();
		stream.end(path === '/large' ? Buffer.alloc(2 ** 24) : 'ok');
	});
	const options = { host: '127.0.0.1', port: 0, defaultPort: 0, tls: undefined, patienceMs: 50 } as const;
	const { port, close } = await openSockets(options, engines).then((sockets) => ({
		port: sockets.port,
		close: () => sockets.close(0),
	}));
	onEnd(close);
	const tested = { port, isSecure: false, authority: `localhost:${port}` } as Tested;
	const alive = new Wire(tested);
	await alive.view('/');
	const gone = new Wire(tested);
	gone.isAlive = false;
	await gone.view('/');
	const broken = new Wire(tested);
	broken.send(dataFrame(0, Buffer.alloc(1), false));
	// Its session is over as soon as so much is being written that it never reads.
	const deaf = new Wire(tested, { [SETTING.initialWindow]: 0 });
	const stream = deaf.request('/large');
	await deaf.until('an answer', () => deaf.frames.some(({ kind }) => kind === 'headers'));
	deaf.socket.pause();
	deaf.send(windowFrame(stream, 2 ** 24), goawayFrame(1));
	const silent = new Line(tested);
	const half = new Line(tested);
	await half.write('GET / HTTP/1.1\r\nHo');
	const preface = new Line(tested);
	await preface.write('PRI * HT');
	for (const line of [silent, half, preface]) await line.closed();
	await eventually('the end of what is gone', () => gone.isClosed && broken.isClosed);
	deaf.socket.resume();
	await eventually('the end of who does not listen', () => deaf.isClosed);
	// Who answers is asked again, and stays.
	await alive.until('some questions', () => alive.frames.filter(({ kind }) => kind === 'ping').length > 5);
	assert.is((await alive.view('/')).document.status, 200);
});

end('a second close is harmless, at the same time and later', async () => {
	const tested = await openIndexed(SITE);
	await Promise.all([tested.server.close(), tested.server.close()]);
	await tested.server.close();
	assert.is(await isListening(tested.port, '127.0.0.1'), false);
});

end('close in the middle of indexing', async () => {
	const files: Record<string, string> = {};
	for (let at = 0; at < 1500; at++) files[`${at}.html`] = `<!doctype html>${at}`;
	const tested = await open(files);
	await within('the end', tested.server.close(), 5);
	await within('ready', tested.server.ready, 1);
	assert.equal(tested.problems, []);
});

end('the port is free again', async () => {
	const { server, port, folder } = await openIndexed(SITE);
	await server.close();
	const again = await open(folder, { port });
	assert.is((await ask(again, 'HTTP/2', '/a.css')).status, 200);
});

end.run();

const sniffing = suite('two protocols without TLS');
sniffing.after.each(endAll);

sniffing('HTTP/1.1 and HTTP/2 with prior knowledge share a port (RFC 9113 §3.3)', async () => {
	const tested = await openIndexed(SITE, { cert: false });
	assert.is((await ask(tested, 'HTTP/1.1', '/a.css')).status, 200);
	assert.is((await ask(tested, 'HTTP/2', '/a.css')).status, 200);
	assert.is((await new Wire(tested).view('/')).pushes.size, 2);
	assert.equal(
		tested.entries.map(({ protocol }) => protocol),
		['HTTP/1.1', 'HTTP/2', 'HTTP/2'],
	);
});

sniffing('the preface arrives in pieces of any size (RFC 9113 §3.4)', async () => {
	const tested = await openIndexed(SITE, { cert: false });
	for (const size of [1, 2, 3, 4, 5, 14, 16, 23, 24, 25, 33]) {
		const wire = new Wire(tested, {}, true);
		await wire.greetInPieces(size, size);
		assert.is((await wire.view('/')).document.status, 200, `pieces of ${size}`);
	}
	for (let first = 1; first < 30; first++) {
		const wire = new Wire(tested, {}, true);
		await wire.greetInPieces(first, 100);
		assert.is((await wire.view('/')).document.status, 200, `first ${first} bytes`);
	}
});

sniffing('an HTTP/1.1 request arrives byte by byte, whatever its method begins with', async () => {
	for (const cert of [false, true]) {
		const tested = await openIndexed(SITE, { cert });
		for (const [method, want] of [
			['GET', 200],
			['HEAD', 200],
			['POST', 405],
			['PUT', 405],
			['PATCH', 405],
			['PROPFIND', 405],
			['PROPPATCH', 405],
		] as const) {
			const line = new Line(tested);
			await line.write(`${method} /a.css HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 1);
			await line.closed();
			assert.match(line.received, new RegExp(`^HTTP/1\\.1 ${want} `), method);
		}
	}
});

sniffing('what is neither is refused as HTTP/1.1 is, or the connection ends', async () => {
	const tested = await openIndexed(SITE, { cert: false });
	for (const text of [
		'PRI * HTTP/1.1\r\n\r\n',
		'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n',
		'\x16\x03\x01\x02\x00\x01\x00',
		'\x00',
		'hello\r\n\r\n',
		'\r\n\r\n\r\nPRI',
	]) {
		const line = new Line(tested);
		await line.write(text);
		line.socket.end();
		await line.closed();
		assert.match(line.received, /^(?:HTTP\/1\.1 400 |$|\0\0)/, JSON.stringify(text));
	}
	assert.is((await ask(tested, 'HTTP/1.1', '/a.css')).status, 200);
});

sniffing('an upgrade is declined by going on with HTTP/1.1 (RFC 9110 §7.8)', async () => {
	const tested = await openIndexed(SITE, { cert: false });
	for (const upgrade of ['h2c', 'websocket', 'TLS/1.0']) {
		const { status } = await askRaw(
			tested,
			`GET /a.css HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: ${upgrade}\r\nHTTP2-Settings: AAAA\r\n\r\n`,
		);
		assert.is(status, 200, upgrade);
	}
});

sniffing('HTTP/1.0 and a missing or doubled Host (RFC 9112 §3.2)', async () => {
	const tested = await openIndexed(SITE, { cert: false });
	for (const [request, want] of [
		['GET /a.css HTTP/1.0\r\n\r\n', 200],
		['GET /a.css HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
		['GET /a.css HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n', 100],
		['GET /a.css HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\nConnection: close\r\n\r\n', 417],
		['CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n', 0],
		['OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
	] as const)
		assert.is((await askRaw(tested, request)).status, want, request);
});

sniffing.run();
