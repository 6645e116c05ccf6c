// Bundles over time: what can be read before the end, readers that go away or do not read, and files that change meanwhile.

import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleOf, isBundle, navigation, readStart } from './support/bundle.ts';
import {
	ask,
	askOn,
	type Fields,
	Line,
	openSession,
	resetFrame,
	SETTING,
	Wire,
	windowFrame,
} from './support/client.ts';
import { endAll, eventually, openIndexed, put, type Tested, within } from './support/server.ts';

const slow = suite('bundles over time');
slow.after.each(endAll);

/** Text that hardly gets smaller by a coding. */
const noise = (length: number, of = ''): string => {
	let text = '';
	for (let at = 0; text.length < length; at++)
		text += createHash('sha512').update(`${length} ${of} ${at}`).digest('base64');
	return text.slice(0, length);
};

const HEAD =
	'<!doctype html><title>A</title><link rel="stylesheet" href="a.css"><script src="a.js" defer></script>' +
	'<body><img src="a.png" alt=""><img src="b.png" alt="">';
const FILES = {
	'index.html': `${HEAD}<p>${noise(900_000)}`,
	'small.html': `${HEAD}<p>A`,
	'a.css': `p { color: red } /* ${noise(5000)} */`,
	'a.js': `document.title = "B" // ${noise(5000)}`,
	'a.png': Buffer.from(noise(60_000, 'a')),
	'b.png': Buffer.from(noise(60_000, 'b')),
};
const CODINGS = [undefined, 'br', 'gzip'] as const;
const accepting = (coding: string | undefined): Fields => ({
	...navigation(),
	...(coding !== undefined && { 'accept-encoding': coding }),
});
const tagOf = (content: string | Uint8Array): string =>
	createHash('sha256').update(content).digest('hex').slice(0, 32);

/** More than what holds up the first paint takes, and less than a long document. */
const WINDOW = 40_000;

/** Asks for a bundle of which so much comes and no more, and waits for that. */
const begin = async (tested: Tested, coding: string | undefined): Promise<{ wire: Wire; stream: number }> => {
	const wire = new Wire(tested, { [SETTING.initialWindow]: WINDOW });
	const stream = wire.request('/', accepting(coding));
	await wire.until('the end of the window', () => wire.told(stream).body.length === WINDOW);
	return { wire, stream };
};

for (const coding of CODINGS)
	slow(
		`what holds up the first paint is there before a long document is: ${coding ?? 'as it is'}`,
		async () => {
			for (const cert of [true, false]) {
				const tested = await openIndexed(FILES, { bundle: true, cert });
				const { wire, stream } = await begin(tested, coding);
				const { fields, body, isWhole } = wire.told(stream);
				assert.is(fields['content-encoding'], coding);
				assert.not.ok(isWhole);
				const start = await readStart(body, coding);
				assert.equal(start.order.slice(0, 3), ['manifest', 'head /', 'content /']);
				for (const url of ['/a.css', '/a.js']) {
					assert.is(start.parts.get(url)?.outcome, 'end', url);
					assert.is(String(start.parts.get(url)?.body), FILES[url.slice(1) as 'a.css' | 'a.js']);
				}
				assert.is(start.parts.get('/')?.outcome, undefined);
				assert.is(start.parts.get('/a.png')?.status, 0);
				wire.send(windowFrame(stream, 2 ** 30));
				await wire.ended(stream);
				assert.ok(bundleOf(wire.told(stream)).isComplete);
				wire.socket.destroy();
			}
		},
	);

for (const coding of CODINGS)
	slow(`a part can be read as soon as its last byte is there: ${coding ?? 'as it is'}`, async () => {
		const tested = await openIndexed(FILES, { bundle: true });
		const wire = new Wire(tested, { [SETTING.initialWindow]: 0 });
		const stream = wire.request('/small', accepting(coding));
		const ends: string[] = [];
		// As by a slow line: little by little. What has come whole is never waiting for what comes after it.
		for (let granted = 0; !wire.told(stream).isWhole; granted += 4000) {
			assert.ok(granted < 1e6);
			wire.send(windowFrame(stream, 4000));
			await wire.flushed();
			await sleep(5);
			const { order } = await readStart(wire.told(stream).body, coding);
			for (const each of order) if (!ends.includes(each)) ends.push(each);
			const { body } = wire.told(stream);
			if (body.length > 30_000) assert.ok(ends.includes('end /a.css') && ends.includes('end /small'));
			if (body.length > 90_000) assert.ok(ends.includes('end /a.png'));
		}
		assert.is(ends.at(-1), 'complete');
	});

slow('over HTTP/1.1, too, the start is there while the rest waits', async () => {
	const tested = await openIndexed(FILES, { bundle: true, cert: false });
	const line = new Line(tested);
	const said = Object.entries(navigation()).map(([name, value]) => `${name}: ${value}\r\n`);
	await line.write(`GET / HTTP/1.1\r\nhost: localhost\r\n${said.join('')}\r\n`);
	await line.until('the style sheet', (received) => {
		if (!received.includes('p { color: red }')) return false;
		line.socket.pause();
		return true;
	});
	const bundle = await ask(tested, 'HTTP/2', '/', navigation());
	assert.ok(bundleOf(bundle).isComplete);
	line.socket.resume();
	await line.until('the end', (received) => received.endsWith('\r\n0\r\n\r\n'));
});

/** A bundle is coded again, which it would not be if those before had left their coders behind. */
const assertServes = async (tested: Tested): Promise<void> => {
	const answer = await ask(tested, 'HTTP/2', '/', accepting('br'));
	assert.is(answer.fields['content-encoding'], 'br');
	assert.ok(bundleOf(answer).isComplete);
};

