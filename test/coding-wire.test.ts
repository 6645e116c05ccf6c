// Content codings as clients see them, over both protocols.

import { createHash } from 'node:crypto';
import * as zlib from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HELD_BYTES } from '../src/delivery/body.ts';
import { OFFERED } from '../src/delivery/coding.ts';
import type { Coding } from '../src/http/content-coding.ts';
import { type Answer, ask, askOn, openSession, PROTOCOLS, type Told, Wire } from './support/client.ts';
import { endAll, eventually, openIndexed, put } from './support/server.ts';

const coding = suite('content coding on the wire');
coding.after.each(endAll);

const text = (size: number): string => '.rule { margin: 0 auto; color: teal }\n'.repeat(size).slice(0, size);
const NOISE = Buffer.concat(
	Array.from({ length: 100 }, (_, at) => createHash('sha256').update(String(at)).digest()),
);
const FILES = {
	'index.html': `<!doctype html><link rel="stylesheet" href="/a.css">${text(3000)}`,
	'a.css': text(20_000),
	'small.css': text(1023),
	'least.css': text(1024),
	'most.css': text(HELD_BYTES),
	'large.css': text(HELD_BYTES + 1),
	'noise.txt': NOISE,
	'photo.jpg': text(5000),
	'empty.css': '',
};

const { zstdCompressSync, zstdDecompressSync } = zlib as unknown as {
	zstdCompressSync: (bytes: string) => Buffer;
	zstdDecompressSync: (bytes: Buffer) => Buffer;
};
const DECODERS: Readonly<Record<Coding, (bytes: Buffer) => Buffer>> = {
	br: zlib.brotliDecompressSync,
	zstd: (bytes) => zstdDecompressSync(bytes),
	gzip: zlib.gunzipSync,
};

const assertCoded = (answer: Answer, name: Coding, want: string, what: string): void => {
	assert.is(answer.status, 200, what);
	assert.is(answer.fields['content-encoding'], name, what);
	assert.is(answer.fields['content-length'], String(answer.body.length), what);
	assert.ok(answer.body.length < want.length, what);
	assert.is(String(DECODERS[name](answer.body)), want, what);
	assert.match(answer.fields.etag ?? '', /^W\/"[0-9a-f]{32}"$/, what);
};

coding('text comes in the coding that the client prefers, and is the file (RFC 9110 §8.4)', async () => {
	const tested = await openIndexed(FILES);
	for (const protocol of PROTOCOLS)
		for (const name of OFFERED)
			for (const path of ['index.html', 'a.css', 'least.css', 'most.css'] as const) {
				const what = `${protocol} ${name} ${path}`;
				const asIs = await ask(tested, protocol, `/${path}`);
				assert.is(asIs.fields['content-encoding'], undefined, what);
				assert.is(String(asIs.body), FILES[path], what);
				const coded = await ask(tested, protocol, `/${path}`, { 'accept-encoding': name });
				assertCoded(coded, name, FILES[path], what);
				assert.is(coded.fields.etag, `W/${asIs.fields.etag}`, what);
				for (const field of ['content-type', 'cache-control', 'last-modified', 'vary'])
					assert.is(coded.fields[field], asIs.fields[field], `${what}: ${field}`);
				assert.match(asIs.fields.vary ?? '', /\bAccept-Encoding\b/, what);
				const head = await ask(tested, protocol, `/${path}`, { 'accept-encoding': name }, 'HEAD');
				for (const field of ['content-encoding', 'content-length', 'etag'])
					assert.is(head.fields[field], coded.fields[field], `${what}: ${field} of HEAD`);
			}
});

coding('long text is coded as far as the memory for bodies allows', async () => {
	for (const [memory, want] of [
		[undefined, 'br'],
		[2 ** 20, undefined],
	] as const) {
		const tested = await openIndexed(FILES, { memory });
		const { fields, body } = await ask(tested, 'HTTP/2', '/large.css', { 'accept-encoding': 'br, gzip' });
		assert.is(fields['content-encoding'], want);
		assert.is(String(want === 'br' ? zlib.brotliDecompressSync(body) : body), FILES['large.css']);
		assert.is(fields.vary, 'Accept-Encoding');
	}
});

