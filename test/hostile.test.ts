import { symlink } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ServeOptions } from '../src/options.ts';
import {
	ask,
	askRaw,
	dataFrame,
	type Fields,
	frameOf,
	goawayFrame,
	headersFrame,
	Line,
	PROTOCOLS,
	resetFrame,
	SETTING,
	settingsFrame,
	TYPE,
	Wire,
	windowFrame,
} from './support/client.ts';
import { Random } from './support/random.ts';
import {
	endAll,
	eventually,
	makeFolder,
	newSeed,
	onEnd,
	openIndexed,
	type Tested,
	within,
} from './support/server.ts';

/** A small site with what must not be had beside it, below it and behind its links. */
const openSite = async (options: ServeOptions = {}): Promise<Tested> => {
	const outer = await makeFolder({
		'secret.txt': 'SECRET',
		'site2/a.txt': 'SECRET',
		'site/index.html': '<!doctype html><link rel="stylesheet" href="/b/c.css"><img src="/a.svg?v=1">',
		'site/a.txt': 'a',
		'site/a.svg': 'a',
		'site/b/c.css': 'c',
		'site/b/index.html': '<!doctype html><link rel="stylesheet" href="c.css">',
		'site/100%.txt': 'percent',
		'site/large.bin': Buffer.alloc(1_500_000, 1),
		'site/.hidden': 'SECRET',
		'site/.git/config': 'SECRET',
	});
	await symlink('../secret.txt', join(outer, 'site', 'out.txt'));
	await symlink('..', join(outer, 'site', 'up'));
	return openIndexed(join(outer, 'site'), options);
};

/** The server still does all that it did. */
const assertWell = async (tested: Tested): Promise<void> => {
	for (const protocol of PROTOCOLS) assert.is(String((await ask(tested, protocol, '/a.txt')).body), 'a');
	const { document, pushes } = await new Wire(tested).view('/');
	assert.is(document.status, 200);
	assert.is(pushes.size, 2);
	assert.equal(tested.problems, []);
	const failed = tested.entries.filter(({ status }) => status >= 500);
	assert.equal(
		failed.map(({ target, status }) => `${target}: ${status}`),
		[],
	);
};

/** Requests that are almost right. */
class Imagination extends Random {
	/** Text of bytes that may stand in a field or a target, or of any bytes. */
	characters(length: number, isClean: boolean): string {
		return Array.from({ length }, () =>
			String.fromCharCode(isClean ? 33 + this.below(94) : this.below(256)),
		).join('');
	}

	target(isClean: boolean): string {
		let target = this.pick([
			'/',
			'/index.html',
			'/a.txt',
			'/b/c.css',
			'/b',
			'/b/',
			'/100%25.txt',
			'/a.svg?v=1',
			'/large.bin',
			'/missing',
			'/../secret.txt',
			'/%2e%2e/secret.txt',
			'/..%2fsecret.txt',
			'/..%5csecret.txt',
			'/out.txt',
			'/up/secret.txt',
			'/.hidden',
			'/.git/config',
			'/%2ehidden',
			'/b/../.hidden',
			'//a.txt',
			'/./a.txt',
			'/site2/a.txt',
			'/.casper/refusal.css',
			'/.casper/',
			'/.casper/../a.txt',
			'/%00',
			'/%',
			'/%ff',
			'/%c0%ae%c0%ae/secret.txt',
		]);
		for (let times = this.below(4); times > 0; times--) {
			const at = this.below(target.length + 1);
			const piece = this.pick([
				() => this.characters(1, isClean),
				() =>
					this.pick([
						'..',
						'/',
						'%2f',
						'%5c',
						'%2e',
						'.',
						'%00',
						'%',
						'?',
						';',
						'~',
						'//',
						'\\',
						'%25',
						'#',
						'*',
						'@',
						':',
					]),
				() => `%${this.below(256).toString(16)}`,
				() => target.slice(0, this.below(target.length)),
				() => this.characters(this.below(40), isClean),
			])();
			const cut = this.below(3) === 0 ? this.below(4) : 0;
			target = target.slice(0, at) + piece + target.slice(at + cut);
		}
		// A target in no known form ends an HTTP/1.1 connection.
		return isClean ? `/${target.replace(/[^\x21-\x7e]/g, '').replace(/^\//, '')}` : target;
	}

