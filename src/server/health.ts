// Whether this server is to be sent requests, for whoever spreads them over several.

import { refuse } from '../delivery/refusal.ts';
import { sendText } from '../delivery/reply.ts';
import { parseTarget } from '../http/request.ts';
import type { Exchange } from './exchange.ts';

/** What a server says of itself. */
export type Health = 'starting' | 'ok' | 'stopping';

/** Where it is asked for when no other path is given. */
export const HEALTH_PATH = '/.casper/health';

/**
 * What answers requests for the health at `path`, and says of all others that they are none. To be asked before anything
 * else looks at a request: who asks here comes by an address, or by no name at all.
 */
export const healthAt = (path: string, healthOf: () => Health): ((exchange: Exchange) => boolean) => {
	return (exchange) => {
		if (!exchange.target.includes(path) || parseTarget(exchange.target)?.path !== path) return false;
		const { method, reply, fields } = exchange;
		const isHead = method === 'HEAD';
		if (method !== 'GET' && !isHead) {
			refuse(reply, 405, fields, false, { allow: 'GET, HEAD' });
			return true;
		}
		const health = healthOf();
		sendText(reply, health === 'ok' ? 200 : 503, 'text/plain', `${health}\n`, isHead);
		return true;
	};
};
