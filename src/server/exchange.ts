// Requests as the two protocols bring them, in one form for the pipeline, and told to the log when they are over.

import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import {
	Http2ServerRequest,
	Http2ServerResponse,
	type Http2Session,
	type IncomingHttpHeaders,
	type ServerHttp2Stream,
} from 'node:http2';
import type { Readable } from 'node:stream';
import type { Connection } from '../delivery/page-view.ts';
import type { PushQueue } from '../delivery/push.ts';
import { type Reply, ResponseReply, StreamReply } from '../delivery/reply.ts';
import { type Forwarded, readForwarded } from '../http/forwarded.ts';
import { authorityOf, type Fields } from '../http/request.ts';
import type { RequestEntry } from '../log.ts';
import { serveClientFile } from './client-files.ts';
import type { Engines } from './sockets.ts';
import { Turns } from './turns.ts';

/** A request and where its answer goes. */
export interface Exchange {
	readonly method: string;
	/** The request target as the client wrote it. */
	readonly target: string;
	/** Host and port as the client names them, or as the proxy says that it did; empty where it does not. */
	readonly authority: string;
	/** What a proxy that is trusted says of the client; `undefined` where none is. */
	readonly forwarded: Forwarded | undefined;
	readonly fields: Fields;
	readonly reply: Reply;
	/** What only HTTP/2 has; `undefined` over HTTP/1.1. */
	readonly http2: Http2Side | undefined;
	/** Written on the way, read by the log alone. */
	page: RequestEntry['page'];
	/** Lets our own packaged files answer instead, by their path below `/.casper`. */
	toClientFiles(path: string): void;
	/** The request's content; `undefined` where it breaks off, or is longer than `limit` bytes. */
	readContent(limit: number): Promise<Buffer | undefined>;
}

/** The HTTP/2 side of an exchange. */
export interface Http2Side {
	readonly stream: ServerHttp2Stream;
	readonly connection: Connection;
	/** The client's settings allow pushes and at least one pushed stream. */
	readonly acceptsPush: boolean;
}

/** What answers requests. */
export interface Answerer {
	openConnection(session: ConstructorParameters<typeof PushQueue>[0]): Connection;
	answer(exchange: Exchange): void;
}

type Listener = ((entry: RequestEntry) => void) | undefined;

/** How requests are taken. */
export interface TakingOptions {
	/** Told of each request when its answer has ended. */
	readonly onRequest: Listener;
	/** Answers what is no request to the site, and says whether it did; nobody is told of that. */
	readonly answerAside?: ((exchange: Exchange) => boolean) | undefined;
	/** Believe what a proxy says of its clients. */
	readonly trustProxy?: boolean;
}

/** Hands every request that `engines` bring to `answerer`. */
export const takeRequests = (
	engines: Engines,
	answerer: Answerer,
	{ onRequest, answerAside, trustProxy = false }: TakingOptions,
): void => {
	const connections = new WeakMap<Http2Session, Connection>();
	const turns = new Turns();
	engines.http2.on('session', (session) => connections.set(session, answerer.openConnection(session)));
	engines.http2.on('stream', (stream, headers) => {
		const { session } = stream;
		const connection = session && connections.get(session);
		// Of a session that broke in the meantime: unheard, the error of its stream would be the end of the process.
		if (connection === undefined) return void stream.on('error', () => {});
		const exchange = new Http2Exchange(
			stream,
			headers,
			connection,
			trustProxy ? readForwarded(headers) : undefined,
		);
		if (answerAside?.(exchange)) return;
		if (onRequest !== undefined) tellWhenOver(exchange, 'HTTP/2', session?.socket.remoteAddress, onRequest);
		turns.take(connection, () => stream.closed || answerer.answer(exchange));
	});
	takeHttp1Requests(
		engines.http1,
		// Node reads no more of a connection than it answers: its requests cannot pile up.
		(exchange) => answerer.answer(exchange),
		onRequest,
		answerAside,
		trustProxy,
	);
	// A broken connection is its client's loss; without a listener it would be the end of the process.
	engines.http2.on('sessionError', () => {});
};