	method(): string {
		if (this.below(10) > 0) return this.pick(['GET', 'GET', 'GET', 'HEAD']);
		return this.pick(['POST', 'OPTIONS', 'PUT', 'TRACE', 'DELETE', 'PATCH', 'PROPFIND', 'MKCOL', 'QUERY']);
	}

	fields(tested: Tested): Fields {
		const fields: Fields = {};
		const cookie = `${tested.isSecure ? '__Host-' : ''}casper_${tested.port}`;
		for (let count = this.below(5); count > 0; count--) {
			const name = this.pick([
				'if-none-match',
				'cookie',
				'accept',
				'range',
				'cache-control',
				'sec-fetch-dest',
				'via',
				'user-agent',
				'referer',
				'if-modified-since',
				'if-match',
				'if-range',
				'accept-encoding',
				'cache-digest',
				'priority',
				'origin',
				'x-a',
			]);
			fields[name] = this.pick([
				() => this.characters(this.below(60), true),
				() => `"${this.characters(this.below(40), true)}", *, W/"a"`,
				() => `${cookie}=${Buffer.from(this.bytes(this.below(80))).toString('base64url')}`,
				() => `${cookie}=I${'_'.repeat(this.below(900))}`,
				() => `bytes=${this.below(10)}-${this.below(10)},-${this.below(100)}`,
				() =>
					this.pick([
						'text/html',
						'no-cache',
						'document',
						'empty',
						'1.1 proxy',
						'*',
						'gzip, br;q=0',
						',,,,',
						'"',
						'',
					]),
				() => 'a,'.repeat(this.below(500)),
			])();
		}
		return fields;
	}
}

const fuzz = suite('requests that are almost right');
fuzz.after.each(endAll);

const REQUESTS = 10_000;

fuzz(`${REQUESTS} of them over HTTP/2: never a fault, never anything from outside`, async () => {
	const seed = newSeed();
	console.log(`  seed ${seed} (repeat with CASPER_SEED=${seed})`);
	const imagination = new Imagination(seed);
	const tally = new Map<number, number>();
	for (const cert of [false, true]) {
		const tested = await openSite({ cert });
		for (let done = 0; done < REQUESTS / 2; ) {
			const wire = new Wire(tested, {
				[SETTING.initialWindow]: 65_535,
				[SETTING.enablePush]: imagination.below(2),
			});
			for (let batch = 0; batch < 10 && !wire.isClosed; batch++) {
				const sent = Array.from({ length: 25 }, () => {
					const target = imagination.target(imagination.below(3) > 0);
					const method = imagination.method();
					return {
						target,
						stream: wire.request(target, { ':method': method, ...imagination.fields(tested) }),
					};
				});
				await wire.flushed().catch(() => undefined);
				// Large bodies are stuck by then, and left so.
				for (const { target, stream } of sent) {
					const what = `${JSON.stringify(target)} (seed ${seed})`;
					const isAnswered = (): boolean => {
						const { status, resetCode } = wire.told(stream);
						return status !== 0 || resetCode !== undefined;
					};
					if (!wire.isClosed)
						await wire.until(`an answer to ${what}`, isAnswered).catch((error) => {
							if (!wire.isClosed) throw error;
						});
					const { status, body } = wire.told(stream);
					assert.ok(status < 500, `${what}: ${status}`);
					assert.not.match(body.toString('latin1'), 'SECRET', what);
					tally.set(status, (tally.get(status) ?? 0) + 1);
					done++;
				}
			}
			wire.socket.destroy();
		}
		await assertWell(tested);
	}
	console.log(
		`  answers by status: ${[...tally].map(([status, count]) => `${status}: ${count}`).join(', ')}`,
	);
});

/** The status lines of a connection's answers: no body of this site has one in it. */
const statusesIn = (received: string): readonly string[] => received.match(/HTTP\/1\.1 \d{3}(?= )/g) ?? [];

