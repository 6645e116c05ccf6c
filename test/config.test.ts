import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
	type Config,
	checkConfig,
	chooseConfig,
	findConfig,
	type Given,
	mergeGiven,
	parseConfig,
	readConfig,
} from '../src/config.ts';
import { UsageError } from '../src/errors.ts';
import { OPTIONS } from '../src/option-table.ts';
import { makeFolder, removeFolders } from './support/folder.ts';

/** Runs it, which has to throw a usage error with this message. */
const fails = async (run: () => unknown, want: string): Promise<void> => {
	try {
		await run();
	} catch (error) {
		assert.instance(error, UsageError);
		assert.is((error as UsageError).message, want);
		return;
	}
	assert.unreachable(`expected: ${want}`);
};

const valuesOf = (given: readonly Given[]): Record<string, unknown> =>
	Object.fromEntries(given.map(({ name, value }) => [name, value]));

const content = suite('content of a configuration');

const EVERYTHING = {
	port: 0,
	host: true,
	allowedHosts: ['.example.com'],
	cors: true,
	cert: true,
	push: false,
	pushBudget: 5,
	pushCount: 6,
	hints: false,
	bundle: true,
	live: true,
	forwardConsole: true,
	open: '/about',
	trailingSlash: 'add',
	single: 'app.html',
	memory: 7,
	list: true,
	maxage: 8,
	dotfiles: true,
	followSymlinks: true,
	ignore: [],
	production: true,
	grace: 9,
	health: '/health',
	httpRedirect: 10,
	trustProxy: true,
	log: 'none',
} satisfies Config;

const ACCEPTED: readonly { name: string; input: Config; file?: string; want: Record<string, unknown> }[] = [
	{ name: 'nothing', input: {}, want: {} },
	{ name: 'no prototype', input: Object.assign(Object.create(null), { port: 1 }), want: { port: 1 } },
	{ name: 'undefined is not given', input: { port: undefined, directory: undefined }, want: {} },
	{ name: 'what has no path', input: EVERYTHING, file: 'conf/a.json', want: EVERYTHING },
	{
		name: 'paths, from the current folder on',
		input: { directory: 'site', cert: 'a.pem', key: './a.key', unix: '../a.sock' },
		want: { directory: 'site', cert: 'a.pem', key: 'a.key', unix: join('..', 'a.sock') },
	},
	{
		name: 'paths, from another folder on',
		input: { directory: '..', cert: 'a.pem', key: '../a.key', unix: 'a.sock', single: 'app.html' },
		file: 'conf/a.js',
		want: {
			directory: '.',
			cert: join('conf', 'a.pem'),
			key: 'a.key',
			unix: join('conf', 'a.sock'),
			single: 'app.html',
		},
	},
	{
		name: 'paths from the root',
		input: { directory: '/srv', cert: '/a.pem', key: '/a.key', unix: '/a.sock' },
		file: '/conf/a.js',
		want: { directory: '/srv', cert: '/a.pem', key: '/a.key', unix: '/a.sock' },
	},
];
for (const { name, input, file = 'casper.config.js', want } of ACCEPTED)
	content(`accepted: ${name}`, () => {
		const given = checkConfig(input, file);
		assert.equal(valuesOf(given), want);
		for (const { name, setting } of given) assert.is(setting, `${file}: ${name}`);
	});

content('every option but --config may be in it, and the folder', () => {
	const known = ['directory', ...OPTIONS.map(({ name }) => name).filter((name) => name !== 'config')];
	assert.equal([...Object.keys(EVERYTHING), 'directory', 'key', 'unix'].sort(), known.toSorted());
});

const KNOWN = `one of the options directory, port, host, allowedHosts, ${OPTIONS.slice(3)
	.map(({ name }) => name)
	.filter((name) => name !== 'config')
	.join(', ')}`;
