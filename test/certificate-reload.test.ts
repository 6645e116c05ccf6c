import { webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { Integer } from 'asn1js';
import { Certificate, Extension, GeneralName, GeneralNames, id_SubjectAltName } from 'pkijs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createSelfSigned } from '../src/tls/issuer.ts';
import { type LivingCertificate, openCertificate } from '../src/tls/living-certificate.ts';
import { formatPem } from '../src/tls/pem.ts';
import { ask, askOn, openSession, PROTOCOLS, Wire } from './support/client.ts';
import { endAll, eventually, makeFolder, onEnd, openIndexed, type Tested } from './support/server.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW = new Date();
const daysAgo = (days: number): Date => new Date(NOW.getTime() - days * DAY_MS);

const [first, second, third, expired] = await Promise.all([
	createSelfSigned(NOW),
	createSelfSigned(NOW),
	createSelfSigned(NOW),
	createSelfSigned(daysAgo(400)),
]);
type Pair = typeof first;

/** A certificate for this name alone. */
const createNamed = async (name: string): Promise<Pair> => {
	const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
	const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
	const certificate = new Certificate({ version: 2 });
	certificate.serialNumber = new Integer({ value: 1 });
	certificate.notBefore.value = daysAgo(1);
	certificate.notAfter.value = daysAgo(-300);
	const names = new GeneralNames({ names: [new GeneralName({ type: 2, value: name })] });
	const extnValue = names.toSchema().toBER();
	certificate.extensions = [new Extension({ extnID: id_SubjectAltName, critical: true, extnValue })];
	await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
	await certificate.sign(keys.privateKey, 'SHA-256');
	return {
		cert: formatPem('CERTIFICATE', certificate.toSchema(true).toBER()),
		key: formatPem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
	};
};

/** Everything that a follower was told, in order. */
const follow = (certificate: LivingCertificate | undefined): { pairs: Pair[]; problems: string[] } => {
	const told = { pairs: [] as Pair[], problems: [] as string[] };
	const end = certificate?.follow(
		(pair) => told.pairs.push(pair),
		(problem) => told.problems.push(problem),
	);
	onEnd(() => end?.());
	return told;
};

const LOOK_MS = 80;
const looks = (count: number): Promise<void> =>
	new Promise((resolve) => setTimeout(resolve, count * LOOK_MS + 20));

const files = suite('certificate files');
files.after.each(endAll);

const rows: readonly {
	name: string;
	/** What is done to the folder, which has the first pair. */
	input: (folder: string) => Promise<void>;
	/** The pair that is taken into use, and what is complained about. */
	want: readonly [pair: Pair | undefined, problem: RegExp | undefined];
}[] = [
	{ name: 'nothing changes', input: async () => {}, want: [undefined, undefined] },
	{
		name: 'both change',
		input: async (folder) => {
			await writeFile(join(folder, 'cert.pem'), second.cert);
			await writeFile(join(folder, 'key.pem'), second.key);
		},
		want: [second, undefined],
	},
	{
		name: 'the key first, the certificate a moment later',
		input: async (folder) => {
			await writeFile(join(folder, 'key.pem'), second.key);
			// There are not to be two looks between.
			await new Promise((done) => setTimeout(done, LOOK_MS / 2));
			await writeFile(join(folder, 'cert.pem'), second.cert);
		},
		want: [second, undefined],
	},
	{
		name: 'by renames',
		input: async (folder) => {
			await writeFile(join(folder, 'cert.new'), second.cert);
			await writeFile(join(folder, 'key.new'), second.key);
			await rename(join(folder, 'cert.new'), join(folder, 'cert.pem'));
			await rename(join(folder, 'key.new'), join(folder, 'key.pem'));
		},
		want: [second, undefined],
	},
	{
		name: 'the same again',
		input: async (folder) => {
			await writeFile(join(folder, 'cert.pem'), first.cert);
			await writeFile(join(folder, 'key.pem'), first.key);
		},
		want: [undefined, undefined],
	},
	{
		name: 'the certificate alone',
		input: (folder) => writeFile(join(folder, 'cert.pem'), second.cert),
		want: [
			undefined,
			/^--cert .*expected the certificate of the private key .*; until then the certificate before it is used$/,
		],
	},
	{
		name: 'an expired one',
		input: async (folder) => {
			await writeFile(join(folder, 'cert.pem'), expired.cert);
			await writeFile(join(folder, 'key.pem'), expired.key);
		},
		want: [undefined, /got one that expired on/],
	},
	{
		name: 'half of one',
		input: (folder) => writeFile(join(folder, 'cert.pem'), second.cert.slice(0, 300)),
		want: [undefined, /got a file that is not PEM/],
	},
	{ name: 'gone', input: (folder) => rm(join(folder, 'cert.pem')), want: [undefined, /got no such file/] },
	{
		name: 'the key gone',
		input: (folder) => rm(join(folder, 'key.pem')),
		want: [undefined, /expected its private key/],
	},
];
for (const { name, input, want } of rows)
	files(name, async () => {
		const folder = await makeFolder({ 'cert.pem': first.cert, 'key.pem': first.key });
		const source = { cert: join(folder, 'cert.pem'), key: undefined, storage: undefined };
		const certificate = await openCertificate(source, LOOK_MS);
		assert.equal(certificate?.pair, first);
		const told = follow(certificate);
		await input(folder);
		const [pair, problem] = want;
		await eventually(
			'what is told',
			() => told.pairs.length + told.problems.length > 0 || (pair ?? problem) === undefined,
		);
		// It is told once, however often it is looked at.
		await looks(6);
		assert.equal(told.pairs, pair === undefined ? [] : [pair]);
		assert.is(told.problems.length, problem === undefined ? 0 : 1);
		if (problem !== undefined) assert.match(told.problems[0] ?? '', problem);
		await writeFile(join(folder, 'cert.pem'), third.cert);
		await writeFile(join(folder, 'key.pem'), third.key);
		await eventually('the next one', () => told.pairs.at(-1)?.cert === third.cert);
		assert.is(told.problems.length, problem === undefined ? 0 : 1);
	});

files('links that lead elsewhere, as certbot has them', async () => {
	const folder = await makeFolder({
		'archive/fullchain1.pem': first.cert,
		'archive/privkey1.pem': first.key,
		'archive/fullchain2.pem': second.cert,
		'archive/privkey2.pem': second.key,
	});
	await mkdir(join(folder, 'live'));
	const lead = async (round: number): Promise<void> => {
		for (const name of ['privkey', 'fullchain']) {
			await symlink(join('..', 'archive', `${name}${round}.pem`), join(folder, 'live', `${name}.new`));
			await rename(join(folder, 'live', `${name}.new`), join(folder, 'live', `${name}.pem`));
		}
	};
	await lead(1);
	const source = { cert: join(folder, 'live', 'fullchain.pem'), key: undefined, storage: undefined };
	const told = follow(await openCertificate(source, LOOK_MS));
	await lead(2);
	await eventually('the next one', () => told.pairs.length > 0);
	assert.equal(told, { pairs: [second], problems: [] });
});

files('a self-signed one is made anew when its time comes', async () => {
	const storage = await makeFolder({});
	let now = NOW;
	const certificate = await openCertificate({ cert: true, key: undefined, storage }, LOOK_MS, () => now);
	const told = follow(certificate);
	await looks(3);
	assert.equal(told, { pairs: [], problems: [] });
	now = daysAgo(-380);
	await eventually('the next one', () => told.pairs.length > 0);
	await looks(3);
	assert.is(told.pairs.length, 1);
	const { cert = '' } = told.pairs[0] ?? {};
	assert.ok(Date.parse(new X509Certificate(cert).validTo) > daysAgo(-700).getTime());
	assert.equal(told.problems, []);
});

files('a self-signed one that cannot be kept is complained about once', async () => {
	const folder = await makeFolder({});
	const storage = join(folder, 'kept');
	let now = NOW;
	const told = follow(await openCertificate({ cert: true, key: undefined, storage }, LOOK_MS, () => now));
	await rm(storage, { recursive: true });
	await writeFile(storage, 'a file');
	now = daysAgo(-380);
	await eventually('the complaint', () => told.problems.length > 0);
	await looks(5);
	assert.is(told.problems.length, 1);
	assert.equal(told.pairs, []);
});

files.run();

const wire = suite('certificate files of a server that runs');
wire.after.each(endAll);

/** The certificate that a new connection is shown. */
const shown = (tested: Tested): Promise<string> =>
	new Promise((resolve, reject) => {
		const socket: TLSSocket = connect({ host: 'localhost', port: tested.port, rejectUnauthorized: false });
		socket.once('error', reject).once('secureConnect', () => {
			resolve(new X509Certificate(socket.getPeerCertificate().raw).serialNumber);
			socket.destroy();
		});
	});

wire('new connections have the new certificate, old ones go on', async () => {
	const folder = await makeFolder({ 'cert.pem': first.cert, 'key.pem': first.key });
	const tested = await openIndexed({ 'a.txt': 'a' }, { cert: join(folder, 'cert.pem') });
	const serialOf = ({ cert }: Pair): string => new X509Certificate(cert).serialNumber;
	assert.is(await shown(tested), serialOf(first));
	const session = openSession(tested);
	assert.is((await askOn(session, '/a.txt')).status, 200);
	const raw = new Wire(tested);
	await raw.view('/a.txt');

	await writeFile(join(folder, 'key.pem'), second.key);
	await eventually('the complaint, or none', () => new Promise((done) => setTimeout(() => done(true), 500)));
	await writeFile(join(folder, 'cert.pem'), second.cert);
	await eventually('the new one', async () => (await shown(tested)) === serialOf(second));
	assert.equal(tested.problems, []);
	for (const protocol of PROTOCOLS) assert.is((await ask(tested, protocol, '/a.txt')).status, 200);
	assert.is((await askOn(session, '/a.txt')).status, 200);
	assert.is(session.closed, false);
	assert.is((await raw.view('/a.txt')).document.status, 200);

	await writeFile(join(folder, 'cert.pem'), third.cert);
	await eventually('the complaint', () => tested.problems.length > 0);
	assert.is(tested.problems.length, 1);
	assert.is(await shown(tested), serialOf(second));
	assert.is((await ask(tested, 'HTTP/2', '/a.txt')).status, 200);
});

wire('the names in the new certificate are names of the server', async () => {
	const [old, anew] = await Promise.all([createNamed('old.example'), createNamed('new.example')]);
	const folder = await makeFolder({ 'a.pem': old.cert + old.key });
	const tested = await openIndexed({ 'a.txt': 'a' }, { cert: join(folder, 'a.pem') });
	const wire = new Wire(tested);
	const statusAs = async (authority: string): Promise<number> =>
		(await wire.view('/a.txt', { ':authority': authority })).document.status;
	assert.equal([await statusAs('old.example'), await statusAs('new.example')], [200, 421]);
	await writeFile(join(folder, 'a.pem'), anew.cert + anew.key);
	await eventually('the new name', async () => (await statusAs('new.example')) === 200);
	assert.is(await statusAs('old.example'), 421);
});

wire.run();
