// What a push client gets: nghttp (Debian: nghttp2-client) visits every page of two sites.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encode } from '../../src/digest/index.ts';
import { type Casper, hasProgram, type LoggedDependency, withCasper } from './casper.ts';
import { type Fields, type Row, type Stream, toLines, type Visit, visit } from './nghttp.ts';
import { SITES, type Site } from './sites.ts';

const [example] = SITES;

const nghttp = suite('nghttp');
const test = hasProgram('nghttp') ? nghttp : nghttp.skip;
if (test === nghttp.skip)
	console.error('SKIPPED: nghttp is not in the path (Debian: nghttp2-client), so no push client is tried');

const RESERVATIONS = [
	'lazy',
	'other media',
	'alternate',
	'disabled',
	'nomodule',
	'the client chooses',
	'another icon is preferred',
	'fetched in ranges',
];

/** Bodies of the sizes that files have: of its own accord nghttp asks for gzip. */
const AS_IT_IS = ['-H', 'accept-encoding: identity'];

const ask = (casper: Casper, options: readonly string[], page: string): Promise<Visit> =>
	visit([...AS_IT_IS, ...options], new URL(page, casper.url).href);

const pathsOf = (rows: readonly Row[]): string[] => rows.map(({ path }) => path).sort();
const pushedWith = ({ rows }: Visit, status: number): string[] =>
	pathsOf(rows.filter((row) => row.isPushed && row.status === status));
const urlsOf = (dependencies: readonly LoggedDependency[]): string[] =>
	dependencies.map(({ url }) => url).sort();
const promisesOf = ({ streams }: Visit): Stream[] =>
	streams.filter(({ promisedOn }) => promisedOn !== undefined);
const pathOf = ({ request }: Stream): string => request[':path'] ?? '';
const documentOf = ({ streams }: Visit, page: string): Fields =>
	streams.find((stream) => stream.promisedOn === undefined && pathOf(stream) === page)?.response ?? {};

/** The options that send back the cookie which `earlier` got with `page`. */
const cookieOf = (earlier: Visit, page: string): readonly string[] => {
	const pair = /^[^;]+/.exec(documentOf(earlier, page)['set-cookie'] ?? '')?.[0];
	assert.ok(pair, `${page}: no cookie came with it`);
	return ['-H', `cookie: ${pair}`];
};

/** What nghttp, which knows neither `<base>` nor that `noscript` and `template` are inert, makes of a page. */
const readPage = (site: Site, page: string): { base: string; inert: string } => {
	const html = readFileSync(join(site.folder, page.replace(/\/$/, '/index.html')), 'utf8');
	const base = /<base href="([^"]*)"/.exec(html)?.[1] ?? '';
	return {
		base: new URL(base, new URL(page, 'http://site.invalid')).pathname.replace(/[^/]*$/, ''),
		inert: html.match(/<(noscript|template)\b.*?<\/\1>/gs)?.join() ?? '',
	};
};

/** Size of each file of a site in bytes, by its path. */
const sizesOf = ({ folder }: Site): ReadonlyMap<string, number> =>
	new Map(
		readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => [
			`/${file.replaceAll('\\', '/')}`,
			statSync(join(folder, file)).size,
		]),
	);
const fileOf = (url: string): string => decodeURIComponent(url.replace(/\?.*$/s, ''));

