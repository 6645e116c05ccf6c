// The one decision of every page view: what does this client lack?

import type { Claim, Knowledge } from './digest/knowledge.ts';
import type { Lifetime } from './http/freshness.ts';
import type { Closure, Dependency } from './site/closure.ts';
import { ownRequestsOf } from './site/own-requests.ts';
import type { Asset } from './site/snapshot.ts';

/** What is to become of a dependency. */
export type Verdict =
	/** The client lacks this version: give it. */
	| 'send'
	/** It holds this version but must ask before it uses it: say so unasked. */
	| 'confirm'
	/** It holds this version and may use it as it is: nothing. */
	| 'skip'
	/** Not to be sent with the page: nothing; the client asks if it wants it. */
	| 'leave';

/** Why a verdict fell. Shown to people, in the log and wherever a plan is looked at. */
export type Reason =
	| 'not held'
	| 'held, to be revalidated'
	| 'held and fresh'
	| 'held and immutable'
	/** The client names the URL but not what it holds under it: a change stays unseen until it asks. */
	| 'held, version unknown'
	| 'an older copy may still be fresh'
	| 'not to be stored'
	| 'over the byte budget'
	| 'over the count budget'
	/** Of a frame or a worker, which asks for itself what was not announced to it. */
	| 'not asked for by the page itself'
	| NonNullable<Dependency['reservation']>;

/** A dependency, what is to become of it and why. */
export interface Decision {
	readonly dependency: Dependency;
	readonly verdict: Verdict;
	readonly reason: Reason;
}

/** A decision that puts something on the wire: its asset is known to exist. */
export interface Delivery extends Decision {
	readonly verdict: 'send' | 'confirm';
	readonly asset: Asset;
}

/** How a plan travels. */
export type Channel =
	/** As promises and pushed responses (RFC 9113 §8.4). */
	| 'push'
	/** In one response with the document, for our service worker. */
	| 'bundle'
	/** As `Link` fields of the document: what is lacking or stale is named, and the client asks for it early. */
	| 'hints'
	/** Not at all. */
	| 'plain';

/** A plan: one decision for each dependency, in the order in which they are delivered. */
export interface Plan {
	readonly channel: Channel;
	readonly decisions: readonly Decision[];
	readonly deliveries: readonly Delivery[];
}

/** What a plan is made from. */
export interface PlanInput {
	readonly closure: Closure;
	readonly knowledge: Knowledge;
	/** What this connection was given: no body travels twice on it, whatever the stronger evidence says. */
	readonly connection: Knowledge;
	readonly channel: Channel;
	/** By the URL under which it is asked for. */
	readonly lifetimeOf: (asset: Asset, url: string) => Lifetime;
	/** Bytes of `send` bodies at most; not looked at where the channel is `hints`, which sends none. */
	readonly byteBudget: number;
	/**
	 * `send` and `confirm` verdicts at most: the smaller of the option and of what the channel has room for. Not looked at
	 * where the channel is `hints`, which has its own measure of what is worth a place.
	 */
	readonly countBudget: number;
	/** Minutes since 1970. */
	readonly nowMinutes: number;
}

/** What a client can take. */
export interface ClientAbilities {
	/** The answer is a page view's: not a HEAD, not a script's fetch. */
	readonly isPageView: boolean;
	/** Our service worker asked for a bundle. */
	readonly acceptsBundle?: boolean;
	/** Its HTTP/2 settings allow push promises and at least one pushed stream. */
	readonly acceptsPush: boolean;
	/** A proxy stands between, which may mix its users on one connection. */
	readonly isForwarded: boolean;
}

/** The channels that are switched on. */
export interface EnabledChannels {
	readonly bundle: boolean;
	readonly push: boolean;
	readonly hints: boolean;
}

/** The best channel that this client has. */
export const chooseChannel = (client: ClientAbilities, enabled: EnabledChannels): Channel => {
	if (!client.isPageView) return 'plain';
	if (enabled.bundle && client.acceptsBundle === true) return 'bundle';
	if (enabled.push && client.acceptsPush && !client.isForwarded) return 'push';
	return enabled.hints ? 'hints' : 'plain';
};

/** The plan for one page view. */
export const makePlan = (input: PlanInput): Plan => {
	const decisions: Decision[] = [];
	const deliveries: Delivery[] = [];
	const isBounded = input.channel !== 'hints';
	let bytesLeft = isBounded ? input.byteBudget : Number.POSITIVE_INFINITY;
	let countLeft = isBounded ? input.countBudget : Number.POSITIVE_INFINITY;
	const { dependencies, alternatives = [] } = input.closure;
	// Of images in several sizes a worker has the one that its browser chose: which one that is, it alone knows.
	const isHeld = (dependency: Dependency): boolean => judge(dependency, input).verdict === 'confirm';
	const chosen = input.channel === 'bundle' ? alternatives.filter(isHeld) : [];
	for (const dependency of [...dependencies, ...chosen]) {
		let { verdict, reason } = judge(dependency, input);
		const { asset } = dependency;
		if (asset !== undefined && (verdict === 'send' || verdict === 'confirm')) {
			const bytes = verdict === 'send' ? asset.size : 0;
			// In a bundle, a confirmation is a line.
			const isCounted = verdict === 'send' || input.channel !== 'bundle';
			if (isCounted && countLeft < 1) [verdict, reason] = ['leave', 'over the count budget'];
			else if (bytes > bytesLeft) [verdict, reason] = ['leave', 'over the byte budget'];
			else {
				if (isCounted) countLeft -= 1;
				bytesLeft -= bytes;
				const delivery: Delivery = { dependency, verdict, reason, asset };
				deliveries.push(delivery);
				decisions.push(delivery);
				continue;
			}
		}
		decisions.push({ dependency, verdict, reason });
	}
	return { channel: input.channel, decisions, deliveries };
};

