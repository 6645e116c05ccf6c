// Where a bundle goes: coded as a whole, each part readable as soon as it has arrived, as fast as the reader takes it.

import type { Writable } from 'node:stream';
import type { Coding } from '../http/content-coding.ts';
import { type Coder, openCoder } from './coding.ts';
import type { Reply, ResponseFields } from './reply.ts';

/**
 * Each stream that codes takes a megabyte and more: beyond so many at a time, and so many on one connection, whose reader may
 * have stopped, bundles go as they are.
 */
const MAX_CODERS = 8;
const MAX_CODERS_EACH = 2;
let coders = 0;

/** The bundles that are on their way on one connection. */
export interface BundleLoad {
	open: number;
	coded: number;
}

/** Thrown where nobody is there to take anything. */
export class ReaderGone extends Error {}

/** An HTTP/2 stream that was reset is closed before it is destroyed; no `close` comes of one that has closed already. */
const isGone = (target: Writable): boolean =>
	target.destroyed || target.closed || ('aborted' in target && target.aborted === true);

export class BundleSink {
	readonly #reply: Reply;
	readonly #coding: Coding | undefined;
	readonly #coder: Coder | undefined;
	readonly #target: Writable;

	constructor(reply: Reply, coding: Coding | undefined, load: BundleLoad) {
		this.#reply = reply;
		const isPlain = coding === undefined || isGone(reply.body);
		const isMuch = coders >= MAX_CODERS || load.coded >= MAX_CODERS_EACH;
		this.#coder = isPlain || isMuch ? undefined : openCoder(coding);
		this.#coding = this.#coder && coding;
		this.#target = this.#coder?.stream ?? reply.body;
		if (this.#coder === undefined) return;
		const { stream } = this.#coder;
		coders++;
		load.coded++;
		stream.once('close', () => {
			coders--;
			load.coded--;
		});
		stream.on('error', () => reply.reset());
		reply.body.once('close', () => stream.destroy());
	}

	/** Sends status and fields. */
	head(fields: ResponseFields): void {
		const coded = this.#coding === undefined ? fields : { ...fields, 'content-encoding': this.#coding };
		this.#reply.head(coded, false);
		this.#coder?.stream.on('data', (bytes: Buffer) => this.#reply.count(bytes.length));
		this.#coder?.stream.pipe(this.#reply.body);
	}

	/**
	 * Takes a frame: what comes before its content, and that. Resolves when there is room for more, rejects when nobody is
	 * there any more.
	 */
	async write(head: Uint8Array, content?: Uint8Array): Promise<void> {
		const target = this.#target;
		if (isGone(target)) throw new ReaderGone();
		if (this.#coder === undefined) this.#reply.count(head.length + (content?.length ?? 0));
		// Content is not copied: it is what all other readers get, too.
		target.cork();
		const hasRoom = [target.write(head), content === undefined || target.write(content)].every(Boolean);
		target.uncork();
		if (hasRoom) return;
		await new Promise<void>((resolve, reject) => {
			const onDrain = (): void => {
				target.off('close', onClose);
				resolve();
			};
			const onClose = (): void => {
				target.off('drain', onDrain);
				reject(new ReaderGone());
			};
			target.once('drain', onDrain).once('close', onClose);
		});
	}

	/** Resolves when all that was written is on its way. */
	async flush(): Promise<void> {
		const coder = this.#coder;
		if (coder === undefined) return;
		if (coder.stream.destroyed) throw new ReaderGone();
		await new Promise<void>((resolve, reject) => {
			const onClose = (): void => reject(new ReaderGone());
			coder.stream.once('close', onClose);
			coder.flush(() => {
				coder.stream.off('close', onClose);
				resolve();
			});
		});
	}

	end(): void {
		this.#target.end();
	}

	/** Ends it as broken. */
	break(): void {
		this.#coder?.stream.destroy();
		this.#reply.reset();
	}
}
