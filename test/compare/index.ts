// `npm run compare`: the table of probes, asked of our server and of others over HTTP/1.1, as Markdown for the README.
//
// Rows are right or tell in a few words what was wrong first. A server that ends during a probe is started again.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openQuietServer, type ServerProcess } from '../bench/processes.ts';
import { type Probe, RIGHT, ROWS, type Row, run, type Verdict } from '../conformance/probes.ts';
import { askHttp1 } from '../conformance/raw.ts';
import { writeSite } from '../conformance/site.ts';
import { install, openPeers, type Peer } from './peers.ts';

const ENDS = '**ends the process**';

/** One server and the site it serves. */
class Contender {
	readonly peer: Peer;
	readonly #folder: string;
	#server: ServerProcess | undefined;

	constructor(peer: Peer, folder: string) {
		this.peer = peer;
		this.#folder = folder;
	}

	/** What it makes of the rows, in their order. */
	async judge(rows: readonly Row[]): Promise<readonly Verdict[]> {
		const verdicts: Verdict[] = [];
		for (const { probes } of rows) {
			const wrong = new Set<Verdict>();
			for (const probe of probes) wrong.add(await this.#run(probe));
			wrong.delete(RIGHT);
			verdicts.push(wrong.has(ENDS) ? ENDS : ([...wrong][0] ?? RIGHT));
		}
		await this.#server?.close();
		return verdicts;
	}

	async #run(probe: Probe): Promise<Verdict> {
		this.#server ??= await openQuietServer((port) => this.peer.command(this.#folder, port), 'all');
		const { url, process } = this.#server;
		const address = { port: Number(url.port), isSecure: false };
		const verdict = await run(probe, (request) => askHttp1(address, request));
		// The end of a connection comes before that of its process; some end only after the answer.
		if (verdict !== RIGHT) await sleep(100);
		if (process.exitCode === null && process.signalCode === null) return verdict;
		this.#server = undefined;
		return ENDS;
	}
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

install();
const peers = openPeers();
const workplace = mkdtempSync(join(tmpdir(), 'casper-compare-'));
process.once('exit', () => rmSync(workplace, { recursive: true, force: true, maxRetries: 5 }));
await writeSite(workplace);

const columns: (readonly Verdict[])[] = [];
for (const peer of peers) columns.push(await new Contender(peer, workplace).judge(ROWS));

console.log(line(['', 'probe', ...peers.map(({ name }) => name)]));
console.log(line(['---', '---', ...peers.map(() => '---')]));
for (const [at, { number, name }] of ROWS.entries()) {
	const cells = columns.map((verdicts) => (verdicts[at] === RIGHT ? '✓' : (verdicts[at] ?? '')));
	console.log(line([String(number), name, ...cells]));
}
const counts = columns.map((verdicts) => verdicts.filter((verdict) => verdict === RIGHT).length);
console.log(line(['', `**right of ${ROWS.length}**`, ...counts.map((count) => `**${count}**`)]));
console.log(
	`\n${peers.map(({ name, version }) => `${name} ${version}`).join(', ')}; Node.js ${process.version}.`,
);
