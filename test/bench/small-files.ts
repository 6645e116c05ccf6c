// (a) Requests per second for one small file, TLS and HTTP/2, one core.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBare, openCasper, openSirv, type Setting } from './contenders.ts';
import { requestRate } from './load.ts';
import type { ServerProcess } from './processes.ts';
import { bodyOf, type RecordedPage, recordSettled } from './recording.ts';
import { Faults, table } from './report.ts';
import { type Contender, type Plan, playRounds, rateHead } from './rounds.ts';
import { smallFiles, writeSmallFilesSite } from './sites.ts';

const goals = { bare: { bar: 0.85, floor: 0.7 }, sirv: { bar: 4, floor: 3 } };

export async function benchSmallFiles(setting: Setting): Promise<void> {
	const plan: Plan = setting.isQuick
		? { rounds: 3, milliseconds: 500, warmUpMs: 600 }
		: { rounds: 7, milliseconds: 700, warmUpMs: 1000 };
	const { directory } = writeSmallFilesSite(join(setting.workplace, 'small'));
	const files = Object.entries(smallFiles).filter(([size]) => !setting.isQuick || size === '2 KB');
	const casper = await openCasper(setting, directory, 'one');
	const isWrong = (recording: readonly RecordedPage[]) => faultsOf(recording, directory);
	const { recording, faults } = await recordSettled(casper.url, Object.values(smallFiles), {}, isWrong);
	const bare = await openBare(setting, 'bare-files.ts', recording);
	const sirv = await openSirv(setting, directory);

	setting.print(`(a) one small file, requests/s: median of ${plan.rounds} rounds of ${plan.milliseconds} ms`);
	const rows = [rateHead];
	for (const [size, path] of files) {
		const bytes = readFileSync(join(directory, path)).length;
		const contender = (name: string, server: ServerProcess): Contender => {
			const url = new URL(path, server.url);
			return { name, server, run: (milliseconds) => requestRate(url, milliseconds, bytes) };
		};
		const contenders = [contender('casper', casper), contender('bare', bare), contender('sirv', sirv)];
		const played = await playRounds(size, contenders, goals, plan);
		rows.push(...played.rows);
		faults.addAll(played.faults, size);
	}
	setting.print(table(rows));
	for (const line of faults.lines()) setting.print(line);
	await Promise.all([casper.close(), bare.close(), sirv.close()]);
}

function faultsOf(recording: readonly RecordedPage[], directory: string): Faults {
	const faults = new Faults();
	for (const response of recording) {
		const isAsStored = bodyOf(response).equals(readFileSync(join(directory, response.path)));
		if (!isAsStored) faults.add(`casper-serve does not send ${response.path} as it is stored`);
	}
	return faults;
}