/** Twenty requests on one connection. Only the last one may be so wrong that it ends it. Returns the statuses. */
const askTwenty = async (
	tested: Tested,
	imagination: Imagination,
	what: string,
): Promise<readonly string[]> => {
	const requests = Array.from({ length: 20 }, (_, index) => {
		const isLast = index === 19;
		// What the server would have to send whole is left out.
		const target = imagination.target(!isLast).replace('large', 'little');
		const fields = Object.entries(imagination.fields(tested)).map(([name, value]) => `${name}: ${value}\r\n`);
		const end = isLast ? 'Connection: close\r\n' : '';
		return `${imagination.method()} ${target} HTTP/1.1\r\nHost: localhost\r\n${end}${fields.join('')}\r\n`;
	});
	const line = new Line(tested);
	await line.write(requests.slice(0, -1).join(''));
	await line.until(`the answers before the last (${what})`, () => statusesIn(line.received).length === 19);
	await line.write(requests.slice(-1).join(''));
	await line.closed();
	assert.not.match(line.received, 'SECRET', what);
	return statusesIn(line.received);
};

fuzz(`${REQUESTS} of them over HTTP/1.1: never a fault, never anything from outside`, async () => {
	const seed = newSeed();
	console.log(`  seed ${seed} (repeat with CASPER_SEED=${seed})`);
	const tally = new Map<string, number>();
	for (const cert of [false, true]) {
		const tested = await openSite({ cert });
		const run = async (lane: number): Promise<void> => {
			const imagination = new Imagination(seed + lane);
			for (let done = 0; done < REQUESTS / 2 / 10; ) {
				const what = `seed ${seed}, lane ${lane}, requests from ${done} on`;
				const statuses = await askTwenty(tested, imagination, what);
				for (const status of statuses) {
					assert.not.match(status, / 5/, what);
					tally.set(status, (tally.get(status) ?? 0) + 1);
				}
				done += statuses.length;
			}
		};
		await Promise.all(Array.from({ length: 10 }, (_, lane) => run(lane)));
		await assertWell(tested);
	}
	console.log(
		`  answers by status: ${[...tally].map(([status, count]) => `${status}: ${count}`).join(', ')}`,
	);
});

fuzz('requests on which servers and proxies disagree end in a refusal (RFC 9112 §6.3, §11.2)', async () => {
	const tested = await openSite({ cert: false });
	const hidden = 'GET /hidden-in-a-body HTTP/1.1\r\nHost: localhost\r\n\r\n';
	const rows = [
		{
			name: 'both lengths',
			input: `Content-Length: ${hidden.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
		},
		{ name: 'two lengths', input: `Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}` },
		{ name: 'a signed length', input: `Content-Length: +${hidden.length}\r\n\r\n${hidden}` },
		{ name: 'a list of lengths', input: `Content-Length: 0, ${hidden.length}\r\n\r\n${hidden}` },
		{ name: 'a length in hexadecimal', input: `Content-Length: 0x10\r\n\r\n${hidden}` },
		{ name: 'an unknown coding', input: `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}` },
		{ name: 'space before the colon', input: `Content-Length : ${hidden.length}\r\n\r\n${hidden}` },
		{ name: 'a folded field', input: `X: a\r\n Content-Length: 5\r\nContent-Length: x\r\n\r\n${hidden}` },
		{ name: 'a bare carriage return', input: `X: a\rContent-Length: 5\r\n\r\n${hidden}` },
		{ name: 'a bad chunk', input: `Transfer-Encoding: chunked\r\n\r\nzz\r\n${hidden}` },
		{
			name: 'a chunk too long for numbers',
			input: `Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n${hidden}`,
		},
	];
	for (const { name, input } of rows) {
		const { text } = await askRaw(
			tested,
			`POST /a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${input}`,
		);
		assert.match(text, /^HTTP\/1\.1 4/, name);
	}
	assert.equal(
		tested.entries.filter(({ target }) => target.includes('hidden')),
		[],
	);
	await assertWell(tested);
});

fuzz('fields and targets without end are refused', async () => {
	for (const cert of [true, false]) {
		const tested = await openSite({ cert });
		const long = 'a'.repeat(100_000);
		for (const request of [
			`GET /${long} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
			`GET /a.txt HTTP/1.1\r\nHost: localhost\r\nX: ${long}\r\n\r\n`,
			`GET /a.txt HTTP/1.1\r\nHost: localhost\r\n${'X: a\r\n'.repeat(20_000)}\r\n`,
			`${long} /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n`,
		]) {
			const { status } = await askRaw(tested, request);
			assert.ok([0, 400, 431].includes(status), `${request.slice(0, 40)}: ${status}`);
		}
		// Field names by the thousand, each within the limits of a frame.
		const wire = new Wire(tested);
		const fields: Fields = {};
		for (let field = 0; field < 1200; field++) fields[`x-${field}`] = '';
		const stream = wire.request('/a.txt', fields);
		await wire.ended(stream);
		await assertWell(tested);
	}
});

