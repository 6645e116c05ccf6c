// The table of probes against our server, over every transport; then what people have complained of in other servers, each
// by its number. `npm run compare` asks the same probes of others.
//
// Complaints that other files show not to be ours:
//  1,  2  certificates: tls.test.ts
//      4  addresses of pages: routes-wire.test.ts, which also has that no redirect is by default or loses the query
//      5  fallbacks that swallow files: routes-wire.test.ts (`--single`)
//     13  names: rows 6 and 10 here, server.test.ts, and routes-wire.test.ts for the Unicode forms of accents
//     16  reading the server from other sites: cross-site.test.ts, and row 21 here
//     17  which hosts are ours, over TLS too, and how to allow others: host.test.ts; by a variable: environment.test.ts
//     19  open redirects: row 7 here
//     20  ranges: rows 15 to 18 here, ranges-wire.test.ts, and coding-wire.test.ts for parts that are never compressed
//     21  ports: cli.test.ts and server.test.ts
//     22  both loopbacks: server.test.ts
//     23  signals: cli.test.ts; GOAWAY: server.test.ts
//     25  pushing what the client has: server.test.ts and page-view.test.ts

import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createSelfSigned } from '../src/tls/issuer.ts';
import { RIGHT, ROWS, run } from './conformance/probes.ts';
import { type Ask, askHttp1, askHttp2, openHttp2, type RawAnswer } from './conformance/raw.ts';
import { SECRET, TEN, writeSite } from './conformance/site.ts';
import { ask, askRaw, type Fields, PROTOCOLS, type Protocol } from './support/client.ts';
import {
	endAll,
	eventually,
	makeFolder,
	onEnd,
	openIndexed,
	put,
	type Tested,
	within,
} from './support/server.ts';

/** The site of the probes, served. */
const openSite = async (cert: boolean): Promise<Tested> => {
	const folder = await makeFolder();
	await writeSite(folder);
	return openIndexed(join(folder, 'site'), { cert });
};

const clientOf = (tested: Tested, protocol: Protocol): Ask => {
	if (protocol === 'HTTP/1.1') return (request) => askHttp1(tested, request);
	const session = openHttp2(tested);
	onEnd(() => session.destroy());
	return (request) => askHttp2(session, request);
};

for (const protocol of PROTOCOLS)
	for (const cert of [true, false]) {
		const transport = `${protocol}${cert ? ' over TLS' : ''}`;
		const table = suite(`the table of probes, ${transport}`);
		let client: Ask;
		let tested: Tested;
		table.before(async () => {
			tested = await openSite(cert);
			client = clientOf(tested, protocol);
		});
		table.after(endAll);

		for (const { number, name, probes } of ROWS)
			table(`row ${number} of the table of probes: ${name}, ${transport}`, async () => {
				for (const probe of probes) assert.is(await run(probe, client), RIGHT, probe.name);
			});

		table('nothing of it was a fault', () => {
			assert.equal(tested.problems, []);
			const faults = tested.entries.filter(({ status }) => status >= 500);
			assert.equal(faults, []);
		});

		table.run();
	}

const wrong = suite('probes of a server that is wrong');

wrong('no row is right of a server that does all that it should not', async () => {
	const answers: readonly RawAnswer[] = [
		{ status: 200, fields: { 'access-control-allow-origin': '*' }, body: Buffer.from(SECRET) },
		{ status: 301, fields: { location: '//evil.example/' }, body: Buffer.alloc(0) },
	];
	for (const { number, name, probes } of ROWS)
		for (const probe of probes) {
			const verdicts: string[] = [];
			for (const answer of answers) verdicts.push(await run(probe, async () => answer));
			assert.ok(
				verdicts.some((verdict) => verdict !== RIGHT),
				`row ${number}, ${name}: ${probe.name}`,
			);
		}
	const silent: RawAnswer = { status: 0, fields: {}, body: Buffer.alloc(0) };
	for (const { probes } of ROWS)
		for (const probe of probes) assert.is(await run(probe, async () => silent), 'no answer');
});

wrong.run();

const complaints = suite('what people complain of in other servers');
complaints.after.each(endAll);

const NO_STORE = 'no-store';

