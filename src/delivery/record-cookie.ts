// The record cookie: what a client was given, how it comes in, how it is written, and what becomes of a wrong one. A
// record says what was given, not what was kept: a cache can be cleared while cookies stay.

import {
	advanceRecord,
	type ClientRecord,
	findClaim,
	formatRecord,
	type KeyBits,
	type KeyOracle,
	PROVISIONAL_MINUTES,
	parseRecord,
} from '../digest/cookie.ts';
import type { ConnectionRecord } from '../digest/knowledge.ts';
import type { ResourceVersion } from '../digest/resource-key.ts';
import { formatSetCookie, readCookie } from '../http/cookies.ts';
import { type Fields, fieldOf, isForwarded, isPlainRequest } from '../http/request.ts';

/** The cookie of one server: cookies ignore ports, so its name has to tell them apart. */
export interface RecordCookie {
	readonly name: string;
	readonly isSecure: boolean;
}

/** The record cookie of the server at `port`. */
export const recordCookieFor = (port: number, isSecure: boolean): RecordCookie => ({
	name: `${isSecure ? '__Host-' : ''}casper_${port}`,
	isSecure,
});

const THIRTY_DAYS_SECONDS = 2_592_000;

/** The record that a request carries; a malformed or foreign one is none. */
export const readRecord = (fields: Fields, cookie: RecordCookie): ClientRecord | undefined => {
	const text = readCookie(fields.cookie, cookie.name);
	return text === undefined ? undefined : parseRecord(text);
};

/**
 * The `Set-Cookie` value for a document: what the client came with, without what the site no longer has, and what this
 * connection gave it. `undefined` where there is nothing to remember.
 */
export const rememberIn = (
	cookie: RecordCookie,
	record: ClientRecord | undefined,
	connection: ConnectionRecord,
	oracle: KeyOracle,
	nowMinutes: number,
): string | undefined => {
	const next = advanceRecord(record, connection.gifts(), oracle, nowMinutes);
	if (next.segments.every(({ keys }) => keys.length === 0)) return undefined;
	const { isSecure } = cookie;
	return formatSetCookie(cookie.name, formatRecord(next), { isSecure, maxAgeSeconds: THIRTY_DAYS_SECONDS });
};

/**
 * So many different files have to be missed before a record is taken for wrong. Full records have narrow keys, with which
 * one in a hundred new files looks like one that was given: a single one of them says nothing.
 */
const MISSES: Readonly<Record<KeyBits, number>> = { 20: 1, 18: 2, 16: 3 };

/** The records that come in on one connection. Clients repeat theirs with each request: it is read once. */
export class IncomingRecords {
	readonly #cookie: RecordCookie;
	#field: string | undefined;
	#text: string | undefined;
	#record: ClientRecord | undefined;
	/** URLs that the client asked for though the record read last claims them. */
	readonly #missed = new Set<string>();
	/** The text of a record that was found wrong: the client may go on sending it for a while. */
	#discredited: string | undefined;

	constructor(cookie: RecordCookie) {
		this.#cookie = cookie;
	}

	/** The record that a request carries; a malformed, foreign or discredited one is none. The same for the same cookie. */
	read(fields: Fields): ClientRecord | undefined {
		const field = fieldOf(fields, 'cookie');
		if (field === undefined) return undefined;
		if (field !== this.#field) {
			const text = readCookie(field, this.#cookie.name);
			if (text !== this.#text) this.#missed.clear();
			this.#field = field;
			this.#text = text;
			this.#record = text === undefined ? undefined : parseRecord(text);
		}
		return this.#text === this.#discredited ? undefined : this.#record;
	}

	/**
	 * To be called for each GET of what is no page: where the request shows that the client does not hold what its record
	 * claims since ten minutes or more, the record counts no longer, and the `Set-Cookie` value that deletes it is
	 * returned. Younger claims are provisional: who was just given a record may still be asking for everything.
	 */
	heal(fields: Fields, version: ResourceVersion, nowMinutes: number): string | undefined {
		if (fields.cookie === undefined || !isPlainRequest(fields) || isForwarded(fields)) return undefined;
		const record = this.read(fields);
		const claim = record && findClaim(record, version);
		if (record === undefined || claim === undefined) return undefined;
		if (claim.sinceMinutes !== undefined && nowMinutes - claim.sinceMinutes < PROVISIONAL_MINUTES)
			return undefined;
		this.#missed.add(version.url);
		if (this.#missed.size < MISSES[record.keyBits]) return undefined;
		this.#discredited = this.#text;
		return formatSetCookie(this.#cookie.name, '', { isSecure: this.#cookie.isSecure, maxAgeSeconds: 0 });
	}
}
