// argv, environment and configuration → a command. The only file, with commands/, that touches process and console.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { KEY_HELP } from './commands/greeter.ts';
import { runServe } from './commands/serve.ts';
import { findConfig, type Given, mergeGiven, readConfig } from './config.ts';
import { readEnvironment, toTyped } from './environment.ts';
import { CasperError, UsageError } from './errors.ts';
import { type LogFormat, OPTIONS, type OptionSpec } from './option-table.ts';
import type { ServeOptions } from './options.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
	version: string;
};

const LINGER_MS = 1000;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Runs the command line of this process and sets its exit code: 0 asked to stop, 1 the environment failed, 2 usage. */
export const main = async (): Promise<void> => {
	let given: ReadonlyMap<string, Given> = new Map();
	try {
		given = await gather(process.argv.slice(2));
		const { directory, log, open = false, ...options } = optionsOf(given);
		const production = options.production ?? process.env.NODE_ENV === 'production';
		const format = log ?? (production ? 'json' : 'dev');
		await runServe(directory ?? defaultFolder(), { ...options, production }, { log: format, open }, version);
		// Whatever is left behind by then is nothing that anybody waits for.
		setTimeout(() => process.exit(), LINGER_MS).unref();
	} catch (error) {
		process.exitCode = report(error, given);
	}
};

/** What is asked for: by the arguments, else by the environment, else by the configuration that these two may name. */
const gather = async (argv: readonly string[]): Promise<ReadonlyMap<string, Given>> => {
	const flags = parse(argv);
	const variables = readEnvironment(process.env)
		.filter(({ name }) => !flags.some((flag) => flag.name === name))
		.map(({ name, variable, value }) => ({
			name,
			value: toTyped(name, value, variable),
			setting: variable,
		}));
	const file = await findConfig(mergeGiven(flags, variables).get('config'));
	const config = file === undefined ? [] : await readConfig(file, process.version);
	return mergeGiven(flags, variables, config);
};

const optionsOf = (
	given: ReadonlyMap<string, Given>,
): ServeOptions & {
	readonly directory?: string;
	readonly log?: LogFormat;
	readonly open?: string | boolean;
} =>
	Object.fromEntries(
		[...given.values()].filter(({ name }) => name !== 'config').map(({ name, value }) => [name, value]),
	);

/** What the arguments ask for. `--help` and `--version` are thrown as the parser's own end, after printing. */
const parse = (argv: readonly string[]): readonly Given[] => {
	const program = new Command('casper-serve')
		.description(
			'Serves a folder over HTTP/2: with a page, everything it needs that the client lacks, and nothing else.',
		)
		.argument('[dir]', 'the folder to serve (default: ., or ./public if only that has an index.html)')
		.version(version, '-v, --version', 'print the version')
		.helpOption('-h, --help', 'print this')
		.addHelpText('after', `\nKeys, in a terminal:\n${KEY_HELP.join('\n')}`)
		.configureOutput({ writeErr: () => {} })
		.exitOverride();
	for (const { flags, off, help, fallback } of OPTIONS) {
		program.option(flags, `${help} (default: ${fallback})`);
		if (off !== undefined) program.option(off, `not ${flags}`);
	}
	program.parse([...argv], { from: 'user' });

	// The parser has a value for what `--no-push` switches off even where nobody gave one.
	const given = OPTIONS.filter(({ name }) => program.getOptionValueSource(name) === 'cli').map((spec) => ({
		spec,
		value: program.getOptionValue(spec.name) as string | boolean,
	}));
	const [typed] = program.args;
	const misread = typed === undefined ? given.find(isFolderAfter) : undefined;
	const directory = typed ?? misread?.value;
	const options = given.map((option) => {
		const setting = flagOf(option.spec);
		const value = toTyped(option.spec.name, option === misread ? true : option.value, setting);
		return { name: option.spec.name, value, setting };
	});
	return directory === undefined
		? options
		: [...options, { name: 'directory', value: directory, setting: 'dir' }];
};

/** `--cert ./public`: what follows an option with an optional value may be the folder after all. */
const isFolderAfter = ({ spec, value }: { spec: OptionSpec; value: string | boolean }): boolean => {
	if (typeof value !== 'string' || !spec.flags.includes('[')) return false;
	// `--health /` and `--open /srv` name paths of the site, whatever the disk has there.
	if ((spec.name === 'health' || spec.name === 'open') && value.startsWith('/')) return false;
	return isFolder(value);
};

const flagOf = ({ flags }: OptionSpec): string => /--[\w-]+/.exec(flags)?.[0] ?? flags;

const isFolder = (path: string): boolean => {
	try {
		return statSync(path).isDirectory();
	} catch {
		// It need not be a path at all.
		return false;
	}
};

const defaultFolder = (): string =>
	!existsSync('index.html') && existsSync(join('public', 'index.html')) ? 'public' : '.';

/** The parser puts a suggestion into a line and brackets of its own; what was typed may have line feeds, too. */
const toOneLine = (message: string): string =>
	message.replace(/\n\((.*)\)$/, '; $1').replace(/\s*[\n\r]\s*/g, ' ');

/** An option as whoever gave it knows it; as a flag where nobody did. */
const settingOf = (name: string, given: ReadonlyMap<string, Given>): string => {
	const spec = OPTIONS.find((option) => option.name === name);
	return given.get(name)?.setting ?? (spec === undefined ? name : flagOf(spec));
};

/** Prints an error as one line, says how to go on, and returns the exit code. */
const report = (error: unknown, given: ReadonlyMap<string, Given>): number => {
	if (error instanceof CommanderError) {
		if (error.exitCode === 0) return 0;
		console.error(
			`casper-serve: ${toOneLine(error.message.replace(/^error: /, ''))}; see casper-serve --help`,
		);
		return EXIT_USAGE;
	}
	if (error instanceof UsageError) {
		const rest = error.message.slice(error.setting.length);
		console.error(
			`casper-serve: ${toOneLine(`${settingOf(error.setting, given)}${rest}`)}; see casper-serve --help`,
		);
		return EXIT_USAGE;
	}
	if (error instanceof CasperError) {
		console.error(`casper-serve: ${error.message}`);
		return EXIT_FAILED;
	}
	console.error('casper-serve: unexpected error, please report it:', error);
	return EXIT_FAILED;
};
