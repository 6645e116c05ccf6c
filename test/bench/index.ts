// `npm run bench`: the numbers of DESIGN.md §7 that can be had without a browser, as ratios within one run. Speed never
// fails it, only a server that cannot be measured does.
//
//   --quick          under 40 s, fewer rounds and modes
//   --only a,c       some of the parts a, b, c, d
//   --huge           50,000 files in part d
//   --root folder    another casper-serve, built (default: this one)
//   -- flags         given to casper-serve's command (parts a, b and c): `npm run bench -- --quick -- --production`

import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { benchChange } from './change.ts';
import { isBuilt, type Setting } from './contenders.ts';
import { loadText } from './load.ts';
import { pinThisProcess, placesText, writeCertificate } from './processes.ts';
import { benchPushedPage } from './pushed-page.ts';
import { benchSmallFiles } from './small-files.ts';
import { benchStart } from './start.ts';

const parts = { a: benchSmallFiles, b: benchPushedPage, c: benchStart, d: benchChange };

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		quick: { type: 'boolean', default: false },
		huge: { type: 'boolean', default: false },
		only: { type: 'string', default: 'a,b,c,d' },
		root: { type: 'string', default: join(import.meta.dirname, '../..') },
	},
});
const root = resolve(values.root);
const chosen = values.only.split(',');
const unknown = chosen.find((part) => !(part in parts));

if (unknown !== undefined) {
	console.error(`--only: expected some of ${Object.keys(parts).join(',')}, got ${unknown}`);
	process.exitCode = 2;
} else if (!isBuilt(root)) {
	console.error(
		`${root}: expected a built casper-serve, got no dist/index.js or no bin/casper-serve.js; run npm run build`,
	);
	process.exitCode = 2;
} else {
	await run();
}

async function run(): Promise<void> {
	const began = performance.now();
	const workplace = mkdtempSync(join(tmpdir(), 'casper-bench-'));
	process.once('exit', () => rmSync(workplace, { recursive: true, force: true }));
	const setting: Setting = {
		root,
		casperFlags: positionals,
		workplace,
		...writeCertificate(workplace),
		isQuick: values.quick,
		isHuge: values.huge,
		print: (line) => console.log(line),
	};
	const [cpu] = cpus();
	setting.print(
		`node ${process.version}, ${cpus().length} × ${cpu?.model.trim()}, load average ${loadavg()[0]?.toFixed(2)}`,
	);
	setting.print(`${placesText}; ${loadText}\n`);
	pinThisProcess();
	for (const [name, bench] of Object.entries(parts)) {
		if (!chosen.includes(name)) continue;
		await bench(setting);
		setting.print('');
	}
	setting.print(`${Math.round((performance.now() - began) / 1000)} s`);
}
