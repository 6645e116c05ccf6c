// What the server says of itself at its start, and again at the press of a key.

import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { basename, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServeOptions } from '../options.ts';
import type { Server } from '../server.ts';
import { describeFolder, describeProgress, describeServer, type ServerFacts } from '../terminal/banner.ts';
import type { Paint } from '../terminal/text.ts';
import { trustOf } from '../tls/trust.ts';
import { openBrowser } from './browser.ts';
import type { Screen } from './screen.ts';

/** What it is said of. */
export interface Subject {
	readonly directory: string;
	readonly options: ServeOptions;
	/** The path to open in a browser. */
	readonly open: string | boolean;
	readonly version: string;
	/** By `performance.now()`. */
	readonly startedMs: number;
	/** Whether keys are taken, so that they are worth a word. */
	readonly hasKeys: boolean;
	readonly paint: Paint;
	readonly screen: Screen;
}

const PROGRESS_MS = 100;
const USUAL_COLUMNS = 80;
/** Of a large site, references are still being looked through when it is indexed. */
const LOOKING_MS = 2000;

/** What the keys do, in lines. */
export const KEY_HELP: readonly string[] = [
	'  o  open in the browser     r  reload all tabs     u  addresses and folder again',
	'  c  clear the screen        q  quit                h  these keys',
];

/** A server and how to speak of it. */
export class Greeter {
	readonly #server: Server;
	readonly #subject: Subject;
	/** `undefined` until the folder is indexed. */
	#seconds: number | undefined;
	#isBrokenKnown = false;

	constructor(server: Server, subject: Subject) {
		this.#server = server;
		this.#subject = subject;
	}

	/**
	 * Prints the lines of the server now, and the folder's when it is indexed.
	 * @param brokenKnown resolves when the references of a server with live reload have been looked through
	 * @param onIndexed called after all that
	 * @returns what ends it early
	 */
	greet(brokenKnown: Promise<void>, onIndexed: () => void): () => void {
		const { directory, startedMs, screen } = this.#subject;
		const progress = setInterval(() => {
			const columns = process.stdout.columns || USUAL_COLUMNS;
			screen.showStatus(describeProgress(nameOf(directory), this.#server.contents.files, columns));
		}, PROGRESS_MS).unref();
		let isOver = false;
		const endProgress = (): void => {
			clearInterval(progress);
			screen.showStatus('');
		};
		const known = brokenKnown.then(() => {
			this.#isBrokenKnown = true;
		});
		const greeted = async (): Promise<void> => {
			await this.#printServer();
			await this.#server.ready;
			const seconds = (performance.now() - startedMs) / 1000;
			if (this.#isLive) await Promise.race([known, sleep(LOOKING_MS, undefined, { ref: false })]);
			if (isOver) return;
			endProgress();
			this.#seconds = seconds;
			this.#printFolder();
			onIndexed();
		};
		greeted().catch((error: unknown) => {
			if (isOver) return;
			endProgress();
			screen.complainOf(error);
			onIndexed();
		});
		return () => {
			isOver = true;
			endProgress();
		};
	}

	/** Opens a browser, or says that it cannot. */
	openBrowser(): void {
		const { screen } = this.#subject;
		this.#openBrowser().catch((error: unknown) => screen.complainOf(error));
	}

	/** Does what a key stands for. */
	press(key: string): void {
		const { screen } = this.#subject;
		switch (key) {
			case 'o':
				return this.openBrowser();
			case 'r':
				return this.#reload();
			case 'u':
				return this.#printAll();
			case 'c':
				return screen.clear();
			case 'q':
				return void process.emit('SIGINT');
			case 'h':
			case '?':
				return screen.print(KEY_HELP);
		}
	}

	async #openBrowser(): Promise<void> {
		const { open, screen } = this.#subject;
		const { url } = this.#server;
		if (url.startsWith('unix:'))
			return screen.complain(['casper-serve: no browser was opened: none opens Unix sockets']);
		const path = typeof open === 'string' ? open : '/';
		const target = new URL(path.startsWith('/') ? path : `/${path}`, url).href;
		if (!(await openBrowser(target)))
			screen.complain([`casper-serve: no browser could be opened; open ${target} yourself`]);
	}

	#reload(): void {
		const { screen } = this.#subject;
		if (!this.#isLive) return screen.print(['  live reload is off: no tab listens']);
		this.#server.reloadTabs();
		screen.print(['  all open tabs show their page anew']);
	}

	get #isLive(): boolean {
		const { live, production = false } = this.#subject.options;
		return live ?? !production;
	}

	#printAll(): void {
		this.#printServer()
			.then(() => this.#printFolder())
			.catch((error: unknown) => this.#subject.screen.complainOf(error));
	}

	async #printServer(): Promise<void> {
		const { options, version, hasKeys, paint, screen } = this.#subject;
		const { host = 'localhost', production = false, cert } = options;
		const { push = true, hints = true, bundle = production } = options;
		// Only a file has to be waited for: all else is to be said at once.
		const trust = typeof cert === 'string' ? await trustOfFile(cert) : cert ? 'made' : 'none';
		const { url, redirectUrl } = this.#server;
		const facts: ServerFacts = {
			version,
			url,
			redirectUrl,
			host,
			addresses: ownAddresses(),
			trust,
			modes: { 'live reload': this.#isLive, push, hints, bundle },
			hint: hasKeys ? 'h: help' : '',
		};
		screen.print(describeServer(facts, paint));
	}

	#printFolder(): void {
		const { directory, paint, screen } = this.#subject;
		const { files, pages, bytes } = this.#server.contents;
		const broken = this.#isBrokenKnown ? this.#server.broken : undefined;
		const facts = { directory: nameOf(directory), files, pages, bytes, broken };
		if (this.#seconds !== undefined)
			screen.print([describeFolder({ ...facts, seconds: this.#seconds }, paint)]);
	}
}

const trustOfFile = async (file: string): Promise<ServerFacts['trust']> => {
	try {
		return trustOf(await readFile(file, 'latin1'), new Date());
	} catch {
		// It was there a moment ago, and is in use.
		return undefined;
	}
};

/** Of this machine in its networks: those that people type first. */
const ownAddresses = (): readonly string[] => {
	const all = Object.values(networkInterfaces())
		.flatMap((addresses) => addresses ?? [])
		.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address));
	return [
		...all.filter(({ family }) => family === 'IPv4'),
		...all.filter(({ family }) => family !== 'IPv4'),
	].map(({ address }) => address);
};

/** A folder as it was given; the current one by its name. */
const nameOf = (directory: string): string =>
	/^\.?\/?$/.test(directory) && directory !== '/' ? basename(resolve(directory)) : directory;
