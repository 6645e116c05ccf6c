// Range requests (RFC 9110 §14): one part of a representation. Several parts are not sent one by one
// (`multipart/byteranges`): a server may ignore a Range, and who asks for several gets the whole.

/** Bytes from `start` to before `end`. */
export interface Part {
	readonly start: number;
	readonly end: number;
}

/** What a `Range` field asks for. */
export type Range =
	/** Everything: it asks for that, for several parts, for nothing that we know, or for nothing that makes sense. */
	| { readonly kind: 'whole' }
	/** At least one byte. */
	| ({ readonly kind: 'part' } & Part)
	/** Nothing that there is. */
	| { readonly kind: 'unsatisfiable' };

/** Everything. */
export const WHOLE: Range = { kind: 'whole' };
const UNSATISFIABLE: Range = { kind: 'unsatisfiable' };

/** More parts than anybody needs are an attack (RFC 9110 §17.15). */
const MAX_PARTS = 32;
const MAX_LENGTH = 1024;

/**
 * The range that a field asks for. Parts that overlap or touch are one. A client that asks for a range of nothing, as some
 * do with every request, gets it whole.
 *
 * @param field the value of `Range`
 * @param size bytes of the representation
 */
export const parseRange = (field: string, size: number): Range => {
	const set = /^bytes=(.*)$/i.exec(field)?.[1];
	if (set === undefined || field.length > MAX_LENGTH || size === 0) return WHOLE;
	const specs = set
		.split(',')
		.map((spec) => spec.replace(/^[ \t]+|[ \t]+$/g, ''))
		.filter((spec) => spec !== '');
	if (specs.length === 0 || specs.length > MAX_PARTS) return WHOLE;
	const parts: Part[] = [];
	for (const spec of specs) {
		const part = parsePart(spec, size);
		if (part === undefined) return WHOLE;
		if (part.start < part.end) parts.push(part);
	}
	return joined(parts);
};

/** The bytes that there are of one part, which may be none; `undefined` where it is not written as parts are. */
const parsePart = (spec: string, size: number): Part | undefined => {
	const [, first, last] = /^(\d*)-(\d*)$/.exec(spec) ?? [];
	if (first === undefined || last === undefined) return undefined;
	if (first === '') return last === '' ? undefined : { start: Math.max(0, size - Number(last)), end: size };
	const start = Number(first);
	if (last === '') return { start, end: size };
	return Number(last) < start ? undefined : { start, end: Math.min(size, Number(last) + 1) };
};

/** The one part that all of them are together. */
const joined = (parts: readonly Part[]): Range => {
	const [first, ...others] = parts.toSorted((a, b) => a.start - b.start);
	if (first === undefined) return UNSATISFIABLE;
	let { end } = first;
	for (const part of others) {
		if (part.start > end) return WHOLE;
		end = Math.max(end, part.end);
	}
	return { kind: 'part', start: first.start, end };
};
