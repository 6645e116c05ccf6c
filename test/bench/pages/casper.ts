// casper-serve as a process of its own, as it is in src/, that writes a line for each request into a file; and the same
// answers from a bare server that sends the `Link` field of a document ahead, as 103 (casper-serve does not).
// Started as `node --import tsx casper.ts <JSON of Command>`; prints its URL.

import { createWriteStream, readFileSync } from 'node:fs';
import { connect, createSecureServer, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { ServeOptions } from '../../../src/options.ts';
import { serve } from '../../../src/server.ts';

export interface Command {
	readonly directory: string;
	/** A line for each request: status, target and bytes of the body. */
	readonly log: string;
	readonly options: ServeOptions;
	/** Given, the answers to these paths are recorded, and repeated with a 103. */
	readonly early?: { readonly paths: readonly string[]; readonly pem: string };
}

/** Asked for, this path makes the server with the 103 record anew. */
export const recordAgain = '/.bench/record';

if (process.argv[1] === import.meta.filename) await run(JSON.parse(process.argv[2]!));

async function run({ directory, log, options, early }: Command): Promise<void> {
	const lines = createWriteStream(log, { flags: 'a' });
	const note = (status: number, target: string, bytes: number): void =>
		void lines.write(`${status} ${target} ${bytes}\n`);
	const server = await serve(directory, {
		live: false,
		...options,
		onProblem: (message) => console.error(message),
		...(early === undefined && { onRequest: ({ status, target, bytes }) => note(status, target, bytes) }),
	});
	await server.ready;
	console.log(early === undefined ? String(server.url) : await openEarly(server.url, early, note));
}

interface Recorded {
	readonly fields: OutgoingHttpHeaders;
	readonly body: Buffer;
}

async function openEarly(
	origin: string | URL,
	{ paths, pem }: NonNullable<Command['early']>,
	note: (status: number, target: string, bytes: number) => void,
): Promise<string> {
	const text = readFileSync(pem, 'utf8');
	let recording = await recordAll(origin, paths, text);
	const server = createSecureServer({ cert: text, key: text });
	server.on('sessionError', () => {});
	server.on('stream', async (stream, asked) => {
		stream.on('error', () => {});
		const target = asked[':path']!;
		if (target === recordAgain) {
			recording = await recordAll(origin, paths, text);
			stream.respond({ ':status': 204 }, { endStream: true });
			return;
		}
		const recorded = recording.get(target);
		if (recorded === undefined) {
			note(404, target, 0);
			stream.respond({ ':status': 404 }, { endStream: true });
			return;
		}
		const { link, ...fields } = recorded.fields;
		if (link !== undefined) stream.additionalHeaders({ ':status': 103, link });
		const isHeld = asked['if-none-match'] === fields.etag;
		note(isHeld ? 304 : 200, target, isHeld ? 0 : recorded.body.length);
		if (!isHeld) {
			stream.respond(fields);
			stream.end(recorded.body);
			return;
		}
		const { 'content-length': _, 'content-encoding': __, 'content-type': ___, ...kept } = fields;
		stream.respond({ ...kept, ':status': 304 }, { endStream: true });
	});
	await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
	return `https://localhost:${(server.address() as AddressInfo).port}/`;
}

/** What the server answers a browser that has nothing. */
async function recordAll(
	origin: string | URL,
	paths: readonly string[],
	ca: string,
): Promise<ReadonlyMap<string, Recorded>> {
	const client = connect(origin, { ca, settings: { enablePush: false } });
	const record = (path: string): Promise<Recorded> =>
		new Promise((resolve, reject) => {
			const isPage = path === '/';
			const stream = client.request({
				':path': path,
				'accept-encoding': 'gzip, deflate, br, zstd',
				...(isPage && { accept: 'text/html', 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' }),
			});
			let fields: OutgoingHttpHeaders = {};
			const pieces: Buffer[] = [];
			stream.on('response', ({ date: _, ...given }: IncomingHttpHeaders) => {
				fields = given;
			});
			stream.on('data', (piece) => pieces.push(piece));
			stream.on('end', () => resolve({ fields, body: Buffer.concat(pieces) }));
			stream.on('error', reject);
		});
	try {
		return new Map(await Promise.all(paths.map(async (path) => [path, await record(path)] as const)));
	} finally {
		client.close();
	}
}
