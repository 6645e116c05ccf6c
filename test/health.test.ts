import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ask, Line, PROTOCOLS } from './support/client.ts';
import { endAll, open, openIndexed } from './support/server.ts';

const health = suite('health');
health.after.each(endAll);

const SITE = { 'index.html': 'index', 'up.txt': 'a file', 'large.bin': Buffer.alloc(20_000_000, 1) };

const rows: readonly {
	name: string;
	input: { readonly health: string | boolean; readonly target: string; readonly method?: string };
	want: string;
}[] = [
	{ name: 'off by default', input: { health: false, target: '/.casper/health' }, want: '404' },
	{ name: 'its own path', input: { health: true, target: '/.casper/health' }, want: '200 ok\n' },
	{ name: 'a query', input: { health: true, target: '/.casper/health?1' }, want: '200 ok\n' },
	{ name: 'HEAD', input: { health: true, target: '/.casper/health', method: 'HEAD' }, want: '200 ' },
	{ name: 'POST', input: { health: true, target: '/.casper/health', method: 'POST' }, want: '405' },
	{ name: 'a path below', input: { health: true, target: '/.casper/health/x' }, want: '404' },
	{ name: 'a path of its own', input: { health: '/healthz', target: '/healthz' }, want: '200 ok\n' },
	{ name: 'not under the other path', input: { health: '/healthz', target: '/.casper/health' }, want: '404' },
	{ name: 'before a file of this name', input: { health: '/up.txt', target: '/up.txt' }, want: '200 ok\n' },
	{ name: 'the root', input: { health: '/', target: '/' }, want: '200 ok\n' },
	{ name: 'others as ever', input: { health: '/', target: '/up.txt' }, want: '200 a file' },
];
for (const { name, input, want } of rows)
	health(name, async () => {
		const { health: path, target, method = 'GET' } = input;
		for (const cert of [true, false]) {
			const tested = await openIndexed(SITE, { health: path, cert });
			for (const protocol of PROTOCOLS) {
				const { status, fields, body } = await ask(tested, protocol, target, {}, method);
				assert.is(status < 400 ? `${status} ${body}` : String(status), want, protocol);
				if (!want.includes('ok')) continue;
				assert.is(fields['content-type'], 'text/plain; charset=utf-8');
				assert.is(fields['cache-control'], 'no-store');
				assert.is(fields['content-length'], '3');
			}
			if (want.includes('ok')) assert.equal(tested.entries, []);
		}
	});

health('whatever name it is asked by', async () => {
	const tested = await openIndexed(SITE, { health: true, cert: false });
	for (const protocol of PROTOCOLS) {
		const named = protocol === 'HTTP/2' ? { ':authority': 'balancer.example' } : { host: 'balancer.example' };
		assert.is((await ask(tested, protocol, '/', named)).status, 421, protocol);
		assert.is((await ask(tested, protocol, '/.casper/health', named)).status, 200, protocol);
	}
	const line = new Line(tested);
	await line.write('GET /.casper/health HTTP/1.0\r\n\r\n');
	await line.closed();
	assert.match(line.received, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nok\n$/);
});

health('starting, until the whole folder is indexed', async () => {
	const files = Object.fromEntries(
		Array.from({ length: 2000 }, (_, at) => [`${at}.html`, `<!doctype html>${at}`]),
	);
	const tested = await open(files, { health: true, cert: false });
	const { status, body, fields } = await ask(tested, 'HTTP/1.1', '/.casper/health');
	assert.is(`${status} ${body}`, '503 starting\n');
	assert.is(fields['cache-control'], 'no-store');
	await tested.server.ready;
	for (const protocol of PROTOCOLS)
		assert.is((await ask(tested, protocol, '/.casper/health')).status, 200, protocol);
});

health('stopping, to who is still connected', async () => {
	const tested = await openIndexed(SITE, { health: true, cert: false });
	const line = new Line(tested);
	await line.write('GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n');
	await line.until('the beginning', (received) => received.includes('\r\n\r\n'));
	line.socket.pause();
	const closed = tested.server.close();
	await line.write('GET /.casper/health HTTP/1.1\r\nHost: localhost\r\n\r\n');
	line.socket.resume();
	await line.closed();
	await closed;
	assert.match(
		line.received.slice(-400),
		/HTTP\/1\.1 503 [\s\S]*connection: close[\s\S]*\r\n\r\nstopping\n$/i,
	);
});

health.run();