slow('readers that go away, whenever they do, leave nothing behind', async () => {
	const tested = await openIndexed(FILES, { bundle: true });
	for (const [stop, window] of [
		// Before anything was sent, with the first bytes, and while it is stuck.
		[0, 0],
		[1, 2 ** 20],
		[20, 0],
		[20, 20_000],
		[50, 2 ** 20],
	] as const) {
		const wire = new Wire(tested, { [SETTING.initialWindow]: window });
		const streams = Array.from({ length: 40 }, () => wire.request('/', accepting('br')));
		await sleep(stop);
		wire.send(...streams.map((stream) => resetFrame(stream, 8)));
		await wire.flushed();
		await eventually(`room for coders after ${stop} ms`, async () => {
			const { fields } = await ask(tested, 'HTTP/2', '/small', accepting('br'));
			return fields['content-encoding'] === 'br';
		});
	}
	await assertServes(tested);
	assert.equal(tested.problems, []);
});

slow('connections that break leave nothing behind, over either protocol', async () => {
	const tested = await openIndexed(FILES, { bundle: true });
	const said = Object.entries(accepting('br')).map(([name, value]) => `${name}: ${value}\r\n`);
	for (const wait of [0, 5, 30]) {
		const lines = Array.from({ length: 20 }, () => new Line(tested));
		for (const line of lines) {
			await line.write(`GET / HTTP/1.1\r\nhost: localhost\r\n${said.join('')}\r\n`);
			line.socket.pause();
		}
		const wires = Array.from({ length: 5 }, () => new Wire(tested, { [SETTING.initialWindow]: 0 }));
		for (const wire of wires) for (let count = 0; count < 5; count++) wire.request('/', accepting('br'));
		await sleep(wait);
		for (const { socket } of [...lines, ...wires]) socket.destroy();
		await eventually('room for coders', async () => {
			const { fields } = await ask(tested, 'HTTP/2', '/small', accepting('br'));
			return fields['content-encoding'] === 'br';
		});
	}
	await assertServes(tested);
	assert.equal(tested.problems, []);
});

slow('readers that never read hold up nobody, and the server closes all the same', async () => {
	const tested = await openIndexed(FILES, { bundle: true });
	const wires = Array.from({ length: 10 }, () => new Wire(tested, { [SETTING.initialWindow]: 0 }));
	const streams = wires.flatMap((wire) =>
		Array.from({ length: 20 }, () => [wire, wire.request('/', accepting('br'))] as const),
	);
	for (const wire of wires) await wire.flushed();
	// Beyond those that there are coders for, bundles go as they are.
	const session = openSession(tested);
	for (let count = 0; count < 5; count++)
		assert.ok(bundleOf(await askOn(session, '/', accepting('br'))).isComplete);
	assert.not.ok(streams.some(([wire, stream]) => wire.told(stream).isWhole));
	session.close();
	await within('the end of the server', tested.server.close(), 15);
	assert.equal(tested.problems, []);
});

slow('a file that has changed by the time it is due is not sent, and nothing else in its place', async () => {
	for (const coding of CODINGS) {
		const tested = await openIndexed(FILES, { bundle: true });
		const { wire, stream } = await begin(tested, coding);
		await put(tested.folder, 'b.png', Buffer.from(noise(60_000, 'c')));
		wire.send(windowFrame(stream, 2 ** 30));
		await wire.ended(stream);
		const { parts, isComplete, order } = bundleOf(wire.told(stream));
		assert.ok(isComplete);
		const part = parts.get('/b.png');
		assert.is(part?.tag, tagOf(FILES['b.png']));
		assert.ok(part?.isSent);
		assert.is(part?.outcome, 'gone');
		assert.is(part?.body.length, 0);
		assert.ok(order.includes('gone /b.png') && !order.includes('head /b.png'));
		assert.is(parts.get('/a.png')?.outcome, 'end');
		wire.socket.destroy();
		await endAll();
	}
});

slow('a file that is gone by the time it is due is not sent, and all others are', async () => {
	const tested = await openIndexed(FILES, { bundle: true });
	const { wire, stream } = await begin(tested, 'br');
	await rm(`${tested.folder}/a.png`);
	wire.send(windowFrame(stream, 2 ** 30));
	await wire.ended(stream);
	const { parts, isComplete } = bundleOf(wire.told(stream));
	assert.ok(isComplete);
	assert.is(parts.get('/a.png')?.outcome, 'gone');
	assert.is(parts.get('/b.png')?.outcome, 'end');
});

slow('while files change all the time, every part is the version that it is announced as', async () => {
	const tested = await openIndexed(FILES, { bundle: true });
	const session = openSession(tested);
	let sent = 0;
	for (let round = 0; round < 40; round++) {
		const page = `${HEAD}<p>${noise(20_000 + round)}`;
		await put(tested.folder, 'small.html', page);
		await put(tested.folder, 'a.css', `p { color: red } /* ${noise(5000, String(round))} */`);
		const answer = await askOn(session, '/small', accepting(CODINGS[round % 3]));
		// One that changes faster than it can be read is given up on.
		if (answer.status === 503) continue;
		assert.ok(isBundle(answer));
		const { parts, isComplete } = bundleOf(answer);
		assert.ok(isComplete);
		for (const { url, tag, isSent, outcome, body } of parts.values()) {
			assert.ok(isSent && outcome !== undefined, url);
			if (outcome === 'gone') continue;
			sent++;
			const file = String(body).replace(/(?:<script async [^>]*><\/script>)+/, '');
			assert.is(tag.slice(0, 32), tagOf(url.endsWith('.png') ? body : file), url);
		}
	}
	assert.ok(sent > 40, `${sent} parts`);
});

slow.run();
