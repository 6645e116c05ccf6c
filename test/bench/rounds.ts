// Rounds: A B C, A B C, … so that whatever else the machine does meanwhile falls on all alike. The ratio is the median
// of the rounds' ratios. Next to it stands the ratio of processor time for each request, which other work disturbs
// less; and where other work took much of the servers' core, the table says so.

import type { Rate } from './load.ts';
import { processorMs, type ServerProcess, serverCoreMs } from './processes.ts';
import { Faults, integer, median, percent, type Row, range, ratio, verdict } from './report.ts';

export interface Contender {
	readonly name: string;
	readonly server: ServerProcess;
	/** Loads the server for about that long. */
	run(milliseconds: number): Promise<Rate>;
}

export interface Goal {
	readonly bar: number;
	readonly floor: number;
}

export interface Plan {
	readonly rounds: number;
	readonly milliseconds: number;
	readonly warmUpMs: number;
}

/** One contender in one round. Not a number where there is no /proc. */
interface Sample {
	readonly perSecond: number;
	/** Processor time of the server for each request or page. */
	readonly costUs: number;
	/** Share of one core that the server used: near 1, the server is what limits the rate. */
	readonly busy: number;
	/** Share of the servers' core that processes other than the server used. */
	readonly others: number;
}

export const rateHead: Row = [
	...['', 'server', 'per second', 'spread', 'CPU µs', 'busy', 'others'],
	...['casper/it', 'rounds', 'by CPU', 'bar', 'floor', ''],
];

/** Plays the rounds and returns a row for each contender. The first is compared with each of the others. */
export async function playRounds(
	what: string,
	contenders: readonly Contender[],
	goals: Readonly<Record<string, Goal>>,
	{ rounds, milliseconds, warmUpMs }: Plan,
): Promise<{ readonly rows: readonly Row[]; readonly faults: Faults }> {
	const played: Sample[][] = [];
	const faults = new Faults();
	for (const contender of contenders) await contender.run(warmUpMs);
	// Rounds that other work disturbed are played again, half as many at most, and the calmest are kept. They are chosen
	// by what others used, never by the result.
	const calm = (): number => played.filter((round) => !(disturbance(round) > disturbed)).length;
	while (played.length < rounds || (calm() < rounds && played.length < rounds * 1.5)) {
		const round: Sample[] = [];
		for (const contender of contenders) round.push(await sample(contender, milliseconds, faults));
		played.push(round);
	}
	const kept = played.sort((a, b) => disturbance(a) - disturbance(b) || 0).slice(0, rounds);
	const rows = contenders.map(({ name }, index): Row => {
		const samples = kept.map((round) => round[index]!);
		const own = [index === 0 ? what : '', name, ...figures(samples)];
		return index === 0 ? own : [...own, ...comparison(kept, index, goals[name])];
	});
	return { rows, faults };
}

/** Above this share of the servers' core used by others, a round tells little about its servers. */
const disturbed = 0.1;

function disturbance(round: readonly Sample[]): number {
	return Math.max(...round.map(({ others }) => others));
}

async function sample(
	{ name, server, run }: Contender,
	milliseconds: number,
	faults: Faults,
): Promise<Sample> {
	const coreBefore = serverCoreMs() ?? Number.NaN;
	const before = processorMs(server.process) ?? Number.NaN;
	const began = performance.now();
	const rate = await run(milliseconds);
	const elapsedMs = performance.now() - began;
	const usedMs = (processorMs(server.process) ?? Number.NaN) - before;
	const coreMs = (serverCoreMs() ?? Number.NaN) - coreBefore;
	faults.addAll(rate.faults, name);
	return {
		perSecond: rate.perSecond,
		costUs: (usedMs * 1000) / rate.count,
		// Not of the elapsed time, which has the start of h2load in it.
		busy: usedMs / ((rate.count / rate.perSecond) * 1000),
		others: Math.max(0, coreMs - usedMs) / elapsedMs,
	};
}

function figures(samples: readonly Sample[]): Row {
	const rates = samples.map((sample) => sample.perSecond);
	const typical = (key: keyof Sample): number => median(samples.map((sample) => sample[key]));
	const spread = (Math.max(...rates) - Math.min(...rates)) / 2 / median(rates);
	const shares = [percent(typical('busy')), percent(typical('others'))];
	return [integer(median(rates)), `±${percent(spread)}`, integer(typical('costUs')), ...shares];
}

function comparison(rounds: readonly (readonly Sample[])[], index: number, goal: Goal | undefined): Row {
	const pairs = rounds.map((round) => ({ ours: round[0]!, theirs: round[index]! }));
	const ratios = pairs.map(({ ours, theirs }) => ours.perSecond / theirs.perSecond);
	const byCost = median(pairs.map(({ ours, theirs }) => theirs.costUs / ours.costUs));
	const cells = [ratio(median(ratios)), range(ratios), ratio(byCost)];
	if (goal === undefined) return cells;
	const { bar, floor } = goal;
	const doubt = median(rounds.map(disturbance)) > disturbed ? ' (disturbed: rather read "by CPU")' : '';
	return [...cells, String(bar), String(floor), verdict(median(ratios) / bar, floor / bar) + doubt];
}
