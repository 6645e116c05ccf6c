import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, chmod, mkdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { UrlPath } from '../src/site/paths.ts';
import type { Reference } from '../src/site/references.ts';
import { diskVersionAt, explore, fileOf, folderIdAt, isInside, pathOf, readAsset } from '../src/site/scan.ts';
import { Readings } from '../src/site/scan-readings.ts';
import type { Asset } from '../src/site/snapshot.ts';
import { type Found, ROOT } from '../src/site/terrain.ts';
import { Visibility, type VisibilityOptions } from '../src/site/visibility.ts';
import { ALMIGHTY, makeFolder, put, removeFolders } from './support/folder.ts';

const scan = suite('scan');
scan.after.each(removeFolders);

const everything = async (root: string, path: string = ROOT): Promise<Found[]> => {
	const found: Found[] = [];
	for await (const thing of explore(root, path as UrlPath)) found.push(thing);
	return found;
};

const filesOf = async (root: string, path: string = ROOT): Promise<string[]> =>
	(await everything(root, path)).flatMap((found) => (found.kind === 'file' ? [found.path] : [])).sort();

const linksOf = async (root: string): Promise<string[]> =>
	(await everything(root))
		.flatMap((found) => (found.kind === 'link' ? [`${found.path} → ${found.target.replace(root, '')}`] : []))
		.sort();

/** The references of a document. */
const referencesOf = (asset: Asset | undefined): readonly Reference[] =>
	asset?.references?.kind === 'document' ? asset.references.references : [];

const read = (root: string, path: string): Promise<Asset | undefined> => readAsset(root, path as UrlPath);

const sha256 = (content: string | Uint8Array): string =>
	createHash('sha256').update(content).digest('hex').slice(0, 32);

const makePipe = (file: string): Promise<unknown> => promisify(execFile)('mkfifo', [file]);

scan('finds every file, and the folders on the way', async () => {
	const root = await makeFolder({ 'a.html': '', 'b/c.css': '', 'b/d/e.js': '', 'ü 😀.txt': '' });
	await mkdir(join(root, 'empty'));
	assert.equal(await filesOf(root), ['/a.html', '/b/c.css', '/b/d/e.js', '/ü 😀.txt']);
	const folders = (await everything(root)).filter(({ kind }) => kind === 'folder').map(({ path }) => path);
	assert.equal(folders.sort(), ['/', '/b', '/b/d', '/empty'] as UrlPath[]);
	assert.equal(await filesOf(root, '/b'), ['/b/c.css', '/b/d/e.js']);
	assert.equal(await filesOf(root, '/b/c.css'), ['/b/c.css']);
	assert.equal(await everything(root, '/nothing'), []);
	assert.equal(await everything(root, '/a.html/x'), []);
});

scan('passes over what is hidden, but for what is well known (RFC 8615 §3)', async () => {
	const root = await makeFolder({
		'.env': '',
		'.git/config': '',
		'a/.b': '',
		'a/.c/d': '',
		'.well-known/e': '',
		'.well-known/.f': '',
		'a/.well-known/g': '',
	});
	assert.equal(await filesOf(root), ['/.well-known/e']);
	assert.equal(await filesOf(root, '/.env'), []);
	assert.equal(await filesOf(root, '/.git'), []);
	assert.equal(await filesOf(root, '/.well-known'), ['/.well-known/e']);
});

scan('passes over names that no URL can express', async () => {
	const root = await makeFolder({
		'a\nb': '',
		'a\\b': '',
		'a\x7fb': '',
		'a\x01': '',
		'ok ': '',
		'c\\d/e': '',
	});
	await writeFile(Buffer.concat([Buffer.from(join(root, 'x')), Buffer.of(0xff)]), '').catch(() => {});
	const files = await filesOf(root);
	// Of a name in bytes that are no text, text is made, under which nothing is found.
	for (const path of files.filter((file) => file !== '/ok '))
		assert.is(await read(root, path), undefined, path);
	assert.ok(files.includes('/ok '));
	for (const path of ['/a\nb', '/a\\b', '/a\x7fb']) assert.not.ok(files.includes(path), path);
});

scan('passes over pipes and sockets without waiting for them', async () => {
	const root = await makeFolder({ a: '' });
	await makePipe(join(root, 'pipe'));
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
	try {
		assert.equal(await filesOf(root), ['/a']);
		assert.equal(await filesOf(root, '/pipe'), []);
		assert.is(await read(root, '/pipe'), undefined);
		assert.is(await read(root, '/socket'), undefined);
	} finally {
		server.close();
	}
});

