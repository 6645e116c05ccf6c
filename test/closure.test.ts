import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Closure, closureOf, type Dependency } from '../src/site/closure.ts';
import type { UrlPath } from '../src/site/paths.ts';
import type { Asset, Snapshot } from '../src/site/snapshot.ts';
import { changed, type Files, siteOf } from './support/site.ts';

const closureIn = (site: Snapshot, path = '/index.html', url = path.replace(/index\.html$/, '')): Closure => {
	const page = site.get(path as UrlPath);
	assert.ok(page, path);
	return closureOf(site, page as Asset, url);
};

/** `url`, and the reservation where there is one. */
const described = ({ url, reservation }: Dependency): string =>
	reservation === undefined ? url : `${url} (${reservation})`;

const allOf = (closure: Closure): string[] => closure.dependencies.map(described);

const closure = suite('closure');

const resolving: readonly {
	name: string;
	page: string;
	url?: string;
	files?: Files;
	want: readonly string[];
}[] = [
	{ name: 'a page that refers to nothing', page: '<p>x', want: [] },
	{
		name: 'in the order in which they hold the page up',
		page: '<img src=a.png><script src=b.js></script><link rel=stylesheet href=c.css>',
		files: { '/a.png': '', '/b.js': '', '/c.css': '' },
		want: ['/c.css', '/b.js', '/a.png'],
	},
	{
		name: 'relative to a URL that looks like a host',
		page: '<img src=a.png><img src=/b.png>',
		url: '//',
		files: { '/a.png': '', '/b.png': '' },
		want: ['//a.png (missing)', '/b.png'],
	},
	{
		name: 'by the rules of the site',
		page: '<link rel=stylesheet href=/v1/a.css><script src=/old.js></script><img src=/none.png>',
		files: {
			'/_redirects': '/v1/* /css/:splat 200\n/old.js /new.js\n/none.png /gone.png 404',
			'/css/a.css': '@import "b.css"',
			'/v1/b.css': '',
			'/new.js': '',
			'/gone.png': '',
		},
		want: ['/v1/a.css', '/v1/b.css', '/old.js (redirected)', '/none.png (missing)'],
	},
	{
		name: 'by their clean URLs',
		page: '<iframe src=frame></iframe><iframe src=frame/></iframe><iframe src=docs></iframe>',
		files: { '/frame.html': '<script src=x.js></script>', '/x.js': '', '/docs/index.html': '' },
		want: ['/frame', '/frame/ (redirected)', '/docs (redirected)', '/x.js'],
	},
	{
		name: 'relative to the URL that is shown',
		page: '<img src=a.png><img src=./x/../a2.png><img src=/b.png><img src=../../c.png>',
		url: '/x/y',
		files: { '/x/a.png': '', '/x/a2.png': '', '/b.png': '', '/c.png': '' },
		want: ['/x/a.png', '/x/a2.png', '/b.png', '/c.png'],
	},
	{
		name: 'relative to the base (HTML Standard §4.2.3)',
		page: '<base href="sub/x"><img src=a.png><img src=/b.png><img src="?q">',
		files: { '/sub/a.png': '', '/b.png': '', '/sub/x': '' },
		want: ['/sub/a.png', '/b.png', '/sub/x?q'],
	},
	{
		name: 'a base that is empty',
		page: '<base href=""><img src=a.png>',
		files: { '/a.png': '' },
		want: ['/a.png'],
	},
	{
		name: 'a base that cannot be',
		page: '<base href="http://["><img src=a.png>',
		files: { '/a.png': '' },
		want: ['/a.png'],
	},
	{
		name: 'a base that is not taken',
		page: '<base href="data:,x"><img src=a.png>',
		files: { '/a.png': '' },
		want: ['/a.png'],
	},
	{
		name: 'a base that nothing resolves against',
		page: '<base href="mailto:x"><img src=a.png><img src="//b.example/x">',
		want: ['a.png (leads nowhere)', '//b.example/x (leads nowhere)'],
	},
	{
		name: 'a base elsewhere',
		page: '<base href="https://b.example/x/"><img src=a.png>',
		files: { '/a.png': '' },
		want: ['https://b.example/x/a.png (other origin)'],
	},
	{
		name: 'the query stays, the fragment goes',
		page: '<img src="a.png?v=1#x"><img src="a.png?v=2"><img src="a.png?"><img src="a.png#y">',
		files: { '/a.png': '' },
		want: ['/a.png?v=1', '/a.png?v=2', '/a.png?', '/a.png'],
	},
	{
		name: 'written as a browser does (WHATWG URL §4.5)',
		page: `<img src="ü b.png"><img src="a\\b.png"><img src="%61.png?ü='"><img src="x^y.png">`,
		files: { '/ü b.png': '', '/a/b.png': '', '/a.png': '', '/x^y.png': '' },
		want: ['/%C3%BC%20b.png', '/a/b.png', '/%61.png?%C3%BC=%27', '/x%5Ey.png'],
	},
	{
		name: 'other origins',
		page: '<img src="//b.example/x#y"><img src="https://site.invalid/a.png"><img src="http://b.example:81/z?q">',
		files: { '/a.png': '' },
		want: [
			'http://b.example/x (other origin)',
			'https://site.invalid/a.png (other origin)',
			'http://b.example:81/z?q (other origin)',
		],
	},
	{
		name: 'what cannot be a URL',
		page: '<img src="http://["><img src="//"><img src="http://a:b/">',
		want: ['http://[ (leads nowhere)', '// (leads nowhere)', 'http://a:b/ (leads nowhere)'],
	},
	{
		name: 'what is missing, hidden or malformed',
		page: '<img src=a.png><img src=.env><img src="a%2Fb.png"><img src="%zz.png"><img src="//x//y"><img src="/x//y">',
		files: { '/a/b.png': '' },
		want: [
			'/a.png (missing)',
			'/.env (missing)',
			'/a%2Fb.png (missing)',
			'/%zz.png (missing)',
			'http://x//y (other origin)',
			'/x//y (missing)',
		],
	},
	{
		name: 'folders, with and without their slash',
		page: '<iframe src=x/></iframe><iframe src=x></iframe>',
		files: { '/x/index.html': '<img src=a.png>', '/x/a.png': '' },
		want: ['/x/', '/x (redirected)', '/x/a.png'],
	},
	{
		name: 'the page itself never, in whatever it is named',
		page: '<iframe src=""></iframe><iframe src="#x"></iframe><iframe src="/"></iframe><iframe src="./#x"></iframe>',
		want: [],
	},
	{
		name: 'reservations stay, and come before what is missing',
		page: '<img loading=lazy src=a.png><link rel=stylesheet media=print href=b.css><script nomodule src="//c.example/x"></script>',
		want: ['/b.css (other media)', 'http://c.example/x (nomodule)', '/a.png (lazy)'],
	},
	{
		name: 'twice the same',
		page: '<img src=a.png><img src=/a.png><img src=./x/../a.png>',
		files: { '/a.png': '' },
		want: ['/a.png'],
	},
	{
		name: 'lazy first, then not',
		page: '<img loading=lazy src=a.png><img src=b.png><img src=a.png>',
		files: { '/a.png': '', '/b.png': '' },
		want: ['/b.png', '/a.png'],
	},
	{
		name: 'not lazy first',
		page: '<img src=a.png><img src=b.png><img loading=lazy src=a.png>',
		files: { '/a.png': '', '/b.png': '' },
		want: ['/a.png', '/b.png'],
	},
	{
		name: 'the author says skip, and elsewhere nothing',
		page: '<img data-casper=skip src=a.png><img src=a.png>',
		files: { '/a.png': '' },
		want: ['/a.png'],
	},
	{
		name: 'frames and what they refer to, from where they are',
		page: '<iframe src=x/f.html></iframe><img src=a.png>',
		files: {
			'/x/f.html': '<img src=a.png><iframe src=g.html></iframe>',
			'/x/g.html': '<img src=b.png>',
			'/a.png': '',
			'/x/a.png': '',
			'/x/b.png': '',
		},
		want: ['/a.png', '/x/f.html', '/x/a.png', '/x/g.html', '/x/b.png'],
	},
	{
		name: 'objects that are pages',
		page: '<object data=f.html></object>',
		files: { '/f.html': '<img src=a.png>', '/a.png': '' },
		want: ['/f.html', '/a.png'],
	},
	{
		name: 'nothing of frames that are lazy',
		page: '<iframe loading=lazy src=f.html></iframe>',
		files: { '/f.html': '<img src=a.png>', '/a.png': '' },
		want: ['/f.html (lazy)'],
	},
	{
		name: 'a lazy frame that is then wanted',
		page: '<iframe loading=lazy src=f.html></iframe><iframe src=f.html></iframe>',
		files: { '/f.html': '<img src=a.png>', '/a.png': '' },
		want: ['/f.html', '/a.png'],
	},
	{
		name: 'circles',
		page: '<iframe src=f.html></iframe>',
		files: {
			'/f.html': '<iframe src=g.html></iframe><iframe src=/></iframe>',
			'/g.html': '<iframe src=f.html></iframe><iframe src=g.html></iframe>',
		},
		want: ['/f.html', '/g.html'],
	},
	{
		name: 'a frame that holds itself with a query',
		page: '<iframe src=f.html></iframe>',
		files: { '/f.html': '<iframe src="?1"></iframe><img src=a.png>', '/a.png': '' },
		want: ['/f.html', '/a.png', '/f.html?1'],
	},
];

