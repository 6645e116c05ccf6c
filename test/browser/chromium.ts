// Chromium as Debian packages it, with a profile of its own, and what it does with a page.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
	type BrowserContext,
	type CDPSession,
	type Cookie,
	chromium,
	type LaunchOptions,
} from 'playwright-core';
import { findProgram } from '../interop/casper.ts';
import { addCertificate, type Trusted } from './certificates.ts';

/** A request that the page made to its own origin, answered by the network or by a cache. */
export interface Fetched {
	/** Path and query as the browser writes them. */
	readonly target: string;
	readonly isBeforeLoad: boolean;
	/** Target of the file that made the browser ask for it, or what else did. */
	readonly cause: string;
	/** A running script asked, by `fetch`, `import()` or an element it made, or what such a file led to. */
	readonly isScripted: boolean;
	/** Asked for ahead, for a later page. */
	readonly isAhead: boolean;
	/** Such as `h2`, also of what had been stored; `undefined` where nothing was answered. */
	readonly protocol: string | undefined;
	/** Of what had been stored mostly that of the stored response. */
	readonly status: number | undefined;
	/** Why it failed, such as `net::ERR_ABORTED`. */
	readonly failure: string | undefined;
}

/** What became of a page. */
export interface PageVisit {
	readonly fetched: readonly Fetched[];
	/** What the console says of our origin: errors, warnings and uncaught exceptions. */
	readonly complaints: readonly string[];
	/** The value of the expression asked for. */
	readonly value: unknown;
}

export interface Chromium {
	/**
	 * Opens a page in a new tab, waits until it has loaded and nothing is on its way any more, evaluates `expression` in
	 * it, and closes it. Rejects where the page itself cannot be had.
	 */
	visit(url: string, expression?: string): Promise<PageVisit>;
	cookies(): Promise<readonly Cookie[]>;
	close(): Promise<void>;
}

const PATIENCE_MS = 20_000;
const QUIET_MS = 100;

/** The program, under one of the names that it has. */
export const chromiumPath: string | undefined = ['chromium', 'chromium-browser', 'google-chrome']
	.map(findProgram)
	.find((path) => path !== undefined);

/**
 * Makes Chromium trust a server's own certificate when its home folder is `home`: as a peer, not as an authority.
 * @param certificate PEM file; a key in it is left alone
 */
export const trustCertificate = async (home: string, { certificate }: Trusted): Promise<void> => {
	const database = join(home, '.pki/nssdb');
	await mkdir(database, { recursive: true });
	await addCertificate(database, 'P,,', certificate);
};

/** How it is started with `home` as its home folder. */
export const settingsFor = (home: string): LaunchOptions => ({
	...(chromiumPath && { executablePath: chromiumPath }),
	headless: true,
	// As root there is none.
	chromiumSandbox: process.getuid?.() !== 0,
	env: { PATH: process.env.PATH, HOME: home },
	timeout: PATIENCE_MS,
	args: [
		'--disable-gpu',
		'--disable-quic',
		'--no-first-run',
		'--disable-background-networking',
		'--disable-component-update',
		'--disable-sync',
		// Other origins fail at once, network or not.
		'--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost',
	],
});

/** Starts it with `home` as its home folder, which keeps its profile from one start to the next. */
export const openChromium = async (home: string): Promise<Chromium> =>
	new RunningChromium(await chromium.launchPersistentContext(join(home, 'profile'), settingsFor(home)));

/** Starts it for visits of which each is the first: cookies, caches and connections are gone with the one before. */
export const openForgetfulChromium = async (home: string): Promise<Pick<Chromium, 'visit' | 'close'>> => {
	const browser = await chromium.launch(settingsFor(home));
	return {
		visit: async (url, expression) => {
			const once = new RunningChromium(await browser.newContext());
			try {
				return await once.visit(url, expression);
			} finally {
				await once.close();
			}
		},
		close: () => browser.close(),
	};
};

class RunningChromium implements Chromium {
	readonly #context: BrowserContext;

