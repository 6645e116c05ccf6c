// Live reload over real sockets: who is told of a change and when, and what a page is said to be made of.

import { mkdir, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LiveEvent } from '../src/live-events.ts';
import type { ServeOptions } from '../src/options.ts';
import { ask, type Fields, openSession, PROTOCOLS } from './support/client.ts';
import { EventStream, stateOf } from './support/live.ts';
import {
	endAll,
	eventually,
	type Files,
	makeFolder,
	open,
	openIndexed,
	put,
	type Tested,
} from './support/server.ts';

const live = suite('live reload');
live.after.each(endAll);

const NAVIGATION = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const SITE: Files = {
	'index.html': '<link rel="stylesheet" href="/a.css"><script type="module" src="a.js"></script>home',
	'about.html': '<link rel="stylesheet" href="/b.css">about',
	'404.html': '<link rel="stylesheet" href="/b.css">gone',
	'a.css': '@import "deep.css";',
	'b.css': 'p{}',
	'deep.css': 'p{background:url(i.svg)}',
	'i.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
	'a.js': 'import "./c.js"',
	'c.js': '',
	'fetched.json': '{}',
};

const openLive = async (
	files: Files,
	options: ServeOptions = {},
): Promise<Tested & { readonly happened: LiveEvent[]; readonly broken: readonly LiveEvent[] }> => {
	const happened: LiveEvent[] = [];
	const broken: LiveEvent[] = [];
	const onLive = (event: LiveEvent): void => void (event.kind === 'broken' ? broken : happened).push(event);
	const tested = await openIndexed(files, { onLive, ...options });
	return { ...tested, happened, broken };
};

const changesIn = (happened: readonly LiveEvent[]): readonly string[] =>
	happened.flatMap((event) =>
		event.kind === 'changed'
			? [
					event.files
						.map(({ path, kind }) => `${kind} ${path}`)
						.sort()
						.join(', '),
				]
			: [],
	);

for (const protocol of PROTOCOLS) {
	live(`${protocol}: a tab is told at once, and again of each change`, async () => {
		const tested = await openLive(SITE);
		const tab = await EventStream.open(tested, protocol);
		assert.is(tab.status, 200);
		await tab.until(1);
		await put(tested.folder, 'a.css', 'p{color:red}');
		await tab.until(2);
		assert.equal(tab.events, [
			{ event: 'look', content: '{"isSettled":true}' },
			{ event: 'look', content: '{"isSettled":true}' },
		]);
		assert.equal(changesIn(tested.happened), ['changed /a.css']);
	});

	live(`${protocol}: closing does not wait for tabs`, async () => {
		const tested = await openLive(SITE, { grace: 60 });
		const tab = await EventStream.open(tested, protocol);
		await tab.until(1);
		const started = performance.now();
		await tested.server.close();
		assert.ok(performance.now() - started < 5000);
		await eventually('the end of the stream', () => tab.isOver);
	});
}

live('a tab that comes during a change is told after it', async () => {
	const tested = await openLive(SITE);
	await put(tested.folder, 'a.css', 'p{color:red}');
	await eventually('the change', async () =>
		(await stateOf(tested, '/')).items.some(({ ago = 1e9 }) => ago < 1000),
	);
	const tab = await EventStream.open(tested, 'HTTP/2');
	await eventually('a settled look', () => tab.events.at(-1)?.content === '{"isSettled":true}');
});

live('files that change together make one event', async () => {
	const tested = await openLive(SITE);
	const tab = await EventStream.open(tested, 'HTTP/2');
	await tab.until(1);
	const names = Array.from({ length: 300 }, (_, index) => `.made/${index}.txt`);
	for (const name of names) await put(tested.folder, name, name);
	await rename(join(tested.folder, '.made'), join(tested.folder, 'made'));
	await tab.until(2);
	assert.equal(
		tested.happened.map((event) => event.kind === 'changed' && event.files.length),
		[300],
	);
});

