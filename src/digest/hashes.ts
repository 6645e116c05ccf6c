// How the interchange formats make a key of what identifies a resource: each takes other bits of another hash. The
// hashes only spread keys evenly; none of them protects anything. Text is hashed as UTF-8, verbatim: no format
// decodes percent signs or removes dot segments.

import { createHash } from 'node:crypto';
import { BitReader } from './bits.ts';

/** The top `width` bits (0–53) of SHA-256: `Cache-Digest` (draft-ietf-httpbis-cache-digest-02 §2.1.2). */
export const topOfSha256 = (text: string, width: number): number =>
	new BitReader(hash('sha256', text)).read(width) ?? 0;

/** The low `width` bits (0–32) of the first four bytes of SHA-1, little-endian: H2O, `lib/http2/casper.c`. */
export const lowOfSha1 = (text: string, width: number): number =>
	hash('sha1', text).readUInt32LE(0) % 2 ** width;

/** The last four bytes of MD5, big-endian, modulo `divisor` (1–2^32): go-casper, `casper.go`. */
export const restOfMd5 = (text: string, divisor: number): number =>
	hash('md5', text).readUInt32BE(12) % divisor;

const hash = (algorithm: string, text: string): Buffer => createHash(algorithm).update(text).digest();
