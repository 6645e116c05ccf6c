// When a path was last looked at because somebody asked: none is looked at twice in a short time. Knows the time, not the
// disk.

import type { UrlPath } from './paths.ts';

/** What was found out so long ago still counts. */
const FRESH_MS = 100;
/** So many paths are remembered. */
const MOST_PATHS = 20_000;
/** Longer ones are not. */
const LONGEST_PATH = 512;

/** Paths that are looked at together. */
interface Round {
	readonly beganMs: number;
	isOver: boolean;
	work: Promise<void>;
}

/** The looks of one site that somebody asked for. */
export class Checks {
	readonly #check: (paths: UrlPath[]) => Promise<void>;
	readonly #rounds = new Map<UrlPath, Round>();

	/** @param check looks at these paths; must not throw */
	constructor(check: (paths: UrlPath[]) => Promise<void>) {
		this.#check = check;
	}

	/** Resolves once all of them have been looked at, now or a moment ago. */
	async run(paths: Iterable<UrlPath>): Promise<void> {
		const now = performance.now();
		const due: UrlPath[] = [];
		const underWay = new Set<Promise<void>>();
		const begun: Round = { beganMs: now, isOver: false, work: Promise.resolve() };
		for (const path of new Set(paths)) {
			const round = this.#rounds.get(path);
			if (round !== undefined && now - round.beganMs < FRESH_MS) {
				if (!round.isOver) underWay.add(round.work);
			} else {
				due.push(path);
				if (path.length > LONGEST_PATH) continue;
				if (this.#rounds.size >= MOST_PATHS) this.#rounds.clear();
				this.#rounds.set(path, begun);
			}
		}
		if (due.length > 0) {
			begun.work = this.#check(due).then(() => {
				begun.isOver = true;
			});
			underWay.add(begun.work);
		}
		await Promise.all(underWay);
	}
}
