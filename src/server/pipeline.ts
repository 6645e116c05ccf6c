// A request becomes what the client lacks, in one straight line: read the request → look up the snapshot → read the
// knowledge → plan → deliver. A request takes the snapshot once, so that a save midway cannot mix two versions.

import { Bodies, type Body, HELD_BYTES, streamFile } from '../delivery/body.ts';
import { type AssetFields, assetFields } from '../delivery/fields.ts';
import { type Connection, PageViews } from '../delivery/page-view.ts';
import { PushQueue } from '../delivery/push.ts';
import { IncomingRecords, type RecordCookie } from '../delivery/record-cookie.ts';
import { refuse } from '../delivery/refusal.ts';
import type { KeyOracle } from '../digest/cookie.ts';
import { ConnectionRecord } from '../digest/knowledge.ts';
import type { LivingKeys } from '../digest/living-keys.ts';
import { cacheControlOf, type Lifetime } from '../http/freshness.ts';
import { matchesNone } from '../http/preconditions.ts';
import { fieldOf, isNavigation, parseTarget, type Target } from '../http/request.ts';
import type { ResolvedOptions } from '../options.ts';
import { closureOf } from '../site/closure.ts';
import { findRoute } from '../site/routes.ts';
import { type Asset, isHtml, isXhtml, type Snapshot } from '../site/snapshot.ts';
import { decodeText } from '../site/text.ts';
import type { Site } from '../site/watcher.ts';
import type { Answerer, Exchange } from './exchange.ts';

/** What a pipeline works with. */
export interface PipelineParts {
	readonly site: Site;
	readonly keys: LivingKeys;
	readonly lifetimeOf: (asset: Asset) => Lifetime;
	readonly cookie: RecordCookie;
	readonly options: Pick<
		ResolvedOptions,
		'push' | 'pushBudget' | 'pushCount' | 'hints' | 'onRequest' | 'onProblem'
	>;
}

/** Fields of a response that are for one client alone. */
type ClientFields = Readonly<Record<string, string>>;

/** Bytes of bodies held in memory at most. */
const HELD_BODIES_BYTES = 256 * 2 ** 20;
/** A file that changes faster than it can be read is given up on after so many readings. */
const MAX_READINGS = 3;
const NONE: readonly Asset[] = [];
/** Where our own files are, which the folder cannot have: it would be a hidden one. */
const INTERNAL = '/.casper/';

/** Answers requests from a site. */
export class Pipeline implements Answerer {
	readonly #parts: PipelineParts;
	readonly #bodies = new Bodies(HELD_BODIES_BYTES);
	readonly #fieldsOf: (asset: Asset) => AssetFields;
	readonly #pages: PageViews;

	constructor(parts: PipelineParts) {
		this.#parts = parts;
		this.#fieldsOf = assetFields(parts.lifetimeOf);
		const { site, keys } = parts;
		const oracle: KeyOracle = {
			// By half an index, the keys of the other half would be those of files long gone.
			isCurrent: (key, keyBits) => !site.isReady || keys.isCurrent(key, keyBits),
			needsAge: (key, keyBits) => keys.needsAge(key, keyBits),
		};
		this.#pages = new PageViews({ ...parts, oracle });
	}

