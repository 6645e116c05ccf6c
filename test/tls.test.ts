import { execFile } from 'node:child_process';
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { checkServerIdentity, connect, createServer } from 'node:tls';
import { promisify } from 'node:util';
import { Integer } from 'asn1js';
import { Certificate } from 'pkijs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CasperError } from '../src/errors.ts';
import { readCertificate } from '../src/tls/certificate.ts';
import { dataFolder } from '../src/tls/data-folder.ts';
import { createSelfSigned } from '../src/tls/issuer.ts';
import { formatPem, parsePem } from '../src/tls/pem.ts';
import { openSelfSigned } from '../src/tls/self-signed.ts';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
/** Handshakes judge by the real clock; everything else may use any. */
const NOW = new Date();
const before = (days: number): Date => new Date(NOW.getTime() - days * DAY);

/** chmod does not stop this user from reading and writing. */
const ALMIGHTY = process.getuid?.() === 0;

const folders: string[] = [];
const makeFolder = async (): Promise<string> => {
	const folder = await mkdtemp(join(tmpdir(), 'casper-tls-'));
	folders.push(folder);
	return folder;
};
const removeFolders = async (): Promise<void> => {
	for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
};

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

const belongs = ({ cert, key }: { cert: string; key: string }): boolean =>
	new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));

/** An RSA certificate that names nobody: what we make ourselves is always P-256 and for this machine. */
const createForeign = async (modulusLength: number): Promise<{ cert: string; key: string }> => {
	const publicExponent = Uint8Array.of(1, 0, 1);
	const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent };
	const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
	const certificate = new Certificate();
	certificate.serialNumber = new Integer({ value: 1 });
	certificate.notBefore.value = before(1);
	certificate.notAfter.value = before(-300);
	await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
	await certificate.sign(keys.privateKey, 'SHA-256');
	return {
		cert: formatPem('CERTIFICATE', certificate.toSchema(true).toBER()),
		key: formatPem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
	};
};

/** The error that `promise` ends with; its message must be one line. */
const failure = async (promise: Promise<unknown>): Promise<CasperError> => {
	let error: unknown;
	try {
		await promise;
	} catch (thrown) {
		error = thrown;
	}
	assert.instance(error, CasperError);
	assert.not.match((error as CasperError).message, /[\r\n]/);
	return error as CasperError;
};

/** Connects as a client that trusts `ca` alone and expects `name`. Yields the client's error code, if any. */
const handshake = async (
	pair: { cert: string; key: string },
	ca: string,
	name: string,
): Promise<string | undefined> => {
	const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
		list?.some(({ address }) => address === '::1'),
	);
	const host = name === '::1' && hasIpv6 ? name : '127.0.0.1';
	const server = createServer(pair, (socket) => socket.on('error', () => {}).end());
	server.on('tlsClientError', () => {});
	await new Promise<void>((resolve) => server.listen(0, host, resolve));
	const address = server.address();
	const port = typeof address === 'object' && address !== null ? address.port : 0;
	try {
		return await new Promise<string | undefined>((resolve) => {
			const client = connect({
				host,
				port,
				ca,
				...(isIP(name) === 0 ? { servername: name } : {}),
				// `host` may not be `name`; and Node 22.23 finds no IPv6 address (nodejs/node#64144), so OpenSSL judges these.
				checkServerIdentity: (_, peer) =>
					isIP(name) !== 0 && new X509Certificate(peer.raw).checkIP(name) !== undefined
						? undefined
						: checkServerIdentity(name, peer),
			});
			client.once('secureConnect', () => resolve(client.authorized ? undefined : 'unauthorized'));
			client.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
			client.once('close', () => server.close());
			client.resume();
		});
	} finally {
		server.close();
	}
};

const folderSuite = suite('tls/data-folder');

