// The plan against a browser: what Chromium (Debian: chromium, libnss3-tools) asks for on a first visit, next to what the
// plan of that page view says it will. Nothing but the page itself tells Chromium: no pushes, which it refuses, no hints.
//
// Figures and differences are printed, and added to a file where one is asked for:
//   DIFFERENCES=file node test/run/tests.mjs --dir test/browser deep
// The pages of Python's documentation (Debian: python3.11-doc) are drawn by a seed, which is printed, too: CASPER_SEED=…

import { appendFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hasProgram, withFolder } from '../interop/casper.ts';
import { SITES } from '../interop/sites.ts';
import { Random } from '../support/random.ts';
import { endAll, eventually, newSeed, openIndexed } from '../support/server.ts';
import { chromiumPath, openForgetfulChromium, trustCertificate } from './chromium.ts';
import { type Comparison, compare, describe, precisionOf, recallOf, sum } from './comparison.ts';
import { copyManual, manualFolder } from './manual.ts';

const deep = suite('plans and Chromium');
deep.after.each(endAll);

const test = chromiumPath !== undefined && hasProgram('certutil') ? deep : deep.skip;
if (test === deep.skip)
	console.error(
		'SKIPPED: chromium and certutil (Debian: chromium, libnss3-tools) are not both in the path, so no plan is compared',
	);

const [example, blog] = SITES;

/** Visits each page for the first time, and compares. */
const compareOn = (name: string, folder: string, pages: readonly string[]): Promise<Comparison> =>
	withFolder(async (home) => {
		// The budgets bound what is sent, not what is known.
		const budgets = { pushBudget: Number.MAX_SAFE_INTEGER, pushCount: 200 };
		const options = { storage: home, hints: false, ...budgets };
		const { server, entries } = await openIndexed(folder, { live: false, ...options });
		await trustCertificate(home, { certificate: join(home, 'localhost.pem') });
		const browser = await openForgetfulChromium(home);
		try {
			const comparisons: Comparison[] = [];
			for (const page of pages) {
				const began = entries.length;
				const { fetched } = await browser.visit(new URL(page, server.url).href);
				const view = () =>
					entries.slice(began).find(({ target, referer }) => target === page && referer === undefined)?.page;
				await eventually(`the log has the page view of ${page}`, () => view() !== undefined);
				const { plan } = view()!;
				const held = plan.decisions.filter(({ verdict }) => verdict === 'confirm' || verdict === 'skip');
				assert.equal([plan.channel, held], ['plain', []], `${page}: a stranger on a new connection`);
				comparisons.push(compare(page, fetched, plan));
			}
			const total = sum(comparisons);
			const text = describe(name, total);
			console.log(text);
			if (process.env.DIFFERENCES) appendFileSync(resolve(process.env.DIFFERENCES), `\n${text}`);
			return total;
		} finally {
			await browser.close();
		}
	});

const ICON = 'Chromium asks for icons after the load event';
const CANDIDATES = 'which candidate of a picture is best, only the browser knows';

/** All that plans and Chromium do not agree on, and why that is as it should be. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	[example.name]: {
		'idle /img/icon.svg': ICON,
		'idle /site.webmanifest':
			'Chromium reads a manifest when it may offer to install the site: not without a window',
		'missed /img/compass.svg': 'whether it is shown depends on how wide the window is',
		'missed /img/hero.webp': CANDIDATES,
		'missed /img/hessdalen-1280.webp': CANDIDATES,
	},
	[blog.name]: {
		'idle /assets/favicon.ico': ICON,
	},
};

for (const { name, folder, pages } of [example, blog])
	test(`${name}: on every page, what is planned is what Chromium asks for`, async () => {
		const { differences } = await compareOn(name, folder, pages);
		const found = new Set(differences.map(({ kind, target }) => `${kind} ${target}`));
		assert.equal([...found].sort(), Object.keys(EXPECTED[name] ?? {}).sort());
	});

const PAGES = 40;

const testManual = manualFolder === undefined ? deep.skip : test;
if (manualFolder === undefined)
	console.error(
		"SKIPPED: Python's documentation (Debian: python3.11-doc) is not installed, so no plan of its pages is compared",
	);

testManual(`Python's documentation: on ${PAGES} of its pages, plans are nearly always right`, () =>
	withFolder(async (temporary) => {
		const folder = join(temporary, 'site');
		const all = copyManual(folder);
		const seed = newSeed();
		const pages = new Random(seed).ascending(PAGES, all.length).map((index) => all[index]!);
		const total = await compareOn(`Python's documentation, CASPER_SEED=${seed}`, folder, pages);
		const figures = `CASPER_SEED=${seed}: precision ${precisionOf(total)}, recall ${recallOf(total)}`;
		assert.ok(recallOf(total) >= 0.98 && precisionOf(total) >= 0.95, figures);
	}),
);

deep.run();
