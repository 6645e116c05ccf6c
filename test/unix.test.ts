import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer as createHttp1Server, request } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { join, relative } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CasperError, type CasperErrorCode, UsageError } from '../src/errors.ts';
import type { RequestEntry } from '../src/log.ts';
import type { ServeOptions } from '../src/options.ts';
import { openSockets } from '../src/server/sockets.ts';
import { type Server, serve } from '../src/server.ts';
import { PROTOCOLS, type Protocol, settingsFrame } from './support/client.ts';
import { endAll, eventually, makeFolder, onEnd } from './support/server.ts';

const unix = suite('unix');
unix.after.each(endAll);

const SITE = { 'index.html': '<!doctype html><link rel="stylesheet" href="/a.css">', 'a.css': 'a {}' };

const openAt = async (path: string, options: ServeOptions = {}): Promise<Server> => {
	const server = await serve(await makeFolder(SITE), { unix: path, ...options });
	onEnd(() => server.close());
	await server.ready;
	return server;
};

const socketTo = (path: string): Socket => {
	const socket = connect({ path }).on('error', () => {});
	socket.setTimeout(20_000, () => socket.destroy());
	onEnd(() => socket.destroy());
	return socket;
};

/** Status and body; over HTTP/2, how many pushes came, too. */
const ask = (path: string, protocol: Protocol, target: string, host = 'localhost'): Promise<string> =>
	new Promise((resolve, reject) => {
		if (protocol === 'HTTP/1.1') {
			request({ socketPath: path, path: target, headers: { host }, agent: false }, (response) => {
				let text = '';
				response.setEncoding('utf8').on('data', (chunk: string) => {
					text += chunk;
				});
				response.on('end', () => resolve(`${response.statusCode} ${text}`));
			})
				.on('error', reject)
				.end();
			return;
		}
		const session = connectHttp2(`http://${host}`, { createConnection: () => socketTo(path) });
		let pushes = 0;
		session.on('error', reject).on('stream', (stream) => {
			pushes++;
			stream.on('error', () => {}).resume();
		});
		const stream = session.request({ ':path': target });
		let status = 0;
		let text = '';
		stream.on('response', (fields) => {
			status = Number(fields[':status']);
		});
		stream.setEncoding('utf8').on('data', (chunk: string) => {
			text += chunk;
		});
		stream.on('error', reject).on('end', () => {
			session.close();
			resolve(`${status} ${text}${pushes > 0 ? ` and ${pushes}` : ''}`);
		});
	});

const failure = async (promise: Promise<unknown>): Promise<CasperError> => {
	try {
		await promise;
	} catch (error) {
		assert.instance(error, CasperError);
		assert.not.match((error as Error).message, /[\r\n]/);
		return error as CasperError;
	}
	throw new Error('expected an error, got none');
};

unix('both protocols without TLS, and the socket is gone after the end', async () => {
	const path = join(await makeFolder({}), 'casper.sock');
	const entries: RequestEntry[] = [];
	const server = await openAt(path, { onRequest: (entry) => entries.push(entry) });
	assert.is(server.url, `unix:${path}`);
	assert.ok((await stat(path)).isSocket());
	for (const protocol of PROTOCOLS) {
		assert.is(await ask(path, protocol, '/a.css'), '200 a {}', protocol);
		assert.match(await ask(path, protocol, '/missing'), /^404 /, protocol);
	}
	assert.match(await ask(path, 'HTTP/2', '/'), /^200 <!doctype .* and 1$/);
	assert.match(await ask(path, 'HTTP/2', '/', 'evil.example'), /^421 /);
	await eventually('the entries', () => entries.length === 6);
	assert.is(entries[0]?.remoteAddress, '-');
	await server.close();
	assert.not(existsSync(path));
});

unix('a path from the folder where it was started', async () => {
	const path = join(await makeFolder({}), 'casper.sock');
	const server = await openAt(relative('.', path));
	assert.is(server.url, `unix:${path}`);
	assert.is(await ask(path, 'HTTP/1.1', '/a.css'), '200 a {}');
});

unix('one connection that breaks ends no other', async () => {
	const path = join(await makeFolder({}), 'casper.sock');
	await openAt(path);
	const session = connectHttp2('http://localhost', { createConnection: () => socketTo(path) });
	session.on('error', () => {});
	onEnd(() => session.destroy());
	for (let round = 0; round < 3; round++) {
		const socket = socketTo(path).resume();
		const closed = new Promise((done) => socket.once('close', done));
		await new Promise((done) =>
			socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nlots of rubbish, longer than a frame has to be', done),
		);
		await closed;
	}
	const stream = session.request({ ':path': '/a.css' });
	const status = await new Promise((done) => stream.on('response', (fields) => done(fields[':status'])));
	assert.is(status, 200);
});

