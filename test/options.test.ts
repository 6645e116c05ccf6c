import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../src/errors.ts';
import { LOG_FORMATS, OPTIONS } from '../src/option-table.ts';
import { checkOption, resolveOptions, type ServeOptions } from '../src/options.ts';

const options = suite('options');

const DEFAULTS = {
	port: undefined,
	host: 'localhost',
	allowedHosts: undefined,
	cors: false,
	cert: false,
	key: undefined,
	push: true,
	pushBudget: 1_048_576,
	pushCount: 100,
	hints: true,
	bundle: false,
	live: true,
	forwardConsole: false,
	trailingSlash: 'keep',
	single: false,
	list: false,
	memory: 268_435_456,
	maxage: undefined,
	dotfiles: false,
	followSymlinks: false,
	ignore: ['node_modules'],
	grace: 5,
	health: false,
	httpRedirect: false,
	unix: undefined,
	trustProxy: false,
	production: false,
	storage: undefined,
	onRequest: undefined,
	onProblem: undefined,
	onLive: undefined,
};

options('what is not given has its default', () => {
	assert.equal(resolveOptions({}), DEFAULTS);
});

options('what is given as undefined counts as not given', () => {
	const nothing = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, undefined]));
	assert.equal(resolveOptions(nothing), DEFAULTS);
	assert.equal(resolveOptions({ ...nothing, push: false }), { ...DEFAULTS, push: false });
});

options('what is given stands, and nothing else changes', () => {
	const given: Required<ServeOptions> = {
		port: 0,
		host: true,
		allowedHosts: ['a.test', '.b.test'],
		cors: 'https://a.test',
		cert: 'cert.pem',
		key: 'key.pem',
		push: false,
		pushBudget: 0,
		pushCount: 0,
		hints: false,
		bundle: true,
		live: true,
		forwardConsole: true,
		trailingSlash: 'add',
		single: 'app.html',
		list: true,
		memory: 0,
		maxage: 600,
		dotfiles: true,
		followSymlinks: true,
		ignore: ['drafts'],
		grace: 0,
		health: '/health',
		httpRedirect: 8081,
		unix: undefined,
		trustProxy: true,
		production: true,
		storage: 'folder',
		onRequest: () => {},
		onProblem: () => {},
		onLive: () => {},
	};
	assert.equal(resolveOptions(given), given);
	for (const [name, value] of Object.entries(given))
		if (name !== 'key' && name !== 'httpRedirect' && name !== 'production')
			assert.equal(resolveOptions({ [name]: value }), { ...DEFAULTS, [name]: value });
});

options('bundles are on in production, live reload is off, unless somebody says otherwise', () => {
	const of = (given: ServeOptions): readonly boolean[] => {
		const { bundle, live } = resolveOptions(given);
		return [bundle, live];
	};
	assert.equal(of({ production: true }), [true, false]);
	assert.equal(of({ production: true, bundle: false, live: true }), [false, true]);
	assert.equal(of({ bundle: true, live: false }), [true, false]);
});

options('no console is forwarded without live reload', () => {
	assert.throws(
		() => resolveOptions({ forwardConsole: true, live: false }),
		(error: unknown) => error instanceof UsageError && error.setting === 'forwardConsole',
	);
});

options('neither the options given nor the defaults are changed', () => {
	const given = Object.freeze({ port: 1 });
	resolveOptions(given);
	const resolved = resolveOptions({}) as { port: number | undefined };
	resolved.port = 99;
	assert.equal(resolveOptions({}), DEFAULTS);
});

