// The fields of an asset's responses, the same whether it was asked for or pushed.

import { type Coding, isCompressible } from '../http/content-coding.ts';
import { formatDate } from '../http/date.ts';
import { type Asset, isHtml } from '../site/snapshot.ts';
import { CODED_BYTES } from './body.ts';
import type { ResponseFields } from './reply.ts';
import type { Terms, TermsSource } from './terms.ts';

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

/** A file that travels in several forms says which field chose the form (RFC 9110 §12.5.5). */
const CODED_VARIES = { vary: 'Accept-Encoding' };

/** The fields of an asset at a URL, which is its own unless given. */
export type FieldSource = (asset: Asset, url?: string) => AssetFields;

/**
 * A source of {@link AssetFields}.
 * @param termsOf the terms on which assets are given
 * @param isCoding whether files may travel in content codings
 * @param cors the origin whose pages may read files, `*` for all; `undefined`: this one alone
 * @param areShown whether something is put into documents that browsers navigate to
 */
export const assetFields = (
	termsOf: TermsSource,
	isCoding = true,
	cors: string | undefined = undefined,
	areShown = false,
): FieldSource => {
	// Nearly all have one URL; of another one, they are made again.
	const known = new WeakMap<Asset, { readonly terms: Terms; readonly fields: AssetFields }>();
	return (asset, url) => {
		const terms = termsOf(asset, url);
		const memo = known.get(asset);
		if (memo?.terms === terms) return memo.fields;
		const varies = variesOf(asset, terms, areShown);
		const fields = toFields(asset, terms, isCoding && isCodable(asset), cors, varies);
		known.set(asset, { terms, fields });
		return fields;
	};
};

/**
 * What the answer to a page view depends on beside its URL: which hints it carries, and in which form it comes
 * (RFC 9110 §12.5.5). What other files contain is the same for everybody. A document that is shown is another one than the
 * file: caches that ask each time are told by the entity tag; those that need not ask have to keep them apart.
 */
const variesOf = (
	{ type }: Asset,
	{ lifetime, isShared }: Terms,
	areShown: boolean,
): { readonly vary: string } | undefined => {
	if (!isHtml(type)) return undefined;
	const isReused = lifetime.kind === 'max-age' || lifetime.kind === 'immutable';
	const names = [
		'Accept-Encoding',
		// What shared caches keep is the same whatever a client holds.
		...(isShared ? [] : ['Cache-Digest', 'Service-Worker-Navigation-Preload']),
		...(areShown && (isReused || isShared) ? ['Sec-Fetch-Mode'] : []),
	];
	return { vary: names.join(', ') };
};

const toFields = (
	asset: Asset,
	terms: Terms,
	isCoded: boolean,
	cors: string | undefined,
	varies: { readonly vary: string } | undefined,
): AssetFields => {
	const { cacheControl } = terms;
	const validators = {
		...(cacheControl !== undefined && { 'cache-control': cacheControl }),
		etag: asset.etag,
		...(varies ?? (isCoded && CODED_VARIES)),
		...(cors !== undefined && { 'access-control-allow-origin': cors }),
	};
	const modified = modifiedOf(asset);
	const full = edited(
		{
			':status': 200,
			'content-type': asset.type,
			'content-length': asset.size,
			...validators,
			...(modified !== undefined && { 'last-modified': formatDate(modified) }),
			'accept-ranges': 'bytes',
			'x-content-type-options': 'nosniff',
		},
		terms,
		() => true,
	);
	// Of the two validators, the tag is enough for a cache; of the site's fields, what describes content (RFC 9110 §15.4.5).
	const notModified = edited(
		{ ':status': 304, ...validators },
		terms,
		(name) => !DESCRIBES_CONTENT.test(name),
	);
	const coded = isCoded ? codedFields(full, notModified) : undefined;
	return { full, notModified, modified, coded };
};

const DESCRIBES_CONTENT = /^content-(?!location$|security-policy)/;

/** `fields` as the site wants them, in which those to choose a representation by stay (RFC 9110 §12.5.5). */
const edited = (
	fields: ResponseFields,
	{ set, removed }: Terms,
	isWanted: (name: string) => boolean,
): ResponseFields => {
	if (set.size === 0 && removed.size === 0) return fields;
	const { vary } = fields;
	const kept = Object.entries(fields).filter(
		([name]) => name.startsWith(':') || name === 'vary' || !removed.has(name),
	);
	const given = [...set].filter(([name]) => isWanted(name));
	const varies = vary !== undefined && set.has('vary') ? { vary: `${vary}, ${set.get('vary')}` } : {};
	return { ':status': fields[':status'], ...Object.fromEntries([...kept, ...given]), ...varies };
};

/** What is streamed from the disk is not coded on the way: it is sent as it is. */
const isCodable = ({ type, size }: Asset): boolean =>
	size >= MIN_CODED_BYTES && size <= CODED_BYTES && isCompressible(type);

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
