// What has to be read before a page can be planned: its own text, and that of the frames in it, say which images and fonts
// of their style sheets they show.

import type { Coding } from '../http/content-coding.ts';
import { type Closure, closureOf } from '../site/closure.ts';
import type { RouteOptions } from '../site/routes.ts';
import { type Asset, isXhtml, type Snapshot } from '../site/snapshot.ts';
import { decodeText } from '../site/text.ts';
import { type Bodies, type Body, HELD_BYTES } from './body.ts';

/** Reads pages. Documents that are too large to be held are planned without their text. */
export class PageReader {
	readonly #bodies: Bodies;
	readonly #routes: RouteOptions;

	constructor(bodies: Bodies, routes: RouteOptions) {
		this.#bodies = bodies;
		this.#routes = routes;
	}

	/** The closure of a page at an encoded path, as far as what it depends on is held. */
	closureOf(snapshot: Snapshot, page: Asset, path: string): Closure {
		return closureOf(snapshot, page, path, this.#textOf, this.#routes);
	}

	/** Whether all that its closure depends on is held. */
	isRead(snapshot: Snapshot, page: Asset, path: string): boolean {
		return this.#unreadOf(snapshot, page, path).length === 0;
	}

	/**
	 * Opens the body of a page, and has held what its closure depends on.
	 * @param shown the page itself, or the document made of it
	 */
	async open(
		snapshot: Snapshot,
		page: Asset,
		path: string,
		shown: Asset,
		coding: Coding | undefined,
	): Promise<Body | undefined> {
		// With its own text at hand, one look shows what else is needed.
		const body = await this.#bodies.open(shown, coding);
		await Promise.all(this.#unreadOf(snapshot, page, path).map((document) => this.#bodies.open(document)));
		return body;
	}

	#unreadOf(snapshot: Snapshot, page: Asset, path: string): readonly Asset[] {
		const { unread } = this.closureOf(snapshot, page, path);
		return unread.length === 0 ? unread : unread.filter(({ size }) => size <= HELD_BYTES);
	}

	readonly #textOf = (document: Asset): (() => string) | undefined => {
		const body = document.size > HELD_BYTES ? undefined : this.#bodies.peek(document);
		return body && (() => decodeText(body.bytes, isXhtml(document.type)));
	};
}
