// The two spellings of a resource's path: decoded as we look it up, encoded as a browser sends it (WHATWG URL).

declare const urlPath: unique symbol;

/** An absolute path, percent-decoded segment by segment, without empty, `.` or `..` segments, NUL or backslash. */
export type UrlPath = string & { readonly [urlPath]: true };

/** What a request's path turned out to be. `malformed` deserves a 400, `absent` a 404: no file can have such a path. */
export type ParsedPath =
	| { readonly kind: 'path'; readonly path: UrlPath }
	| { readonly kind: 'malformed' }
	| { readonly kind: 'absent' };

/** What the longest path of a file (4,096 bytes on Linux) has when all of it is escaped. */
const MOST_CHARACTERS = 3 * 4096;
const MALFORMED: ParsedPath = { kind: 'malformed' };
const ABSENT: ParsedPath = { kind: 'absent' };

/** Paths that stand for themselves, which are nearly all: nothing to decode, no segment that is empty or all dots. */
const PLAIN = /^\/(?:[\w~-][\w.~+-]*\/)*(?:[\w~-][\w.~+-]*)?$/;

/**
 * Reads the path of a request target or URL (no query). A trailing slash stays: `/docs/` is a folder's own path.
 * Malformed are a missing leading slash, bad percent-escapes or UTF-8, control characters, and separators that hide in
 * a segment: encoded slashes and backslashes, plain backslashes, NUL.
 */
export const parsePath = (encoded: string): ParsedPath => {
	if (PLAIN.test(encoded)) return { kind: 'path', path: encoded as UrlPath };
	if (encoded.length > MOST_CHARACTERS) return ABSENT;
	if (!encoded.startsWith('/') || encoded.includes('\\') || hasControls(encoded)) return MALFORMED;
	const segments = encoded.slice(1).split('/');
	let isAbsent = false;
	for (const [index, segment] of segments.entries()) {
		const decoded = decodeSegment(segment);
		if (decoded === undefined) return MALFORMED;
		const isFolderSlash = decoded === '' && index === segments.length - 1;
		if ((decoded === '' && !isFolderSlash) || decoded === '.' || decoded === '..') isAbsent = true;
		segments[index] = decoded;
	}
	return isAbsent ? ABSENT : { kind: 'path', path: `/${segments.join('/')}` as UrlPath };
};

const decodeSegment = (segment: string): string | undefined => {
	if (!segment.includes('%')) return segment;
	try {
		const decoded = decodeURIComponent(segment);
		return /[/\\]/.test(decoded) || hasControls(decoded) ? undefined : decoded;
	} catch {
		return undefined;
	}
};

const hasControls = (text: string): boolean => {
	for (let at = 0; at < text.length; at++) {
		const code = text.charCodeAt(at);
		if (code < 0x20 || code === 0x7f) return true;
	}
	return false;
};

/** The path of the file with these names below the root, or `undefined` for names that no URL can express. */
export const pathOfFile = (names: readonly string[]): UrlPath | undefined =>
	names.length > 0 &&
	names.every(
		(name) => name !== '' && name !== '.' && name !== '..' && !/[\\/]/.test(name) && !hasControls(name),
	)
		? (`/${names.join('/')}` as UrlPath)
		: undefined;

/** Stands for the origin of the site, which no file knows. */
export const ORIGIN = 'http://site.invalid';

/** The path of a reference, without query and fragment. */
export const pathIn = (reference: string): string => reference.replace(/[?#].*/s, '');

/**
 * The path as a browser serialises it when it reads a correct reference to the file. What the URL parser would take for
 * a delimiter (`%`, `?`, `#`) or drop (a space at the end) is escaped first, and so is `^`, which Node before 24 leaves as
 * it is; what browsers leave alone (`+`, `'`, `&`, …) stays.
 */
export const encodePath = (path: UrlPath): string =>
	new URL(`${ORIGIN}${path.replace(/[%?#^ ]/g, encodeURIComponent)}`).pathname;

/**
 * The path and, where it has others, its spellings in composed and decomposed characters (Unicode NFC, NFD): which one a
 * file's name has depends on the system that it was made on.
 */
export const spellingsOf = (path: UrlPath): readonly UrlPath[] =>
	isAscii(path)
		? [path]
		: [...new Set([path, path.normalize('NFC') as UrlPath, path.normalize('NFD') as UrlPath])];

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is what ASCII is
const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text);

/** Whether a segment of a path begins with a dot, but for a `.well-known` at its start (RFC 8615). */
export const isHidden = (path: UrlPath): boolean => {
	const dot = path.indexOf('/.');
	return dot !== -1 && (/^\/\.well-known(?:\/|$)/.test(path) ? path.includes('/.', 1) : true);
};
