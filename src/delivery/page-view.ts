// One page view: what is known of the client, the plan that follows, how it travels, and the cookie that remembers it.

import type { ServerHttp2Stream } from 'node:http2';
import type { ClientRecord, KeyOracle } from '../digest/cookie.ts';
import { knowledgeOfField } from '../digest/field.ts';
import {
	type ConnectionRecord,
	type Knowledge,
	knowledgeOfCondition,
	knowledgeOfRecord,
	NOTHING_KNOWN,
	NOTHING_WANTED_FROM_CACHE,
} from '../digest/knowledge.ts';
import type { LivingKeys } from '../digest/living-keys.ts';
import { type Fields, fieldOf, isForwarded, refusesCached } from '../http/request.ts';
import { keepsPreloads } from '../http/visitor.ts';
import type { PageEntry } from '../log.ts';
import { type Channel, chooseChannel, type Delivery, type EnabledChannels, makePlan } from '../plan.ts';
import type { Closure } from '../site/closure.ts';
import type { Snapshot } from '../site/snapshot.ts';
import type { BundleLoad } from './bundle-sink.ts';
import { hintsOf } from './hints.ts';
import type { PushQueue } from './push.ts';
import { type IncomingRecords, type RecordCookie, readRecord, rememberIn } from './record-cookie.ts';
import type { TermsSource } from './terms.ts';

/** What lasts as long as an HTTP/2 connection. */
export interface Connection {
	/** What it was given. */
	readonly record: ConnectionRecord;
	/** What its requests say that the client was given before. */
	readonly records: IncomingRecords;
	readonly pushes: PushQueue;
	readonly bundles: BundleLoad;
	/** The cookie written last, and what it was made from: the same of it makes the same cookie. */
	written: { readonly from: readonly unknown[]; readonly value: string | undefined } | undefined;
}

/** What all page views of a server have in common. */
export interface PageViewParts {
	readonly keys: LivingKeys;
	readonly oracle: KeyOracle;
	readonly termsOf: TermsSource;
	readonly cookie: RecordCookie;
	readonly options: EnabledChannels & { readonly pushBudget: number; readonly pushCount: number };
}

/** A request for a page that is there. */
export interface PageRequest {
	readonly fields: Fields;
	/** Encoded path at which the page is shown. */
	readonly url: string;
	/** As the client names this server: host, and port where it is not the usual one. */
	readonly authority: string;
	/** How the client asks: of a proxy that is trusted, or of this server. */
	readonly scheme: 'http' | 'https';
	readonly snapshot: Snapshot;
	readonly closure: Closure;
	/** The client holds the document as it is, and asked whether it does. */
	readonly isUnmodified: boolean;
	/** What the client's service worker holds, where it takes a bundle. */
	readonly heldByWorker?: Knowledge | undefined;
	/** `undefined` over HTTP/1.1. */
	readonly http2:
		| {
				readonly stream: ServerHttp2Stream;
				readonly connection: Connection;
				readonly acceptsPush: boolean;
		  }
		| undefined;
	/** Minutes since 1970. */
	readonly nowMinutes: number;
}

/** What a page view comes to. */
export interface PageAnswer {
	/** What the log is told of it. */
	readonly entry: PageEntry;
	/** What the document's response has beside the fields that it has for everybody. */
	readonly fields: Readonly<Record<string, string>>;
}

const SAYS_ITSELF: ReadonlySet<Knowledge['evidence']> = new Set(['cache-digest', 'worker'] as const);

/** Plans page views and carries them out, but for the document itself. */
export class PageViews {
	readonly #parts: PageViewParts;
	readonly #learnt = new WeakSet<Closure>();

	constructor(parts: PageViewParts) {
		this.#parts = parts;
	}