for (const site of SITES)
	for (const [protocol, options] of [
		['TLS', ['--cert']],
		['cleartext', []],
	] as const)
		test(`${site.name}, ${protocol}: each page comes with all it needs, and what nghttp asks for beside it has a reservation`, () =>
			withCasper(site.folder, [...site.options, ...options, '--log', 'json'], async (casper) => {
				const sizes = sizesOf(site);
				for (const page of site.pages) {
					const first = await ask(casper, ['-a'], page);
					const { dependencies, channel } = await casper.takePage(page);
					assert.is(channel, 'push', page);
					const sent = dependencies.filter(({ verdict }) => verdict === 'send');
					const left = new Map(
						dependencies.filter(({ verdict }) => verdict === 'leave').map(({ url, reason }) => [url, reason]),
					);
					assert.ok(sent.length > 0, `${page}: needs something`);
					assert.equal(pushedWith(first, 200), urlsOf(sent), page);
					assert.equal(promisesOf(first).length, sent.length, `${page}: no promise is declined`);

					const { base, inert } = readPage(site, page);
					for (const { path, isPushed, status } of first.rows) {
						if (isPushed || path === page) continue;
						const meant = base + path.slice(page.lastIndexOf('/') + 1);
						if (meant !== path && status === 404 && pushedWith(first, 200).includes(meant)) continue;
						if (inert.includes(meant.slice(1))) continue;
						assert.ok(left.has(meant), `${page}: nghttp needs ${path}, which no dependency is`);
						assert.ok(
							RESERVATIONS.includes(left.get(meant) ?? ''),
							`${page}: nghttp needs ${path}, which is left because: ${left.get(meant)}`,
						);
					}
					for (const stream of promisesOf(first)) {
						const path = pathOf(stream);
						assert.is(stream.bytes, sizes.get(fileOf(path)), `${page}: bytes of ${path}`);
						assert.is(stream.response?.['content-length'], String(stream.bytes), path);
					}
				}
			}));

for (const site of SITES)
	for (const [page, needs] of Object.entries(site.needs))
		test(`${site.name} ${page}: what comes with it, in which order, and why the rest does not, is as read by hand`, () =>
			withCasper(site.folder, [...site.options, '--cert', '--log', 'json'], async (casper) => {
				const first = await ask(casper, ['-a'], page);
				const { dependencies } = await casper.takePage(page);
				assert.equal(promisesOf(first).map(pathOf), needs.with);
				assert.equal(pushedWith(first, 200), [...needs.with].sort());
				const left = dependencies.filter(({ verdict }) => verdict === 'leave');
				assert.equal(Object.fromEntries(left.map(({ url, reason }) => [url, reason])), needs.without);
			}));

for (const site of SITES)
	for (const [protocol, options] of [
		['TLS', ['--cert']],
		['cleartext', []],
	] as const)
		test(`${site.name}, ${protocol}: with its cookie each page comes with a 304 for all it came with before`, () =>
			withCasper(site.folder, [...site.options, ...options, '--log', 'json'], async (casper) => {
				for (const page of site.pages) {
					const first = await ask(casper, ['-a'], page);
					await casper.takePage(page);
					const cookie = cookieOf(first, page);
					assert.match(
						cookie[1]!,
						protocol === 'TLS' ? /^cookie: __Host-casper_\d+=/ : /^cookie: casper_\d+=/,
					);
					const second = await ask(casper, ['-a', ...cookie], page);
					const { evidence } = await casper.takePage(page);
					assert.is(evidence, 'cookie', page);
					assert.equal(pushedWith(second, 200), [], page);
					assert.equal(pushedWith(second, 304), pushedWith(first, 200), page);

					const tags = new Map(promisesOf(first).map((stream) => [pathOf(stream), stream.response?.etag]));
					for (const stream of promisesOf(second)) {
						const path = pathOf(stream);
						assert.match(tags.get(path) ?? '', /^"[\w-]+"$/, path);
						assert.is(stream.request['if-none-match'], tags.get(path), path);
						assert.is(stream.response?.etag, tags.get(path), path);
						assert.is(stream.bytes, 0, path);
					}

					const third = await ask(casper, ['-a', ...cookieOf(second, page)], page);
					await casper.takePage(page);
					assert.equal(toLines(third.rows), toLines(second.rows), `${page}: the third time`);

					const reloaded = await ask(casper, ['-a', ...cookie, '-H', 'cache-control: no-cache'], page);
					assert.is((await casper.takePage(page)).evidence, 'no-cache', page);
					assert.equal(toLines(reloaded.rows), toLines(first.rows), `${page}: reloaded`);
				}
			}));