const places: readonly {
	title: string;
	platform: NodeJS.Platform;
	home: string;
	environment?: Record<string, string>;
	want: string;
}[] = [
	{
		title: 'is ~/.local/share on Linux',
		platform: 'linux',
		home: '/home/u',
		want: '/home/u/.local/share/casper-serve',
	},
	{
		title: 'is in an absolute XDG_DATA_HOME',
		platform: 'linux',
		home: '/home/u',
		environment: { XDG_DATA_HOME: '/data' },
		want: '/data/casper-serve',
	},
	{
		title: 'is not in a relative XDG_DATA_HOME (XDG Base Directory Specification)',
		platform: 'freebsd',
		home: '/home/u',
		environment: { XDG_DATA_HOME: 'data' },
		want: '/home/u/.local/share/casper-serve',
	},
	{
		title: 'is not in an empty XDG_DATA_HOME',
		platform: 'linux',
		home: '/home/u',
		environment: { XDG_DATA_HOME: '' },
		want: '/home/u/.local/share/casper-serve',
	},
	{
		title: 'is in the library on macOS, whatever XDG_DATA_HOME says',
		platform: 'darwin',
		home: '/Users/u',
		environment: { XDG_DATA_HOME: '/data' },
		want: '/Users/u/Library/Application Support/casper-serve',
	},
	{
		title: 'is in LOCALAPPDATA on Windows',
		platform: 'win32',
		home: 'C:\\Users\\u',
		environment: { LOCALAPPDATA: 'D:\\Local' },
		want: 'D:\\Local\\casper-serve',
	},
	{
		title: 'is in the profile on Windows without LOCALAPPDATA',
		platform: 'win32',
		home: 'C:\\Users\\u',
		want: 'C:\\Users\\u\\AppData\\Local\\casper-serve',
	},
];
for (const { title, platform, home, environment, want } of places) {
	folderSuite(title, () => assert.is(dataFolder(environment ?? {}, platform, home), want));
}

folderSuite.run();

const pem = suite('tls/pem');

for (const { title, input, want } of [
	{ title: 'no block', input: 'rubbish', want: [] },
	{
		title: 'text around blocks is ignored (RFC 7468 §2)',
		input: 'x\n-----BEGIN A-----\nAA\n-----END A-----\ny',
		want: ['A'],
	},
	{ title: 'a block without an end is left out', input: '-----BEGIN A-----\nAA\n', want: [] },
	{ title: 'an end of another label ends nothing', input: '-----BEGIN A-----\n-----END B-----', want: [] },
	{
		title: 'blocks keep their order',
		input: '-----BEGIN B-----\n-----END B-----\r\n-----BEGIN A-----\r\n-----END A-----',
		want: ['B', 'A'],
	},
	{
		title: 'a block within a block is none',
		input: '-----BEGIN A-----\n-----BEGIN B-----\n-----END B-----\n-----END A-----',
		want: ['A'],
	},
]) {
	pem(title, () =>
		assert.equal(
			parsePem(input).map(({ label }) => label),
			want,
		),
	);
}

pem('lines hold 64 characters (RFC 7468 §2)', () => {
	const text = formatPem('A', new Uint8Array(100).buffer);
	assert.equal(
		text.split('\n').map((line) => line.length),
		[17, 64, 64, 8, 15, 0],
	);
	assert.equal(parsePem(text), [{ label: 'A', text }]);
});

pem.run();

const issuer = suite('tls/issuer');