scan('follows links within the root', async () => {
	const root = await makeFolder({ 'a.html': 'a', 'b/c.css': 'c', 'x/y/z.js': '' });
	await symlink('a.html', join(root, 'file'));
	await symlink('file', join(root, 'link'));
	await symlink(join(root, 'b'), join(root, 'folder'));
	await symlink('../../b', join(root, 'x/y/up'));
	await symlink('gone.html', join(root, 'dangling'));
	assert.equal(await filesOf(root), [
		'/a.html',
		'/b/c.css',
		'/file',
		'/folder/c.css',
		'/link',
		'/x/y/up/c.css',
		'/x/y/z.js',
	]);
	assert.equal(await linksOf(root), [
		'/dangling → /gone.html',
		'/file → /a.html',
		'/folder → /b',
		'/link → /a.html',
		'/x/y/up → /b',
	]);
	assert.is((await read(root, '/link'))?.hash, sha256('a'));
	assert.is((await read(root, '/folder/c.css'))?.hash, sha256('c'));
	assert.equal(await filesOf(root, '/folder'), ['/folder/c.css']);
});

scan('follows no link that leaves the root, whatever it looks like', async () => {
	const outside = await makeFolder({ 'secret.txt': '', 'f/secret.txt': '' });
	const root = await makeFolder({ 'a.html': '', 'b/c': '' });
	// A folder beside the root whose name begins like it.
	await mkdir(`${root}-beside`);
	await writeFile(`${root}-beside/secret.txt`, '');
	try {
		await symlink(join(outside, 'secret.txt'), join(root, 'file'));
		await symlink(outside, join(root, 'folder'));
		await symlink(`${root}-beside`, join(root, 'beside'));
		await symlink('..', join(root, 'up'));
		await symlink('/', join(root, 'b/all'));
		await symlink('folder/f', join(root, 'through'));
		await symlink('b/../../nothing', join(root, 'dangling'));
		assert.equal(await filesOf(root), ['/a.html', '/b/c']);
		assert.equal(await linksOf(root), []);
		for (const path of ['/file', '/folder/secret.txt', '/folder/f/secret.txt', '/beside/secret.txt'])
			assert.is(await read(root, path), undefined, path);
		assert.is(await read(root, '/through/secret.txt'), undefined);
		assert.equal(await filesOf(root, '/folder'), []);
		assert.equal(await filesOf(root, '/folder/f'), []);
	} finally {
		await rm(`${root}-beside`, { recursive: true });
	}
});

const explored = async (
	root: string,
	options: Partial<VisibilityOptions>,
): Promise<{ files: string[]; links: string[] }> => {
	const visibility = new Visibility({ dotfiles: false, followSymlinks: false, ignore: [], ...options });
	const [files, links]: [string[], string[]] = [[], []];
	for await (const found of explore(root, ROOT, visibility)) {
		if (found.kind === 'file') files.push(found.path);
		if (found.kind === 'link') links.push(`${found.path} → ${found.target}${found.isBroken ? ' !' : ''}`);
	}
	return { files: files.sort(), links: links.sort() };
};

scan('follows links that leave the root where it is told to, and none in circles', async () => {
	const outside = await makeFolder({ 'secret.txt': 's', 'f/deep.txt': 'd', '.env': '' });
	const root = await makeFolder({ 'a.html': '', 'b/c': '' });
	await symlink(join(outside, 'secret.txt'), join(root, 'file'));
	await symlink(outside, join(root, 'folder'));
	await symlink(join(outside, 'none'), join(root, 'broken'));
	await symlink('..', join(root, 'up'));
	await symlink('/', join(root, 'b/all'));
	await symlink(root, join(outside, 'back'));
	await symlink(outside, join(outside, 'f/again'));
	assert.equal(await explored(root, { followSymlinks: true }), {
		files: ['/a.html', '/b/c', '/file', '/folder/f/deep.txt', '/folder/secret.txt'],
		links: [`/broken → ${outside}/none !`, `/file → ${outside}/secret.txt`, `/folder → ${outside}`],
	});
	const leadsOut = new Visibility({ dotfiles: false, followSymlinks: true, ignore: [] });
	assert.is((await readAsset(root, '/file' as UrlPath, false, leadsOut))?.hash, sha256('s'));
	assert.is(await readAsset(root, '/file' as UrlPath), undefined);
	assert.is(await readAsset(root, '/folder/f/deep.txt' as UrlPath), undefined);
});

