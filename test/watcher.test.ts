import { execFile } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import {
	appendFile,
	chmod,
	mkdir,
	open,
	readdir,
	readFile,
	rename,
	rm,
	stat,
	symlink,
	utimes,
	writeFile,
} from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CasperError } from '../src/errors.ts';
import { closureOf } from '../src/site/closure.ts';
import type { UrlPath } from '../src/site/paths.ts';
import { findRoute } from '../src/site/routes.ts';
import type { Asset } from '../src/site/snapshot.ts';
import { openSite, type Site, type SiteListener } from '../src/site/watcher.ts';
import { ALMIGHTY, makeFolder, put, removeFolders, until, untilNone } from './support/folder.ts';
import { Random } from './support/random.ts';

const watcher = suite('watcher');
const sites: Site[] = [];

watcher.after.each(async () => {
	for (const site of sites.splice(0)) await site.close();
	await removeFolders();
});

/** A site, and what its listener heard. */
interface Watched {
	readonly site: Site;
	readonly root: string;
	/** The paths of each change: with a minus sign those that went. */
	readonly changes: string[][];
	readonly problems: string[];
}

const watched = async (folder: string): Promise<Watched> => {
	const changes: string[][] = [];
	const problems: string[] = [];
	const listener: SiteListener = {
		onChange: (changed, before, after) => {
			changes.push([...changed].map(([path, asset]) => (asset === undefined ? `-${path}` : path)).sort());
			for (const [path, asset] of changed) {
				assert.is(after.get(path), asset);
				assert.is.not(before.get(path), asset);
			}
		},
		onProblem: (message) => problems.push(message),
	};
	const site = await openSite(folder, listener);
	sites.push(site);
	return { site, root: site.root, changes, problems };
};

/** A site that is indexed and whose root is watched; what its listener heard until then is forgotten. */
const awake = async (folder: string): Promise<Watched> => {
	const one = await watched(folder);
	await one.site.ready;
	await put(one.root, 'awake.txt', '');
	await untilCurrent(one, ['awake.txt']);
	one.changes.length = 0;
	return one;
};

const get = (site: Site, path: string): Asset | undefined => site.snapshot.get(path as UrlPath);

const hashOf = (content: string | Uint8Array): string =>
	createHash('sha256').update(content).digest('hex').slice(0, 32);

/** The files below `root` that are no links and not hidden, with their hashes. */
const truthOf = async (root: string, folder = root): Promise<Map<string, string>> => {
	const files = new Map<string, string>();
	for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
		const file = join(folder, entry.name);
		if (entry.name.startsWith('.')) continue;
		if (entry.isDirectory()) for (const [path, hash] of await truthOf(root, file)) files.set(path, hash);
		else if (entry.isFile())
			await readFile(file).then(
				(content) => files.set(`/${relative(root, file)}`, hashOf(content)),
				() => {},
			);
	}
	return files;
};

/** What the snapshot has other than `wanted`, in words. */
const differences = (site: Site, wanted: ReadonlyMap<string, string>): string[] => {
	const found: string[] = [];
	for (const [path, hash] of wanted) {
		const asset = get(site, path);
		if (asset?.hash !== hash) found.push(`${path} is ${asset === undefined ? 'missing' : 'stale'}`);
	}
	for (const { path } of site.snapshot.assets()) if (!wanted.has(path)) found.push(`${path} is a ghost`);
	return found;
};

/** Waits until these files, or all, are in the snapshot as they are on disk, and no others. */
const untilCurrent = ({ site, root }: Watched, only?: readonly string[]): Promise<void> =>
	untilNone(async () => {
		if (only === undefined) return differences(site, await truthOf(root));
		const found: string[] = [];
		for (const path of only) {
			const hash = await readFile(join(root, path)).then(hashOf, () => undefined);
			if (get(site, `/${path}`)?.hash !== hash) found.push(`${path} is not current`);
		}
		return found;
	});

const untilGone = ({ site }: Watched, ...paths: readonly string[]): Promise<void> =>
	until(`${paths} gone`, () => paths.every((path) => get(site, path) === undefined));

watcher('indexes what there is', async () => {
	const folder = await makeFolder({
		'index.html': '<link rel=stylesheet href=a.css>',
		'a.css': 'a',
		'b/c.html': '',
		'.env': '',
		'.well-known/x.txt': 'x',
		'b/.git/y': '',
	});
	const { site, changes, problems } = await watched(folder);
	assert.is(site.root, folder);
	await site.ready;
	assert.ok(site.isReady);
	const paths = [...site.snapshot.assets()].map(({ path }) => path).sort();
	assert.equal(paths, ['/.well-known/x.txt', '/a.css', '/b/c.html', '/index.html'] as UrlPath[]);
	assert.equal([site.snapshot.files, site.snapshot.pages], [4, 2]);
	assert.equal(changes.flat().sort(), paths);
	assert.equal(problems, []);
});

watcher('indexes an empty folder', async () => {
	const { site } = await watched(await makeFolder());
	await site.ready;
	assert.is(site.snapshot.files, 0);
});

