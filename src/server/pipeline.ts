// A request becomes what the client lacks, in one straight line: read the request → look up the snapshot → read the
// knowledge → plan → deliver. A request takes the snapshot once, so that a save midway cannot mix two versions.

import { Bodies } from '../delivery/body.ts';
import { codedFileOf, codingFor } from '../delivery/coding.ts';
import type { Documents } from '../delivery/document.ts';
import { type AssetFields, assetFields, type FieldSource } from '../delivery/fields.ts';
import { IdleQueue } from '../delivery/idle-queue.ts';
import { sendListing } from '../delivery/listing.ts';
import { sendNotFound } from '../delivery/not-found.ts';
import { PageReader } from '../delivery/page-reader.ts';
import type { Connection } from '../delivery/page-view.ts';
import type { PushQueue } from '../delivery/push.ts';
import type { RecordCookie } from '../delivery/record-cookie.ts';
import {
	type RefusalFields,
	type RefusalStatus,
	redirect,
	refuse,
	sendPreflight,
} from '../delivery/refusal.ts';
import { type Answer, sendAnswer } from '../delivery/send.ts';
import type { TermsSource } from '../delivery/terms.ts';
import type { LivingKeys } from '../digest/living-keys.ts';
import type { Coding } from '../http/content-coding.ts';
import { isForeignLoad } from '../http/cross-site.ts';
import { WHOLE } from '../http/range.ts';
import { type Fields, fieldOf, parseTarget, type Target } from '../http/request.ts';
import { isSelective, type Selection, select } from '../http/selection.ts';
import { isNavigating, takesPages } from '../http/visitor.ts';
import { workerRequestOf } from '../http/worker-request.ts';
import type { LiveEvent } from '../live-events.ts';
import type { LiveReload } from '../live-reload.ts';
import type { ResolvedOptions } from '../options.ts';
import { type Fallback, findFallback, MAX_SHOWN_PATH } from '../site/fallbacks.ts';
import { applyHeaderRules } from '../site/header-rules.ts';
import { type Listing, listFolder } from '../site/listing.ts';
import { encodePath, parsePath } from '../site/paths.ts';
import { findRoute, headerRulesOf, type Route, type RouteOptions } from '../site/routes.ts';
import { type Asset, isHtml, type Snapshot } from '../site/snapshot.ts';
import type { Site } from '../site/watcher.ts';
import { DiskCheck } from './disk-check.ts';
import type { Answerer, Exchange } from './exchange.ts';
import { LIVE, LiveAnswers } from './live-answers.ts';
import { Visits, withField } from './visits.ts';

/** What a pipeline works with. */
export interface PipelineParts {
	readonly site: Site;
	readonly keys: LivingKeys;
	readonly termsOf: TermsSource;
	readonly cookie: RecordCookie;
	/** What is put into documents; `undefined`: nothing. */
	readonly documents: Documents | undefined;
	/** Who awaits changes; `undefined`: nobody may. */
	readonly live: LiveReload | undefined;
	readonly onLive: (event: LiveEvent) => void;
	/** How paths lead to files. */
	readonly routes: RouteOptions;
	/** Whether an authority is a name of this server. */
	readonly isOurs: (authority: string) => boolean;
	readonly options: Pick<
		ResolvedOptions,
		| 'push'
		| 'bundle'
		| 'pushBudget'
		| 'pushCount'
		| 'hints'
		| 'list'
		| 'memory'
		| 'production'
		| 'cors'
		| 'onRequest'
		| 'onProblem'
	>;
}

/** A folder that is to be listed; `unsettled`: all of the site has to be known before. */
type FolderRoute = { readonly kind: 'folder'; readonly listing: Listing } | { readonly kind: 'unsettled' };

/** A file that changes faster than it can be read is given up on after so many readings. */
const MAX_READINGS = 3;
/** Where our own files are, which the folder cannot have: it would be a hidden one. */
const INTERNAL = '/.casper/';

const assetOf = (route: Route | Fallback): Asset | undefined =>
	route.kind === 'asset' ? route.asset : undefined;

