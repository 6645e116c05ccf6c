import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
	type Claim,
	type Knowledge,
	knowledgeOfCondition,
	NOTHING_KNOWN,
	NOTHING_WANTED_FROM_CACHE,
} from '../src/digest/knowledge.ts';
import type { ResourceVersion } from '../src/digest/resource-key.ts';
import type { Lifetime } from '../src/http/freshness.ts';
import {
	type ClientAbilities,
	chooseChannel,
	countVerdicts,
	type EnabledChannels,
	makePlan,
	type PlanInput,
} from '../src/plan.ts';
import type { Closure, Dependency } from '../src/site/closure.ts';
import { assetOf, dependencyOf } from './support/dependency.ts';

const plan = suite('plan');

const NOW = 29_000_000;

const closureOf = (...dependencies: Dependency[]): Closure => ({
	page: assetOf('/index.html'),
	hasImportMap: false,
	dependencies,
	named: new Set(),
	unread: [],
});

/** Someone of whom is known what `held` says: URLs, and the minute since which each is held. */
const knowing = (
	evidence: Knowledge['evidence'],
	held: Readonly<Record<string, number | undefined>>,
): Knowledge => ({
	evidence,
	claimOf: ({ url }: ResourceVersion) => (url in held ? { sinceMinutes: held[url] } : undefined),
});

const REVALIDATE: Lifetime = { kind: 'revalidate' };
const IMMUTABLE: Lifetime = { kind: 'immutable' };
/** Ten minutes. */
const MAX_AGE: Lifetime = { kind: 'max-age', seconds: 600 };

const inputOf = (changes: Partial<PlanInput>): PlanInput => ({
	closure: closureOf(),
	knowledge: NOTHING_KNOWN,
	connection: NOTHING_KNOWN,
	channel: 'push',
	lifetimeOf: () => REVALIDATE,
	byteBudget: 1e6,
	countBudget: 100,
	nowMinutes: NOW,
	...changes,
});

const decide = (dependency: Dependency, changes: Partial<PlanInput> = {}): string => {
	const { decisions } = makePlan(inputOf({ closure: closureOf(dependency), ...changes }));
	assert.is(decisions.length, 1);
	const [decision] = decisions;
	assert.is(decision!.dependency, dependency);
	return `${decision!.verdict}: ${decision!.reason}`;
};

const A = dependencyOf('/a.js');
const cookie = (sinceMinutes: number | undefined): Knowledge => knowing('cookie', { '/a.js': sinceMinutes });
const connection = (sinceMinutes: number): Knowledge => knowing('connection', { '/a.js': sinceMinutes });
const STRANGE_COOKIE = knowing('cookie', {});
/** A client that says `claim` of everything. */
const saying = (claim: Omit<Claim, 'sinceMinutes'>): Knowledge => ({
	evidence: 'cache-digest',
	claimOf: () => ({ sinceMinutes: undefined, ...claim }),
});
const FINGERPRINTED = dependencyOf('/app.8fe7404fd529.js');
const changedAgo = (minutes: number): Dependency =>
	dependencyOf('/a.js', { asset: assetOf('/a.js', { modifiedMs: (NOW - minutes) * 60_000 }) });

