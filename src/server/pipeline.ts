// A request becomes what the client lacks, in one straight line: read the request → look up the snapshot → read the
// knowledge → plan → deliver. A request takes the snapshot once, so that a save midway cannot mix two versions.

import { Bodies, type Body, streamFile } from '../delivery/body.ts';
import { type AssetFields, assetFields } from '../delivery/fields.ts';
import { knowledgeOf, type RecordCookie, readRecord, rememberIn } from '../delivery/page-view.ts';
import { PushQueue } from '../delivery/push.ts';
import { refuse } from '../delivery/refusal.ts';
import type { ResponseFields } from '../delivery/reply.ts';
import type { KeyOracle } from '../digest/cookie.ts';
import { ConnectionRecord } from '../digest/knowledge.ts';
import type { LivingKeys } from '../digest/living-keys.ts';
import { cacheControlOf, type Lifetime } from '../http/freshness.ts';
import { matchesNone } from '../http/preconditions.ts';
import { isForwarded, isNavigation, parseTarget, type Target } from '../http/request.ts';
import type { ResolvedOptions } from '../options.ts';
import { chooseChannel, makePlan } from '../plan.ts';
import { type Closure, closureOf } from '../site/closure.ts';
import { findRoute } from '../site/routes.ts';
import { type Asset, isHtml, type Snapshot } from '../site/snapshot.ts';
import type { Site } from '../site/watcher.ts';
import type { Answerer, Connection, Exchange } from './exchange.ts';

/** What a pipeline works with. */
export interface PipelineParts {
	readonly site: Site;
	readonly keys: LivingKeys;
	readonly lifetimeOf: (asset: Asset) => Lifetime;
	readonly cookie: RecordCookie;
	readonly options: Pick<ResolvedOptions, 'push' | 'pushBudget' | 'pushCount' | 'onRequest' | 'onProblem'>;
}

/** Bytes of bodies held in memory at most. */
const HELD_BODIES_BYTES = 256 * 2 ** 20;
/** A file that changes faster than it can be read is given up on after so many readings. */
const MAX_READINGS = 3;
/** Where our own files are, which the folder cannot have: it would be a hidden one. */
const INTERNAL = '/.casper/';

/** Answers requests from a site. */
export class Pipeline implements Answerer {
	readonly #parts: PipelineParts;
	readonly #bodies = new Bodies(HELD_BODIES_BYTES);
	readonly #fieldsOf: (asset: Asset) => AssetFields;
	readonly #oracle: KeyOracle;
	readonly #learnt = new WeakSet<Closure>();

