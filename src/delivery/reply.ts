// One answer, over HTTP/2 or HTTP/1.1. Whatever goes wrong with a stream ends that stream only.

import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Writable } from 'node:stream';

/** The fields of a response, names in lower case, and its status as HTTP/2 has it (RFC 9113 §8.3.2). */
export interface ResponseFields {
	readonly ':status': number;
	readonly [name: string]: string | number;
}

/** Where an answer goes to. */
export interface Reply {
	/** The status sent; 0 before. */
	readonly status: number;
	/** The body's length in bytes: as announced, else as {@link Reply.count} has it. */
	readonly length: number;
	/** Notes that so many bytes of a body whose length was not announced are on their way. */
	count(bytes: number): void;
	/** Sends status and fields; with `isEnd` that is all. */
	head(fields: ResponseFields, isEnd: boolean): void;
	/** Takes the body, after {@link Reply.head}. */
	readonly body: Writable;
	/** Ends the answer as broken, so that no client takes what it has for the whole. */
	reset(): void;
}

const ignore = (): void => {};

/** The answer on an HTTP/2 stream, a pushed one included. */
export class StreamReply implements Reply {
	readonly body: ServerHttp2Stream;
	#counted = 0;

	constructor(stream: ServerHttp2Stream) {
		stream.on('error', ignore);
		this.body = stream;
	}

	get status(): number {
		return Number(this.body.sentHeaders?.[':status'] ?? 0);
	}

	get length(): number {
		return Number(this.body.sentHeaders?.['content-length'] ?? this.#counted);
	}

	count(bytes: number): void {
		this.#counted += bytes;
	}

	head(fields: ResponseFields, isEnd: boolean): void {
		const { body } = this;
		if (body.destroyed || body.closed) return;
		body.respond(fields, isEnd ? { endStream: true } : undefined);
	}

	reset(): void {
		// `close` would end the body first: what is there of it would then arrive as the whole, and the reset after it.
		this.body.destroy(new Error('the file is no longer what was announced'));
	}
}

/** The answer to an HTTP/1.1 request. */
export class ResponseReply implements Reply {
	readonly body: ServerResponse;
	#length: number | undefined;
	#counted = 0;

	constructor(response: ServerResponse) {
		response.on('error', ignore);
		this.body = response;
	}

	get status(): number {
		return this.body.headersSent ? this.body.statusCode : 0;
	}

	get length(): number {
		return this.#length ?? Number(this.body.getHeader('content-length') ?? this.#counted);
	}

	count(bytes: number): void {
		this.#counted += bytes;
	}

	head({ ':status': status, ...fields }: ResponseFields, isEnd: boolean): void {
		const length = fields['content-length'];
		if (length !== undefined) this.#length = Number(length);
		this.body.writeHead(status, fields);
		if (isEnd) this.body.end();
	}

	reset(): void {
		this.body.destroy();
	}
}

/**
 * Answers with a text that was made for this request, which nobody is to keep.
 * @param type of text: `text/html`
 */
export const sendText = (
	reply: Reply,
	status: number,
	type: string,
	text: string,
	isHead: boolean,
	extra: Readonly<Record<string, string | number>> = {},
): void => {
	const body = Buffer.from(text);
	reply.head(
		{
			':status': status,
			'content-type': `${type}; charset=utf-8`,
			'content-length': body.length,
			'cache-control': 'no-store',
			'x-content-type-options': 'nosniff',
			...extra,
		},
		isHead,
	);
	if (!isHead) reply.body.end(body);
};
