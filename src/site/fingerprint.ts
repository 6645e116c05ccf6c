// Whether a file name carries a hash of the content, as bundlers write it. To take a word, a date or an identity for a
// hash would freeze a file for a year, so whatever could be one of those is none: a hash missed costs a 304.

/** Kinds of files that bundlers hash. A page or a data file is linked by its name: what is random in that is an identity. */
const BUNDLED =
	/^(.+?)\.(?:[cm]?js|css|wasm|woff2?|ttf|otf|eot|svg|png|jpe?g|gif|webp|avif|ico|mp4|webm|mp3|ogg)(?:\.map)?$/;

/** Hexadecimal hashes are cut to these lengths (Parcel, webpack, Hugo, Rails, Phoenix), after a dot to 12 (Django). */
const HEX =
	/.(?:[.-](?:[0-9a-f]{8}|[0-9a-f]{10}|[0-9a-f]{16}|[0-9a-f]{20}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})|\.[0-9a-f]{12})$/;
/** All that webpack leaves of the name of an image, by default. */
const BARE_HEX = /^[0-9a-f]{20}$/;
/** esbuild and Angular: base 32, where a word in capitals has no digit, and a numbered one has it at the end. */
const BASE32 = /.-(?=.*\d[A-Z])[A-Z2-7]{8}$/;
/** Vite, Rollup: base 64 of the URL-safe kind. */
const BASE64 = /.[.-]([\w-]{8})$/;

/** Whether the last segment of a path carries a content hash, so that another content would have another name. */
export const isFingerprinted = (path: string): boolean => {
	const stem = BUNDLED.exec(path.slice(path.lastIndexOf('/') + 1))?.[1] ?? '';
	const base64 = BASE64.exec(stem)?.[1];
	return (
		((HEX.test(stem) || BARE_HEX.test(stem)) && turnsOf(stem.slice(-8)) >= 2) ||
		BASE32.test(stem) ||
		(base64 !== undefined && /[a-z]/.test(base64) && /[A-Z]/.test(base64) && !isReadable(base64))
	);
};

/** How often letters and digits take turns: once or never in dates, versions and numbered words. */
const turnsOf = (run: string): number => run.match(/\d(?=[A-Za-z])|[A-Za-z](?=\d)/g)?.length ?? 0;

/** How an English word can begin, up to its first vowel. */
const ONSET =
	/^(?:sch|scr|shr|sph|spl|spr|str|thr|chr|phr|[bcfgkps]l|[bcdfgkptvw]r|s[ckmnpqtvw]|[cgpstw]h|[dst]w|[gkp]n|ps|ts|qu|[a-z])?[aeiouy]/i;

/** Whether it could be a few words and numbers in CamelCase: `DataGrid`, `iPhone15`, `HtmlView` (no vowel: initials). */
const isReadable = (run: string): boolean => {
	const words = run.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? [];
	return words.length < 5 && words.every((word) => !/[aeiouy]/i.test(word) || ONSET.test(word));
};