const VERDICTS: readonly {
	name: string;
	dependency?: Dependency;
	changes: Partial<PlanInput>;
	want: string;
}[] = [
	{ name: 'a stranger gets everything', changes: {}, want: 'send: not held' },
	{
		name: 'a stranger gets what may be kept for ever, too',
		changes: { lifetimeOf: () => IMMUTABLE },
		want: 'send: not held',
	},
	{
		name: 'a record without the version',
		changes: { knowledge: STRANGE_COOKIE },
		want: 'send: not held',
	},
	{
		name: 'a version held that may not be used unasked is confirmed',
		changes: { knowledge: cookie(undefined) },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a version just given that may not be used unasked is confirmed, too',
		changes: { knowledge: cookie(NOW) },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a version that never changes and is held needs nothing',
		changes: { knowledge: cookie(undefined), lifetimeOf: () => IMMUTABLE },
		want: 'skip: held and immutable',
	},
	{
		name: 'a version that never changes needs nothing however old the claim',
		changes: { knowledge: cookie(0), lifetimeOf: () => IMMUTABLE },
		want: 'skip: held and immutable',
	},
	{
		name: 'a version held that is fresh needs nothing',
		changes: { knowledge: cookie(NOW - 9), lifetimeOf: () => MAX_AGE },
		want: 'skip: held and fresh',
	},
	{
		name: 'a version held for a second less than its max-age needs nothing',
		changes: { knowledge: cookie(NOW - 9), lifetimeOf: () => ({ kind: 'max-age', seconds: 541 }) },
		want: 'skip: held and fresh',
	},
	{
		name: 'a version held for exactly its max-age is stale',
		changes: { knowledge: cookie(NOW - 10), lifetimeOf: () => MAX_AGE },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a version held that went stale long ago',
		changes: { knowledge: cookie(NOW - 1000), lifetimeOf: () => MAX_AGE },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a version held since nobody knows when may be stale',
		changes: { knowledge: cookie(undefined), lifetimeOf: () => MAX_AGE },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a max-age of 0 is never fresh',
		changes: { knowledge: cookie(NOW), lifetimeOf: () => ({ kind: 'max-age', seconds: 0 }) },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a claim of the future is fresh: a clock was set back',
		changes: { knowledge: cookie(NOW + 5), lifetimeOf: () => MAX_AGE },
		want: 'skip: held and fresh',
	},
	{
		name: 'a file that changed within its max-age is left: an older copy would be used unasked',
		dependency: changedAgo(9),
		changes: { knowledge: STRANGE_COOKIE, lifetimeOf: () => MAX_AGE },
		want: 'leave: an older copy may still be fresh',
	},
	{
		name: 'a file that changed longer ago than its max-age is sent',
		dependency: changedAgo(10),
		changes: { knowledge: STRANGE_COOKIE, lifetimeOf: () => MAX_AGE },
		want: 'send: not held',
	},
	{
		name: 'a file that changed just now is sent to a stranger, who has no older copy that we know of',
		dependency: changedAgo(0),
		changes: { lifetimeOf: () => MAX_AGE },
		want: 'send: not held',
	},
	{
		name: 'a file that changed just now is sent where an older copy would be revalidated',
		dependency: changedAgo(0),
		changes: { knowledge: STRANGE_COOKIE },
		want: 'send: not held',
	},
	{
		name: 'a file that changed just now is sent where its URL never stood for anything else',
		dependency: changedAgo(0),
		changes: { knowledge: STRANGE_COOKIE, lifetimeOf: () => IMMUTABLE },
		want: 'send: not held',
	},
	{
		name: 'a file that changed just now but is held in this version',
		dependency: changedAgo(0),
		changes: { knowledge: cookie(NOW), lifetimeOf: () => MAX_AGE },
		want: 'skip: held and fresh',
	},
	{
		name: 'what this connection was given is confirmed: no body twice',
		changes: { knowledge: connection(NOW), connection: connection(NOW) },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'what this connection was given is not sent again though a record lacks it',
		changes: { knowledge: STRANGE_COOKIE, connection: connection(NOW) },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'what this connection was given a minute ago is fresh though a record lacks it',
		changes: { knowledge: STRANGE_COOKIE, connection: connection(NOW - 1), lifetimeOf: () => MAX_AGE },
		want: 'skip: held and fresh',
	},
	{
		name: 'the stronger evidence tells the age, not the connection',
		changes: { knowledge: cookie(NOW - 60), connection: connection(NOW), lifetimeOf: () => MAX_AGE },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a hard reload gets what the connection was given already',
		changes: { knowledge: NOTHING_WANTED_FROM_CACHE, connection: connection(NOW) },
		want: 'send: not held',
	},
	{
		name: 'a hard reload gets what never changes',
		changes: {
			knowledge: NOTHING_WANTED_FROM_CACHE,
			connection: connection(NOW),
			lifetimeOf: () => IMMUTABLE,
		},
		want: 'send: not held',
	},
	{
		name: 'a hard reload gets what changed just now',
		dependency: changedAgo(0),
		changes: { knowledge: NOTHING_WANTED_FROM_CACHE, lifetimeOf: () => MAX_AGE },
		want: 'send: not held',
	},
	{
		name: 'a file larger than the budget',
		dependency: dependencyOf('/a.js', { asset: assetOf('/a.js', { size: 1001 }) }),
		changes: { byteBudget: 1000 },
		want: 'leave: over the byte budget',
	},
	{
		name: 'a file as large as the budget',
		dependency: dependencyOf('/a.js', { asset: assetOf('/a.js', { size: 1000 }) }),
		changes: { byteBudget: 1000 },
		want: 'send: not held',
	},
	{
		name: 'an empty file where no bytes are left',
		dependency: dependencyOf('/a.js', { asset: assetOf('/a.js', { size: 0 }) }),
		changes: { byteBudget: 0 },
		want: 'send: not held',
	},
	{
		name: 'a confirmation where no bytes are left',
		changes: { knowledge: cookie(undefined), byteBudget: 0 },
		want: 'confirm: held, to be revalidated',
	},
	{ name: 'a count of none', changes: { countBudget: 0 }, want: 'leave: over the count budget' },
	{
		name: 'a count of none holds for confirmations, too',
		changes: { knowledge: cookie(undefined), countBudget: 0 },
		want: 'leave: over the count budget',
	},
	{
		name: 'a channel without room has less than none',
		changes: { countBudget: -3 },
		want: 'leave: over the count budget',
	},
	{
		name: 'a channel without room has nothing against what is skipped',
		changes: { countBudget: -3, knowledge: cookie(undefined), lifetimeOf: () => IMMUTABLE },
		want: 'skip: held and immutable',
	},
	{
		name: 'a version that the client says is fresh, but may not be used unasked by our word',
		changes: { knowledge: saying({ isFresh: true }) },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a version that the client says is stale',
		changes: { knowledge: saying({ isFresh: false }) },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a version that the client says is fresh, and may be',
		changes: { knowledge: saying({ isFresh: true }), lifetimeOf: () => MAX_AGE },
		want: 'skip: held and fresh',
	},
	{
		name: 'a version that could be fresh, but that the client says is stale',
		changes: { knowledge: saying({ isFresh: false }), lifetimeOf: () => MAX_AGE },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a version that the client names and says nothing more of',
		changes: { knowledge: saying({}), lifetimeOf: () => MAX_AGE },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a version that never changes and that the client names',
		changes: { knowledge: saying({}), lifetimeOf: () => IMMUTABLE },
		want: 'skip: held and immutable',
	},
	{
		name: 'a version that never changes, but that the client says is stale',
		changes: { knowledge: saying({ isFresh: false }), lifetimeOf: () => IMMUTABLE },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a URL of which the client holds some version is left',
		changes: { knowledge: saying({ isOfUrlAlone: true, isFresh: true }) },
		want: 'leave: held, version unknown',
	},
	{
		name: 'a URL of which the client holds some version, whatever may be used unasked',
		changes: { knowledge: saying({ isOfUrlAlone: true, isFresh: true }), lifetimeOf: () => MAX_AGE },
		want: 'leave: held, version unknown',
	},
	{
		name: 'a URL of which the client holds some version and says nothing more',
		changes: { knowledge: saying({ isOfUrlAlone: true }) },
		want: 'leave: held, version unknown',
	},
	{
		name: 'a URL of which the client holds some version that is stale: it would ask anyway',
		changes: { knowledge: saying({ isOfUrlAlone: true, isFresh: false }) },
		want: 'confirm: held, version unknown',
	},
	{
		name: 'a URL that carries a hash of the content says which version is held',
		dependency: FINGERPRINTED,
		changes: { knowledge: saying({ isOfUrlAlone: true, isFresh: true }) },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a URL that carries a hash of the content, and never changes',
		dependency: FINGERPRINTED,
		changes: { knowledge: saying({ isOfUrlAlone: true, isFresh: true }), lifetimeOf: () => IMMUTABLE },
		want: 'skip: held and immutable',
	},
	{
		name: 'some version of a URL of which this connection was given the present one',
		changes: {
			knowledge: saying({ isOfUrlAlone: true, isFresh: true }),
			connection: knowing('connection', { '/a.js': NOW }),
		},
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'a file that changed within its max-age and that a client which says what it holds does not name',
		dependency: changedAgo(9),
		changes: { knowledge: knowing('cache-digest', {}), lifetimeOf: () => MAX_AGE },
		want: 'leave: an older copy may still be fresh',
	},
	{
		name: 'what a document refers to that the client showed that it holds',
		changes: { knowledge: knowledgeOfCondition(NOTHING_KNOWN) },
		want: 'confirm: held, to be revalidated',
	},
	{
		name: 'what never changes and goes with a document that the client showed that it holds',
		changes: { knowledge: knowledgeOfCondition(NOTHING_KNOWN), lifetimeOf: () => IMMUTABLE },
		want: 'skip: held and immutable',
	},
	{
		name: 'no file and no reason given',
		dependency: dependencyOf('/a.js', { asset: undefined }),
		changes: {},
		want: 'leave: missing',
	},
];
for (const { name, dependency = A, changes, want } of VERDICTS)
	plan(`${name} → ${want}`, () => {
		for (const channel of ['push', 'plain'] as const)
			assert.is(decide(dependency, { ...changes, channel }), want);
	});

