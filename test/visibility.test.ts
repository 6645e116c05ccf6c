// What of a folder is served: by the rule itself, over sockets, and while it changes.

import { spawn } from 'node:child_process';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { UrlPath } from '../src/site/paths.ts';
import { Visibility, type VisibilityOptions } from '../src/site/visibility.ts';
import { openSite } from '../src/site/watcher.ts';
import { ask, PROTOCOLS, type Protocol } from './support/client.ts';
import {
	endAll,
	eventually,
	makeFolder,
	onEnd,
	open,
	openIndexed,
	put,
	type Tested,
} from './support/server.ts';

const DEFAULTS: VisibilityOptions = { dotfiles: false, followSymlinks: false, ignore: [] };

const visibility = suite('visibility');

const rows: readonly {
	name: string;
	options?: Partial<VisibilityOptions>;
	input: readonly string[];
	want: readonly string[];
}[] = [
	{
		name: 'names that begin with a dot',
		input: [
			'/',
			'/a.b',
			'/.env',
			'/a/.git/x',
			'/.well-known',
			'/.well-known/x',
			'/.well-known/.x',
			'/.well-knownx',
		],
		want: ['/.env', '/a/.git/x', '/.well-known/.x', '/.well-knownx'],
	},
	{
		name: 'our own paths, even with dotfiles',
		options: { dotfiles: true },
		input: ['/.env', '/a/.git/x', '/.casper', '/.casper/x', '/.casperx', '/a/.casper/x'],
		want: ['/.casper', '/.casper/x'],
	},
	{
		name: 'the settings',
		input: ['/casper.config.ts', '/casper.config.js', '/casper.config.mjs', '/casper.config.json'],
		want: ['/casper.config.ts', '/casper.config.js', '/casper.config.mjs', '/casper.config.json'],
	},
	{
		name: 'but not what is called like them',
		input: [
			'/a/casper.config.ts',
			'/casper.config.html',
			'/casper.config.tsx',
			'/Casper.config.ts',
			'/_redirects',
		],
		want: [],
	},
	{
		name: 'a name, at any depth, with all below it',
		options: { ignore: ['node_modules'] },
		input: [
			'/node_modules',
			'/node_modules/x',
			'/a/node_modules/x/y',
			'/node_modules2',
			'/Node_modules/x',
			'/a.html',
		],
		want: ['/node_modules', '/node_modules/x', '/a/node_modules/x/y'],
	},
	{
		name: 'names with wildcards',
		options: { ignore: ['*.{map,ts}', '~[ab]?', '*.php'] },
		input: ['/a.map', '/x/b.ts', '/.x.map', '/~a1', '/x/~b2/c', '/~c1', '/a.js', '/x.php/y', '/map'],
		want: ['/a.map', '/x/b.ts', '/.x.map', '/~a1', '/x/~b2/c', '/x.php/y'],
	},
	{
		name: 'paths from the root on',
		options: { ignore: ['/drafts/*.html', '/build', '/deep/**/x', './here/', '/'] },
		input: [
			'/drafts/a.html',
			'/drafts/a/b.html',
			'/x/drafts/a.html',
			'/build/a/b',
			'/x/build',
			'/deep/x',
			'/deep/a/b/x/c',
			'/here/a',
			'/x/here',
		],
		want: ['/drafts/a.html', '/build/a/b', '/deep/x', '/deep/a/b/x/c', '/here/a'],
	},
	{
		name: 'paths at any depth',
		options: { ignore: ['drafts/old', 'tmp/'] },
		input: ['/drafts/old', '/x/drafts/old/y', '/drafts/new', '/old', '/tmp/x', '/x/tmp'],
		want: ['/drafts/old', '/x/drafts/old/y', '/tmp/x', '/x/tmp'],
	},
	{ name: 'nothing by no pattern', options: { ignore: [''] }, input: ['/a', '/node_modules/a'], want: [] },
	{
		name: 'no more by a pattern that begins like a denial or a comment',
		options: { ignore: ['!a', '#b'] },
		input: ['/a', '/b', '/!a', '/#b'],
		want: ['/!a', '/#b'],
	},
	{
		name: 'dotfiles like others',
		options: { dotfiles: true, ignore: ['.git', '*.bak'] },
		input: ['/.git/config', '/a/.git', '/.env', '/.x.bak', '/.bak'],
		want: ['/.git/config', '/a/.git', '/.x.bak', '/.bak'],
	},
	{
		name: 'a name in any spelling',
		options: { ignore: ['caf\u00e9', 'e\u0301*'] },
		input: ['/caf\u00e9', '/cafe\u0301/x', '/\u00e9x', '/cafe'],
		want: ['/caf\u00e9', '/cafe\u0301/x', '/\u00e9x'],
	},
];

