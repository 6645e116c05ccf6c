// Requests per second for one URL: by h2load, which is written in C and so never the bottleneck, or by our raw client
// where h2load is missing.

import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { placed } from './processes.ts';
import { loadPages } from './raw-client.ts';
import { Faults } from './report.ts';

export interface Rate {
	readonly perSecond: number;
	/** How many were counted, for what each cost. */
	readonly count: number;
	readonly faults: Faults;
}

const connections = 4;
const streams = 16;

const h2loadVersion = findH2load();

export const loadText: string =
	h2loadVersion ?? 'h2load is missing (package nghttp2-client): the raw client does its work';

/** GETs one URL for a time over 4 connections with 16 requests in flight on each. `bytes`: the length of the body. */
export async function requestRate(url: URL, milliseconds: number, bytes: number): Promise<Rate> {
	if (h2loadVersion === undefined) return rawRate(url, milliseconds, bytes);
	const values = ['-t1', `-c${connections}`, `-m${streams}`, `-D${Math.round(milliseconds)}ms`, url.href];
	const [program, ...rest] = placed(['h2load', ...values], 'load');
	const { stdout } = await promisify(execFile)(program!, rest);
	return parse(stdout);
}

function parse(printed: string): Rate {
	const number = (pattern: RegExp): number => Number(pattern.exec(printed)?.[1] ?? Number.NaN);
	const faults = new Faults();
	faults.add('a request that failed', number(/(\d+) failed/));
	faults.add('a request that was cut off', number(/(\d+) errored/));
	for (const kind of [3, 4, 5]) faults.add(`a response ${kind}xx`, number(new RegExp(`(\\d+) ${kind}xx`)));
	const perSecond = number(/([\d.]+) req\/s/);
	if (!(perSecond > 0)) throw new Error(`h2load: expected a rate, got\n${printed}`);
	return { perSecond, count: number(/requests: (\d+) total/), faults };
}

async function rawRate(url: URL, milliseconds: number, bytes: number): Promise<Rate> {
	const expected = { pushes: 0, bytes };
	const load = { url, fields: {}, expected, connections, inFlight: streams, fresh: false, milliseconds };
	const { pages, seconds, faults } = await loadPages(load);
	return { perSecond: pages / seconds, count: pages, faults };
}

function findH2load(): string | undefined {
	try {
		return execFileSync('h2load', ['--version'], { encoding: 'utf8', stdio: 'pipe' }).trim();
	} catch {
		return undefined;
	}
}