/** Answers requests from a site. */
export class Pipeline implements Answerer {
	readonly #parts: PipelineParts;
	readonly #bodies: Bodies;
	readonly #fieldsOf: FieldSource;
	/** What `Access-Control-Allow-Origin` says (Fetch §3.2.3); `undefined`: nothing. */
	readonly #cors: string | undefined;
	/** The field itself, for answers that are no files: others are to see what went wrong. */
	readonly #forOthers: Readonly<Record<string, string>>;
	readonly #reader: PageReader;
	readonly #visits: Visits;
	readonly #live: LiveAnswers | undefined;
	readonly #diskCheck: DiskCheck | undefined;

	constructor(parts: PipelineParts) {
		this.#parts = parts;
		const { memory, production, cors } = parts.options;
		this.#cors = cors === false ? undefined : cors === true ? '*' : cors;
		this.#forOthers = this.#cors === undefined ? {} : { 'access-control-allow-origin': this.#cors };
		// While developing, the next version may be there before this one has been made smaller.
		this.#bodies = new Bodies(
			memory,
			production ? new IdleQueue() : undefined,
			(asset, coding) => codedFileOf(parts.site.snapshot, asset, coding),
			parts.documents,
		);
		this.#reader = new PageReader(this.#bodies, parts.routes);
		this.#fieldsOf = assetFields(parts.termsOf, true, this.#cors, parts.documents !== undefined);
		this.#visits = new Visits(parts, this.#bodies, this.#reader, this.#fieldsOf);
		const { live, onLive, site, routes } = parts;
		const pageAt = (snapshot: Snapshot, path: string): Asset | undefined => this.#shownAt(snapshot, path);
		if (!production) this.#diskCheck = new DiskCheck(site, this.#reader, routes, pageAt);
		if (live === undefined) return;
		this.#live = new LiveAnswers({
			...parts,
			live,
			reader: this.#reader,
			pageAt,
			fileAt: (snapshot, path) => assetOf(findRoute(snapshot, path, routes)),
			onEvent: onLive,
		});
	}

	/** State for a new HTTP/2 connection. */
	openConnection(session: ConstructorParameters<typeof PushQueue>[0]): Connection {
		return this.#visits.openConnection(session);
	}

	/** Answers one request. Never throws. */
	answer(exchange: Exchange): void {
		try {
			this.#answer(exchange);
		} catch (error) {
			this.#fail(exchange, error);
		}
	}

	#answer(exchange: Exchange): void {
		const target = parseTarget(exchange.target);
		if (target === undefined) return this.#refuse(exchange, 400);
		const { site, isOurs } = this.#parts;
		if (!isOurs(exchange.authority)) return this.#refuse(exchange, 421);
		if (site.isReady) this.#admit(site.snapshot, target, exchange);
		else this.#later(exchange, async () => this.#admit(await site.settle(target.path), target, exchange));
	}

	/** Answers what may be asked for. */
	#admit(snapshot: Snapshot, target: Target, exchange: Exchange): void {
		const { method, reply, fields } = exchange;
		const { site } = this.#parts;
		if (this.#isRefused(snapshot, target, exchange)) return this.#refuse(exchange, 403);
		const cors = this.#cors;
		if (method === 'OPTIONS' && cors !== undefined) return sendPreflight(reply, cors);
		const live = target.path.startsWith(LIVE) ? this.#live : undefined;
		if (live !== undefined) return this.#later(exchange, () => live.answer(target.path, exchange));
		if (target.path.startsWith(INTERNAL))
			return exchange.toClientFiles(target.path.slice(INTERNAL.length - 1));
		if (method !== 'GET' && method !== 'HEAD') return this.#refuse(exchange, 405, { allow: 'GET, HEAD' });
		const check = site.isReady ? this.#diskCheck : undefined;
		if (check === undefined || check.isFresh(target, fields))
			return this.#answerFrom(snapshot, target, exchange, 1);
		this.#later(exchange, async () =>
			this.#answerFrom(await check.look(target, fields), target, exchange, 1),
		);
	}

	#answerFrom(snapshot: Snapshot, target: Target, exchange: Exchange, reading: number): void {
		const { reply, fields, method } = exchange;
		const isHead = method === 'HEAD';
		const route = this.#find(snapshot, target.path, fields);
		switch (route.kind) {
			case 'malformed':
				return this.#refuse(exchange, 400);
			case 'absent':
				return this.#refuse(exchange, 404);
			case 'not found':
				return this.#later(exchange, () => this.#answerNotFound(snapshot, route.page, target, exchange));
			case 'folder':
				return target.path.endsWith('/')
					? sendListing(reply, route.listing, isHead, this.#visits.presenceFor(fields))
					: this.#redirect(exchange, 308, encodePath(route.listing.path), target.query);
			case 'unsettled':
				return this.#later(exchange, async () => {
					await this.#parts.site.ready;
					this.#answerFrom(this.#parts.site.snapshot, target, exchange, reading);
				});
			case 'redirect':
				return this.#redirect(exchange, route.status, route.location, target.query);
			case 'asset':
				break;
			default:
				route satisfies never;
		}
		const { asset: file } = route;
		const asset = this.#visits.shownOf(file, fields);
		const isView = isHtml(asset.type) && fields.range === undefined;
		const digest = isView && !isHead ? this.#visits.digestOf(file, target, exchange) : undefined;
		if (digest !== undefined)
			return this.#later(exchange, async () => {
				const isSent = await this.#visits.answerWorker(snapshot, file, asset, digest, target, exchange);
				if (!isSent) await this.#answerAgain(asset, target, exchange, reading);
			});
		const selection = isSelective(fields) ? this.#select(asset, target, exchange) : WHOLE;
		if (selection.kind === 'failed') return this.#refuse(exchange, 412);
		if (selection.kind === 'unsatisfiable')
			return this.#refuse(exchange, 416, { 'content-range': `bytes */${asset.size}` });
		const coding = selection.kind === 'part' ? undefined : this.#codingOf(asset, target, fields);
		const held = this.#bodies.peek(asset, coding);
		// How long a coded body is, which a HEAD is to know, too, shows when it has been made.
		const isBodyless =
			asset.size === 0 || selection.kind === 'not-modified' || (isHead && coding === undefined);
		if ((isBodyless || held !== undefined) && (!isView || this.#reader.isRead(snapshot, file, target.path)))
			return this.#deliver(snapshot, file, { asset, selection, coding, body: held }, target, exchange);
		this.#later(exchange, async () => {
			const body = isView
				? await this.#reader.open(snapshot, file, target.path, asset, coding)
				: await this.#bodies.open(asset, coding);
			if (body === undefined) return this.#answerAgain(asset, target, exchange, reading);
			this.#deliver(snapshot, file, { asset, selection, coding, body }, target, exchange);
		});
	}

	/** The file is no longer what the snapshot says: answers from what it is now. */
	async #answerAgain({ path }: Asset, target: Target, exchange: Exchange, reading: number): Promise<void> {
		if (reading >= MAX_READINGS) return this.#refuse(exchange, 503, { 'retry-after': 1 });
		this.#answerFrom(await this.#parts.site.refresh(path), target, exchange, reading + 1);
	}

	/** Whether another site loads something, which while developing it may only where somebody says so. */
	#isRefused(snapshot: Snapshot, { path }: Target, { fields, authority }: Exchange): boolean {
		const { options } = this.#parts;
		if (this.#cors !== undefined || options.production || !isForeignLoad(fields, authority)) return false;
		const rules = headerRulesOf(snapshot);
		const parsed = parsePath(path);
		const edits = rules && parsed.kind === 'path' ? applyHeaderRules(rules, parsed.path) : undefined;
		return edits?.set.has('access-control-allow-origin') !== true;
	}

	#codingOf(asset: Asset, { path }: Target, fields: Fields): Coding | undefined {
		return this.#fieldsOf(asset, path).coded && codingFor(fieldOf(fields, 'accept-encoding'));
	}

	/** What answers a path, or is shown to this client instead. */
	#find(snapshot: Snapshot, path: string, fields: Fields): Route | Fallback | FolderRoute {
		const { routes, site, options } = this.#parts;
		const route = findRoute(snapshot, path, routes);
		if (route.kind !== 'absent') return route;
		// A worker that asks on its own shows what it gets.
		const isWorker = options.bundle && workerRequestOf(fields) !== undefined;
		const visitor = {
			isNavigating: isWorker || isNavigating(fields),
			takesPages: isWorker || takesPages(fields),
		};
		if (options.list && visitor.takesPages) {
			if (!site.isReady) return { kind: 'unsettled' };
			const listing = listFolder(snapshot, path);
			if (listing !== undefined) return { kind: 'folder', listing };
		}
		return findFallback(snapshot, path, routes, visitor);
	}

	/** The page that a navigation shows, whatever its status. */
	#shownAt(snapshot: Snapshot, path: string): Asset | undefined {
		const { routes } = this.#parts;
		const route = findRoute(snapshot, path, routes);
		const shown =
			route.kind === 'absent'
				? findFallback(snapshot, path, routes, { isNavigating: true, takesPages: true })
				: route;
		return shown.kind === 'not found' ? shown.page : assetOf(shown);
	}

	/** Shows the site's own page for what is not there, with all that it needs. */
	async #answerNotFound(snapshot: Snapshot, file: Asset, target: Target, exchange: Exchange): Promise<void> {
		const { reply, fields, method } = exchange;
		const page = this.#visits.shownOf(file, fields);
		const coding = this.#codingOf(page, target, fields);
		// Whoever takes anything may have asked for an image: only what is surely shown brings more with it.
		const isView = method === 'GET' && isNavigating(fields) && target.path.length <= MAX_SHOWN_PATH;
		const body = isView
			? await this.#reader.open(snapshot, file, target.path, page, coding)
			: await this.#bodies.open(page, coding);
		if (body === undefined) return this.#refuse(exchange, 404);
		const own = isView ? this.#visits.viewPage(snapshot, file, false, target, exchange).fields : undefined;
		const known = this.#fieldsOf(page, target.path);
		if (page !== file) this.#notePage(file, known, target, exchange);
		const security = this.#visits.transportSecurityOf(page, target, exchange);
		sendNotFound(reply, { asset: page, body, coding }, known, method === 'HEAD', withField(own, security));
	}

	/** What of `asset` the request gets, whose fields say more than which file it wants. */
	#select(asset: Asset, { path }: Target, { method, fields }: Exchange): Selection {
		const { modified } = this.#fieldsOf(asset, path);
		const now = Math.floor(Date.now() / 1000);
		return select(
			method === 'HEAD' ? method : 'GET',
			fields,
			{ etag: asset.etag, modified },
			asset.size,
			now,
		);
	}

	#deliver(snapshot: Snapshot, file: Asset, answer: Answer, target: Target, exchange: Exchange): void {
		const { reply, method } = exchange;
		const { asset, selection } = answer;
		const isUnmodified = selection.kind === 'not-modified';
		// Promises travel before the document, so that the client does not ask for what it is about to get.
		const own =
			method === 'GET' && selection.kind !== 'part'
				? this.#visits.noteGet(snapshot, file, isUnmodified, target, exchange)
				: undefined;
		const known = this.#fieldsOf(asset, target.path);
		if (asset !== file) this.#notePage(file, known, target, exchange);
		const security = this.#visits.transportSecurityOf(asset, target, exchange);
		const present = { ...own, ...this.#visits.presenceFor(exchange.fields) };
		sendAnswer(reply, answer, known, method === 'HEAD', withField(present, security));
	}

	#notePage(file: Asset, { full }: AssetFields, { path }: Target, exchange: Exchange): void {
		const origin = { scheme: this.#visits.schemeOf(exchange), authority: exchange.authority };
		this.#live?.notePage(file, path, full['content-security-policy'] as string | undefined, origin);
	}

	#refuse({ reply, fields, method }: Exchange, status: RefusalStatus, extra?: RefusalFields): void {
		const script = status === 404 ? this.#parts.documents?.forMissing : undefined;
		refuse(reply, status, fields, method === 'HEAD', { ...this.#forOthers, ...extra }, script);
	}

	#redirect({ reply }: Exchange, status: number, location: string, query: string): void {
		redirect(reply, status, location, query, this.#forOthers);
	}

	#later(exchange: Exchange, work: () => Promise<void>): void {
		work().catch((error: unknown) => this.#fail(exchange, error));
	}

	/** What we did not foresee harms this request alone. */
	#fail(exchange: Exchange, error: unknown): void {
		const { reply } = exchange;
		this.#parts.options.onProblem?.(`request: ${error instanceof Error ? error.message : String(error)}`);
		try {
			if (reply.status === 0) return this.#refuse(exchange, 500);
		} catch {
			// Not even that could be said.
		}
		reply.reset();
	}
}