for (const { name, page, url, files = {}, want } of resolving)
	closure(`has ${name}`, () => {
		const site = siteOf({ ...files, '/index.html': page });
		assert.equal(allOf(closureIn(site, '/index.html', url)), want);
	});

closure('says what is known of each, and where the reference is', () => {
	const site = siteOf({
		'/index.html': `<p>\n<script type=module integrity=x src=a.js?1></script>\n\n<iframe src=f/></iframe>`,
		'/f/index.html': '\n<img crossorigin src=gone.png>',
		'/a.js': 'a',
	});
	const [script, frame, image] = closureIn(site).dependencies;
	assert.equal(script, {
		url: '/a.js?1',
		hash: 'hash of a',
		asset: site.get('/a.js' as UrlPath),
		as: 'script',
		isModule: true,
		crossorigin: 'anonymous',
		integrity: 'x',
		reservation: undefined,
		depth: 1,
		from: '/',
		line: 2,
	});
	assert.is(frame?.asset, site.get('/f/index.html' as UrlPath));
	assert.is(frame?.line, 4);
	assert.equal(image, {
		url: '/f/gone.png',
		hash: '',
		asset: undefined,
		as: 'image',
		isModule: false,
		crossorigin: 'anonymous',
		integrity: undefined,
		reservation: 'missing',
		depth: 2,
		from: '/f/',
		line: 2,
	});
});

