// The public module `casper-serve/digest`: cache digests in the formats that other programs write and read.

export {
	type Dialect,
	type DialectParameters,
	type Digest,
	type DigestResource,
	decode,
	encode,
} from './dialects.ts';