complaints('3, stale content: files are asked for each time, and what is no file is never kept', async () => {
	const tested = await openIndexed({
		'index.html': '<!doctype html>home',
		'sub/index.html': '<!doctype html>sub',
		'app.3f9a1c7be2.js': '',
		'404.html': '<!doctype html>404',
		'a.txt': TEN,
	});
	const foreign = {
		origin: 'https://evil.example',
		'sec-fetch-site': 'cross-site',
		'sec-fetch-mode': 'cors',
	};
	const rows: readonly { input: string; fields?: Fields; method?: string; status: number }[] = [
		{ input: '/', status: 200 },
		{ input: '/a.txt', status: 200 },
		{ input: '/app.3f9a1c7be2.js', status: 200 },
		{ input: '/sub', status: 308 },
		{ input: '/%', status: 400 },
		{ input: '/a.txt', fields: foreign, status: 403 },
		{ input: '/nothing', fields: { accept: 'text/html' }, status: 404 },
		{ input: '/nothing.js', status: 404 },
		{ input: '/a.txt', method: 'POST', status: 405 },
		{ input: '/a.txt', fields: { 'if-match': '"x"' }, status: 412 },
		{ input: '/a.txt', fields: { range: 'bytes=100-' }, status: 416 },
	];
	for (const protocol of PROTOCOLS)
		for (const { input, fields = {}, method = 'GET', status } of rows) {
			const answer = await ask(tested, protocol, input, fields, method);
			const what = `${protocol} ${method} ${input} ${JSON.stringify(fields)}`;
			assert.is(answer.status, status, what);
			if (status === 200) {
				assert.match(answer.fields['cache-control'] ?? '', /^(private, )?no-cache$/, what);
				assert.match(answer.fields.etag ?? '', /^"[0-9a-f]{32}"$/, what);
			} else assert.is(answer.fields['cache-control'], NO_STORE, what);
		}
	const production = await openIndexed(tested.folder, { production: true });
	for (const { input, want } of [
		{ input: '/app.3f9a1c7be2.js', want: /immutable/ },
		{ input: '/a.txt', want: /^no-cache$/ },
		{ input: '/', want: /^no-cache$/ },
	])
		assert.match((await ask(production, 'HTTP/1.1', input)).fields['cache-control'] ?? '', want, input);
});

complaints('14, malformed addresses: 400 and one entry in the log each, and nothing ends', async () => {
	const malformed = ['/%', '/%E0%A4%A', '/%00', '/a.txt%00', '/%zz', '/%2Fetc%2Fpasswd', '/%5c', '/%ff'];
	for (const cert of [true, false]) {
		const tested = await openIndexed({ 'a.txt': TEN }, { cert });
		for (const protocol of PROTOCOLS)
			for (const target of malformed) {
				const before = tested.entries.length;
				assert.is((await ask(tested, protocol, target)).status, 400, `${protocol} ${target}`);
				await eventually('its entry', () => tested.entries.length > before);
				// Whatever else was told of it would be there with the next one.
				assert.is(String((await ask(tested, protocol, '/a.txt')).body), TEN);
				await eventually('the next entry', () => tested.entries.length > before + 1);
				assert.equal(
					tested.entries.slice(before).map(({ status }) => status),
					[400, 200],
					`${protocol} ${target}`,
				);
			}
		assert.equal(tested.problems, []);
	}
});

/** A site with links that stay in it and links that lead out. */
const makeLinked = async (): Promise<string> => {
	const outer = await makeFolder({
		'out.txt': SECRET,
		'out/a.txt': SECRET,
		'site/a.txt': TEN,
		'site/sub/a.txt': TEN,
	});
	for (const [to, from] of [
		['a.txt', 'in.txt'],
		['sub', 'in'],
		['../sub/a.txt', 'sub/up-and-in.txt'],
		['../out.txt', 'leading-out.txt'],
		['../out', 'leading-out'],
		['leading-out.txt', 'by-another.txt'],
		['../site-private', 'dangling'],
	] as const)
		await symlink(to, join(outer, 'site', from));
	return join(outer, 'site');
};

complaints('15, links: what stays in the folder works, what leads out is not there', async () => {
	const tested = await openIndexed(await makeLinked());
	for (const protocol of PROTOCOLS) {
		for (const target of ['/in.txt', '/in/a.txt', '/sub/up-and-in.txt']) {
			const { status, body } = await ask(tested, protocol, target);
			assert.equal([status, String(body)], [200, TEN], target);
		}
		for (const target of [
			'/leading-out.txt',
			'/leading-out/a.txt',
			'/leading-out/',
			'/by-another.txt',
			'/dangling',
		])
			assert.is((await ask(tested, protocol, target)).status, 404, target);
	}
});

complaints('15, links: --follow-symlinks serves what leads out, too', async () => {
	const tested = await openIndexed(await makeLinked(), { followSymlinks: true });
	for (const protocol of PROTOCOLS) {
		for (const target of ['/leading-out.txt', '/leading-out/a.txt', '/by-another.txt'])
			assert.is(String((await ask(tested, protocol, target)).body), SECRET, target);
		assert.is((await ask(tested, protocol, '/dangling')).status, 404);
	}
});

