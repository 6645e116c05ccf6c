// What casper-serve answered, field by field, so that a bare server can say exactly the same. The bare servers are then
// the cost of node:http2 itself, and the ratio to them is the cost of deciding.

import { once } from 'node:events';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Faults } from './report.ts';

/** Names in lower case; a field that came several times is a list. */
export type Fields = Readonly<Record<string, string | readonly string[]>>;

export interface RecordedResponse {
	readonly path: string;
	/** With `:status`, without `date`. */
	readonly fields: Fields;
	readonly isDated: boolean;
	/** Base64, since a recording travels to the bare servers as JSON. */
	readonly body: string;
}

export interface RecordedPush extends RecordedResponse {
	/** Request fields of the promise, without `:authority`. */
	readonly promise: Fields;
}

export interface RecordedPage extends RecordedResponse {
	readonly pushes: readonly RecordedPush[];
}

/** Asks for each path with GET and these fields, on one connection, and keeps everything that came, pushes included. */
async function record(
	url: URL,
	paths: readonly string[],
	fields: Readonly<Record<string, string>>,
): Promise<readonly RecordedPage[]> {
	const session = connect(url, { rejectUnauthorized: false });
	await once(session, 'connect');
	const pages: RecordedPage[] = [];
	for (const path of paths) {
		const pushes: Promise<RecordedPush>[] = [];
		const onPush = (
			stream: NodeJS.ReadableStream,
			asked: IncomingHttpHeaders,
			_: number,
			raw: string[],
		): void => {
			const { ':authority': _authority, ...promise } = toFields(raw);
			pushes.push(answer(stream, 'push', asked[':path']!).then((response) => ({ ...response, promise })));
		};
		session.on('stream', onPush as never);
		const page = await answer(session.request({ ':path': path, ...fields }), 'response', path);
		// A promise can only come before the end of the document's stream (RFC 9113 §8.4), so these are all.
		pages.push({ ...page, pushes: await Promise.all(pushes) });
		session.off('stream', onPush as never);
	}
	session.close();
	return pages;
}

/**
 * Records until nothing is wrong with the recording, for at most 5 s: the server listens before its index is complete,
 * and may know a page before it knows what the page needs.
 */
export async function recordSettled(
	url: URL,
	paths: readonly string[],
	fields: Readonly<Record<string, string>>,
	faultsOf: (recording: readonly RecordedPage[]) => Faults,
): Promise<{ readonly recording: readonly RecordedPage[]; readonly faults: Faults }> {
	const began = performance.now();
	for (;;) {
		const recording = await record(url, paths, fields);
		const faults = faultsOf(recording);
		if (faults.isEmpty || performance.now() - began > 5000) return { recording, faults };
		await sleep(200);
	}
}

export function bodyOf(response: RecordedResponse): Buffer {
	return Buffer.from(response.body, 'base64');
}

async function answer(
	stream: NodeJS.ReadableStream,
	event: 'response' | 'push',
	path: string,
): Promise<RecordedResponse> {
	const responded = once(stream, event) as Promise<[IncomingHttpHeaders, number, string[]]>;
	const chunks: Buffer[] = [];
	stream.on('data', (chunk: Buffer) => chunks.push(chunk));
	const ended = once(stream, 'end');
	const [, , raw] = await responded;
	await ended;
	const { date, ...fields } = toFields(raw);
	return { path, fields, isDated: date !== undefined, body: Buffer.concat(chunks).toString('base64') };
}

function toFields(raw: readonly string[]): Record<string, string | readonly string[]> {
	const fields: Record<string, string | string[]> = {};
	for (let at = 0; at + 1 < raw.length; at += 2) {
		const name = raw[at]!;
		const value = raw[at + 1]!;
		const earlier = fields[name];
		if (earlier === undefined) fields[name] = value;
		else if (typeof earlier === 'string') fields[name] = [earlier, value];
		else earlier.push(value);
	}
	return fields;
}
