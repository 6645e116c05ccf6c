import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fallbackCandidatesOf, findFallback, singlePath } from '../src/site/fallbacks.ts';
import { encodePath, type UrlPath } from '../src/site/paths.ts';
import { candidatesOf, DEFAULT_ROUTES, findRoute, type RouteOptions } from '../src/site/routes.ts';
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
	'/.well-known/security.txt',
	'/.well-known/x/index.html',
	'/100%.html',
	'/twice.html',
	'/twice/index.html',
	'/named',
	'/named.html',
	'/style.css',
	'/evil.example.html',
	'/cafe\u0301.html',
	'/e\u0301',
	'/\u00e9',
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
	{ name: 'a page without its extension', input: '/a', want: 'asset /a.html' },
	{ name: 'in another letter case', input: '/A', want: 'absent' },
	{ name: 'a page that has to be escaped', input: '/a%20b%26c', want: 'asset /a b&c.html' },
	{ name: 'a page as a folder: its references would break', input: '/a/', want: 'redirect /a' },
	{ name: 'and where it has to be escaped', input: '/100%25/', want: 'redirect /100%25' },
	{ name: 'the page of the root without its extension', input: '/index', want: 'asset /index.html' },
	{ name: 'that as a folder', input: '/index/', want: 'redirect /' },
	{
		name: 'the page of a folder without its extension',
		input: '/docs/index',
		want: 'asset /docs/index.html',
	},
	{ name: 'that as a folder', input: '/docs/index/', want: 'redirect /docs/' },
	{ name: 'a page below a folder', input: '/docs/guide', want: 'asset /docs/guide.html' },
	{ name: 'that as a folder', input: '/docs/guide/', want: 'redirect /docs/guide' },
	{ name: 'a page before a folder of its name', input: '/twice', want: 'asset /twice.html' },
	{ name: 'and the folder', input: '/twice/', want: 'asset /twice/index.html' },
	{ name: 'a page whose short name is a file', input: '/named', want: 'asset /named' },
	{ name: 'that page as a folder', input: '/named/', want: 'redirect /named.html' },
	{ name: 'what has another extension keeps it', input: '/style', want: 'absent' },
	{ name: 'and is no folder', input: '/style.css/', want: 'absent' },
	{ name: 'a host as a page as a folder', input: '/evil.example/', want: 'redirect /evil.example' },
	{ name: 'a host after two slashes', input: '//evil.example/', want: 'absent' },
	{ name: 'a host after an escaped slash', input: '/%2fevil.example/', want: 'malformed' },
	{
		name: 'composed characters for a decomposed name',
		input: '/caf%C3%A9.html',
		want: 'asset /cafe\u0301.html',
	},
	{ name: 'and without the extension', input: '/caf%C3%A9', want: 'asset /cafe\u0301.html' },
	{ name: 'and as a folder', input: '/caf%C3%A9/', want: 'redirect /cafe%CC%81' },
	{
		name: 'decomposed characters for a composed name',
		input: '/u%CC%88%20%3F/',
		want: 'asset /ü ?/index.html',
	},
	{ name: 'and without its slash', input: '/u%CC%88%20%3F', want: 'redirect /%C3%BC%20%3F/' },
	{ name: 'the name as it is comes first', input: '/e%CC%81', want: 'asset /e\u0301' },
	{ name: 'in either form', input: '/%C3%A9', want: 'asset /\u00e9' },
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

