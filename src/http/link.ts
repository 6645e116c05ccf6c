// The `Link` response field (RFC 8288), as far as it announces what a document needs (HTML Standard §4.6.7).

/** What a link says of its target. */
export interface Preload {
	/** Path and query as a browser serialises them. */
	readonly url: string;
	/** `modulepreload` fetches as a module script is fetched, and parses it. */
	readonly rel: 'preload' | 'modulepreload';
	/** Fetch destination. */
	readonly as: string;
	/** Must be that of the later request, or browsers fetch twice; `undefined` for no-cors requests. */
	readonly crossorigin: 'anonymous' | 'use-credentials' | undefined;
	/** Subresource integrity as in the document: Chromium does not use a preload that has another. */
	readonly integrity: string | undefined;
}

/**
 * One link-value (RFC 8288 §3). Whatever its parts contain, it stays one: URLs are escaped, what cannot be quoted is left
 * out. Links are joined by `, `.
 */
export const formatPreload = ({ url, rel, as, crossorigin, integrity }: Preload): string => {
	const parameters = [`<${toUriReference(url)}>`, `rel=${rel}`, `as=${as}`];
	if (crossorigin !== undefined)
		parameters.push(crossorigin === 'anonymous' ? 'crossorigin' : `crossorigin=${crossorigin}`);
	if (integrity !== undefined && isQuotable(integrity)) parameters.push(`integrity="${integrity}"`);
	return parameters.join('; ');
};

/**
 * Verbatim as far as can be: a browser takes `|` or `^` in a URL for what it is, and an escaped one for another resource.
 * What could end the reference is escaped, as browsers themselves do.
 */
const toUriReference = (url: string): string => {
	const escaped = url.replace(/[^\x21-\x7e]+|[<>"]/g, escapeBytes);
	// Two slashes at its beginning would make the first segment a host (RFC 3986 §4.2).
	return escaped.startsWith('//') ? `/.${escaped}` : escaped;
};

const escapeBytes = (text: string): string =>
	Buffer.from(text)
		.toString('hex')
		.toUpperCase()
		.replace(/../g, (digits) => `%${digits}`);

/** Printable ASCII without what would end a quoted-string or need an escape in it (RFC 9110 §5.6.4). */
const isQuotable = (text: string): boolean => /^[\x20-\x7e]+$/.test(text) && !/["\\]/.test(text);
