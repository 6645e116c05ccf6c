// What of a representation answers a GET or HEAD: preconditions first, then the range (RFC 9110 §13.2.2, §14.2).

import { evaluatePreconditions, isSameVersion, type Validators } from './preconditions.ts';
import { parseRange, type Range, WHOLE } from './range.ts';
import { type Fields, fieldOf } from './request.ts';

/** What a request gets: all of it (200), a part (206), or no bytes where there are none such (416). */
export type Selection =
	| Range
	/** The client has it: 304. */
	| { readonly kind: 'not-modified' }
	/** It is not the version that the client means: 412. */
	| { readonly kind: 'failed' };

const NOT_MODIFIED: Selection = { kind: 'not-modified' };
const FAILED: Selection = { kind: 'failed' };

/** Whether a request has a precondition or asks for a range, so that {@link select} may find other than the whole. */
export const isSelective = (fields: Fields): boolean =>
	fields['if-none-match'] !== undefined ||
	fields.range !== undefined ||
	fields['if-modified-since'] !== undefined ||
	fields['if-match'] !== undefined ||
	fields['if-unmodified-since'] !== undefined;

/**
 * What of the identity representation a request gets.
 *
 * @param method a range is that of a GET only (RFC 9110 §14.2)
 * @param current the validators of the representation
 * @param size its size in bytes
 * @param now seconds since 1970
 */
export const select = (
	method: 'GET' | 'HEAD',
	fields: Fields,
	current: Validators,
	size: number,
	now: number,
): Selection => {
	switch (evaluatePreconditions(fields, current, now)) {
		case 'failed':
			return FAILED;
		case 'not-modified':
			return NOT_MODIFIED;
		case 'met':
			break;
	}
	const range = method === 'GET' ? fieldOf(fields, 'range') : undefined;
	if (range === undefined || !isSameVersion(fieldOf(fields, 'if-range'), current.etag)) return WHOLE;
	return parseRange(range, size);
};
