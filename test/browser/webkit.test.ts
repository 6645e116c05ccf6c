// What our service worker does in WebKit (Debian: webkit2gtk-driver, xvfb): visits of public-example.
//
// A driven WebKit is a private window without an HTTP cache, and shows no developer tools to a test: what it asks for is
// read from the server's log, what it has got from the page.

import { createHash } from 'node:crypto';
import { appendFile, cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RequestEntry } from '../../src/log.ts';
import { withFolder } from '../interop/casper.ts';
import { SITES } from '../interop/sites.ts';
import { ask } from '../support/client.ts';
import { endAll, eventually, makeFolder, onEnd, openIndexed, type Tested } from '../support/server.ts';
import { hasWebKit, openWebKit, type WebKit } from './webkit.ts';

const [{ folder, needs }] = SITES;
const PAGE = '/';

const webkit = suite('WebKit');
webkit.after.each(endAll);

const test = hasWebKit ? webkit : webkit.skip;
if (test === webkit.skip)
	console.error(
		'SKIPPED: WebKitWebDriver, MiniBrowser and Xvfb (Debian: webkit2gtk-driver, xvfb) are not all there, so WebKit is not tried',
	);

/** A copy of the site, its server, and a browser without a past. */
const withSite = (bundle: boolean, use: (tested: Tested, browser: WebKit) => Promise<void>): Promise<void> =>
	withFolder(async (home) => {
		const site = await makeFolder();
		await cp(folder, site, { recursive: true });
		const tested = await openIndexed(site, { bundle, live: false });
		const browser = await openWebKit(home);
		onEnd(() => browser.close());
		await use(tested, browser);
	});

/** Not counted: our own files, and what it fetches for its window, past any worker. */
const ASIDE = /^\/\.casper\/|icon|\.webmanifest$/;

const ESSENTIAL = needs[PAGE]!.with.filter((url) => !ASIDE.test(url));
const CHANGED = { file: 'css/site.css', url: '/css/site.css?v=3' };

interface Visit {
	readonly channel: string;
	/** Of the page's parts, those sent and confirmed with it, and those asked for one by one. */
	readonly sent: readonly string[];
	readonly confirmed: readonly string[];
	readonly asked: readonly string[];
}

const SCRIPT = '/.casper/service-worker.js';
/** The worker's own request for the page: once, to hold what it was not there to see. */
const isCopy = ({ target, referer }: RequestEntry): boolean =>
	target === PAGE && referer?.endsWith(SCRIPT) === true;

/** What a log tells: one page view, and what it led to. */
const visitOf = (logged: readonly RequestEntry[]): Visit => {
	const views = logged.filter(({ page }) => page !== undefined);
	const described = views.map(({ target, referer, page }) => [target, page?.plan.channel, referer].join(' '));
	assert.is(views.length, 1, `page views: ${described.join(', ')}`);
	const { channel, deliveries } = views[0]!.page!.plan;
	const delivered = (wanted: string): readonly string[] =>
		deliveries
			.filter(({ verdict, dependency: { url } }) => verdict === wanted && ESSENTIAL.includes(url))
			.map(({ dependency: { url } }) => url)
			.sort();
	return {
		channel,
		sent: delivered('send'),
		confirmed: delivered('confirm'),
		asked: logged
			.map(({ target }) => target)
			.filter((target) => ESSENTIAL.includes(target))
			.sort(),
	};
};

/** The digest of each body that the worker holds and its index tells of, by target. */
const HELD = `
	const cache = await caches.open('casper-serve');
	const index = await (await cache.match('/.casper/held'))?.json() ?? [];
	const digestOf = async (url) => {
		const body = await (await cache.match(url)).arrayBuffer();
		return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest('SHA-256', body))));
	};
	return Promise.all(index.map(async ([url]) => [url, await digestOf(url)]));`;

const heldBy = async (browser: WebKit): Promise<ReadonlyMap<string, string>> =>
	new Map((await browser.evaluate(HELD)) as [string, string][]);

/** Waits until the worker holds each part of the page as it is on the disk. */
const untilHeld = (browser: WebKit, site: string): Promise<void> =>
	eventually('the worker holds the parts of the page as they are on the disk', async () => {
		const held = await heldBy(browser);
		for (const url of ESSENTIAL) {
			const body = await readFile(join(site, decodeURIComponent(url.replace(/\?.*$/, ''))));
			if (held.get(url) !== createHash('sha256').update(body).digest('base64')) return false;
		}
		return true;
	});

