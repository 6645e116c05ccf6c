// Both browsers in one form: visitors without a past, each with tabs, and every byte that a page in them was given.

import type { CDPSession, Browser as ChromiumBrowser, Page as ChromiumPage } from 'playwright-core';
import { chromium } from 'playwright-core';
import type { Browser as FirefoxBrowser, Page as FirefoxPage } from 'puppeteer-core';
import { eventually, within } from '../support/server.ts';
import type { Trusted } from './certificates.ts';
import { settingsFor, trustCertificate } from './chromium.ts';
import { launchFirefox } from './firefox.ts';

export type EngineName = 'Chromium' | 'Firefox';

/** A response that a page got, from wherever. */
export interface Got {
	readonly url: string;
	readonly status: number;
	/** Of a page or a frame. */
	readonly isDocument: boolean;
	readonly fields: Readonly<Record<string, string>>;
	/** `undefined` where there is none, such as of a redirect. */
	readonly body: Buffer | undefined;
}

export interface Tab {
	/** What the console said. */
	readonly said: readonly string[];
	/** Chromium's developer tools for this tab alone. */
	readonly tools: CDPSession | undefined;
	/** Resolves when the page has loaded; rejects where it cannot be had. */
	open(url: string): Promise<void>;
	reload(): Promise<void>;
	/** As with the shift key. */
	reloadHard(): Promise<void>;
	back(): Promise<void>;
	forward(): Promise<void>;
	/** As the developer tools do, for this tab. */
	disableCache(): Promise<void>;
	evaluate<T>(expression: string): Promise<T>;
	/** What the page got since this was asked last. */
	takeGot(): Promise<readonly Got[]>;
	close(): Promise<void>;
}

/** Somebody with cookies, caches and workers of their own. */
export interface Visitor {
	newTab(): Promise<Tab>;
	close(): Promise<void>;
}

export interface Engine {
	readonly name: EngineName;
	newVisitor(): Promise<Visitor>;
	close(): Promise<void>;
}

const PATIENCE_MS = 20_000;
/** A body that is not there by then never comes. */
const BODY_SECONDS = 5;
const LOADED = { waitUntil: 'load', timeout: PATIENCE_MS } as const;

/** What is alike in both drivers' responses. */
interface Answered {
	url(): string;
	status(): number;
	headers(): Record<string, string>;
	request(): { isNavigationRequest(): boolean };
}

class Ears {
	readonly said: string[] = [];
	#got: Promise<Got>[] = [];

	note(response: Answered, body: Promise<Uint8Array>): void {
		this.#got.push(
			within(response.url(), body, BODY_SECONDS)
				.catch(() => undefined)
				.then((bytes) => ({
					url: response.url(),
					status: response.status(),
					isDocument: response.request().isNavigationRequest(),
					fields: response.headers(),
					body: bytes && Buffer.from(bytes),
				})),
		);
	}

	take(): Promise<readonly Got[]> {
		return Promise.all(this.#got.splice(0));
	}
}

/** Not the drivers' own methods, which wait for an event that a page that was kept does not have. */
const travel = async (tab: Tab, where: 'back' | 'forward'): Promise<void> => {
	const before = await tab.evaluate<string>('location.href');
	await tab.evaluate(`history.${where}()`);
	await eventually(`the tab has gone ${where}`, async () => {
		const [url, state] = await tab
			.evaluate<[string, string]>('[location.href, document.readyState]')
			.catch(() => [before, '']);
		return url !== before && state === 'complete';
	});
};

class ChromiumTab implements Tab {
	readonly #page: ChromiumPage;
	readonly #ears = new Ears();
	readonly tools: CDPSession;

