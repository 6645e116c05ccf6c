// Which tabs reload, and how often: only those whose page is made of what has changed, and once for each change. That nothing
// happens is seen by something else that happens later.

import { once } from 'node:events';
import { rm, utimes } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { eventually, onEnd } from '../support/server.ts';
import { suiteOf } from './bundle-cases.ts';
import { page } from './bundle-sites.ts';
import { comesTo, isKept, liveCase, property } from './live-site.ts';

const link = (path: string): string => `<link rel="stylesheet" href="${path}">`;
const script = (path: string): string => `<script src="${path}"></script>`;
const style = (name: string, version: number): string => `:root { --${name}: ${version} }`;
const TEXT = "document.querySelector('p')?.textContent";

/** Writes its address anew, and gets its height late. */
const moved = (version: number): string =>
	page(
		`<p>${version}</p><script>history.replaceState(null, '', '/?' + (Number(location.search.slice(1)) || 1));
		history.scrollRestoration = 'manual'; setTimeout(() => { document.body.style.height = '5000px' }, 100)</script>`,
	);

/** A server that answers when it is told to. */
const openSlow = async () => {
	let answer = (): void => undefined;
	let hear = (): void => undefined;
	const told = new Promise<void>((resolve) => {
		answer = resolve;
	});
	const asked = new Promise<void>((resolve) => {
		hear = resolve;
	});
	const server = createServer((_, response) => {
		hear();
		void told.then(() => response.setHeader('content-type', 'text/html').end('slow'));
	});
	server.listen(0, 'localhost');
	await once(server, 'listening');
	onEnd(() => {
		server.closeAllConnections();
		server.close();
	});
	return { origin: `http://localhost:${(server.address() as AddressInfo).port}`, asked, answer };
};

