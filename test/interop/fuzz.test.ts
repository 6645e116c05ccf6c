// Two hundred thousand requests that are almost right, against a folder with secrets beside it and odd names within.

import { createHash } from 'node:crypto';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Fields, Line, SETTING, Wire } from '../support/client.ts';
import { Random } from '../support/random.ts';
import { endAll, makeFolder, newSeed, type Tested } from '../support/server.ts';
import { type Apart, openApart } from './apart.ts';

const REQUESTS = 100_000;
const LANES = 12;
/** Content that nobody may get. It is part of no request, so that no answer can repeat it. */
const MARKER = 'Zq7-kept-Xw3';
const PAGE = '<!doctype html><title>a</title><link rel="stylesheet" href="/b/c.css"><img src="/a.svg?v=1">';

/** What a path is made of. Some of these are files, and folders that have a page. */
const PATHS = [
	...['/', '/index.html', '/a.txt', '/b/c.css', '/b', '/b/', '/a.svg?v=1', '/large.bin', '/missing'],
	...[
		'/100%25.txt',
		'/a%20b.txt',
		'/%c3%bc.txt',
		'/u%cc%88.txt',
		'/e%cc%81/',
		'/%2e%2e',
		'/%252e%252e/index.html',
	],
	...[
		'/evil.example',
		'//evil.example',
		'/%5cevil.example',
		'/\\evil.example',
		'/;x',
		'/go/a.txt',
		'/go//evil.example',
	],
	...[
		'/go/%2fevil.example',
		'/go/%5cevil.example',
		'/old/b',
		'/old/%2fevil.example',
		'/go/http://evil.example',
	],
	...[
		'/../secret.txt',
		'/%2e%2e/secret.txt',
		'/..%2fsecret.txt',
		'/..%5csecret.txt',
		'/%252e%252e%252fsecret.txt',
	],
	...[
		'/out.txt',
		'/up/secret.txt',
		'/up',
		'/.hidden',
		'/.git/config',
		'/%2ehidden',
		'/b/../.hidden',
		'/site2/a.txt',
	],
	...[
		'/_redirects',
		'/_headers',
		'/.casper/refusal.css',
		'/.casper/',
		'/.casper/../../secret.txt',
		'/.well-known/x',
	],
	...[
		'/%00',
		'/a.txt%00.html',
		'/%',
		'/%ff',
		'/%c0%ae%c0%ae/secret.txt',
		'/%uff0e%uff0e/secret.txt',
		'/a.txt/',
	],
	...['http://localhost/a.txt', 'http://evil.example/a.txt', 'https://evil.example', '*', 'localhost:443'],
];
const PIECES = [
	...[
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
		'%252f',
		'%255c',
		'#',
		'*',
	],
	...[
		'@',
		':',
		'/..',
		'/../',
		'%0d%0a',
		'%09',
		'/.',
		'%e2%80%ae',
		'%cc%88',
		'%ef%bc%8f',
		'//evil.example',
		'&',
		'=',
		'"',
	],
];
const METHODS = ['POST', 'OPTIONS', 'PUT', 'TRACE', 'DELETE', 'PATCH', 'PROPFIND', 'MKCOL', 'M-SEARCH'];
const NAMES = [
	...['if-none-match', 'if-match', 'if-modified-since', 'if-unmodified-since', 'if-range', 'range', 'accept'],
	...[
		'accept-encoding',
		'cookie',
		'cache-digest',
		'cache-control',
		'pragma',
		'sec-fetch-dest',
		'sec-fetch-site',
	],
	...[
		'sec-fetch-mode',
		'sec-purpose',
		'via',
		'forwarded',
		'x-forwarded-for',
		'x-forwarded-host',
		'user-agent',
		'referer',
	],
	...['origin', 'priority', 'access-control-request-method', 'access-control-request-private-network', 'x-a'],
];
const VALUES = [
	...[
		'text/html',
		'no-cache',
		'no-store',
		'document',
		'empty',
		'style',
		'cross-site',
		'navigate',
		'prefetch',
		'*',
		'',
	],
	...[
		'gzip',
		'br',
		'gzip, br;q=0',
		'identity;q=0',
		'*;q=0',
		'br;q=1.0001',
		',,,,',
		'"',
		'W/',
		'W/"',
		'"a", W/"b"',
	],
	...[
		'bytes=0-',
		'bytes=-1',
		'bytes=1-0',
		'bytes=-0',
		'bytes=0-0,2-2,4-',
		'bytes=99999999999999999999-',
		'lines=1-2',
	],
	...[
		'Sat, 01 Jan 2000 00:00:00 GMT',
		'Sunday, 06-Nov-94 08:49:37 GMT',
		'Thu, 99 Foo 99999 99:99:99 GMT',
		'1.1 proxy',
	],
	...[
		'AfdA',
		'AfdA; complete',
		'AfdA; validators; stale',
		'http://evil.example',
		'null',
		'127.0.0.1',
		'for=_a;host=x',
	],
];
/** As the server has them, of `/a.txt` and of the pages. */
const TAGS = ['a', PAGE].map(
	(content) => `"${createHash('sha256').update(content).digest('hex').slice(0, 32)}"`,
);
const HOSTS = [
	'localhost',
	'localhost:1',
	'127.0.0.1',
	'[::1]',
	'a.localhost',
	'evil.example',
	'',
	'a b',
	'x@localhost',
];

