// One page view: its bundle as it comes in, and what the page gets of it.

import { FRAME, type Frame, FrameReader, type ItemHead, type ManifestItem } from '../http/bundle-format.ts';
import { type Kept, type Store, tagOf, toResponse } from './store.ts';

/** Asks for the document of this view, and nothing with it. */
export type FetchDocument = () => Promise<Response>;

/** Where nobody said that the page has loaded, it is taken to have, so many milliseconds after the bundle. */
export const PATIENCE_MS = 30_000;

/** So long after a bundle it is stored, in milliseconds. */
const STORE_MS = 700;

/** Something that was announced to the page. */
interface Item {
	readonly url: string;
	readonly tag: string;
	readonly isSent: boolean;
	/** `undefined`: it is to be had from the server alone. */
	readonly kept: Promise<Kept | undefined>;
	readonly settle: (kept: Kept | undefined) => void;
	head: ItemHead | undefined;
	readonly pieces: Uint8Array<ArrayBuffer>[];
}

/** A page view that a bundle answers. */
export class View {
	readonly #store: Store;
	readonly #fetchDocument: FetchDocument;
	readonly #stored: Promise<ReadonlyMap<string, Promise<Kept | undefined>>>;
	#items: readonly Item[] = [];
	readonly #byUrl = new Map<string, Item>();
	#openDocument: (response: Response | Promise<Response>) => void = () => {};
	#page: ReadableStreamDefaultController<Uint8Array> | undefined;
	#isOpen = false;
	#endedMs: number | undefined;
	/** The document, as soon as there is a first part of it. */
	readonly document: Promise<Response>;