	/** State for a new HTTP/2 connection. */
	openConnection(session: ConstructorParameters<typeof PushQueue>[0]): Connection {
		return {
			record: new ConnectionRecord(),
			records: new IncomingRecords(this.#parts.cookie),
			pushes: new PushQueue(session, this.#bodies, this.#fieldsOf),
			written: undefined,
		};
	}

	/** The text of a document whose body is held. */
	readonly #textOf = (document: Asset): (() => string) | undefined => {
		const body = this.#bodies.peek(document);
		return body && (() => decodeText(body.bytes, isXhtml(document.type)));
	};

	/** Answers one request. Never throws. */
	answer(exchange: Exchange): void {
		try {
			this.#answer(exchange);
		} catch (error) {
			this.#fail(exchange, error);
		}
	}

	#answer(exchange: Exchange): void {
		const { method, fields, reply } = exchange;
		const isHead = method === 'HEAD';
		const target = parseTarget(exchange.target);
		if (target === undefined) return refuse(reply, 400, fields, isHead);
		if (target.path.startsWith(INTERNAL))
			return exchange.toClientFiles(target.path.slice(INTERNAL.length - 1));
		if (method !== 'GET' && !isHead) return refuse(reply, 405, fields, isHead, { allow: 'GET, HEAD' });
		const { site } = this.#parts;
		if (site.isReady) this.#answerFrom(site.snapshot, target, exchange, 1);
		else
			this.#later(exchange, async () =>
				this.#answerFrom(await site.settle(target.path), target, exchange, 1),
			);
	}

	#answerFrom(snapshot: Snapshot, target: Target, exchange: Exchange, reading: number): void {
		const { reply, fields, method } = exchange;
		const isHead = method === 'HEAD';
		const route = findRoute(snapshot, target.path);
		switch (route.kind) {
			case 'malformed':
				return refuse(reply, 400, fields, isHead);
			case 'absent':
				return refuse(reply, 404, fields, isHead);
			case 'redirect':
				return reply.head(
					{ ':status': 308, location: route.location + target.query, 'content-length': 0 },
					true,
				);
			case 'asset':
				break;
			default:
				route satisfies never;
		}
		const { asset } = route;
		const held = this.#bodies.peek(asset);
		const isBodyless =
			isHead || asset.size === 0 || matchesNone(fieldOf(fields, 'if-none-match'), asset.etag);
		const unread = isHtml(asset.type) ? this.#unreadOf(snapshot, asset, target.path) : NONE;
		if ((isBodyless || held !== undefined) && unread.length === 0)
			return this.#deliver(snapshot, asset, held, target, exchange);
		this.#later(exchange, async () => {
			await Promise.all(unread.map((document) => this.#bodies.open(document)));
			const body = await this.#bodies.open(asset);
			if (body !== undefined) return this.#deliver(snapshot, asset, body, target, exchange);
			if (reading >= MAX_READINGS) return refuse(reply, 503, fields, isHead, { 'retry-after': 1 });
			this.#answerFrom(await this.#parts.site.refresh(asset.path), target, exchange, reading + 1);
		});
	}

	/** Documents that show what a page needs, which is to be known before it is planned. */
	#unreadOf(snapshot: Snapshot, page: Asset, path: string): readonly Asset[] {
		const { unread } = closureOf(snapshot, page, path, this.#textOf);
		return unread.length === 0 ? unread : unread.filter(({ size }) => size <= HELD_BYTES);
	}

	#deliver(
		snapshot: Snapshot,
		asset: Asset,
		body: Body | undefined,
		target: Target,
		exchange: Exchange,
	): void {
		const { reply, fields, method } = exchange;
		const isUnmodified = matchesNone(fieldOf(fields, 'if-none-match'), asset.etag);
		// Promises travel before the document, so that the client does not ask for what it is about to get.
		const own = method === 'GET' ? this.#noteGet(snapshot, asset, isUnmodified, target, exchange) : undefined;

		const { full, notModified } = this.#fieldsOf(asset);
		const common = isUnmodified ? notModified : full;
		const response = own === undefined ? common : { ...common, ...own };
		const isEnd = isUnmodified || method === 'HEAD' || body === undefined;
		reply.head(response, isEnd);
		if (body?.kind === 'held') {
			if (!isEnd) reply.body.end(body.bytes);
		} else if (body?.kind === 'file') {
			if (isEnd) void body.handle.close();
			else void streamFile(asset, body.handle, reply.body).then((isWhole) => isWhole || reply.reset());
		}
	}

	/** What a GET tells of its client, and does for it: the fields that are to go with the answer, if any. */
	#noteGet(
		snapshot: Snapshot,
		asset: Asset,
		isUnmodified: boolean,
		target: Target,
		exchange: Exchange,
	): ClientFields | undefined {
		const { fields, http2 } = exchange;
		// Whoever asks for a file has it afterwards.
		const version = { url: target.path + target.query, hash: asset.hash };
		http2?.connection.record.give(version, minutesNow());
		if (isHtml(asset.type) && isNavigation(fields))
			return this.#viewPage(snapshot, asset, isUnmodified, target, exchange);
		const cookie = http2?.connection.records.heal(fields, version, minutesNow());
		if (cookie === undefined) return undefined;
		return { 'cache-control': cacheControlOf(this.#parts.lifetimeOf(asset), true), 'set-cookie': cookie };
	}

	/** Plans a page view and makes its promises. */
	#viewPage(
		snapshot: Snapshot,
		page: Asset,
		isUnmodified: boolean,
		target: Target,
		exchange: Exchange,
	): ClientFields | undefined {
		const { fields, authority, http2 } = exchange;
		const { hints, onRequest } = this.#parts.options;
		if (http2 === undefined && !hints && onRequest === undefined) return undefined;
		const closure = closureOf(snapshot, page, target.path, this.#textOf);
		const nowMinutes = minutesNow();
		const view = this.#pages.view({ fields, authority, snapshot, closure, isUnmodified, http2, nowMinutes });
		exchange.page = view.entry;
		return view.fields;
	}

	#later(exchange: Exchange, work: () => Promise<void>): void {
		work().catch((error: unknown) => this.#fail(exchange, error));
	}

	/** What we did not foresee harms this request alone. */
	#fail({ reply, fields, method }: Exchange, error: unknown): void {
		this.#parts.options.onProblem?.(`request: ${error instanceof Error ? error.message : String(error)}`);
		try {
			if (reply.status === 0) return refuse(reply, 500, fields, method === 'HEAD');
		} catch {
			// Not even that could be said.
		}
		reply.reset();
	}
}

const minutesNow = (): number => Math.floor(Date.now() / 60_000);
