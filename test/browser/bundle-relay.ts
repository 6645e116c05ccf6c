// A relay between a browser and a server, HTTP/2 on both sides, that breaks answers off or changes them. Bundles pass it
// uncoded, so that it knows where in one it is.

import { readFile } from 'node:fs/promises';
import {
	type ClientHttp2Session,
	type ClientHttp2Stream,
	connect,
	constants,
	createSecureServer,
	type IncomingHttpHeaders,
	type ServerHttp2Session,
	type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { BUNDLE_TYPE, type Frame, FrameReader } from '../../src/http/bundle-format.ts';
import { onEnd } from '../support/server.ts';

/** How much of a bundle goes through before its stream is reset, from what it consists of; `undefined`: all. */
export type Cut = (frames: readonly Placed[]) => number | undefined;

/** A frame and the place of its first byte. */
export interface Placed extends Frame {
	readonly at: number;
}

export interface BundleRelay {
	/** Without a slash. */
	readonly origin: string;
	/** Cuts the next bundle, and that alone. */
	cut: Cut | undefined;
	/** What is put in the place of the answers to a path. */
	readonly changed: Map<string, (body: Buffer) => Buffer>;
	/** Answers everything with this status and nothing else. */
	status: number | undefined;
}

/** Of one frame. */
const HEAD_BYTES = 7;
const HOP_BY_HOP = ['connection', 'content-length'];

/** Opens one to `port`, with the certificate of the servers of a stage, to be closed by `endAll`. */
export const openBundleRelay = async (port: () => number, storage: string): Promise<BundleRelay> => {
	const pem = await readFile(join(storage, 'localhost.pem'));
	const server = createSecureServer({ cert: pem, key: pem });
	const sessions = new Map<ServerHttp2Session, ClientHttp2Session>();
	server.on('session', (session) => {
		const upstream = connect(`https://localhost:${port()}`, { ca: pem, settings: { enablePush: false } });
		sessions.set(session, upstream);
		upstream.on('error', () => session.destroy());
		upstream.on('close', () => session.destroy());
		session.on('error', () => {});
		session.on('close', () => {
			sessions.delete(session);
			upstream.destroy();
		});
	});
	await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
	const relay: BundleRelay = {
		origin: `https://localhost:${(server.address() as AddressInfo).port}`,
		cut: undefined,
		changed: new Map(),
		status: undefined,
	};
	server.on('stream', (stream, headers) => {
		stream.on('error', () => {});
		const upstream = sessions.get(stream.session as ServerHttp2Session);
		if (upstream === undefined) return stream.close();
		if (relay.status !== undefined) return stream.respond({ ':status': relay.status }, { endStream: true });
		pass(relay, stream, upstream, headers);
	});
	onEnd(async () => {
		const closed = new Promise((resolve) => server.close(resolve));
		for (const session of sessions.keys()) session.destroy();
		await closed;
	});
	return relay;
};

const pass = (
	relay: BundleRelay,
	stream: ServerHttp2Stream,
	upstream: ClientHttp2Session,
	headers: IncomingHttpHeaders,
): void => {
	const change = relay.changed.get(headers[':path'] ?? '');
	const { 'accept-encoding': coding, ...others } = headers;
	// What is to be changed must be whole, and readable.
	if (change !== undefined) delete others['if-none-match'];
	const isPlain = change !== undefined || headers['service-worker-navigation-preload'] !== undefined;
	const answer: ClientHttp2Stream = upstream.request(isPlain ? others : headers, { endStream: true });
	answer.on('error', () => stream.close());
	stream.once('close', () => answer.close());
	answer.on('response', async (fields) => {
		const isBundle = fields['content-type'] === BUNDLE_TYPE;
		const own = Object.fromEntries(
			Object.entries(fields).filter(([name]) => !(isPlain && HOP_BY_HOP.includes(name))),
		);
		if (change === undefined && !(isBundle && relay.cut !== undefined)) {
			stream.respond(own);
			return void answer.pipe(stream);
		}
		const chunks: Buffer[] = [];
		try {
			for await (const chunk of answer) chunks.push(chunk);
		} catch {
			return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
		}
		const body = Buffer.concat(chunks);
		if (stream.destroyed) return;
		if (change !== undefined) {
			delete own.etag;
			stream.respond(own);
			return void stream.end(change(body));
		}
		const end = relay.cut?.(placed(body));
		relay.cut = undefined;
		stream.respond(own);
		stream.write(body.subarray(0, end));
		// What was written has arrived when a PING has come back; a reset could overtake it.
		stream.session?.ping(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
	});
};

const placed = (body: Buffer): readonly Placed[] => {
	let at = 0;
	return (new FrameReader().read(body) ?? []).map((frame) => {
		const start = at;
		at += HEAD_BYTES + frame.content.length;
		return { ...frame, at: start };
	});
};
