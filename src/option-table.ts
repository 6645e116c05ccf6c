// Every option that the command line has: how it is written, told of and checked. The command line, the environment, the
// configuration and the README share this table.

import type { ServeOptions } from './options.ts';
import { singlePath } from './site/fallbacks.ts';

/** How a request is written to the log. */
export const LOG_FORMATS = ['dev', 'combined', 'json', 'none'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

const TRAILING_SLASHES: readonly unknown[] = ['keep', 'add', 'remove'];

/** What the command line says of one option. */
export interface OptionSpec {
	readonly name: Exclude<keyof ServeOptions, `on${string}` | 'storage'> | 'log' | 'open' | 'config';
	/** As the argument parser and the usage text write it. */
	readonly flags: string;
	/** What switches it off, where it can be on by default. */
	readonly off?: string;
	readonly help: string;
	/** The default as people read it. */
	readonly fallback: string;
	readonly accepts: Check;
}

/** What an option takes. */
export interface Check {
	readonly expected: string;
	readonly isValid: (value: unknown) => boolean;
}

const integer = (least: number, most: number, unit = ''): Check => ({
	expected: `a whole number${unit} from ${least} to ${most}`,
	isValid: (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
});
const flag: Check = { expected: 'true or false', isValid: (value) => typeof value === 'boolean' };
/** A text that is not empty. */
export const text = (expected: string): Check => ({
	expected,
	isValid: (value) => typeof value === 'string' && value !== '',
});
const textOr = (expected: string, ...others: readonly unknown[]): Check => ({
	expected,
	isValid: (value) => others.includes(value) || text('').isValid(value),
});

/** Every option of `serve`, in the order in which people are told of them. */
export const OPTIONS: readonly OptionSpec[] = [
	{
		name: 'port',
		flags: '-p, --port <number>',
		help: 'TCP port; 0: any free one',
		fallback: '8080, with TLS 8443; if taken, the next free one',
		accepts: integer(0, 65_535),
	},
	{
		name: 'host',
		flags: '-H, --host [address]',
		help: 'name or address to listen on; alone: all addresses',
		fallback: 'localhost',
		accepts: textOr('a name or an address', true),
	},
	{
		name: 'allowedHosts',
		flags: '--allowed-hosts <names>',
		help: 'more names to answer to, joined by commas; .example.com: all below it',
		fallback: 'localhost, addresses, the names of the machine and in the certificate; all with --production',
		accepts: {
			expected: 'host names',
			isValid: (value) => Array.isArray(value) && value.every((name) => /^(?:\*?\.)?[^\s/:,*]+$/.test(name)),
		},
	},
	{
		name: 'cors',
		flags: '--cors [origin]',
		help: 'let pages of other sites load files; alone: of all',
		fallback: 'off; with --production, none are refused, but none can read',
		accepts: {
			expected: 'an origin such as https://app.example',
			isValid: (value) =>
				typeof value === 'boolean' ||
				(typeof value === 'string' && /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9.:[\]-]+$/.test(value)),
		},
	},
	{
		name: 'cert',
		flags: '-C, --cert [file]',
		help: 'serve over TLS with this PEM certificate; alone: a self-signed one',
		fallback: 'off',
		accepts: textOr('a PEM file', true, false),
	},
	{
		name: 'key',
		flags: '-K, --key <file>',
		help: 'the private key of the certificate, PEM',
		fallback: 'the file beside the certificate',
		accepts: text('a PEM file'),
	},
	{ name: 'push', flags: '--no-push', help: 'do not push', fallback: 'push', accepts: flag },
	{
		name: 'pushBudget',
		flags: '--push-budget <bytes>',
		help: 'push or bundle at most so many bytes with a page',
		fallback: '1048576',
		accepts: integer(0, Number.MAX_SAFE_INTEGER, ' of bytes'),
	},
	{
		name: 'pushCount',
		flags: '--push-count <n>',
		help: 'push or bundle at most so many files with a page',
		fallback: '100',
		accepts: integer(0, 200),
	},
	{
		name: 'hints',
		flags: '--no-hints',
		help: 'do not name what a page needs in Link fields',
		fallback: 'hints',
		accepts: flag,
	},
	{
		name: 'bundle',
		flags: '--bundle',
		off: '--no-bundle',
		help: 'give browsers a service worker, and pages with all they need in one response',
		fallback: 'off; on with --production',
		accepts: flag,
	},
	{
		name: 'live',
		flags: '--live',
		off: '--no-live',
		help: 'have open pages show what has changed as soon as it has',
		fallback: 'on; off with --production',
		accepts: flag,
	},
	{
		name: 'forwardConsole',
		flags: '--forward-console',
		help: 'show here what pages write to their consoles, and their errors',
		fallback: 'off',
		accepts: flag,
	},
	{
		name: 'open',
		flags: '--open [path]',
		help: 'open a browser at this path of the site; alone: /',
		fallback: 'off',
		accepts: {
			expected: 'a path such as /about',
			isValid: (value) =>
				typeof value === 'boolean' ||
				// No other host, and no scheme or port, which only what goes before the first slash could be.
				(typeof value === 'string' && /^(?!\/\/)(?![^/?#]*:)[^\s\\]+$/.test(value)),
		},
	},
	{
		name: 'trailingSlash',
		flags: '--trailing-slash <form>',
		help: 'keep: about.html is /about, about/index.html is /about/; add: both /about/; remove: both /about',
		fallback: 'keep',
		accepts: {
			expected: `one of ${TRAILING_SLASHES.join(', ')}`,
			isValid: (value) => TRAILING_SLASHES.includes(value),
		},
	},
	{
		name: 'single',
		flags: '--single [file]',
		help: 'show this page where a navigation leads to nothing; alone: index.html',
		fallback: 'off',
		accepts: {
			expected: 'an HTML file below the folder',
			isValid: (value) =>
				typeof value === 'boolean' || (typeof value === 'string' && singlePath(value) !== undefined),
		},
	},
	{
		name: 'memory',
		flags: '--memory <bytes>',
		help: 'hold at most so many bytes of files and their compressed forms in memory',
		fallback: '268435456',
		accepts: integer(0, Number.MAX_SAFE_INTEGER, ' of bytes'),
	},
	{
		name: 'list',
		flags: '--list',
		help: 'show what is in a folder that has no page',
		fallback: 'off',
		accepts: flag,
	},
	{
		name: 'maxage',
		flags: '--maxage <n>',
		help: 'seconds for which files other than pages may be used without asking',
		fallback: 'none: each use is asked for',
		accepts: integer(0, 31_536_000, ' of seconds'),
	},
	{
		name: 'dotfiles',
		flags: '--dotfiles',
		help: 'serve files whose names begin with a dot, too',
		fallback: 'only below .well-known',
		accepts: flag,
	},
	{
		name: 'followSymlinks',
		flags: '--follow-symlinks',
		help: 'serve what links lead to outside the folder, too',
		fallback: 'off',
		accepts: flag,
	},
	{
		name: 'ignore',
		flags: '--ignore <patterns>',
		help: 'neither serve nor watch these names (anywhere) or /paths, joined by commas',
		fallback: 'node_modules',
		accepts: {
			expected: 'names or paths without blanks at their ends',
			isValid: (value) =>
				Array.isArray(value) &&
				value.every((pattern) => typeof pattern === 'string' && pattern === pattern.trim()),
		},
	},
	{
		name: 'production',
		flags: '--production',
		help: 'files named by a content hash are immutable; the log is JSON',
		fallback: 'off, unless NODE_ENV=production',
		accepts: flag,
	},
	{
		name: 'grace',
		flags: '--grace <n>',
		help: 'seconds for which running answers may go on when it is asked to stop',
		fallback: '5',
		accepts: integer(0, 3600, ' of seconds'),
	},
	{
		name: 'health',
		flags: '--health [path]',
		help: 'answer this path with 200 once all is indexed; alone: /.casper/health',
		fallback: 'off',
		accepts: {
			expected: 'a path such as /health',
			isValid: (value) =>
				typeof value === 'boolean' ||
				(typeof value === 'string' && /^\/[\w.~!$&'()*+,;=:@%/-]*$/.test(value)),
		},
	},
	{
		name: 'httpRedirect',
		flags: '--http-redirect [number]',
		help: 'with TLS: redirect HTTP on this port to HTTPS; alone: 8080',
		fallback: 'off',
		accepts: {
			expected: integer(0, 65_535).expected,
			isValid: (value) => typeof value === 'boolean' || integer(0, 65_535).isValid(value),
		},
	},
	{
		name: 'unix',
		flags: '--unix <path>',
		help: 'listen on this Unix socket and not on a port',
		fallback: 'off',
		accepts: text('the path of a socket'),
	},
	{
		name: 'trustProxy',
		flags: '--trust-proxy',
		help: 'take address, host and scheme of clients from Forwarded or X-Forwarded-*',
		fallback: 'off',
		accepts: flag,
	},
	{
		name: 'log',
		flags: '--log <format>',
		help: `how requests are told of: ${LOG_FORMATS.join(', ')}`,
		fallback: 'dev; json with --production',
		accepts: {
			expected: `one of ${LOG_FORMATS.join(', ')}`,
			isValid: (value) => LOG_FORMATS.includes(value as LogFormat),
		},
	},
	{
		name: 'config',
		flags: '--config <file>',
		help: 'take what is not given here from this file',
		fallback: 'casper.config.ts, .js, .mjs or .json, if there is one',
		accepts: text('a file'),
	},
];