for (const { name, make, got } of [
	{ name: 'that is not there', make: (folder: string) => join(folder, 'none'), got: 'nothing' },
	{ name: 'that is a file', make: (folder: string) => join(folder, 'file'), got: 'a file' },
	{ name: 'below a file', make: (folder: string) => join(folder, 'file/x'), got: 'nothing' },
])
	watcher(`refuses a folder ${name}`, async () => {
		const folder = make(await makeFolder({ file: '' }));
		let error: unknown;
		await openSite(folder).catch((thrown: unknown) => {
			error = thrown;
		});
		assert.instance(error, CasperError);
		assert.is((error as CasperError).code, 'CASPER_FOLDER_MISSING');
		assert.match((error as CasperError).message, got);
		assert.not.match((error as CasperError).message, /[\r\n]/);
	});

watcher('takes a folder by a link, and by a relative path', async () => {
	const folder = await makeFolder({ 'real/a.html': '1' });
	await symlink('real', join(folder, 'link'));
	const { site } = await watched(join(folder, 'link'));
	assert.is(site.root, join(folder, 'real'));
	const other = await watched(relative(process.cwd(), join(folder, 'link')));
	assert.is(other.root, join(folder, 'real'));
	await other.site.ready;
	assert.ok(get(other.site, '/a.html'));
});

watcher('one save is one change of one file', async () => {
	const one = await awake(await makeFolder({ 'a.html': '1', 'b/c.css': '1' }));
	const before = one.site.snapshot;
	const old = before.get('/b/c.css' as UrlPath);
	// The later saves are there to see that nothing more is heard of the earlier ones.
	for (const [path, content] of [
		['a.html', '2'],
		['b/c.css', '22'],
		['a.html', '3'],
		['b/c.css', ''],
	] as const) {
		await put(one.root, path, content);
		await untilCurrent(one, [path]);
		await setTimeout(150);
	}
	assert.equal(one.changes, [['/a.html'], ['/b/c.css'], ['/a.html'], ['/b/c.css']]);
	assert.is(before.get('/b/c.css' as UrlPath), old, 'the old snapshot stays');
});

watcher('a save leaves all other assets as they are', async () => {
	const one = await awake(await makeFolder({ a: '1', b: '1' }));
	const asset = get(one.site, '/b');
	await put(one.root, 'a', '2');
	await untilCurrent(one, ['a']);
	assert.is(get(one.site, '/b'), asset);
});

watcher('a save by renaming is one change (as editors do it)', async () => {
	const one = await awake(await makeFolder({ 'a.html': '1' }));
	for (const content of ['2', '3']) {
		await put(one.root, '.a.html.tmp', content);
		await rename(join(one.root, '.a.html.tmp'), join(one.root, 'a.html'));
		await untilCurrent(one, ['a.html']);
		await setTimeout(150);
	}
	assert.equal(one.changes, [['/a.html'], ['/a.html']]);
});

watcher('a save that moves the old file away first never loses the file (as editors do it)', async () => {
	const one = await awake(await makeFolder({ 'a.html': '1' }));
	for (const content of ['2', '3', '4']) {
		await rename(join(one.root, 'a.html'), join(one.root, '.a.html.old'));
		await setTimeout(20);
		await put(one.root, 'a.html', content);
		await untilCurrent(one, ['a.html']);
	}
	assert.equal(one.changes, [['/a.html'], ['/a.html'], ['/a.html']]);
});

watcher('the same size and the same dates are still a change', async () => {
	const one = await awake(await makeFolder({ a: '1' }));
	const { atime, mtime } = await stat(join(one.root, 'a'));
	await put(one.root, 'a', '2');
	await utimes(join(one.root, 'a'), atime, mtime);
	await untilCurrent(one, ['a']);
	await put(one.root, '.b', '3');
	await utimes(join(one.root, '.b'), atime, mtime);
	await rename(join(one.root, '.b'), join(one.root, 'a'));
	await untilCurrent(one, ['a']);
});

watcher('a file comes, changes and goes', async () => {
	const one = await awake(await makeFolder({ 'x/a': '' }));
	await put(one.root, 'x/new.html', '1');
	await untilCurrent(one);
	await put(one.root, 'x/new.html', '2');
	await untilCurrent(one);
	await rm(join(one.root, 'x/new.html'));
	await untilCurrent(one);
	assert.equal(one.changes, [['/x/new.html'], ['/x/new.html'], ['-/x/new.html']]);
});

watcher('a move is a change of both paths', async () => {
	const one = await awake(await makeFolder({ a: '1', 'x/b': '2' }));
	await rename(join(one.root, 'a'), join(one.root, 'c'));
	await rename(join(one.root, 'x'), join(one.root, 'y'));
	await untilCurrent(one);
	assert.equal(one.changes.flat().sort(), ['-/a', '-/x/b', '/c', '/y/b']);
});

watcher('saves that follow each other at any distance are all seen', async () => {
	const one = await awake(await makeFolder({ a: '0' }));
	// Chokidar passes on one event of a file in 50 ms, and drops the others.
	for (let distance = 0; distance < 120; distance += 4) {
		await put(one.root, 'a', `first ${distance}`);
		await setTimeout(distance);
		await put(one.root, 'a', `then ${distance}`);
		await untilCurrent(one, ['a']);
	}
});