unix('a client that is gone without a word is ended, and no other', async () => {
	const path = join(await makeFolder({}), 'casper.sock');
	const engines = { http1: createHttp1Server(), http2: createHttp2Server() };
	engines.http2.on('stream', (stream) => {
		stream.respond();
		stream.end('ok');
	});
	const options = { host: true, port: undefined, defaultPort: 0, tls: undefined, patienceMs: 100 } as const;
	const sockets = await openSockets({ ...options, unix: path }, engines);
	onEnd(() => sockets.close(0));
	const session = connectHttp2('http://localhost', { createConnection: () => socketTo(path) });
	session.on('error', () => {});
	onEnd(() => session.destroy());
	const silent = socketTo(path).resume();
	const closed = new Promise((done) => silent.once('close', done));
	silent.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settingsFrame({})]));
	await closed;
	const stream = session.request({ ':path': '/' });
	const status = await new Promise((done) => stream.on('response', (fields) => done(fields[':status'])));
	assert.is(status, 200);
});

/** A path where a socket is left of a process that was killed. */
const leaveSocket = async (): Promise<string> => {
	const path = join(await makeFolder({}), 'casper.sock');
	const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('on'))`;
	const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
	await new Promise((done) => child.stdout.once('data', done));
	child.kill('SIGKILL');
	await new Promise((done) => child.once('exit', done));
	assert.ok(existsSync(path));
	return path;
};

unix('the socket of a server that ended without a word is replaced', async () => {
	const path = await leaveSocket();
	await openAt(path);
	assert.is(await ask(path, 'HTTP/1.1', '/a.css'), '200 a {}');
});

unix('the socket of a server that runs is left to it', async () => {
	const path = join(await makeFolder({}), 'casper.sock');
	await openAt(path);
	const error = await failure(openAt(path));
	assert.is(error.code, 'CASPER_SOCKET_IN_USE');
	assert.ok(error.message.includes(JSON.stringify(path)));
	assert.match(error.message, /; end it, or name another path$/);
	assert.is(await ask(path, 'HTTP/1.1', '/a.css'), '200 a {}');
});

unix('of several that start at once, one takes the place, and it works', async () => {
	for (const path of [join(await makeFolder({}), 'casper.sock'), await leaveSocket()]) {
		const results = await Promise.allSettled([openAt(path), openAt(path), openAt(path)]);
		assert.is(results.filter(({ status }) => status === 'fulfilled').length, 1);
		assert.is(await ask(path, 'HTTP/1.1', '/a.css'), '200 a {}');
	}
});

const obstacles: readonly {
	name: string;
	input: (folder: string) => Promise<string>;
	want: readonly [code: CasperErrorCode, message: RegExp];
}[] = [
	{
		name: 'a file',
		input: async (folder) => {
			await writeFile(join(folder, 'file'), 'precious');
			return join(folder, 'file');
		},
		want: ['CASPER_SOCKET_UNAVAILABLE', /got a file; remove it, or name another path$/],
	},
	{
		name: 'a folder',
		input: async (folder) => {
			await mkdir(join(folder, 'folder'));
			return join(folder, 'folder');
		},
		want: ['CASPER_SOCKET_UNAVAILABLE', /got a folder; /],
	},
	{
		name: 'a link',
		input: async (folder) => {
			await symlink('nowhere', join(folder, 'link'));
			return join(folder, 'link');
		},
		want: ['CASPER_SOCKET_UNAVAILABLE', /got a link; /],
	},
	{
		name: 'a folder that is missing',
		input: async (folder) => join(folder, 'missing', 'casper.sock'),
		want: ['CASPER_SOCKET_UNAVAILABLE', /expected an existing folder for it, got none; /],
	},
	{
		name: 'a path that is too long',
		input: async (folder) => join(folder, 'x'.repeat(120)),
		want: ['CASPER_SOCKET_UNAVAILABLE', /bytes at most, got \d+ bytes; name a shorter one$/],
	},
	{
		name: 'a path that is none',
		input: async (folder) => `${folder}/a\0b`,
		want: ['CASPER_SOCKET_UNAVAILABLE', /\\u0000b": expected /],
	},
];
for (const { name, input, want } of obstacles)
	unix(`says so of ${name}, and leaves it alone`, async () => {
		const folder = await makeFolder({});
		const path = await input(folder);
		const error = await failure(openAt(path));
		assert.is(error.code, want[0]);
		assert.match(error.message, want[1]);
		if (name === 'a file') assert.is(await readFile(path, 'utf8'), 'precious');
	});

unix('not beside a port', async () => {
	try {
		await serve(await makeFolder(SITE), { unix: '/tmp/x', port: 8080 });
		assert.unreachable();
	} catch (error) {
		assert.instance(error, UsageError);
		assert.match((error as Error).message, /^port: expected none beside a Unix socket, got 8080$/);
	}
});

unix('the end of a server does not wait for who says nothing', async () => {
	const path = join(await makeFolder({}), 'casper.sock');
	const server = await openAt(path);
	const socket = socketTo(path);
	await new Promise((done) => socket.once('connect', done));
	const started = performance.now();
	await server.close();
	assert.ok(performance.now() - started < 2000);
	assert.not(existsSync(path));
});

unix.run();