scan('passes over what is ignored, and takes in what begins with a dot where it is told to', async () => {
	const root = await makeFolder({
		'.env': '',
		'.casper/a.js': '',
		'casper.config.ts': '',
		'a/casper.config.ts': '',
		'node_modules/x/y.js': '',
		'a/node_modules/z.js': '',
		'a/b.map': '',
	});
	const ignore = ['node_modules', '/a/*.map'];
	assert.equal((await explored(root, { ignore })).files, ['/a/casper.config.ts']);
	assert.equal((await explored(root, { ignore, dotfiles: true })).files, ['/.env', '/a/casper.config.ts']);
	assert.is((await explored(root, { ignore: [''] })).files.length, 4);
});

scan('ends where links lead in circles', async () => {
	const root = await makeFolder({ 'a/b/c.css': '', 'd/e.css': '' });
	await symlink('loop', join(root, 'loop'));
	await symlink('there', join(root, 'here'));
	await symlink('here', join(root, 'there'));
	await symlink('.', join(root, 'a/self'));
	await symlink('..', join(root, 'a/b/up'));
	await symlink('../..', join(root, 'a/b/top'));
	await symlink('../d', join(root, 'a/to-d'));
	await symlink('../a', join(root, 'd/to-a'));
	assert.equal(await filesOf(root), ['/a/b/c.css', '/a/to-d/e.css', '/d/e.css', '/d/to-a/b/c.css']);
});

scan('ends soon where many folders are linked to each other', async () => {
	const names = Array.from({ length: 20 }, (_, at) => `f${at}`);
	const root = await makeFolder(Object.fromEntries(names.map((name) => [`${name}/x.css`, ''])));
	for (const name of names)
		for (const other of names) if (other !== name) await symlink(`../${other}`, join(root, name, other));
	await symlink('../f0/x.css', join(root, 'f1/y.css'));
	const files = await filesOf(root);
	assert.ok(files.includes('/f0/f1/x.css'));
	assert.ok(files.includes('/f0/f1/y.css'), 'links to files count, wherever they are');
	assert.is(files.length, 20 + 20 * 19 + 1 + 19);
});

scan('follows a link to what is hidden: its author wants it served', async () => {
	const root = await makeFolder({ '.data/a.html': 'x', '.data/.b': '' });
	await symlink('.data', join(root, 'data'));
	await symlink('.data/a.html', join(root, 'index.html'));
	assert.equal(await filesOf(root), ['/data/a.html', '/index.html']);
	assert.is((await read(root, '/index.html'))?.hash, sha256('x'));
});

const unreadable = ALMIGHTY ? scan.skip : scan;
unreadable('passes over folders that it may not read', async () => {
	const root = await makeFolder({ 'a/b': '', 'c/d': '' });
	await chmod(join(root, 'a'), 0);
	try {
		assert.equal(await filesOf(root), ['/c/d']);
	} finally {
		await chmod(join(root, 'a'), 0o700);
	}
});

unreadable('says once of each file that it may not read', async () => {
	const root = await makeFolder({ a: '' });
	await chmod(join(root, 'a'), 0);
	const problems: string[] = [];
	const readings = new Readings(root, (file) => problems.push(file));
	assert.is(await readings.read('/a' as UrlPath, undefined), undefined);
	assert.is(await readings.readAnew('/a' as UrlPath, undefined), undefined);
	assert.equal(problems, [join(root, 'a')]);
	await chmod(join(root, 'a'), 0o600);
	assert.is((await readings.read('/a' as UrlPath, undefined))?.hash, sha256(''));
});

scan('an asset says what the disk said', async () => {
	const root = await makeFolder({ 'x/ü #1.html': '<p>\n<img src=a.png>' });
	const when = new Date(1_700_000_000_000);
	await utimes(join(root, 'x/ü #1.html'), when, when);
	const asset = await read(root, '/x/ü #1.html');
	assert.is(asset?.path, '/x/ü #1.html');
	assert.is(asset?.url, '/x/%C3%BC%20%231.html');
	assert.is(asset?.file, join(root, 'x/ü #1.html'));
	assert.is(asset?.size, 19);
	assert.is(asset?.hash, sha256('<p>\n<img src=a.png>'));
	assert.is(asset?.etag, `"${asset?.hash}"`);
	assert.is(asset?.modifiedMs, when.getTime());
	assert.is(asset?.diskVersion, await diskVersionAt(root, '/x/ü #1.html' as UrlPath));
	assert.is(asset?.type, 'text/html; charset=utf-8');
	assert.equal(
		referencesOf(asset).map(({ href, line }) => ({ href, line })),
		[{ href: 'a.png', line: 2 }],
	);
});