const ACCEPTED: readonly { name: string; values: readonly unknown[] }[] = [
	{ name: 'port', values: [0, 1, 8080, 65_535] },
	{ name: 'host', values: [true, 'localhost', '0.0.0.0', '::1', 'example.com'] },
	{ name: 'maxage', values: [0, 1, 31_536_000] },
	{ name: 'cors', values: [true, false, 'https://a.test', 'http://[::1]:80'] },
	{ name: 'allowedHosts', values: [[], ['a'], ['.a.b', '*.c.d', 'e']] },
	{ name: 'cert', values: [true, false, 'a.pem'] },
	{ name: 'push', values: [true, false] },
	{ name: 'pushBudget', values: [0, 1, Number.MAX_SAFE_INTEGER] },
	{ name: 'pushCount', values: [0, 1, 200] },
	{ name: 'hints', values: [true, false] },
	{ name: 'bundle', values: [true, false] },
	{ name: 'live', values: [true, false] },
	{ name: 'forwardConsole', values: [true, false] },
	{ name: 'trailingSlash', values: ['keep', 'add', 'remove'] },
	{ name: 'single', values: [true, false, 'index.html', '/index.html', './app/200.html', 'a.htm'] },
	{ name: 'memory', values: [0, 1, Number.MAX_SAFE_INTEGER] },
	{ name: 'list', values: [true, false] },
	{ name: 'dotfiles', values: [true, false] },
	{ name: 'followSymlinks', values: [true, false] },
	{ name: 'ignore', values: [[], [''], ['node_modules', '/drafts/**', '*.psd']] },
	{ name: 'grace', values: [0, 5, 3600] },
	{ name: 'health', values: [true, false, '/health', '/a/b.txt'] },
	{ name: 'httpRedirect', values: [true, false, 0, 80, 65_535] },
	{ name: 'unix', values: ['a.sock', '/run/a.sock'] },
	{ name: 'trustProxy', values: [true, false] },
	{ name: 'production', values: [true, false] },
	{ name: 'storage', values: ['a', '/a/b'] },
	{ name: 'onRequest', values: [() => {}, async () => {}] },
	{ name: 'onProblem', values: [() => {}] },
];
for (const { name, values } of ACCEPTED)
	options(`accepted: ${name}`, () => {
		for (const value of values) {
			checkOption(name, value);
			// Alone it would be refused: there would be nothing to redirect to.
			const beside = name === 'httpRedirect' ? { cert: true } : {};
			assert.is(resolveOptions({ ...beside, [name]: value })[name as keyof ServeOptions], value);
		}
	});

