// What one look at the disk has found out so far, until it is published.

import type { UrlPath } from './paths.ts';
import type { Asset, Changes, Snapshot } from './snapshot.ts';
import type { Seen } from './terrain.ts';

/** One file: what was known when it was looked at, and what was there. */
interface Change {
	readonly before: Asset | undefined;
	readonly after: Asset | undefined;
}

/** The findings of one look. */
export class Findings {
	readonly seen: Seen = { file: new Set(), folder: new Set(), link: new Set() };
	/** The paths of its scope where something is other than known. */
	readonly differing: Set<UrlPath> = new Set();
	readonly #changes = new Map<UrlPath, Change>();

	note(path: UrlPath, before: Asset | undefined, after: Asset | undefined): void {
		this.#changes.set(path, { before, after });
	}

	/**
	 * Hands out what was noted, and forgets it. What a request had looked at in the meantime may be newer than what was
	 * noted: that stays as it is in `now`, and is `overtaken`.
	 */
	take(now: Snapshot): { readonly changes: Changes; readonly overtaken: readonly UrlPath[] } {
		const changes = new Map<UrlPath, Asset | undefined>();
		const overtaken: UrlPath[] = [];
		for (const [path, { before, after }] of this.#changes)
			if (now.get(path) === before) changes.set(path, after);
			else overtaken.push(path);
		this.#changes.clear();
		return { changes, overtaken };
	}
}
