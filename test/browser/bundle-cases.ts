// Cases as a table, each played in both browsers.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type Test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasProgram } from '../interop/casper.ts';
import { endAll, type Files, openIndexed } from '../support/server.ts';
import { type Engine, type EngineName, startChromium, startFirefox } from './bundle-engines.ts';
import { Stage, type StageSettings } from './bundle-stage.ts';
import { chromiumPath } from './chromium.ts';
import { firefoxPath } from './firefox.ts';

/** What happens, and what is to come of it. */
export interface Case {
	readonly name: string;
	/** The site, or the folder of one. */
	readonly input: Files | string;
	readonly settings?: StageSettings;
	/** Comes to requests as the server counts them, and to what else is to be seen. */
	readonly play: (stage: Stage) => Promise<unknown>;
	readonly want: unknown;
	/** Where a browser is to come to something else. */
	readonly wantIn?: Partial<Record<EngineName, unknown>>;
	/** Why a browser cannot be asked. */
	readonly not?: Partial<Record<EngineName, string>>;
}

const STARTS = [
	{ name: 'Chromium', program: chromiumPath, start: startChromium },
	{ name: 'Firefox', program: firefoxPath, start: startFirefox },
] as const;

/** A suite that plays every case in all browsers at once; each browser is started once for all of them. */
export const suiteOf = (title: string, cases: readonly Case[]): Test => {
	const plays = suite(title);
	const started = STARTS.filter(({ program }) => program !== undefined && hasProgram('certutil'));
	for (const { name } of STARTS)
		if (!started.some((start) => start.name === name)) {
			console.error(
				`SKIPPED: ${name} and certutil (Debian: libnss3-tools) are not both in the path, so it is not tried`,
			);
			plays.skip(`${title} in ${name}`);
		}
	if (started.length === 0) return plays;

	let home = '';
	let engines: readonly Engine[] = [];
	plays.before(async () => {
		home = await mkdtemp(join(tmpdir(), 'casper-bundle-'));
		// Makes the certificate.
		await openIndexed({}, { storage: home });
		await endAll();
		const trusted = { certificate: join(home, 'localhost.pem') };
		engines = await Promise.all(started.map(({ start }) => start(home, trusted)));
	});
	plays.after(async () => {
		await Promise.all(engines.map((engine) => engine.close()));
		// The browsers' last processes may still be writing.
		await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
	});
	plays.after.each(endAll);
	for (const each of cases) plays(titleOf(each), () => playIn(engines, home, each));
	return plays;
};

const titleOf = ({ name, not = {} }: Case): string =>
	[name, ...Object.entries(not).map(([browser, reason]) => `not in ${browser}: ${reason}`)].join(' — ');

/** Each browser has its own server: none sees anything of another. */
const playIn = async (engines: readonly Engine[], home: string, each: Case): Promise<void> => {
	const asked = engines.filter(({ name }) => each.not?.[name] === undefined);
	const came = await Promise.allSettled(
		asked.map(async (engine) => each.play(await Stage.open(engine, home, each.input, each.settings))),
	);
	const got = asked.map(({ name }, index) => {
		const outcome = came[index]!;
		return [name, outcome.status === 'fulfilled' ? outcome.value : String(outcome.reason)];
	});
	assert.equal(
		Object.fromEntries(got),
		Object.fromEntries(asked.map(({ name }) => [name, each.wantIn?.[name] ?? each.want])),
	);
};
