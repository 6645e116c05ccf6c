// WebKitGTK as Debian packages it: MiniBrowser, driven by WebKitWebDriver (W3C WebDriver), on a screen that is in memory.
//
// What it takes to start it everywhere, as root and without a display:
// - Xvfb picks a free display itself and says which.
// - HOME and XDG_RUNTIME_DIR are the test's, and there is no D-Bus: whatever it wants to have there, it does without.
// - GnuTLS has nothing to add a certificate to for one process alone, so all are accepted. In WebKit that switches nothing
//   off: service workers and their storage work as ever.
// - A driven MiniBrowser is a private window: it has cookies, storage and service workers, but no HTTP cache on disk.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../interop/casper.ts';

export interface WebKit {
	/** Opens a page in the one tab there is, and waits until it has loaded. */
	visit(url: string): Promise<void>;
	/** Runs the body of an async function in the page. */
	evaluate(body: string): Promise<unknown>;
	close(): Promise<void>;
}

const PATIENCE_MS = 30_000;

/** Debian keeps it out of the path, in a folder that is named after the platform and the API. */
const findMiniBrowser = (): string | undefined => {
	const inPath = findProgram('MiniBrowser');
	if (inPath !== undefined || !existsSync('/usr/lib')) return inPath;
	return readdirSync('/usr/lib')
		.filter((name) => name.endsWith('-linux-gnu'))
		.flatMap((platform) =>
			['webkit2gtk-4.1', 'webkit2gtk-4.0'].map((api) => join('/usr/lib', platform, api, 'MiniBrowser')),
		)
		.find((file) => existsSync(file));
};

/** Browser, driver and screen; `undefined` where one of them is missing. */
const programs = {
	browser: findMiniBrowser(),
	driver: findProgram('WebKitWebDriver'),
	screen: findProgram('Xvfb'),
};
export const hasWebKit: boolean = Object.values(programs).every((path) => path !== undefined);

/** A program, and all that it starts, as one group that ends with it, or with us at the latest. */
class Running {
	readonly child: ChildProcess;
	readonly #name: string;
	readonly #end = (): void => {
		try {
			// WebKit's own processes are in the group of the driver that had them started.
			process.kill(-(this.child.pid ?? 0), 'SIGKILL');
		} catch {
			// Nothing is left of it.
		}
	};

	constructor(
		name: string,
		[file = '', ...args]: readonly (string | undefined)[],
		env: NodeJS.ProcessEnv = process.env,
	) {
		this.#name = name;
		this.child = spawn(file, args as string[], {
			env,
			// In a group of its own. A fourth pipe is how Xvfb tells its display.
			detached: true,
			stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
		});
		this.child.once('error', () => {});
		process.once('exit', this.#end);
	}

	/** @throws {Error} where it has ended on its own */
	check(): void {
		const { exitCode, signalCode } = this.child;
		if (exitCode !== null || signalCode !== null)
			throw new Error(`${this.#name} has ended: ${exitCode ?? signalCode}`);
	}

	async end(): Promise<void> {
		process.off('exit', this.#end);
		const { exitCode, signalCode } = this.child;
		const gone = exitCode === null && signalCode === null && once(this.child, 'exit');
		this.#end();
		await gone;
	}
}

/** Starts it with `home`, an empty folder, as its home folder. */
export const openWebKit = async (home: string): Promise<WebKit> => {
	const screen = new Running('Xvfb', [
		programs.screen,
		...['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'],
	]);
	try {
		const display = `:${await firstLine(screen.child.stdio[3] as Readable)}`;
		const port = await freePort();
		const driver = new Running('WebKitWebDriver', [programs.driver, `--port=${port}`], {
			PATH: process.env.PATH,
			HOME: home,
			XDG_RUNTIME_DIR: home,
			DISPLAY: display,
			DBUS_SESSION_BUS_ADDRESS: 'disabled:',
			GSETTINGS_BACKEND: 'memory',
			NO_AT_BRIDGE: '1',
			LIBGL_ALWAYS_SOFTWARE: '1',
		});
		try {
			return await startSession(`http://127.0.0.1:${port}`, driver, screen);
		} catch (error) {
			await driver.end();
			throw error;
		}
	} catch (error) {
		await screen.end();
		throw error;
	}
};

const firstLine = async (stream: Readable): Promise<string> => {
	const lines = createInterface({ input: stream });
	const timer = setTimeout(() => lines.close(), PATIENCE_MS);
	try {
		for await (const line of lines) return line;
		throw new Error('Xvfb names no display');
	} finally {
		clearTimeout(timer);
		stream.destroy();
	}
};

/** WebKitWebDriver does not tell which port it took, so it is told one. */
const freePort = async (): Promise<number> => {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	server.close();
	await once(server, 'close');
	if (address === null || typeof address === 'string') throw new Error('no port is free');
	return address.port;
};

const startSession = async (origin: string, driver: Running, screen: Running): Promise<WebKit> => {
	const deadline = Date.now() + PATIENCE_MS;
	const isReady = () =>
		command(origin, 'GET', '/status').then(
			() => true,
			() => false,
		);
	while (!(await isReady())) {
		driver.check();
		if (Date.now() > deadline) throw new Error('WebKitWebDriver does not answer');
		await sleep(20);
	}
	const { sessionId } = (await command(origin, 'POST', '/session', {
		capabilities: {
			alwaysMatch: {
				acceptInsecureCerts: true,
				timeouts: { script: PATIENCE_MS, pageLoad: PATIENCE_MS },
				'webkitgtk:browserOptions': { binary: programs.browser, args: ['--automation'] },
			},
		},
	})) as { sessionId: string };
	const session = `/session/${sessionId}`;
	return {
		visit: async (url) => void (await command(origin, 'POST', `${session}/url`, { url })),
		evaluate: (body) =>
			command(origin, 'POST', `${session}/execute/sync`, {
				script: `return (async () => { ${body} })()`,
				args: [],
			}),
		close: async () => {
			// The browser ends with its session; whoever does not is ended with the group.
			await command(origin, 'DELETE', session).catch(() => {});
			await driver.end();
			await screen.end();
		},
	};
};

/** A command of WebDriver (https://www.w3.org/TR/webdriver2/#endpoints). */
const command = async (origin: string, method: string, path: string, body?: object): Promise<unknown> => {
	const response = await fetch(`${origin}${path}`, {
		method,
		...(body && { body: JSON.stringify(body) }),
		signal: AbortSignal.timeout(2 * PATIENCE_MS),
	});
	const { value } = (await response.json()) as { value: unknown };
	if (response.ok) return value;
	const { error, message } = value as { error: string; message: string };
	throw new Error(`${method} ${path}: ${error}: ${message}`);
};
