// Options by a configuration file, `casper.config.ts`, `.js`, `.mjs` or `.json`: its name, its keys and values against
// the table of options, and what goes before what. All of that is pure; the edge to the disk is at the end.

import { readFile, stat } from 'node:fs/promises';
import { dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from './errors.ts';
import { type LogFormat, OPTIONS, type OptionSpec } from './option-table.ts';
import type { ServeOptions } from './options.ts';

/**
 * What a configuration file may say: `export default { … } satisfies Config`. Relative paths of files are read from the
 * file's own folder on.
 */
export interface Config extends Pick<ServeOptions, Exclude<OptionSpec['name'], 'log' | 'open' | 'config'>> {
	/**
	 * The folder to serve, where the command line names none.
	 * @default the current folder, or `public` in it if only that has an `index.html`
	 */
	readonly directory?: string | undefined;
	/**
	 * How requests are written to the log.
	 * @default 'dev', with `production` 'json'
	 */
	readonly log?: LogFormat | undefined;
	/**
	 * Open a browser: at this path of the site, or with `true` at its root.
	 * @default false
	 */
	readonly open?: string | boolean | undefined;
}

/** An option that somebody gave. */
export interface Given {
	readonly name: OptionSpec['name'] | 'directory';
	readonly value: unknown;
	/** As whoever gave it knows it: `--port`, `CASPER_PORT`, `casper.config.js: port`. */
	readonly setting: string;
}

/** The names under which a configuration is looked for, in this order. */
export const CONFIG_NAMES: readonly string[] = ['ts', 'js', 'mjs', 'json'].map(
	(kind) => `casper.config.${kind}`,
);

const FOLDER: OptionSpec['accepts'] = {
	expected: 'a folder',
	isValid: (value) => typeof value === 'string' && value !== '',
};
const CHECKS: ReadonlyMap<string, OptionSpec['accepts']> = new Map([
	['directory', FOLDER],
	...OPTIONS.filter(({ name }) => name !== 'config').map(({ name, accepts }) => [name, accepts] as const),
]);
/** Not `single`, which is below the folder that is served. */
const PATHS: readonly string[] = ['directory', 'cert', 'key', 'unix'];

/** What each option is given as, by name: the first source that gives it counts. */
export const mergeGiven = (...sources: readonly (readonly Given[])[]): ReadonlyMap<string, Given> =>
	new Map(
		sources
			.flat()
			.reverse()
			.map((given) => [given.name, given]),
	);

/**
 * The one of these configurations that is meant.
 * @throws {UsageError} where that could be more than one
 */
export const chooseConfig = (names: readonly string[]): string | undefined => {
	if (names.length > 1)
		throw new UsageError('configuration', 'one file, or --config to name it', names.join(' and '));
	return names[0];
};

/**
 * The options that the content of `file` gives, paths made relative to where `file` is.
 * @throws {UsageError} for anything but a plain object of known options with values that they take
 */
export const checkConfig = (content: unknown, file: string): readonly Given[] => {
	if (!isPlainObject(content))
		throw new UsageError(
			isJson(file) ? file : `${file}: default export`,
			'a plain object of options',
			content,
		);
	return Object.entries(content)
		.filter(([, value]) => value !== undefined)
		.map(([name, value]) => {
			const setting = `${file}: ${name}`;
			const accepts = CHECKS.get(name);
			if (accepts === undefined)
				throw new UsageError(setting, `one of the options ${[...CHECKS.keys()].join(', ')}`, name);
			if (!accepts.isValid(value)) throw new UsageError(setting, accepts.expected, value);
			const isRelative = typeof value === 'string' && PATHS.includes(name) && !isAbsolute(value);
			return { name: name as Given['name'], value: isRelative ? join(dirname(file), value) : value, setting };
		});
};

/** Of a class of its own it may be anything; what JSON or a literal makes is meant as options. */
const isPlainObject = (value: unknown): value is object =>
	typeof value === 'object' &&
	value !== null &&
	[Object.prototype, null].includes(Object.getPrototypeOf(value));

const isJson = (file: string): boolean => extname(file) === '.json';

/**
 * The options in the JSON `text` of `file`.
 * @throws {UsageError} where it is no JSON, with line and column, and as {@link checkConfig}
 */
export const parseConfig = (text: string, file: string): readonly Given[] => {
	// Editors on Windows put a mark of its encoding before a text, which is none of it.
	const json = text.replace(/^\uFEFF/, '');
	let content: unknown;
	try {
		content = JSON.parse(json);
	} catch {
		const { position, expected } = faultOf(json);
		const lines = json.slice(0, position).split('\n');
		const got = /^(?:[{}[\],:]|[^\s{}[\],:]{1,30})/.exec(json.slice(position))?.[0];
		const place = `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
		throw new UsageError(`${file}: ${place}`, expected, got ?? 'end of file');
	}
	return checkConfig(content, file);
};

const BLANK = /[\t\n\r ]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|[\u007F-\u009F]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*"/uy;
const MARK = /[{}[\],:]/y;
const WORD = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** What may follow: a mark stands for itself, `s` for a string, `w` for a number, `true`, `false` or `null`. */
const EXPECTED = {
	'sw{[': 'a value',
	'sw{[]': 'a value or ]',
	's}': 'a name in double quotes or }',
	s: 'a name in double quotes',
	':': ':',
	',}': ', or }',
	',]': ', or ]',
	'': 'nothing more',
} as const;

/** Where a text stops being JSON, and what could have stood there: few versions of Node tell it, each in its own words. */
const faultOf = (text: string): { readonly position: number; readonly expected: string } => {
	const open: string[] = [];
	let position = 0;
	let allowed: keyof typeof EXPECTED = 'sw{[';
	const ends = (token: RegExp): number => {
		token.lastIndex = position;
		return token.test(text) ? token.lastIndex : position;
	};
	for (;;) {
		position = ends(BLANK);
		const [string, word, mark] = [ends(STRING), ends(WORD), ends(MARK)];
		const kind =
			string > position ? 's' : word > position ? 'w' : mark > position ? text[position] : undefined;
		if (kind === undefined || !allowed.includes(kind)) return { position, expected: EXPECTED[allowed] };
		const isName = allowed === 's' || allowed === 's}';
		position = Math.max(string, word, mark);
		if (kind === '{' || kind === '[') open.push(kind);
		if (kind === '}' || kind === ']') open.pop();
		const around = open.at(-1);
		if (kind === '{') allowed = 's}';
		else if (kind === '[') allowed = 'sw{[]';
		else if (kind === ':') allowed = 'sw{[';
		else if (kind === ',') allowed = around === '{' ? 's' : 'sw{[';
		else if (isName && kind === 's') allowed = ':';
		else allowed = around === '{' ? ',}' : around === '[' ? ',]' : '';
	}
};

/**
 * The configuration that is to be read: `named`, else the one in the current folder, if there is one.
 * @throws {UsageError} where there is no file of that name, or there are several to choose from
 */
export const findConfig = async (named: Given | undefined): Promise<string | undefined> => {
	if (named === undefined) {
		const found = await Promise.all(CONFIG_NAMES.map(isFile));
		return chooseConfig(CONFIG_NAMES.filter((_, index) => found[index]));
	}
	const file = String(named.value);
	if (!/^\.(?:[cm]?[jt]s|json)$/.test(extname(file)))
		throw new UsageError(named.setting, 'a .ts, .js, .mjs or .json file', file);
	if (!(await isFile(file))) throw new UsageError(named.setting, 'an existing file', file);
	return file;
};

const isFile = async (path: string): Promise<boolean> => {
	try {
		return (await stat(path)).isFile();
	} catch {
		return false;
	}
};

/**
 * Reads `file`, or runs it if it is a module. `version` is the one of this Node, to be named where that is too old.
 * @throws {UsageError} where that fails, and as {@link checkConfig}
 */
export const readConfig = async (file: string, version: string): Promise<readonly Given[]> => {
	if (isJson(file)) {
		const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
			throw new UsageError(file, 'a file that can be read', error.code);
		});
		return parseConfig(text, file);
	}
	const url = pathToFileURL(resolve(file)).href;
	try {
		const module: { readonly default?: unknown } = await import(url);
		return checkConfig(module.default, file);
	} catch (error) {
		// What is no complaint of ours is the module's own, be it from running it or from reading what it exports.
		throw error instanceof UsageError ? error : moduleFault(error, file, url, version);
	}
};

/** Anything may be thrown by a module. */
const moduleFault = (error: unknown, file: string, url: string, version: string): UsageError => {
	if (!(error instanceof Error)) return new UsageError(file, 'a module that runs', error);
	const { message, stack = '', code } = error as NodeJS.ErrnoException;
	// Raised by Nodes that do not strip types, and by those that were built or told not to.
	const isTypeScript = /"\.[cm]?ts"/.test(message) || /\.[cm]?ts$/.test(file);
	if ((code === 'ERR_UNKNOWN_FILE_EXTENSION' && isTypeScript) || code === 'ERR_NO_TYPESCRIPT')
		return new UsageError(
			file,
			'a Node that reads TypeScript (22.18 or newer, unless told not to), or a .js, .mjs or .json file in its place',
			version,
		);
	if (error instanceof SyntaxError && /^(?:Unexpected token 'export'|Cannot use import)/.test(message))
		return new UsageError(file, 'CommonJS, or the name .mjs, or "type": "module" in package.json', message);
	if (error instanceof SyntaxError && !stack.includes(`${url}:`))
		return new UsageError(file, 'a module without syntax errors (node --check shows where)', message);
	const line = /^\d+/.exec(stack.split(`${url}:`)[1] ?? '')?.[0];
	const place = line === undefined ? file : `${file}: line ${line}`;
	return new UsageError(place, 'a module that runs', message);
};
