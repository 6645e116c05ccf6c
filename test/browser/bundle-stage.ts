// Where a case is played: one server, one visitor, and after each step what the server was asked for, every byte that the
// page got being compared with the file on disk.

import { cp, readFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { formatHeldKeys } from '../../src/digest/held-keys.ts';
import { PROTOCOL } from '../../src/http/bundle-format.ts';
import type { RequestEntry } from '../../src/log.ts';
import type { ServeOptions } from '../../src/options.ts';
import { countVerdicts } from '../../src/plan.ts';
import {
	eventually,
	type Files,
	makeFolder,
	onEnd,
	openIndexed,
	put,
	type Tested,
} from '../support/server.ts';
import type { Engine, Got, Tab, Visitor } from './bundle-engines.ts';
import { OUR_SCRIPT } from './bundle-sites.ts';

/** Asked for by browsers whenever they like. */
const BY_THE_WAY = /^\/(?:\.casper\/service-worker\.js$|favicon\.ico$)|\.webmanifest$/;
const QUIET_MS = 250;
/** Longer than it takes from the end of a bundle until all of it is stored. */
const STORING_MS = 700;
/** For what the worker does when a page is there. */
const PATIENCE_SECONDS = 8;
/** More of them are counted. */
const MOST_NAMED = 6;

/** Where a stage is to be other than it is by itself. */
export interface StageSettings {
	readonly options?: ServeOptions;
	/** Where the browser is to go in place of the server itself. */
	readonly through?: (tested: Tested, storage: string) => Promise<{ readonly origin: string }>;
}

export class Stage {
	readonly engine: Engine;
	readonly visitor: Visitor;
	/** The first of the tabs. */
	readonly tab: Tab;
	/** Without a slash. */
	readonly origin: string;
	tested: Tested;
	/** Where the certificate is. */
	readonly storage: string;
	/** What it began with; empty where that was a folder. */
	readonly files: Files;

	private constructor(
		engine: Engine,
		storage: string,
		files: Files,
		visitor: Visitor,
		tab: Tab,
		origin: string,
		tested: Tested,
	) {
		this.engine = engine;
		this.storage = storage;
		this.files = files;
		this.visitor = visitor;
		this.tab = tab;
		this.origin = origin;
		this.tested = tested;
	}

	/** Opens all that it takes, to be closed by `endAll`. */
	static async open(
		engine: Engine,
		storage: string,
		files: Files | string,
		{ options, through }: StageSettings = {},
	): Promise<Stage> {
		const site = typeof files === 'string' ? await copyOf(files) : files;
		const tested = await openIndexed(site, { bundle: true, live: false, storage, grace: 0, ...options });
		const visitor = await engine.newVisitor();
		onEnd(() => visitor.close());
		const origin = (await through?.(tested, storage))?.origin ?? new URL(tested.server.url).origin;
		return new Stage(
			engine,
			storage,
			typeof files === 'string' ? {} : files,
			visitor,
			await visitor.newTab(),
			origin,
			tested,
		);
	}

	/** The visit after which our worker is there, without the time that it is left for adoption. */
	async enlist(target = '/', tab: Tab = this.tab): Promise<void> {
		await this.visit(target, tab);
		await tab.evaluate(`(async () => {
			await navigator.serviceWorker.register('/.casper/service-worker.js', { scope: '/' });
			const { active } = await navigator.serviceWorker.ready;
			if (active.state !== 'activated') await new Promise((resolve) => { active.onstatechange = resolve; });
		})()`);
	}

	/** {@link enlist}, and a visit by which the worker has what the page needs. */
	async prepare(target = '/'): Promise<void> {
		await this.enlist(target);
		await this.visit(target);
	}

	/** Opens a page; what the server was asked for meanwhile, in words. */
	visit(target = '/', tab: Tab = this.tab): Promise<readonly string[]> {
		return this.during(() => tab.open(this.origin + target), tab);
	}

	/** Does something to a tab; what the server was asked for meanwhile, in words. */
	async during(act: () => Promise<unknown>, tab: Tab = this.tab, isWhole = true): Promise<readonly string[]> {
		await tab.takeGot();
		this.tested.entries.length = 0;
		await act();
		await this.quiet();
		const asked = this.asked();
		for (const got of await tab.takeGot()) await this.#compare(got, tab);
		// What broke off is not all stored.
		if (isWhole && asked.some(({ page }) => page?.plan.channel === 'bundle')) await this.published(tab);
		return told(asked);
	}

	/** Resolves when the server has not been asked for anything for a while. */
	async quiet(): Promise<void> {
		let [count, since] = [-1, 0];
		await eventually('nothing is asked for any more', () => {
			const { length } = this.tested.entries;
			if (length !== count) [count, since] = [length, performance.now()];
			return performance.now() - since > QUIET_MS;
		});
	}

	/** What the server was asked for since the last step began, in order. */
	asked(): readonly RequestEntry[] {
		// We ask for things ourselves, but never say who we are.
		return this.tested.entries.filter(
			({ target, userAgent }) => userAgent !== undefined && !BY_THE_WAY.test(target),
		);
	}

	/** Resolves when the worker has this page, and what came with it, and will say so with the next navigation. */
	published(tab: Tab = this.tab): Promise<void> {
		const given = this.asked().flatMap(({ page }) =>
			page?.plan.channel === 'bundle' ? page.plan.deliveries : [],
		);
		const what = 'the worker says what it holds';
		const isSaid = async (): Promise<boolean> => {
			const [header, index, url] = await tab.evaluate<[string, string, string]>(HELD);
			const entries = new Map<string, { tag: string; key: number; used: number }>(JSON.parse(index));
			const isStored = given.every(
				({ dependency, asset }) => entries.get(dependency.url)?.tag === asset.hash,
			);
			if (!isStored || !entries.has(url)) return false;
			const newest = [...entries.values()].sort((a, b) => b.used - a.used);
			return header === `${PROTOCOL} ${formatHeldKeys(newest.map(({ key }) => key))}`;
		};
		return eventually(what, isSaid, PATIENCE_SECONDS);
	}

	/** Resolves when the worker stores nothing any more. */
	async settled(tab: Tab = this.tab): Promise<void> {
		let [held, since] = ['', 0];
		await eventually('the worker stores nothing any more', async () => {
			const now = JSON.stringify(await tab.evaluate(HELD));
			if (now !== held) [held, since] = [now, performance.now()];
			return performance.now() - since > STORING_MS;
		});
	}

	/** Writes files, and resolves when the server hands them out. */
	async change(files: Files): Promise<void> {
		for (const [path, content] of Object.entries(files)) await put(this.tested.folder, path, content);
		await eventually('the server has the new versions', async () => {
			for (const [path, content] of Object.entries(files))
				if (!(await this.#fetch(path)).equals(Buffer.from(content))) return false;
			return true;
		});
	}

	/** The server ends, and another takes its port. */
	async restart(options: ServeOptions = {}, files: Files | string = this.tested.folder): Promise<void> {
		const { port, server } = this.tested;
		await server.close();
		const storage = this.storage;
		this.tested = await openIndexed(files, {
			bundle: true,
			live: false,
			storage,
			grace: 0,
			port,
			...options,
		});
	}

	#fetch(path: string): Promise<Buffer> {
		return new Promise((resolve, reject) => {
			get(`https://localhost:${this.tested.port}/${path}`, { rejectUnauthorized: false }, (response) => {
				const chunks: Buffer[] = [];
				response.on('data', (chunk: Buffer) => chunks.push(chunk));
				response.on('end', () => resolve(Buffer.concat(chunks)));
				response.on('error', reject);
			}).on('error', reject);
		});
	}

	async #compare({ url, status, isDocument, body: seen }: Got, tab: Tab): Promise<void> {
		const { origin, pathname } = new URL(url);
		if (origin !== this.origin || status !== 200 || pathname.startsWith('/.casper/')) return;
		const path = decodeURIComponent(pathname).replace(/\/$/, '/index.html');
		const file = await readFile(join(this.tested.folder, path));
		// Of some that come from memory, the tools have no body; the page itself can still have it.
		const body =
			seen ?? (isDocument ? undefined : Buffer.from(await tab.evaluate<string>(bytesOf(url)), 'latin1'));
		assert.ok(body !== undefined, `${pathname}: no body was seen`);
		const shown = isDocument ? Buffer.from(body.toString('latin1').replace(OUR_SCRIPT, ''), 'latin1') : body;
		assert.ok(shown.equals(file), `${pathname}: ${shown.length} bytes, not the ${file.length} of the file`);
	}
}

/** In a page: what goes with the next navigation, the index of the worker's store, and this page in it. */
const HELD = `(async () => {
	const registration = await navigator.serviceWorker.getRegistration('/');
	const headerValue = (await registration?.navigationPreload.getState())?.headerValue;
	const index = await (await caches.open('casper-serve')).match('/.casper/held');
	return [headerValue, (await index?.text()) ?? '[]', location.pathname + location.search];
})()`;

/** In a page: what it gets under `url`, a character for each byte. */
const bytesOf = (url: string): string =>
	`fetch(${JSON.stringify(url)}).then(async (response) =>
		[...new Uint8Array(await response.arrayBuffer())].map((byte) => String.fromCharCode(byte)).join(''))`;

const copyOf = async (folder: string): Promise<string> => {
	const copy = await makeFolder();
	await cp(folder, copy, { recursive: true });
	return copy;
};

const told = (entries: readonly RequestEntry[]): readonly string[] => {
	const pages = entries.flatMap(({ target, status, page }) => {
		if (page === undefined) return [];
		const { channel } = page.plan;
		const { send, confirm } = countVerdicts(page.plan);
		const what = channel === 'bundle' ? `bundle: ${send} sent, ${confirm} confirmed` : channel;
		return [`${target} ${status} ${what}`];
	});
	const others = entries.filter(({ page }) => page === undefined);
	const lines = others.map(
		({ method, target, status }) =>
			`${method === 'GET' ? '' : `${method} `}${target.replace(/^(\/\.casper\/page)-.*/, '$1')} ${status}`,
	);
	if (lines.length <= MOST_NAMED) return [...pages, ...lines.sort()];
	const counts = new Map<number, number>();
	for (const { status } of others) counts.set(status, (counts.get(status) ?? 0) + 1);
	return [...pages, ...[...counts].sort().map(([status, count]) => `${count} others ${status}`)];
};
