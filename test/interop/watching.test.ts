// Folders whose watch does not see what happens: what is served is right all the same, and one line says why it may be late.
// The system itself is made blind: strace takes watches away, mount and bindfs put others' files where nothing is told.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { UrlPath } from '../../src/site/paths.ts';
import { openSite, type Site } from '../../src/site/watcher.ts';
import { ask, Wire } from '../support/client.ts';
import { ALMIGHTY } from '../support/folder.ts';
import { towards } from '../support/host.ts';
import {
	endAll,
	eventually,
	makeFolder,
	onEnd,
	openIndexed,
	put,
	type Tested,
	within,
} from '../support/server.ts';
import { hasProgram } from './casper.ts';

/** Whether a command does what it is there for. */
const isAble = (command: string, ...values: readonly string[]): boolean => {
	try {
		execFileSync(command, values, { stdio: 'ignore' });
		return true;
	} catch {
		return false;
	}
};

const missing = [
	process.platform === 'linux' && ALMIGHTY ? [] : ['root on Linux'],
	hasProgram('strace') ? [] : ['strace (Debian: strace)'],
	hasProgram('bindfs') ? [] : ['bindfs (Debian: bindfs)'],
].flat();

/** What even root may not do in a container. */
const tracing = isAble('strace', '-o', '/dev/null', 'true');
const mounting = isAble('unshare', '--mount', 'mount', '--bind', tmpdir(), tmpdir());
const fuse = mounting && existsSync('/dev/fuse');
const watching = suite('watching');
watching.after.each(endAll);
const test = missing.length === 0 ? watching : watching.skip;
if (test === watching.skip)
	console.error(`SKIPPED: what cannot be watched needs ${missing.join(', ')}, so no watch is made blind`);
else
	for (const [name, isAllowed] of Object.entries({ tracing, mounting, fuse }))
		if (!isAllowed)
			console.error(`NOT RUN: this system allows no ${name}, so its part of the blind watches is left out`);
/** Registers a test that needs what a container may forbid. */
const where = (isAllowed: boolean, title: string, run: () => Promise<void>): void => {
	if (isAllowed || missing.length > 0) test(title, run);
};

/** Has what a mount covers back after the test, before the folders are removed. */
const mounted = (command: string, values: readonly string[], folder: string): void => {
	execFileSync(command, values);
	onEnd(() => execFileSync('umount', ['--lazy', folder]));
};

/** A site, and what it said. */
interface Opened {
	readonly site: Site;
	readonly problems: readonly string[];
}

const opened = async (folder: string): Promise<Opened> => {
	const problems: string[] = [];
	const site = await openSite(folder, { onProblem: (message) => problems.push(message) });
	onEnd(() => site.close());
	await site.ready;
	return { site, problems };
};

const sizeOf = ({ site }: Opened, path: string): number | undefined =>
	site.snapshot.get(path as UrlPath)?.size;

const APART = fileURLToPath(new URL('apart-server.ts', import.meta.url));

/** A server over `folder` to which `inject` happens whenever it begins to watch something, and what it says. */
const openBlinded = async (
	folder: string,
	inject: string,
): Promise<{ tested: Tested; said: () => string[] }> => {
	const storage = await makeFolder();
	const child = spawn(
		'strace',
		[
			...['-f', '-qq', '-e', 'trace=inotify_add_watch', '-e', `inject=inotify_add_watch:${inject}`],
			...[
				'-o',
				'/dev/null',
				process.execPath,
				'--import',
				import.meta.resolve('tsx'),
				APART,
				folder,
				storage,
			],
		],
		{ stdio: ['ignore', 'inherit', 'pipe', 'ipc'] },
	);
	const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
	let said = '';
	child.stderr?.setEncoding('utf8').on('data', (text: string) => {
		said += text;
	});
	onEnd(async () => {
		// Then the server ends, and strace with it.
		if (child.connected) child.disconnect();
		await within('the end of a server', ended);
	});
	const ports = await within(
		'a server',
		Promise.race([new Promise((resolve) => child.once('message', resolve)), ended]),
		60,
	);
	if (!Array.isArray(ports)) throw new Error(`the server ended: ${said}`);
	return { tested: towards(Number(ports[1]), false), said: () => said.split('\n').filter(Boolean) };
};

const LOOKED = 'so the folder is looked at every 2 s';

for (const { name, inject, found } of [
	{
		name: 'watches that tell nothing',
		inject: 'retval=1',
		found: /: the system does not tell of changes there, /,
	},
	{
		name: 'no watches left',
		inject: 'error=ENOSPC',
		found:
			/: the system has no watch left for it \(ENOSPC\), .*; for more, run: sudo sysctl fs\.inotify\.max_user_watches=524288$/,
	},
])
	where(tracing, `with ${name}, changes are served, and a line says what is done about it`, async () => {
		const folder = await makeFolder({ 'a.css': '1', 'x/b.css': '1', 'x/gone.css': '1' });
		const { tested, said } = await openBlinded(folder, inject);
		// Of either of its two servers.
		await eventually('told', () => said().length >= 2);
		for (const line of said()) {
			assert.ok(line.startsWith(`${folder}: `), line);
			assert.match(line, found);
			assert.match(line, LOOKED);
		}
		await put(folder, 'a.css', '2');
		await put(folder, 'y/new.css', 'new');
		execFileSync('rm', [join(folder, 'x/gone.css')]);
		const bodyOf = async (path: string): Promise<string> => {
			const { status, body } = await ask(tested, 'HTTP/1.1', path);
			return status === 200 ? body.toString() : String(status);
		};
		await eventually('a change', async () => (await bodyOf('/a.css')) === '2');
		await eventually('a new file', async () => (await bodyOf('/y/new.css')) === 'new');
		await eventually('a file gone', async () => (await bodyOf('/x/gone.css')) === '404');
		assert.is(await bodyOf('/x/b.css'), '1');
		assert.is(said().length, 2, said().join('\n'));
	});

