// Keeps the certificate of a bare `--cert`, so that an exception made for it in a browser lasts from one start to the
// next. Certificate and key share one file: a rename replaces both at once, and no two processes can mix their pairs.

import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { link, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CasperError } from '../errors.ts';
import { parsePem } from './pem.ts';

const FILE = 'localhost.pem';
const DAY = 24 * 60 * 60 * 1000;
const RENEW_BEFORE = 30 * DAY;

interface Pair {
	readonly cert: string;
	readonly key: string;
}

/**
 * The self-signed certificate that is kept in `folder`, as PEM. It is made anew (`created`) if there is none, if less
 * than 30 days of it are left, or if it is damaged, does not belong to its key or does not name this machine's loopback.
 * `path` holds both, certificate first; only the owner can read it, and a file found open to others is tightened.
 *
 * Of processes that find no certificate at once, one makes it and all return it. Of those that find an old one at
 * once, each returns a whole pair, and the last one stays.
 *
 * @throws {CasperError} `CASPER_STORAGE_UNWRITABLE` if a certificate is to be made and cannot be kept.
 */
export const openSelfSigned = async (
	folder: string,
	now: Date,
): Promise<{ cert: string; key: string; path: string; created: boolean }> => {
	const path = join(folder, FILE);
	const kept = await readPair(path, now);
	if (kept !== undefined) return { ...kept, path, created: false };
	const { createSelfSigned } = await import('./issuer.ts');
	const made = await createSelfSigned(now);
	try {
		await keepPair(made, folder, path, now);
	} catch (cause) {
		throw unwritable(folder, cause);
	}
	const stored = (await readPair(path, now)) ?? made;
	return { ...stored, path, created: stored.cert === made.cert };
};

/** What is kept and may be used on, else `undefined`: whatever is wrong with it, a new one takes its place. */
const readPair = async (path: string, now: Date): Promise<Pair | undefined> => {
	const blocks = parsePem(await readPrivately(path));
	const cert = blocks.find(({ label }) => label === 'CERTIFICATE')?.text;
	const key = blocks.find(({ label }) => label === 'PRIVATE KEY')?.text;
	if (cert === undefined || key === undefined) return undefined;
	try {
		const certificate = new X509Certificate(cert);
		const usable =
			Date.parse(certificate.validFrom) <= now.getTime() &&
			Date.parse(certificate.validTo) >= now.getTime() + RENEW_BEFORE &&
			certificate.checkHost('localhost') !== undefined &&
			certificate.checkIP('127.0.0.1') !== undefined &&
			certificate.checkIP('::1') !== undefined &&
			certificate.checkPrivateKey(createPrivateKey(key));
		return usable ? { cert, key } : undefined;
	} catch {
		return undefined;
	}
};

/** The file's text, or none. Mode and text are those of one open file, whatever is renamed meanwhile. */
const readPrivately = async (path: string): Promise<string> => {
	try {
		const file = await open(path, 'r');
		try {
			const stats = await file.stat();
			if (!stats.isFile()) return '';
			// Fails if the file is another user's: then it is not used.
			if ((stats.mode & 0o077) !== 0) await file.chmod(0o600);
			return await file.readFile('utf8');
		} finally {
			await file.close();
		}
	} catch {
		return '';
	}
};

const keepPair = async (pair: Pair, folder: string, path: string, now: Date): Promise<void> => {
	await mkdir(folder, { recursive: true, mode: 0o700 });
	const temporary = join(folder, `.${randomUUID()}.pem`);
	try {
		// `wx` is O_EXCL: the file is new, so its mode holds from its first byte on.
		await writeFile(temporary, pair.cert + pair.key, { flag: 'wx', mode: 0o600 });
		try {
			// Unlike a rename, a link never replaces: the first of several processes wins.
			await link(temporary, path);
		} catch {
			// There is a file, or the file system has no links. Another process may have renewed it meanwhile.
			if ((await readPair(path, now)) === undefined) await rename(temporary, path);
		}
	} finally {
		await rm(temporary, { force: true });
	}
};

const unwritable = (folder: string, cause: unknown): CasperError => {
	const got = cause instanceof Error && 'code' in cause ? String(cause.code) : 'an unknown error';
	return new CasperError(
		'CASPER_STORAGE_UNWRITABLE',
		`--cert: expected to keep a certificate in ${JSON.stringify(folder)}, got ${got}; ` +
			'make that folder writable, name another with XDG_DATA_HOME, or give your own with --cert file --key file',
		{ cause },
	);
};
