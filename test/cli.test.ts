import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OPTIONS } from '../src/option-table.ts';
import { createSelfSigned } from '../src/tls/issuer.ts';
import { ask, Line, Wire } from './support/client.ts';
import {
	endAll,
	eventually,
	type Files,
	makeFolder,
	onEnd,
	put,
	type Tested,
	within,
} from './support/server.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PROGRAM = join(ROOT, 'bin', 'casper-serve.js');
if (!existsSync(join(ROOT, 'dist', 'cli.js')))
	throw new Error('dist/cli.js: expected what `npm run build` makes, got nothing; run it first');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

/** A home of its own, so that nobody's certificate is used or left behind. */
let home = '';

interface Start {
	readonly cwd?: string;
	readonly env?: Readonly<Record<string, string>>;
}

/** The command, running. */
class Command {
	readonly child: ChildProcess;
	readonly #ended: Promise<number | NodeJS.Signals | null>;
	stdout = '';
	stderr = '';
	isOver = false;

	constructor(args: readonly string[], { cwd = home, env = {} }: Start = {}) {
		const { PATH = '' } = process.env;
		this.child = spawn(process.execPath, [PROGRAM, ...args], {
			cwd,
			env: { PATH, HOME: home, XDG_DATA_HOME: join(home, 'data'), ...env },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
			this.stdout += text;
		});
		this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
			this.stderr += text;
		});
		this.#ended = new Promise((resolve) =>
			this.child.once('close', (code, signal) => {
				this.isOver = true;
				resolve(signal ?? code);
			}),
		);
		onEnd(() => this.child.kill('SIGKILL'));
	}

	get lines(): readonly string[] {
		return this.stdout.split('\n').slice(0, -1);
	}

	/** The exit code, or the signal that ended it. */
	ended(seconds = 20): Promise<number | NodeJS.Signals | null> {
		return within(`the end of the command (${this.stdout}${this.stderr})`, this.#ended, seconds);
	}

	/** What it serves, once it says where. */
	async serving(): Promise<Tested> {
		let url = '';
		await eventually('the address', () => {
			if (this.isOver) throw new Error(`ended early: ${this.stdout}${this.stderr}`);
			url = /https?:\/\/[^\s"]+/.exec(this.stdout)?.[0] ?? '';
			return url !== '' && this.stdout.includes('indexed');
		});
		const { port, host, protocol } = new URL(url);
		return {
			server: { url },
			port: Number(port),
			authority: host,
			isSecure: protocol === 'https:',
		} as unknown as Tested;
	}
}

const SITE: Files = {
	'index.html':
		'<!doctype html><link rel="stylesheet" href="/a.css"><script src="/a-4f2d9c1e7b.js"></script><img src="/missing.svg"><img loading="lazy" src="/a.svg">',
	'a.css': 'a',
	'a-4f2d9c1e7b.js': 'a',
	'a.svg': 'a',
	'large.bin': Buffer.alloc(20_000_000, 7),
};

const prepare = async (): Promise<void> => {
	home = await realpath(await mkdtemp(join(tmpdir(), 'casper-test-home-')));
	const folder = home;
	onEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
};

/** Runs it to its end, which has to be one line of complaint and this exit code. */
const complaint = async (args: readonly string[], want: number, start?: Start): Promise<string> => {
	const command = new Command(args, start);
	const code = await command.ended();
	const what = `${args.join(' ')}: ${command.stdout}${command.stderr}`;
	assert.is(code, want, what);
	assert.is(command.stdout, '', what);
	assert.match(command.stderr, /^casper-serve: [^\n]+\n$/, what);
	assert.not.match(command.stderr, /\bat .*[/\\]\w+\.[jt]s:\d+|node:internal|Error:/, what);
	return command.stderr;
};

const words = suite('help and version');
words.before.each(prepare);
words.after.each(endAll);

words('--help names every option with its default', async () => {
	for (const flag of ['--help', '-h']) {
		const command = new Command([flag]);
		assert.is(await command.ended(), 0);
		assert.is(command.stderr, '');
		const text = command.stdout.replace(/\s+/g, ' ');
		assert.match(text, /^Usage: casper-serve \[options\] \[dir\] /);
		for (const { flags, help, fallback } of OPTIONS)
			assert.ok(text.includes(`${flags} ${help} (default: ${fallback})`), flags);
		for (const flags of ['-v, --version', '-h, --help', '[dir]', './public', 'Keys, in a terminal:'])
			assert.ok(text.includes(flags), flags);
	}
});

words('--version prints the version', async () => {
	for (const flag of ['--version', '-v']) {
		const command = new Command([flag]);
		assert.is(await command.ended(), 0);
		assert.is(command.stdout, `${version}\n`);
		assert.is(command.stderr, '');
	}
});

words.run();

const mistakes = suite('mistakes');
mistakes.before.each(prepare);
mistakes.after.each(endAll);

mistakes('in how it is called: one line that names them, exit code 2', async () => {
	const rows: { input: string[]; want: RegExp }[] = [
		{ input: ['--unknown'], want: /unknown option '--unknown'/ },
		{ input: ['--prot', '1'], want: /unknown option '--prot'.*--port/ },
		{ input: ['-x'], want: /unknown option '-x'/ },
		{ input: ['--un\nknown'], want: /unknown option/ },
		{ input: ['--port'], want: /--port.* argument missing/ },
		{ input: ['--port', 'http'], want: /--port: expected a whole number from 0 to 65535, got "http"/ },
		{ input: ['--port', '65536'], want: /--port: expected .*65535.*65536/ },
		{ input: ['--port', '-1'], want: /--port/ },
		{ input: ['--port', '1e3'], want: /--port: .*"1e3"/ },
		{ input: ['--port', '80.5'], want: /--port: .*"80.5"/ },
		{ input: ['--port', ''], want: /--port: .*""/ },
		{ input: ['--port', '8\n0'], want: /--port: .*"8\\n0"/ },
		{ input: ['--host='], want: /--host: expected/ },
		{ input: ['--cert='], want: /--cert: expected/ },
		{ input: ['--push-count', '201'], want: /--push-count: expected .*200.*201/ },
		{ input: ['--push-budget', '1MB'], want: /--push-budget: expected .*bytes.*"1MB"/ },
		{
			input: ['--trailing-slash', 'no'],
			want: /--trailing-slash: expected one of keep, add, remove, got "no"/,
		},
		{ input: ['--trailing-slash'], want: /--trailing-slash.* argument missing/ },
		{
			input: ['--single', '../x.html'],
			want: /--single: expected an HTML file below the folder, got "..\/x.html"/,
		},
		{ input: ['--single='], want: /--single: expected an HTML file/ },
		{ input: ['--open', 'http://['], want: /--open: expected a path such as \/about, got "http:\/\/\["/ },
		{ input: ['--open', 'localhost:3000/x'], want: /--open: expected a path/ },
		{ input: ['--log', 'xml'], want: /--log: expected one of dev, combined, json, none, got "xml"/ },
		{ input: ['--key', 'key.pem'], want: /--key: expected a certificate/ },
		{ input: ['--cert', '--key', 'key.pem'], want: /--key: expected a certificate/ },
		{ input: ['one', 'two'], want: /too many arguments/ },
		{ input: ['--production=yes'], want: /--production/ },
		{ input: ['--no-push=yes'], want: /--no-push/ },
	];
	for (const { input, want } of rows) {
		const line = await complaint(input, 2);
		assert.match(line, want);
		assert.match(line, /see casper-serve --help\n$/);
	}
});

mistakes('of the environment: one line that says what was expected, exit code 1', async () => {
	const folder = await makeFolder({ ...SITE, 'not.pem': 'hello', 'empty.pem': '' });
	const [first, second] = await Promise.all([createSelfSigned(new Date()), createSelfSigned(new Date())]);
	const pem = await makeFolder({
		'first.pem': first.cert,
		'first.key': first.key,
		'second.key': second.key,
		'half.pem': first.cert.slice(0, 300),
		'expired.pem': (await createSelfSigned(new Date('2001-01-01'))).cert,
	});
	const taken = createServer();
	await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
	onEnd(() => taken.close());
	const { port } = taken.address() as AddressInfo;
	const at = (name: string): string => join(pem, name);
	const rows: { name: string; input: string[]; want: RegExp }[] = [
		{ name: 'no such folder', input: ['missing'], want: /folder "missing": expected an existing folder/ },
		{ name: 'a name of two lines', input: ['mis\nsing'], want: /folder "mis\\nsing"/ },
		{ name: 'a file', input: [join(folder, 'a.css')], want: /a\.css": expected .* got a file/ },
		{ name: 'below a file', input: [join(folder, 'a.css', 'b')], want: /folder/ },
		{
			name: 'a port that is taken',
			input: [folder, '--port', String(port)],
			want: new RegExp(`port: expected a free one, got ${port}`),
		},
		{
			name: 'a host elsewhere',
			input: [folder, '--host', '192.0.2.1', '-p', '0'],
			want: /host: expected .*"192\.0\.2\.1"/,
		},
		{
			name: 'a host that is none',
			input: [folder, '--host', 'no-such-host.invalid', '-p', '0'],
			want: /host: expected/,
		},
		{
			name: 'no certificate there',
			input: [folder, '-p', '0', '--cert', 'missing.pem'],
			want: /--cert "?missing\.pem"?: expected/,
		},
		{
			name: 'no PEM',
			input: [folder, '-p', '0', '--cert', join(folder, 'not.pem')],
			want: /--cert .*not\.pem.*expected/,
		},
		{
			name: 'an empty file',
			input: [folder, '-p', '0', '--cert', join(folder, 'empty.pem')],
			want: /--cert .*empty\.pem.*expected/,
		},
		{
			name: 'half a certificate',
			input: [folder, '-p', '0', '--cert', at('half.pem'), '--key', at('first.key')],
			want: /--cert/,
		},
		{
			name: "another's key",
			input: [folder, '-p', '0', '--cert', at('first.pem'), '--key', at('second.key')],
			want: /--key/,
		},
		{
			name: 'no key there',
			input: [folder, '-p', '0', '--cert', at('first.pem'), '--key', at('none.key')],
			want: /--key .*none\.key/,
		},
		{
			name: 'no key beside it',
			input: [folder, '-p', '0', '--cert', at('expired.pem')],
			want: /--key|--cert/,
		},
		{
			name: 'a folder for a key',
			input: [folder, '-p', '0', '--cert', at('first.pem'), '--key', pem],
			want: /--key/,
		},
	];
	for (const { name, input, want } of rows) assert.match(await complaint(input, 1), want, name);
});

mistakes('a certificate that cannot be kept is one, too', async () => {
	const folder = await makeFolder({ ...SITE, 'no-folder': '' });
	const env = { XDG_DATA_HOME: join(folder, 'no-folder'), HOME: join(folder, 'no-folder') };
	assert.match(
		await complaint([folder, '--cert', '-p', '0'], 1, { env }),
		/--cert: expected to keep a certificate/,
	);
});

mistakes('in a configuration: one line that names the file and the setting, exit code 2', async () => {
	const rows: { name: string; files: Files; input?: string[]; env?: Record<string, string>; want: RegExp }[] =
		[
			{
				name: 'an unknown option',
				files: { 'casper.config.js': 'export default { prot: 1 };' },
				want: /^casper-serve: casper\.config\.js: prot: expected one of the options directory, port, .*, log, got "prot"/,
			},
			{
				name: 'a wrong value',
				files: { 'casper.config.mjs': 'export default { port: "80" };' },
				want: /^casper-serve: casper\.config\.mjs: port: expected a whole number from 0 to 65535, got "80"/,
			},
			{
				name: 'no default export',
				files: { 'casper.config.mjs': 'export const port = 1;' },
				want: /: casper\.config\.mjs: default export: expected a plain object of options, got undefined/,
			},
			{
				name: 'a function',
				files: { 'casper.config.mjs': 'export default () => ({\n\tport: 1,\n});' },
				want: /: casper\.config\.mjs: default export: expected a plain object of options, got /,
			},
			{
				name: 'no JavaScript',
				files: { 'casper.config.mjs': 'export default {\n\tport: 1 2,\n};' },
				want: /: casper\.config\.mjs: expected a module without syntax errors \(.*\), got "Unexpected number"/,
			},
			{
				name: 'a module that throws',
				files: { 'casper.config.mjs': 'const a = 1;\nthrow new Error("one\\ntwo");' },
				want: /: casper\.config\.mjs: line 2: expected a module that runs, got "one\\ntwo"/,
			},
			{
				name: 'a module that throws no error',
				files: { 'casper.config.mjs': 'throw 5;' },
				want: /: casper\.config\.mjs: expected a module that runs, got 5/,
			},
			{
				name: 'a module that lacks another',
				files: { 'casper.config.mjs': 'import "./none.js";' },
				want: /: casper\.config\.mjs: expected a module that runs, got "Cannot find module .*none\.js/,
			},
			{
				name: 'no JSON',
				files: { 'casper.config.json': '{\n\t"port": 1,\n}\n' },
				want: /: casper\.config\.json: line 3, column 1: expected a name in double quotes, got "}"/,
			},
			{
				name: 'no object',
				files: { 'casper.config.json': '[]' },
				want: /: casper\.config\.json: expected a plain object of options, got an array/,
			},
			{
				name: 'a key without its certificate',
				files: { 'casper.config.json': '{ "key": "a.key" }' },
				want: /: casper\.config\.json: key: expected a certificate file/,
			},
			{
				name: 'two of them',
				files: { 'casper.config.js': '', 'casper.config.json': '{}' },
				want: /: configuration: expected one file, .*--config.*, got "casper\.config\.js and casper\.config\.json"/,
			},
			{
				name: 'none of that name',
				files: { 'casper.config.js': '' },
				input: ['--config', 'none.js'],
				want: /: --config: expected an existing file, got "none\.js"/,
			},
			{
				name: 'none of the name in the variable',
				files: {},
				env: { CASPER_CONFIG: 'none.json' },
				want: /: CASPER_CONFIG: expected an existing file, got "none\.json"/,
			},
			{
				name: 'of an unknown kind',
				files: { 'a.yaml': '' },
				input: ['--config', 'a.yaml'],
				want: /: --config: expected a \.ts, \.js, \.mjs or \.json file, got "a\.yaml"/,
			},
			{
				name: 'in another folder',
				files: { 'a b/c.json': '{ "log": 1 }' },
				input: ['--config', 'a b/c.json'],
				want: /: a b\/c\.json: log: expected one of/,
			},
		];
	for (const { name, files, input = [], env = {}, want } of rows) {
		const line = await complaint(input, 2, { cwd: await makeFolder(files), env });
		assert.match(line, want, name);
	}
});

mistakes.run();

const serving = suite('serving');
serving.before.each(prepare);
serving.after.each(endAll);

serving(
	'the folder: the current one, ./public where only that has an index.html, or the one given',
	async () => {
		const page = (text: string): string => `<!doctype html>${text}`;
		const rows: { name: string; files: Files; args: string[]; want: string }[] = [
			{ name: 'the current one', files: { 'index.html': page('here') }, args: [], want: 'here' },
			{ name: 'public', files: { 'public/index.html': page('public') }, args: [], want: 'public' },
			{
				name: 'both',
				files: { 'index.html': page('here'), 'public/index.html': page('public') },
				args: [],
				want: 'here',
			},
			{ name: 'neither', files: { 'public/a.txt': '', 'index.htm': '' }, args: [], want: '404' },
			{
				name: 'given',
				files: { 'index.html': page('here'), 'b c/index.html': page('given') },
				args: ['b c'],
				want: 'given',
			},
			{
				name: 'given, like an option',
				files: { '--push/index.html': page('given') },
				args: ['--', '--push'],
				want: 'given',
			},
			{
				name: 'given behind --host',
				files: { 'site/index.html': page('given') },
				args: ['--host', 'site'],
				want: 'given',
			},
		];
		for (const { name, files, args, want } of rows) {
			const cwd = await makeFolder(files);
			const command = new Command(['-p', '0', ...args], { cwd });
			const { body } = await ask(await command.serving(), 'HTTP/1.1', '/');
			assert.match(String(body), want, name);
			command.child.kill('SIGTERM');
			assert.is(await command.ended(), 0, name);
		}
	},
);

serving('--cert alone takes the folder behind it as the folder, and keeps its certificate', async () => {
	const cwd = await makeFolder({ 'site/index.html': '<!doctype html>given' });
	let certificate = '';
	for (let round = 0; round < 2; round++) {
		const command = new Command(['-p', '0', '--cert', 'site'], { cwd });
		const tested = await command.serving();
		assert.ok(tested.isSecure);
		assert.match(String((await ask(tested, 'HTTP/2', '/')).body), 'given');
		const kept =
			process.platform === 'darwin' ? join(home, 'Library/Application Support') : join(home, 'data');
		const text = readFileSync(join(kept, 'casper-serve', 'localhost.pem'), 'utf8');
		if (round > 0) assert.is(text, certificate);
		certificate = text;
		command.child.kill('SIGTERM');
		assert.is(await command.ended(), 0);
	}
});

serving('a port that is not given is the next free one; one that is given is used', async () => {
	const cwd = await makeFolder(SITE);
	const [first, second] = [new Command([], { cwd }), new Command([], { cwd })];
	const ports = await Promise.all([first, second].map(async (command) => (await command.serving()).port));
	assert.is.not(ports[0], ports[1]);
	for (const port of ports) assert.ok(port >= 8080 && port < 8180, String(port));
});

serving('options reach the server', async () => {
	const cwd = await makeFolder(SITE);
	const rows: { input: string[]; want: string[] }[] = [
		{ input: [], want: ['/a.css', '/a-4f2d9c1e7b.js'] },
		{ input: ['--push-count', '1'], want: ['/a.css'] },
		{ input: ['--push-budget', '1'], want: ['/a.css'] },
		{ input: ['--no-push'], want: [] },
	];
	for (const { input, want } of rows) {
		const tested = await new Command(['-p', '0', ...input], { cwd }).serving();
		assert.equal([...(await new Wire(tested).view('/')).pushes.keys()], want, input.join(' '));
	}
});

serving('addresses are as the options have them, and a folder after --single is the folder', async () => {
	const cwd = await makeFolder({ 'site/index.html': 'index', 'site/app.html': 'app' });
	const rows: { input: string[]; target: string; want: string }[] = [
		{ input: ['site', '--trailing-slash', 'add'], target: '/app', want: '308 /app/' },
		{ input: ['site', '--trailing-slash', 'remove'], target: '/app/', want: '308 /app' },
		{ input: ['site'], target: '/user/7', want: '404' },
		{ input: ['site', '--single'], target: '/user/7', want: '200 index' },
		{ input: ['--single', 'site'], target: '/user/7', want: '200 index' },
		{ input: ['--single', 'app.html', 'site'], target: '/user/7', want: '200 app' },
	];
	for (const { input, target, want } of rows) {
		const tested = await new Command(['-p', '0', '--no-live', ...input], { cwd }).serving();
		const { status, fields, body } = await ask(tested, 'HTTP/1.1', target, { accept: 'text/html' });
		const outcome = status === 404 ? '404' : `${status} ${fields.location ?? String(body)}`;
		assert.is(outcome, want, input.join(' '));
	}
});

/** The lines about requests, once there are so many. */
const requestLines = async (
	command: Command,
	isOne: (line: string) => boolean,
	count: number,
): Promise<readonly string[]> => {
	await eventually(`${count} lines about requests`, () => command.lines.filter(isOne).length >= count);
	return command.lines.filter(isOne);
};

interface LogLine {
	readonly [name: string]: unknown;
	readonly event?: string;
	readonly target?: string;
	readonly dependencies?: readonly {
		readonly url: string;
		readonly verdict: string;
		readonly reason: string;
	}[];
}

serving(
	'--log json: every line is JSON, and a page lists what became of each dependency, and why',
	async () => {
		const cwd = await makeFolder(SITE);
		const rows: Start[] = [{ cwd, env: { NODE_ENV: 'production' } }, { cwd }];
		for (const [index, start] of rows.entries()) {
			const command = new Command(index === 0 ? ['-p', '0'] : ['-p', '0', '--log', 'json'], start);
			const wire = new Wire(await command.serving());
			await wire.view('/', { 'user-agent': 'quote " and \u00ff', referer: '\u00e4\\"' });
			await wire.view('/?second');
			await wire.view('/missing');
			const texts = await requestLines(command, (line) => line.includes('"target"'), 3);
			for (const line of command.lines) JSON.parse(line);
			const [first, second, third] = texts.map((line) => JSON.parse(line) as LogLine);
			assert.is(first?.target, '/');
			assert.is(first?.status, 200);
			assert.is(first?.protocol, 'HTTP/2');
			assert.is(first?.channel, 'push');
			assert.is(first?.pushed, 2);
			const verdictsOf = (line: LogLine | undefined): unknown =>
				line?.dependencies?.map(({ url, verdict, reason }) => [url, verdict, reason]);
			assert.equal(verdictsOf(first), [
				['/a.css', 'send', 'not held'],
				['/a-4f2d9c1e7b.js', 'send', 'not held'],
				['/missing.svg', 'leave', 'missing'],
				['/a.svg', 'leave', 'lazy'],
			]);
			assert.equal(verdictsOf(second), [
				['/a.css', 'confirm', 'held, to be revalidated'],
				index === 0
					? ['/a-4f2d9c1e7b.js', 'skip', 'held and immutable']
					: ['/a-4f2d9c1e7b.js', 'confirm', 'held, to be revalidated'],
				['/missing.svg', 'leave', 'missing'],
				['/a.svg', 'leave', 'lazy'],
			]);
			assert.is(third?.status, 404);
			assert.is(third?.dependencies, undefined);
			const [listening, indexed] = command.lines.map((line) => JSON.parse(line) as LogLine);
			assert.is(listening?.event, 'listening');
			assert.is(listening?.version, version);
			assert.is(indexed?.event, 'indexed');
			assert.is(indexed?.files, 5);
			command.child.kill('SIGTERM');
			assert.is(await command.ended(), 0);
			assert.is(command.stderr, '');
			for (const line of command.lines) JSON.parse(line);
		}
	},
);

serving(
	'--log dev, the default: a line for each page with what it asked for, without colours in a pipe',
	async () => {
		const cwd = await makeFolder(SITE);
		const command = new Command(['-p', '0'], { cwd });
		const tested = await command.serving();
		const wire = new Wire(tested);
		await wire.view('/');
		await wire.view('/a.css?again', { referer: `http://${tested.authority}/` });
		await wire.view('/gone.png', { referer: `http://${tested.authority}/a.css?again` });
		await wire.view('/.casper/nothing', { referer: `http://${tested.authority}/` });
		const pages = await requestLines(command, (line) => line.includes('push:'), 1);
		assert.match(
			pages[0] ?? '',
			/^\d\d:\d\d:\d\d {2}200 {2,}\d+\.\d ms {2}\/ {25}push: 2 pushed, 0 confirmed, 0 skipped, 2 left +\+ 2 files, \S+ k?B, 1 failed$/,
		);
		await wire.view('/missing');
		const lines = await requestLines(command, (line) => line.includes(' ms '), 2);
		assert.match(lines[1] ?? '', /^\d\d:\d\d:\d\d {2}404 {2,}\d+\.\d ms {2}\/missing {18}\d+ k?B$/);
		assert.match(command.stdout, /\n {10}404 {11}\/gone\.png\n/);
		assert.not.match(command.stdout, '.casper');
		// biome-ignore lint/suspicious/noControlCharactersInRegex: it is the one that colours begin with
		assert.not.match(command.stdout, /\x1b/);
	},
);

serving('what it is and where, in six lines, the folder once it is indexed', async () => {
	const cwd = await makeFolder({ 'site/index.html': 'a', 'site/b.html': 'b', 'site/c.css': '' });
	const rows: { name: string; input: string[]; want: readonly RegExp[] }[] = [
		{
			name: 'without TLS',
			input: ['site'],
			want: [
				/^casper-serve \d+\.\d+\.\d+$/,
				/^ {2}Local {5}http:\/\/localhost:\d+\/$/,
				/^ {2}Network {3}closed; --host opens it$/,
				/^ {2}Protocol {2}HTTP\/1\.1 and HTTP\/2 without TLS$/,
				/^ {2}Modes {5}live reload on, push on, hints on, bundle off$/,
				/^ {2}Folder {4}site: 3 files, 2 pages, 2 B, .*indexed in \d\.\d\d s$/,
			],
		},
		{
			name: 'with a certificate of its own, everywhere, in production',
			input: ['site', '--cert', '--host', '--production', '--log', 'dev'],
			want: [
				/^casper-serve /,
				/^ {2}Local {5}https:\/\/localhost:\d+\/$/,
				/^ {2}Network {3}(?:https:\/\/|this machine has no address)/,
				/^ {2}Protocol {2}HTTP\/2 and HTTP\/1\.1; self-signed: a browser asks once whether you trust it$/,
				/^ {2}Modes {5}live reload off, push on, hints on, bundle on$/,
				/^ {2}Folder {4}site: 3 files/,
			],
		},
	];
	for (const { name, input, want } of rows) {
		const command = new Command(['-p', '0', ...input], { cwd });
		await command.serving();
		assert.is(command.lines.length, want.length, `${name}: ${command.stdout}`);
		for (const [index, line] of want.entries()) assert.match(command.lines[index] ?? '', line, name);
		command.child.kill('SIGTERM');
		assert.is(await command.ended(), 0, name);
		assert.is(command.stderr, '', name);
	}
});

serving('a certificate from a file: who vouches for it, and until when', async () => {
	const { cert, key } = await createSelfSigned(new Date());
	const cwd = await makeFolder({ 'site/index.html': 'a', 'a.pem': cert + key });
	const command = new Command(['-p', '0', '--cert', 'a.pem', 'site'], { cwd });
	await command.serving();
	assert.match(
		command.stdout,
		/\n {2}Protocol {2}HTTP\/2 and HTTP\/1\.1; self-signed: a browser asks once .*, until \d{4}-\d\d-\d\d\n/,
	);
});

serving('--open has $BROWSER show the address once it answers, at a path where one is given', async () => {
	const cwd = await makeFolder({ ...SITE, 'browser.sh': '#!/bin/sh\necho "$1" >"$NOTE"\n' });
	const browser = join(cwd, 'browser.sh');
	await chmod(browser, 0o755);
	const rows: { input: string; want: string }[] = [
		{ input: '--open', want: '/' },
		{ input: '--open=/a;$(id)&"c"', want: '/a;$(id)&%22c%22' },
		{ input: '--open=about', want: '/about' },
		{ input: '--open=/http://[', want: '/http://[' },
		{ input: '--open=.//a.example', want: '//a.example' },
		{ input: '--open=?a', want: '/?a' },
	];
	for (const { input, want } of rows) {
		const note = join(home, 'note');
		await rm(note, { force: true });
		const command = new Command(['-p', '0', input], { cwd, env: { BROWSER: browser, NOTE: note } });
		const { server } = await command.serving();
		await eventually('the browser', () => existsSync(note) && readFileSync(note, 'utf8').endsWith('\n'));
		assert.is(readFileSync(note, 'utf8'), `${server.url.slice(0, -1)}${want}\n`, input);
		command.child.kill('SIGTERM');
		assert.is(await command.ended(), 0);
	}
});

serving('goes on where no browser can be opened, and says so', async () => {
	const cwd = await makeFolder(SITE);
	// Where nothing is found.
	const command = new Command(['-p', '0', '--open', '/a'], { cwd, env: { BROWSER: 'none', PATH: cwd } });
	const tested = await command.serving();
	await eventually('word of it', () => command.stderr.endsWith('\n'));
	assert.is(
		command.stderr,
		`casper-serve: no browser could be opened; open ${tested.server.url}a yourself\n`,
	);
	assert.is((await ask(tested, 'HTTP/1.1', '/a.css')).status, 200);
});

serving('goes on where there is nothing to say of it', async () => {
	const broken =
		"import os from 'node:os'; os.networkInterfaces = () => { throw new Error('no\\x9b list'); };";
	const code = `${broken} (await import('node:module')).syncBuiltinESMExports();`;
	const cwd = await makeFolder({ ...SITE, 'break.mjs': code });
	const taken = createServer();
	await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
	const { port } = taken.address() as AddressInfo;
	await new Promise((resolve) => taken.close(resolve));
	const env = { NODE_OPTIONS: '--import ./break.mjs' };
	const command = new Command(['-p', String(port)], { cwd, env });
	await eventually('word of it', () => command.isOver || command.stderr.endsWith('\n'));
	assert.is(command.stderr, 'casper-serve: no\\x9b list\n');
	assert.is((await fetch(`http://localhost:${port}/a.css`)).status, 200);
	command.child.kill('SIGTERM');
	assert.is(await command.ended(), 0);
});

serving('colours where they are asked for', async () => {
	const cwd = await makeFolder(SITE);
	for (const { env, want } of [
		{ env: { FORCE_COLOR: '1' }, want: true },
		{ env: { FORCE_COLOR: '0' }, want: false },
		{ env: { NO_COLOR: '1' }, want: false },
	]) {
		const command = new Command(['-p', '0'], { cwd, env });
		await eventually('the folder', () => command.stdout.includes('indexed'));
		assert.is(command.stdout.includes('\x1b['), want, JSON.stringify(env));
		command.child.kill('SIGTERM');
		assert.is(await command.ended(), 0);
	}
});

serving('--log json: what happens while somebody works on the site is JSON, too', async () => {
	const cwd = await makeFolder({ ...SITE, 'b.css': 'a{}' });
	const command = new Command(['-p', '0', '--log', 'json'], { cwd });
	await command.serving();
	const eventsOf = (name: string): LogLine[] =>
		command.lines.map((line) => JSON.parse(line) as LogLine).filter(({ event }) => event === name);
	await eventually('what is broken', () => eventsOf('broken').length === 1);
	const [broken] = eventsOf('broken');
	assert.is(broken?.total, 1);
	assert.equal(broken?.added, [{ from: '/index.html', line: 1, url: '/missing.svg' }]);
	await put(cwd, 'b.css', 'b{}');
	await eventually('the change', () => eventsOf('changed').length === 1);
	const [changed] = eventsOf('changed');
	assert.equal(changed?.files, [{ path: '/b.css', kind: 'changed' }]);
	assert.match(String(changed?.time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

serving('--log json: a folder cannot write controls by its name', async () => {
	const name = 'a\u0085\u009b\u202eb';
	const cwd = await makeFolder({ [`${name}/index.html`]: 'a' });
	const command = new Command(['-p', '0', '--log', 'json', name], { cwd });
	await command.serving();
	assert.match(command.stdout, /^[ -~\n]+$/);
	assert.is(JSON.parse(command.lines[0] ?? '').directory, name);
});

serving('--log combined is what log analysers read', async () => {
	const cwd = await makeFolder(SITE);
	const command = new Command(['-p', '0', '--log', 'combined'], { cwd });
	const tested = await command.serving();
	await ask(tested, 'HTTP/1.1', '/a.css?x="y"', { 'user-agent': 'a "b" \\', referer: 'http://localhost/' });
	await ask(tested, 'HTTP/2', '/missing');
	const lines = await requestLines(command, (line) => /"GET /.test(line), 2);
	assert.match(
		lines[0] ?? '',
		/^[\d.:a-f]+ - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/a\.css\?x=\\"y\\" HTTP\/1\.1" 200 1 "http:\/\/localhost\/" "a \\"b\\" \\\\"$/,
	);
	assert.match(lines[1] ?? '', /"GET \/missing HTTP\/2" 404 \d+ "-" "-"$/);
});

serving('--log none says nothing of requests', async () => {
	const cwd = await makeFolder(SITE);
	const command = new Command(['-p', '0', '--log', 'none'], { cwd });
	const tested = await command.serving();
	await ask(tested, 'HTTP/2', '/a.css');
	command.child.kill('SIGTERM');
	assert.is(await command.ended(), 0);
	assert.not.match(command.stdout, 'GET|a\\.css');
});

serving('in production the log is JSON and names with a content hash are immutable', async () => {
	const cwd = await makeFolder(SITE);
	for (const [args, env, want] of [
		[['--production'], {}, 'max-age=31536000, immutable'],
		[[], { NODE_ENV: 'production' }, 'max-age=31536000, immutable'],
		[[], { NODE_ENV: 'development' }, 'no-cache'],
		[[], { NODE_ENV: '' }, 'no-cache'],
	] as const) {
		const command = new Command(['-p', '0', ...args], { cwd, env });
		const { fields } = await ask(await command.serving(), 'HTTP/2', '/a-4f2d9c1e7b.js');
		assert.is(fields['cache-control'], want);
		assert.is(command.stdout.startsWith('{'), want !== 'no-cache');
	}
});

serving(
	'shown pages have a script for the service worker with --bundle and in production, but for --no-bundle',
	async () => {
		const cwd = await makeFolder(SITE);
		for (const { args, want } of [
			{ args: [], want: false },
			{ args: ['--bundle'], want: true },
			{ args: ['--production', '--log', 'dev'], want: true },
			{ args: ['--production', '--log', 'dev', '--no-bundle'], want: false },
		]) {
			const command = new Command(['-p', '0', ...args], { cwd });
			const { body, fields } = await ask(await command.serving(), 'HTTP/2', '/', {
				'sec-fetch-mode': 'navigate',
			});
			assert.is(body.toString().includes('<script async src="/.casper/page-'), want);
			assert.is(fields.casper, want ? '1' : undefined);
			assert.match(command.stdout, `bundle ${want ? 'on' : 'off'}`);
		}
	},
);

serving('takes options from CASPER_* variables, where the command line does not say otherwise', async () => {
	const cwd = await makeFolder(SITE);
	const env = { CASPER_PORT: '0', CASPER_LOG: 'none', CASPER_PUSH: 'false', CASPER_CERT: 'false' };
	const quiet = new Command([], { cwd, env });
	await quiet.serving();
	assert.match(quiet.stdout, 'push off');
	const pushing = new Command(['-p', '0', '--push-budget', '1'], {
		cwd,
		env: { CASPER_PUSH_BUDGET: 'x', CASPER_PORT: '1' },
	});
	await pushing.serving();
	assert.match(pushing.stdout, 'push on');
});

serving(
	'takes options from a configuration, where neither arguments nor variables say otherwise',
	async () => {
		const page = (text: string): string => `<!doctype html>${text}`;
		const site: Files = {
			'index.html': page('here'),
			'site/index.html': page('site'),
			'b/index.html': page('b'),
		};
		const quiet = '{ "port": 0, "push": false, "directory": "site" }';
		const rows: {
			name: string;
			files: Files;
			input?: string[];
			env?: Record<string, string>;
			want: { text: string; push?: string };
		}[] = [
			{ name: 'JSON', files: { 'casper.config.json': quiet }, want: { text: 'site', push: 'off' } },
			{
				name: 'a module',
				files: { 'casper.config.mjs': `export default ${quiet};` },
				want: { text: 'site', push: 'off' },
			},
			{
				name: 'CommonJS',
				files: { 'casper.config.js': `module.exports = ${quiet};` },
				want: { text: 'site', push: 'off' },
			},
			{
				name: 'the folder of the arguments goes first',
				files: { 'casper.config.json': quiet },
				input: ['b'],
				want: { text: 'b', push: 'off' },
			},
			{
				name: 'so does one after an option',
				files: { 'casper.config.json': quiet },
				input: ['--single', 'b'],
				want: { text: 'b', push: 'off' },
			},
			{
				name: 'variables go first',
				files: { 'casper.config.json': '{ "port": 1, "push": false, "hints": false }' },
				env: { CASPER_PORT: '0', CASPER_PUSH: 'true' },
				want: { text: 'here', push: 'on, hints off' },
			},
			{
				name: 'arguments go before both',
				files: { 'casper.config.json': '{ "port": 1, "push": true }' },
				input: ['--no-push', '-p', '0'],
				env: { CASPER_PORT: '1', CASPER_PUSH: 'true' },
				want: { text: 'here', push: 'off' },
			},
			{
				name: 'one that is named is read alone, its paths from where it is',
				files: { 'casper.config.js': 'throw 1;', 'b/c.json': '{ "port": 0, "directory": "../site" }' },
				input: ['--config', 'b/c.json'],
				want: { text: 'site' },
			},
			{
				name: 'one that a variable names',
				files: { 'casper.config.js': 'throw 1;', 'b/c.json': '{ "port": 0, "directory": "." }' },
				env: { CASPER_CONFIG: 'b/c.json' },
				want: { text: 'b' },
			},
			{
				name: 'the argument that names one goes before the variable',
				files: { 'a.json': quiet },
				input: ['--config=a.json'],
				env: { CASPER_CONFIG: 'none.json' },
				want: { text: 'site', push: 'off' },
			},
		];
		for (const { name, files, input = [], env = {}, want } of rows) {
			const command = new Command(input, { cwd: await makeFolder({ ...site, ...files }), env });
			const { body } = await ask(await command.serving(), 'HTTP/1.1', '/');
			assert.match(String(body), want.text, name);
			assert.match(command.stdout, `push ${want.push ?? 'on'}`, name);
			command.child.kill('SIGTERM');
			assert.is(await command.ended(), 0, name);
			assert.is(command.stderr, '', name);
		}
	},
);

serving('reads a configuration in TypeScript, or says what this Node lacks', async () => {
	const source = 'const port: number = 0;\nexport default { port, push: false } satisfies object;\n';
	const cwd = await makeFolder({
		...SITE,
		'package.json': '{ "type": "module" }',
		'casper.config.ts': source,
	});
	if ((process.features as { readonly typescript?: unknown }).typescript) {
		const command = new Command([], { cwd, env: { NODE_NO_WARNINGS: '1' } });
		await command.serving();
		assert.match(command.stdout, 'push off');
		return;
	}
	assert.match(
		await complaint([], 2, { cwd }),
		/: casper\.config\.ts: expected a Node that reads TypeScript \(22\.18 or newer.*\), or a \.js, .*, got "v\d+\./,
	);
});

serving('a configuration decides on production before NODE_ENV does', async () => {
	const rows: { input: string; args?: string[]; env: Record<string, string>; want: boolean }[] = [
		{ input: '{ "production": true }', env: {}, want: true },
		{ input: '{ "production": false }', env: { NODE_ENV: 'production' }, want: false },
		{ input: '{}', env: { NODE_ENV: 'production' }, want: true },
		{
			input: '{ "production": true }',
			env: { CASPER_PRODUCTION: 'false', NODE_ENV: 'production' },
			want: false,
		},
		{ input: '{ "production": false }', args: ['--production'], env: {}, want: true },
		{ input: '{ "production": true, "log": "dev" }', env: {}, want: false },
	];
	for (const { input, args = [], env, want } of rows) {
		const cwd = await makeFolder({ ...SITE, 'casper.config.json': input });
		const command = new Command(['-p', '0', ...args], { cwd, env });
		await command.serving();
		assert.is(command.stdout.startsWith('{'), want, input);
	}
});

serving('a folder behind an option whose value may be left out is the folder', async () => {
	const cwd = await makeFolder({
		'site/index.html': 'site',
		'cert/index.html': 'cert',
		'index.html': 'here',
	});
	const rows: { input: string[]; want: string }[] = [
		...OPTIONS.filter(({ name, flags }) => flags.includes('[') && name !== 'httpRedirect').map(
			({ flags }) => ({
				input: [/--[\w-]+/.exec(flags)?.[0] ?? '', './site'],
				want: 'site',
			}),
		),
		{ input: ['--host', 'localhost', '--single', 'site'], want: 'site' },
		{ input: ['--health', '/'], want: 'here' },
		{ input: ['--health', cwd], want: 'here' },
		{ input: ['--cors', `https://${'a'.repeat(300)}.test`], want: 'here' },
	];
	for (const { input, want } of rows) {
		const command = new Command(['-p', '0', ...input], { cwd });
		const tested = await command.serving();
		const { body } = await ask(tested, tested.isSecure ? 'HTTP/2' : 'HTTP/1.1', '/index.html');
		assert.is(String(body), want, input.join(' '));
	}
	// This one would take a port that others may have: it is enough that the folder is not what it complains of.
	assert.match(
		await complaint(['--http-redirect', 'site'], 2, { cwd }),
		/: --http-redirect: expected a certificate/,
	);
});

serving('goes on when nobody reads its output any more', async () => {
	const cwd = await makeFolder(SITE);
	const command = new Command(['-p', '0'], { cwd });
	const tested = await command.serving();
	command.child.stdout?.destroy();
	command.child.stderr?.destroy();
	for (let round = 0; round < 5; round++) assert.is((await ask(tested, 'HTTP/2', '/a.css')).status, 200);
	command.child.kill('SIGTERM');
	assert.is(await command.ended(), 0);
});

serving.run();

const ending = suite('the end');
ending.before.each(prepare);
ending.after.each(endAll);

/** A large answer of which the client has not taken the most. */
const beginLarge = async (tested: Tested): Promise<Line> => {
	const line = new Line(tested);
	await line.write('GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n');
	await line.until('the beginning', (received) => received.includes('\r\n\r\n'));
	line.socket.pause();
	return line;
};

ending('SIGINT and SIGTERM: what runs is finished, then exit code 0', async () => {
	const cwd = await makeFolder(SITE);
	for (const signal of ['SIGINT', 'SIGTERM'] as const)
		for (const args of [[], ['--cert']]) {
			const command = new Command(['-p', '0', ...args], { cwd });
			const tested = await command.serving();
			const line = await beginLarge(tested);
			const idle = new Wire(tested);
			await idle.view('/');
			command.child.kill(signal);
			await eventually('the end of the connection on which nothing ran', () => idle.isClosed);
			assert.is(command.isOver, false);
			line.socket.resume();
			await line.closed();
			assert.is(line.received.length - line.received.indexOf('\r\n\r\n') - 4, 20_000_000);
			assert.is(await command.ended(4), 0);
			assert.is(command.stderr, '');
		}
});

ending('a second signal ends it at once', async () => {
	const cwd = await makeFolder(SITE);
	for (const [first, second] of [
		['SIGINT', 'SIGINT'],
		['SIGTERM', 'SIGINT'],
	] as const) {
		const command = new Command(['-p', '0'], { cwd });
		const tested = await command.serving();
		const line = await beginLarge(tested);
		const idle = new Wire(tested);
		await idle.view('/');
		command.child.kill(first);
		await eventually('the first signal taken', () => idle.isClosed);
		assert.is(command.isOver, false);
		command.child.kill(second);
		assert.is(await command.ended(2), 0);
		line.socket.resume();
		await line.closed();
		assert.ok(line.received.length < 20_000_000);
	}
});

ending('a signal in the middle of indexing: nothing is said of a folder that is half known', async () => {
	const files: Record<string, string> = {};
	for (let at = 0; at < 3000; at++) files[`${at}.html`] = `<!doctype html>${at}`;
	const cwd = await makeFolder(files);
	for (const log of ['dev', 'json']) {
		const command = new Command(['-p', '0', '--log', log], { cwd });
		await eventually('the address', () => command.stdout.includes('http'));
		command.child.kill('SIGTERM');
		assert.is(await command.ended(5), 0);
		assert.is(command.stderr, '');
		assert.not.match(command.stdout, 'indexed');
	}
});

ending.run();
