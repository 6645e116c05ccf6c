// The command line and where it listens: what it says, and that SIGTERM ends it in good order.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { endAll, eventually, makeFolder, onEnd } from './support/server.ts';

const command = suite('the command and its doors');
command.after.each(endAll);

/** The command line from its sources, as they are now. */
const run = (home: string, args: readonly string[]): { child: ChildProcess; output: () => string } => {
	const module = new URL('../src/cli.ts', import.meta.url).href;
	const script = `const { main } = await import(${JSON.stringify(module)}); process.argv.splice(1, 0, 'x'); await main();`;
	const { PATH = '' } = process.env;
	const child = spawn(
		process.execPath,
		['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script, '--', ...args],
		{ env: { PATH, HOME: home, XDG_DATA_HOME: join(home, 'data') }, stdio: ['ignore', 'pipe', 'pipe'] },
	);
	let text = '';
	for (const stream of [child.stdout, child.stderr])
		stream?.setEncoding('utf8').on('data', (chunk: string) => {
			text += chunk;
		});
	onEnd(() => child.kill('SIGKILL'));
	return { child, output: () => text };
};

const endOf = (child: ChildProcess): Promise<number | null> =>
	child.exitCode === null
		? new Promise((resolve) => child.once('close', resolve))
		: Promise.resolve(child.exitCode);

const rows: readonly { name: string; input: (home: string) => readonly string[]; want: RegExp }[] = [
	{
		name: 'a Unix socket',
		input: (home) => ['--unix', join(home, 'casper.sock')],
		want: /\n {2}Socket {4}unix:\S+\/casper\.sock\n {2}Protocol {2}HTTP\/1\.1 and HTTP\/2 without TLS\n/,
	},
	{
		name: 'a redirect',
		input: () => ['-p', '0', '--cert', '--http-redirect', '0', '--grace', '1'],
		want: /\n {2}Local {5}https:\/\/localhost:\d+\/ {2}\(http:\/\/localhost:\d+\/ leads there\)\n/,
	},
	{
		name: 'a redirect in JSON',
		input: () => ['-p', '0', '--cert', '--http-redirect', '0', '--log', 'json'],
		want: /"url":"https:\/\/localhost:\d+\/","redirectUrl":"http:\/\/localhost:\d+\/"}\n/,
	},
];
for (const { name, input, want } of rows)
	command(`says where it listens, and ends with 0: ${name}`, async () => {
		const home = await makeFolder({ 'site/index.html': 'index' });
		const { child, output } = run(home, [join(home, 'site'), ...input(home)]);
		await eventually('the start', () => {
			if (child.exitCode !== null) throw new Error(`ended early: ${output()}`);
			return output().includes('indexed');
		});
		assert.match(output(), want);
		child.kill('SIGTERM');
		assert.is(await endOf(child), 0);
		assert.not(existsSync(join(home, 'casper.sock')));
	});

const mistakes: readonly {
	name: string;
	input: readonly string[];
	want: readonly [code: number, message: RegExp];
}[] = [
	{
		name: 'a redirect without TLS',
		input: ['--http-redirect'],
		want: [2, /^casper-serve: --http-redirect: expected a certificate/],
	},
	{
		name: 'a socket and a port',
		input: ['--unix', 'x', '-p', '80'],
		want: [2, /^casper-serve: --port: expected none beside/],
	},
	{
		name: 'a socket that is a folder',
		input: ['--unix', '/'],
		want: [1, /^casper-serve: unix "\/": expected .*got a folder/],
	},
];
for (const { name, input, want } of mistakes)
	command(`says what is wrong: ${name}`, async () => {
		const home = await makeFolder({ 'index.html': 'index' });
		const { child, output } = run(home, [home, ...input]);
		assert.is(await endOf(child), want[0]);
		assert.match(output(), want[1]);
		assert.match(output(), /^[^\n]+\n$/);
	});

command.run();
