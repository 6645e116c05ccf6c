// Servers over temporary folders. What a test opens here, or hands to `onEnd`, is closed by `endAll` after it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestEntry } from '../../src/log.ts';
import type { ServeOptions } from '../../src/options.ts';
import { type Server, serve } from '../../src/server.ts';
import { type Files, makeFolder, removeFolders, untilNone } from './folder.ts';

export { type Files, makeFolder, put } from './folder.ts';

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

/** Ends what is still open, all at once: a server may wait for clients that are gone. To be called after each test. */
export const endAll = async (): Promise<void> => {
	const ending = ends
		.splice(0)
		.reverse()
		.map((end) => end());
	await Promise.all(ending);
	await removeFolders();
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

/** Resolves once `isMet` holds, which is asked again and again. */
export const eventually = (
	what: string,
	isMet: () => boolean | Promise<boolean>,
	seconds = 20,
): Promise<void> => untilNone(async () => ((await isMet()) ? [] : [`not yet: ${what}`]), seconds * 1000);

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

/** A seed that is new each time; it must be printed, so that a failure can be repeated with CASPER_SEED. */
export const newSeed = (): number => Number(process.env.CASPER_SEED ?? Math.floor(Math.random() * 2 ** 32));