fuzz.run();

const garbage = suite('what is no request at all');
garbage.after.each(endAll);

/** Type and flags of a GOAWAY, and the connection's own stream number (RFC 9113 §6.8). */
const GOAWAY = Buffer.from([7, 0, 0, 0, 0, 0]);

/** Sends bytes on a bare connection and waits for its end, or for word of it: Node 20 leaves it at that. */
const throwAt = (tested: Tested, bytes: Buffer): Promise<void> =>
	new Promise((resolve) => {
		let received = Buffer.alloc(0);
		const socket = connect({ port: tested.port, host: '127.0.0.1' });
		socket.on('error', () => {});
		socket.once('close', () => resolve());
		socket.on('data', (chunk: Buffer) => {
			received = Buffer.concat([received, chunk]);
			if (received.includes(GOAWAY)) socket.destroy();
		});
		socket.end(bytes);
	});

garbage('random bytes in place of a handshake or a request', async () => {
	const seed = newSeed();
	console.log(`  seed ${seed} (repeat with CASPER_SEED=${seed})`);
	const imagination = new Imagination(seed);
	for (const cert of [true, false]) {
		const tested = await openSite({ cert });
		const starts = [
			Buffer.alloc(0),
			Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]),
			Buffer.from([128, 46, 1, 0, 2]),
			Buffer.from('GET / HTTP/1.1\r\n'),
			Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
		];
		await Promise.all(
			Array.from({ length: 300 }, (_, round) =>
				throwAt(
					tested,
					Buffer.concat([
						starts[round % starts.length] ?? Buffer.alloc(0),
						imagination.bytes(imagination.below(2000)),
					]),
				),
			),
		);
		await assertWell(tested);
	}
});

garbage('a client without TLS, without a protocol in common, or with an old version', async () => {
	const tested = await openSite();
	const { text } = await askRaw({ ...tested, isSecure: false }, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
	// An alert of TLS (RFC 8446 §6), or nothing.
	assert.ok(text === '' || text.charCodeAt(0) === 21);
	const handshake = (options: object): Promise<string> =>
		new Promise((resolve) => {
			const socket = connectTls(
				{ port: tested.port, host: 'localhost', rejectUnauthorized: false, ...options },
				() => {
					resolve(String(socket.alpnProtocol));
					socket.destroy();
				},
			);
			socket.on('error', () => resolve('refused'));
		});
	assert.is(await handshake({ ALPNProtocols: ['h2', 'http/1.1'] }), 'h2');
	assert.is(await handshake({ ALPNProtocols: ['http/1.1', 'h2'] }), 'h2');
	assert.is(await handshake({ ALPNProtocols: ['http/1.1'] }), 'http/1.1');
	assert.is(await handshake({}), 'false');
	assert.is(await handshake({ ALPNProtocols: ['spdy/3', 'http/0.9'] }), 'refused');
	assert.is(await handshake({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }), 'refused');
	await assertWell(tested);
});

garbage('random frames after a good beginning (RFC 9113 §5.4)', async () => {
	const seed = newSeed();
	console.log(`  seed ${seed} (repeat with CASPER_SEED=${seed})`);
	const imagination = new Imagination(seed);
	for (const cert of [true, false]) {
		const tested = await openSite({ cert });
		for (let round = 0; round < 150; round++) {
			const wire = new Wire(tested);
			if (round % 2 === 0) wire.request('/');
			for (let count = imagination.below(20); count > 0; count--)
				wire.send(
					frameOf(
						imagination.below(12),
						imagination.below(256),
						imagination.pick([0, 1, 1, 2, 3, 5, 2 ** 31 - 1]),
						Buffer.from(imagination.bytes(imagination.below(60))),
					),
				);
			wire.socket.end();
			await eventually('the end', () => wire.isClosed || wire.frames.some(({ kind }) => kind === 'goaway'));
			wire.socket.destroy();
			for (const frame of wire.frames)
				if (frame.kind === 'headers') assert.ok(Number(frame.fields[':status']) < 500);
		}
		await assertWell(tested);
	}
});

garbage('a good request and a fatal frame in one packet (RFC 9113 §5.4.1)', async () => {
	const fatal = [
		{ name: 'DATA on no stream', input: frameOf(TYPE.data, 0, 0, Buffer.alloc(1)) },
		{ name: 'HEADERS on no stream', input: frameOf(TYPE.headers, 5, 0, Buffer.from([0x82])) },
		{
			name: 'HEADERS that are none',
			input: frameOf(TYPE.headers, 5, 3, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])),
		},
		{ name: 'SETTINGS of a wrong length', input: frameOf(TYPE.settings, 0, 0, Buffer.alloc(5)) },
		{ name: 'a WINDOW_UPDATE by 0', input: windowFrame(0, 0) },
		{ name: 'RST_STREAM on an idle stream', input: resetFrame(99, 8) },
		{ name: 'PING of a wrong length', input: frameOf(TYPE.ping, 0, 0, Buffer.alloc(7)) },
	];
	for (const cert of [true, false]) {
		const tested = await openSite({ cert });
		for (const { name, input } of fatal)
			for (const target of ['/', '/a.txt', '/large.bin', '/missing', '/.casper/refusal.css']) {
				const wire = new Wire(tested);
				await wire.flushed();
				const request = {
					':method': 'GET',
					':scheme': 'https',
					':authority': tested.authority,
					':path': target,
				};
				wire.send(headersFrame(1, request, true), headersFrame(3, request, true), input);
				// Node 20 says that it is over and leaves the connection open.
				await eventually(name, () => wire.isClosed || wire.frames.some(({ kind }) => kind === 'goaway'));
				wire.socket.destroy();
			}
		await assertWell(tested);
	}
});

