// The library with a folder of its own: files whose versions are known.

import { rm } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Casper, type CasperOptions, createCasper } from '../src/casper.ts';
import { CasperError } from '../src/errors.ts';
import { type View, Wire } from './support/client.ts';
import { openHost } from './support/host.ts';
import { endAll, eventually, type Files, makeFolder, onEnd, put, type Tested } from './support/server.ts';

const FILES: Files = {
	'static/a.css': 'a { color: red }',
	'static/b b.js': 'b();',
	'static/large.bin': Buffer.alloc(3_000_000, 'x'),
	'empty.txt': '',
	'docs/index.html': '<!doctype html>',
	'.secret': 'secret',
};
const TARGETS = ['/static/a.css', '/static/b%20b.js'];

interface Host extends Tested {
	readonly casper: Casper;
	/** What the host itself was asked for. */
	readonly seen: string[];
}

/** A host whose `/` pushes files of a folder. */
const hostOf = async (
	targets: readonly string[],
	options: CasperOptions = {},
	files: Files = FILES,
): Promise<Host> => {
	const directory = await makeFolder(files);
	const casper = createCasper({ directory, ...options });
	onEnd(() => casper.close());
	const seen: string[] = [];
	const tested = await openHost(async (request, response) => {
		seen.push(request.url);
		await casper.push(request, response, targets);
		response.end('<!doctype html>');
	});
	return { ...tested, folder: directory, casper, seen };
};

const pathsIn = ({ pushes }: View): string[] => [...pushes.keys()];
const pairOf = ({ document }: View): string => /^[^;]*/.exec(document.fields['set-cookie'] ?? '')?.[0] ?? '';

const folder = suite('casper: a folder');
folder.after.each(endAll);

folder('files come whole, with type and entity tag, and the host is not asked', async () => {
	const targets = [...TARGETS, '/static/large.bin', '/empty.txt', '/docs/', '/static/a.css?v=2'];
	const host = await hostOf(targets);
	await host.casper.ready;
	const view = await new Wire(host).view('/');
	assert.equal(pathsIn(view), targets);
	assert.equal(host.seen, ['/']);
	for (const [path, { status, body, isWhole, fields }] of view.pushes) {
		const file = decodeURIComponent(path.replace(/^\/|\?.*/g, '')).replace(/\/$/, '/index.html');
		assert.is(status, 200);
		assert.ok(isWhole);
		assert.ok(body.equals(Buffer.from(FILES[file] ?? 'none')), path);
		assert.match(fields.etag ?? '', /^"[0-9a-f]{32}"$/);
		assert.is(fields['cache-control'], 'no-cache');
	}
	assert.is(view.pushes.get('/static/a.css')?.fields['content-type'], 'text/css; charset=utf-8');
	assert.is(view.pushes.get('/static/a.css')?.fields.etag, view.pushes.get('/static/a.css?v=2')?.fields.etag);
});

folder(
	'only a file of this very name, or the page of a folder, is pushed: other addresses are the host’s',
	async () => {
		const files = { ...FILES, 'about.html': 'about', _redirects: '/old.css /static/a.css 200' };
		const host = await hostOf(
			['/about', '/docs', '/docs/index', '/old.css', '/about.html', '/docs/'],
			{},
			files,
		);
		await host.casper.ready;
		assert.equal(pathsIn(await new Wire(host).view('/')), ['/about.html', '/docs/']);
	},
);

folder('is there before it is indexed', async () => {
	const host = await hostOf(TARGETS);
	const view = await new Wire(host).view('/');
	assert.equal(pathsIn(view), TARGETS);
});

folder('promises come before the document, also while it is being indexed (RFC 9113 §8.4.1)', async () => {
	const { frames } = await new Wire(await hostOf(TARGETS)).view('/');
	const document = frames.findIndex(({ kind, stream }) => kind === 'headers' && stream === 1);
	assert.ok(frames.findLastIndex(({ kind }) => kind === 'promise') < document);
});

