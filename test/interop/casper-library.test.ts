// The library in servers that people have, Fastify and Express over HTTP/2, visited frame by frame and by nghttp (Debian:
// nghttp2-client).

import {
	createSecureServer,
	createServer,
	Http2ServerRequest,
	Http2ServerResponse,
	type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import express from 'express';
import Fastify from 'fastify';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CasperOptions, createCasper } from '../../src/casper.ts';
import { decode } from '../../src/digest/index.ts';
import { Wire } from '../support/client.ts';
import { certificate, listening, towards } from '../support/host.ts';
import { endAll, makeFolder, onEnd, type Tested } from '../support/server.ts';
import { hasProgram } from './casper.ts';
import { toLines, visit } from './nghttp.ts';

const TARGETS = ['/static/a.css', '/static/b.js?v=2'];
const FILES = { 'static/a.css': 'a { margin: 0 }', 'static/b.js': 'b();' };
const PAGE = '<!doctype html><title>Page</title>';

type Open = (isSecure: boolean, options: CasperOptions) => Promise<Tested>;

const openCasper = (options: CasperOptions): ReturnType<typeof createCasper> => {
	const casper = createCasper(options);
	onEnd(() => casper.close());
	return casper;
};

/** Fastify, given to us as its own objects or as those inside. */
const openFastify =
	(isRaw: boolean): Open =>
	async (isSecure, options) => {
		const casper = openCasper(options);
		// One type for both: Fastify's differ by what they listen on.
		const fastify = Fastify(
			(isSecure
				? { http2: true, https: { ...(await certificate()), allowHTTP1: true } }
				: { http2: true }) as {
				http2: true;
			},
		);
		fastify.get('/', async (request, reply) => {
			if (!isRaw) reply.header('set-cookie', 'session=1; Path=/');
			const { pushed } = isRaw
				? await casper.push(request.raw, reply.raw, TARGETS)
				: await casper.push(request, reply, TARGETS);
			reply.header('x-pushed', pushed.join(' ')).type('text/html');
			return PAGE;
		});
		fastify.get('/static/*', async (request, reply) => {
			reply.type('text/css').header('x-pushed', (await casper.push(request, reply, ['/'])).pushed.join());
			return FILES[request.url.replace(/^\/|\?.*/g, '') as keyof typeof FILES];
		});
		const sessions = new Set<ServerHttp2Session>();
		fastify.server.on('session', (session: ServerHttp2Session) => sessions.add(session));
		await fastify.listen({ port: 0, host: 'localhost' });
		onEnd(() => {
			for (const session of sessions) session.destroy();
			return fastify.close();
		});
		return towards((fastify.server.address() as AddressInfo).port, isSecure);
	};

/** Express, whose requests and responses are HTTP/2's by way of their prototypes, as the README says. */
const openExpress: Open = async (isSecure, options) => {
	Object.setPrototypeOf(express.request, Http2ServerRequest.prototype);
	Object.setPrototypeOf(express.response, Http2ServerResponse.prototype);
	const casper = openCasper(options);
	const app = express();
	app.get('/', async (request, response) => {
		response.append('set-cookie', 'session=1; Path=/');
		const { pushed } = await casper.push(request, response, TARGETS);
		response.set('x-pushed', pushed.join(' ')).type('html').send(PAGE);
	});
	app.use(express.static(await makeFolder(FILES)));
	const handler = app as unknown as Parameters<typeof createServer>[1];
	return listening(
		isSecure ? createSecureServer(await certificate(), handler) : createServer(handler),
		isSecure,
	);
};

const HOSTS: readonly { name: string; open: Open }[] = [
	{ name: 'Fastify', open: openFastify(false) },
	{ name: "Fastify's raw objects", open: openFastify(true) },
	{ name: 'Express', open: openExpress },
];

const library = suite('casper in other servers');
library.after.each(endAll);

for (const { name, open } of HOSTS)
	for (const isSecure of [false, true]) {
		const title = `${name}${isSecure ? ' over TLS' : ''}`;
		library(
			`${title}: its own routes answer what is pushed, the cookie is set once, beside its own`,
			async () => {
				const host = await open(isSecure, {});
				const { document, pushes } = await new Wire(host).view('/');
				assert.is(document.status, 200);
				assert.is(document.body.toString(), PAGE);
				assert.is(document.fields['x-pushed'], TARGETS.join(' '));
				assert.equal([...pushes.keys()], TARGETS);
				assert.equal(
					[...pushes.values()].map(({ status }) => status),
					[200, 200],
				);
				assert.equal(
					[...pushes.values()].map(({ body }) => body.toString()),
					Object.values(FILES),
				);
				const cookies = document.fields['set-cookie'] ?? '';
				const isRaw = name.includes('raw');
				const pattern = isRaw ? /^x-go-casper=([\w-]+); / : /^session=1; Path=\/, x-go-casper=([\w-]+); /;
				const value = pattern.exec(cookies)?.[1] ?? '';
				for (const url of TARGETS) assert.ok(decode('go-casper', value)?.has({ url }), cookies);
				assert.is(cookies.split('x-go-casper=').length, 2);

				const again = await new Wire(host).view('/', { cookie: `x-go-casper=${value}` });
				assert.is(again.pushes.size, 0);
				assert.is(again.document.body.toString(), PAGE);
			},
		);

		library(`${title}: a folder's files are pushed past its routes`, async () => {
			const host = await open(isSecure, { directory: await makeFolder(FILES), cookie: 'casper' });
			const { document, pushes } = await new Wire(host).view('/');
			assert.is(document.status, 200);
			assert.equal([...pushes.keys()], TARGETS);
			for (const { fields } of pushes.values()) assert.match(fields.etag ?? '', /^"[0-9a-f]{32}"$/);
			assert.match(document.fields['set-cookie'] ?? '', /casper_\d+=/);
		});
	}

const withNghttp = hasProgram('nghttp') ? library : library.skip;
if (withNghttp === library.skip)
	console.error(
		'SKIPPED: nghttp is not in the path (Debian: nghttp2-client), so no push client visits Fastify and Express',
	);

for (const { name, open } of HOSTS)
	withNghttp(`${name}: nghttp -ans shows what was pushed, and with the cookie that nothing was`, async () => {
		const host = await open(true, {});
		const first = await visit(['-a'], host.server.url);
		assert.equal(toLines(first.rows), ['  200 /', ...TARGETS.map((path) => `* 200 ${path}`)]);
		const page = first.streams.find(({ promisedOn }) => promisedOn === undefined);
		const pair = /x-go-casper=[\w-]+/.exec(page?.response?.['set-cookie'] ?? '')?.[0] ?? '';
		const second = await visit(['-a', '-H', `cookie: ${pair}`], host.server.url);
		assert.equal(toLines(second.rows), ['  200 /']);
	});

library.run();
