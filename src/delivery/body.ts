// The bytes of a representation: from memory where they are held, else from the disk; never of another version.

import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { type Coding, isCompressible } from '../http/content-coding.ts';
import { diskVersionOf, READ_FLAGS } from '../site/scan.ts';
import type { Asset } from '../site/snapshot.ts';
import { encodeBest, encodeContent, isCodingOf } from './coding.ts';
import type { IdleQueue } from './idle-queue.ts';

/** Files up to this size, in bytes, are held in memory; larger ones, but for text, are streamed from the disk each time. */
export const HELD_BYTES: number = 2 ** 20;

/** Text, which gets much smaller in a content coding, is held and coded up to this size, as far as memory allows. */
export const CODED_BYTES: number = 2 ** 23;
/** The part of the memory for bodies that one of them may take. */
const SHARE = 1 / 8;

/** A file that is streamed is read in pieces of so many bytes, or of less where that would be more for all of them. */
const CHUNK_BYTES = 2 ** 16;
const LEAST_CHUNK_BYTES = 2 ** 12;
const ALL_CHUNKS_BYTES = 2 ** 21;
/** Files up to this size, in bytes, are coded as well as can be, which takes half a second for one of them. */
const REFINED_BYTES = 2 ** 18;

/** A body that can be sent: whole, or as an open file of `asset.size` bytes that must be closed. */
export type Body = HeldBody | { readonly kind: 'file'; readonly handle: FileHandle };

/** A body in memory. */
export interface HeldBody {
	readonly kind: 'held';
	readonly bytes: Buffer;
	/** What has been made of it by {@link Bodies.encode}; `bytes` itself for a coding that makes it no smaller. */
	readonly codings: ReadonlyMap<Coding, Buffer>;
}

/** Assets that are no files but made from one, as documents are. */
export interface Making {
	/** The file that `asset` is made from; `undefined` where it is one. */
	fileOf(asset: Asset): Asset | undefined;
	/** What is made of the bytes of `file`. */
	bytesOf(file: Asset, bytes: Buffer): Buffer;
}

/** A body in memory, as it grows. */
class Holding implements HeldBody {
	readonly kind = 'held';
	readonly bytes: Buffer;
	readonly codings = new Map<Coding, Buffer>();
	readonly encoding = new Map<Coding, Promise<void>>();
	/** Bytes that it takes with all its codings. */
	size: number;

	constructor(bytes: Buffer) {
		this.bytes = bytes;
		this.size = bytes.length;
	}
}

/** The bodies of assets, each with its codings. What is held is dropped least recently used first. */
export class Bodies {
	readonly #budget: number;
	readonly #idle: IdleQueue | undefined;
	readonly #readyFor: (asset: Asset, coding: Coding) => Asset | undefined;
	readonly #documents: Making | undefined;
	readonly #held = new Map<string, Holding>();
	readonly #reading = new Map<Asset, Promise<Body | undefined>>();
	#bytes = 0;

	/**
	 * @param budget bytes of bodies and their codings held at most
	 * @param idle where codings wait to be made smaller; `undefined`: they stay as they were made for those who waited
	 * @param readyFor the file in which somebody may have made a coding ahead
	 * @param documents what knows of assets that are made from a file
	 */
	constructor(
		budget: number,
		idle?: IdleQueue,
		readyFor: (asset: Asset, coding: Coding) => Asset | undefined = () => undefined,
		documents?: Making | undefined,
	) {
		this.#budget = budget;
		this.#idle = idle;
		this.#readyFor = readyFor;
		this.#documents = documents;
	}

	/** The body of `asset` if it is held, and in `coding` as well where one is given. */
	peek(asset: Asset, coding?: Coding | undefined): HeldBody | undefined {
		const body = this.#held.get(asset.hash);
		if (coding !== undefined && body?.codings.has(coding) !== true) return undefined;
		// Re-inserted only when it is about to matter: the order of use is kept while memory is short.
		if (body !== undefined && this.#bytes > this.#budget / 2) {
			this.#held.delete(asset.hash);
			this.#held.set(asset.hash, body);
		}
		return body;
	}

