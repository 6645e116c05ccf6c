// What this page shows, version by version, and how it differs from what the server has.

import { keyOf, type Versions } from './urls.ts';
import { type Item, OURS, type State } from './wire.ts';

/** What has changed since it was shown. */
export interface Difference {
	/** The page's own document is another one. */
	readonly isDocument: boolean;
	/** Each with its key in place of its address. */
	readonly items: readonly Item[];
}

/** The server takes so many. */
const MOST_LOADED = 500;
/** It reads 64 KiB. */
const MOST_CHARACTERS = 60_000;
/** A frame has its own document, which looks after itself. */
const FRAMES: readonly string[] = ['iframe', 'frame'];

/** Versions that are shown, by address. */
export class Shown {
	/** Content hash of the document; undefined: as the server has it first. */
	#version: string | undefined;
	readonly #hashes = new Map<string, string>();
	/** When it was first asked for, in **milliseconds** since the navigation began. */
	readonly #starts = new Map<string, number>();
	#isFirst = true;
	#hasNews = false;

	constructor(version: string | undefined) {
		this.#version = version;
	}

	/** Whether there is something of which the server was not asked. */
	get hasNews(): boolean {
		return this.#hasNews;
	}

	/** What the page has loaded, as the server is to be asked about it now. */
	takeLoaded(): readonly string[] {
		this.#hasNews = false;
		const ahead = new Set(
			[...document.querySelectorAll<HTMLLinkElement>('link[rel~=prefetch i],link[rel~=prerender i]')].map(
				({ href }) => keyOf(href, href),
			),
		);
		const known: string[] = [];
		let room = MOST_CHARACTERS;
		for (const key of this.#starts.keys()) {
			room -= key.length + 3;
			if (room < 0 || known.length >= MOST_LOADED) break;
			// A later page is none of this one.
			if (!ahead.has(key)) known.push(key);
		}
		return known;
	}

	/** Takes note of what was loaded. */
	note(entries: readonly PerformanceEntry[]): void {
		for (const { name, startTime, initiatorType } of entries as PerformanceResourceTiming[]) {
			const key = keyOf(name, name);
			if (key === undefined || key.startsWith(OURS) || FRAMES.includes(initiatorType)) continue;
			if (this.#starts.has(key) || this.#starts.size >= 2 * MOST_LOADED) continue;
			this.#starts.set(key, startTime);
			this.#hasNews ||= !this.#hashes.has(key);
		}
	}

	/**
	 * How a state differs; undefined while a build seems to be under way, or there is no such page.
	 * @param askedAt when the state was asked for, in **milliseconds** since the navigation began
	 */
	compare(state: State, askedAt: number, isSettled: boolean): Difference | undefined {
		const { hash } = state.document;
		if (hash === '') return undefined;
		this.#version ??= hash;
		const seen = new Set<string>();
		const items = state.items.flatMap((item) => {
			const key = keyOf(item.url, location.origin);
			// What a script has asked for may be what the document asks for, too, and comes second then.
			if (key === undefined || seen.has(key)) return [];
			seen.add(key);
			return this.#isChanged(key, item, askedAt) ? [{ ...item, url: key }] : [];
		});
		if (!isSettled && items.some((item) => item.hash === '')) return undefined;
		this.#isFirst = false;
		return { isDocument: hash !== this.#version, items };
	}

	/** Whether nothing has been compared yet. */
	get isFirst(): boolean {
		return this.#isFirst;
	}

	/** These are what is shown, as far as it is not known. */
	assume(versions: Versions): void {
		for (const [url, hash] of versions) {
			const key = keyOf(url, location.origin);
			if (key !== undefined && !this.#hashes.has(key)) this.#hashes.set(key, hash);
		}
	}

	/** These are what is shown now. */
	set(version: string, items: readonly Item[]): void {
		this.#version = version;
		for (const { url, hash } of items) this.#hashes.set(url, hash);
	}

	#isChanged(key: string, { hash, ago, as }: Item, askedAt: number): boolean {
		if (as === 'manifest' || as === 'document') return false;
		const shown = this.#hashes.get(key);
		if (shown !== undefined) return shown !== hash;
		// What a later version of a style sheet brought along is as new as that; all else was there from the start.
		const start = this.#starts.get(key) ?? (this.#isFirst ? 0 : Number.POSITIVE_INFINITY);
		if (ago !== undefined && askedAt - ago > start) return true;
		this.#hashes.set(key, hash);
		return false;
	}
}
