// What a browser makes of it: Chromium (Debian: chromium, libnss3-tools) opens every page of two sites.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Casper, hasProgram, type PageEntry, withCasper, withFolder } from '../interop/casper.ts';
import { SITES, type Site } from '../interop/sites.ts';
import { type Chromium, chromiumPath, openChromium, type PageVisit, trustCertificate } from './chromium.ts';

const [example, blog] = SITES;

const chromium = suite('Chromium');
const test = chromiumPath !== undefined && hasProgram('certutil') ? chromium : chromium.skip;
if (test === chromium.skip)
	console.error(
		'SKIPPED: chromium and certutil (Debian: chromium, libnss3-tools) are not both in the path, so no browser is tried',
	);

const withBrowser = async <T>(home: string, use: (browser: Chromium) => Promise<T>): Promise<T> => {
	const browser = await openChromium(home);
	try {
		return await use(browser);
	} finally {
		await browser.close();
	}
};

/** A server, and the home folder of a browser that trusts it. */
const withHome = (site: Site, use: (casper: Casper, home: string) => Promise<void>): Promise<void> =>
	withCasper(site.folder, [...site.options, '--no-live', '--cert', '--log', 'json'], (casper) =>
		withFolder(async (home) => {
			await trustCertificate(home, casper);
			await use(casper, home);
		}),
	);

const checkVisit = (page: string, { fetched, complaints }: PageVisit): void => {
	assert.equal(complaints, [], page);
	assert.is(fetched[0]?.target, page);
	for (const { target, protocol, status, failure } of fetched) {
		assert.equal([failure, protocol], [undefined, 'h2'], `${page}: ${target}`);
		assert.ok(status === 200 || status === 304, `${page}: ${target}: ${status}`);
	}
};

test('Chromium refuses the self-signed certificate of a server that it was not told to trust', () =>
	withCasper(example.folder, ['--cert'], (casper) =>
		withFolder((home) =>
			withBrowser(home, async (browser) => {
				const refusal = await browser.visit(casper.url).catch((error: Error) => error.message);
				assert.match(String(refusal), 'net::ERR_CERT_AUTHORITY_INVALID');
			}),
		),
	));

for (const site of SITES)
	test(`${site.name}: each page loads over HTTP/2 without failure or complaint; again after a restart, with a 304 for everything`, () =>
		withHome(site, async (casper, home) => {
			await withBrowser(home, async (browser) => {
				for (const page of site.pages) {
					const visited = await browser.visit(
						new URL(page, casper.url).href,
						'[location.protocol, isSecureContext, document.readyState]',
					);
					const view = await casper.takePage(page);
					checkVisit(page, visited);
					assert.equal(visited.value, ['https:', true, 'complete'], page);
					assert.is(view.channel, 'hints', `${page}: Chromium takes no pushes`);
				}
			});
			await casper.takeRequests();
			await withBrowser(home, async (browser) => {
				for (const page of site.pages) checkVisit(page, await browser.visit(new URL(page, casper.url).href));
			});
			const requests = await casper.takeRequests();
			assert.ok(requests.length > 2 * site.pages.length);
			for (const { target, status, protocol } of requests)
				assert.equal([status, protocol], [304, 'HTTP/2'], target);
		}));

test('the cookie that pages come with is one, for this origin alone, is kept, and is sent back after a restart', () =>
	withHome(example, async (casper, home) => {
		const visit = async (browser: Chromium, page: string): Promise<PageEntry> => {
			await browser.visit(new URL(page, casper.url).href);
			return casper.takePage(page);
		};
		await withBrowser(home, async (browser) => {
			await visit(browser, '/index.html');
			// Only now what the first one made Chromium ask for is known.
			await visit(browser, '/key.html');
			const [cookie, ...others] = await browser.cookies();
			assert.equal(others, []);
			const { name, httpOnly, secure, sameSite, path } = cookie ?? {};
			assert.equal(
				{ name, httpOnly, secure, sameSite, path },
				{
					name: `__Host-casper_${new URL(casper.url).port}`,
					httpOnly: true,
					secure: true,
					sameSite: 'Lax',
					path: '/',
				},
			);
		});
		await withBrowser(home, async (browser) => {
			const view = await visit(browser, '/index.html');
			assert.is(view.evidence, 'cookie');
			const confirmed = view.dependencies
				.filter(({ verdict }) => verdict === 'confirm')
				.map(({ url }) => url);
			// The rest are what Chromium asked for without a cookie, or not at all.
			for (const url of example.needs['/index.html']!.with)
				if (url !== '/site.webmanifest') assert.ok(confirmed.includes(url), url);
		});
	}));

/** What is changed, as its file and as the page asks for it. */
const CHANGES = [
	{
		site: example,
		style: { file: 'css/site.css', path: '/css/site.css?v=3' },
		script: { file: 'js/torch.js', path: '/js/torch.js' },
	},
	{
		site: blog,
		style: { file: 'css/styles.css', path: '/css/styles.css' },
		script: { file: 'js/scripts.js', path: '/js/scripts.js' },
	},
];
const PAGE = { file: 'index.html', path: '/index.html' };

/** In a page, which of the changes it has got. */
const SHOWN =
	"[getComputedStyle(document.documentElement).getPropertyValue('--changed').trim(), window.changed, document.querySelector('meta[name=changed]')?.content].join()";

for (const { site, style, script } of CHANGES)
	test(`${site.name}: when style sheet, script or document change, the next visit shows the new bytes`, () =>
		withHome(site, async (casper, home) => {
			const look = async (browser: Chromium): Promise<unknown> => {
				const visited = await browser.visit(new URL(PAGE.path, casper.url).href, SHOWN);
				checkVisit(PAGE.path, visited);
				return visited.value;
			};
			await withBrowser(home, async (browser) => {
				assert.is(await look(browser), ',,');
				await casper.append(style.file, style.path, ':root { --changed: style }');
				assert.is(await look(browser), 'style,,');
				await casper.append(script.file, script.path, "\nwindow.changed = 'script';\n");
				assert.is(await look(browser), 'style,script,');
				await casper.append(PAGE.file, PAGE.path, '<meta name="changed" content="document">');
				assert.is(await look(browser), 'style,script,document');
			});
			await casper.append(style.file, style.path, ':root { --changed: again }');
			await withBrowser(home, async (browser) => assert.is(await look(browser), 'again,script,document'));
		}));

chromium.run();