for (const site of SITES)
	test(`${site.name}: when a file changes, each page comes with its new version and a 304 for all else`, () =>
		withCasper(site.folder, [...site.options, '--cert', '--log', 'json'], async (casper) => {
			for (const page of site.pages) {
				const first = await ask(casper, ['-a'], page);
				const { dependencies } = await casper.takePage(page);
				const all = pushedWith(first, 200);
				let cookie = cookieOf(first, page);
				const sent = dependencies.filter(({ verdict }) => verdict === 'send');
				// The first of each kind: style, script, image, and whatever else the page has.
				const kinds = new Map([...sent].reverse().map(({ as, url }) => [as, url]));
				for (const as of ['style', 'script', 'image']) assert.ok(kinds.has(as), `${page}: has a ${as}`);
				for (const [as, url] of kinds) {
					const place = `${page}, ${as} ${url}`;
					await casper.touch(fileOf(url), url);
					const visited = await ask(casper, ['-a', ...cookie], page);
					assert.equal(pushedWith(visited, 200), [url], place);
					assert.equal(
						pushedWith(visited, 304),
						all.filter((path) => path !== url),
						place,
					);
					cookie = cookieOf(visited, page);
					const again = await ask(casper, ['-a', ...cookie], page);
					assert.equal(pushedWith(again, 200), [], `${place}: again`);
					assert.equal(pushedWith(again, 304), all, `${place}: again`);
				}
			}
		}));

/** What a client holds: path and entity tag. */
interface Held {
	readonly path: string;
	readonly etag: string;
}

const setOf = (origin: string, held: readonly Held[], tagOf?: (etag: string) => string): string =>
	encode(
		'cache-digest',
		held.map(({ path, etag }) => ({ url: origin + path, ...(tagOf && { etag: tagOf(etag) }) })),
		{ probability: 2 ** 20 },
	);

/** The notations of `Cache-Digest` that tell versions apart. */
const PRECISE: Readonly<Record<string, (origin: string, held: readonly Held[]) => readonly string[]>> = {
	'entity tags': (origin, held) => [`${setOf(origin, held, (etag) => etag)}; validators; complete`],
	'weak and stale entity tags': (origin, held) => [
		`${setOf(origin, held, (etag) => `W/${etag}`)}; VALIDATORS; Stale`,
	],
	'a field each': (origin, held) =>
		held.slice(0, 8).map((each) => `${setOf(origin, [each], (etag) => etag)}; validators`),
	'a list whose beginning is reset': (origin, held) => [
		`${setOf(origin, [{ path: '/x', etag: '""' }])}, ${setOf(origin, held, (etag) => etag)}; validators; reset`,
	],
	'paths and hashes': (_, held) => [held.map(({ path, etag }) => `${path}=${etag.slice(1, -1)}`).join(', ')],
	'paths and short hashes': (_, held) => [
		held.map(({ path, etag }) => `${path.replace('=', '%3D')}=${etag.slice(1, 9)}`).join(','),
	],
};

const inFields = (fields: readonly string[]): string[] =>
	fields.flatMap((field) => ['-H', `cache-digest: ${field}`]);

/** What the page came with, as a client that keeps it all would hold it; a frame's page is no asset to it. */
const heldAfter = (visited: Visit): Held[] =>
	promisesOf(visited).map((stream) => ({ path: pathOf(stream), etag: stream.response?.etag ?? '' }));

