// What we ask the server, and what we tell it.

/** A file that the page is made of, as it is on the server now. */
export interface Item {
	/** Path and query. */
	readonly url: string;
	/** Of its content; empty where it is missing. */
	readonly hash: string;
	/** Destination as Fetch has it; empty for what only a script asked for. */
	readonly as: string;
	/** **Milliseconds** since it changed, where the server saw it. */
	readonly ago?: number;
	/** Caches may use it without asking. */
	readonly isKept?: boolean;
}

export interface BrokenReference {
	readonly from: string;
	readonly line: number;
	readonly url: string;
	readonly suggestion?: string;
}

export interface State {
	/** The hash is empty where there is no such page now. */
	readonly document: { readonly hash: string };
	readonly items: readonly Item[];
	readonly broken: readonly BrokenReference[];
}

export interface ConsoleMessage {
	readonly level: string;
	readonly text: string;
	readonly at: string;
}

export type Report =
	| { readonly how: 'reload' | 'in place'; readonly files: readonly string[] }
	| { readonly messages: readonly ConsoleMessage[] };

/** Where everything of ours is. */
export const OURS = '/.casper/';
export const EVENTS = `${OURS}live/events`;
const STATE = `${OURS}live/state`;
const REPORT = `${OURS}live/report`;
/** A server that takes longer counts as one that is gone. */
const PATIENCE_MS = 20_000;
/** A report has 64 KiB at most. */
const MOST_FILES = 100;

// As it is now: what the page makes of it later is none of our business.
const ask = window.fetch.bind(window);

const navigation = performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined;

/** Whether it came by a reload, as far as it is known. */
export const isReloaded: boolean = (navigation?.type ?? 'reload') === 'reload';

/** Path and query that this page was navigated to: a script may have written others into the address bar. */
export const page: string = (() => {
	const { name = '', redirectCount = 1 } = navigation ?? {};
	const isSame = redirectCount === 0 && name.startsWith(`${location.origin}/`);
	const { pathname, search } = isSame ? new URL(name) : location;
	return pathname + search;
})();

/**
 * When the answer with this page began, in **milliseconds** since the navigation did: nothing that it shows was asked for
 * earlier. 0 where a worker may have had it for long.
 */
export const pageAnsweredAt: number = navigation?.workerStart === 0 ? navigation.responseStart : 0;

const post = (url: string, body: object, init: RequestInit): Promise<Response> =>
	ask(url, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ page, ...body }),
		...init,
	});

/** A state, and when the answer began, in **milliseconds** since the navigation. */
interface Answer {
	readonly state: State;
	readonly answeredAt: number;
}

/** Rejects where there is no server, or one that knows nothing of us. */
export const askState = async (loaded: readonly string[]): Promise<Answer> => {
	const askedAt = performance.now();
	const response = await post(STATE, { loaded }, { signal: AbortSignal.timeout(PATIENCE_MS) });
	// A page that is busy hears of it late.
	const heardAt = performance.now();
	if (!response.ok) throw new Error(`${response.status}`);
	const state: State = await response.json();
	return { state, answeredAt: answerSince(askedAt) ?? heardAt };
};

/** When the answer began to a question since `askedAt`; undefined where the browser has no room to note it. */
const answerSince = (askedAt: number): number | undefined => {
	const last = questions().at(-1);
	// Browsers round.
	return last !== undefined && last.startTime > askedAt - 1 && last.responseStart > 0
		? last.responseStart
		: undefined;
};

const questions = (): readonly PerformanceResourceTiming[] =>
	performance.getEntriesByName(location.origin + STATE) as PerformanceResourceTiming[];

/**
 * Never rejects: nobody depends on it.
 * @param isLast the page goes; browsers bound what may go on after it, so that nothing else does
 */
export const report = async (what: Report, isLast = false): Promise<void> => {
	const body = 'files' in what ? { ...what, files: what.files.slice(0, MOST_FILES) } : what;
	const signal = AbortSignal.timeout(PATIENCE_MS);
	await post(REPORT, body, { keepalive: isLast, signal }).catch(() => undefined);
};

/**
 * Has the browser forget older versions of what caches may keep; and of what is missing, which Chromium would show once
 * more. Never rejects.
 */
export const refreshCache = async (items: readonly Item[]): Promise<void> => {
	const kept = items.filter(({ isKept, hash }) => isKept || hash === '');
	await Promise.all(
		kept.map(async ({ url }) => {
			const response = await ask(url, { cache: 'reload', signal: AbortSignal.timeout(PATIENCE_MS) });
			await response.arrayBuffer();
		}),
	).catch(() => undefined);
};

/**
 * What the browser has of these in its HTTP cache, by address: content hashes, with which our entity tags begin. Where one
 * goes back to a page, it shows that, however old it is.
 */
export const heldVersions = async (items: readonly Item[]): Promise<ReadonlyMap<string, string>> => {
	const held = new Map<string, string>();
	if (navigation?.type !== 'back_forward') return held;
	const look = async ({ url }: Item): Promise<void> => {
		// Rejects where it is not cached.
		const { headers, body } = await ask(url, {
			cache: 'only-if-cached',
			mode: 'same-origin',
			signal: AbortSignal.timeout(PATIENCE_MS),
		});
		void body?.cancel();
		const hash = /^(?:W\/)?"([0-9a-f]{32})/.exec(headers.get('etag') ?? '')?.[1];
		if (hash !== undefined) held.set(url, hash);
	};
	await Promise.allSettled(items.filter(({ hash }) => hash !== '').map(look));
	return held;
};

/** Loads something into the HTTP cache. Rejects where it is not there. */
export const fetchAhead = async (url: string): Promise<void> => {
	const response = await ask(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
	if (!response.ok) throw new Error(`${response.status}`);
	await response.arrayBuffer();
};

/** Whether requests share one connection, so that a stream of events is in nobody's way; undefined: not known yet. */
export const isMultiplexed = (): boolean | undefined => {
	const protocol = navigation?.nextHopProtocol || questions().at(-1)?.nextHopProtocol;
	return protocol ? /^h[23]/.test(protocol) : undefined;
};
