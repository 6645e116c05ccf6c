// The bundle in browsers: how many requests visits take, and that the page has every byte as it is on the disk.
//
// A line of what is expected is a page view as the server planned it, or another request with its status; of more than six
// others, their number. The update checks of the worker's script and what browsers ask for by the way are left out.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, onEnd } from '../support/server.ts';
import { type Case, suiteOf } from './bundle-cases.ts';
import { openLatch } from './bundle-latch.ts';
import { BLOG, ELEVEN, EXAMPLE, page, SHOWN, shownWith, twenty, versionsOf } from './bundle-sites.ts';
import type { Stage } from './bundle-stage.ts';
import { openDelayProxy } from './delay-proxy.ts';

/** Visits, and waits until the worker has copied what the browser has. Then what was asked for, all in all. */
const adopt = async (stage: Stage): Promise<readonly string[]> => {
	const asked = await stage.visit();
	await stage.published();
	const transferred = stage.asked().filter(({ status }) => status === 200);
	const twice = transferred.length - new Set(transferred.map(({ target }) => target)).size;
	// Chromium asks now and then for an icon once more, without a transfer.
	return [...asked.filter((line) => line !== '1 others 304'), `${twice} transferred twice`];
};

const shown = (stage: Stage): Promise<string> => stage.tab.evaluate<string>(SHOWN);

const FIRST = ['/ 200 hints', '21 others 200'];
const UNCHANGED = ['/ 200 bundle: 0 sent, 20 confirmed'];
const NAVIGATED = [...FIRST, '0 transferred twice'];

/** Adds a line feed to a file. */
const touch = async (stage: Stage, path: string): Promise<void> =>
	stage.change({
		[path]: Buffer.concat([await readFile(join(stage.tested.folder, path)), Buffer.from('\n')]),
	});

