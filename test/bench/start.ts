// (c) How long until the server listens, and until its index is complete.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { openCasper, openIndexedCasper, type Setting } from './contenders.ts';
import { placed } from './processes.ts';
import { integer, median, megabytes, milliseconds, type Row, table, verdict } from './report.ts';
import { writeLargeSite } from './sites.ts';

const listeningBarMs = 300;
const indexedBarMs = 3000;

export async function benchStart(setting: Setting): Promise<void> {
	const starts = setting.isQuick ? 3 : 5;
	const indexings = setting.isQuick ? 1 : 3;
	const rows: Row[] = [['', '', 'median', 'range', 'bar', '']];

	const node: number[] = [];
	for (let start = 0; start < starts; start += 1) node.push(await bareStart());
	rows.push(['node alone', '', ...figures(node)]);

	const many = writeLargeSite(join(setting.workplace, 'start'), 10_000, 20e6);
	const listening: number[] = [];
	for (let start = 0; start < starts; start += 1) {
		const server = await openCasper(setting, many.directory, 'all');
		listening.push(server.startMs);
		await server.close();
	}
	rows.push(['listening', sized(many), ...figures(listening, listeningBarMs)]);

	const heavy = writeLargeSite(join(setting.workplace, 'index'), 8000, 80e6);
	const indexed: number[] = [];
	for (let start = 0; start < indexings; start += 1) {
		const server = await openIndexedCasper(setting, heavy.directory);
		if (server.readyMs !== undefined) indexed.push(server.readyMs);
		await server.close();
	}
	if (indexed.length > 0) rows.push(['index complete', sized(heavy), ...figures(indexed, indexedBarMs)]);

	setting.print(
		`(c) start, from the start of the process, files in the page cache: median of ${starts} and ${indexings}`,
	);
	setting.print(table(rows));
	if (indexed.length === 0) setting.print('  FAULT serve() returned nothing with a `ready` promise');
}

function figures(values: readonly number[], bar?: number): Row {
	const own = [
		milliseconds(median(values)),
		`${integer(Math.min(...values))}–${integer(Math.max(...values))} ms`,
	];
	return bar === undefined ? own : [...own, milliseconds(bar), verdict(bar / median(values))];
}

function sized(site: { readonly files: number; readonly bytes: number }): string {
	return `${integer(site.files)} files, ${megabytes(site.bytes)}`;
}

/** What a start costs before any line of ours runs. */
async function bareStart(): Promise<number> {
	const [program, ...values] = placed([process.execPath, '-e', 'console.log()'], 'all');
	const started = performance.now();
	const child = spawn(program!, values, { stdio: ['ignore', 'pipe', 'inherit'] });
	await once(child.stdout, 'data');
	const elapsed = performance.now() - started;
	await once(child, 'exit');
	return elapsed;
}
