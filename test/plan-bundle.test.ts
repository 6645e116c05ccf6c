// What a page's service worker is given with it: judged apart from all other channels, since a worker keeps nothing to
// itself. It gives the page what it was told of, and nothing else.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Knowledge, NOTHING_KNOWN, NOTHING_WANTED_FROM_CACHE } from '../src/digest/knowledge.ts';
import type { Lifetime } from '../src/http/freshness.ts';
import { makePlan, type PlanInput } from '../src/plan.ts';
import type { Closure, Dependency } from '../src/site/closure.ts';
import type { Asset } from '../src/site/snapshot.ts';
import { assetOf as anyAssetOf, dependencyOf as anyDependencyOf } from './support/dependency.ts';

const plan = suite('plan of a bundle');

const NOW = 29_000_000;

/** Changed a moment ago: older copies may still be fresh, which are none of a worker's. */
const assetOf = (url: string, size = 100): Asset => anyAssetOf(url, { size, modifiedMs: NOW * 60_000 });
const dependencyOf = (url: string, changes: Partial<Dependency> = {}): Dependency =>
	anyDependencyOf(url, { asset: assetOf(url), ...changes });

const closureOf = (
	dependencies: readonly Dependency[],
	alternatives: readonly Dependency[] = [],
): Closure => ({
	page: assetOf('/index.html'),
	hasImportMap: false,
	dependencies,
	alternatives,
	named: new Set(),
	unread: [],
});

/** A worker that holds these URLs in the versions that there are. */
const holding = (...urls: string[]): Knowledge => ({
	evidence: 'worker',
	claimOf: ({ url }) => (urls.includes(url) ? { sinceMinutes: undefined } : undefined),
});
const HOLDING_ALL: Knowledge = { evidence: 'worker', claimOf: () => ({ sinceMinutes: undefined }) };
const HOLDING_NOTHING = holding();

const inputOf = (dependencies: readonly Dependency[], changes: Partial<PlanInput> = {}): PlanInput => ({
	closure: closureOf(dependencies),
	knowledge: HOLDING_NOTHING,
	connection: NOTHING_KNOWN,
	channel: 'bundle',
	lifetimeOf: () => ({ kind: 'revalidate' }),
	byteBudget: 1000,
	countBudget: 100,
	nowMinutes: NOW,
	...changes,
});

const verdictsOf = (input: PlanInput): string[] =>
	makePlan(input).decisions.map(({ dependency: { url }, verdict, reason }) => `${url} ${verdict}: ${reason}`);

const SEND = 'send: not held';
const CONFIRM = 'confirm: held, to be revalidated';
const NOT_ITS_OWN = 'leave: not asked for by the page itself';

const LIFETIMES: readonly Lifetime[] = [
	{ kind: 'revalidate' },
	{ kind: 'max-age', seconds: 31_536_000 },
	{ kind: 'immutable' },
];
for (const lifetime of LIFETIMES) {
	const lifetimeOf = (): Lifetime => lifetime;
	plan(`what is held is confirmed: ${lifetime.kind}`, () => {
		const input = inputOf([dependencyOf('/a.js')], { knowledge: HOLDING_ALL, lifetimeOf });
		assert.equal(verdictsOf(input), [`/a.js ${CONFIRM}`]);
	});
	plan(`what is not held is sent: ${lifetime.kind}`, () => {
		assert.equal(verdictsOf(inputOf([dependencyOf('/a.js')], { lifetimeOf })), [`/a.js ${SEND}`]);
	});
}

const ROWS: readonly {
	name: string;
	input: Dependency;
	changes?: Partial<PlanInput>;
	/** Where the worker holds nothing, and where it holds all. */
	want: readonly [lacking: string, held: string];
}[] = [
	...(
		[
			'lazy',
			'other media',
			'alternate',
			'disabled',
			'nomodule',
			'fetched in ranges',
			'the client chooses',
			'another icon is preferred',
		] as const
	).map((reservation) => ({
		name: `what the page may not need, but may ask for: ${reservation}`,
		input: dependencyOf('/a', { reservation, as: 'image' }),
		want: [`leave: ${reservation}`, CONFIRM] as const,
	})),
	...(['style', 'script', 'font', 'image', 'fetch', 'track'] as const).map((as) => ({
		name: `what pages load as ${as}`,
		input: dependencyOf('/a', { as }),
		want: [SEND, CONFIRM] as const,
	})),
	...(['document', 'embed', 'object'] as const).map((as) => ({
		name: `what brings a bundle of its own, or is never seen by a worker: ${as}`,
		input: dependencyOf('/a', { as }),
		want: [NOT_ITS_OWN, NOT_ITS_OWN] as const,
	})),
	{
		name: 'a frame that is lazy: the reason of the site goes first',
		input: dependencyOf('/a', { as: 'document', reservation: 'lazy' }),
		want: ['leave: lazy', 'leave: lazy'],
	},
	{
		name: 'what is asked for without credentials: the manifest of an application',
		input: dependencyOf('/a', { as: 'manifest' }),
		want: [NOT_ITS_OWN, NOT_ITS_OWN],
	},
	{
		name: 'what nobody is to keep (RFC 9111 §5.2.2.5)',
		input: dependencyOf('/a.js'),
		changes: { lifetimeOf: () => ({ kind: 'no-store' }) },
		want: ['leave: not to be stored', 'leave: not to be stored'],
	},
	{
		name: 'what is not there',
		input: dependencyOf('/a.js', { asset: undefined, reservation: 'missing' }),
		want: ['leave: missing', 'leave: missing'],
	},
	{
		name: 'what is elsewhere',
		input: dependencyOf('https://example.org/a.js', { asset: undefined, reservation: 'other origin' }),
		want: ['leave: other origin', 'leave: other origin'],
	},
	{
		name: 'what leads nowhere, whoever says why',
		input: dependencyOf('/a.js', { asset: undefined }),
		want: ['leave: missing', 'leave: missing'],
	},
];

