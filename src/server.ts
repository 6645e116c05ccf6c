// The server: a folder, its sockets, and the pipeline between them.

import { createServer as createHttp1Server } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { Documents } from './delivery/document.ts';
import { recordCookieFor } from './delivery/record-cookie.ts';
import { SiteTerms } from './delivery/terms.ts';
import { LivingKeys } from './digest/living-keys.ts';
import type { Lifetime } from './http/freshness.ts';
import type { LiveEvent } from './live-events.ts';
import { LiveReload } from './live-reload.ts';
import { type ResolvedOptions, resolveOptions, type ServeOptions } from './options.ts';
import { type BrokenNews, BrokenWatch } from './server/broken-watch.ts';
import { scriptPath } from './server/client-files.ts';
import { openDoors } from './server/doors.ts';
import { takeRequests } from './server/exchange.ts';
import { HEALTH_PATH, type Health, healthAt } from './server/health.ts';
import { Pipeline } from './server/pipeline.ts';
import { singlePath } from './site/fallbacks.ts';
import { HEADERS_PATH } from './site/header-rules.ts';
import { headerRulesOf, type RouteOptions } from './site/routes.ts';
import { type Asset, type Changes, isHtml, type Snapshot } from './site/snapshot.ts';
import { Visibility } from './site/visibility.ts';
import { openSite, type Site, type SiteListener } from './site/watcher.ts';
import { openCertificate } from './tls/living-certificate.ts';

/** A running server. */
export interface Server {
	/** Where it answers: `https://localhost:8443/`, or `unix:/run/casper.sock`. */
	readonly url: string;
	/** Where HTTP is redirected to {@link Server.url}, if it is: `http://localhost:8080/`. */
	readonly redirectUrl?: string | undefined;
	/** Resolves once the whole folder is indexed and watched. Requests are answered before. */
	readonly ready: Promise<void>;
	/** How much the folder holds, as far as it is indexed: files, HTML documents among them, bytes. */
	readonly contents: Pick<Snapshot, 'files' | 'pages' | 'bytes'>;
	/** References that lead to nothing, as far as they are known; with `live` only. */
	readonly broken: number;
	/** Has every open page shown anew, whatever has changed; with `live` only. */
	reloadTabs(): void;
	/** Takes no more requests, lets those under way finish (as long as `grace` says), and releases everything. */
	close(): Promise<void>;
}

/** Each request under way may hold a file open. Node counts the pushes that are promised among them. */
const MAX_STREAMS = 250;
/**
 * Node counts bodies that wait to be sent, though we hold them once for all, and refuses requests above so many
 * megabytes: by default after ten photographs.
 */
const HTTP2_LIMITS = { settings: { maxConcurrentStreams: MAX_STREAMS }, maxSessionMemory: 8 * MAX_STREAMS };

/**
 * Serves `directory`. Resolves when requests are taken, which is before the folder is indexed.
 * @throws {UsageError} for options that cannot be
 * @throws {CasperError} where folder, port, host or certificate do not allow it
 */
export const serve = async (directory: string, options: ServeOptions = {}): Promise<Server> => {
	const resolved = resolveOptions(options);
	const tls = await openCertificate(resolved);
	const terms = new SiteTerms(lifetimesOf(resolved));
	const keys = new LivingKeys();
	const routes = routesOf(resolved);
	const onLive = (event: LiveEvent): void => resolved.onLive?.(event);
	const live = resolved.live ? new LiveReload(onLive) : undefined;
	let broken: BrokenWatch | undefined;
	const listener: SiteListener = {
		...(resolved.onProblem && { onProblem: resolved.onProblem }),
		onChange: (changes, before, after) => {
			const areRulesNew = changes.has(HEADERS_PATH);
			if (areRulesNew) terms.use(headerRulesOf(after));
			live?.note(site.isReady ? changes : changesOfKnown(changes, before), before);
			broken?.note(changes, before, after);
			for (const [path, asset] of changes) {
				const earlier = before.get(path);
				if (earlier !== undefined) keys.remove(earlier);
				if (asset !== undefined) keys.add(asset, terms.of(asset).lifetime.kind === 'max-age');
			}
			if (!areRulesNew) return;
			for (const asset of after.assets()) if (terms.of(asset).lifetime.kind === 'max-age') keys.age(asset);
		},
	};
	const site: Site = await openSite(directory, listener, routes, new Visibility(resolved));
	try {
		const engines = { http1: createHttp1Server(), http2: createHttp2Server(HTTP2_LIMITS) };
		const doors = await openDoors(resolved, tls, engines);
		const cookie = recordCookieFor(doors.port, tls !== undefined);
		const { isOurs, url, redirectUrl } = doors;
		const pipeline = new Pipeline({
			site,
			keys,
			termsOf: terms.of,
			cookie,
			documents: documentsOf(resolved),
			live,
			onLive,
			routes,
			isOurs,
			options: resolved,
		});
		let health: Health = 'starting';
		const answerAside = healthAnswerer(resolved.health, () => health);
		const { onRequest, trustProxy } = resolved;
		takeRequests(engines, pipeline, { onRequest, answerAside, trustProxy });
		site.ready.then(
			() => {
				if (health !== 'starting') return;
				health = 'ok';
				if (live === undefined) return;
				const onNews = (news: BrokenNews): void => onLive({ kind: 'broken', ...news });
				broken = new BrokenWatch(site.snapshot, routes, () => live.isSettled, onNews);
			},
			// Whoever awaits it is told.
			() => {},
		);
		return {
			url,
			redirectUrl,
			ready: site.ready,
			get contents() {
				return site.snapshot;
			},
			get broken() {
				return broken?.total ?? 0;
			},
			reloadTabs: () => live?.reloadTabs(),
			close: async () => {
				health = 'stopping';
				live?.close();
				broken?.close();
				await Promise.all([doors.close(resolved.grace * 1000), site.close()]);
			},
		};
	} catch (error) {
		live?.close();
		await site.close();
		throw error;
	}
};

/** What the folder holds to begin with is no news; what somebody may have been given before that is. */
const changesOfKnown = (changes: Changes, before: Snapshot): Changes =>
	new Map([...changes].filter(([path]) => before.get(path) !== undefined));

const documentsOf = ({ bundle, live, forwardConsole }: ResolvedOptions): Documents | undefined =>
	bundle || live
		? new Documents({
				page: bundle ? scriptPath('page') : undefined,
				live: live ? scriptPath('live') : undefined,
				isListening: forwardConsole,
			})
		: undefined;

const healthAnswerer = (
	health: string | boolean,
	healthOf: () => Health,
): ReturnType<typeof healthAt> | undefined =>
	health === false ? undefined : healthAt(health === true ? HEALTH_PATH : health, healthOf);

const routesOf = ({ trailingSlash, single }: ResolvedOptions): RouteOptions => ({
	trailingSlash,
	single: single === false ? undefined : singlePath(single === true ? 'index.html' : single),
});

/**
 * Nobody sees anything stale: only a name that changes with the content may be used without asking, and what somebody says
 * may be. Pages never: from them, everything else is found.
 */
const lifetimesOf = ({ production, maxage }: ResolvedOptions): ((asset: Asset) => Lifetime) => {
	const revalidate: Lifetime = { kind: 'revalidate' };
	const immutable: Lifetime = { kind: 'immutable' };
	const aged: Lifetime = maxage === undefined ? revalidate : { kind: 'max-age', seconds: maxage };
	return (asset) => {
		if (production && asset.isFingerprinted) return immutable;
		return isHtml(asset.type) ? revalidate : aged;
	};
};
