// What the worker answers and what it leaves alone: fetches by scripts, fields of the site's own, navigations of every kind,
// frames, policies, other origins. Lines of what is expected as in bundle.test.ts.

import { eventually, openIndexed } from '../support/server.ts';
import { type Case, suiteOf } from './bundle-cases.ts';
import { fillerOf, page } from './bundle-sites.ts';
import type { Stage } from './bundle-stage.ts';

/** How scripts fetch: by file, what they say. */
const FETCHES: Readonly<Record<string, string>> = {
	plain: '{}',
	'same-origin': "{ credentials: 'same-origin' }",
	include: "{ credentials: 'include' }",
	omit: "{ credentials: 'omit' }",
	'no-store': "{ cache: 'no-store' }",
	'no-cache': "{ cache: 'no-cache' }",
	reload: "{ cache: 'reload' }",
	range: "{ headers: { range: 'bytes=0-9' } }",
};
const NAMES = Object.keys(FETCHES);
const styleOf = (name: string): string => `:root { --it: ${name} }\n/* ${fillerOf(500, name)} */`;

const linked = (...paths: readonly string[]): string =>
	paths.map((path) => `<link rel="stylesheet" href="${path}">`).join('');

const SCRIPTED = {
	'index.html': page('<p>scripted</p>', linked(...NAMES.map((name) => `f/${name}.css`))),
	'part.html': page('<p>part</p>'),
	...Object.fromEntries(NAMES.map((name) => [`f/${name}.css`, styleOf(name)])),
};

/** In a page, the start of what a fetch of each file brings. */
const FETCHED = `Promise.all([${NAMES.map((name) => `fetch('/f/${name}.css', ${FETCHES[name]})`).join()}].map(async (answer) => {
	const response = await answer;
	return response.status + ' ' + await response.text();
}))`;

const fetchText = (stage: Stage, path: string): Promise<string> =>
	stage.tab.evaluate<string>(`fetch('${path}').then((response) => response.text())`);

const isActive = (stage: Stage): Promise<boolean> =>
	stage.tab.evaluate(
		"navigator.serviceWorker.getRegistration('/').then((registration) => registration?.active?.state === 'activated')",
	);

const workers = (stage: Stage): Promise<number> =>
	stage.tab.evaluate('navigator.serviceWorker.getRegistrations().then(({ length }) => length)');

const SCRIPTS: readonly Case[] = [
	{
		name: 'a script gets what was announced from the worker, and from the server what it wants from there',
		input: SCRIPTED,
		play: async (stage) => {
			await stage.prepare();
			let got: readonly string[] = [];
			const asked = await stage.during(async () => {
				await stage.tab.open(`${stage.origin}/`);
				got = await stage.tab.evaluate(FETCHED);
			});
			const isRight = NAMES.map((name, index) =>
				name === 'range'
					? got[index] === `206 ${styleOf(name).slice(0, 10)}`
					: got[index] === `200 ${styleOf(name)}`,
			);
			return [asked, isRight];
		},
		want: [
			[
				'/ 200 bundle: 0 sent, 8 confirmed',
				'/f/no-cache.css 304',
				'/f/no-store.css 200',
				'/f/omit.css 304',
				'/f/range.css 304',
				'/f/reload.css 200',
			],
			NAMES.map(() => true),
		],
		// It keeps answers to requests without credentials apart, and takes no part from a whole.
		wantIn: {
			Firefox: [
				[
					'/ 200 bundle: 0 sent, 8 confirmed',
					'/f/no-cache.css 304',
					'/f/no-store.css 200',
					'/f/omit.css 200',
					'/f/range.css 206',
					'/f/reload.css 200',
				],
				NAMES.map(() => true),
			],
		},
	},
	{
		name: 'a script that fetches a page gets the file itself; below /.casper/ it gets nothing from the worker',
		input: SCRIPTED,
		play: async (stage) => {
			await stage.prepare();
			await stage.visit('/part.html');
			const texts: string[] = [];
			const statuses: number[] = [];
			const asked = await stage.during(async () => {
				await stage.tab.open(`${stage.origin}/`);
				for (const path of ['/part.html', '/']) texts.push(await fetchText(stage, path));
				for (const path of ['held', 'service-worker.js?'])
					statuses.push(await stage.tab.evaluate(`fetch('/.casper/${path}').then(({ status }) => status)`));
			});
			return [asked, texts.map((text, index) => text === Object.values(SCRIPTED)[1 - index]), statuses];
		},
		want: [
			[
				'/ 200 bundle: 0 sent, 8 confirmed',
				'/ 200',
				'/.casper/held 404',
				'/.casper/service-worker.js? 200',
				'/part.html 200',
			],
			[true, true],
			[404, 200],
		],
	},
];

