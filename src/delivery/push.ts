// HTTP/2 server push (RFC 9113 §8.4): all promises before the document, their responses after it, in plan order.

import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Coding } from '../http/content-coding.ts';
import type { Delivery } from '../plan.ts';
import type { Bodies, Body } from './body.ts';
import { codingFor } from './coding.ts';
import type { FieldSource } from './fields.ts';
import { StreamReply } from './reply.ts';
import { sendAnswer } from './send.ts';

/** Clients reset every promise that would make more than so many reserved streams (nghttp2's default). */
export const MAX_RESERVED = 200;
/** More pushes at a time would only share the same bandwidth, and what is needed first would arrive last. */
const MAX_OPEN = 2;
/**
 * Bodies that fit one DATA frame (RFC 9113 §4.2) do not share bandwidth: each is written whole, one after the other. They
 * go out together up to so many bytes, since a system call for every two of them would cost more than all else.
 */
const FRAME_BYTES = 2 ** 14;
const VOLLEY_BYTES = 2 ** 18;
/**
 * A document that has not gone out after this time, in milliseconds, or twice this, is not waiting for bandwidth alone: a
 * client may have stopped reading it until it gets a style sheet.
 */
const STALL_MS = 20;

/** The pushes of one connection. */
export class PushQueue {
	readonly #session: ServerHttp2Session;
	readonly #bodies: Bodies;
	readonly #fieldsOf: FieldSource;
	readonly #queue: Pushed[] = [];
	/** Taken from the queue, but waiting for the disk, or for one before them that does. */
	readonly #reading: Pushed[] = [];
	/** Promised with documents that are still on their way. */
	readonly #waiting = new Set<Batch>();
	#stallTimer: NodeJS.Timeout | undefined;
	/** Promised and not closed yet. */
	#reserved = 0;
	/** Answered with a body that has not gone out whole yet: how many, of which size, and how many need frames. */
	#open = 0;
	#openBytes = 0;
	#openLarge = 0;

	constructor(session: ServerHttp2Session, bodies: Bodies, fieldsOf: FieldSource) {
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
	 * @param acceptEncoding of the request for the document: what was promised may then travel in the same codings
	 */
	promise(
		document: ServerHttp2Stream,
		deliveries: readonly Delivery[],
		authority: string,
		acceptEncoding?: string | undefined,
	): readonly Delivery[] {
		const batch: Batch = { pushes: [], isLate: false };
		const promised: Delivery[] = [];
		for (const delivery of deliveries) {
			if (!this.#promiseOne(document, delivery, authority, acceptEncoding, batch.pushes)) break;
			promised.push(delivery);
		}
		if (promised.length > 0) this.#releaseAfter(document, batch);
		return promised;
	}

	#promiseOne(
		document: ServerHttp2Stream,
		delivery: Delivery,
		authority: string,
		acceptEncoding: string | undefined,
		pushes: Pushed[],
	): boolean {
		const { dependency, asset, verdict } = delivery;
		const fields: Record<string, string> = {
			':method': 'GET',
			':authority': authority,
			':path': dependency.url,
		};
		if (verdict === 'confirm') fields['if-none-match'] = asset.etag;
		// What the response varies by is part of the request that it answers: else no cache could use it (RFC 9111 §4.1).
		const isCodable =
			acceptEncoding !== undefined && this.#fieldsOf(asset, dependency.url).coded !== undefined;
		if (isCodable) fields['accept-encoding'] = acceptEncoding;
		const coding = isCodable ? codingFor(acceptEncoding) : undefined;
		try {
			document.pushStream(fields, (error, stream) => {
				if (error) {
					this.#reserved--;
					return;
				}
				const pushed = new Pushed(delivery, coding, stream);
				stream.on('close', () => this.#onClose(pushed));
				pushes.push(pushed);
			});
		} catch {
			// A client can switch pushes off, or go away, between two promises.
			return false;
		}
		this.#reserved++;
		return true;
	}

	/** Once `document` has handed over its last byte, or has come to an end or to a standstill. */
	#releaseAfter(document: ServerHttp2Stream, batch: Batch): void {
		this.#waiting.add(batch);
		const release = (): void => this.#release(batch);
		document.on('finish', release).on('close', release);
		// One timer a connection and not one a document: under load there are hundreds of those in its time.
		this.#stallTimer ??= setTimeout(() => this.#releaseLate(), STALL_MS).unref();
	}

	#releaseLate(): void {
		this.#stallTimer = undefined;
		for (const batch of this.#waiting) {
			if (batch.isLate) this.#release(batch);
			else batch.isLate = true;
		}
		if (this.#waiting.size > 0) this.#stallTimer = setTimeout(() => this.#releaseLate(), STALL_MS).unref();
	}

	#release(batch: Batch): void {
		if (!this.#waiting.delete(batch)) return;
		for (const pushed of batch.pushes) this.#queue.push(pushed);
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
			if (next === undefined || next.body.destroyed || next.body.closed) continue;
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
		if (pushed.isConfirmation) pushed.content = 'none';
		else {
			pushed.isOpen = true;
			this.#open++;
			this.#openBytes += pushed.size;
			if (pushed.isLarge) this.#openLarge++;
			pushed.content = this.#bodies.peek(asset, pushed.coding);
			if (pushed.content === undefined) void this.#read(pushed);
		}
		if (this.#reading.length === 0 && pushed.content !== undefined) this.#answer(pushed, pushed.content);
		else this.#reading.push(pushed);
	}

	async #read(pushed: Pushed): Promise<void> {
		// The version that was promised may be gone: the client asks for the one that took its place.
		const { delivery, coding } = pushed;
		pushed.content = (await this.#bodies.open(delivery.asset, coding).catch(() => undefined)) ?? 'gone';
		// In plan order, whatever the order in which the disk gave the bodies.
		for (let next = this.#reading[0]; next?.content !== undefined; next = this.#reading[0]) {
			this.#reading.shift();
			this.#answer(next, next.content);
		}
	}

	#answer(pushed: Pushed, content: Content): void {
		if (content === 'gone') return pushed.reset();
		const { asset, dependency } = pushed.delivery;
		const selection = { kind: content === 'none' ? 'not-modified' : 'whole' } as const;
		const body = content === 'none' || asset.size === 0 ? undefined : content;
		sendAnswer(
			pushed,
			{ asset, selection, coding: pushed.coding, body },
			this.#fieldsOf(asset, dependency.url),
			false,
			undefined,
		);
	}
}

/** What was promised with one document. */
interface Batch {
	readonly pushes: Pushed[];
	/** Has seen the stall timer once. */
	isLate: boolean;
}

/** What a response is made of: a body, none as for a 304, or nothing any more. */
type Content = Body | 'none' | 'gone';

/** A promise and what becomes of it. */
class Pushed extends StreamReply {
	readonly delivery: Delivery;
	/** In which form it travels. */
	readonly coding: Coding | undefined;
	readonly isConfirmation: boolean;
	/** Bytes of the body, not coded. */
	readonly size: number;
	/** `undefined` until it is known. */
	content: Content | undefined;
	isOpen = false;

	constructor(delivery: Delivery, coding: Coding | undefined, stream: ServerHttp2Stream) {
		// Listens for errors, which has to come before anything else.
		super(stream);
		this.delivery = delivery;
		this.coding = coding;
		this.isConfirmation = delivery.verdict === 'confirm';
		this.size = delivery.asset.size;
	}

	get isLarge(): boolean {
		return this.size > FRAME_BYTES;
	}
}
