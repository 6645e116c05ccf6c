import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
	appendFile,
	open as openFile,
	readdir,
	readlink,
	rename,
	rm,
	truncate,
	utimes,
	writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { brotliDecompressSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bodies, HELD_BYTES, streamFile } from '../src/delivery/body.ts';
import { encodeContent } from '../src/delivery/coding.ts';
import { IdleQueue } from '../src/delivery/idle-queue.ts';
import { readAsset } from '../src/site/scan.ts';
import type { Asset } from '../src/site/snapshot.ts';
import {
	type Answer,
	ask,
	askOn,
	CANCEL,
	Line,
	openSession,
	PROTOCOLS,
	resetFrame,
	SETTING,
	settingsFrame,
	Wire,
	windowFrame,
} from './support/client.ts';
import { Random } from './support/random.ts';
import { endAll, eventually, makeFolder, newSeed, openIndexed, put, within } from './support/server.ts';

/** The entity tag that a body must have come with: the index names files by their content. */
const tagOf = (body: Buffer): string => `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;

/** Bytes that repeat only after a stretch that is no multiple of any piece in which they travel. */
const noise = (size: number, seed = 1): Buffer => {
	const random = new Random(seed);
	const stretch = Buffer.alloc(Math.min(size, 10_007));
	for (let at = 0; at < stretch.length; at++) stretch[at] = random.bits(8);
	return size === 0 ? stretch : Buffer.alloc(size, stretch);
};

const assertConsistent = ({ status, fields, body }: Answer, what: string): void => {
	assert.is(status, 200, what);
	assert.is(body.length, Number(fields['content-length']), what);
	assert.is(fields.etag, tagOf(body), what);
};

const whole = suite('bodies');
whole.after.each(endAll);

whole('files around every size at which the way of sending changes arrive as they are', async () => {
	const sizes = [
		0,
		1,
		16_383,
		16_384,
		16_385,
		65_535,
		65_536,
		65_537,
		196_608,
		HELD_BYTES - 1,
		HELD_BYTES,
		HELD_BYTES + 1,
		3_000_001,
	];
	const tested = await openIndexed(Object.fromEntries(sizes.map((size) => [`${size}.bin`, noise(size)])));
	for (const protocol of PROTOCOLS)
		for (const size of sizes) {
			const answer = await ask(tested, protocol, `/${size}.bin`);
			assert.is(answer.body.length, size);
			assertConsistent(answer, `${protocol}: ${size} bytes`);
		}
});

whole('5 MB to many readers at once, over both protocols, with TLS and without', async () => {
	const content = noise(5_000_000);
	for (const cert of [true, false]) {
		const tested = await openIndexed({ 'large.bin': content, 'small.txt': 'small' }, { cert });
		const session = openSession(tested);
		const readers = Array.from({ length: 36 }, (_, reader) => {
			if (reader % 3 === 0) return ask(tested, 'HTTP/1.1', '/large.bin');
			return reader % 3 === 1 ? ask(tested, 'HTTP/2', '/large.bin') : askOn(session, '/large.bin');
		});
		for (const { body } of await Promise.all(readers)) assert.ok(body.equals(content));
	}
});

whole('a reader that stops does not stop the others', async () => {
	const content = noise(5_000_000);
	const tested = await openIndexed({ 'large.bin': content, 'small.txt': 'small' });
	const wire = new Wire(tested, { [SETTING.initialWindow]: 10_000 });
	const stopped = Array.from({ length: 20 }, () => wire.request('/large.bin'));
	for (const stream of stopped)
		await wire.until('its beginning', () => wire.told(stream).body.length === 10_000);
	const line = new Line(tested);
	await line.write('GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n');
	line.socket.pause();
	const small = wire.request('/small.txt');
	await wire.ended(small);
	assert.is(String(wire.told(small).body), 'small');
	const large = wire.request('/large.bin');
	wire.send(windowFrame(large, 10 ** 7));
	await wire.ended(large);
	assert.ok(wire.told(large).body.equals(content));
	for (const protocol of PROTOCOLS) assertConsistent(await ask(tested, protocol, '/large.bin'), protocol);
	// And it can go on where it stopped.
	const [first = 0] = stopped;
	wire.send(windowFrame(first, 10 ** 7));
	await wire.ended(first);
	assert.ok(wire.told(first).body.equals(content));
});

whole('a slow reader of many bodies may ask for more of them (RFC 9113 §5.2)', async () => {
	const bodies = Object.fromEntries(
		Array.from({ length: 30 }, (_, file) => [`${file}.bin`, noise(HELD_BYTES, file)]),
	);
	const wire = new Wire(await openIndexed({ ...bodies, 'small.txt': 'small' }), {
		[SETTING.initialWindow]: 1000,
	});
	const streams = Object.keys(bodies).map((path) => wire.request(`/${path}`));
	for (const stream of streams)
		await wire.until('its beginning', () => wire.told(stream).body.length === 1000);
	const small = wire.request('/small.txt');
	await wire.ended(small);
	assert.is(wire.told(small).status, 200);
	wire.send(settingsFrame({ [SETTING.initialWindow]: 10 ** 7 }));
	for (const [file, stream] of streams.entries()) {
		await wire.ended(stream);
		assert.ok(wire.told(stream).body.equals(bodies[`${file}.bin`] ?? Buffer.alloc(0)));
	}
});

whole('a connection has 250 requests under way at most (RFC 9113 §5.1.2)', async () => {
	const tested = await openIndexed({ 'large.bin': noise(HELD_BYTES + 1), 'small.txt': 'small' });
	const wire = new Wire(tested, { [SETTING.initialWindow]: 0 });
	const streams = Array.from({ length: 250 }, () => wire.request('/large.bin'));
	for (const stream of streams) await wire.until('its beginning', () => wire.told(stream).status === 200);
	// What is more is refused, or the end of the connection: the client was told.
	const more = wire.request('/large.bin');
	await wire.ended(more).catch((error) => {
		if (!wire.isClosed) throw error;
	});
	assert.is(wire.told(more).status, 0);
	assert.is((await ask(tested, 'HTTP/2', '/small.txt')).status, 200);
});

/** How many of this process's open files have a path that ends so. */
const countOpen = async (path: string): Promise<number> => {
	const handles = await readdir('/proc/self/fd');
	const targets = await Promise.all(
		handles.map((handle) => readlink(`/proc/self/fd/${handle}`).catch(() => '')),
	);
	return targets.filter((target) => target.endsWith(path)).length;
};

whole('readers that go away leave no file open', async () => {
	if (!existsSync('/proc/self/fd')) return;
	const tested = await openIndexed({ 'large.bin': noise(3_000_000) });
	for (let round = 0; round < 3; round++) {
		const wire = new Wire(tested, { [SETTING.initialWindow]: 10_000 });
		const streams = Array.from({ length: 30 }, () => wire.request('/large.bin'));
		for (const stream of streams)
			await wire.until('its beginning', () => wire.told(stream).body.length === 10_000);
		assert.ok((await countOpen('/large.bin')) >= 30);
		if (round === 0) wire.send(...streams.map((stream) => resetFrame(stream, CANCEL)));
		else wire.socket.destroy();
		const line = new Line(tested);
		await line.write('GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n');
		line.socket.destroy();
		await eventually('all files closed', async () => (await countOpen('/large.bin')) === 0);
	}
	assert.is((await ask(tested, 'HTTP/2', '/large.bin')).body.length, 3_000_000);
});

whole('readers that go away before they are answered leave no file open, ours included', async () => {
	if (!existsSync('/proc/self/fd')) return;
	const tested = await openIndexed({ 'large.bin': noise(3_000_000) });
	for (const path of ['/large.bin', '/.casper/refusal.css']) {
		const wire = new Wire(tested);
		for (let request = 0; request < 60; request++)
			wire.send(resetFrame(wire.request(path, { ':method': request % 2 === 0 ? 'GET' : 'HEAD' }), CANCEL));
		await wire.flushed();
		const stuck = new Wire(tested, { [SETTING.initialWindow]: 0 });
		const streams = Array.from({ length: 10 }, () => stuck.request(path));
		for (const stream of streams) await stuck.until('its beginning', () => stuck.told(stream).status === 200);
		stuck.send(...streams.map((stream) => resetFrame(stream, CANCEL)));
		await stuck.flushed();
		for (let request = 0; request < 10; request++) {
			const line = new Line(tested);
			await line.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
			line.socket.destroy();
		}
		const name = path.slice(path.lastIndexOf('/'));
		await eventually(`all of ${path} closed`, async () => (await countOpen(name)) === 0);
	}
});

whole('pushes that are declined leave no file open', async () => {
	if (!existsSync('/proc/self/fd')) return;
	const files = {
		'index.html': '<!doctype html><img src="/a.bin"><img src="/b.bin">',
		'a.bin': noise(2_000_000),
		'b.bin': noise(2_000_001),
	};
	const tested = await openIndexed(files, { pushBudget: 10 ** 9 });
	for (let round = 0; round < 20; round++) {
		const wire = new Wire(tested, { [SETTING.initialWindow]: round % 2 === 0 ? 0 : 100_000 });
		const document = wire.request('/');
		await wire.until('promises', () => wire.promisesOn(document).length === 2);
		const promised = wire.promisesOn(document).map(({ promised: stream }) => stream);
		if (round % 4 < 2)
			for (const stream of promised)
				await wire.until('its beginning', () => wire.told(stream).status === 200);
		wire.send(...promised.map((stream) => resetFrame(stream, CANCEL)));
		await wire.flushed();
	}
	for (const name of ['/a.bin', '/b.bin'])
		await eventually(`${name} closed`, async () => (await countOpen(name)) === 0);
});

whole('what is no regular file is not there', async () => {
	const tested = await openIndexed({ 'file.txt': 'file' });
	execFileSync('mkfifo', [join(tested.folder, 'pipe.txt')]);
	for (const protocol of PROTOCOLS) assert.is((await ask(tested, protocol, '/pipe.txt')).status, 404);
	await rm(join(tested.folder, 'file.txt'));
	execFileSync('mkfifo', [join(tested.folder, 'file.txt')]);
	await eventually('that it is gone', async () => (await ask(tested, 'HTTP/2', '/file.txt')).status === 404);
	await rm(join(tested.folder, 'file.txt'));
	await put(tested.folder, 'file.txt/index.html', 'a folder now');
	await eventually('the folder', async () => (await ask(tested, 'HTTP/2', '/file.txt/')).status === 200);
	assert.is((await ask(tested, 'HTTP/2', '/file.txt')).status, 308);
});

whole.run();

const changing = suite('files that change');
changing.after.each(endAll);

/** Ways in which a file changes. */
const CHANGES: { name: string; change: (file: string, aside: string) => Promise<unknown> }[] = [
	{ name: 'cut short', change: (file) => truncate(file, 1_500_000) },
	{ name: 'emptied', change: (file) => truncate(file, 0) },
	{ name: 'rewritten from its beginning', change: (file) => writeFile(file, noise(6_000_000, 2)) },
	{
		name: 'rewritten in place near its end',
		change: async (file) => {
			const handle = await openFile(file, 'r+');
			await handle.write(noise(1000, 3), 0, 1000, 5_990_000);
			await handle.close();
		},
	},
	{ name: 'appended to', change: (file) => appendFile(file, 'more') },
	{
		name: 'replaced',
		change: async (file, aside) => {
			await writeFile(aside, noise(6_000_000, 4));
			await rename(aside, file);
		},
	},
	{ name: 'deleted', change: (file) => rm(file) },
];

changing(
	'while one is sent over HTTP/2, its stream is reset before the end; all else goes on (RFC 9113 §5.4.2)',
	async () => {
		const content = noise(6_000_000);
		for (const cert of [true, false])
			for (const { name, change } of CHANGES) {
				const tested = await openIndexed(
					{ 'large.bin': content, 'other.bin': content, 'small.txt': 'small' },
					{ cert },
				);
				const wire = new Wire(tested, { [SETTING.initialWindow]: 100_000 });
				const stream = wire.request('/large.bin');
				const other = wire.request('/other.bin');
				await wire.until('the beginning', () => wire.told(stream).body.length === 100_000);
				await change(join(tested.folder, 'large.bin'), join(tested.folder, '.aside'));
				wire.send(settingsFrame({ [SETTING.initialWindow]: 10 ** 8 }));
				await wire.ended(stream);
				const told = wire.told(stream);
				assert.is(told.isWhole, false, name);
				assert.is(told.resetCode, 2, name);
				assert.ok(told.body.length < content.length, `${name}: ${told.body.length} bytes`);
				await wire.ended(other);
				assert.ok(wire.told(other).body.equals(content), name);
				const small = wire.request('/small.txt');
				await wire.ended(small);
				assert.is(wire.told(small).status, 200, name);
				assert.ok(!wire.isClosed);
			}
	},
);

changing(
	'while one is sent over HTTP/1.1, the connection ends before the length announced (RFC 9112 §8)',
	async () => {
		// Larger than what the buffers of the two sockets can hold.
		const content = Buffer.concat(Array.from({ length: 12 }, () => noise(4_000_000)));
		for (const { name, change } of CHANGES) {
			const tested = await openIndexed({ 'large.bin': content, 'small.txt': 'small' }, { cert: false });
			const line = new Line(tested);
			await line.write('GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n');
			await line.until('the beginning', (received) => received.includes('\r\n\r\n'));
			line.socket.pause();
			await change(join(tested.folder, 'large.bin'), join(tested.folder, '.aside'));
			line.socket.resume();
			await line.closed();
			const body = line.received.length - line.received.indexOf('\r\n\r\n') - 4;
			assert.match(line.received.slice(0, 500), /^HTTP\/1\.1 200/);
			assert.ok(body < content.length, `${name}: ${body} bytes`);
			assert.is((await ask(tested, 'HTTP/1.1', '/small.txt')).status, 200, name);
		}
	},
);

changing('the next requests get the new version, all of it, soon', async () => {
	const tested = await openIndexed({
		'large.bin': noise(1_500_000),
		'small.txt': 'small',
		'index.html': '<!doctype html>1',
	});
	const session = openSession(tested);
	for (const path of ['large.bin', 'small.txt', 'index.html'])
		for (let version = 2; version < 6; version++) {
			const content =
				path === 'large.bin' ? noise(1_500_000 + (version % 2), version) : Buffer.from(`version ${version}`);
			await put(tested.folder, path, content);
			await eventually(
				`version ${version} of ${path}`,
				async () => {
					const answer = await askOn(session, `/${path}`);
					// While it is being written there may be nothing to give.
					if (answer.status === 503) return false;
					assertConsistent(answer, path);
					return answer.body.equals(content);
				},
				2,
			);
		}
});

changing('a file that is touched and nothing else keeps its tag (RFC 9110 §8.8.3)', async () => {
	const tested = await openIndexed({ 'large.bin': noise(1_500_000), 'small.txt': 'small' });
	for (const path of ['large.bin', 'small.txt']) {
		const before = await ask(tested, 'HTTP/2', `/${path}`);
		await utimes(join(tested.folder, path), new Date(), new Date(Date.now() - 5000));
		await put(tested.folder, 'marker.txt', path);
		await eventually(
			'the change',
			async () => String((await ask(tested, 'HTTP/2', '/marker.txt')).body) === path,
		);
		const after = await ask(tested, 'HTTP/2', `/${path}`, { 'if-none-match': before.fields.etag ?? '' });
		assert.is(after.status, 304);
	}
});

changing('files that come, go and come back', async () => {
	const tested = await openIndexed({ 'a.txt': 'a' });
	for (let round = 0; round < 5; round++) {
		await rm(join(tested.folder, 'a.txt'));
		await put(tested.folder, `new/${round}/b.txt`, `b${round}`);
		await eventually('its end', async () => (await ask(tested, 'HTTP/2', '/a.txt')).status === 404, 2);
		await eventually(
			'the new one',
			async () => (await ask(tested, 'HTTP/2', `/new/${round}/b.txt`)).status === 200,
			2,
		);
		await put(tested.folder, 'a.txt', `a${round}`);
		await rm(join(tested.folder, 'new'), { recursive: true });
		await eventually(
			'its return',
			async () => String((await ask(tested, 'HTTP/2', '/a.txt')).body) === `a${round}`,
			2,
		);
		await eventually(
			'that one gone',
			async () => (await ask(tested, 'HTTP/2', `/new/${round}/b.txt`)).status === 404,
			2,
		);
	}
});

/** Rewrites files at random, in every way in which programs do, until `isOver`. */
const rewrite = async (folder: string, random: Random, isOver: () => boolean): Promise<void> => {
	while (!isOver()) {
		const name = random.pick(['a.txt', 'b.txt', 'large.bin', 'index.html']);
		const size = name === 'large.bin' ? HELD_BYTES + 1 + random.below(200_000) : random.below(20_000);
		const content = noise(size, random.bits(32));
		const file = join(folder, name);
		switch (random.below(5)) {
			case 0:
				await writeFile(file, content);
				break;
			case 1:
				await writeFile(join(folder, `.${name}`), content);
				await rename(join(folder, `.${name}`), file);
				break;
			case 2: {
				const handle = await openFile(file, 'a+');
				await handle.close();
				const inPlace = await openFile(file, 'r+');
				await inPlace.write(content, 0, Math.min(content.length, 5000), random.below(30_000));
				await inPlace.close();
				break;
			}
			case 3:
				await appendFile(file, content.subarray(0, 100));
				break;
			default:
				if (name !== 'large.bin') await rm(file, { force: true });
		}
		await new Promise((resolve) => setTimeout(resolve, random.below(12)));
	}
};

changing('random rewriting under many readers: no body with the tag or the length of another', async () => {
	const seed = newSeed();
	console.log(`  seed ${seed} (repeat with CASPER_SEED=${seed})`);
	const random = new Random(seed);
	const tested = await openIndexed({
		'a.txt': 'a',
		'b.txt': 'b',
		'large.bin': noise(1_500_000),
		'index.html': 'i',
	});
	const until = performance.now() + 3000;
	const isOver = (): boolean => performance.now() > until;
	const seen = new Map<number, number>();
	const read = async (reader: number): Promise<void> => {
		const session = openSession(tested, { enablePush: false });
		for (let round = reader; !isOver(); round++) {
			const path = `/${['a.txt', 'large.bin', 'b.txt', 'index.html'][round % 4]}`;
			const asked = reader % 3 === 0 ? ask(tested, 'HTTP/1.1', path) : askOn(session, path);
			// A stream that is reset, or a connection that ends early, is how a change is made known.
			const answer = await asked.catch(() => undefined);
			seen.set(answer?.status ?? 0, (seen.get(answer?.status ?? 0) ?? 0) + 1);
			if (answer === undefined) continue;
			assert.ok([200, 404, 503].includes(answer.status), `${path}: ${answer.status} (seed ${seed})`);
			if (answer.status === 200) assertConsistent(answer, `${path} (seed ${seed})`);
		}
	};
	await within(
		'the readers',
		Promise.all([
			rewrite(tested.folder, random, isOver),
			...Array.from({ length: 9 }, (_, reader) => read(reader)),
		]),
		30,
	);
	console.log(`  answers by status: ${[...seen].map(([status, count]) => `${status}: ${count}`).join(', ')}`);
	assert.ok((seen.get(200) ?? 0) > 100);
	// When all is quiet, what is served is what is there.
	for (const path of ['a.txt', 'large.bin', 'index.html']) {
		const content = noise(30_000, seed % 1000);
		await put(tested.folder, path, content);
		await eventually(
			`the last version of ${path} (seed ${seed})`,
			async () => (await ask(tested, 'HTTP/2', `/${path}`)).body.equals(content),
			2,
		);
	}
});

changing.run();

const holding = suite('bodies in memory');
holding.after.each(endAll);

const assetOf = async (folder: string, path: string): Promise<Asset> => {
	const asset = await readAsset(folder, path as Asset['path']);
	if (asset === undefined) throw new Error(`${path}: no asset`);
	return asset;
};

holding('the least recently used go first, and no more bytes are held than allowed', async () => {
	const folder = await makeFolder(
		Object.fromEntries([1, 2, 3, 4].map((file) => [`${file}.bin`, noise(1000, file)])),
	);
	const [a, b, c, d] = await Promise.all([1, 2, 3, 4].map((file) => assetOf(folder, `/${file}.bin`)));
	if (!a || !b || !c || !d) throw new Error('no assets');
	const bodies = new Bodies(3000);
	for (const asset of [a, b, c]) assert.is((await bodies.open(asset))?.kind, 'held');
	assert.ok(bodies.peek(a));
	await bodies.open(d);
	assert.equal(
		[a, b, c, d].map((asset) => bodies.peek(asset) !== undefined),
		[true, false, true, true],
	);
});

holding('files of the same content are held once', async () => {
	const folder = await makeFolder({ 'a.bin': noise(1000), 'b.bin': noise(1000), 'c.bin': noise(1000, 2) });
	const [a, b, c] = await Promise.all(['/a.bin', '/b.bin', '/c.bin'].map((path) => assetOf(folder, path)));
	if (!a || !b || !c) throw new Error('no assets');
	const bodies = new Bodies(2000);
	for (const asset of [a, b, c]) await bodies.open(asset);
	assert.is(bodies.peek(a), bodies.peek(b));
	assert.ok(bodies.peek(a) && bodies.peek(c));
});

/** Text that codings make a good deal smaller, but not by the same amount for each version. */
const prose = (version: number): string => `version ${version}: ${'a word or two '.repeat(100 + version)}`;

const varied = (seed: number): string => {
	const random = new Random(seed);
	const words = 'margin padding colour border radius shadow grid area flex gap'.split(' ');
	return Array.from({ length: 2000 }, () => `${random.pick(words)}: ${random.below(50)}px;`).join('\n');
};

holding('codings are held with their body, made once, and count as bytes that are held', async () => {
	const files = Object.fromEntries([1, 2, 3].map((file) => [`${file}.txt`, prose(file)]));
	const folder = await makeFolder(files);
	const [a, b, c] = await Promise.all([1, 2, 3].map((file) => assetOf(folder, `/${file}.txt`)));
	if (!a || !b || !c) throw new Error('no assets');
	const { length } = await encodeContent(Buffer.from(prose(1)), 'gzip');
	const bodies = new Bodies(a.size + b.size + c.size + length);
	for (const asset of [a, b, c]) await bodies.open(asset);
	const held = bodies.peek(a);
	if (held === undefined) throw new Error('not held');
	await Promise.all([1, 2, 3].map(() => bodies.encode(a, held, 'gzip')));
	const coded = held.codings.get('gzip');
	assert.is(coded?.length, length);
	await bodies.encode(a, held, 'gzip');
	assert.is(held.codings.get('gzip'), coded);
	const areHeld = (): boolean[] => [a, b, c].map((asset) => bodies.peek(asset) !== undefined);
	assert.equal(areHeld(), [true, true, true]);
	// Up to here all had room.
	await bodies.encode(a, held, 'br');
	assert.equal(areHeld().filter((isHeld) => isHeld).length, 2);
});

holding('a coding that is no smaller is the body itself, and takes no room', async () => {
	const folder = await makeFolder({ 'a.bin': noise(1000), 'b.bin': noise(1000, 2) });
	const [a, b] = await Promise.all(['/a.bin', '/b.bin'].map((path) => assetOf(folder, path)));
	if (!a || !b) throw new Error('no assets');
	const bodies = new Bodies(2000);
	for (const asset of [a, b]) await bodies.open(asset);
	for (const coding of ['br', 'gzip'] as const) {
		const held = bodies.peek(a);
		if (held === undefined) throw new Error('not held');
		await bodies.encode(a, held, coding);
		assert.is(held.codings.get(coding), held.bytes);
	}
	assert.ok(bodies.peek(a) && bodies.peek(b));
});

holding('a coding is made smaller when there is nothing else to do, and takes less room', async () => {
	const folder = await makeFolder({ 'a.txt': varied(1), 'b.txt': varied(2) });
	const [a, b] = await Promise.all(['/a.txt', '/b.txt'].map((path) => assetOf(folder, path)));
	if (!a || !b) throw new Error('no assets');
	const { length } = await encodeContent(Buffer.from(varied(1)), 'br');
	const bodies = new Bodies(a.size + b.size + length, new IdleQueue());
	const body = await bodies.open(a);
	if (body?.kind !== 'held') throw new Error('not held');
	await bodies.encode(a, body, 'br');
	assert.is(body.codings.get('br')?.length, length);
	await eventually('a smaller one', () => (body.codings.get('br')?.length ?? length) < length);
	assert.is(String(brotliDecompressSync(body.codings.get('br') ?? '')), varied(1));
	await bodies.open(b);
	assert.ok(bodies.peek(a) && bodies.peek(b));
});

holding('what is dropped while it is coded is coded all the same, and is not counted', async () => {
	const folder = await makeFolder({ 'a.txt': prose(1), 'b.txt': prose(2) });
	const [a, b] = await Promise.all(['/a.txt', '/b.txt'].map((path) => assetOf(folder, path)));
	if (!a || !b) throw new Error('no assets');
	const bodies = new Bodies(b.size);
	const body = await bodies.open(a);
	if (body?.kind !== 'held') throw new Error('not held');
	const encoding = bodies.encode(a, body, 'gzip');
	await bodies.open(b);
	await encoding;
	assert.ok(body.codings.get('gzip'));
	assert.is(bodies.peek(a), undefined);
	assert.ok(bodies.peek(b));
});

holding('a file that is no longer the version asked for has no body, whether small or large', async () => {
	for (const size of [1000, HELD_BYTES + 1]) {
		const folder = await makeFolder({ 'a.bin': noise(size) });
		const asset = await assetOf(folder, '/a.bin');
		for (const content of [noise(size, 2), noise(size + 1), noise(size - 1), Buffer.alloc(0)]) {
			await writeFile(asset.file, content);
			assert.is(await new Bodies(10 ** 9).open(asset), undefined, `${size} → ${content.length} bytes`);
		}
		await rm(asset.file);
		assert.is(await new Bodies(10 ** 9).open(asset), undefined);
		await put(folder, 'a.bin/b', 'a folder');
		assert.is(await new Bodies(10 ** 9).open(asset), undefined);
	}
});

holding('a file that is streamed is closed, however its target ends', async () => {
	const folder = await makeFolder({ 'a.bin': noise(HELD_BYTES + 1) });
	const asset = await assetOf(folder, '/a.bin');
	const targets = [
		{
			name: 'takes all',
			want: true,
			make: () => new Writable({ write: (_chunk, _encoding, done) => done() }),
		},
		{
			name: 'takes it slowly',
			want: true,
			make: () =>
				new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void setImmediate(done) }),
		},
		{ name: 'is gone before', want: false, make: () => new Writable({ write: () => {} }).destroy() },
		{
			name: 'goes in the middle',
			want: false,
			make: () => {
				const target: Writable = new Writable({
					highWaterMark: 1,
					write: () => void setImmediate(() => target.destroy()),
				});
				return target;
			},
		},
	];
	for (const { name, want, make } of targets) {
		const body = await new Bodies(10 ** 9).open(asset);
		if (body?.kind !== 'file') throw new Error('expected a file');
		assert.is(await within(name, streamFile(asset, body.handle, make())), want, name);
		assert.is(body.handle.fd, -1, name);
	}
});

holding.run();
