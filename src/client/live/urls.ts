// Which file an address means, and addresses under which no cache can have an older version.

/** What is to be shown: content hash by address, as {@link keyOf} has it. */
export type Versions = ReadonlyMap<string, string>;

/** Our parameter; we write it last. */
const STAMP = /[?&]casper=(\w*)$/;

/** Path and query without our parameter; undefined for another origin, and for what is no address. */
export const keyOf = (url: string, base: string): string | undefined => {
	const { origin, pathname, search } = parse(url, base) ?? {};
	if (origin !== location.origin || pathname === undefined || search === undefined) return undefined;
	return pathname + search.replace(STAMP, '');
};

/** A reference that shows an older version than it should. */
export interface Renewal {
	readonly key: string;
	/** Absolute, for the version that is wanted. */
	readonly url: string;
}

/** What `url`, resolved against `base`, has to be instead; undefined where it is well as it is. */
export const renewalOf = (url: string, base: string, wanted: Versions): Renewal | undefined => {
	// A fragment alone is a part of what has it.
	if (url.trim().startsWith('#')) return undefined;
	const key = keyOf(url, base);
	const hash = key === undefined ? undefined : wanted.get(key);
	if (key === undefined || hash === undefined) return undefined;
	const renewed = new URL(url, base);
	if (STAMP.exec(renewed.search)?.[1] === hash) return undefined;
	const search = renewed.search.replace(STAMP, '');
	renewed.search = `${search === '' ? '?' : `${search}&`}casper=${hash}`;
	return { key, url: renewed.href };
};

/** `url(…)` in CSS: in double or single quotes, or in none. */
const URL_FUNCTION =
	/url\(\s*(?:"((?:\\[\s\S]|[^"\\])*)"|'((?:\\[\s\S]|[^'\\])*)'|((?:\\[\s\S]|[^\s"'()\\])*))\s*\)/gi;

/** An escaped character in CSS, by its number or as it is. */
const unescaped = (text: string): string =>
	text.replace(/\\(?:([0-9a-f]{1,6})\s?|([\s\S]))/gi, (_, code?: string, character?: string) =>
		code === undefined
			? (character ?? '')
			: String.fromCodePoint(Math.min(Number.parseInt(code, 16), 0x10ffff)),
	);

/** CSS with every `url(…)` renewed; `found` is told which. */
export const renewCss = (
	css: string,
	base: string,
	wanted: Versions,
	found?: (renewal: Renewal) => void,
): string =>
	css.replace(URL_FUNCTION, (whole: string, double?: string, single?: string, bare?: string) => {
		const renewal = renewalOf(unescaped(double ?? single ?? bare ?? ''), base, wanted);
		if (renewal === undefined) return whole;
		found?.(renewal);
		return `url(${JSON.stringify(renewal.url)})`;
	});

const parse = (url: string, base: string): URL | undefined => {
	try {
		return new URL(url, base);
	} catch {
		return undefined;
	}
};
