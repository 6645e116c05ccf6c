// The library in servers of others: what it promises, what it remembers, and what it never does. Frames are looked at one
// by one.

import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CasperOptions, createCasper } from '../src/casper.ts';
import { decode, encode } from '../src/digest/index.ts';
import {
	ask,
	askOn,
	askRaw,
	CANCEL,
	type Fields,
	type Frame,
	openSession,
	resetFrame,
	SETTING,
	settingsFrame,
	type View,
	Wire,
} from './support/client.ts';
import { openHost } from './support/host.ts';
import { endAll, onEnd, type Tested } from './support/server.ts';

const EXAMPLE = '/static/example.js';
const BOTH = ['/static/a.css', '/static/b.js'];

/** A host: what it saw, and what each push at `/` did. */
interface Host extends Tested {
	readonly seen: Http2ServerRequest[];
	readonly pushed: (readonly string[])[];
}

interface HostOptions {
	readonly casper?: CasperOptions;
	readonly isSecure?: boolean;
	/** Answers everything else than `/`; by default with its own path. */
	readonly answer?: (request: Http2ServerRequest, response: Http2ServerResponse) => unknown;
	/** Before the push and after it. */
	readonly before?: (response: Http2ServerResponse) => unknown;
	readonly after?: (response: Http2ServerResponse) => unknown;
}

/** A host whose `/` pushes `targets`. */
const hostOf = async (targets: readonly string[], options: HostOptions = {}): Promise<Host> => {
	const casper = createCasper(options.casper);
	onEnd(() => casper.close());
	await casper.ready;
	const seen: Http2ServerRequest[] = [];
	const pushed: (readonly string[])[] = [];
	const tested = await openHost(async (request, response) => {
		seen.push(request);
		if (request.url !== '/') {
			if (options.answer !== undefined) return options.answer(request, response);
			return response.end(`this is ${request.url}`);
		}
		await options.before?.(response);
		pushed.push((await casper.push(request, response, targets)).pushed);
		await options.after?.(response);
		if (!response.writableEnded) response.end('<!doctype html>');
	}, options.isSecure);
	return { ...tested, seen, pushed };
};

const cookieOf = ({ document }: View): string => document.fields['set-cookie'] ?? '';
const textOf = (view: View): string => /=([^;]*)/.exec(cookieOf(view))?.[1] ?? '';
const promisesIn = (frames: readonly Frame[]): string[] =>
	frames.flatMap((frame) => (frame.kind === 'promise' ? [frame.fields[':path'] ?? ''] : []));

const pushing = suite('casper: what is pushed');
pushing.after.each(endAll);

pushing(
	'go-casper’s first example, with the cookie that its code really sets (README of go-casper)',
	async () => {
		for (const isSecure of [false, true]) {
			const host = await hostOf([EXAMPLE], { casper: { probability: 64, capacity: 10 }, isSecure });
			const view = await new Wire(host).view('/');
			assert.is(
				cookieOf(view),
				`x-go-casper=yQA; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`,
			);
			assert.equal([...view.pushes.keys()], [EXAMPLE]);
			assert.equal(host.pushed, [[EXAMPLE]]);
			const pushed = view.pushes.get(EXAMPLE);
			assert.is(pushed?.status, 200);
			assert.is(pushed?.body.toString(), `this is ${EXAMPLE}`);
		}
	},
);

pushing('every promise comes before the first frame of the document (RFC 9113 §8.4.1)', async () => {
	const { frames } = await new Wire(await hostOf(BOTH)).view('/');
	const document = frames.findIndex(({ kind, stream }) => kind === 'headers' && stream === 1);
	assert.equal(promisesIn(frames), BOTH);
	assert.ok(frames.findLastIndex(({ kind }) => kind === 'promise') < document);
	const answer = frames.findIndex(({ kind, stream }) => kind === 'headers' && stream % 2 === 0);
	const body = frames.findIndex((frame) => frame.kind === 'data' && frame.stream === 1);
	assert.ok(answer > body, 'and every answer after the document');
});

pushing('a promised request is what the client would have sent itself (RFC 9113 §8.4.1)', async () => {
	const host = await hostOf([`${EXAMPLE}?v=2`], { isSecure: true });
	const own = {
		'accept-encoding': 'gzip',
		'accept-language': 'de',
		authorization: 'Basic YTpi',
		cookie: 'session=1',
		'user-agent': 'test',
	};
	const { pushes } = await new Wire(host).view('/', { ...own, accept: 'text/html', 'x-other': '1' });
	const promise = {
		':method': 'GET',
		':scheme': 'https',
		':authority': host.authority,
		':path': `${EXAMPLE}?v=2`,
		...own,
	};
	assert.equal(
		[...pushes.values()].map((pushed) => pushed.promise),
		[promise],
	);
	const [, request] = host.seen;
	assert.equal({ ...request?.headers }, promise);
	assert.equal(request?.rawHeaders, Object.entries(promise).flat());
	assert.is(request?.url, `${EXAMPLE}?v=2`);
	assert.is(request?.method, 'GET');
});