	constructor(context: BrowserContext) {
		this.#context = context;
	}

	async visit(url: string, expression = 'undefined'): Promise<PageVisit> {
		const { origin } = new URL(url);
		const page = await this.#context.newPage();
		try {
			const complaints: string[] = [];
			page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
			page.on('console', (message) => {
				const place = message.location().url;
				const isOurs = !/^https?:/.test(place) || place.startsWith(`${origin}/`);
				if (isOurs && ['error', 'warning', 'assert'].includes(message.type()))
					complaints.push(`${message.type()}: ${message.text()}`);
			});
			const traffic = new Traffic(origin);
			await traffic.watch(await this.#context.newCDPSession(page));
			await page.goto(url, { waitUntil: 'load', timeout: PATIENCE_MS });
			await traffic.settle(url);
			return { fetched: traffic.fetched, complaints, value: await page.evaluate(expression) };
		} finally {
			await page.close();
		}
	}

	cookies(): Promise<readonly Cookie[]> {
		return this.#context.cookies();
	}

	close(): Promise<void> {
		return this.#context.close();
	}
}

type Draft = { -readonly [Name in keyof Fetched]: Fetched[Name] };

/** What a page fetches, as its developer tools see it. */
class Traffic {
	readonly #origin: string;
	readonly #drafts = new Map<string, Draft>();
	/** Requests on their way, those to other origins included. */
	readonly #pending = new Set<string>();
	#isLoaded = false;

	constructor(origin: string) {
		this.#origin = origin;
	}

	get fetched(): readonly Fetched[] {
		return [...this.#drafts.values()];
	}

	#targetOf(url: string): string {
		return url.replace(this.#origin, '').replace(/#.*$/s, '');
	}

	async watch(tools: CDPSession): Promise<void> {
		tools.on('Page.loadEventFired', () => {
			this.#isLoaded = true;
		});
		tools.on('Network.requestWillBeSent', ({ requestId, request: { url, headers }, initiator }) => {
			if (!/^https?:/.test(url)) return;
			this.#pending.add(requestId);
			if (!url.startsWith(`${this.#origin}/`)) return;
			const cause = this.#targetOf(initiator.url ?? initiator.stack?.callFrames[0]?.url ?? initiator.type);
			this.#drafts.set(requestId, {
				target: this.#targetOf(url),
				isBeforeLoad: !this.#isLoaded,
				cause,
				// A static import has the type "script", too, but nothing runs yet, so that there is no stack.
				isScripted:
					initiator.stack !== undefined ||
					this.fetched.some(({ target, isScripted }) => isScripted && target === cause),
				isAhead: headers['Sec-Purpose'] !== undefined,
				protocol: undefined,
				status: undefined,
				failure: undefined,
			});
		});
		tools.on('Network.responseReceived', ({ requestId, response }) => {
			const draft = this.#drafts.get(requestId);
			if (draft === undefined) return;
			draft.protocol = response.protocol;
			draft.status = response.status;
		});
		tools.on('Network.loadingFinished', ({ requestId }) => this.#pending.delete(requestId));
		tools.on('Network.loadingFailed', ({ requestId, errorText }) => {
			this.#pending.delete(requestId);
			const draft = this.#drafts.get(requestId);
			if (draft !== undefined) draft.failure = errorText;
		});
		await tools.send('Page.enable');
		await tools.send('Network.enable');
	}

	/** Resolves when nothing has been on its way for a while. */
	async settle(url: string): Promise<void> {
		const deadline = Date.now() + PATIENCE_MS;
		for (let quietSince = Date.now(); Date.now() - quietSince < QUIET_MS; await sleep(10)) {
			if (this.#pending.size === 0) continue;
			quietSince = Date.now();
			if (quietSince > deadline) {
				const targets = [...this.#pending].map((id) => this.#drafts.get(id)?.target ?? 'another origin');
				throw new Error(`${url}: after ${PATIENCE_MS} ms still waits for ${targets.join(', ')}`);
			}
		}
	}
}