watcher('a file that is written slowly is complete in the end', async () => {
	const one = await awake(await makeFolder());
	const file = await open(join(one.root, 'a.html'), 'w');
	try {
		for (let part = 0; part < 30; part++) {
			await file.write(`<img src=${part}>`);
			await setTimeout(part);
		}
	} finally {
		await file.close();
	}
	await untilCurrent(one, ['a.html']);
	const references = get(one.site, '/a.html')?.references;
	assert.is(references?.kind === 'document' && references.references.length, 30);
});

watcher('a file that is written all the time keeps no other from being current', async () => {
	const one = await awake(await makeFolder({ 'a.html': '1', 'log.txt': 'x'.repeat(100_000) }));
	let isDone = false;
	const writing = (async () => {
		for (let line = 0; !isDone; line++) {
			await appendFile(join(one.root, 'log.txt'), `line ${line}\n`);
			if (line % 20 === 0) await setTimeout(1);
		}
	})();
	try {
		for (const content of ['2', '3', '4']) {
			await put(one.root, 'a.html', content);
			await untilCurrent(one, ['a.html']);
		}
	} finally {
		isDone = true;
		await writing;
	}
	await untilCurrent(one);
});

watcher('a new folder is there with all that it holds, however soon that comes', async () => {
	const one = await awake(await makeFolder());
	for (let round = 0; round < 20; round++) {
		await mkdir(join(one.root, `x${round}/y/z`), { recursive: true });
		await setTimeout(round * 3);
		await put(one.root, `x${round}/y/z/a.html`, '1');
		await put(one.root, `x${round}/b.css`, '1');
	}
	await untilCurrent(one);
	for (let round = 0; round < 20; round++) await put(one.root, `x${round}/y/z/a.html`, '2');
	await untilCurrent(one);
});

watcher('a folder that is removed and filled again is watched as before', async () => {
	const one = await awake(await makeFolder({ 'out/a.html': '0', 'out/x/b.css': '0', 'keep.html': '' }));
	for (let round = 1; round <= 8; round++) {
		await rm(join(one.root, 'out'), { recursive: true });
		// From no time at all to more than anything waits for.
		await setTimeout((round - 1) * 25);
		await put(one.root, 'out/a.html', String(round));
		await put(one.root, 'out/x/b.css', String(round));
		await put(one.root, `out/x/${round}.js`, '');
		await untilCurrent(one);
		await put(one.root, 'out/x/later.js', String(round));
		await untilCurrent(one);
	}
});

watcher('a folder that is replaced by another in one move is watched as before', async () => {
	const one = await awake(await makeFolder({ 'out/a.html': '0', 'out/old.html': '' }));
	for (const round of ['1', '2', '3']) {
		await put(one.root, '.next/a.html', round);
		await rename(join(one.root, 'out'), join(one.root, '.last'));
		await rename(join(one.root, '.next'), join(one.root, 'out'));
		await rm(join(one.root, '.last'), { recursive: true });
		await untilCurrent(one);
		await put(one.root, 'out/later.html', round);
		await untilCurrent(one);
	}
});

watcher('the root itself may be removed and filled again', async () => {
	const folder = await makeFolder({ 'site/a.html': '0', 'site/x/b.css': '0' });
	const one = await awake(join(folder, 'site'));
	for (const round of ['1', '2']) {
		await rm(one.root, { recursive: true });
		if (round === '2') await untilCurrent(one);
		await put(one.root, 'a.html', round);
		await put(one.root, 'x/b.css', round);
		await untilCurrent(one);
		await put(one.root, 'x/c.css', round);
		await put(one.root, 'a.html', `${round} later`);
		await untilCurrent(one);
	}
});

watcher('a file becomes a folder, and a folder a file', async () => {
	const one = await awake(await makeFolder({ a: '', 'b/c': '' }));
	for (let round = 0; round < 3; round++) {
		await rm(join(one.root, 'a'));
		await put(one.root, 'a/x', '1');
		await rm(join(one.root, 'b'), { recursive: true });
		await put(one.root, 'b', '1');
		await untilCurrent(one);
		await put(one.root, 'a/x', '2');
		await put(one.root, 'b', '2');
		await untilCurrent(one);
		await rm(join(one.root, 'a'), { recursive: true });
		await put(one.root, 'a', '3');
		await rm(join(one.root, 'b'));
		await put(one.root, 'b/c', '3');
		await untilCurrent(one);
	}
});

watcher('a thousand files that are written at once are all current', async () => {
	const files = Array.from({ length: 1000 }, (_, at) => `x${at % 10}/${at}.css`);
	const one = await awake(await makeFolder(Object.fromEntries(files.map((file) => [file, '1']))));
	for (const content of ['2', '33']) {
		await Promise.all(files.map((file) => put(one.root, file, content)));
		await untilCurrent(one);
	}
	assert.ok(one.changes.length < 200, 'many of them are one change');
	await rm(join(one.root, 'x3'), { recursive: true });
	await untilCurrent(one);
});

watcher('what happens between the scan and the first watch is seen', async () => {
	const files = Array.from({ length: 1500 }, (_, at) => `x${at % 30}/${at}.css`);
	const one = await watched(await makeFolder(Object.fromEntries(files.map((file) => [file, '1']))));
	await one.site.ready;
	for (let at = 0; at < 1500; at += 3) await rm(join(one.root, files[at]!));
	for (let at = 1; at < 1500; at += 3) await put(one.root, files[at]!, '2');
	for (let at = 0; at < 100; at++) await put(one.root, `x${at % 30}/new/${at}.css`, '');
	await untilCurrent(one);
});

