// One answer, over HTTP/2 or HTTP/1.1. Whatever goes wrong with a stream ends that stream only.

import type { ServerResponse } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Writable } from 'node:stream';

/** Response fields; names in lower case. */
export type ResponseFields = Readonly<Record<string, string | number>>;

/** Where an answer goes to. */
export interface Reply {
	/** Sends status and fields; with `isEnd` that is all. */
	head(status: number, fields: ResponseFields, isEnd: boolean): void;
	/** Takes the body, after {@link Reply.head}. */
	readonly body: Writable;
	/** Ends the answer as broken, so that no client takes what it has for the whole. */
	reset(): void;
}

const ignore = (): void => {};

/** The answer on an HTTP/2 stream, a pushed one included. */
export const replyOnStream = (stream: ServerHttp2Stream): Reply => {
	stream.on('error', ignore);
	return {
		head: (status, fields, isEnd) => {
			if (!stream.destroyed && !stream.closed)
				stream.respond({ ':status': status, ...fields }, { endStream: isEnd });
		},
		body: stream,
		reset: () => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
	};
};

/** The answer to an HTTP/1.1 request. */
export const replyOnResponse = (response: ServerResponse): Reply => {
	response.on('error', ignore);
	return {
		head: (status, fields, isEnd) => {
			response.writeHead(status, fields);
			if (isEnd) response.end();
		},
		body: response,
		reset: () => response.destroy(),
	};
};
