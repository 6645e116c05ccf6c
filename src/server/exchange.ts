// Requests as the two protocols bring them, in one form for the pipeline, and noted for the log when they are over.

import type { IncomingMessage, ServerResponse } from 'node:http';
import {
	Http2ServerRequest,
	Http2ServerResponse,
	type Http2Session,
	type IncomingHttpHeaders,
	type ServerHttp2Stream,
} from 'node:http2';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';
import type { PushQueue } from '../delivery/push.ts';
import { refuse } from '../delivery/refusal.ts';
import { type Reply, replyOnResponse, replyOnStream } from '../delivery/reply.ts';
import type { ConnectionRecord } from '../digest/knowledge.ts';
import type { Fields } from '../http/request.ts';
import type { RequestEntry } from '../log.ts';
import type { Pipeline } from './pipeline.ts';
import type { Engines } from './sockets.ts';

/** What lasts as long as an HTTP/2 connection. */
export interface Connection {
	/** What it was given. */
	readonly record: ConnectionRecord;
	readonly pushes: PushQueue;
}

/** A request and where its answer goes. */
export interface Exchange {
	readonly method: string;
	/** The request target as the client wrote it. */
	readonly target: string;
	readonly fields: Fields;
	readonly reply: Reply;
	/** `undefined` over HTTP/1.1. */
	readonly http2:
		| {
				readonly stream: ServerHttp2Stream;
				readonly connection: Connection;
				readonly authority: string;
				/** The client's settings allow pushes and at least one pushed stream. */
				readonly acceptsPush: boolean;
		  }
		| undefined;
	/** Lets our own packaged files answer instead, by their path below `/.casper`. */
	readonly toClientFiles: (path: string) => void;
	/** Written on the way, read by the log alone. */
	readonly noted: { page?: NonNullable<RequestEntry['page']> };
}

type Listener = ((entry: RequestEntry) => void) | undefined;

const clientFiles = sirv(fileURLToPath(new URL('../client', import.meta.url)), {
	etag: true,
	extensions: [],
});

/** Hands every request that `engines` bring to `pipeline`, and tells `listener` of it when its answer has ended. */
export const takeRequests = (engines: Engines, pipeline: Pipeline, listener: Listener): void => {
	const connections = new WeakMap<Http2Session, Connection>();
	engines.http2.on('session', (session) => connections.set(session, pipeline.openConnection(session)));
	engines.http2.on('stream', (stream, headers) => {
		const { session } = stream;
		const connection = session && connections.get(session);
		if (connection !== undefined) pipeline.answer(fromStream(stream, headers, connection, listener));
	});
	engines.http1.on('request', (request, response) =>
		pipeline.answer(fromRequest(request, response, listener)),
	);
	// A broken connection is its client's loss; without a listener it would be the end of the process.
	engines.http2.on('sessionError', () => {});
};

const fromStream = (
	stream: ServerHttp2Stream,
	headers: IncomingHttpHeaders,
	connection: Connection,
	listener: Listener,
): Exchange => {
	const method = headers[':method'] ?? 'GET';
	const target = headers[':path'] ?? '';
	const noted: Exchange['noted'] = {};
	const address = (): string => stream.session?.socket?.remoteAddress ?? '-';
	const facts = { method, target, protocol: 'HTTP/2' as const, fields: headers, noted };
	const reply = noteReply(replyOnStream(stream), facts, address, listener);
	return {
		method,
		target,
		fields: headers,
		reply,
		http2: {
			stream,
			connection,
			authority: headers[':authority'] ?? headers.host ?? '',
			get acceptsPush() {
				return stream.pushAllowed && stream.session?.remoteSettings?.maxConcurrentStreams !== 0;
			},
		},
		toClientFiles: (path) => {
			const request = new Http2ServerRequest(stream, headers, {}, []);
			serveClientFile(
				request as unknown as IncomingMessage,
				new Http2ServerResponse(stream) as unknown as ServerResponse,
				path,
				reply,
			);
		},
		noted,
	};
};

const fromRequest = (request: IncomingMessage, response: ServerResponse, listener: Listener): Exchange => {
	const { method = 'GET', url: target = '', headers: fields } = request;
	const noted: Exchange['noted'] = {};
	const address = (): string => request.socket.remoteAddress ?? '-';
	const facts = { method, target, protocol: 'HTTP/1.1' as const, fields, noted };
	const reply = noteReply(replyOnResponse(response), facts, address, listener);
	return {
		method,
		target,
		fields,
		reply,
		http2: undefined,
		toClientFiles: (path) => serveClientFile(request, response, path, reply),
		noted,
	};
};

/** Range is taken away: a malformed one throws out of sirv and would end the process. */
const serveClientFile = (
	request: IncomingMessage,
	response: ServerResponse,
	path: string,
	reply: Reply,
): void => {
	const { method = 'GET', headers } = request;
	if (method !== 'GET' && method !== 'HEAD')
		return refuse(reply, 405, headers, false, { allow: 'GET, HEAD' });
	delete headers.range;
	request.url = path;
	clientFiles(request, response, () => refuse(reply, 404, headers, method === 'HEAD'));
};

type Facts = Pick<RequestEntry, 'method' | 'target' | 'protocol'> & Pick<Exchange, 'fields' | 'noted'>;

/** `reply`, watched for the log if anybody reads it. */
const noteReply = (reply: Reply, facts: Facts, address: () => string, listener: Listener): Reply => {
	if (listener === undefined) return reply;
	const time = new Date();
	const started = performance.now();
	const remoteAddress = address();
	let status = 0;
	let bytes = 0;
	reply.body.once('close', () => {
		const { method, target, protocol, fields, noted } = facts;
		listener({
			time,
			method,
			target,
			protocol,
			status,
			bytes,
			durationMs: performance.now() - started,
			remoteAddress,
			referer: textOf(fields.referer),
			userAgent: textOf(fields['user-agent']),
			page: noted.page,
		});
	});
	return {
		...reply,
		head: (code, fields, isEnd) => {
			status = code;
			bytes = isEnd ? 0 : Number(fields['content-length'] ?? 0);
			reply.head(code, fields, isEnd);
		},
	};
};

const textOf = (field: Fields[string]): string | undefined =>
	typeof field === 'object' ? field.join(', ') : field;
