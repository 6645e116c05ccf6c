// What the worker holds: responses in Cache Storage, an index of them with it, and the digest that tells the server.

import { formatHeldKeys } from '../digest/held-keys.ts';
import { opaqueTagOf, PROTOCOL } from '../http/bundle-format.ts';

declare const self: ServiceWorkerGlobalScope;

/** The name of the cache; page.ts has it, too. */
export const CACHE = 'casper-serve';
/** Where the index is in it: nobody asks for that, since the worker answers nothing below `/.casper/`. */
const INDEX = '/.casper/held';
/** Bytes held at most, and the part of what the browser would give us that they may be. */
const MOST_BYTES = 50 * 2 ** 20;
const SHARE = 0.1;
/** What a response costs beside its body. */
const HEAD_BYTES = 500;
/** What is larger than this part of the bound would have too much else thrown out. */
const LARGEST = 1 / 4;
/** The tags of casper-serve: what else answers at this origin is nothing that it would ever ask about. */
const OUR_TAG = /^[0-9a-f]{32}(?:-[0-9a-f]{8})?$/;

/** A response as it is given to a page, any number of times. */
export interface Kept {
	readonly status: number;
	readonly headers: readonly (readonly [string, string])[];
	readonly body: ArrayBuffer;
}

/** What the index says of a stored response. */
interface Entry {
	/** The opaque part of its entity tag. */
	tag: string;
	/** Of URL and tag, as digests have it. */
	key: number;
	/** Bytes. */
	size: number;
	/** When a page needed it last, by {@link now}. */
	used: number;
	/** Of a document: what it needed last. */
	needs?: readonly string[];
}

export const toResponse = ({ status, headers, body }: Kept): Response =>
	new Response(body, { status, headers: headers as [string, string][] });

/** Everything stored. What is not as the index says counts as not there. */
export class Store {
	#entries: Promise<Map<string, Entry>> | undefined;
	#limit: number | undefined;
	#isChanged = false;
	/** Has been looked through since the worker was started. */
	#isTidy = false;
	/** Nothing is stored, and nothing held: see {@link Store.close}. */
	#isClosed = false;
	/** The last of what changes anything: see {@link Store.#inTurn}. */
	#writing: Promise<void> = Promise.resolve();

	/** The stored response for `url` if it is of this very version. */
	async match(url: string, tag: string): Promise<Kept | undefined> {
		const entries = await this.#load();
		if (entries.get(url)?.tag !== tag) return undefined;
		const kept = await this.#read(url);
		if (kept !== undefined && tagOf(kept.headers) === tag) return kept;
		// Somebody wiped it: the next digest says so. Unless another version has just come.
		if (entries.get(url)?.tag === tag) {
			entries.delete(url);
			this.#isChanged = true;
		}
		return undefined;
	}