for (const { name, options, input, want } of rows)
	visibility(`hides ${name}`, () => {
		const rule = new Visibility({ ...DEFAULTS, ...options });
		assert.equal(
			input.filter((path) => rule.hides(path as UrlPath)),
			[...want],
		);
	});

visibility.run();

const wire = suite('visibility over sockets');
wire.after.each(endAll);

const FILES = {
	'index.html': '<link rel=stylesheet href=.theme/a.css><script src=node_modules/x/x.js></script>',
	'.theme/a.css': 'a',
	'.env': 'secret',
	'.casper/listing.css': 'mine',
	'.well-known/security.txt': 'w',
	'casper.config.ts': 'secret',
	'casper.config.json': 'secret',
	_redirects: '/old /index.html\n',
	'node_modules/x/x.js': 'x',
	'drafts/a.html': 'draft',
	'docs/drafts/b.html': 'draft',
	'docs/Drafts/c.html': 'kept',
};

const served: readonly {
	name: string;
	options: Partial<VisibilityOptions>;
	input: Readonly<Record<string, number>>;
}[] = [
	{
		name: 'without any option',
		options: {},
		input: {
			'/': 200,
			'/.env': 404,
			'/.theme/a.css': 404,
			'/.well-known/security.txt': 200,
			'/node_modules/x/x.js': 404,
			'/drafts/a': 200,
			'/casper.config.ts': 404,
			'/casper.config.json': 404,
			'/_redirects': 404,
		},
	},
	{
		name: 'with dotfiles',
		options: { dotfiles: true },
		input: {
			'/.env': 200,
			'/%2Eenv': 200,
			'/.theme/a.css': 200,
			'/.casper/security.txt': 404,
			'/.casper': 404,
			'/node_modules/x/x.js': 404,
			'/casper.config.ts': 404,
			'/../.env': 404,
		},
	},
	{
		name: 'with other things ignored',
		options: { ignore: ['drafts', '/.well-known/*.txt'] },
		input: {
			'/node_modules/x/x.js': 200,
			'/drafts/a': 404,
			'/drafts/a.html': 404,
			'/docs/drafts/b.html': 404,
			'/docs/Drafts/c': 200,
			'/.well-known/security.txt': 404,
			'/casper%2Econfig.ts': 404,
		},
	},
	{
		name: 'with nothing ignored',
		options: { ignore: [''] },
		input: { '/node_modules/x/x.js': 200, '/.env': 404 },
	},
];

/** The statuses of the same paths, as they are. */
const statuses = async (
	tested: Tested,
	paths: Readonly<Record<string, number>>,
	protocol: Protocol = PROTOCOLS[0],
) => {
	const found: Record<string, number> = {};
	for (const path of Object.keys(paths)) found[path] = (await ask(tested, protocol, path)).status;
	return found;
};

for (const { name, options, input } of served)
	wire(`what is served ${name}`, async () => {
		const tested = await openIndexed(FILES, options);
		for (const protocol of PROTOCOLS) assert.equal(await statuses(tested, input, protocol), input, protocol);
		assert.equal(tested.problems, []);
	});

