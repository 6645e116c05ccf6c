// The server under test: the built command as a stranger runs it, in a process of its own, with a home folder of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { appendFile, cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A request as the JSON log tells of it. */
export interface RequestEntry {
	readonly method: string;
	readonly target: string;
	readonly protocol: string;
	readonly status: number;
	readonly referer?: string;
}

/** A page view. */
export interface PageEntry extends RequestEntry {
	readonly channel: string;
	readonly evidence: string;
	readonly left: number;
	readonly dependencies: readonly LoggedDependency[];
}

export interface LoggedDependency {
	readonly url: string;
	/** Fetch destination. */
	readonly as: string;
	readonly verdict: 'send' | 'confirm' | 'skip' | 'leave';
	readonly reason: string;
	/** URL and line of the reference. */
	readonly from: string;
}

export interface Casper {
	/** Ends with a slash. */
	readonly url: string;
	/** The self-signed certificate's file; it is there if the server was started with `--cert`. */
	readonly certificate: string;
	/** Waits for the first line of the log that fits and has not been taken yet. */
	takeLine(fits: (line: string) => boolean): Promise<string>;
	/** Waits for the next page view of `target` in the log, which must be JSON; views inside a frame are passed over. */
	takePage(target: string): Promise<PageEntry>;
	/** Takes all that is left of the log, which must be JSON, up to a request of our own. */
	takeRequests(): Promise<readonly RequestEntry[]>;
	/** Adds a line feed to a file of the site, and resolves when the server hands out the new version at `path`. */
	touch(file: string, path: string): Promise<void>;
	/** Appends `text` to a file of the site, and resolves when the server hands out the new version at `path`. */
	append(file: string, path: string, text: string): Promise<void>;
	close(): Promise<void>;
}

const repository = fileURLToPath(new URL('../..', import.meta.url));
const PATIENCE_MS = 10_000;

/** The file of `program` if it is in the path. */
export const findProgram = (program: string): string | undefined =>
	(process.env.PATH ?? '')
		.split(delimiter)
		.map((folder) => join(folder, program))
		.find(isExecutable);

/** Whether `program` is in the path. */
export const hasProgram = (program: string): boolean => findProgram(program) !== undefined;

const isExecutable = (file: string): boolean => {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
};

/** Calls `use` with a new, empty folder, which is gone afterwards. */
export const withFolder = async <T>(use: (folder: string) => Promise<T>): Promise<T> => {
	const folder = await mkdtemp(join(tmpdir(), 'casper-interop-'));
	try {
		return await use(folder);
	} finally {
		// A browser's last processes may still be writing to their profile.
		await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
	}
};

/** Calls `use` with a server for a copy of `folder`, so that its files can be changed. */
export const withCasper = <T>(
	folder: string,
	options: readonly string[],
	use: (casper: Casper) => Promise<T>,
): Promise<T> =>
	withFolder(async (temporary) => {
		const site = join(temporary, 'site');
		await cp(folder, site, { recursive: true });
		const casper = await openCasper(site, options, temporary);
		try {
			return await use(casper);
		} finally {
			await casper.close();
		}
	});

