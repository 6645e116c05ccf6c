// Options that come as text, from the command line and from environment variables: `CASPER_PUSH_BUDGET=0` for
// `--push-budget 0`. What the command line says goes first.

import { UsageError } from './errors.ts';
import { OPTIONS, type OptionSpec } from './option-table.ts';

/** An option that the environment gives. */
export interface GivenByEnvironment {
	readonly name: OptionSpec['name'];
	/** `CASPER_` and the option's name in capitals. */
	readonly variable: string;
	/** As an argument parser would have it: `true` and `false` for switches, else the text. */
	readonly value: string | boolean;
}

/** The variable for an option: `CASPER_ALLOWED_HOSTS`. */
export const variableOf = (name: OptionSpec['name']): string =>
	`CASPER_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

/**
 * The options that `environment` gives. An empty variable gives none. Where an option needs no value, `true`, `1`,
 * `false` and `0` switch it; where it may have one, anything else is that.
 */
export const readEnvironment = (
	environment: Readonly<Record<string, string | undefined>>,
): readonly GivenByEnvironment[] =>
	OPTIONS.flatMap(({ name, flags }) => {
		const variable = variableOf(name);
		const text = environment[variable] ?? '';
		if (text === '') return [];
		return [{ name, variable, value: flags.includes('<') ? text : (SWITCHES.get(text) ?? text) }];
	});

const SWITCHES: ReadonlyMap<string, boolean> = new Map([
	['true', true],
	['1', true],
	['false', false],
	['0', false],
]);

/**
 * The value that `given` stands for: digits are a number where the option takes one, and commas part the items of a list,
 * of which blank ones are dropped. Checked here as well as by the library, so that a mistake is named as it was typed.
 * @throws {UsageError} for `setting`, where the option does not take it
 */
export const toTyped = (name: OptionSpec['name'], given: string | boolean, setting: string): unknown => {
	const { flags, accepts } = OPTIONS.find((option) => option.name === name) ?? { flags: '' };
	const typed = typeof given === 'string' ? readText(given, flags) : given;
	if (accepts?.isValid(typed) === false) throw new UsageError(setting, accepts.expected, given);
	return typed;
};

const readText = (text: string, flags: string): unknown => {
	if (/[<[](?:number|bytes|n)[>\]]/.test(flags)) return /^\d+$/.test(text) ? Number(text) : text;
	if (/<(?:names|patterns)>/.test(flags)) return text.split(',').filter((item) => item.trim() !== '');
	return text;
};
