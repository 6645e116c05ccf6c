// Who vouches for a certificate, for people to know whether browsers will take it (pure: roots and time are given).

import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { parsePem } from './pem.ts';

/** What there is to know of a certificate's trust. */
export interface Trust {
	/**
	 * `public`: its chain leads to one of the roots; `self-signed`: it vouches for itself; `private`: somebody else does.
	 */
	readonly kind: 'public' | 'self-signed' | 'private';
	/** The name of who vouches for it: of the root, as far as the chain leads there. */
	readonly issuer: string;
	/** `undefined`: it says none that is a date. */
	readonly expires: Date | undefined;
	/** Whole days until it expires; negative afterwards. */
	readonly daysLeft: number | undefined;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Chains are of three or four. */
const LONGEST_CHAIN = 10;

/**
 * What there is to know of the first certificate in `pem`, which may have its chain behind it, in any order; `undefined` if
 * there is none that can be read.
 * @param roots PEM; by default Mozilla's, as Node has them, which takes it a while to find
 */
export const trustOf = (pem: string, now: Date, roots?: readonly string[]): Trust | undefined => {
	const [leaf, ...others] = certificatesIn(pem);
	if (leaf === undefined) return undefined;
	const expires = dateOf(leaf.validTo);
	const daysLeft = expires && Math.floor((expires.getTime() - now.getTime()) / DAY_MS);
	const last = lastOf(leaf, others);
	if (last === leaf && isSelfSigned(leaf))
		return { kind: 'self-signed', issuer: nameIn(leaf.issuer), expires, daysLeft };
	const root = (roots ?? tls.rootCertificates)
		.flatMap(certificatesIn)
		.find((candidate) => candidate.fingerprint256 === last.fingerprint256 || isIssuedBy(last, candidate));
	if (root !== undefined) return { kind: 'public', issuer: nameIn(root.subject), expires, daysLeft };
	return { kind: 'private', issuer: nameIn(last.issuer), expires, daysLeft };
};

/** OpenSSL writes a phrase where a certificate has something else. */
const dateOf = (text: string): Date | undefined => {
	const date = new Date(text);
	return Number.isNaN(date.getTime()) ? undefined : date;
};

/** How far the chain leads. */
const lastOf = (leaf: X509Certificate, others: readonly X509Certificate[]): X509Certificate => {
	let last = leaf;
	for (let length = 1; length < LONGEST_CHAIN; length++) {
		const current = last;
		const issuer = others.find((other) => isIssuedBy(current, other));
		if (issuer === undefined || issuer.fingerprint256 === current.fingerprint256) break;
		last = issuer;
	}
	return last;
};

/** Such as vouch for themselves alone need not be fit to vouch for others, which `checkIssued` asks for. */
const isSelfSigned = (certificate: X509Certificate): boolean =>
	certificate.issuer === certificate.subject && certificate.verify(certificate.publicKey);

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
	certificate.issuer === issuer.subject &&
	certificate.checkIssued(issuer) &&
	certificate.verify(issuer.publicKey);

const certificatesIn = (pem: string): readonly X509Certificate[] =>
	parsePem(pem).flatMap(({ label, text }) => {
		if (!label.endsWith('CERTIFICATE')) return [];
		try {
			return [new X509Certificate(text)];
		} catch {
			return [];
		}
	});

/** The common name, else the organisation, else all of it in one line. */
const nameIn = (subject: string): string =>
	/^CN=(.+)$/m.exec(subject)?.[1] ?? /^O=(.+)$/m.exec(subject)?.[1] ?? subject.replace(/\n/g, ', ');
