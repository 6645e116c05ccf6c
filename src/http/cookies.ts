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
		if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
	}
	return undefined;
};

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