const REFUSED: readonly { name: string; input: unknown; want: string }[] = [
	{ name: 'an unknown key', input: { prot: 1 }, want: `prot: expected ${KNOWN}, got "prot"` },
	{
		name: 'a key as on the command line',
		input: { 'push-count': 1 },
		want: `push-count: expected ${KNOWN}, got "push-count"`,
	},
	{
		name: 'another configuration',
		input: { config: 'a.js' },
		want: `config: expected ${KNOWN}, got "config"`,
	},
	{
		name: 'what only code can give',
		input: { onRequest: () => {} },
		want: `onRequest: expected ${KNOWN}, got "onRequest"`,
	},
	{
		name: 'a name of all objects',
		input: JSON.parse('{"__proto__":{}}'),
		want: `__proto__: expected ${KNOWN}, got "__proto__"`,
	},
	{
		name: 'text for a number',
		input: { port: '80' },
		want: 'port: expected a whole number from 0 to 65535, got "80"',
	},
	{ name: 'null', input: { push: null }, want: 'push: expected true or false, got null' },
	{
		name: 'text for a list',
		input: { allowedHosts: 'a.test' },
		want: 'allowedHosts: expected host names, got "a.test"',
	},
	{
		name: 'a log that is none',
		input: { log: 'xml' },
		want: 'log: expected one of dev, combined, json, none, got "xml"',
	},
	{ name: 'no folder', input: { directory: '' }, want: 'directory: expected a folder, got ""' },
	{ name: 'true for a folder', input: { directory: true }, want: 'directory: expected a folder, got true' },
	...[
		{ name: 'nothing', input: undefined, got: 'undefined' },
		{ name: 'an array', input: [], got: 'an array' },
		{ name: 'null', input: null, got: 'null' },
		{ name: 'a number', input: 8080, got: '8080' },
		{ name: 'an instance', input: new Map(), got: 'an object' },
		{ name: 'a promise', input: Promise.resolve({}), got: 'an object' },
	].map(({ name, input, got }) => ({
		name: `${name} for everything`,
		input,
		want: `default export: expected a plain object of options, got ${got}`,
	})),
];
for (const { name, input, want } of REFUSED)
	content(`refused: ${name}`, () =>
		fails(() => checkConfig(input, 'conf/casper.config.js'), `conf/casper.config.js: ${want}`),
	);

content('what it may say is known to the type', () => {
	// @ts-expect-error: no such option
	void ({ prot: 1 } satisfies Config);
	// @ts-expect-error: no such value
	void ({ port: '80' } satisfies Config);
	// @ts-expect-error: only code can give it
	void ({ onProblem: () => {} } satisfies Config);
});

content.run();

const json = suite('JSON');

const FAULTS: readonly { name: string; input: string; want: string }[] = [
	{ name: 'nothing', input: '', want: 'line 1, column 1: expected a value, got "end of file"' },
	{ name: 'blanks', input: ' \n ', want: 'line 2, column 2: expected a value, got "end of file"' },
	{
		name: 'a comma at the end',
		input: '{\n\t"port": 1,\n}\n',
		want: 'line 3, column 1: expected a name in double quotes, got "}"',
	},
	{
		name: 'no comma',
		input: '{\r\n  "port": 1\r\n  "list": true }',
		want: 'line 3, column 3: expected , or }, got "\\"list\\""',
	},
	{
		name: 'a comment',
		input: '{ // port\n}',
		want: 'line 1, column 3: expected a name in double quotes or }, got "//"',
	},
	{
		name: 'a name without quotes',
		input: '{ port: 1 }',
		want: 'line 1, column 3: expected a name in double quotes or }, got "port"',
	},
	{ name: 'no colon', input: '{ "port" 1 }', want: 'line 1, column 10: expected :, got "1"' },
	{ name: 'no value', input: '{ "port": }', want: 'line 1, column 11: expected a value, got "}"' },
	{ name: 'a word', input: '{ "a": s }', want: 'line 1, column 8: expected a value, got "s"' },
	{ name: 'single quotes', input: '{"a":\'b\'}', want: 'line 1, column 6: expected a value, got "\'b\'"' },
	{ name: 'a number that is none', input: '[01]', want: 'line 1, column 2: expected a value or ], got "01"' },
	{ name: 'another', input: '[1.]', want: 'line 1, column 2: expected a value or ], got "1."' },
	{
		name: 'an array that is left open',
		input: '[1',
		want: 'line 1, column 3: expected , or ], got "end of file"',
	},
	{
		name: 'an array that ends with a comma',
		input: '[1,]',
		want: 'line 1, column 4: expected a value, got "]"',
	},
	{ name: 'the wrong bracket', input: '{"a":[1}}', want: 'line 1, column 8: expected , or ], got "}"' },
	{
		name: 'a string without end',
		input: '{"a',
		want: 'line 1, column 2: expected a name in double quotes or }, got "\\"a"',
	},
	{
		name: 'a line feed in a string',
		input: '["a\nb"]',
		want: 'line 1, column 2: expected a value or ], got "\\"a"',
	},
	{
		name: 'an escape that is none',
		input: '["\\x"]',
		want: 'line 1, column 2: expected a value or ], got "\\"\\\\x\\""',
	},
	{ name: 'more', input: '{} {}', want: 'line 1, column 4: expected nothing more, got "{"' },
	{
		name: 'what comes after much that is right',
		input: '{"a":[{},[],"\\u00e4\\"\u{1f47b}\u0080",-1.5e+3,true,false,null,{"b":{"c":0}}],\n"d"}',
		want: 'line 2, column 4: expected :, got "}"',
	},
];
for (const { name, input, want } of FAULTS)
	json(`its fault is found: ${name}`, async () => {
		assert.throws(() => JSON.parse(input));
		await fails(() => parseConfig(input, 'a.json'), `a.json: ${want}`);
	});