const openCasper = async (site: string, options: readonly string[], home: string): Promise<Casper> => {
	if (!existsSync(join(repository, 'dist'))) throw new Error('dist/ is missing: `npm run build` makes it');
	const child = spawn(
		process.execPath,
		[join(repository, 'bin/casper-serve.js'), site, '--port', '0', ...options],
		{
			// Neither the caller's settings nor its certificates.
			env: { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: join(home, 'data') },
			stdio: ['ignore', 'pipe', 'pipe'],
		},
	);
	const end = (): boolean => child.kill('SIGKILL');
	process.once('exit', end);
	child.once('exit', () => process.off('exit', end));
	const output = new Output(child);
	try {
		const listening = await output.take((line) => /https?:\/\//.test(line));
		// Before that, answers wait for the files they need; a page's plan is whole only afterwards.
		await output.take((line) => line.includes('indexed'));
		const url = /https?:\/\/[^\s"]+/.exec(listening)?.[0] ?? '';
		return new RunningCasper(url, site, join(home, 'data/casper-serve/localhost.pem'), child, output);
	} catch (error) {
		await stop(child);
		throw error;
	}
};

/** The lines that a process prints. */
class Output {
	readonly #child: ChildProcess;
	readonly #lines: string[] = [];
	#rest = '';
	#errors = '';

	constructor(child: ChildProcess) {
		this.#child = child;
		child.stdout?.setEncoding('utf8').on('data', (text: string) => {
			const lines = (this.#rest + text).split('\n');
			this.#rest = lines.pop() ?? '';
			this.#lines.push(...lines);
		});
		child.stderr?.setEncoding('utf8').on('data', (text: string) => {
			this.#errors += text;
		});
	}

	async take(fits: (line: string) => boolean): Promise<string> {
		for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(5)) {
			const at = this.#lines.findIndex(fits);
			if (at !== -1) return this.#lines.splice(at, 1)[0] ?? '';
			const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null;
			if (hasEnded || Date.now() > deadline)
				throw new Error(
					`casper-serve ${hasEnded ? 'ended' : `took ${PATIENCE_MS} ms`} without the line expected; it said\n${this.#lines.join('\n')}\n${this.#errors}`,
				);
		}
	}
}

class RunningCasper implements Casper {
	readonly url: string;
	readonly certificate: string;
	readonly #site: string;
	readonly #child: ChildProcess;
	readonly #output: Output;

	constructor(url: string, site: string, certificate: string, child: ChildProcess, output: Output) {
		this.url = url;
		this.certificate = certificate;
		this.#site = site;
		this.#child = child;
		this.#output = output;
	}

	takeLine(fits: (line: string) => boolean): Promise<string> {
		return this.#output.take(fits);
	}

	async takePage(target: string): Promise<PageEntry> {
		const isWanted = (line: string): boolean => {
			const entry = JSON.parse(line) as Partial<PageEntry>;
			return entry.target === target && entry.referer === undefined && entry.dependencies !== undefined;
		};
		return JSON.parse(await this.#output.take(isWanted)) as PageEntry;
	}

	async takeRequests(): Promise<readonly RequestEntry[]> {
		const marker = '/.casper/end-of-what-is-taken';
		await this.#tagOf(marker);
		const entries: RequestEntry[] = [];
		for (;;) {
			const entry = JSON.parse(await this.#output.take(() => true)) as Partial<RequestEntry>;
			if (entry.target === marker) return entries;
			if (entry.method !== undefined) entries.push(entry as RequestEntry);
		}
	}

	touch(file: string, path: string): Promise<void> {
		return this.append(file, path, '\n');
	}

	async append(file: string, path: string, text: string): Promise<void> {
		const before = await this.#tagOf(path);
		await appendFile(join(this.#site, file), text);
		for (const deadline = Date.now() + PATIENCE_MS; (await this.#tagOf(path)) === before; await sleep(10))
			if (Date.now() > deadline)
				throw new Error(`${path}: still ${before}, ${PATIENCE_MS} ms after ${file} was written`);
	}

	/** The entity tag at `path`, asked for on a connection of its own. */
	async #tagOf(path: string): Promise<string | undefined> {
		const isSecure = this.url.startsWith('https:');
		const ca = isSecure ? await readFile(this.certificate) : undefined;
		return new Promise((resolve, reject) => {
			const request = (isSecure ? requestSecure : requestPlain)(new URL(path, this.url), {
				method: 'HEAD',
				agent: false,
				...(ca && { ca }),
			});
			request.once('error', reject);
			request.once('response', (response) => {
				response.resume();
				response.once('end', () => resolve(response.headers.etag));
			});
			request.end();
		});
	}

	close(): Promise<void> {
		return stop(this.#child);
	}
}

const stop = async (child: ChildProcess): Promise<void> => {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const gone = new Promise((resolve) => child.once('exit', resolve));
	child.kill('SIGTERM');
	const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
	await gone;
	clearTimeout(timer);
};
