// Firefox as Debian packages it, driven through WebDriver BiDi, with a profile of its own.
//
// What it takes to start it everywhere, as root and without a display:
// - HOME is the test's: as root, Firefox refuses a home folder that is another user's.
// - The certificate is in the profile's cert9.db before the first start. Firefox does not know trust in a peer ("P"): a
//   self-signed certificate is trusted as the authority of itself ("C").
// - No flag for the sandbox: unlike Chromium's, it starts as root.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, launch } from 'puppeteer-core';
import { findProgram } from '../interop/casper.ts';
import { addCertificate, type Trusted } from './certificates.ts';

/** What the page says in its console: errors, warnings and uncaught exceptions. */
export type Complaints = readonly string[];

export interface Firefox {
	/** Opens a page in a new window without a past, waits until it has loaded and asks for nothing more, and closes it. */
	visit(url: string): Promise<Complaints>;
	close(): Promise<void>;
}

const PATIENCE_MS = 30_000;
const QUIET_MS = 300;

/** The program, under one of the names that it has. */
export const firefoxPath: string | undefined = ['firefox-esr', 'firefox']
	.map(findProgram)
	.find((path) => path !== undefined);

/** Beside what puppeteer sets: no collections of settings are loaded; MOZ_REMOTE_SETTINGS_DEVTOOLS makes it obey this. */
const PREFERENCES = { 'services.settings.server': 'data:,#remote-settings-dummy/v1' };

/** Starts it with `home` as its home folder, trusting the server's own certificate. */
export const openFirefox = async (home: string, trusted: Trusted): Promise<Firefox> => {
	const browser = await launchFirefox(home, trusted);
	return { visit: (url) => visit(browser, url), close: () => browser.close() };
};

/** {@link openFirefox}, for those who open windows themselves. */
export const launchFirefox = async (
	home: string,
	{ certificate }: Trusted,
	preferences: Readonly<Record<string, unknown>> = {},
): Promise<Browser> => {
	const profile = join(home, 'firefox');
	await mkdir(profile, { recursive: true });
	await addCertificate(profile, 'C,,', certificate);
	return launch({
		browser: 'firefox',
		...(firefoxPath && { executablePath: firefoxPath }),
		headless: true,
		userDataDir: profile,
		extraPrefsFirefox: { ...PREFERENCES, ...preferences },
		env: { PATH: process.env.PATH, HOME: home, MOZ_REMOTE_SETTINGS_DEVTOOLS: '1' },
		timeout: PATIENCE_MS,
	});
};

const visit = async (browser: Browser, url: string): Promise<Complaints> => {
	const context = await browser.createBrowserContext();
	try {
		const page = await context.newPage();
		const complaints: string[] = [];
		page.on('pageerror', (error) => complaints.push(`uncaught: ${(error as Error).message}`));
		page.on('console', (message) => {
			if (['error', 'warn', 'assert'].includes(message.type()))
				complaints.push(`${message.type()}: ${message.text()}`);
		});
		let askedLast = performance.now();
		page.on('request', () => {
			askedLast = performance.now();
		});
		await page.goto(url, { waitUntil: 'load', timeout: PATIENCE_MS });
		// Not puppeteer's `waitForNetworkIdle`, which waits for ever where an `object` was loaded.
		while (performance.now() - askedLast < QUIET_MS) await sleep(10);
		return complaints;
	} finally {
		await context.close();
	}
};