watcher('what happens during the scan is seen', async () => {
	const files = Array.from({ length: 1500 }, (_, at) => `x${at % 30}/${at}.css`);
	const one = await watched(await makeFolder(Object.fromEntries(files.map((file) => [file, '1']))));
	for (let at = 0; at < 1500; at += 30) await put(one.root, files[at]!, '2');
	for (let at = 1; at < 1500; at += 30) await rm(join(one.root, files[at]!));
	await untilCurrent(one);
});

watcher('hidden files and folders stay hidden, whenever they come', async () => {
	const one = await awake(await makeFolder({ a: '' }));
	await put(one.root, '.env', 'x');
	await put(one.root, '.git/config', 'x');
	await put(one.root, 'x/.y/z', 'x');
	await put(one.root, '.well-known/acme-challenge/token', 'x');
	await put(one.root, '.well-known/.hidden', 'x');
	await until('well known', () => get(one.site, '/.well-known/acme-challenge/token') !== undefined);
	await put(one.root, '.well-known/acme-challenge/token', 'y');
	await untilCurrent(one, ['.well-known/acme-challenge/token']);
	await put(one.root, 'a', '2');
	await untilCurrent(one, ['a']);
	const paths = [...one.site.snapshot.assets()].map(({ path }) => path).sort();
	assert.equal(paths, ['/.well-known/acme-challenge/token', '/a', '/awake.txt'] as UrlPath[]);
});

watcher('names that no URL can express are nothing', async () => {
	const one = await awake(await makeFolder());
	for (const name of ['a\nb', 'a\\b', 'a\x7f', 'x\\.y']) await put(one.root, name, '');
	await put(one.root, 'last', '');
	await untilCurrent(one, ['last']);
	const paths = [...one.site.snapshot.assets()].map(({ path }) => path).sort();
	assert.equal(paths, ['/awake.txt', '/last'] as UrlPath[]);
	assert.equal(one.problems, []);
});

watcher('names of all other kinds are something', async () => {
	const one = await awake(await makeFolder());
	for (const name of ['a b ', '#?%', '\'+&"<>', '😀', 'ü']) await put(one.root, `${name}/${name}`, '');
	await untilCurrent(one);
});

watcher('a pipe holds nothing up', async () => {
	const makePipe = (file: string): Promise<unknown> => promisify(execFile)('mkfifo', [file]);
	const folder = await makeFolder({ a: '1', b: '1' });
	await makePipe(join(folder, 'pipe'));
	const one = await awake(folder);
	assert.is(get(one.site, '/pipe'), undefined);
	assert.is((await one.site.refresh('/pipe' as UrlPath)).get('/pipe' as UrlPath), undefined);
	await makePipe(join(folder, 'later'));
	await rm(join(folder, 'a'));
	await makePipe(join(folder, 'a'));
	await put(folder, 'b', '2');
	await untilCurrent(one);
});

const unreadable = ALMIGHTY ? watcher.skip : watcher;
unreadable('a file that may not be read is missing, and one problem, until it may', async () => {
	const folder = await makeFolder({ a: '1', b: '1', 'x/c': '1' });
	await chmod(join(folder, 'a'), 0);
	const one = await awake(folder);
	assert.is(get(one.site, '/a'), undefined);
	assert.is(one.problems.length, 1);
	assert.match(one.problems[0]!, join(folder, 'a'));
	await chmod(join(folder, 'a'), 0o600);
	await put(folder, 'a', '2');
	await untilCurrent(one);
});

watcher('a link to a file is kept current with its target', async () => {
	const folder = await makeFolder({ 'real/a.html': '1', 'b.html': 'b' });
	await symlink('real/a.html', join(folder, 'link.html'));
	await symlink('link.html', join(folder, 'link2.html'));
	const one = await awake(folder);
	const both = ['link.html', 'link2.html'];
	await untilCurrent(one, both);
	assert.is(get(one.site, '/link2.html')?.path, '/link2.html');
	await put(folder, 'real/a.html', '2');
	await untilCurrent(one, both);
	await put(folder, '.tmp', '3');
	await rename(join(folder, '.tmp'), join(folder, 'real/a.html'));
	await untilCurrent(one, both);
	// To another target.
	await symlink('b.html', join(folder, '.next'));
	await rename(join(folder, '.next'), join(folder, 'link.html'));
	await untilCurrent(one, both);
	await put(folder, 'b.html', 'b2');
	await untilCurrent(one, both);
	// To nothing, and to something that comes later.
	await rm(join(folder, 'b.html'));
	await untilGone(one, '/link.html', '/link2.html');
	await put(folder, 'b.html', 'b3');
	await untilCurrent(one, both);
	await rm(join(folder, 'link.html'));
	await untilGone(one, '/link.html', '/link2.html');
});

watcher('a link to nothing is something once its target comes', async () => {
	const folder = await makeFolder();
	await symlink('x/later.html', join(folder, 'link.html'));
	await symlink('y', join(folder, 'folder'));
	const one = await awake(folder);
	assert.is(get(one.site, '/link.html'), undefined);
	await put(folder, 'x/later.html', '1');
	await put(folder, 'y/a.css', '1');
	await untilCurrent(one, ['link.html', 'folder/a.css']);
});

