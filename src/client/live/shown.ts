// What this page shows, version by version, and how it differs from what the server has.

import { keyOf, type Versions } from './urls.ts';
import { type Item, OURS, pageAnsweredAt, type State } from './wire.ts';

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
/** Addresses that differ in their query alone: a page may ask for its state under a new one each second. */
const MOST_QUERIES = 5;
/** What has not come by then may be under way for ever. */
const LOADING_MS = 10_000;
/** A frame has its own document, which looks after itself. */
const FRAMES: readonly string[] = ['iframe', 'frame'];

/** Versions that are shown, by address. */
export class Shown {
	/** Content hash of the document; undefined: as the server has it first. */
	#version: string | undefined;
	readonly #hashes = new Map<string, string>();
	/** When its first answer began, in **milliseconds** since the navigation did. */
	readonly #starts = new Map<string, number>();
	/** The keys of {@link #starts} by path; the latest at the end. */
	readonly #queries = new Map<string, string[]>();
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
		for (const entry of entries as PerformanceResourceTiming[]) {
			const { name, startTime, responseStart, workerStart, initiatorType } = entry;
			const key = keyOf(name, name);
			if (key === undefined || key.startsWith(OURS) || FRAMES.includes(initiatorType)) continue;
			if (this.#starts.has(key) || this.#starts.size >= 2 * MOST_LOADED) continue;
			// The server looks at the disk before it answers. What a worker answers with, it may have had for long.
			this.#starts.set(key, workerStart > 0 ? startTime : responseStart || startTime);
			const isNews = this.#makeRoom(key);
			this.#hasNews ||= isNews && !this.#hashes.has(key);
		}
	}

	/** Forgets the oldest of too many queries; whether that was not needed. */
	#makeRoom(key: string): boolean {
		const [path = ''] = key.split('?');
		const keys = this.#queries.get(path) ?? [];
		this.#queries.set(path, keys);
		keys.push(key);
		if (keys.length <= MOST_QUERIES) return true;
		this.#starts.delete(keys.shift() ?? '');
		return false;
	}

	/**
	 * How a state differs; undefined while a build seems to be under way, or there is no such page.
	 * @param answeredAt when the answer with the state began, in **milliseconds** since the navigation did: the server looks
	 * at its clock just before it answers, as it looks at the disk just before it answers with a file. So moments at which
	 * answers begin are compared with each other, and what the network takes is in both.
	 */
	compare(state: State, answeredAt: number, isSettled: boolean): Difference | undefined {
		const { hash } = state.document;
		if (hash === '') return undefined;
		this.#version ??= hash;
		const seen = new Set<string>();
		let isUndecided = false;
		const items = state.items.flatMap((item) => {
			const key = keyOf(item.url, location.origin);
			// What a script has asked for may be what the document asks for, too, and comes second then.
			if (key === undefined || seen.has(key)) return [];
			seen.add(key);
			const isChanged = this.#isChanged(key, item, answeredAt);
			isUndecided ||= isChanged === undefined;
			return isChanged ? [{ ...item, url: key }] : [];
		});
		if (!isSettled && items.some((item) => item.hash === '')) return undefined;
		this.#isFirst = isUndecided;
		this.#hasNews ||= isUndecided;
		return { isDocument: hash !== this.#version, items };
	}

	/** Whether not everything has been compared yet. */
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

	/** undefined: it cannot be told yet. */
	#isChanged(key: string, { hash, ago, as }: Item, answeredAt: number): boolean | undefined {
		if (as === 'manifest' || as === 'document') return false;
		const shown = this.#hashes.get(key);
		if (shown !== undefined) return shown !== hash;
		// What a later version of a style sheet brought along is as new as that; all else was there from the start.
		const start = this.#starts.get(key);
		const changedAt = ago === undefined ? Number.NEGATIVE_INFINITY : answeredAt - ago;
		if (changedAt > (start ?? (this.#isFirst ? pageAnsweredAt : Number.POSITIVE_INFINITY))) {
			// While the page loads, it may be the new one that is under way: browsers tell of it when it is there.
			const isLoading = document.readyState !== 'complete' && performance.now() < LOADING_MS;
			return start === undefined && isLoading ? undefined : true;
		}
		this.#hashes.set(key, hash);
		return false;
	}
}
