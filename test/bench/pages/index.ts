// `npm run bench:pages`: how long a page takes in a browser, first and again, by the channel in which it is delivered, and
// from nginx. Each visit is in a new tab, on a new connection, with what the browser has cached. `load`: from the start of
// the navigation to the load event. Speed never fails it; a page that is wrong does not count, and is told.
//
//   --quick             3 rounds (else 7)
//   --rounds n          so many rounds
//   --browser name      chromium or firefox (else both)
//   --rtt 0,200         round trips in milliseconds (else 0,100,200)
//   --channel text      only channels that have this in their names, and the plain one
//   --markdown file     a table for people, too
//   --visits file       every visit as a line of JSON, too

import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../report.ts';
import { type BrowserName, openBrowser, programs } from './browsers.ts';
import { type Channel, openContenders } from './contenders.ts';
import { head, markdown, rowsOf, type Series } from './tables.ts';
import { playRound, type Visit } from './visits.ts';

const { values } = parseArgs({
	options: {
		quick: { type: 'boolean', default: false },
		rounds: { type: 'string' },
		browser: { type: 'string', default: 'chromium,firefox' },
		rtt: { type: 'string', default: '0,100,200' },
		channel: { type: 'string', default: '' },
		markdown: { type: 'string' },
		visits: { type: 'string' },
	},
});

const browsers = values.browser.split(',');
const roundTrips = values.rtt.split(',').map(Number);
const rounds = Number(values.rounds ?? (values.quick ? 3 : 7));
const unknown = browsers.find((name) => !(name in programs));

if (unknown !== undefined || !roundTrips.every((ms) => ms >= 0) || !(rounds >= 1)) {
	console.error('expected --browser chromium,firefox, --rtt with milliseconds and --rounds with a number');
	process.exitCode = 2;
} else await run();

async function run(): Promise<void> {
	const began = performance.now();
	const workplace = mkdtempSync(join(tmpdir(), 'casper-pages-'));
	process.once('exit', () => rmSync(workplace, { recursive: true, force: true, maxRetries: 3 }));
	const contenders = await openContenders(workplace);
	for (const what of contenders.missing) console.log(`not here, and left out: ${what}`);
	const channels = contenders.channels.filter(
		({ name }) => name === 'plain' || name.includes(values.channel),
	);
	const all: Series[] = [];
	try {
		for (const name of browsers as BrowserName[]) {
			if (programs[name] === undefined) {
				console.log(`not here, and left out: ${name}`);
				continue;
			}
			for (const roundTripMs of roundTrips) {
				const home = join(workplace, `${name}-${roundTripMs}`);
				mkdirSync(home);
				all.push(await measure(name, roundTripMs, home, channels, contenders.pem));
			}
		}
	} finally {
		await contenders.close();
	}
	if (values.markdown !== undefined) writeFileSync(values.markdown, `${markdown(all)}\n`);
	console.log(`${Math.round((performance.now() - began) / 1000)} s`);
}

async function measure(
	name: BrowserName,
	roundTripMs: number,
	home: string,
	channels: readonly Channel[],
	pem: string,
): Promise<Series> {
	const visits: Visit[] = [];
	const loads = [loadavg()[0]!];
	const browser = await openBrowser(name, home, { certificate: pem });
	try {
		// The first of all visits finds a browser that is still starting up.
		await playRound(0, browser, channels.slice(0, 1), 0, () => {});
		for (let round = 1; round <= rounds; round++) {
			await playRound(round, browser, channels, roundTripMs, (visit) => {
				visits.push(visit);
				if (values.visits !== undefined)
					appendFileSync(values.visits, `${JSON.stringify({ browser: name, roundTripMs, ...visit })}\n`);
			});
			loads.push(loadavg()[0]!);
		}
	} finally {
		await browser.close();
	}
	const series: Series = { browser: name, roundTripMs, visits };
	const span = [Math.min(...loads), Math.max(...loads)].map((load) => load.toFixed(1)).join('–');
	console.log(`\n${browser.version}, round trip ${roundTripMs} ms, ${rounds} rounds, load average ${span}`);
	console.log(table([head, ...rowsOf(series)]));
	for (const { round, scenario, channel, faults } of visits)
		if (faults.length > 0)
			console.log(`  WRONG ${channel}, ${scenario}, round ${round}: ${faults.join('; ')}`);
	return series;
}