for (const [form, format] of Object.entries(PRECISE))
	test(`Cache-Digest, ${form}: what is held is confirmed, what changed is sent, and no cookie comes`, () =>
		withCasper(example.folder, ['--cert', '--log', 'json'], async (casper) => {
			const page = '/index.html';
			const { origin } = new URL(casper.url);
			const first = await ask(casper, ['-a'], page);
			await casper.takePage(page);
			const all = pushedWith(first, 200);
			const held = heldAfter(first).slice(0, form === 'a field each' ? 8 : undefined);
			const paths = held.map(({ path }) => path).sort();
			const fields = inFields(format(origin, held));

			const second = await ask(casper, ['-a', ...fields], page);
			assert.is((await casper.takePage(page)).evidence, 'cache-digest');
			assert.equal(pushedWith(second, 304), paths);
			assert.equal(
				pushedWith(second, 200),
				all.filter((path) => !paths.includes(path)),
			);
			assert.not('set-cookie' in documentOf(second, page));
			for (const stream of promisesOf(second))
				if (paths.includes(pathOf(stream)))
					assert.is(stream.request['if-none-match'], held.find(({ path }) => path === pathOf(stream))?.etag);

			const reloaded = await ask(casper, ['-a', ...fields, '-H', 'cache-control: no-cache'], page);
			assert.is((await casper.takePage(page)).evidence, 'no-cache');
			assert.equal(toLines(reloaded.rows), toLines(first.rows), 'reloaded');

			const [changed = ''] = paths;
			await casper.touch(fileOf(changed), changed);
			const third = await ask(casper, ['-a', ...fields], page);
			assert.equal(
				pushedWith(third, 304),
				paths.filter((path) => path !== changed),
			);
			assert.ok(pushedWith(third, 200).includes(changed));
		}));

test('Cache-Digest, URLs alone: what is named never comes again, changed or not, and the log says why', () =>
	withCasper(example.folder, ['--cert', '--log', 'json'], async (casper) => {
		const page = '/index.html';
		const { origin } = new URL(casper.url);
		const first = await ask(casper, ['-a'], page);
		await casper.takePage(page);
		const all = pushedWith(first, 200);
		const held = heldAfter(first).filter(({ path }) => path.includes('.css'));
		const others = all.filter((path) => !path.includes('.css'));
		for (const isChanged of [false, true]) {
			if (isChanged) await casper.touch('css/site.css', '/css/site.css');
			const visited = await ask(casper, inFields([`${setOf(origin, held)}; complete`]), page);
			assert.equal(pushedWith(visited, 200), others);
			assert.equal(pushedWith(visited, 304), []);
			const { dependencies } = await casper.takePage(page);
			const named = dependencies.filter(({ url }) => held.some(({ path }) => path === url));
			assert.is(named.length, held.length);
			for (const { url, verdict, reason } of named)
				assert.is(`${verdict}: ${reason}`, 'leave: held, version unknown', url);
		}
		const stale = await ask(casper, inFields([`${setOf(origin, held)}; stale`]), page);
		assert.equal(pushedWith(stale, 304), held.map(({ path }) => path).sort());
	}));

test('Cache-Digest of nothing: all is sent in spite of a cookie; one that cannot be read: the cookie counts', () =>
	withCasper(example.folder, ['--cert', '--log', 'json'], async (casper) => {
		const page = '/index.html';
		const first = await ask(casper, ['-a'], page);
		await casper.takePage(page);
		const all = pushedWith(first, 200);
		const cookie = cookieOf(first, page);
		const empty = await ask(casper, [...cookie, ...inFields(['AcA; complete'])], page);
		assert.is((await casper.takePage(page)).evidence, 'cache-digest');
		assert.equal(pushedWith(empty, 200), all);
		for (const field of ['***', 'AcA; unknown', 'AfdA=']) {
			const visited = await ask(casper, [...cookie, ...inFields([field])], page);
			assert.is((await casper.takePage(page)).evidence, 'cookie', field);
			assert.equal(pushedWith(visited, 304), all, field);
		}
	}));

/** Runs `check` for each page of both sites, on a server of its own for each site. */
const forEachPage = async (check: (casper: Casper, page: string) => Promise<void>): Promise<void> => {
	for (const site of SITES)
		await withCasper(site.folder, [...site.options, '--cert', '--log', 'json'], async (casper) => {
			for (const page of site.pages) await check(casper, page);
		});
};

