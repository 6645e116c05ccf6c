import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Closure, closureOf, type Dependency } from '../src/site/closure.ts';
import type { UrlPath } from '../src/site/paths.ts';
import type { Asset, Snapshot } from '../src/site/snapshot.ts';
import { changed, type Files, siteOf } from './support/site.ts';

/** The closure of the page at `/`, whose text is known. */
const closureIn = (site: Snapshot, html: string): Closure =>
	closureOf(site, site.get('/index.html' as UrlPath) as Asset, '/', () => () => html);

/** `depth url`, and the reservation where there is one. */
const described = ({ depth, url, reservation }: Dependency): string =>
	`${depth} ${url}${reservation === undefined ? '' : ` (${reservation})`}`;

const closure = suite('closure, in depth');

const ROWS: readonly { name: string; page: string; files: Files; want: readonly string[] }[] = [
	{
		name: 'style sheets, their imports, their images and fonts',
		page: '<link rel=stylesheet href=css/a.css><p>x<img src=i.png>',
		files: {
			'/css/a.css': '@import "b.css";p{background:url(../a.png)}',
			'/css/b.css': '@import url(sub/c.css);@font-face{font-family:F;src:url(f.woff2)}p{font-family:F}',
			'/css/sub/c.css': 'p{cursor:url(c.cur),auto}',
			'/css/f.woff2': '',
			'/css/sub/c.cur': '',
			'/a.png': '',
			'/i.png': '',
		},
		want: [
			'1 /css/a.css',
			'2 /css/b.css',
			'3 /css/sub/c.css',
			'3 /css/f.woff2',
			'1 /i.png',
			'2 /a.png',
			'4 /css/sub/c.cur',
		],
	},
	{
		name: 'style sheets in a circle, and a diamond',
		page: '<link rel=stylesheet href=a.css>',
		files: {
			'/a.css': '@import "b.css";@import "c.css";',
			'/b.css': '@import "d.css";',
			'/c.css': '@import "d.css";',
			'/d.css': '@import "a.css";',
		},
		want: ['1 /a.css', '2 /b.css', '2 /c.css', '3 /d.css'],
	},
	{
		name: 'inline style sheets, against the base of the document',
		page: '<base href=/x/><style>@import "a.css";p{background:url(a.png)}</style><p style="background:url(b.png)">x',
		files: { '/x/a.css': 'p{cursor:url(c.png)}', '/x/a.png': '', '/x/b.png': '', '/x/c.png': '' },
		want: ['1 /x/a.css', '1 /x/b.png', '1 /x/a.png (no element shows it)', '2 /x/c.png'],
	},
	{
		name: 'a style sheet that is only preloaded leads nowhere',
		page: '<link rel=preload as=style href=a.css>',
		files: { '/a.css': '@import "b.css";', '/b.css': '' },
		want: ['1 /a.css'],
	},
	{
		name: 'what of a style sheet is for others',
		page: '<link rel=stylesheet media=print href=a.css><link rel=stylesheet href=b.css>',
		files: {
			'/a.css': '@import "c.css";',
			'/b.css': '@import "d.css" print;',
			'/c.css': '',
			'/d.css': '@import "e.css";',
		},
		want: ['1 /a.css (other media)', '1 /b.css', '2 /d.css (other media)'],
	},
	{
		name: 'a cascade over several files',
		page: '<link rel=stylesheet href=a.css><style>p{background:url(inline.png)}</style><link rel=stylesheet href=b.css><p>',
		files: {
			'/a.css': 'p{background:url(a.png)}',
			'/b.css': '@import "c.css";p{background-color:red}',
			'/c.css': 'p{background:url(c.png)}',
			'/a.png': '',
			'/c.png': '',
			'/inline.png': '',
		},
		want: [
			'1 /a.css',
			'1 /b.css',
			'2 /c.css',
			'1 /inline.png (no element shows it)',
			'2 /a.png (no element shows it)',
			'3 /c.png',
		],
	},
	{
		name: 'modules and what they import',
		page: '<script type=module src=js/a.js></script>',
		files: {
			'/js/a.js': 'import "./b.js";export * from "../c.js";import("./late.js")',
			'/js/b.js': 'import "./a.js";import "../c.js"',
			'/c.js': 'import "/d.js"',
			'/d.js': '',
			'/js/late.js': '',
		},
		want: ['1 /js/a.js', '2 /js/b.js', '2 /c.js', '3 /d.js'],
	},
	{
		name: 'classic scripts import nothing',
		page: '<script src=a.js></script>',
		files: { '/a.js': 'import "./b.js"', '/b.js': '' },
		want: ['1 /a.js'],
	},
	{
		name: 'inline modules and an import map',
		page: '<script type=importmap>{"imports":{"lib/":"/vendor/","x":"./x.js"}}</script><script type=module>import "x";\nimport "lib/y.js"</script>',
		files: { '/x.js': 'import "lib/z.js"', '/vendor/y.js': '', '/vendor/z.js': '' },
		want: ['1 /x.js', '1 /vendor/y.js', '2 /vendor/z.js'],
	},
	{
		name: 'a bare name without a map: nothing of that module is fetched (HTML Standard §8.1.4.1)',
		page: '<script type=module src=a.js></script>',
		files: { '/a.js': 'import "./b.js";import "bare"', '/b.js': '' },
		want: ['1 /a.js', '2 bare (leads nowhere)'],
	},
	{
		name: 'a module that is only preloaded leads nowhere, but the same one as a script does',
		page: '<link rel=modulepreload href=a.js><link rel=modulepreload href=c.js><script type=module src=a.js></script>',
		files: { '/a.js': 'import "./b.js"', '/b.js': '', '/c.js': 'import "./d.js"', '/d.js': '' },
		want: ['1 /a.js', '1 /c.js', '2 /b.js'],
	},
	{
		name: 'style sheets and JSON that modules import',
		page: '<script type=module src=a.js></script>',
		files: {
			'/a.js': 'import a from "./a.css" with {type:"css"};import b from "./b.json" with {type:"json"}',
			'/a.css': '',
			'/b.json': '',
		},
		want: ['1 /a.js', '2 /a.css', '2 /b.json'],
	},
	{
		name: 'what is missing at any depth',
		page: '<link rel=stylesheet href=a.css><script type=module src=a.js></script><p>',
		files: { '/a.css': '@import "gone.css";p{background:url(gone.png)}', '/a.js': 'import "./gone.js"' },
		want: ['1 /a.css', '2 /gone.css (missing)', '1 /a.js', '2 /gone.js (missing)', '2 /gone.png (missing)'],
	},
	{
		name: 'a frame and what is in it, last',
		page: '<iframe src=f.html></iframe><img src=a.png>',
		files: {
			'/f.html': '<link rel=stylesheet href=f.css>',
			'/f.css': '@import "g.css";',
			'/g.css': '',
			'/a.png': '',
		},
		want: ['1 /a.png', '1 /f.html', '2 /f.css', '3 /g.css'],
	},
	{
		name: 'other origins',
		page: '<style>@import "//cdn.example/a.css";p{background:url(https://cdn.example/a.png)}</style><p>',
		files: {},
		want: ['1 http://cdn.example/a.css (other origin)', '1 https://cdn.example/a.png (other origin)'],
	},
];
for (const { name, page, files, want } of ROWS)
	closure(name, () => {
		const site = siteOf({ ...files, '/index.html': page });
		assert.equal(closureIn(site, page).dependencies.map(described), want);
	});

