// How a tab hears of changes: by a stream of its own, or, where a browser has but six connections to a server, by the one
// stream that one of its tabs has for all.

import { EVENTS, OURS } from './wire.ts';

/** What is heard. */
type Message =
	| { readonly kind: 'look'; readonly isSettled?: boolean }
	| { readonly kind: 'reload' }
	| { readonly kind: 'beat' };

export type Hear = (message: Message) => void;

/** A way to hear. */
interface Line {
	open(): void;
	close(): void;
	/** What was open may be dead. */
	renew(isStale: boolean): void;
	/** Somebody is there who need not wait for the next attempt. */
	hurry(): void;
}

/** The lock that the tab with the stream has, and the channel on which it passes on what it hears. */
const NAME = 'casper-serve-live';
/** The server is heard every 15 s. */
const STALE_MS = 40_000;
const CHECK_MS = 10_000;
/** Between attempts where the server refuses: twice as long each time. */
const RETRY_MS = 1000;
const MOST_RETRY_MS = 60_000;

/** Events from the server. */
class Stream implements Line {
	readonly #hear: Hear;
	#source: EventSource | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#retryMs = RETRY_MS;

	constructor(hear: Hear) {
		this.#hear = hear;
	}

	open(): void {
		this.close();
		const source = new EventSource(EVENTS);
		this.#source = source;
		source.addEventListener('look', ({ data }) => {
			this.#retryMs = RETRY_MS;
			this.#hear({ kind: 'look', isSettled: JSON.parse(data).isSettled === true });
		});
		source.addEventListener('reload', () => this.#hear({ kind: 'reload' }));
		source.addEventListener('beat', () => this.#hear({ kind: 'beat' }));
		source.addEventListener('error', () => {
			// Else the browser itself tries again: there is no server at the moment.
			if (source.readyState !== EventSource.CLOSED || source !== this.#source) return;
			this.#timer = setTimeout(() => this.open(), this.#retryMs);
			this.#retryMs = Math.min(2 * this.#retryMs, MOST_RETRY_MS);
		});
	}

	close(): void {
		clearTimeout(this.#timer);
		this.#source?.close();
		this.#source = undefined;
	}

	renew(): void {
		this.open();
	}

	hurry(): void {
		if (this.#source?.readyState === EventSource.CLOSED) this.open();
	}
}

/** One stream for all tabs: whoever has the lock has it. */
class SharedLine implements Line {
	readonly #hear: Hear;
	readonly #stream: Stream;
	#channel: BroadcastChannel | undefined;
	/** Gives the lock up, or the wait for it. */
	#quit: (() => void) | undefined;
	#isLeader = false;

	constructor(hear: Hear) {
		this.#hear = hear;
		this.#stream = new Stream((message) => {
			this.#channel?.postMessage(message);
			hear(message);
		});
	}

	open(): void {
		this.close();
		this.#channel = new BroadcastChannel(NAME);
		this.#channel.onmessage = ({ data }) => this.#hear(data as Message);
		this.#queue(false);
		// The stream was open before we were there to hear.
		this.#hear({ kind: 'look' });
	}

	close(): void {
		this.#quit?.();
		this.#quit = undefined;
		this.#channel?.close();
		this.#channel = undefined;
	}

	renew(isStale: boolean): void {
		if (this.#isLeader) this.#stream.open();
		else if (isStale) {
			// The browser may have put the tab with the stream to sleep.
			this.#quit?.();
			this.#queue(true);
		}
		this.#hear({ kind: 'look' });
	}

	hurry(): void {
		if (this.#isLeader) this.#stream.hurry();
	}

	#queue(isStolen: boolean): void {
		const waiting = new AbortController();
		let release = (): void => undefined;
		const lead = (): Promise<void> =>
			new Promise((resolve) => {
				if (waiting.signal.aborted) return resolve();
				release = resolve;
				this.#isLeader = true;
				this.#stream.open();
			});
		const stop = (): void => {
			this.#isLeader = false;
			this.#stream.close();
		};
		this.#quit = () => {
			waiting.abort();
			stop();
			release();
		};
		navigator.locks
			.request(NAME, isStolen ? { steal: true } : { signal: waiting.signal }, lead)
			.catch((error: unknown) => {
				if (waiting.signal.aborted) return;
				stop();
				// Somebody has stolen it; else there are no locks here, and asking again would be no use.
				if (error instanceof DOMException && error.name === 'AbortError') this.#queue(false);
				else this.#stream.open();
			});
	}
}

/** A stream while somebody looks: without locks, tabs cannot agree on whose it is. */
class VisibleLine extends Stream {
	constructor(hear: Hear) {
		super(hear);
		document.addEventListener('visibilitychange', () => {
			if (document.hidden) this.close();
			else this.open();
		});
	}

	override open(): void {
		if (!document.hidden) super.open();
	}
}

/**
 * Hears from now on, as long as the page is there.
 * @param isMultiplexed streams are in nobody's way
 */
export const listen = (isMultiplexed: boolean, hear: Hear): void => {
	let heardAt = Date.now();
	const note: Hear = (message) => {
		// A look without more was our own idea.
		if (message.kind !== 'look' || message.isSettled !== undefined) heardAt = Date.now();
		hear(message);
	};
	const hasLocks = (navigator as { locks?: LockManager }).locks !== undefined;
	const line = new (isMultiplexed ? Stream : hasLocks ? SharedLine : VisibleLine)(note);
	let isForbidden = false;
	const renew = (): void => {
		if (isForbidden) return;
		const isStale = Date.now() - heardAt > STALE_MS;
		heardAt = Date.now();
		line.renew(isStale);
	};
	// A connection can be dead without a word.
	const look = (): void => {
		if (document.hidden || isForbidden) return;
		if (Date.now() - heardAt > STALE_MS) renew();
	};
	line.open();
	addEventListener('pagehide', () => line.close());
	addEventListener('pageshow', ({ persisted }) => {
		if (persisted && !isForbidden) line.open();
	});
	addEventListener('online', renew);
	document.addEventListener('visibilitychange', () => {
		look();
		if (!document.hidden && !isForbidden) line.hurry();
	});
	const checks = setInterval(look, CHECK_MS);
	document.addEventListener('securitypolicyviolation', ({ blockedURI, disposition }) => {
		if (disposition === 'report' || !blockedURI.startsWith(location.origin + OURS)) return;
		// It will be no other time.
		isForbidden = true;
		clearInterval(checks);
		line.close();
	});
};