issuer('makes a certificate that its own key signed, for servers only', async () => {
	const pair = await createSelfSigned(NOW);
	const certificate = new X509Certificate(pair.cert);
	assert.ok(belongs(pair));
	assert.ok(certificate.verify(certificate.publicKey));
	assert.is(certificate.subject, 'O=casper-serve\nCN=localhost');
	assert.is(certificate.issuer, certificate.subject);
	assert.is(certificate.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
	assert.is(certificate.ca, false);
	assert.equal(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1']);
	assert.is(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
});

issuer('gives each a new positive serial of 16 octets (RFC 5280 §4.1.2.2)', async () => {
	const made = await Promise.all(Array.from({ length: 20 }, () => createSelfSigned(NOW)));
	const serials = made.map(({ cert }) => new X509Certificate(cert).serialNumber);
	for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/);
	assert.is(new Set(serials).size, 20);
});

for (const day of [
	'2026-11-01T00:00:00.999Z',
	'2049-06-01T12:00:00Z',
	'2049-12-31T23:59:59Z',
	'2050-01-01T01:00:00Z',
]) {
	issuer(`made at ${day}, is valid from an hour before, for 397 days (RFC 5280 §4.1.2.5)`, async () => {
		const certificate = new X509Certificate((await createSelfSigned(new Date(day))).cert);
		const from = Math.floor(Date.parse(day) / 1000) * 1000 - HOUR;
		assert.is(Date.parse(certificate.validFrom), from);
		assert.is(Date.parse(certificate.validTo), from + 397 * DAY - 1000);
	});
}

for (const { name, want } of [
	{ name: 'localhost', want: undefined },
	{ name: '127.0.0.1', want: undefined },
	{ name: '::1', want: undefined },
	{ name: 'example.com', want: 'ERR_TLS_CERT_ALTNAME_INVALID' },
	{ name: 'a.localhost', want: 'ERR_TLS_CERT_ALTNAME_INVALID' },
	{ name: '127.0.0.2', want: 'ERR_TLS_CERT_ALTNAME_INVALID' },
]) {
	issuer(`a client that trusts it ${want === undefined ? 'accepts' : 'refuses'} ${name}`, async () => {
		const pair = await createSelfSigned(NOW);
		assert.is(await handshake(pair, pair.cert, name), want);
	});
}

issuer('a client that trusts another of the same name refuses it', async () => {
	const [pair, other] = await Promise.all([createSelfSigned(NOW), createSelfSigned(NOW)]);
	assert.not.equal(await handshake(pair, other.cert, 'localhost'), undefined);
});

issuer('a client that trusts the old one and the renewed one accepts both', async () => {
	const [old, renewed] = await Promise.all([createSelfSigned(before(1)), createSelfSigned(NOW)]);
	assert.is(await handshake(old, renewed.cert + old.cert, 'localhost'), undefined);
	assert.is(await handshake(renewed, old.cert + renewed.cert, 'localhost'), undefined);
});

issuer.run();

const store = suite('tls/self-signed');
store.after(removeFolders);

store('keeps certificate and key in one file that only the owner can read, whatever the umask', async () => {
	const folder = join(await makeFolder(), 'a', 'casper-serve');
	const umask = process.umask(0);
	try {
		const made = await openSelfSigned(folder, NOW);
		assert.is(made.created, true);
		assert.is(made.path, join(folder, 'localhost.pem'));
		assert.is(await readFile(made.path, 'utf8'), made.cert + made.key);
		assert.equal(await readdir(folder), ['localhost.pem']);
		assert.is(await modeOf(made.path), '600');
		assert.is(await modeOf(folder), '700');
	} finally {
		process.umask(umask);
	}
});

store('no file in the folder is readable by others at any moment', async () => {
	const folder = await makeFolder();
	const seen = new Set<number>();
	const umask = process.umask(0);
	try {
		let done = false;
		const opening = openSelfSigned(folder, NOW).finally(() => {
			done = true;
		});
		while (!done) {
			for (const name of readdirSync(folder)) {
				const stats = statSync(join(folder, name), { throwIfNoEntry: false });
				if (stats !== undefined) seen.add(stats.mode & 0o777);
			}
			await setImmediate();
		}
		await opening;
	} finally {
		process.umask(umask);
	}
	assert.equal([...seen], [0o600]);
});

store('returns the same certificate at the next start', async () => {
	const folder = await makeFolder();
	const made = await openSelfSigned(folder, NOW);
	assert.equal(await openSelfSigned(folder, new Date(NOW.getTime() + DAY)), { ...made, created: false });
});

store('what it keeps can be given to --cert', async () => {
	const made = await openSelfSigned(await makeFolder(), NOW);
	assert.equal(await readCertificate(made.path, undefined, NOW), { cert: made.cert, key: made.key });
});

for (const { title, shift, created } of [
	{ title: 'is reused when 31 days are left', shift: -31 * DAY, created: false },
	{ title: 'is reused when 30 days are left', shift: -30 * DAY, created: false },
	{ title: 'is renewed when a second less than 30 days is left', shift: -30 * DAY + 1000, created: true },
	{ title: 'is renewed when 29 days are left', shift: -29 * DAY, created: true },
	{ title: 'is renewed when it has expired', shift: DAY, created: true },
	{ title: 'is renewed when it is not valid yet', shift: -398 * DAY, created: true },
]) {
	store(title, async () => {
		const folder = await makeFolder();
		const made = await openSelfSigned(folder, NOW);
		const later = new Date(Date.parse(new X509Certificate(made.cert).validTo) + shift);
		const opened = await openSelfSigned(folder, later);
		assert.is(opened.created, created);
		assert.is(opened.cert === made.cert, !created);
		assert.ok(belongs(opened));
		assert.is(await readFile(opened.path, 'utf8'), opened.cert + opened.key);
	});
}

const damages: readonly { title: string; damage: (text: string, other: string) => string | Buffer }[] = [
	{ title: 'is empty', damage: () => '' },
	{ title: 'is rubbish', damage: () => Buffer.from([0, 255, 254, 10]) },
	{ title: 'is cut off', damage: (text) => text.slice(0, -40) },
	{ title: 'lacks the key', damage: (text) => text.slice(0, text.indexOf('-----BEGIN PRIVATE')) },
	{ title: 'lacks the certificate', damage: (text) => text.slice(text.indexOf('-----BEGIN PRIVATE')) },
	{ title: 'has a damaged certificate', damage: (text) => text.replace(/\nMII/, '\nAAA') },
	{ title: 'has a damaged key', damage: (text) => text.replace(/(BEGIN PRIVATE KEY-----\n)MI/, '$1AA') },
	{
		title: 'has the key of another certificate',
		damage: (text, other) =>
			text.slice(0, text.indexOf('-----BEGIN PRIVATE')) + other.slice(other.indexOf('-----BEGIN PRIVATE')),
	},
];
for (const { title, damage } of damages) {
	store(`is made anew when the file ${title}`, async () => {
		const folder = await makeFolder();
		const made = await openSelfSigned(folder, NOW);
		const other = await createSelfSigned(NOW);
		const text = await readFile(made.path, 'utf8');
		const damaged = damage(text, other.cert + other.key);
		assert.not.equal(damaged, text);
		await writeFile(made.path, damaged);
		const anew = await openSelfSigned(folder, NOW);
		assert.is(anew.created, true);
		assert.ok(belongs(anew));
		assert.equal(await openSelfSigned(folder, NOW), { ...anew, created: false });
		assert.is(await modeOf(anew.path), '600');
		assert.equal(await readdir(folder), ['localhost.pem']);
	});
}

store('is made anew when it names something else than this machine', async () => {
	const folder = await makeFolder();
	const foreign = await createForeign(2048);
	await writeFile(join(folder, 'localhost.pem'), foreign.cert + foreign.key, { mode: 0o600 });
	assert.is((await openSelfSigned(folder, NOW)).created, true);
});

for (const mode of [0o644, 0o640, 0o604, 0o666]) {
	store(`a file of mode ${mode.toString(8)} is tightened to 600`, async () => {
		const folder = await makeFolder();
		const made = await openSelfSigned(folder, NOW);
		await chmod(made.path, mode);
		assert.is((await openSelfSigned(folder, NOW)).created, false);
		assert.is(await modeOf(made.path), '600');
	});
}

store('opened many times at once, is made once', async () => {
	// Without the link that lets the first one win, about every eighth round has two.
	for (let round = 0; round < 24; round++) {
		const folder = join(await makeFolder(), 'new');
		const opened = await Promise.all(Array.from({ length: 8 }, () => openSelfSigned(folder, NOW)));
		assert.is(opened.filter(({ created }) => created).length, 1);
		assert.is(new Set(opened.map(({ cert, key }) => cert + key)).size, 1);
		assert.equal(await readdir(folder), ['localhost.pem']);
	}
});

store('opened by several processes at once, is made once', async () => {
	const folder = join(await makeFolder(), 'new');
	const module = new URL('../src/tls/self-signed.ts', import.meta.url).href;
	const script = `
		const { openSelfSigned } = await import(${JSON.stringify(module)});
		console.log(JSON.stringify(await openSelfSigned(${JSON.stringify(folder)}, new Date(${NOW.getTime()}))));`;
	const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script];
	const run = promisify(execFile);
	const children = await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, args)));
	const opened = children.map(
		({ stdout }) => JSON.parse(stdout) as Awaited<ReturnType<typeof openSelfSigned>>,
	);
	assert.is(opened.filter(({ created }) => created).length, 1);
	assert.is(new Set(opened.map(({ cert, key }) => cert + key)).size, 1);
	assert.ok(belongs(opened[0] ?? { cert: '', key: '' }));
});