	constructor(parts: PipelineParts) {
		this.#parts = parts;
		this.#fieldsOf = assetFields(parts.lifetimeOf);
		const { site, keys } = parts;
		this.#oracle = {
			// By half an index, the keys of the other half would be those of files long gone.
			isCurrent: (key, keyBits) => !site.isReady || keys.isCurrent(key, keyBits),
			needsAge: (key, keyBits) => keys.needsAge(key, keyBits),
		};
	}

	/** State for a new HTTP/2 connection. */
	openConnection(session: ConstructorParameters<typeof PushQueue>[0]): Connection {
		return {
			record: new ConnectionRecord(),
			pushes: new PushQueue(session, this.#bodies, this.#fieldsOf),
			written: undefined,
		};
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
			isHead || asset.size === 0 || matchesNone(fieldOf(fields['if-none-match']), asset.etag);
		if (isBodyless || held !== undefined) return this.#deliver(snapshot, asset, held, target, exchange);
		this.#later(exchange, async () => {
			const body = await this.#bodies.open(asset);
			if (body !== undefined) return this.#deliver(snapshot, asset, body, target, exchange);
			if (reading >= MAX_READINGS) return refuse(reply, 503, fields, isHead, { 'retry-after': 1 });
			this.#answerFrom(await this.#parts.site.refresh(asset.path), target, exchange, reading + 1);
		});
	}

	#deliver(
		snapshot: Snapshot,
		asset: Asset,
		body: Body | undefined,
		target: Target,
		exchange: Exchange,
	): void {
		const { reply, fields, method } = exchange;
		const isPageView = method === 'GET' && isHtml(asset.type) && isNavigation(fields);
		if (method === 'GET') this.#remember(asset, target, exchange);
		// Promises travel before the document, so that the client does not ask for what it is about to get.
		const cookie = isPageView ? this.#viewPage(snapshot, asset, target, exchange) : undefined;

		const isUnmodified = matchesNone(fieldOf(fields['if-none-match']), asset.etag);
		const { full, notModified } = this.#fieldsOf(asset);
		const common = isUnmodified ? notModified : full;
		const response = cookie === undefined ? common : this.#withCookie(common, asset, cookie);
		const isEnd = isUnmodified || method === 'HEAD' || body === undefined;
		reply.head(response, isEnd);
		if (body?.kind === 'held') {
			if (!isEnd) reply.body.end(body.bytes);
		} else if (body?.kind === 'file') {
			if (isEnd) void body.handle.close();
			else void streamFile(asset, body.handle, reply.body).then((isWhole) => isWhole || reply.reset());
		}
	}

	/** Plans a page view, makes its promises, and returns the cookie to set, if any. */
	#viewPage(snapshot: Snapshot, page: Asset, target: Target, exchange: Exchange): string | undefined {
		const { fields, http2 } = exchange;
		const { options, lifetimeOf, cookie } = this.#parts;
		if (http2 === undefined && options.onRequest === undefined) return undefined;
		const record = readRecord(fields, cookie);
		const connection = http2?.connection.record ?? new ConnectionRecord();
		const knowledge = knowledgeOf(fields, record, connection);
		const client = {
			isPageView: true,
			acceptsPush: http2?.acceptsPush ?? false,
			isForwarded: isForwarded(fields),
		};
		const channel = chooseChannel(client, options.push);
		const room = http2?.connection.pushes.room ?? options.pushCount;
		const nowMinutes = minutesNow();
		const closure = closureOf(snapshot, page, target.path);
		this.#learnVariants(closure);
		const plan = makePlan({
			closure,
			knowledge,
			connection,
			channel,
			lifetimeOf,
			byteBudget: options.pushBudget,
			countBudget: Math.min(options.pushCount, room),
			nowMinutes,
		});
		exchange.page = { plan, evidence: knowledge.evidence };
		if (http2 === undefined || client.isForwarded) return undefined;
		if (channel === 'push') {
			const promised = http2.connection.pushes.promise(http2.stream, plan.deliveries, http2.authority);
			for (const { dependency, verdict } of promised)
				if (verdict === 'send') connection.give(dependency, nowMinutes);
		}
		const from = [snapshot, closure, fields.cookie, connection.revision, nowMinutes];
		const { written } = http2.connection;
		if (written?.from.every((part, index) => part === from[index])) return written.value;
		const value = rememberIn(cookie, record, connection, this.#oracle, nowMinutes);
		http2.connection.written = { from, value };
		return value;
	}

	/** The URLs under which pages refer to files are known once a page is planned: their keys are current, too. */
	#learnVariants(closure: Closure): void {
		if (this.#learnt.has(closure)) return;
		this.#learnt.add(closure);
		const { keys, lifetimeOf } = this.#parts;
		for (const dependency of closure.dependencies) {
			const { asset, url } = dependency;
			if (asset !== undefined && url !== asset.url)
				keys.addVariant(asset, dependency, lifetimeOf(asset).kind === 'max-age');
		}
	}

	/** Whoever asks for a file has it afterwards. */
	#remember(asset: Asset, target: Target, { http2 }: Exchange): void {
		http2?.connection.record.give({ url: target.path + target.query, hash: asset.hash }, minutesNow());
	}

	/** A document that carries a client's record is that client's alone. */
	#withCookie(fields: ResponseFields, asset: Asset, cookie: string): ResponseFields {
		const cacheControl = cacheControlOf(this.#parts.lifetimeOf(asset), true);
		return { ...fields, 'cache-control': cacheControl, 'set-cookie': cookie };
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

const fieldOf = (field: string | readonly string[] | undefined): string | undefined =>
	typeof field === 'object' ? field.join(', ') : field;
