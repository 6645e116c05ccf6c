// Runs the unit tests on the other versions of Node that are supported, with real binaries from the npm registry.
// The last line is `N passed, N failed`, the sum of all versions.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const majors = [22, 24];

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));

/** Installs a Node binary under `folder`. Returns its path. */
const installNode = (major, folder) => {
	// The package `node` fetches one of these in an install script, which npm may refuse to run.
	const { platform, arch } = process;
	const name = `${platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'}-${platform}-${arch}`;
	const quiet = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
	execFileSync('npm', ['install', '--prefix', folder, ...quiet, `${name}@${major}`], {
		stdio: ['ignore', 'ignore', 'inherit'],
	});
	return join(folder, 'node_modules', name, 'bin', 'node');
};

/** Runs the unit tests with a Node binary, passing their output on. Returns what they print last, as two numbers. */
const runTests = (node) =>
	new Promise((resolve) => {
		// First in the path too, for the tests that start the command by its name.
		const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
		const child = spawn(node, ['test/run/tests.mjs', '--jobs', '5'], {
			env,
			stdio: ['ignore', 'pipe', 'inherit'],
		});
		let output = '';
		child.stdout.setEncoding('utf8').on('data', (text) => {
			output += text;
			process.stdout.write(text);
		});
		child.once('close', (code) => {
			const counts = output
				.trimEnd()
				.split('\n')
				.at(-1)
				.match(/^(\d+) passed, (\d+) failed$/);
			const [passed, failed] = counts ? [Number(counts[1]), Number(counts[2])] : [0, 0];
			resolve({ passed, failed: code !== 0 && failed === 0 ? 1 : failed });
		});
	});

if (!existsSync('dist')) execFileSync('npm', ['run', 'build'], { stdio: 'inherit' });

const sum = { passed: 0, failed: 0 };
for (const major of majors) {
	const folder = mkdtempSync(join(tmpdir(), `casper-node-${major}-`));
	try {
		const node = installNode(major, folder);
		const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
		console.log(`Node ${version}`);
		if (!version.startsWith(`v${major}.`)) throw new Error(`expected Node ${major}, got ${version}`);
		const { passed, failed } = await runTests(node);
		sum.passed += passed;
		sum.failed += failed;
	} catch (error) {
		console.error(`Node ${major}: ${error.message}`);
		sum.failed += 1;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = sum.failed === 0 && sum.passed > 0 ? 0 : 1;
