// A request as a line of a log (pure: writing it is the command line's business).

import type { Knowledge } from './digest/knowledge.ts';
import type { LogFormat } from './option-table.ts';
import { type Channel, countVerdicts, type Plan } from './plan.ts';

/** What is told of a page view. */
export interface PageEntry {
	/** What was decided. */
	readonly plan: Plan;
	/** What that rested on. */
	readonly evidence: Knowledge['evidence'];
	/** How many links went with the document: of what was lacking or stale, the part that hints are worth it for. */
	readonly hinted: number;
}

/** What is told of a request when its answer has ended. */
export interface RequestEntry {
	readonly time: Date;
	readonly method: string;
	/** As the client wrote it. */
	readonly target: string;
	readonly protocol: 'HTTP/1.1' | 'HTTP/2';
	readonly status: number;
	/** Length of the body in bytes, pushed bodies not counted. */
	readonly bytes: number;
	/** Milliseconds from the request to the end of its answer. */
	readonly durationMs: number;
	readonly remoteAddress: string;
	readonly referer: string | undefined;
	readonly userAgent: string | undefined;
	/** For a page view. */
	readonly page: PageEntry | undefined;
}

/** One line, without line feed. What clients sent is escaped: it can neither forge lines nor colour them. */
export const formatEntry = (entry: RequestEntry, format: Extract<LogFormat, 'combined' | 'json'>): string =>
	format === 'json' ? toJsonLine(toRecord(entry)) : formatCombined(entry);

/** JSON in printable ASCII: it leaves the controls from DEL on as they are, and terminals obey some of them. */
export const toJsonLine = (record: object): string =>
	JSON.stringify(record).replace(
		/[^ -~]/g,
		(character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);

/** What `send` and `confirm` come to. */
const COUNTED: Readonly<Record<Channel, (send: number, confirm: number) => object>> = {
	push: (send, confirm) => ({ pushed: send, confirmed: confirm }),
	bundle: (send, confirm) => ({ bundled: send, confirmed: confirm }),
	hints: (send, confirm) => ({ lacking: send, stale: confirm }),
	plain: (send, confirm) => ({ lacking: send, stale: confirm }),
};

const toRecord = ({ page, ...entry }: RequestEntry): object => {
	if (page === undefined) return entry;
	const { send, confirm, skip, leave } = countVerdicts(page.plan);
	return {
		...entry,
		channel: page.plan.channel,
		evidence: page.evidence,
		...COUNTED[page.plan.channel](send, confirm),
		...(page.plan.channel === 'hints' && { hinted: page.hinted }),
		skipped: skip,
		left: leave,
		dependencies: page.plan.decisions.map(({ dependency, verdict, reason }) => ({
			url: dependency.url,
			as: dependency.as,
			verdict,
			reason,
			...(dependency.asset === undefined ? {} : { bytes: dependency.asset.size, hash: dependency.hash }),
			from: `${dependency.from}:${dependency.line}`,
		})),
	};
};

/** Apache's combined format, which log analysers read. */
const formatCombined = (entry: RequestEntry): string => {
	const [, month = '', day = '', year = '', clock = ''] =
		/^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(entry.time.toUTCString()) ?? [];
	const request = `${quoted(entry.method)} ${quoted(entry.target)} ${entry.protocol}`;
	return `${entry.remoteAddress} - - [${month}/${day}/${year}:${clock} +0000] "${request}" ${entry.status} ${entry.bytes || '-'} "${quoted(entry.referer ?? '-')}" "${quoted(entry.userAgent ?? '-')}"`;
};

/** Controls, quotes and what is beyond ASCII as escapes. */
export const quoted = (text: string): string =>
	text.replace(/[^\x20-\x7e]|["\\]/g, (character) =>
		character === '"' || character === '\\'
			? `\\${character}`
			: `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
	);