/** Attacks on HTTP/2 that have brought servers down; each is for a connection of its own. */
const FLOODS: { name: string; flood: (wire: Wire) => void }[] = [
	{
		name: 'requests that are cancelled at once (CVE-2023-44487)',
		flood: (wire) => {
			for (let round = 0; round < 3000; round++) wire.send(resetFrame(wire.request('/'), 8));
		},
	},
	{
		name: 'PING',
		flood: (wire) =>
			wire.send(...Array.from({ length: 20_000 }, () => frameOf(TYPE.ping, 0, 0, Buffer.alloc(8)))),
	},
	{
		name: 'SETTINGS',
		flood: (wire) =>
			wire.send(...Array.from({ length: 20_000 }, () => settingsFrame({ [SETTING.initialWindow]: 1 }))),
	},
	{
		name: 'CONTINUATION without end (CVE-2024-27983)',
		flood: (wire) => {
			wire.send(frameOf(TYPE.headers, 0, 1, Buffer.from([0x82])));
			for (let round = 0; round < 2000; round++) wire.send(frameOf(9, 0, 1, Buffer.alloc(1000, 0x82)));
		},
	},
	{
		name: 'empty DATA (CVE-2019-9518)',
		flood: (wire) => {
			const stream = wire.request('/a.txt', { ':method': 'POST' }, false);
			for (let round = 0; round < 20_000; round++) wire.send(dataFrame(stream, Buffer.alloc(0), false));
		},
	},
	{
		name: 'windows that overflow (RFC 9113 §6.9.1)',
		flood: (wire) => {
			const stream = wire.request('/large.bin');
			wire.send(
				windowFrame(stream, 2 ** 31 - 1),
				windowFrame(stream, 2 ** 31 - 1),
				windowFrame(0, 2 ** 31 - 1),
			);
		},
	},
	{
		name: 'windows of one byte (CVE-2019-9511)',
		flood: (wire) => {
			wire.send(settingsFrame({ [SETTING.initialWindow]: 0 }));
			const streams = Array.from({ length: 90 }, () => wire.request('/large.bin'));
			for (let round = 0; round < 50; round++) wire.send(...streams.map((stream) => windowFrame(stream, 1)));
		},
	},
	{
		name: 'streams that are never read',
		flood: (wire) => {
			wire.send(settingsFrame({ [SETTING.initialWindow]: 0 }));
			for (let round = 0; round < 3000; round++)
				wire.request(round % 2 === 0 ? '/large.bin' : '/', { 'cache-control': 'no-cache' });
		},
	},
	{
		name: 'requests that never end',
		flood: (wire) => {
			for (let round = 0; round < 3000; round++) wire.request('/a.txt', { ':method': 'POST' }, false);
		},
	},
	{
		name: 'streams out of order',
		flood: (wire) => {
			wire.send(
				headersFrame(9, { ':method': 'GET', ':scheme': 'https', ':authority': 'a', ':path': '/' }, true),
			);
			wire.send(
				headersFrame(3, { ':method': 'GET', ':scheme': 'https', ':authority': 'a', ':path': '/' }, true),
			);
			wire.send(
				headersFrame(2, { ':method': 'GET', ':scheme': 'https', ':authority': 'a', ':path': '/' }, true),
			);
		},
	},
	{
		name: 'a promise from a client (RFC 9113 §8.4)',
		flood: (wire) => wire.send(frameOf(TYPE.promise, 4, 1, Buffer.from([0, 0, 0, 2, 0x82]))),
	},
	{
		name: 'a frame that is too large (RFC 9113 §4.2)',
		flood: (wire) => wire.send(frameOf(TYPE.data, 0, 1, Buffer.alloc(2 ** 20))),
	},
];