const RESERVATIONS: readonly NonNullable<Dependency['reservation']>[] = [
	'lazy',
	'other media',
	'alternate',
	'disabled',
	'nomodule',
	'the client chooses',
	'another icon is preferred',
	'fetched in ranges',
	'the author says skip',
	'missing',
	'redirected',
	'other origin',
];
for (const reservation of RESERVATIONS)
	plan(`what the site reserves is left, held or not, and costs no budget → leave: ${reservation}`, () => {
		const reserved = dependencyOf('/a.js', { reservation });
		for (const knowledge of [NOTHING_KNOWN, cookie(undefined), NOTHING_WANTED_FROM_CACHE])
			assert.is(decide(reserved, { knowledge }), `leave: ${reservation}`);
		const { deliveries } = makePlan(
			inputOf({ closure: closureOf(reserved, dependencyOf('/b.js')), countBudget: 1, byteBudget: 100 }),
		);
		assert.equal(
			deliveries.map(({ dependency }) => dependency.url),
			['/b.js'],
		);
	});

const MIXED = closureOf(
	dependencyOf('/lacking.css'),
	dependencyOf('/lazy.png', { reservation: 'lazy' }),
	dependencyOf('/held.js'),
	dependencyOf('/gone.js', { asset: undefined, reservation: 'missing' }),
	dependencyOf('/immutable.js'),
	dependencyOf('/last.png'),
);
const mixedInput = (changes: Partial<PlanInput> = {}): PlanInput =>
	inputOf({
		closure: MIXED,
		knowledge: knowing('cookie', { '/held.js': NOW, '/immutable.js': NOW }),
		lifetimeOf: ({ url }) => (url === '/immutable.js' ? IMMUTABLE : REVALIDATE),
		...changes,
	});

