// The servers that are compared: casper-serve as its users run it, bare servers that repeat its answers, and sirv-cli.

import type { ChildProcess } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
	openQuietServer,
	openScript,
	openServer,
	type Place,
	processErrors,
	type ServerProcess,
	stop,
} from './processes.ts';
import type { RecordedPage } from './recording.ts';

/** What every part of the bench is given. */
export interface Setting {
	/** Where casper-serve lives: the folder of its package.json. */
	readonly root: string;
	/** Flags of casper-serve beside those that every run needs. */
	readonly casperFlags: readonly string[];
	/** A temporary folder for sites, recordings and the certificate. */
	readonly workplace: string;
	readonly cert: string;
	readonly key: string;
	readonly isQuick: boolean;
	/** Whether to include the 50,000 files. */
	readonly isHuge: boolean;
	readonly print: (line: string) => void;
}

export function isBuilt(root: string): boolean {
	return existsSync(join(root, 'dist/index.js')) && existsSync(join(root, 'bin/casper-serve.js'));
}

export function openCasper(setting: Setting, directory: string, place: Place): Promise<ServerProcess> {
	const { root, cert, key, casperFlags } = setting;
	const command = [process.execPath, join(root, 'bin/casper-serve.js'), directory];
	// Pages as they are stored: others put nothing into them.
	const own = ['--no-live', '--log', 'none', ...casperFlags];
	const flags = ['--port', '0', '--cert', cert, '--key', key, ...own];
	return openServer([...command, ...flags], place);
}

/** casper-serve as a library, which tells when its index is complete. */
export interface IndexedCasper {
	readonly url: URL;
	readonly process: ChildProcess;
	/** From the start of the process until the index is complete, or undefined if the server has no `ready`. */
	readonly readyMs: number | undefined;
	/** Resident memory. */
	memory(): Promise<number>;
	close(): Promise<void>;
}

export async function openIndexedCasper(setting: Setting, directory: string): Promise<IndexedCasper> {
	const started = performance.now();
	const script = fileURLToPath(new URL('servers/casper.mjs', import.meta.url));
	const { cert, key } = setting;
	const options = JSON.stringify({ port: 0, cert, key });
	const entry = pathToFileURL(resolve(setting.root, 'dist/index.js')).href;
	const child = openScript(script, [entry, directory, options], 'all');
	// Both are awaited from the start: they may arrive together.
	const [{ url }, readyMs] = await Promise.all([
		message(child, 'listening'),
		message(child, 'ready', 'no-ready').then(({ kind }) =>
			kind === 'ready' ? performance.now() - started : undefined,
		),
	]);
	return {
		url: new URL(String(url)),
		process: child,
		readyMs,
		memory: async () => {
			child.send('memory');
			return Number((await message(child, 'memory')).bytes);
		},
		close: () => stop(child),
	};
}

/** `script`: a file of `servers/`. */
export function openBare(
	setting: Setting,
	script: string,
	recording: readonly RecordedPage[],
): Promise<ServerProcess> {
	const path = join(setting.workplace, `${script}.json`);
	writeFileSync(path, JSON.stringify(recording));
	const file = fileURLToPath(new URL(`servers/${script}`, import.meta.url));
	const loader = ['--import', import.meta.resolve('tsx')];
	return openServer([process.execPath, ...loader, file, path, setting.cert, setting.key], 'one');
}

/** sirv-cli with nothing asked of it but HTTP/2 and silence: no tags, no `Cache-Control`, no stat for each request. */
export function openSirv(setting: Setting, directory: string): Promise<ServerProcess> {
	const manifest = createRequire(import.meta.url).resolve('sirv-cli/package.json');
	const command = [process.execPath, join(dirname(manifest), 'bin.js'), directory, '--quiet'];
	const secure = ['--http2', '--cert', setting.cert, '--key', setting.key];
	return openQuietServer((port) => [...command, ...secure, '--port', String(port)], 'one');
}

/** What `servers/casper.mjs` sends. */
interface Message {
	readonly kind: string;
	readonly url?: string;
	readonly bytes?: number;
}

function message(child: ChildProcess, ...kinds: readonly string[]): Promise<Message> {
	return new Promise((resolve, reject) => {
		const onMessage = (received: unknown): void => {
			if (!kinds.includes((received as Message).kind)) return;
			child.off('message', onMessage).off('exit', onExit);
			resolve(received as Message);
		};
		const onExit = (): void =>
			reject(new Error(`casper-serve ended before it was ${kinds[0]}\n${processErrors(child)}`));
		child.on('message', onMessage).once('exit', onExit);
	});
}
