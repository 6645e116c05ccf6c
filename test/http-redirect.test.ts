import { type AddressInfo, createServer } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../src/errors.ts';
import type { ServeOptions } from '../src/options.ts';
import { openRedirectListener } from '../src/server/redirect-listener.ts';
import { serve } from '../src/server.ts';
import { ask, askRaw, Line } from './support/client.ts';
import { endAll, eventually, makeFolder, onEnd, openIndexed, type Tested, within } from './support/server.ts';

const redirect = suite('httpRedirect');
redirect.after.each(endAll);

const SITE = { 'index.html': 'index' };

/** The HTTP side of a server over TLS. */
const plainSideOf = (tested: Tested): Tested => {
	const { redirectUrl = '' } = tested.server;
	const { port, host } = new URL(redirectUrl);
	return { ...tested, port: Number(port), authority: host, isSecure: false };
};

const rows: readonly {
	name: string;
	/** The request line and the fields; `PORT` is the one of TLS. */
	input: string;
	/** The status, and for 308 what follows the port of TLS. */
	want: string;
}[] = [
	{ name: 'the root', input: 'GET / HTTP/1.1\r\nHost: localhost', want: '308 https://localhost:PORT/' },
	{ name: 'HEAD', input: 'HEAD /a HTTP/1.1\r\nHost: localhost', want: '308 https://localhost:PORT/a' },
	{
		name: 'path and query as they are',
		input: "GET /a//b/../%2e%2F;x=1?q=%20&r=a+b?/'| HTTP/1.1\r\nHost: localhost:80",
		want: "308 https://localhost:PORT/a//b/../%2e%2F;x=1?q=%20&r=a+b?/'|",
	},
	{ name: 'an address', input: 'GET / HTTP/1.1\r\nHost: 127.0.0.1:1', want: '308 https://127.0.0.1:PORT/' },
	{ name: 'an IPv6 address', input: 'GET / HTTP/1.1\r\nHost: [::1]', want: '308 https://[::1]:PORT/' },
	{
		name: 'the case of a host',
		input: 'GET / HTTP/1.1\r\nHost: LocalHost',
		want: '308 https://localhost:PORT/',
	},
	{
		name: 'two slashes',
		input: 'GET //evil.example/ HTTP/1.1\r\nHost: localhost',
		want: '308 https://localhost:PORT//evil.example/',
	},
	{
		name: 'a backslash',
		input: 'GET /\\evil.example HTTP/1.1\r\nHost: localhost',
		want: '308 https://localhost:PORT/\\evil.example',
	},
	{
		name: 'an at sign',
		input: 'GET /@evil.example HTTP/1.1\r\nHost: localhost',
		want: '308 https://localhost:PORT/@evil.example',
	},
	{
		name: 'absolute-form of ours (RFC 9112 §3.2.2)',
		input: 'GET http://localhost/a?b HTTP/1.1\r\nHost: localhost',
		want: '308 https://localhost:PORT/a?b',
	},
	{
		name: 'absolute-form of others',
		input: 'GET http://evil.example/ HTTP/1.1\r\nHost: localhost',
		want: '421',
	},
	{
		name: 'absolute-form of others, twice',
		input: 'GET http://evil.example/ HTTP/1.1\r\nHost: evil.example',
		want: '421',
	},
	{
		name: 'absolute-form with a user',
		input: 'GET http://localhost@evil.example/ HTTP/1.1\r\nHost: localhost',
		want: '400',
	},
	{ name: 'another host', input: 'GET / HTTP/1.1\r\nHost: evil.example', want: '421' },
	{ name: 'a host with a path', input: 'GET / HTTP/1.1\r\nHost: localhost/evil.example', want: '400' },
	{ name: 'a host with a user', input: 'GET / HTTP/1.1\r\nHost: localhost@evil.example', want: '400' },
	{ name: 'an empty host', input: 'GET / HTTP/1.1\r\nHost:', want: '400' },
	{ name: 'no host', input: 'GET / HTTP/1.1\r\nX: y', want: '400' },
	{ name: 'HTTP/1.0 without a host', input: 'GET / HTTP/1.0', want: '400' },
	{
		name: 'HTTP/1.0 with a host',
		input: 'GET / HTTP/1.0\r\nHost: localhost',
		want: '308 https://localhost:PORT/',
	},
	{ name: 'POST', input: 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0', want: '405' },
	{ name: 'OPTIONS *', input: 'OPTIONS * HTTP/1.1\r\nHost: localhost', want: '405' },
	{ name: 'a fragment', input: 'GET /#a HTTP/1.1\r\nHost: localhost', want: '400' },
	{ name: 'CONNECT', input: 'CONNECT localhost:443 HTTP/1.1\r\nHost: localhost', want: '0' },
	{
		name: 'an upgrade',
		input: 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: h2c',
		want: '308 https://localhost:PORT/',
	},
	{ name: 'HTTP/2', input: 'PRI * HTTP/2.0\r\n\r\nSM', want: '400' },
	{ name: 'rubbish', input: 'rubbish', want: '400' },
];

redirect('leads to the same address over TLS, and nowhere else', async () => {
	const tested = await openIndexed(SITE, { httpRedirect: 0 });
	const plain = plainSideOf(tested);
	assert.match(tested.server.redirectUrl ?? '', /^http:\/\/localhost:\d+\/$/);
	assert.is.not(plain.port, tested.port);
	for (const { name, input, want } of rows) {
		const { status, text } = await askRaw(plain, `${input}\r\n\r\n`);
		const [, location] = /\r\nlocation: ([^\r]*)/i.exec(text) ?? [];
		const got = location === undefined ? String(status) : `${status} ${location}`;
		assert.is(got, want.replace('PORT', String(tested.port)), name);
		if (status === 308) assert.match(text, /cache-control: no-store/i, name);
	}
	const { status, body } = await ask(tested, 'HTTP/2', '/');
	assert.is(`${status} ${body}`, '200 index');
});

redirect('is told to the log', async () => {
	const tested = await openIndexed(SITE, { httpRedirect: 0 });
	await ask(plainSideOf(tested), 'HTTP/1.1', '/a?b');
	await eventually('the entry', () => tested.entries.length > 0);
	const { status, target, protocol } = tested.entries[0] ?? {};
	assert.equal({ status, target, protocol }, { status: 308, target: '/a?b', protocol: 'HTTP/1.1' });
});

redirect('in production, leads to whatever name leads here; with names, to these', async () => {
	for (const [allowedHosts, want] of [
		[undefined, '308'],
		[['ours.example'], '421'],
	] as const) {
		const tested = await openIndexed(SITE, { httpRedirect: 0, production: true, allowedHosts });
		const { status, text } = await askRaw(
			plainSideOf(tested),
			'GET /a HTTP/1.1\r\nHost: site.example\r\n\r\n',
		);
		assert.is(String(status), want);
		if (status === 308) assert.match(text, `https://site.example:${tested.port}/a\r\n`);
	}
});

redirect('a host that is no name leads nowhere, and ends nothing', async () => {
	const tested = await openIndexed(SITE, { httpRedirect: 0, production: true });
	const plain = plainSideOf(tested);
	for (const host of ['a\x7fb', 'a\xffb', 'a"b', 'a<b', 'a,b', 'a\\b', '%0d%0a', '[::1', ':80', 'a\tb']) {
		const { status } = await askRaw(plain, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
		assert.is(status, 400, JSON.stringify(host));
	}
	assert.is((await askRaw(plain, 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n')).status, 308);
});

redirect('the usual port of TLS is not named', async () => {
	const listener = await openRedirectListener({
		host: '127.0.0.1',
		port: 0,
		tlsPort: 443,
		isOurs: () => true,
		patienceMs: 10_000,
		onRequest: undefined,
	});
	onEnd(() => listener.close(0));
	const response = await fetch(`http://127.0.0.1:${listener.port}/a?b`, { redirect: 'manual' });
	assert.is(response.headers.get('location'), 'https://127.0.0.1/a?b');
});

redirect('clients that say nothing, or nothing whole, are ended', async () => {
	const listener = await openRedirectListener({
		host: 'localhost',
		port: 0,
		tlsPort: 443,
		isOurs: () => true,
		patienceMs: 300,
		onRequest: undefined,
	});
	onEnd(() => listener.close(0));
	const plain = { port: listener.port, isSecure: false } as Tested;
	for (const text of ['', 'GET / HT', 'GET / HTTP/1.1\r\nHost: localhost\r\n']) {
		const line = new Line(plain);
		if (text !== '') await line.write(text);
		await line.closed();
		assert.not.match(line.received, ' 308 ');
	}
});

redirect('closes with the server, whoever is connected', async () => {
	const tested = await openIndexed(SITE, { httpRedirect: 0, grace: 60 });
	const lines = [new Line(plainSideOf(tested)), new Line(plainSideOf(tested))];
	await lines[0]?.write('GET / HT');
	await within('the end', tested.server.close(), 5);
	for (const line of lines) await line.closed();
	for (const url of [tested.server.url, tested.server.redirectUrl ?? '']) {
		const { port } = new URL(url);
		const server = createServer();
		await new Promise<void>((done, failed) =>
			server.once('error', failed).listen(Number(port), '127.0.0.1', done),
		);
		server.close();
	}
});

redirect('a port that is taken: an error that names it, and nothing is left open', async () => {
	const taken = createServer();
	await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
	onEnd(() => taken.close());
	const { port } = taken.address() as AddressInfo;
	try {
		await openIndexed(SITE, { httpRedirect: port });
		assert.unreachable();
	} catch (error) {
		assert.is((error as { code?: string }).code, 'CASPER_PORT_IN_USE');
		assert.match((error as Error).message, new RegExp(`^httpRedirect: .* ${port}, .*; name another one`));
	}
});

const refused: readonly { name: string; input: ServeOptions; want: RegExp }[] = [
	{ name: 'without TLS', input: { httpRedirect: true }, want: /^httpRedirect: expected a certificate/ },
	{
		name: 'from the port of TLS',
		input: { httpRedirect: 4443, port: 4443, cert: true },
		want: /^httpRedirect: expected another port/,
	},
	{
		name: 'from its own port',
		input: { httpRedirect: true, port: 8080, cert: true },
		want: /^httpRedirect: expected another port .* got 8080$/,
	},
	{
		name: 'from the default port of TLS',
		input: { httpRedirect: 8443, cert: true },
		want: /^httpRedirect: expected another port/,
	},
	{
		name: 'to a Unix socket',
		input: { httpRedirect: true, unix: '/tmp/x', cert: true },
		want: /^httpRedirect: expected none/,
	},
];
for (const { name, input, want } of refused)
	redirect(`is refused ${name}`, async () => {
		try {
			await serve(await makeFolder(SITE), input);
			assert.unreachable();
		} catch (error) {
			assert.instance(error, UsageError);
			assert.match((error as Error).message, want);
		}
	});

redirect.run();
