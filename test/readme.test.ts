// The README is run: its table is the one in the code, its example works, its first command serves.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OPTIONS } from '../src/option-table.ts';

const root = resolve(import.meta.dirname, '..');
const readme = await readFile(join(root, 'README.md'), 'utf8');

const between = (start: string, end: string): string => {
	const from = readme.indexOf(start);
	const to = readme.indexOf(end, from + start.length);
	assert.ok(from !== -1 && to !== -1, `README: expected ${start} and ${end}`);
	return readme.slice(from + start.length, to).trim();
};

/** Runs Node until it ends or `until` has come on its output; resolves with what it printed and its exit code. */
const run = async (
	args: readonly string[],
	home: string,
	until?: RegExp,
	onReady?: (printed: string) => Promise<void>,
): Promise<{ code: number | null; printed: string }> => {
	const child = spawn(process.execPath, args, {
		cwd: root,
		env: { ...process.env, HOME: home, XDG_DATA_HOME: join(home, 'data') },
	});
	let printed = '';
	const ended = new Promise<number | null>((done) => child.once('close', done));
	const ready = new Promise<void>((done) => {
		for (const stream of [child.stdout, child.stderr])
			stream.on('data', (chunk) => {
				printed += chunk;
				if (until?.test(printed)) done();
			});
	});
	await Promise.race([ended, ready]);
	try {
		if (until?.test(printed)) await onReady?.(printed);
	} finally {
		if (until !== undefined) child.kill('SIGTERM');
	}
	return { code: await ended, printed };
};

const inTemporaryFolder = async (work: (folder: string) => Promise<void>): Promise<void> => {
	const folder = await mkdtemp(join(tmpdir(), 'casper-readme-'));
	try {
		await work(folder);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
};

const Readme = suite('README');

Readme('has the options and defaults of the code', () => {
	const rows = OPTIONS.map(
		({ flags, off, help, fallback }) =>
			`| \`${flags}\`${off === undefined ? '' : `, \`${off}\``} | ${help} | ${fallback} |`,
	);
	assert.fixture(
		between('<!-- options -->', '<!-- /options -->'),
		['| option | what it does | default |', '| --- | --- | --- |', ...rows].join('\n'),
	);
});

Readme('has a library example that runs as it stands', () =>
	inTemporaryFolder(async (folder) => {
		const code = between('<!-- example:serve -->\n```js', '```')
			.replace("'casper-serve'", JSON.stringify(pathToFileURL(join(root, 'dist/index.js')).href))
			.replace("'./public'", JSON.stringify(join(root, 'public-example')));
		const file = join(folder, 'example.mjs');
		await writeFile(file, code);
		const { code: exit, printed } = await run([file], folder);
		assert.is(exit, 0, printed);
		assert.match(printed, /^https:\/\/localhost:\d+\/$/m);
	}),
);

Readme('has a digest example that prints what its comments say', () =>
	inTemporaryFolder(async (folder) => {
		const code = between('<!-- example:digest -->\n```js', '```');
		const file = join(folder, 'example.mjs');
		const module = JSON.stringify(pathToFileURL(join(root, 'dist/digest/index.js')).href);
		await writeFile(file, code.replace("'casper-serve/digest'", module));
		const { printed } = await run([file], folder);
		const promised = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
		assert.is(promised.length, 6);
		assert.equal(printed.trim().split('\n'), promised);
	}),
);

Readme('has an example for other servers that pushes once, with the cookie it tells of', () =>
	inTemporaryFolder(async (folder) => {
		const code = between('<!-- example:casper -->\n```js', '```')
			.replace("'casper-serve'", JSON.stringify(pathToFileURL(join(root, 'dist/index.js')).href))
			.replace('8080', '0');
		const file = join(folder, 'example.mjs');
		await writeFile(file, code);
		await run([file], folder, /http:\/\/localhost:\d+\//, async (printed) => {
			const url = /http:\/\/\S+/.exec(printed)?.[0] ?? '';
			const first = await visitPage(url);
			assert.equal(first.pushed, ['/static/example.js']);
			const pair = /^[^;]*/.exec(first.cookie)?.[0] ?? '';
			assert.is(pair, 'x-go-casper=yQA');
			assert.ok(readme.includes(`\`${pair}\``));
			const second = await visitPage(url, { cookie: pair });
			assert.equal(second, { body: first.body, pushed: [], cookie: '' });
		});
	}),
);

Readme('has a first command whose `npm start` serves public-example over TLS and HTTP/2', () =>
	inTemporaryFolder(async (folder) => {
		const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
		assert.match(readme, /^npm ci && npm start /m);
		assert.is(scripts.start, 'node bin/casper-serve.js public-example --cert');
		const args = [...scripts.start.split(' ').slice(1), '--port', '0'];
		const { code, printed } = await run(args, folder, /https:\/\/localhost:\d+\//, async (text) => {
			const url = /https:\/\/localhost:\d+\//.exec(text)?.[0] ?? '';
			assert.match(await fetchPage(url), /<title>[^<]*Ghost Lights/);
		});
		assert.is(code, 0, printed);
	}),
);

const fetchPage = async (url: string): Promise<string> => (await visitPage(url)).body;

/** A page and the paths of what was pushed with it, on a connection of its own. */
const visitPage = (
	url: string,
	fields: Readonly<Record<string, string>> = {},
): Promise<{ body: string; pushed: string[]; cookie: string }> =>
	new Promise((done, fail) => {
		const session = connect(url, { rejectUnauthorized: false });
		let body = '';
		let cookie = '';
		const pushed: string[] = [];
		let open = 1;
		const onClose = (): void => {
			open--;
			if (open > 0) return;
			session.close();
			done({ body, pushed, cookie });
		};
		session.on('error', fail);
		session.on('stream', (stream, headers) => {
			pushed.push(String(headers[':path']));
			open++;
			stream.on('error', fail).on('close', onClose).resume();
		});
		session
			.request({ ':path': '/', ...fields })
			.setEncoding('utf8')
			.on('response', (headers) => {
				cookie = headers['set-cookie']?.join() ?? '';
			})
			.on('data', (chunk) => {
				body += chunk;
			})
			.on('error', fail)
			.on('close', onClose);
	});

Readme.run();
