import { Buffer } from 'node:buffer';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Fields, isForwarded, isNavigation, parseTarget, refusesCached } from '../src/http/request.ts';
import { onRandom } from './support/random.ts';

const target = suite('request target');

/** As Node hands out bytes of a target: one character each. */
const asLatin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const TARGETS: readonly {
	name: string;
	input: string;
	want: readonly [path: string, query: string] | undefined;
}[] = [
	{ name: 'the root', input: '/', want: ['/', ''] },
	{ name: 'a path', input: '/a/b.css', want: ['/a/b.css', ''] },
	{ name: 'a query', input: '/a.css?v=2', want: ['/a.css', '?v=2'] },
	{ name: 'an empty query', input: '/a.css?', want: ['/a.css', '?'] },
	{ name: 'question marks and slashes in a query', input: '/a?b?c/d', want: ['/a', '?b?c/d'] },
	{ name: 'escapes stay as they are', input: '/a%20b%2Fc%zz?%41', want: ['/a%20b%2Fc%zz', '?%41'] },
	{ name: 'dot segments stay', input: '/a/../b/./c', want: ['/a/../b/./c', ''] },
	{
		name: 'two slashes at the start are a path, not an authority',
		input: '//evil.example/x',
		want: ['//evil.example/x', ''],
	},
	{ name: 'a URL in the path', input: '/http://other.example/x', want: ['/http://other.example/x', ''] },
	{ name: 'a colon and an at sign in the path', input: '/a:b@c', want: ['/a:b@c', ''] },

	{ name: 'absolute-form (RFC 9112 §3.2.2)', input: 'http://example.com/a?b', want: ['/a', '?b'] },
	{ name: 'absolute-form, https', input: 'https://example.com/a', want: ['/a', ''] },
	{ name: 'absolute-form, capital letters', input: 'HTTPS://EXAMPLE.com/A', want: ['/A', ''] },
	{ name: 'absolute-form with a port', input: 'http://[::1]:8080/a', want: ['/a', ''] },
	{ name: 'absolute-form with user information', input: 'http://u:p@example.com/a', want: ['/a', ''] },
	{ name: 'absolute-form with two slashes', input: 'http://example.com//a', want: ['//a', ''] },
	{ name: 'absolute-form without a path', input: 'http://example.com', want: ['/', ''] },
	{
		name: 'absolute-form with a query and no path (RFC 9110 §4.2.3)',
		input: 'http://example.com?a=/b',
		want: ['/', '?a=/b'],
	},
	{ name: 'absolute-form without a host (RFC 9110 §4.2.1)', input: 'http:///a', want: undefined },
	{ name: 'absolute-form without anything', input: 'http://', want: undefined },
	{ name: 'absolute-form of a port alone', input: 'http://?a', want: undefined },
	{ name: 'one slash only', input: 'http:/a', want: undefined },
	{ name: 'another scheme', input: 'ftp://example.com/a', want: undefined },
	{ name: 'no scheme', input: 'example.com/a', want: undefined },
	{ name: 'authority-form (RFC 9112 §3.2.3)', input: 'example.com:443', want: undefined },
	{ name: 'asterisk-form (RFC 9112 §3.2.4)', input: '*', want: undefined },

	{ name: 'nothing', input: '', want: undefined },
	{ name: 'a query alone', input: '?a', want: undefined },
	{ name: 'a space before the path', input: ' /a', want: undefined },
	{ name: 'a backslash', input: '\\a', want: undefined },
	{ name: 'a fragment', input: '/a#b', want: undefined },
	{ name: 'a fragment in the query', input: '/a?b#c', want: undefined },
	{ name: 'a fragment, absolute-form', input: 'http://example.com/a#b', want: undefined },
	{ name: 'a fragment right behind the host', input: 'http://example.com#b', want: undefined },

	{
		name: 'UTF-8 that was not escaped',
		input: asLatin1('/é/日本?ü=😀'),
		want: ['/%C3%A9/%E6%97%A5%E6%9C%AC', '?%C3%BC=%F0%9F%98%80'],
	},
	{ name: 'UTF-8 beside escapes', input: asLatin1('/é%20%C3%A9'), want: ['/%C3%A9%20%C3%A9', ''] },
	{ name: 'text that was decoded already', input: '/日本', want: ['/%E6%97%A5%E6%9C%AC', ''] },
	{ name: 'UTF-8, absolute-form', input: asLatin1('http://example.com/é'), want: ['/%C3%A9', ''] },
	{ name: 'a byte-order mark is a character', input: asLatin1('/\ufeffa'), want: ['/%EF%BB%BFa', ''] },
	{ name: 'Latin-1', input: '/\xe9', want: undefined },
	{ name: 'Latin-1 in the query', input: '/?\xe9', want: undefined },
	{ name: 'UTF-8 cut off', input: asLatin1('/é').slice(0, -1), want: undefined },
	{ name: 'an overlong slash', input: '/\xc0\xaf', want: undefined },
	{ name: 'an encoded surrogate', input: '/\xed\xa0\x80', want: undefined },
	{ name: 'half a surrogate pair', input: '/\ud800日', want: undefined },
	{ name: 'beyond Unicode', input: '/\xf5\x80\x80\x80', want: undefined },
];
for (const { name, input, want } of TARGETS)
	target(`${name} → ${want ? want.join(' and ') : 'refused'}`, () => {
		assert.equal(parseTarget(input), want && { path: want[0], query: want[1] });
	});

