// Who visits what, and when: in each round, first all channels are visited by somebody new, then by the same again, then
// after changes. So what else the machine does falls on all alike, and between two visits to one site there is time for
// what browsers do afterwards.

import { setTimeout as sleep } from 'node:timers/promises';
import { type DelayProxy, openDelayProxy } from '../../browser/delay-proxy.ts';
import type { PageBrowser, Tab } from './browsers.ts';
import type { Channel } from './contenders.ts';
import { assetCount, type Change, faultsOf, type Report } from './site.ts';

export type Scenario = 'first visit' | 'all stale' | 'one changed' | 'eleven changed';

export const scenarios: readonly Scenario[] = ['first visit', 'all stale', 'one changed', 'eleven changed'];

const changeBefore: Readonly<Record<Scenario, Change>> = {
	'first visit': 'nothing',
	'all stale': 'nothing',
	'one changed': 'one',
	'eleven changed': 'eleven',
};

/** One visit. */
export interface Visit {
	readonly round: number;
	readonly scenario: Scenario;
	readonly channel: string;
	/** `undefined`: there was no page. */
	readonly shown: Report | undefined;
	/** What the server was asked for, our worker's script not counted: browsers look for a new one when they like. */
	readonly requests: number;
	/** What came over the wire, TLS included. */
	readonly bytes: number;
	/** Why it does not count; empty if it does. */
	readonly faults: readonly string[];
}

const WORKER = '/.casper/service-worker.js';
const ADOPTION_MS = 15_000;

/** One browser, one round trip, one round: each channel in each scenario. */
export async function playRound(
	round: number,
	browser: PageBrowser,
	channels: readonly Channel[],
	roundTripMs: number,
	onVisit: (visit: Visit) => void,
): Promise<void> {
	const chosen = channels.filter(({ worker }) => worker !== 'cold' || browser.stopsWorkers);
	// A port of its own makes an origin that the browser has never seen, whatever it has cached.
	const opened = await Promise.all(
		chosen.map(async (channel) => ({
			channel,
			proxy: await openDelayProxy(channel.server.port, roundTripMs),
		})),
	);
	try {
		for (const scenario of scenarios) {
			await changeAll(chosen, changeBefore[scenario]);
			for (const { channel, proxy } of opened) {
				const which = { round, scenario, channel: channel.name };
				onVisit({ ...which, ...(await visit(browser, channel, proxy, scenario).catch(failed)) });
			}
		}
	} finally {
		await Promise.all(opened.map(({ proxy }) => proxy.close()));
	}
}

async function changeAll(channels: readonly Channel[], change: Change): Promise<void> {
	if (change === 'nothing') return;
	const servers = new Set(channels.map(({ server }) => server));
	await Promise.all([...servers].map((server) => server.change(change)));
	// Servers that compress ahead go on for a while; most visits do not come within a second of a change.
	await sleep(1000);
}

/** One failed visit is not to end a run of half an hour. */
function failed(error: Error): Outcome {
	return { shown: undefined, requests: 0, bytes: 0, faults: [error.message] };
}

type Outcome = Omit<Visit, 'round' | 'scenario' | 'channel'>;

async function visit(
	browser: PageBrowser,
	{ server, worker }: Channel,
	proxy: DelayProxy,
	scenario: Scenario,
): Promise<Outcome> {
	const origin = `https://localhost:${proxy.port}`;
	const isFirst = scenario === 'first visit';
	// They know nothing of ports.
	if (isFirst) await browser.forgetCookies();
	else if (worker !== 'none') await browser.setWorker(origin, worker === 'cold' ? 'stopped' : 'running');
	await proxy.disconnect();
	const mark = server.mark();
	const bytesBefore = proxy.bytesDown;
	const connectionsBefore = proxy.connections;
	let bytes = 0;
	let targets: readonly string[] = [];
	let connections = 0;
	const faults: string[] = [];
	const shown = await browser.visit(`${origin}/`, async (tab) => {
		bytes = proxy.bytesDown - bytesBefore;
		connections = proxy.connections - connectionsBefore;
		targets = server.seenSince(mark).map(({ target }) => target);
		if (isFirst && worker !== 'none') await untilAdopted(tab);
	});
	faults.push(...faultsOf(shown, server.versions));
	if (connections === 0) faults.push('no connection of its own');
	if (worker !== 'none' && !isFirst && !shown.isControlled) faults.push('no worker');
	const requests = targets.filter((target) => target !== WORKER).length;
	return { shown, requests, bytes, faults };
}

/** The worker has stored what the page is made of: the document, the assets and the script that we add. */
async function untilAdopted(tab: Tab): Promise<void> {
	const held = `caches.open('casper-serve').then((cache) => cache.match('/.casper/held'))
		.then((index) => index?.json()).then((entries) => entries?.length ?? 0)`;
	const deadline = performance.now() + ADOPTION_MS;
	for (;;) {
		const count = Number(await tab.evaluate(held));
		if (count > assetCount) break;
		if (performance.now() > deadline)
			throw new Error(`the worker has stored ${count} responses of ${assetCount + 1}`);
		await sleep(100);
	}
	// For the digest that goes with it.
	await sleep(200);
}
