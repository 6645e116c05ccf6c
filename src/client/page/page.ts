// In every page: has our service worker registered, tells it when the page has loaded, and stays away where it is not
// wanted. A page needs none of it.

const WORKER = '/.casper/service-worker.js';
/** The cache of our worker; store.ts has it, too. */
const CACHE = 'casper-serve';
/** A page that registers a worker of its own does so by then. */
const SETTLE_MS = 500;
const WAIT_MS = 100;
const MAX_WAITS = 50;
/** What a page asks for later, it gets from the server. */
const LOADED_MS = 2000;

const say = (what: string): void => console.info(`casper-serve: ${what}`);

/** A frame without an origin, a full disk, a policy: the page is as it would be without us. */
const complain = (error: unknown): void => say(`no service worker: ${error}`);

const sleep = (milliseconds: number): Promise<void> =>
	new Promise((resolve) => setTimeout(resolve, milliseconds));

const loaded = (): Promise<void> =>
	new Promise((resolve) => {
		if (document.readyState === 'complete') resolve();
		else addEventListener('load', () => resolve(), { once: true });
	});

const isOurs = ({ scriptURL }: ServiceWorker): boolean => new URL(scriptURL).pathname === WORKER;

/** Whether the site has a worker of its own there, or is about to have one. */
const hasOther = ({ installing, waiting, active }: ServiceWorkerRegistration): boolean => {
	const workers = [installing, waiting, active].filter((worker) => worker !== null);
	return workers.length === 0 || !workers.every(isOurs);
};

/** Waits for the script of a registration that somebody began a moment ago, as in another tab. */
const named = async (registration: ServiceWorkerRegistration): Promise<ServiceWorkerRegistration> => {
	for (let waits = 0; waits < MAX_WAITS; waits++) {
		if (registration.installing ?? registration.waiting ?? registration.active) break;
		await sleep(WAIT_MS);
	}
	return registration;
};

/** Has our worker of a registration forget everything. */
const dismiss = async ({ active }: ServiceWorkerRegistration): Promise<void> => {
	if (active !== null && isOurs(active)) active.postMessage({ casper: 'leave' });
	await caches.delete(CACHE);
};

/** Leaves a registration to the site's own worker: what ours had the browser say there, theirs has not said. */
const yieldTo = async (registration: ServiceWorkerRegistration): Promise<void> => {
	await dismiss(registration);
	const { navigationPreload } = registration;
	const { headerValue = '' } = await navigationPreload.getState();
	if (!headerValue.startsWith('casper/')) return;
	await navigationPreload.disable();
	await navigationPreload.setHeaderValue('true');
};

const watch = (registration: ServiceWorkerRegistration): void =>
	registration.addEventListener('updatefound', () => {
		if (hasOther(registration)) yieldTo(registration).catch(complain);
	});

/** What this page is made of, as the browser may still have it. */
const resources = (): string[] => {
	const { connection } = navigator as { connection?: { saveData?: boolean } };
	if (connection?.saveData) return [];
	const names = performance.getEntriesByType('resource').map(({ name }) => name);
	return [location.href, ...names].filter((url) => url.startsWith(location.origin)).map(withoutFragment);
};

const withoutFragment = (url: string): string => url.replace(/#.*$/s, '');

const attend = async (container: ServiceWorkerContainer): Promise<void> => {
	const known = await container.getRegistrations();
	known.forEach(watch);
	if (document.documentElement.dataset.casper === 'off') {
		say('no service worker: the page says data-casper="off"');
		for (const registration of known) if (hasOther(registration)) await yieldTo(registration);
		return;
	}
	await loaded();
	const loadedMs = performance.now();
	await sleep(SETTLE_MS);
	const registrations = await Promise.all((await container.getRegistrations()).map(named));
	const others = registrations.filter(hasOther);
	if (others.length > 0 || (container.controller !== null && !isOurs(container.controller))) {
		say('no service worker of ours: the site has its own');
		for (const registration of registrations) {
			if (others.includes(registration)) await yieldTo(registration);
			else {
				await registration.unregister();
				await dismiss(registration);
			}
		}
		return;
	}
	const registration = await container.register(WORKER, { scope: '/' });
	if (known.length === 0) watch(registration);
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
		complain(error);
	}
};

void main();