wire('a request ahead of the scan sees no more than one after it', async () => {
	for (const { options, input } of served) {
		const folder = await makeFolder(FILES);
		await mkdir(join(folder, 'filler'));
		await Promise.all(
			Array.from({ length: 3000 }, (_, at) => writeFile(join(folder, `filler/${at}`), `${at}`)),
		);
		const rule = new Visibility({ ...DEFAULTS, ignore: ['node_modules'], ...options });
		const site = await openSite(folder, {}, undefined, rule);
		onEnd(() => site.close());
		await Promise.all(['/', ...Object.keys(input)].map((path) => site.settle(path)));
		assert.not.ok(site.isReady);
		const early = [...site.snapshot.assets()].map(({ path }) => path);
		await site.ready;
		const all = [...site.snapshot.assets()].map(({ path }) => path);
		assert.equal(
			early.filter((path) => !all.includes(path)),
			[],
		);
		assert.ok(early.includes('/index.html' as UrlPath));
		assert.not.ok(all.some((path) => rule.hides(path)));
	}
});

wire('what is pushed or named with a page is what is served', async () => {
	for (const { options, want } of [
		{ options: {}, want: undefined },
		{ options: { dotfiles: true }, want: /^<\/\.theme\/a\.css>[^,]*$/ },
		{ options: { dotfiles: true, ignore: [] }, want: /^<\/\.theme\/a\.css>.*, <\/node_modules\/x\/x\.js>/ },
	]) {
		const tested = await openIndexed(FILES, options);
		const { link } = (await ask(tested, 'HTTP/1.1', '/', { accept: 'text/html' })).fields;
		if (want === undefined) assert.is(link, undefined);
		else assert.match(String(link), want);
	}
});

wire('a listing has what is served, and no more', async () => {
	const files = { ...FILES };
	delete (files as Partial<typeof FILES>)['index.html'];
	for (const { options, want } of [
		{ options: {}, want: ['docs/', 'drafts/'] },
		{ options: { dotfiles: true, ignore: ['/d*'] }, want: ['.theme/', 'node_modules/', '.env'] },
	]) {
		const tested = await openIndexed(files, { list: true, ...options });
		const body = String((await ask(tested, 'HTTP/2', '/', { accept: 'text/html' })).body);
		assert.equal(
			[...body.matchAll(/<a href="\.\/([^"]+)"/g)].map(([, name]) => name),
			want,
		);
	}
});

wire('what comes later is hidden, or not, in the same way', async () => {
	for (const dotfiles of [false, true]) {
		const tested = await openIndexed({ 'a.txt': '' }, { dotfiles, ignore: ['*.map', '/private'] });
		const { folder } = tested;
		await put(folder, 'a.js.map', 'x');
		await put(folder, 'private/x.txt', 'x');
		await put(folder, 'casper.config.mjs', 'x');
		await put(folder, '.hidden/x.txt', 'x');
		await put(folder, 'last.txt', 'x');
		const statusOf = async (path: string): Promise<number> => (await ask(tested, 'HTTP/2', path)).status;
		await eventually('the last', async () => (await statusOf('/last.txt')) === 200);
		if (dotfiles) await eventually('the hidden', async () => (await statusOf('/.hidden/x.txt')) === 200);
		await setTimeout(300);
		assert.is(tested.server.contents.files, dotfiles ? 3 : 2);
		for (const path of ['/a.js.map', '/private/x.txt', '/casper.config.mjs'])
			assert.is(await statusOf(path), 404, path);
		assert.is(await statusOf('/.hidden/x.txt'), dotfiles ? 200 : 404);
		if (!dotfiles) continue;
		await put(folder, '.hidden/x.txt', 'y');
		await eventually(
			'the next version',
			async () => String((await ask(tested, 'HTTP/2', '/.hidden/x.txt')).body) === 'y',
		);
	}
});

/** What a path is answered with. */
const bodyOf = async (tested: Tested, path: string): Promise<string> => {
	const { status, body } = await ask(tested, 'HTTP/2', path);
	return status === 200 ? String(body) : String(status);
};

const untilBody = (tested: Tested, path: string, body: string): Promise<void> =>
	eventually(`${path} is ${body}`, async () => (await bodyOf(tested, path)) === body);