const PORT = 'a whole number from 0 to 65535';
const BYTES = 'a whole number of bytes from 0 to 9007199254740991';
const COUNT = 'a whole number from 0 to 200';
const SECONDS = 'a whole number of seconds from 0 to 3600';
const PATTERNS = 'names or paths without blanks at their ends';
const PAGE = 'an HTML file below the folder';
const REJECTED: readonly { name: string; value: unknown; expected: string; got: string }[] = [
	{ name: 'port', value: -1, expected: PORT, got: '-1' },
	{ name: 'port', value: 65_536, expected: PORT, got: '65536' },
	{ name: 'port', value: 80.5, expected: PORT, got: '80.5' },
	{ name: 'port', value: Number.NaN, expected: PORT, got: 'NaN' },
	{ name: 'port', value: Number.POSITIVE_INFINITY, expected: PORT, got: 'Infinity' },
	{ name: 'port', value: '8080', expected: PORT, got: '"8080"' },
	{ name: 'port', value: '', expected: PORT, got: '""' },
	{ name: 'port', value: null, expected: PORT, got: 'null' },
	{ name: 'port', value: true, expected: PORT, got: 'true' },
	{ name: 'port', value: [80], expected: PORT, got: 'an array' },
	{ name: 'port', value: 80n, expected: PORT, got: '80' },
	{ name: 'ignore', value: 'a', expected: PATTERNS, got: '"a"' },
	{ name: 'ignore', value: [' a'], expected: PATTERNS, got: 'an array' },
	{ name: 'grace', value: -1, expected: SECONDS, got: '-1' },
	{ name: 'grace', value: 3601, expected: SECONDS, got: '3601' },
	{ name: 'health', value: 'health', expected: 'a path such as /health', got: '"health"' },
	{ name: 'health', value: '/a?b', expected: 'a path such as /health', got: '"/a?b"' },
	{ name: 'httpRedirect', value: 65_536, expected: PORT, got: '65536' },
	{ name: 'httpRedirect', value: '80', expected: PORT, got: '"80"' },
	{ name: 'unix', value: '', expected: 'the path of a socket', got: '""' },
	{ name: 'host', value: '', expected: 'a name or an address', got: '""' },
	{ name: 'host', value: false, expected: 'a name or an address', got: 'false' },
	{ name: 'host', value: 127, expected: 'a name or an address', got: '127' },
	{ name: 'host', value: ['::1'], expected: 'a name or an address', got: 'an array' },
	{ name: 'cert', value: '', expected: 'a PEM file', got: '""' },
	{ name: 'cert', value: {}, expected: 'a PEM file', got: 'an object' },
	{ name: 'key', value: true, expected: 'a PEM file', got: 'true' },
	{ name: 'key', value: '', expected: 'a PEM file', got: '""' },
	{ name: 'push', value: 'no', expected: 'true or false', got: '"no"' },
	{ name: 'push', value: 0, expected: 'true or false', got: '0' },
	{ name: 'push', value: null, expected: 'true or false', got: 'null' },
	{ name: 'pushBudget', value: -1, expected: BYTES, got: '-1' },
	{ name: 'pushBudget', value: 2 ** 53, expected: BYTES, got: '9007199254740992' },
	{ name: 'pushBudget', value: '1 MiB', expected: BYTES, got: '"1 MiB"' },
	{ name: 'memory', value: -1, expected: BYTES, got: '-1' },
	{ name: 'memory', value: '1 GiB', expected: BYTES, got: '"1 GiB"' },
	{ name: 'pushCount', value: 201, expected: COUNT, got: '201' },
	{ name: 'pushCount', value: -1, expected: COUNT, got: '-1' },
	{ name: 'hints', value: 1, expected: 'true or false', got: '1' },
	{ name: 'bundle', value: 'yes', expected: 'true or false', got: '"yes"' },
	{ name: 'trailingSlash', value: 'always', expected: 'one of keep, add, remove', got: '"always"' },
	{ name: 'trailingSlash', value: true, expected: 'one of keep, add, remove', got: 'true' },
	{ name: 'single', value: '', expected: PAGE, got: '""' },
	{ name: 'single', value: '../index.html', expected: PAGE, got: '"../index.html"' },
	{ name: 'single', value: '.app.html', expected: PAGE, got: '".app.html"' },
	{ name: 'single', value: 'app.js', expected: PAGE, got: '"app.js"' },
	{ name: 'single', value: 'app', expected: PAGE, got: '"app"' },
	{ name: 'single', value: 1, expected: PAGE, got: '1' },
	{ name: 'production', value: 'yes\nplease', expected: 'true or false', got: '"yes\\nplease"' },
	{ name: 'storage', value: '', expected: 'a folder', got: '""' },
	{ name: 'storage', value: 5, expected: 'a folder', got: '5' },
	{ name: 'storage', value: true, expected: 'a folder', got: 'true' },
	{ name: 'onRequest', value: 'console', expected: 'a function', got: '"console"' },
	{ name: 'onProblem', value: {}, expected: 'a function', got: 'an object' },
];
for (const { name, value, expected, got } of REJECTED)
	options(`rejected, naming setting, expectation and what was got: ${name} ${got}`, () => {
		for (const reject of [
			() => resolveOptions({ [name]: value }),
			() => resolveOptions({ cert: 'a.pem', [name]: value }),
			() => checkOption(name, value),
		])
			assert.throws(reject, (error: unknown) => {
				assert.instance(error, UsageError);
				assert.instance(error, TypeError);
				assert.is((error as UsageError).setting, name);
				assert.is((error as UsageError).message, `${name}: expected ${expected}, got ${got}`);
				return true;
			});
	});

for (const name of [
	'prot',
	'log',
	'Port',
	'constructor',
	'toString',
	'__proto__',
	'hasOwnProperty',
	'on',
	'',
])
	options(`an unknown option is rejected, and the known ones are named: ${JSON.stringify(name)}`, () => {
		const given: ServeOptions = JSON.parse(`{ ${JSON.stringify(name)}: 1 }`);
		assert.throws(
			() => resolveOptions(given),
			(error: unknown) =>
				error instanceof UsageError &&
				error.setting === name &&
				error.message.startsWith(
					`${name}: expected one of the options port, host, allowedHosts, cors, cert, key, push, `,
				) &&
				error.message.endsWith(`, got ${JSON.stringify(name)}`),
		);
	});

for (const cert of [undefined, true, false])
	options(`a key without the file of its certificate is rejected: cert ${cert}`, () => {
		assert.throws(
			() => resolveOptions({ key: 'key.pem', cert }),
			(error: unknown) =>
				error instanceof UsageError &&
				error.setting === 'key' &&
				/^key: expected a certificate file to go with it, got /.test(error.message),
		);
	});

