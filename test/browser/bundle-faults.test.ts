// The bundle in browsers when something goes wrong: what breaks off, vanishes, has no room, or belongs to somebody else. The
// page is right in any case, and the worker goes where it is not wanted. Lines of what is expected as in bundle.test.ts.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { FRAME } from '../../src/http/bundle-format.ts';
import { eventually, onEnd } from '../support/server.ts';
import { type Case, suiteOf } from './bundle-cases.ts';
import { type BundleRelay, type Cut, openBundleRelay } from './bundle-relay.ts';
import { page, SHOWN, shownWith, twenty, versionsOf } from './bundle-sites.ts';
import type { Stage, StageSettings } from './bundle-stage.ts';

const UNCHANGED = ['/ 200 bundle: 0 sent, 20 confirmed'];
const RIGHT = shownWith([], 1);

const shown = (stage: Stage): Promise<string> => stage.tab.evaluate<string>(SHOWN);

/** The scripts of all workers, the newest of each scope, and the names of all stores. */
const residue = (stage: Stage): Promise<readonly [readonly string[], readonly string[]]> =>
	stage.tab.evaluate(`(async () => [
		(await navigator.serviceWorker.getRegistrations()).map(({ installing, waiting, active }) =>
			new URL((installing ?? waiting ?? active).scriptURL).pathname),
		await caches.keys(),
	])()`);

const untilGone = (stage: Stage): Promise<void> =>
	eventually('worker and store are gone', async () => (await residue(stage)).flat(2).length === 0);

const relays = new WeakMap<object, BundleRelay>();
const RELAYED: StageSettings = {
	through: async (tested, storage) => {
		const relay = await openBundleRelay(() => tested.port, storage);
		relays.set(tested, relay);
		return relay;
	},
};
const relayOf = (stage: Stage): BundleRelay => relays.get(stage.tested)!;

/** A visit whose bundle, which has everything, is cut, and the next one. */
const cut = (where: string, at: Cut, asked: Asked, inFirefox: Asked = asked): Case => ({
	name: `a bundle that breaks off ${where}: the page is whole and right, and the next visit makes up for it`,
	input: twenty(),
	settings: RELAYED,
	play: async (stage) => {
		await stage.enlist();
		relayOf(stage).cut = at;
		const broken = await stage.during(() => stage.tab.open(`${stage.origin}/`), stage.tab, false);
		const seen = await shown(stage);
		await stage.settled();
		return [broken, seen, await stage.visit(), await stage.visit(), await shown(stage)];
	},
	want: cutWant(asked),
	wantIn: { Firefox: cutWant(inFirefox) },
});

/** What the page asks for after the cut, and what the next visit is sent. */
type Asked = readonly [asked: readonly string[], sent: number];

const cutWant = ([asked, sent]: Asked): unknown => [
	['/ 200 bundle: 20 sent, 0 confirmed', ...asked],
	RIGHT,
	[`/ 200 bundle: ${sent} sent, ${20 - sent} confirmed`],
	UNCHANGED,
	RIGHT,
];

/** Of the others that it has from the first visit. Firefox has the font in its memory. */
const again = (files: number): readonly string[] => ['1 others 200', `${files} others 304`];

const CUTS: readonly Case[] = [
	cut('in its manifest', () => 20, [again(20), 20], [again(19), 20]),
	cut('before its document begins', (frames) => frames[1]!.at, [again(20), 0], [again(19), 1]),
	cut('at the start of its document', (frames) => frames[2]!.at + 4000, [again(20), 0], [again(19), 1]),
	cut(
		'in the rest of its document',
		(frames) => frames.findLast(({ kind, item }) => kind === FRAME.content && item === 0)!.at + 100,
		[again(8), 0],
	),
	cut(
		'in its third record',
		(frames) => frames.find(({ kind, item }) => kind === FRAME.content && item === 3)!.at + 1000,
		[again(18), 0],
		[again(17), 1],
	),
	cut('at its end', (frames) => frames.at(-1)!.at, [[], 0]),
];