watcher('a link to a folder is kept current with its target', async () => {
	const folder = await makeFolder({ 'real/a.html': '1', 'real/x/b.css': '1', 'other/c.js': '1' });
	await symlink('real', join(folder, 'link'));
	const one = await awake(folder);
	const paths = ['link/a.html', 'link/x/b.css'];
	await untilCurrent(one, paths);
	await put(folder, 'real/a.html', '2');
	await put(folder, 'real/x/b.css', '2');
	await put(folder, 'real/x/y/new.css', '2');
	await untilCurrent(one, [...paths, 'link/x/y/new.css']);
	await rm(join(folder, 'real/x/y'), { recursive: true });
	await untilGone(one, '/link/x/y/new.css');
	// Through the link.
	await put(folder, 'link/a.html', '3');
	await untilCurrent(one, paths);
	// To another target.
	await symlink('other', join(folder, '.next'));
	await rename(join(folder, '.next'), join(folder, 'link'));
	await untilGone(one, '/link/a.html', '/link/x/b.css');
	await untilCurrent(one, ['link/c.js']);
	await put(folder, 'other/c.js', '2');
	await untilCurrent(one, ['link/c.js']);
	// The target goes, and comes back.
	await rm(join(folder, 'other'), { recursive: true });
	await untilGone(one, '/link/c.js');
	await put(folder, 'other/c.js', '3');
	await untilCurrent(one, ['link/c.js']);
	await rm(join(folder, 'link'));
	await untilGone(one, '/link/c.js');
});

watcher('links that come later are followed', async () => {
	const one = await awake(await makeFolder({ 'real/a.html': '1' }));
	await symlink('real', join(one.root, 'folder'));
	await symlink('real/a.html', join(one.root, 'file.html'));
	await untilCurrent(one, ['folder/a.html', 'file.html']);
	await put(one.root, 'real/a.html', '2');
	await untilCurrent(one, ['folder/a.html', 'file.html']);
});

watcher('a folder becomes a link, and a link a folder', async () => {
	const one = await awake(await makeFolder({ 'f/a': '1', 'real/a': '2', 'real/b': '2' }));
	for (let round = 0; round < 3; round++) {
		await rm(join(one.root, 'f'), { recursive: true });
		await symlink('real', join(one.root, 'f'));
		await untilCurrent(one, ['f/a', 'f/b']);
		await rm(join(one.root, 'f'));
		await put(one.root, 'f/a', '3');
		await untilCurrent(one, ['f/a', 'f/b']);
		await put(one.root, 'f/c', String(round));
		await untilCurrent(one, ['f/c']);
	}
});

watcher('a link to what is hidden is followed, and kept current', async () => {
	const folder = await makeFolder({ '.data/v1/a.html': '1', '.data/other': '', '.early/b.css': '1' });
	await symlink('.data/v1/a.html', join(folder, 'a.html'));
	const one = await awake(folder);
	await put(folder, '.data/v1/a.html', '2');
	await untilCurrent(one, ['a.html']);
	await symlink('.early', join(folder, 'early'));
	await untilCurrent(one, ['early/b.css']);
	await put(folder, '.early/b.css', '2');
	await put(folder, '.early/c.css', '2');
	await untilCurrent(one, ['early/b.css', 'early/c.css']);
	assert.not.ok([...one.site.snapshot.assets()].some(({ path }) => path.includes('/.')));
});

watcher('what a link leads to outside of the root is never served', async () => {
	const outside = await makeFolder({ 'a.html': 'secret', 'b.html': 'secret', 'x/a.html': 'secret' });
	const folder = await makeFolder({
		'a.html': '1',
		'f/a.html': '1',
		'f/c.html': '1',
		'g/x/a.html': '1',
		last: '',
	});
	await symlink(join(outside, 'a.html'), join(folder, 'early.html'));
	await symlink(outside, join(folder, 'early'));
	const one = await awake(folder);
	const secret = hashOf('secret');
	const served: string[] = [];
	const check = (): void => {
		for (const { path, hash } of one.site.snapshot.assets()) if (hash === secret) served.push(path);
	};
	check();
	// Later, in the place of a file, and of folders that hold files of the same names.
	await symlink(join(outside, 'b.html'), join(folder, 'later.html'));
	await symlink(outside, join(folder, 'later'));
	await rm(join(folder, 'a.html'));
	await symlink(join(outside, 'a.html'), join(folder, 'a.html'));
	await rm(join(folder, 'f'), { recursive: true });
	await symlink(outside, join(folder, 'f'));
	await rename(join(folder, 'g'), join(folder, '.g'));
	await symlink(outside, join(folder, 'g'));
	await untilGone(one, '/a.html', '/f/a.html', '/f/c.html', '/g/x/a.html');
	check();
	// What changes there, and what is asked for.
	await put(outside, 'new.html', 'secret');
	await put(outside, 'a.html', 'secret');
	await put(folder, 'last', '2');
	await untilCurrent(one, ['last']);
	for (const path of ['/a.html', '/f/a.html', '/later/new.html', '/early.html', '/g/x/a.html'])
		assert.is((await one.site.refresh(path as UrlPath)).get(path as UrlPath), undefined, path);
	check();
	assert.equal(served, []);
	const paths = [...one.site.snapshot.assets()].map(({ path }) => path).sort();
	assert.equal(paths, ['/awake.txt', '/last'] as UrlPath[]);
});

