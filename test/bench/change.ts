// (d) How long from a write until the new content is served, what that costs, and the memory of a watching server.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type IndexedCasper, openIndexedCasper, type Setting } from './contenders.ts';
import { processorMs } from './processes.ts';
import {
	Faults,
	integer,
	median,
	megabytes,
	milliseconds,
	type Row,
	ratio,
	table,
	verdict,
} from './report.ts';
import { type Site, writeLargeSite } from './sites.ts';

const servedBarMs = 150;
const growthBar = 2;
const bytesEach = 4000;
const quietMs = 400;

export async function benchChange(setting: Setting): Promise<void> {
	const changes = setting.isQuick ? 5 : 10;
	const sizes = setting.isHuge ? [1000, 10_000, 50_000] : [1000, 10_000];
	const rows: Row[] = [['', '', 'to served', 'range', 'bar', 'CPU', 'memory', 'bar', '']];
	const faults = new Faults();
	const served: number[] = [];
	const costs: number[] = [];
	for (const files of sizes) {
		const site = writeLargeSite(join(setting.workplace, `change-${files}`), files, files * bytesEach);
		const server = await openIndexedCasper(setting, site.directory);
		// A watcher may have more to do than the index says; and memory is that of a server at rest.
		await sleep(500);
		const memory = await server.memory();
		const times: number[] = [];
		for (let change = 0; change < changes; change += 1) {
			const elapsed = await serveChange(server, site, change);
			if (elapsed === undefined)
				faults.add(`a change among ${integer(files)} files was not served within 5 s`);
			else times.push(elapsed);
			await sleep(100);
		}
		const cost = await changeCost(server, site, setting.isQuick ? 3 : 5);
		await server.close();
		if (times.length === 0) continue;
		served.push(median(times));
		if (cost !== undefined) costs.push(cost);
		const memoryBar = 80e6 + 1.5 * site.textBytes + 15e3 * files;
		rows.push([
			`${integer(files)} files`,
			megabytes(site.bytes),
			milliseconds(median(times)),
			`${integer(Math.min(...times))}–${integer(Math.max(...times))} ms`,
			milliseconds(servedBarMs),
			cost === undefined ? '' : milliseconds(cost),
			megabytes(memory),
			megabytes(memoryBar),
			`${verdict(servedBarMs / median(times))}; memory: ${verdict(memoryBar / memory)}`,
		]);
	}
	setting.print(
		`(d) a change to one style sheet, from the write: median of ${changes}; memory bar without content codings`,
	);
	setting.print(table(rows));
	if (served.length === sizes.length) {
		const growth = (values: readonly number[]): number => values.at(-1)! / values[0]!;
		const byCost = costs.length === sizes.length ? `, CPU × ${ratio(growth(costs))}` : '';
		const bar = `bar at 50,000 files × ${growthBar}`;
		setting.print(
			`  ${integer(sizes.at(-1)!)} against ${integer(sizes[0]!)} files: time × ${ratio(growth(served))}${byCost} (${bar})`,
		);
	}
	for (const line of faults.lines()) setting.print(line);
}

/** Writes one file and asks for it until the new content comes, in milliseconds from just before the write. */
async function serveChange(server: IndexedCasper, site: Site, change: number): Promise<number | undefined> {
	const session = connect(server.url, { rejectUnauthorized: false });
	try {
		await once(session, 'connect');
		const path = site.styles[(change * 7) % site.styles.length]!;
		await bodyOf(session, path);
		const began = performance.now();
		const written = edit(site, path, `change ${change}`);
		while (performance.now() - began < 5000) {
			// Not the tag alone: a server may look between the truncation and the write, and serve nothing under a new tag.
			if ((await bodyOf(session, path)) === written) return performance.now() - began;
			await sleep(1);
		}
		return undefined;
	} finally {
		session.destroy();
	}
}

/** Processor time of one change with nobody asking, in milliseconds, less what the server uses in the same time at rest. */
async function changeCost(server: IndexedCasper, site: Site, changes: number): Promise<number | undefined> {
	const costs: number[] = [];
	for (let change = 0; change < changes; change += 1) {
		const start = processorMs(server.process);
		await sleep(quietMs);
		const rest = processorMs(server.process);
		edit(site, site.styles[(change * 5) % site.styles.length]!, `cost ${change}`);
		await sleep(quietMs);
		const end = processorMs(server.process);
		if (start === undefined || rest === undefined || end === undefined) return undefined;
		costs.push(end - rest - (rest - start));
	}
	return median(costs);
}

function edit(site: Site, path: string, text: string): string {
	const content = `/* ${text} */\nbody { margin: 0 }\n`;
	writeFileSync(join(site.directory, path), content);
	return content;
}

async function bodyOf(session: ClientHttp2Session, path: string): Promise<string> {
	const request = session.request({ ':path': path }).setEncoding('utf8');
	let body = '';
	for await (const text of request) body += text;
	return body;
}
