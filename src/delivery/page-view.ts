// One page view: what is known of the client, the plan that follows, and the cookie that remembers it.

import {
	advanceRecord,
	type ClientRecord,
	formatRecord,
	type KeyOracle,
	parseRecord,
} from '../digest/cookie.ts';
import {
	type ConnectionRecord,
	type Knowledge,
	knowledgeOfRecord,
	NOTHING_WANTED_FROM_CACHE,
} from '../digest/knowledge.ts';
import { formatSetCookie, readCookie } from '../http/cookies.ts';
import { type Fields, refusesCached } from '../http/request.ts';

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

/** What is known of the client: the strongest evidence there is, and it alone. */
export const knowledgeOf = (
	fields: Fields,
	record: ClientRecord | undefined,
	connection: ConnectionRecord,
): Knowledge => {
	if (refusesCached(fields)) return NOTHING_WANTED_FROM_CACHE;
	return record === undefined ? connection : knowledgeOfRecord(record);
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