	/** @param stored what this document needed last, being read while the bundle is on its way */
	constructor(
		store: Store,
		fetchDocument: FetchDocument,
		stored: Promise<ReadonlyMap<string, Promise<Kept | undefined>>>,
	) {
		this.#store = store;
		this.#fetchDocument = fetchDocument;
		this.#stored = stored;
		this.document = new Promise((resolve) => {
			this.#openDocument = (response) => {
				this.#isOpen = true;
				resolve(response);
			};
		});
	}

	/** What was announced under `url`; nothing any more where the page should have loaded long ago. */
	find(url: string): Item | undefined {
		const isOver = this.#endedMs !== undefined && performance.now() - this.#endedMs > PATIENCE_MS;
		return isOver ? undefined : this.#byUrl.get(url);
	}

	/**
	 * Whether `url` was announced to the page: what is stored of it is the version announced, however old the one is that a
	 * cache of the browser's kept, from before there were bundles.
	 */
	hasAnnounced(url: string): boolean {
		return url === this.#items[0]?.url || this.#byUrl.has(url);
	}

	/** What was announced; fetched, and stored, where it did not come or is no longer held. */
	async answer(item: Item, request: Request, whileAtIt: (work: Promise<unknown>) => void): Promise<Response> {
		const kept = await item.kept;
		if (kept !== undefined) return toResponse(kept);
		const response = await fetch(request);
		const copy = response.clone();
		whileAtIt(this.#store.keep(item.url, copy).then(() => this.#store.save()));
		return response;
	}

	/** Reads the bundle to its end, mends what it lacks, and stores what it brought. Never rejects. */
	async read(body: ReadableStream<Uint8Array>): Promise<void> {
		const isWhole = await this.#readFrames(body);
		this.#endedMs = performance.now();
		if (!isWhole) await this.#mend();
		// Whatever a server left open: what is settled stays so.
		for (const { settle } of this.#items) settle(undefined);
		// The page is being put together now, from what we give it.
		await new Promise((resolve) => setTimeout(resolve, STORE_MS));
		for (const item of this.#items) if (!item.isSent) await item.kept;
		for (const { url, tag, isSent, kept } of this.#items) {
			const answer = isSent ? await kept : undefined;
			if (answer === undefined) continue;
			await this.#store.put(url, tag, answer);
		}
		const [document, ...others] = this.#items;
		if (document !== undefined)
			await this.#store.touch(
				document.url,
				others.map(({ url }) => url),
			);
		await this.#store.save();
	}

	async #readFrames(body: ReadableStream<Uint8Array>): Promise<boolean> {
		const frames = new FrameReader();
		try {
			const reader = body.getReader();
			for (;;) {
				const { value, done } = await reader.read();
				const read = done ? undefined : frames.read(value);
				if (read === undefined) {
					await reader.cancel();
					return false;
				}
				for (const frame of read) {
					if (frame.kind === FRAME.complete) return this.#isOpen && this.#page === undefined;
					await this.#take(frame);
				}
			}
		} catch {
			// It broke off.
			return false;
		}
	}

	async #take({ kind, item: index, content }: Frame): Promise<void> {
		if (kind === FRAME.manifest) return this.#announce(parsed<ManifestItem[]>(content));
		const item = this.#items[index];
		if (item === undefined) return;
		if (kind === FRAME.head) {
			item.head = parsed<ItemHead>(content);
			if (index === 0) this.#begin(item.head);
		} else if (kind === FRAME.content) {
			const piece = content.slice();
			item.pieces.push(piece);
			if (index === 0) this.#give(piece);
		} else if (kind === FRAME.end) {
			const { head, pieces } = item;
			if (head === undefined) return;
			item.settle({ status: head[0], headers: head[1], body: joined(pieces) });
			item.pieces.length = 0;
			if (index === 0) this.#end();
		} else if (kind === FRAME.gone) item.settle(undefined);
	}

	async #announce(manifest: readonly ManifestItem[]): Promise<void> {
		const stored = await this.#stored;
		this.#items = manifest.map(([url, tag, isSent, current]) => {
			let settle: Item['settle'] = () => {};
			const sent = new Promise<Kept | undefined>((resolve) => {
				settle = resolve;
			});
			// At once, and not when the page asks: by then another tab may have put another version in its place.
			const kept = isSent
				? sent
				: this.#find(url, tag, stored.get(url)).then((held) => held && withHead(held, current));
			return { url, tag, isSent: isSent === 1, kept, settle, head: undefined, pieces: [] };
		});
		const [document, ...others] = this.#items;
		for (const item of others) this.#byUrl.set(item.url, item);
		if (document === undefined || document.isSent) return;
		this.#openDocument(document.kept.then((kept) => (kept ? toResponse(kept) : this.#replace(document.url))));
	}

	/** The document was not held after all. */
	async #replace(url: string): Promise<Response> {
		const response = await this.#fetchDocument();
		void this.#store.keep(url, response.clone()).then(() => this.#store.save());
		return response;
	}

	async #find(
		url: string,
		tag: string,
		read: Promise<Kept | undefined> | undefined,
	): Promise<Kept | undefined> {
		const kept = await read;
		return kept !== undefined && tagOf(kept.headers) === tag ? kept : this.#store.match(url, tag);
	}

	#begin([status, headers]: ItemHead): void {
		const stream = new ReadableStream<Uint8Array>({
			start: (controller) => {
				this.#page = controller;
			},
			cancel: () => {
				this.#page = undefined;
			},
		});
		this.#openDocument(new Response(stream, { status, headers: headers as [string, string][] }));
	}

	#give(piece: Uint8Array): void {
		this.#page?.enqueue(piece);
	}

	#end(): void {
		this.#page?.close();
		this.#page = undefined;
	}

	/** The bundle broke off: what did not come is to be had from the server, the rest of the document at once. */
	async #mend(): Promise<void> {
		const [document, ...others] = this.#items;
		for (const item of others) if (item.isSent) item.settle(undefined);
		document?.settle(undefined);
		if (!this.#isOpen) return this.#openDocument(this.#fetchDocument());
		const page = this.#page;
		if (document === undefined || page === undefined) return;
		try {
			await this.#goOn(document, page);
		} catch (error) {
			page.error(error);
		}
	}

	/** Gives the page what is missing of the document, which must be the same version. */
	async #goOn({ tag, pieces }: Item, page: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
		const response = await this.#fetchDocument();
		const body = response.body;
		if (body === null || tagOf([...response.headers]) !== tag) throw new TypeError('the page has changed');
		let given = lengthOf(pieces);
		const reader = body.getReader();
		for (;;) {
			const { value, done } = await reader.read();
			if (done) break;
			if (value.length > given) page.enqueue(given === 0 ? value : value.subarray(given));
			given = Math.max(0, given - value.length);
		}
		page.close();
	}
}

/** What is held, with the fields that it has now. */
const withHead = (held: Kept, current: ItemHead | undefined): Kept =>
	current === undefined ? held : { ...held, status: current[0], headers: current[1] };

const lengthOf = (pieces: readonly Uint8Array[]): number =>
	pieces.reduce((sum, { length }) => sum + length, 0);

const joined = (pieces: readonly Uint8Array[]): ArrayBuffer => {
	const all = new Uint8Array(lengthOf(pieces));
	let at = 0;
	for (const piece of pieces) {
		all.set(piece, at);
		at += piece.length;
	}
	return all.buffer;
};

const parsed = <T>(content: Uint8Array): T => JSON.parse(new TextDecoder().decode(content)) as T;
