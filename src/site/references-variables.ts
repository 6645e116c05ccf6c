// Custom properties of CSS and the values that they are filled into (CSS Custom Properties 1).

import type { Styles } from './references-cascade.ts';

/** Values by name, with its two dashes. */
export type Variables = ReadonlyMap<string, string>;

/** Values grow with each variable filled in: longer ones are cut off. */
const MAX_VALUE = 10_000;

/** The variables of an element: its own, and those from above. */
export const variablesOf = (styles: Styles, above: Variables): Variables => {
	let custom: Map<string, string> | undefined;
	for (const [key, { winner, conditional }] of styles) {
		if (!key.startsWith('--') || key.includes('::')) continue;
		// Where only conditions decide, any of the values is a guess: the first will do.
		const value = winner?.value ?? conditional[0]?.value;
		custom ??= new Map(above);
		if (value !== undefined) custom.set(key, value);
	}
	return custom ?? above;
};

/** A value with its variables filled in (CSS Custom Properties 1 §3). */
export const filled = (value: string, variables: Variables): string => {
	let text = value;
	// Innermost first; each round goes one level deeper.
	for (let round = 0; round < 10 && text.includes('var('); round++)
		text = text
			.replace(
				/var\(\s*(--[^\s,()]+)\s*(?:,([^()]*(?:\([^()]*\)[^()]*)*))?\)/g,
				(_all, name: string, fallback?: string) => variables.get(name) ?? fallback ?? '',
			)
			.slice(0, MAX_VALUE);
	return text;
};
