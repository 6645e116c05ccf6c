// The certificate of a server that runs for longer than its certificate is good for: a newer one is taken into use when it
// is there. Files are looked at by their content, every few seconds: tools that renew write certificate and key one after
// the other, or have links lead elsewhere, and no event tells of all that.

import { createHash } from 'node:crypto';
import { homedir, platform } from 'node:os';
import { type CertificateFiles, type CertificatePair, pairOf, readCertificateFiles } from './certificate.ts';
import { dataFolder } from './data-folder.ts';
import { openSelfSigned } from './self-signed.ts';

/** Where certificates come from; as the options of a server say it. */
export interface CertificateSource {
	/** A file; `true`: a self-signed one. */
	readonly cert: string | boolean;
	readonly key: string | undefined;
	/** Folder for the self-signed one; `undefined`: the user's data folder. */
	readonly storage: string | undefined;
}

/** A certificate, and where its successors come from. */
export interface LivingCertificate {
	/** The one at the start. */
	readonly pair: CertificatePair;
	/**
	 * Has `onPair` called with each successor, and `onProblem` once for each that is of no use, which leaves everything as
	 * it is. Does not keep the process alive. Call what it returns to end it.
	 */
	follow(onPair: (pair: CertificatePair) => void, onProblem: (message: string) => void): () => void;
}

const LOOK_MS = 2000;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The certificate that `source` says; `undefined` for none.
 * @param lookMs how often the source is looked at, in milliseconds; by default files every 2 s, a self-signed one daily
 * @param clock what time it is
 * @throws {CasperError} as {@link readCertificateFiles}, {@link pairOf} and {@link openSelfSigned} do
 */
export const openCertificate = async (
	{ cert, key, storage }: CertificateSource,
	lookMs?: number,
	clock: () => Date = () => new Date(),
): Promise<LivingCertificate | undefined> => {
	if (cert === false) return undefined;
	if (cert === true)
		return openLivingSelfSigned(storage ?? dataFolder({}, platform(), homedir()), lookMs ?? DAY_MS, clock);
	return openLivingFiles(() => readCertificateFiles(cert, key), lookMs ?? LOOK_MS, clock);
};

const openLivingSelfSigned = async (
	folder: string,
	lookMs: number,
	clock: () => Date,
): Promise<LivingCertificate> => {
	const pair = await openSelfSigned(folder, clock());
	let { cert } = pair;
	let told = '';
	return {
		pair,
		follow: (onPair, onProblem) =>
			repeat(lookMs, async (isOver) => {
				try {
					const found = await openSelfSigned(folder, clock());
					if (isOver() || found.cert === cert) return;
					onPair(found);
					({ cert } = found);
					told = '';
				} catch (error) {
					const message = messageOf(error);
					if (isOver() || message === told) return;
					told = message;
					onProblem(message);
				}
			}),
	};
};

/** What was found at one look: files, or why there are none. */
type Found = { readonly print: string; readonly files: CertificateFiles | { readonly error: unknown } };

const openLivingFiles = async (
	read: () => Promise<CertificateFiles>,
	lookMs: number,
	clock: () => Date,
): Promise<LivingCertificate> => {
	const files = await read();
	const pair = pairOf(files, clock());
	let inForce = printOf(files);
	let seen = inForce;
	let told = '';
	const look = async (): Promise<Found> => {
		try {
			const found = await read();
			return { print: printOf(found), files: found };
		} catch (error) {
			return { print: messageOf(error), files: { error } };
		}
	};
	return {
		pair,
		follow: (onPair, onProblem) =>
			repeat(lookMs, async (isOver) => {
				const found = await look();
				if (isOver()) return;
				// What is new may be half written, or its key may be still to come: it counts at the next look.
				const isSettled = found.print === seen;
				seen = found.print;
				if (!isSettled) return;
				if (found.print === inForce) {
					told = '';
					return;
				}
				try {
					if ('error' in found.files) throw found.files.error;
					// Again at each look: what is not valid yet will be.
					onPair(pairOf(found.files, clock()));
					inForce = found.print;
					told = '';
				} catch (error) {
					if (found.print === told) return;
					told = found.print;
					onProblem(`${messageOf(error)}; until then the certificate before it is used`);
				}
			}),
	};
};

/** Tells contents from one another; nothing of a key can be got out of it. */
const printOf = ({ cert, key }: CertificateFiles): string =>
	createHash('sha256').update(`${cert.bytes.length} `).update(cert.bytes).update(key.bytes).digest('hex');

/** Calls `work`, never twice at once. */
const repeat = (everyMs: number, work: (isOver: () => boolean) => Promise<void>): (() => void) => {
	let isOver = false;
	let isWorking = false;
	const timer = setInterval(() => {
		if (isWorking) return;
		isWorking = true;
		void work(() => isOver).finally(() => {
			isWorking = false;
		});
	}, everyMs).unref();
	return () => {
		isOver = true;
		clearInterval(timer);
	};
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