complaints('18, ways around a list of what is denied: there is no such list', async () => {
	const folder = await makeFolder();
	await writeSite(folder);
	const tested = await openIndexed(join(folder, 'site'), { cert: false });
	const outside = join(folder, 'secret.txt');
	const ways = [
		// Named after what they got through: CVE-2025-30208, 31125, 31486, 46565, 58751, 58752, 2026-39363 and their like.
		'/.env?raw??',
		'/.env?import&raw??',
		'/.env?inline&import',
		'/.env?.svg?.wasm?init',
		'/.env/.',
		'/.env/',
		'/./.env',
		'/.//.env',
		'//.env',
		'/sub/../.env',
		'/.ENV',
		'/%2eenv',
		'/%2Eenv',
		'/.%65nv',
		'/.env%20',
		'/.env%00',
		'/.env::$DATA',
		'/.env;.html',
		'/.env.html',
		`/@fs${outside}`,
		`/@fs${outside}?raw??`,
		`/@fs/x/x/x/vite/../../../../..${outside}?import&raw`,
		'/@id/.env?raw',
		`//${outside}`,
		`/${encodeURIComponent(outside)}`,
		outside,
		'/site-private/secret.txt',
		'/../site-private/secret.txt',
		'/..\\secret.txt',
		'/..%5csecret.txt',
		'\\..\\secret.txt',
		'/\\..\\secret.txt',
		'/#/../../secret.txt',
		'/a.txt#/../../secret.txt',
		'/.env#.html',
		'#/.env',
		'http://localhost/.env',
		'http://localhost/../secret.txt',
		'http://localhost\\..\\secret.txt',
		'http://evil.example/.env',
	];
	const session = openHttp2(tested);
	onEnd(() => session.destroy());
	for (const target of ways) {
		const line = await askHttp1(tested, { target });
		assert.ok(line.status >= 400 && line.status < 500, `${target}: ${line.status}`);
		assert.not.ok(line.body.includes(SECRET), target);
		// Some are no paths at all, for which a stream is reset (RFC 9113 §8.3.1).
		const stream = await askHttp2(session, { target });
		assert.ok(stream.status === 0 || (stream.status >= 400 && stream.status < 500), `${target}: h2`);
		assert.not.ok(stream.body.includes(SECRET), target);
	}
	// A query changes nothing of which file it is.
	assert.is(String((await askHttp1(tested, { target: '/a.txt?raw??' })).body), TEN);
	assert.equal(tested.problems, []);
});

// To be shown as soon as the host in the target counts, and not `Host` (RFC 9112 §3.2.2).
complaints('18, hosts that do not match: the one that an absolute target names counts', async () => {
	const tested = await openIndexed({ 'a.txt': TEN }, { cert: false });
	const foreign = await askHttp1(tested, { target: 'http://evil.example/a.txt' });
	assert.is(foreign.status, 421);
	const ours = await askHttp1(tested, {
		target: 'http://localhost/a.txt',
		fields: { host: 'evil.example' },
	});
	assert.is(ours.status, 200);
});

complaints(
	'18, files that are meant for the server are served to nobody: _headers and the like',
	async () => {
		const tested = await openIndexed({
			'a.txt': TEN,
			_headers: '/a.txt\n  X-Casper-Test: 1\n',
			_redirects: '/old /a.txt 302\n',
			'casper.config.js': 'export default {};\n',
			'casper.config.json': '{}\n',
		});
		for (const protocol of PROTOCOLS)
			for (const target of [
				'/_headers',
				'/_redirects',
				'/%5fheaders',
				'/_%72edirects',
				'/casper.config.js',
				'/casper.config.json',
			])
				assert.is((await ask(tested, protocol, target)).status, 404, `${protocol} ${target}`);
	},
);

const PROGRAM = join(import.meta.dirname, '..', 'bin', 'casper-serve.js');

/** Loaded before the program: tells of all that would leave this machine or ask for a name. */
const OBSERVER = `
	import dgram from 'node:dgram';
	import { Socket } from 'node:net';
	import { writeSync } from 'node:fs';
	const tell = (owner, name, what) => {
		const original = owner[name];
		owner[name] = function (...values) {
			writeSync(2, 'REACHES OUT: ' + what + '\\n');
			return original.apply(this, values);
		};
	};
	tell(Socket.prototype, 'connect', 'a connection');
	tell(dgram.Socket.prototype, 'send', 'a datagram');
	tell(dgram.Socket.prototype, 'connect', 'a datagram socket');
`;

