// What is shown of a folder without a page: which entries, in which order, and never as markup.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sendListing } from '../src/delivery/listing.ts';
import type { Reply } from '../src/delivery/reply.ts';
import { listFolder } from '../src/site/listing.ts';
import type { UrlPath } from '../src/site/paths.ts';
import { ask, type Fields, PROTOCOLS } from './support/client.ts';
import { endAll, type Files, open, openIndexed } from './support/server.ts';
import { siteOf } from './support/site.ts';

const SITE = siteOf({
	'/b.txt': '12345',
	'/a b.txt': '1',
	'/Z.txt': '',
	'/z/deep/er.txt': '12',
	'/z/x.txt': '3',
	'/javascript:alert(1)': '',
	'/a?b#c%.txt': '',
	'/.well-known/security.txt': '',
	'/_redirects': '',
	'/dots/.env': '1',
	'/ü/é.txt': '',
});

const listing = suite('listing');

const listed = (path: string): string[] | undefined =>
	listFolder(SITE, path)?.entries.map(({ name, href, size }) => `${name} ${href} ${size}`);

const rows: readonly { input: string; want: readonly string[] | undefined }[] = [
	{
		input: '/',
		want: [
			'dots/ ./dots/ 1',
			'z/ ./z/ 3',
			'ü/ ./%C3%BC/ 0',
			'Z.txt ./Z.txt 0',
			'a b.txt ./a%20b.txt 1',
			'a?b#c%.txt ./a%3Fb%23c%25.txt 0',
			'b.txt ./b.txt 5',
			'javascript:alert(1) ./javascript:alert(1) 0',
		],
	},
	{ input: '/z/', want: ['deep/ ./deep/ 2', 'x.txt ./x.txt 1'] },
	{ input: '/z', want: ['deep/ ./deep/ 2', 'x.txt ./x.txt 1'] },
	{ input: '/%C3%BC/', want: ['é.txt ./%C3%A9.txt 0'] },
	{ input: '/b.txt/', want: undefined },
	{ input: '/nothing/', want: undefined },
	{ input: '/dots/', want: ['.env ./.env 1'] },
	{ input: '/.well-known', want: ['security.txt ./security.txt 0'] },
	{ input: '/.git/', want: undefined },
	{ input: '//', want: undefined },
	{ input: '/z/../', want: undefined },
	{ input: '/%', want: undefined },
];
for (const { input, want } of rows)
	listing(`of ${input}`, () => {
		assert.equal(listed(input), want);
	});

listing.run();

const wire = suite('listing over sockets');
wire.after.each(endAll);

const FILES: Files = {
	'a.css': 'a',
	'sub/x<img src=x onerror=alert(1)>&amp;"\'.txt': 'x',
	'sub/y.txt': 'y'.repeat(1234),
	'page/index.html': 'page',
	'.env': 'secret',
	'404.html': 'nothing here',
};
const IMAGE: Fields = { 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' };

wire('--list shows what is in a folder without a page', async () => {
	const tested = await openIndexed(FILES, { list: true, single: '404.html' });
	for (const protocol of PROTOCOLS) {
		const root = await ask(tested, protocol, '/', { accept: 'text/html' });
		assert.is(root.status, 200);
		assert.is(root.fields['content-type'], 'text/html; charset=utf-8');
		assert.is(root.fields['cache-control'], 'no-store');
		assert.match(String(root.fields['content-security-policy']), "default-src 'none'");
		const links = [...String(root.body).matchAll(/<a href="([^"]*)">/g)].map(([, href]) => href);
		assert.equal(links, ['./page/', './sub/', './404.html', './a.css']);
		const sub = await ask(tested, protocol, '/sub/');
		assert.not.match(String(sub.body), /<img|secret|\.env/);
		assert.match(String(sub.body), 'x&lt;img src=x onerror=alert(1)&gt;&amp;amp;&quot;&#39;.txt</a>');
		assert.match(String(sub.body), '1.23 kB');
		assert.match(String(sub.body), '<a href="../">');
		const [, href = ''] = /<a href="(\.\/x[^"]*)"/.exec(String(sub.body)) ?? [];
		const file = await ask(
			tested,
			protocol,
			`/sub/${href.slice(2).replaceAll('&#39;', "'").replaceAll('&amp;', '&')}`,
		);
		assert.is(String(file.body), 'x', href);
		const folder = await ask(tested, protocol, '/sub?a');
		assert.equal([folder.status, folder.fields.location], [308, '/sub/?a']);
		const head = await ask(tested, protocol, '/sub/', {}, 'HEAD');
		assert.equal([head.status, head.body.length], [200, 0]);
		assert.is(head.fields['content-length'], String(sub.body.length));
		assert.is(String((await ask(tested, protocol, '/page/')).body), 'page');
		assert.is((await ask(tested, protocol, '/sub/', IMAGE)).status, 404);
		assert.is((await ask(tested, protocol, '/gone/')).status, 404);
		assert.is((await ask(tested, protocol, '/.casper/listing.css')).status, 200);
	}
});

wire('without --list, nothing is told of a folder', async () => {
	const tested = await openIndexed(FILES);
	for (const path of ['/', '/sub/', '/sub']) assert.is((await ask(tested, 'HTTP/2', path)).status, 404, path);
});

wire('of very many entries, the last are only counted', () => {
	let sent = '';
	const body = { end: (bytes: Buffer) => (sent = String(bytes)) };
	const reply = { status: 0, length: 0, head: () => {}, body, reset: () => {} } as unknown as Reply;
	const names = Array.from({ length: 5003 }, (_, at) => `${at}`);
	const entries = names.map((name) => ({ name, href: `./${name}`, size: 1e6 }));
	sendListing(reply, { path: '/x/' as UrlPath, entries }, false);
	assert.is(sent.match(/<li>/g)?.length, 5001);
	assert.match(sent, '<p>3 more');
	assert.match(sent, '<small>1.00 MB</small>');
});

wire('a listing is whole, even if it is asked for before everything is indexed', async () => {
	const crowd = Object.fromEntries(Array.from({ length: 1500 }, (_, at) => [`0/${at}.txt`, '']));
	const tested = await open({ ...crowd, 'sub/a.txt': '' }, { list: true });
	const { body } = await ask(tested, 'HTTP/2', '/0/');
	assert.is(String(body).match(/<li>/g)?.length, 1501);
});

wire.run();