test('a client that switches pushes off gets no promise, and all that it asks for', () =>
	forEachPage(async (casper, page) => {
		const pushed = await ask(casper, ['-a'], page);
		for (const option of ['--no-push', '--max-concurrent-streams=0']) {
			const visited = await ask(casper, ['-a', option], page);
			assert.equal(promisesOf(visited), [], `${page} ${option}`);
			const answers = new Map(visited.rows.map(({ path, status }) => [path, status]));
			assert.is(answers.get(page), 200, `${page} ${option}`);
			assert.ok(answers.size > 1, `${page} ${option}: asked for more than the page`);
			for (const { path, isPushed, status } of pushed.rows)
				if (!isPushed) assert.is(answers.get(path), status, `${page} ${option}: ${path}`);
			for (const path of pushedWith(pushed, 200))
				if (answers.has(path)) assert.is(answers.get(path), 200, `${page} ${option}: ${path}`);
		}
	}));

test('a request that a proxy passed on gets no promise and no cookie', () =>
	forEachPage(async (casper, page) => {
		for (const field of ['via: 1.1 x', 'forwarded: for=192.0.2.1', 'x-forwarded-for: 192.0.2.1']) {
			const visited = await ask(casper, ['-a', '-H', field], page);
			assert.equal(promisesOf(visited), [], `${page} ${field}`);
			assert.is((await casper.takePage(page)).channel, 'hints', `${page} ${field}`);
			assert.is(documentOf(visited, page)[':status'], '200', `${page} ${field}`);
			assert.not('set-cookie' in documentOf(visited, page), `${page} ${field}`);
		}
	}));

test('pages on the same connection come with no body that one before them brought, cookie or not', async () => {
	for (const site of SITES)
		await withCasper(site.folder, [...site.options, '--cert'], async (casper) => {
			for (const page of site.pages) {
				const pages = [page, ...site.pages.filter((other) => other !== page)];
				const urls = pages.map((path) => new URL(path, casper.url).href);
				const cookie = cookieOf(await ask(casper, [], page), page);
				for (const options of [[], cookie]) {
					const visited = await visit(options, ...urls);
					const paths = pushedWith(visited, 200);
					assert.equal(paths, [...new Set(paths)], page);
					// nghttp declines what it has asked for itself, here all pages, and its request may have come after the promise.
					const promised = promisesOf(visited).filter(
						(stream) => !('if-none-match' in stream.request) && !site.pages.includes(pathOf(stream)),
					);
					assert.equal(
						promised.map(pathOf).sort(),
						paths.filter((path) => !site.pages.includes(path)),
						`${page}: none is promised twice`,
					);
				}
			}
		});
});

test('a page asked for twice at once is answered twice, and confirms to the second what the first brought', () =>
	forEachPage(async (casper, page) => {
		const once = pushedWith(await ask(casper, [], page), 200);
		const twice = await ask(casper, ['-m', '2'], page);
		assert.equal(
			twice.rows.filter(({ isPushed }) => !isPushed),
			[page, page].map((path) => ({ isPushed: false, status: 200, path })),
		);
		assert.equal(pushedWith(twice, 200), once, page);
		assert.equal(pushedWith(twice, 304), once, page);
		await ask(casper, ['-a', '-m', '3'], page);
	}));

/** The most pushed streams with a body of more than `bytes` that were answering at one moment. */
const mostOpen = ({ frames, streams }: Visit, bytes: number): number => {
	const pushed = new Set(
		streams.filter((stream) => stream.promisedOn !== undefined && stream.bytes > bytes).map(({ id }) => id),
	);
	const open = new Set<number>();
	let most = 0;
	for (const { isReceived, type, streamId, isEndOfStream } of frames) {
		if (!isReceived || !pushed.has(streamId)) continue;
		if (type === 'HEADERS') open.add(streamId);
		most = Math.max(most, open.size);
		if (isEndOfStream) open.delete(streamId);
	}
	return most;
};

