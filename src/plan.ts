// The one decision of every page view: what does this client lack?

import type { Knowledge } from './digest/knowledge.ts';
import type { Lifetime } from './http/freshness.ts';
import type { Closure, Dependency } from './site/closure.ts';
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
	| 'an older copy may still be fresh'
	| 'over the byte budget'
	| 'over the count budget'
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
export type Channel = 'push' | 'plain';

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
	readonly lifetimeOf: (asset: Asset) => Lifetime;
	/** Bytes of `send` bodies at most. */
	readonly byteBudget: number;
	/** `send` and `confirm` verdicts at most: the smaller of the option and of what the channel has room for. */
	readonly countBudget: number;
	/** Minutes since 1970. */
	readonly nowMinutes: number;
}

/** What a client can take. */
export interface ClientAbilities {
	/** The answer is a page view's: not a HEAD, not a script's fetch. */
	readonly isPageView: boolean;
	/** Its HTTP/2 settings allow push promises and at least one pushed stream. */
	readonly acceptsPush: boolean;
	/** A proxy stands between, which may mix its users on one connection. */
	readonly isForwarded: boolean;
}

/** The best channel that this client has. */
export const chooseChannel = (client: ClientAbilities, isPushEnabled: boolean): Channel =>
	client.isPageView && client.acceptsPush && !client.isForwarded && isPushEnabled ? 'push' : 'plain';

/** The plan for one page view. */
export const makePlan = (input: PlanInput): Plan => {
	const decisions: Decision[] = [];
	const deliveries: Delivery[] = [];
	let bytesLeft = input.byteBudget;
	let countLeft = input.countBudget;
	for (const dependency of input.closure.dependencies) {
		let { verdict, reason } = judge(dependency, input);
		const { asset } = dependency;
		if (asset !== undefined && (verdict === 'send' || verdict === 'confirm')) {
			const bytes = verdict === 'send' ? asset.size : 0;
			if (countLeft < 1) [verdict, reason] = ['leave', 'over the count budget'];
			else if (bytes > bytesLeft) [verdict, reason] = ['leave', 'over the byte budget'];
			else {
				countLeft -= 1;
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
	if (reservation !== undefined) return { verdict: 'leave', reason: reservation };
	if (asset === undefined) return { verdict: 'leave', reason: 'missing' };
	const lifetime = input.lifetimeOf(asset);
	const { knowledge, connection } = input;
	// A hard reload asks for every body again, and is the only one who gets one twice on a connection.
	const claim =
		knowledge.claimOf(dependency) ??
		(knowledge.evidence === 'no-cache' ? undefined : connection.claimOf(dependency));
	if (claim !== undefined) return judgeHeld(lifetime, claim.sinceMinutes, input.nowMinutes);
	// A client that holds an older version would not look at ours before its own has gone stale.
	if (lifetime.kind === 'max-age' && knowledge.evidence === 'cookie')
		if (isFresh(Math.floor(asset.modifiedMs / 60_000), lifetime.seconds, input.nowMinutes))
			return { verdict: 'leave', reason: 'an older copy may still be fresh' };
	return { verdict: 'send', reason: 'not held' };
};

const judgeHeld = (
	lifetime: Lifetime,
	sinceMinutes: number | undefined,
	nowMinutes: number,
): { verdict: Verdict; reason: Reason } => {
	if (lifetime.kind === 'immutable') return { verdict: 'skip', reason: 'held and immutable' };
	if (
		lifetime.kind === 'max-age' &&
		sinceMinutes !== undefined &&
		isFresh(sinceMinutes, lifetime.seconds, nowMinutes)
	)
		return { verdict: 'skip', reason: 'held and fresh' };
	return { verdict: 'confirm', reason: 'held, to be revalidated' };
};

const isFresh = (sinceMinutes: number, seconds: number, nowMinutes: number): boolean =>
	(nowMinutes - sinceMinutes) * 60 < seconds;

/** How many dependencies got each verdict. */
export const countVerdicts = (plan: Plan): Readonly<Record<Verdict, number>> => {
	const counts = { send: 0, confirm: 0, skip: 0, leave: 0 };
	for (const { verdict } of plan.decisions) counts[verdict] += 1;
	return counts;
};
