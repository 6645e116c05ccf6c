// What a client holds, from the strongest evidence there is.

import { type ClientRecord, findClaim } from './cookie.ts';
import type { ResourceVersion } from './resource-key.ts';

/** A claim that a client holds a version. */
export interface Claim {
	/** Minutes since 1970 at which it got it, at the earliest; `undefined` where nobody knows. */
	readonly sinceMinutes: number | undefined;
	/** Whether the client itself says that its copy may be used unasked; absent where it says nothing of that. */
	readonly isFresh?: boolean;
	/** Something is held under this URL, but nothing says that it is this version. */
	readonly isOfUrlAlone?: true;
}

/** What is known of a client. Claims may be wrong: they may only ever save work, never decide content. */
export interface Knowledge {
	/** What the claims rest on. Of several the strongest is used alone. */
	readonly evidence:
		| 'none'
		| 'conditional'
		| 'connection'
		| 'cookie'
		| 'cache-digest'
		| 'worker'
		| 'no-cache';
	claimOf(version: ResourceVersion): Claim | undefined;
}

/** A stranger. */
export const NOTHING_KNOWN: Knowledge = { evidence: 'none', claimOf: () => undefined };

/** A client that wants everything anew, whatever it holds (hard reload, cache switched off). */
export const NOTHING_WANTED_FROM_CACHE: Knowledge = { evidence: 'no-cache', claimOf: () => undefined };

/** What a client's record claims. */
export const knowledgeOfRecord = (record: ClientRecord): Knowledge => ({
	evidence: 'cookie',
	claimOf: (version) => findClaim(record, version),
});

/**
 * A client that showed, by a conditional request, that it holds the document as it is: so it got what the document refers
 * to, too, at a time that nobody knows. Good enough to say what it need not look for, not to withhold a body.
 */
export const knowledgeOfCondition = (connection: Knowledge): Knowledge => ({
	evidence: 'conditional',
	claimOf: (version) => connection.claimOf(version) ?? { sinceMinutes: undefined },
});

/** Longer URLs are made up: 2000 of those that a request has room for would be over 100 MB. */
const MAX_URL_CHARACTERS = 2048;

/**
 * What a connection was given, remembered while it lasts: of each URL the version given last, which took the place of
 * those before. Bounded: the oldest go first.
 */
export class ConnectionRecord implements Knowledge {
	readonly evidence = 'connection';
	readonly #most: number;
	#revision = 0;
	readonly #given = new Map<string, { readonly version: ResourceVersion; readonly atMinutes: number }>();

	/** @param most versions remembered at most */
	constructor(most = 2000) {
		this.#most = most;
	}

	/** Notes that the client was given `version`, or showed that it holds it. */
	give(version: ResourceVersion, atMinutes: number): void {
		if (version.url.length > MAX_URL_CHARACTERS) return;
		const earlier = this.#given.get(version.url);
		if (earlier?.atMinutes === atMinutes && earlier.version.hash === version.hash) return;
		// A version given again moves to the end of what goes first.
		this.#revision++;
		this.#given.delete(version.url);
		this.#given.set(version.url, { version, atMinutes });
		if (this.#given.size > this.#most)
			for (const oldest of this.#given.keys()) return void this.#given.delete(oldest);
	}

	claimOf(version: ResourceVersion): Claim | undefined {
		const gift = this.#given.get(version.url);
		return gift?.version.hash === version.hash ? { sinceMinutes: gift.atMinutes } : undefined;
	}

	/** Another number after each change. */
	get revision(): number {
		return this.#revision;
	}

	/** Everything remembered, oldest first. */
	gifts(): Iterable<{ readonly version: ResourceVersion; readonly atMinutes: number }> {
		return this.#given.values();
	}
}
