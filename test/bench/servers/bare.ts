// What every bare server shares: a secure node:http2 server and the recording it repeats.
// Started as `node --import tsx <script> <recording.json> <cert> <key>`; prints its URL.

import { readFileSync } from 'node:fs';
import { createSecureServer, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { bodyOf, type RecordedPage, type RecordedResponse } from '../recording.ts';

/** A response made ready: what is left to do at request time is what node:http2 does. */
export interface ReadyResponse {
	readonly fields: OutgoingHttpHeaders;
	readonly isDated: boolean;
	readonly body: Buffer;
}

export function ready(response: RecordedResponse): ReadyResponse {
	return {
		fields: response.fields as OutgoingHttpHeaders,
		isDated: response.isDated,
		body: bodyOf(response),
	};
}

export function readRecording(): readonly RecordedPage[] {
	return JSON.parse(readFileSync(process.argv[2]!, 'utf8'));
}

export function send(stream: ServerHttp2Stream, response: ReadyResponse): void {
	if (!response.isDated) (stream as unknown as { sendDate: boolean }).sendDate = false;
	stream.respond(response.fields);
	stream.end(response.body);
}

export function listen(onStream: (stream: ServerHttp2Stream, fields: OutgoingHttpHeaders) => void): void {
	const [, , , cert, key] = process.argv;
	const server = createSecureServer({ cert: readFileSync(cert!), key: readFileSync(key!) });
	server.on('stream', onStream);
	server.on('sessionError', () => {});
	server.listen(0, 'localhost', () => {
		console.log(`https://localhost:${(server.address() as AddressInfo).port}/`);
	});
}