const GONE: readonly Case[] = [
	{
		name: 'without a server a navigation fails as it does without a worker; when it is back, a visit is one request',
		input: twenty(),
		play: async (stage) => {
			await stage.prepare();
			await stage.tested.server.close();
			const failure = await stage.tab.open(`${stage.origin}/`).then(
				() => 'none',
				() => 'failed',
			);
			await stage.restart();
			return [failure, await stage.visit(), await shown(stage)];
		},
		want: ['failed', UNCHANGED, RIGHT],
	},
	{
		name: 'an error of the server is shown, and no reason for the worker to go',
		input: twenty(),
		settings: RELAYED,
		play: async (stage) => {
			await stage.prepare();
			const relay = relayOf(stage);
			relay.status = 500;
			await stage.tab.open(`${stage.origin}/`).catch(() => {});
			relay.status = undefined;
			return [await stage.visit(), await residue(stage)];
		},
		want: [UNCHANGED, [['/.casper/service-worker.js'], ['casper-serve']]],
	},
	{
		name: 'where the server has bundles switched off, the worker goes, and all that it has stored',
		input: twenty(),
		play: async (stage) => {
			await stage.prepare();
			await stage.restart({ bundle: false });
			const [first] = await stage.visit();
			const seen = await shown(stage);
			await untilGone(stage);
			const [second] = await stage.visit();
			return [first, seen, second, await residue(stage)];
		},
		want: ['/ 200 hints', RIGHT, '/ 304 hints', [[], []]],
	},
	{
		name: 'where another server has taken the place of ours, the worker goes, and all that it has stored',
		input: twenty(),
		play: async (stage) => {
			await stage.prepare();
			await stage.tested.server.close();
			const pem = await readFile(join(stage.storage, 'localhost.pem'));
			const other = createServer({ cert: pem, key: pem }, (_, response) =>
				response.writeHead(200, { 'content-type': 'text/html' }).end(page('another')),
			);
			await new Promise<void>((resolve) => other.listen(stage.tested.port, 'localhost', resolve));
			onEnd(() => {
				other.closeAllConnections();
				other.close();
			});
			await stage.tab.open(`${stage.origin}/`);
			const text = await stage.tab.evaluate('document.body.textContent.trim()');
			await untilGone(stage);
			return text;
		},
		want: 'another',
	},
];

/** Deletes what the worker has stored, as users and browsers do. */
const wipe = (stage: Stage): Promise<unknown> => stage.tab.evaluate("caches.delete('casper-serve')");

const wiped = (name: string, stop: (stage: Stage) => Promise<unknown>, not: Case['not']): Case => ({
	name,
	input: twenty(),
	...(not && { not }),
	play: async (stage) => {
		await stage.prepare();
		await wipe(stage);
		await stop(stage);
		const [first, ...others] = await stage.during(() => stage.tab.reload(), stage.tab, false);
		// Firefox has one image in its memory.
		const requests = Number.parseInt(others.at(-1) ?? '', 10) + (stage.engine.name === 'Firefox' ? 1 : 0);
		const seen = await shown(stage);
		await stage.settled();
		await stage.visit();
		return [first, requests, seen, await stage.visit(), await shown(stage)];
	},
	want: ['/ 200 bundle: 0 sent, 20 confirmed', 20, RIGHT, UNCHANGED, RIGHT],
});

/** Random, so that no coding makes them smaller. */
const heavy = (): Record<string, Uint8Array | string> => {
	const names = Array.from({ length: 12 }, (_, index) => `heavy-${index}.png`);
	return {
		'index.html': page(names.map((name) => `<img src="${name}" alt="">`).join('')),
		...Object.fromEntries(names.map((name) => [name, randomBytes(600_000)])),
	};
};

/** In a page, the bytes of all that is stored. */
const STORED = `(async () => {
	const cache = await caches.open('casper-serve');
	// What is just being deleted is there no more.
	const bodies = (await cache.keys()).map(async (key) => (await (await cache.match(key))?.arrayBuffer())?.byteLength ?? 0);
	return (await Promise.all(bodies)).reduce((sum, size) => sum + size, 0);
})()`;

const setQuota = (stage: Stage, bytes: number): Promise<unknown> | undefined =>
	stage.tab.tools?.send('Storage.overrideQuotaForOrigin', { origin: stage.origin, quotaSize: bytes });

const ROOM: readonly Case[] = [
	wiped('a store that was wiped behind the worker costs every request once', async () => {}, undefined),
	wiped(
		'a store that was wiped while no worker ran costs every request once',
		async (stage) => {
			await stage.tab.tools?.send('ServiceWorker.enable');
			await stage.tab.tools?.send('ServiceWorker.stopAllWorkers');
		},
		{ Firefox: 'nothing stops its workers from outside' },
	),
	{
		name: 'where there is no room to store anything, pages are right all the same',
		input: twenty(),
		not: { Firefox: 'the least that it can be set to is 10 MB' },
		play: async (stage) => {
			await stage.enlist();
			await setQuota(stage, 4000);
			const asked = [];
			for (let visit = 0; visit < 3; visit++) {
				await stage.tab.open(`${stage.origin}/`);
				asked.push(await shown(stage));
			}
			return asked;
		},
		want: [RIGHT, RIGHT, RIGHT],
	},
	{
		name: 'the worker stores no more than there is room for; a site larger than that is right all the same',
		input: heavy(),
		settings: { options: { pushBudget: 2 ** 23 } },
		play: async (stage) => {
			await stage.enlist();
			// Firefox has room for 50 MB, of which a tenth is ours.
			await setQuota(stage, 5.3e6);
			const asked = [];
			for (let visit = 0; visit < 2; visit++) {
				await stage.during(() => stage.tab.open(`${stage.origin}/`), stage.tab, false);
				asked.push((await stage.tab.evaluate<number>(STORED)) <= 5.3e6);
			}
			return asked;
		},
		want: [true, true],
	},
];

