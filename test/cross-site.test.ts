import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isForeignLoad, isSameOrigin } from '../src/http/cross-site.ts';
import { ask, type Fields, PROTOCOLS } from './support/client.ts';
import { endAll, openIndexed } from './support/server.ts';

const foreign = suite('loads by other sites');
foreign.after.each(endAll);

const LOAD = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' };
const ROWS: readonly { name: string; input: Fields; want: boolean }[] = [
	{ name: 'no browser at all', input: {}, want: false },
	{ name: 'a script of our own page', input: { ...LOAD, 'sec-fetch-site': 'same-origin' }, want: false },
	{ name: 'of another port of this machine', input: { ...LOAD, 'sec-fetch-site': 'same-site' }, want: false },
	{
		name: 'what a person typed',
		input: { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
		want: false,
	},
	{ name: 'a script of another site', input: { ...LOAD, 'sec-fetch-site': 'cross-site' }, want: true },
	{
		name: 'the same with its name',
		input: { ...LOAD, 'sec-fetch-site': 'cross-site', referer: 'https://evil.example/a' },
		want: true,
	},
	{
		name: 'a page of this machine under another name',
		input: { ...LOAD, 'sec-fetch-site': 'cross-site', origin: 'http://127.0.0.1:3000' },
		want: false,
	},
	{
		name: 'a link on another site',
		input: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
		want: false,
	},
	{ name: 'an origin, without Fetch Metadata', input: { origin: 'https://evil.example' }, want: true },
	{ name: 'an opaque origin', input: { origin: 'null' }, want: true },
	{ name: 'our own origin', input: { origin: 'https://my.test:8443' }, want: false },
	{ name: 'a referrer', input: { referer: 'http://evil.example/x?y' }, want: true },
	{
		name: 'a referrer of a link',
		input: { referer: 'http://evil.example/', accept: 'text/html,*/*' },
		want: false,
	},
	{ name: 'our own referrer', input: { referer: 'https://my.test:8443/x' }, want: false },
	{
		name: 'a name that begins like this machine',
		input: { origin: 'http://localhost.evil.example' },
		want: true,
	},
	{ name: 'an address of somebody else', input: { origin: 'http://8.8.8.8' }, want: true },
	{ name: 'what is no URL', input: { referer: 'about:client' }, want: false },
];
for (const { name, input, want } of ROWS)
	foreign(`${name}: ${want ? 'refused' : 'allowed'} (Fetch Metadata)`, () =>
		assert.is(isForeignLoad(input, 'my.test:8443'), want),
	);

const EVIL = { ...LOAD, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };

for (const protocol of PROTOCOLS) {
	foreign(`get 403, which names the flag; --cors and production let them, ${protocol}`, async () => {
		const files = { 'a.js': 'a()' };
		const dev = await ask(await openIndexed(files), protocol, '/a.js', EVIL);
		assert.is(dev.status, 403);
		assert.match(String(dev.body), '--cors');
		const open = await ask(await openIndexed(files, { cors: true }), protocol, '/a.js', EVIL);
		assert.is(open.status, 200);
		assert.is(open.fields['access-control-allow-origin'], '*');
		const none = await ask(await openIndexed(files, { cors: true }), protocol, '/none.js', EVIL);
		assert.equal([none.status, none.fields['access-control-allow-origin']], [404, '*']);
		const one = await ask(await openIndexed(files, { cors: 'https://a.test' }), protocol, '/a.js', EVIL);
		assert.is(one.fields['access-control-allow-origin'], 'https://a.test');
		const production = await ask(await openIndexed(files, { production: true }), protocol, '/a.js', EVIL);
		assert.is(production.status, 200);
		assert.is(production.fields['access-control-allow-origin'], undefined);
	});

	foreign(`may ask beforehand (Fetch §3.2.2), ${protocol}`, async () => {
		const fields = { ...EVIL, 'access-control-request-method': 'GET' };
		const answer = await ask(
			await openIndexed({ 'a.js': '' }, { cors: true }),
			protocol,
			'/a.js',
			fields,
			'OPTIONS',
		);
		assert.is(answer.status, 204);
		assert.is(answer.fields['access-control-allow-methods'], 'GET, HEAD');
		assert.is((await ask(await openIndexed({ 'a.js': '' }), protocol, '/a.js', {}, 'OPTIONS')).status, 405);
	});
}

const own = suite('requests of our own pages');
const OWN: readonly { name: string; input: Fields; authority?: string; want: boolean }[] = [
	{ name: 'nobody says anything', input: {}, want: true },
	{ name: 'our page', input: { 'sec-fetch-site': 'same-origin' }, want: true },
	{ name: 'a person', input: { 'sec-fetch-site': 'none' }, want: true },
	{ name: 'another port', input: { 'sec-fetch-site': 'same-site' }, want: false },
	{
		name: 'another site, whatever else it says',
		input: { 'sec-fetch-site': 'cross-site', origin: 'https://my.test:8443' },
		want: false,
	},
	{ name: 'our origin', input: { origin: 'https://MY.test:8443' }, want: true },
	{ name: 'another origin', input: { origin: 'https://my.test' }, want: false },
	{ name: 'an opaque origin', input: { origin: 'null' }, want: false },
	{ name: 'a referrer of ours', input: { referer: 'https://my.test:8443/a/b' }, want: true },
	{ name: 'a referrer of others', input: { referer: 'https://evil.test/' }, want: false },
	{
		name: 'the usual port, named by a proxy',
		input: { origin: 'http://my.test' },
		authority: 'my.test:80',
		want: true,
	},
	{
		name: 'the usual port of the other scheme',
		input: { origin: 'http://my.test' },
		authority: 'my.test:443',
		want: false,
	},
];
for (const { name, input, authority = 'my.test:8443', want } of OWN)
	own(name, () => assert.is(isSameOrigin(input, authority), want));

foreign.run();
own.run();
