// The record that a client carries for us: which versions of which resources it was given, and when.
//
// Bits, most significant first, as base64url:
//   3 version (1) | 2 key width (0: 20, 1: 18, 2: 16 bits) | 2 number of stamped segments
//   then the ageless segment and the stamped ones, oldest first, each:
//   [28 minutes since 1970, stamped segments only] | 10 number of keys | 5 remainder bits | the keys as a Golomb-Rice set
//   zero bits up to a whole byte.
// A fixed key width, unlike one that follows the number of keys, lets records be merged, aged and pruned without the URLs.

import { BitReader, BitWriter, formatBase64url, parseBase64url } from './bits.ts';
import { bestRemainderBits, decodeKeys, encodeKeys, type GolombParameters } from './golomb.ts';
import { KEY_BITS, keyOf, type ResourceVersion } from './resource-key.ts';
import { includesKey } from './sorted-keys.ts';

/** What was given at about the same time. */
export interface Segment {
	/** Minutes since 1970 at which the oldest member was given; `undefined` where age does not matter. */
	readonly sinceMinutes: number | undefined;
	/** Ascending, without repetition, each below 2^keyBits. */
	readonly keys: readonly number[];
}

/** What a client holds as far as we gave it to it. */
export interface ClientRecord {
	/** Width of every key; narrower ones are the top bits of wider ones. */
	readonly keyBits: KeyBits;
	/** First the segment without age, then up to three with one, oldest first. */
	readonly segments: readonly [Segment, ...Segment[]];
}

/** A gift that a record has not got yet. */
export interface Gift {
	readonly version: ResourceVersion;
	/** Minutes since 1970. */
	readonly atMinutes: number;
}

/** What the site says of a key of `keyBits` bits; several resources can share a key. */
export interface KeyOracle {
	/** Whether some version that the site has now bears this key. */
	isCurrent(key: number, keyBits: number): boolean;
	/** Whether its age decides if it may be used without asking: true for a `max-age` that is not for ever. */
	needsAge(key: number, keyBits: number): boolean;
}

export type KeyBits = 20 | 18 | 16;

/** Longest text of a record in characters. Browsers drop a cookie whole above 4096, so it must never come near. */
export const MAX_RECORD_CHARACTERS = 1000;

/** For so long, in minutes, a claim is provisional: a client that just got it may still be asking for everything. */
export const PROVISIONAL_MINUTES = 10;

const VERSION = 1;
const WIDTHS: readonly KeyBits[] = [20, 18, 16];
const MAX_STAMPED = 3;
const MAX_KEYS = 2 ** 10 - 1;
/** So few need not be tried: even 22 bits for each, more than Rice's code ever takes here, leave room for all stamps. */
const SURELY_FITTING_KEYS = 250;
const NO_KEYS: Segment = { sinceMinutes: undefined, keys: [] };

const parametersOf = (remainderBits: number): GolombParameters => ({ remainderBits, stop: 1, bias: 1 });

/** The record that `text` stands for; `undefined` for anything {@link formatRecord} would not have written. */
export const parseRecord = (text: string): ClientRecord | undefined => {
	if (text.length > MAX_RECORD_CHARACTERS) return undefined;
	const bytes = parseBase64url(text);
	if (bytes === undefined) return undefined;
	const reader = new BitReader(bytes);
	if (reader.read(3) !== VERSION) return undefined;
	const keyBits = WIDTHS[reader.read(2) ?? WIDTHS.length];
	const stamped = reader.read(2);
	if (keyBits === undefined || stamped === undefined) return undefined;
	const segments: Segment[] = [];
	for (let index = 0; index <= stamped; index++) {
		const segment = readSegment(reader, index > 0, keyBits);
		if (segment === undefined || sinceOf(segment) < sinceOf(segments.at(-1))) return undefined;
		segments.push(segment);
	}
	const [ageless, ...others] = segments;
	if (ageless === undefined || reader.remaining >= 8 || reader.read(reader.remaining) !== 0) return undefined;
	return { keyBits, segments: [ageless, ...others] };
};

const readSegment = (reader: BitReader, isStamped: boolean, keyBits: KeyBits): Segment | undefined => {
	const sinceMinutes = isStamped ? reader.read(28) : undefined;
	const count = reader.read(10);
	const remainderBits = reader.read(5);
	if (count === undefined || remainderBits !== bestRemainderBits(count, keyBits)) return undefined;
	const keys = decodeKeys(reader, parametersOf(remainderBits), count);
	if (keys.length !== count || (keys.at(-1) ?? 0) >= 2 ** keyBits) return undefined;
	return { sinceMinutes, keys };
};

/** The text of `record`, without regard to its length: see {@link fitRecord}. */
export const formatRecord = (record: ClientRecord): string => {
	const writer = new BitWriter();
	writer.write(VERSION, 3);
	writer.write(WIDTHS.indexOf(record.keyBits), 2);
	writer.write(record.segments.length - 1, 2);
	for (const { sinceMinutes, keys } of record.segments) {
		const remainderBits = bestRemainderBits(keys.length, record.keyBits);
		if (sinceMinutes !== undefined) writer.write(sinceMinutes, 28);
		writer.write(keys.length, 10);
		writer.write(remainderBits, 5);
		encodeKeys(writer, keys, parametersOf(remainderBits));
	}
	return formatBase64url(writer.toBytes(0));
};

/** What `record` claims of `version`: `undefined`, or when at the earliest it was given (if an age is known). */
export const findClaim = (
	record: ClientRecord,
	version: ResourceVersion,
): { readonly sinceMinutes: number | undefined } | undefined => {
	const key = narrow(keyOf(version), KEY_BITS, record.keyBits);
	return record.segments.findLast(({ keys }) => includesKey(keys, key));
};