live('broken references are told of, and when they are mended', async () => {
	const tested = await openLive({
		...SITE,
		'about.html': '<link rel="stylesheet" href="/B.css">\n<img src="no.png">',
	});
	const from = '/about.html';
	const image = { from, line: 2, url: '/no.png', suggestion: undefined };
	const sheet = { from, line: 1, url: '/B.css', suggestion: '/b.css' };
	await eventually('word of them', () => tested.broken.length === 1);
	assert.equal(tested.broken, [{ kind: 'broken', added: [sheet, image], mended: [], total: 2 }]);
	assert.is(tested.server.broken, 2);
	assert.equal((await stateOf(tested, '/about')).broken.map(({ url }) => url).sort(), ['/B.css', '/no.png']);
	await put(tested.folder, 'no.png', 'x');
	await eventually('word of the mended one', () => tested.broken.length === 2);
	assert.equal(tested.broken[1], { kind: 'broken', added: [], mended: [image], total: 1 });
	assert.equal(
		(await stateOf(tested, '/about')).broken.map(({ url }) => url),
		['/B.css'],
	);
});

for (const options of [{}, { live: false }]) {
	const mode = options.live === false ? 'without live reload' : 'with live reload';
	live(`while developing, ${mode}, what is served is what is on the disk, whatever tells of it`, async () => {
		const tested = await openLive(SITE, options);
		const read = async (path: string): Promise<string> => String((await ask(tested, 'HTTP/2', path)).body);
		for (let version = 0; version < 20; version++) {
			// What was looked at is not looked at again for 100 ms; then, the request is there before word of the change.
			await new Promise((resolve) => setTimeout(resolve, 101));
			await put(tested.folder, 'deep.css', `p{order:${version}}`);
			assert.is(await read('/deep.css'), `p{order:${version}}`);
		}
	});
}

live('what was touched, or written again as it was, is no change', async () => {
	const tested = await openLive(SITE);
	await utimes(join(tested.folder, 'a.css'), 1, 1);
	await put(tested.folder, 'b.css', 'p{}');
	await put(tested.folder, 'next.css', 'p{}');
	await rename(join(tested.folder, 'next.css'), join(tested.folder, 'b.css'));
	await put(tested.folder, 'c.js', '1');
	await eventually('the last one', () => changesIn(tested.happened).some((each) => each.includes('/c.js')));
	assert.not.match(changesIn(tested.happened).join(), /[ab]\.css/);
});

live('a folder that is emptied and filled again is settled when it has been quiet', async () => {
	const tested = await openLive(SITE);
	const tab = await EventStream.open(tested, 'HTTP/2');
	const before = await stateOf(tested, '/');
	await rm(tested.folder, { recursive: true });
	await eventually('the page to be gone', async () => (await stateOf(tested, '/')).document.hash === '');
	await eventually('an unsettled look', () =>
		tab.events.some(({ content }) => content === '{"isSettled":false}'),
	);
	await mkdir(tested.folder);
	for (const [name, content] of Object.entries(SITE)) await put(tested.folder, name, String(content));
	await eventually('the same again', async () => {
		const { document, items } = await stateOf(tested, '/');
		return (
			document.hash === before.document.hash &&
			JSON.stringify(items.map(({ hash }) => hash)) === JSON.stringify(before.items.map(({ hash }) => hash))
		);
	});
	await eventually('a settled look', () => tab.events.at(-1)?.content === '{"isSettled":true}');
});

live('that something is written all the time keeps nobody from knowing that a file is gone', async () => {
	const tested = await openLive(SITE);
	const tab = await EventStream.open(tested, 'HTTP/2');
	let lines = 0;
	const log = setInterval(() => void put(tested.folder, 'log.txt', String(lines++)), 300);
	try {
		await rm(join(tested.folder, 'i.svg'));
		await eventually('an unsettled look', () => tab.events.at(-1)?.content === '{"isSettled":false}');
		await eventually('a settled one', () => tab.events.at(-1)?.content === '{"isSettled":true}');
	} finally {
		clearInterval(log);
	}
});

