// Who is compared: each a process of its own as its users start it, with nothing asked of it but a folder and a port.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

export interface Peer {
	readonly name: string;
	readonly version: string;
	/** @param folder what {@link writeSite} has written to; the site is `site` below it */
	command(folder: string, port: number): readonly string[];
}

/** Installs the pinned versions, unless they are there. Beside the project's own dependencies: nothing else needs them. */
export const install = (): void => {
	const folder = import.meta.dirname;
	const installed = join(folder, 'node_modules/.package-lock.json');
	const wanted = join(folder, 'package-lock.json');
	if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
	const quiet = ['--ignore-scripts', '--no-audit', '--no-fund'];
	execFileSync('npm', ['ci', '--prefix', folder, ...quiet], { stdio: ['ignore', 'ignore', 'inherit'] });
};

interface Manifest {
	readonly version: string;
	readonly bin: string | Readonly<Record<string, string>>;
}

/** A program of this package, by the path of its package. */
const peer = (
	name: string,
	program: string,
	path: string,
	values: (folder: string, port: string) => readonly string[],
): Peer => {
	const { version, bin } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Manifest;
	const file = join(path, typeof bin === 'string' ? bin : bin[program]!);
	return {
		name,
		version,
		command: (folder, port) => [process.execPath, file, ...values(folder, String(port))],
	};
};

const at = (name: string): string => join(import.meta.dirname, 'node_modules', name);

const assertBuilt = (): void => {
	if (!existsSync(join(ROOT, 'dist/cli.js'))) throw new Error('not built: run `npm run build` first');
};

/** Those that have open pages show what has changed, ours first; the site is the folder itself. As {@link openPeers}. */
export const openReloaders = (): readonly Peer[] => {
	assertBuilt();
	return [
		peer('casper-serve', 'casper-serve', ROOT, (folder, port) => [folder, '--port', port]),
		peer('vite', 'vite', at('vite'), (folder, port) => [folder, '--port', port, '--strictPort']),
		peer('live-server', 'live-server', at('live-server'), (folder, port) => [
			folder,
			`--port=${port}`,
			'--host=localhost',
			'--no-browser',
			'--quiet',
		]),
	];
};

/** All of them, ours first. To be called after {@link install}. */
export const openPeers = (): readonly Peer[] => {
	assertBuilt();
	return [
		peer('casper-serve', 'casper-serve', ROOT, (folder, port) => [join(folder, 'site'), '--port', port]),
		peer('sirv-cli', 'sirv', at('sirv-cli'), (folder, port) => [join(folder, 'site'), '--port', port]),
		peer('serve', 'serve', at('serve'), (folder, port) => [join(folder, 'site'), '--listen', port]),
		peer('http-server', 'http-server', at('http-server'), (folder, port) => [
			join(folder, 'site'),
			'-p',
			port,
		]),
		// Its folder is that of a project, which has what was built in a folder below.
		peer('vite preview', 'vite', at('vite'), (folder, port) => [
			'preview',
			folder,
			...['--outDir', 'site', '--port', port, '--strictPort'],
		]),
	];
};
