// The bytes of a representation: from memory where they are held, else from the disk; never of another version.

import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { diskVersionOf } from '../site/scan.ts';
import type { Asset } from '../site/snapshot.ts';

/** Files up to this size, in bytes, are held in memory; larger ones are streamed from the disk each time. */
export const HELD_BYTES: number = 2 ** 20;

const CHUNK_BYTES = 2 ** 16;

/** A body that can be sent: whole, or as an open file of `asset.size` bytes that must be closed. */
export type Body =
	| { readonly kind: 'held'; readonly bytes: Buffer }
	| { readonly kind: 'file'; readonly handle: FileHandle };

/** The bodies of assets. What is held is dropped least recently used first. */
export class Bodies {
	readonly #budget: number;
	readonly #held = new Map<string, Buffer>();
	readonly #reading = new Map<Asset, Promise<Body | undefined>>();
	#bytes = 0;

	/** @param budget bytes held at most */
	constructor(budget: number) {
		this.#budget = budget;
	}

	/** The bytes of `asset` if they are held. */
	peek(asset: Asset): Buffer | undefined {
		const bytes = this.#held.get(asset.hash);
		// Re-inserted only when it is about to matter: the order of use is kept while memory is short.
		if (bytes !== undefined && this.#bytes > this.#budget / 2) {
			this.#held.delete(asset.hash);
			this.#held.set(asset.hash, bytes);
		}
		return bytes;
	}

	/** Opens the body of exactly this version; `undefined` where the file has changed, gone, or cannot be read. */
	async open(asset: Asset): Promise<Body | undefined> {
		const bytes = this.peek(asset);
		if (bytes !== undefined) return { kind: 'held', bytes };
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
		if (!this.#held.has(asset.hash)) {
			this.#held.set(asset.hash, bytes);
			this.#bytes += bytes.length;
		}
		for (const [hash, oldest] of this.#held) {
			if (this.#bytes <= this.#budget) break;
			this.#held.delete(hash);
			this.#bytes -= oldest.length;
		}
		return { kind: 'held', bytes };
	}
}

const readWhole = async (asset: Asset): Promise<Buffer | undefined> => {
	const handle = await open(asset.file).catch(() => undefined);
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
	const handle = await open(asset.file).catch(() => undefined);
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
