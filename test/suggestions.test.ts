import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { UrlPath } from '../src/site/paths.ts';
import { rememberNames, SiteNames, suggestionFor } from '../src/site/suggestions.ts';
import { changed, siteOf } from './support/site.ts';

const FILES = [
	'/index.html',
	'/Docs/Guide.html',
	'/css/style.css',
	'/css/main.css',
	'/img/photo.jpeg',
	'/img/Logo.png',
	'/img/banner-wide.png',
	'/img/a.png',
	'/img/screen-1.png',
	'/img/screen-2.png',
	'/img/chart.webp',
	'/img/chart.svg',
	'/img/map.css',
	'/img/größe.png',
	'/js/app.js',
	'/js/vendor/app.js',
	'/js/vendor/jquery-3.7.0.js',
	'/img/logo.svg',
	'/old/logo.png',
	'/old/only-here.txt',
	'/_redirects',
];
const SITE = siteOf(Object.fromEntries(FILES.map((path) => [path, ''])));

const suggestions = suite('suggestions');

const rows: readonly { name: string; input: string; want: string | undefined }[] = [
	{ name: 'the same in another letter case', input: '/img/logo.PNG', want: '/img/Logo.png' },
	{ name: 'another letter case of the folder', input: '/docs/guide.html', want: '/Docs/Guide.html' },
	{ name: 'with a query', input: '/img/logo.png?v=2', want: '/img/Logo.png' },
	{ name: 'two letters swapped', input: '/css/stlye.css', want: '/css/style.css' },
	{ name: 'a letter left out', input: '/css/styl.css', want: '/css/style.css' },
	{
		name: 'two letters too many in a long name',
		input: '/img/bannner-widde.png',
		want: '/img/banner-wide.png',
	},
	{ name: 'two wrong in a short name: no', input: '/css/stily.css', want: undefined },
	{ name: 'one wrong in a name of three: no', input: '/img/mad.css', want: undefined },
	{ name: 'three wrong: no', input: '/img/bannnner-widde.png', want: undefined },
	{ name: 'a name of one letter: no', input: '/img/b.png', want: undefined },
	{ name: 'near to two: no', input: '/img/screen-3.png', want: undefined },
	{ name: 'another version', input: '/js/vendor/jquery-3.6.0.js', want: '/js/vendor/jquery-3.7.0.js' },
	{ name: 'wrong letters and of another kind: no', input: '/css/stlye.js', want: undefined },
	{ name: 'in another folder', input: '/images/banner-wide.png', want: '/img/banner-wide.png' },
	{ name: 'in another folder and letter case', input: '/Only-Here.txt', want: '/old/only-here.txt' },
	{ name: 'in two other folders: no', input: '/lib/app.js', want: undefined },
	{ name: 'another extension', input: '/img/photo.jpg', want: '/img/photo.jpeg' },
	{ name: 'several other extensions: no', input: '/img/chart.png', want: undefined },
	{ name: 'an extension of another kind: no', input: '/css/main.js', want: undefined },
	{ name: 'escaped', input: '/img/Gr%C3%B6%C3%9Fe.png', want: '/img/größe.png' },
	{ name: 'a page without its extension', input: '/Docs/Gude', want: '/Docs/Guide.html' },
	{ name: 'whatever lacks its extension alone', input: '/js/vendor/app', want: '/js/vendor/app.js' },
	{ name: 'a folder: no', input: '/imgs/', want: undefined },
	{ name: 'what no path is: no', input: '/%zz', want: undefined },
	{ name: 'what is not shown: no', input: '/sub/_redirects', want: undefined },
	{ name: 'nothing like it', input: '/video/intro.mp4', want: undefined },
];

for (const { name, input, want } of rows)
	suggestions(`${name}: ${input}`, () => {
		assert.is(suggestionFor(SITE, input), want);
	});

suggestions('of the site as it is now', () => {
	const site = siteOf({ '/css/style.css': '' });
	assert.is(suggestionFor(site, '/css/stlye.css'), '/css/style.css');
	const after = changed(site, { '/css/style.css': undefined, '/css/styles.css': '', '/new/x.css': '' });
	assert.is(suggestionFor(after, '/css/stlyes.css'), '/css/styles.css');
	assert.is(suggestionFor(after, '/css/stlye.css'), undefined);
	assert.is(suggestionFor(after, '/x.css'), '/new/x.css');
});

suggestions('by names that were carried on from change to change', () => {
	const names = new SiteNames();
	const paths = ['/a/one.png', '/b/one.png', '/b/two.png'] as UrlPath[];
	for (const path of paths) names.add(path);
	const site = siteOf({ '/a/one.png': '', '/b/one.png': '', '/b/two.png': '' });
	rememberNames(site, names);
	assert.is(suggestionFor(site, '/one.png'), undefined);
	const change = new Map([['/a/one.png' as UrlPath, undefined]]);
	const after = site.with(change);
	names.update(change);
	rememberNames(after, names, site);
	assert.is(suggestionFor(after, '/one.png'), '/b/one.png');
	assert.is(suggestionFor(site, '/one.png'), undefined, 'the site before is still another');
	for (const path of paths) names.remove(path);
	assert.is(names.nearest('/one.png' as UrlPath), undefined);
});

suggestions.run();