const PAGES: Files = {
	'/index.html': '<img src=a.png><iframe src=f.html></iframe><img src=gone.png><iframe src=x></iframe>',
	'/f.html': '<img src=b.png>',
	'/a.png': '1',
	'/b.png': '1',
	'/other.html': '',
};

const validity: readonly { name: string; change: Files; isKept: boolean }[] = [
	{ name: 'nothing changes', change: {}, isKept: true },
	{ name: 'another file changes', change: { '/other.html': 'x' }, isKept: true },
	{ name: 'another file comes', change: { '/new.html': 'x' }, isKept: true },
	{ name: 'another file goes', change: { '/other.html': undefined }, isKept: true },
	{ name: 'a dependency changes', change: { '/a.png': '2' }, isKept: false },
	{ name: 'a dependency of a frame changes', change: { '/b.png': '2' }, isKept: false },
	{ name: 'a frame changes', change: { '/f.html': '' }, isKept: false },
	{ name: 'a dependency goes', change: { '/a.png': undefined }, isKept: false },
	{ name: 'a missing one comes', change: { '/gone.png': '' }, isKept: false },
	{ name: 'a missing one becomes a folder, which redirects', change: { '/x/index.html': '' }, isKept: false },
	{ name: 'the page changes', change: { '/index.html': '' }, isKept: false },
];

