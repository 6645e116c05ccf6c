// A whole real site through the server: Python's documentation (Debian: python3.11-doc), every file in every form, every
// link and reference of every page.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { load } from 'cheerio/slim';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { copyManual, manualFolder } from '../browser/manual.ts';
import { askOn, openSession } from '../support/client.ts';
import { endAll, openIndexed } from '../support/server.ts';
import { withFolder } from './casper.ts';

const crawl = suite('a real site');
crawl.after.each(endAll);
const test = manualFolder === undefined ? crawl.skip : crawl;
if (test === crawl.skip)
	console.error(
		"SKIPPED: Python's documentation (Debian: python3.11-doc) is not installed, so nothing is crawled",
	);

/** Fetched by a script, so that no answer plans anything. */
const FETCH = { 'sec-fetch-dest': 'empty' };
const DECODERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
	identity: (body) => body,
	gzip: gunzipSync,
	br: brotliDecompressSync,
};

const urlOf = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

test('every file is what it is on disk, plain, gzipped, in brotli and in part', () =>
	withFolder(async (home) => {
		const folder = join(home, 'site');
		copyManual(folder);
		const tested = await openIndexed(folder);
		const session = openSession(tested, { enablePush: false });
		const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
			.map((file) => `/${file}`)
			.filter((file) => statSync(folder + file).isFile() && !/\/\./.test(file));
		assert.ok(files.length > 1000);
		let coded = 0;
		for (const file of files) {
			const content = readFileSync(folder + file);
			for (const [coding, decode] of Object.entries(DECODERS)) {
				const fields = { ...FETCH, 'accept-encoding': coding };
				const answer = await askOn(session, urlOf(file), fields);
				const isCoded = answer.fields['content-encoding'] !== undefined;
				assert.is(answer.status, 200, file);
				assert.ok((isCoded ? decode(answer.body) : answer.body).equals(content), `${file} in ${coding}`);
				assert.is(answer.fields.etag?.startsWith('W/'), isCoded, file);
				if (isCoded) coded++;
			}
			if (content.length < 10) continue;
			const part = await askOn(session, urlOf(file), { ...FETCH, range: 'bytes=3-7' });
			assert.is(part.status, 206, file);
			assert.ok(part.body.equals(content.subarray(3, 8)), file);
		}
		assert.ok(coded > files.length);
	}));

test('every link and reference leads where it leads on disk', () =>
	withFolder(async (home) => {
		const folder = join(home, 'site');
		const pages = copyManual(folder);
		const tested = await openIndexed(folder);
		const session = openSession(tested, { enablePush: false });
		const statuses = new Map<string, Promise<number>>();
		const statusOf = (path: string): Promise<number> => {
			const known = statuses.get(path) ?? askOn(session, path, FETCH, 'HEAD').then(({ status }) => status);
			statuses.set(path, known);
			return known;
		};
		let links = 0;
		const lost: string[] = [];
		for (const page of pages) {
			const $ = load(readFileSync(folder + page, 'utf8'));
			for (const { attribs } of $('a[href], link[href], script[src], img[src]').toArray()) {
				const reference = attribs.href ?? attribs.src ?? '';
				if (!URL.canParse(reference, `http://site.test${urlOf(page)}`)) continue;
				const url = new URL(reference, `http://site.test${urlOf(page)}`);
				if (url.host !== 'site.test') continue;
				links++;
				const path = decodeURIComponent(url.pathname);
				const file = path.endsWith('/') ? `${path}index.html` : path;
				const isThere = existsSync(folder + file) && statSync(folder + file).isFile();
				const status = await statusOf(url.pathname + url.search);
				if ((status === 200) !== isThere) lost.push(`${page}: ${reference}: ${status}`);
			}
		}
		assert.equal(lost, []);
		assert.ok(links > 50_000, `links: ${links}`);
	}));

/** What a fragment can name (WHATWG HTML §7.4.6.4, "find a potential indicated element"). */
const namesIn = (html: string): ReadonlySet<string> => {
	const $ = load(html);
	const elements = $('[id], a[name]').toArray();
	return new Set(
		elements.flatMap(({ name, attribs }) =>
			[attribs.id ?? [], name === 'a' ? (attribs.name ?? []) : []].flat(),
		),
	);
};

const isNamed = (names: ReadonlySet<string>, fragment: string): boolean => {
	if (names.has(fragment)) return true;
	try {
		return names.has(decodeURIComponent(fragment));
	} catch {
		return false;
	}
};

test('every fragment names in the page that is served what it names in the file', () =>
	withFolder(async (home) => {
		const folder = join(home, 'site');
		const pages = copyManual(folder);
		const tested = await openIndexed(folder);
		const session = openSession(tested, { enablePush: false });
		const fragments = new Map<string, { target: string; fragment: string }>();
		for (const page of pages) {
			const $ = load(readFileSync(folder + page, 'utf8'));
			for (const { attribs } of $('a[href*="#"]').toArray()) {
				const reference = attribs.href ?? '';
				if (!URL.canParse(reference, `http://site.test${urlOf(page)}`)) continue;
				const url = new URL(reference, `http://site.test${urlOf(page)}`);
				if (url.host !== 'site.test' || url.hash === '') continue;
				fragments.set(url.href, { target: url.pathname + url.search, fragment: url.hash.slice(1) });
			}
		}
		/** Of each target, what its file names and what is served names; `undefined` where there is no such page. */
		const names = new Map<string, Record<'onDisk' | 'served', ReadonlySet<string>> | undefined>();
		for (const { target } of fragments.values()) {
			if (names.has(target)) continue;
			const path = decodeURIComponent(target.replace(/\?.*/, ''));
			const file = folder + (path.endsWith('/') ? `${path}index.html` : path);
			const isPage = file.endsWith('.html') && existsSync(file) && statSync(file).isFile();
			const answer = await askOn(session, target, FETCH);
			assert.is(answer.status === 200, existsSync(file) && statSync(file).isFile(), target);
			const onDisk = isPage ? namesIn(readFileSync(file, 'utf8')) : undefined;
			names.set(target, onDisk && { onDisk, served: namesIn(answer.body.toString('utf8')) });
		}
		const wrong: string[] = [];
		const tally = { named: 0, 'not named in the file either': 0 };
		for (const [reference, { target, fragment }] of fragments) {
			const found = names.get(target);
			if (found === undefined) continue;
			const [onDisk, served] = [found.onDisk, found.served].map((these) => isNamed(these, fragment));
			if (onDisk !== served) wrong.push(`${reference}: ${onDisk} on disk, ${served} as served`);
			tally[onDisk ? 'named' : 'not named in the file either']++;
		}
		console.log(`  ${JSON.stringify(tally)} of ${fragments.size} fragments`);
		assert.equal(wrong, []);
		assert.ok(tally.named > 10_000, `fragments: ${JSON.stringify(tally)}`);
	}));

crawl.run();