live('of more tabs than there are places, the first one has to come again', async () => {
	const tested = await openLive(SITE);
	const first = await EventStream.open(tested, 'HTTP/2');
	for (let session = 0; session < 5; session++) {
		const connection = openSession(tested);
		const opened = Array.from({ length: 100 }, () => EventStream.open(tested, 'HTTP/2', connection));
		for (const { status } of await Promise.all(opened)) assert.is(status, 200);
	}
	await eventually('the end of the first', () => first.isOver);
});

live('a change while the folder is being indexed is known of', async () => {
	const pages = Array.from({ length: 3000 }, (_, index) => [`pages/${index}.html`, `<p>${index}`] as const);
	const folder = await makeFolder({ ...SITE, ...Object.fromEntries(pages) });
	const tested = await open(folder);
	await ask(tested, 'HTTP/2', '/a.css');
	await put(folder, 'a.css', 'p{color:red}');
	await tested.server.ready;
	const agoOf = async (): Promise<number | undefined> =>
		(await stateOf(tested, '/')).items.find(({ url }) => url === '/a.css')?.ago;
	await eventually('word of it', async () => (await agoOf()) !== undefined);
});

live('a file that is gone for a moment, and is not held, is there when it is asked for', async () => {
	const tested = await openLive(SITE);
	const statuses: number[] = [];
	for (let round = 0; round < 5; round++) {
		const name = `${round}.bin`;
		await put(tested.folder, name, 'x');
		await eventually(
			'the file',
			async () => (await ask(tested, 'HTTP/2', `/${name}`, {}, 'HEAD')).status === 200,
		);
		await rm(join(tested.folder, name));
		const answer = ask(tested, 'HTTP/2', `/${name}`);
		await put(tested.folder, name, 'y');
		statuses.push((await answer).status);
	}
	// The machine may take longer now and then.
	assert.ok(statuses.filter((status) => status === 200).length >= 3, String(statuses));
});

live('what is asked of made-up addresses is bounded', async () => {
	const images = Array.from({ length: 300 }, (_, index) => `<img src="${index}.png">`).join('');
	const tested = await openLive({ '404.html': images });
	const long = `/${'a'.repeat(20_000)}/x`;
	assert.equal(await stateOf(tested, long), { document: { hash: '' }, items: [], broken: [] });
	const { items, broken } = await stateOf(tested, '/b/x');
	assert.equal([items.length, broken.length], [300, 50]);
	assert.is((await ask(tested, 'HTTP/2', long, NAVIGATION)).status, 404);
});

live('all tabs can be told to show their pages anew', async () => {
	const tested = await openLive(SITE);
	const tabs = await Promise.all(PROTOCOLS.map((protocol) => EventStream.open(tested, protocol)));
	for (const tab of tabs) await tab.until(1);
	tested.server.reloadTabs();
	for (const tab of tabs) await eventually('the word', () => tab.events.at(-1)?.event === 'reload');
});

const urlsOf = async (
	tested: Tested,
	page: string,
	loaded: readonly string[] = [],
): Promise<readonly string[]> =>
	(await stateOf(tested, page, loaded)).items
		.map(({ url, hash }) => (hash === '' ? `no ${url}` : url))
		.sort();

live('a page is made of all that its document asks for, and of what it has loaded', async () => {
	const tested = await openLive({
		...SITE,
		'lost.html': '<link rel="stylesheet" href="lost.css?1"><img src="a b.png">',
	});
	const rows: readonly { page: string; loaded?: readonly string[]; want: readonly string[] }[] = [
		{ page: '/', want: ['/a.css', '/a.js', '/c.js', '/deep.css', '/i.svg'] },
		{ page: '/?x=1', want: ['/a.css', '/a.js', '/c.js', '/deep.css', '/i.svg'] },
		{ page: '/about', want: ['/b.css'] },
		{
			page: '/about.html',
			loaded: ['/fetched.json?1', '/gone.json', '//x', 'x:y'],
			want: ['/b.css', '/fetched.json?1'],
		},
		{ page: '/no/such/page', want: ['/b.css'] },
		{ page: '/lost.html', want: ['no /a%20b.png', 'no /lost.css?1'] },
	];
	for (const { page, loaded = [], want } of rows)
		assert.equal(await urlsOf(tested, page, loaded), want, page);
	await put(tested.folder, 'a b.png', 'x');
	await eventually('the image', async () => (await urlsOf(tested, '/lost.html')).includes('/a%20b.png'));
	const [item] = (await stateOf(tested, '/lost.html')).items.filter(({ url }) => url === '/a%20b.png');
	assert.ok((item?.ago ?? 1e9) < 20_000);
});

