// (b) Pages per second where each page is a document and 20 pushes, TLS and HTTP/2, one core.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBare, openCasper, type Setting } from './contenders.ts';
import type { Rate } from './load.ts';
import type { ServerProcess } from './processes.ts';
import { loadPages, type PageLoad } from './raw-client.ts';
import { bodyOf, type RecordedPage, recordSettled } from './recording.ts';
import { Faults, table } from './report.ts';
import { type Plan, playRounds, rateHead } from './rounds.ts';
import { pushedAssets, writePushSite } from './sites.ts';

const goals = { bare: { bar: 0.85, floor: 0.7 } };

// A navigation, as a browser asks for it. No content coding, so that the bytes can be checked against the files.
const navigation = {
	'user-agent': 'casper-bench',
	accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
	'sec-fetch-mode': 'navigate',
	'sec-fetch-dest': 'document',
} as const;

// On one connection no body is pushed twice, unless the request says that nothing is held: then each view is the first.
const firstView = { ...navigation, 'cache-control': 'no-cache' } as const;

type Mode = Pick<PageLoad, 'fields' | 'connections' | 'inFlight' | 'fresh'>;

const modes: Readonly<Record<string, Mode>> = {
	'1 in flight': { fields: firstView, connections: 1, inFlight: 1, fresh: false },
	'4 in flight': { fields: firstView, connections: 1, inFlight: 4, fresh: false },
	'a connection each': { fields: navigation, connections: 8, inFlight: 1, fresh: true },
};

export async function benchPushedPage(setting: Setting): Promise<void> {
	const plan: Plan = setting.isQuick
		? { rounds: 3, milliseconds: 500, warmUpMs: 600 }
		: { rounds: 7, milliseconds: 700, warmUpMs: 1000 };
	const { directory } = writePushSite(join(setting.workplace, 'push'));
	const casper = await openCasper(setting, directory, 'one');

	setting.print(
		`(b) a page with ${pushedAssets} pushes, pages/s: median of ${plan.rounds} rounds of ${plan.milliseconds} ms; raw client`,
	);
	const rows = [rateHead];
	const faults = new Faults();
	for (const [what, mode] of Object.entries(modes)) {
		if (setting.isQuick && mode === modes['1 in flight']) continue;
		const isWrong = ([page]: readonly RecordedPage[]) => faultsOf(page!, directory);
		const recorded = await recordSettled(casper.url, ['/'], mode.fields, isWrong);
		faults.addAll(recorded.faults, what);
		const page = recorded.recording[0]!;
		const bodies = [page, ...page.pushes].map((response) => bodyOf(response).length);
		const expected = { pushes: page.pushes.length, bytes: bodies.reduce((sum, length) => sum + length) };
		const bare = await openBare(setting, 'bare-push.ts', [page]);
		const contender = (name: string, server: ServerProcess) => ({
			name,
			server,
			run: (milliseconds: number) => pageRate({ ...mode, url: server.url, expected, milliseconds }),
		});
		const played = await playRounds(
			what,
			[contender('casper', casper), contender('bare', bare)],
			goals,
			plan,
		);
		await bare.close();
		rows.push(...played.rows);
		faults.addAll(played.faults, what);
	}
	setting.print(table(rows));
	for (const line of faults.lines()) setting.print(line);
	await casper.close();
}

async function pageRate(load: PageLoad): Promise<Rate> {
	const { pages, seconds, faults } = await loadPages(load);
	return { perSecond: pages / seconds, count: pages, faults };
}

/** In what the recorded page is not the page that was to be measured. The bare server repeats it all the same. */
function faultsOf(page: RecordedPage, directory: string): Faults {
	const faults = new Faults();
	const stored = (path: string): Buffer => readFileSync(join(directory, path === '/' ? 'index.html' : path));
	const paths = new Set(page.pushes.map((push) => push.path));
	if (paths.size !== pushedAssets || page.pushes.length !== pushedAssets) {
		faults.add(
			`casper-serve pushed ${page.pushes.length} responses for ${paths.size} URLs instead of ${pushedAssets}`,
		);
	}
	for (const response of [page, ...page.pushes]) {
		if (response.path.startsWith('/.casper/')) faults.add(`${response.path} is pushed with the page`);
		else if (!bodyOf(response).equals(stored(response.path)))
			faults.add(`${response.path} is not sent as it is stored`);
	}
	return faults;
}
