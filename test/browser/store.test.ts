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

/** A script that, in each round, does something to a store as a worker has it that has just been started. */
const inRounds = (act: string): string => `(async () => {
	const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
	const tagOf = (url) => url.replaceAll('/', '').padStart(32, '0');
	const found = [];
	for (let round = 0; round < ${ROUNDS}; round++) {
		const store = new casperStore.Store();
		const urls = Array.from({ length: 20 }, (_, index) => '/' + round + '/' + index);
		const keep = async (url) => {
			const headers = [['etag', '"' + tagOf(url) + '"']];
			await store.put(url, tagOf(url), { status: 200, headers, body: new ArrayBuffer(2000) });
			await store.save();
		};
		${act}
	}
	return found;
})()`;

/** Comes to what was stored and is not there. */
const STORE_AND_TIDY = inRounds(`
	await Promise.all(urls.map(async (url, index) => {
		await pause(index * 2);
		await keep(url);
	}));
	for (const url of urls) if (!(await store.match(url, tagOf(url)))) found.push(url);
`);

/** Comes to the names of the stores that are left. */
const STORE_AND_CLOSE = inRounds(`
	const work = urls.map(keep);
	await pause(round);
	await store.close();
	await Promise.all(work);
	found.push(...(await caches.keys()));
`);

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
