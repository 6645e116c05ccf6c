// Temporary folders, and waiting for what happens in them.

import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** chmod does not stop this user from reading and writing. */
export const ALMIGHTY: boolean = process.getuid?.() === 0;

/** Files by their path below the folder. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

const folders: string[] = [];

/** A new folder, links resolved, with these files. Lasts until {@link removeFolders}. */
export const makeFolder = async (files: Files = {}): Promise<string> => {
	const folder = await realpath(await mkdtemp(join(tmpdir(), 'casper-site-')));
	folders.push(folder);
	for (const [path, content] of Object.entries(files)) await put(folder, path, content);
	return folder;
};

/** Writes a file, and the folders above it. */
export const put = async (folder: string, path: string, content: string | Uint8Array): Promise<void> => {
	const file = join(folder, path);
	await mkdir(dirname(file), { recursive: true });
	await writeFile(file, content);
};

/** Removes every folder that was made. To be called after each test. */
export const removeFolders = async (): Promise<void> => {
	for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
};

/** Long enough for a busy machine; what works at all is there much sooner. */
export const DEADLINE_MS = 20_000;

/**
 * Waits until `differences` finds none.
 * @param differences what is not yet as it should be, in words
 */
export const untilNone = async (
	differences: () => readonly string[] | Promise<readonly string[]>,
	deadlineMs: number = DEADLINE_MS,
): Promise<void> => {
	const end = performance.now() + deadlineMs;
	for (let found = await differences(); found.length > 0; found = await differences()) {
		if (performance.now() > end) throw new Error(`after ${deadlineMs} ms: ${found.slice(0, 10).join('; ')}`);
		await setTimeout(5);
	}
};

/** Waits until something is true. */
export const until = (what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> =>
	untilNone(async () => ((await isTrue()) ? [] : [`not yet: ${what}`]));