for (const { name, input, changes, want } of ROWS)
	plan(name, () => {
		const got = [HOLDING_NOTHING, HOLDING_ALL].map((knowledge) =>
			verdictsOf(inputOf([input], { ...changes, knowledge })),
		);
		assert.equal(
			got,
			want.map((verdict) => [`${input.url} ${verdict}`]),
		);
	});

plan(
	'what style sheets and modules lead to is the page’s own; what frames and workers lead to is not',
	() => {
		const dependencies = [
			dependencyOf('/a.css', { as: 'style' }),
			dependencyOf('/b.css', { as: 'style', depth: 2, from: '/a.css' }),
			dependencyOf('/c.woff2', { as: 'font', depth: 3, from: '/b.css' }),
			dependencyOf('/d.js', { isModule: true }),
			dependencyOf('/e.js', { isModule: true, depth: 2, from: '/d.js' }),
			dependencyOf('/frame.html', { as: 'document' }),
			dependencyOf('/f.css', { as: 'style', depth: 2, from: '/frame.html' }),
			dependencyOf('/g.png', { as: 'image', depth: 3, from: '/f.css' }),
			dependencyOf('/h.js', { depth: 2, from: '/nobody.js' }),
		];
		for (const [knowledge, own] of [
			[HOLDING_NOTHING, SEND],
			[HOLDING_ALL, CONFIRM],
		] as const)
			assert.equal(verdictsOf(inputOf(dependencies, { knowledge })), [
				`/a.css ${own}`,
				`/b.css ${own}`,
				`/c.woff2 ${own}`,
				`/d.js ${own}`,
				`/e.js ${own}`,
				`/frame.html ${NOT_ITS_OWN}`,
				`/f.css ${NOT_ITS_OWN}`,
				`/g.png ${NOT_ITS_OWN}`,
				`/h.js ${NOT_ITS_OWN}`,
			]);
	},
);

plan('what another page of the connection brought, a worker need not have', () => {
	const connection: Knowledge = { evidence: 'connection', claimOf: () => ({ sinceMinutes: NOW }) };
	for (const lifetime of LIFETIMES)
		assert.equal(verdictsOf(inputOf([dependencyOf('/a.js')], { connection, lifetimeOf: () => lifetime })), [
			`/a.js ${SEND}`,
		]);
});

plan('who wants nothing from a cache gets all', () => {
	const knowledge = NOTHING_WANTED_FROM_CACHE;
	assert.equal(verdictsOf(inputOf([dependencyOf('/a.js')], { knowledge })), [`/a.js ${SEND}`]);
});

const sized = (...sizes: number[]): Dependency[] =>
	sizes.map((size, at) => dependencyOf(`/${at}.js`, { asset: assetOf(`/${at}.js`, size) }));
const left = (input: PlanInput): string[] =>
	makePlan(input).decisions.map(({ verdict, reason }) => (verdict === 'leave' ? reason : verdict));

const BUDGETS: readonly { name: string; input: PlanInput; want: readonly string[] }[] = [
	{
		name: 'what does not fit is left, and a later one that fits still goes',
		input: inputOf(sized(400, 700, 500, 100, 1)),
		want: ['send', 'over the byte budget', 'send', 'send', 'over the byte budget'],
	},
	{
		name: 'what is confirmed costs no bytes',
		input: inputOf(sized(900, 2000, 100), { knowledge: holding('/1.js') }),
		want: ['send', 'confirm', 'send'],
	},
	{
		name: 'and does not count, as it is but a line',
		input: inputOf(sized(1, 1, 1, 1), { knowledge: holding('/0.js', '/2.js'), countBudget: 1 }),
		want: ['confirm', 'send', 'confirm', 'over the count budget'],
	},
	{
		name: 'nothing at all',
		input: inputOf(sized(1, 1), { byteBudget: 0, countBudget: 0 }),
		want: ['over the count budget', 'over the count budget'],
	},
];
for (const { name, input, want } of BUDGETS) plan(`budgets: ${name}`, () => assert.equal(left(input), want));

plan('of an image in several sizes, the one that the browser chose is confirmed, and no other', () => {
	const common = dependencyOf('/400.png', { as: 'image', reservation: 'the client chooses' });
	const others = ['/800.png', '/1200.png'].map((url) =>
		dependencyOf(url, { as: 'image', reservation: 'the client chooses' }),
	);
	const closure = closureOf([common], others);
	const leave = 'leave: the client chooses';
	assert.equal(verdictsOf(inputOf([], { closure })), [`/400.png ${leave}`]);
	assert.equal(verdictsOf(inputOf([], { closure, knowledge: holding('/800.png') })), [
		`/400.png ${leave}`,
		`/800.png ${CONFIRM}`,
	]);
	// Other channels know nothing of them.
	for (const channel of ['push', 'hints', 'plain'] as const)
		assert.equal(verdictsOf(inputOf([], { closure, channel, knowledge: holding('/800.png') })), [
			`/400.png ${leave}`,
		]);
});

plan('the same dependencies are judged as ever for all other channels', () => {
	const connection: Knowledge = { evidence: 'connection', claimOf: () => ({ sinceMinutes: NOW }) };
	const lifetimeOf = (): Lifetime => ({ kind: 'immutable' });
	const input = inputOf([dependencyOf('/a.js')], { connection, lifetimeOf, knowledge: NOTHING_KNOWN });
	assert.equal(verdictsOf({ ...input, channel: 'push' }), ['/a.js skip: held and immutable']);
	assert.equal(verdictsOf(input), [`/a.js ${SEND}`]);
});

plan.run();