closure('says how each is fetched', () => {
	const page =
		'<link rel=stylesheet href=a.css><script type=module crossorigin=use-credentials src=a.js></script><p>x';
	const site = siteOf({
		'/index.html': page,
		'/a.css': '@font-face{font-family:F;src:url(f.woff2)}p{font-family:F;background:url(a.png)}',
		'/a.js': 'import "./b.js"',
		'/b.js': '',
		'/f.woff2': '',
		'/a.png': '',
	});
	const got = closureIn(site, page).dependencies.map(
		({ url, as, isModule, crossorigin }) => `${url} ${as} ${isModule} ${crossorigin}`,
	);
	assert.equal(got, [
		'/a.css style false undefined',
		'/a.js script true use-credentials',
		'/b.js script true use-credentials',
		'/f.woff2 font false anonymous',
		'/a.png image false undefined',
	]);
});

closure('names file and line of what is missing', () => {
	const page =
		'<title>x</title>\n<style>\n@import "gone1.css";\n</style>\n<link rel=stylesheet href=a.css>\n<script type=module>\nimport "./gone2.js"</script>';
	const site = siteOf({
		'/index.html': page,
		'/a.css': '\n\n@import "gone3.css";\np\n{\nbackground: url(gone4.png) }',
	});
	const missing = closureIn(site, page).dependencies.filter(({ reservation }) => reservation === 'missing');
	assert.equal(missing.map(({ url, from, line }) => `${url} ${from}:${line}`).sort(), [
		'/gone1.css /:3',
		'/gone2.js /:7',
		'/gone3.css /a.css:3',
	]);
});

