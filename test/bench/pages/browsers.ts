// The browsers, as users have them: with a profile, the certificate trusted, all caches on.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launch } from 'puppeteer-core';
import { addCertificate, type Trusted } from '../../browser/certificates.ts';
import { chromiumPath, trustCertificate } from '../../browser/chromium.ts';
import { firefoxPath } from '../../browser/firefox.ts';
import { Devtools } from './devtools.ts';
import { type Report, report } from './site.ts';

export type BrowserName = 'chromium' | 'firefox';

export interface PageBrowser {
	readonly version: string;
	/** Whether {@link stopWorker} can be had. */
	readonly stopsWorkers: boolean;
	/**
	 * Shows a page in a new tab, and closes it.
	 * @param onLoaded called when it has loaded and told of itself, the tab still open
	 */
	visit(url: string, onLoaded: (tab: Tab) => Promise<void>): Promise<Report>;
	/** Has the worker of an origin stopped, or else running. Resolves once it is so. */
	setWorker(origin: string, state: 'stopped' | 'running'): Promise<void>;
	forgetCookies(): Promise<void>;
	close(): Promise<void>;
}

export interface Tab {
	/** The value of an expression, a promise's awaited. */
	evaluate(expression: string): Promise<unknown>;
}

const PATIENCE_MS = 20_000;
/** From `load` until the page is looked at: what was painted is noted by then, and what was asked for logged. */
const SETTLE_MS = 200;

export const programs: Readonly<Record<BrowserName, string | undefined>> = {
	chromium: chromiumPath,
	firefox: firefoxPath,
};

/** Starts a browser with a new profile below `home`. */
export const openBrowser = (name: BrowserName, home: string, trusted: Trusted): Promise<PageBrowser> =>
	name === 'chromium' ? openChromium(home, trusted) : openFirefox(home, trusted);

async function openChromium(home: string, trusted: Trusted): Promise<PageBrowser> {
	await trustCertificate(home, trusted);
	const values = [
		'--headless',
		'--disable-gpu',
		'--disable-quic',
		'--no-first-run',
		'--disable-background-networking',
		'--disable-component-update',
		'--disable-sync',
		`--user-data-dir=${join(home, 'profile')}`,
		...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
	];
	const tools = new Devtools(chromiumPath!, values, { PATH: process.env.PATH, HOME: home });
	const open = async (): Promise<{ targetId: string; session: string }> => {
		const { targetId } = await tools.send('Target.createTarget', { url: 'about:blank' });
		const { sessionId } = await tools.send('Target.attachToTarget', { targetId, flatten: true });
		return { targetId: String(targetId), session: String(sessionId) };
	};
	const { product } = await tools.send('Browser.getVersion');
	const control = await open();
	const workers = new Map<string, WorkerVersion>();
	tools.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
		for (const version of versions as WorkerVersion[]) workers.set(version.versionId, version);
	});
	await tools.send('ServiceWorker.enable', {}, control.session);
	return {
		version: String(product),
		stopsWorkers: true,
		visit: async (url, onLoaded) => {
			const { targetId, session } = await open();
			const evaluate = async (expression: string): Promise<unknown> => {
				const asked = { expression, awaitPromise: true, returnByValue: true };
				const { result } = await tools.send('Runtime.evaluate', asked, session);
				return (result as { value: unknown }).value;
			};
			await tools.send('Page.enable', {}, session);
			const loaded = tools.next('Page.loadEventFired', session, PATIENCE_MS);
			const [{ errorText }] = await Promise.all([tools.send('Page.navigate', { url }, session), loaded]);
			if (errorText !== undefined) throw new Error(`${url}: ${errorText}`);
			await sleep(SETTLE_MS);
			const shown = JSON.parse(String(await evaluate(report)));
			await onLoaded({ evaluate });
			await tools.send('Target.closeTarget', { targetId });
			return shown;
		},
		setWorker: async (origin, state) => {
			const ours = [...workers.values()].filter(
				({ scriptURL, status }) => scriptURL.startsWith(`${origin}/`) && status === 'activated',
			);
			if (ours.length !== 1) throw new Error(`${origin}: ${ours.length} workers`);
			const { versionId } = ours[0]!;
			const isSo = (): boolean => workers.get(versionId)?.runningStatus === state;
			if (isSo()) return;
			if (state === 'stopped') await tools.send('ServiceWorker.stopWorker', { versionId }, control.session);
			else await tools.send('ServiceWorker.startWorker', { scopeURL: `${origin}/` }, control.session);
			const deadline = performance.now() + PATIENCE_MS;
			while (!isSo()) {
				if (performance.now() > deadline) throw new Error(`${origin}: worker is not ${state}`);
				await sleep(10);
			}
		},
		forgetCookies: async () => void (await tools.send('Storage.clearCookies')),
		close: () => tools.close(),
	};
}

/** Of the developer tools' ServiceWorkerVersion. */
interface WorkerVersion {
	readonly versionId: string;
	readonly scriptURL: string;
	readonly runningStatus: string;
	readonly status: string;
}

async function openFirefox(home: string, { certificate }: Trusted): Promise<PageBrowser> {
	const profile = join(home, 'firefox');
	await mkdir(profile, { recursive: true });
	await addCertificate(profile, 'C,,', certificate);
	const browser = await launch({
		browser: 'firefox',
		executablePath: firefoxPath!,
		headless: true,
		userDataDir: profile,
		extraPrefsFirefox: { 'services.settings.server': 'data:,#remote-settings-dummy/v1' },
		env: { PATH: process.env.PATH, HOME: home, MOZ_REMOTE_SETTINGS_DEVTOOLS: '1' },
		timeout: PATIENCE_MS,
	});
	return {
		version: await browser.version(),
		stopsWorkers: false,
		visit: async (url, onLoaded) => {
			const page = await browser.newPage();
			try {
				await page.goto(url, { waitUntil: 'load', timeout: PATIENCE_MS });
				await sleep(SETTLE_MS);
				const shown = JSON.parse(String(await page.evaluate(report)));
				await onLoaded({ evaluate: (expression) => page.evaluate(expression) });
				return shown;
			} finally {
				await page.close();
			}
		},
		// It runs on for half a minute after its last page.
		setWorker: async (_, state) => {
			if (state === 'stopped') throw new Error('Firefox stops no workers for us');
		},
		forgetCookies: async () => browser.deleteCookie(...(await browser.cookies())),
		close: () => browser.close(),
	};
}