target(
	'random targets never throw; what is read is ASCII, begins with a slash and is all of it',
	onRandom((random) => {
		for (let round = 0; round < 10_000; round++) {
			const input = random.text('//??#%:htps.a\\ \0\x7f\x80\xc3\xa9\xff日\ud800', random.below(20));
			const read = parseTarget(random.once(2) ? `/${input}` : input);
			if (read === undefined) continue;
			assert.match(read.path, /^\/[\0-\x7f]*$/);
			assert.not.match(read.path, /[?#]/);
			assert.match(read.query, /^(\?[\0-\x7f]*)?$/);
		}
	}),
);

target('what a browser serialises comes back as it is', () => {
	for (const href of ['/a b/ü.css?x=y z', '/%2e%2E/a', "/a'b(c)!~*", '/[x]{y}|^`', '/?"<>']) {
		const { pathname, search } = new URL(href, 'http://site.invalid');
		assert.equal(parseTarget(pathname + search), { path: pathname, query: search });
	}
});

const navigation = suite('page views');

for (const { name, fields, want } of [
	{ name: 'no Fetch Metadata', fields: {}, want: true },
	{ name: 'a page', fields: { 'sec-fetch-dest': 'document' }, want: true },
	{ name: 'a frame', fields: { 'sec-fetch-dest': 'iframe' }, want: true },
	{ name: 'a frame of a frameset', fields: { 'sec-fetch-dest': 'frame' }, want: true },
	{ name: "a script's fetch", fields: { 'sec-fetch-dest': 'empty' }, want: false },
	{ name: 'an image', fields: { 'sec-fetch-dest': 'image' }, want: false },
	{ name: 'a style sheet', fields: { 'sec-fetch-dest': 'style' }, want: false },
	{ name: 'a word that begins like one', fields: { 'sec-fetch-dest': 'documents' }, want: false },
	{ name: 'an empty field', fields: { 'sec-fetch-dest': '' }, want: false },
	{ name: 'several fields', fields: { 'sec-fetch-dest': ['document', 'image'] }, want: false },
] satisfies { name: string; fields: Fields; want: boolean }[])
	navigation(`${name} → ${want ? 'may be shown as a page' : 'is not'} (Fetch Metadata §2.1)`, () => {
		assert.is(isNavigation(fields), want);
	});

const forwarded = suite('proxies');

for (const { name, fields, want } of [
	{ name: 'nothing', fields: {}, want: false },
	{ name: 'fields of a browser', fields: { host: 'a', 'user-agent': 'b', origin: 'c' }, want: false },
	{ name: 'Via (RFC 9110 §7.6.3)', fields: { via: '1.1 proxy' }, want: true },
	{ name: 'Forwarded (RFC 7239 §4)', fields: { forwarded: 'for=192.0.2.1' }, want: true },
	{ name: 'X-Forwarded-For', fields: { 'x-forwarded-for': '192.0.2.1' }, want: true },
	{ name: 'an empty Via', fields: { via: '' }, want: true },
	{ name: 'several fields', fields: { via: ['1.1 a', '1.1 b'] }, want: true },
] satisfies { name: string; fields: Fields; want: boolean }[])
	forwarded(`${name} → ${want ? 'a proxy stands between' : 'none'}`, () =>
		assert.is(isForwarded(fields), want),
	);

const reload = suite('hard reload');

for (const { name, fields, want } of [
	{ name: 'nothing', fields: {}, want: false },
	{ name: 'no-cache', fields: { 'cache-control': 'no-cache' }, want: true },
	{ name: 'capital letters', fields: { 'cache-control': 'No-Cache' }, want: true },
	{ name: 'the first of several', fields: { 'cache-control': 'no-cache, max-age=0' }, want: true },
	{ name: 'the last of several', fields: { 'cache-control': 'max-age=0,no-cache' }, want: true },
	{ name: 'spaces around', fields: { 'cache-control': 'max-age=0 ,\tno-cache ' }, want: true },
	{ name: 'several fields', fields: { 'cache-control': ['max-age=0', 'no-cache'] }, want: true },
	{ name: 'a plain reload', fields: { 'cache-control': 'max-age=0' }, want: false },
	{ name: 'no-store says nothing of what is held', fields: { 'cache-control': 'no-store' }, want: false },
	{ name: 'an empty field', fields: { 'cache-control': '' }, want: false },
	{ name: 'a longer word', fields: { 'cache-control': 'no-cache-please' }, want: false },
	{ name: 'a word that ends like it', fields: { 'cache-control': 'x-no-cache' }, want: false },
	{
		name: 'a directive with an argument is another one',
		fields: { 'cache-control': 'no-cache=x' },
		want: false,
	},
	{ name: 'Pragma alone (RFC 9111 §5.4)', fields: { pragma: 'no-cache' }, want: true },
	{ name: 'another Pragma', fields: { pragma: 'x' }, want: false },
	{
		name: 'Pragma is not looked at beside Cache-Control',
		fields: { 'cache-control': 'max-age=0', pragma: 'no-cache' },
		want: false,
	},
	{ name: 'both', fields: { 'cache-control': 'no-cache', pragma: 'no-cache' }, want: true },
] satisfies { name: string; fields: Fields; want: boolean }[])
	reload(`${name} → ${want ? 'wants nothing from a cache' : 'no'} (RFC 9111 §5.2.1.4)`, () =>
		assert.is(refusesCached(fields), want),
	);

target.run();
navigation.run();
forwarded.run();
reload.run();