	/** What the document at `url` needed last, itself included, as it is stored: reading takes as long as the network. */
	async matchLast(url: string): Promise<ReadonlyMap<string, Promise<Kept | undefined>>> {
		const entries = await this.#load();
		const urls = entries.has(url) ? [url, ...(entries.get(url)?.needs ?? [])] : [];
		return new Map(urls.map((each) => [each, this.#read(each)]));
	}

	/** Stores a response of a server's. Never rejects: what cannot be stored is fetched again. */
	async put(url: string, tag: string, kept: Kept): Promise<void> {
		await this.#put(url, tag, toResponse(kept), kept.body.byteLength);
	}

	/** Stores what a fetch brought, where it is a version of something and may be stored. */
	async keep(url: string, response: Response): Promise<void> {
		const tag = opaqueTagOf(response.headers.get('etag'));
		if (
			tag === undefined ||
			!OUR_TAG.test(tag) ||
			response.status !== 200 ||
			response.type !== 'basic' ||
			response.redirected
		)
			return;
		if (/no-store/i.test(response.headers.get('cache-control') ?? '')) return;
		if ((await this.#load()).get(url)?.tag === tag) return;
		try {
			const body = await response.blob();
			const headers = new Headers(response.headers);
			// Hints of a visit without us: WebKit shows what it once preloaded, however old, and asks nobody.
			if (/preload/i.test(headers.get('link') ?? '')) headers.delete('link');
			await this.#put(url, tag, new Response(body, { headers }), body.size);
		} catch {
			// It broke off.
		}
	}

	#put(url: string, tag: string, response: Response, size: number): Promise<void> {
		return this.#inTurn(() => this.#write(url, tag, response, size));
	}

	async #write(url: string, tag: string, response: Response, size: number): Promise<void> {
		if (this.#isClosed || size > (await this.#most()) * LARGEST) return;
		const entries = await this.#load();
		try {
			await (await caches.open(CACHE)).put(url, response);
			const key = await keyOf(url, tag);
			entries.set(url, { tag, key, size: size + HEAD_BYTES, used: now() });
		} catch (error) {
			entries.delete(url);
			// Then we take less.
			if (error instanceof DOMException && error.name === 'QuotaExceededError')
				this.#limit = Math.min(await this.#most(), sizeOf(entries) * 0.9);
		}
		this.#isChanged = true;
	}

	/** Notes that the document at `url` needed `needs` just now. */
	async touch(url: string, needs: readonly string[]): Promise<void> {
		const entries = await this.#load();
		for (const each of [url, ...needs]) {
			const entry = entries.get(each);
			if (entry !== undefined) entry.used = now();
		}
		const document = entries.get(url);
		if (document !== undefined) document.needs = needs;
		this.#isChanged = true;
	}

	/** What the server is to know of what is held. */
	async announcement(): Promise<string> {
		const entries = [...(await this.#load()).values()].sort((a, b) => b.used - a.used);
		return `${PROTOCOL} ${formatHeldKeys(entries.map(({ key }) => key))}`;
	}

	/** Brings index and digest up to date, and what is stored within its bounds. */
	save(): Promise<void> {
		return this.#inTurn(() => this.#save()).catch(() => {
			this.#isChanged = true;
		});
	}

	/**
	 * What changes anything does so one after the other: nothing is thrown out as unknown that is just being stored, nothing
	 * comes back after {@link Store.close}, and the digest published last is the newest.
	 */
	#inTurn(work: () => Promise<void>): Promise<void> {
		const done = this.#writing.then(work);
		this.#writing = done.catch(() => {});
		return done;
	}

	async #save(): Promise<void> {
		if (!this.#isChanged || this.#isClosed) return;
		this.#isChanged = false;
		const entries = await this.#load();
		const cache = await caches.open(CACHE);
		let size = sizeOf(entries);
		const most = await this.#most();
		for (const [url, entry] of [...entries].sort(([, a], [, b]) => a.used - b.used || b.size - a.size)) {
			if (size <= most) break;
			size -= entry.size;
			entries.delete(url);
			await cache.delete(url);
		}
		if (!this.#isTidy) await this.#tidy(cache, entries);
		await cache.put(INDEX, new Response(JSON.stringify([...entries])));
		const { navigationPreload } = self.registration;
		// The page may have left it to the site's own worker.
		if ((await navigationPreload?.getState())?.enabled)
			await navigationPreload.setHeaderValue(await this.announcement());
	}

	/** What is stored and not told of is what we were ended over: nobody would ever throw it out. */
	async #tidy(cache: Cache, entries: ReadonlyMap<string, Entry>): Promise<void> {
		this.#isTidy = true;
		for (const { url } of await cache.keys()) {
			const { pathname, search } = new URL(url);
			if (pathname !== INDEX && !entries.has(pathname + search)) await cache.delete(url);
		}
	}

	/** Forgets everything, and stores nothing more, until {@link Store.reopen}: what is under way would have it come back. */
	close(): Promise<void> {
		this.#isClosed = true;
		this.#entries = Promise.resolve(new Map());
		return this.#inTurn(async () => {
			await caches.delete(CACHE);
		});
	}

	reopen(): void {
		this.#isClosed = false;
	}

	async #read(url: string): Promise<Kept | undefined> {
		if (this.#isClosed) return undefined;
		try {
			const response = await (await caches.open(CACHE)).match(url, { ignoreVary: true });
			if (response === undefined) return undefined;
			return { status: response.status, headers: [...response.headers], body: await response.arrayBuffer() };
		} catch {
			return undefined;
		}
	}

	#load(): Promise<Map<string, Entry>> {
		this.#entries ??= this.#readIndex();
		return this.#entries;
	}

	async #readIndex(): Promise<Map<string, Entry>> {
		try {
			const cache = await caches.open(CACHE);
			const index: unknown = await (await cache.match(INDEX))?.json();
			return new Map(isIndex(index) ? index : []);
		} catch {
			// Without a store we are as good as not there.
		}
		return new Map();
	}

	async #most(): Promise<number> {
		if (this.#limit === undefined) {
			// WebKitGTK has no `estimate`.
			const { storage } = navigator as { storage?: { estimate?: () => Promise<StorageEstimate> } };
			const { quota } = (await storage?.estimate?.().catch(() => undefined)) ?? {};
			this.#limit = quota === undefined ? MOST_BYTES : Math.min(MOST_BYTES, quota * SHARE);
		}
		return this.#limit;
	}
}

/** So coarse, in units of ten seconds since 1970, that what one page needed is of one time: of that, the largest go first. */
const now = (): number => Math.floor(Date.now() / 10_000);

/** Another version of us may have written it otherwise. */
const isIndex = (index: unknown): index is [string, Entry][] =>
	Array.isArray(index) &&
	index.every(
		(each) =>
			Array.isArray(each) &&
			typeof each[0] === 'string' &&
			[each[1]?.key, each[1]?.size, each[1]?.used].every(Number.isFinite),
	);

const sizeOf = (entries: ReadonlyMap<string, Entry>): number => {
	let sum = 0;
	for (const { size } of entries.values()) sum += size;
	return sum;
};

export const tagOf = (headers: Kept['headers']): string | undefined =>
	opaqueTagOf(headers.find(([name]) => name === 'etag')?.[1]);

const keyOf = async (url: string, tag: string): Promise<number> => {
	const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${url}\0${tag}`));
	return new DataView(digest).getUint32(0);
};