const CASES = [
	liveCase(
		'a page, a script, a module and what a script fetched are shown by a reload, at the place where the page was',
		{
			'index.html': page(
				`<p>1</p><div style="height: 5000px"></div>${script('a.js')}<script type="module" src="m.js"></script>`,
			),
			'a.js':
				"window.a = 1; fetch('a.json').then((response) => response.json()).then((json) => { window.json = json });",
			'm.js': "import('./late.js')",
			'late.js': 'window.late = 1',
			'a.json': '1',
		},
		async (site) => {
			const tab = await site.show();
			const kept: boolean[] = [];
			const steps = [
				{
					path: 'index.html',
					content: page(
						`<p>2</p><div style="height: 6000px"></div>${script('a.js')}<script type="module" src="m.js"></script>`,
					),
					see: TEXT,
					want: '2',
				},
				{
					path: 'a.js',
					content:
						"window.a = 2; fetch('a.json').then((response) => response.json()).then((json) => { window.json = json });",
					see: 'window.a',
					want: 2,
				},
				{ path: 'late.js', content: 'window.late = 2', see: 'window.late', want: 2 },
				{ path: 'a.json', content: '2', see: 'window.json', want: 2 },
			];
			for (const [index, { path, content, see, want }] of steps.entries()) {
				await comesTo(tab, '[window.late !== undefined, window.json !== undefined]', [true, true]);
				await tab.evaluate(`window.mark = 'kept'; scrollTo(0, ${(index + 1) * 500})`);
				await site.write({ [path]: content });
				await comesTo(tab, see, want);
				kept.push(await isKept(tab));
				await comesTo(tab, 'Math.round(scrollY)', (index + 1) * 500);
			}
			return [kept, site.shown, site.navigations()];
		},
		[
			[false, false, false, false],
			['/ reload /', '/ reload /a.js', '/ reload /late.js', '/ reload /a.json'],
			5,
		],
	),
	liveCase(
		'where a page keeps the browser from scrolling, it is at its place again all the same',
		{
			'index.html': page(
				"<p>1</p><script>history.scrollRestoration = 'manual'; setTimeout(() => { document.body.style.height = '5000px' }, 100)</script>",
			),
		},
		async (site) => {
			const tab = await site.show();
			await comesTo(tab, 'document.body.style.height', '5000px');
			await tab.evaluate('scrollTo(0, 700)');
			await site.write({
				'index.html': page(
					"<p>2</p><script>history.scrollRestoration = 'manual'; setTimeout(() => { document.body.style.height = '5000px' }, 100)</script>",
				),
			});
			await comesTo(tab, `[${TEXT}, scrollY]`, ['2', 700]);
			return [site.shown];
		},
		[['/ reload /']],
	),
	liveCase(
		'where a page has written another address, it is at its place again, too',
		{ 'index.html': moved(1) },
		async (site) => {
			const tab = await site.show();
			await comesTo(tab, '[location.search, document.body.style.height]', ['?1', '5000px']);
			await tab.evaluate('scrollTo(0, 700)');
			await site.write({ 'index.html': moved(2) });
			await comesTo(tab, `[${TEXT}, scrollY]`, ['2', 700]);
			// Elsewhere it begins at the top.
			await site.show('/?else', tab);
			return [site.shown, await tab.evaluate('scrollY')];
		},
		[['/ reload /'], 0],
	),
	liveCase(
		'a navigation that somebody has begun is not ended by a reload',
		{ 'index.html': page('<p>1</p>') },
		async (site) => {
			const slow = await openSlow();
			const [leaving, staying] = [await site.show(), await site.show()];
			await leaving.evaluate(`void (location.href = '${slow.origin}/slow')`);
			await slow.asked;
			await site.write({ 'index.html': page('<p>2</p>') });
			await comesTo(staying, TEXT, '2');
			await site.told(1);
			slow.answer();
			await comesTo(leaving, 'location.pathname', '/slow');
			return [site.shown, site.navigations()];
		},
		[['/ reload /'], 3],
	),
	liveCase(
		'a page that is opened just when its files are written does not reload for that',
		{ 'index.html': page('<p>1</p>', link('a.css') + script('a.js')), 'a.css': '', 'a.js': '' },
		async (site, { visitor }) => {
			const tab = await visitor.newTab();
			const seen: unknown[] = [];
			for (const version of [2, 3, 4, 5]) {
				await tab.open('about:blank');
				await site.write({ 'a.css': style('a', version), 'a.js': `window.a = ${version}` });
				await site.show('/', tab);
				seen.push(await tab.evaluate(`[window.a, ${property('a')}]`));
			}
			await site.write({ 'index.html': page('<p>2</p>') });
			await comesTo(tab, TEXT, '2');
			await site.told(1);
			return [seen, site.shown];
		},
		[[2, 3, 4, 5].map((version) => [version, String(version)]), ['/ reload /']],
	),
	liveCase(
		'a page that asks for something under ever new addresses reloads for what it asked for later, too',
		{ 'index.html': page('<p>1</p>'), 'poll.json': '1', 'last.json': '1' },
		async (site) => {
			const tab = await site.show();
			await tab.evaluate(`(async () => {
				const ask = (index) => fetch('poll.json?' + index).then((response) => response.text());
				for (let index = 0; index < 550; index += 50)
					await Promise.all(Array.from({ length: 50 }, (_, more) => ask(index + more)));
				await (await fetch('last.json')).text();
			})()`);
			await site.write({ 'last.json': '2' });
			await site.told(1);
			return site.shown;
		},
		['/ reload /last.json'],
	),
	liveCase(
		'of three tabs, only the one reloads whose page has what changed',
		{
			'one.html': page('one', link('one.css') + script('one.js')),
			'two.html': page('two', `${link('two.css')}<link rel="prefetch" href="one.js">`),
			'three.html': page('three', `${link('three.css')}<a href="one.html">one</a>`),
			...Object.fromEntries(['one', 'two', 'three'].map((name) => [`${name}.css`, style(name, 1)])),
			'one.js': 'window.one = 1',
		},
		async (site) => {
			const one = await site.show('/one.html');
			const two = await site.show('/two.html');
			const three = await site.show('/three.html');
			await site.write({ 'one.js': 'window.one = 2' });
			await comesTo(one, 'window.one', 2);
			await site.write({ 'three.css': style('three', 2) });
			await comesTo(three, property('three'), '2');
			await site.told(2);
			await site.write({ 'one.html': page('anew', script('one.js')), 'two.css': style('two', 2) });
			await comesTo(two, property('two'), '2');
			await site.told(4);
			await comesTo(one, 'document.body.textContent.trim()', 'anew');
			const kept = [await isKept(one), await isKept(two), await isKept(three)];
			const navigations = ['/one.html', '/two.html', '/three.html'].map((path) => site.navigations(path));
			return [kept, navigations, [...site.shown].sort()];
		},
		[
			[false, true, true],
			[3, 1, 1],
			[
				'/one.html reload /one.html',
				'/one.html reload /one.js',
				'/three.html in place /three.css',
				'/two.html in place /two.css',
			],
		],
	),
	liveCase(
		'over HTTP/1.1, eight tabs share a stream, and another takes over when its tab is closed',
		{
			...Object.fromEntries(
				Array.from({ length: 8 }, (_, index) => [
					`${index}.html`,
					page(`<p>${index}</p>`, link(`${index}.css`) + link('all.css')),
				]),
			),
			...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`${index}.css`, style('own', 1)])),
			'all.css': style('all', 1),
		},
		async (site) => {
			const tabs = [];
			for (let index = 0; index < 8; index++) tabs.push(await site.show(`/${index}.html`));
			await site.write({ 'all.css': style('all', 2) });
			for (const tab of tabs) await comesTo(tab, property('all'), '2');
			await site.told(8);
			// Nothing is stuck.
			const answered = await tabs[7]!.evaluate("fetch('/all.css').then(({ status }) => status)");
			await tabs.shift()!.close();
			await site.write({ '5.css': style('own', 2) });
			await comesTo(tabs[4]!, property('own'), '2');
			await site.told(9);
			await site.write({ 'all.css': style('all', 3) });
			for (const tab of tabs) await comesTo(tab, property('all'), '3');
			await site.told(16);
			const kept = await Promise.all(tabs.map(isKept));
			return [answered, kept, site.shown.length, site.shown[8]];
		},
		[200, Array(7).fill(true), 16, '/5.html in place /5.css'],
		{ cert: false },
	),
	...[true, false].map((cert) =>
		liveCase(
			`after a restart of the server, a tab reloads if what it shows has changed meanwhile${cert ? '' : ', over HTTP/1.1, too'}`,
			{
				'index.html': page('<p>1</p>', link('a.css')),
				'a.css': style('a', 1),
				'other.html': page('<p>1</p>'),
			},
			async (site) => {
				const tab = await site.show();
				const other = await site.show('/other.html');
				await site.restart();
				await site.write({ 'other.html': page('<p>2</p>') });
				await comesTo(other, TEXT, '2');
				const kept = await isKept(tab);
				await site.restart(() => site.write({ 'a.css': style('a', 2) }));
				await comesTo(tab, property('a'), '2');
				await site.told(2);
				await site.restart(() => site.write({ 'index.html': page('<p>2</p>', link('a.css')) }));
				await comesTo(tab, TEXT, '2');
				await site.told(3);
				return [kept, await isKept(tab), site.shown, site.navigations(), site.navigations('/other.html')];
			},
			[true, false, ['/other.html reload /other.html', '/ in place /a.css', '/ reload /'], 2, 2],
			{ cert },
		),
	),
	liveCase(
		'a build that writes five hundred files anew is one reload; what was only touched or written as it was, none',
		{
			'index.html': page('<p>1</p>', link('0.css') + script('0.js')),
			'other.html': page('<p>1</p>'),
			...Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`${index}.css`, style('a', 1)])),
			...Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`${index}.js`, 'window.js = 1'])),
		},
		async (site) => {
			const tab = await site.show();
			const other = await site.show('/other.html');
			const { folder } = site.tested;
			for (const name of ['index.html', '0.css', '0.js'])
				await utimes(join(folder, name), new Date(), new Date());
			await site.write({ '0.js': 'window.js = 1' });
			await site.write({ 'other.html': page('<p>2</p>') });
			await comesTo(other, TEXT, '2');
			const kept = await isKept(tab);
			const build = Array.from({ length: 250 }, (_, index) =>
				site.write({ [`${index}.css`]: style('a', 2), [`${index}.js`]: 'window.js = 2' }),
			);
			await Promise.all([
				...build,
				site.write({ 'index.html': page('<p>2</p>', link('0.css') + script('0.js')) }),
			]);
			await comesTo(tab, `[${TEXT}, ${property('a')}, window.js]`, ['2', '2', 2]);
			await site.replace('other.html', page('<p>3</p>'));
			await comesTo(other, TEXT, '3');
			await site.told(3);
			// Some files of the build may have been read before they were written, and are new with the reload all the same.
			return [kept, site.navigations(), site.shown.map((line) => line.split(' ').slice(0, 2).join(' '))];
		},
		[true, 2, ['/other.html reload', '/ reload', '/other.html reload']],
	),
	liveCase(
		'while a build has emptied the folder, nothing happens; afterwards what has changed is shown, and nothing else',
		{ 'index.html': page('<p>1</p>', link('a.css')), 'a.css': style('a', 1), 'other.html': page('<p>1</p>') },
		async (site) => {
			const files = { 'a.css': style('a', 1), 'index.html': page('<p>1</p>', link('a.css')) };
			const tab = await site.show();
			const other = await site.show('/other.html');
			const remove = async (): Promise<void> => {
				for (const name of Object.keys(files)) await rm(join(site.tested.folder, name));
				// That they are gone is known when this is.
				const before = site.shown.length;
				await site.write({ 'other.html': page(`<p>${before + 2}</p>`) });
				await comesTo(other, TEXT, String(before + 2));
				await site.told(before + 1);
			};
			await remove();
			const isBlank = await tab.evaluate("document.querySelector('p') === null");
			await site.write(files);
			await remove();
			await site.write({ ...files, 'index.html': page('<p>2</p>', link('a.css')) });
			await comesTo(tab, TEXT, '2');
			await site.told(3);
			return [isBlank, site.navigations(), site.shown];
		},
		[false, 2, ['/other.html reload /other.html', '/other.html reload /other.html', '/ reload /']],
	),
	liveCase(
		'a file that is gone for good is missing in the page, too',
		{ 'index.html': page('<p>1</p>', link('a.css')), 'a.css': style('a', 1) },
		async (site) => {
			const tab = await site.show();
			await comesTo(tab, property('a'), '1');
			await rm(join(site.tested.folder, 'a.css'));
			await comesTo(tab, property('a'), '');
			await site.write({ 'a.css': style('a', 2) });
			await comesTo(tab, property('a'), '2');
			await site.told(2);
			return site.shown;
		},
		['/ reload /a.css', '/ in place /a.css'],
	),
	liveCase(
		'a frame reloads itself, and the page around it stays',
		{
			'index.html': page('<p>1</p><iframe src="frame.html"></iframe>'),
			'frame.html': page('<p>1</p>', script('frame.js')),
			'frame.js': 'window.frame = 1',
		},
		async (site) => {
			const tab = await site.show();
			await comesTo(tab, 'frames[0].frame', 1);
			await site.write({ 'frame.html': page('<p>2</p>', script('frame.js')) });
			await comesTo(tab, "frames[0].document.querySelector('p')?.textContent", '2');
			await site.write({ 'frame.js': 'window.frame = 2' });
			await comesTo(tab, 'frames[0].frame', 2);
			await site.told(2);
			return [await isKept(tab), site.shown];
		},
		[true, ['/frame.html reload /frame.html', '/frame.html reload /frame.js']],
	),
	liveCase(
		'all tabs reload when they are told to, once',
		{ 'index.html': page('<p>1</p>'), 'other.html': page('<p>1</p>') },
		async (site) => {
			const tabs = [await site.show(), await site.show('/other.html')];
			site.tested.server.reloadTabs();
			await site.told(2);
			for (const tab of tabs) await comesTo(tab, 'window.mark', undefined);
			await site.write({ 'index.html': page('<p>2</p>') });
			await comesTo(tabs[0]!, TEXT, '2');
			await site.told(3);
			return [[...site.shown].sort(), site.navigations(), site.navigations('/other.html')];
		},
		[['/ reload ', '/ reload /', '/other.html reload '], 3, 2],
	),
	liveCase(
		'a page to which one goes back shows what has changed meanwhile',
		{
			'index.html': page('<p>1</p>', link('a.css')),
			'a.css': style('a', 1),
			'next.html': page('<p>next</p>'),
		},
		async (site) => {
			const tab = await site.show();
			await site.show('/next.html', tab);
			await site.write({ 'a.css': style('a', 2), 'next.html': page('<p>later</p>') });
			await comesTo(tab, TEXT, 'later');
			await tab.back();
			await comesTo(tab, `[${TEXT}, ${property('a')}]`, ['1', '2']);
			await site.write({ 'index.html': page('<p>2</p>', link('a.css')) });
			await comesTo(tab, `[${TEXT}, ${property('a')}]`, ['2', '2']);
			await eventually('the page said so', () => site.shown.includes('/ reload /'));
			return site.navigations('/next.html');
		},
		2,
	),
];

suiteOf('live: reloads', CASES).run();
