// The store of the worker on its own, in a page, over the browsers' own Cache Storage: many things done to it at once.

import { join } from 'node:path';
import { build } from 'esbuild';
import { type Case, suiteOf } from './bundle-cases.ts';
import { page } from './bundle-sites.ts';

const SOURCE = join(import.meta.dirname, '../../src/client/store.ts');
const ROUNDS = 25;

/** Puts `Store` into the page, which has no registration of a worker to tell of what is held. */
const asScript = async (): Promise<string> => {
	const { outputFiles } = await build({
		entryPoints: [SOURCE],
		bundle: true,
		format: 'iife',
		globalName: 'casperStore',
		target: 'es2022',
		write: false,
	});
	return `${outputFiles[0]!.text}; window.casperStore = casperStore; self.registration = {};`;
};

/** Each round as a worker that has just been started; comes to what was stored and is not there. */
const STORE_AND_TIDY = `(async () => {
	const { Store } = casperStore;
	const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
	const lost = [];
	for (let round = 0; round < ${ROUNDS}; round++) {
		const store = new Store();
		const urls = Array.from({ length: 20 }, (_, index) => '/' + round + '/' + index);
		const tag = (url) => url.replaceAll('/', '').padStart(32, '0');
		const headersOf = (url) => [['etag', '"' + tag(url) + '"']];
		await Promise.all(urls.map(async (url, index) => {
			await pause(index * 2);
			await store.put(url, tag(url), { status: 200, headers: headersOf(url), body: new ArrayBuffer(2000) });
			await store.save();
		}));
		for (const url of urls) if (!(await store.match(url, tag(url)))) lost.push(url);
	}
	return lost;
})()`;

/** Comes to the names of the stores that are left. */
const STORE_AND_CLOSE = `(async () => {
	const { Store } = casperStore;
	const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
	const left = [];
	for (let round = 0; round < ${ROUNDS}; round++) {
		const store = new Store();
		const tag = '0'.repeat(32);
		const work = Array.from({ length: 20 }, (_, index) =>
			store.put('/' + index, tag, { status: 200, headers: [['etag', '"' + tag + '"']], body: new ArrayBuffer(2000) })
				.then(() => store.save()));
		await pause(round);
		await store.close();
		await Promise.all(work);
		left.push(...(await caches.keys()));
	}
	return left;
})()`;

const played = (name: string, script: string): Case => ({
	name,
	input: { 'index.html': page('') },
	settings: { options: { bundle: false } },
	play: async ({ tab, origin }) => {
		await tab.open(`${origin}/`);
		await tab.evaluate(await asScript());
		return tab.evaluate(script);
	},
	want: [],
});

suiteOf('store', [
	played('what is stored while the store is tidied up stays stored', STORE_AND_TIDY),
	played('what is stored while the store is closed does not come back', STORE_AND_CLOSE),
]).run();