coding('the page for what is not there is coded, and says what by', async () => {
	const tested = await openIndexed({
		'404.html': `<!doctype html><title>none</title>${'gone '.repeat(500)}`,
	});
	for (const protocol of PROTOCOLS) {
		const fields = { accept: 'text/html', 'accept-encoding': 'gzip' };
		const answer = await ask(tested, protocol, '/missing', fields);
		assert.is(answer.status, 404);
		assert.is(answer.fields['content-encoding'], 'gzip');
		assert.match(String(zlib.gunzipSync(answer.body)), /gone/);
		assert.match(answer.fields.vary ?? '', /Accept-Encoding/);
		assert.is(answer.fields.etag, undefined);
	}
});

coding('what a coding is not worth comes as it is', async () => {
	const tested = await openIndexed(FILES);
	for (const protocol of PROTOCOLS)
		for (const [path, want] of [
			['small.css', FILES['small.css']],
			['photo.jpg', FILES['photo.jpg']],
			['empty.css', ''],
			['noise.txt', NOISE],
		] as const) {
			const { status, fields, body } = await ask(tested, protocol, `/${path}`, {
				'accept-encoding': 'br, gzip',
			});
			assert.is(status, 200, path);
			assert.is(fields['content-encoding'], undefined, path);
			assert.match(fields.etag ?? '', /^"/, path);
			assert.ok(body.equals(Buffer.from(want)), path);
			// Whether it is coded depends on the request only where it could be.
			assert.is(fields.vary, path === 'noise.txt' ? 'Accept-Encoding' : undefined, path);
		}
});

coding(
	'each form is confirmed by a tag that stands for all (RFC 9110 §8.8.3.2, RFC 9111 §4.3.4)',
	async () => {
		const tested = await openIndexed(FILES);
		for (const protocol of PROTOCOLS)
			for (const path of ['/', '/a.css']) {
				const { etag = '' } = (await ask(tested, protocol, path)).fields;
				for (const tag of [etag, `W/${etag}`]) {
					const asIs = await ask(tested, protocol, path, { 'if-none-match': tag });
					assert.is(asIs.status, 304);
					assert.is(asIs.fields.etag, etag);
					const fields = { 'if-none-match': tag, 'accept-encoding': 'gzip' };
					const coded = await ask(tested, protocol, path, fields);
					assert.is(coded.status, 304);
					assert.is(coded.fields.etag, `W/${etag}`);
					assert.match(coded.fields.vary ?? '', /\bAccept-Encoding\b/);
				}
				const strong = { 'if-match': `W/${etag}`, 'accept-encoding': 'gzip' };
				assert.is((await ask(tested, protocol, path, strong)).status, 412);
			}
	},
);

coding('a part is one of the file as it is (RFC 9110 §14.2)', async () => {
	const tested = await openIndexed(FILES);
	for (const protocol of PROTOCOLS) {
		const { etag = '' } = (await ask(tested, protocol, '/a.css')).fields;
		const fields = { range: 'bytes=10-19', 'accept-encoding': 'gzip' };
		const part = await ask(tested, protocol, '/a.css', fields);
		assert.is(part.status, 206);
		assert.is(part.fields['content-encoding'], undefined);
		assert.is(part.fields.etag, etag);
		assert.is(String(part.body), FILES['a.css'].slice(10, 20));
		// A coded form has a weak tag, with which nothing can be gone on with.
		const other = await ask(tested, protocol, '/a.css', { ...fields, 'if-range': `W/${etag}` });
		assertCoded(other, 'gzip', FILES['a.css'], protocol);
	}
});

coding('many that ask at once get the same; a new version is coded anew', async () => {
	const tested = await openIndexed(FILES);
	const session = openSession(tested);
	const askAll = (): Promise<Answer[]> =>
		Promise.all(
			Array.from({ length: 60 }, (_, at) =>
				askOn(session, '/most.css', { 'accept-encoding': OFFERED[at % OFFERED.length] ?? 'br' }),
			),
		);
	for (const [at, answer] of (await askAll()).entries())
		assertCoded(answer, OFFERED[at % OFFERED.length] ?? 'br', FILES['most.css'], String(at));
	const changed = text(HELD_BYTES).replaceAll('teal', 'navy');
	await put(tested.folder, 'most.css', changed);
	await eventually('the new version', async () => {
		const { status, fields, body } = await askOn(session, '/most.css', { 'accept-encoding': 'br' });
		return status === 200 && fields['content-encoding'] === 'br' && String(DECODERS.br(body)) === changed;
	});
});

const ENCODERS: Readonly<Record<Coding, (bytes: string) => Buffer>> = {
	br: zlib.brotliCompressSync,
	zstd: (bytes) => zstdCompressSync(bytes),
	gzip: (bytes) => zlib.gzipSync(bytes, { level: 9 }),
};

coding('a file that was compressed ahead is used while it is one of this version', async () => {
	const content = text(20_000);
	for (const name of OFFERED) {
		const extension = { br: 'br', zstd: 'zst', gzip: 'gz' }[name];
		const ready = ENCODERS[name](content);
		const stale = ENCODERS[name](content.replace('teal', 'navy'));
		const tooLong = ENCODERS[name](content.repeat(50));
		const tested = await openIndexed({
			'good.css': content,
			[`good.css.${extension}`]: ready,
			'stale.css': `${content} `,
			[`stale.css.${extension}`]: stale,
			'bomb.css': `${content}  `,
			[`bomb.css.${extension}`]: tooLong,
			'broken.css': `${content}   `,
			[`broken.css.${extension}`]: ready.subarray(0, -5),
		});
		const fields = { 'accept-encoding': name };
		const good = await ask(tested, 'HTTP/2', '/good.css', fields);
		assertCoded(good, name, content, name);
		assert.ok(good.body.equals(ready), name);
		for (const [path, want] of [
			['/stale.css', `${content} `],
			['/bomb.css', `${content}  `],
			['/broken.css', `${content}   `],
		] as const)
			assertCoded(await ask(tested, 'HTTP/2', path, fields), name, want, `${name} ${path}`);
		// It is a file of its own, too.
		const own = await ask(tested, 'HTTP/2', `/good.css.${extension}`, fields);
		assert.is(own.fields['content-encoding'], undefined);
		assert.ok(own.body.equals(ready));
	}
});

coding('without memory all is still served', async () => {
	const tested = await openIndexed(FILES, { memory: 0 });
	for (const protocol of PROTOCOLS)
		for (let round = 0; round < 3; round++) {
			const coded = await ask(tested, protocol, '/a.css', { 'accept-encoding': 'br' });
			assertCoded(coded, 'br', FILES['a.css'], protocol);
			assert.is(String((await ask(tested, protocol, '/a.css')).body), FILES['a.css']);
		}
});

coding(
	'what is pushed has the coding that its promise asks for, as the page does (RFC 9113 §8.4)',
	async () => {
		const files = {
			...FILES,
			'index.html': `${FILES['index.html']}<script src="/small.css"></script><img src="/photo.jpg">`,
		};
		const tested = await openIndexed(files);
		for (const [input, want] of [
			['br', 'br'],
			['gzip, deflate', 'gzip'],
			['deflate', undefined],
			['identity', undefined],
			[undefined, undefined],
		] as const) {
			const wire = new Wire(tested);
			const document = wire.request('/', input === undefined ? {} : { 'accept-encoding': input });
			await wire.ended(document);
			const promises = wire.promisesOn(document);
			for (const { promised } of promises) await wire.ended(promised);
			const toldOf = (path: string): Told => {
				const promise = promises.find(({ fields }) => fields[':path'] === path);
				assert.ok(promise, path);
				// Fields by which a response varies, and no others: a cache compares them (RFC 9111 §4.1).
				assert.is(promise.fields['accept-encoding'], path === '/a.css' ? input : undefined, path);
				const told = wire.told(promise.promised);
				assert.is(told.fields.vary, path === '/a.css' ? 'Accept-Encoding' : undefined, path);
				return told;
			};
			const pushed = toldOf('/a.css');
			if (want !== undefined) {
				assertCoded(wire.told(document), want, files['index.html'], input);
				assertCoded(pushed, want, FILES['a.css'], input);
			} else {
				assert.is(pushed.fields['content-encoding'], undefined);
				assert.is(String(pushed.body), FILES['a.css']);
			}
			for (const path of ['small.css', 'photo.jpg'] as const) {
				const told = toldOf(`/${path}`);
				assert.is(told.fields['content-encoding'], undefined);
				assert.is(String(told.body), FILES[path]);
			}
		}
	},
);

coding(
	'what a client holds in a coding is confirmed by a pushed 304 with the tag of the coding',
	async () => {
		const tested = await openIndexed(FILES);
		const fields = { 'accept-encoding': 'gzip' };
		const first = await new Wire(tested).view('/', fields);
		const [cookie = ''] = (first.document.fields['set-cookie'] ?? '').split(';');
		const second = await new Wire(tested).view('/', { ...fields, cookie });
		const confirmed = second.pushes.get('/a.css');
		assert.is(confirmed?.status, 304);
		assert.is(confirmed?.fields.etag, first.pushes.get('/a.css')?.fields.etag);
		assert.match(confirmed?.fields.etag ?? '', /^W\//);
	},
);

coding.run();