watcher('circles of links hold nothing up', async () => {
	const folder = await makeFolder({ 'a/b.css': '1', 'c/d.css': '1' });
	await symlink('.', join(folder, 'self'));
	await symlink('..', join(folder, 'a/up'));
	await symlink('../c', join(folder, 'a/to-c'));
	await symlink('../a', join(folder, 'c/to-a'));
	const one = await awake(folder);
	const paths = ['a/b.css', 'c/to-a/b.css', 'c/d.css', 'a/to-c/d.css'];
	await untilCurrent(one, paths);
	await put(folder, 'a/b.css', '2');
	await put(folder, 'c/d.css', '2');
	await untilCurrent(one, paths);
	assert.is(one.site.snapshot.files, paths.length + 1);
});

/** A big folder, of which the page and what it refers to are found last. */
const bigFolder = async (): Promise<string> => {
	const folder = await makeFolder();
	for (let at = 0; at < 60; at++) await mkdir(join(folder, `filler${at}`));
	await Promise.all(
		Array.from({ length: 3000 }, (_, at) => writeFile(join(folder, `filler${at % 60}/${at}.js`), `${at}`)),
	);
	await put(
		folder,
		'zz/index.html',
		'<link rel=stylesheet href=a.css><iframe src=f.html></iframe><img src=gone.png>',
	);
	await put(folder, 'zz/a.css', '');
	await put(folder, 'zz/f.html', '<script src=deep/b.js?v=1></script><img loading=lazy src=lazy.png>');
	await put(folder, 'zz/deep/b.js', '');
	await put(folder, 'zz/lazy.png', '');
	return folder;
};

watcher('a page that is asked for before the scan is done has all that it needs', async () => {
	const { site, changes } = await watched(await bigFolder());
	const snapshot = await site.settle('/zz/');
	assert.not.ok(site.isReady);
	const route = findRoute(snapshot, '/zz/');
	assert.is(route.kind, 'asset');
	const { dependencies } = closureOf(snapshot, (route as { asset: Asset }).asset, '/zz/');
	assert.equal(
		dependencies.map(({ url, reservation }) => `${url} ${reservation ?? 'found'}`),
		[
			'/zz/a.css found',
			'/zz/gone.png missing',
			'/zz/f.html found',
			'/zz/deep/b.js?v=1 found',
			'/zz/lazy.png lazy',
		],
	);
	await site.ready;
	assert.is(site.snapshot.files, 3005);
	assert.is(get(site, '/zz/index.html'), (route as { asset: Asset }).asset, 'the scan leaves it as it is');
	assert.is(new Set(changes.flat()).size, changes.flat().length, 'each file was found once');
	assert.is(await site.settle('/zz/'), site.snapshot, 'afterwards there is nothing to do');
});

watcher('whatever is asked for before the scan is done gets its answer', async () => {
	const { site } = await watched(await bigFolder());
	const rows = [
		['/zz', 'redirect'],
		['/zz/a.css', 'asset'],
		['/nothing', 'absent'],
		['/.env', 'absent'],
		['/../x', 'absent'],
		['/%00', 'malformed'],
		['/a%2Fb', 'malformed'],
		['', 'malformed'],
	] as const;
	const kinds = await Promise.all(rows.map(async ([path]) => findRoute(await site.settle(path), path).kind));
	assert.not.ok(site.isReady);
	assert.equal(
		kinds,
		rows.map(([, kind]) => kind),
	);
});

watcher('a page with thousands of references is settled, too', async () => {
	const folder = await makeFolder({
		'zz.html': Array.from({ length: 3000 }, (_, at) => `<img src=x/${at}>`).join(''),
	});
	await mkdir(join(folder, 'x'));
	await Promise.all(Array.from({ length: 3000 }, (_, at) => writeFile(join(folder, `x/${at}`), '')));
	const { site, problems } = await watched(folder);
	const snapshot = await site.settle('/zz.html');
	const page = snapshot.get('/zz.html' as UrlPath);
	assert.ok(
		closureOf(snapshot, page as Asset, '/zz.html').dependencies.every(({ asset }) => asset !== undefined),
	);
	assert.equal(problems, []);
});

watcher('a look at one path is of now', async () => {
	const { site, root, changes } = await awake(await makeFolder({ a: '1', 'x/b': '1' }));
	await put(root, 'a', '2');
	assert.is((await site.refresh('/a' as UrlPath)).get('/a' as UrlPath)?.hash, hashOf('2'));
	await put(root, 'x/new', '1');
	assert.is((await site.refresh('/x/new' as UrlPath)).get('/x/new' as UrlPath)?.hash, hashOf('1'));
	await rm(join(root, 'x/b'));
	assert.is((await site.refresh('/x/b' as UrlPath)).get('/x/b' as UrlPath), undefined);
	await put(root, '.hidden', '1');
	assert.is((await site.refresh('/.hidden' as UrlPath)).get('/.hidden' as UrlPath), undefined);
	assert.is((await site.refresh('/none' as UrlPath)).get('/none' as UrlPath), undefined);
	assert.equal(changes, [['/a'], ['/x/new'], ['-/x/b']]);
});

