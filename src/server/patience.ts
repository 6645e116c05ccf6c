// Lets go of clients that are gone without a word, or never say one: their connections would stay for ever. Node's own
// limits work in servers that listen themselves, which our engines do not.

import type { Server as HttpServer } from 'node:http';
import type { Http2Session } from 'node:http2';
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

/**
 * Calls `end` when the client of an HTTP/2 connection, asked every `patienceMs`, has not answered by the next time. Pages
 * stay open for hours, so that silence alone says nothing: a PING (RFC 9113 §6.7) is answered by whoever lives. Node's own
 * timeout is not used: every frame of every stream restarts it, which was a tenth of the work of a page with pushes.
 */
export const onForsaken = (session: Http2Session, patienceMs: number, end: () => void): void => {
	let isAsked = false;
	const timer = setInterval(() => {
		// A destroyed one that is not closed waits for its client to read what was written last, and can ask nothing.
		if (isAsked || session.destroyed) return end();
		isAsked = true;
		session.ping((error) => {
			if (!error) isAsked = false;
		});
	}, patienceMs).unref();
	session.on('close', () => clearInterval(timer));
};
