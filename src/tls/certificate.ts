// Reads the certificate and the key that a user gives with `--cert file` and `--key file`, and refuses here, in words,
// what would otherwise fail in the first handshake. No message and no cause holds anything of a key.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative } from 'node:path';
import { createSecureContext } from 'node:tls';
import { CasperError } from '../errors.ts';
import { type PemBlock, parsePem } from './pem.ts';

/** Chains and keys are a few kilobytes; anything larger is a wrong file, and not worth reading. */
const MAXIMUM_SIZE = 1024 * 1024;

const CERTIFICATE_LABEL = /^(?:X509 |TRUSTED )?CERTIFICATE$/;
const KEY_LABEL = /PRIVATE KEY$/;

const OTHER_FILE = 'name another file';
const EXPECTED = { '--cert': 'a certificate in PEM form', '--key': 'a private key in PEM form' } as const;

type Setting = keyof typeof EXPECTED;

/** A file that was read. */
interface Source {
	readonly setting: Setting;
	readonly file: string;
	readonly blocks: readonly PemBlock[];
	readonly bytes: Buffer;
}

/** A certificate with its chain, and its private key, PEM, as `tls.createSecureContext` takes them. */
export interface CertificatePair {
	readonly cert: string;
	readonly key: string;
}

/** Files in which a certificate and a key are to be, not judged yet. The same file twice where it holds both. */
export interface CertificateFiles {
	readonly cert: Source;
	readonly key: Source;
}

/**
 * The certificate (with its chain, if the file has one) and its private key: {@link readCertificateFiles}, and
 * {@link pairOf} what they hold.
 * @throws {CasperError} as these do
 */
export const readCertificate = async (
	certFile: string,
	keyFile: string | undefined,
	now: Date,
): Promise<CertificatePair> => pairOf(await readCertificateFiles(certFile, keyFile), now);

/**
 * Without `keyFile` the key is looked for in the certificate's file, then beside it: for `a.pem` or `a.crt` in
 * `a-key.pem` (mkcert's name), `a.key`, `key.pem` and `privkey.pem` (certbot's name); the first that exists counts.
 *
 * @throws {CasperError} `CASPER_CERTIFICATE_UNREADABLE` if a file is missing or cannot be read.
 */
export const readCertificateFiles = async (
	certFile: string,
	keyFile: string | undefined,
): Promise<CertificateFiles> => {
	const cert = await readSource('--cert', certFile);
	// Without a certificate the file is a wrong one, and no key belongs to it.
	if (!cert.blocks.some(isCertificate)) throw lacking(cert);
	return { cert, key: keyFile === undefined ? await findKey(cert) : await readSource('--key', keyFile) };
};

/**
 * What the files hold.
 *
 * @throws {CasperError} `CASPER_CERTIFICATE_UNREADABLE` if a file is no PEM, damaged, encrypted or refused by OpenSSL,
 * `CASPER_CERTIFICATE_MISMATCH` if the key is not the certificate's, `CASPER_CERTIFICATE_EXPIRED` if `now` is not within
 * the certificate's validity.
 */
export const pairOf = ({ cert: source, key: keySource }: CertificateFiles, now: Date): CertificatePair => {
	const chain = source.blocks.filter(isCertificate);
	const certificates = chain.map((block) => parseBlock(source, block, (text) => new X509Certificate(text)));
	const [certificate] = certificates;
	if (certificate === undefined) throw lacking(source);
	const keyBlock = keySource.blocks.find(({ label }) => KEY_LABEL.test(label));
	if (keyBlock === undefined) throw lacking(keySource);
	if (isEncrypted(keyBlock)) throw encrypted(keySource);
	const privateKey = parseBlock(keySource, keyBlock, createPrivateKey);

	refuseOtherKey(certificates, source, privateKey, keySource);
	refuseOtherTime(certificate, source, now);
	const pair = { cert: chain.map(({ text }) => text).join(''), key: keyBlock.text };
	try {
		createSecureContext(pair);
	} catch (cause) {
		const wayOut = 'make a new one, or give --cert alone for an automatic certificate';
		throw unreadable(source, 'a certificate and key that TLS accepts', reason(cause), wayOut, cause);
	}
	return pair;
};