	constructor(page: ChromiumPage, tools: CDPSession) {
		this.#page = page;
		this.tools = tools;
		page.on('response', (response) => {
			// To have the body of one that was fetched ahead, playwright would fetch it once more.
			if (response.request().headers()['sec-purpose'] === undefined)
				this.#ears.note(response, response.body());
		});
		page.on('console', (message) => this.#ears.said.push(message.text()));
		page.on('pageerror', (error) => this.#ears.said.push(`uncaught: ${error.message}`));
	}

	get said(): readonly string[] {
		return this.#ears.said;
	}

	async open(url: string): Promise<void> {
		try {
			await this.#page.goto(url, LOADED);
		} catch (error) {
			// The page that tells of a failure comes after it, and would interrupt what is opened next.
			await this.#page.waitForURL('chrome-error://chromewebdata/', { timeout: 2000 }).catch(() => {});
			throw error;
		}
	}

	async reload(): Promise<void> {
		await this.#page.reload(LOADED);
	}

	async reloadHard(): Promise<void> {
		const loaded = this.#page.waitForEvent('load', { timeout: PATIENCE_MS });
		await this.tools.send('Page.reload', { ignoreCache: true });
		await loaded;
	}

	async back(): Promise<void> {
		await travel(this, 'back');
	}

	async forward(): Promise<void> {
		await travel(this, 'forward');
	}

	async disableCache(): Promise<void> {
		await this.tools.send('Network.enable');
		await this.tools.send('Network.setCacheDisabled', { cacheDisabled: true });
	}

	evaluate<T>(expression: string): Promise<T> {
		return this.#page.evaluate(expression) as Promise<T>;
	}

	takeGot(): Promise<readonly Got[]> {
		return this.#ears.take();
	}

	close(): Promise<void> {
		return this.#page.close();
	}
}

/** Chromium with `home` as its home folder. */
export const startChromium = async (home: string, trusted: Trusted): Promise<Engine> => {
	await trustCertificate(home, trusted);
	const browser: ChromiumBrowser = await chromium.launch(settingsFor(home));
	return {
		name: 'Chromium',
		newVisitor: async () => {
			const context = await browser.newContext();
			const newTab = async (): Promise<Tab> => {
				const page = await context.newPage();
				return new ChromiumTab(page, await context.newCDPSession(page));
			};
			return { newTab, close: () => context.close() };
		},
		close: () => browser.close(),
	};
};

/** What puppeteer has no method for: WebDriver BiDi itself, and the name of a tab in it. */
interface Bidi {
	readonly connection: { send(method: string, parameters: object): Promise<unknown> };
}

class FirefoxTab implements Tab {
	readonly #page: FirefoxPage;
	readonly #ears = new Ears();
	readonly #bidi: Bidi;
	readonly tools: undefined;

	constructor(page: FirefoxPage, bidi: Bidi) {
		this.#page = page;
		this.#bidi = bidi;
		page.on('response', (response) => this.#ears.note(response, response.buffer()));
		page.on('console', (message) => this.#ears.said.push(message.text()));
		page.on('pageerror', (error) => this.#ears.said.push(`uncaught: ${(error as Error).message}`));
	}

	get said(): readonly string[] {
		return this.#ears.said;
	}

	async open(url: string): Promise<void> {
		await this.#page.goto(url, LOADED);
	}

	async reload(): Promise<void> {
		await this.#page.reload(LOADED);
	}

	async reloadHard(): Promise<void> {
		const loaded = this.#page.waitForNavigation(LOADED);
		// Firefox alone has the argument, which means what the shift key does; BiDi's own is not implemented.
		await this.#page.evaluate('location.reload(true)');
		await loaded;
	}

	async back(): Promise<void> {
		await travel(this, 'back');
	}

	async forward(): Promise<void> {
		await travel(this, 'forward');
	}

	async disableCache(): Promise<void> {
		const { _id } = this.#page.mainFrame() as unknown as { readonly _id: string };
		await this.#bidi.connection.send('network.setCacheBehavior', {
			cacheBehavior: 'bypass',
			contexts: [_id],
		});
	}

	evaluate<T>(expression: string): Promise<T> {
		return this.#page.evaluate(expression) as Promise<T>;
	}

	takeGot(): Promise<readonly Got[]> {
		return this.#ears.take();
	}

	close(): Promise<void> {
		return this.#page.close();
	}
}

/** So small a disk that one origin gets 50 MB of it: our worker takes a tenth of that. */
const SMALL_DISK = { 'dom.quotaManager.temporaryStorage.fixedLimit': 256_000 };

/** Firefox with `home` as its home folder. */
export const startFirefox = async (home: string, trusted: Trusted): Promise<Engine> => {
	const browser: FirefoxBrowser = await launchFirefox(home, trusted, SMALL_DISK);
	return {
		name: 'Firefox',
		newVisitor: async () => {
			const context = await browser.createBrowserContext();
			const newTab = async (): Promise<Tab> =>
				new FirefoxTab(await context.newPage(), browser as unknown as Bidi);
			return { newTab, close: () => context.close() };
		},
		close: () => browser.close(),
	};
};