for (const { name, change, isKept } of validity)
	closure(`is ${isKept ? 'the same' : 'another'} after ${name}`, () => {
		const before = siteOf(PAGES);
		const first = closureIn(before);
		const after = changed(before, change);
		assert.is(closureIn(after) === first, isKept);
		// As one that nothing was remembered for.
		const fresh = siteOf({ ...PAGES, ...change });
		assert.equal(allOf(closureIn(after)), allOf(closureIn(fresh)));
	});

closure('is right again after a change and its reverse', () => {
	const site = siteOf(PAGES);
	const first = allOf(closureIn(site));
	const without = changed(site, { '/a.png': undefined });
	assert.not.equal(allOf(closureIn(without)), first);
	assert.equal(allOf(closureIn(changed(without, { '/a.png': '1' }))), first);
	assert.equal(allOf(closureIn(site)), first, 'of the old snapshot, too');
});

closure('is another under another URL', () => {
	const site = siteOf({ '/index.html': '<img src=a.png>', '/a.png': '', '/x/a.png': '' });
	assert.equal(allOf(closureIn(site, '/index.html', '/')), ['/a.png']);
	assert.equal(allOf(closureIn(site, '/index.html', '/x/')), ['/x/a.png']);
	assert.is(closureIn(site, '/index.html', '/x/'), closureIn(site, '/index.html', '/x/'));
});

closure('is another after another rule', () => {
	const site = siteOf({
		'/index.html': '<link rel=stylesheet href=/v1.css>',
		'/a.css': '',
		'/_redirects': '/v1.css /a.css 200',
	});
	assert.equal(allOf(closureIn(site)), ['/v1.css']);
	assert.equal(allOf(closureIn(changed(site, { '/_redirects': '' }))), ['/v1.css (missing)']);
	assert.equal(allOf(closureIn(site)), ['/v1.css']);
});

closure('is that of the addresses as the options have them', () => {
	const site = siteOf({ '/index.html': '<iframe src=/frame></iframe>', '/frame.html': '' });
	const page = site.get('/index.html' as UrlPath) as Asset;
	const wants = { keep: '/frame', add: '/frame (redirected)', remove: '/frame' } as const;
	for (const [trailingSlash, want] of [...Object.entries(wants), ...Object.entries(wants)]) {
		const routes = { trailingSlash: trailingSlash as keyof typeof wants, single: undefined };
		assert.equal(allOf(closureOf(site, page, '/', undefined, routes)), [want]);
	}
});

closure('is right under any number of URLs, and is not remembered for all', () => {
	const site = siteOf({ '/index.html': '<img src=a.png>', '/a.png': '' });
	const first = closureIn(site, '/index.html', '/');
	for (let at = 0; at < 1000; at++)
		assert.equal(allOf(closureIn(site, '/index.html', `/${at}/`)), [`/${at}/a.png (missing)`]);
	assert.is.not(closureIn(site, '/index.html', '/'), first);
	assert.equal(allOf(closureIn(site, '/index.html', '/')), ['/a.png']);
});

closure('ends, however many there are', () => {
	const images = Array.from({ length: 30_000 }, (_, at) => `<img src=${at}>`).join('');
	const began = performance.now();
	const { dependencies } = closureIn(siteOf({ '/index.html': images }));
	assert.is(dependencies.length, 5000);
	assert.is(dependencies.at(-1)?.url, '/4999');
	assert.ok(performance.now() - began < 10_000);
});

closure.run();