wire('links that leave the folder lead nowhere, unless they are followed', async () => {
	const outside = await makeFolder({ 'a.txt': '1', 'f/b.txt': '1', 'f/.env': 'secret', 'c.css': '1' });
	for (const followSymlinks of [false, true]) {
		const folder = await makeFolder({ 'index.html': '<link rel=stylesheet href=c.css>' });
		await symlink(join(outside, 'a.txt'), join(folder, 'a.txt'));
		await symlink(join(outside, 'c.css'), join(folder, 'c.css'));
		await symlink(join(outside, 'f'), join(folder, 'f'));
		await symlink('..', join(folder, 'up'));
		const input = {
			'/a.txt': 200,
			'/f/b.txt': 200,
			'/f/.env': 404,
			'/f/c.txt': 404,
			'/up/x': 404,
			'/c.css': 200,
		};
		const want = followSymlinks ? input : Object.fromEntries(Object.keys(input).map((path) => [path, 404]));
		const early = await open(folder, { followSymlinks });
		assert.equal(await statuses(early, input), want, 'ahead of the scan');
		await early.server.ready;
		for (const protocol of PROTOCOLS) assert.equal(await statuses(early, input, protocol), want);
		const { link } = (await ask(early, 'HTTP/1.1', '/', { accept: 'text/html' })).fields;
		assert.is(link !== undefined, followSymlinks);
		assert.is(early.server.contents.files, followSymlinks ? 4 : 1);
	}
});

wire('what links that leave the folder lead to is kept current', async () => {
	const outside = await makeFolder({ 'a.txt': '1', 'f/b.txt': '1', 'f/sub/c.txt': '1', 'other/d.txt': '1' });
	const folder = await makeFolder({ 'index.html': '' });
	await symlink(join(outside, 'a.txt'), join(folder, 'a.txt'));
	await symlink(join(outside, 'f'), join(folder, 'f'));
	await symlink(join(outside, 'later'), join(folder, 'later'));
	const tested = await openIndexed(folder, { followSymlinks: true });
	for (const round of ['2', '3']) {
		await put(outside, 'a.txt', round);
		await put(outside, 'f/b.txt', round);
		await put(outside, 'f/sub/c.txt', round);
		await put(outside, `f/new${round}/d.txt`, round);
		for (const path of ['/a.txt', '/f/b.txt', '/f/sub/c.txt', `/f/new${round}/d.txt`])
			await untilBody(tested, path, round);
	}
	// As editors and builds do it.
	for (const round of ['4', '5']) {
		await put(outside, 'next.txt', round);
		await rename(join(outside, 'next.txt'), join(outside, 'a.txt'));
		await untilBody(tested, '/a.txt', round);
		await rm(join(outside, 'f'), { recursive: true });
		await untilBody(tested, '/f/b.txt', '404');
		await put(outside, 'f/b.txt', round);
		await untilBody(tested, '/f/b.txt', round);
		await put(outside, 'f/b.txt', `${round} again`);
		await untilBody(tested, '/f/b.txt', `${round} again`);
	}
	// What comes only now, a link that goes, and one that comes.
	await put(outside, 'later/x.txt', '1');
	await untilBody(tested, '/later/x.txt', '1');
	await put(outside, 'later/x.txt', '2');
	await untilBody(tested, '/later/x.txt', '2');
	await rm(join(folder, 'f'));
	await untilBody(tested, '/f/b.txt', '404');
	await symlink(join(outside, 'other'), join(folder, 'f'));
	await untilBody(tested, '/f/d.txt', '1');
	await put(outside, 'other/d.txt', '2');
	await untilBody(tested, '/f/d.txt', '2');
	assert.equal(tested.problems, []);
});

wire('what is hidden or ignored outside of the folder is neither served nor watched', async () => {
	const outside = await makeFolder({ 'a.txt': '1' });
	const folder = await makeFolder({});
	await symlink(outside, join(folder, 'f'));
	const tested = await openIndexed(folder, { followSymlinks: true });
	await put(outside, 'node_modules/x.js', '1');
	await put(outside, '.git/config', '1');
	await put(outside, 'a.txt', '2');
	await untilBody(tested, '/f/a.txt', '2');
	await setTimeout(300);
	assert.is(tested.server.contents.files, 1);
	assert.is(await bodyOf(tested, '/f/.git/config'), '404');
});

