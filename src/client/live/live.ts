// In every page while its site is being worked on: has it show what has changed. A page needs none of it, and it says
// nothing of its own but to the console.

import { forwardConsole } from './console.ts';
import { showBroken } from './overlay.ts';
import { isFirefox } from './places.ts';
import { type Manner, reload, resume } from './reload.ts';
import { Shown } from './shown.ts';
import { swapAll } from './swap.ts';
import { listen } from './transport.ts';
import { askState, heldVersions, type Item, isMultiplexed, page, refreshCache, report } from './wire.ts';

/** After this time without news, a page has what it wanted. */
const NEWS_MS = 1000;
/** A page that never has all it wants is left alone at some point. */
const MOST_NEWS = 20;
const RETRY_MS = 1000;
const LEAVING_MS = 5000;
const IN_PLACE: readonly string[] = ['style', 'image', 'font', ''];

const { dataset, src = '' } = (document.currentScript ?? { dataset: {} }) as HTMLScriptElement;

class Live {
	readonly #shown = new Shown(dataset.version);
	/** Versions that were put in place. */
	readonly #swapped = new Map<string, string>();
	/** Of documents that a reload did not bring. */
	readonly #refused = resume(dataset.version);
	readonly #observer = new PerformanceObserver((list) => {
		this.#shown.note(list.getEntries());
		this.#lookForNews();
	});
	#isSettled = false;
	#isLooking = false;
	#isAskedAgain = false;
	#isLeaving = false;
	/** What could not be put in place: it may have been half written. */
	#failed = '';
	#news = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#leaving: ReturnType<typeof setTimeout> | undefined;

	async start(): Promise<void> {
		this.#observer.observe({ type: 'resource', buffered: true });
		// A navigation, of which nobody knows whether it comes to something: it may be a download. A reload would end it.
		addEventListener('beforeunload', () => this.#leave());
		addEventListener('pageshow', ({ persisted }) => {
			if (persisted) this.#stay();
		});
		if (isMultiplexed() === undefined) await this.#look();
		listen(isMultiplexed() ?? false, (message) => {
			if (message.kind === 'reload' && !this.#isLeaving)
				this.#reload('', [], { isHard: false, isCareful: false });
			if (message.kind !== 'look') return;
			this.#isSettled = message.isSettled ?? this.#isSettled;
			void this.#look();
		});
	}

	/** Sees what there is now, and shows it; one look after the other. Never rejects. */
	async #look(): Promise<void> {
		this.#isAskedAgain = true;
		if (this.#isLooking) return;
		this.#isLooking = true;
		while (this.#isAskedAgain && !this.#isLeaving) {
			this.#isAskedAgain = false;
			// Without a server there is nothing to show; with the next one comes the next look.
			await this.#lookOnce().catch(() => undefined);
		}
		this.#isLooking = false;
	}

	/** In a moment, asks about what the page has loaded meanwhile, unless that was done. */
	#lookForNews(): void {
		if (!this.#shown.hasNews) return;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => {
			if (this.#shown.hasNews && this.#news++ < MOST_NEWS) void this.#look();
		}, NEWS_MS);
	}

	async #lookOnce(): Promise<void> {
		const { state, answeredAt } = await askState(this.#shown.takeLoaded());
		const { isFirst } = this.#shown;
		if (isFirst) this.#shown.assume(await heldVersions(state.items));
		this.#shown.note(this.#observer.takeRecords());
		const difference = this.#shown.compare(state, answeredAt, this.#isSettled);
		this.#lookForNews();
		if (difference === undefined) return;
		try {
			showBroken(state.broken);
		} catch {
			// What has changed is shown all the same.
		}
		const version = state.document.hash;
		const { items } = difference;
		let { isDocument } = difference;
		if (isDocument && this.#refused.includes(version)) {
			isDocument = false;
			this.#yield(version);
		}
		const isCareful = isDocument && isFirst;
		// Whatever the HTTP cache learns, Firefox goes on with the sheets and images that it has in memory.
		const isHard = isFirefox && items.some(({ isKept }) => isKept);
		if (!isDocument && items.length === 0) return;
		await refreshCache(items);
		const isInPlace = isDocument || isHard ? false : await this.#swap(items);
		// What is not shown now, the next look finds once more.
		if (isInPlace === undefined || (!isInPlace && this.#isLeaving)) return;
		this.#shown.set(version, items);
		const files = items.map(({ url }) => url);
		if (isInPlace) void report({ how: 'in place', files });
		else this.#reload(version, isDocument ? [page, ...files] : files, { isHard, isCareful });
	}

	/** Whether it could be done; undefined: not yet. */
	async #swap(items: readonly Item[]): Promise<boolean | undefined> {
		if (!items.every(({ as, hash }) => hash !== '' && IN_PLACE.includes(as))) return false;
		const wanted = new Map(this.#swapped);
		for (const { url, hash } of items) wanted.set(url, hash);
		try {
			const isDone = await swapAll(
				items.map(({ url }) => url),
				wanted,
			);
			for (const [url, hash] of wanted) this.#swapped.set(url, hash);
			return isDone;
		} catch {
			const what = JSON.stringify(items.map(({ url, hash }) => [url, hash]));
			if (what === this.#failed) return false;
			this.#failed = what;
			setTimeout(() => this.#look(), RETRY_MS);
			return undefined;
		}
	}

	#reload(version: string, files: readonly string[], manner: Manner): void {
		if (!reload(version, files, manner)) return this.#yield(version);
		this.#leave();
	}

	/** What changes now, the next page sees; but somebody may have been asked, and have said no. */
	#leave(): void {
		this.#isLeaving = true;
		clearTimeout(this.#leaving);
		this.#leaving = setTimeout(() => this.#stay(), LEAVING_MS);
	}

	#stay(): void {
		clearTimeout(this.#leaving);
		this.#isLeaving = false;
		void this.#look();
	}

	/** Leaves a document as it is that somebody else keeps from being new. */
	#yield(version: string): void {
		this.#shown.set(version, []);
		const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
		const who = serviceWorker?.controller ? "the site's service worker" : 'a cache';
		console.warn(`casper-serve: reloaded, but ${who} still gives an older version of ${page}`);
	}
}

// A frame without an origin can ask nobody.
if (origin !== 'null' && window.EventSource !== undefined)
	try {
		if (dataset.console !== undefined) forwardConsole(src);
		void new Live().start().catch(() => undefined);
	} catch {
		// A browser that is too old: the page is as it would be without us.
	}
