import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { UrlPath } from '../src/site/paths.ts';
import { applyRedirectRules, parseRedirectRules } from '../src/site/redirect-rules.ts';

const rules = suite('redirect rules');

const applied = (text: string, path: string): string => {
	const parsed = parseRedirectRules(text);
	assert.equal(parsed.problems, [], text);
	const forced = applyRedirectRules(parsed, path as UrlPath, true);
	const outcome = forced ?? applyRedirectRules(parsed, path as UrlPath, false);
	return outcome === undefined ? 'none' : `${outcome.status}${forced ? '!' : ''} ${outcome.location}`;
};

/** The examples of the two hosts' documentation, and what lies beside them. */
const examples: readonly { rule: string; path: string; want: string }[] = [
	{ rule: '/home /', path: '/home', want: '301 /' },
	{ rule: '/home / 301', path: '/home', want: '301 /' },
	{ rule: '/my-redirect / 302', path: '/my-redirect', want: '302 /' },
	{ rule: '/a /b 303', path: '/a', want: '303 /b' },
	{ rule: '/a /b 307', path: '/a', want: '307 /b' },
	{ rule: '/a /b 308', path: '/a', want: '308 /b' },
	{ rule: '/pass-through /index.html 200', path: '/pass-through', want: '200 /index.html' },
	{ rule: '/ecommerce /store-closed 404', path: '/ecommerce', want: '404 /store-closed' },
	{ rule: '/pagethatexists /otherpage 301!', path: '/pagethatexists', want: '301! /otherpage' },
	{ rule: '/* /index.html 200', path: '/any/where', want: '200 /index.html' },
	{ rule: '/* /index.html 200', path: '/index.html', want: '200 /index.html' },
	{ rule: '/google https://www.google.com', path: '/google', want: '301 https://www.google.com/' },
	{ rule: '/twitch https://twitch.tv', path: '/twitch', want: '301 https://twitch.tv/' },
	{ rule: '/querystrings /?query=string 301', path: '/querystrings', want: '301 /?query=string' },
	{ rule: '/trailing /trailing/ 301', path: '/trailing', want: '301 /trailing/' },
	{ rule: '/trailing /trailing/ 301', path: '/trailing/', want: 'none' },
	{ rule: '/notrailing/ /nottrailing 301', path: '/notrailing/', want: '301 /nottrailing' },
	{ rule: '/page/ /page2/#fragment 301', path: '/page/', want: '301 /page2/#fragment' },
	{
		rule: '/blog/* https://blog.my.domain/:splat',
		path: '/blog/a/b',
		want: '301 https://blog.my.domain/a/b',
	},
	{ rule: '/news/* /blog/:splat', path: '/news/2004/01/10/my-story', want: '301 /blog/2004/01/10/my-story' },
	{ rule: '/news/* /blog/:splat', path: '/news/', want: '301 /blog/' },
	{ rule: '/news/* /blog/:splat', path: '/news', want: 'none' },
	{ rule: '/news/* /blog/:splat', path: '/newsx/a', want: 'none' },
	{
		rule: '/news/:year/:month/:date/:slug /blog/:date/:month/:year/:slug',
		path: '/news/2004/02/12/my-story',
		want: '301 /blog/12/02/2004/my-story',
	},
	{ rule: '/news/:year/:slug /:year-:slug', path: '/news/2004/x', want: '301 /2004-x' },
	{ rule: '/news/:year/:slug /x', path: '/news/2004', want: 'none' },
	{ rule: '/news/:year/:slug /x', path: '/news/2004/', want: 'none' },
	{ rule: '/news/:year/:slug /x', path: '/news/2004/a/b', want: 'none' },
	{
		rule: '/products/:code/:name /products?code=:code&name=:name',
		path: '/products/7/a&b=c d',
		want: '301 /products?code=7&name=a%26b%3Dc%20d',
	},
	{ rule: '/:lang/* /:splat?lang=:lang 302', path: '/de/a/b', want: '302 /a/b?lang=de' },
	{ rule: '/a%20b /c%20d', path: '/a b', want: '301 /c%20d' },
	{ rule: '/über /ü', path: '/über', want: '301 /%C3%BC' },
	{ rule: '/go/* /:splat', path: '/go/evil.example', want: '301 /evil.example' },
	{ rule: '/go/* /:splat/x', path: '/go/', want: '301 /x' },
	{ rule: '/go/:a /:a', path: '/go/a:b', want: '301 /a%3Ab' },
	{ rule: '/go/:a /:a', path: '/go/#?', want: '301 /%23%3F' },
	{ rule: '/loop/* /loop/:splat', path: '/loop/x', want: 'none' },
	{ rule: '/loop /loop?x', path: '/loop', want: 'none' },
	{ rule: '/a /b # why', path: '/a', want: '301 /b' },
	{ rule: '# /a /b\n\n \t/a\t/c  302 \r\n', path: '/a', want: '302 /c' },
	{ rule: '/a /b\n/a /c', path: '/a', want: '301 /b' },
	{ rule: '/:x /b\n/a /c', path: '/a', want: '301 /b' },
	{ rule: '/a /c\n/:x /b', path: '/a', want: '301 /c' },
	{ rule: '/a /c\n/:x /b 302!', path: '/a', want: '302! /b' },
	{ rule: '/a /b', path: '/A', want: 'none' },
	{ rule: '', path: '/', want: 'none' },
];
for (const { rule, path, want } of examples)
	rules(`${JSON.stringify(rule)} makes of ${path}: ${want}`, () => {
		assert.is(applied(rule, path), want);
	});

