// Options by environment variables: `CASPER_PUSH_BUDGET=0` for `--push-budget 0`. What the command line says goes first.

import { OPTIONS, type OptionSpec } from './options.ts';

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
