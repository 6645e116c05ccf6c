// Opens files to be read, and asks about them. Where the disk answers at once, as from the page cache, five waits for a thread
// take ten times as long as what is waited for; where it does not, nobody is to wait for it but who asked.

import { type BigIntStats, closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';

/** What is needed of an open file. */
export interface OpenFile {
	stat(options: { bigint: true }): Promise<BigIntStats> | BigIntStats;
	read(
		buffer: Buffer,
		offset: number,
		length: number,
		position: number,
	): Promise<{ bytesRead: number }> | { bytesRead: number };
	close(): Promise<void> | void;
}

/** A disk that takes longer in the mean, in milliseconds a step, is waited for from then on; so much more is forgiven. */
const QUICK_MS = 0.2;
const FORGIVEN_MS = 50;

let steps = 0;
let spentMs = 0;

/** So long, in milliseconds, others wait for a row of files: requests, above all. */
const SLICE_MS = 10;
let sliceEndsMs = 0;

/**
 * Opens `file`. Throws what the file system throws.
 * @param isOneOfMany whether to read it without waiting, as long as the disk is quick
 */
export const openFile = async (file: string, flags: number, isOneOfMany: boolean): Promise<OpenFile> => {
	if (!isOneOfMany || spentMs > FORGIVEN_MS + steps * QUICK_MS) return open(file, flags);
	await letOthersIn();
	return new QuickFile(timed(() => openSync(file, flags)));
};

const letOthersIn = async (): Promise<void> => {
	if (performance.now() <= sliceEndsMs) return;
	await new Promise(setImmediate);
	sliceEndsMs = performance.now() + SLICE_MS;
};

/** Of what is asked, so much time, in milliseconds, is never owed; each question earns so much of it. */
const MOST_CREDIT_MS = 50;
const EARNED_MS = 0.05;
/** A disk that was too slow gets its next chance so much later. */
const CHANCE_MS = 10_000;

let creditMs = MOST_CREDIT_MS;
let nextChanceMs = 0;

/**
 * What the disk says of `file`, links followed; `undefined` if nothing is there, or may not be asked.
 * @param isOneOfMany whether to ask without waiting, as long as the disk is quick
 */
export const statFile = async (file: string, isOneOfMany: boolean): Promise<BigIntStats | undefined> => {
	if (!isOneOfMany || performance.now() < nextChanceMs)
		return stat(file, { bigint: true }).catch(() => undefined);
	await letOthersIn();
	const began = performance.now();
	try {
		return statSync(file, { bigint: true, throwIfNoEntry: false });
	} catch {
		return undefined;
	} finally {
		const ended = performance.now();
		creditMs = Math.min(MOST_CREDIT_MS, creditMs + EARNED_MS - (ended - began));
		if (creditMs < 0) {
			creditMs = MOST_CREDIT_MS;
			nextChanceMs = ended + CHANCE_MS;
		}
	}
};

class QuickFile implements OpenFile {
	readonly #descriptor: number;

	constructor(descriptor: number) {
		this.#descriptor = descriptor;
	}

	stat(options: { bigint: true }): BigIntStats {
		return fstatSync(this.#descriptor, options);
	}

	read(buffer: Buffer, offset: number, length: number, position: number): { bytesRead: number } {
		return { bytesRead: timed(() => readSync(this.#descriptor, buffer, offset, length, position)) };
	}

	close(): void {
		closeSync(this.#descriptor);
	}
}

const timed = <T>(step: () => T): T => {
	const began = performance.now();
	const result = step();
	steps++;
	spentMs += performance.now() - began;
	return result;
};