/**
 * The record to write next: `record` with `gifts`, without what the site no longer has, aged to `nowMinutes`, and cut
 * to fit. Whatever is lost on the way can only cost a transfer too many.
 */
export const advanceRecord = (
	record: ClientRecord | undefined,
	gifts: Iterable<Gift>,
	oracle: KeyOracle,
	nowMinutes: number,
): ClientRecord => {
	const { keyBits, segments } = prune(record, oracle);
	const ageless = new Set(segments[0].keys);
	const fresh = new Set<number>();
	let freshSince = nowMinutes;

	const settle = (key: number, sinceMinutes: number): boolean => {
		const isSettled = nowMinutes - sinceMinutes >= PROVISIONAL_MINUTES && !oracle.needsAge(key, keyBits);
		if (isSettled) ageless.add(key);
		return isSettled;
	};

	for (const { version, atMinutes } of gifts) {
		const key = narrow(keyOf(version), KEY_BITS, keyBits);
		// A connection remembers what was edited since, too, and URLs that no page refers to.
		if (!oracle.isCurrent(key, keyBits) || ageless.has(key) || settle(key, atMinutes)) continue;
		fresh.add(key);
		freshSince = Math.min(freshSince, atMinutes);
	}

	const stamped: Segment[] = [];
	for (const { sinceMinutes, keys } of segments.slice(1)) {
		if (sinceMinutes === undefined) continue;
		// A stamp from the future tells of a clock that was set back: the claim stands, its age counts from now.
		const since = Math.min(sinceMinutes, nowMinutes);
		const left = keys.filter((key) => !fresh.has(key) && !settle(key, since));
		if (left.length > 0) stamped.push({ sinceMinutes: since, keys: left });
	}
	if (fresh.size > 0) stamped.push({ sinceMinutes: freshSince, keys: ascending(fresh) });
	stamped.sort((a, b) => sinceOf(a) - sinceOf(b));

	return fitRecord({
		keyBits,
		segments: [{ sinceMinutes: undefined, keys: ascending(ageless) }, ...joinOldest(stamped)],
	});
};

const prune = (record: ClientRecord | undefined, oracle: KeyOracle): ClientRecord => {
	const empty: ClientRecord = { keyBits: KEY_BITS, segments: [NO_KEYS] };
	if (record === undefined) return empty;
	const [first, ...others] = record.segments.map(({ sinceMinutes, keys }) => ({
		sinceMinutes,
		keys: keys.filter((key) => oracle.isCurrent(key, record.keyBits)),
	}));
	// With nothing left the next keys can be as wide as they come again.
	if (first === undefined || [first, ...others].every(({ keys }) => keys.length === 0)) return empty;
	return { keyBits: record.keyBits, segments: [first, ...others] };
};

const joinOldest = (stamped: readonly Segment[]): Segment[] => {
	const joined = [...stamped];
	while (joined.length > MAX_STAMPED) {
		const [oldest, next] = joined.splice(0, 2);
		if (oldest !== undefined && next !== undefined)
			joined.unshift({
				sinceMinutes: oldest.sinceMinutes,
				keys: ascending(new Set([...oldest.keys, ...next.keys])),
			});
	}
	return joined;
};

/** `record` in at most {@link MAX_RECORD_CHARACTERS}: first narrower keys, then without its oldest ones. */
export const fitRecord = (record: ClientRecord): ClientRecord => {
	const total = record.segments.reduce((sum, { keys }) => sum + keys.length, 0);
	if (total <= SURELY_FITTING_KEYS) return record;
	const fits = (candidate: ClientRecord): boolean =>
		candidate.segments.every(({ keys }) => keys.length <= MAX_KEYS) &&
		formatRecord(candidate).length <= MAX_RECORD_CHARACTERS;

	let fitting = record;
	for (const keyBits of WIDTHS) {
		if (keyBits < fitting.keyBits) fitting = narrowRecord(fitting, keyBits);
		if (fits(fitting)) return fitting;
	}
	// Bisection over how many of the oldest keys go: each trial formats once, so a large record costs ten, not hundreds.
	let tooFew = 0;
	let enough = fitting.segments.reduce((sum, { keys }) => sum + keys.length, 0);
	while (enough - tooFew > 1) {
		const middle = (tooFew + enough) >> 1;
		if (fits(dropOldest(fitting, middle))) enough = middle;
		else tooFew = middle;
	}
	return dropOldest(fitting, enough);
};

const narrowRecord = ({ keyBits, segments: [first, ...others] }: ClientRecord, to: KeyBits): ClientRecord => {
	const narrowed = ({ sinceMinutes, keys }: Segment): Segment => ({
		sinceMinutes,
		keys: ascending(new Set(keys.map((key) => narrow(key, keyBits, to)))),
	});
	return { keyBits: to, segments: [narrowed(first), ...others.map(narrowed)] };
};

const dropOldest = ({ keyBits, segments: [first, ...others] }: ClientRecord, count: number): ClientRecord => {
	let left = count;
	const drop = ({ sinceMinutes, keys }: Segment): Segment => {
		const kept = keys.slice(left);
		left = Math.max(0, left - keys.length);
		return { sinceMinutes, keys: kept };
	};
	return { keyBits, segments: [drop(first), ...others.map(drop).filter(({ keys }) => keys.length > 0)] };
};

const sinceOf = (segment: Segment | undefined): number => segment?.sinceMinutes ?? 0;

const narrow = (key: number, from: number, to: number): number => key >>> (from - to);

const ascending = (keys: Iterable<number>): number[] => [...keys].sort((a, b) => a - b);