test('a client that takes one pushed stream at a time gets them all, one at a time', () =>
	forEachPage(async (casper, page) => {
		const visited = await ask(casper, ['-a', '--max-concurrent-streams=1'], page);
		assert.equal(pushedWith(visited, 200), pushedWith(await ask(casper, ['-a'], page), 200), page);
		assert.is(mostOpen(visited, 0), 1, page);
		const confirmed = await ask(
			casper,
			['-a', '--max-concurrent-streams=1', ...cookieOf(visited, page)],
			page,
		);
		assert.equal(pushedWith(confirmed, 304), pushedWith(visited, 200), page);
	}));

test('a client that asks for one thing at a time, or has small windows, gets everything too', () =>
	forEachPage(async (casper, page) => {
		const expected = toLines((await ask(casper, ['-a'], page)).rows);
		for (const options of [
			['-M', '1'],
			['-w', '10', '-W', '12'],
			['-w', '30', '-W', '30'],
			['-b', '64'],
			['--no-dep'],
		])
			assert.equal(toLines((await ask(casper, ['-a', ...options], page)).rows), expected, options.join(' '));
	}));

test('no more than two pushed bodies that fill several frames travel at a time', () =>
	forEachPage(async (casper, page) => {
		assert.ok(mostOpen(await ask(casper, ['-a'], page), 2 ** 14) <= 2, page);
	}));

test('neither a HEAD nor the fetch of a script is a page view', () =>
	withCasper(example.folder, ['--cert'], async (casper) => {
		for (const fields of [
			[':method: HEAD'],
			['sec-fetch-dest: empty', 'sec-fetch-mode: cors'],
			['sec-fetch-dest: image', 'sec-fetch-mode: no-cors'],
		]) {
			const visited = await ask(
				casper,
				fields.flatMap((field) => ['-H', field]),
				'/index.html',
			);
			assert.equal(toLines(visited.rows), ['  200 /index.html'], fields[0]!);
			assert.not('set-cookie' in documentOf(visited, '/index.html'), fields[0]!);
		}
	}));

test('--no-push keeps its word', () =>
	withCasper(example.folder, ['--cert', '--no-push'], async (casper) => {
		const visited = await ask(casper, ['-a'], '/');
		assert.equal(promisesOf(visited), []);
		assert.ok(visited.rows.every(({ status }) => status === 200));
	}));

test('the log names the channel and counts what was pushed, confirmed, skipped and left', () =>
	withCasper(example.folder, ['--cert', '--log', 'dev'], async (casper) => {
		const needs = example.needs['/index.html']!;
		const count = needs.with.length;
		const left = Object.keys(needs.without).length;
		const pageLine = (): Promise<string> =>
			casper.takeLine((line) => /^\S+ {2}200 .* \/index\.html /.test(line));

		const first = await ask(casper, ['-a'], '/index.html');
		assert.match(await pageLine(), `  push: ${count} pushed, 0 confirmed, 0 skipped, ${left} left `);
		const cookie = cookieOf(first, '/index.html');
		await ask(casper, ['-a', ...cookie], '/index.html');
		assert.match(await pageLine(), `  push: 0 pushed, ${count} confirmed, 0 skipped, ${left} left `);
		await casper.touch('css/site.css', '/css/site.css');
		await ask(casper, ['-a', ...cookie], '/index.html');
		assert.match(await pageLine(), `  push: 1 pushed, ${count - 1} confirmed, 0 skipped, ${left} left `);
		await ask(casper, ['-a', '--no-push'], '/index.html');
		const hinted = ` of ${count} lacking, 0 stale, 0 skipped, ${left} left `;
		assert.match(await pageLine(), hinted);
	}));

test('connections end without an error', () =>
	forEachPage(async (casper, page) => {
		const visited = await ask(casper, ['-a'], page);
		const errors = visited.frames.filter(({ type }) => type === 'RST_STREAM' || type === 'GOAWAY');
		assert.equal(
			errors.filter(({ errorCode }) => errorCode !== 'NO_ERROR'),
			[],
			page,
		);
	}));

nghttp.run();
