// The `Cache-Digest` request field: what a client itself says it holds. Two notations, which may be mixed in one list:
//
//   AfdA; validators; stale           a Golomb-coded set with flags (draft-ietf-httpbis-cache-digest-02 §2.1, and the
//                                     appendix that puts it into a field; H2O, cache-digest.js)
//   /style.css=8f2456093274e34b, /app.8fe7404fd529.js    a path and the hash of its content; a path alone where the
//                                     name carries that hash
//
// A path begins with a slash, which base64url does not have: that tells them apart. Ignored on purpose: the frame, which
// nothing sends, and the cuckoo filters of the later drafts, which look like Golomb-coded sets.

import { type Digest, decode, MAX_DIGEST_CHARACTERS } from './dialects.ts';
import type { Claim, Knowledge } from './knowledge.ts';
import type { ResourceVersion } from './resource-key.ts';

/** Each set costs up to two hashes for each file of a page; a client that keeps to the draft needs four. */
const MAX_SETS = 8;

/** Shorter prefixes of a hash would be too easy to meet by chance, and an odd number of digits is no bytes. */
const HEX = /^(?:[0-9a-f]{2}){4,}$/i;

/** A Golomb-coded set and what its flags say. */
interface CodedSet {
	readonly digest: Digest;
	/** Its keys are those of URL and entity tag, so that it tells versions apart. */
	readonly hasValidators: boolean;
	/** What it claims of its members. */
	readonly claim: Claim;
	readonly isReset: boolean;
}

/** What is claimed of one path: hashes in lower case, each of which may be the right one; without any: the path alone. */
interface PathClaims {
	readonly hashes: string[];
	isAlone: boolean;
}

const OF_VERSION: Claim = { sinceMinutes: undefined };
const OF_URL: Claim = { sinceMinutes: undefined, isOfUrlAlone: true };

/**
 * What a `Cache-Digest` field claims; `undefined` where there is no digest in it that can be read. Elements that are
 * malformed or have an unknown flag are passed over. Bounded: more than 16,384 characters or 8 sets are no digest, and a
 * claim costs two hashes a set at most. Never throws.
 *
 * @param field repeated fields joined by commas
 * @param origin scheme and authority of the request, as sets are made of absolute URLs: `https://localhost:8443`
 */
export const knowledgeOfField = (field: string, origin: string): Knowledge | undefined => {
	if (field.length > MAX_DIGEST_CHARACTERS) return undefined;
	let sets: CodedSet[] = [];
	const paths = new Map<string, PathClaims>();
	let hasDigest = false;
	for (const element of field.split(',')) {
		const [value = '', ...flags] = element.split(';').map((part) => part.trim());
		if (value.startsWith('/')) addPath(paths, value);
		else {
			const set = parseSet(value, flags);
			if (set === undefined) continue;
			if (set.isReset) {
				sets = [];
				paths.clear();
			}
			sets.push(set);
		}
		hasDigest = true;
	}
	if (!hasDigest || sets.length > MAX_SETS) return undefined;
	return {
		evidence: 'cache-digest',
		claimOf: (version) => {
			const byPath = claimByPath(paths, version);
			return byPath === OF_VERSION ? byPath : (claimBySets(sets, origin, version) ?? byPath);
		},
	};
};

/** `undefined` for what is no set, or has a flag that changes its meaning in a way that nobody told us. */
const parseSet = (value: string, flags: readonly string[]): CodedSet | undefined => {
	// As H2O reads them: `complete=1` is `complete`, and a semicolon may have nothing behind it.
	const names = new Set(flags.map((flag) => (flag.split('=', 1)[0] ?? '').trim().toLowerCase()));
	const [hasValidators, isStale, isReset] = ['validators', 'stale', 'reset'].map((name) =>
		names.delete(name),
	);
	// That nothing else is held is what we assume of every client.
	names.delete('complete');
	names.delete('');
	const digest = names.size > 0 ? undefined : decode('cache-digest', value);
	if (digest === undefined) return undefined;
	const claim: Claim = { ...(hasValidators ? OF_VERSION : OF_URL), isFresh: !isStale };
	return { digest, hasValidators: hasValidators === true, claim, isReset: isReset === true };
};

const addPath = (paths: Map<string, PathClaims>, element: string): void => {
	const equals = element.lastIndexOf('=');
	const hash = equals === -1 ? '' : element.slice(equals + 1);
	const isMapping = HEX.test(hash);
	const path = canonical(isMapping ? element.slice(0, equals) : element);
	const claims = paths.get(path) ?? { hashes: [], isAlone: false };
	paths.set(path, claims);
	if (isMapping) claims.hashes.push(hash.toLowerCase());
	else claims.isAlone = true;
};

/** What the notation needs for itself is escaped in paths by those who write it, but need not be in ours. */
const canonical = (path: string): string =>
	path.replace(/[,;= ]|%(?:2c|3b|3d|20)/gi, (text) =>
		text.length === 1 ? encodeURIComponent(text) : text.toUpperCase(),
	);

const claimByPath = (
	paths: ReadonlyMap<string, PathClaims>,
	{ url, hash }: ResourceVersion,
): Claim | undefined => {
	const claims = paths.size === 0 ? undefined : paths.get(canonical(url));
	// Ours is itself the beginning of a hash: whoever computes it gets more digits, whoever is short of room sends fewer.
	if (claims?.hashes.some((theirs) => hash.startsWith(theirs) || theirs.startsWith(hash))) return OF_VERSION;
	return claims?.isAlone ? OF_URL : undefined;
};

const claimBySets = (
	sets: readonly CodedSet[],
	origin: string,
	version: ResourceVersion,
): Claim | undefined => {
	const url = origin + version.url;
	let ofUrl: Claim | undefined;
	for (const { digest, hasValidators, claim } of sets) {
		if (!hasValidators) {
			if (ofUrl === undefined && digest.has({ url })) ofUrl = claim;
			continue;
		}
		// The identity representation and its content codings have different tags, and are the same version all the same.
		const etag = `"${version.hash}"`;
		if (digest.has({ url, etag }) || digest.has({ url, etag: `W/${etag}` })) return claim;
	}
	return ofUrl;
};