watcher('many looks at one path at once agree', async () => {
	const { site, root } = await awake(await makeFolder({ a: '1' }));
	for (let round = 0; round < 20; round++) {
		await put(root, 'a', `round ${round}`);
		const snapshots = await Promise.all(Array.from({ length: 5 }, () => site.refresh('/a' as UrlPath)));
		for (const snapshot of snapshots)
			assert.is(snapshot.get('/a' as UrlPath)?.hash, hashOf(`round ${round}`));
	}
});

watcher('what is checked is of now', async () => {
	const { site, root, changes } = await awake(await makeFolder({ a: '1', 'x/b': '1', c: '1' }));
	const check = async (path: string): Promise<string | undefined> =>
		(await site.check([path as UrlPath])).get(path as UrlPath)?.hash;
	await put(root, 'a', '2');
	assert.is(await check('/a'), hashOf('2'));
	await put(root, '.b', 'of the same size');
	await rename(join(root, '.b'), join(root, 'x/b'));
	assert.is(await check('/x/b'), hashOf('of the same size'));
	await put(root, 'y/new', '1');
	assert.is(await check('/y/new'), hashOf('1'));
	await put(root, '.hidden', '1');
	await symlink('/etc/passwd', join(root, 'outside'));
	for (const path of ['/.hidden', '/outside', '/none', '/none/at/all', '/x', '/a/b', '/nul\0', '/..', '/'])
		assert.is(await check(path), undefined, path);
	assert.equal(changes, [['/a'], ['/x/b'], ['/y/new']]);
});

watcher('a link that is checked is followed as everywhere', async () => {
	const outside = await makeFolder({ secret: 'secret' });
	const { site, root } = await awake(await makeFolder({ 'real/a': '1', b: '1' }));
	await symlink('real', join(root, 'link'));
	const paths = ['/link/a', '/b'] as UrlPath[];
	assert.is((await site.check(paths)).get('/link/a' as UrlPath)?.hash, hashOf('1'));
	await rm(join(root, 'b'));
	await symlink(join(outside, 'secret'), join(root, 'b'));
	await untilNone(async () =>
		(await site.check(paths)).get('/b' as UrlPath) === undefined ? [] : ['a link leads out'],
	);
});

watcher('what is checked and has just vanished stays a moment, then goes', async () => {
	const { site, root, changes } = await awake(await makeFolder({ a: '1', b: '1' }));
	await rm(join(root, 'a'));
	await rm(join(root, 'b'));
	const snapshot = await site.check(['/a', '/b'] as UrlPath[]);
	assert.is(snapshot.get('/a' as UrlPath)?.hash, hashOf('1'));
	await put(root, 'a', '2');
	await until(
		'/b gone',
		async () => (await site.check(['/b' as UrlPath])).get('/b' as UrlPath) === undefined,
	);
	await until(
		'/a there',
		async () => (await site.check(['/a' as UrlPath])).get('/a' as UrlPath) !== undefined,
	);
	assert.equal(changes.flat().sort(), ['-/b', '/a']);
});

watcher('many paths are checked together', async () => {
	const files = Array.from({ length: 500 }, (_, at) => `/${at}` as UrlPath);
	const { site, root } = await awake(await makeFolder(Object.fromEntries(files.map((path) => [path, '1']))));
	await Promise.all([site.check(files), site.check(files.slice(0, 9))]);
	await put(root, '0', '2');
	await until('it is seen', async () => (await site.check(files)).get('/0' as UrlPath)?.hash === hashOf('2'));
});

watcher('what was checked is not undone by a look that began before', async () => {
	const versions = Array.from({ length: 12 }, (_, at) => hashOf(String(at)));
	const path = '/big/0' as UrlPath;
	const seen: number[] = [];
	const folder = await makeFolder(
		Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`.next/${at}`, '0'])),
	);
	const site = await openSite(folder, {
		onChange: (changes) => {
			const hash = changes.get(path)?.hash;
			if (hash !== undefined) seen.push(versions.indexOf(hash));
		},
	});
	sites.push(site);
	await site.ready;
	// A look at all of them is under way for a while.
	await rename(join(folder, '.next'), join(folder, 'big'));
	for (const [version, hash] of versions.entries()) {
		// In one move: what is written in place is empty first.
		await put(folder, '.0', String(version));
		await rename(join(folder, '.0'), join(folder, 'big/0'));
		await untilNone(async () =>
			(await site.check([path])).get(path)?.hash === hash ? [] : ['it is not checked yet'],
		);
	}
	await until('all are there', () => site.snapshot.files === 3000);
	assert.equal(
		seen,
		[...seen].sort((one, other) => one - other),
	);
	assert.is(site.snapshot.get(path)?.hash, versions.at(-1));
});

watcher('a folder that is watched as it should be is left as it is, and nothing is said', async () => {
	const folder = await makeFolder({ 'a.html': '1' });
	const before = await stat(folder, { bigint: true });
	const one = await watched(folder);
	await one.site.ready;
	// By then the watch has been tried, and what was checked should have been told.
	await put(folder, 'a.html', '22');
	await one.site.check(['/a.html' as UrlPath]);
	await setTimeout(2500);
	const { mode, uid, gid, mtimeNs, nlink } = await stat(folder, { bigint: true });
	assert.equal(
		[mode, uid, gid, mtimeNs, nlink],
		[before.mode, before.uid, before.gid, before.mtimeNs, before.nlink],
	);
	assert.equal(await readdir(folder), ['a.html']);
	assert.equal([...new Set(one.changes.flat())], ['/a.html']);
	assert.equal(one.problems, []);
});