const mistakes: readonly { rule: string; want: string }[] = [
	{ rule: '/a', want: 'destination: expected a path or an http or https URL, got ""' },
	{ rule: '/a 301', want: 'destination: expected a path or an http or https URL, got "301"' },
	{ rule: 'a /b', want: 'source: expected a path without query and fragment, got "a"' },
	{ rule: '/a?b /c', want: 'source: expected a path without query and fragment, got "/a?b"' },
	{
		rule: 'https://a.example/* /b',
		want: 'source: expected a path without query and fragment, got "https://a.example/*"',
	},
	{ rule: '//a /b', want: 'source: expected a path without query and fragment, got "//a"' },
	{ rule: '/a/../b /c', want: 'source: expected a path without query and fragment, got "/a/../b"' },
	{ rule: '/a/*/b /c', want: 'source: expected * as the last segment alone, got "/a/*/b"' },
	{ rule: '/a/*.html /c', want: 'source: expected * as the last segment alone, got "/a/*.html"' },
	{
		rule: '/shop id=:id /blog/:id 301',
		want: 'destination: expected a path or an http or https URL, got "id=:id"',
	},
	{
		rule: '/a javascript:alert(1)',
		want: 'destination: expected a path or an http or https URL, got "javascript:alert(1)"',
	},
	{
		rule: '/a //evil.example',
		want: 'destination: expected a path or a URL with a fixed host, got "//evil.example"',
	},
	{
		rule: '/a /\\evil.example',
		want: 'destination: expected a path or a URL with a fixed host, got "/\\\\evil.example"',
	},
	{
		rule: '/:a https://:a/',
		want: 'destination: expected a path or a URL with a fixed host, got "https://:a/"',
	},
	{
		rule: '/:a https://x.:a.example/',
		want: 'destination: expected a path or a URL with a fixed host, got "https://x.:a.example/"',
	},
	{
		rule: '/a https://[/',
		want: 'destination: expected a path or a URL with a fixed host, got "https://[/"',
	},
	{ rule: '/a /:b', want: 'destination: expected placeholders of the source, got ":b"' },
	{ rule: '/a /:splat', want: 'destination: expected placeholders of the source, got ":splat"' },
	{
		rule: '/a https://b.example/ 200',
		want: 'destination: expected a path, as proxies are not served, got "https://b.example/"',
	},
	{
		rule: '/a /b 500',
		want: 'status: expected one of 200, 301, 302, 303, 307, 308, 404, and ! where it goes before files, got "500"',
	},
	{
		rule: '/a /b Country=us',
		want: 'status: expected one of 200, 301, 302, 303, 307, 308, 404, and ! where it goes before files, got "Country=us"',
	},
	{ rule: '/ /us 302 Country=us', want: 'rule: expected nothing after the status, got "Country=us"' },
	{ rule: `/a /${'b'.repeat(2000)}`, want: 'rule: expected a line of at most 2000 characters' },
];
for (const { rule, want } of mistakes)
	rules(`a mistake is told of, and the other lines stand: ${rule.slice(0, 40)}`, () => {
		const { problems, others } = parseRedirectRules(`/first /1\n${rule}\n/last /2`);
		assert.equal(problems, [{ line: 2, message: want }]);
		assert.equal([...others.statics.keys()], ['/first', '/last']);
	});

rules('there are limits, and the first rules count', () => {
	const lines = [
		...Array.from({ length: 2001 }, (_, at) => `/s${at} /x`),
		...Array.from({ length: 101 }, (_, at) => `/d${at}/* /x`),
	];
	const { problems, others } = parseRedirectRules(lines.join('\n'));
	assert.equal([others.statics.size, others.dynamics.length], [2000, 100]);
	assert.equal(problems, [
		{ line: 2001, message: 'rules: expected at most 2000 without placeholders or *' },
		{ line: 2102, message: 'rules: expected at most 100 with placeholders or *' },
	]);
});

rules('a long path costs little', () => {
	const parsed = parseRedirectRules(Array.from({ length: 100 }, (_, at) => `/:a/${at}/:b/* /x`).join('\n'));
	const path = '/x'.repeat(4000) as UrlPath;
	const started = performance.now();
	for (let at = 0; at < 100; at++) assert.is(applyRedirectRules(parsed, path, false), undefined);
	assert.ok(performance.now() - started < 1000);
});

rules.run();