	/** Makes the promises of a page view, before its document is answered, and says what the document is to carry. */
	view(page: PageRequest): PageAnswer {
		const { fields, closure, http2, nowMinutes } = page;
		const { options, termsOf, cookie } = this.#parts;
		const terms = termsOf(closure.page, page.url);
		this.#learnVariants(closure);
		const client = {
			isPageView: true,
			acceptsPush: http2?.acceptsPush ?? false,
			isForwarded: isForwarded(fields),
			acceptsBundle: page.heldByWorker !== undefined,
		};
		const channel = chooseChannel(client, options);
		// A connection that a proxy shares among its users says nothing of any of them.
		const connection = client.isForwarded ? undefined : http2?.connection;
		const record = connection === undefined ? readRecord(fields, cookie) : connection.records.read(fields);
		// What this connection brought, a worker need not have stored.
		const given = (channel === 'bundle' ? undefined : connection?.record) ?? NOTHING_KNOWN;
		// What caches give to others may name nothing that one client alone lacks.
		const isForAll = channel === 'hints' && terms.isShared;
		const knowledge = isForAll ? NOTHING_KNOWN : this.#knowledgeOf(page, channel, record, given);
		const { evidence } = knowledge;
		const plan = makePlan({
			closure,
			knowledge,
			connection: isForAll ? NOTHING_KNOWN : given,
			channel,
			lifetimeOf: (asset, url) => termsOf(asset, url).lifetime,
			byteBudget: options.pushBudget,
			countBudget:
				channel === 'push'
					? Math.min(options.pushCount, connection?.pushes.room ?? options.pushCount)
					: options.pushCount,
			nowMinutes,
		});
		if (channel === 'push' && http2 !== undefined) {
			const { record: gifts, pushes } = http2.connection;
			for (const { dependency, verdict } of pushes.promise(
				http2.stream,
				plan.deliveries,
				page.authority,
				fieldOf(page.fields, 'accept-encoding'),
			))
				if (verdict === 'send') gifts.give(dependency, nowMinutes);
		}
		// Who keeps what was preloaded may be told of what never changes alone; so may everybody that a cache may tell of it.
		const isWary = isForAll || keepsPreloads(fields);
		const isSafe = ({ asset, dependency: { url } }: Delivery): boolean =>
			!isWary || termsOf(asset, url).lifetime.kind === 'immutable';
		const hints =
			channel === 'hints' ? hintsOf(plan, closure.hasImportMap, closure.named, isSafe) : undefined;
		// Who says what it holds needs no record of ours.
		const setCookie =
			connection === undefined || SAYS_ITSELF.has(evidence) || terms.isShared
				? undefined
				: this.#writeRecord(page, connection, record);
		// Hints, too, are those of one client: they rest on more than what `Vary` names.
		const isPersonal = !terms.isShared && (setCookie !== undefined || hints?.link !== undefined);
		const links = [terms.set.get('link'), hints?.link].filter((link) => link !== undefined);
		return {
			entry: { plan, evidence, hinted: hints?.deliveries.length ?? 0 },
			fields: {
				...(isPersonal && { 'cache-control': terms.privately }),
				...(setCookie !== undefined && { 'set-cookie': setCookie }),
				...(hints?.link !== undefined && { link: links.join(', ') }),
			},
		};
	}

	/** The strongest evidence there is, and it alone. */
	#knowledgeOf(
		{ fields, authority, scheme, isUnmodified, heldByWorker }: PageRequest,
		channel: Channel,
		record: ClientRecord | undefined,
		given: Knowledge,
	): Knowledge {
		if (refusesCached(fields)) return NOTHING_WANTED_FROM_CACHE;
		if (channel === 'bundle' && heldByWorker !== undefined) return heldByWorker;
		const digest = fieldOf(fields, 'cache-digest');
		const origin = `${scheme}://${authority.toLowerCase()}`;
		const said = digest === undefined ? undefined : knowledgeOfField(digest, origin);
		if (said !== undefined) return said;
		if (record !== undefined) return knowledgeOfRecord(record);
		// The condition may be that of a cache on the way.
		return isUnmodified && channel === 'hints' && !isForwarded(fields) ? knowledgeOfCondition(given) : given;
	}

	/** The URLs under which pages refer to files are known once a page is planned: their keys are current, too. */
	#learnVariants(closure: Closure): void {
		if (this.#learnt.has(closure)) return;
		this.#learnt.add(closure);
		const { keys, termsOf } = this.#parts;
		for (const dependency of closure.dependencies) {
			const { asset, url } = dependency;
			if (asset !== undefined && url !== asset.url)
				keys.addVariant(asset, dependency, termsOf(asset, url).lifetime.kind === 'max-age');
		}
	}

	/** The `Set-Cookie` value for a document, made anew only where something of what it is made from is new. */
	#writeRecord(
		{ snapshot, closure, nowMinutes }: PageRequest,
		connection: Connection,
		record: ClientRecord | undefined,
	): string | undefined {
		const { written } = connection;
		const from = [snapshot, closure, record, connection.record.revision, nowMinutes];
		if (written?.from.every((part, index) => part === from[index])) return written.value;
		const { cookie, oracle } = this.#parts;
		const value = rememberIn(cookie, record, connection.record, oracle, nowMinutes);
		connection.written = { from, value };
		return value;
	}
}
