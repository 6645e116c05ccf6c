// Large files and many readers: what is sent is read as it is sent, and a version that ends under way ends its readers.

import { open, rename, statfs, truncate, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { headersFrame, SETTING, settingsFrame, windowFrame } from '../support/client.ts';
import { endAll, makeFolder, onEnd, within } from '../support/server.ts';
import { type Apart, isMeasurable, openApart } from './apart.ts';

const SIZE = 2 ** 30;
/** Of a file that changes: each of them is read whole before it is served. */
const CHANGING_SIZE = 2 ** 27;
const MOST_MB = 50;
const READERS = 50;
/** How many of them read to the end; the others stop early, read slowly, and are cut off. */
const EAGER = 4;
const MARK = Buffer.from('<here are bytes unlike the others>');
/** At the edges of the pieces that a server might read, and where 32 bits with a sign are at their end. */
const PLACES = [0, 65_520, 2 ** 20 + 1, 2 ** 29 - 7, 700_000_001, SIZE - MARK.length];

const disk = await statfs(tmpdir());
const isRoomy = disk.bavail * disk.bsize >= 2 * SIZE;
const large = suite('large files');
large.after.each(endAll);
const test = isRoomy && isMeasurable ? large : large.skip;
if (test === large.skip)
	console.error('SKIPPED: large files need 2 GB of free disk in the temporary folder, and /proc');

/** Where a reader got to: bytes of the body, places at which a mark was, and whether anything else was not zero. */
class Progress {
	bytes = 0;
	isOver = false;
	readonly places: number[] = [];
	isStained = false;
	#mark: number[] = [];

	take(chunk: Buffer): void {
		// A sparse file is zeros but for its marks; to compare is faster than to look at each byte.
		if (!chunk.equals(ZEROS.subarray(0, chunk.length)))
			for (let at = 0; at < chunk.length; at++) {
				const byte = chunk[at]!;
				if (byte === 0) continue;
				if (this.#mark.length === 0) this.places.push(this.bytes + at);
				if (byte !== MARK[this.#mark.length]) this.isStained = true;
				this.#mark.push(byte);
				if (this.#mark.length === MARK.length) this.#mark = [];
			}
		this.bytes += chunk.length;
	}
}

const ZEROS = Buffer.alloc(2 ** 20);

interface Reader extends Progress {
	readonly socket: Socket;
}

const secureSocket = (port: number, alpn: string): Socket =>
	connectTls({ host: '127.0.0.1', port, ALPNProtocols: [alpn], rejectUnauthorized: false });

/** Reads over HTTP/1.1: everything behind the head is the body. */
const readHttp1 = (socket: Socket): Reader => {
	let head = '';
	const progress = Object.assign(new Progress(), { socket });
	socket.on('data', (chunk: Buffer) => {
		if (head.endsWith('\r\n\r\n')) return progress.take(chunk);
		const text = head + chunk.toString('latin1');
		const end = text.indexOf('\r\n\r\n');
		if (end === -1) {
			head = text;
			return;
		}
		const rest = chunk.subarray(end + 4 - head.length);
		head = text.slice(0, end + 4);
		progress.take(rest);
	});
	socket.write('GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n');
	return progress;
};

/** Reads over HTTP/2, looking at nothing but DATA, and gives back what it has read now and then (RFC 9113 §6.9). */
const readHttp2 = (socket: Socket, authority: string, window: number): Reader => {
	const progress = Object.assign(new Progress(), { socket });
	let pending: Buffer = Buffer.alloc(0);
	let left = 0;
	let unacknowledged = 0;
	socket.on('data', (chunk: Buffer) => {
		let rest = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
		pending = Buffer.alloc(0);
		while (rest.length > 0) {
			if (left > 0) {
				const taken = rest.subarray(0, left);
				progress.take(taken);
				left -= taken.length;
				unacknowledged += taken.length;
				rest = rest.subarray(taken.length);
				continue;
			}
			const isWhole = rest.length >= 9 && (rest[3] === 0 || rest.length >= 9 + rest.readUIntBE(0, 3));
			if (!isWhole) {
				pending = rest;
				break;
			}
			const length = rest.readUIntBE(0, 3);
			if (rest[3] === 0) left = length;
			rest = rest.subarray(rest[3] === 0 ? 9 : 9 + length);
		}
		if (unacknowledged > window / 2) {
			socket.write(Buffer.concat([0, 1].map((stream) => windowFrame(stream, unacknowledged))));
			unacknowledged = 0;
		}
	});
	const fields = { ':method': 'GET', ':scheme': 'https', ':authority': authority, ':path': '/large.bin' };
	socket.write(
		Buffer.concat([
			Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
			settingsFrame({ [SETTING.initialWindow]: window }),
			windowFrame(0, window),
			headersFrame(1, fields, true),
		]),
	);
	return progress;
};

const startReader = ({ secure, plain }: Apart, at: number): Reader => {
	const isHttp2 = at % 2 === 0;
	const isSecure = at % 4 < 2;
	const { port } = isSecure ? secure : plain;
	const socket = isSecure
		? secureSocket(port, isHttp2 ? 'h2' : 'http/1.1')
		: connectTcp({ host: '127.0.0.1', port });
	socket.on('error', () => {});
	onEnd(() => socket.destroy());
	const reader = isHttp2 ? readHttp2(socket, `localhost:${port}`, 2 ** 20) : readHttp1(socket);
	socket.on('close', () => {
		reader.isOver = true;
	});
	return reader;
};

const openLarge = async (size: number = SIZE): Promise<{ server: Apart; file: string }> => {
	const home = await makeFolder({ 'site/index.html': 'a' });
	const file = join(home, 'site', 'large.bin');
	await writeFile(file, '');
	await truncate(file, size);
	const handle = await open(file, 'r+');
	for (const place of PLACES) if (place < size) await handle.write(MARK, 0, MARK.length, place);
	await handle.close();
	return { server: await openApart(join(home, 'site'), join(home, 'storage')), file };
};

test(`${READERS} readers of 1 GB, slow ones included, cost ${MOST_MB} MB at most, and who reads on gets it all`, async () => {
	const { server } = await openLarge();
	const warm = startReader(server, 0);
	const warmPlain = startReader(server, 3);
	while (warm.bytes < 2 ** 26 || warmPlain.bytes < 2 ** 26) await sleep(10);
	for (const { socket } of [warm, warmPlain]) socket.destroy();
	const beforeMb = server.residentMb();
	const peakMb = server.watchPeak();
	const readers = Array.from({ length: READERS }, (_, at) => startReader(server, at));
	const eager = readers.slice(0, EAGER);
	const slow = readers.slice(EAGER);
	for (const { socket } of slow) socket.pause();
	// A little every quarter of a second.
	const timer = setInterval(() => {
		for (const { socket } of slow) {
			socket.resume();
			setTimeout(() => socket.pause(), 1);
		}
	}, 250);
	onEnd(() => clearInterval(timer));
	const finished = async (): Promise<void> => {
		while (!eager.every(({ bytes, isOver }) => bytes === SIZE || isOver)) await sleep(20);
	};
	await within('1 GB for those who read on', finished(), 45);
	const grownMb = peakMb() - beforeMb;
	console.log(`  ${grownMb.toFixed(0)} MB more, ${server.processorSeconds().toFixed(1)} s of processor time`);
	for (const [at, { bytes, places, isStained }] of eager.entries()) {
		assert.is(bytes, SIZE, `reader ${at}`);
		assert.equal(places, PLACES, `reader ${at}`);
		assert.not.ok(isStained, `reader ${at}`);
	}
	for (const [at, { bytes, places, isOver, socket }] of slow.entries()) {
		assert.not.ok(isOver, `slow reader ${at}`);
		assert.ok(bytes > 0, `slow reader ${at}`);
		assert.equal(
			places,
			PLACES.filter((place) => place < bytes),
			`slow reader ${at}`,
		);
		socket.destroy();
	}
	assert.ok(grownMb <= MOST_MB, `${grownMb} MB more`);
	assert.is((await fetch(server.plain.server.url)).status, 200);
});

const CHANGES: readonly { name: string; change: (file: string) => Promise<unknown>; isKept?: boolean }[] = [
	{ name: 'is cut', change: (file) => truncate(file, 2 ** 22) },
	{
		name: 'is written over in place',
		change: async (file) => {
			const handle = await open(file, 'r+');
			await handle.write(Buffer.alloc(2 ** 16, 'x'), 0, 2 ** 16, CHANGING_SIZE - 2 ** 20);
			await handle.close();
		},
	},
	{
		// The file that is being read is the same one still: its readers get it whole, and nothing of the other.
		name: 'has another put in its place',
		change: async (file) => {
			await writeFile(`${file}.new`, Buffer.alloc(2 ** 20, 'x'));
			await rename(`${file}.new`, file);
		},
		isKept: true,
	},
];

for (const { name, change, isKept = false } of CHANGES)
	test(`a file that ${name} while it is read: its readers get ${isKept ? 'one version, or a reset' : 'a reset'}, never a mixture that ends as a whole (RFC 9110 §6.1)`, async () => {
		const { server, file } = await openLarge(CHANGING_SIZE);
		const readers = Array.from({ length: 4 }, (_, at) => startReader(server, at));
		while (!readers.every(({ bytes }) => bytes > 2 ** 23)) await sleep(2);
		for (const { socket } of readers) socket.pause();
		await change(file);
		await sleep(50);
		for (const { socket } of readers) socket.resume();
		const came = async (): Promise<void> => {
			for (let last = -1, at = 0; ; ) {
				const now = readers.reduce((sum, { bytes }) => sum + bytes, 0);
				const isStill = now === last;
				at = isStill ? at + 1 : 0;
				last = now;
				if (at > 20 || readers.every(({ bytes, isOver }) => bytes === CHANGING_SIZE || isOver)) return;
				await sleep(50);
			}
		};
		await within('the end of all readers', came(), 30);
		for (const [at, { isStained, bytes }] of readers.entries()) {
			const isWhole = bytes === CHANGING_SIZE;
			if (isKept) assert.not.ok(isStained, `reader ${at}`);
			else assert.not.ok(isWhole, `reader ${at}: ${bytes} bytes, whole`);
			if (isWhole) assert.not.ok(isStained, `reader ${at}`);
		}
		server.assertAlive();
	});

large.run();
