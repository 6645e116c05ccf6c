// Who awaits a reload, and when it is time to tell them: once a change, or a whole build, is over. What has changed for each
// of them they ask for themselves, so that a tab that was away for a while is no special case.

import type { Reply, ResponseFields } from './delivery/reply.ts';
import type { FileChange, LiveEvent } from './live-events.ts';
import type { UrlPath } from './site/paths.ts';
import type { Changes, Snapshot } from './site/snapshot.ts';

/** So long nothing has to change before tabs are told, */
const QUIET_MS = 100;
/** unless it goes on for so long. */
const MAX_WAIT_MS = 1000;
/** Files that are gone for so long, with nothing else happening, are not about to be written anew. */
const SETTLED_MS = 2000;
/** Where something is written all the time, such as a log, that takes no longer than this. */
const MAX_SETTLING_MS = 10_000;
/** By which a tab knows that it is still told, and we that it is still there. */
const BEAT_MS = 15_000;
/** A tab that comes back asks again after so long. */
const RETRY_MS = 1000;
/** Tabs at a time: each holds a stream. */
const MAX_TABS = 500;
/** Bytes that nobody reads: whoever has that many waiting is gone. */
const MAX_WAITING = 65_536;
/** Files of which it is known when they changed last. */
const MAX_KNOWN = 20_000;

const TOLD: ResponseFields = {
	':status': 200,
	'content-type': 'text/event-stream',
	'cache-control': 'no-store',
	// Proxies such as nginx would wait for more.
	'x-accel-buffering': 'no',
};

/** The tabs that are to be told of changes. */
export class LiveReload {
	readonly #onEvent: (event: LiveEvent) => void;
	readonly #tabs = new Set<Reply>();
	/** When files changed last, by the clock of `performance`; the latest at the end. */
	readonly #changedMs = new Map<UrlPath, number>();
	#waiting = new Map<UrlPath, Difference>();
	#firstMs = 0;
	#hasRemoved = false;
	#removedMs = 0;
	#timer: NodeJS.Timeout | undefined;
	#settling: NodeJS.Timeout | undefined;
	readonly #beat: NodeJS.Timeout;
	#isClosed = false;

	constructor(onEvent: (event: LiveEvent) => void) {
		this.#onEvent = onEvent;
		this.#beat = setInterval(() => this.#tell('beat', ''), BEAT_MS);
		this.#beat.unref();
	}

	/** Takes note of changes. What was only touched, or written anew as it was, is none. */
	note(changes: Changes, before: Snapshot): void {
		const now = performance.now();
		for (const [path, asset] of changes) {
			const earlier = before.get(path);
			if (earlier?.hash === asset?.hash) continue;
			if (asset === undefined) this.#hasRemoved = true;
			this.#remember(path, now);
			this.#wait(path, { before: earlier?.hash, after: asset?.hash }, now);
		}
	}

	/** Milliseconds since the content at a path changed; `undefined`: nobody saw it. */
	agoOf(path: UrlPath): number | undefined {
		const changedMs = this.#changedMs.get(path);
		return changedMs === undefined ? undefined : Math.ceil(performance.now() - changedMs);
	}

	/** Tells a tab from now on (HTML Standard §9.2). Above so many, the one that was there first has to come again. */
	tell(reply: Reply): void {
		// It may have gone while the folder was being indexed.
		if (reply.body.destroyed) return;
		if (this.#isClosed) return reply.reset();
		for (const first of this.#tabs) {
			if (this.#tabs.size < MAX_TABS) break;
			this.#tabs.delete(first);
			first.body.end();
		}
		reply.head(TOLD, false);
		this.#tabs.add(reply);
		reply.body.once('close', () => this.#tabs.delete(reply));
		// Whoever comes may have missed something.
		reply.body.write(`retry: ${RETRY_MS}\n\n${look(this.isSettled)}`);
	}

	/** Has all tabs show their pages anew, whatever has changed. */
	reloadTabs(): void {
		this.#tell('reload', '');
	}

	/** Tells nobody any more. */
	close(): void {
		this.#isClosed = true;
		clearInterval(this.#beat);
		clearTimeout(this.#timer);
		clearTimeout(this.#settling);
		for (const { body } of this.#tabs) body.end();
	}

	/** Nothing has changed for a while, nor is there anything gone that may be about to come back. */
	get isSettled(): boolean {
		return this.#timer === undefined && this.#settling === undefined;
	}

	#remember(path: UrlPath, now: number): void {
		this.#changedMs.delete(path);
		this.#changedMs.set(path, now);
		if (this.#changedMs.size <= MAX_KNOWN) return;
		for (const oldest of this.#changedMs.keys()) {
			this.#changedMs.delete(oldest);
			break;
		}
	}

	#wait(path: UrlPath, { before, after }: Difference, now: number): void {
		if (this.#isClosed) return;
		if (this.#timer === undefined) this.#firstMs = now;
		const earlier = this.#waiting.get(path);
		this.#waiting.set(path, { before: earlier === undefined ? before : earlier.before, after });
		clearTimeout(this.#timer);
		const wait = Math.max(0, Math.min(QUIET_MS, this.#firstMs + MAX_WAIT_MS - now));
		this.#timer = setTimeout(() => this.#tellOfChanges(), wait);
		clearTimeout(this.#settling);
		if (after === undefined) this.#removedMs = now;
		const settling = Math.max(0, Math.min(SETTLED_MS, this.#removedMs + MAX_SETTLING_MS - now));
		this.#settling = this.#hasRemoved ? setTimeout(() => this.#settle(), settling) : undefined;
	}

	#tellOfChanges(): void {
		this.#timer = undefined;
		// What was found half written, and is now as it was, is no news; but a tab may have come in between.
		const files = [...this.#waiting].flatMap(([path, difference]) => {
			const kind = kindOf(difference);
			return kind === undefined ? [] : [{ path, kind }];
		});
		this.#waiting = new Map();
		if (files.length > 0) this.#onEvent({ kind: 'changed', files });
		this.#tellAll(look(this.isSettled));
	}

	#settle(): void {
		this.#settling = undefined;
		this.#hasRemoved = false;
		this.#tellAll(look(this.isSettled));
	}

	#tell(event: string, content: string): void {
		this.#tellAll(`event: ${event}\ndata: ${content}\n\n`);
	}

	#tellAll(message: string): void {
		for (const reply of this.#tabs) {
			if (reply.body.destroyed) this.#tabs.delete(reply);
			else if (reply.body.writableLength > MAX_WAITING) reply.reset();
			else reply.body.write(message);
		}
	}
}

const look = (isSettled: boolean): string => `event: look\ndata: ${JSON.stringify({ isSettled })}\n\n`;

/** Hashes of a file's content; `undefined`: there is none. */
interface Difference {
	readonly before: string | undefined;
	readonly after: string | undefined;
}

const kindOf = ({ before, after }: Difference): FileChange['kind'] | undefined => {
	if (before === after) return undefined;
	return after === undefined ? 'removed' : before === undefined ? 'added' : 'changed';
};
