// What our script in pages asks for while somebody works on the site: to be told of changes, what its page is made of now,
// and to say what it has done. Below `/.casper/live/`, for pages of this origin alone.

import type { PageReader } from '../delivery/page-reader.ts';
import { refuse } from '../delivery/refusal.ts';
import { sendText } from '../delivery/reply.ts';
import type { TermsSource } from '../delivery/terms.ts';
import { forbiddenBy, type OwnScript } from '../http/content-security-policy.ts';
import { isSameOrigin } from '../http/cross-site.ts';
import { parseTarget } from '../http/request.ts';
import type { ConsoleMessage, LiveEvent } from '../live-events.ts';
import type { LiveReload } from '../live-reload.ts';
import { brokenIn } from '../site/broken.ts';
import { MAX_SHOWN_PATH } from '../site/fallbacks.ts';
import { type PageItem, pageItemsOf } from '../site/page-state.ts';
import { parsePath, pathIn, type UrlPath } from '../site/paths.ts';
import type { RouteOptions } from '../site/routes.ts';
import type { Asset, Snapshot } from '../site/snapshot.ts';
import type { Site } from '../site/watcher.ts';
import type { Exchange } from './exchange.ts';

/** Where our script asks. */
export const LIVE = '/.casper/live/';

type Origin = Pick<OwnScript, 'scheme' | 'authority'>;

/** What this works with. */
export interface LiveParts {
	readonly live: LiveReload;
	readonly site: Site;
	readonly reader: PageReader;
	readonly termsOf: TermsSource;
	readonly routes: RouteOptions;
	/** The page that a navigation to an encoded path shows. */
	readonly pageAt: (snapshot: Snapshot, path: string) => Asset | undefined;
	/** The file that any other request for it gets. */
	readonly fileAt: (snapshot: Snapshot, path: string) => Asset | undefined;
	readonly onEvent: (event: LiveEvent) => void;
}

/** Bytes of a request's content, and what of it is looked at. */
const MAX_CONTENT = 65_536;
const MAX_LOADED = 500;
const MAX_BROKEN = 50;
const MAX_MESSAGES = 200;
const MAX_FILES = 1000;
const MAX_TEXT = 10_000;
const LEVELS: ReadonlySet<unknown> = new Set(['debug', 'log', 'info', 'warn', 'error']);
/** Of a document that is written all the time, the last reading counts. */
const MAX_READINGS = 3;

const ABSENT = { document: { hash: '' }, items: [], broken: [] };

/** Answers our script. */
export class LiveAnswers {
	readonly #parts: LiveParts;
	/** Documents whose policy was told. */
	readonly #told = new WeakSet<Asset>();

	constructor(parts: LiveParts) {
		this.#parts = parts;
	}

	/** Answers a request for `path`, below {@link LIVE}. */
	async answer(path: string, exchange: Exchange): Promise<void> {
		const { reply, fields, method, authority } = exchange;
		if (!isSameOrigin(fields, authority)) return refuse(reply, 403, fields, method === 'HEAD');
		switch (`${method} ${path.slice(LIVE.length)}`) {
			case 'GET events':
				// No image or script of another site can ask for that, whatever its browser leaves unsaid.
				if (!String(fields.accept).includes('text/event-stream')) return refuse(reply, 403, fields, false);
				return this.#parts.live.tell(reply);
			case 'POST state':
				return this.#answerState(exchange);
			case 'POST report':
				return this.#takeReport(exchange);
			default:
				return refuse(reply, 404, fields, method === 'HEAD');
		}
	}

	/**
	 * Takes note of a page that is shown: whether it lets our script do what it is for.
	 * @param policy the value of its `Content-Security-Policy` field
	 * @param origin where the client sees it
	 */
	notePage(file: Asset, path: string, policy: string | undefined, origin: Origin): void {
		const { references } = file;
		if (this.#told.has(file) || references?.kind !== 'document') return;
		const { policies, opening } = references;
		const all = policy === undefined ? policies : [policy, ...policies];
		if (all.length === 0) return;
		const directive = forbiddenBy(all, { ...origin, nonce: opening?.nonce });
		if (directive === undefined) return;
		this.#told.add(file);
		this.#parts.onEvent({ kind: 'forbidden', page: path, policy: directive });
	}

	async #answerState(exchange: Exchange): Promise<void> {
		const { reply, fields } = exchange;
		const content = recordOf(await readJson(exchange));
		const target = typeof content?.page === 'string' ? parseTarget(content.page) : undefined;
		if (content === undefined || target === undefined) return refuse(reply, 400, fields, false);
		const state = await this.#stateOf(target.path, textsOf(content.loaded, MAX_LOADED));
		sendText(reply, 200, 'application/json', JSON.stringify(state), false);
	}

