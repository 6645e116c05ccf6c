// Every kind of page: with policies, without tags, in other encodings, from a bundle, from a worker of the site's own; and
// what a page is told of references that lead to nothing, and what it tells of its console.

import { eventually } from '../support/server.ts';
import { suiteOf } from './bundle-cases.ts';
import { page } from './bundle-sites.ts';
import { comesTo, isKept, liveCase, property } from './live-site.ts';

const link = (path: string): string => `<link rel="stylesheet" href="${path}">`;
const style = (name: string, version: number): string => `:root { --${name}: ${version} }`;
const TEXT = "document.querySelector('p')?.textContent";
const OVERLAY =
	"document.querySelector('casper-serve-broken')?.shadowRoot.querySelector('[role=status]').textContent ?? ''";

const wide = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
const guarded = (text: string, name: string): string =>
	page(
		`<p>${text}</p><script nonce="abc">window.own = 1</script>`,
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-abc'; style-src 'self'; img-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'">${link(name)}`,
	);

/** Gives the page as it got it first. */
const WORKER = `const first = async (request) => {
	const cache = await caches.open('first');
	const kept = await cache.match('/');
	if (kept !== undefined) return kept;
	const response = await fetch(request);
	await cache.put('/', response.clone());
	return response;
};
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
	if (event.request.mode === 'navigate') event.respondWith(first(event.request));
});`;

/** Is at another address after each load, as applications of one page may be. */
const restless = (version: number): string =>
	page(
		`<p>${version}</p><script>history.replaceState(null, '', '/?' + (Number(location.search.slice(1)) + 1))</script>`,
		link('a.css'),
	);

const CONSOLE = (version: number): string => `<p>${version}</p><script>
	console.log('text %s', { a: [1, 'two'], f() {} }, null, undefined, 3n);
	const loop = { name: 'loop' }; loop.self = loop;
	console.warn(loop, document.querySelector('p'), new Map([['key', new Set([1])]]));
	console.error(new TypeError('wrong'));
	setTimeout(() => { throw new Error('thrown') });
	Promise.reject(new Error('rejected'));
</script>`;

