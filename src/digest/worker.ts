// What the service worker of a page says it holds.

import { createHash } from 'node:crypto';
import { parseHeldKeys } from './held-keys.ts';
import type { Claim, Knowledge } from './knowledge.ts';
import type { ResourceVersion } from './resource-key.ts';
import { includesKey } from './sorted-keys.ts';

const HELD: Claim = { sinceMinutes: undefined };
const known = new WeakMap<ResourceVersion, number>();

/** {@link parseHeldKeys} says how a version becomes a number. */
const heldKeyOf = (version: ResourceVersion): number => {
	let key = known.get(version);
	if (key === undefined) {
		key = createHash('sha256').update(`${version.url}\0${version.hash}`).digest().readUInt32BE(0);
		known.set(version, key);
	}
	return key;
};

/** What a digest claims; of one that cannot be read nothing. Never throws. */
export const knowledgeOfWorker = (digest: string): Knowledge => {
	const keys = parseHeldKeys(digest) ?? [];
	return {
		evidence: 'worker',
		claimOf: (version) => (includesKey(keys, heldKeyOf(version)) ? HELD : undefined),
	};
};
