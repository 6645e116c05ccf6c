// One cookie of ours among others (RFC 6265).

/** The value of the first cookie of this name; `undefined` where there is none. Quotes are not removed. */
export const readCookie = (
	field: string | readonly string[] | undefined,
	name: string,
): string | undefined => {
	if (field === undefined) return undefined;
	// HTTP/2 clients may send one field a cookie (RFC 9113 §8.2.3); Node joins them.
	const text = typeof field === 'string' ? field : field.join('; ');
	for (const pair of text.split(';')) {
		const equals = pair.indexOf('=');
		if (equals !== -1 && trimSpace(pair.slice(0, equals)) === name) return trimSpace(pair.slice(equals + 1));
	}
	return undefined;
};

/**
 * `text` without the space around it that HTTP knows (RFC 9110 §5.6.3). `trim` takes more for space, so that it would
 * find a `__Host-` name in another one, which browsers let anybody set.
 */
const trimSpace = (text: string): string => {
	let start = 0;
	let end = text.length;
	while (isSpace(text[start])) start++;
	while (end > start && isSpace(text[end - 1])) end--;
	return text.slice(start, end);
};

const isSpace = (character: string | undefined): boolean => character === ' ' || character === '\t';

/** What our cookie is set with. */
export interface CookieAttributes {
	/** Set over TLS: `Secure`, without which browsers refuse the `__Host-` prefix. */
	readonly isSecure: boolean;
	readonly maxAgeSeconds: number;
}

/**
 * A `Set-Cookie` value for the whole origin and no script. `SameSite=Lax` and not `Strict`, which would withhold the
 * cookie when a visitor comes from another site.
 */
export const formatSetCookie = (
	name: string,
	value: string,
	{ isSecure, maxAgeSeconds }: CookieAttributes,
): string =>
	`${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