/** Requests that are almost right. */
class Imagination extends Random {
	characters(length: number, isClean: boolean): string {
		return Array.from({ length }, () =>
			String.fromCharCode(isClean ? 33 + this.below(94) : this.below(256)),
		).join('');
	}

	/** @param isClean of characters that may stand in a target, and in origin-form: it ends no HTTP/1.1 connection */
	target(isClean: boolean): string {
		let target = this.pick(PATHS);
		for (let times = this.below(5) - 1; times > 0; times--) {
			const at = this.below(target.length + 1);
			const piece = this.#piece(target, isClean);
			const cut = this.once(3) ? this.below(4) : 0;
			target = target.slice(0, at) + piece + target.slice(at + cut);
		}
		if (this.once(200)) target += this.pick(PIECES).repeat(this.below(2500));
		if (!isClean) return target;
		// More than 16 KiB of head ends an HTTP/1.1 connection, too.
		const clean = target.replace(/[^\x21-\x7e]/g, '').slice(0, 9000);
		return clean.startsWith('/') ? clean : `/${clean}`;
	}

	#piece(target: string, isClean: boolean): string {
		switch (this.below(6)) {
			case 0:
				return this.characters(1, isClean);
			case 1:
				return `%${this.below(256).toString(16)}`;
			case 2:
				return target.slice(0, this.below(target.length));
			case 3:
				return this.characters(this.below(30), isClean);
			default:
				return this.pick(PIECES);
		}
	}

	method(): string {
		return this.once(10) ? this.pick(METHODS) : this.pick(['GET', 'GET', 'GET', 'HEAD']);
	}

	fields({ isSecure, port }: Tested): Fields {
		const fields: Fields = {};
		for (let count = this.below(5); count > 0; count--) {
			const name = this.pick(NAMES);
			if (name === 'cookie' && this.once(2)) fields[name] = this.#cookie(isSecure, port);
			else if (/^if-(?!.*since)/.test(name) && this.once(2)) fields[name] = this.pick(TAGS);
			else if (name === 'range' && this.once(2))
				fields[name] = this.pick(['bytes=0-0', 'bytes=-1', 'bytes=0-']);
			else fields[name] = this.#value();
		}
		return fields;
	}

	#value(): string {
		switch (this.below(8)) {
			case 0:
				return this.characters(this.below(60), true);
			case 1:
				return `"${this.characters(this.below(40), true)}", *, W/"a"`;
			case 2:
				return `bytes=${this.below(10)}-${this.below(10)},-${this.below(100)}`;
			case 3:
				return Buffer.from(this.bytes(this.below(60))).toString('base64url');
			case 4:
				return this.once(20) ? 'a,'.repeat(this.below(500)) : '';
			default: {
				const value = this.pick(VALUES);
				const at = this.below(value.length + 1);
				return this.once(2) ? value : value.slice(0, at) + this.characters(1, true) + value.slice(at);
			}
		}
	}

	/** The record that we give to clients, or something like it. */
	#cookie(isSecure: boolean, port: number): string {
		const name = `${isSecure ? '__Host-' : ''}casper_${this.once(10) ? port + 1 : port}`;
		const value = Buffer.from(this.bytes(this.below(80))).toString('base64url');
		return `${this.once(4) ? 'a=b; ' : ''}${name}=${this.pick(['I', 'I_', '', '.'])}${value}`;
	}
}

