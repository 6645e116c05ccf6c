// HTTP/2 server push (RFC 9113 §8.4): all promises before the document, their responses after it, in plan order.

import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Delivery } from '../plan.ts';
import { type Bodies, type Body, streamFile } from './body.ts';
import type { AssetFields } from './fields.ts';
import { StreamReply } from './reply.ts';

/** Clients reset every promise that would make more than so many reserved streams (nghttp2's default). */
export const MAX_RESERVED = 200;
/** More pushes at a time would only share the same bandwidth, and what is needed first would arrive last. */
const MAX_OPEN = 2;
/**
 * Bodies that fit one DATA frame (RFC 9113 §4.2) do not share bandwidth: each is written whole, one after the other. They
 * go out together up to so many bytes, since a system call for every two of them would cost more than all else.
 */
const FRAME_BYTES = 2 ** 14;
const VOLLEY_BYTES = 2 ** 16;
/**
 * A document that has not gone out by then is not waiting for bandwidth alone: a client may have stopped reading it
 * until it gets a style sheet. In milliseconds.
 */
const STALL_MS = 25;

/** The pushes of one connection. */
export class PushQueue {
	readonly #session: ServerHttp2Session;
	readonly #bodies: Bodies;
	readonly #fieldsOf: (asset: Delivery['asset']) => AssetFields;
	readonly #queue: Pushed[] = [];
	/** Taken from the queue, but waiting for the disk, or for one before them that does. */
	readonly #reading: Pushed[] = [];
	/** Promised and not closed yet. */
	#reserved = 0;
	/** Answered with a body that has not gone out whole yet: how many, of which size, and how many need frames. */
	#open = 0;
	#openBytes = 0;
	#openLarge = 0;

	constructor(
		session: ServerHttp2Session,
		bodies: Bodies,
		fieldsOf: (asset: Delivery['asset']) => AssetFields,
	) {
		this.#session = session;
		this.#bodies = bodies;
		this.#fieldsOf = fieldsOf;
		// The client may take more streams than before.
		session.on('remoteSettings', () => this.#advance());
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
		const batch: Pushed[] = [];
		const promised: Delivery[] = [];
		for (const delivery of deliveries) {
			if (!this.#promiseOne(document, delivery, authority, batch)) break;
			promised.push(delivery);
		}
		if (promised.length > 0) whenSent(document, () => this.#release(batch));
		return promised;
	}

	#promiseOne(document: ServerHttp2Stream, delivery: Delivery, authority: string, batch: Pushed[]): boolean {
		const { dependency, asset, verdict } = delivery;
		const fields: Record<string, string> = {
			':method': 'GET',
			':authority': authority,
			':path': dependency.url,
		};
		if (verdict === 'confirm') fields['if-none-match'] = asset.etag;
		try {
			document.pushStream(fields, (error, stream) => {
				if (error) {
					this.#reserved--;
					return;
				}
				const pushed = new Pushed(delivery, stream);
				stream.on('close', () => this.#onClose(pushed));
				batch.push(pushed);
			});
		} catch {
			// A client can switch pushes off, or go away, between two promises.
			return false;
		}
		this.#reserved++;
		return true;
	}

	#release(batch: readonly Pushed[]): void {
		for (const pushed of batch) this.#queue.push(pushed);
		this.#advance();
	}

	#onClose(pushed: Pushed): void {
		this.#reserved--;
		if (!pushed.isOpen) return;
		this.#open--;
		this.#openBytes -= pushed.size;
		if (pushed.isLarge) this.#openLarge--;
		this.#advance();
	}

	#advance(): void {
		let taken = 0;
		for (; taken < this.#queue.length; taken++) {
			const next = this.#queue[taken];
			// The client may have declined it in the meantime.
			if (next === undefined || next.stream.destroyed || next.stream.closed) continue;
			if (!this.#hasPlaceFor(next)) break;
			this.#take(next);
		}
		if (taken > 0) this.#queue.splice(0, taken);
	}

	#hasPlaceFor({ isConfirmation, size, isLarge }: Pushed): boolean {
		if (this.#open >= (this.#session.remoteSettings?.maxConcurrentStreams ?? Number.POSITIVE_INFINITY))
			return false;
		// A 304 opens its stream and closes it in one frame: it needs a place for that long only.
		if (isConfirmation) return true;
		const isVolley = !isLarge && this.#openLarge === 0 && this.#openBytes + size <= VOLLEY_BYTES;
		return this.#open < MAX_OPEN || isVolley;
	}

	#take(pushed: Pushed): void {
		const { asset } = pushed.delivery;
		if (pushed.isConfirmation) pushed.body = 'none';
		else {
			pushed.isOpen = true;
			this.#open++;
			this.#openBytes += pushed.size;
			if (pushed.isLarge) this.#openLarge++;
			const bytes = this.#bodies.peek(asset);
			if (bytes === undefined) void this.#read(pushed);
			else pushed.body = { kind: 'held', bytes };
		}
		this.#reading.push(pushed);
		this.#answerReady();
	}

	async #read(pushed: Pushed): Promise<void> {
		// The version that was promised may be gone: the client asks for the one that took its place.
		pushed.body = (await this.#bodies.open(pushed.delivery.asset).catch(() => undefined)) ?? 'gone';
		this.#answerReady();
	}

	/** In plan order, whatever the order in which the disk gave the bodies. */
	#answerReady(): void {
		for (let next = this.#reading[0]; next?.body !== undefined; next = this.#reading[0]) {
			this.#reading.shift();
			this.#answer(next, next.body);
		}
	}

	#answer({ delivery: { asset }, reply }: Pushed, body: PushedBody): void {
		if (body === 'gone') return reply.reset();
		if (body === 'none') return reply.head(304, this.#fieldsOf(asset).notModified, true);
		reply.head(200, this.#fieldsOf(asset).full, asset.size === 0);
		if (body.kind === 'file')
			void streamFile(asset, body.handle, reply.body).then((isWhole) => isWhole || reply.reset());
		else if (asset.size > 0) reply.body.end(body.bytes);
	}
}

/** What a response is made of: a body, none as for a 304, or nothing any more. */
type PushedBody = Body | 'none' | 'gone';

/** A promise and what became of it. */
class Pushed {
	readonly delivery: Delivery;
	readonly stream: ServerHttp2Stream;
	readonly reply: StreamReply;
	/** `undefined` until it is known. */
	body: PushedBody | undefined;
	isOpen = false;

	constructor(delivery: Delivery, stream: ServerHttp2Stream) {
		// The reply listens for errors, which has to come before anything else.
		this.reply = new StreamReply(stream);
		this.delivery = delivery;
		this.stream = stream;
	}

	get isConfirmation(): boolean {
		return this.delivery.verdict === 'confirm';
	}

	get size(): number {
		return this.delivery.asset.size;
	}

	get isLarge(): boolean {
		return this.size > FRAME_BYTES;
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