const EXCLUDED: readonly { name: string; input: ServeOptions; want: string }[] = [
	{
		name: 'a port and a socket',
		input: { unix: 'a.sock', port: 0 },
		want: 'port: expected none beside a Unix socket, got 0',
	},
	{
		name: 'a redirect to nothing',
		input: { httpRedirect: 80 },
		want: 'httpRedirect: expected a certificate to go with it, got "none"',
	},
	{
		name: 'a redirect to a socket',
		input: { httpRedirect: true, cert: true, unix: 'a.sock' },
		want: 'httpRedirect: expected none beside a Unix socket, got true',
	},
	{
		name: 'a redirect to itself',
		input: { httpRedirect: true, cert: true, port: 8080 },
		want: 'httpRedirect: expected another port than the one of TLS, got 8080',
	},
];
for (const { name, input, want } of EXCLUDED)
	options(`what cannot go together is rejected: ${name}`, () =>
		assert.throws(
			() => resolveOptions(input),
			(error: unknown) => error instanceof UsageError && error.message === want,
		),
	);

const table = suite('option table');

table('a browser is opened at a path of the site', () => {
	for (const value of [true, false, '/', '/about', 'about', '/a/b?c=d#e', '/ä', '?a:b', 'a/b:c', '/a:b'])
		checkOption('open', value);
	const elsewhere = ['http://[', 'https://evil.example/', 'http:a', 'localhost:3000/x', '[::1]:3000/x'];
	for (const value of ['', '//evil.example', '\\a', '/\\a', '/a b', 7, ...elsewhere])
		assert.throws(() => checkOption('open', value), /^open: expected a path such as \/about/);
});

table('every option of the library is told of, but for what only code can give', () => {
	const told: readonly string[] = OPTIONS.map(({ name }) => name);
	assert.equal(
		Object.keys(DEFAULTS).filter((name) => !told.includes(name)),
		['storage', 'onRequest', 'onProblem', 'onLive'],
	);
	assert.equal(
		told.filter((name) => !(name in DEFAULTS)),
		['open', 'log', 'config'],
	);
	assert.is(new Set(told).size, told.length);
});

table('what people are told of a default is what it is', () => {
	const fallbackOf = (name: string): string | undefined =>
		OPTIONS.find((option) => option.name === name)?.fallback;
	assert.is(fallbackOf('host'), DEFAULTS.host);
	assert.is(fallbackOf('pushBudget'), String(DEFAULTS.pushBudget));
	assert.is(fallbackOf('pushCount'), String(DEFAULTS.pushCount));
	assert.is(fallbackOf('memory'), String(DEFAULTS.memory));
	assert.is(fallbackOf('cert'), 'off');
	assert.is(fallbackOf('push'), 'push');
	assert.is(fallbackOf('hints'), 'hints');
	assert.is(fallbackOf('trailingSlash'), DEFAULTS.trailingSlash);
	assert.is(fallbackOf('single'), 'off');
	assert.is(fallbackOf('list'), 'off');
	assert.match(fallbackOf('production')!, /^off\b/);
});

table('flags are written as the argument parser reads them, each once, each with a help', () => {
	const flags = OPTIONS.flatMap(({ flags, off = '' }) => `${flags} ${off}`.match(/--?[a-z][a-z-]*/g) ?? []);
	assert.is(new Set(flags).size, flags.length);
	for (const { flags, help, fallback } of OPTIONS) {
		assert.match(flags, /^(-[a-zA-Z], )?--[a-z]+(-[a-z]+)*( (<[a-z]+>|\[[a-z]+\]))?$/);
		assert.ok(help !== '' && fallback !== '' && !help.includes('\n'));
	}
});

table('every default passes its own check', () => {
	for (const [name, value] of Object.entries(DEFAULTS)) if (value !== undefined) checkOption(name, value);
});

table('every log format is accepted, and nothing else', () => {
	for (const format of LOG_FORMATS) checkOption('log', format);
	for (const value of ['', 'JSON', 'common', true, undefined, null, ['json']])
		assert.throws(
			() => checkOption('log', value),
			(error: Error) => error.message.startsWith('log: expected one of dev, combined, json, none, got '),
		);
});

options.run();
table.run();