const FIELDS: readonly Case[] = [
	{
		name: 'fields of the site are on bundled documents and files; what is not to be stored is neither stored nor bundled',
		input: {
			'index.html': page('<img src="i.svg" alt="">', linked('x.css', 'secret.css')),
			'x.css': styleOf('x'),
			'secret.css': styleOf('secret'),
			'i.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>',
			_headers:
				"/\n  Content-Security-Policy: img-src 'none'\n/x.css\n  X-Test: yes\n/secret.css\n  Cache-Control: no-store\n",
		},
		play: async (stage) => {
			await stage.prepare();
			let seen: unknown;
			const asked = await stage.during(async () => {
				await stage.tab.open(`${stage.origin}/`);
				seen = await stage.tab.evaluate(`(async () => [
					(await fetch('/x.css')).headers.get('x-test'),
					document.images[0].naturalWidth,
					(await (await caches.open('casper-serve')).keys()).map(({ url }) => new URL(url).pathname).sort(),
				])()`);
			});
			return [asked, seen];
		},
		want: [
			['/ 200 bundle: 0 sent, 2 confirmed', '/secret.css 200'],
			['yes', 0, ['/', '/.casper/held', '/i.svg', '/x.css']],
		],
	},
	{
		name: 'what is held is shown with the fields of now, though its content is that of before',
		input: {
			'index.html': page('<img src="i.svg" alt="">', linked('x.css')),
			'x.css': styleOf('x'),
			'i.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>',
		},
		play: async (stage) => {
			await stage.prepare();
			const seen = (): Promise<unknown> => stage.tab.evaluate('document.images[0].naturalWidth');
			const before = await seen();
			await stage.restart({}, { ...stage.files, _headers: "/\n  Content-Security-Policy: img-src 'none'\n" });
			return [before, await stage.visit(), await seen()];
		},
		want: [7, ['/ 200 bundle: 0 sent, 2 confirmed'], 0],
	},
	{
		name: 'a picture that is opened in a tab, as a cache has it, is no sign that we are to go',
		input: {
			'index.html': page('<img src="/photo-3f9a1c2b4d5e6f70.svg" alt="">'),
			'photo-3f9a1c2b4d5e6f70.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>',
		},
		settings: { options: { production: true } },
		play: async (stage) => {
			await stage.prepare();
			await stage.tab.open(`${stage.origin}/photo-3f9a1c2b4d5e6f70.svg`);
			return [await stage.visit(), await isActive(stage)];
		},
		want: [['/ 200 bundle: 0 sent, 1 confirmed'], true],
	},
	{
		name: "with worker-src 'none' there is no worker, and the console says so; the page is right",
		input: {
			'index.html': page('<p>none</p>', linked('x.css')),
			'x.css': styleOf('x'),
			_headers: "/\n  Content-Security-Policy: worker-src 'none'\n",
		},
		play: async (stage) => {
			const asked = await stage.visit();
			await eventually('the console says so', () =>
				stage.tab.said.some((line) => line.startsWith('casper-serve: no service worker')),
			);
			return [asked, await workers(stage)];
		},
		want: [['/ 200 hints', '/.casper/page 200', '/x.css 200'], 0],
	},
	{
		name: 'where scripts need a nonce, ours has the one of the page',
		input: {
			'index.html': page('<p>nonce</p>', '<script nonce="abc">window.its = true</script>'),
			_headers: "/\n  Content-Security-Policy: script-src 'nonce-abc'; worker-src 'self'\n",
		},
		play: async (stage) => {
			await stage.visit();
			await eventually('our script has had the worker registered', () => isActive(stage));
			return stage.visit();
		},
		want: ['/ 200 bundle: 0 sent, 0 confirmed'],
	},
];

const NAVIGATED = {
	'index.html': page(
		'<p>navigated</p><form method="post" action="/new.html"></form><a id="load" download href="/file.bin">file</a>' +
			'<a id="save" download href="/new.html">page</a>',
		linked('x.css'),
	),
	'new.html': page('<p>new</p>', linked('x.css')),
	'x.css': styleOf('x'),
	'file.bin': Buffer.from(fillerOf(3000, 'file')),
	_redirects: '/old /new.html 302\n',
};

const NAVIGATIONS: readonly Case[] = [
	{
		name: 'redirects are followed, what is missing is missing, a query is another document, a fragment none',
		input: NAVIGATED,
		play: async (stage) => {
			await stage.prepare();
			const asked = [];
			for (const target of ['/old', '/?a=1', '/?a=1#b', '/#b', '/missing', '/']) {
				asked.push(
					await stage.during(() => stage.tab.open(stage.origin + target), stage.tab, target !== '/missing'),
				);
				if (target === '/old') asked.push(await stage.tab.evaluate('location.pathname'));
			}
			return asked;
		},
		want: [
			['/new.html 200 bundle: 0 sent, 1 confirmed', '/old 302'],
			'/new.html',
			['/?a=1 200 bundle: 0 sent, 1 confirmed'],
			[],
			['/ 200 bundle: 0 sent, 1 confirmed'],
			['/.casper/refusal.css 200', '/missing 404'],
			['/ 200 bundle: 0 sent, 1 confirmed'],
		],
	},
	{
		name: 'a form that is posted goes to the server',
		input: NAVIGATED,
		play: async (stage) => {
			await stage.prepare();
			const asked = await stage.during(async () => {
				await stage.tab.evaluate('document.forms[0].submit()');
				await eventually('the answer is shown', () =>
					stage.tab.evaluate<boolean>("location.pathname === '/new.html'").catch(() => false),
				);
			});
			return [asked, await stage.tab.evaluate('document.body.textContent.includes("405")')];
		},
		want: [['/.casper/refusal.css 200', 'POST /new.html 405'], true],
	},
	{
		name: 'what a link is to download comes from the server, a page as its file',
		input: NAVIGATED,
		play: async (stage) => {
			await stage.prepare();
			await stage.visit('/new.html');
			await stage.visit();
			const first = await stage.during(
				() => stage.tab.evaluate("document.getElementById('load').click()"),
				stage.tab,
				false,
			);
			const second = await stage.during(
				() => stage.tab.evaluate("document.getElementById('save').click()"),
				stage.tab,
				false,
			);
			return [first, second];
		},
		want: [['/file.bin 200'], ['/new.html 200']],
		// It asks as for a page that is shown.
		wantIn: { Firefox: [['/file.bin 200'], ['/new.html 200 bundle: 0 sent, 1 confirmed']] },
	},
];