store('renewed many times at once, gives each a whole pair and keeps one', async () => {
	const folder = await makeFolder();
	await openSelfSigned(folder, before(380));
	const opened = await Promise.all(Array.from({ length: 8 }, () => openSelfSigned(folder, NOW)));
	for (const pair of opened) assert.ok(belongs(pair));
	const kept = await openSelfSigned(folder, NOW);
	assert.is(kept.created, false);
	assert.ok(opened.some(({ cert }) => cert === kept.cert));
	assert.equal(await readdir(folder), ['localhost.pem']);
});

const obstacles: readonly {
	title: string;
	place: (folder: string) => Promise<string>;
	got: RegExp;
	skip?: boolean;
}[] = [
	{
		title: 'is below a file',
		place: async (folder) => {
			await writeFile(join(folder, 'file'), '');
			return join(folder, 'file', 'casper-serve');
		},
		got: /got ENOTDIR/,
	},
	{
		title: 'is a file',
		place: async (folder) => {
			await writeFile(join(folder, 'file'), '');
			return join(folder, 'file');
		},
		got: /got (?:EEXIST|ENOTDIR)/,
	},
	{
		title: 'has a folder in the place of the certificate',
		place: async (folder) => {
			await mkdir(join(folder, 'localhost.pem', 'x'), { recursive: true });
			return folder;
		},
		got: /got E[A-Z]+/,
	},
	{
		title: 'is read-only',
		place: async (folder) => {
			await chmod(folder, 0o500);
			return folder;
		},
		got: /got EACCES/,
		skip: ALMIGHTY,
	},
];
for (const { title, place, got, skip } of obstacles) {
	(skip ? store.skip : store)(`says so when the folder ${title}`, async () => {
		const parent = await makeFolder();
		const folder = await place(parent);
		const error = await failure(openSelfSigned(folder, NOW));
		assert.is(error.code, 'CASPER_STORAGE_UNWRITABLE');
		assert.match(error.message, got);
		assert.ok(error.message.includes(JSON.stringify(folder)));
		assert.match(error.message, /XDG_DATA_HOME.*--cert file --key file/);
		assert.instance(error.cause, Error);
		const left = (await readdir(parent)).filter((name) => name.startsWith('.'));
		assert.equal(left, []);
	});
}

