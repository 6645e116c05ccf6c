// What users get: the packed tarball, installed in an empty folder, must run, stay small and carry its types.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const repository = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

interface Installed {
	/** The folder that was empty. */
	readonly folder: string;
	/** The paths in the tarball. */
	readonly packed: readonly string[];
}

const pack = suite('pack');
const temporary: string[] = [];

const temporaryFolder = async (): Promise<string> => {
	const folder = await mkdtemp(join(tmpdir(), 'casper-pack-'));
	temporary.push(folder);
	return folder;
};

const install = async (): Promise<Installed> => {
	if (!existsSync(join(repository, 'dist'))) throw new Error('dist/ is missing: `npm run build` makes it');
	const target = await temporaryFolder();
	// The scripts would build `dist` anew under the feet of whoever reads it now.
	const packing = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', target], {
		cwd: repository,
	});
	const [tarball] = JSON.parse(packing.stdout) as [{ filename: string; files: { path: string }[] }];

	const folder = await temporaryFolder();
	// Without it npm would look for a project in the folders above.
	await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
	const quiet = ['--omit=dev', '--no-audit', '--no-fund', '--prefer-offline'];
	await run('npm', ['install', ...quiet, join(target, tarball.filename)], { cwd: folder });
	return { folder, packed: tarball.files.map(({ path }) => path) };
};

// Not in a hook: uvu says nothing of what a hook throws.
let installing: Promise<Installed> | undefined;
const installed = (): Promise<Installed> => {
	installing ??= install();
	return installing;
};

pack.after(async () => {
	for (const folder of temporary) await rm(folder, { recursive: true, force: true });
});

const bytesUnder = async (folder: string): Promise<number> => {
	let bytes = 0;
	for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
		if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
	}
	return bytes;
};

pack('the tarball holds what is run, and its papers', async () => {
	const { packed } = await installed();
	const papers = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'];
	const others = packed.filter((path) => !papers.includes(path) && !/^(bin|dist)\//.test(path));
	assert.equal(others, []);
	for (const path of ['bin/casper-serve.js', 'dist/index.js', 'dist/index.d.ts', 'README.md', 'LICENSE']) {
		assert.ok(packed.includes(path), `${path} is not in the tarball`);
	}
});

pack('at most 45 packages and 16 MB are installed, and none runs a script', async () => {
	const { folder } = await installed();
	const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
		packages: Record<string, { hasInstallScript?: boolean }>;
	};
	const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
	assert.ok(packages.length <= 45, `${packages.length} packages`);
	const bytes = await bytesUnder(join(folder, 'node_modules'));
	assert.ok(bytes <= 16e6, `${bytes} bytes`);
	const scripted = packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
	assert.equal(scripted, []);
});

pack('the command tells its version', async () => {
	const { folder } = await installed();
	const { version } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as {
		version: string;
	};
	const { stdout } = await run(join(folder, 'node_modules/.bin/casper-serve'), ['--version']);
	assert.is(stdout.trim(), version);
});

/** The body at `url`, over HTTP/2. */
const get = async (url: string): Promise<string> => {
	const session = connect(url, { rejectUnauthorized: false });
	try {
		const stream = session.request({ ':path': new URL(url).pathname });
		let body = '';
		for await (const chunk of stream.setEncoding('utf8')) body += chunk;
		return body;
	} finally {
		session.close();
	}
};

pack('the command serves over HTTP/2 with a certificate of its own, until asked to stop', async () => {
	const { folder } = await installed();
	const site = join(folder, 'site');
	const page = '<!doctype html><title>Packed</title>';
	await mkdir(site);
	await writeFile(join(site, 'index.html'), page);

	const env = { ...process.env, XDG_DATA_HOME: await temporaryFolder() };
	const server = spawn(join(folder, 'node_modules/.bin/casper-serve'), [site, '--port', '0', '--cert'], {
		env,
	});
	const ended = once(server, 'exit') as Promise<[number | null, string | null]>;
	try {
		const url = await new Promise<string>((resolve, reject) => {
			let output = '';
			let complaint = '';
			server.stderr.setEncoding('utf8').on('data', (text: string) => {
				complaint += text;
			});
			server.stdout.setEncoding('utf8').on('data', (text: string) => {
				output += text;
				const found = /https:\/\/localhost:\d+\//.exec(output);
				if (found) resolve(found[0]);
			});
			ended.then(() => reject(new Error(`ended without an address: ${output}${complaint}`)), reject);
		});
		assert.is(await get(url), page);
	} finally {
		server.kill('SIGTERM');
	}
	assert.equal(await ended, [0, null]);
});

pack('the public function type-checks for a consumer', async () => {
	const { folder } = await installed();
	const consumer = [
		"import { serve } from 'casper-serve';",
		"const s: { url: string; close(): Promise<void> } = await serve('.', { port: 0 });",
		'await s.close();',
	];
	await writeFile(join(folder, 'consumer.ts'), consumer.join('\n'));
	const modules = join(repository, 'node_modules');
	const types = ['--types', 'node', '--typeRoots', join(modules, '@types')];
	const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', ...types];
	const check = run(join(modules, '.bin/tsc'), [...options, 'consumer.ts'], { cwd: folder });
	// The compiler complains on stdout, which a failed `execFile` does not show.
	const complaint = await check.then(
		() => '',
		(error: { stdout: string; message: string }) => error.stdout || error.message,
	);
	assert.is(complaint, '');
});

pack.run();