/** What style sheets, scripts, fonts and images make of the page. */
const SHOWN = `
	await document.fonts.ready;
	const rulesOf = (sheet) =>
		[...sheet.cssRules].flatMap((rule) => [rule.cssText, ...(rule.styleSheet ? rulesOf(rule.styleSheet) : [])]);
	return {
		rules: [...document.styleSheets].filter(({ href }) => href).flatMap(rulesOf),
		fonts: [...document.fonts].map(({ family, weight, style, status }) => [family, weight, style, status].join()),
		filters: document.querySelector('.filters').textContent,
		hasButton: !document.querySelector('.torch-button').hidden,
		broken: [...document.images].filter((image) => image.complete && image.naturalWidth === 0).map(({ src }) => src),
	};`;

interface Shown {
	readonly rules: readonly string[];
	readonly fonts: readonly string[];
	readonly filters: string;
	readonly hasButton: boolean;
	readonly broken: readonly string[];
}

/** Changes a style sheet on the disk, and waits for the server to have it. */
const change = async (tested: Tested): Promise<void> => {
	await appendFile(join(tested.folder, CHANGED.file), '\n:root { --changed: style; }\n');
	await eventually('the server has the change', async () => {
		const { body } = await ask(tested, 'HTTP/2', CHANGED.url);
		return body.includes('--changed');
	});
};

const WORKER = `
	const { active } = await navigator.serviceWorker.getRegistration() ?? {};
	return [active?.state, active && new URL(active.scriptURL).pathname, navigator.serviceWorker.controller !== null];`;

test('the first visit leaves our worker behind, the second comes in one response, the third only confirms, and a changed file is sent alone and shown', () =>
	withSite(true, async (tested, browser) => {
		const visit = async (): Promise<readonly [Visit, Shown]> => {
			const began = tested.entries.length;
			await browser.visit(new URL(PAGE, tested.server.url).href);
			const shown = (await browser.evaluate(SHOWN)) as Shown;
			await eventually('the page view is in the log', () =>
				tested.entries.slice(began).some(({ page }) => page !== undefined),
			);
			return [visitOf(tested.entries.slice(began).filter((entry) => began > 0 || !isCopy(entry))), shown];
		};
		const none: readonly string[] = [];
		const all = [...ESSENTIAL].sort();

		const [first, plain] = await visit();
		assert.not.equal(first.channel, 'bundle');
		assert.equal(first.asked, all);
		assert.equal([plain.hasButton, plain.broken], [true, none]);
		assert.match(plain.filters, 'all');
		assert.ok(plain.fonts.some((font) => font.endsWith('loaded')));
		await eventually('the worker is active and holds the page', async () => {
			const [state] = (await browser.evaluate(WORKER)) as unknown[];
			const isHeld = (await heldBy(browser)).has(PAGE);
			return state === 'activated' && isHeld && tested.entries.some(isCopy);
		});
		assert.equal(await browser.evaluate(WORKER), ['activated', SCRIPT, false]);

		const [second, bundled] = await visit();
		// There is no HTTP cache from which the worker could have taken what the first visit brought.
		assert.equal([second.channel, second.asked], ['bundle', none]);
		assert.equal([...second.sent, ...second.confirmed].sort(), all);
		assert.equal(bundled, plain);
		assert.equal(await browser.evaluate(WORKER), ['activated', SCRIPT, true]);
		await untilHeld(browser, tested.folder);

		const [third, confirmed] = await visit();
		assert.equal(third, { channel: 'bundle', sent: none, confirmed: all, asked: none });
		assert.equal(confirmed, plain);

		await change(tested);
		const [fourth, changed] = await visit();
		const others = all.filter((url) => url !== CHANGED.url);
		assert.equal(fourth, { channel: 'bundle', sent: [CHANGED.url], confirmed: others, asked: none });
		const added = changed.rules.filter((rule) => !plain.rules.includes(rule));
		assert.equal(added, [':root { --changed: style; }']);
		assert.equal({ ...changed, rules: changed.rules.filter((rule) => !added.includes(rule)) }, plain);
		await untilHeld(browser, tested.folder);

		const [fifth, again] = await visit();
		assert.equal(fifth, { channel: 'bundle', sent: none, confirmed: all, asked: none });
		assert.equal(again, changed);
	}));

test('a changed style sheet is shown on the next visit without a worker, too: hints keep no old one', () =>
	withSite(false, async (tested, browser) => {
		const rules = async (): Promise<readonly string[]> => {
			await browser.visit(new URL(PAGE, tested.server.url).href);
			return ((await browser.evaluate(SHOWN)) as Shown).rules;
		};
		// The memory of a tab is what keeps them, from the second visit on.
		await rules();
		await rules();
		await change(tested);
		assert.ok((await rules()).includes(':root { --changed: style; }'));
	}));

webkit.run();
