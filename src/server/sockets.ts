// Sockets: where we listen, TLS and ALPN, and the end of it all. Hands each connection to the engine of its protocol.

import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { CasperError } from '../errors.ts';
import { deferEnd } from './deferred-end.ts';
import { endIdle, endSilent, onForsaken } from './patience.ts';

/** The parsers of the two protocols; neither listens itself. */
export interface Engines {
	readonly http1: HttpServer;
	readonly http2: Http2Server;
}

/** Where and how to listen. */
export interface ListenOptions {
	/** A name or an address; 'localhost': both loopbacks; `true`: everywhere. */
	readonly host: string | true;
	/** `undefined`: the first free one from {@link ListenOptions.defaultPort} on. */
	readonly port: number | undefined;
	readonly defaultPort: number;
	readonly tls: { readonly cert: string; readonly key: string } | undefined;
	/** How long nothing may move on a connection before it is looked into, in milliseconds. */
	readonly patienceMs: number;
}

/** Open sockets. */
export interface Sockets {
	readonly port: number;
	/** Takes no more connections, lets what runs finish, and ends what has not after `graceMs`. */
	close(graceMs: number): Promise<void>;
}

const PORT_TRIES = 100;
/** RFC 9113 §3.4: what a client with prior knowledge of HTTP/2 sends first. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/**
 * Listens, and resolves when connections are taken.
 * @throws {CasperError} CASPER_PORT_IN_USE, CASPER_PORT_FORBIDDEN, CASPER_HOST_UNAVAILABLE
 */
export const openSockets = async (options: ListenOptions, engines: Engines): Promise<Sockets> => {
	const first = options.port ?? options.defaultPort;
	const last = options.port === undefined ? first + PORT_TRIES - 1 : first;
	for (let port = first; ; port++) {
		const servers: Server[] = [];
		try {
			for (const address of addressesOf(options.host)) {
				const server = createFront(options, engines);
				const bound = servers.map(portOf)[0] ?? port;
				if (await listen(server, address, bound)) servers.push(server);
			}
			const bound = servers.map(portOf)[0];
			if (bound === undefined) throw unavailable(options.host, undefined);
			endIdle(engines.http1, options.patienceMs);
			return new OpenSockets(bound, servers, engines, options.patienceMs);
		} catch (error) {
			await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
			const { code } = error as NodeJS.ErrnoException;
			// With port 0 the second loopback may find the port that the first one was given taken.
			if (code === 'EADDRINUSE' && (port < last || options.port === 0)) {
				if (options.port === 0) port--;
				continue;
			}
			throw toCasperError(error, options, port);
		}
	}
};

const addressesOf = (host: string | true): readonly Address[] => {
	if (host === true)
		return [
			{ address: '::', isOptional: true },
			{ address: '0.0.0.0', isOptional: true },
		];
	if (host === 'localhost')
		return [
			{ address: '127.0.0.1', isOptional: true },
			{ address: '::1', isOptional: true },
		];
	return [{ address: host, isOptional: false }];
};

interface Address {
	readonly address: string;
	/** The machine may not have the protocol of this address. */
	readonly isOptional: boolean;
}

const listen = (server: Server, { address, isOptional }: Address, port: number): Promise<boolean> =>
	new Promise((resolve, reject) => {
		server.once('error', (error: NodeJS.ErrnoException) => {
			if (isOptional && (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT')) resolve(false);
			else reject(error);
		});
		server.listen({ host: address, port, ipv6Only: true }, () => resolve(true));
	});

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const createFront = ({ tls, patienceMs }: ListenOptions, { http1, http2 }: Engines): Server => {
	if (tls !== undefined)
		return createTlsServer({ ...tls, ALPNProtocols: ['h2', 'http/1.1'], minVersion: 'TLSv1.2' }, (socket) => {
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

const toCasperError = (error: unknown, { host, port: given }: ListenOptions, port: number): unknown => {
	switch ((error as NodeJS.ErrnoException).code) {
		case 'EADDRINUSE':
			return new CasperError(
				'CASPER_PORT_IN_USE',
				`port: expected a free one, got ${port}, on which another program listens; ` +
					(given === undefined
						? 'end it, or name a free port'
						: 'name another one, or none to get the next that is free'),
				{ cause: error },
			);
		case 'EACCES':
			return new CasperError(
				'CASPER_PORT_FORBIDDEN',
				`port: expected one that this user may listen on, got ${port}; name one above 1023`,
				{ cause: error },
			);
		case 'EADDRNOTAVAIL':
		case 'EAFNOSUPPORT':
		case 'ENOTFOUND':
		case 'EAI_AGAIN':
		case 'EINVAL':
			return unavailable(host, error);
		default:
			return error;
	}
};

const unavailable = (host: string | true, cause: unknown): CasperError =>
	new CasperError(
		'CASPER_HOST_UNAVAILABLE',
		`host: expected a name or an address of this machine, got ${JSON.stringify(host)}; leave it out for localhost`,
		{ cause },
	);

class OpenSockets implements Sockets {
	readonly port: number;
	readonly #servers: readonly Server[];
	/** By their other ends: the socket that a session has is not the one that TLS was put upon. */
	readonly #connections = new Map<Socket, string>();
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
		http2.on('session', (session) => {
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
				for (const [socket, end] of this.#connections) if (end === otherEnd) socket.destroy();
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
			this.#count(socket, 1);
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

	async close(graceMs: number): Promise<void> {
		this.#isClosing = true;
		const closed = Promise.all(this.#servers.map((server) => new Promise((done) => server.close(done))));
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

const otherEndOf = ({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string =>
	`${remoteAddress} ${remotePort}`;
