// Ranges and preconditions as clients see them, over both protocols.

import { truncate, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HELD_BYTES } from '../src/delivery/body.ts';
import { ask, type Fields, Line, PROTOCOLS, SETTING, settingsFrame, Wire } from './support/client.ts';
import { makeFolder } from './support/folder.ts';
import { endAll, openIndexed, type Tested } from './support/server.ts';

const ranges = suite('ranges on the wire');
ranges.after.each(endAll);

const SMALL = Buffer.from('0123456789');
const LARGE = Buffer.from(
	Array.from({ length: 3_000_000 }, (_, at) => (at * 31 + (at >> 8) * 7 + (at >> 16)) & 255),
);
const FILES = {
	'small.bin': SMALL,
	'large.bin': LARGE,
	'empty.bin': '',
	'index.html': '<!doctype html><link rel="stylesheet" href="/a.css"><p>0123456789',
	'a.css': 'a{}',
};

const tagOf = async (tested: Tested, path: string): Promise<string> =>
	(await ask(tested, 'HTTP/2', path, {}, 'HEAD')).fields.etag ?? '';

ranges('a part of a file, held or streamed: 206 (RFC 9110 §15.3.7)', async () => {
	const tested = await openIndexed(FILES);
	const cases: readonly { path: string; content: Buffer; input: string; start: number; end: number }[] = [
		{ path: '/small.bin', content: SMALL, input: '0-3', start: 0, end: 4 },
		{ path: '/small.bin', content: SMALL, input: '5-', start: 5, end: 10 },
		{ path: '/small.bin', content: SMALL, input: '-3', start: 7, end: 10 },
		{ path: '/small.bin', content: SMALL, input: '0-', start: 0, end: 10 },
		{ path: '/small.bin', content: SMALL, input: '4-99', start: 4, end: 10 },
		{ path: '/small.bin', content: SMALL, input: '5-6,3-4', start: 3, end: 7 },
		{ path: '/large.bin', content: LARGE, input: '0-0', start: 0, end: 1 },
		{ path: '/large.bin', content: LARGE, input: '65535-65536', start: 65_535, end: 65_537 },
		{ path: '/large.bin', content: LARGE, input: '100-2000000', start: 100, end: 2_000_001 },
		{ path: '/large.bin', content: LARGE, input: '-65537', start: 2_934_463, end: 3_000_000 },
		{ path: '/large.bin', content: LARGE, input: '2999999-', start: 2_999_999, end: 3_000_000 },
	];
	assert.ok(LARGE.length > HELD_BYTES);
	for (const protocol of PROTOCOLS)
		for (const { path, content, input, start, end } of cases) {
			const what = `${protocol} ${path} ${input}`;
			const whole = await ask(tested, protocol, path, {}, 'HEAD');
			const { status, fields, body } = await ask(tested, protocol, path, { range: `bytes=${input}` });
			assert.is(status, 206, what);
			assert.ok(body.equals(content.subarray(start, end)), what);
			assert.is(fields['content-range'], `bytes ${start}-${end - 1}/${content.length}`, what);
			assert.is(fields['content-length'], String(end - start), what);
			for (const name of ['etag', 'last-modified', 'cache-control', 'content-type', 'accept-ranges', 'vary'])
				assert.is(fields[name], whole.fields[name], `${what}: ${name}`);
		}
});

ranges('what is no range that we send is the whole (RFC 9110 §14.2)', async () => {
	const tested = await openIndexed(FILES);
	for (const protocol of PROTOCOLS)
		for (const input of ['bytes=9-2', 'bytes=0-1,5-6', 'items=0-1', 'bytes=x', 'bytes=-', ''])
			for (const [path, content] of [
				['/small.bin', SMALL],
				['/empty.bin', Buffer.alloc(0)],
			] as const) {
				const { status, fields, body } = await ask(tested, protocol, path, { range: input });
				assert.is(status, 200, `${protocol} ${path} ${input}`);
				assert.is(fields['content-range'], undefined);
				assert.ok(body.equals(content));
			}
});

