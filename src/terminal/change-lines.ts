// What was changed and which tabs show it, what leads to nothing, what pages say: as lines for whoever works on a site
// (pure: times are given).

import type { BrokenReference, ConsoleMessage, FileChange, LiveEvent } from '../live-events.ts';
import { quoted } from '../log.ts';
import { clockOf, countOf, type Paint, printable, shorten, sizeOf } from './text.ts';

type Shown = Extract<LiveEvent, { kind: 'shown' }>;

/** Files that were changed, and what tabs have told of them since; without files, what tabs tell of late. */
interface Pending {
	readonly time: Date;
	readonly atMs: number;
	readonly files: readonly FileChange[];
	readonly paths: ReadonlySet<string>;
	readonly shown: Shown[];
	/** When tabs asked for something last, and what they got. */
	askedMs: number;
	requests: number;
	bytes: number;
}

/** Tabs tell that they have shown something within so long. */
const SHOWN_MS = 400;
/** and longer while they are fetching it, but not for ever. */
const QUIET_MS = 200;
const LONGEST_MS = 2000;
const MOST_LATER = 100;
const MOST_PENDING = 50;
const MOST_BROKEN = 5;
const MOST_PAGES = 2;
const MOST_FORBIDDEN = 1000;
const LABEL = 7;
/** Of what one message of a page says. */
const MOST_TEXT_LINES = 20;
const MOST_TEXT_WIDTH = 500;

const NOTHING_ASKED = { askedMs: Number.NEGATIVE_INFINITY, requests: 0, bytes: 0 } as const;

/** Live events as lines. Times are milliseconds of any clock that does not go back. */
export class ChangeLines {
	readonly #paint: Paint;
	readonly #columnsOf: () => number | undefined;
	readonly #pending = new Set<Pending>();
	/** What came of the changes that are pending: said after them. */
	#later: string[] = [];
	readonly #forbidden = new Set<string>();

	/** @param columnsOf how many characters go into a line now; `undefined`: as many as there are */
	constructor(paint: Paint, columnsOf: () => number | undefined) {
		this.#paint = paint;
		this.#columnsOf = columnsOf;
	}

	/** Whether anything is held back. */
	get isPending(): boolean {
		return this.#pending.size > 0;
	}