const isCertificate = ({ label }: PemBlock): boolean => CERTIFICATE_LABEL.test(label);

const readSource = async (setting: Setting, file: string): Promise<Source> => {
	const source = { setting, file, blocks: [], bytes: Buffer.alloc(0) };
	const expected = EXPECTED[setting];
	try {
		const stats = await stat(file);
		if (stats.isDirectory()) throw unreadable(source, expected, 'a folder', 'name the file in it');
		if (stats.size > MAXIMUM_SIZE) throw unreadable(source, expected, `${stats.size} bytes`, OTHER_FILE);
		const bytes = await readFile(file);
		return { ...source, blocks: parsePem(bytes.toString('latin1')), bytes };
	} catch (cause) {
		if (cause instanceof CasperError) throw cause;
		const code = reason(cause);
		if (code === 'ENOENT') throw unreadable(source, expected, 'no such file', 'check the path', cause);
		const wayOut = 'let the user of this process read it, or name another file';
		throw unreadable(source, expected, code === 'EACCES' ? 'no permission to read it' : code, wayOut, cause);
	}
};

const findKey = async (source: Source): Promise<Source> => {
	if (source.blocks.some(({ label }) => KEY_LABEL.test(label))) return source;
	const name = basename(source.file, extname(source.file));
	const names = [`${name}-key.pem`, `${name}.key`, 'key.pem', 'privkey.pem'];
	for (const candidate of names) {
		const file = join(dirname(source.file), candidate);
		if (relative(file, source.file) !== '' && (await exists(file))) return readSource('--key', file);
	}
	const expected = `its private key in it or beside it (${names.join(', ')})`;
	throw unreadable(source, expected, 'none', 'name the key with --key file');
};

const exists = async (file: string): Promise<boolean> => {
	try {
		await stat(file);
		return true;
	} catch {
		return false;
	}
};

const parseBlock = <T>(source: Source, { label, text }: PemBlock, parse: (text: string) => T): T => {
	try {
		return parse(text);
	} catch (cause) {
		const what = CERTIFICATE_LABEL.test(label) ? 'a certificate' : 'a private key';
		const got = `a ${label} block that is damaged or of an unknown kind`;
		throw unreadable(source, what, got, 'make the file anew', cause);
	}
};

/** RFC 7468 §11 for PKCS #8, RFC 1421 §4.6.1.1 for OpenSSL's traditional form. */
const isEncrypted = ({ label, text }: PemBlock): boolean =>
	label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: *4, *ENCRYPTED/m.test(text);

const encrypted = (source: Source): CasperError => {
	const { dir, name } = splitName(source.file);
	const plain = join(dir, `${name}-plain.pem`);
	const command = `openssl pkey -in ${quote(source.file)} -out ${quote(plain)}`;
	const wayOut = `decrypt it with: ${command} and give --key ${quote(plain)}`;
	return unreadable(source, 'a private key without a passphrase', 'an encrypted one', wayOut);
};

const lacking = (source: Source): CasperError =>
	unreadable(source, EXPECTED[source.setting], ...describeOther(source));

