// The bundle channel: a page and what its client lacks of it in one response, and word of what it holds. How it is framed,
// http/bundle-format.ts says.
//
// First comes what the browser can begin with, the start of the document; then what holds its first paint up, styles,
// scripts and fonts; then the rest of the document, so that it does not wait for images; then these.

import type { FileHandle } from 'node:fs/promises';
import {
	BUNDLE_TYPE,
	FRAME,
	type FrameKind,
	frameHead,
	type ItemHead,
	type ManifestItem,
} from '../http/bundle-format.ts';
import type { Coding } from '../http/content-coding.ts';
import type { Delivery } from '../plan.ts';
import type { Asset } from '../site/snapshot.ts';
import { type Bodies, type HeldBody, isVersion } from './body.ts';
import { type BundleLoad, BundleSink, ReaderGone } from './bundle-sink.ts';
import type { FieldSource } from './fields.ts';
import type { Reply, ResponseFields } from './reply.ts';

/** So much of the document comes first: well within what a connection carries before it hears anything back (RFC 6928). */
const START_BYTES = 2 ** 13;
/** Content goes in pieces of at most so many bytes, so that readers need not wait for long ones. */
const PIECE_BYTES = 2 ** 15;
const JSON_TEXT = new TextEncoder();

/** A document on its way to a worker. */
export interface BundleDocument {
	readonly asset: Asset;
	/** Path and query as asked for. */
	readonly url: string;
	/** The worker holds this very version: its bytes are not sent. */
	readonly isHeld: boolean;
	readonly body: HeldBody;
	readonly fields: ResponseFields;
}

/** What bundles are made from. */
export interface BundleParts {
	readonly bodies: Bodies;
	readonly fieldsOf: FieldSource;
}

/**
 * Sends a document and what is planned with it. Rejects for what nobody foresaw, and not where the reader goes.
 * @param outer fields of the response itself
 * @param coding in which the whole response travels
 * @param load what else is on its way on this connection
 */
export const sendBundle = async (
	reply: Reply,
	document: BundleDocument,
	deliveries: readonly Delivery[],
	{ bodies, fieldsOf }: BundleParts,
	outer: Readonly<Record<string, string>>,
	coding: Coding | undefined,
	load: BundleLoad,
): Promise<void> => {
	const sink = new BundleSink(reply, coding, load);
	load.open++;
	try {
		sink.head({
			':status': 200,
			'content-type': BUNDLE_TYPE,
			'cache-control': 'no-store',
			'x-content-type-options': 'nosniff',
			...outer,
		});
		await sink.write(frameOf(FRAME.manifest, 0, JSON.stringify(manifestOf(document, deliveries, fieldsOf))));
		const rest = await sendStart(sink, document);
		const sent = deliveries
			.map((delivery, index) => ({ ...delivery, item: index + 1 }))
			.filter(({ verdict }) => verdict === 'send');
		for (const record of sent) if (isUrgent(record)) await sendRecord(sink, record, bodies, fieldsOf);
		await rest();
		for (const record of sent) if (!isUrgent(record)) await sendRecord(sink, record, bodies, fieldsOf);
		await sink.write(frameHead(FRAME.complete, 0, 0));
		sink.end();
	} catch (error) {
		// If somebody is still there, what did not come whole is asked for.
		sink.break();
		if (!(error instanceof ReaderGone)) throw error;
	} finally {
		load.open--;
	}
};

const manifestOf = (
	{ asset, url, isHeld, fields }: BundleDocument,
	deliveries: readonly Delivery[],
	fieldsOf: FieldSource,
): readonly ManifestItem[] => [
	isHeld ? [url, asset.hash, 0, headOf(fields)] : [url, asset.hash, 1],
	...deliveries.map(
		({ dependency: { url }, asset, verdict }): ManifestItem =>
			verdict === 'send' ? [url, asset.hash, 1] : [url, asset.hash, 0, headOf(fieldsOf(asset, url).full)],
	),
];

const headOf = ({ ':status': status, ...fields }: ResponseFields): ItemHead => [
	status,
	Object.entries(fields).map(([name, value]) => [name, String(value)]),
];

const isUrgent = ({ dependency: { as, isModule } }: Delivery): boolean =>
	isModule || as === 'style' || as === 'script' || as === 'font';

/** Sends the start of the document. Returns what sends the rest. */
const sendStart = async (
	sink: BundleSink,
	{ isHeld, body: { bytes }, fields }: BundleDocument,
): Promise<() => Promise<void>> => {
	if (isHeld) {
		await sink.flush();
		return async () => {};
	}
	await sink.write(frameOf(FRAME.head, 0, JSON.stringify(headOf(fields))));
	const end = Math.min(START_BYTES, bytes.length);
	await writeContent(sink, 0, bytes.subarray(0, end));
	await sink.flush();
	return async () => {
		for (const piece of piecesOf(bytes, end)) await writeContent(sink, 0, piece);
		await sink.write(frameHead(FRAME.end, 0, 0));
		await sink.flush();
	};
};

const sendRecord = async (
	sink: BundleSink,
	{ asset, dependency, item }: Delivery & { readonly item: number },
	bodies: Bodies,
	fieldsOf: FieldSource,
): Promise<void> => {
	const body = await bodies.open(asset).catch(() => undefined);
	const head = JSON.stringify(headOf(fieldsOf(asset, dependency.url).full));
	let isWhole = false;
	if (body !== undefined) await sink.write(frameOf(FRAME.head, item, head));
	if (body?.kind === 'held') {
		for (const piece of piecesOf(body.bytes)) await writeContent(sink, item, piece);
		isWhole = true;
	} else if (body !== undefined) isWhole = await sendFile(sink, item, asset, body.handle);
	// The version that was announced may be gone: the client asks for the one that took its place.
	await sink.write(frameHead(isWhole ? FRAME.end : FRAME.gone, item, 0));
	await sink.flush();
};

/** Sends what is too large to be held, as far as it is there. Resolves to whether it still was the version announced. */
const sendFile = async (
	sink: BundleSink,
	item: number,
	asset: Asset,
	handle: FileHandle,
): Promise<boolean> => {
	try {
		for (let at = 0; at < asset.size; ) {
			const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, at);
			if (bytesRead === 0) return false;
			at += bytesRead;
			await writeContent(sink, item, buffer.subarray(0, bytesRead));
		}
		return isVersion(asset, handle);
	} finally {
		await handle.close();
	}
};

function* piecesOf(bytes: Buffer, start = 0): Generator<Buffer> {
	for (let at = start; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

const frameOf = (kind: FrameKind, item: number, text: string): Uint8Array => {
	const bytes = JSON_TEXT.encode(text);
	return Buffer.concat([frameHead(kind, item, bytes.length), bytes]);
};

const writeContent = (sink: BundleSink, item: number, piece: Uint8Array): Promise<void> =>
	sink.write(frameHead(FRAME.content, item, piece.length), piece);