json('a byte order mark is none of it', () => {
	assert.equal(valuesOf(parseConfig('\uFEFF{ "port": 1 }', 'a.json')), { port: 1 });
});

json('is checked as a module is, and the file is named alone', () =>
	fails(() => parseConfig('[]', 'a.json'), 'a.json: expected a plain object of options, got an array'),
);

json.run();

const sources = suite('sources');

sources('the first that gives an option counts', () => {
	const from = (setting: string, ...names: Given['name'][]): readonly Given[] =>
		names.map((name) => ({ name, value: setting, setting }));
	const merged = mergeGiven(
		from('flag', 'port', 'directory'),
		from('variable', 'port', 'host'),
		from('config', 'port', 'host', 'directory', 'log'),
	);
	assert.equal(valuesOf([...merged.values()]), {
		port: 'flag',
		directory: 'flag',
		host: 'variable',
		log: 'config',
	});
	assert.is(mergeGiven().size, 0);
});

sources('one configuration is read; of several none is guessed', async () => {
	assert.is(chooseConfig([]), undefined);
	assert.is(chooseConfig(['casper.config.js']), 'casper.config.js');
	await fails(
		() => chooseConfig(['casper.config.ts', 'casper.config.json']),
		'configuration: expected one file, or --config to name it, got "casper.config.ts and casper.config.json"',
	);
});

sources.run();

const disk = suite('disk');
disk.after.each(removeFolders);

const named = (value: string): Given => ({ name: 'config', value, setting: 'CASPER_CONFIG' });

disk('a file that is named has to be there, and of a kind that is read', async () => {
	const folder = await makeFolder({ 'a.json': '{}', 'b.mjs': '', 'c.yaml': '', 'd.js/e': '' });
	for (const name of ['a.json', 'b.mjs'])
		assert.is(await findConfig(named(join(folder, name))), join(folder, name));
	const rows = [
		{ input: 'none.js', want: 'an existing file' },
		{ input: 'd.js', want: 'an existing file' },
		{ input: 'a.json/b.json', want: 'an existing file' },
		{ input: 'c.yaml', want: 'a .ts, .js, .mjs or .json file' },
	];
	for (const { input, want } of rows) {
		const file = join(folder, input);
		await fails(
			() => findConfig(named(file)),
			`CASPER_CONFIG: expected ${want}, got ${JSON.stringify(file)}`,
		);
	}
});

disk('JSON is read, modules are run', async () => {
	const folder = await makeFolder({
		'a.json': '{ "port": 1, "directory": "site" }',
		'b.mjs': 'export default { port: 1, directory: await "site" };',
		'c.cjs': 'module.exports = { port: 1, directory: "site" };',
	});
	for (const name of ['a.json', 'b.mjs', 'c.cjs'])
		assert.equal(
			valuesOf(await readConfig(join(folder, name), 'v0')),
			{ port: 1, directory: join(folder, 'site') },
			name,
		);
});

disk.run();
