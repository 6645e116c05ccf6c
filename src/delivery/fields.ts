// The fields of an asset's responses, the same whether it was asked for or pushed.

import { type Coding, isCompressible } from '../http/content-coding.ts';
import { formatDate } from '../http/date.ts';
import { cacheControlOf, type Lifetime } from '../http/freshness.ts';
import { type Asset, isHtml } from '../site/snapshot.ts';
import { HELD_BYTES } from './body.ts';
import type { ResponseFields } from './reply.ts';

/** Files below this size, in bytes, travel as they are: coded, they would save no packet. */
const MIN_CODED_BYTES = 1024;

/** The fields of an asset's 200 and 304, made once a version. */
export interface AssetFields {
	readonly full: ResponseFields;
	/** What a 200 would have carried of what RFC 9110 §15.4.5 asks for. */
	readonly notModified: ResponseFields;
	/** When the file was last modified, in whole seconds since 1970; `undefined` where the disk does not say. */
	readonly modified: number | undefined;
	/** Where it may travel in a content coding: what is different then; else `undefined`. */
	readonly coded: CodedFields | undefined;
}

/** The fields of what travels in a content coding, whose bytes are others, so that its tag is weak (RFC 9110 §8.8.1). */
export interface CodedFields {
	/** The 200 with a body of `length` bytes in `coding`. */
	full(coding: Coding, length: number): ResponseFields;
	readonly notModified: ResponseFields;
}

/**
 * What the answer to a page view depends on beside its URL: which hints it carries, and in which form it comes
 * (RFC 9110 §12.5.5). What other files contain is the same for everybody.
 */
const DOCUMENT_VARIES = { vary: 'Accept-Encoding, Cache-Digest, Service-Worker-Navigation-Preload' };

/** A file that travels in several forms says which field chose the form (RFC 9110 §12.5.5). */
const CODED_VARIES = { vary: 'Accept-Encoding' };

/**
 * A source of {@link AssetFields} for a server whose lifetimes are `lifetimeOf`.
 * @param isCoding whether files may travel in content codings
 * @param cors the origin whose pages may read files, `*` for all; `undefined`: this one alone
 */
export const assetFields = (
	lifetimeOf: (asset: Asset) => Lifetime,
	isCoding = true,
	cors: string | undefined = undefined,
): ((asset: Asset) => AssetFields) => {
	const known = new WeakMap<Asset, AssetFields>();
	return (asset) => {
		let fields = known.get(asset);
		if (fields === undefined) {
			const isCoded = isCoding && isCodable(asset);
			const validators = {
				'cache-control': cacheControlOf(lifetimeOf(asset), false),
				etag: asset.etag,
				...(isHtml(asset.type) ? DOCUMENT_VARIES : isCoded && CODED_VARIES),
				...(cors !== undefined && { 'access-control-allow-origin': cors }),
			};
			const modified = modifiedOf(asset);
			const full = {
				':status': 200,
				'content-type': asset.type,
				'content-length': asset.size,
				...validators,
				...(modified !== undefined && { 'last-modified': formatDate(modified) }),
				'accept-ranges': 'bytes',
				'x-content-type-options': 'nosniff',
			};
			// Of the two validators, the tag is enough for a cache (RFC 9110 §15.4.5).
			const notModified = { ':status': 304, ...validators };
			const coded = isCoded ? codedFields(full, notModified) : undefined;
			fields = { full, notModified, modified, coded };
			known.set(asset, fields);
		}
		return fields;
	};
};

/** What is streamed from the disk is not coded on the way: it is sent as it is. */
const isCodable = ({ type, size }: Asset): boolean =>
	size >= MIN_CODED_BYTES && size <= HELD_BYTES && isCompressible(type);

const codedFields = (full: ResponseFields, notModified: ResponseFields): CodedFields => {
	const etag = `W/${full.etag}`;
	const known = new Map<Coding, ResponseFields>();
	return {
		full(coding, length) {
			let fields = known.get(coding);
			if (fields?.['content-length'] !== length) {
				fields = { ...full, 'content-length': length, 'content-encoding': coding, etag };
				known.set(coding, fields);
			}
			return fields;
		},
		// Which of its forms the client holds does not matter: a weak tag stands for each (RFC 9111 §4.3.4).
		notModified: { ...notModified, etag },
	};
};

/** The fields of a 206 with the bytes from `start` to before `end` of what `full` describes (RFC 9110 §15.3.7.1). */
export const partFields = (full: ResponseFields, start: number, end: number): ResponseFields => ({
	...full,
	':status': 206,
	'content-length': end - start,
	'content-range': `bytes ${start}-${end - 1}/${full['content-length']}`,
});

/**
 * No date of the future is sent (RFC 9110 §8.8.2.1). What builds things reproducibly gives every file the first or second
 * moment of 1970: equal dates would then say nothing about equal content.
 */
const modifiedOf = ({ modifiedMs }: Asset): number | undefined => {
	const seconds = Math.floor(Math.min(modifiedMs, Date.now()) / 1000);
	return seconds > 1 ? seconds : undefined;
};