scan('reads style sheets and scripts, in the encoding that they declare', async () => {
	const root = await makeFolder({
		'a.css': Buffer.from('@charset "latin1"; @import "é.css";', 'latin1'),
		'b.js': 'import "./c.js"; import("./d.js")',
		'c.js': 'var a = 1',
	});
	const style = (await read(root, '/a.css'))?.references;
	assert.equal(style?.kind === 'style' && style.imports.map(({ href }) => href), ['é.css']);
	const imported = async (path: string): Promise<unknown> => {
		const references = (await read(root, path))?.references;
		return references?.kind === 'module' && references.imports.map(({ specifier }) => specifier);
	};
	assert.equal(await imported('/b.js'), ['./c.js']);
	assert.equal(await imported('/c.js'), []);
});

scan('reads XHTML as XML, and pages in the encoding that they declare', async () => {
	const root = await makeFolder({
		'a.xhtml': '<html><script src="a.js"/><img src="b.png"/></html>',
		'b.html': Buffer.from('<meta charset=latin1><img src="é.png">', 'latin1'),
		'c.txt': '<img src=a.png>',
	});
	const hrefs = async (path: string): Promise<string[]> =>
		referencesOf(await read(root, path)).map(({ href }) => href);
	assert.equal(await hrefs('/a.xhtml'), ['a.js', 'b.png']);
	assert.equal(await hrefs('/b.html'), ['é.png']);
	assert.is((await read(root, '/c.txt'))?.references, undefined);
});

for (const size of [0, 1, 2 ** 18, 4 * 2 ** 20, 4 * 2 ** 20 + 1, 9 * 2 ** 20])
	for (const extension of ['bin', 'html'])
		scan(`the hash of ${size} bytes of ${extension} is that of all of them`, async () => {
			const content = Buffer.alloc(size, 'x<p>y');
			const root = await makeFolder({ [`a.${extension}`]: content });
			const asset = await read(root, `/a.${extension}`);
			assert.is(asset?.size, size);
			assert.is(asset?.hash, sha256(content));
			const isParsed = extension === 'html' && size <= 8 * 2 ** 20;
			assert.is(asset?.references !== undefined, isParsed);
		});

const absent: readonly { name: string; input: string }[] = [
	{ name: 'nothing', input: '/nothing' },
	{ name: 'a folder', input: '/folder' },
	{ name: 'something below a file', input: '/a.html/x' },
	{ name: 'another letter case', input: '/A.html' },
	{ name: 'another letter case of a folder', input: '/Folder/b' },
	{ name: 'a name that is too long', input: `/${'x'.repeat(300)}` },
	{ name: 'a path that is too long', input: `/${'x/'.repeat(5000)}` },
];

for (const { name, input } of absent)
	scan(`there is no asset for ${name}`, async () => {
		const root = await makeFolder({ 'a.html': '', 'folder/b': '' });
		assert.is(await read(root, input), undefined);
	});

scan('a link may have the name of its target in another letter case', async () => {
	const root = await makeFolder({ 'README.html': 'x', 'Docs/a.html': 'y' });
	try {
		await symlink('README.html', join(root, 'readme.html'));
		await symlink('Docs', join(root, 'docs'));
	} catch {
		// To this disk they are one name.
		return;
	}
	assert.is((await read(root, '/readme.html'))?.hash, sha256('x'));
	assert.is((await read(root, '/docs/a.html'))?.hash, sha256('y'));
});

scan('a file that is written all the time is read anyway, and not taken for its last version', async () => {
	const root = await makeFolder({ 'log.html': '<p>'.repeat(300_000) });
	let isDone = false;
	const writing = (async () => {
		while (!isDone) await appendFile(join(root, 'log.html'), '<p>more');
	})();
	try {
		for (let round = 0; round < 10; round++) {
			const asset = await read(root, '/log.html');
			assert.ok(asset !== undefined && asset.size >= 900_000);
			assert.ok(asset?.references);
		}
	} finally {
		isDone = true;
		await writing;
	}
	const last = await read(root, '/log.html');
	assert.is(last?.size, (await stat(join(root, 'log.html'))).size);
	assert.is(last?.diskVersion, await diskVersionAt(root, '/log.html' as UrlPath));
});

