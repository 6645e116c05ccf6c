// The key of our own digests: a version of a resource as a number.

import { createHash } from 'node:crypto';

/** A version of a resource: where it is and what its bytes are. */
export interface ResourceVersion {
	/** Path and query as a browser serialises them: `/img/a%20b.svg?v=2`. */
	readonly url: string;
	/** The content hash of the identity representation. */
	readonly hash: string;
}

/** Bits of a full key. Narrower keys are its top bits, so that sets of different widths can be merged. */
export const KEY_BITS = 20;

const known = new WeakMap<ResourceVersion, number>();

/** The top {@link KEY_BITS} bits of SHA-256(url NUL hash): a changed file has another key. */
export const keyOf = (version: ResourceVersion): number => {
	let key = known.get(version);
	if (key === undefined) {
		const digest = createHash('sha256').update(`${version.url}\0${version.hash}`).digest();
		key = digest.readUIntBE(0, 3) >> 4;
		known.set(version, key);
	}
	return key;
};
