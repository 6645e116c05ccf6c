import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hintsOf, MAX_LINK_CHARACTERS, MAX_LINKS } from '../src/delivery/hints.ts';
import type { Decision, Delivery, Plan } from '../src/plan.ts';
import type { Dependency } from '../src/site/closure.ts';
import { assetOf, dependencyOf } from './support/dependency.ts';

const hints = suite('hints');

/** Two style sheets, the second imported by the first, which the client holds: what is deep is found in them. */
const FROM: Readonly<Record<number, string>> = { 1: '/', 2: '/s.css', 3: '/t.css' };

const deliveryOf = (
	url: string,
	changes: Partial<Dependency> = {},
	verdict: Delivery['verdict'] = 'send',
): Delivery => {
	const dependency = dependencyOf(url, { from: FROM[changes.depth ?? 1] ?? '', ...changes });
	const { asset = assetOf(url) } = dependency;
	return { dependency, verdict, reason: verdict === 'send' ? 'not held' : 'held, to be revalidated', asset };
};

const planOf = (deliveries: readonly Delivery[], others: readonly Decision[] = []): Plan => ({
	channel: 'hints',
	decisions: [...SHEETS, ...others, ...deliveries],
	deliveries,
});

const SHEETS: readonly Decision[] = [
	{ ...deliveryOf('/s.css', { as: 'style' }), verdict: 'skip', reason: 'held and immutable' },
	{ ...deliveryOf('/t.css', { as: 'style', depth: 2 }), verdict: 'skip', reason: 'held and immutable' },
];

const linksOf = (...deliveries: readonly Delivery[]): string[] =>
	hintsOf(planOf(deliveries), false).link?.split(', ') ?? [];
const urlsOf = (...deliveries: readonly Delivery[]): string[] =>
	linksOf(...deliveries).map((link) => /^<([^>]*)>/.exec(link)?.[1] ?? '');

const ROWS: readonly { name: string; changes: Partial<Dependency>; want: string | undefined }[] = [
	{ name: 'a style sheet', changes: { as: 'style' }, want: 'rel=preload; as=style' },
	{ name: 'a script', changes: { as: 'script' }, want: 'rel=preload; as=script' },
	{
		name: 'a script with CORS',
		changes: { as: 'script', crossorigin: 'anonymous' },
		want: 'rel=preload; as=script; crossorigin',
	},
	{
		name: 'a style sheet with its integrity, without which Chromium fetches again',
		changes: { as: 'style', integrity: 'sha256-x' },
		want: 'rel=preload; as=style; integrity="sha256-x"',
	},
	{
		name: 'a module, whose rel says the CORS setting',
		changes: { isModule: true, crossorigin: 'anonymous' },
		want: 'rel=modulepreload; as=script',
	},
	{
		name: 'a module with credentials',
		changes: { isModule: true, crossorigin: 'use-credentials' },
		want: 'rel=modulepreload; as=script; crossorigin=use-credentials',
	},
	{
		name: 'a font always has CORS',
		changes: { as: 'font' },
		want: 'rel=preload; as=font; crossorigin',
	},
	{
		name: 'a font of a style sheet',
		changes: { as: 'font', depth: 2, crossorigin: 'anonymous' },
		want: 'rel=preload; as=font; crossorigin',
	},
	{ name: 'an image of a style sheet', changes: { as: 'image', depth: 2 }, want: 'rel=preload; as=image' },
	{ name: 'an image, perhaps an icon, of the document itself', changes: { as: 'image' }, want: undefined },
	{
		name: 'a fetch that a module leads to',
		changes: { as: 'fetch', depth: 2, crossorigin: 'anonymous' },
		want: 'rel=preload; as=fetch; crossorigin',
	},
	{
		name: 'a fetch of the document itself',
		changes: { as: 'fetch', crossorigin: 'anonymous' },
		want: undefined,
	},
	{ name: 'a fetch without CORS', changes: { as: 'fetch', depth: 2 }, want: undefined },
	...(['document', 'track', 'video', 'audio', 'manifest', 'worker', 'embed', 'object'] as const).flatMap(
		(as) =>
			[1, 2].map((depth) => ({ name: `${as} at depth ${depth}`, changes: { as, depth }, want: undefined })),
	),
];
for (const { name, changes, want } of ROWS)
	hints(`${name} → ${want ?? 'nothing'}`, () => {
		for (const verdict of ['send', 'confirm'] as const)
			assert.equal(linksOf(deliveryOf('/a', changes, verdict)), want === undefined ? [] : [`</a>; ${want}`]);
	});

