// All that a server listens on, the certificate that it shows there, and the names that it answers to.

import { X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { hostCheck } from '../http/host.ts';
import type { ResolvedOptions } from '../options.ts';
import type { LivingCertificate } from '../tls/living-certificate.ts';
import { openRedirectListener, type RedirectListener } from './redirect-listener.ts';
import { type Engines, openSockets } from './sockets.ts';

/** Open doors. */
export interface Doors {
	/** Where the site is: `https://localhost:8443/`, or `unix:/run/casper.sock`. */
	readonly url: string;
	/** 0 for a Unix socket. */
	readonly port: number;
	/** Where HTTP is redirected to {@link Doors.url}, if it is. */
	readonly redirectUrl: string | undefined;
	/** Whether an authority is a name of this server, by the certificate that is shown now. */
	readonly isOurs: (authority: string) => boolean;
	/** Takes no more connections, lets what runs finish, and ends what has not after `graceMs`. */
	close(graceMs: number): Promise<void>;
}

/** How long nothing may move on a connection. */
const PATIENCE_MS = 120_000;
const REDIRECT_PORT = 8080;

/**
 * Opens what `options` say. Resolves when connections are taken.
 * @throws {CasperError} as {@link openSockets} and {@link openRedirectListener} do
 */
export const openDoors = async (
	options: ResolvedOptions,
	tls: LivingCertificate | undefined,
	engines: Engines,
): Promise<Doors> => {
	const { host, port, onProblem } = options;
	const unix = options.unix === undefined ? undefined : resolve(options.unix);
	const sockets = await openSockets(
		{
			host,
			port,
			defaultPort: tls === undefined ? 8080 : 8443,
			tls: tls?.pair,
			patienceMs: PATIENCE_MS,
			unix,
		},
		engines,
	);
	let isNamed = hostCheckFor(options, tls?.pair.cert);
	const isOurs = (authority: string): boolean => isNamed(authority);
	let redirect: RedirectListener | undefined;
	try {
		redirect = await openRedirect(options, sockets.port, isOurs);
	} catch (error) {
		await sockets.close(0);
		throw error;
	}
	const unfollow = tls?.follow(
		(pair) => {
			sockets.setCertificate(pair);
			isNamed = hostCheckFor(options, pair.cert);
		},
		(message) => onProblem?.(message),
	);
	const name = host === true ? 'localhost' : host.includes(':') ? `[${host}]` : host;
	return {
		url:
			unix === undefined ? `http${tls === undefined ? '' : 's'}://${name}:${sockets.port}/` : `unix:${unix}`,
		port: sockets.port,
		redirectUrl: redirect && `http://${name}:${redirect.port}/`,
		isOurs,
		close: async (graceMs) => {
			unfollow?.();
			await Promise.all([sockets.close(graceMs), redirect?.close(graceMs)]);
		},
	};
};

const openRedirect = async (
	{ host, httpRedirect, onRequest }: ResolvedOptions,
	tlsPort: number,
	isOurs: (authority: string) => boolean,
): Promise<RedirectListener | undefined> => {
	if (httpRedirect === false) return undefined;
	const port = httpRedirect === true ? REDIRECT_PORT : httpRedirect;
	return openRedirectListener({ host, port, tlsPort, isOurs, patienceMs: PATIENCE_MS, onRequest });
};

/** While developing, a server is to be reached by its own names alone; in production, by those that lead to it. */
const hostCheckFor = (
	{ host, allowedHosts, production }: ResolvedOptions,
	cert: string | undefined,
): ((authority: string) => boolean) => {
	if (production && allowedHosts === undefined) return () => true;
	const named = cert === undefined ? '' : (new X509Certificate(cert).subjectAltName ?? '');
	const certified = [...named.matchAll(/DNS:([^\s,]+)/g)].map(([, name = '']) => name);
	// The machine's own name, which its network may know it by, no other site can have.
	const machine = hostname();
	return hostCheck([
		...(host === true ? [] : [host]),
		machine,
		`${machine.replace(/\..*/s, '')}.local`,
		...certified,
		...(allowedHosts ?? []),
	]);
};
