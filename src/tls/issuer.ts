// Makes X.509 certificates (RFC 5280) and knows nothing of where they are kept. Importing pkijs takes some 40 ms, so
// this file is imported only when there is a certificate to make.

import { createHash, webcrypto } from 'node:crypto';
import { BitString, Integer, OctetString, Sequence, Set as SetOf, Utf8String } from 'asn1js';
import * as pkijs from 'pkijs';
import { formatPem } from './pem.ts';

const HOUR = 60 * 60 * 1000;

/** So that a client whose clock is a little behind ours accepts it at once. */
const CLOCK_SKEW = HOUR;

/** CA/Browser Forum baseline requirements §6.3.2: browsers refuse more than 398 days, and 397 is what they advise. */
const MAXIMUM_AGE = 397 * 24 * HOUR;

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';

/**
 * A certificate for `localhost`, `127.0.0.1` and `::1`, signed by its own ECDSA P-256 key: valid from one hour before
 * `now`, for 397 days. `cert` and `key` (PKCS #8) are PEM.
 *
 * It is no CA: Firefox refuses a server certificate that is one, and a key that lies on a disk should not be able to
 * vouch for other sites. Once trusted it verifies all the same (a trust anchor need be no CA, RFC 5280 §6.1.1 d): in
 * OpenSSL and GnuTLS as a CA file, in Chromium and NSS as a trusted peer (`certutil -A -t P,,`, not `C,,`).
 */
export const createSelfSigned = async (now: Date): Promise<{ cert: string; key: string }> => {
	const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
	const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
	const certificate = new pkijs.Certificate();
	certificate.version = 2; // v3 (RFC 5280 §4.1.2.1)
	certificate.serialNumber = new Integer({ valueHex: randomSerial() });
	const name = toName([ORGANIZATION, 'casper-serve'], [COMMON_NAME, 'localhost']);
	certificate.issuer = name;
	certificate.subject = name;
	// Whole seconds (§4.1.2.5.2). The last second counts as valid (§4.1.2.5), hence one less.
	const notBefore = Math.floor((now.getTime() - CLOCK_SKEW) / 1000) * 1000;
	certificate.notBefore = toTime(notBefore);
	certificate.notAfter = toTime(notBefore + MAXIMUM_AGE - 1000);
	await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
	const publicKey = certificate.subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView;
	certificate.extensions = extensions(publicKey);
	await certificate.sign(keys.privateKey, 'SHA-256');
	return {
		cert: formatPem('CERTIFICATE', certificate.toSchema(true).toBER()),
		key: formatPem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
	};
};

/** 16 octets, positive and without a leading zero octet (RFC 5280 §4.1.2.2). Firefox refuses a serial it saw before. */
const randomSerial = (): ArrayBuffer => {
	const octets = webcrypto.getRandomValues(new Uint8Array(16));
	octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40;
	return octets.buffer;
};

/** One attribute to a set, as everybody writes names; pkijs would put them all into one set. */
const toName = (
	...attributes: (readonly [type: string, value: string])[]
): pkijs.RelativeDistinguishedNames => {
	const sets = attributes.map(
		([type, value]) =>
			new SetOf({
				value: [new pkijs.AttributeTypeAndValue({ type, value: new Utf8String({ value }) }).toSchema()],
			}),
	);
	return new pkijs.RelativeDistinguishedNames({ valueBeforeDecode: new Sequence({ value: sets }).toBER() });
};

/** UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5). */
const toTime = (milliseconds: number): pkijs.Time => {
	const value = new Date(milliseconds);
	return new pkijs.Time({ type: value.getUTCFullYear() < 2050 ? 0 : 1, value });
};

const extensions = (publicKey: Uint8Array): pkijs.Extension[] => {
	const extension = (extnID: string, critical: boolean, value: { toBER(): ArrayBuffer }): pkijs.Extension =>
		new pkijs.Extension({ extnID, critical, extnValue: value.toBER() });
	const address = (...octets: number[]): pkijs.GeneralName =>
		new pkijs.GeneralName({ type: 7, value: new OctetString({ valueHex: Uint8Array.from(octets).buffer }) });
	const names = new pkijs.GeneralNames({
		names: [
			new pkijs.GeneralName({ type: 2, value: 'localhost' }),
			address(127, 0, 0, 1),
			address(...new Array<number>(15).fill(0), 1),
		],
	});
	const usage = new pkijs.ExtKeyUsage({ keyPurposes: [SERVER_AUTHENTICATION] });
	// RFC 5280 §4.2.1.2 (1). The authority's, which §4.2.1.1 leaves optional here, lets OpenSSL tell a certificate from
	// the one before it when both are trusted: they have the same name, and it tries the first alone.
	const hash = createHash('sha1').update(publicKey).digest();
	const keyIdentifier = new OctetString({ valueHex: Uint8Array.from(hash).buffer });
	const authority = new pkijs.AuthorityKeyIdentifier({ keyIdentifier });
	const digitalSignature = new BitString({ valueHex: Uint8Array.of(0x80).buffer, unusedBits: 7 });
	return [
		extension(pkijs.id_BasicConstraints, true, new pkijs.BasicConstraints({ cA: false }).toSchema()),
		extension(pkijs.id_KeyUsage, true, digitalSignature),
		extension(pkijs.id_ExtKeyUsage, false, usage.toSchema()),
		extension(pkijs.id_SubjectAltName, false, names.toSchema()),
		extension(pkijs.id_SubjectKeyIdentifier, false, keyIdentifier),
		extension(pkijs.id_AuthorityKeyIdentifier, false, authority.toSchema()),
	];
};