garbage('floods that have brought servers down leave others served', async () => {
	for (const cert of [true, false])
		for (const { name, flood } of FLOODS) {
			const tested = await openSite({ cert });
			const wire = new Wire(tested);
			flood(wire);
			await within(name, assertWell(tested), 10);
			wire.socket.destroy();
			await endAll();
		}
});

/** A connection that says one thing after the other without waiting, a GOAWAY more often than not, and is gone. */
const babble = async (tested: Tested, random: Random): Promise<void> => {
	const settings = {
		[SETTING.initialWindow]: random.pick([0, 1, 65_535, 2 ** 31 - 1]),
		[SETTING.enablePush]: random.below(2),
		[SETTING.maxConcurrentStreams]: random.pick([0, 1, 2, 100]),
	};
	const wire = new Wire(tested, settings);
	wire.isAlive = false;
	const streams: number[] = [];
	const utterances: (() => Buffer | undefined)[] = [
		() => goawayFrame(random.pick([0, 1, 2, 11])),
		() => resetFrame(random.pick(streams), random.pick([0, 1, 8, 99])),
		() => windowFrame(random.pick([0, ...streams]), random.pick([1, 100, 2 ** 26])),
		() => settingsFrame({ [SETTING.initialWindow]: random.pick([0, 10, 2 ** 20]) }),
		() => settingsFrame({ [SETTING.enablePush]: random.below(2) }),
		() => dataFrame(random.pick(streams), Buffer.alloc(5), random.once(2)),
		() => frameOf(random.below(12), random.below(256), random.pick([0, 2, ...streams]), Buffer.alloc(8)),
		() => void (random.once(2) ? wire.socket.pause() : wire.socket.resume()),
	];
	if (random.once(2)) wire.send(goawayFrame(random.pick([0, 1])));
	for (let left = random.below(25); left > 0; left--) {
		if (streams.length === 0 || random.once(2)) {
			const fields = { ':method': random.pick(['GET', 'GET', 'GET', 'HEAD', 'POST', 'CONNECT']) };
			streams.push(wire.request(random.pick(['/', '/b/', '/b', '/large.bin', '*']), fields, !random.once(8)));
		} else {
			const frame = random.pick(utterances)();
			if (frame !== undefined) wire.send(frame);
		}
		if (random.once(20)) await new Promise(setImmediate);
	}
	if (random.once(2)) await new Promise((resolve) => setTimeout(resolve, random.below(20)));
	wire.socket.destroy();
};

garbage('frames of all kinds in any order, after a GOAWAY too, do not end the process', async () => {
	const seed = newSeed();
	console.log(`  seed ${seed} (repeat with CASPER_SEED=${seed})`);
	for (const cert of [true, false]) {
		const tested = await openSite({ cert });
		const random = new Random(seed);
		const until = performance.now() + 5000;
		const talk = async (): Promise<void> => {
			while (performance.now() < until) await babble(tested, random);
		};
		await Promise.all(Array.from({ length: 16 }, talk));
		await within('an answer', assertWell(tested));
		await endAll();
	}
});