/** Of the site: a path of its own, and not what browsers take for another host (WHATWG URL: `\` is `/`). */
const STAYS = /^\/(?![/\\])/;

/** What is wrong with an answer, if anything. */
const faultOf = (status: number, location: string | undefined, text: string): string | undefined => {
	if (status >= 500) return `status ${status}`;
	if (location !== undefined && !STAYS.test(location)) return `Location: ${location}`;
	return text.includes(MARKER) ? 'a body from outside the site' : undefined;
};

const openOdd = async (): Promise<Apart> => {
	const outer = await makeFolder({
		'secret.txt': MARKER,
		'site2/a.txt': MARKER,
		'site/index.html': PAGE,
		'site/a.txt': 'a',
		'site/a.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
		'site/b/c.css': 'b { color: red }',
		'site/b/index.html': PAGE,
		'site/100%.txt': 'percent',
		'site/a b.txt': 'space',
		'site/ü.txt': 'composed',
		'site/e\u0301/index.html': PAGE,
		'site/%2e%2e/index.html': PAGE,
		'site/evil.example/index.html': PAGE,
		'site/\\evil.example/index.html': PAGE,
		'site/;x/index.html': PAGE,
		'site/large.bin': Buffer.alloc(40_000, 1),
		'site/.hidden': MARKER,
		'site/.git/config': MARKER,
		'site/_redirects': '/go/* /:splat 302\n/old/:name /:name 301\n',
	});
	await symlink('../secret.txt', join(outer, 'site', 'out.txt'));
	await symlink('..', join(outer, 'site', 'up'));
	return openApart(join(outer, 'site'), join(outer, 'storage'));
};

const fuzz = suite('requests that are almost right, by the hundred thousand');
fuzz.after.each(endAll);

type Tally = Map<number, number>;
const count = (tally: Tally, status: number): void => void tally.set(status, (tally.get(status) ?? 0) + 1);

/** Runs lanes, each with randomness of its own, until all requests are done; each step returns how many it did. */
const inLanes = async (
	step: (tested: Tested, imagination: Imagination, tally: Tally) => Promise<number>,
): Promise<void> => {
	const seed = newSeed();
	console.log(`  seed ${seed} (repeat with CASPER_SEED=${seed})`);
	const server = await openOdd();
	const tally: Tally = new Map();
	const run = async (_: unknown, lane: number): Promise<void> => {
		const imagination = new Imagination(seed + lane);
		for (let done = 0; done < REQUESTS / LANES; ) {
			const tested = lane % 2 === 0 ? server.secure : server.plain;
			done += await step(tested, imagination, tally).catch((error: Error) => {
				error.message += ` (lane ${lane}, requests from ${done} on, CASPER_SEED=${seed})`;
				server.assertAlive();
				throw error;
			});
		}
	};
	await Promise.all(Array.from({ length: LANES }, run));
	server.assertAlive();
	console.log(`  by status: ${[...tally].map(([status, times]) => `${status}: ${times}`).join(', ')}`);
	assert.is((await fetch(new URL('/a.txt', server.plain.server.url))).status, 200);
	for (const status of [200, 206, 304, 308, 400, 404, 412])
		assert.ok((tally.get(status) ?? 0) > 10, `status ${status} never came`);
	const answered = [...tally].reduce((sum, [status, times]) => sum + (status >= 200 ? times : 0), 0);
	assert.ok(answered > REQUESTS * 0.8, `answers: ${answered}`);
};

const BATCH = 50;

/** Whether nothing more can come on `stream`. Node 20 leaves it at a GOAWAY where the connection is broken. */
const isOver = (wire: Wire, stream: number): boolean => {
	const { isWhole, resetCode } = wire.told(stream);
	return isWhole || resetCode !== undefined || wire.frames.some(({ kind }) => kind === 'goaway');
};