live("frames with a document show their own; other files in frames are the page's", async () => {
	const frames = '<iframe src="about.html"></iframe><iframe src="i.svg"></iframe>';
	const tested = await openLive({ ...SITE, 'frame.html': frames });
	const { items } = await stateOf(tested, '/frame.html');
	assert.equal(
		items.map(({ url, as }) => [url, as]),
		[['/i.svg', 'object']],
	);
});

live('what caches may keep is said to be kept', async () => {
	const tested = await openLive(SITE, { maxage: 60 });
	assert.equal(
		(await stateOf(tested, '/about')).items.map(({ isKept }) => isKept),
		[true],
	);
});

live('a page that is navigated to has the script, its version, and the file another tag', async () => {
	const tested = await openLive(SITE);
	for (const protocol of PROTOCOLS) {
		const shown = await ask(tested, protocol, '/', NAVIGATION);
		const file = await ask(tested, protocol, '/');
		const [, version, script = ''] =
			/<script async data-version="(\w+)" src="(\/\.casper\/live-\w+\.js)"><\/script>/.exec(
				String(shown.body),
			) ?? [];
		assert.is(version, (await stateOf(tested, '/')).document.hash);
		assert.is(file.fields.etag?.includes(String(version)), true);
		assert.is(shown.fields.etag === file.fields.etag, false);
		assert.is(String(file.body), SITE['index.html']);
		assert.is((await ask(tested, protocol, script)).status, 200);
	}
});

live('browsers that do not say that they navigate get it, too (no Fetch Metadata without TLS)', async () => {
	const tested = await openLive(SITE, { cert: false });
	const { body } = await ask(tested, 'HTTP/1.1', '/', { accept: 'text/html,*/*' });
	assert.match(String(body), /\/\.casper\/live-/);
});