garbage('pseudo-header fields that are missing, doubled or not for requests (RFC 9113 §8.3.1)', async () => {
	const tested = await openSite();
	const get = { ':method': 'GET', ':scheme': 'https', ':authority': tested.authority, ':path': '/' };
	const { ':method': _, ...noMethod } = get;
	const { ':path': __, ...noPath } = get;
	const { ':scheme': ___, ...noScheme } = get;
	const { ':authority': ____, ...noAuthority } = get;
	const rows: { name: string; input: Fields; want: readonly number[] }[] = [
		{ name: 'all', input: get, want: [200] },
		{ name: 'no method', input: noMethod, want: [] },
		{ name: 'no path', input: noPath, want: [] },
		{ name: 'no scheme', input: noScheme, want: [] },
		{ name: 'neither authority nor host', input: noAuthority, want: [200, 400] },
		{ name: 'host in place of authority', input: { ...noAuthority, host: tested.authority }, want: [200] },
		{ name: 'an empty path', input: { ...get, ':path': '' }, want: [400] },
		{ name: 'a status', input: { ...get, ':status': '200' }, want: [] },
		{ name: 'a name in upper case', input: { ...get, Accept: 'a' }, want: [] },
		{ name: 'a field of the connection', input: { ...get, connection: 'close' }, want: [] },
		{ name: 'a pseudo-header field at the end', input: { ...noPath, accept: 'a', ':path': '/' }, want: [] },
		{ name: 'CONNECT', input: { ':method': 'CONNECT', ':authority': 'a:1' }, want: [400, 405] },
		{
			name: 'CONNECT with a protocol',
			input: { ...get, ':method': 'CONNECT', ':protocol': 'websocket' },
			want: [405],
		},
		{ name: 'another scheme', input: { ...get, ':scheme': 'ftp' }, want: [200] },
		{ name: 'a strange authority', input: { ...get, ':authority': 'a b\x01<>' }, want: [] },
		{ name: 'a line feed in a field', input: { ...get, 'x-a': 'a\nb' }, want: [] },
	];
	for (const { name, input, want } of rows) {
		const wire = new Wire(tested);
		wire.send(headersFrame(1, input, true));
		await wire.ended(1).catch((error) => {
			if (!wire.isClosed) throw error;
		});
		const { status } = wire.told(1);
		if (status !== 0) {
			for (const { promised } of wire.promisesOn(1)) await wire.ended(promised);
			assert.ok(want.length === 0 ? status < 500 : want.includes(status), `${name}: ${status}`);
		} else assert.ok(wire.isClosed || wire.told(1).resetCode !== undefined, name);
	}
	await assertWell(tested);
});

garbage.run();

const crowds = suite('crowds');
crowds.after.each(endAll);

crowds('connections that never become requests are ended with the server', async () => {
	for (const cert of [true, false]) {
		const tested = await openSite({ cert });
		const starts = [
			'',
			'G',
			'GET / HTTP/1.1\r\nHost: a\r\n',
			'P',
			'PRI * HTTP/2.0\r\n',
			'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
			'\x16\x03\x01',
		];
		const sockets: Socket[] = [];
		let ended = 0;
		for (let count = 0; count < 500; count++) {
			const socket = connect({ port: tested.port, host: '127.0.0.1' });
			socket.on('error', () => {});
			socket.once('close', () => ended++);
			socket.resume();
			socket.write(starts[count % starts.length] ?? '');
			sockets.push(socket);
			onEnd(() => socket.destroy());
		}
		await Promise.all(
			sockets.map((socket) => socket.connecting && new Promise((resolve) => socket.once('connect', resolve))),
		);
		await assertWell(tested);
		await within('the end', tested.server.close(), 3);
		await eventually('the end of all connections', () => ended === 500);
	}
});

crowds('a hundred clients at once, each viewing pages, some leaving in the middle', async () => {
	const tested = await openSite();
	await Promise.all(
		Array.from({ length: 100 }, async (_, client) => {
			const wire = new Wire(tested);
			for (let round = 0; round < 5; round++) {
				if (client % 10 === 0 && round === 3) {
					wire.request('/');
					wire.request('/large.bin');
					wire.socket.destroy();
					return;
				}
				const { document, pushes } = await wire.view(round % 2 === 0 ? '/' : '/b/');
				assert.is(document.status, 200);
				assert.is(pushes.size, round % 2 === 0 ? 2 : 1);
			}
			wire.socket.destroy();
		}),
	);
	await assertWell(tested);
});

crowds.run();
