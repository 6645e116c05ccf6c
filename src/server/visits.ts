// What a request tells of its client and does for it: the documents that browsers are shown, the plan of a page view over
// whichever channel, and what is remembered of files that were given.

import type { Bodies } from '../delivery/body.ts';
import { sendBundle } from '../delivery/bundle.ts';
import { streamCodingFor } from '../delivery/coding.ts';
import type { FieldSource } from '../delivery/fields.ts';
import type { PageReader } from '../delivery/page-reader.ts';
import { type Connection, PageViews } from '../delivery/page-view.ts';
import { PushQueue } from '../delivery/push.ts';
import { IncomingRecords } from '../delivery/record-cookie.ts';
import type { KeyOracle } from '../digest/cookie.ts';
import { ConnectionRecord, type Knowledge } from '../digest/knowledge.ts';
import { knowledgeOfWorker } from '../digest/worker.ts';
import { PRESENCE, PRESENCE_FIELD } from '../http/bundle-format.ts';
import { isLoopback } from '../http/host.ts';
import { type Fields, fieldOf, isNavigation, refusesCached, type Target } from '../http/request.ts';
import { isNavigating } from '../http/visitor.ts';
import { isBrowserNavigation, workerRequestOf } from '../http/worker-request.ts';
import type { Delivery } from '../plan.ts';
import { type Asset, isHtml, type Snapshot } from '../site/snapshot.ts';
import type { Exchange } from './exchange.ts';
import type { PipelineParts } from './pipeline.ts';

/** Fields of a response that are for one client alone. */
export type ClientFields = Readonly<Record<string, string>>;

const PRESENT: ClientFields = { [PRESENCE_FIELD]: PRESENCE };
const NOTHING: ClientFields = {};

/** Fields of a document that the browser's network acts upon, which never sees those within a bundle. */
const OF_NETWORK = [
	'accept-ch',
	'alt-svc',
	'clear-site-data',
	'critical-ch',
	'nel',
	'report-to',
	'reporting-endpoints',
] as const;

/** Bundles on one connection at a time: who wants more of them has stopped reading those before. */
const MAX_BUNDLES = 8;

/** The visits of all clients. */
export class Visits {
	readonly #parts: PipelineParts;
	readonly #bodies: Bodies;
	readonly #reader: PageReader;
	readonly #fieldsOf: FieldSource;
	readonly #pages: PageViews;