/** What a file is that lacks the wanted block, and the way out. */
const describeOther = ({ setting, file, blocks, bytes }: Source): [got: string, wayOut: string] => {
	const { dir, name } = splitName(file);
	const pem = quote(join(dir, `${name}${extname(file) === '.pem' ? '-text' : ''}.pem`));
	if (bytes.length === 0) return ['an empty file', OTHER_FILE];
	if (blocks.some(({ label }) => (setting === '--cert' ? KEY_LABEL : CERTIFICATE_LABEL).test(label))) {
		const got = setting === '--cert' ? 'a private key only' : 'a certificate only';
		return [got, 'give the certificate with --cert and its key with --key'];
	}
	if (blocks.length > 0) return [`a ${blocks[0]?.label} block`, OTHER_FILE];
	// A DER sequence longer than 127 bytes: 0x30 and a length in long form (X.690 §8.1.3.5). Text never has both.
	if (bytes[0] !== 0x30 || (bytes[1] ?? 0) < 0x80) return ['a file that is not PEM', OTHER_FILE];
	const convert = (kind: string): string => `convert it with: openssl ${kind} -in ${quote(file)} -out ${pem}`;
	if (succeeds(() => new X509Certificate(bytes)))
		return ['a certificate in DER form', convert('x509 -inform der')];
	const isKey = (['pkcs8', 'pkcs1', 'sec1'] as const).some((type) =>
		succeeds(() => createPrivateKey({ key: bytes, format: 'der', type })),
	);
	if (isKey) return ['a private key in DER form', convert('pkey -inform der')];
	return ['a binary file, perhaps PKCS #12', convert('pkcs12 -nodes')];
};

const refuseOtherKey = (
	certificates: readonly X509Certificate[],
	source: Source,
	privateKey: KeyObject,
	keySource: Source,
): void => {
	const owner = certificates.findIndex((certificate) => certificate.checkPrivateKey(privateKey));
	if (owner === 0) return;
	const got = owner === -1 ? 'the certificate of another key' : `it in place ${owner + 1} of the file`;
	const wayOut =
		owner === -1 ? 'give the key that belongs to it with --key file' : 'put it first in the file';
	const subject = `${source.setting} ${quote(source.file)}`;
	throw new CasperError(
		'CASPER_CERTIFICATE_MISMATCH',
		`${subject}: expected the certificate of the private key in ${quote(keySource.file)}, got ${got}; ${wayOut}`,
	);
};

const refuseOtherTime = (certificate: X509Certificate, source: Source, now: Date): void => {
	const from = Date.parse(certificate.validFrom);
	const to = Date.parse(certificate.validTo);
	const early = now.getTime() < from;
	if (!early && !(now.getTime() > to)) return;
	const got = early
		? `one that is not valid before ${formatTime(from)}`
		: `one that expired on ${formatTime(to)}`;
	const wayOut = early
		? 'check the clock, or give another'
		: 'renew it, or give --cert alone for an automatic one';
	throw new CasperError(
		'CASPER_CERTIFICATE_EXPIRED',
		`${source.setting} ${quote(source.file)}: expected a certificate valid on ${formatTime(now.getTime())}, got ${got}; ${wayOut}`,
	);
};

const unreadable = (
	{ setting, file }: Source,
	expected: string,
	got: string,
	wayOut: string,
	cause?: unknown,
): CasperError =>
	new CasperError(
		'CASPER_CERTIFICATE_UNREADABLE',
		`${setting} ${quote(file)}: expected ${expected}, got ${got}; ${wayOut}`,
		cause === undefined ? undefined : { cause },
	);

/** The short name of a failure: the system's (`EACCES`), or OpenSSL's (`ee key too small`). */
const reason = (cause: unknown): string => {
	if (!(cause instanceof Error)) return 'an unknown error';
	const { reason, code } = cause as { readonly reason?: unknown; readonly code?: unknown };
	return String(reason ?? code ?? cause.name);
};

const succeeds = (attempt: () => unknown): boolean => {
	try {
		attempt();
		return true;
	} catch {
		return false;
	}
};

const splitName = (file: string): { dir: string; name: string } => ({
	dir: dirname(file),
	name: basename(file, extname(file)),
});

const formatTime = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`;

/** Also keeps the message on one line, whatever the path holds. */
const quote = (path: string): string => JSON.stringify(path);
