// Servers over temporary folders. What a test opens here, or hands to `onEnd`, is closed by `endAll` after it.

import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RequestEntry } from '../../src/log.ts';
import type { ServeOptions } from '../../src/options.ts';
import { type Server, serve } from '../../src/server.ts';

/** Files by their path below the folder. */
export type Files = Readonly<Record<string, string | Buffer>>;

/** A server that a test talks to. */
export interface Tested {
	readonly server: Server;
	/** What is served, links resolved. */
	readonly folder: string;
	readonly port: number;
	readonly isSecure: boolean;
	/** `localhost:8443`, as clients name it. */
	readonly authority: string;
	/** What the log was told, in order. */
	readonly entries: RequestEntry[];
	/** What the server could not do. */
	readonly problems: string[];
}

const ends: (() => unknown)[] = [];

/** Has `end` called after the test, the last one first. */
export const onEnd = (end: () => unknown): void => void ends.push(end);

/** Ends what is still open. To be called after each test. */
export const endAll = async (): Promise<void> => {
	for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
};

/** A new folder outside of any other, with these files. */
export const makeFolder = async (files: Files = {}): Promise<string> => {
	const folder = await realpath(await mkdtemp(join(tmpdir(), 'casper-test-')));
	onEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
	for (const [path, content] of Object.entries(files)) await put(folder, path, content);
	return folder;
};

/** Writes a file, and the folders above it. */
export const put = async (folder: string, path: string, content: string | Buffer): Promise<void> => {
	const file = join(folder, path);
	await mkdir(dirname(file), { recursive: true });
	await writeFile(file, content);
};

let storage: string | undefined;
/** One certificate for all servers of a process: to make one takes its time. */
const certificateFolder = (): string => {
	if (storage === undefined) {
		const folder = mkdtempSync(join(tmpdir(), 'casper-test-tls-'));
		process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
		storage = folder;
	}
	return storage;
};

/** A server over a new folder with these files, or over the folder of this name. Over TLS unless options say otherwise. */
export const open = async (files: Files | string, options: ServeOptions = {}): Promise<Tested> => {
	const folder = typeof files === 'string' ? files : await makeFolder(files);
	const entries: RequestEntry[] = [];
	const problems: string[] = [];
	const { cert = true } = options;
	const server = await serve(folder, {
		port: 0,
		cert,
		storage: certificateFolder(),
		onRequest: (entry) => entries.push(entry),
		onProblem: (message) => problems.push(message),
		...options,
	});
	onEnd(() => server.close());
	const { port, host } = new URL(server.url);
	return { server, folder, port: Number(port), isSecure: cert !== false, authority: host, entries, problems };
};

/** {@link open}, and everything indexed. */
export const openIndexed = async (files: Files | string, options: ServeOptions = {}): Promise<Tested> => {
	const tested = await open(files, options);
	await tested.server.ready;
	return tested;
};

/** Resolves once `isMet` holds, which is asked again and again; fails with `what` after `seconds`. */
export const eventually = async (
	what: string,
	isMet: () => boolean | Promise<boolean>,
	seconds = 10,
): Promise<void> => {
	const deadline = performance.now() + seconds * 1000;
	while (!(await isMet())) {
		if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
};

/** `promise`, but a failure with `what` if it takes longer than `seconds`. */
export const within = async <T>(what: string, promise: Promise<T>, seconds = 10): Promise<T> => {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`${what}: not within ${seconds} s`)), seconds * 1000);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
};

/** Pseudo-random numbers in [0, 1) that a seed repeats (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
};

/** A seed that is new each time; it must be printed, so that a failure can be repeated with CASPER_SEED. */
export const newSeed = (): number => Number(process.env.CASPER_SEED ?? Math.floor(Math.random() * 2 ** 32));
