import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodePath, type UrlPath } from '../src/site/paths.ts';
import { candidatesOf, findRoute } from '../src/site/routes.ts';
import { Snapshot, toAsset } from '../src/site/snapshot.ts';

const siteOf = (...paths: readonly string[]): Snapshot =>
	Snapshot.EMPTY.with(
		new Map(
			paths.map((name) => {
				const path = name as UrlPath;
				const facts = { size: 1, hash: '', modifiedMs: 0, diskVersion: '', references: undefined };
				return [path, toAsset({ ...facts, path, url: encodePath(path), file: name })];
			}),
		),
	);

const SITE = siteOf(
	'/index.html',
	'/a.html',
	'/a b&c.html',
	'/docs/index.html',
	'/docs/guide.html',
	'/ü ?/index.html',
	'/both',
	'/both/index.html',
	'/noindex/x.html',
	'/.env',
	'/.git/index.html',
	'/.well-known/security.txt',
	'/.well-known/x/index.html',
	'/docs/.hidden/index.html',
	'/100%.html',
);

const rows: readonly { name: string; input: string; want: string }[] = [
	{ name: 'the root', input: '/', want: 'asset /index.html' },
	{ name: 'a file', input: '/a.html', want: 'asset /a.html' },
	{ name: 'a file by its escapes', input: '/a%20b%26c.html', want: 'asset /a b&c.html' },
	{ name: 'a file by escapes that are not needed', input: '/%61.html', want: 'asset /a.html' },
	{ name: 'a percent sign', input: '/100%25.html', want: 'asset /100%.html' },
	{ name: 'a folder', input: '/docs/', want: 'asset /docs/index.html' },
	{ name: 'the page of a folder by its own name', input: '/docs/index.html', want: 'asset /docs/index.html' },
	{ name: 'a folder without its slash', input: '/docs', want: 'redirect /docs/' },
	{ name: 'a folder that has to be escaped', input: '/%C3%BC%20%3F', want: 'redirect /%C3%BC%20%3F/' },
	{ name: 'a file before a folder of its name', input: '/both', want: 'asset /both' },
	{ name: 'and the folder', input: '/both/', want: 'asset /both/index.html' },
	{ name: 'a folder without a page', input: '/noindex/', want: 'absent' },
	{ name: 'that folder without its slash', input: '/noindex', want: 'absent' },
	{ name: 'a file as a folder', input: '/a.html/', want: 'absent' },
	{ name: 'below a file', input: '/a.html/x', want: 'absent' },
	{ name: 'nothing', input: '/nothing', want: 'absent' },
	{ name: 'another letter case', input: '/A.html', want: 'absent' },
	{ name: 'a name without extension', input: '/a', want: 'absent' },
	{ name: 'a name of every object', input: '/constructor', want: 'absent' },
	{ name: 'an empty segment', input: '//a.html', want: 'absent' },
	{ name: 'a way that looks like a host', input: '//docs', want: 'absent' },
	{ name: 'up and back', input: '/docs/../a.html', want: 'absent' },
	{ name: 'up, escaped', input: '/docs/%2e%2e/a.html', want: 'absent' },
	{ name: 'here', input: '/./a.html', want: 'absent' },
	{ name: 'a hidden file', input: '/.env', want: 'absent' },
	{ name: 'a hidden file, escaped', input: '/%2Eenv', want: 'absent' },
	{ name: 'a hidden folder', input: '/.git/', want: 'absent' },
	{ name: 'a hidden folder without its slash', input: '/.git', want: 'absent' },
	{ name: 'a hidden folder below', input: '/docs/.hidden/', want: 'absent' },
	{
		name: 'what is well known (RFC 8615)',
		input: '/.well-known/security.txt',
		want: 'asset /.well-known/security.txt',
	},
	{ name: 'a folder that is', input: '/.well-known/x', want: 'redirect /.well-known/x/' },
	{ name: 'a hidden slash', input: '/docs%2Fguide.html', want: 'malformed' },
	{ name: 'a hidden backslash', input: '/docs%5Cguide.html', want: 'malformed' },
	{ name: 'a backslash', input: '/docs\\guide.html', want: 'malformed' },
	{ name: 'NUL', input: '/a.html%00', want: 'malformed' },
	{ name: 'an escape that is none', input: '/100%.html', want: 'malformed' },
	{ name: 'bytes that are not UTF-8', input: '/%FF.html', want: 'malformed' },
	{ name: 'no slash', input: 'a.html', want: 'malformed' },
	{ name: 'an empty path', input: '', want: 'malformed' },
];

const routes = suite('routes');

const outcome = (site: Snapshot, path: string): string => {
	const route = findRoute(site, path);
	if (route.kind === 'asset') return `asset ${route.asset.path}`;
	return route.kind === 'redirect' ? `redirect ${route.location}` : route.kind;
};

for (const { name, input, want } of rows)
	routes(`${name}: ${input} → ${want}`, () => {
		assert.is(outcome(SITE, input), want);
	});

routes('an empty site has nothing', () => {
	for (const path of ['/', '/a.html', '/docs/']) assert.is(outcome(Snapshot.EMPTY, path), 'absent');
});

routes('a redirect leads to a page, never further', () => {
	for (const { input, want } of rows)
		if (want.startsWith('redirect '))
			assert.match(outcome(SITE, want.slice('redirect '.length)), /^asset /, input);
});

routes('the candidates of a path are all that its route may depend on', () => {
	for (const { input, want } of rows) {
		const candidates = candidatesOf(input);
		const site = SITE.with(new Map(candidates.map((path) => [path, undefined])));
		// Without them there is nothing; with them alone there is the same.
		assert.is(outcome(site, input), want === 'malformed' ? want : 'absent', input);
		const only = siteOf(...candidates.filter((path) => SITE.get(path) !== undefined));
		assert.is(outcome(only, input), want, input);
	}
});

const candidates: readonly { input: string; want: readonly string[] }[] = [
	{ input: '/', want: ['/index.html'] },
	{ input: '/a', want: ['/a', '/a/index.html'] },
	{ input: '/a%20b/', want: ['/a b/index.html'] },
	{ input: '/../a', want: [] },
	{ input: '/a%2Fb', want: [] },
	{ input: '/.env', want: [] },
];

for (const { input, want } of candidates)
	routes(`the candidates of ${input}`, () => {
		assert.equal([...candidatesOf(input)], want);
	});

routes.run();
