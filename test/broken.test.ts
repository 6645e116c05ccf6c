import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type BrokenReference, brokenIn } from '../src/site/broken.ts';
import { BrokenReferences } from '../src/site/broken-site.ts';
import { closureOf } from '../src/site/closure.ts';
import { parseHeaderRules } from '../src/site/header-rules.ts';
import type { UrlPath } from '../src/site/paths.ts';
import { DEFAULT_ROUTES, type RouteOptions } from '../src/site/routes.ts';
import type { Asset, Snapshot } from '../src/site/snapshot.ts';
import { assetOf, type Files, siteOf } from './support/site.ts';

/** `from:line url`, and the suggestion where there is one. */
const described = ({ from, line, url, suggestion }: BrokenReference): string =>
	`${from}:${line} ${url}${suggestion === undefined ? '' : ` (${suggestion})`}`;

const ofPage = (site: Snapshot, url = '/', routes?: RouteOptions): string[] => {
	const page = site.get('/index.html' as UrlPath) as Asset;
	return brokenIn(closureOf(site, page, url, undefined, routes), site, routes)
		.map(described)
		.sort();
};

const ofSite = (site: Snapshot, routes?: RouteOptions): string[] => {
	const all = new BrokenReferences(site, routes);
	while (!all.isCurrent) all.step();
	return all.list(100).map(described).sort();
};

const broken = suite('broken references');

/** `site`: of all files, where that is something else. */
const rows: readonly {
	name: string;
	page: string;
	files?: Files;
	routes?: RouteOptions;
	want: readonly string[];
	site?: readonly string[];
}[] = [
	{ name: 'none', page: '<img src=a.png>', files: { '/a.png': '' }, want: [] },
	{
		name: 'a missing file, with its line and query',
		page: '<p>\n<img src="a.png?x#y">',
		want: ['/index.html:2 /a.png?x'],
	},
	{
		name: 'one for each place',
		page: '<img src=a.png>\n<img src=a.png>',
		want: ['/index.html:1 /a.png', '/index.html:2 /a.png'],
	},
	{
		name: 'wrong letter case',
		page: '<img src=A.png>',
		files: { '/a.png': '' },
		want: ['/index.html:1 /A.png (/a.png)'],
	},
	{
		name: 'whatever they are reserved for',
		page: '<img loading=lazy src=a1.png>\n<link rel=stylesheet media=print href=a2.css>\n<video src=a3.mp4></video>\n<script nomodule src=a4.js></script>\n<link rel=icon href=a5.ico><link rel=icon href=a6.svg>\n<img data-casper=skip src=a7.png>',
		want: [
			'/index.html:1 /a1.png',
			'/index.html:2 /a2.css',
			'/index.html:3 /a3.mp4',
			'/index.html:4 /a4.js',
			'/index.html:5 /a5.ico',
			'/index.html:5 /a6.svg',
			'/index.html:6 /a7.png',
		],
	},
	{
		name: 'each of a set of images',
		page: '<img src=a.png srcset="b.png 2x, c.png 3x">',
		files: { '/a.png': '', '/c.png': '' },
		want: ['/index.html:1 /b.png'],
	},
	{
		name: 'of style sheets: imports, images, fonts, shown or not',
		page: '<link rel=stylesheet href=css/a.css?v1>',
		files: {
			'/css/a.css':
				'@import "gone.css";\n.no{background:url(../no.png)}\n@font-face{font-family:f;src:url(f.woff2)}\n.x:hover{cursor:url(here.cur)}\n.d{background:url("data:,x"), url( "d.png" );mask:image-set("e.png" 1x)}',
			'/css/here.cur': '',
		},
		want: [
			'/css/a.css:1 /css/gone.css',
			'/css/a.css:2 /no.png',
			'/css/a.css:3 /css/f.woff2',
			'/css/a.css:5 /css/d.png',
			'/css/a.css:5 /css/e.png',
		],
	},
	{
		name: 'of inline style sheets and style attributes',
		page: '<style>\n@import "gone.css";\nb{background:url(b.png)}</style>\n<b style="background:url(c.png)">',
		want: ['/index.html:2 /gone.css', '/index.html:3 /b.png', '/index.html:4 /c.png'],
	},
	{
		name: 'of modules',
		page: '<script type=module src=js/a.js></script>',
		files: { '/js/a.js': 'import "./b.js";\nimport "/c.js";\nimport "../d.js"', '/d.js': '' },
		want: ['/js/a.js:1 /js/b.js', '/js/a.js:2 /c.js'],
	},
	{
		name: 'module specifiers without an import map, which pages alone have',
		page: '<script type=module src=js/a.js></script>',
		files: { '/js/a.js': 'import "lodash";\nimport "b.js"', '/js/b.js': '' },
		want: ['/js/a.js:1 lodash', '/js/a.js:2 b.js (/js/b.js)'],
		site: [],
	},
	{
		name: 'specifiers of inline modules',
		page: '<script type=module>\nimport "lodash"</script>',
		want: ['/index.html:2 lodash'],
	},
	{
		name: 'not specifiers that the import map knows',
		page: '<script type=importmap>{"imports":{"lodash":"/l.js","/js/b.js":"/l.js"}}</script><script type=module>import "lodash"</script><script type=module src=js/a.js></script>',
		files: { '/js/a.js': 'import "lodash"; import "./b.js"', '/l.js': '' },
		want: [],
	},
	{
		name: 'what an import map leads to',
		page: '<script type=importmap>{"imports":{"lodash":"/l.js"}}</script>\n<script type=module>import "lodash"</script>',
		want: ['/index.html:2 /l.js'],
	},
	{
		name: 'of the source of a program, only where a page has it',
		page: '<script type=module src=a.js></script>',
		files: { '/a.js': 'import "./b"', '/b.js': '' },
		want: ['/a.js:1 /b (/b.js)'],
		site: [],
	},
	{
		name: 'not what lies elsewhere, or is no request',
		page: '<img src=https://b.example/a.png><img src=//b.example/a.png><img src=data:,x><img src="#x"><img src=""><img src="//:0"><iframe src=about:blank></iframe><img src=blob:x><script type=module>import "https://b.example/x.js"; import "data:text/javascript,0"</script>',
		want: [],
	},
	{
		name: 'not links, nor what nobody mentions',
		page: '<a href=gone.html>x</a><noscript><img src=gone.png></noscript><template><img src=gone.png></template><!--<img src=gone.png>-->',
		want: [],
	},
	{
		name: 'not clean URLs and folders',
		page: '<iframe src=docs></iframe><iframe src=docs/></iframe><iframe src=a></iframe><iframe src=files/></iframe><iframe src=nowhere/></iframe>',
		files: { '/docs/index.html': '', '/a.html': '', '/files/x.txt': '' },
		want: ['/index.html:1 /nowhere/'],
	},
	{
		name: 'not what a rule answers, but what it has as not found',
		page: '<img src=/old.png><img src=/v1/a.png><img src=/v1/b.png><img src=/none.png>',
		files: {
			'/_redirects': '/old.png /new.png\n/v1/* /img/:splat 200\n/* /404.html 404',
			'/img/a.png': '',
			'/404.html': '',
		},
		want: ['/index.html:1 /none.png', '/index.html:1 /v1/b.png'],
	},
	{
		name: 'not what a template has yet to fill in, nor what hosts add',
		page: '<img src="{{ url }}"><img src="/x/{% url %}.png"><img src="$%7Ba}.png"><img src="<%= a %>"><img src="%PUBLIC_URL%/a.png"><script src=/cdn-cgi/x.js></script><script src=/_vercel/insights/script.js></script>',
		want: [],
	},
	{
		name: 'relative to the base',
		page: '<base href=/sub/><img src=a.png><img src=b.png>',
		files: { '/sub/a.png': '', '/b.png': '' },
		want: ['/index.html:1 /sub/b.png (/b.png)'],
	},
	{
		name: 'of a query alone, which is relative to all of the base',
		page: '<img src="?x">',
		files: {
			'/y.html': '<base href=/index.html><img src="?x">',
			'/z.html': '<base href=/gone><img src="?x">',
		},
		want: [],
		site: ['/z.html:1 /gone?x'],
	},
	{
		name: 'a base elsewhere',
		page: '<base href=https://b.example/><img src=a.png>',
		want: [],
	},
	{
		name: 'of the page alone, not of its frames',
		page: '<iframe src=f.html></iframe>',
		files: { '/f.html': '<img src=gone.png>' },
		want: [],
		site: ['/f.html:1 /gone.png'],
	},
	{
		name: 'of a page that stands for all others, but for frames',
		page: '<iframe src=/some/view></iframe><img src=/some/view.png>',
		routes: { trailingSlash: 'keep', single: '/index.html' as UrlPath },
		want: ['/index.html:1 /some/view.png'],
	},
	{
		name: 'escaped as browsers do',
		page: '<img src="ä b.png"><img src="ü.png">',
		files: { '/ü.png': '' },
		want: ['/index.html:1 /%C3%A4%20b.png'],
	},
	{
		name: 'not of what others published',
		page: 'x',
		files: { '/node_modules/x/index.html': '<img src=gone.png>' },
		want: [],
	},
];

