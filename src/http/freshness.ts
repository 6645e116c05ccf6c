// How long a response may be used without asking again (RFC 9111 §4.2, RFC 8246).

/** What we tell clients of a representation's lifetime. */
export type Lifetime =
	/** Stored, but never used without asking. */
	| { readonly kind: 'revalidate' }
	| { readonly kind: 'max-age'; readonly seconds: number }
	/** Its URL will never stand for anything else. */
	| { readonly kind: 'immutable' }
	/** Nobody keeps it. */
	| { readonly kind: 'no-store' };

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
		case 'no-store':
			return 'no-store';
	}
};

/** What a `Cache-Control` value that somebody wrote comes to. */
export interface CachePolicy {
	readonly lifetime: Lifetime;
	/** Caches may give the response to other clients without asking: it must have nothing of one client in it. */
	readonly isShared: boolean;
	/** The same value for a response that is for one client alone. */
	readonly privately: string;
}

/** Reads a `Cache-Control` value (RFC 9111 §5.2.2). What it does not say counts as to be asked about. */
export const readCacheControl = (value: string): CachePolicy => {
	const directives = new Map<string, string>();
	const kept: string[] = [];
	for (const [text, name = '', quoted, plain] of value.matchAll(DIRECTIVE)) {
		const key = name.toLowerCase();
		directives.set(key, quoted ?? plain ?? '');
		if (!SHARED_ONLY.has(key)) kept.push(text.trim());
	}
	const secondsOf = (name: string): number =>
		Math.min(Number.parseInt(directives.get(name) ?? '', 10) || 0, 2 ** 31);
	const isAsked = directives.has('no-store') || directives.get('no-cache') === '';
	const isPrivate = isAsked || directives.has('private');
	const mayShare = directives.has('public') || directives.has('s-maxage');
	const sharedSeconds = directives.has('s-maxage') ? secondsOf('s-maxage') : secondsOf('max-age');
	return {
		lifetime: directives.has('no-store')
			? { kind: 'no-store' }
			: lifetimeOf(isAsked ? 0 : secondsOf('max-age'), directives),
		isShared: mayShare && !isPrivate && sharedSeconds > 0,
		privately: ['private', ...kept].join(', '),
	};
};

const DIRECTIVE = /([\w-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,"]*)))?/g;
const SHARED_ONLY: ReadonlySet<string> = new Set(['public', 'private', 's-maxage', 'proxy-revalidate']);

const lifetimeOf = (seconds: number, directives: ReadonlyMap<string, string>): Lifetime => {
	if (seconds <= 0) return { kind: 'revalidate' };
	return directives.has('immutable') ? { kind: 'immutable' } : { kind: 'max-age', seconds };
};