hints('of a document with an import map, no module is hinted', () => {
	const style = deliveryOf('/a.css', { as: 'style' });
	const module = deliveryOf('/a.js', { isModule: true, crossorigin: 'anonymous', depth: 3 });
	assert.equal(hintsOf(planOf([style, module]), true).deliveries, [style]);
	assert.equal(hintsOf(planOf([style, module]), false).deliveries, [module, style]);
});

hints('a page that needs nothing has no field', () => {
	assert.equal(hintsOf(planOf([]), false), { link: undefined, deliveries: [] });
});

hints('what is skipped or left is not named', () => {
	const { dependency } = deliveryOf('/held.js');
	const others: Decision[] = [
		{ dependency, verdict: 'skip', reason: 'held and immutable' },
		{ dependency, verdict: 'leave', reason: 'lazy' },
	];
	const delivery = deliveryOf('/a.js');
	const { link, deliveries } = hintsOf(planOf([delivery], others), false);
	assert.is(link, '</a.js>; rel=preload; as=script');
	assert.equal(deliveries, [delivery]);
});

hints('the deepest come first, among equals in plan order', () => {
	assert.equal(
		urlsOf(
			deliveryOf('/1a.css', { as: 'style' }),
			deliveryOf('/1b.js'),
			deliveryOf('/2a.css', { as: 'style', depth: 2 }),
			deliveryOf('/3a.woff2', { as: 'font', depth: 3 }),
			deliveryOf('/2b.js', { depth: 2 }),
			deliveryOf('/3b.svg', { as: 'image', depth: 3 }),
		),
		['/3a.woff2', '/3b.svg', '/2a.css', '/2b.js', '/1a.css', '/1b.js'],
	);
});

hints(
	'what a frame or a worker leads to is not named: they do not look among what their parent preloads',
	() => {
		for (const as of ['document', 'worker', 'object', 'image'] as const) {
			const frame = deliveryOf('/frame', { as });
			const style = deliveryOf('/frame.css', { as: 'style', depth: 2, from: '/frame' });
			const font = deliveryOf('/frame.woff2', { as: 'font', depth: 3, from: '/frame.css' });
			assert.equal(urlsOf(frame, style, font, deliveryOf('/a.js')), ['/a.js'], as);
		}
		const module = deliveryOf('/m.js', { isModule: true });
		assert.equal(urlsOf(module, deliveryOf('/n.js', { isModule: true, depth: 2, from: '/m.js' })), [
			'/n.js',
			'/m.js',
		]);
		assert.equal(urlsOf(deliveryOf('/lost.js', { depth: 2, from: '/nowhere.js' })), []);
		assert.equal(urlsOf(deliveryOf('/circle.js', { depth: 2, from: '/circle.js' })), []);
	},
);

hints('the plan stays as it is', () => {
	const deliveries = Object.freeze([deliveryOf('/a.js'), deliveryOf('/b.js', { depth: 2 })]);
	assert.equal(urlsOf(...deliveries), ['/b.js', '/a.js']);
	assert.equal(urlsOf(...deliveries), ['/b.js', '/a.js']);
});

hints('no more than 30 links: those that browsers find themselves go first', () => {
	const deliveries = Array.from({ length: 50 }, (_, index) =>
		deliveryOf(`/${index}.js`, { depth: index < 25 ? 1 : 2 }),
	);
	const urls = urlsOf(...deliveries);
	assert.is(urls.length, MAX_LINKS);
	assert.equal(
		urls.slice(0, 25),
		Array.from({ length: 25 }, (_, index) => `/${index + 25}.js`),
	);
	assert.equal(urls.slice(25), ['/0.js', '/1.js', '/2.js', '/3.js', '/4.js']);
});

hints('no more than 3 KiB: what does not fit is passed over, a shorter one behind it is not', () => {
	const long = (name: string, characters: number): string => `/${name}`.padEnd(characters, 'x');
	const frame = '<>; rel=preload; as=script'.length;
	const all = [
		deliveryOf(long('a', 1000)),
		deliveryOf(long('b', 1000)),
		deliveryOf(long('c', 1000)),
		deliveryOf(long('d', MAX_LINK_CHARACTERS - 2000 - 3 * frame - 4)),
		deliveryOf('/e.js'),
	];
	const exactly = hintsOf(planOf([all[0]!, all[1]!, all[3]!]), false);
	assert.is(exactly.link?.length, MAX_LINK_CHARACTERS);
	const { link, deliveries } = hintsOf(planOf([all[0]!, all[1]!, all[2]!, all[4]!]), false);
	assert.equal(deliveries, [all[0]!, all[1]!, all[4]!]);
	assert.ok((link?.length ?? 0) <= MAX_LINK_CHARACTERS);
	assert.equal(hintsOf(planOf([deliveryOf(long('f', 4000))]), false).deliveries, []);
});

hints.run();