	/** What is to be said of an event at once. */
	take(event: LiveEvent, time: Date, nowMs: number): readonly string[] {
		switch (event.kind) {
			case 'changed': {
				const paths = new Set<string>(event.files.map(({ path }) => path));
				return this.#hold({ ...NOTHING_ASKED, time, atMs: nowMs, files: event.files, paths, shown: [] });
			}
			case 'shown': {
				const held = [...this.#pending];
				const cause =
					held.findLast(({ paths }) => event.files.some((file) => paths.has(file))) ?? held.at(-1);
				if (cause === undefined)
					return this.#hold({
						...NOTHING_ASKED,
						time,
						atMs: nowMs,
						files: [],
						paths: new Set(),
						shown: [event],
					});
				cause.shown.push(event);
				return [];
			}
			case 'broken':
				return this.#after([
					...this.#listOf('broken', 'red', event.added, time),
					...this.#listOf('mended', 'green', event.mended, time),
				]);
			case 'forbidden':
				return this.#forbid(event.page, event.policy, time);
			case 'console':
				return event.messages.flatMap((message) => this.#consoleLines(event.page, message, time));
		}
	}

	/** Counts what a tab asked for with the change that made it ask; `false`: there is none. */
	count(bytes: number, nowMs: number): boolean {
		const cause = [...this.#pending].at(-1);
		if (cause === undefined) return false;
		cause.askedMs = nowMs;
		cause.requests += 1;
		cause.bytes += bytes;
		return true;
	}

	/** What tabs have had their time to tell of. */
	settle(nowMs: number): readonly string[] {
		const due = [...this.#pending].filter(({ atMs, askedMs }) => {
			const age = nowMs - atMs;
			return age >= LONGEST_MS || (age >= SHOWN_MS && nowMs - askedMs >= QUIET_MS);
		});
		const lines = due.map((pending) => this.#end(pending));
		return this.isPending ? lines : [...lines, ...this.#takeLater()];
	}

	/** All that is left. */
	endAll(): readonly string[] {
		const lines = [...this.#pending].map((pending) => this.#end(pending));
		return [...lines, ...this.#takeLater()];
	}

	#after(lines: readonly string[]): readonly string[] {
		if (!this.isPending || this.#later.length >= MOST_LATER) return lines;
		this.#later.push(...lines);
		return [];
	}

	#takeLater(): readonly string[] {
		const lines = this.#later;
		this.#later = [];
		return lines;
	}

	#hold(pending: Pending): readonly string[] {
		const [first] = this.#pending;
		const lines = first !== undefined && this.#pending.size >= MOST_PENDING ? [this.#end(first)] : [];
		this.#pending.add(pending);
		return lines;
	}

	#end(pending: Pending): string {
		this.#pending.delete(pending);
		const { files, shown, time, requests, bytes } = pending;
		const tabs = describeTabs(shown);
		const [first] = files;
		if (first === undefined) return this.#line(time, 'shown', 'cyan', tabs);
		const kinds = new Set(files.map(({ kind }) => kind));
		const label = kinds.size === 1 ? first.kind : 'changed';
		const more = files.length > 1 ? ` (+${files.length - 1} more)` : '';
		const outcome = tabs === '' ? 'no open page needs it' : tabs;
		const asked = requests === 0 ? '' : `  + ${countOf(requests, 'file')}, ${sizeOf(bytes)}`;
		const columns = this.#columnsOf() ?? Number.POSITIVE_INFINITY;
		const width = columns - 21 - more.length - outcome.length - asked.length;
		const name = shorten(fileName(first.path), Math.max(12, width));
		return this.#line(
			time,
			label,
			'cyan',
			`${name}${more}  ${tabs === '' ? this.#paint('dim', outcome) : outcome}${this.#paint('dim', asked)}`,
		);
	}

	#listOf(
		label: string,
		style: 'red' | 'green',
		references: readonly BrokenReference[],
		time: Date,
	): readonly string[] {
		const lines = references
			.slice(0, MOST_BROKEN)
			.map((reference) =>
				this.#line(time, label, style, label === 'broken' ? describeBroken(reference) : placeOf(reference)),
			);
		const rest = references.length - lines.length;
		return rest > 0 ? [...lines, this.#line(time, label, style, `… and ${rest} more`)] : lines;
	}

	#forbid(page: string, policy: string, time: Date): readonly string[] {
		const key = `${page}\n${policy}`;
		if (this.#forbidden.has(key) || this.#forbidden.size >= MOST_FORBIDDEN) return [];
		this.#forbidden.add(key);
		const reason = shorten(printable(policy), 200);
		return [
			`${this.#paint('dim', clockOf(time))}  no live reload in ${quoted(page)}: its Content-Security-Policy forbids it (${reason})`,
		];
	}

	#consoleLines(page: string, { level, text, at }: ConsoleMessage, time: Date): readonly string[] {
		const style = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : 'cyan';
		const place = at === '' ? '' : `${shorten(fileName(at), 100)}  `;
		const all = text.replace(/\r\n?/g, '\n').replace(/\t/g, '  ').split('\n');
		const [first = '', ...others] = all
			.slice(0, MOST_TEXT_LINES)
			.map((line) => shorten(printable(line), MOST_TEXT_WIDTH));
		const start = `${shorten(quoted(page), 100)}  ${place}${first}`;
		const rest = all.length - MOST_TEXT_LINES;
		return [
			this.#line(time, `console.${level}`, style, start),
			...others.map((line) => `${' '.repeat(10)}${line}`),
			...(rest > 0 ? [`${' '.repeat(10)}… and ${countOf(rest, 'more line')}`] : []),
		];
	}

	#line(time: Date, label: string, style: 'red' | 'green' | 'cyan' | 'yellow', text: string): string {
		return `${this.#paint('dim', clockOf(time))}  ${this.#paint(style, label.padEnd(LABEL))}  ${text}`;
	}
}

/** `in place in /about, reloaded / and 2 more`: each page once; empty where no tab has told anything. */
const describeTabs = (shown: readonly Shown[]): string =>
	(
		[
			['in place', 'in place in'],
			['reload', 'reloaded'],
		] as const
	)
		.flatMap(([how, words]) => {
			const pages = [...new Set(shown.filter((event) => event.how === how).map(({ page }) => page))];
			if (pages.length === 0) return [];
			const named = pages.slice(0, MOST_PAGES).map((page) => shorten(quoted(page), 40));
			const rest = pages.length - named.length;
			return [`${words} ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`];
		})
		.join(', ');

const describeBroken = (reference: BrokenReference): string => {
	const { suggestion } = reference;
	const hint = suggestion === undefined ? '' : `; did you mean ${printable(suggestion)}?`;
	return `${placeOf(reference)}: no such file${hint}`;
};

const placeOf = ({ from, line, url }: BrokenReference): string =>
	`${fileName(from)}:${line}  ${shorten(printable(url), 200)}`;

/** A path as the folder has it. */
const fileName = (path: string): string => printable(path.replace(/^\//, ''));