const CASES = [
	liveCase(
		'a policy with a nonce, and trusted types, let it do what it does',
		{ 'index.html': guarded('1', 'a.css'), 'a.css': style('a', 1) },
		async (site) => {
			const tab = await site.show();
			await site.write({ 'a.css': style('a', 2) });
			await comesTo(tab, property('a'), '2');
			await site.told(1);
			const kept = await isKept(tab);
			await site.write({ 'index.html': guarded('2', 'b.css') });
			await comesTo(tab, `[${TEXT}, ${OVERLAY}]`, ['2', '/index.html:2  /b.css: no such file.']);
			const height = "document.querySelector('casper-serve-broken').getBoundingClientRect().height > 20";
			const complaints = tab.said.filter((text) => /policy|trusted/i.test(text));
			return [kept, await tab.evaluate(height), complaints, site.shown];
		},
		[true, true, [], ['/ in place /a.css', '/ reload /']],
	),
	...[
		{ name: 'without any tag of the document', path: 'index.html', one: '<p>1', two: '<p>2', want: '2' },
		{
			name: 'in UTF-16',
			path: 'index.html',
			one: wide('<!doctype html><title>t</title><p>eins €'),
			two: wide('<!doctype html><title>t</title><p>zwei €'),
			want: 'zwei €',
		},
	].map(({ name, path, one, two, want }) =>
		liveCase(
			`a page ${name} reloads`,
			{ [path]: one },
			async (site) => {
				const tab = await site.show();
				await site.write({ [path]: two });
				await comesTo(tab, TEXT, want);
				await site.told(1);
				return site.shown;
			},
			['/ reload /'],
		),
	),
	liveCase(
		'what is broken is said in the page until it is mended, or closed',
		{
			'index.html': page('<p>1</p>', link('css/style.css')),
			'css/Style.css': style('a', 1),
			'many.html': page(Array.from({ length: 8 }, (_, index) => `<img src="${index}.png">`).join('')),
		},
		async (site) => {
			const tab = await site.show();
			await comesTo(
				tab,
				OVERLAY,
				'/index.html:2  /css/style.css: no such file. Did you mean /css/Style.css?',
			);
			const isInBody = await tab.evaluate("document.body.querySelector('casper-serve-broken') !== null");
			await site.write({ 'css/style.css': style('a', 2) });
			await comesTo(tab, `[${OVERLAY}, ${property('a')}]`, ['', '2']);
			await site.show('/many.html', tab);
			await comesTo(tab, `(${OVERLAY}).split('\\n').slice(4)`, [
				'/many.html:2  /4.png: no such file.',
				'… and 3 more',
			]);
			await tab.evaluate(
				"document.querySelector('casper-serve-broken').shadowRoot.querySelector('button').click()",
			);
			const afterClose = await tab.evaluate(OVERLAY);
			await site.write({ '7.png': 'no image' });
			await comesTo(tab, `(${OVERLAY}).split('\\n').slice(5)`, ['… and 2 more']);
			return [isInBody, afterClose];
		},
		[false, ''],
	),
	liveCase(
		'with bundles, what has changed is new on every reload',
		{
			'index.html': page('<p>1</p>', `${link('a.css')}<script src="a.js"></script>`),
			'a.css': style('a', 1),
			'a.js': 'window.a = 1',
		},
		async (site) => {
			const tab = await site.show();
			await tab.evaluate(`(async () => {
				await navigator.serviceWorker.register('/.casper/service-worker.js', { scope: '/' });
				await navigator.serviceWorker.ready;
			})()`);
			for (const version of [2, 3, 4]) {
				await site.show('/', tab);
				await site.write({ 'a.css': style('a', version) });
				await comesTo(tab, property('a'), String(version));
				await site.write({ 'a.js': `window.a = ${version}` });
				await comesTo(tab, `[window.a, ${property('a')}]`, [version, String(version)]);
				await site.write({
					'index.html': page(`<p>${version}</p>`, `${link('a.css')}<script src="a.js"></script>`),
				});
				await comesTo(tab, `[${TEXT}, window.a, ${property('a')}]`, [
					String(version),
					version,
					String(version),
				]);
			}
			return tab.evaluate('navigator.serviceWorker.controller !== null');
		},
		true,
		{ bundle: true },
	),
	{
		...liveCase(
			"a page that the site's own worker keeps as it was reloads once for each version, and says why",
			{ 'index.html': restless(1), 'a.css': style('a', 1), 'worker.js': WORKER },
			async (site) => {
				const tab = await site.show();
				await tab.evaluate(`(async () => {
				await navigator.serviceWorker.register('/worker.js');
				await navigator.serviceWorker.ready;
				if (navigator.serviceWorker.controller === null)
					await new Promise((resolve) => { navigator.serviceWorker.oncontrollerchange = resolve; });
			})()`);
				await tab.open(`${site.origin}/`);
				const warnings = (): number =>
					site.said.filter(({ text }) => text.includes("reloaded, but the site's service worker")).length;
				await site.write({ 'index.html': restless(2) });
				await eventually('it says so', () => warnings() === 1);
				await site.write({ 'a.css': style('a', 2) });
				await comesTo(tab, property('a'), '2');
				await site.write({ 'index.html': restless(3) });
				await eventually('it says so again', () => warnings() === 2);
				await site.write({ 'a.css': style('a', 3) });
				await comesTo(tab, property('a'), '3');
				await site.told(4);
				const shown = site.shown.map((line) => line.replace(/\?\d+/g, ''));
				return [shown, await tab.evaluate(TEXT), warnings()];
			},
			[['/ reload /', '/ in place /a.css', '/ reload /', '/ in place /a.css'], '1', 2],
			{ forwardConsole: true },
		),
	},
	liveCase(
		'large values are passed on in short, slow ones only some, and what getters say while they are looked at, not at all',
		{ 'index.html': page('<p>1</p>') },
		async (site) => {
			const tab = await site.show();
			await tab.evaluate(`(() => {
				const loud = { get said() { console.log(this); return 'said' } };
				const slow = {
					get looked() {
						for (const end = performance.now() + 50; performance.now() < end; );
						return true;
					},
				};
				console.log(new Uint8Array(1e8), new DataView(new ArrayBuffer(8)));
				console.log(Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => ['key' + index, index])));
				console.log(loud);
				for (let index = 0; index < 90; index++) console.log(slow);
			})()`);
			await eventually('it is said', () => site.said.some(({ text }) => /^… \d+ more$/.test(text)));
			const [views, wide, said, ...others] = site.said.map(({ text }) => text);
			// In Firefox the driver looks at the values, too, and takes its time for it.
			const slow = others.filter((text) => text === '{looked: true}').length;
			return [views, said, /^\{key0: 0, .*, …\}$/.test(wide ?? ''), slow < 60 || slow];
		},
		['Uint8Array(100000000) DataView(8)', '{said: "said"}', true, true],
		{ forwardConsole: true },
	),
	liveCase(
		'what the console says is passed on, from the first script on, and with where it was said',
		{ 'index.html': page(CONSOLE(1)) },
		async (site) => {
			const tab = await site.show();
			await eventually('all is said', () => site.said.length >= 5);
			// Browsers do not agree on which of the last two comes first.
			const first = [
				...site.said.slice(0, 3),
				...site.said.slice(3, 5).sort((a, b) => (a.text < b.text ? -1 : 1)),
			];
			await tab.evaluate(
				"(() => { for (let index = 0; index < 150; index++) console.info('x'.repeat(20_000)) })()",
			);
			const omitted = (): number => Number(/^… (\d+) more$/.exec(site.said.at(-1)?.text ?? '')?.[1]);
			await eventually('the number of the others is said', () => omitted() > 0);
			const many = site.said.filter(({ text }) => text.startsWith('xxx'));
			return [
				first.map(({ level, text, at, page: on }) => [
					on,
					level,
					text.split('\n')[0],
					/^\/:[3-8]:\d+$/.test(at),
				]),
				[many.length <= 100, many.length + omitted(), many.every(({ text }) => text.length === 10_000)],
			];
		},
		[
			[
				['/', 'log', 'text %s {a: [1, "two"], f: ƒ f} null undefined 3n', true],
				['/', 'warn', '{name: "loop", self: …} <p> Map {key: [1]}', true],
				['/', 'error', 'TypeError: wrong', true],
				['/', 'error', 'Uncaught (in promise) Error: rejected', true],
				['/', 'error', 'Uncaught Error: thrown', true],
			],
			[true, 150, true],
		],
		{ forwardConsole: true },
	),
];

suiteOf('live: pages', CASES).run();
