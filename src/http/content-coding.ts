// Content codings (RFC 9110 §8.4.1, §12.5.3): which one a client gets, and what is worth one.

/** A coding that we may send. */
export type Coding = 'br' | 'zstd' | 'gzip';

/**
 * The coding that an `Accept-Encoding` field asks for: of those offered the one with the greatest weight, of equals the
 * first; `undefined` for none, which is also the answer where the field wants no coding that there is. That it may refuse
 * to take a representation as it is (`identity;q=0`) is disregarded, as §12.1 allows: half an answer is no better than one
 * that is not coded. An element that is not written as elements are says nothing.
 *
 * @param field the field's value; `undefined` where it is absent
 * @param offered codings, the best first
 */
export const chooseCoding = (field: string | undefined, offered: readonly Coding[]): Coding | undefined => {
	if (field === undefined) return undefined;
	const weights = weightsOf(field);
	const any = weights.get('*') ?? 0;
	let chosen: Coding | undefined;
	// What is not coded comes last unless the client says otherwise.
	let weight = weights.get('identity') ?? 0;
	for (const coding of offered) {
		const its = weights.get(coding) ?? any;
		if (its > 0 && (chosen === undefined ? its >= weight : its > weight)) {
			chosen = coding;
			weight = its;
		}
	}
	return chosen;
};

const ELEMENT = /^([!#$%&'*+.^_`|~\w-]+)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;

const weightsOf = (field: string): ReadonlyMap<string, number> => {
	const weights = new Map<string, number>();
	for (const element of field.split(',')) {
		const [, coding, weight = '1'] = ELEMENT.exec(element.replace(/^[ \t]+|[ \t]+$/g, '')) ?? [];
		if (coding === undefined) continue;
		// x-gzip is an old name of gzip (§8.4.1.3).
		const name = coding.toLowerCase().replace(/^x-gzip$/, 'gzip');
		weights.set(name, Math.max(Number(weight), weights.get(name) ?? 0));
	}
	return weights;
};

/** Whether a content of this media type gets smaller by a coding: text, and the few others that are not coded already. */
export const isCompressible = (type: string): boolean => COMPRESSIBLE.test(type);

const COMPRESSIBLE = new RegExp(
	`^(?:text/|[^;]*\\+(?:json|xml|text)(?:;|$)|application/(?:${[
		'javascript',
		'json',
		'json5',
		'wasm',
		'xml',
		'xml-dtd',
		'x-ndjson',
		'x-sh',
		'x-httpd-php',
		'x-tex',
		'rtf',
		'toml',
		'yaml',
		'sql',
		'graphql',
		'manifest',
		'geo',
		'vnd\\.ms-fontobject',
		'vnd\\.apple\\.mpegurl',
		'x-subrip',
	].join('|')})(?:;|$)|font/(?:ttf|otf|collection)|image/(?:bmp|x-icon|vnd\\.microsoft\\.icon|x-ms-bmp))`,
);