/** The part of {@link takeRequests} that HTTP/1.1 has in it. */
export const takeHttp1Requests = (
	http1: HttpServer,
	answer: (exchange: Exchange) => void,
	onRequest: Listener,
	answerAside?: TakingOptions['answerAside'],
	trustProxy = false,
): void => {
	http1.on('request', (request, response) => {
		// What is left of a packet is parsed even when its connection has been ended.
		if (request.socket.destroyed) return;
		const forwarded = trustProxy ? readForwarded(request.headers) : undefined;
		const exchange = new Http1Exchange(request, response, forwarded);
		if (answerAside?.(exchange)) return;
		if (onRequest !== undefined) tellWhenOver(exchange, 'HTTP/1.1', request.socket.remoteAddress, onRequest);
		answer(exchange);
	});
};

/** Its own HTTP/2 side: one object a request, since at tens of thousands a second each one counts. */
class Http2Exchange implements Exchange, Http2Side {
	readonly stream: ServerHttp2Stream;
	readonly fields: IncomingHttpHeaders;
	readonly connection: Connection;
	readonly reply: Reply;
	readonly forwarded: Forwarded | undefined;
	page: RequestEntry['page'];

	constructor(
		stream: ServerHttp2Stream,
		fields: IncomingHttpHeaders,
		connection: Connection,
		forwarded: Forwarded | undefined,
	) {
		this.stream = stream;
		this.fields = fields;
		this.connection = connection;
		this.forwarded = forwarded;
		this.reply = new StreamReply(stream);
	}

	get http2(): Http2Side {
		return this;
	}

	get method(): string {
		return this.fields[':method'] ?? 'GET';
	}

	get target(): string {
		return this.fields[':path'] ?? '';
	}

	get authority(): string {
		return this.forwarded?.host ?? authorityOf(this.target, this.fields[':authority'] ?? this.fields.host);
	}

	get acceptsPush(): boolean {
		const { stream } = this;
		return stream.pushAllowed && stream.session?.remoteSettings?.maxConcurrentStreams !== 0;
	}

	readContent(limit: number): Promise<Buffer | undefined> {
		return readAll(this.stream, limit);
	}

	toClientFiles(path: string): void {
		const request = new Http2ServerRequest(this.stream, this.fields, {}, []);
		const response = new Http2ServerResponse(this.stream);
		// The compatibility classes have all that a file server uses of the originals.
		serveClientFile(
			request as unknown as IncomingMessage,
			response as unknown as ServerResponse,
			path,
			this.reply,
		);
	}
}

class Http1Exchange implements Exchange {
	readonly #request: IncomingMessage;
	readonly #response: ServerResponse;
	readonly reply: Reply;
	readonly http2: undefined;
	readonly forwarded: Forwarded | undefined;
	page: RequestEntry['page'];

	constructor(request: IncomingMessage, response: ServerResponse, forwarded: Forwarded | undefined) {
		this.#request = request;
		this.forwarded = forwarded;
		this.#response = response;
		this.reply = new ResponseReply(response);
	}

	get method(): string {
		return this.#request.method ?? 'GET';
	}

	get target(): string {
		return this.#request.url ?? '';
	}

	get authority(): string {
		return this.forwarded?.host ?? authorityOf(this.target, this.#request.headers.host);
	}

	get fields(): Fields {
		return this.#request.headers;
	}

	readContent(limit: number): Promise<Buffer | undefined> {
		return readAll(this.#request, limit);
	}

	toClientFiles(path: string): void {
		serveClientFile(this.#request, this.#response, path, this.reply);
	}
}

const readAll = (source: Readable, limit: number): Promise<Buffer | undefined> =>
	new Promise((resolve) => {
		const pieces: Buffer[] = [];
		let size = 0;
		const take = (piece: Buffer): void => {
			size += piece.length;
			if (size <= limit) return void pieces.push(piece);
			source.off('data', take);
			resolve(undefined);
		};
		source.on('data', take);
		source.once('end', () => resolve(Buffer.concat(pieces)));
		source.once('close', () => resolve(undefined));
	});

const tellWhenOver = (
	exchange: Exchange,
	protocol: RequestEntry['protocol'],
	address: string | undefined,
	listener: NonNullable<Listener>,
): void => {
	const time = new Date();
	const started = performance.now();
	const { method, target, fields, reply } = exchange;
	reply.body.once('close', () =>
		listener({
			time,
			method,
			target,
			protocol,
			status: reply.status,
			bytes: method === 'HEAD' ? 0 : reply.length,
			durationMs: performance.now() - started,
			remoteAddress: exchange.forwarded?.address ?? address ?? '-',
			referer: textOf(fields.referer),
			userAgent: textOf(fields['user-agent']),
			page: exchange.page,
		}),
	);
};

const textOf = (field: Fields[string]): string | undefined =>
	typeof field === 'object' ? field.join(', ') : field;