ranges('what is not there: 416 with the length (RFC 9110 §15.5.17)', async () => {
	const tested = await openIndexed(FILES);
	for (const protocol of PROTOCOLS)
		for (const [path, input, length] of [
			['/small.bin', 'bytes=10-', 10],
			['/small.bin', 'bytes=-0', 10],
			['/large.bin', 'bytes=3000000-3000001', 3_000_000],
		] as const) {
			const { status, fields, body } = await ask(tested, protocol, path, { range: input });
			assert.is(status, 416, `${protocol} ${path} ${input}`);
			assert.is(fields['content-range'], `bytes */${length}`);
			assert.is(fields['cache-control'], 'no-store');
			assert.match(String(body), /^416 /);
		}
});

ranges('a range of nothing is nothing; a HEAD knows no ranges (RFC 9110 §14.2)', async () => {
	const tested = await openIndexed(FILES);
	for (const protocol of PROTOCOLS) {
		assert.is((await ask(tested, protocol, '/empty.bin', { range: 'bytes=0-' })).status, 200);
		for (const range of ['bytes=0-1', 'bytes=100-']) {
			const { status, fields } = await ask(tested, protocol, '/small.bin', { range }, 'HEAD');
			assert.is(status, 200);
			assert.is(fields['content-length'], '10');
		}
		assert.is((await ask(tested, protocol, '/missing', { range: 'bytes=0-1' })).status, 404);
	}
});

ranges('a part of another version is never sent: If-Range (RFC 9110 §13.1.5)', async () => {
	const tested = await openIndexed(FILES);
	const etag = await tagOf(tested, '/large.bin');
	const { fields } = await ask(tested, 'HTTP/2', '/large.bin', {}, 'HEAD');
	const range = 'bytes=10-19';
	for (const protocol of PROTOCOLS)
		for (const { input, want } of [
			{ input: etag, want: 206 },
			{ input: `W/${etag}`, want: 200 },
			{ input: '"other"', want: 200 },
			{ input: fields['last-modified'] ?? '', want: 200 },
			{ input: 'nonsense', want: 200 },
		]) {
			const answer = await ask(tested, protocol, '/large.bin', { range, 'if-range': input });
			assert.is(answer.status, want, `${protocol} ${input}`);
			assert.is(answer.body.length, want === 206 ? 10 : LARGE.length);
		}
});

ranges('a part of a page is no page view: nothing is pushed or hinted', async () => {
	const tested = await openIndexed(FILES);
	const { document, pushes } = await new Wire(tested).view('/', { range: 'bytes=0-14' });
	assert.is(document.status, 206);
	assert.is(String(document.body), '<!doctype html>');
	assert.is(pushes.size, 0);
	for (const protocol of PROTOCOLS) {
		const { status, fields } = await ask(tested, protocol, '/', { range: 'bytes=0-14' });
		assert.is(status, 206);
		assert.is(fields.link, undefined);
		assert.is(fields['set-cookie'], undefined);
	}
	const whole = await new Wire(tested).view('/');
	assert.is(whole.pushes.size, 1);
});

ranges('while a part is sent and its file changes, the end is missing (RFC 9113 §5.4.2)', async () => {
	const tested = await openIndexed(FILES);
	const wire = new Wire(tested, { [SETTING.initialWindow]: 100_000 });
	const stream = wire.request('/large.bin', { range: 'bytes=1000-2000000' });
	await wire.until('the beginning', () => wire.told(stream).body.length === 100_000);
	await truncate(join(tested.folder, 'large.bin'), 1_500_000);
	wire.send(settingsFrame({ [SETTING.initialWindow]: 10 ** 8 }));
	await wire.ended(stream);
	assert.is(wire.told(stream).status, 206);
	assert.is(wire.told(stream).isWhole, false);
});

