// Requests as lines for whoever works on a site: one for each showing of a page, aligned (pure).

import { type PageEntry, quoted, type RequestEntry } from '../log.ts';
import { countVerdicts } from '../plan.ts';
import type { AssetCounts, Told } from './page-visits.ts';
import { clockOf, countOf, type Paint, shorten, sizeOf } from './text.ts';

/** How lines are to look. */
export interface LineLook {
	readonly paint: Paint;
	/** Characters in a line; `undefined`: as many as there are. */
	readonly columns: number | undefined;
}

/** What stands before the path: time, status and milliseconds. */
const PREFIX = 24;
const LEAST_PATH = 8;
/** What is counted to 0 goes where there is less room than this. */
const ROOMY = 128;
/** Characters for the path and for the verdicts, so that the lines of usual pages are aligned. */
const ROOMY_CELLS = { path: 24, verdicts: 49 } as const;
const NARROW_CELLS = { path: 16, verdicts: 32 } as const;

/** How much is said of a page's plan: with what is counted to 0, without that, or without what did not travel, too. */
type Detail = 'whole' | 'short' | 'least';

/** The line of a request, and one for each of the first files that a page could not get. */
export const formatTold = ({ entry, assets }: Told, look: LineLook): readonly string[] => {
	const { paint, columns } = look;
	const isRoomy = columns === undefined || columns >= ROOMY;
	const cells = isRoomy ? ROOMY_CELLS : NARROW_CELLS;
	const whole = `${entry.method === 'GET' ? '' : `${quoted(entry.method)} `}${quoted(entry.target)}`;
	const parts = assets === undefined ? [] : describeAssets(assets);
	const partsWidth = parts.map(({ text }) => text).join(', ').length;
	const room = (columns ?? Number.POSITIVE_INFINITY) - PREFIX - 2 - (partsWidth === 0 ? 0 : partsWidth + 2);

	// Aligned where there is room for it, whole where there is, else with less detail, and the path without its middle.
	const details: readonly Detail[] = isRoomy ? ['whole', 'short', 'least'] : ['short', 'least'];
	const wordings = details.map((detail) => describe(entry, detail));
	const usualPath = Math.max(LEAST_PATH, Math.min(whole.length, cells.path));
	const words = wordings.find(({ length }) => usualPath + length <= room) ?? wordings.at(-1) ?? '';
	const isAligned = Math.max(whole.length, cells.path) + Math.max(words.length, cells.verdicts) <= room;
	const pathRoom = Math.max(LEAST_PATH, room - words.length);
	const aligned = partsWidth > 0 && isAligned ? words.padEnd(cells.verdicts) : words;
	const line = [
		paint('dim', clockOf(entry.time)),
		paint(colourOf(entry.status), String(entry.status).padStart(3)),
		paint('dim', durationOf(entry.durationMs).padStart(7)),
		shorten(whole, pathRoom).padEnd(Math.min(cells.path, pathRoom)),
		entry.page === undefined ? paint('dim', aligned) : aligned,
		...(partsWidth > 0 ? [parts.map(({ text, style }) => paint(style, text)).join(', ')] : []),
	].join('  ');
	return [line, ...describeFailed(assets, look)];
};

const describe = ({ page, bytes }: RequestEntry, detail: Detail): string =>
	page === undefined ? sizeOf(bytes) : describePage(page, detail);

/** `0.4 ms`, `73.4 ms`, `1234 ms`. */
const durationOf = (ms: number): string => `${ms < 99.95 ? ms.toFixed(1) : Math.round(ms)} ms`;

const colourOf = (status: number): 'red' | 'yellow' | 'cyan' | 'green' =>
	status >= 500 ? 'red' : status >= 400 ? 'yellow' : status >= 300 ? 'cyan' : 'green';

const describeAssets = ({
	files,
	bytes,
	unchanged,
	failures,
}: AssetCounts): readonly { readonly text: string; readonly style: 'dim' | 'red' }[] => {
	if (files === 0) return [];
	const parts = [countOf(files, 'file'), sizeOf(bytes), ...(unchanged > 0 ? [`${unchanged} × 304`] : [])];
	return [
		{ text: `+ ${parts.join(', ')}`, style: 'dim' },
		...(failures > 0 ? [{ text: `${failures} failed`, style: 'red' } as const] : []),
	];
};

const describeFailed = (assets: AssetCounts | undefined, { paint, columns }: LineLook): readonly string[] => {
	if (assets === undefined) return [];
	const { failed, failures } = assets;
	const indent = ' '.repeat(PREFIX);
	const most = columns === undefined ? Number.POSITIVE_INFINITY : columns - PREFIX;
	const lines = failed.map(
		({ status, target }) =>
			`${' '.repeat(10)}${paint('red', String(status).padStart(3))}${' '.repeat(PREFIX - 13)}${shorten(quoted(target), most)}`,
	);
	return failures > failed.length ? [...lines, `${indent}… and ${failures - failed.length} more`] : lines;
};

const describePage = ({ plan, hinted }: PageEntry, detail: Detail): string => {
	const { send, confirm, skip, leave } = countVerdicts(plan);
	const words = (...counts: readonly (readonly [count: number, word: string])[]): string => {
		const all =
			detail === 'least' ? counts : [...counts, [skip, 'skipped'] as const, [leave, 'left'] as const];
		const counted = detail === 'whole' ? all : all.filter(([count]) => count > 0);
		const told = counted.length === 0 ? all.slice(0, 1) : counted;
		return `${plan.channel}: ${told.map(([count, word]) => `${count} ${word}`).join(', ')}`;
	};
	switch (plan.channel) {
		case 'push':
			return words([send, 'pushed'], [confirm, 'confirmed']);
		case 'bundle':
			return words([send, 'sent'], [confirm, 'confirmed']);
		case 'hints':
			return detail === 'whole'
				? words([hinted, `hinted of ${send} lacking`], [confirm, 'stale'])
				: words([hinted, `of ${send + confirm} hinted`]);
		case 'plain':
			return words([send, 'lacking'], [confirm, 'stale']);
	}
};