watcher('closing ends the scan, and nothing is heard any more', async () => {
	const one = await watched(await bigFolder());
	await one.site.settle('/zz/');
	await one.site.close();
	await one.site.ready;
	const heard = one.changes.length;
	assert.ok(one.site.snapshot.files < 3005, 'it did not wait for the scan');
	await put(one.root, 'zz/a.css', '2');
	await one.site.settle('/zz/a.css');
	await one.site.refresh('/zz/a.css' as UrlPath);
	assert.is(one.changes.length, heard);
	await one.site.close();
});

watcher('closing at any moment leaves nothing open', async () => {
	const folder = await makeFolder(
		Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x/${at}`, '1'])),
	);
	for (let delay = 0; delay < 120; delay += 8) {
		const site = await openSite(folder);
		const writing = put(folder, 'x/1', String(delay));
		await setTimeout(delay);
		await Promise.all([site.close(), writing]);
	}
	// Were a watch or a timer left, the process of this file would not end either, which its runner reports.
	await until('all watches closed', () => !process.getActiveResourcesInfo().includes('FSEventWrap'));
});

const OPERATIONS = [
	'write',
	'append',
	'replace',
	'remove',
	'fill',
	'clear',
	'move',
	'link',
	'stray',
] as const;

watcher(
	'where a link takes the place of a folder and leads out, what it leads to is not watched',
	async () => {
		const outside = await makeFolder(
			Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`${at}/deep/a.txt`, ''])),
		);
		const one = await awake(await makeFolder({ 'n/a.txt': '1', 'n/deep/b.txt': '1' }));
		const watches = (): number =>
			process.getActiveResourcesInfo().filter((resource) => resource === 'FSEventWrap').length;
		const before = watches();
		for (let round = 0; round < 3; round++) {
			await rm(join(one.root, 'n'), { recursive: true });
			await symlink(outside, join(one.root, 'n'));
			await untilGone(one, '/n/a.txt', '/n/deep/b.txt');
			await setTimeout(300);
			assert.ok(watches() <= before, `${watches()} watches, after ${before}`);
			await rm(join(one.root, 'n'));
			await put(one.root, 'n/a.txt', '1');
			await put(one.root, 'n/deep/b.txt', '1');
			await untilCurrent(one);
			await put(one.root, 'n/deep/b.txt', '2');
			await untilCurrent(one);
		}
	},
);

watcher('whatever happens, in the end the snapshot is what is on disk', async () => {
	const seed = Number(process.env.CASPER_SEED ?? randomInt(2 ** 31));
	const random = new Random(seed);
	const outside = await makeFolder({ 'a.txt': 'secret', 'b.html': 'secret' });
	const folders = ['', 'x', 'y', 'x/z'];
	const names = ['a.txt', 'b.html', 'n'];
	for (let round = 0; round < 12; round++) {
		const root = await makeFolder();
		for (const folder of folders)
			for (const name of names.slice(0, 2)) await put(root, join(folder, name), '');
		const one = await watched(root);
		await one.site.ready;
		await setTimeout(random.below(3) * 100);
		const done: string[] = [];
		for (let step = 0; step < 30; step++) {
			const operation = random.pick(OPERATIONS);
			const folder = random.pick(folders);
			const file = join(root, folder, random.pick(names));
			done.push(`${operation} ${relative(root, file)}`);
			// What cannot be done is not: to write to a folder, say.
			await doOne(operation, root, folder, file, outside, random).catch(() => {});
			await setTimeout(random.pick([0, 0, 0, 1, 5, 20, 60, 110, 150]));
		}
		try {
			// Links within the root are not among what is done, and those that leave it lead to nothing.
			await untilCurrent(one);
		} catch (error) {
			throw new Error(
				`${(error as Error).message} (CASPER_SEED=${seed}, round ${round}: ${done.join(', ')})`,
			);
		}
		await one.site.close();
	}
});

const doOne = async (
	operation: (typeof OPERATIONS)[number],
	root: string,
	folder: string,
	file: string,
	outside: string,
	random: Random,
): Promise<void> => {
	const content = String(random.below(1000));
	switch (operation) {
		case 'write':
			return writeFile(file, content);
		case 'append':
			return appendFile(file, content);
		case 'replace':
			await writeFile(join(root, '.next'), content);
			return rename(join(root, '.next'), file);
		case 'remove':
			return rm(file, { recursive: true });
		case 'fill':
			await put(root, join(folder, 'n/deep/c.css'), content);
			return put(root, join(folder, 'n/d.html'), content);
		case 'clear':
			return rm(join(root, folder || 'x'), { recursive: true });
		case 'move':
			return rename(join(root, folder || 'y'), join(root, random.pick(['m', 'n', 'x', 'y'])));
		case 'link':
			await rm(file, { recursive: true, force: true });
			return symlink(random.pick([outside, join(outside, 'a.txt'), join(root, '..')]), file);
		case 'stray':
			await rm(join(root, folder || 'x'), { recursive: true, force: true });
			return symlink(outside, join(root, folder || 'x'));
		default:
			operation satisfies never;
	}
};

watcher.run();