wire.run();

// With too little to watch with: a namespace of its own sets its own limits, and needs no more rights than anybody has.
const LIMITS = [
	{
		name: 'watches',
		limit: 'max_inotify_watches',
		count: 3,
		code: 'ENOSPC',
		remedy: 'fs.inotify.max_user_watches',
	},
	{ name: 'instances', limit: 'max_inotify_instances', count: 0, code: 'EMFILE', remedy: 'ulimit -n' },
];

const PROGRAM = `
	const { openSite } = await import(process.argv[1]);
	const site = await openSite(process.argv[2], {
		onChange: (changes) => console.log('changed ' + [...changes.keys()].join(' ')),
		onProblem: (message) => console.log('problem ' + message),
	});
	await site.ready;
	console.log('ready');
	process.stdin.once('data', async () => {
		await site.close();
		console.log('closed');
		process.stdin.unref();
	});
`;

/** What a site says of itself in a process with such a limit, as it comes. */
const limited = (folder: string, limit: string, count: number) => {
	const lines: string[] = [];
	const child = spawn(
		'unshare',
		[
			...['-Ur', 'sh', '-c', `echo ${count} > /proc/sys/user/${limit} && echo limited && exec "$@"`, 'sh'],
			...[process.execPath, '--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', PROGRAM],
			...['--', new URL('../src/site/watcher.ts', import.meta.url).href, folder],
		],
		{ stdio: ['pipe', 'pipe', 'pipe'] },
	);
	onEnd(() => child.kill());
	let rest = '';
	for (const stream of [child.stdout, child.stderr])
		stream.setEncoding('utf8').on('data', (text: string) => {
			const parts = (rest + text).split('\n');
			rest = parts.pop() ?? '';
			lines.push(...parts);
		});
	const ended = new Promise<number | null>((resolve) => {
		child.once('error', () => resolve(-1)).once('exit', (code) => resolve(code));
	});
	return { child, lines, ended };
};

const canLimit = await (async () => {
	const { lines, ended } = limited('/', 'max_inotify_watches', 3);
	await Promise.race([ended, setTimeout(100)]);
	await eventually(
		'an answer',
		async () => lines.length > 0 || (await Promise.race([ended, setTimeout(50, 'no')])) !== 'no',
	);
	const isLimited = lines.includes('limited');
	await endAll();
	return isLimited;
})();
if (!canLimit)
	console.log('SKIPPED: this system lets nobody make a namespace with limits of its own (unshare -Ur)');

const limits = suite('too little to watch with');
limits.after.each(endAll);

for (const { name, limit, count, code, remedy } of LIMITS)
	(canLimit ? limits : limits.skip)(`with too few ${name} the folder is looked at every 2 s`, async () => {
		const folder = await makeFolder({ 'a.txt': '1' });
		for (let at = 0; at < 30; at++) await mkdir(join(folder, `x${at}`));
		const { child, lines, ended } = limited(folder, limit, count);
		await eventually('ready', () => lines.includes('ready'));
		await eventually('the problem', () => lines.some((line) => line.startsWith('problem ')));
		for (const path of ['a.txt', 'x20/new.txt', 'x29/y/z.txt', 'a.txt']) {
			const heard = lines.length;
			await put(folder, path, `${Math.random()}`);
			await eventually(`${path} is seen`, () => lines.slice(heard).includes(`changed /${path}`));
		}
		await rm(join(folder, 'a.txt'));
		const problems = lines.filter((line) => line.startsWith('problem '));
		assert.is(problems.length, 1, problems.join('\n'));
		for (const part of [folder, code, remedy]) assert.ok(problems[0]?.includes(part), problems[0]);
		child.stdin.write('end\n');
		assert.is(await ended, 0, lines.join('\n'));
		assert.is(lines.at(-1), 'closed');
	});

limits.run();