const PAGE = '<link rel=stylesheet href=a.css><script type=module src=a.js></script><p>x';
const FILES: Files = {
	'/index.html': PAGE,
	'/a.css': '@import "b.css";',
	'/b.css': 'p{background:url(a.png)}',
	'/a.png': '',
	'/a.js': 'import "./b.js"',
	'/b.js': '',
	'/other.css': '',
	'/other.js': 'import "./b.js"',
};
const VALIDITY: readonly { name: string; change: Files; isKept: boolean }[] = [
	{ name: 'a file that is not in it', change: { '/other.css': 'x', '/other.js': '' }, isKept: true },
	{ name: 'a style sheet two levels deep', change: { '/b.css': '' }, isKept: false },
	{ name: 'a module two levels deep', change: { '/b.js': 'import "./other.js"' }, isKept: false },
	{ name: 'an image that a style sheet names', change: { '/a.png': 'x' }, isKept: false },
	{ name: 'the loss of a module', change: { '/b.js': undefined }, isKept: false },
];
for (const { name, change, isKept } of VALIDITY)
	closure(`is ${isKept ? 'the same' : 'another'} after ${name}`, () => {
		const before = siteOf(FILES);
		const first = closureIn(before, PAGE);
		const after = changed(before, change);
		assert.is(closureIn(after, PAGE) === first, isKept);
		assert.equal(
			closureIn(after, PAGE).dependencies,
			closureIn(siteOf({ ...FILES, ...change }), PAGE).dependencies,
		);
	});

closure('without the text of the page, what depends on it is left; with it, it is made anew', () => {
	const site = siteOf(FILES);
	const page = site.get('/index.html' as UrlPath) as Asset;
	const guess = closureOf(site, page, '/');
	assert.ok(guess.dependencies.map(described).includes('3 /a.png (no element shows it)'));
	assert.is(closureOf(site, page, '/'), guess);
	const whole = closureIn(site, PAGE);
	assert.ok(whole.dependencies.map(described).includes('3 /a.png'));
	assert.is(closureOf(site, page, '/'), whole);
});

closure(
	'the text of a page is read once, under however many addresses it stands for what is not there',
	() => {
		const site = siteOf({
			...FILES,
			'/index.html': PAGE.replaceAll('href=', 'href=/').replace('src=', 'src=/'),
		});
		const page = site.get('/index.html' as UrlPath) as Asset;
		let readings = 0;
		const textOf = () => () => {
			readings++;
			return PAGE;
		};
		for (let at = 0; at < 20; at++) {
			const { dependencies } = closureOf(site, page, `/made/up/${at}`, textOf);
			assert.ok(dependencies.map(described).includes('3 /a.png'));
		}
		assert.is(readings, 1);
	},
);

closure('ends, however many imports there are', () => {
	const files: Record<string, string> = {
		'/index.html': '<link rel=stylesheet href=0.css><script type=module src=0.js></script>',
	};
	for (let at = 0; at < 3000; at++) {
		files[`/${at}.css`] = `@import "${at + 1}.css";@import "${(at * 7) % 3000}.css";`;
		files[`/${at}.js`] = `import "./${at + 1}.js";import "./${(at * 7) % 3000}.js"`;
	}
	const { dependencies } = closureIn(siteOf(files), files['/index.html'] ?? '');
	assert.is(dependencies.length, 5000);
});

closure.run();