fuzz(`${REQUESTS} over HTTP/2: no fault, nothing from outside, no way out (RFC 9110 §17.1, CWE-601)`, () =>
	inLanes(async (tested, imagination, tally) => {
		const wire = new Wire(tested, { [SETTING.enablePush]: imagination.below(2) });
		const sent = Array.from({ length: BATCH }, () => {
			const target = imagination.target(!imagination.once(3));
			const fields: Fields = { ':method': imagination.method(), ...imagination.fields(tested) };
			if (imagination.once(20)) fields[':authority'] = imagination.pick(HOSTS);
			if (imagination.once(50)) fields[imagination.characters(3, false)] = imagination.characters(9, false);
			return { target, fields, stream: wire.request(target, fields) };
		});
		// Now and then an end in the middle of a frame, and something that is none.
		if (imagination.once(20)) wire.send(Buffer.from(imagination.bytes(imagination.below(60))));
		for (const { target, fields, stream } of sent) {
			const what = `${fields[':method']} ${JSON.stringify(target)} ${JSON.stringify(fields)}`;
			await wire
				.until(`an answer to ${what}`, () => isOver(wire, stream))
				.catch((error) => {
					if (!wire.isClosed) throw error;
				});
			const { status, fields: said, body } = wire.told(stream);
			const fault = faultOf(status, said.location, body.toString('latin1'));
			assert.is(fault, undefined, what);
			count(tally, status);
		}
		for (const frame of wire.frames)
			if (frame.kind === 'data') assert.not.ok(frame.bytes.includes(MARKER), 'pushed from outside');
		wire.socket.destroy();
		return BATCH;
	}),
);

const PIPELINED = 25;
// No body of this site has one in it.
const statusesIn = (received: string): number => received.match(/HTTP\/1\.1 \d{3}(?= )/g)?.length ?? 0;

/** The last one may be so wrong that it ends the connection, or end in the middle. */
const lastWords = (imagination: Imagination, tested: Tested): string => {
	const method = imagination.once(4) ? imagination.characters(5, false) : imagination.method();
	const version = imagination.pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9', '']);
	const extra = imagination.pick([
		...[
			'',
			'',
			'Content-Length: 5\r\n',
			'Transfer-Encoding: chunked\r\n',
			'Expect: 100-continue\r\n',
			'Expect: a\r\n',
		],
		...[
			'Upgrade: h2c\r\nConnection: upgrade\r\n',
			'Host: evil.example\r\n',
			'Content-Length: -1\r\n',
			' folded\r\n',
		],
	]);
	const host = imagination.pick(HOSTS);
	const start = `${method} ${imagination.target(imagination.once(2))} ${version}`;
	const text = `${start}\r\nHost: ${host}\r\n${extra}${linesOf(imagination.fields(tested))}\r\n`;
	return imagination.once(2) ? text : text.slice(0, imagination.below(text.length));
};

const linesOf = (fields: Fields): string =>
	Object.entries(fields)
		.map(([name, value]) => `${name}: ${value}\r\n`)
		.join('');

fuzz(`${REQUESTS} over HTTP/1.1: no fault, nothing from outside, no way out (RFC 9110 §17.1, CWE-601)`, () =>
	inLanes(async (tested, imagination, tally) => {
		const requests = Array.from({ length: PIPELINED - 1 }, () => {
			const fields = linesOf(imagination.fields(tested));
			const host = imagination.once(20) ? imagination.pick(HOSTS) : 'localhost';
			return `${imagination.method()} ${imagination.target(true)} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`;
		});
		const line = new Line(tested);
		const last = lastWords(imagination, tested);
		const all = requests.join('') + last;
		await line.write(requests.join(''));
		await line.until(`the answers before the last of ${all}`, (received) => {
			return line.isClosed || statusesIn(received) >= requests.length;
		});
		assert.not.ok(line.isClosed, `closed after ${statusesIn(line.received)} answers of ${all}`);
		// Half a request ends here; a whole one has a moment for its answer.
		line.socket.write(Buffer.from(last, 'latin1'));
		if (last.endsWith('\r\n\r\n')) await sleep(10);
		line.socket.end();
		await line.closed();
		// Bodies of this site have none of these at the start of a line, and refusals escape what they repeat.
		const heads = line.received.match(/^HTTP\/1\.1 \d{3}(?= )|(?<=\nlocation: )[^\r]*/gim) ?? [];
		for (const head of heads) {
			const isStatus = /^HTTP\//.test(head);
			const status = isStatus ? Number(head.slice(9)) : 0;
			assert.is(faultOf(status, isStatus ? undefined : head, ''), undefined, all);
			if (isStatus) count(tally, status);
		}
		assert.not.ok(line.received.includes(MARKER), all);
		return PIPELINED;
	}),
);

fuzz.run();