ranges('what has been got of a download that broke off is gone on with, and is the file', async () => {
	const tested = await openIndexed(FILES);
	const line = new Line(tested);
	await line.write('GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n');
	await line.until('some of it', (received) => received.length > 200_000);
	line.socket.destroy();
	const got = Buffer.from(line.received, 'latin1').subarray(line.received.indexOf('\r\n\r\n') + 4);
	const rest = await ask(tested, 'HTTP/1.1', '/large.bin', {
		range: `bytes=${got.length}-`,
		'if-range': await tagOf(tested, '/large.bin'),
	});
	assert.is(rest.status, 206);
	assert.ok(Buffer.concat([got, rest.body]).equals(LARGE));
});

const conditions = suite('preconditions on the wire');
conditions.after.each(endAll);

const WRITTEN = 'Thu, 01 Jan 2026 12:00:00 GMT';
const DAY_BEFORE = 'Wed, 31 Dec 2025 12:00:00 GMT';

const openDated = async (date: string | number): Promise<Tested> => {
	const folder = await makeFolder({ 'small.bin': SMALL, 'large.bin': LARGE });
	for (const path of ['small.bin', 'large.bin']) await utimes(join(folder, path), new Date(), new Date(date));
	return openIndexed(folder);
};

conditions('each has its answer (RFC 9110 §13.2.2)', async () => {
	const tested = await openDated(WRITTEN);
	for (const path of ['/small.bin', '/large.bin']) {
		const tag = await tagOf(tested, path);
		const cases: readonly { input: Fields; want: number }[] = [
			{ input: {}, want: 200 },
			{ input: { 'if-match': tag }, want: 200 },
			{ input: { 'if-match': '*' }, want: 200 },
			{ input: { 'if-match': '"other"' }, want: 412 },
			{ input: { 'if-match': `W/${tag}` }, want: 412 },
			{ input: { 'if-unmodified-since': WRITTEN }, want: 200 },
			{ input: { 'if-unmodified-since': DAY_BEFORE }, want: 412 },
			{ input: { 'if-none-match': tag }, want: 304 },
			{ input: { 'if-none-match': `W/${tag}` }, want: 304 },
			{ input: { 'if-modified-since': WRITTEN }, want: 304 },
			{ input: { 'if-modified-since': DAY_BEFORE }, want: 200 },
			{ input: { 'if-modified-since': WRITTEN, 'if-none-match': '"other"' }, want: 200 },
			{ input: { 'if-modified-since': WRITTEN, range: 'bytes=0-1' }, want: 304 },
			{ input: { 'if-match': tag, range: 'bytes=0-1' }, want: 206 },
		];
		for (const protocol of PROTOCOLS)
			for (const { input, want } of cases)
				for (const method of ['GET', 'HEAD']) {
					const { status, fields, body } = await ask(tested, protocol, path, input, method);
					const what = `${protocol} ${method} ${path} ${JSON.stringify(input)}`;
					assert.is(status, want === 206 && method === 'HEAD' ? 200 : want, what);
					if (status === 304) {
						assert.is(fields.etag, tag, what);
						assert.is(fields['cache-control'], 'no-cache', what);
						assert.is(fields['content-length'], undefined, what);
						assert.is(body.length, 0, what);
					}
					if (status === 200) assert.is(fields['last-modified'], WRITTEN, what);
				}
	}
});

conditions('no date of the future is sent, and none that means nothing (RFC 9110 §8.8.2.1)', async () => {
	const future = await openDated(Date.now() + 10 ** 9);
	const { fields } = await ask(future, 'HTTP/2', '/small.bin');
	assert.ok(Date.parse(fields['last-modified'] ?? '') <= Date.parse(fields.date ?? ''));
	const reproducible = await openDated(1000);
	const answer = await ask(reproducible, 'HTTP/2', '/small.bin', { 'if-modified-since': WRITTEN });
	assert.is(answer.status, 200);
	assert.is(answer.fields['last-modified'], undefined);
});

ranges.run();
conditions.run();
