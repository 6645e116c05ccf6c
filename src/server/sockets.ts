// Sockets: where we listen, TLS and ALPN, and the end of it all. Hands each connection to the engine of its protocol.

import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, Server as TlsServer } from 'node:tls';
import { deferEnd } from './deferred-end.ts';
import { closeAll, type Listening, listenAt, type Place } from './listen.ts';
import { endIdle, endSilent, onForsaken } from './patience.ts';
import { listenOnUnix } from './unix-socket.ts';

/** The parsers of the two protocols; neither listens itself. */
export interface Engines {
	readonly http1: HttpServer;
	readonly http2: Http2Server;
}

/** Where and how to listen. */
export interface ListenOptions extends Omit<Place, 'setting'> {
	readonly tls: TlsPair | undefined;
	/** How long nothing may move on a connection before it is looked into, in milliseconds. */
	readonly patienceMs: number;
	/** Path of a Unix socket, on which is listened instead of a port. */
	readonly unix?: string | undefined;
}

/** A certificate with its chain, and its key, PEM. */
interface TlsPair {
	readonly cert: string;
	readonly key: string;
}

/** Open sockets. */
export interface Sockets {
	/** 0 for a Unix socket. */
	readonly port: number;
	/** Has connections from now on begin with another certificate. Those that are open stay as they are. */
	setCertificate(pair: TlsPair): void;
	/** Takes no more connections, lets what runs finish, and ends what has not after `graceMs`. */
	close(graceMs: number): Promise<void>;
}

/** Holds for each certificate anew: one that is set brings its own. */
const TLS_LIMITS = { minVersion: 'TLSv1.2' } as const;
/** RFC 9113 §3.4: what a client with prior knowledge of HTTP/2 sends first. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/**
 * Listens, and resolves when connections are taken.
 * @throws {CasperError} CASPER_PORT_IN_USE, CASPER_PORT_FORBIDDEN, CASPER_HOST_UNAVAILABLE, for a Unix socket
 * CASPER_SOCKET_IN_USE, CASPER_SOCKET_UNAVAILABLE
 */
export const openSockets = async (options: ListenOptions, engines: Engines): Promise<Sockets> => {
	const { port, servers } = await listen(options, () => createFront(options, engines));
	endIdle(engines.http1, options.patienceMs);
	return new OpenSockets(port, servers, engines, options.patienceMs);
};

const listen = async (options: ListenOptions, create: () => Server): Promise<Listening> => {
	if (options.unix === undefined) return listenAt({ ...options, setting: 'port' }, create);
	const server = create();
	await listenOnUnix(server, options.unix);
	return { port: 0, servers: [server] };
};

const createFront = ({ tls, patienceMs }: ListenOptions, { http1, http2 }: Engines): Server => {
	if (tls !== undefined)
		return createTlsServer({ ...tls, ...TLS_LIMITS, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
			(socket.alpnProtocol === 'h2' ? http2 : http1).emit('connection', socket);
		}).on('tlsClientError', (_error, socket) => socket.destroy());
	return createServer((socket) => {
		socket.once('error', () => socket.destroy());
		const isTaken = endSilent(socket, patienceMs);
		let start: Buffer = Buffer.alloc(0);
		const onData = (chunk: Buffer): void => {
			start = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
			const isHttp2 = start.subarray(0, PREFACE.length).equals(PREFACE.subarray(0, start.length));
			// As long as it is not whole, it may become a POST or a PUT.
			if (isHttp2 && start.length < PREFACE.length) return;
			isTaken();
			socket.off('data', onData).pause();
			socket.unshift(start);
			(isHttp2 ? http2 : http1).emit('connection', socket);
			setImmediate(() => socket.resume());
		};
		socket.on('data', onData);
	});
};

/** Requests sent together on an HTTP/1.1 connection of which the first is not answered yet (RFC 9112 §9.3.2). */
const MOST_IN_A_ROW = 50;

class OpenSockets implements Sockets {
	readonly port: number;
	readonly #servers: readonly Server[];
	/** By their other ends: the socket that a session has is not the one that TLS was put upon. */
	readonly #connections = new Map<Socket, string | undefined>();
	readonly #sessions = new Set<ServerHttp2Session>();
	/** HTTP/1.1 connections, and how many requests are under way on each: several where they were sent together. */
	readonly #requests = new Map<Socket, number>();
	#isClosing = false;

	constructor(port: number, servers: readonly Server[], { http1, http2 }: Engines, patienceMs: number) {
		this.port = port;
		this.#servers = servers;
		for (const server of servers)
			server.on('connection', (socket: Socket) => {
				this.#connections.set(socket, otherEndOf(socket));
				socket.once('close', () => this.#connections.delete(socket));
			});
		let taken: Socket | undefined;
		// Its session is made before this turn is over.
		http2.prependListener('connection', (socket: Socket) => {
			taken = socket;
		});
		http2.on('session', (session) => {
			const own = taken;
			deferEnd(session);
			this.#sessions.add(session);
			session.once('close', () => {
				this.#sessions.delete(session);
				this.#endRest();
			});
			const otherEnd = otherEndOf(session.socket);
			onForsaken(session, patienceMs, () => {
				session.destroy();
				// Up to Node 24 that does not close a connection that broke while something was being written to it.
				// The other ends of a Unix socket have no names.
				if (otherEnd === undefined) own?.destroy();
				else for (const [socket, end] of this.#connections) if (end === otherEnd) socket.destroy();
			});
			if (this.#isClosing) session.close();
		});
		http1.on('connection', (socket: Socket) => {
			this.#requests.set(socket, 0);
			socket.once('close', () => {
				this.#requests.delete(socket);
				this.#endRest();
			});
		});
		http1.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
			const { socket } = request;
			// Node answers all that came in one packet, and keeps the answers until the first has gone out.
			if ((this.#count(socket, 1) ?? 0) > MOST_IN_A_ROW) return void socket.destroy();
			if (this.#isClosing) response.setHeader('connection', 'close');
			response.once('close', () => {
				if (this.#count(socket, -1) === 0 && this.#isClosing) socket.end();
			});
		});
	}

	/** How many requests are under way on `socket` after `by` more; `undefined` where it is closed. */
	#count(socket: Socket, by: 1 | -1): number | undefined {
		const before = this.#requests.get(socket);
		if (before === undefined) return undefined;
		this.#requests.set(socket, before + by);
		return before + by;
	}

	/** Whoever has not begun to speak a protocol by the time the others have finished has nothing to finish. */
	#endRest(): void {
		if (!this.#isClosing || this.#sessions.size > 0 || this.#requests.size > 0) return;
		for (const socket of this.#connections.keys()) socket.destroy();
	}

	setCertificate(pair: TlsPair): void {
		for (const server of this.#servers)
			if (server instanceof TlsServer) server.setSecureContext({ ...pair, ...TLS_LIMITS });
	}

	async close(graceMs: number): Promise<void> {
		this.#isClosing = true;
		const closed = closeAll(this.#servers);
		for (const session of this.#sessions) session.close();
		for (const [socket, requests] of this.#requests) if (requests === 0) socket.destroy();
		this.#endRest();
		const timer = setTimeout(() => {
			for (const session of this.#sessions) session.destroy();
			for (const socket of this.#connections.keys()) socket.destroy();
		}, graceMs);
		await closed;
		clearTimeout(timer);
	}
}

const otherEndOf = ({
	remoteAddress,
	remotePort,
}: Pick<Socket, 'remoteAddress' | 'remotePort'>): string | undefined =>
	remotePort === undefined ? undefined : `${remoteAddress} ${remotePort}`;