live('the page that says that there is none has it, too, and so shows what comes', async () => {
	const { '404.html': _, ...files } = SITE;
	const tested = await openLive(files);
	const { status, body } = await ask(tested, 'HTTP/2', '/new', NAVIGATION);
	assert.is(status, 404);
	assert.match(String(body), /<script async data-version="" src="\/\.casper\/live-/);
	assert.is((await stateOf(tested, '/new')).document.hash, '');
	await put(tested.folder, 'new.html', 'new');
	await eventually('the page', async () => (await stateOf(tested, '/new')).document.hash !== '');
});

live('with --forward-console the script runs before those of the page', async () => {
	const tested = await openLive(SITE, { forwardConsole: true });
	assert.match(
		String((await ask(tested, 'HTTP/2', '/', NAVIGATION)).body),
		/<script data-console data-version=/,
	);
});

live('without it there is neither script nor answers', async () => {
	const tested = await openLive(SITE, { live: false });
	assert.is(String((await ask(tested, 'HTTP/2', '/', NAVIGATION)).body), SITE['index.html']);
	assert.is((await ask(tested, 'HTTP/2', '/.casper/live/events')).status, 404);
});

live('tabs say what they have shown, and what their consoles say', async () => {
	const tested = await openLive(SITE);
	const messages = [
		{ level: 'error', text: 'x\u001b[2J', at: '/a.js:1:2' },
		{ level: 'shout', text: 'x', at: '' },
		{ level: 'log', text: 7 },
		null,
		{ level: 'log', text: 'y'.repeat(20_000) },
	];
	const report = { page: '/', how: 'reload', files: ['/a.css', 7], messages };
	for (const protocol of PROTOCOLS) {
		tested.happened.length = 0;
		const { status } = await ask(
			tested,
			protocol,
			'/.casper/live/report',
			{},
			'POST',
			JSON.stringify(report),
		);
		assert.is(status, 204);
		assert.equal(tested.happened, [
			{
				kind: 'console',
				page: '/',
				messages: [
					{ level: 'error', text: 'x\u001b[2J', at: '/a.js:1:2' },
					{ level: 'log', text: 'y'.repeat(10_000), at: '' },
				],
			},
			{ kind: 'shown', page: '/', how: 'reload', files: ['/a.css'] },
		]);
	}
});

const REFUSED: readonly {
	name: string;
	path?: string;
	method?: string;
	fields?: Fields;
	content?: string;
	want: number;
}[] = [
	{ name: 'no JSON', content: 'x', want: 400 },
	{ name: 'no page', content: '{}', want: 400 },
	{ name: 'nothing', content: '', want: 400 },
	{ name: 'null', content: 'null', want: 400 },
	{ name: 'a page that is none', content: '{"page":"x"}', want: 400 },
	{ name: 'too much', content: `{"page":"/${'x'.repeat(70_000)}"}`, want: 400 },
	{ name: 'a report without page', path: 'report', content: '{"how":"reload"}', want: 400 },
	{
		name: 'the events, for what shows none',
		path: 'events',
		method: 'GET',
		fields: { accept: 'image/avif,*/*' },
		want: 403,
	},
	{ name: 'another method', method: 'GET', want: 404 },
	{ name: 'another path', path: 'x', want: 404 },
	{
		name: 'a page of another site',
		fields: { 'sec-fetch-site': 'cross-site' },
		content: '{"page":"/"}',
		want: 403,
	},
	{
		name: 'a page of another port',
		fields: { 'sec-fetch-site': 'same-site' },
		content: '{"page":"/"}',
		want: 403,
	},
	{ name: 'another origin', fields: { origin: 'http://localhost:1' }, content: '{"page":"/"}', want: 403 },
	{
		name: 'the events, for another origin',
		path: 'events',
		method: 'GET',
		fields: { referer: 'http://localhost:1/', accept: 'text/event-stream' },
		want: 403,
	},
];
for (const { name, path = 'state', method = 'POST', fields = {}, content = '', want } of REFUSED)
	live(`refused: ${name}`, async () => {
		const tested = await openLive(SITE, { cors: true });
		for (const protocol of PROTOCOLS) {
			const { status } = await ask(tested, protocol, `/.casper/live/${path}`, fields, method, content);
			assert.is(status, want);
		}
		assert.equal(tested.happened, []);
	});

live('names that are not ours are told nothing (DNS rebinding)', async () => {
	const tested = await openLive(SITE);
	const { status } = await ask(tested, 'HTTP/1.1', '/.casper/live/events', { host: 'evil.example' });
	assert.is(status, 421);
});

const POLICIES: readonly { name: string; files: Files; want: readonly string[] }[] = [
	{
		name: 'by a field',
		files: { _headers: "/*\n  Content-Security-Policy: script-src 'none'" },
		want: ["/ script-src 'none'"],
	},
	{
		name: 'by an element',
		files: {
			'index.html': `<meta http-equiv="Content-Security-Policy" content="connect-src https://a.test">x`,
		},
		want: ['/ connect-src https://a.test'],
	},
	{ name: 'by none', files: { _headers: "/*\n  Content-Security-Policy: default-src 'self'" }, want: [] },
	{
		name: 'by none, with the nonce of its scripts',
		files: {
			_headers: "/*\n  Content-Security-Policy: script-src 'nonce-abc'",
			'index.html': '<script nonce="abc">1</script>x',
		},
		want: [],
	},
];
for (const { name, files, want } of POLICIES)
	live(`a page whose policy forbids it is told of once: ${name}`, async () => {
		const tested = await openLive({ ...SITE, ...files });
		for (const protocol of PROTOCOLS) await ask(tested, protocol, '/', NAVIGATION);
		assert.equal(
			tested.happened.map((event) =>
				event.kind === 'forbidden' ? `${event.page} ${event.policy}` : event.kind,
			),
			want,
		);
	});

live.run();
