// The bytes of a representation: from memory where they are held, else from the disk; never of another version.

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { diskVersionOf } from '../site/scan.ts';
import type { Asset } from '../site/snapshot.ts';

/** Files up to this size, in bytes, are held in memory; larger ones are streamed from the disk each time. */
export const HELD_BYTES: number = 2 ** 20;

const CHUNK_BYTES = 2 ** 16;

// Without O_NONBLOCK a named pipe that took a file's place would hold a thread for ever.
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** A body that can be sent: whole, or as an open file of `asset.size` bytes that must be closed. */
export type Body = HeldBody | { readonly kind: 'file'; readonly handle: FileHandle };

/** A body in memory. */
export interface HeldBody {
	readonly kind: 'held';
	readonly bytes: Buffer;
}

/** The bodies of assets. What is held is dropped least recently used first. */
export class Bodies {
	readonly #budget: number;
	readonly #held = new Map<string, HeldBody>();
	readonly #reading = new Map<Asset, Promise<Body | undefined>>();
	#bytes = 0;

	/** @param budget bytes held at most */
	constructor(budget: number) {
		this.#budget = budget;
	}

	/** The body of `asset` if it is held. */
	peek(asset: Asset): HeldBody | undefined {
		const body = this.#held.get(asset.hash);
		// Re-inserted only when it is about to matter: the order of use is kept while memory is short.
		if (body !== undefined && this.#bytes > this.#budget / 2) {
			this.#held.delete(asset.hash);
			this.#held.set(asset.hash, body);
		}
		return body;
	}

	/** Opens the body of exactly this version; `undefined` where the file has changed, gone, or cannot be read. */
	async open(asset: Asset): Promise<Body | undefined> {
		const body = this.peek(asset);
		if (body !== undefined) return body;
		if (asset.size > HELD_BYTES) return openFile(asset);
		let reading = this.#reading.get(asset);
		if (reading === undefined) {
			reading = this.#hold(asset).finally(() => this.#reading.delete(asset));
			this.#reading.set(asset, reading);
		}
		return reading;
	}

	async #hold(asset: Asset): Promise<Body | undefined> {
		const bytes = await readWhole(asset);
		if (bytes === undefined) return undefined;
		const body: HeldBody = { kind: 'held', bytes };
		if (!this.#held.has(asset.hash)) {
			this.#held.set(asset.hash, body);
			this.#bytes += bytes.length;
		}
		for (const [hash, oldest] of this.#held) {
			if (this.#bytes <= this.#budget) break;
			this.#held.delete(hash);
			this.#bytes -= oldest.bytes.length;
		}
		return body;
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
	const stats = await handle.stat({ bigint: true }).catch(() => undefined);
	if (stats !== undefined && diskVersionOf(stats) === asset.diskVersion) return { kind: 'file', handle };
	await handle.close();
	return undefined;
};

/**
 * Writes a file of `asset.size` bytes to `target`, as fast as the reader takes it, and closes the file. The last piece is
 * sent only when the disk says that the file is still the version that was announced: else, or when `target` goes away,
 * the result is `false` and the end is missing, which the caller must make known by a reset.
 */
export const streamFile = async (asset: Asset, handle: FileHandle, target: Writable): Promise<boolean> => {
	try {
		for (let sent = 0; sent < asset.size; ) {
			// A buffer of its own for each piece: the one before may still be on its way.
			const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, asset.size - sent));
			const { bytesRead } = await handle.read(buffer, 0, buffer.length, sent);
			if (bytesRead === 0 || target.destroyed) return false;
			sent += bytesRead;
			if (sent >= asset.size && diskVersionOf(await handle.stat({ bigint: true })) !== asset.diskVersion)
				return false;
			if (!target.write(buffer.subarray(0, bytesRead)) && sent < asset.size && !(await isDrained(target)))
				return false;
		}
		target.end();
		return true;
	} catch {
		return false;
	} finally {
		await handle.close().catch(() => undefined);
	}
};

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