	async #stateOf(path: string, loaded: readonly string[]): Promise<object> {
		const { reader, pageAt, site, routes } = this.#parts;
		// What such an address leads to is a page that tells of that, which has its files at addresses as long.
		if (path.length > MAX_SHOWN_PATH) return ABSENT;
		await site.ready;
		for (let reading = 1; ; reading++) {
			const { snapshot } = site;
			const page = pageAt(snapshot, path);
			const others = loaded
				.map((url) => this.#loadedItem(snapshot, url))
				.filter((item) => item !== undefined);
			if (page === undefined) return ABSENT;
			const body = await reader.open(snapshot, page, path, page, undefined);
			if (body?.kind === 'file') void body.handle.close().catch(() => undefined);
			if (body === undefined && reading < MAX_READINGS) {
				await site.refresh(page.path);
				continue;
			}
			const closure = reader.closureOf(snapshot, page, path);
			const broken = brokenIn(closure, snapshot, routes, MAX_BROKEN);
			// At last: the client takes the time of the answer for the one at which it was so long ago.
			const items = [...pageItemsOf(closure), ...others].map((item) => this.#describe(item));
			return { document: { hash: page.hash, ...this.#agoOf(page.path) }, items, broken };
		}
	}

	#loadedItem(snapshot: Snapshot, url: string): (Omit<PageItem, 'as'> & { readonly as: '' }) | undefined {
		const target = parseTarget(url);
		const asset = target && this.#parts.fileAt(snapshot, target.path);
		return asset && { url, asset, as: '' };
	}

	#describe({ url, asset, as }: Omit<PageItem, 'as'> & { readonly as: string }): object {
		const parsed = parsePath(pathIn(url));
		const path = asset?.path ?? (parsed.kind === 'path' ? parsed.path : undefined);
		const isKept = asset !== undefined && this.#parts.termsOf(asset, url).lifetime.kind !== 'revalidate';
		return {
			url,
			hash: asset?.hash ?? '',
			as,
			...(path === undefined ? {} : this.#agoOf(path)),
			...(isKept && { isKept }),
		};
	}

	#agoOf(path: UrlPath): { readonly ago?: number } {
		const ago = this.#parts.live.agoOf(path);
		return ago === undefined ? {} : { ago };
	}

	async #takeReport(exchange: Exchange): Promise<void> {
		const { reply, fields } = exchange;
		const content = recordOf(await readJson(exchange));
		const page = content?.page;
		if (content === undefined || typeof page !== 'string') return refuse(reply, 400, fields, false);
		const { how, files, messages } = content;
		const { onEvent } = this.#parts;
		const said = (Array.isArray(messages) ? messages : []).slice(0, MAX_MESSAGES).map(toMessage);
		const valid = said.filter((message) => message !== undefined);
		if (valid.length > 0) onEvent({ kind: 'console', page: page.slice(0, MAX_TEXT), messages: valid });
		if (how === 'reload' || how === 'in place')
			onEvent({ kind: 'shown', page: page.slice(0, MAX_TEXT), how, files: textsOf(files, MAX_FILES) });
		reply.head({ ':status': 204, 'cache-control': 'no-store' }, true);
	}
}

const readJson = async (exchange: Exchange): Promise<unknown> => {
	const content = await exchange.readContent(MAX_CONTENT);
	try {
		return content && JSON.parse(content.toString());
	} catch {
		return undefined;
	}
};

const recordOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
	typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;

const textsOf = (value: unknown, most: number): readonly string[] =>
	Array.isArray(value) ? value.slice(0, most).filter((each) => typeof each === 'string') : [];

const toMessage = (value: unknown): ConsoleMessage | undefined => {
	const { level, text, at } = recordOf(value) ?? {};
	if (!LEVELS.has(level) || typeof text !== 'string') return undefined;
	const place = typeof at === 'string' ? at.slice(0, MAX_TEXT) : '';
	return { level: level as ConsoleMessage['level'], text: text.slice(0, MAX_TEXT), at: place };
};
