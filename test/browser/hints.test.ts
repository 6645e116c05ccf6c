// What hints do in real browsers: Chromium (Debian: chromium) and Firefox (firefox-esr), both with libnss3-tools, open every
// page of public-example. The relay between them and the server holds back each file until all that it mentions, and that
// a hint named, has been asked for: who waits for a file to learn of another waits in vain, and is seen asking too late.

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Plan } from '../../src/plan.ts';
import { hasProgram, withFolder } from '../interop/casper.ts';
import { SITES } from '../interop/sites.ts';
import { ask } from '../support/client.ts';
import { endAll, eventually, openIndexed, type Tested } from '../support/server.ts';
import { chromiumPath, openForgetfulChromium, trustCertificate } from './chromium.ts';
import { firefoxPath, openFirefox } from './firefox.ts';
import { openRelay, type Relay, type Relayed } from './relay.ts';

const hints = suite('hints');
hints.after.each(endAll);

const [{ folder, pages }] = SITES;

/** A browser as far as these tests use one: visits without a past, and what the console says of them. */
interface Visitor {
	visit(url: string): Promise<readonly string[]>;
	close(): Promise<void>;
}

const BROWSERS: readonly {
	readonly name: string;
	readonly path: string | undefined;
	readonly package: string;
	open(home: string, certificate: string): Promise<Visitor>;
}[] = [
	{
		name: 'Chromium',
		path: chromiumPath,
		package: 'chromium',
		open: async (home, certificate) => {
			await trustCertificate(home, { certificate });
			const browser = await openForgetfulChromium(home);
			return {
				visit: async (url) => (await browser.visit(url)).complaints,
				close: () => browser.close(),
			};
		},
	},
	{
		name: 'Firefox',
		path: firefoxPath,
		package: 'firefox-esr',
		open: (home, certificate) => openFirefox(home, { certificate }),
	},
];

/** A server for the site, and a folder with its certificate that is a browser's home. */
const withSite = (use: (tested: Tested, home: string, certificate: string) => Promise<void>): Promise<void> =>
	withFolder(async (home) =>
		use(await openIndexed(folder, { storage: home, live: false }), home, join(home, 'localhost.pem')),
	);

/** What the server plans when a stranger opens `page`. */
const planOf = async (tested: Tested, page: string): Promise<Plan> => {
	const began = tested.entries.length;
	await ask(tested, 'HTTP/2', page, { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' });
	const view = () => tested.entries.slice(began).find(({ target }) => target === page)?.page;
	await eventually(`the log has the page view of ${page}`, () => view() !== undefined);
	return view()!.plan;
};

/** What the `Link` field of a document names. */
const namedIn = ({ fields }: Relayed): ReadonlySet<string> =>
	new Set([...String(fields.link ?? '').matchAll(/<([^>]*)>/g)].map(([, url = '']) => url));

/** What is planned for the page behind what the page itself mentions: who mentions what, and how deep it lies. */
const hiddenIn = ({ deliveries }: Plan) =>
	deliveries
		.map(({ dependency: { url, from, depth } }) => ({ url, from, depth }))
		.filter(({ depth }) => depth > 1);

/** Opens `page` over the relay, files held back until what they mention and hints named has been asked for. */
const visitHeld = async (visitor: Visitor, relay: Relay, plan: Plan, page: string): Promise<void> => {
	const hidden = hiddenIn(plan);
	relay.reset((target, asked) => {
		const named = namedIn(relay.requests[0]!);
		return hidden.every(({ url, from }) => from !== target || !named.has(url) || asked.has(url));
	});
	assert.equal(await visitor.visit(new URL(page, relay.url).href), [], `${page}: the console complains`);
};

/** The first request for each target: a page in a frame asks again for what it shares with the page around it. */
const firstOfEach = (requests: readonly Relayed[]): ReadonlyMap<string, Relayed> =>
	new Map([...requests].reverse().map((request) => [request.target, request]));

/** What a page, and each page in a frame of it, asks for more than once. */
const askedTooOften = (requests: readonly Relayed[]): readonly string[] => {
	const times = new Map<string, number>();
	for (const { target } of requests) times.set(target, (times.get(target) ?? 0) + 1);
	const documents = requests.filter(({ destination }) => ['document', 'iframe'].includes(destination));
	return [...times].filter(([, count]) => count > documents.length).map(([target]) => target);
};

for (const { name, path, package: debian, open } of BROWSERS) {
	const test = path !== undefined && hasProgram('certutil') ? hints : hints.skip;
	if (test === hints.skip)
		console.error(
			`SKIPPED: ${debian} and certutil (Debian: ${debian}, libnss3-tools) are not both in the path, so hints are not tried in ${name}`,
		);

	test(`${name} asks for what lies deep before the files that mention it have come, for nothing twice, and has no complaint`, () =>
		withSite(async (tested, home, certificate) => {
			const relay = await openRelay(tested.server.url, { certificate });
			const visitor = await open(home, certificate);
			try {
				let deepest = 0;
				for (const page of pages) {
					const plan = await planOf(tested, page);
					assert.is(plan.channel, 'hints', page);
					await visitHeld(visitor, relay, plan, page);
					const requests = firstOfEach(relay.requests);
					assert.equal(askedTooOften(relay.requests), [], `${page}: asked for too often`);
					const named = namedIn(requests.get(page)!);
					const late: string[] = [];
					for (const { url, from, depth } of hiddenIn(plan)) {
						if (!named.has(url)) continue;
						const asked = requests.get(url)?.asked ?? Number.POSITIVE_INFINITY;
						const mentioned = requests.get(from)?.answered ?? Number.POSITIVE_INFINITY;
						if (asked < mentioned) deepest = Math.max(deepest, depth);
						else late.push(`${url}, mentioned by ${from}`);
					}
					assert.equal(late, [], `${page}: asked for only when found`);
				}
				assert.is(deepest, 4, 'levels from the page to the deepest file asked for before it was found');
			} finally {
				await visitor.close();
				await relay.close();
			}
		}));
}

const testChromium = chromiumPath !== undefined && hasProgram('certutil') ? hints : hints.skip;

/** "A few seconds" after the load event Chromium complains of preloads that nothing has used: three. */
const UNUSED_AFTER_MS = 4500;

testChromium('Chromium finds no hint unused on any page', () =>
	withSite(async ({ server }, home, certificate) => {
		await trustCertificate(home, { certificate });
		const browser = await openForgetfulChromium(home);
		try {
			const wait = `new Promise((resolve) => setTimeout(resolve, ${UNUSED_AFTER_MS}))`;
			const visits = pages.map(async (page) => {
				const { complaints } = await browser.visit(new URL(page, server.url).href, wait);
				return complaints.map((complaint) => `${page}: ${complaint}`);
			});
			assert.equal((await Promise.all(visits)).flat(), []);
		} finally {
			await browser.close();
		}
	}),
);

hints.run();
