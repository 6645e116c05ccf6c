// How browsers are told to trust a server's own certificate: in the database of their profile, as a user would have it.
// Certificate errors that are merely ignored switch off the HTTP cache and service workers.

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A server with a certificate of its own. */
export interface Trusted {
	/** PEM file; it may hold the key as well. */
	readonly certificate: string;
}

/**
 * Makes a new NSS database in the folder `database` (Debian: libnss3-tools) that holds the certificate.
 * @param trust certutil's letters
 */
export const addCertificate = async (database: string, trust: string, certificate: string): Promise<void> => {
	// The key is nobody's business.
	const pem = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/s.exec(
		await readFile(certificate, 'utf8'),
	)?.[0];
	const file = join(database, 'casper-serve.pem');
	await writeFile(file, `${pem}\n`);
	await run('certutil', ['-d', `sql:${database}`, '-N', '--empty-password']);
	await run('certutil', ['-d', `sql:${database}`, '-A', '-n', 'casper-serve', '-t', trust, '-i', file]);
};
