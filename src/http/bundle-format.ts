// The bundle: a page and what it needs in one response, for our own service worker. Its framing, version 1. Runs in the
// service worker too, so nothing here is Node's.
//
// A bundle is a row of frames, integers in network byte order:
//
//   kind (1 byte) | item (2 bytes) | length of the content (4 bytes) | content
//
//   1 manifest   the items as JSON: [[url, tag, 1], [url, tag, 0, head], …]; comes first and once. Item 0 is the document
//   2 head       status and fields of an item that is sent, as JSON: [200, [[name, value], …]]
//   3 content    the next bytes of its body
//   4 end        its body is whole
//   5 gone       it cannot be sent after all; the client asks for it
//   6 complete   the bundle is whole; comes last
//
// `url` is path and query as in a request, `tag` the opaque part of the entity tag, and then comes 1 for what is sent with
// the bundle and 0 for what the client holds: it may serve that from what it stored under that URL with that very tag, and
// from nothing else, with the head given here: fields change where content does not. The items that are sent may come in any order, and frames of one may stand between those of another.

/** The media type of a bundle. */
export const BUNDLE_TYPE = 'application/casper-bundle';

/** What a navigation of a page under our worker says: this, a blank, and a digest of what the worker holds. */
export const PROTOCOL = 'casper/1';

/** The field by which a document says that the worker may stay. */
export const PRESENCE_FIELD = 'casper';
export const PRESENCE = '1';

export const FRAME = { manifest: 1, head: 2, content: 3, end: 4, gone: 5, complete: 6 } as const;
export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

/** An item of the manifest: path and query, opaque tag, and whether it is sent; else its head. */
export type ManifestItem =
	| readonly [url: string, tag: string, isSent: 1]
	| readonly [url: string, tag: string, isSent: 0, head: ItemHead];

/** Status and fields of an item. */
export type ItemHead = readonly [status: number, fields: readonly (readonly [name: string, value: string])[]];

export interface Frame {
	readonly kind: number;
	readonly item: number;
	readonly content: Uint8Array;
}

const HEAD_BYTES = 7;
/** Longer frames are those of something else. */
const MAX_CONTENT_BYTES = 2 ** 24;
/** Items that a manifest has room for. */
export const MAX_ITEMS: number = 2 ** 16 - 1;

/** What comes before a frame's content. */
export const frameHead = (kind: FrameKind, item: number, length: number): Uint8Array => {
	const head = new Uint8Array(HEAD_BYTES);
	const view = new DataView(head.buffer);
	view.setUint8(0, kind);
	view.setUint16(1, item);
	view.setUint32(3, length);
	return head;
};

/** Takes bytes as they come and hands out frames. */
export class FrameReader {
	#bytes: Uint8Array = new Uint8Array();

	/** The frames that are whole with `bytes`; `undefined` as soon as this can be no bundle. */
	read(bytes: Uint8Array): Frame[] | undefined {
		const all = this.#bytes.length === 0 ? bytes : joined(this.#bytes, bytes);
		const frames: Frame[] = [];
		let at = 0;
		while (all.length - at >= HEAD_BYTES) {
			const view = new DataView(all.buffer, all.byteOffset + at, HEAD_BYTES);
			const length = view.getUint32(3);
			if (length > MAX_CONTENT_BYTES) return undefined;
			if (all.length - at - HEAD_BYTES < length) break;
			const start = at + HEAD_BYTES;
			frames.push({
				kind: view.getUint8(0),
				item: view.getUint16(1),
				content: all.subarray(start, start + length),
			});
			at = start + length;
		}
		this.#bytes = all.slice(at);
		return frames;
	}
}

const joined = (first: Uint8Array, second: Uint8Array): Uint8Array => {
	const both = new Uint8Array(first.length + second.length);
	both.set(first);
	both.set(second, first.length);
	return both;
};

/** The opaque part of an entity tag, which a content coding does not change; `undefined` for what is none of ours. */
export const opaqueTagOf = (field: string | null | undefined): string | undefined =>
	/^(?:W\/)?"([\w-]+)"$/.exec(field ?? '')?.[1];