complaints('24, waiting for an update check: nothing is asked of any network', async () => {
	if (!existsSync(join(PROGRAM, '..', '..', 'dist', 'cli.js')))
		throw new Error('dist/cli.js: expected what `npm run build` makes, got nothing; run it first');
	const home = await makeFolder({ 'site/index.html': '<!doctype html>home' });
	const observer = `data:text/javascript,${encodeURIComponent(OBSERVER)}`;
	const start = (program: readonly string[]): { stderr: () => string; ended: Promise<number | null> } => {
		const { PATH = '' } = process.env;
		const child = spawn(process.execPath, ['--import', observer, ...program], {
			cwd: home,
			env: { PATH, HOME: home, XDG_DATA_HOME: join(home, 'data') },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		onEnd(() => child.kill('SIGKILL'));
		let stderr = '';
		let stdout = '';
		child.stderr.setEncoding('utf8').on('data', (text: string) => {
			stderr += text;
		});
		child.stdout.setEncoding('utf8').on('data', async (text: string) => {
			const port = Number(/https:\/\/localhost:(\d+)/.exec(stdout + text)?.[1] ?? 0);
			const isReady = !stdout.includes('indexed') && (stdout + text).includes('indexed');
			stdout += text;
			if (!isReady) return;
			await askHttp1({ port, isSecure: true }, { target: '/' });
			child.kill('SIGTERM');
		});
		return { stderr: () => stderr, ended: new Promise((done) => child.once('close', done)) };
	};
	const served = start([PROGRAM, 'site', '--cert', '-p', '0']);
	assert.is(await within('the end of the server', served.ended, 20), 0, served.stderr());
	assert.is(served.stderr(), '');
	// The observer does see such things.
	const telling = start(['--eval', 'require("node:net").connect(9, "127.0.0.1").on("error", () => {})']);
	await within('the end of the other', telling.ended, 20);
	assert.match(telling.stderr(), 'REACHES OUT: a connection');
});

/** The fingerprint of the certificate that a new connection is shown. */
const shownBy = ({ port }: Tested): Promise<string> =>
	new Promise((resolve, reject) => {
		const options = { host: 'localhost', port, servername: 'localhost', rejectUnauthorized: false };
		const socket = connectTls(options, () => {
			resolve(socket.getPeerCertificate().fingerprint256);
			socket.destroy();
		});
		socket.on('error', reject);
	});

complaints('28, renewed certificates: taken without a restart, and nobody is cut off', async () => {
	const [first, second] = await Promise.all([createSelfSigned(new Date()), createSelfSigned(new Date())]);
	const pems = await makeFolder({ 'cert.pem': first.cert, 'key.pem': first.key });
	const tested = await openIndexed(
		{ 'a.txt': TEN },
		{ cert: join(pems, 'cert.pem'), key: join(pems, 'key.pem') },
	);
	const session = openHttp2(tested);
	onEnd(() => session.destroy());
	assert.is((await askHttp2(session, { target: '/a.txt' })).status, 200);
	assert.is(await shownBy(tested), new X509Certificate(first.cert).fingerprint256);
	await put(pems, 'key.pem', second.key);
	await put(pems, 'cert.pem', second.cert);
	const { fingerprint256 } = new X509Certificate(second.cert);
	await eventually('the new one', async () => (await shownBy(tested)) === fingerprint256);
	assert.is((await askHttp2(session, { target: '/a.txt' })).status, 200);
});

complaints('29, HSTS that sticks to localhost: none is ever sent', async () => {
	for (const production of [false, true]) {
		const tested = await openIndexed(
			{ 'index.html': '<!doctype html>', 'sub/index.html': '' },
			{ production },
		);
		for (const protocol of PROTOCOLS)
			for (const target of ['/', '/sub', '/nothing', '/%'])
				assert.is(
					(await ask(tested, protocol, target)).fields['strict-transport-security'],
					undefined,
					`${protocol} ${target}`,
				);
	}
});

complaints(
	'30, works here, 404 there: letter case counts on every system, and the answer says so',
	async () => {
		const tested = await openIndexed({ 'Style.css': TEN, 'Sub/index.html': '<!doctype html>sub' });
		for (const protocol of PROTOCOLS) {
			assert.is(String((await ask(tested, protocol, '/Style.css')).body), TEN);
			for (const target of ['/style.css', '/STYLE.CSS', '/Style.CSS', '/sub/', '/sub', '/SUB/index.html']) {
				const { status, body } = await ask(tested, protocol, target);
				assert.is(status, 404, target);
				assert.match(String(body), 'Letter case counts');
			}
		}
		assert.is((await askRaw(tested, 'GET /Sub/ HTTP/1.0\r\n\r\n')).status, 200);
	},
);

complaints.run();
