// argv and environment → a command. The only file, with commands/, that touches process and console.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { runServe } from './commands/serve.ts';
import { readEnvironment } from './environment.ts';
import { CasperError, UsageError } from './errors.ts';
import { checkOption, type LogFormat, OPTIONS, type ServeOptions } from './options.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
	version: string;
};

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

type ParsedOptions = ServeOptions & { log?: LogFormat };

/** Runs the command line of this process and sets its exit code: 0 asked to stop, 1 the environment failed, 2 usage. */
export const main = async (): Promise<void> => {
	try {
		const { directory, options } = parse(process.argv.slice(2));
		const production = options.production ?? process.env.NODE_ENV === 'production';
		const { log = production ? 'json' : 'dev', ...serveOptions } = options;
		await runServe(directory, { ...serveOptions, production }, log, version);
	} catch (error) {
		process.exitCode = report(error);
	}
};

/** What the arguments ask for. `--help` and `--version` are thrown as the parser's own end, after printing. */
const parse = (argv: readonly string[]): { directory: string; options: ParsedOptions } => {
	const program = new Command('casper-serve')
		.description(
			'Serves a folder over HTTP/2: with a page, everything it needs that the client lacks, and nothing else.',
		)
		.argument('[dir]', 'the folder to serve (default: ., or ./public if only that has an index.html)')
		.version(version, '-v, --version', 'print the version')
		.helpOption('-h, --help', 'print this')
		.configureOutput({ writeErr: () => {} })
		.exitOverride();
	for (const { flags, help, fallback } of OPTIONS) program.option(flags, `${help} (default: ${fallback})`);
	program.parse([...argv], { from: 'user' });

	const given: Record<string, unknown> = program.opts();
	let [directory] = program.args;
	for (const name of ['cert', 'host', 'single']) {
		// `--cert ./public`: what follows an option with an optional value may be the folder after all.
		const value = given[name];
		if (typeof value !== 'string' || directory !== undefined || !isFolder(value)) continue;
		directory = value;
		given[name] = true;
	}
	const options = Object.fromEntries(
		Object.entries(given).map(([name, value]) => [name, toTyped(name, value, flagOf(name))]),
	);
	for (const { name, variable, value } of readEnvironment(process.env))
		if (program.getOptionValueSource(name) !== 'cli') options[name] = toTyped(name, value, variable);
	return { directory: directory ?? defaultFolder(), options };
};

/** Checked here as well as by the library, so that a mistake is named as it was typed. */
const toTyped = (name: string, value: unknown, setting: string): unknown => {
	const spec = OPTIONS.find((option) => option.name === name);
	const isNumber = /<(?:number|bytes|n)>/.test(spec?.flags ?? '');
	const isList = /<names>/.test(spec?.flags ?? '');
	const single = isNumber && /^\d+$/.test(String(value)) ? Number(value) : value;
	const typed = isList ? String(value).split(',') : single;
	try {
		checkOption(name, typed);
	} catch (error) {
		throw error instanceof UsageError ? new UsageError(setting, spec?.accepts.expected ?? '', value) : error;
	}
	return typed;
};

const flagOf = (name: string): string =>
	/--[\w-]+/.exec(OPTIONS.find((option) => option.name === name)?.flags ?? '')?.[0] ?? name;

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const defaultFolder = (): string =>
	!existsSync('index.html') && existsSync(join('public', 'index.html')) ? 'public' : '.';

/** The parser puts a suggestion into a line and brackets of its own; what was typed may have line feeds, too. */
const toOneLine = (message: string): string => message.replace(/\n\((.*)\)$/, '; $1').replace(/\s+/g, ' ');

/** Prints an error as one line, says how to go on, and returns the exit code. */
const report = (error: unknown): number => {
	if (error instanceof CommanderError) {
		if (error.exitCode === 0) return 0;
		console.error(
			`casper-serve: ${toOneLine(error.message.replace(/^error: /, ''))}; see casper-serve --help`,
		);
		return EXIT_USAGE;
	}
	if (error instanceof UsageError) {
		console.error(
			`casper-serve: ${error.setting === 'key' ? '--' : ''}${error.message}; see casper-serve --help`,
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
