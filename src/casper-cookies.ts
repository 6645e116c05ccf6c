// The cookies that tell what a client was given: go-casper's, H2O's and our own.

import { type RecordCookie, readRecord, recordCookieFor, rememberIn } from './delivery/record-cookie.ts';
import type { KeyOracle } from './digest/cookie.ts';
import {
	type Dialect,
	type DialectParameters,
	type Digest,
	type DigestResource,
	decode,
	encode,
} from './digest/dialects.ts';
import { type ConnectionRecord, knowledgeOfRecord, NOTHING_KNOWN } from './digest/knowledge.ts';
import type { ResourceVersion } from './digest/resource-key.ts';
import { formatSetCookie, readCookie } from './http/cookies.ts';
import type { Fields } from './http/request.ts';

/** The kinds of cookie, by the names of those that have a fixed one. */
export const COOKIE_KINDS = ['x-go-casper', 'h2o_casper', 'casper'] as const;
export type CookieKind = (typeof COOKIE_KINDS)[number];

/** Which server a request came to: cookies do not tell ports apart. */
interface Origin {
	readonly port: number;
	readonly isSecure: boolean;
}

/** What a client's cookie says. */
export interface Remembered {
	/** Whether the client was given `version`; go-casper's and H2O's cookies do not tell versions apart. */
	holds(version: ResourceVersion): boolean;
	/**
	 * The cookie that says so of `connection`'s gifts too; `undefined` where there is nothing to say that the one that came
	 * does not. Our own is pruned by `oracle`.
	 */
	next(
		connection: ConnectionRecord,
		oracle: KeyOracle,
		nowMinutes: number,
	): { readonly name: string; readonly field: string } | undefined;
}

/** A kind of cookie with its parameters: what the one that a request carries says. */
export type Memory = (fields: Fields, origin: Origin) => Remembered;

/** Browsers take no cookie above 4096 bytes, with its name and attributes: a longer one was not written by a peer. */
const MAX_READ_CHARACTERS = 4096;
/** Room for name, attributes, and the cookies of others, which share the host's limit on header fields. */
const MAX_WRITTEN_CHARACTERS = 3000;
const THIRTY_DAYS_SECONDS = 2_592_000;

/** @throws TypeError and RangeError for parameters outside their range */
export const openMemory = (kind: CookieKind, parameters: DialectParameters): Memory => {
	switch (kind) {
		case 'casper':
			return (fields, { port, isSecure }) => rememberedInRecord(fields, recordCookieFor(port, isSecure));
		case 'h2o_casper':
			// H2O's own lasts until a fixed date.
			return inDialect('h2o-casper', kind, parameters, (value, isSecure) =>
				formatSetCookie(kind, value, { isSecure, maxAgeSeconds: THIRTY_DAYS_SECONDS }),
			);
		case 'x-go-casper':
			// A session cookie, as go-casper's own.
			return inDialect('go-casper', kind, parameters, (value, isSecure) =>
				[`${kind}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax', ...(isSecure ? ['Secure'] : [])].join(
					'; ',
				),
			);
	}
};

const rememberedInRecord = (fields: Fields, cookie: RecordCookie): Remembered => {
	const record = readRecord(fields, cookie);
	const { claimOf } = record === undefined ? NOTHING_KNOWN : knowledgeOfRecord(record);
	return {
		holds: (version) => claimOf(version) !== undefined,
		next: (connection, oracle, nowMinutes) => {
			const field = rememberIn(cookie, record, connection, oracle, nowMinutes);
			return field === undefined ? undefined : { name: cookie.name, field };
		},
	};
};

const inDialect = (
	dialect: Dialect,
	name: CookieKind,
	parameters: DialectParameters,
	format: (value: string, isSecure: boolean) => string,
): Memory => {
	const nothing = encode(dialect, [], parameters);
	const empty = decode(dialect, nothing, parameters) as Digest;
	return (fields, { isSecure }) => {
		const text = readCookie(fields.cookie, name) ?? nothing;
		const came = (text.length <= MAX_READ_CHARACTERS && decode(dialect, text, parameters)) || empty;
		return {
			holds: ({ url }) => came.has({ url }),
			next: (connection) => {
				const given = Array.from(connection.gifts(), ({ version: { url } }) => ({ url }));
				const value = textWith(came, given) ?? newestOf(empty, given);
				return value === text || value === nothing ? undefined : { name, field: format(value, isSecure) };
			},
		};
	};
};

const textWith = (digest: Digest, given: readonly DigestResource[]): string | undefined => {
	try {
		const text = digest.with(given).encode();
		return text.length <= MAX_WRITTEN_CHARACTERS ? text : undefined;
	} catch {
		// Longer than any digest may be.
		return undefined;
	}
};

/** A new digest of as many as there is room for. The keys of a full one cannot be told apart by age. */
const newestOf = (empty: Digest, given: readonly DigestResource[]): string => {
	let newest = given;
	for (;;) {
		const text = textWith(empty, newest);
		if (text !== undefined) return text;
		newest = newest.slice(Math.ceil(newest.length / 2));
	}
};
