// Whether the watch of a folder sees what happens there: by what kind of file system it is, by a touch of our own, and by
// what is found that nothing had told of.

import { constants } from 'node:fs';
import { open, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { UrlPath } from './paths.ts';
import { fileOf } from './scan.ts';
import { foldersAbove } from './terrain.ts';
import type { Blindness } from './watcher-blindness.ts';
import { farFilesystemOf } from './watcher-filesystems.ts';
import { Told } from './watcher-told.ts';

/** What was not told for so long is not told. */
const PATIENCE_MS = 1000;
/** Our own touches before that: of the first one the folder may just have been replaced. */
const TOUCHES = 2;
/** What was told so long before it was found may have told of it: a new folder is watched some time after it came. */
const BEFORE_MS = 2000;

/** So many changes at a time are waited for: one that is not told is enough. */
const MOST_EXPECTED = 100;

/** Of Node's systems, only Linux has it; and only there a touch that changes nothing is told. */
const isLinux = constants.O_NOATIME !== undefined;

/** The sight of one watch, from before it begins until it is closed. Once it is blind it stays so. */
export class Sight {
	readonly #root: string;
	readonly #onBlind: (blindness: Blindness) => void;
	readonly #told = new Told();
	readonly #timers = new Set<NodeJS.Timeout>();
	#isWatching = false;
	/** Whether our own touch is yet to be told. */
	#isTouching = false;
	#isBlind = false;
	#isEnded = false;

	/** @param onBlind is called once at most, with the first reason */
	constructor(root: string, onBlind: (blindness: Blindness) => void) {
		this.#root = root;
		this.#onBlind = onBlind;
	}

	/** Looks at what kind of file system it is. Never throws. */
	async examine(): Promise<void> {
		const type = await statfs(this.#root).then(
			(facts) => facts.type,
			() => 0,
		);
		const filesystem = farFilesystemOf(type);
		if (filesystem !== undefined) this.lose({ kind: 'far', filesystem });
	}

	/** From now on there are events, and everything was looked at since. Tries whether there are. Never throws. */
	async begin(): Promise<void> {
		this.#isWatching = true;
		if (isLinux) await this.#touch(TOUCHES);
	}

	/** Something happened at `name` in what is watched as `watched`: a folder, or the file of this name itself. */
	tell(watched: string, name: string): void {
		if (this.#isBlind) return;
		if (this.#isTouching && watched === this.#root && name === basename(watched)) {
			// It would explain whatever else is found.
			this.#isTouching = false;
			return;
		}
		const now = performance.now();
		this.#told.note(join(watched, name), now);
		if (basename(watched) === name) this.#told.note(watched, now);
	}

	/** The folder at `path` is another one than before: it may be watched a little later. */
	excuse(path: UrlPath): void {
		if (this.#isWatching) this.#told.note(fileOf(this.#root, path), performance.now());
	}

	/** The file at `path`, which no link leads to, was found to be other than known: there is to be an event. */
	expect(path: UrlPath): void {
		if (!this.#isWatching || this.#isBlind) return;
		const files = [...foldersAbove(path), path].map((above) => fileOf(this.#root, above));
		const sinceMs = performance.now() - BEFORE_MS;
		this.#later(() => {
			if (!this.#told.isTold(files, sinceMs)) this.lose({ kind: 'missed', path });
		});
	}

	/** The watch does not see everything, and that is why. */
	lose(blindness: Blindness): void {
		if (this.#isBlind || this.#isEnded) return;
		this.#isBlind = true;
		this.#onBlind(blindness);
	}

	end(): void {
		this.#isEnded = true;
		for (const timer of this.#timers) clearTimeout(timer);
	}

	async #touch(tries: number): Promise<void> {
		if (this.#isBlind || this.#isEnded) return;
		this.#isTouching = true;
		if (await isTouched(this.#root))
			this.#later(() => {
				if (!this.#isTouching) return;
				if (tries > 1) void this.#touch(tries - 1);
				else this.lose({ kind: 'silent' });
			});
		else this.#isTouching = false;
	}

	/** Calls `judge` once there was time enough to be told. */
	#later(judge: () => void): void {
		if (this.#isEnded || this.#timers.size >= MOST_EXPECTED) return;
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			// Of a busy process, the events that have come in the meantime are read after the timers that are due.
			setImmediate(judge);
		}, PATIENCE_MS);
		this.#timers.add(timer);
	}
}

/** Gives the folder the owner that it has, which leaves everything as it is but the time of that. Returns whether it could. */
const isTouched = async (folder: string): Promise<boolean> => {
	try {
		const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
		try {
			await handle.chown((await handle.stat()).uid, -1);
			return true;
		} finally {
			await handle.close();
		}
	} catch {
		// Not ours, or read-only.
		return false;
	}
};