pushing('fields of the caller go with the promised request, in the place of those copied', async () => {
	const casper = createCasper();
	const host = await openHost(async (request, response) => {
		const headers = { 'Accept-Encoding': 'br', 'x-page': '1' };
		if (request.url === '/') await casper.push(request, response, BOTH, { headers });
		response.end(`${request.headers['accept-encoding']} ${request.headers['x-page']}`);
	});
	const { pushes } = await new Wire(host).view('/', { 'accept-encoding': 'gzip' });
	assert.equal(
		[...pushes.values()].map(({ body }) => body.toString()),
		['br 1', 'br 1'],
	);
});

pushing('twenty calls for one request are no leak of listeners', async () => {
	const warnings: Error[] = [];
	const onWarning = (warning: Error): void => void warnings.push(warning);
	process.on('warning', onWarning);
	onEnd(() => process.off('warning', onWarning));
	const casper = createCasper();
	const targets = Array.from({ length: 20 }, (_, index) => `/${index}.css`);
	const host = await openHost(async (request, response) => {
		if (request.url === '/') for (const target of targets) await casper.push(request, response, [target]);
		response.end('x');
	});
	assert.equal([...(await new Wire(host).view('/')).pushes.keys()], targets);
	await sleep(0);
	assert.equal(warnings, []);
});

