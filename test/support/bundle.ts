// Bundles as a service worker reads them, and what it says with its requests.

import { createHash } from 'node:crypto';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { formatHeldKeys } from '../../src/digest/held-keys.ts';
import {
	BUNDLE_TYPE,
	FRAME,
	type Frame,
	FrameReader,
	type ItemHead,
	type ManifestItem,
} from '../../src/http/bundle-format.ts';
import type { Answer, Fields } from './client.ts';

/** A response as a bundle carries it. */
export interface Part {
	readonly url: string;
	readonly tag: string;
	readonly isSent: boolean;
	/** 0 before its head, which of what is held is in the manifest. */
	readonly status: number;
	readonly fields: Fields;
	readonly body: Buffer;
	/** How it came to its end, if it did. */
	readonly outcome: 'end' | 'gone' | undefined;
}

export interface Bundle {
	/** By URL, in the order of the manifest. */
	readonly parts: ReadonlyMap<string, Part>;
	/** What came, in order: `manifest`, `head /a.css`, …; content after content of the same part is one. */
	readonly order: readonly string[];
	readonly isComplete: boolean;
}

/** A version that a worker holds. */
export type Held = readonly [url: string, tag: string];

const keyOf = ([url, tag]: Held): number =>
	createHash('sha256').update(`${url}\0${tag}`).digest().readUInt32BE(0);

/** What a worker says that holds these. */
export const wordOf = (...held: readonly Held[]): string => `casper/1 ${formatHeldKeys(held.map(keyOf))}`;

/** A browser's navigation under our worker, with navigation preload. */
export const navigation = (...held: readonly Held[]): Fields => ({
	'sec-fetch-mode': 'navigate',
	'sec-fetch-dest': 'document',
	'service-worker-navigation-preload': wordOf(...held),
});

export const isBundle = ({ fields }: Answer): boolean => fields['content-type'] === BUNDLE_TYPE;

/** The parts of a bundle that came whole. */
export const bundleOf = (answer: Answer): Bundle => {
	if (!isBundle(answer))
		throw new Error(`expected a bundle, got ${answer.status} ${answer.fields['content-type']}`);
	return readBundle(decoded(answer));
};

const decoded = ({ fields, body }: Answer): Buffer => {
	switch (fields['content-encoding']) {
		case undefined:
			return body;
		case 'br':
			return zlib.brotliDecompressSync(body);
		case 'gzip':
			return zlib.gunzipSync(body);
		default:
			throw new Error(`expected br, gzip or nothing, got ${fields['content-encoding']}`);
	}
};

/** What can be read of the first bytes of a bundle in this coding. */
export const readStart = async (bytes: Buffer, coding: string | undefined): Promise<Bundle> => {
	if (coding === undefined) return readBundle(bytes);
	const decoder: Transform = coding === 'br' ? zlib.createBrotliDecompress() : zlib.createGunzip();
	const pieces: Buffer[] = [];
	decoder.on('data', (piece: Buffer) => pieces.push(piece));
	await new Promise((resolve) => decoder.write(bytes, resolve));
	await new Promise(setImmediate);
	decoder.destroy();
	return readBundle(Buffer.concat(pieces));
};

const readBundle = (bytes: Buffer): Bundle => {
	const frames = new FrameReader().read(bytes);
	if (frames === undefined) throw new Error('expected frames, got something else');
	const [first, ...others] = frames;
	if (first === undefined) return { parts: new Map(), order: [], isComplete: false };
	if (first.kind !== FRAME.manifest) throw new Error(`expected the manifest first, got kind ${first.kind}`);
	const manifest = parsed<ManifestItem[]>(first);
	const parts = manifest.map(([url, tag, isSent, current], item) =>
		partOf(
			{ url, tag, isSent: isSent === 1 },
			current,
			others.filter((frame) => frame.item === item && frame.kind !== FRAME.complete),
		),
	);
	const names = new Map(Object.entries(FRAME).map(([name, kind]) => [kind as number, name]));
	const order = frames
		.map(({ kind, item }) =>
			kind === FRAME.manifest || kind === FRAME.complete
				? String(names.get(kind))
				: `${names.get(kind)} ${manifest[item]?.[0]}`,
		)
		.filter((each, at, all) => each !== all[at - 1]);
	return {
		parts: new Map(parts.map((part) => [part.url, part])),
		order,
		isComplete: frames.at(-1)?.kind === FRAME.complete,
	};
};

const partOf = (
	item: Pick<Part, 'url' | 'tag' | 'isSent'>,
	current: ItemHead | undefined,
	frames: readonly Frame[],
): Part => {
	const head = frames.find(({ kind }) => kind === FRAME.head);
	const [status, fields] = current ?? (head === undefined ? [0, []] : parsed<ItemHead>(head));
	const last = frames.at(-1)?.kind;
	return {
		...item,
		status,
		fields: Object.fromEntries(fields),
		body: Buffer.concat(frames.filter(({ kind }) => kind === FRAME.content).map(({ content }) => content)),
		outcome: last === FRAME.end ? 'end' : last === FRAME.gone ? 'gone' : undefined,
	};
};

const parsed = <T>({ content }: Frame): T => JSON.parse(Buffer.from(content).toString()) as T;
