// (c) How long until the server listens, and until its index is complete, and how much memory that takes: of a site made up,
// and of a real one, Python's documentation (Debian: python3.11-doc).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyManual, manualFolder } from '../browser/manual.ts';
import { openCasper, openIndexedCasper, type Setting } from './contenders.ts';
import { placed } from './processes.ts';
import { integer, median, megabytes, milliseconds, type Row, table, verdict } from './report.ts';
import { writeLargeSite } from './sites.ts';

const listeningBarMs = 300;
const indexedBarMs = 3000;

export async function benchStart(setting: Setting): Promise<void> {
	const starts = setting.isQuick ? 3 : 5;
	const indexings = setting.isQuick ? 1 : 3;
	const rows: Row[] = [['', '', 'median', 'range', 'bar', 'memory', '']];

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
	const cellsListening = [...figures(listening, listeningBarMs), ''];
	rows.push(['listening', sized(many), ...cellsListening, verdictOn(listening, listeningBarMs)]);

	const heavy = writeLargeSite(join(setting.workplace, 'index'), 8000, 80e6);
	const synthetic = await index(setting, heavy.directory, indexings);
	const cells = [...figures(synthetic.readyMs, indexedBarMs), memoryOf(synthetic)];
	rows.push(['index complete', sized(heavy), ...cells, verdictOn(synthetic.readyMs, indexedBarMs)]);
	if (manualFolder !== undefined) {
		const folder = join(setting.workplace, 'manual');
		copyManual(folder);
		const manual = await index(setting, folder, indexings);
		const own = [...figures(manual.readyMs), '', memoryOf(manual)];
		rows.push(["index complete, Python's manual", sized(sizeOf(folder)), ...own]);
	}

	setting.print(
		`(c) start, from the start of the process, files in the page cache: median of ${starts} and ${indexings}`,
	);
	setting.print(table(rows));
	if (manualFolder === undefined)
		setting.print("  SKIPPED Python's manual: Debian's python3.11-doc is not installed");
}

/** What the index of one site took, each time it was made. */
interface Indexing {
	readonly readyMs: readonly number[];
	/** Resident memory of the server, half a second after. */
	readonly memory: readonly number[];
}

async function index(setting: Setting, directory: string, times: number): Promise<Indexing> {
	const readyMs: number[] = [];
	const memory: number[] = [];
	for (let time = 0; time < times; time += 1) {
		const server = await openIndexedCasper(setting, directory);
		if (server.readyMs === undefined) throw new Error('serve() returned nothing with a `ready` promise');
		readyMs.push(server.readyMs);
		await sleep(500);
		memory.push(await server.memory());
		await server.close();
	}
	return { readyMs, memory };
}

function memoryOf({ memory }: Indexing): string {
	return megabytes(median(memory));
}

function sizeOf(folder: string): { readonly files: number; readonly bytes: number } {
	const sizes = readdirSync(folder, { recursive: true, encoding: 'utf8' })
		.map((name) => statSync(join(folder, name)))
		.filter((stats) => stats.isFile())
		.map(({ size }) => size);
	return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

function figures(values: readonly number[], bar?: number): Row {
	const own = [
		milliseconds(median(values)),
		`${integer(Math.min(...values))}–${integer(Math.max(...values))} ms`,
	];
	return bar === undefined ? own : [...own, milliseconds(bar)];
}

function verdictOn(values: readonly number[], bar: number): string {
	return verdict(bar / median(values));
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