plan('hints send nothing, so budgets do not bind them', () => {
	const dependency = dependencyOf('/a.js', { asset: assetOf('/a.js', { size: 2 ** 40 }) });
	for (const knowledge of [NOTHING_KNOWN, cookie(undefined)])
		assert.not.match(
			decide(dependency, { knowledge, channel: 'hints', byteBudget: 0, countBudget: 0 }),
			/budget/,
		);
});

plan('there is one decision for each dependency, in their order', () => {
	const { decisions } = makePlan(mixedInput());
	assert.equal(
		decisions.map(({ dependency, verdict }) => `${verdict} ${dependency.url}`),
		[
			'send /lacking.css',
			'leave /lazy.png',
			'confirm /held.js',
			'leave /gone.js',
			'skip /immutable.js',
			'send /last.png',
		],
	);
});

plan('what goes on the wire is delivered in the same order, each with the asset that is there', () => {
	const { deliveries, decisions } = makePlan(mixedInput());
	assert.equal(
		deliveries.map(({ dependency, verdict, asset }) => `${verdict} ${dependency.url} ${asset.url}`),
		['send /lacking.css /lacking.css', 'confirm /held.js /held.js', 'send /last.png /last.png'],
	);
	for (const delivery of deliveries) assert.ok(decisions.includes(delivery));
});

plan('the channel is handed through', () => {
	assert.is(makePlan(mixedInput({ channel: 'push' })).channel, 'push');
	assert.is(makePlan(mixedInput({ channel: 'plain' })).channel, 'plain');
});

plan('verdicts are counted, those that never fell as none', () => {
	assert.equal(countVerdicts(makePlan(mixedInput())), { send: 2, confirm: 1, skip: 1, leave: 2 });
	assert.equal(countVerdicts(makePlan(inputOf({}))), { send: 0, confirm: 0, skip: 0, leave: 0 });
});

plan('a page without dependencies has an empty plan', () => {
	assert.equal(makePlan(inputOf({})), { channel: 'push', decisions: [], deliveries: [] });
});

const sized = (...sizes: number[]): Closure =>
	closureOf(
		...sizes.map((size, index) => dependencyOf(`/${index}.js`, { asset: assetOf(`/${index}.js`, { size }) })),
	);
const reasonsOf = (input: PlanInput): string[] =>
	makePlan(input).decisions.map(({ verdict, reason }) => (verdict === 'leave' ? reason : verdict));