const VISITS: readonly Case[] = [
	{
		name: 'a first visit is as without a worker; what the browser has of it, the worker copies without a transfer',
		input: twenty(),
		play: async (stage) => [await adopt(stage), await stage.visit()],
		want: [NAVIGATED, UNCHANGED],
	},
	{
		name: 'public-example: the second visit is one request, but for what is fetched ahead; of one change, it brings that',
		input: EXAMPLE.folder,
		play: async (stage) => {
			const first = await adopt(stage);
			const second = await stage.visit();
			await touch(stage, 'css/theme.css');
			return [first, second, await stage.visit()];
		},
		want: [
			['/ 200 hints', '36 others 200', '0 transferred twice'],
			['/ 200 bundle: 0 sent, 34 confirmed', '/key.html 304'],
			['/ 200 bundle: 1 sent, 33 confirmed', '/key.html 304'],
		],
		// It asks once for the icon, and for an image more.
		wantIn: {
			Firefox: [
				['/ 200 hints', '37 others 200', '0 transferred twice'],
				['/ 200 bundle: 0 sent, 35 confirmed', '/key.html 304'],
				['/ 200 bundle: 1 sent, 34 confirmed', '/key.html 304'],
			],
		},
	},
	{
		name: 'startbootstrap-clean-blog: the second visit is one request; of one change, it brings that',
		input: BLOG.folder,
		settings: { options: { pushBudget: 2 ** 23 } },
		play: async (stage) => {
			const first = await adopt(stage);
			const second = await stage.visit();
			await touch(stage, 'css/styles.css');
			return [first, second, await stage.visit()];
		},
		want: [
			[
				'/ 200 hints',
				'/.casper/page 200',
				'/assets/favicon.ico 200',
				'/assets/img/home-bg.jpg 200',
				'/css/styles.css 200',
				'/js/scripts.js 200',
				'0 transferred twice',
			],
			['/ 200 bundle: 0 sent, 4 confirmed'],
			['/ 200 bundle: 1 sent, 3 confirmed'],
		],
	},
	{
		name: 'a visit with all that was stored by the one before is one request',
		input: twenty(),
		play: async (stage) => {
			await stage.enlist();
			return [await stage.visit(), await stage.visit(), await shown(stage)];
		},
		want: [['/ 200 bundle: 20 sent, 0 confirmed'], UNCHANGED, shownWith([], 1)],
	},
	{
		name: 'of one changed file, or eleven, the bundle brings these alone, and the page shows them',
		input: twenty(),
		play: async (stage) => {
			await stage.prepare();
			await stage.change(versionsOf(['m2'], 2));
			const one = [await stage.visit(), await shown(stage)];
			await stage.change(versionsOf(['m2'], 1));
			await stage.visit();
			await stage.change(versionsOf(ELEVEN, 3));
			return [...one, await stage.visit(), await shown(stage)];
		},
		want: [
			['/ 200 bundle: 1 sent, 19 confirmed'],
			shownWith(['m2'], 2),
			['/ 200 bundle: 11 sent, 9 confirmed'],
			shownWith(ELEVEN, 3),
		],
	},
	{
		name: 'a changed document comes with the bundle, and what it no longer needs is not told of',
		input: twenty(),
		play: async (stage) => {
			await stage.prepare();
			await stage.change({
				'index.html': page('<p id="end">New</p>', '<link rel="stylesheet" href="a/c2.css">'),
			});
			return [await stage.visit(), await stage.tab.evaluate("document.getElementById('end').textContent")];
		},
		want: [['/ 200 bundle: 0 sent, 1 confirmed'], 'New'],
	},
	{
		name: 'a reload is a visit',
		input: twenty(),
		play: async (stage) => {
			await stage.prepare();
			const reloaded = await stage.during(() => stage.tab.reload());
			await stage.change(versionsOf(['s1'], 2));
			return [reloaded, await stage.during(() => stage.tab.reload()), await shown(stage)];
		},
		want: [UNCHANGED, ['/ 200 bundle: 1 sent, 19 confirmed'], shownWith(['s1'], 2)],
	},
	{
		name: 'a hard reload gets everything from the server, and the next visit is one request again',
		input: twenty(),
		play: async (stage) => {
			await stage.prepare();
			const [page] = await stage.during(() => stage.tab.reloadHard());
			// Chromium still asks conditionally for some.
			return [page, stage.asked().length - 1, await stage.visit()];
		},
		want: ['/ 200 hints', 21, UNCHANGED],
	},
	{
		name: 'with the cache disabled in the developer tools, everything comes from the server, whatever the worker holds',
		input: twenty(),
		play: async (stage) => {
			await stage.prepare();
			await stage.tab.disableCache();
			return [await stage.visit(), await shown(stage)];
		},
		want: [FIRST, shownWith([], 1)],
	},
	{
		name: 'back and forward are visits, or none where the browser has kept the page',
		input: { ...twenty(), 'other.html': page('other') },
		play: async (stage) => {
			await stage.prepare();
			const other = await stage.visit('/other.html');
			const back = await stage.during(() => stage.tab.back());
			return [other, back, await shown(stage), await stage.during(() => stage.tab.forward())];
		},
		want: [
			['/other.html 200 bundle: 0 sent, 0 confirmed'],
			UNCHANGED,
			shownWith([], 1),
			['/other.html 200 bundle: 0 sent, 0 confirmed'],
		],
		wantIn: { Firefox: [['/other.html 200 bundle: 0 sent, 0 confirmed'], [], shownWith([], 1), []] },
	},
	{
		name: 'a page that is still loading gets the versions that were announced to it, whatever another tab brings',
		input: { ...twenty(), 'other.html': twenty()['index.html']! },
		play: async (stage) => {
			const latch = await openLatch(stage.storage);
			await stage.prepare('/other.html');
			const held = `<img src="${latch.origin}/held" alt="">`;
			await stage.change({ 'index.html': `${twenty()['index.html']}${held}` });
			stage.tested.entries.length = 0;
			const loading = stage.tab.open(`${stage.origin}/`);
			// Where the test fails before it waits for it.
			loading.catch(() => {});
			await eventually('all but one image is there', async () =>
				(await shown(stage).catch(() => '')).startsWith(shownWith([], 1).replace(/ End$/, '')),
			);
			await stage.quiet();
			const first = stage.asked().map(({ target }) => target);
			const names = ['c1', 's1', 'i1'];
			await stage.change(versionsOf(names, 2));
			const other = await stage.visitor.newTab();
			const asked = [await stage.visit('/other.html', other), await other.evaluate<string>(SHOWN)];
			stage.tested.entries.length = 0;
			const old = Object.entries(versionsOf(names, 1)).map(async ([path, text]) => {
				const got = await stage.tab.evaluate<string>(`fetch('/${path}').then((response) => response.text())`);
				return got === text;
			});
			const isOld = await Promise.all(old);
			latch.release();
			await loading;
			return [first, asked, isOld, stage.asked().map(({ target }) => target)];
		},
		want: [
			['/'],
			[['/other.html 200 bundle: 3 sent, 17 confirmed'], shownWith(['c1', 's1', 'i1'], 2)],
			[true, true, true],
			[],
		],
	},
];

/** Visits over a network on which a request takes its time. */
const slow = (roundTripMs: number): Case => ({
	name: `with a round trip of ${roundTripMs} ms: first visit, nothing changed, one file, eleven`,
	input: twenty(),
	settings: {
		through: async ({ port }) => {
			const proxy = await openDelayProxy(port, roundTripMs);
			onEnd(() => proxy.close());
			return { origin: `https://localhost:${proxy.port}` };
		},
	},
	play: async (stage) => {
		const asked = [await adopt(stage), await stage.visit()];
		await stage.change(versionsOf(['m2'], 2));
		asked.push(await stage.visit());
		await stage.change(versionsOf(ELEVEN, 3));
		return [...asked, await stage.visit(), await shown(stage)];
	},
	want: [
		NAVIGATED,
		UNCHANGED,
		['/ 200 bundle: 1 sent, 19 confirmed'],
		['/ 200 bundle: 11 sent, 9 confirmed'],
		shownWith(ELEVEN, 3),
	],
});

suiteOf('visits', [...VISITS, slow(100), slow(200)]).run();
