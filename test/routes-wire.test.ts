// Which address is answered by which file, over real sockets and both protocols.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ask, type Fields, PROTOCOLS, Wire } from './support/client.ts';
import { endAll, eventually, type Files, open, openIndexed, put } from './support/server.ts';

const BROWSER: Fields = {
	accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
	'sec-fetch-mode': 'navigate',
	'sec-fetch-dest': 'document',
};
const OLD_BROWSER: Fields = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const FRAME: Fields = { accept: '*/*', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };
const SCRIPT: Fields = { accept: '*/*', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' };
const FETCH: Fields = { accept: '*/*', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
const IMAGE: Fields = { accept: 'image/avif,image/webp,*/*;q=0.8' };
const CURL: Fields = { accept: '*/*' };

const SITE: Files = {
	'index.html': 'home',
	'about.html': '<link rel="stylesheet" href="a.css">about',
	'docs/index.html': '<link rel="stylesheet" href="../a.css">docs',
	'docs/guide.html': 'guide',
	'a.css': '',
	'cafe\u0301.html': 'decomposed',
	'evil.example.html': 'evil',
};
const NOT_FOUND: Files = {
	...SITE,
	'404.html': '<link rel="stylesheet" href="/a.css">nothing here',
	'docs/404.html': '<link rel="stylesheet" href="a.css">nothing in the docs',
	'docs/a.css': 'docs',
};
const APP: Files = {
	...NOT_FOUND,
	'app.html': '<link rel="stylesheet" href="/a.css"><script src="b.js"></script>app',
	'b.js': '',
	'user/b.js': '',
};

const wire = suite('addresses');
wire.after.each(endAll);

wire('a page is there under every form whose references work, and the others lead to it', async () => {
	const tested = await openIndexed(SITE, { live: false });
	const rows: readonly { input: string; status: number; want: string | RegExp }[] = [
		{ input: '/about', status: 200, want: /about$/ },
		{ input: '/about?a=1', status: 200, want: /about$/ },
		{ input: '/about.html', status: 200, want: /about$/ },
		{ input: '/about/', status: 308, want: '/about' },
		{ input: '/about/?a=1&b=//x', status: 308, want: '/about?a=1&b=//x' },
		{ input: '/docs/', status: 200, want: /docs$/ },
		{ input: '/docs?q', status: 308, want: '/docs/?q' },
		{ input: '/docs/guide', status: 200, want: 'guide' },
		{ input: '/docs/guide/?', status: 308, want: '/docs/guide?' },
		{ input: '/caf%C3%A9', status: 200, want: 'decomposed' },
		{ input: '/cafe%CC%81.html', status: 200, want: 'decomposed' },
		{ input: '/evil.example/', status: 308, want: '/evil.example' },
		{ input: '//evil.example/', status: 404, want: /^404 / },
		{ input: '/%2Fevil.example/', status: 400, want: /^400 / },
		{ input: '/about/x', status: 404, want: /^404 / },
		{ input: '/a', status: 404, want: /^404 / },
	];
	for (const protocol of PROTOCOLS)
		for (const { input, status, want } of rows)
			for (const method of ['GET', 'HEAD']) {
				const answer = await ask(tested, protocol, input, {}, method);
				const what = `${protocol} ${method} ${input}`;
				assert.is(answer.status, status, what);
				if (status === 308) {
					assert.is(answer.fields.location, want, what);
					assert.is(answer.fields['cache-control'], 'no-store', what);
				} else if (method === 'GET') assert.match(String(answer.body), want, what);
			}
});

wire('both forms of a page are one representation', async () => {
	const tested = await openIndexed(SITE, { live: false });
	const { etag = '' } = (await ask(tested, 'HTTP/2', '/about')).fields;
	assert.is((await ask(tested, 'HTTP/1.1', '/about.html')).fields.etag, etag);
	assert.is((await ask(tested, 'HTTP/1.1', '/about', { 'if-none-match': etag })).status, 304);
});

wire('--trailing-slash: one address a page, and its references are those of that address', async () => {
	const rows = [
		{ trailingSlash: 'add', shown: '/about/', from: ['/about', '/about.html'], pushed: [] },
		{ trailingSlash: 'add', shown: '/docs/', from: ['/docs', '/docs/index.html'], pushed: ['/a.css'] },
		{ trailingSlash: 'remove', shown: '/about', from: ['/about/', '/about.html'], pushed: ['/a.css'] },
		{ trailingSlash: 'remove', shown: '/docs', from: ['/docs/', '/docs/index.html'], pushed: ['/a.css'] },
		{ trailingSlash: 'keep', shown: '/about', from: ['/about/'], pushed: ['/a.css'] },
	] as const;
	for (const { trailingSlash, shown, from, pushed } of rows) {
		const tested = await openIndexed(SITE, { live: false, trailingSlash });
		for (const protocol of PROTOCOLS)
			for (const input of from) {
				const { status, fields } = await ask(tested, protocol, `${input}?q`);
				assert.equal([status, fields.location], [308, `${shown}?q`], `${trailingSlash} ${input}`);
			}
		assert.equal(
			[...(await new Wire(tested).view(shown)).pushes.keys()],
			pushed,
			`${trailingSlash} ${shown}`,
		);
	}
});

wire("the nearest 404.html tells of what is not there, with all that it needs, and isn't kept", async () => {
	const tested = await openIndexed(NOT_FOUND, { live: false });
	const visitors = { BROWSER, OLD_BROWSER, FRAME, CURL, nobody: {} };
	for (const protocol of PROTOCOLS)
		for (const [name, fields] of Object.entries(visitors))
			for (const [input, want] of [
				['/nothing', 'nothing here'],
				['/nothing/at/all?q', 'nothing here'],
				['//', 'nothing here'],
				['//evil.example/', 'nothing here'],
				['/docs/nothing', 'nothing in the docs'],
				['/docs/deep/', 'nothing in the docs'],
			] as const) {
				const conditions = { 'if-none-match': '*', range: 'bytes=0-3', 'if-match': '"x"' };
				const what = `${protocol} ${name} ${input}`;
				for (const answer of [
					await ask(tested, protocol, input, fields),
					await ask(tested, protocol, input, { ...fields, ...conditions }),
				]) {
					assert.is(answer.status, 404, what);
					assert.ok(String(answer.body).endsWith(want), what);
					assert.is(answer.fields['cache-control'], 'no-store', what);
					assert.is(answer.fields['content-type'], 'text/html; charset=utf-8', what);
					assert.is(answer.fields.etag, undefined, what);
					assert.is(answer.fields['last-modified'], undefined, what);
				}
				const head = await ask(tested, protocol, input, fields, 'HEAD');
				assert.is(head.status, 404, what);
				assert.is(head.body.length, 0, what);
				assert.ok(Number(head.fields['content-length']) > 0, what);
			}
	const hinted = await ask(tested, 'HTTP/1.1', '/nothing', BROWSER);
	assert.is(hinted.fields.link, '</a.css>; rel=preload; as=style');
	const views = new Wire(tested);
	const asPage = { accept: 'text/html' };
	assert.equal([...(await views.view('/nothing', asPage)).pushes.keys()], ['/a.css']);
	assert.equal([...(await views.view('/docs/nothing', asPage)).pushes.keys()], ['/docs/a.css']);
	// It may have been an image that was asked for.
	assert.equal([...(await views.view('/nothing.png', { accept: '*/*' })).pushes.keys()], []);
});

wire('a script, an image or a fetch of what is not there gets no page', async () => {
	const tested = await openIndexed(NOT_FOUND, { live: false, single: true });
	for (const protocol of PROTOCOLS)
		for (const fields of [SCRIPT, FETCH, IMAGE]) {
			const { status, body } = await ask(tested, protocol, '/nothing', fields);
			assert.is(status, 404);
			assert.match(String(body), /^404 Not found: /);
		}
});

wire('404.html is a page like any other under its own name', async () => {
	const tested = await openIndexed(NOT_FOUND, { live: false });
	for (const input of ['/404.html', '/404', '/docs/404.html']) {
		const { status, fields } = await ask(tested, 'HTTP/2', input, BROWSER);
		assert.is(status, 200);
		assert.ok(fields.etag);
	}
});

wire('404.html may be empty or large', async () => {
	const tested = await openIndexed({ 'index.html': '', '404.html': '' }, { live: false });
	for (const protocol of PROTOCOLS) {
		const { status, body } = await ask(tested, protocol, '/x', BROWSER);
		assert.equal([status, body.length], [404, 0]);
	}
	const large = await openIndexed({ '404.html': 'x'.repeat(3_000_000) }, { live: false });
	for (const protocol of PROTOCOLS) {
		assert.is((await ask(large, protocol, '/x', BROWSER)).body.length, 3_000_000);
		assert.is((await ask(large, protocol, '/x', BROWSER, 'HEAD')).body.length, 0);
	}
});

wire('--single: a navigation to nothing shows the page, at that address', async () => {
	const tested = await openIndexed(APP, { live: false, single: 'app.html' });
	for (const protocol of PROTOCOLS)
		for (const fields of [BROWSER, OLD_BROWSER, FRAME])
			for (const input of ['/user/7', '/user/7?tab=1', '/user/', '/v1.2', '/docs/gone', '/docs/gone.html']) {
				const answer = await ask(tested, protocol, input, fields);
				const what = `${protocol} ${input}`;
				assert.is(answer.status, 200, what);
				assert.ok(String(answer.body).endsWith('app'), what);
				const { etag = '' } = answer.fields;
				const again = await ask(tested, protocol, input, { ...fields, 'if-none-match': etag });
				assert.is(again.status, 304, what);
				assert.is((await ask(tested, protocol, input, fields, 'HEAD')).status, 200, what);
			}
	const { pushes } = await new Wire(tested).view('/user/7', BROWSER);
	assert.equal([...pushes.keys()], ['/a.css', '/user/b.js'], 'references resolve against the address');
});

wire('--single: a missing file stays missing, and what is there is as without', async () => {
	const tested = await openIndexed(APP, { live: false, single: 'app.html' });
	const rows: readonly { input: string; fields: Fields; want: number; end: string }[] = [
		{ input: '/gone.js', fields: BROWSER, want: 404, end: 'nothing here' },
		{ input: '/user/gone.css', fields: BROWSER, want: 404, end: 'nothing here' },
		{ input: '/gone.png', fields: BROWSER, want: 404, end: 'nothing here' },
		{ input: '/docs/gone.js.map', fields: BROWSER, want: 404, end: 'nothing in the docs' },
		{ input: '/.env', fields: BROWSER, want: 404, end: 'nothing here' },
		{ input: '//evil.example', fields: BROWSER, want: 404, end: 'nothing here' },
		{ input: '/user/7', fields: CURL, want: 404, end: 'nothing here' },
		{ input: '/user/7', fields: FETCH, want: 404, end: 'Letter case counts.\n' },
		{ input: '/%', fields: BROWSER, want: 400, end: '</html>\n' },
		{ input: '/about', fields: BROWSER, want: 200, end: 'about' },
		{ input: '/about/', fields: BROWSER, want: 308, end: '' },
		{ input: '/docs', fields: BROWSER, want: 308, end: '' },
		{ input: '/', fields: BROWSER, want: 200, end: 'home' },
	];
	for (const protocol of PROTOCOLS)
		for (const { input, fields, want, end } of rows) {
			const { status, body } = await ask(tested, protocol, input, fields);
			assert.is(status, want, input);
			assert.ok(String(body).endsWith(end), input);
		}
	const method = await ask(tested, 'HTTP/2', '/user/7', BROWSER, 'POST');
	assert.is(method.status, 405);
});

wire('--single alone shows index.html; a page that is not there shows nothing', async () => {
	const alone = await openIndexed(SITE, { live: false, single: true });
	assert.is(String((await ask(alone, 'HTTP/2', '/user/7', BROWSER)).body), 'home');
	const missing = await openIndexed(SITE, { live: false, single: 'gone.html' });
	assert.is((await ask(missing, 'HTTP/2', '/user/7', BROWSER)).status, 404);
	await put(missing.folder, 'gone.html', 'back');
	await eventually(
		'the page that came later',
		async () => String((await ask(missing, 'HTTP/2', '/user/7', BROWSER)).body) === 'back',
	);
});

wire('addresses lead to the same before everything is indexed', async () => {
	const crowd = Object.fromEntries(Array.from({ length: 1500 }, (_, at) => [`0/${at}.txt`, String(at)]));
	const tested = await open({ ...crowd, ...APP }, { single: 'app.html' });
	const rows = [
		{ input: '/about', fields: {}, want: 200 },
		{ input: '/about/', fields: {}, want: 308 },
		{ input: '/docs', fields: {}, want: 308 },
		{ input: '/caf%C3%A9', fields: {}, want: 200 },
		{ input: '/user/7', fields: BROWSER, want: 200 },
		{ input: '/docs/x.png', fields: CURL, want: 404 },
	];
	const views = new Wire(tested).view('/user/8', BROWSER);
	const answers = await Promise.all(rows.map(({ input, fields }) => ask(tested, 'HTTP/2', input, fields)));
	assert.equal(
		answers.map(({ status }) => status),
		rows.map(({ want }) => want),
	);
	assert.ok(String(answers.at(-1)?.body).endsWith('nothing in the docs'));
	assert.equal([...(await views).pushes.keys()], ['/a.css', '/user/b.js']);
});

wire.run();