pushing('a promised request comes to an end, for hosts that wait for one', async () => {
	const answer = async (request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> => {
		for await (const _ of request);
		response.end('read');
	};
	const { pushes } = await new Wire(await hostOf(BOTH, { answer })).view('/');
	assert.equal(
		[...pushes.values()].map(({ body }) => body.toString()),
		['read', 'read'],
	);
});

pushing('a document that takes its time does not hold up what was promised', async () => {
	const host = await hostOf(BOTH, { after: () => sleep(400) });
	const { frames } = await new Wire(host).view('/');
	const firstAnswer = frames.findIndex(({ kind, stream }) => kind === 'headers' && stream === 2);
	assert.ok(firstAnswer < frames.findIndex(({ kind, stream }) => kind === 'headers' && stream === 1));
});

pushing('a client that takes one pushed stream at a time gets one at a time (RFC 9113 §5.1.2)', async () => {
	const targets = Array.from({ length: 20 }, (_, index) => `/${index}.css`);
	const host = await hostOf(targets, { answer: (_, response) => setTimeout(() => response.end('x'), 2) });
	const { frames, pushes } = await new Wire(host, { [SETTING.maxConcurrentStreams]: 1 }).view('/');
	assert.equal(
		[...pushes.values()].map(({ status }) => status),
		targets.map(() => 200),
	);
	const open = new Set<number>();
	for (const frame of frames) {
		if (frame.stream === 0 || frame.stream % 2 === 1) continue;
		if (frame.kind === 'headers') open.add(frame.stream);
		assert.ok(open.size <= 1);
		if (frame.kind === 'data' && frame.isEnd) open.delete(frame.stream);
	}
});

pushing('no more promises than a client keeps: 200', async () => {
	const targets = Array.from({ length: 250 }, (_, index) => `/${index}.css`);
	const host = await hostOf(targets);
	const wire = new Wire(host);
	const { pushes } = await wire.view('/');
	assert.equal([...pushes.keys()], targets.slice(0, 200));
	assert.equal(host.pushed, [targets.slice(0, 200)]);
	assert.equal([...(await wire.view('/')).pushes.keys()], targets.slice(200));
});

pushing('a handler that pushes with every request pushes nothing with a pushed one', async () => {
	const casper = createCasper();
	const pushed: (readonly string[])[] = [];
	const host = await openHost(async (request, response) => {
		pushed.push((await casper.push(request, response, ['/', ...BOTH])).pushed);
		response.end('x');
	});
	const view = await new Wire(host).view('/index.html');
	assert.equal([...view.pushes.keys()], ['/', ...BOTH]);
	assert.equal(pushed, [['/', ...BOTH], [], [], []]);
	for (const { fields } of view.pushes.values()) assert.not('set-cookie' in fields);
});

pushing('a target is pushed once, however often it is named', async () => {
	const casper = createCasper();
	const pushed: (readonly string[])[] = [];
	const host = await openHost(async (request, response) => {
		if (request.url !== '/') return response.end('x');
		const push = async (targets: readonly string[]): Promise<void> => {
			pushed.push((await casper.push(request, response, targets)).pushed);
		};
		await push(['/a', '/b', '/a']);
		await Promise.all([push(['/b', '/c']), push(['/c', '/d'])]);
		await push(['/a', '/d']);
		response.end('x');
	});
	for (const fields of [{}, { 'cache-control': 'no-cache' }] as Fields[]) {
		const view = await new Wire(host).view('/', fields);
		assert.equal(pushed.splice(0), [['/a', '/b'], ['/c'], ['/d'], []]);
		assert.equal([...view.pushes.keys()], ['/a', '/b', '/c', '/d']);
		const digest = decode('go-casper', textOf(view));
		for (const url of view.pushes.keys()) assert.ok(digest?.has({ url }), 'no call loses what another wrote');
	}
});

pushing('no body travels twice on a connection, but for a hard reload (RFC 9111 §5.2.1.4)', async () => {
	const wire = new Wire(await hostOf(BOTH));
	const streams = [wire.request('/'), wire.request('/'), wire.request('/')];
	for (const stream of streams) await wire.ended(stream);
	await wire.flushed();
	assert.equal(promisesIn(wire.frames), BOTH);
	for (const stream of streams) {
		const digest = decode('go-casper', textOf(wire.viewOf(stream)));
		for (const url of BOTH) assert.ok(digest?.has({ url }));
	}
	assert.equal([...(await wire.view('/')).pushes.keys()], []);
	assert.equal([...(await wire.view('/', { 'cache-control': 'no-cache' })).pushes.keys()], BOTH);
});

pushing('what the host answers with an error is not pushed to the next client', async () => {
	const host = await hostOf(BOTH, {
		answer: (request, response) => {
			response.statusCode = request.url === BOTH[0] ? 404 : 200;
			response.end();
		},
	});
	const first = await new Wire(host).view('/');
	assert.equal(
		[...first.pushes.values()].map(({ status }) => status),
		[404, 200],
	);
	const second = await new Wire(host).view('/');
	assert.equal([...second.pushes.keys()], BOTH.slice(1));
	assert.is(textOf(second), encode('go-casper', [{ url: BOTH[1] ?? '' }]));
});

pushing('clients that decline a promise or leave in the midst harm nobody', async () => {
	const host = await hostOf(BOTH, { after: () => sleep(20) });
	const declining = new Wire(host);
	const stream = declining.request('/');
	await declining.until('the promises', () => declining.promisesOn(stream).length === 2);
	declining.send(resetFrame(2, CANCEL));
	await declining.ended(stream);
	await declining.ended(4);
	assert.is(declining.told(4).status, 200);

	for (let round = 0; round < 5; round++) {
		const leaving = new Wire(host);
		const left = leaving.request('/');
		await leaving.until('a promise', () => leaving.promisesOn(left).length > 0);
		leaving.socket.destroy();
	}
	assert.equal([...(await new Wire(host).view('/')).pushes.keys()], BOTH);
});

pushing('a client that switches pushes off on the way gets none from then on (RFC 9113 §6.5.2)', async () => {
	const host = await hostOf(BOTH);
	const wire = new Wire(host);
	await wire.view('/');
	wire.send(settingsFrame({ [SETTING.enablePush]: 0 }));
	await wire.flushed();
	const view = await wire.view('/', { 'cache-control': 'no-cache' });
	assert.is(view.pushes.size, 0);
	assert.is(view.document.status, 200);
});

pushing("Node's own client takes what is pushed", async () => {
	const session = openSession(await hostOf(BOTH, { isSecure: true }));
	const bodies = new Map<string, string>();
	session.on('stream', (stream, headers) => {
		stream.setEncoding('utf8').on('data', (text: string) => bodies.set(String(headers[':path']), text));
	});
	assert.is((await askOn(session, '/')).status, 200);
	while (bodies.size < 2) await sleep(5);
	for (const path of BOTH) assert.is(bodies.get(path), `this is ${path}`);
});

const nothing = suite('casper: where nothing can be pushed');
nothing.after.each(endAll);

const BARRED: readonly { name: string; fields?: Fields; settings?: Record<number, number> }[] = [
	{ name: 'ENABLE_PUSH is 0 (RFC 9113 §6.5.2)', settings: { [SETTING.enablePush]: 0 } },
	{ name: 'MAX_CONCURRENT_STREAMS is 0 (RFC 9113 §8.4)', settings: { [SETTING.maxConcurrentStreams]: 0 } },
	{ name: 'HEAD', fields: { ':method': 'HEAD' } },
	{ name: 'Via', fields: { via: '1.1 proxy' } },
	{ name: 'Forwarded', fields: { forwarded: 'for=192.0.2.1' } },
	{ name: 'X-Forwarded-For', fields: { 'x-forwarded-for': '192.0.2.1' } },
];
for (const { name, fields = {}, settings = {} } of BARRED)
	nothing(`${name}: nothing is pushed, no cookie is set, the page comes`, async () => {
		const host = await hostOf(BOTH);
		const view = await new Wire(host, settings).view('/', { cookie: 'x-go-casper=JA', ...fields });
		assert.equal(host.pushed, [[]]);
		assert.is(view.pushes.size, 0);
		assert.is(view.document.status, 200);
		assert.not('set-cookie' in view.document.fields);
	});

const LATE: readonly { name: string; before: (response: Http2ServerResponse) => unknown }[] = [
	{ name: 'begun', before: (response) => response.writeHead(200) },
	{ name: 'sent in part', before: (response) => response.write('<!doctype html>') },
	{ name: 'over', before: (response) => response.end('<!doctype html>') },
	{
		name: 'over and gone',
		before: async (response) => {
			response.end('<!doctype html>');
			await sleep(50);
		},
	},
];
for (const { name, before } of LATE)
	nothing(`a response that is ${name}: nothing is pushed, and nobody is harmed`, async () => {
		const host = await hostOf(BOTH, { before });
		const view = await new Wire(host).view('/');
		while (host.pushed.length === 0) await sleep(5);
		assert.equal(host.pushed, [[]]);
		assert.is(view.pushes.size, 0);
		assert.is(view.document.status, 200);
	});

nothing('HTTP/1.1: nothing is pushed, no cookie is set, the page comes', async () => {
	const host = await hostOf(BOTH, { isSecure: true });
	const { status, fields } = await ask(host, 'HTTP/1.1', '/');
	assert.is(status, 200);
	assert.not('set-cookie' in fields);
	assert.equal(host.pushed, [[]]);
	const request = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
	assert.is((await askRaw(host, request)).status, 200);
});

nothing('after close', async () => {
	const casper = createCasper();
	const host = await openHost(async (request, response) => {
		if (request.url === '/') await casper.push(request, response, BOTH);
		response.end('x');
	});
	assert.is((await new Wire(host).view('/')).pushes.size, 2);
	await casper.close();
	await casper.close();
	const { document, pushes } = await new Wire(host).view('/');
	assert.is(pushes.size, 0);
	assert.is(document.status, 200);
});

const mistakes = suite('casper: mistakes of the caller');
mistakes.after.each(endAll);

const TARGETS: readonly { name: string; target: unknown; isValid?: boolean }[] = [
	{ name: 'the root', target: '/', isValid: true },
	{ name: 'a query', target: '/a?b=1&c=%20', isValid: true },
	{ name: 'an empty query', target: '/a?', isValid: true },
	{ name: 'escapes', target: '/%C3%BC%20.css', isValid: true },
	{ name: 'marks that browsers leave alone', target: "/a'b(c)!*+,;=:@$&~.css", isValid: true },
	{ name: 'as long as can be', target: `/${'a'.repeat(2047)}`, isValid: true },
	{ name: 'empty', target: '' },
	{ name: 'relative', target: 'static/a.css' },
	{ name: 'relative to the folder', target: './a.css' },
	{ name: 'an absolute URL', target: 'https://example.com/a.css' },
	{ name: 'of another origin', target: '//example.com/a.css' },
	{ name: 'of another origin, as browsers read it', target: '/\\example.com/a.css' },
	{ name: 'with a fragment', target: '/a.svg#b' },
	{ name: 'with an empty fragment', target: '/a.svg#' },
	{ name: 'with a space', target: '/a b.css' },
	{ name: 'with a line feed', target: '/a\nb.css' },
	{ name: 'with a line feed in the query', target: '/a?b\r\nc: d' },
	{ name: 'with NUL', target: '/a\0' },
	{ name: 'beyond ASCII', target: '/ü.css' },
	{ name: 'with dot segments', target: '/a/../b.css' },
	{ name: 'with escaped dot segments', target: '/a/%2e%2e/b.css' },
	{ name: 'too long', target: `/${'a'.repeat(2048)}` },
	{ name: 'a number', target: 1 },
	{ name: 'nothing', target: undefined },
	{ name: 'null', target: null },
];
for (const { name, target, isValid = false } of TARGETS)
	mistakes(`a target that is ${name} is ${isValid ? 'taken' : 'a TypeError that names it'}`, async () => {
		const casper = createCasper();
		let error: unknown;
		let pushed: readonly string[] = [];
		const host = await openHost(async (request, response) => {
			if (request.url === '/page')
				await casper.push(request, response, ['/ok', target as string]).then(
					(done) => {
						pushed = done.pushed;
					},
					(reason: unknown) => {
						error = reason;
					},
				);
			response.end('x');
		});
		const view = await new Wire(host).view('/page');
		assert.is(view.document.status, 200);
		if (isValid) {
			assert.equal([error, pushed], [undefined, ['/ok', target]]);
			assert.equal([...view.pushes.keys()], ['/ok', target]);
			return;
		}
		assert.instance(error, TypeError);
		assert.match(String(error), /targets\[1\]: expected a path .*, got /);
		assert.is(view.pushes.size, 0, 'all or nothing');
		assert.not('set-cookie' in view.document.fields);
	});

mistakes('targets, request and response that are none are TypeErrors that name them', async () => {
	const casper = createCasper();
	const push = casper.push.bind(casper) as (...args: unknown[]) => Promise<unknown>;
	const rows: readonly (readonly [unknown[], RegExp])[] = [
		[[{}, {}, '/a'], /^UsageError: targets: expected an array of paths, got "\/a"$/],
		[[{}, {}, undefined], /^UsageError: targets: /],
		[[undefined, {}, []], /^UsageError: request: expected .*, got undefined$/],
		[[null, {}, []], /^UsageError: request: /],
		[[{}, {}, []], /^UsageError: request: .*, got an object$/],
		[['GET', {}, []], /^UsageError: request: /],
		[[{ raw: undefined }, {}, []], /^UsageError: request: /],
		[[{ headers: {} }, undefined, []], /^UsageError: response: /],
		[[{ headers: {} }, {}, []], /^UsageError: response: /],
	];
	for (const [args, want] of rows) {
		const error: unknown = await push(...args).then(
			() => undefined,
			(reason: unknown) => reason,
		);
		assert.instance(error, TypeError);
		assert.match(String(error), want);
	}
});

for (const headers of [
	null,
	'x',
	{ ':path': '/' },
	{ connection: 'close' },
	{ Host: 'example.com' },
	{ 'a b': '1' },
	{ a: 'b\r\nc: d' },
	{ a: 1 },
	{ a: undefined },
])
	mistakes(`headers ${JSON.stringify(headers)} are a TypeError that names them`, async () => {
		const error: unknown = await createCasper()
			.push({ headers: {} } as never, { setHeader: () => {} } as never, BOTH, { headers: headers as never })
			.then(
				() => undefined,
				(reason: unknown) => reason,
			);
		assert.instance(error, TypeError);
		assert.match(String(error), /^UsageError: headers/);
	});

const OPTIONS: readonly { input: Record<string, unknown>; want: RegExp }[] = [
	{
		input: { cookie: 'go-casper' },
		want: /^UsageError: cookie: expected one of x-go-casper, h2o_casper, casper, got "go-casper"$/,
	},
	{ input: { cookie: null }, want: /^UsageError: cookie: / },
	{ input: { directory: '' }, want: /^UsageError: directory: expected a folder, got ""$/ },
	{ input: { directory: 1 }, want: /^UsageError: directory: / },
	{ input: { probabilty: 64 }, want: /^UsageError: probabilty: expected one of the options cookie, / },
	{ input: { probability: 100 }, want: /^RangeError: probability: expected a power of two, got 100$/ },
	{ input: { probability: '64' }, want: /^TypeError: probability: expected a number, got string$/ },
	{ input: { capacity: 0 }, want: /^RangeError: capacity: / },
	{ input: { cookie: 'h2o_casper', capacityBits: 16 }, want: /^RangeError: capacityBits: / },
];
for (const { input, want } of OPTIONS)
	mistakes(`createCasper(${JSON.stringify(input)}) throws ${want.source}`, () => {
		let error: unknown;
		try {
			createCasper(input as CasperOptions);
		} catch (thrown) {
			error = thrown;
		}
		assert.match(String(error), want);
	});

mistakes('an option given as undefined counts as not given', () => {
	createCasper({ cookie: undefined, directory: undefined, probability: undefined });
});

pushing.run();
nothing.run();
mistakes.run();
