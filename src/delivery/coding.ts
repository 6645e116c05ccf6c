// Making content codings, off the main thread. The level is one at which a file of a megabyte takes a few dozen
// milliseconds: it is made for a request that waits for it.

import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { type Coding, chooseCoding } from '../http/content-coding.ts';
import type { UrlPath } from '../site/paths.ts';
import type { Asset, Snapshot } from '../site/snapshot.ts';

type Encode = (bytes: Buffer) => Promise<Buffer>;
type Decode = (bytes: Buffer, limits: { readonly maxOutputLength: number }) => Promise<Buffer>;

/** What a coding is to this Node. */
interface Engine {
	readonly encode: Encode;
	readonly decode: Decode;
	/** What tools that compress files ahead put behind their names. */
	readonly extension: string;
}

const FAST_QUALITY = 5;

const brotli = (bytes: Buffer, quality: number): Promise<Buffer> =>
	promisify(zlib.brotliCompress)(bytes, {
		params: {
			[zlib.constants.BROTLI_PARAM_QUALITY]: quality,
			[zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
		},
	});

/** Node has them from 22.15 on. */
const { zstdCompress, zstdDecompress } = zlib as {
	zstdCompress?: (bytes: Buffer, done: (error: Error | null, result: Buffer) => void) => void;
	zstdDecompress?: typeof zlib.gunzip;
};

/** What this Node can make, the one that makes files smallest first. */
const ENGINES: ReadonlyMap<Coding, Engine> = new Map<Coding, Engine>([
	[
		'br',
		{
			encode: (bytes) => brotli(bytes, FAST_QUALITY),
			decode: promisify(zlib.brotliDecompress),
			extension: '.br',
		},
	],
	...(zstdCompress === undefined || zstdDecompress === undefined
		? []
		: ([
				['zstd', { encode: promisify(zstdCompress), decode: promisify(zstdDecompress), extension: '.zst' }],
			] as const)),
	[
		'gzip',
		{ encode: promisify<Buffer, Buffer>(zlib.gzip), decode: promisify(zlib.gunzip), extension: '.gz' },
	],
]);

/** The codings that this Node can make, the best first. */
export const OFFERED: readonly Coding[] = [...ENGINES.keys()];

/** `bytes` in a coding; themselves where that makes them no smaller or does not work. */
export const encodeContent = async (bytes: Buffer, coding: Coding): Promise<Buffer> => {
	const coded = await ENGINES.get(coding)
		?.encode(bytes)
		.catch(() => undefined);
	return coded !== undefined && coded.length < bytes.length ? coded : bytes;
};

/** The smallest that `bytes` get in br, which takes some hundred times as long as {@link encodeContent}. */
export const encodeBest = (bytes: Buffer): Promise<Buffer> =>
	brotli(bytes, zlib.constants.BROTLI_MAX_QUALITY);

/** What codes a row of pieces, each of which is to be readable as soon as it has arrived. */
export interface Coder {
	readonly stream: Transform;
	/** Hands on all that was written. */
	flush(done: () => void): void;
}

/** The window of such a stream, as a power of two: each one takes four times as much memory, and more for its quality. */
const WINDOW_BITS = 18;
const STREAM_QUALITY = 4;

/** The codings that a stream can be in, the best first. */
const STREAMED: readonly Coding[] = ['br', 'gzip'];

/** The coding for a stream, by the request's `Accept-Encoding`; `undefined`: none. */
export const streamCodingFor = (field: string | undefined): Coding | undefined =>
	field === undefined ? undefined : chooseCoding(field, STREAMED);

/** A stream that codes what is written to it; `undefined` where this Node has none for it. */
export const openCoder = (coding: Coding): Coder | undefined => {
	if (coding === 'br') {
		const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_OPERATION_FLUSH } = zlib.constants;
		const params = { [BROTLI_PARAM_QUALITY]: STREAM_QUALITY, [BROTLI_PARAM_LGWIN]: WINDOW_BITS };
		const stream = zlib.createBrotliCompress({ params });
		return { stream, flush: (done) => stream.flush(BROTLI_OPERATION_FLUSH, done) };
	}
	// Few versions of Node have streams of zstd: see STREAMED.
	if (coding !== 'gzip') return undefined;
	const stream = zlib.createGzip();
	return { stream, flush: (done) => stream.flush(zlib.constants.Z_SYNC_FLUSH, done) };
};

/** The file in which somebody may have compressed `asset` ahead: `app.js.br` beside `app.js`. */
export const codedFileOf = (snapshot: Snapshot, asset: Asset, coding: Coding): Asset | undefined => {
	const file = snapshot.get(`${asset.path}${ENGINES.get(coding)?.extension}` as UrlPath);
	return file !== undefined && file.size < asset.size ? file : undefined;
};

/** Whether `coded` is `bytes` in a coding: a file that was compressed ahead may be that of an earlier version. */
export const isCodingOf = async (coded: Buffer, bytes: Buffer, coding: Coding): Promise<boolean> => {
	// What is longer than it should be is not decoded to its end.
	const decoded = await ENGINES.get(coding)
		?.decode(coded, { maxOutputLength: bytes.length })
		.catch(() => undefined);
	return decoded?.equals(bytes) ?? false;
};

const MAX_KNOWN = 256;
const known = new Map<string, Coding | undefined>();

/** {@link chooseCoding} of those that this Node can make; there are few different fields, and each is read once. */
export const codingFor = (field: string | undefined): Coding | undefined => {
	if (field === undefined) return undefined;
	if (known.has(field)) return known.get(field);
	const coding = chooseCoding(field, OFFERED);
	if (known.size >= MAX_KNOWN) known.clear();
	known.set(field, coding);
	return coding;
};
