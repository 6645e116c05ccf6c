// What was measured, as tables, and next to the bars of DESIGN.md §7.

import { integer, median, type Row, ratio } from '../report.ts';
import type { BrowserName } from './browsers.ts';
import type { Report } from './site.ts';
import { type Scenario, scenarios, type Visit } from './visits.ts';

/** The visits of one browser at one round trip. */
export interface Series {
	readonly browser: BrowserName;
	readonly roundTripMs: number;
	readonly visits: readonly Visit[];
}

type GoodVisit = Visit & { readonly shown: Report };

function isGood(visit: Visit): visit is GoodVisit {
	return visit.shown !== undefined && visit.faults.length === 0;
}

/** One channel in one scenario, medians of the visits that count. */
interface Cell {
	readonly visits: readonly GoodVisit[];
	readonly load: number;
	readonly paint: number;
	readonly requests: number;
	readonly kilobytes: number;
	/** Median of the rounds' ratios to the plain channel, and of their differences in milliseconds. */
	readonly ofPlain: number;
	readonly overPlain: number;
}

const plain = 'plain';

export const head: Row = [
	...['', '', 'load ms', 'from–to', 'of plain', 'first paint', 'requests', 'KB', 'visits', ''],
];

export function channelsOf({ visits }: Series): readonly string[] {
	return [...new Set(visits.map(({ channel }) => channel))];
}

function cell({ visits }: Series, scenario: Scenario, channel: string): Cell {
	const good = visits.filter(isGood).filter((visit) => visit.scenario === scenario);
	const own = good.filter((visit) => visit.channel === channel);
	const pairs = own.flatMap(({ round, shown }) => {
		const base = good.find((visit) => visit.round === round && visit.channel === plain);
		return base === undefined ? [] : [{ load: shown.load, base: base.shown.load }];
	});
	return {
		visits: own,
		load: median(own.map(({ shown }) => shown.load)),
		paint: median(own.flatMap(({ shown: { paint } }) => (paint === null ? [] : [paint]))),
		requests: median(own.map(({ requests }) => requests)),
		kilobytes: median(own.map(({ bytes }) => bytes)) / 1000,
		ofPlain: median(pairs.map(({ load, base }) => load / base)),
		overPlain: median(pairs.map(({ load, base }) => load - base)),
	};
}

/** A row for each channel in each scenario. */
export function rowsOf(series: Series): readonly Row[] {
	return scenarios.flatMap((scenario) =>
		channelsOf(series).map((channel, index): Row => {
			const { visits, load, paint, requests, kilobytes, ofPlain } = cell(series, scenario, channel);
			const loads = visits.map(({ shown }) => shown.load);
			return [
				index === 0 ? scenario : '',
				channel,
				integer(load),
				visits.length === 0 ? '' : `${integer(Math.min(...loads))}–${integer(Math.max(...loads))}`,
				channel === plain ? '' : ratio(ofPlain),
				integer(paint),
				integer(requests),
				kilobytes < 10 ? kilobytes.toFixed(1) : integer(kilobytes),
				String(visits.length),
				barsOf(series, scenario, channel)
					.map(({ text, isMet }) => `${text}: ${isMet ? 'met' : 'MISSED'}`)
					.join(', '),
			];
		}),
	);
}

interface Bar {
	readonly text: string;
	readonly isMet: boolean;
}

const mostOfPlain: Readonly<Record<number, Readonly<Record<BrowserName, number>>>> = {
	100: { chromium: 0.63, firefox: 0.68 },
	200: { chromium: 0.58, firefox: 0.58 },
};

function barsOf(series: Series, scenario: Scenario, channel: string): readonly Bar[] {
	const { browser, roundTripMs } = series;
	const { ofPlain, overPlain, requests, visits } = cell(series, scenario, channel);
	if (visits.length === 0) return [];
	if (channel === 'Link' && scenario === 'first visit' && browser === 'chromium' && roundTripMs === 200)
		return [{ text: '≤ 0.72', isMet: ofPlain <= 0.72 }];
	if (!channel.startsWith('bundle') || !['all stale', 'one changed'].includes(scenario)) return [];
	const bars: Bar[] = [{ text: '1 request', isMet: requests === 1 }];
	const share = mostOfPlain[roundTripMs]?.[browser];
	if (share !== undefined) bars.push({ text: `≤ ${share}`, isMet: ofPlain <= share });
	if (roundTripMs === 0) {
		const most = channel.endsWith('cold') ? 40 : 15;
		bars.push({ text: `${signed(overPlain)} ms ≤ +${most} ms`, isMet: overPlain <= most });
	}
	return bars;
}

function signed(value: number): string {
	return `${value < 0 ? '−' : '+'}${Math.abs(Math.round(value))}`;
}

/** A Markdown table: `load` in milliseconds, the requests in brackets. */
export function markdown(all: readonly Series[]): string {
	const channels = [...new Set(all.flatMap(channelsOf))];
	const lines = [
		`| browser, round trip | visit | ${channels.join(' | ')} |`,
		`| --- | --- |${' ---: |'.repeat(channels.length)}`,
	];
	for (const series of all) {
		scenarios.forEach((scenario, index) => {
			const start =
				index === 0
					? `${series.browser === 'chromium' ? 'Chromium' : 'Firefox'}, ${series.roundTripMs} ms`
					: '';
			const cells = channels.map((channel) => {
				const { load, requests, visits } = cell(series, scenario, channel);
				return visits.length === 0 ? '' : `${Math.round(load)} (${requests})`;
			});
			lines.push(`| ${start} | ${scenario} | ${cells.join(' | ')} |`);
		});
	}
	return lines.join('\n');
}