	/**
	 * Opens the body of exactly this version; `undefined` where the file has changed, gone, or cannot be read.
	 * @param coding what is to be among the codings of a held body
	 */
	async open(asset: Asset, coding?: Coding | undefined): Promise<Body | undefined> {
		const body = this.peek(asset) ?? (await this.#read(asset));
		if (coding !== undefined && body?.kind === 'held') await this.encode(asset, body, coding);
		return body;
	}

	async #read(asset: Asset): Promise<Body | undefined> {
		const isLong = asset.size > HELD_BYTES && this.#documents?.fileOf(asset) === undefined;
		const isWorthIt = isCompressible(asset.type) && asset.size <= Math.min(CODED_BYTES, this.#budget * SHARE);
		if (isLong && !isWorthIt) return openFile(asset);
		let reading = this.#reading.get(asset);
		if (reading === undefined) {
			reading = this.#hold(asset).finally(() => this.#reading.delete(asset));
			this.#reading.set(asset, reading);
		}
		return reading;
	}

	async #hold(asset: Asset): Promise<Body | undefined> {
		const bytes = await this.#bytesOf(asset);
		if (bytes === undefined) return undefined;
		// Another file of the same content may have come before.
		const held = this.#held.get(asset.hash);
		if (held !== undefined) return held;
		const body = new Holding(bytes);
		this.#held.set(asset.hash, body);
		this.#bytes += body.size;
		this.#drop();
		return body;
	}

	async #bytesOf(asset: Asset): Promise<Buffer | undefined> {
		const file = this.#documents?.fileOf(asset);
		if (file === undefined) return readWhole(asset);
		const body = await this.open(file);
		return body?.kind === 'held' ? this.#documents?.bytesOf(file, body.bytes) : undefined;
	}

	/**
	 * Resolves once `body`, which these bodies gave, has the coding in its `codings`. Whoever asks for one that is being
	 * made waits for the same. Never fails.
	 */
	async encode(asset: Asset, body: HeldBody, coding: Coding): Promise<void> {
		if (!(body instanceof Holding) || body.codings.has(coding)) return;
		let encoding = body.encoding.get(coding);
		if (encoding === undefined) {
			encoding = this.#encode(asset, body, coding).finally(() => body.encoding.delete(coding));
			body.encoding.set(coding, encoding);
		}
		return encoding;
	}

	async #encode(asset: Asset, body: Holding, coding: Coding): Promise<void> {
		const isMade = this.#documents?.fileOf(asset) !== undefined;
		const ready = isMade ? undefined : this.#readyFor(asset, coding);
		const found = ready && (await readWhole(ready));
		const isFound = found !== undefined && (await isCodingOf(found, body.bytes, coding));
		const coded = isFound ? found : await encodeContent(body.bytes, coding);
		body.codings.set(coding, coded);
		if (coded === body.bytes) return;
		body.size += coded.length;
		if (coding === 'br' && !isFound && body.bytes.length <= REFINED_BYTES)
			this.#idle?.add(asset.hash, () => this.#refine(asset));
		// It may have been dropped in the meantime: it then lasts as long as the answers that it is sent with.
		if (this.#held.get(asset.hash) !== body) return;
		this.#bytes += coded.length;
		this.#drop();
	}

	/** Makes the br of a body smaller. Its tag is weak, so that it stays the same. */
	async #refine(asset: Asset): Promise<void> {
		const body = this.#held.get(asset.hash);
		const coded = body?.codings.get('br');
		if (body === undefined || coded === undefined) return;
		const best = await encodeBest(body.bytes);
		const saved = coded.length - best.length;
		if (saved <= 0) return;
		body.codings.set('br', best);
		body.size -= saved;
		if (this.#held.get(asset.hash) === body) this.#bytes -= saved;
	}

	#drop(): void {
		for (const [hash, oldest] of this.#held) {
			if (this.#bytes <= this.#budget) break;
			this.#held.delete(hash);
			this.#bytes -= oldest.size;
		}
	}
}

