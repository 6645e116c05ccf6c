// Requests as the two protocols bring them, in one form for the pipeline, and told to the log when they are over.

import type { IncomingMessage, ServerResponse } from 'node:http';
import {
	Http2ServerRequest,
	Http2ServerResponse,
	type Http2Session,
	type IncomingHttpHeaders,
	type ServerHttp2Stream,
} from 'node:http2';
import type { Connection } from '../delivery/page-view.ts';
import type { PushQueue } from '../delivery/push.ts';
import { type Reply, ResponseReply, StreamReply } from '../delivery/reply.ts';
import type { Fields } from '../http/request.ts';
import type { RequestEntry } from '../log.ts';
import { serveClientFile } from './client-files.ts';
import type { Engines } from './sockets.ts';

/** A request and where its answer goes. */
export interface Exchange {
	readonly method: string;
	/** The request target as the client wrote it. */
	readonly target: string;
	/** Host and port as the client names them; empty where it does not. */
	readonly authority: string;
	readonly fields: Fields;
	readonly reply: Reply;
	/** What only HTTP/2 has; `undefined` over HTTP/1.1. */
	readonly http2: Http2Side | undefined;
	/** Written on the way, read by the log alone. */
	page: RequestEntry['page'];
	/** Lets our own packaged files answer instead, by their path below `/.casper`. */
	toClientFiles(path: string): void;
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

/** Hands every request that `engines` bring to `answerer`, and tells `listener` of it when its answer has ended. */
export const takeRequests = (engines: Engines, answerer: Answerer, listener: Listener): void => {
	const connections = new WeakMap<Http2Session, Connection>();
	const answer = (
		exchange: Exchange,
		protocol: RequestEntry['protocol'],
		address: string | undefined,
	): void => {
		if (listener !== undefined) tellWhenOver(exchange, protocol, address, listener);
		answerer.answer(exchange);
	};
	engines.http2.on('session', (session) => connections.set(session, answerer.openConnection(session)));
	engines.http2.on('stream', (stream, headers) => {
		const { session } = stream;
		const connection = session && connections.get(session);
		// Of a session that broke in the meantime: unheard, the error of its stream would be the end of the process.
		if (connection === undefined) return void stream.on('error', () => {});
		answer(
			new Http2Exchange(stream, headers, connection),
			'HTTP/2',
			listener && session?.socket.remoteAddress,
		);
	});
	engines.http1.on('request', (request, response) =>
		answer(new Http1Exchange(request, response), 'HTTP/1.1', request.socket.remoteAddress),
	);
	// A broken connection is its client's loss; without a listener it would be the end of the process.
	engines.http2.on('sessionError', () => {});
};

/** Its own HTTP/2 side: one object a request, since at tens of thousands a second each one counts. */
class Http2Exchange implements Exchange, Http2Side {
	readonly stream: ServerHttp2Stream;
	readonly fields: IncomingHttpHeaders;
	readonly connection: Connection;
	readonly reply: Reply;
	page: RequestEntry['page'];

	constructor(stream: ServerHttp2Stream, fields: IncomingHttpHeaders, connection: Connection) {
		this.stream = stream;
		this.fields = fields;
		this.connection = connection;
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
		return this.fields[':authority'] ?? this.fields.host ?? '';
	}

	get acceptsPush(): boolean {
		const { stream } = this;
		return stream.pushAllowed && stream.session?.remoteSettings?.maxConcurrentStreams !== 0;
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
	page: RequestEntry['page'];

	constructor(request: IncomingMessage, response: ServerResponse) {
		this.#request = request;
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
		return this.#request.headers.host ?? '';
	}

	get fields(): Fields {
		return this.#request.headers;
	}

	toClientFiles(path: string): void {
		serveClientFile(this.#request, this.#response, path, this.reply);
	}
}

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
			remoteAddress: address ?? '-',
			referer: textOf(fields.referer),
			userAgent: textOf(fields['user-agent']),
			page: exchange.page,
		}),
	);
};

const textOf = (field: Fields[string]): string | undefined =>
	typeof field === 'object' ? field.join(', ') : field;
