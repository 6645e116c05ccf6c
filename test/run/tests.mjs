// Runs the test files of one folder, each in a process of its own, so that neither a hang nor a handle left open reaches
// the next file.
//
//   node test/run/tests.mjs [--dir test] [--seconds 300] [--jobs 1] [--alone part,…] [--skip-not-allowed] [part …]
//
// Parts are parts of a file's name: without any, all files are run. --jobs runs so many at a time, those that --alone names
// first and by themselves.
//
// --skip-not-allowed: where CI is "true", everything a test could need is there, and a skipped test counts as failed.
// The last line is always `N passed, N failed`, for CI to read.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, stripVTControlCharacters } from 'node:util';

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		dir: { type: 'string', default: 'test' },
		seconds: { type: 'string', default: '300' },
		jobs: { type: 'string', default: '1' },
		alone: { type: 'string', default: '' },
		'skip-not-allowed': { type: 'boolean', default: false },
	},
});
const seconds = Number(values.seconds);
const skipIsFailure = values['skip-not-allowed'] && process.env.CI === 'true';

const tsx = import.meta.resolve('tsx');
// What uvu's own command does, for one file: that command would walk the whole folder, fixtures included, to find it.
const program = `
	import { run } from 'uvu/run';
	const [name, url] = process.argv.slice(-2);
	await run([{ name, file: url.replace('file:///', '') }]);
`;

/** The suite of a test file that is never run, which uvu would pass over in silence; undefined if there is none. */
const forgottenSuite = (text) => {
	const code = text.replace(/^\s*(\/\/|\/?\*).*$/gm, '');
	const suites = code.matchAll(/(?:(\w+)\s*(?::[^=\n]+)?=\s*)?(?<![.\w])suite(?:<[^(]*>)?\(/g);
	for (const [, name] of suites) {
		const run = name === undefined ? /\.run\(\)/ : new RegExp(`\\b${name}\\.run\\(\\)`);
		if (!run.test(code)) return name ?? 'suite';
	}
	return /\.run\(\)/.test(code) ? undefined : 'test';
};

/** The files under way: their names and processes. */
const running = new Map();
/** The whole group goes, so that nothing a test file started outlives it. */
const endGroup = (child) => {
	try {
		process.kill(-child.pid, 'SIGKILL');
	} catch {
		// Nothing was left of it.
	}
};
for (const signal of ['SIGINT', 'SIGTERM']) {
	process.once(signal, () => {
		for (const [name, child] of running) {
			endGroup(child);
			console.error(`${name} was running when ${signal} came`);
		}
		process.exit(1);
	});
}

const runFile = (name) =>
	new Promise((done) => {
		const url = pathToFileURL(resolve(values.dir, name)).href;
		const args = ['--import', tsx, '--input-type=module', '--eval', program, '--', name, url];
		const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
		running.set(name, child);
		let output = '';
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding('utf8').on('data', (text) => {
				output += text;
			});
		}
		let timedOut = false;
		const timer = setTimeout(() => {
			timedOut = true;
			endGroup(child);
		}, seconds * 1000);
		child.once('exit', () => endGroup(child));
		child.once('close', (code, signal) => {
			clearTimeout(timer);
			running.delete(name);
			done({ output: stripVTControlCharacters(output), timedOut, end: signal ?? `exit code ${code}` });
		});
	});

/** What a file's run amounts to; `trouble` is what failed beside its tests. */
const judge = ({ output, timedOut, end }) => {
	const [total, passed, skipped] = ['Total', 'Passed', 'Skipped'].map((word) =>
		Number(output.match(new RegExp(`^ +${word}: +(\\d+)$`, 'm'))?.[1] ?? 0),
	);
	const finished = /^ +Total: +\d+$/m.test(output);
	let failed = total - passed + (skipIsFailure ? skipped : 0);
	let trouble;
	if (timedOut) {
		trouble = finished
			? `did not exit within ${seconds} s though its tests had ended: something is left open`
			: `did not end within ${seconds} s`;
	} else if (!finished) trouble = `ended early, with ${end}`;
	else if (total + skipped === 0) trouble = 'ran no test';
	else if (end === 'exit code 0' && passed < total)
		trouble = 'has a hook that threw, of which uvu shows nothing';
	else if (end !== 'exit code 0' && passed === total) trouble = `ended with ${end}`;
	else if (skipIsFailure && skipped > 0) trouble = `${skipped} skipped, which CI does not allow`;
	if (trouble && failed === 0) failed = 1;
	return { passed, failed, skipped, trouble };
};

const files = (existsSync(values.dir) ? readdirSync(values.dir) : [])
	.filter((name) => name.endsWith('.test.ts'))
	.filter((name) => positionals.length === 0 || positionals.some((part) => name.includes(part)))
	.sort();
const alone = values.alone.split(',').filter((part) => part !== '');
const isAlone = (name) => alone.some((part) => name.includes(part));

for (const name of files) {
	const file = join(values.dir, name);
	const forgotten = forgottenSuite(readFileSync(file, 'utf8'));
	if (forgotten) {
		console.error(`${file}: never calls ${forgotten}.run(), so its tests would not run`);
		process.exit(1);
	}
}
if (files.length === 0) console.error(`${values.dir}: no test file ${positionals.join(', ')}`);

const sum = { passed: 0, failed: 0, skipped: 0 };
const runNext = async (queue) => {
	const name = queue.shift();
	if (name === undefined) return;
	const began = performance.now();
	const result = await runFile(name);
	const { passed, failed, skipped, trouble } = judge(result);
	sum.passed += passed;
	sum.failed += failed;
	sum.skipped += skipped;

	const counts = [`${passed} passed`];
	if (failed > 0) counts.push(`${failed} failed`);
	if (skipped > 0) counts.push(`${skipped} skipped`);
	const elapsed = ((performance.now() - began) / 1000).toFixed(1);
	console.log(`${failed > 0 ? '✘' : '•'} ${join(values.dir, name)}: ${counts.join(', ')} (${elapsed} s)`);
	if (failed > 0) console.log(result.output.trimEnd());
	if (trouble) console.log(`${join(values.dir, name)} ${trouble}`);
	await runNext(queue);
};
await runNext(files.filter(isAlone));
// Most of a file's time is spent waiting. The largest files, which take longest, are not to be left for the end.
const bytesOf = (name) => statSync(join(values.dir, name)).size;
const others = files.filter((name) => !isAlone(name)).sort((a, b) => bytesOf(b) - bytesOf(a));
await Promise.all(Array.from({ length: Number(values.jobs) }, () => runNext(others)));

if (sum.skipped > 0) console.log(`${sum.skipped} skipped`);
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = sum.failed === 0 && files.length > 0 ? 0 : 1;
