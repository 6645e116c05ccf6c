// Leads who comes by HTTP to the same address over TLS.

import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import { refuse } from '../delivery/refusal.ts';
import type { Reply } from '../delivery/reply.ts';
import { hostOf } from '../http/host.ts';
import { parseTarget } from '../http/request.ts';
import type { RequestEntry } from '../log.ts';
import { type Exchange, takeHttp1Requests } from './exchange.ts';
import { closeAll, listenAt, type Place } from './listen.ts';

/** A listener that redirects. */
export interface RedirectListener {
	readonly port: number;
	/** Takes no more connections, and ends those that there are after `graceMs`, or soon. */
	close(graceMs: number): Promise<void>;
}

/** What the listener works with. */
export interface RedirectParts extends Omit<Place, 'setting' | 'defaultPort'> {
	readonly port: number;
	/** Where TLS is spoken. */
	readonly tlsPort: number;
	/** Whether an authority is a name of this server. */
	readonly isOurs: (authority: string) => boolean;
	/** How long a request, and nothing, may take, in milliseconds. */
	readonly patienceMs: number;
	readonly onRequest: ((entry: RequestEntry) => void) | undefined;
}

/** An answer here is one packet, sent as soon as it is asked for: whoever waits after that has not asked. */
const LONGEST_GRACE_MS = 250;
/** What can be the name of a host in a URL; others are not led anywhere. */
const NAME = /^(?:[\w.-]+|[\da-f:.]*:[\da-f:.]*)$/i;

/**
 * Listens, and resolves when connections are taken.
 * @throws {CasperError} as {@link listenAt} does
 */
export const openRedirectListener = async (parts: RedirectParts): Promise<RedirectListener> => {
	const { host, port, patienceMs, onRequest } = parts;
	const all: HttpServer[] = [];
	const create = (): HttpServer => {
		// These listen themselves, so that Node's own limits hold.
		const server = createServer({ headersTimeout: patienceMs, requestTimeout: patienceMs });
		server.timeout = patienceMs;
		all.push(server);
		takeHttp1Requests(server, (exchange) => answerSafely(exchange, parts), onRequest);
		// One request is all that there is to ask here.
		server.prependListener('request', (_request: IncomingMessage, response) =>
			response.setHeader('connection', 'close'),
		);
		return server;
	};
	const listening = await listenAt({ host, port, defaultPort: port, setting: 'httpRedirect' }, create);
	return {
		port: listening.port,
		close: async (graceMs) => {
			const closed = closeAll(listening.servers);
			for (const server of all) server.closeIdleConnections();
			const timer = setTimeout(
				() => {
					for (const server of all) server.closeAllConnections();
				},
				Math.min(graceMs, LONGEST_GRACE_MS),
			);
			await closed;
			clearTimeout(timer);
		},
	};
};

/** What we did not foresee harms this request alone. */
const answerSafely = (exchange: Exchange, parts: RedirectParts): void => {
	try {
		answer(exchange, parts);
	} catch {
		exchange.reply.reset();
	}
};

const answer = ({ method, target, fields, authority, reply }: Exchange, parts: RedirectParts): void => {
	const isHead = method === 'HEAD';
	if (method !== 'GET' && !isHead) return refuse(reply, 405, fields, false, { allow: 'GET, HEAD' });
	const parsed = parseTarget(target);
	const host = hostOf(authority);
	// Without a host there is nothing to lead to.
	if (parsed === undefined || host === undefined || !NAME.test(host))
		return refuse(reply, 400, fields, isHead);
	if (!parts.isOurs(authority)) return refuse(reply, 421, fields, isHead);
	const name = host.includes(':') ? `[${host}]` : host;
	const port = parts.tlsPort === 443 ? '' : `:${parts.tlsPort}`;
	lead(reply, `https://${name}${port}${parsed.path}${parsed.query}`);
};

/** Not for ever: another server may be here tomorrow, and browsers would go on asking for TLS. */
const lead = (reply: Reply, location: string): void =>
	reply.head({ ':status': 308, location, 'content-length': 0, 'cache-control': 'no-store' }, true);