store.run();

const own = suite('tls/certificate');
own.after(removeFolders);

const pair = await createSelfSigned(NOW);
const other = await createSelfSigned(NOW);
const expired = await createSelfSigned(before(400));
const early = await createSelfSigned(before(-2));
const weak = await createForeign(512);
const certDer = new X509Certificate(pair.cert).raw;
const privateKey = createPrivateKey(pair.key);
const sec1 = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
const protection = { format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
const encryptedKey = privateKey.export({ type: 'pkcs8', ...protection });
const encryptedSec1 = privateKey.export({ type: 'sec1', ...protection });

type Files = Readonly<Record<string, string | Buffer>>;

const writeFiles = async (files: Files): Promise<string> => {
	const folder = await makeFolder();
	for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
	return folder;
};

const readable: readonly { title: string; files: Files; cert: string; key?: string; want?: typeof pair }[] = [
	{ title: 'a key in the same file', files: { 'a.pem': pair.cert + pair.key }, cert: 'a.pem' },
	{ title: 'a key before the certificate', files: { 'a.pem': pair.key + pair.cert }, cert: 'a.pem' },
	{
		title: 'a key named as mkcert does',
		files: { 'localhost+2.pem': pair.cert, 'localhost+2-key.pem': pair.key },
		cert: 'localhost+2.pem',
	},
	{ title: 'a key of the same name', files: { 'a.crt': pair.cert, 'a.key': pair.key }, cert: 'a.crt' },
	{
		title: 'key.pem in the same folder',
		files: { 'cert.pem': pair.cert, 'key.pem': pair.key },
		cert: 'cert.pem',
	},
	{
		title: 'a key named as certbot does',
		files: { 'fullchain.pem': pair.cert, 'privkey.pem': pair.key },
		cert: 'fullchain.pem',
	},
	{
		title: 'the nearest name first',
		files: { 'a.pem': pair.cert, 'a-key.pem': pair.key, 'key.pem': other.key },
		cert: 'a.pem',
	},
	{
		title: 'a named key before any other',
		files: { 'a.pem': pair.cert + other.key, 'a-key.pem': other.key, 'b.pem': pair.key },
		cert: 'a.pem',
		key: 'b.pem',
	},
	{
		title: 'a key in the traditional form, with text and CRLF around',
		files: {
			'a.pem': `\ufeffBag Attributes\r\n${pair.cert.replaceAll('\n', '\r\n')}`,
			'a.key': `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${sec1}`,
		},
		cert: 'a.pem',
		want: { cert: pair.cert.replaceAll('\n', '\r\n').trimEnd().concat('\n'), key: sec1 },
	},
	{
		title: 'a chain, in its order',
		files: { 'a.pem': pair.cert + other.cert, 'a.key': pair.key },
		cert: 'a.pem',
		want: { cert: pair.cert + other.cert, key: pair.key },
	},
];
for (const { title, files, cert, key, want } of readable) {
	own(`reads ${title}`, async () => {
		const folder = await writeFiles(files);
		const read = await readCertificate(join(folder, cert), key && join(folder, key), NOW);
		assert.equal(read, want ?? pair);
		assert.is(await handshake(read, pair.cert, 'localhost'), undefined);
	});
}

const UNREADABLE = 'CASPER_CERTIFICATE_UNREADABLE';
const MISMATCH = 'CASPER_CERTIFICATE_MISMATCH';
const EXPIRED = 'CASPER_CERTIFICATE_EXPIRED';

const refused: readonly {
	title: string;
	files: Files;
	cert?: string;
	key?: string;
	mode?: number;
	code: CasperError['code'];
	message: RegExp;
}[] = [
	{
		title: 'a missing certificate',
		files: {},
		code: UNREADABLE,
		message: /^--cert ".*a\.pem": .*got no such file; /,
	},
	{
		title: 'a missing file whose name has a line break',
		files: {},
		cert: 'a\nb.pem',
		code: UNREADABLE,
		message: /^--cert ".*a\\nb\.pem": .*got no such file/,
	},
	{
		title: 'a folder',
		files: {},
		cert: '.',
		code: UNREADABLE,
		message: /^--cert .*got a folder; name the file in it/,
	},
	{
		title: 'a path below a file',
		files: { 'a.pem': pair.cert },
		cert: 'a.pem/b.pem',
		code: UNREADABLE,
		message: /^--cert .*got ENOTDIR; /,
	},
	{ title: 'an empty file', files: { 'a.pem': '' }, code: UNREADABLE, message: /got an empty file; / },
	{
		title: 'rubbish',
		files: { 'a.pem': '0 rubbish' },
		code: UNREADABLE,
		message: /got a file that is not PEM; /,
	},
	{
		title: 'a large file',
		files: { 'a.pem': Buffer.alloc(1024 * 1024 + 1) },
		code: UNREADABLE,
		message: /got 1048577 bytes; /,
	},
	{
		title: 'a certificate in DER form',
		files: { 'a.crt': certDer },
		cert: 'a.crt',
		code: UNREADABLE,
		message: /DER form; convert it with: openssl x509 -inform der -in ".*a\.crt" -out ".*a\.pem"$/,
	},
	{
		title: 'a key in DER form',
		files: { 'a.pem': pair.cert, 'b.der': privateKey.export({ type: 'pkcs8', format: 'der' }) },
		key: 'b.der',
		code: UNREADABLE,
		message: /^--key .*DER form; convert it with: openssl pkey -inform der -in ".*b\.der" -out ".*b\.pem"$/,
	},
	{
		title: 'a PKCS #12 file',
		files: { 'a.p12': Buffer.from([0x30, 0x82, 0x01, 0x00, 0x02, 0x01, 0x03]) },
		cert: 'a.p12',
		code: UNREADABLE,
		message: /PKCS #12; convert it with: openssl pkcs12 -nodes -in /,
	},
	{
		title: 'a key given as the certificate',
		files: { 'a.pem': pair.key, 'b.pem': pair.cert },
		key: 'b.pem',
		code: UNREADABLE,
		message: /^--cert .*got a private key only; give the certificate with --cert and its key with --key$/,
	},
	{
		title: 'a certificate given as the key',
		files: { 'a.pem': pair.cert, 'b.pem': pair.cert },
		key: 'b.pem',
		code: UNREADABLE,
		message: /^--key .*got a certificate only; /,
	},
	{
		title: 'a block of another kind',
		files: { 'a.pem': formatPem('CERTIFICATE REQUEST', new ArrayBuffer(9)) },
		code: UNREADABLE,
		message: /got a CERTIFICATE REQUEST block; /,
	},
	{
		title: 'a damaged certificate',
		files: { 'a.pem': pair.cert.replace('\nMII', '\nAAA') + pair.key },
		code: UNREADABLE,
		message: /^--cert .*expected a certificate, got a CERTIFICATE block that is damaged/,
	},
	{
		title: 'a damaged certificate further down the chain',
		files: { 'a.pem': pair.cert + other.cert.replace('\nMII', '\nAAA') + pair.key },
		code: UNREADABLE,
		message: /got a CERTIFICATE block that is damaged/,
	},
	{
		title: 'a damaged key',
		files: { 'a.pem': pair.cert, 'a.key': pair.key.replace('\nMI', '\nAA') },
		code: UNREADABLE,
		message: /^--key ".*a\.key": expected a private key, got a PRIVATE KEY block that is damaged/,
	},
	{
		title: 'an encrypted key',
		files: { 'a.pem': pair.cert, 'a-key.pem': encryptedKey },
		code: UNREADABLE,
		message:
			/^--key .*got an encrypted one; decrypt it with: openssl pkey -in ".*a-key\.pem" -out ".*a-key-plain\.pem" /,
	},
	{
		title: 'an encrypted key in the traditional form',
		files: { 'a.pem': pair.cert + encryptedSec1 },
		code: UNREADABLE,
		message: /^--cert .*got an encrypted one; .* and give --key ".*a-plain\.pem"$/,
	},
	{
		title: 'a certificate without any key',
		files: { 'a.pem': pair.cert },
		code: UNREADABLE,
		message:
			/beside it \(a-key\.pem, a\.key, key\.pem, privkey\.pem\), got none; name the key with --key file$/,
	},
	{
		title: 'a missing key',
		files: { 'a.pem': pair.cert + pair.key },
		key: 'b.pem',
		code: UNREADABLE,
		message: /^--key ".*b\.pem": expected a private key in PEM form, got no such file; /,
	},
	{
		title: 'a pair that TLS refuses',
		files: { 'a.pem': weak.cert + weak.key },
		code: UNREADABLE,
		message: /that TLS accepts, got ee key too small; /,
	},
	{
		title: 'a key of another certificate',
		files: { 'a.pem': pair.cert, 'key.pem': other.key },
		code: MISMATCH,
		message: /^--cert ".*a\.pem": .* in ".*key\.pem", got the certificate of another key; .* --key file$/,
	},
	{
		title: 'a key of another kind',
		files: { 'a.pem': pair.cert, 'key.pem': weak.key },
		code: MISMATCH,
		message: /got the certificate of another key; /,
	},
	{
		title: 'a chain in the wrong order',
		files: { 'a.pem': other.cert + pair.cert + pair.key },
		code: MISMATCH,
		message: /got it in place 2 of the file; put it first in the file$/,
	},
	{
		title: 'an expired certificate',
		files: { 'a.pem': expired.cert + expired.key },
		code: EXPIRED,
		message: /got one that expired on \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ; renew it/,
	},
	{
		title: 'a certificate of the future',
		files: { 'a.pem': early.cert + early.key },
		code: EXPIRED,
		message: /got one that is not valid before \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ; check the clock/,
	},
	{
		title: 'a certificate that this user may not read',
		files: { 'a.pem': pair.cert + pair.key },
		mode: 0o000,
		code: UNREADABLE,
		message: /^--cert .*got no permission to read it; /,
	},
];
for (const { title, files, cert = 'a.pem', key, mode, code, message } of refused) {
	(mode !== undefined && ALMIGHTY ? own.skip : own)(`refuses ${title}`, async () => {
		const folder = await writeFiles(files);
		if (mode !== undefined) await chmod(join(folder, cert), mode);
		const error = await failure(readCertificate(join(folder, cert), key && join(folder, key), NOW));
		assert.is(error.code, code);
		assert.match(error.message, message);
		const said = `${error.message}${(error.cause as Error | undefined)?.stack ?? ''}`;
		for (const content of Object.values(files)) {
			const lines = content.toString('latin1').split(/\r?\n/);
			for (const line of lines)
				if (line.length > 20 && !line.startsWith('-')) assert.not.ok(said.includes(line));
		}
	});
}

own('judges the days by the time it is given', async () => {
	const folder = await writeFiles({ 'a.pem': pair.cert + pair.key });
	const { validFrom, validTo } = new X509Certificate(pair.cert);
	const read = (time: number): Promise<unknown> =>
		readCertificate(join(folder, 'a.pem'), undefined, new Date(time));
	assert.equal(await read(Date.parse(validFrom)), pair);
	assert.equal(await read(Date.parse(validTo)), pair);
	assert.is((await failure(read(Date.parse(validFrom) - 1000))).code, EXPIRED);
	assert.is((await failure(read(Date.parse(validTo) + 1000))).code, EXPIRED);
});

own.run();
