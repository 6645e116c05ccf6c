import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type BrokenReference, brokenIn } from '../src/site/broken.ts';
import { BrokenReferences, type Difference } from '../src/site/broken-site.ts';
import { closureOf } from '../src/site/closure.ts';
import type { UrlPath } from '../src/site/paths.ts';
import { DEFAULT_ROUTES, type RouteOptions } from '../src/site/routes.ts';
import type { Asset, Snapshot } from '../src/site/snapshot.ts';
import { onRandom, type Random } from './support/random.ts';
import { assetOf, type Files, siteOf } from './support/site.ts';

const described = ({ from, line, url }: BrokenReference): string => `${from}:${line} ${url}`;

/** A site that changes, and what is told of it. */
class Living {
	readonly broken: BrokenReferences;
	#snapshot: Snapshot;

	constructor(files: Files, routes: RouteOptions = DEFAULT_ROUTES) {
		this.#snapshot = siteOf(files);
		this.broken = new BrokenReferences(this.#snapshot, routes);
	}

	get snapshot(): Snapshot {
		return this.#snapshot;
	}

	/** What is told of a change at once. */
	change(files: Files): Difference {
		const changes = new Map<UrlPath, Asset | undefined>();
		for (const [path, content] of Object.entries(files))
			changes.set(path as UrlPath, content === undefined ? undefined : assetOf(path, content));
		const before = this.#snapshot;
		this.#snapshot = before.with(changes);
		return this.broken.update(changes, before, this.#snapshot);
	}

	/** What is told until all is known. */
	finish(budget?: number): Difference {
		const all: { added: BrokenReference[]; mended: BrokenReference[] } = { added: [], mended: [] };
		while (!this.broken.isCurrent) {
			const { added, mended } = this.broken.step(budget);
			all.added.push(...added);
			all.mended.push(...mended);
		}
		return all;
	}
}

/** `+` what is new, `-` what is mended. */
const told = (...differences: readonly Difference[]): string[] =>
	differences
		.flatMap(({ added, mended }) => [
			...added.map((each) => `+ ${described(each)}`),
			...mended.map((each) => `- ${described(each)}`),
		])
		.sort();

const living = suite('broken references of a site');

const rows: readonly {
	name: string;
	files: Files;
	change: Files;
	want: readonly string[];
	routes?: RouteOptions;
}[] = [
	{
		name: 'a page gets one',
		files: { '/a.html': 'x' },
		change: { '/a.html': '<img src=a.png>' },
		want: ['+ /a.html:1 /a.png'],
	},
	{
		name: 'a page comes with one',
		files: {},
		change: { '/a.html': '<img src=a.png>' },
		want: ['+ /a.html:1 /a.png'],
	},
	{
		name: 'a page loses one of two',
		files: { '/a.html': '<img src=a.png><img src=b.png>' },
		change: { '/a.html': '<img src=b.png>' },
		want: ['- /a.html:1 /a.png'],
	},
	{
		name: 'one moves to another line, which is no news',
		files: { '/a.html': '<img src=a.png>' },
		change: { '/a.html': '\n\n<img src=a.png>' },
		want: [],
	},
	{
		name: 'the same one stands there twice now',
		files: { '/a.html': '<img src=a.png>' },
		change: { '/a.html': '<img src=a.png>\n<img src=a.png>' },
		want: ['+ /a.html:2 /a.png'],
	},
	{
		name: 'a page goes, and its own with it',
		files: { '/a.html': '<img src=a.png>' },
		change: { '/a.html': undefined },
		want: ['- /a.html:1 /a.png'],
	},
	{
		name: 'the file comes that all want',
		files: {
			'/a.html': '<img src=x.png>',
			'/b.html': '<img src=x.png?1>',
			'/c.css': 'b{background:url(x.png)}',
		},
		change: { '/x.png': '' },
		want: ['- /a.html:1 /x.png', '- /b.html:1 /x.png?1', '- /c.css:1 /x.png'],
	},
	{
		name: 'the file goes that all want',
		files: { '/a.html': '<img src=x.png>', '/c.css': 'b{background:url(x.png)}', '/x.png': '' },
		change: { '/x.png': undefined },
		want: ['+ /a.html:1 /x.png', '+ /c.css:1 /x.png'],
	},
	{
		name: 'a file gets another name, and its page the new one',
		files: { '/a.html': '<img src=x.png>', '/x.png': '' },
		change: { '/x.png': undefined, '/y.png': '', '/a.html': '<img src=y.png>' },
		want: [],
	},
	{
		name: 'the page of a clean URL comes',
		files: { '/a.html': '<iframe src=b></iframe><iframe src=d/e.html></iframe>' },
		change: { '/b.html': '' },
		want: ['- /a.html:1 /b'],
	},
	{
		name: 'the page of a folder comes',
		files: { '/a.html': '<iframe src=b></iframe><iframe src=c/></iframe>' },
		change: { '/c/index.html': '' },
		want: ['- /a.html:1 /c/'],
	},
	{
		name: 'a folder gets a file to list',
		files: { '/a.html': '<iframe src=files/></iframe>' },
		change: { '/files/deep/x.txt': '' },
		want: ['- /a.html:1 /files/'],
	},
	{
		name: 'a file comes in the other spelling of its name',
		files: { '/a.html': '<img src="%C3%BC.png">' },
		change: { '/u\u0308.png': '' },
		want: ['- /a.html:1 /%C3%BC.png'],
	},
	{
		name: 'the file comes that a rule shows',
		files: { '/a.html': '<img src=v1/x.png>', '/_redirects': '/v1/* /img/:splat 200' },
		change: { '/img/x.png': '' },
		want: ['- /a.html:1 /v1/x.png'],
	},
	{
		name: 'a rule comes, another goes',
		files: { '/a.html': '<img src=x.png><img src=y.png>', '/y.svg': '', '/_redirects': '/y.png /y.svg 200' },
		change: { '/_redirects': '/x.png /elsewhere.png' },
		want: ['+ /a.html:1 /y.png', '- /a.html:1 /x.png'],
	},
	{
		name: 'an import map comes that may lead a module elsewhere',
		files: { '/a.html': 'x', '/m.js': 'import "./n.js"' },
		change: { '/a.html': '<script type=importmap>{"imports":{"/n.js":"/other.js"}}</script>' },
		want: ['- /m.js:1 /n.js'],
	},
	{
		name: 'the one page comes that stands for all',
		files: { '/a.html': '<iframe src=view></iframe>' },
		change: { '/app.html': '' },
		want: ['- /a.html:1 /view'],
		routes: { trailingSlash: 'keep', single: '/app.html' as UrlPath },
	},
	{
		name: 'a page is shown at another address from now on',
		files: { '/about.html': '<img src=a.png>', '/about/a.png': '' },
		change: { '/about/index.html': '' },
		want: ['+ /about.html:1 /a.png'],
		routes: { trailingSlash: 'add', single: undefined },
	},
];

for (const { name, files, change, want, routes } of rows)
	living(`tell it when ${name}`, () => {
		const site = new Living(files, routes);
		site.finish();
		const at = site.change(change);
		assert.equal(told(at, site.finish()), [...want]);
		const fresh = new Living({}, routes);
		fresh.change({ ...files, ...change });
		fresh.finish();
		assert.equal(site.broken.list(100), fresh.broken.list(100));
		assert.is(site.broken.total, fresh.broken.total);
	});

living('tell of a changed file at once, even in the midst of a pass', () => {
	const pages = Object.fromEntries(
		Array.from({ length: 3000 }, (_, at) => [`/p${at}.html`, '<img src=/a.png>']),
	);
	const site = new Living({ ...pages, '/a.png': '' });
	site.finish();
	assert.equal(told(site.change({ '/p7.html': '<img src=gone.png>' })), ['+ /p7.html:1 /gone.png']);
	assert.ok(site.broken.isCurrent);
	site.change({ '/a.png': undefined });
	assert.not(site.broken.isCurrent);
	assert.ok(told(site.change({ '/p2900.html': '<img src=b.png>' })).includes('+ /p2900.html:1 /b.png'));
	site.finish();
	assert.is(site.broken.total, 3000);
	assert.equal(site.broken.list(2).map(described), ['/p0.html:1 /a.png', '/p1.html:1 /a.png']);
	assert.is(told(site.change({ '/a.png': '' }), site.finish()).length, 2998);
});

living('are right after a file has gone and come back in the midst of a pass', () => {
	const pages = Object.fromEntries(
		Array.from({ length: 1000 }, (_, at) => [`/p${at}.html`, '<img src=/a.png><img src=/b.png>']),
	);
	const site = new Living({ ...pages, '/a.png': '', '/b.png': '' });
	site.finish();
	const differences = [
		site.change({ '/a.png': undefined }),
		site.change({ '/b.png': undefined }),
		site.change({ '/a.png': '' }),
		site.change({ '/b.png': '' }),
	];
	assert.not(site.broken.isCurrent);
	differences.push(site.finish());
	assert.is(site.broken.total, 0);
	const lines = told(...differences);
	assert.is(lines.filter((line) => line.startsWith('+')).length * 2, lines.length);
});

living('work in slices of the size asked for', () => {
	const pages = Object.fromEntries(
		Array.from({ length: 100 }, (_, at) => [`/p${at}.html`, '<img src=/a.png>']),
	);
	const site = new Living(pages);
	let slices = 0;
	while (!site.broken.isCurrent) {
		assert.ok(site.broken.step(10).added.length <= 10);
		slices++;
	}
	assert.ok(slices >= 20);
	assert.is(site.broken.total, 100);
});

const NAMES = ['/a.png', '/b.html', '/b/index.html', '/c.css', '/d.js', '/D.js', '/e/f.png', '/_redirects'];
const TEXTS = [
	'',
	'<img src=a.png><iframe src=/b></iframe><iframe src=/b/></iframe>',
	'<link rel=stylesheet href=/c.css><img src=/e/f.png><script type=module src=/d.js></script>',
	'<style>@import "/c.css"; b{background:url(e/f.png)}</style><base href=/e/><img src=f.png>',
	'@import "c.css"; b{background:url(a.png)}',
	'import "./D.js"; import "/e/x.js"',
	'/a.png /e/f.png 200\n/e/* /b 200!',
];

const randomChange = (random: Random): Files =>
	Object.fromEntries(
		Array.from({ length: 1 + random.below(3) }, () => [
			random.pick(NAMES),
			random.once(3) ? undefined : random.pick(TEXTS),
		]),
	);

living(
	'are those of a fresh look, whatever happened before',
	onRandom((random) => {
		const routes = { trailingSlash: random.pick(['keep', 'add', 'remove'] as const), single: undefined };
		const site = new Living({}, routes);
		const known = new Map<string, number>();
		const count = (each: BrokenReference, by: number): void => {
			const key = `${each.from} ${each.url}`;
			known.set(key, (known.get(key) ?? 0) + by);
		};
		for (let step = 0; step < 300; step++) {
			const differences = [site.change(randomChange(random))];
			if (random.once(2)) differences.push(site.finish(1 + random.below(5)));
			else if (!site.broken.isCurrent) differences.push(site.broken.step(1));
			for (const { added, mended } of differences) {
				for (const each of added) count(each, 1);
				for (const each of mended) count(each, -1);
			}
			if (!site.broken.isCurrent) continue;
			const fresh = new BrokenReferences(site.snapshot, routes);
			while (!fresh.isCurrent) fresh.step();
			assert.equal(site.broken.list(1000).map(described), fresh.list(1000).map(described), `step ${step}`);
			assert.is(site.broken.total, fresh.total);
			assert.is(
				[...known.values()].reduce((sum, each) => sum + each, 0),
				fresh.total,
				'what was told adds up',
			);
		}
	}),
);

living(
	'have those of every page',
	onRandom((random) => {
		for (let step = 0; step < 100; step++) {
			const site = siteOf({
				'/p.html': random.pick(TEXTS),
				...randomChange(random),
				...randomChange(random),
			});
			const all = new BrokenReferences(site);
			while (!all.isCurrent) all.step();
			const ofSite = new Set(all.list(1000).map(described));
			const page = site.get('/p.html' as UrlPath) as Asset;
			for (const each of brokenIn(closureOf(site, page, '/p.html'), site))
				assert.ok(ofSite.has(described(each)), described(each));
		}
	}),
);

living.run();
