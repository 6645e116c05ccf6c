// What the server tells, on its way to the screen: at once, or when there is more to go with it.

import type { LiveEvent } from '../live-events.ts';
import { formatEntry, type RequestEntry, toJsonLine } from '../log.ts';
import type { LogFormat } from '../option-table.ts';
import { ChangeLines } from '../terminal/change-lines.ts';
import { LineRate } from '../terminal/line-rate.ts';
import { formatTold } from '../terminal/page-lines.ts';
import { PageVisits, type Told } from '../terminal/page-visits.ts';
import { ProblemLines } from '../terminal/problem-lines.ts';
import { countOf, type Paint } from '../terminal/text.ts';
import type { Screen } from './screen.ts';

/** Listeners for a server. */
export interface Report {
	readonly onRequest: ((entry: RequestEntry) => void) | undefined;
	readonly onLive: (event: LiveEvent) => void;
	/** Resolves once the server has told of all broken references, if it ever does. */
	readonly brokenKnown: Promise<void>;
	readonly onProblem: (message: string) => void;
	/** To be called when the facts of the folder have been printed: what was found in it comes after them. */
	release(): void;
	/** Prints all that is held back. */
	end(): void;
}

/** How things are to be told. */
export interface ReportLook {
	readonly format: LogFormat;
	readonly paint: Paint;
	/** Characters in a line. */
	readonly columnsOf: () => number | undefined;
	/** Said once where problems push everything else out of sight; `undefined`: nothing. */
	readonly advice: string | undefined;
}

/** How often it is looked whether something is due. */
const TICK_MS = 50;
const OURS = '/.casper/';

/** A report on `screen`. */
export const openReport = (screen: Screen, { format, paint, columnsOf, advice }: ReportLook): Report => {
	const visits = new PageVisits();
	const requestRate = new LineRate();
	const changes = new ChangeLines(paint, columnsOf);
	const consoleRate = new LineRate();
	const problems = new ProblemLines(advice);
	const holders = [visits, requestRate, changes, consoleRate, problems];
	const found: LiveEvent[] = [];
	let noteKnown = (): void => {};
	const brokenKnown = new Promise<void>((resolve) => {
		noteKnown = resolve;
	});
	let isReleased = false;
	let timer: NodeJS.Timeout | undefined;

	const tell = (told: readonly Told[], now: number): void => {
		for (const one of told)
			if (requestRate.admit(now, 1 + (one.assets?.files ?? 0)))
				screen.print(formatTold(one, { paint, columns: columnsOf() }));
	};
	const tellCounted = (count: number, what: string): void => {
		if (count > 0) screen.print([paint('dim', `… ${countOf(count, `more ${what}`)}`)]);
	};
	const tick = (now = performance.now()): void => {
		tellCounted(requestRate.takeCounted(now), 'request');
		tell(visits.settle(now), now);
		screen.print(changes.settle(now));
		tellCounted(consoleRate.takeCounted(now), 'console message');
		screen.complain(problems.settle(now));
		if (holders.some(({ isPending }) => isPending)) return;
		clearInterval(timer);
		timer = undefined;
	};
	const awaitMore = (): void => {
		timer ??= setInterval(tick, TICK_MS).unref();
	};

	/** Tabs that show a change in place ask for it long after their page. */
	const isAskedForByChange = ({ entry, assets }: Told, now: number): boolean =>
		assets === undefined &&
		entry.status < 400 &&
		entry.referer !== undefined &&
		changes.count(entry.bytes, now);

	const onRequest = (entry: RequestEntry): void => {
		if (entry.target.startsWith(OURS)) return;
		const now = performance.now();
		tell(
			visits.take(entry, now).filter((told) => !isAskedForByChange(told, now)),
			now,
		);
		awaitMore();
	};
	const tellAsText = (event: LiveEvent): void => {
		if (event.kind === 'broken' && !isReleased) return void found.push(event);
		const now = performance.now();
		// A page may write to its console without end.
		const messages = event.kind === 'console' ? event.messages.filter(() => consoleRate.admit(now)) : [];
		const told = event.kind === 'console' ? { ...event, messages } : event;
		screen.print(changes.take(told, new Date(), now));
		awaitMore();
	};
	const tellLive = {
		dev: tellAsText,
		none: tellAsText,
		// It is for analysers, which know nothing else.
		combined: undefined,
		json: ({ kind, ...event }: LiveEvent): void =>
			screen.print([toJsonLine({ time: new Date(), event: kind, ...event })]),
	}[format];
	return {
		onRequest: {
			dev: onRequest,
			none: undefined,
			combined: (entry: RequestEntry) => screen.print([formatEntry(entry, 'combined')]),
			json: (entry: RequestEntry) => screen.print([formatEntry(entry, 'json')]),
		}[format],
		onLive: (event) => {
			if (event.kind === 'broken') noteKnown();
			tellLive?.(event);
		},
		brokenKnown,
		onProblem: (message) => {
			screen.complain(problems.take(message, performance.now()));
			awaitMore();
		},
		release: () => {
			isReleased = true;
			for (const event of found.splice(0)) tellAsText(event);
		},
		end: () => {
			clearInterval(timer);
			const now = performance.now();
			tell(visits.endAll(), now);
			tellCounted(requestRate.takeCounted(Number.POSITIVE_INFINITY), 'request');
			screen.print(changes.endAll());
			tellCounted(consoleRate.takeCounted(Number.POSITIVE_INFINITY), 'console message');
			screen.complain(problems.endAll());
		},
	};
};
