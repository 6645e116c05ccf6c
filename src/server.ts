// The server: a folder, its sockets, and the pipeline between them.

import { X509Certificate } from 'node:crypto';
import { createServer as createHttp1Server } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { homedir, platform } from 'node:os';
import { recordCookieFor } from './delivery/record-cookie.ts';
import { SiteTerms } from './delivery/terms.ts';
import { LivingKeys } from './digest/living-keys.ts';
import type { Lifetime } from './http/freshness.ts';
import { hostCheck } from './http/host.ts';
import { type ResolvedOptions, resolveOptions, type ServeOptions } from './options.ts';
import { takeRequests } from './server/exchange.ts';
import { Pipeline } from './server/pipeline.ts';
import { openSockets } from './server/sockets.ts';
import { singlePath } from './site/fallbacks.ts';
import { HEADERS_PATH } from './site/header-rules.ts';
import { headerRulesOf, type RouteOptions } from './site/routes.ts';
import { type Asset, isHtml, type Snapshot } from './site/snapshot.ts';
import { openSite, type SiteListener } from './site/watcher.ts';
import { readCertificate } from './tls/certificate.ts';
import { dataFolder } from './tls/data-folder.ts';
import { openSelfSigned } from './tls/self-signed.ts';

/** A running server. */
export interface Server {
	/** Where it answers: `https://localhost:8443/`. */
	readonly url: string;
	/** Resolves once the whole folder is indexed and watched. Requests are answered before. */
	readonly ready: Promise<void>;
	/** How much the folder holds, as far as it is indexed: files, HTML documents among them, bytes. */
	readonly contents: Pick<Snapshot, 'files' | 'pages' | 'bytes'>;
	/** Takes no more requests, lets those under way finish (5 seconds at most), and releases everything. */
	close(): Promise<void>;
}

const GRACE_MS = 5000;
const PATIENCE_MS = 120_000;
/** Each request under way may hold a file open. */
const MAX_STREAMS = 250;
/**
 * Node counts bodies that wait to be sent, though we hold them once for all, and refuses requests above so many
 * megabytes: by default after ten photographs.
 */
const HTTP2_LIMITS = { settings: { maxConcurrentStreams: MAX_STREAMS }, maxSessionMemory: 2 * MAX_STREAMS };

/**
 * Serves `directory`. Resolves when requests are taken, which is before the folder is indexed.
 * @throws {UsageError} for options that cannot be
 * @throws {CasperError} where folder, port, host or certificate do not allow it
 */
export const serve = async (directory: string, options: ServeOptions = {}): Promise<Server> => {
	const resolved = resolveOptions(options);
	const tls = await openTls(resolved);
	const terms = new SiteTerms(lifetimesOf(resolved));
	const keys = new LivingKeys();
	const routes = routesOf(resolved);
	const listener: SiteListener = {
		...(resolved.onProblem && { onProblem: resolved.onProblem }),
		onChange: (changes, before, after) => {
			const areRulesNew = changes.has(HEADERS_PATH);
			if (areRulesNew) terms.use(headerRulesOf(after));
			for (const [path, asset] of changes) {
				const earlier = before.get(path);
				if (earlier !== undefined) keys.remove(earlier);
				if (asset !== undefined) keys.add(asset, terms.of(asset).lifetime.kind === 'max-age');
			}
			if (!areRulesNew) return;
			for (const asset of after.assets()) if (terms.of(asset).lifetime.kind === 'max-age') keys.age(asset);
		},
	};
	const site = await openSite(directory, listener, routes);
	try {
		const engines = { http1: createHttp1Server(), http2: createHttp2Server(HTTP2_LIMITS) };
		const { host, port } = resolved;
		const defaultPort = tls === undefined ? 8080 : 8443;
		const sockets = await openSockets({ host, port, defaultPort, tls, patienceMs: PATIENCE_MS }, engines);
		const cookie = recordCookieFor(sockets.port, tls !== undefined);
		const isOurs = hostCheckFor(resolved, tls?.cert);
		const pipeline = new Pipeline({
			site,
			keys,
			termsOf: terms.of,
			cookie,
			routes,
			isOurs,
			options: resolved,
		});
		takeRequests(engines, pipeline, resolved.onRequest);
		const name = host === true ? 'localhost' : host.includes(':') ? `[${host}]` : host;
		return {
			url: `http${tls === undefined ? '' : 's'}://${name}:${sockets.port}/`,
			ready: site.ready,
			get contents() {
				return site.snapshot;
			},
			close: async () => {
				await Promise.all([sockets.close(GRACE_MS), site.close()]);
			},
		};
	} catch (error) {
		await site.close();
		throw error;
	}
};

const openTls = async ({
	cert,
	key,
	storage,
}: ResolvedOptions): Promise<{ cert: string; key: string } | undefined> => {
	if (cert === false) return undefined;
	const now = new Date();
	if (cert !== true) return readCertificate(cert, key, now);
	return openSelfSigned(storage ?? dataFolder({}, platform(), homedir()), now);
};

/** While developing, a server is to be reached by its own names alone; in production, by those that lead to it. */
const hostCheckFor = (
	{ host, allowedHosts, production }: ResolvedOptions,
	cert: string | undefined,
): ((authority: string) => boolean) => {
	if (production && allowedHosts === undefined) return () => true;
	const named = cert === undefined ? '' : (new X509Certificate(cert).subjectAltName ?? '');
	const certified = [...named.matchAll(/DNS:([^\s,]+)/g)].map(([, name = '']) => name);
	return hostCheck([...(host === true ? [] : [host]), ...certified, ...(allowedHosts ?? [])]);
};

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
