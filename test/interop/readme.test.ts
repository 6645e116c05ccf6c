// The three listings in README.md are those of real runs: the same paths, codes and asterisks; times and sizes may differ.
//
// In README.md each stands between `<!-- listing:NAME -->` and `<!-- /listing -->`, where NAME is
//   first    a first visit to public-example
//   again    the second, with the cookie of the first
//   changed  the third, after css/site.css has changed
//
// A line `… and 30 more like these, STATUS` stands for so many rows that are left out, pushed (`*`) or not.
// To write new ones, whole, as the files NAME.txt in a folder that exists:
//   LISTINGS=folder node test/run/tests.mjs --dir test/interop readme

import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hasProgram, withCasper } from './casper.ts';
import { parseTable, toLines, type Visit, visit } from './nghttp.ts';
import { SITES } from './sites.ts';

const readme = suite('README.md');
const test = hasProgram('nghttp') ? readme : readme.skip;
if (test === readme.skip)
	console.error('SKIPPED: nghttp is not in the path (Debian: nghttp2-client), so README.md is not checked');

const LISTINGS = ['first', 'again', 'changed'] as const;

/** Three visits of the root of public-example with `nghttp -ans`. */
const visitThrice = (): Promise<Record<(typeof LISTINGS)[number], Visit>> =>
	withCasper(SITES[0].folder, ['--cert'], async (casper) => {
		const first = await visit(['-a'], casper.url);
		const document = first.streams.find(({ promisedOn }) => promisedOn === undefined);
		const pair = /^[^;]+/.exec(document?.response?.['set-cookie'] ?? '')?.[0];
		const withCookie = ['-a', '-H', `cookie: ${pair}`];
		const again = await visit(withCookie, casper.url);
		await casper.touch('css/site.css', '/css/site.css');
		const changed = await visit(withCookie, casper.url);
		return { first, again, changed };
	});

/** How many of these lines are of a kind: `*304`, `200`. */
const countByKind = (lines: readonly string[]): ReadonlyMap<string, number> => {
	const counts = new Map<string, number>();
	for (const line of lines) {
		const kind = /^(\*?)\s*(\d{3})/.exec(line)?.slice(1, 3).join('') ?? '';
		counts.set(kind, (counts.get(kind) ?? 0) + 1);
	}
	return counts;
};

test('its listings of visits name the paths, codes and asterisks of real ones', async () => {
	const visits = await visitThrice();
	const folder = process.env.LISTINGS;
	if (folder)
		for (const name of LISTINGS)
			await writeFile(join(resolve(folder), `${name}.txt`), visits[name].table.trimEnd().concat('\n'));

	const text = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
	for (const name of LISTINGS) {
		const listing = new RegExp(`<!-- listing:${name} -->(.*?)<!-- /listing -->`, 's').exec(text)?.[1];
		assert.ok(listing, `README.md: has no <!-- listing:${name} --> … <!-- /listing -->`);
		const listed = toLines(parseTable(listing!));
		const real = toLines(visits[name].rows);
		assert.equal(
			listed.filter((line) => !real.includes(line)),
			[],
			`listing:${name} has what no visit has`,
		);
		const left = real.filter((line) => !listed.includes(line));
		const told = [...listing!.matchAll(/^… and (\d+) more like these, (\*?) ?(\d{3})$/gm)];
		assert.equal(
			told.map(([, count, star, status]) => `${count} ${star}${status}`).sort(),
			[...countByKind(left)].map(([kind, count]) => `${count} ${kind}`).sort(),
			`listing:${name}`,
		);
	}
});

readme.run();
