// A site that is being worked on, and what the tabs that show it do: by the markers left in their pages, by what they say
// of themselves, and by what the server was asked for.

import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConsoleMessage, LiveEvent } from '../../src/live-events.ts';
import type { ServeOptions } from '../../src/options.ts';
import { eventually, type Files, openIndexed, put, type Tested } from '../support/server.ts';
import type { Case } from './bundle-cases.ts';
import type { Tab } from './bundle-engines.ts';
import type { Stage } from './bundle-stage.ts';

const STATE = '/.casper/live/state';

/** A server of its own for the visitor of a stage. */
export class LiveSite {
	readonly #stage: Stage;
	readonly #options: ServeOptions;
	readonly #events: LiveEvent[] = [];
	/** All servers before the one that is there now had so many. */
	readonly #entries: Tested['entries'][] = [];
	tested: Tested;

	private constructor(stage: Stage, options: ServeOptions, events: LiveEvent[], tested: Tested) {
		this.#stage = stage;
		this.#options = options;
		this.#events = events;
		this.#entries.push(tested.entries);
		this.tested = tested;
	}

	static async open(stage: Stage, files: Files, options: ServeOptions = {}): Promise<LiveSite> {
		const events: LiveEvent[] = [];
		const all = {
			storage: stage.storage,
			grace: 0,
			onLive: (event: LiveEvent) => events.push(event),
			...options,
		};
		return new LiveSite(stage, all, events, await openIndexed(files, all));
	}

	/** Without a slash. */
	get origin(): string {
		return new URL(this.tested.server.url).origin;
	}

	/** What tabs said that they did, such as `/ in place /a.css`. */
	get shown(): readonly string[] {
		return this.#events.flatMap((event) =>
			event.kind === 'shown' ? [`${event.page} ${event.how} ${[...event.files].sort().join(' ')}`] : [],
		);
	}

	/** What tabs said that their consoles said. */
	get said(): readonly (ConsoleMessage & { readonly page: string })[] {
		return this.#events.flatMap((event) =>
			event.kind === 'console' ? event.messages.map((message) => ({ ...message, page: event.page })) : [],
		);
	}

	/** How many documents were asked for under this path. */
	navigations(target = '/'): number {
		return this.#entries.flat().filter((entry) => entry.page !== undefined && entry.target === target).length;
	}

	#looks(): number {
		return this.#entries.flat().filter((entry) => entry.target === STATE && entry.status === 200).length;
	}

	/** Opens a page in a tab of its own, or in `tab`; resolves once it knows what it shows. */
	async show(target = '/', tab?: Tab): Promise<Tab> {
		const shown = tab ?? (await this.#stage.visitor.newTab());
		const before = this.#looks();
		await shown.open(this.origin + target);
		await eventually(`${target} knows what it shows`, () => this.#looks() > before);
		await shown.evaluate("window.mark = 'kept'");
		return shown;
	}

	/** Writes files, in order. */
	async write(files: Files): Promise<void> {
		for (const [path, content] of Object.entries(files)) await put(this.tested.folder, path, content);
	}

	/** Writes a file as editors do: under another name, which it then takes. */
	async replace(path: string, content: string): Promise<void> {
		await put(this.tested.folder, `${path}~`, content);
		await rename(join(this.tested.folder, `${path}~`), join(this.tested.folder, path));
	}

	/** Resolves once tabs have said so often that they show something. */
	told(count: number): Promise<void> {
		return eventually(
			`${count} times something is shown, not ${JSON.stringify(this.shown)}`,
			() => this.shown.length >= count,
		);
	}

	/** The server ends; `between` happens; another takes its port. */
	async restart(between: () => Promise<unknown> = async () => undefined): Promise<void> {
		const { port, server, folder } = this.tested;
		await server.close();
		await between();
		this.tested = await openIndexed(folder, { ...this.#options, port });
		this.#entries.push(this.tested.entries);
	}
}

/** Resolves once an expression comes to this in a page, which may be on its way to another. */
export const comesTo = async (tab: Tab, expression: string, want: unknown): Promise<void> => {
	let got: unknown;
	try {
		await eventually(expression, async () => {
			got = await tab.evaluate(expression).catch(String);
			return JSON.stringify(got) === JSON.stringify(want);
		});
	} catch {
		throw new Error(`${expression}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
	}
};

/** In a page: a custom property of the document's element. */
export const property = (name: string): string =>
	`getComputedStyle(document.documentElement).getPropertyValue('--${name}').trim()`;

/** Whether the page is still the one that was opened. */
export const isKept = async (tab: Tab): Promise<boolean> =>
	(await tab.evaluate<unknown>('window.mark')) === 'kept';

/** A case with a site of this kind, over TLS unless options say otherwise. */
export const liveCase = (
	name: string,
	files: Files,
	play: (site: LiveSite, stage: Stage) => Promise<unknown>,
	want: unknown,
	options?: ServeOptions,
): Case => ({
	name,
	input: {},
	play: async (stage) => play(await LiveSite.open(stage, files, options), stage),
	want,
});
