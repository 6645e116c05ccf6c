// The bundle channel: a page and what its client lacks of it in one response, and word of what it holds. How it is framed,
// http/bundle-format.ts says.
//
// First comes what the browser can begin with, the start of the document; then what holds its first paint up, styles,
// scripts and fonts; then the rest of the document, so that it does not wait for images; then these.

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
import type { Bodies, HeldBody } from './body.ts';
import { type BundleLoad, BundleSink } from './bundle-sink.ts';
import type { FieldSource } from './fields.ts';
import type { Reply, ResponseFields } from './reply.ts';

/** So much of the document comes first: what a connection carries before it hears anything back (RFC 6928). */
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
 * Sends a document and what is planned with it.
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
		await sink.write(frameOf(FRAME.manifest, 0, JSON.stringify(manifestOf(document, deliveries))));
		const rest = await sendStart(sink, document);
		const sent = deliveries
			.map((delivery, index) => ({ ...delivery, item: index + 1 }))
			.filter(({ verdict }) => verdict === 'send');
		for (const record of sent) if (isUrgent(record)) await sendRecord(sink, record, bodies, fieldsOf);
		await rest();
		for (const record of sent) if (!isUrgent(record)) await sendRecord(sink, record, bodies, fieldsOf);
		await sink.write(frameHead(FRAME.complete, 0, 0));
		sink.end();
	} catch {
		// Nobody is there any more; if somebody is, what did not come whole is asked for.
		sink.break();
	} finally {
		load.open--;
	}
};

const manifestOf = (
	{ asset, url, isHeld }: BundleDocument,
	deliveries: readonly Delivery[],
): readonly ManifestItem[] => [
	[url, asset.hash, isHeld ? 0 : 1],
	...deliveries.map(
		({ dependency, asset: { hash }, verdict }): ManifestItem => [
			dependency.url,
			hash,
			verdict === 'send' ? 1 : 0,
		],
	),
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
	await sink.write(headOf(0, fields));
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
	// The version that was announced may be gone: the client asks for the one that took its place.
	const body = await bodies.open(asset).catch(() => undefined);
	if (body?.kind !== 'held') {
		await body?.handle.close();
		await sink.write(frameHead(FRAME.gone, item, 0));
	} else {
		await sink.write(headOf(item, fieldsOf(asset, dependency.url).full));
		for (const piece of piecesOf(body.bytes)) await writeContent(sink, item, piece);
		await sink.write(frameHead(FRAME.end, item, 0));
	}
	await sink.flush();
};

function* piecesOf(bytes: Buffer, start = 0): Generator<Buffer> {
	for (let at = start; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

const headOf = (item: number, { ':status': status, ...fields }: ResponseFields): Uint8Array => {
	const head: ItemHead = [status, Object.entries(fields).map(([name, value]) => [name, String(value)])];
	return frameOf(FRAME.head, item, JSON.stringify(head));
};

const frameOf = (kind: FrameKind, item: number, text: string): Uint8Array => {
	const bytes = JSON_TEXT.encode(text);
	return Buffer.concat([frameHead(kind, item, bytes.length), bytes]);
};

const writeContent = (sink: BundleSink, item: number, piece: Uint8Array): Promise<void> =>
	sink.write(frameHead(FRAME.content, item, piece.length), piece);
