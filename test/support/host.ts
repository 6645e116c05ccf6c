// Servers of others, with handlers of their own.

import { mkdtempSync, rmSync } from 'node:fs';
import {
	createSecureServer,
	createServer,
	type Http2SecureServer,
	type Http2Server,
	type Http2ServerRequest,
	type Http2ServerResponse,
	type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Snapshot } from '../../src/site/snapshot.ts';
import { openSelfSigned } from '../../src/tls/self-signed.ts';
import { onEnd, type Tested } from './server.ts';

export type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => unknown;

/** Key and certificate for localhost: one for all servers of a process. */
export const certificate = (): ReturnType<typeof openSelfSigned> => {
	if (made === undefined) {
		const folder = mkdtempSync(join(tmpdir(), 'casper-host-tls-'));
		process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
		made = openSelfSigned(folder, new Date());
	}
	return made;
};
let made: ReturnType<typeof openSelfSigned> | undefined;

/** A server on `node:http2` as its users write it. Over TLS it takes HTTP/1.1, too. */
export const openHost = async (handler: Handler, isSecure = false): Promise<Tested> => {
	const server = isSecure
		? createSecureServer({ ...(await certificate()), allowHTTP1: true }, handler)
		: createServer(handler);
	return listening(server, isSecure);
};

/** `server`, listening on a port of its own until the test has ended. */
export const listening = async (
	server: Http2Server | Http2SecureServer,
	isSecure: boolean,
): Promise<Tested> => {
	const sessions = new Set<ServerHttp2Session>();
	server.on('session', (session) => {
		sessions.add(session);
		session.on('close', () => sessions.delete(session));
	});
	const close = (): Promise<void> =>
		new Promise((resolve) => {
			for (const session of sessions) session.destroy();
			server.close(() => resolve());
		});
	await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
	onEnd(close);
	return towards((server.address() as AddressInfo).port, isSecure, close);
};

/** What the clients of tests need to know of a server that is none of ours. */
export const towards = (
	port: number,
	isSecure: boolean,
	close: () => Promise<void> = async () => {},
): Tested => ({
	server: {
		url: `http${isSecure ? 's' : ''}://localhost:${port}/`,
		ready: Promise.resolve(),
		contents: Snapshot.EMPTY,
		broken: 0,
		reloadTabs: () => {},
		close,
	},
	folder: '',
	port,
	isSecure,
	authority: `localhost:${port}`,
	entries: [],
	problems: [],
});
