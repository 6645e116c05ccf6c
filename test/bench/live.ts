// `npm run bench:live`: how long it takes from the writing of a file until an open page shows it, in Chromium, beside vite and
// live-server in one run: for a style sheet until the page is drawn with it, for a document until it is loaded anew.
//
//   --rounds n       writes of each kind that count (default: 20)

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { settingsFor } from '../browser/chromium.ts';
import { install, openReloaders, type Peer } from '../compare/peers.ts';
import { openQuietServer } from './processes.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } });
const rounds = Number(values.rounds);

/** The first writes find everything cold. */
const WARM = 2;
/** Between writes: each finds the page at rest. */
const PAUSE_MS = 700;
const POLLING = { polling: 20, timeout: 10_000 };

const styleOf = (index: number): string => `p { color: rgb(${index % 256}, 0, 0); }\n`;
/** With all tags: live-server puts nothing into a document that leaves them out. */
const documentOf = (index: number): string => `<!doctype html>
<html><head><title>${index}</title><link rel="stylesheet" href="style.css"></head>
<body><p>text</p><script src="script.js"></script></body></html>
`;

/** In the page: notes when which colour was shown first, to a few milliseconds. */
const WATCH = `
	globalThis.seen = {};
	setInterval(() => {
		const element = document.querySelector('p');
		if (element !== null) seen[getComputedStyle(element).color] ??= performance.timeOrigin + performance.now();
	}, 2);
`;

/** Milliseconds from the writing of a style sheet until the page has its colour. */
const timeStyle = async (page: Page, folder: string, index: number): Promise<number> => {
	const wrote = performance.timeOrigin + performance.now();
	writeFileSync(join(folder, 'style.css'), styleOf(index));
	const color = JSON.stringify(`rgb(${index % 256}, 0, 0)`);
	const shown = await page.waitForFunction(`seen[${color}]`, undefined, POLLING);
	return Number(await shown.jsonValue()) - wrote;
};

/** Milliseconds from the writing of a document until the page begins to load it. */
const timeReload = async (page: Page, folder: string, index: number): Promise<number> => {
	const wrote = performance.timeOrigin + performance.now();
	writeFileSync(join(folder, 'index.html'), documentOf(index));
	await page.waitForFunction(`document.title === '${index}'`, undefined, POLLING);
	return (await page.evaluate(() => performance.timeOrigin)) - wrote;
};

const measure = async (peer: Peer, workplace: string): Promise<readonly (readonly number[])[]> => {
	const folder = join(workplace, peer.name);
	mkdirSync(folder);
	writeFileSync(join(folder, 'style.css'), styleOf(0));
	writeFileSync(join(folder, 'script.js'), '');
	writeFileSync(join(folder, 'index.html'), documentOf(0));
	const server = await openQuietServer((port) => peer.command(folder, port), 'all');
	const browser = await chromium.launch(settingsFor(workplace));
	try {
		const page = await browser.newPage();
		await page.addInitScript(WATCH);
		await page.goto(`http://localhost:${server.url.port}/`);
		await sleep(2000);
		const times: number[][] = [];
		for (const time of [timeStyle, timeReload]) {
			const taken: number[] = [];
			for (let index = 1; index <= rounds + WARM; index++) {
				taken.push(await time(page, folder, index));
				// Not in step with any clock of theirs.
				await sleep(PAUSE_MS + Math.random() * 100);
			}
			times.push(taken.slice(WARM));
		}
		return times;
	} finally {
		await browser.close();
		await server.close();
	}
};

const summaryOf = (times: readonly number[]): string => {
	const sorted = times.toSorted((a, b) => a - b);
	const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
	const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
	return `${median.toFixed(0)} (${least.toFixed(0)}–${most.toFixed(0)})`;
};

install();
const workplace = mkdtempSync(join(tmpdir(), 'casper-bench-live-'));
process.once('exit', () => rmSync(workplace, { recursive: true, force: true, maxRetries: 5 }));
console.log(
	`From the writing of a file, in ms: median (least–most) of ${rounds}; Node.js ${process.version}\n`,
);
console.log('| | style sheet drawn | reload begun |\n| --- | ---: | ---: |');
for (const peer of openReloaders()) {
	const [style = [], reload = []] = await measure(peer, workplace);
	console.log(`| ${peer.name} ${peer.version} | ${summaryOf(style)} | ${summaryOf(reload)} |`);
}