/** A site with a worker of its own. */
const OWNERS = {
	'plain.html': page('plain'),
	'own.html': page('own', "<script>navigator.serviceWorker.register('/own.js')</script>"),
	'part.html': page('part', "<script>navigator.serviceWorker.register('/part/own.js')</script>"),
	'own.js': "addEventListener('fetch', () => {});",
	'part/own.js': "addEventListener('fetch', () => {});",
	'off.html': page('off').replace('<html', '<html data-casper="off"'),
};

const untilSaid = (stage: Stage, what: string): Promise<void> =>
	eventually(`the console says "${what}"`, () => stage.tab.said.some((line) => line.includes(what)));
const untilLeftTo = (stage: Stage, own: string): Promise<void> =>
	eventually(`all is left to ${own}`, async () => (await residue(stage)).flat().join() === own, 8);
const HAS_ITS_OWN = 'casper-serve: no service worker of ours: the site has its own';

/** In a page: no version of the worker waits. */
const IS_UPDATED = `navigator.serviceWorker.getRegistration('/').then(({ installing, waiting, active }) =>
	installing === null && waiting === null && active?.state === 'activated')`;

const OTHERS: readonly Case[] = [
	{
		name: "a site's own worker is left alone, and ours stays away",
		input: OWNERS,
		play: async (stage) => {
			await stage.visit('/own.html');
			await untilSaid(stage, HAS_ITS_OWN);
			return residue(stage);
		},
		want: [['/own.js'], []],
	},
	{
		name: "when a site comes to have a worker of its own, it takes our worker's place, and what ours has stored goes",
		input: OWNERS,
		play: async (stage) => {
			await stage.prepare('/plain.html');
			await stage.tab.open(`${stage.origin}/own.html`);
			await untilSaid(stage, HAS_ITS_OWN);
			await untilLeftTo(stage, '/own.js');
			return residue(stage);
		},
		want: [['/own.js'], []],
	},
	{
		name: 'when a part of a site comes to have a worker of its own, ours goes',
		input: OWNERS,
		play: async (stage) => {
			await stage.prepare('/plain.html');
			await stage.tab.open(`${stage.origin}/part.html`);
			await untilSaid(stage, HAS_ITS_OWN);
			await untilLeftTo(stage, '/part/own.js');
			return residue(stage);
		},
		want: [['/part/own.js'], []],
	},
	{
		name: 'a page that says data-casper="off" has no worker registered',
		input: OWNERS,
		play: async (stage) => {
			const asked = await stage.visit('/off.html');
			await untilSaid(stage, 'casper-serve: no service worker: the page says data-casper="off"');
			return [asked, await residue(stage)];
		},
		want: [
			['/off.html 200 hints', '/.casper/page 200'],
			[[], []],
		],
	},
	{
		name: 'a page that is opened while the worker is replaced by a new version is right; afterwards it is one request again',
		input: twenty(),
		settings: RELAYED,
		play: async (stage) => {
			await stage.prepare();
			const seen = [];
			for (let round = 0; round < 3; round++) {
				let given = 0;
				relayOf(stage).changed.set('/.casper/service-worker.js', (body) => {
					given++;
					return Buffer.concat([body, Buffer.from(`\n// ${round}`)]);
				});
				await stage.tab.evaluate(
					"void navigator.serviceWorker.getRegistration('/').then((registration) => registration.update())",
				);
				// The first time, the page goes before the browser has asked for the script.
				if (round > 0) await eventually('the new version is on its way', () => given > 0);
				await stage.during(() => stage.tab.open(`${stage.origin}/`), stage.tab, false);
				seen.push(await shown(stage));
			}
			await eventually('the newest version is there', () => stage.tab.evaluate<boolean>(IS_UPDATED));
			await stage.settled();
			return [seen, await stage.visit(), await shown(stage)];
		},
		want: [[RIGHT, RIGHT, RIGHT], UNCHANGED, RIGHT],
	},
	{
		name: 'a page that has long been loaded gets new versions of what changes',
		input: twenty(),
		play: async (stage) => {
			await stage.prepare();
			await stage.visit();
			await eventually('the page has said that it has loaded', () =>
				stage.tab.evaluate(
					"performance.now() - performance.getEntriesByType('navigation')[0].loadEventEnd > 3000",
				),
			);
			const changed = versionsOf(['s1'], 2);
			await stage.change(changed);
			const text = await stage.tab.evaluate("fetch('/a/s1.js').then((response) => response.text())");
			return text === changed['a/s1.js'];
		},
		want: true,
	},
];

suiteOf('faults', [...CUTS, ...GONE, ...ROOM, ...OTHERS]).run();
