// The command as somebody sees it: in a terminal (tmux), with a shell that has jobs, keys that are pressed, and a client that
// asks as browsers do.

import { execFile, spawnSync } from 'node:child_process';
import { appendFile, chmod, cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Files, makeFolder } from '../support/folder.ts';
import { endAll, eventually, onEnd } from '../support/server.ts';
import { hasProgram } from './casper.ts';
import { SITES } from './sites.ts';

const terminals = suite('in a terminal');
terminals.after.each(endAll);
const NEEDED = ['tmux', 'bash'] as const;
const missing = NEEDED.filter((program) => !hasProgram(program));
const test = missing.length === 0 ? terminals : terminals.skip;
if (missing.length > 0)
	console.error(`SKIPPED: ${missing.join(' and ')} not in the path, so no terminal is tried`);

const PROGRAM = fileURLToPath(new URL('../../bin/casper-serve.js', import.meta.url));
const run = promisify(execFile);
let opened = 0;

/** A terminal of 100 by 30 with a shell in it, in a folder with a site called `site`. */
class Terminal {
	readonly folder: string;
	readonly #socket: string;

	private constructor(folder: string, socket: string) {
		this.folder = folder;
		this.#socket = socket;
	}

	static async open(site: Files | string, env: Readonly<Record<string, string>> = {}): Promise<Terminal> {
		const files = typeof site === 'string' ? [] : Object.entries(site);
		const folder = await makeFolder(
			Object.fromEntries(files.map(([path, content]) => [`site/${path}`, content])),
		);
		if (typeof site === 'string') await cp(site, join(folder, 'site'), { recursive: true });
		await writeFile(join(folder, 'start'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
		await chmod(join(folder, 'start'), 0o755);
		// Of what is given in the environment, a shell takes the prompt last.
		await writeFile(join(folder, 'rc'), "PS1='$ '\n");
		const socket = `casper-test-${process.pid}-${++opened}`;
		const { PATH = '' } = process.env;
		await run(
			'tmux',
			[
				'-L',
				socket,
				'-f',
				'/dev/null',
				'new-session',
				'-d',
				'-x',
				'100',
				'-y',
				'30',
				'bash --noprofile --rcfile rc',
			],
			{
				cwd: folder,
				env: {
					PATH,
					HOME: folder,
					XDG_DATA_HOME: join(folder, 'data'),
					LC_ALL: 'C.UTF-8',
					PS1: '$ ',
					...env,
				},
			},
		);
		onEnd(() => void spawnSync('tmux', ['-L', socket, 'kill-server']));
		const terminal = new Terminal(folder, socket);
		await terminal.until('a prompt', (text) => text.startsWith('$'));
		return terminal;
	}

	/** What has been shown, with the lines that have gone out of sight. `isColoured`: with its colours. */
	async text(isColoured = false): Promise<string> {
		const colours = isColoured ? ['-e'] : [];
		const { stdout } = await this.#tmux('capture-pane', '-p', '-S', '-500', ...colours);
		return stdout.replace(/\s+$/, '');
	}

	/** The lines that are in sight. */
	async inSight(): Promise<readonly string[]> {
		const { stdout } = await this.#tmux('capture-pane', '-p');
		return stdout.replace(/\s+$/, '').split('\n');
	}

	async line(text: string): Promise<void> {
		await this.#tmux('send-keys', '-l', text);
		await this.press('Enter');
	}

	async press(...keys: readonly string[]): Promise<void> {
		await this.#tmux('send-keys', ...keys);
	}

	async until(what: string, isMet: (text: string) => boolean): Promise<string> {
		let text = '';
		try {
			await eventually(
				what,
				async () => {
					text = await this.text();
					return isMet(text);
				},
				15,
			);
		} catch (error) {
			throw new Error(`${(error as Error).message}\n${text}`);
		}
		return text;
	}

	/** Starts the command, and returns the URL once it has indexed the site. */
	async serve(options = '', until = /indexed in/): Promise<string> {
		await this.line(`./start site -p 0 ${options}`);
		const text = await this.until('the banner', (shown) => until.test(shown));
		return /https?:\/\/localhost:\d+\//.exec(text)?.[0] ?? '';
	}

	#tmux(...args: readonly string[]): Promise<{ stdout: string }> {
		return run('tmux', ['-L', this.#socket, ...args]);
	}
}

/** Asks for a page and then for files that it refers to, as a browser that takes no pushes does. */
const browse = async (url: string, page: string, files: readonly string[]): Promise<void> => {
	const session = connect(url, { rejectUnauthorized: false, settings: { enablePush: false } });
	const ask = (path: string, fields: Readonly<Record<string, string>>): Promise<void> =>
		new Promise((resolve, reject) => {
			session
				.request({ ':path': path, 'user-agent': 'Mozilla/5.0 (a test)', ...fields })
				.on('error', reject)
				.on('close', resolve)
				.resume();
		});
	await ask(page, { accept: 'text/html', 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' });
	const referer = new URL(page, url).href;
	await Promise.all(files.map((file) => ask(file, { referer, 'sec-fetch-mode': 'no-cors' })));
	await new Promise<void>((resolve) => session.close(resolve));
};

const SITE: Files = {
	'index.html': '<!doctype html><link rel="stylesheet" href="/a.css"><script src="/a.js"></script>',
	'about.html': '<!doctype html><img src="/b.svg">',
	'a.css': 'a{}',
	'a.js': '1',
	'b.svg': '<svg/>',
};

test('the banner has six lines, with colours', async () => {
	const terminal = await Terminal.open(SITE);
	await terminal.serve('--cert');
	const lines = (await terminal.text()).split('\n');
	const start = lines.findIndex((line) => line.startsWith('casper-serve '));
	const banner = lines.slice(start);
	assert.is(banner.length, 6, lines.join('\n'));
	assert.match(banner[1] ?? '', /^ {2}Local {5}https:\/\/localhost:\d+\/$/);
	assert.match(banner[2] ?? '', /^ {2}Network {3}closed; --host opens it$/);
	assert.match(banner[3] ?? '', /^ {2}Protocol {2}.*self-signed/);
	assert.match(banner[4] ?? '', /^ {2}Modes {5}live reload on, .*; h: help$/);
	assert.match(banner[5] ?? '', /^ {2}Folder {4}site: 5 files, 2 pages, .*no broken references, indexed in /);
	assert.match(await terminal.text(true), '\x1b[1mcasper-serve');
});

test('no colours with NO_COLOR', async () => {
	const terminal = await Terminal.open(SITE, { NO_COLOR: '1' });
	const url = await terminal.serve();
	await browseWithCurl(url);
	await terminal.until('a line', (text) => text.includes('/none.js'));
	assert.not.match(await terminal.text(true), '\x1b[');
});

const browseWithCurl = async (url: string): Promise<void> => {
	await (await fetch(new URL('/none.js', url))).arrayBuffer();
};

test('a large folder is counted in one line, which is the last of the banner in the end', async () => {
	const files: Record<string, string> = {};
	for (let at = 0; at < 4000; at++) files[`${at}.html`] = `<!doctype html>${at}`;
	const terminal = await Terminal.open(files);
	await terminal.serve();
	const text = await terminal.text();
	assert.is(text.match(/Folder/g)?.length, 1, text);
	assert.match(text, / {2}Folder {4}site: 4,000 files, 4,000 pages, .*indexed in [\d.]+ s$/);
});

test('so is one whose name has characters of two columns', async () => {
	const files: Record<string, string> = {};
	for (let at = 0; at < 4000; at++) files[`${at}.html`] = `<!doctype html>${at}`;
	const terminal = await Terminal.open(files);
	const name = 'カナ'.repeat(40);
	await rename(join(terminal.folder, 'site'), join(terminal.folder, name));
	await terminal.line('clear; ./start カナ* -p 0');
	const text = await terminal.until('the banner', (shown) => shown.includes('4,000 files'));
	assert.is(text.match(/Folder/g)?.length, 1, text);
	// Lines go on in the next one as before.
	assert.match(text.replaceAll('\n', ''), / {2}Folder {4}(?:カナ){40}: 4,000 files, .*indexed in/);
});

test('a page is one line, with what it asked for; what a shell asks for has its own', async () => {
	const terminal = await Terminal.open(SITE);
	const url = await terminal.serve('--cert');
	await browse(url, '/', ['/a.css', '/a.js', '/gone.png']);
	await browse(url, '/about', ['/b.svg']);
	await run('curl', ['-sk', new URL('/a.css?shell', url).href]).catch(() => browse(url, '/a.css?shell', []));
	const text = await terminal.until(
		'the lines',
		(shown) => shown.includes('/about') && shown.includes('?shell') && shown.includes('gone.png'),
	);
	const lines = text.split('\n').filter((line) => / ms /.test(line));
	assert.is(lines.length, 3, text);
	const about = lines.find((line) => line.includes('/about')) ?? '';
	assert.match(about, /^\d\d:\d\d:\d\d {2}200 .* {2}\/about +hints: .* {2}\+ 1 file, 6 B$/);
	const index = lines.find((line) => line.includes('failed')) ?? '';
	assert.match(index, /^\d\d:\d\d:\d\d {2}200 .* {2}\/ +hints: .* {2}\+ 3 files, .*, 1 failed$/);
	assert.match(text, /\n {10}404 {11}\/gone\.png\n/);
	assert.is(about.indexOf('hints:'), index.indexOf('hints:'));
});

test('many requests at once are counted', async () => {
	const terminal = await Terminal.open(SITE);
	const url = await terminal.serve();
	const session = connect(url);
	await Promise.all(
		Array.from(
			{ length: 500 },
			(_, at) =>
				new Promise<void>((resolve) => {
					session
						.request({ ':path': `/a.css?${at}` })
						.on('close', resolve)
						.resume();
				}),
		),
	);
	session.close();
	const text = await terminal.until('the number', (shown) => / more requests/.test(shown));
	const shown = text.split('\n').filter((line) => line.includes('a.css?')).length;
	const counted = [...text.matchAll(/… ([\d,]+) more requests/g)].map(([, count = '']) => Number(count));
	assert.is(shown + counted.reduce((sum, count) => sum + count, 0), 500);
	assert.ok(shown <= 150, String(shown));
});

test('a changed file is one line; so is what it breaks', async () => {
	const terminal = await Terminal.open(SITE);
	await terminal.serve();
	await appendFile(join(terminal.folder, 'site/a.css'), 'b{}');
	await terminal.until('the change', (text) =>
		/\n\d\d:\d\d:\d\d {2}changed {2}a\.css {2}no open page needs it/.test(text),
	);
	await appendFile(join(terminal.folder, 'site/about.html'), '\n<img src="/B.svg">');
	await terminal.until('the broken reference', (text) =>
		/\n\d\d:\d\d:\d\d {2}broken {3}about\.html:2 {2}\/B\.svg: no such file; did you mean .*b\.svg\?/.test(
			text,
		),
	);
	await writeFile(join(terminal.folder, 'site/about.html'), '<!doctype html>');
	await terminal.until('that it is mended', (text) =>
		/\n\d\d:\d\d:\d\d {2}mended {3}about\.html:2 {2}\/B\.svg\n/.test(`${text}\n`),
	);
});

test('keys: u tells the banner again, h of all keys, c clears, r reloads, o opens $BROWSER, others do nothing', async () => {
	const terminal = await Terminal.open(SITE, { BROWSER: './note' });
	await writeFile(join(terminal.folder, 'note'), '#!/bin/sh\necho "$#:$1" >noted\n');
	await chmod(join(terminal.folder, 'note'), 0o755);
	const url = await terminal.serve();
	await terminal.press('x', 'Up', 'Enter', 'h');
	await terminal.until('help', (text) => /q {2}quit/.test(text));
	await terminal.press('u');
	await terminal.until('the banner again', (text) => text.match(/indexed in/g)?.length === 2);
	await terminal.press('r');
	await terminal.until('word of it', (text) => text.includes('all open tabs show their page anew'));
	await terminal.press('c');
	await eventually('an empty screen', async () => (await terminal.inSight()).join('') === '');
	const noted = join(terminal.folder, 'noted');
	await terminal.press('o');
	await eventually(
		'the browser',
		async () => (await readFile(noted, 'utf8').catch(() => '')) === `1:${url}\n`,
	);
	await rm(noted);
	assert.is((await terminal.inSight()).join(''), '');
});

/** What `stty` says of the terminal, and the last exit code. */
const stateAfter = async (terminal: Terminal, mark: string): Promise<string> => {
	await terminal.line(`echo ${mark}-$?; stty -a; echo ${mark}-end`);
	const text = await terminal.until('the mode', (shown) => shown.includes(`\n${mark}-end`));
	return text.slice(text.indexOf(`\n${mark}-`)).replaceAll(mark, '');
};

const CRASH = 'process.on("SIGUSR2", () => { throw new Error("crash"); });';
const endings: readonly { name: string; end: (terminal: Terminal) => Promise<void>; want: number }[] = [
	{ name: 'q', end: (terminal) => terminal.press('q'), want: 0 },
	{ name: 'Ctrl-C', end: (terminal) => terminal.press('C-c'), want: 0 },
	{ name: 'Ctrl-C twice', end: (terminal) => terminal.press('C-c', 'C-c'), want: 0 },
	{ name: 'SIGTERM', end: (terminal) => signal(terminal, 'TERM'), want: 0 },
	{ name: 'a crash', end: (terminal) => signal(terminal, 'USR2'), want: 1 },
];

/** Signals the process that was started in this terminal's folder. */
const signal = async (terminal: Terminal, name: string): Promise<void> => {
	const id = (await readFile(join(terminal.folder, 'id'), 'utf8')).trim();
	process.kill(Number(id), `SIG${name}`);
};

for (const { name, end, want } of endings)
	test(`the terminal is as before after ${name}`, async () => {
		const terminal = await Terminal.open(SITE);
		await writeFile(join(terminal.folder, 'crash.mjs'), CRASH);
		await writeFile(
			join(terminal.folder, 'start'),
			`#!/bin/sh\necho $$ >id\nexec '${process.execPath}' --import ./crash.mjs '${PROGRAM}' "$@"\n`,
		);
		const before = (await stateAfter(terminal, 'before')).replace(/^\n-\d+/, '');
		await terminal.serve();
		await end(terminal);
		await terminal.until('the prompt', (text) => text.endsWith('\n$'));
		const after = await stateAfter(terminal, 'after');
		assert.match(after, new RegExp(`^\n-${want}\n`), await terminal.text());
		assert.is(after.replace(/^\n-\d+/, ''), before);
	});

const abrupt: readonly { name: string; end: (terminal: Terminal) => Promise<void>; want: number }[] = [
	{ name: 'SIGHUP', end: (terminal) => signal(terminal, 'HUP'), want: 129 },
	{ name: 'SIGQUIT', end: (terminal) => signal(terminal, 'QUIT'), want: 131 },
	{ name: 'Ctrl-\\', end: (terminal) => terminal.press('C-\\'), want: 131 },
];
for (const { name, end, want } of abrupt)
	test(`the terminal is as before after ${name}, and it has ended by that`, async () => {
		const terminal = await Terminal.open(SITE);
		// An interactive shell would set the mode right itself.
		await writeFile(
			join(terminal.folder, 'start'),
			[
				'#!/bin/sh',
				'trap : QUIT',
				'ulimit -c 0',
				'stty -a >before',
				`sh -c 'echo $$ >id; exec "$@"' - '${process.execPath}' '${PROGRAM}' "$@"`,
				'echo "code $?"',
				'stty -a >after',
				'echo done',
				'',
			].join('\n'),
		);
		await terminal.serve();
		await end(terminal);
		const text = await terminal.until('the end', (shown) => /\ndone\n/.test(shown));
		assert.match(text, `\ncode ${want}\n`);
		const modeIn = (file: string): Promise<string> => readFile(join(terminal.folder, file), 'utf8');
		assert.is(await modeIn('after'), await modeIn('before'));
	});

const BOTH_WAYS = `
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isForegroundByPs, isForegroundByStat, psArguments } from '${new URL('../../dist/terminal/foreground.js', import.meta.url)}';
const byPs = isForegroundByPs(spawnSync('ps', psArguments(process.pid), { encoding: 'utf8' }).stdout);
console.log(process.argv[2], isForegroundByStat(readFileSync('/proc/self/stat', 'latin1')), byPs, 'end');
`;
const hasBoth = process.platform === 'linux' && hasProgram('ps');
(hasBoth ? test : terminals.skip)('ps says what /proc says of foreground and background', async () => {
	const terminal = await Terminal.open(SITE);
	await writeFile(join(terminal.folder, 'both.mjs'), BOTH_WAYS);
	await terminal.line(`'${process.execPath}' both.mjs front; '${process.execPath}' both.mjs back & wait`);
	const text = await terminal.until('both', (shown) => (shown.match(/ end$/gm) ?? []).length === 2);
	assert.match(text, '\nfront true true end');
	assert.match(text, '\nback false false end');
});

test('Ctrl-Z suspends it, the shell has its terminal back, and fg goes on with keys', async () => {
	const terminal = await Terminal.open(SITE);
	const before = (await stateAfter(terminal, 'before')).replace(/^\n-\d+/, '');
	const url = await terminal.serve();
	for (const round of ['first', 'second']) {
		await terminal.press('C-z');
		await terminal.until('the prompt', (text) => text.endsWith('\n$'));
		const stopped = await stateAfter(terminal, round);
		assert.is(stopped.replace(/^\n-\d+/, ''), before);
		await terminal.line('clear; jobs');
		await terminal.until('the job', (text) => /Stopped .*start/.test(text));
		await terminal.line('fg');
		await terminal.until('the command', (text) => /\n\.\/start/.test(text));
		await eventually('a key taken', async () => {
			await terminal.press('h');
			return (await terminal.text()).includes('q  quit');
		});
	}
	assert.is((await fetch(url)).status, 200);
	await terminal.press('q');
	await terminal.until('the prompt', (text) => text.endsWith('\n$'));
});

test('in the background it is not stopped, when it starts as little as after Ctrl-Z and bg', async () => {
	const terminal = await Terminal.open(SITE);
	const isServing = async (what: string): Promise<void> => {
		const text = await terminal.text();
		const url = [...text.matchAll(/http:\/\/localhost:\d+\//g)].at(-1)?.[0] ?? '';
		assert.is((await fetch(url)).status, 200, what);
		// What is typed is the shell's.
		await terminal.line('h; jobs');
		await terminal.until(
			what,
			(shown) => /Running .*start/.test(shown) && shown.includes('command not found'),
		);
		assert.not.match(await terminal.text(), /Stopped \(tty|q {2}quit/);
	};
	await terminal.serve('&');
	assert.not.match(await terminal.text(), 'h: help');
	await isServing('started in the background');
	await terminal.line('kill %1; wait; clear');
	await terminal.until('an empty screen', (text) => text === '$');
	await terminal.serve();
	await terminal.press('C-z');
	await terminal.until('the prompt', (text) => text.endsWith('\n$'));
	await terminal.line('bg');
	await terminal.until('that it goes on', (text) => /\n\[\d\]\+? .*start.*&/.test(text));
	await isServing('sent to the background');
});

test('no keys, and no error, where the input is none or something else', async () => {
	for (const input of ['<&-', '</dev/null', '< <(sleep 20)']) {
		const terminal = await Terminal.open(SITE);
		const url = await terminal.serve(input);
		assert.not.match(await terminal.text(), 'h: help', input);
		assert.is((await fetch(url)).status, 200, input);
		await terminal.press('C-c');
		const text = await terminal.until('the prompt', (shown) => shown.endsWith('\n$'));
		assert.not.match(text, /Error|EBADF|EIO/, input);
	}
});

test('the example: pages, a change and a broken reference, as README.md shows them', async () => {
	const terminal = await Terminal.open(SITES[0].folder);
	const url = await terminal.serve('--cert');
	await browse(url, '/', ['/css/site.css?v=3', '/css/layout.css', '/js/main.js']);
	await browse(url, '/notes/hessdalen', ['/css/site.css?v=3']);
	await terminal.until('both pages', (text) => text.match(/hints:/g)?.length === 2);
	await appendFile(join(terminal.folder, 'site/css/site.css'), '\n');
	await terminal.until('the change', (text) => text.includes('changed  css/site.css'));
	await appendFile(join(terminal.folder, 'site/key.html'), '<img src="/img/Compass.svg">');
	const text = await terminal.until('the broken reference', (shown) => shown.includes('broken   key.html'));
	const file = process.env.CAPTURE;
	if (file) await writeFile(file, `${text.slice(text.indexOf('casper-serve '))}\n`);
});

terminals.run();
