// What a browser asked for, next to what the plan of the page view said that it would.
//
// A target counts as asked for when the page asked for it before its load event. Left out of both sides:
// - what the plan knows but holds back because it is lazy, of other media, or of another style sheet set: whether a browser
//   wants it depends on its window and its user;
// - what a running script asked for: no file says so (counted by itself);
// - what a browser asked for ahead, for a later page;
// - /favicon.ico where no page names it.

import type { Plan } from '../../src/plan.ts';
import type { Fetched } from './chromium.ts';

/** A target that one side has and the other has not. */
export interface Difference {
	readonly page: string;
	readonly target: string;
	/** `missed`: asked for, not planned; `idle`: planned, not asked for. */
	readonly kind: 'missed' | 'idle';
	/** Why, as far as plan and browser tell. */
	readonly detail: string;
}

/** One page view, or several added up. */
export interface Comparison {
	readonly pages: number;
	readonly planned: number;
	readonly requested: number;
	/** How many targets are both. */
	readonly common: number;
	/** How many requests were left out because a running script made them. */
	readonly scripted: number;
	readonly differences: readonly Difference[];
}

const ASIDE: ReadonlySet<string> = new Set(['lazy', 'other media', 'alternate']);

/** Compares the requests of a visit with the plan of that page view; `page` is its target. */
export const compare = (page: string, fetched: readonly Fetched[], { decisions }: Plan): Comparison => {
	const known = new Map(decisions.map((decision) => [decision.dependency.url, decision]));
	const planned = decisions
		.filter(({ verdict }) => verdict === 'send')
		.map(({ dependency }) => dependency.url);
	const isPlanned = (target: string): boolean => known.get(target)?.verdict === 'send';
	const isAside = (target: string): boolean =>
		target === page ||
		ASIDE.has(known.get(target)?.reason ?? '') ||
		(target === '/favicon.ico' && !known.has(target));
	const requested = new Map<string, Fetched>();
	const scripted = new Set<string>();
	for (const request of fetched) {
		const { target, isBeforeLoad, isAhead, isScripted } = request;
		if (!isBeforeLoad || isAhead || isAside(target)) continue;
		// What a script asked for and the plan has nevertheless is no mistake of the plan's.
		if (isScripted && !isPlanned(target)) scripted.add(target);
		else requested.set(target, request);
	}
	for (const target of requested.keys()) scripted.delete(target);
	const late = new Set(fetched.map(({ target }) => target));
	return {
		pages: 1,
		planned: planned.length,
		requested: requested.size,
		common: planned.filter((target) => requested.has(target)).length,
		scripted: scripted.size,
		differences: [
			...[...requested.values()]
				.filter(({ target }) => !isPlanned(target))
				.map(({ target, cause }) => {
					const detail = known.get(target)?.reason ?? `not known; asked for by ${cause}`;
					return { page, target, kind: 'missed' as const, detail };
				}),
			...planned
				.filter((target) => !requested.has(target))
				.map((target) => {
					const when = late.has(target) ? 'only after the load event' : 'not asked for';
					const { from, line } = known.get(target)!.dependency;
					return { page, target, kind: 'idle' as const, detail: `${when}; from ${from}:${line}` };
				}),
		],
	};
};

/** Adds up. */
export const sum = (comparisons: readonly Comparison[]): Comparison => {
	const total = (count: (comparison: Comparison) => number): number =>
		comparisons.reduce((sofar, comparison) => sofar + count(comparison), 0);
	return {
		pages: total(({ pages }) => pages),
		planned: total(({ planned }) => planned),
		requested: total(({ requested }) => requested),
		common: total(({ common }) => common),
		scripted: total(({ scripted }) => scripted),
		differences: comparisons.flatMap(({ differences }) => differences),
	};
};

/** Which part of what was planned was asked for. */
export const precisionOf = ({ common, planned }: Comparison): number =>
	planned === 0 ? 1 : common / planned;

/** Which part of what was asked for was planned. */
export const recallOf = ({ common, requested }: Comparison): number =>
	requested === 0 ? 1 : common / requested;

/** The figures, and each target that differs with the number of pages and one of them as an example. */
export const describe = (name: string, comparison: Comparison): string => {
	const { pages, planned, requested, common, scripted, differences } = comparison;
	const byTarget = new Map<string, Difference[]>();
	for (const difference of differences) {
		const key = `${difference.kind} ${difference.target}`;
		byTarget.set(key, [...(byTarget.get(key) ?? []), difference]);
	}
	const rows = [...byTarget.values()]
		.sort((a, b) => b.length - a.length)
		.map((same) => {
			const [{ kind, target, page, detail }] = same as [Difference];
			return `| ${kind} | \`${target}\` | ${same.length} | \`${page}\` | ${detail} |\n`;
		});
	return [
		`${name}: ${pages} pages, precision ${common}/${planned} = ${precisionOf(comparison).toFixed(4)}, `,
		`recall ${common}/${requested} = ${recallOf(comparison).toFixed(4)}, `,
		`${scripted} requests of running scripts left out\n`,
		...(rows.length === 0
			? []
			: ['\n| | target | pages | such as | detail |\n| --- | --- | --- | --- | --- |\n']),
		...rows,
	].join('');
};