	constructor(parts: PipelineParts, bodies: Bodies, reader: PageReader, fieldsOf: FieldSource) {
		this.#parts = parts;
		this.#bodies = bodies;
		this.#reader = reader;
		this.#fieldsOf = fieldsOf;
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
			bundles: { open: 0, coded: 0 },
			written: undefined,
		};
	}

	/** What a request gets of a file: a document that is navigated to is not the file itself. */
	shownOf(file: Asset, fields: Fields): Asset {
		const { documents } = this.#parts;
		return documents !== undefined && isHtml(file.type) && this.#isShown(fields)
			? documents.shownOf(file)
			: file;
	}

	/**
	 * Where browsers do not say what they ask for, as on addresses without TLS, a developer's phone is to be served, too. Of a
	 * navigation that a worker of the site has passed on, Firefox says it no more but by what comes with navigations alone.
	 */
	#isShown(fields: Fields): boolean {
		if (isBrowserNavigation(fields)) return true;
		return (
			this.#parts.live !== undefined && (isNavigating(fields) || fields['upgrade-insecure-requests'] === '1')
		);
	}

	/** The digest of a worker that takes a bundle; none of one that is to have the document alone, or for now. */
	digestOf(file: Asset, { path }: Target, { fields, http2 }: Exchange): string | undefined {
		const { documents, options, termsOf } = this.#parts;
		// A hard reload, or a cache that is switched off, wants nothing that anybody holds.
		if (!options.bundle || refusesCached(fields) || documents?.takesBundles(file) !== true) return undefined;
		// What nobody may store comes alone, and so does what caches may give without asking: a bundle would pass them by.
		const { lifetime, isShared } = termsOf(file, path);
		if (lifetime.kind !== 'revalidate' || isShared) return undefined;
		if ((http2?.connection.bundles.open ?? 0) >= MAX_BUNDLES) return undefined;
		const request = workerRequestOf(fields);
		return request?.kind === 'bundle' ? request.digest : undefined;
	}

	/** By which our worker sees that it may stay. */
	presenceFor(fields: Fields): ClientFields {
		return this.#parts.options.bundle && isBrowserNavigation(fields) ? PRESENT : NOTHING;
	}

	/** Sends a bundle. `false`: the document is no longer what the snapshot says. */
	async answerWorker(
		snapshot: Snapshot,
		file: Asset,
		asset: Asset,
		digest: string,
		target: Target,
		exchange: Exchange,
	): Promise<boolean> {
		const { fields, reply } = exchange;
		const body = await this.#reader.open(snapshot, file, target.path, asset, undefined);
		if (body?.kind !== 'held') return false;
		const held = knowledgeOfWorker(digest);
		const view = this.viewPage(snapshot, file, false, target, exchange, held);
		const url = target.path + target.query;
		const known = this.#fieldsOf(asset, target.path).full;
		const isHeld = held.claimOf({ url, hash: asset.hash }) !== undefined;
		const security = this.transportSecurityOf(asset, target, exchange);
		const outer: Record<string, string> = { ...PRESENT, vary: String(known.vary) };
		for (const name of OF_NETWORK) if (known[name] !== undefined) outer[name] = String(known[name]);
		if (security !== undefined) outer['strict-transport-security'] = security;
		const document = { asset, url, isHeld, body, fields: { ...known, ...PRESENT } };
		const parts = { bodies: this.#bodies, fieldsOf: this.#fieldsOf };
		const coding = streamCodingFor(fieldOf(fields, 'accept-encoding'));
		const load = exchange.http2?.connection.bundles ?? { open: 0, coded: 0 };
		await sendBundle(reply, document, view.deliveries, parts, outer, coding, load);
		return true;
	}

	/** Kept by browsers for all ports of a host: on this machine, it would lock others out (RFC 6797 §7.2, §8.1). */
	transportSecurityOf(
		asset: Asset,
		{ path }: Target,
		{ authority, forwarded }: Exchange,
	): string | undefined {
		const { transportSecurity } = this.#parts.termsOf(asset, path);
		if (transportSecurity === undefined || isLoopback(authority)) return undefined;
		return this.schemeOf({ forwarded }) === 'https' ? transportSecurity : undefined;
	}

	/** How the client asks, of a proxy that is trusted where there is one. */
	schemeOf({ forwarded }: Pick<Exchange, 'forwarded'>): 'http' | 'https' {
		return forwarded?.scheme ?? (this.#parts.cookie.isSecure ? 'https' : 'http');
	}

	/** What a GET tells of its client, and does for it: the fields that are to go with the answer, if any. */
	noteGet(
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
		// Who asks for a part goes on with what it has, and shows no page anew.
		if (isHtml(asset.type) && isNavigation(fields) && fields.range === undefined)
			return this.viewPage(snapshot, asset, isUnmodified, target, exchange).fields;
		const { isShared, privately } = this.#parts.termsOf(asset, target.path);
		const cookie = isShared ? undefined : http2?.connection.records.heal(fields, version, minutesNow());
		return cookie === undefined ? undefined : { 'cache-control': privately, 'set-cookie': cookie };
	}

	/** Plans a page view and makes its promises. */
	viewPage(
		snapshot: Snapshot,
		page: Asset,
		isUnmodified: boolean,
		target: Target,
		exchange: Exchange,
		heldByWorker?: Knowledge,
	): { readonly fields?: ClientFields; readonly deliveries: readonly Delivery[] } {
		const { fields, authority, http2 } = exchange;
		const { hints, onRequest } = this.#parts.options;
		const isPlanned = http2 !== undefined || hints || onRequest !== undefined || heldByWorker !== undefined;
		if (!isPlanned) return { deliveries: [] };
		const closure = this.#reader.closureOf(snapshot, page, target.path);
		const nowMinutes = minutesNow();
		const url = target.path;
		const view = this.#pages.view({
			fields,
			authority,
			scheme: this.schemeOf(exchange),
			url,
			snapshot,
			closure,
			isUnmodified,
			heldByWorker,
			http2,
			nowMinutes,
		});
		exchange.page = view.entry;
		return { fields: view.fields, deliveries: view.entry.plan.deliveries };
	}
}

/** {@link ClientFields} with a word on the host's transport. */
export const withField = (
	own: ClientFields | undefined,
	security: string | undefined,
): ClientFields | undefined =>
	security === undefined ? own : { ...own, 'strict-transport-security': security };

const minutesNow = (): number => Math.floor(Date.now() / 60_000);
