import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Line, Wire } from './support/client.ts';
import { endAll, openIndexed, type Tested } from './support/server.ts';

const grace = suite('grace');
grace.after.each(endAll);

const SIZE = 20_000_000;
const SITE = { 'index.html': 'index', 'a.txt': 'a', 'large.bin': Buffer.alloc(SIZE, 7) };

/** A large answer over either protocol of which the client takes nothing for now. */
const begin = async (tested: Tested): Promise<{ line: Line; wire: Wire; stream: number }> => {
	const line = new Line(tested);
	await line.write('GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n');
	await line.until('the beginning', (received) => received.includes('\r\n\r\n'));
	line.socket.pause();
	const wire = new Wire(tested);
	const stream = wire.request('/large.bin');
	await wire.until('the beginning', () => wire.told(stream).status === 200);
	wire.socket.pause();
	return { line, wire, stream };
};

const bodyOf = ({ received }: Line): number => received.length - received.indexOf('\r\n\r\n') - 4;

const rows: readonly {
	name: string;
	input: { seconds: number | undefined; resumeMs: number };
	want: boolean;
}[] = [
	{
		name: 'by default, what is taken soon is whole',
		input: { seconds: undefined, resumeMs: 1000 },
		want: true,
	},
	{ name: 'within it, answers are whole', input: { seconds: 60, resumeMs: 1000 }, want: true },
	{ name: 'after it, they are ended', input: { seconds: 1, resumeMs: 1600 }, want: false },
	{ name: 'none: they are ended at once', input: { seconds: 0, resumeMs: 500 }, want: false },
];
for (const { name, input, want } of rows)
	for (const cert of [false, true])
		grace(`${name}${cert ? ', over TLS' : ''}`, async () => {
			const tested = await openIndexed(SITE, { cert, grace: input.seconds });
			const { line, wire, stream } = await begin(tested);
			const started = performance.now();
			let tookMs = 0;
			const closed = tested.server.close().then(() => {
				tookMs = performance.now() - started;
			});
			await new Promise((resolve) => setTimeout(resolve, input.resumeMs));
			line.socket.resume();
			wire.socket.resume();
			await line.closed();
			await wire.until('the end', () => wire.isClosed);
			await closed;
			assert.is(bodyOf(line) === SIZE, want);
			assert.is(wire.told(stream).isWhole && wire.told(stream).body.length === SIZE, want);
			if (want) assert.ok(wire.frames.some(({ kind }) => kind === 'goaway'));
			const { seconds = 5 } = input;
			if (want) assert.ok(tookMs < seconds * 1000, `closed after ${tookMs} ms`);
			else
				assert.ok(
					tookMs >= seconds * 1000 - 50 && tookMs < seconds * 1000 + 400,
					`closed after ${tookMs} ms`,
				);
		});

grace('a request that comes in meanwhile is told to be the last on its connection', async () => {
	const tested = await openIndexed(SITE, { cert: false, grace: 60 });
	const { line, wire, stream } = await begin(tested);
	const closed = tested.server.close();
	await line.write('GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n');
	line.socket.resume();
	wire.socket.resume();
	await line.closed();
	assert.match(line.received.slice(-600), /HTTP\/1\.1 200 [\s\S]*connection: close[\s\S]*\r\n\r\na$/i);
	await wire.until('the end', () => wire.isClosed);
	assert.ok(wire.told(stream).isWhole);
	await closed;
});

grace.run();