scan(
	'a file that is written anew, and so empty for a moment, is read when its content is there',
	async () => {
		const root = await makeFolder({ 'page.html': '<p>old' });
		await put(root, 'page.html', '');
		const reading = read(root, '/page.html');
		await new Promise((resolve) => setTimeout(resolve, 10));
		// Everything stands still, as on a machine with too much to do.
		const began = performance.now();
		while (performance.now() - began < 150);
		await new Promise((resolve) => setTimeout(resolve, 10));
		await put(root, 'page.html', '<p>new');
		assert.is((await reading)?.hash, sha256('<p>new'));
	},
);

scan(
	'a file that stays empty is, even where it is emptied again and again, or its date is to come',
	async () => {
		const root = await makeFolder({ empty: '' });
		assert.is((await read(root, '/empty'))?.size, 0);
		const emptying = setInterval(() => put(root, 'empty', ''), 5);
		assert.is((await read(root, '/empty'))?.size, 0);
		clearInterval(emptying);
		const toCome = new Date(Date.now() + 1e9);
		await utimes(join(root, 'empty'), toCome, toCome);
		assert.is((await read(root, '/empty'))?.size, 0);
	},
);

scan('the disk version is another after every change', async () => {
	const root = await makeFolder({ a: '1' });
	const file = join(root, 'a');
	const versions = new Set<string | undefined>();
	const note = async (): Promise<void> => void versions.add(await diskVersionAt(root, '/a' as UrlPath));
	await note();
	await appendFile(file, '2');
	await note();
	// The same size, and dates set back.
	await put(root, 'b', '34');
	await utimes(join(root, 'b'), 1, 1);
	await rename(join(root, 'b'), file);
	await note();
	await put(root, 'c', '56');
	await utimes(join(root, 'c'), 1, 1);
	await rename(join(root, 'c'), file);
	await note();
	assert.is(versions.size, 4);
	assert.is(await diskVersionAt(root, '/gone' as UrlPath), undefined);
});

scan('a folder is another after it was replaced', async () => {
	const root = await makeFolder({ 'f/a': '' });
	const first = await folderIdAt(root, '/f' as UrlPath);
	await put(root, 'f/b', '');
	assert.is(await folderIdAt(root, '/f' as UrlPath), first);
	await mkdir(join(root, 'g'));
	await rm(join(root, 'f'), { recursive: true });
	assert.is(await folderIdAt(root, '/f' as UrlPath), undefined);
	await rename(join(root, 'g'), join(root, 'f'));
	assert.is.not(await folderIdAt(root, '/f' as UrlPath), first);
	await put(root, 'file', '');
	assert.is(await folderIdAt(root, '/file' as UrlPath), undefined);
});

scan('askers for one path share one reading, unless they need a later one', async () => {
	const root = await makeFolder({ a: '1' });
	const readings = new Readings(root, () => {});
	const path = '/a' as UrlPath;
	const [one, other] = [readings.read(path, undefined), readings.read(path, undefined)];
	assert.is(one, other);
	const later = readings.readAnew(path, undefined);
	await writeFile(join(root, 'a'), '22');
	assert.is((await later)?.hash, (await read(root, '/a'))?.hash);
	assert.is(await readings.read('/.hidden' as UrlPath, undefined), undefined);
});

const pathRows: readonly { name: string; input: string; want: string | undefined }[] = [
	{ name: 'a file', input: '/srv/site/a.html', want: '/a.html' },
	{ name: 'a file below', input: '/srv/site/b/c', want: '/b/c' },
	{ name: 'a name that begins like a way up', input: '/srv/site/..a', want: '/..a' },
	{ name: 'the root', input: '/srv/site', want: undefined },
	{ name: 'what lies above', input: '/srv', want: undefined },
	{ name: 'what lies beside', input: '/srv/site2/a', want: undefined },
	{ name: 'what no URL can express', input: '/srv/site/a\\b', want: undefined },
];

for (const { name, input, want } of pathRows)
	scan(`the path of ${name} on disk`, () => {
		assert.is(pathOf('/srv/site', input), want);
		if (want !== undefined) assert.is(fileOf('/srv/site', want as UrlPath), input);
	});

const insideRows: readonly { root: string; input: string; want: boolean }[] = [
	{ root: '/srv/site', input: '/srv/site', want: true },
	{ root: '/srv/site', input: '/srv/site/a', want: true },
	{ root: '/srv/site', input: '/srv/site2', want: false },
	{ root: '/srv/site', input: '/srv', want: false },
	{ root: '/', input: '/srv', want: true },
];

for (const { root, input, want } of insideRows)
	scan(`${input} is ${want ? 'inside' : 'outside'} of ${root}`, () => {
		assert.is(isInside(root, input), want);
	});

scan.run();
