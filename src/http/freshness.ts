// How long a response may be used without asking again (RFC 9111 §4.2, RFC 8246).

/** What we tell clients of a representation's lifetime. */
export type Lifetime =
	/** Stored, but never used without asking. */
	| { readonly kind: 'revalidate' }
	| { readonly kind: 'max-age'; readonly seconds: number }
	/** Its URL will never stand for anything else. */
	| { readonly kind: 'immutable' };

const YEAR_SECONDS = 31_536_000;

/** The `Cache-Control` value for a lifetime; `isPrivate` where the response carries something of one client only. */
export const cacheControlOf = (lifetime: Lifetime, isPrivate: boolean): string => {
	const scope = isPrivate ? 'private, ' : '';
	switch (lifetime.kind) {
		case 'revalidate':
			return `${scope}no-cache`;
		case 'max-age':
			return `${scope}max-age=${lifetime.seconds}`;
		case 'immutable':
			return `${scope}max-age=${YEAR_SECONDS}, immutable`;
	}
};
