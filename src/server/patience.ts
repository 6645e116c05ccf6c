// Lets go of clients that are gone without a word, or never say one: their connections would stay for ever. Node's own
// limits work in servers that listen themselves, which our engines do not.

import type { Server as HttpServer } from 'node:http';
import type { Http2Server, Http2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** Ends a connection that is not taken by a protocol within `patienceMs`. Call what it returns when it is. */
export const endSilent = (socket: Socket, patienceMs: number): (() => void) => {
	const end = (): void => void socket.destroy();
	socket.setTimeout(patienceMs, end);
	return () => void socket.setTimeout(0, end);
};

/** Ends HTTP/1.1 connections on which nothing moves for `patienceMs`. */
export const endIdle = (http1: HttpServer, patienceMs: number): void => {
	http1.timeout = patienceMs;
};

/** Ends HTTP/2 connections on which nothing moves for `patienceMs` and whose client, asked then, does not answer. */
export const endForsaken = (http2: Http2Server, patienceMs: number): void => {
	http2.on('session', (session) => {
		session.setTimeout(patienceMs);
		session.on('timeout', () => askForLife(session, patienceMs));
	});
};

/** Pages stay open for hours, so that silence alone says nothing: a PING (RFC 9113 §6.7) is answered by whoever lives. */
const askForLife = (session: Http2Session, patienceMs: number): void => {
	const end = (): void => session.destroy();
	const timer = setTimeout(end, patienceMs);
	const settle = (): void => {
		clearTimeout(timer);
		session.off('close', settle);
	};
	session.on('close', settle);
	session.ping((error) => {
		if (error) return;
		settle();
		session.setTimeout(patienceMs);
	});
};