const AROUND: readonly Case[] = [
	{
		name: 'a frame gets a bundle of its own',
		input: {
			'index.html': page('<iframe src="inner.html"></iframe>', linked('x.css')),
			'inner.html': page('<p>inner</p>', linked('y.css')),
			'x.css': styleOf('x'),
			'y.css': styleOf('y'),
		},
		play: async (stage) => {
			await stage.prepare();
			const asked = [await stage.visit()];
			await stage.change({ 'y.css': styleOf('new') });
			const shown = "getComputedStyle(frames[0].document.documentElement).getPropertyValue('--it').trim()";
			return [...asked, await stage.visit(), await stage.tab.evaluate(shown)];
		},
		want: [
			['/ 200 bundle: 0 sent, 1 confirmed', '/inner.html 200 bundle: 0 sent, 1 confirmed'],
			['/ 200 bundle: 0 sent, 1 confirmed', '/inner.html 200 bundle: 1 sent, 0 confirmed'],
			'new',
		],
	},
	{
		name: 'what another origin has is asked for there, as without a worker',
		input: {},
		play: async (stage) => {
			const other = await openIndexed({ 'o.css': styleOf('o') }, { bundle: true, storage: stage.storage });
			const origin = new URL(other.server.url).origin;
			await stage.change({ 'index.html': page('<p>other</p>', linked(`${origin}/o.css`)) });
			await stage.prepare();
			other.entries.length = 0;
			const asked = await stage.visit();
			const value = "getComputedStyle(document.documentElement).getPropertyValue('--it').trim()";
			return [
				asked,
				other.entries.map(({ target, status }) => `${target} ${status}`),
				await stage.tab.evaluate(value),
			];
		},
		want: [['/ 200 bundle: 0 sent, 0 confirmed'], ['/o.css 304'], 'o'],
	},
	{
		name: 'a page that is fetched ahead is right when it is gone to',
		input: {
			'index.html': page('<p>ahead</p>', `<link rel="prefetch" href="next.html">${linked('x.css')}`),
			'next.html': page('<p>next</p>', linked('x.css')),
			'x.css': styleOf('x'),
		},
		play: async (stage) => {
			await stage.prepare();
			const [first, ahead] = await stage.visit();
			const [second] = await stage.visit('/next.html');
			await stage.change({ 'next.html': page('<p>newer</p>', linked('x.css')) });
			await stage.visit();
			await stage.visit('/next.html');
			return [
				first,
				ahead?.replace(/ .*/, ''),
				second,
				await stage.tab.evaluate('document.body.textContent.trim()'),
			];
		},
		want: [
			'/ 200 bundle: 0 sent, 1 confirmed',
			'/next.html',
			'/next.html 200 bundle: 0 sent, 1 confirmed',
			'newer',
		],
	},
	{
		name: 'a page that is shown ahead is right when it is gone to',
		not: { Firefox: 'it has no speculation rules' },
		input: {
			'index.html': page(
				'<a id="next" href="next.html">next</a>',
				'<script type="speculationrules">{"prerender":[{"urls":["next.html"],"eagerness":"immediate"}]}</script>',
			),
			'next.html': page('<p>next</p>', linked('x.css')),
			'x.css': styleOf('x'),
		},
		play: async (stage) => {
			await stage.prepare('/next.html');
			const asked = await stage.visit();
			await stage.tab.evaluate("document.getElementById('next').click()");
			await eventually('the next page is there', () =>
				stage.tab
					.evaluate<boolean>("location.pathname === '/next.html' && document.readyState === 'complete'")
					.catch(() => false),
			);
			const value = "getComputedStyle(document.documentElement).getPropertyValue('--it').trim()";
			return [
				asked,
				await stage.tab.evaluate('document.body.textContent.trim()'),
				await stage.tab.evaluate(value),
			];
		},
		want: [['/ 200 bundle: 0 sent, 0 confirmed', '/next.html 200 bundle: 0 sent, 1 confirmed'], 'next', 'x'],
	},
];

suiteOf('rules', [...SCRIPTS, ...FIELDS, ...NAVIGATIONS, ...AROUND]).run();
