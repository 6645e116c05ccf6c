// Conditional requests (RFC 9110 §13), as far as a GET or HEAD of what exists needs them.

import { parseDate } from './date.ts';
import { type Fields, fieldOf } from './request.ts';

/** What identifies the current version of a representation. */
export interface Validators {
	/** The entity tag, quotes included. */
	readonly etag: string;
	/** When it was last modified, in whole seconds since 1970; `undefined` where nobody knows. */
	readonly modified: number | undefined;
}

/** What becomes of a conditional GET or HEAD: it goes on, is answered 304, or is answered 412. */
export type Precondition = 'met' | 'not-modified' | 'failed';

/**
 * Evaluates the preconditions of a GET or HEAD in their order (RFC 9110 §13.2.2), but for `If-Range`, which
 * {@link isSameVersion} decides once these are met. What is no date is no condition, and neither is a date where there is
 * none to compare it with (§13.1.3, §13.1.4).
 *
 * @param now seconds since 1970
 */
export const evaluatePreconditions = (fields: Fields, current: Validators, now: number): Precondition => {
	const { etag, modified } = current;
	const ifMatch = fieldOf(fields, 'if-match');
	if (ifMatch !== undefined) {
		if (!matchesStrongly(ifMatch, etag)) return 'failed';
	} else {
		const date = dateOf(fields, 'if-unmodified-since', now);
		if (date !== undefined && modified !== undefined && modified > date) return 'failed';
	}
	const ifNoneMatch = fieldOf(fields, 'if-none-match');
	if (ifNoneMatch !== undefined) return matchesNone(ifNoneMatch, etag) ? 'not-modified' : 'met';
	const date = dateOf(fields, 'if-modified-since', now);
	return date !== undefined && modified !== undefined && modified <= date ? 'not-modified' : 'met';
};

const dateOf = (fields: Fields, name: string, now: number): number | undefined => {
	const field = fieldOf(fields, name);
	return field === undefined ? undefined : parseDate(field.trim(), now);
};

/**
 * Whether `If-Match` names the current representation (RFC 9110 §13.1.1). Comparison is strong (§8.8.3.2): a weak tag on
 * either side never matches. `*` matches whatever exists; what is no list of entity tags matches nothing.
 */
const matchesStrongly = (field: string, etag: string): boolean =>
	ANY.test(field) || (!etag.startsWith('W/') && parseEntityTags(field).includes(etag));

/**
 * Whether `If-Range` says that the client's part is of this very version, so that another part can be added to it
 * (RFC 9110 §13.1.5). Only a strong entity tag says so. A date does not: a file can be written twice in a second, and
 * clients that have a tag, which all of ours do, must not send one.
 *
 * @param field the field's value; `undefined` where it is absent, which is no condition
 */
export const isSameVersion = (field: string | undefined, etag: string): boolean =>
	field === undefined || (field.trim() === etag && !etag.startsWith('W/'));

/**
 * Whether `If-None-Match` names the current representation, so that the answer is 304 (RFC 9110 §13.1.2). Comparison is
 * weak (§8.8.3.2): `W/` on either side does not matter. `*` matches whatever exists. What is no list of entity tags
 * matches nothing.
 *
 * @param field the field's value, repeated fields joined by commas; `undefined` where it is absent
 * @param etag the current entity tag, quotes included
 */
export const matchesNone = (field: string | undefined, etag: string): boolean => {
	if (field === undefined) return false;
	// The common case first: exactly the tag that was sent.
	if (field === etag || ANY.test(field)) return true;
	const opaque = opaqueOf(etag);
	return parseEntityTags(field).some((tag) => opaqueOf(tag) === opaque);
};

const ANY = /^[ \t]*\*[ \t]*$/;

/**
 * The entity tags of a list, `W/` and quotes included (RFC 9110 §8.8.3: `[ W/ ] DQUOTE *etagc DQUOTE`); empty when any
 * element is none. A tag may contain commas.
 */
export const parseEntityTags = (list: string): string[] => {
	const tags: string[] = [];
	const element = /[ \t,]*(?:((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)|$)/y;
	while (element.lastIndex < list.length) {
		const match = element.exec(list);
		if (match === null) return [];
		if (match[1] === undefined) break;
		tags.push(match[1]);
	}
	return tags;
};

const opaqueOf = (tag: string): string => (tag.startsWith('W/') ? tag.slice(2) : tag);
