// A folder that changes all the time, read by many: whatever is answered is one version that there has been.

import { createHash } from 'node:crypto';
import { readdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { askOn, openSession } from '../support/client.ts';
import { Random } from '../support/random.ts';
import { endAll, newSeed, openIndexed } from '../support/server.ts';

const changes = suite('a folder that changes');
changes.after.each(endAll);

const SECONDS = 60;
const READERS = 50;
const SESSIONS = 10;
const NAMES = Array.from({ length: 25 }, (_, at) => `${at}.${['html', 'css', 'js', 'txt', 'bin'][at % 5]}`);

const hashOf = (content: Uint8Array): string =>
	createHash('sha256').update(content).digest('hex').slice(0, 32);

/** Writes, renames, deletes, truncates and links, and notes every content that a file had on the way. */
class Writer {
	/** The hashes of all contents that there have been. */
	readonly versions = new Set<string>([hashOf(Buffer.alloc(0))]);
	readonly #folder: string;
	readonly #random: Random;
	readonly #contents = new Map<string, Buffer>();
	#count = 0;

	constructor(folder: string, random: Random) {
		this.#folder = folder;
		this.#random = random;
	}

	async step(): Promise<void> {
		const random = this.#random;
		const name = random.pick(NAMES);
		const file = join(this.#folder, name);
		const held = this.#contents.get(name);
		switch (random.below(6)) {
			case 0: {
				// In place and in one piece, so that there is nothing between empty and whole.
				const content = this.#newContent(4000);
				await rm(file, { force: true });
				await writeFile(file, content);
				this.#contents.set(name, content);
				return;
			}
			case 1:
			case 2: {
				// As editors and builds do: beside it, then over it.
				const content = this.#newContent(random.once(10) ? 3_000_000 : 50_000);
				const beside = join(this.#folder, `.new-${this.#count}`);
				await writeFile(beside, content);
				await rename(beside, file);
				this.#contents.set(name, content);
				return;
			}
			case 3: {
				const other = random.pick(NAMES);
				if (held === undefined || other === name) return;
				await rename(file, join(this.#folder, other));
				this.#contents.delete(name);
				this.#contents.set(other, held);
				return;
			}
			case 4:
				if (random.once(2)) {
					await rm(file, { force: true });
					this.#contents.delete(name);
				} else if (held !== undefined && held.length > 0) {
					const length = random.below(held.length);
					const rest = held.subarray(0, length);
					this.versions.add(hashOf(rest));
					await truncate(file, length);
					this.#contents.set(name, rest);
				}
				return;
			default:
				await rm(file, { force: true });
				this.#contents.delete(name);
				await symlink(random.pick(NAMES), file);
		}
	}

	#newContent(most: number): Buffer {
		const start = `${++this.#count} <link rel="stylesheet" href="${this.#random.pick(NAMES)}">`;
		const content = Buffer.alloc(start.length + this.#random.below(most), `${this.#count}, `);
		content.write(start);
		this.versions.add(hashOf(content));
		return content;
	}
}

changes('every answer is one version that there has been, with its own tag, or none', async () => {
	const seed = newSeed();
	console.log(`  seed ${seed} (repeat with CASPER_SEED=${seed})`);
	const random = new Random(seed);
	const tested = await openIndexed({});
	const writer = new Writer(tested.folder, random);
	const until = performance.now() + SECONDS * 1000;
	const wrong: string[] = [];
	const counts = { whole: 0, absent: 0, broken: 0, unmodified: 0 };

	const write = async (): Promise<void> => {
		while (performance.now() < until) {
			await writer.step();
			if (random.once(3)) await new Promise((resolve) => setTimeout(resolve, random.below(30)));
		}
	};
	const sessions = Array.from({ length: SESSIONS }, () => openSession(tested, { enablePush: false }));
	const read = async (reader: number): Promise<void> => {
		const own = new Random(seed + reader + 1);
		const session = sessions[reader % SESSIONS]!;
		let tag = '"none"';
		while (performance.now() < until) {
			const name = own.pick(NAMES);
			const answer = await askOn(session, `/${name}`, { 'if-none-match': tag }).catch(() => undefined);
			if (answer === undefined) counts.broken++;
			else if (answer.status === 200) {
				counts.whole++;
				const hash = hashOf(answer.body);
				tag = answer.fields.etag ?? '';
				if (tag !== `"${hash}"`) wrong.push(`${name}: tag ${tag}, content ${hash}`);
				if (!writer.versions.has(hash)) wrong.push(`${name}: ${answer.body.length} bytes that never were`);
				if (Number(answer.fields['content-length']) !== answer.body.length) wrong.push(`${name}: length`);
			} else if (answer.status === 304) counts.unmodified++;
			else if (answer.status === 404 || answer.status === 503) counts.absent++;
			else wrong.push(`${name}: ${answer.status}`);
		}
	};
	await Promise.all([write(), ...Array.from({ length: READERS }, (_, reader) => read(reader))]);
	console.log(`  ${JSON.stringify(counts)}, ${writer.versions.size} versions`);
	assert.equal(wrong.slice(0, 10), [], `CASPER_SEED=${seed}`);
	assert.ok(counts.whole > 1000 && counts.absent > 0);

	// When it has come to rest, what is served is what is there.
	await new Promise((resolve) => setTimeout(resolve, 2500));
	const there = new Set(await readdir(tested.folder));
	for (const name of NAMES) {
		const { status } = await askOn(sessions[0]!, `/${name}`);
		if (!there.has(name)) assert.is(status, 404, name);
	}
});

changes.run();