where(
	mounting,
	'what is mounted over the folder later is served when it is asked for, and then watched, too',
	async () => {
		const folder = await makeFolder({ 'a.css': '1', 'old.css': '1' });
		const other = await makeFolder({ 'a.css': '22', 'new.css': '1' });
		const one = await opened(folder);
		// A look that is still to come would find the other folder, and have it watched.
		await sleep(2000);
		mounted('mount', ['--bind', other, folder], folder);
		const asked = await one.site.check(['/a.css', '/new.css'] as UrlPath[]);
		assert.is(asked.get('/a.css' as UrlPath)?.size, 2);
		assert.is(asked.get('/new.css' as UrlPath)?.size, 1);
		await eventually('told', () => one.problems.length > 0);
		const [line = ''] = one.problems;
		assert.match(line, `${folder}: /`);
		assert.match(line, /: \/(?:a|new)\.css changed and the system did not tell, /);
		assert.match(line, LOOKED);
		await eventually('what was there is gone', () => sizeOf(one, '/old.css') === undefined);
		await put(other, 'a.css', '333');
		await eventually('a change', () => sizeOf(one, '/a.css') === 3);
		assert.is(one.problems.length, 1);
	},
);

where(
	mounting,
	'a page view has all of its page compared with the disk, though nothing tells of it',
	async () => {
		const page = '<link rel="stylesheet" href="a.css"><p>1';
		const folder = await makeFolder({ 'index.html': page, 'a.css': '@import "b.css"', 'b.css': 'p{}' });
		const other = await makeFolder({
			'index.html': page.replace('1', '2'),
			'a.css': '@import "c.css"',
			'c.css': 'p{order:1}',
			'404.html': 'gone',
		});
		const tested = await openIndexed(folder);
		const view = new Wire(tested);
		const first = await view.view('/');
		assert.equal([...first.pushes.keys()].sort(), ['/a.css', '/b.css']);
		await sleep(2000);
		mounted('mount', ['--bind', other, folder], folder);
		const { document: shown, pushes } = await new Wire(tested).view('/');
		assert.match(String(shown.body), /<p>2$/);
		assert.equal([...pushes.keys()].sort(), ['/a.css', '/c.css']);
		assert.is(String(pushes.get('/c.css')?.body), 'p{order:1}');
		const gone = await ask(tested, 'HTTP/1.1', '/nowhere', { accept: 'text/html' });
		assert.match(String(gone.body), /^gone/);
	},
);

where(fuse, 'on a file system where others may change files, their changes are seen', async () => {
	const theirs = await makeFolder({ 'a.css': '1', 'x/b.css': '1' });
	const folder = join(await makeFolder(), 'mount');
	await mkdir(folder);
	mounted('bindfs', [theirs, folder], folder);
	const one = await opened(folder);
	assert.equal(one.problems, [
		`${folder}: on fuse changes by others are not told, ${LOOKED}; a folder of a local disk shows them at once`,
	]);
	await put(theirs, 'a.css', '22');
	await put(theirs, 'x/new.css', '1');
	await eventually('a change', () => sizeOf(one, '/a.css') === 2);
	await eventually('a new file', () => sizeOf(one, '/x/new.css') === 1);
	await put(folder, 'x/b.css', '333');
	await eventually('a change of our own', () => sizeOf(one, '/x/b.css') === 3);
	await put(theirs, 'a.css', '4444');
	await eventually('what is asked for is current', async () => {
		const snapshot = await one.site.check(['/a.css' as UrlPath]);
		return snapshot.get('/a.css' as UrlPath)?.size === 4;
	});
	assert.is(one.problems.length, 1);
});

where(
	mounting,
	'a folder that is read-only is not touched, and a change by its other path is still seen',
	async () => {
		const theirs = await makeFolder({ 'a.css': '1' });
		const folder = join(await makeFolder(), 'mount');
		await mkdir(folder);
		mounted('mount', ['--bind', theirs, folder], folder);
		execFileSync('mount', ['-o', 'remount,ro,bind', folder]);
		const { ctimeNs } = await stat(folder, { bigint: true });
		const one = await opened(folder);
		await put(theirs, 'a.css', '22');
		await eventually('a change', () => sizeOf(one, '/a.css') === 2);
		// Were the watch tried by a touch, it would be by now.
		await put(theirs, 'a.css', '333');
		await utimes(join(theirs, 'a.css'), 1, 1);
		await eventually('a change', () => sizeOf(one, '/a.css') === 3);
		assert.is((await stat(folder, { bigint: true })).ctimeNs, ctimeNs);
		assert.equal(one.problems, []);
	},
);

watching.run();