const BUDGETS: readonly { name: string; input: PlanInput; want: readonly string[] }[] = [
	{
		name: 'what does not fit is left, and a later one that fits still goes',
		input: inputOf({ closure: sized(400, 700, 500, 200, 100), byteBudget: 1000 }),
		want: ['send', 'over the byte budget', 'send', 'over the byte budget', 'send'],
	},
	{
		name: 'a budget is used to its last byte',
		input: inputOf({ closure: sized(500, 500, 1), byteBudget: 1000 }),
		want: ['send', 'send', 'over the byte budget'],
	},
	{
		name: 'the count is used to the last, in order',
		input: inputOf({ closure: sized(1, 1, 1), countBudget: 2 }),
		want: ['send', 'send', 'over the count budget'],
	},
	{
		name: 'what is too large takes none of the count',
		input: inputOf({ closure: sized(2000, 1, 1), byteBudget: 1000, countBudget: 2 }),
		want: ['over the byte budget', 'send', 'send'],
	},
	{
		name: 'confirmations count, but cost no bytes',
		input: inputOf({
			closure: sized(900, 900, 900, 900),
			byteBudget: 1000,
			countBudget: 3,
			knowledge: knowing('cookie', { '/0.js': NOW, '/2.js': NOW }),
		}),
		want: ['confirm', 'send', 'confirm', 'over the count budget'],
	},
	{
		name: 'what is skipped counts for nothing',
		input: inputOf({
			closure: sized(900, 900),
			byteBudget: 1000,
			countBudget: 1,
			knowledge: knowing('cookie', { '/0.js': NOW }),
			lifetimeOf: () => IMMUTABLE,
		}),
		want: ['skip', 'send'],
	},
	{
		name: 'unlimited budgets',
		input: inputOf({
			closure: sized(2 ** 50, 2 ** 50),
			byteBudget: Number.POSITIVE_INFINITY,
			countBudget: Number.POSITIVE_INFINITY,
		}),
		want: ['send', 'send'],
	},
];
for (const { name, input, want } of BUDGETS)
	plan(`budgets: ${name}`, () => assert.equal(reasonsOf(input), want));

plan('a claim is asked of the URL as it is referred to, with its query, and of the hash', () => {
	const asked: ResourceVersion[] = [];
	const knowledge: Knowledge = {
		evidence: 'cookie',
		claimOf: ({ url, hash }) => void asked.push({ url, hash }),
	};
	const dependency = dependencyOf('/a.js?v=2', { asset: assetOf('/a.js'), hash: 'hash of a' });
	makePlan(inputOf({ closure: closureOf(dependency), knowledge }));
	assert.equal(asked, [{ url: '/a.js?v=2', hash: 'hash of a' }]);
});

plan('neither what it is made from nor an earlier plan is changed', () => {
	const closure = Object.freeze({ ...MIXED, dependencies: Object.freeze([...MIXED.dependencies]) });
	const input = Object.freeze(mixedInput({ closure, byteBudget: 150, countBudget: 2 }));
	const first = makePlan(input);
	const copy = structuredClone(first);
	assert.equal(makePlan(input), first);
	assert.equal(first, copy);
});

const channel = suite('channel');

const PAGE_VIEW: ClientAbilities = { isPageView: true, acceptsPush: true, isForwarded: false };
const ALL: EnabledChannels = { bundle: true, push: true, hints: true };
for (const { name, client = PAGE_VIEW, enabled = ALL, want } of [
	{ name: 'a page view of a client that accepts pushes (RFC 9113 §8.4)', want: 'push' },
	{ name: 'the same, hints switched off', enabled: { ...ALL, hints: false }, want: 'push' },
	{ name: 'a HEAD or a fetch', client: { ...PAGE_VIEW, isPageView: false }, want: 'plain' },
	{
		name: 'SETTINGS_ENABLE_PUSH of 0 (RFC 9113 §6.5.2), or HTTP/1.1',
		client: { ...PAGE_VIEW, acceptsPush: false },
		want: 'hints',
	},
	{
		name: 'a proxy between, which may mix its users (RFC 9110 §7.6.3)',
		client: { ...PAGE_VIEW, isForwarded: true },
		want: 'hints',
	},
	{
		name: 'a service worker of ours that takes a bundle, behind whatever proxy',
		client: { ...PAGE_VIEW, acceptsBundle: true, isForwarded: true },
		want: 'bundle',
	},
	{
		name: 'the same, bundles switched off',
		client: { ...PAGE_VIEW, acceptsBundle: true, acceptsPush: false },
		enabled: { ...ALL, bundle: false },
		want: 'hints',
	},
	{ name: 'push switched off', enabled: { ...ALL, push: false }, want: 'hints' },
	{ name: 'both switched off', enabled: { bundle: false, push: false, hints: false }, want: 'plain' },
	{
		name: 'no pushes accepted, hints switched off',
		client: { ...PAGE_VIEW, acceptsPush: false },
		enabled: { ...ALL, hints: false },
		want: 'plain',
	},
	{
		name: 'nothing that would allow it',
		client: { isPageView: false, acceptsPush: false, isForwarded: true },
		enabled: { bundle: false, push: false, hints: false },
		want: 'plain',
	},
])
	channel(`${name} → ${want}`, () => assert.is(chooseChannel(client, enabled), want));

plan.run();
channel.run();
