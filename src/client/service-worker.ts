// The service worker: asks for a page with a digest of what it holds, and gives the page what comes with it. Whatever was
// not announced to a page, it does not touch.

import { BUNDLE_TYPE, PRESENCE, PRESENCE_FIELD, PROTOCOL } from '../http/bundle-format.ts';
import { isWebKit } from '../http/webkit.ts';
import { Store } from './store.ts';
import { PATIENCE_MS, View } from './view.ts';

declare const self: ServiceWorkerGlobalScope;

/** Our own files. */
const INTERNAL = '/.casper/';
/** Requests that want what a server says now, whatever is held. */
const PAST_CACHES: readonly RequestCache[] = ['no-cache', 'no-store', 'only-if-cached', 'reload'];
const IS_DOCUMENT = /^(?:text\/html|application\/xhtml\+xml)\b/i;
/** Pages that never said that they have loaded. */
const MAX_VIEWS = 50;

const store = new Store();
/** By the id of the page. */
const views = new Map<string, View>();

self.addEventListener('install', () => self.skipWaiting());

self.addEventListener('activate', (event) => {
	event.waitUntil(
		(async () => {
			const { navigationPreload } = self.registration;
			// WebKit's preloads come empty now and then (2.50): there, the worker asks on its own.
			if (isWebKit(navigator.userAgent)) return navigationPreload?.disable();
			await navigationPreload?.enable();
			await navigationPreload?.setHeaderValue(await store.announcement());
		})(),
	);
});

// The site has a worker of its own installed here: what we had the browser say, it has not said.
self.registration.addEventListener('updatefound', () => {
	const { installing, navigationPreload } = self.registration;
	if (installing === null || new URL(installing.scriptURL).pathname === self.location.pathname) return;
	const yielding = async (): Promise<void> => {
		await navigationPreload?.disable();
		await navigationPreload?.setHeaderValue('true');
		await giveUp();
	};
	yielding().catch(() => {});
});

self.addEventListener('fetch', (event) => {
	const { request } = event;
	const { origin, pathname, search } = new URL(request.url);
	if (request.method !== 'GET' || origin !== self.location.origin || pathname.startsWith(INTERNAL)) return;
	const url = pathname + search;
	if (request.mode === 'navigate') return event.respondWith(navigate(event, url));
	const view = views.get(event.clientId);
	const item = view?.find(url);
	if (view === undefined || item === undefined || !isOrdinary(request)) return;
	event.respondWith(view.answer(item, request, (work) => event.waitUntil(work)));
});

const isOrdinary = ({ cache, credentials, headers }: Request): boolean =>
	credentials !== 'omit' &&
	!PAST_CACHES.includes(cache) &&
	!headers.has('range') &&
	!headers.has('if-none-match') &&
	!headers.has('if-modified-since');

const navigate = async (event: FetchEvent, url: string): Promise<Response> => {
	const { request, resultingClientId } = event;
	const stored = store.matchLast(url);
	const response =
		((await event.preloadResponse) as Response | undefined) ??
		(await fetchPage(request, await store.announcement()));
	const { body, headers, ok } = response;
	const type = headers.get('content-type') ?? '';
	// Images and the like may come from a cache, where they were without it before they were navigated to.
	if (ok && IS_DOCUMENT.test(type) && headers.get(PRESENCE_FIELD) !== PRESENCE) event.waitUntil(leave());
	if (body === null || !type.startsWith(BUNDLE_TYPE)) return response;
	const view = new View(store, () => fetchPage(request, PROTOCOL), stored);
	if (resultingClientId !== '') views.set(resultingClientId, view);
	const [oldest] = views.keys();
	if (views.size > MAX_VIEWS && oldest !== undefined) views.delete(oldest);
	event.waitUntil(
		view.read(body).then(() => {
			setTimeout(() => views.delete(resultingClientId), PATIENCE_MS);
		}),
	);
	return view.document;
};

/** Asks for a page as a navigation does, with what is known. Redirects are for the browser to follow. */
const fetchPage = ({ url, cache }: Request, word: string): Promise<Response> =>
	fetch(url, {
		headers: { 'cache-digest': word },
		credentials: 'include',
		redirect: 'manual',
		cache: cache === 'only-if-cached' ? 'default' : cache,
	});

/** There is no casper-serve here any more, or it does not want us: nobody is to be kept in by what it left behind. */
const leave = async (): Promise<void> => {
	try {
		await giveUp();
	} finally {
		await self.registration.unregister();
	}
};

const giveUp = (): Promise<void> => {
	views.clear();
	return store.close();
};

self.addEventListener('message', (event) => {
	const { casper, urls } = (event.data ?? {}) as { casper?: unknown; urls?: unknown };
	if (casper === 'leave') event.waitUntil(giveUp());
	if (casper !== 'loaded' || !Array.isArray(urls) || !(event.source instanceof Client)) return;
	event.waitUntil(onLoaded(event.source.id, urls.map(String)));
});

/** A page has loaded: from now on it gets all from the server, and what the browser has of it, we have, too. */
const onLoaded = async (id: string, urls: readonly string[]): Promise<void> => {
	const view = views.get(id);
	views.delete(id);
	store.reopen();
	for (const each of new Set(urls)) {
		const { origin, pathname, search } = new URL(each, self.location.origin);
		const url = pathname + search;
		if (origin !== self.location.origin || pathname.startsWith(INTERNAL) || view?.hasAnnounced(url)) continue;
		// What the browser has not kept is not worth a transfer of its own …
		const response = await fetch(url, { cache: 'only-if-cached', mode: 'same-origin' }).catch(
			() => undefined,
		);
		if (response === undefined) continue;
		await store.keep(url, response);
		// … which WebKit makes all the same where it keeps nothing, as in private windows.
		if (wasTransferred(each)) break;
	}
	await store.save();
};

/** In WebKit's workers the sizes are always 0; what a cache gave came by no protocol. */
const wasTransferred = (url: string): boolean => {
	const entry = performance.getEntriesByName(url).at(-1) as PerformanceResourceTiming | undefined;
	if (entry === undefined) return false;
	return entry.transferSize > 0 || (entry.decodedBodySize === 0 && entry.nextHopProtocol !== '');
};
