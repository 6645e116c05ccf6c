// In every page: has our service worker registered, tells it when the page has loaded, and stays away where it is not
// wanted. A page needs none of it.

const WORKER = '/.casper/service-worker.js';
/** The cache of our worker; store.ts has it, too. */
const CACHE = 'casper-serve';
/** A page that registers a worker of its own does so by then. */
const SETTLE_MS = 500;
/** What a page asks for later, it gets from the server. */
const LOADED_MS = 2000;

const say = (what: string): void => console.info(`casper-serve: ${what}`);

const sleep = (milliseconds: number): Promise<void> =>
	new Promise((resolve) => setTimeout(resolve, milliseconds));

const loaded = (): Promise<void> =>
	new Promise((resolve) => {
		if (document.readyState === 'complete') resolve();
		else addEventListener('load', () => resolve(), { once: true });
	});

const isOurs = (worker: ServiceWorker | null): boolean =>
	worker !== null && new URL(worker.scriptURL).pathname === WORKER;

/** The site's own worker, or one that it is about to have. */
const hasOther = ({ installing, waiting, active }: ServiceWorkerRegistration): boolean =>
	!isOurs(installing) && !isOurs(waiting) && !isOurs(active);

/** What this page is made of, as the browser may still have it. */
const resources = (): string[] => {
	const { connection } = navigator as { connection?: { saveData?: boolean } };
	if (connection?.saveData) return [];
	const names = performance.getEntriesByType('resource').map(({ name }) => name);
	return [location.href, ...names].filter((url) => url.startsWith(location.origin)).map(withoutFragment);
};

const withoutFragment = (url: string): string => url.replace(/#.*$/s, '');

const attend = async (container: ServiceWorkerContainer): Promise<void> => {
	if (document.documentElement.dataset.casper === 'off')
		return say('no service worker: the page says data-casper="off"');
	await loaded();
	const loadedMs = performance.now();
	await sleep(SETTLE_MS);
	const registrations = await container.getRegistrations();
	const others = registrations.filter(hasOther);
	if (others.length > 0 || (container.controller !== null && !isOurs(container.controller))) {
		say('no service worker of ours: the site has its own');
		for (const registration of registrations)
			if (!others.includes(registration)) await registration.unregister();
		await caches.delete(CACHE);
		return;
	}
	await container.register(WORKER, { scope: '/' });
	const { active } = await container.ready;
	await sleep(LOADED_MS - (performance.now() - loadedMs));
	active?.postMessage({ casper: 'loaded', urls: resources() });
};

const main = async (): Promise<void> => {
	try {
		const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
		// Without TLS there is none, nor in a private window of some browsers.
		if (serviceWorker !== undefined) await attend(serviceWorker);
	} catch (error) {
		// A frame without an origin, a full disk, a policy: the page is as it would be without us.
		say(`no service worker: ${error}`);
	}
};

void main();