for (const { name, page, files = {}, routes, want, site: wantOfSite = want } of rows) {
	broken(`of a page: ${name}`, () => {
		const site = siteOf({ ...files, '/index.html': page });
		assert.equal(ofPage(site, '/', routes), [...want]);
	});
	broken(`of the site: ${name}`, () => {
		const site = siteOf({ ...files, '/index.html': page });
		assert.equal(ofSite(site, routes), [...wantOfSite]);
	});
}

broken('name the file that has them, whatever the address of the page', () => {
	const site = siteOf({
		'/index.html': '<img src=/a.png><link rel=stylesheet href=/x.css?1>',
		'/x.css': 'b{background:url(b.png)}',
	});
	assert.equal(ofPage(site, '/made/up'), ['/index.html:1 /a.png', '/x.css:1 /b.png']);
});

broken('of a header field are those of the file of header rules', () => {
	const file = assetOf('/_headers', '');
	const rules = parseHeaderRules('/*\n  Link: </gone.css>; rel=preload; as=style');
	const site = siteOf({ '/index.html': '' }).with(new Map([[file.path, { ...file, references: rules }]]));
	assert.equal(ofPage(site), ['/_headers:2 /gone.css']);
});

broken('leave what the plan is told of the same file as it is', () => {
	const site = siteOf({
		'/index.html': '<img loading=lazy src=a.png><img src=a.png srcset="a.png 1x, b.png 2x">',
	});
	const { dependencies, alternatives } = closureOf(site, site.get('/index.html' as UrlPath) as Asset, '/');
	assert.equal(
		dependencies.map(({ url, reservation }) => `${url} ${reservation}`),
		['/a.png lazy'],
	);
	assert.equal(alternatives, []);
});

broken('are judged where a page is shown', () => {
	const files = {
		'/index.html': '',
		'/about.html': '<img src=a.png><img src=../b.png>',
		'/about/a.png': '',
		'/b.png': '',
	};
	const add: RouteOptions = { ...DEFAULT_ROUTES, trailingSlash: 'add' };
	assert.equal(ofSite(siteOf(files), add), []);
	assert.equal(ofSite(siteOf(files)), ['/about.html:1 /a.png (/about/a.png)']);
});

broken.run();