folder('what it does not have, or hides, is neither pushed nor remembered', async () => {
	const host = await hostOf([
		'/static/none.css',
		'/.secret',
		'/docs',
		'/static',
		'/%2e%2fetc',
		'/static/a.css',
	]);
	const view = await new Wire(host).view('/');
	assert.equal(pathsIn(view), ['/static/a.css']);
	const only = await new Wire(await hostOf(['/static/a.css'])).view('/');
	assert.is(pairOf(view), pairOf(only));
});

folder('our own cookie knows versions: a changed file is pushed again, the others are not', async () => {
	const host = await hostOf([...TARGETS, '/static/a.css?v=2'], { cookie: 'casper' });
	await host.casper.ready;
	const first = pairOf(await new Wire(host).view('/'));
	assert.equal(pathsIn(await new Wire(host).view('/', { cookie: first })), []);
	await put(host.folder, 'static/a.css', 'a { color: blue }');
	let changed: View | undefined;
	await eventually('the new version', async () => {
		changed = await new Wire(host).view('/', { cookie: first });
		return changed.pushes.size > 0;
	});
	assert.ok(changed);
	assert.equal(pathsIn(changed), ['/static/a.css', '/static/a.css?v=2']);
	assert.is(changed.pushes.get('/static/a.css')?.body.toString(), 'a { color: blue }');
	assert.equal(pathsIn(await new Wire(host).view('/', { cookie: pairOf(changed) })), []);
});

folder('those of go-casper and H2O do not, since others have to read them', async () => {
	for (const cookie of ['x-go-casper', 'h2o_casper'] as const) {
		const host = await hostOf(TARGETS, { cookie });
		await host.casper.ready;
		const first = pairOf(await new Wire(host).view('/'));
		const stranger = new Wire(host);
		assert.equal(pathsIn(await stranger.view('/')), TARGETS);
		await put(host.folder, 'static/a.css', 'a { color: blue }');
		// A connection without a cookie goes by what it was given, in which version.
		await eventually('the new version', async () => pathsIn(await stranger.view('/')).length === 1);
		assert.equal(pathsIn(await new Wire(host).view('/', { cookie: first })), []);
	}
});

folder('a file that goes is not pushed any more', async () => {
	const host = await hostOf(TARGETS);
	await host.casper.ready;
	assert.is((await new Wire(host).view('/')).pushes.size, 2);
	await rm(`${host.folder}/static/a.css`);
	await eventually('its end', async () => (await new Wire(host).view('/')).pushes.size === 1);
});

folder('no body travels twice on a connection, concurrently neither', async () => {
	const wire = new Wire(await hostOf(TARGETS));
	const streams = [1, 2, 3].map(() => wire.request('/'));
	for (const stream of streams) await wire.ended(stream);
	await wire.flushed();
	assert.equal(
		wire.frames.flatMap((frame) => (frame.kind === 'promise' ? [frame.fields[':path']] : [])),
		TARGETS,
	);
});

folder('after close, nothing is pushed and the page comes', async () => {
	const host = await hostOf(TARGETS);
	await host.casper.ready;
	await host.casper.close();
	const { document, pushes } = await new Wire(host).view('/');
	assert.is(pushes.size, 0);
	assert.is(document.status, 200);
});

folder('one that does not exist: `ready` says so, and pages come without pushes', async () => {
	const directory = `${await makeFolder()}/none`;
	const casper = createCasper({ directory });
	const error = await casper.ready.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	assert.instance(error, CasperError);
	assert.is((error as CasperError).code, 'CASPER_FOLDER_MISSING');
	const host = await openHost(async (request, response) => {
		const { pushed } = await casper.push(request, response, TARGETS);
		response.end(String(pushed.length));
	});
	const { document, pushes } = await new Wire(host).view('/');
	assert.is(pushes.size, 0);
	assert.is(document.body.toString(), '0');
	await casper.close();
});

folder.run();
