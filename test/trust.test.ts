// Who vouches for a certificate: chains of the private kind are kept here, made once with OpenSSL.

import { rootCertificates } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createSelfSigned } from '../src/tls/issuer.ts';
import { type Trust, trustOf } from '../src/tls/trust.ts';

const certificate = (base64: string): string =>
	`-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;

/** CN=Test root, O=Test. */
const ROOT = certificate(
	'MIIBmzCCAUGgAwIBAgIUaS8rxK2y5TqQgpjAMOIIhbaCS1MwCgYIKoZIzj0EAwIwIzENMAsGA1UECgwEVGVzdDESMBAGA1UEAwwJVGVzdCByb290MB4XDTI2MTEyMjExMzIyMloXDTQ2MTExNzExMzIyMlowIzENMAsGA1UECgwEVGVzdDESMBAGA1UEAwwJVGVzdCByb290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEnCyuklx6T8dGnKXH5ReKrhHkEFSDCKzzF/KSb0wl/+5aT5oV3yV3SH61sX6B3Jn7mQMFOIarfxKpM7UA4HoC1KNTMFEwHQYDVR0OBBYEFO5HpgCDv/aIZpUSqawRy/Vm2Cg4MB8GA1UdIwQYMBaAFO5HpgCDv/aIZpUSqawRy/Vm2Cg4MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAKCo3lMS71z4XIzZjz7008Z9Wv/PXzzFbvey1ufdl3yYAiBJCtim3H5TjK69anYa3CZJAq26hDRmqhObsXHcUvi9Zg==',
);
/** O=Test middle, signed by the root. */
const MIDDLE = certificate(
	'MIIBnzCCAUSgAwIBAgIUWan4vjC6eZQJwfIVcXN4tMndj3YwCgYIKoZIzj0EAwIwIzENMAsGA1UECgwEVGVzdDESMBAGA1UEAwwJVGVzdCByb290MB4XDTI2MTEyMjExMzIyMloXDTQ2MDEyMTExMzIyMlowFjEUMBIGA1UECgwLVGVzdCBtaWRkbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATnmNto9WcAc8TP87P6WVizYiKEMZbbM8MQ99Cf7Z8SWANvNNAV2n8A7MrR3tcf11ce6Ju13Qq6hdC5SExUbLFBo2MwYTAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAdBgNVHQ4EFgQU7vwcXPsJLrwBJuzIZvutePtbeJwwHwYDVR0jBBgwFoAU7kemAIO/9ohmlRKprBHL9WbYKDgwCgYIKoZIzj0EAwIDSQAwRgIhAPDf4PGezQUK5iuJZnSKiGb1SbrbiKGHFB40L4GXh/0nAiEAkewlUFkM2OKj+yI5+A0W7OZk0OR89rkChaiDQXTZpQc=',
);
/** CN=localhost, signed by the one in the middle. */
const LEAF = certificate(
	'MIIBJTCBywIUM0KLwIl8MfLLlHEbhnOQZppIwS4wCgYIKoZIzj0EAwIwFjEUMBIGA1UECgwLVGVzdCBtaWRkbGUwHhcNMjYxMTIyMTEzMjIyWhcNMzYxMTE5MTEzMjIyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASkbfm4iitF1VlsR9zPI1ZTmQK5+urHlTKVDbQfeekDg2RAPsgCtx+h9zEiF0qgnNbxDBdgTAPBneqXYg/q3+BiMAoGCCqGSM49BAMCA0kAMEYCIQDQtn2lJ3r8pzanaO+/ru/mJUW4iFrdj7WJs4NnfOTdOgIhAPyuJQX3LqGrOypiGya4uxvsDDf8B0UwZhULlHLN2Mjh',
);
const EXPIRES = new Date('2036-11-19T11:32:22.000Z');
const DAY_MS = 24 * 60 * 60 * 1000;
/** So many days before it expires. */
const daysBefore = (days: number): Date => new Date(EXPIRES.getTime() - days * DAY_MS);
const NOW = daysBefore(100);
const DAMAGED = certificate('AAAA');

const trust = suite('trust');

const rows: readonly {
	name: string;
	input: { pem: string; roots?: readonly string[]; now?: Date };
	want: Omit<Trust, 'expires'> | undefined;
}[] = [
	{
		name: 'a chain to a root that is known by name',
		input: { pem: LEAF + MIDDLE, roots: [ROOT] },
		want: { kind: 'public', issuer: 'Test root', daysLeft: 100 },
	},
	{
		name: 'a chain with its root, in any order',
		input: { pem: LEAF + ROOT + MIDDLE, roots: [DAMAGED, ROOT] },
		want: { kind: 'public', issuer: 'Test root', daysLeft: 100 },
	},
	{
		name: 'a chain whose middle is a root itself',
		input: { pem: LEAF, roots: [MIDDLE] },
		want: { kind: 'public', issuer: 'Test middle', daysLeft: 100 },
	},
	{
		name: 'a chain to a root that nobody knows',
		input: { pem: LEAF + MIDDLE + ROOT },
		want: { kind: 'private', issuer: 'Test root', daysLeft: 100 },
	},
	{
		name: 'a chain that ends early, before a root that is known',
		input: { pem: LEAF, roots: [ROOT] },
		want: { kind: 'private', issuer: 'Test middle', daysLeft: 100 },
	},
	{
		name: 'hours from its end',
		input: { pem: LEAF, now: daysBefore(0.5) },
		want: { kind: 'private', issuer: 'Test middle', daysLeft: 0 },
	},
	{
		name: 'after its end',
		input: { pem: LEAF, now: daysBefore(-1.5) },
		want: { kind: 'private', issuer: 'Test middle', daysLeft: -2 },
	},
	{ name: 'no certificate', input: { pem: 'hello' }, want: undefined },
	{ name: 'none that can be read', input: { pem: DAMAGED }, want: undefined },
];
for (const { name, input, want } of rows)
	trust(name, () => {
		const found = trustOf(input.pem, input.now ?? NOW, input.roots ?? rootCertificates);
		assert.equal(found, want && { ...want, expires: EXPIRES });
	});

trust('a certificate without a date in its place has none', () => {
	const der = Buffer.from(LEAF.replace(/-----.*-----/g, ''), 'base64');
	der.write('3X', der.indexOf('361119113222Z'), 'latin1');
	assert.equal(trustOf(certificate(der.toString('base64')), NOW), {
		kind: 'private',
		issuer: 'Test middle',
		expires: undefined,
		daysLeft: undefined,
	});
});

trust('one that vouches for itself', async () => {
	const { cert } = await createSelfSigned(NOW);
	const found = trustOf(cert, NOW);
	assert.is(found?.kind, 'self-signed');
	assert.is(found?.issuer, 'localhost');
	assert.is(found?.daysLeft, 396);
	assert.is(trustOf(cert + ROOT, NOW, [ROOT])?.kind, 'self-signed');
});

trust('a root that is served by itself vouches for itself, and nobody else does', () => {
	for (const pem of rootCertificates.slice(0, 20)) assert.is(trustOf(pem, NOW)?.kind, 'self-signed');
});

trust.run();