const readWhole = async (asset: Asset): Promise<Buffer | undefined> => {
	const handle = await open(asset.file, READ_FLAGS).catch(() => undefined);
	if (handle === undefined) return undefined;
	try {
		const buffer = Buffer.allocUnsafeSlow(asset.size + 1);
		let size = 0;
		for (let bytesRead = -1; bytesRead !== 0 && size < buffer.length; size += bytesRead)
			({ bytesRead } = await handle.read(buffer, size, buffer.length - size, size));
		const bytes = buffer.subarray(0, asset.size);
		const hash = createHash('sha256').update(bytes).digest('hex');
		return size === asset.size && hash.startsWith(asset.hash) ? bytes : undefined;
	} catch {
		return undefined;
	} finally {
		await handle.close();
	}
};

const openFile = async (asset: Asset): Promise<Body | undefined> => {
	const handle = await open(asset.file, READ_FLAGS).catch(() => undefined);
	if (handle === undefined) return undefined;
	if (await isVersion(asset, handle)) return { kind: 'file', handle };
	await handle.close();
	return undefined;
};

/** Whether an open file still is what `asset` says. */
export const isVersion = async ({ diskVersion }: Asset, handle: FileHandle): Promise<boolean> => {
	const stats = await handle.stat({ bigint: true }).catch(() => undefined);
	return stats !== undefined && diskVersionOf(stats) === diskVersion;
};

/**
 * Writes a file of `asset.size` bytes to `target`, or the part of it from `start` to before `end`, as fast as the reader
 * takes it, and closes the file. The last piece is sent only when the disk says that the file is still the version that was
 * announced: else, or when `target` goes away, the result is `false` and the end is missing, which the caller must make
 * known by a reset.
 */
export const streamFile = async (
	asset: Asset,
	handle: FileHandle,
	target: Writable,
	start = 0,
	end: number = asset.size,
): Promise<boolean> => {
	underWay++;
	// The buffer of a piece that has gone out: the one before may still be on its way.
	let free: Buffer | undefined;
	try {
		for (let at = start; at < end; ) {
			const size = Math.min(chunkBytes(), end - at);
			const buffer = free !== undefined && free.length >= size ? free : Buffer.allocUnsafeSlow(size);
			free = undefined;
			const { bytesRead } = await handle.read(buffer, 0, size, at);
			if (bytesRead === 0 || target.destroyed) return false;
			at += bytesRead;
			if (at >= end && !(await isVersion(asset, handle))) return false;
			const isTaken = target.write(buffer.subarray(0, bytesRead), () => {
				free = buffer;
			});
			if (!isTaken && at < end && !(await isDrained(target))) return false;
		}
		target.end();
		return true;
	} catch {
		return false;
	} finally {
		underWay--;
		await handle.close().catch(() => undefined);
	}
};

/** Files on their way. */
let underWay = 0;

/** Readers that stop reading hold what was read for them: the more there are, the less each one gets at a time. */
const chunkBytes = (): number =>
	Math.max(LEAST_CHUNK_BYTES, Math.min(CHUNK_BYTES, Math.floor(ALL_CHUNKS_BYTES / underWay)));

const isDrained = (target: Writable): Promise<boolean> =>
	new Promise((resolve) => {
		if (target.destroyed) return resolve(false);
		const settle = (outcome: boolean) => (): void => {
			target.off('drain', onDrain).off('close', onClose);
			resolve(outcome);
		};
		const onDrain = settle(true);
		const onClose = settle(false);
		target.on('drain', onDrain).on('close', onClose);
	});