const outcome = (site: Snapshot, path: string, options: Partial<RouteOptions> = {}): string => {
	const route = findRoute(site, path, { ...DEFAULT_ROUTES, ...options });
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

const SLASHES = ['keep', 'add', 'remove'] as const;

const slashes: readonly { input: string; add: string; remove: string }[] = [
	{ input: '/', add: 'asset /index.html', remove: 'asset /index.html' },
	{ input: '/index.html', add: 'redirect /', remove: 'redirect /' },
	{ input: '/index', add: 'redirect /', remove: 'redirect /' },
	{ input: '/a', add: 'redirect /a/', remove: 'asset /a.html' },
	{ input: '/a/', add: 'asset /a.html', remove: 'redirect /a' },
	{ input: '/a.html', add: 'redirect /a/', remove: 'redirect /a' },
	{ input: '/a%20b%26c.html', add: 'redirect /a%20b&c/', remove: 'redirect /a%20b&c' },
	{ input: '/docs', add: 'redirect /docs/', remove: 'asset /docs/index.html' },
	{ input: '/docs/', add: 'asset /docs/index.html', remove: 'redirect /docs' },
	{ input: '/docs/index.html', add: 'redirect /docs/', remove: 'redirect /docs' },
	{ input: '/docs/guide.html', add: 'redirect /docs/guide/', remove: 'redirect /docs/guide' },
	// Two pages that would be shown at one address: each has one left.
	{ input: '/twice', add: 'asset /twice.html', remove: 'asset /twice.html' },
	{ input: '/twice/', add: 'asset /twice/index.html', remove: 'asset /twice/index.html' },
	{ input: '/twice.html', add: 'asset /twice.html', remove: 'redirect /twice' },
	{ input: '/twice/index.html', add: 'redirect /twice/', remove: 'asset /twice/index.html' },
	{ input: '/named', add: 'asset /named', remove: 'asset /named' },
	{ input: '/named/', add: 'asset /named.html', remove: 'redirect /named.html' },
	{ input: '/named.html', add: 'redirect /named/', remove: 'asset /named.html' },
	{ input: '/both', add: 'asset /both', remove: 'asset /both' },
	{ input: '/both/', add: 'asset /both/index.html', remove: 'asset /both/index.html' },
	{ input: '/caf%C3%A9', add: 'redirect /cafe%CC%81/', remove: 'asset /cafe\u0301.html' },
	{ input: '/caf%C3%A9.html', add: 'redirect /cafe%CC%81/', remove: 'redirect /cafe%CC%81' },
	{ input: '/style.css', add: 'asset /style.css', remove: 'asset /style.css' },
	{ input: '/style.css/', add: 'absent', remove: 'absent' },
	{ input: '/.git', add: 'absent', remove: 'absent' },
	{ input: '//docs', add: 'absent', remove: 'absent' },
	{ input: '/nothing/', add: 'absent', remove: 'absent' },
];

for (const { input, ...wants } of slashes)
	for (const trailingSlash of ['add', 'remove'] as const)
		routes(`--trailing-slash ${trailingSlash}: ${input} → ${wants[trailingSlash]}`, () => {
			assert.is(outcome(SITE, input, { trailingSlash }), wants[trailingSlash]);
		});

routes('a redirect leads to a page, never further, and what is found does not depend on the slashes', () => {
	const inputs = [...rows.map(({ input }) => input), ...slashes.map(({ input }) => input)];
	for (const input of inputs)
		for (const trailingSlash of SLASHES) {
			const first = outcome(SITE, input, { trailingSlash });
			if (!first.startsWith('redirect ')) continue;
			const location = first.slice('redirect '.length);
			assert.match(location, /^\/(?![/\\])/, input);
			assert.match(outcome(SITE, location, { trailingSlash }), /^asset /, `${trailingSlash} ${input}`);
		}
});

routes('every page is shown somewhere, whatever the slashes', () => {
	for (const trailingSlash of SLASHES)
		for (const { path, url } of SITE.assets()) {
			const first = outcome(SITE, url, { trailingSlash });
			const last = first.startsWith('redirect ') ? outcome(SITE, first.slice(9), { trailingSlash }) : first;
			assert.is(last, `asset ${path}`, trailingSlash);
		}
});

routes('the candidates of a path are all that its route may depend on', () => {
	for (const { input, want } of rows) {
		const candidates = candidatesOf(input);
		const site = SITE.with(new Map(candidates.map((path) => [path, undefined])));
		// Without them there is nothing; with them alone there is the same.
		assert.is(outcome(site, input), want === 'malformed' ? want : 'absent', input);
		const only = siteOf(...candidates.filter((path) => SITE.get(path) !== undefined));
		for (const trailingSlash of SLASHES)
			assert.is(outcome(only, input, { trailingSlash }), outcome(SITE, input, { trailingSlash }), input);
	}
});

const candidates: readonly { input: string; want: readonly string[] }[] = [
	{ input: '/', want: ['/index.html'] },
	{ input: '/a', want: ['/a', '/a.html', '/a/index.html'] },
	{ input: '/a%20b/', want: ['/a b', '/a b.html', '/a b/index.html'] },
	{ input: '/a.css', want: ['/a.css', '/a.css.html', '/a.css/index.html'] },
	{ input: '/a.html', want: ['/a.html', '/a', '/a/index.html', '/a.html.html', '/a.html/index.html'] },
	{ input: '/../a', want: [] },
	{ input: '/a%2Fb', want: [] },
	{ input: '/.env', want: ['/.env', '/.env.html', '/.env/index.html'] },
];

for (const { input, want } of candidates)
	routes(`the candidates of ${input}`, () => {
		assert.equal([...candidatesOf(input)], want);
	});

const fallbacks = suite('fallbacks');

const APP = siteOf(
	'/index.html',
	'/app.html',
	'/404.html',
	'/docs/404.html',
	'/docs/deep/x.html',
	'/caf\u00e9/404.html',
);
const NAVIGATION = { isNavigating: true, takesPages: true };
const SCRIPT = { isNavigating: false, takesPages: false };
const TOOL = { isNavigating: false, takesPages: true };

const fallback = (
	input: string,
	options: Partial<RouteOptions>,
	visitor = NAVIGATION,
	site = APP,
): string => {
	const found = findFallback(site, input, { ...DEFAULT_ROUTES, ...options }, visitor);
	if (found.kind === 'asset') return `shows ${found.asset.path}`;
	return found.kind === 'not found' ? found.page.path : found.kind;
};

const notFound: readonly { input: string; want: string }[] = [
	{ input: '/x', want: '/404.html' },
	{ input: '/x/y/z', want: '/404.html' },
	{ input: '/docs', want: '/404.html' },
	{ input: '/docs/', want: '/docs/404.html' },
	{ input: '/docs/x.png', want: '/docs/404.html' },
	{ input: '/docs/deep/x', want: '/docs/404.html' },
	{ input: '/docs/deep/er/', want: '/docs/404.html' },
	{ input: '/caf%C3%A9/x', want: '/caf\u00e9/404.html' },
	{ input: '/.git/x', want: '/404.html' },
	{ input: '/.env', want: '/404.html' },
	{ input: '//evil.example/', want: '/404.html' },
	{ input: '/docs/../x', want: '/404.html' },
	{ input: `/docs${'/x'.repeat(5000)}`, want: '/docs/404.html' },
];
for (const { input, want } of notFound)
	fallbacks(`the nearest 404.html: ${input.slice(0, 40)} → ${want}`, () => {
		assert.is(fallback(input, {}), want);
		assert.is(fallback(input, {}, TOOL), want);
		assert.is(fallback(input, {}, SCRIPT), 'absent');
		assert.is(fallback(input, {}, NAVIGATION, siteOf('/index.html')), 'absent');
		assert.ok(fallbackCandidatesOf(input, DEFAULT_ROUTES).length <= 65);
		assert.ok(fallbackCandidatesOf(input, DEFAULT_ROUTES).includes(want as UrlPath));
	});

const single = '/app.html' as UrlPath;
const views: readonly { input: string; want: string }[] = [
	{ input: '/x', want: 'shows /app.html' },
	{ input: '/x/y/', want: 'shows /app.html' },
	{ input: '/docs/x', want: 'shows /app.html' },
	{ input: '/user/jane.unknownextension', want: 'shows /app.html' },
	{ input: '/v1.2', want: 'shows /app.html' },
	{ input: '/gone.html', want: 'shows /app.html' },
	{ input: '/%E4%B8%8D', want: 'shows /app.html' },
	{ input: '/x.js', want: '/404.html' },
	{ input: '/x/y.css', want: '/404.html' },
	{ input: '/x.png', want: '/404.html' },
	{ input: '/x.PNG', want: '/404.html' },
	{ input: '/x.js.map', want: '/404.html' },
	{ input: '/docs/x.woff2', want: '/docs/404.html' },
	{ input: '/.env', want: '/404.html' },
	{ input: '/.git/config', want: '/404.html' },
	{ input: '//evil.example', want: '/404.html' },
	{ input: '/a/../b', want: '/404.html' },
];
for (const { input, want } of views)
	fallbacks(`--single app.html: ${input} → ${want}`, () => {
		assert.is(fallback(input, { single }), want);
		assert.is.not(fallback(input, { single }, TOOL), 'shows /app.html');
		assert.is(fallback(input, { single }, SCRIPT), 'absent');
		const missing = '/gone.html' as UrlPath;
		assert.is.not(fallback(input, { single: missing }), 'shows /gone.html');
		assert.is(fallbackCandidatesOf(input, { ...DEFAULT_ROUTES, single })[0], single);
	});

const names: readonly { input: string; want: string | undefined }[] = [
	{ input: 'index.html', want: '/index.html' },
	{ input: '/index.html', want: '/index.html' },
	{ input: './app/200.html', want: '/app/200.html' },
	{ input: 'a b.html', want: '/a b.html' },
	{ input: '../index.html', want: undefined },
	{ input: 'a/../index.html', want: undefined },
	{ input: '.hidden.html', want: undefined },
	{ input: 'app.js', want: undefined },
	{ input: 'app', want: undefined },
	{ input: 'a\\b.html', want: undefined },
	{ input: '', want: undefined },
	{ input: '/', want: undefined },
];
for (const { input, want } of names)
	fallbacks(`the file of an application: ${JSON.stringify(input)} → ${want}`, () => {
		assert.is(singlePath(input), want);
	});

routes.run();
fallbacks.run();
