// Values as a terminal can show them.

/** Values in one text, all depths together. */
const MOST_VALUES = 300;
const MOST_DEPTH = 4;
/** Characters of a string within another value. */
const MOST_CHARACTERS = 10_000;

/** Strings as they are, errors with their stack, other values in the manner of JSON. Getters that throw, throw. */
export const describe = (value: unknown): string => {
	if (typeof value === 'string') return value;
	let count = 0;
	const write = (inner: unknown, above: readonly object[]): string => {
		if (typeof inner === 'string') return JSON.stringify(inner.slice(0, MOST_CHARACTERS));
		if (typeof inner === 'function') return `ƒ ${inner.name}`;
		if (typeof inner === 'bigint') return `${inner}n`;
		if (typeof inner !== 'object' || inner === null) return String(inner);
		if (inner instanceof Error) return ofError(inner);
		if (inner instanceof Element) return ofElement(inner);
		if (inner instanceof Date || inner instanceof RegExp) return String(inner);
		if (ArrayBuffer.isView(inner)) return ofView(inner);
		if (above.includes(inner) || above.length >= MOST_DEPTH) return '…';
		const next = [...above, inner];
		const each = <T>(values: Iterable<T>, one: (value: T) => string): string => {
			const parts: string[] = [];
			for (const part of values) {
				if (++count > MOST_VALUES) {
					parts.push('…');
					break;
				}
				parts.push(one(part));
			}
			return parts.join(', ');
		};
		if (Array.isArray(inner) || inner instanceof Set) return `[${each(inner, (part) => write(part, next))}]`;
		const record = inner as Record<string, unknown>;
		const name = inner.constructor?.name ?? 'Object';
		const text =
			inner instanceof Map
				? each(inner, ([key, part]) => `${String(key)}: ${write(part, next)}`)
				: each(keysOf(record), (key) => `${key}: ${write(record[key], next)}`);
		return name === 'Object' ? `{${text}}` : `${name} {${text}}`;
	};
	return write(value, []);
};

/** Its own, one after the other: to list those of a large object takes long. */
function* keysOf(record: Record<string, unknown>): Iterable<string> {
	for (const key in record) if (Object.hasOwn(record, key)) yield key;
}

/** Only how much there is. */
const ofView = (view: ArrayBufferView): string =>
	`${view.constructor.name}(${'length' in view ? view.length : view.byteLength})`;

/** Not all browsers have the message in the stack. */
const ofError = (error: Error): string => {
	const { stack = '' } = error;
	const title = String(error);
	return stack.includes(title) ? stack : `${title}\n${stack}`.trimEnd();
};

const ofElement = ({ localName, id, classList }: Element): string =>
	`<${localName}${id && `#${id}`}${[...classList].map((name) => `.${name}`).join('')}>`;
