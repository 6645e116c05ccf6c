// Looks after the broken references of a site, between requests, and tells of them when its files have been left alone.

import type { BrokenReference } from '../site/broken.ts';
import { BrokenReferences, type Difference } from '../site/broken-site.ts';
import type { RouteOptions } from '../site/routes.ts';
import type { Changes, Snapshot } from '../site/snapshot.ts';

/** What came of it. */
export interface BrokenNews extends Difference {
	readonly total: number;
}

/** A build breaks and mends many: so long nothing has to change before it is told of. */
const QUIET_MS = 300;

/** The broken references of one site, from when it is indexed until it is closed. */
export class BrokenWatch {
	readonly #onNews: (news: BrokenNews) => void;
	readonly #isSettled: () => boolean;
	readonly #references: BrokenReferences;
	readonly #added = new Map<string, BrokenReference>();
	readonly #mended = new Map<string, BrokenReference>();
	#work: NodeJS.Immediate | undefined;
	#timer: NodeJS.Timeout | undefined;
	#isFirst = true;
	#isClosed = false;

	/**
	 * @param isSettled whether the site is as somebody wants it, and not being built
	 * @param onNews told first when all is known, and then of each difference
	 */
	constructor(
		snapshot: Snapshot,
		routes: RouteOptions,
		isSettled: () => boolean,
		onNews: (news: BrokenNews) => void,
	) {
		this.#references = new BrokenReferences(snapshot, routes);
		this.#isSettled = isSettled;
		this.#onNews = onNews;
		this.#goOn();
	}

	/** How many are known of. */
	get total(): number {
		return this.#references.total;
	}

	note(changes: Changes, before: Snapshot, after: Snapshot): void {
		if (this.#isClosed) return;
		this.#take(this.#references.update(changes, before, after));
		this.#goOn();
	}

	close(): void {
		this.#isClosed = true;
		clearImmediate(this.#work);
		clearTimeout(this.#timer);
	}

	/** One slice a turn, so that requests come in between. */
	#goOn(): void {
		clearTimeout(this.#timer);
		if (this.#work !== undefined) return;
		if (this.#references.isCurrent) {
			this.#timer = setTimeout(() => this.#tell(), this.#isFirst ? 0 : QUIET_MS);
			return;
		}
		this.#work = setImmediate(() => {
			this.#work = undefined;
			this.#take(this.#references.step());
			this.#goOn();
		});
	}

	/** What is broken and mended again was neither. */
	#take({ added, mended }: Difference): void {
		for (const each of mended) if (!this.#added.delete(keyOf(each))) this.#mended.set(keyOf(each), each);
		for (const each of added) if (!this.#mended.delete(keyOf(each))) this.#added.set(keyOf(each), each);
	}

	#tell(): void {
		if (!this.#isFirst && !this.#isSettled()) return this.#goOn();
		const news = { added: [...this.#added.values()], mended: [...this.#mended.values()], total: this.total };
		this.#added.clear();
		this.#mended.clear();
		if (this.#isFirst || news.added.length + news.mended.length > 0) this.#onNews(news);
		this.#isFirst = false;
	}
}

const keyOf = ({ from, line, url }: BrokenReference): string => `${from}:${line}\0${url}`;
