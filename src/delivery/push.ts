// HTTP/2 server push (RFC 9113 §8.4): all promises before the document, their responses after it, in plan order.

import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Delivery } from '../plan.ts';
import { type Bodies, streamFile } from './body.ts';
import type { AssetFields } from './fields.ts';
import { type Reply, StreamReply } from './reply.ts';

/** Clients reset every promise that would make more than so many reserved streams (nghttp2's default). */
export const MAX_RESERVED = 200;
/** More pushes at a time would only share the same bandwidth, and what is needed first would arrive last. */
const MAX_OPEN = 2;
/**
 * A document that has not gone out by then is not waiting for bandwidth alone: a client may have stopped reading it
 * until it gets a style sheet. In milliseconds.
 */
const STALL_MS = 25;

interface Promised {
	readonly delivery: Delivery;
	readonly stream: ServerHttp2Stream;
	readonly reply: Reply;
}

/** The pushes of one connection. */
export class PushQueue {
	readonly #session: ServerHttp2Session;
	readonly #bodies: Bodies;
	readonly #fieldsOf: (asset: Delivery['asset']) => AssetFields;
	readonly #queue: Promised[] = [];
	/** Promised and not closed yet. */
	#reserved = 0;
	#open = 0;

	constructor(
		session: ServerHttp2Session,
		bodies: Bodies,
		fieldsOf: (asset: Delivery['asset']) => AssetFields,
	) {
		this.#session = session;
		this.#bodies = bodies;
		this.#fieldsOf = fieldsOf;
	}

	/** How many more promises the client will keep. */
	get room(): number {
		return MAX_RESERVED - this.#reserved;
	}

	/**
	 * Promises `deliveries` on the stream of the document, which must not have been answered yet. Their responses follow
	 * once the document has gone out. Returns those that could be promised.
	 */
	promise(
		document: ServerHttp2Stream,
		deliveries: readonly Delivery[],
		authority: string,
	): readonly Delivery[] {
		const batch: Promised[] = [];
		const promised = deliveries.filter((delivery) => this.#promiseOne(document, delivery, authority, batch));
		if (promised.length > 0) whenSent(document, () => this.#release(batch));
		return promised;
	}

	#promiseOne(
		document: ServerHttp2Stream,
		delivery: Delivery,
		authority: string,
		batch: Promised[],
	): boolean {
		// Both change at any time: a client can switch pushes off, or go away, between two promises.
		if (!document.pushAllowed) return false;
		const { dependency, asset, verdict } = delivery;
		const fields = {
			':method': 'GET',
			':authority': authority,
			':path': dependency.url,
			...(verdict === 'confirm' ? { 'if-none-match': asset.etag } : {}),
		};
		try {
			document.pushStream(fields, (error, stream) => {
				if (error) return void this.#reserved--;
				const reply = new StreamReply(stream);
				stream.once('close', () => this.#reserved--);
				batch.push({ delivery, stream, reply });
			});
		} catch {
			return false;
		}
		this.#reserved++;
		return true;
	}

	#release(batch: readonly Promised[]): void {
		this.#queue.push(...batch);
		this.#advance();
	}

	#advance(): void {
		const most = Math.min(MAX_OPEN, this.#session.remoteSettings?.maxConcurrentStreams ?? MAX_OPEN);
		for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
			const isConfirmation = next.delivery.verdict === 'confirm';
			if (!isConfirmation && this.#open >= most) return;
			this.#queue.shift();
			// The client may have declined it in the meantime.
			if (next.stream.destroyed || next.stream.closed) continue;
			// A 304 opens its stream and closes it in one frame, so it takes no place from others.
			if (isConfirmation) next.reply.head(304, this.#fieldsOf(next.delivery.asset).notModified, true);
			else this.#answer(next);
		}
	}

	#answer({ delivery: { asset }, stream, reply }: Promised): void {
		this.#open++;
		stream.once('close', () => {
			this.#open--;
			this.#advance();
		});
		const bytes = this.#bodies.peek(asset);
		if (bytes === undefined) return void this.#answerFromDisk(asset, reply);
		reply.head(200, this.#fieldsOf(asset).full, bytes.length === 0);
		if (bytes.length > 0) reply.body.end(bytes);
	}

	async #answerFromDisk(asset: Delivery['asset'], reply: Reply): Promise<void> {
		const body = await this.#bodies.open(asset);
		// The version that was promised is gone: the client asks for the one that took its place.
		if (body === undefined) return reply.reset();
		reply.head(200, this.#fieldsOf(asset).full, false);
		if (body.kind === 'held') reply.body.end(body.bytes);
		else if (!(await streamFile(asset, body.handle, reply.body))) reply.reset();
	}
}

/** Calls `then` once, when `stream` has handed over its last byte, or has come to an end or to a standstill. */
const whenSent = (stream: ServerHttp2Stream, then: () => void): void => {
	const settle = (): void => {
		clearTimeout(timer);
		stream.off('finish', settle).off('close', settle);
		then();
	};
	const timer = setTimeout(settle, STALL_MS);
	stream.on('finish', settle).on('close', settle);
};