const judge = (dependency: Dependency, input: PlanInput): { verdict: Verdict; reason: Reason } => {
	const { asset, reservation } = dependency;
	if (input.channel === 'bundle') return judgeForWorker(dependency, input);
	if (reservation !== undefined) return { verdict: 'leave', reason: reservation };
	if (asset === undefined) return { verdict: 'leave', reason: 'missing' };
	const lifetime = input.lifetimeOf(asset, dependency.url);
	if (lifetime.kind === 'no-store') return { verdict: 'leave', reason: 'not to be stored' };
	const { knowledge, connection } = input;
	// A hard reload asks for every body again, and is the only one who gets one twice on a connection.
	const given = knowledge.evidence === 'no-cache' ? undefined : connection.claimOf(dependency);
	const claim = knowledge.claimOf(dependency);
	const isOfVersion = claim !== undefined && (claim.isOfUrlAlone !== true || asset.isFingerprinted);
	const best = isOfVersion ? claim : given;
	if (best !== undefined) return judgeHeld(lifetime, best, input.nowMinutes);
	// Of what must be revalidated anyway, a confirmation names the version: it is taken only where it is the one held.
	if (claim !== undefined)
		return { verdict: claim.isFresh === false ? 'confirm' : 'leave', reason: 'held, version unknown' };
	// A client that holds an older version would not look at ours before its own has gone stale.
	if (lifetime.kind === 'max-age' && HAS_BEEN_HERE.has(knowledge.evidence))
		if (isFresh(Math.floor(asset.modifiedMs / 60_000), lifetime.seconds, input.nowMinutes))
			return { verdict: 'leave', reason: 'an older copy may still be fresh' };
	return { verdict: 'send', reason: 'not held' };
};

/** Requests that no service worker gets to see, that bring a bundle of their own, or that carry no credentials. */
const PASSED_BY: ReadonlySet<Dependency['as']> = new Set([
	'document',
	'embed',
	'manifest',
	'object',
] as const);

/**
 * A worker gives the page what it was told that it holds, and nothing else: however fresh that is, and however late the
 * page asks for it.
 */
const judgeForWorker = (
	dependency: Dependency,
	{ closure, knowledge, lifetimeOf }: PlanInput,
): { verdict: Verdict; reason: Reason } => {
	const { asset, reservation, url, as } = dependency;
	if (asset === undefined) return { verdict: 'leave', reason: reservation ?? 'missing' };
	if (PASSED_BY.has(as) || !ownRequestsOf(closure).has(dependency))
		return { verdict: 'leave', reason: reservation ?? 'not asked for by the page itself' };
	if (lifetimeOf(asset, url).kind === 'no-store') return { verdict: 'leave', reason: 'not to be stored' };
	if (knowledge.claimOf(dependency) !== undefined)
		return { verdict: 'confirm', reason: 'held, to be revalidated' };
	return reservation === undefined
		? { verdict: 'send', reason: 'not held' }
		: { verdict: 'leave', reason: reservation };
};

/** Evidence of earlier visits, from which an older version may be left. */
const HAS_BEEN_HERE: ReadonlySet<Knowledge['evidence']> = new Set(['cookie', 'cache-digest'] as const);

const judgeHeld = (
	lifetime: Lifetime,
	claim: Claim,
	nowMinutes: number,
): { verdict: Verdict; reason: Reason } => {
	if (lifetime.kind === 'immutable' && claim.isFresh !== false)
		return { verdict: 'skip', reason: 'held and immutable' };
	if (lifetime.kind === 'max-age' && isClaimedFresh(claim, lifetime.seconds, nowMinutes))
		return { verdict: 'skip', reason: 'held and fresh' };
	return { verdict: 'confirm', reason: 'held, to be revalidated' };
};

/** What a client says of its own copy goes before what we reckon. */
const isClaimedFresh = (claim: Claim, seconds: number, nowMinutes: number): boolean =>
	claim.isFresh ?? (claim.sinceMinutes !== undefined && isFresh(claim.sinceMinutes, seconds, nowMinutes));

const isFresh = (sinceMinutes: number, seconds: number, nowMinutes: number): boolean =>
	(nowMinutes - sinceMinutes) * 60 < seconds;

/** How many dependencies got each verdict. */
export const countVerdicts = (plan: Plan): Readonly<Record<Verdict, number>> => {
	const counts = { send: 0, confirm: 0, skip: 0, leave: 0 };
	for (const { verdict } of plan.decisions) counts[verdict] += 1;
	return counts;
};
