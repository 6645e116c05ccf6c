// What a request says, as far as we act on it.

/** Fields by lower-case name, as Node hands them out for HTTP/1.1 and HTTP/2 alike. */
export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A request target in origin-form (RFC 9112 §3.2.1), taken apart. */
export interface Target {
	/** Encoded, beginning with a slash. */
	readonly path: string;
	/** With its question mark, or empty. */
	readonly query: string;
}

/** Origin-form without query or anything beyond ASCII: most of them. */
const PLAIN = /^\/[\w.~/%+-]*$/;

/**
 * Takes a request target apart: origin-form, and absolute-form, which every server must accept (RFC 9112 §3.2.2);
 * `undefined` for all else. A fragment has no place in a target. Bytes beyond ASCII, which some clients send as they
 * are, are escaped.
 */
export const parseTarget = (target: string): Target | undefined => {
	if (PLAIN.test(target)) return { path: target, query: '' };
	const origin = /^https?:\/\/[^/?#]+/i.exec(target)?.[0];
	// Without a path, the one of an origin is a slash (RFC 9110 §4.2.3).
	const rest = origin === undefined ? target : target.slice(origin.length).replace(/^(?!\/)/, '/');
	if (!rest.startsWith('/') || rest.includes('#')) return undefined;
	const mark = rest.indexOf('?');
	const path = escapeBeyondAscii(mark === -1 ? rest : rest.slice(0, mark));
	const query = escapeBeyondAscii(mark === -1 ? '' : rest.slice(mark));
	return path === undefined || query === undefined ? undefined : { path, query };
};

/**
 * The authority that a request is for: the one of an absolute-form target goes before the `Host` field, which may then say
 * anything (RFC 9112 §3.2.2).
 */
export const authorityOf = (target: string, host: string | undefined): string =>
	(target.startsWith('/') ? undefined : /^https?:\/\/([^/?#]+)/i.exec(target)?.[1]) ?? host ?? '';

const escapeBeyondAscii = (text: string): string | undefined => {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is what ASCII is
	if (/^[\x00-\x7f]*$/.test(text)) return text;
	try {
		// Node reads field bytes as Latin-1; they are UTF-8.
		const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
		const isBytes = !/[^\0-\xff]/.test(text);
		const decoded = isBytes ? new TextDecoder('utf-8', { fatal: true }).decode(bytes) : text;
		return decoded.replace(/[^\0-\x7f]+/g, encodeURIComponent);
	} catch {
		return undefined;
	}
};

/** The destinations whose answers are shown as pages (Fetch §2.2.5). */
export const PAGES: ReadonlySet<unknown> = new Set(['document', 'iframe', 'frame']);

/** Whether the client shows the answer as a page; clients that do not send Fetch Metadata may. */
export const isNavigation = (fields: Fields): boolean => {
	const destination = fields['sec-fetch-dest'];
	return destination === undefined || PAGES.has(destination);
};

/** Whether a proxy stands between: it may mix its users on one connection (RFC 9110 §7.6.3, RFC 7239). */
export const isForwarded = (fields: Fields): boolean =>
	fields.via !== undefined || fields.forwarded !== undefined || fields['x-forwarded-for'] !== undefined;

/** Whether the client wants nothing from a cache (RFC 9111 §5.2.1.4): a hard reload, or a cache switched off. */
export const refusesCached = (fields: Fields): boolean => {
	const directives = fields['cache-control'] ?? fields.pragma;
	return directives !== undefined && /(?:^|[,\s])no-cache(?:$|[,\s;])/i.test(String(directives));
};

/**
 * Whether the client asks for a resource as one asks for what one does not hold: without a condition (RFC 9110 §13.1),
 * for the whole of it, for now and not for later (`Sec-Purpose`), and not past its cache.
 *
 * What a page shows or fetches is left out, and so is what comes from other sites: browsers keep documents and downloads
 * of what is the same resource apart from what pages refer to, so that they may hold it and ask all the same.
 */
export const isPlainRequest = (fields: Fields): boolean =>
	NOT_PLAIN.every((name) => fields[name] === undefined) &&
	!/\bno-(?:cache|store)\b/i.test(String(fields['cache-control'] ?? '')) &&
	(fields['sec-fetch-site'] ?? 'same-origin') === 'same-origin' &&
	SUBRESOURCES.has(fields['sec-fetch-dest']);

/** Fields with which a request is not a plain one. */
const NOT_PLAIN = [
	'if-none-match',
	'if-modified-since',
	'if-match',
	'if-unmodified-since',
	'range',
	'sec-purpose',
	'purpose',
	'x-moz',
	'pragma',
] as const;

/** What pages are made of; a client that does not send Fetch Metadata says nothing of it. */
const SUBRESOURCES: ReadonlySet<unknown> = new Set([undefined, 'style', 'script', 'image', 'font']);

/** A field's value as one text, repeated fields joined by commas (RFC 9110 §5.3). */
export const fieldOf = (fields: Fields, name: string): string | undefined => {
	const value = fields[name];
	return typeof value === 'object' ? value.join(', ') : value;
};
