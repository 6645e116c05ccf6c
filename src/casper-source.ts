// Where pushed responses come from: see casper-host.ts and casper-folder.ts.

import type { ServerHttp2Session } from 'node:http2';
import type { PromisedFields, PromisingDocument } from './casper-exchange.ts';
import type { KeyOracle } from './digest/cookie.ts';
import type { ResourceVersion } from './digest/resource-key.ts';

/** What can be pushed. */
export interface Source {
	/** What our own cookie is pruned by. */
	readonly oracle: KeyOracle;
	/** Resolves once there is nothing left to find out; rejects where the environment does not allow it. */
	readonly ready: Promise<void>;
	/** Finds out what {@link Source.find} needs to know of `urls`; `undefined` where it knows. Never rejects. */
	prepare(urls: Iterable<string>): Promise<void> | undefined;
	/** What is at `url`; `undefined` where there is nothing to push. */
	find(url: string): ResourceVersion | undefined;
	/** The pushes of a new connection. */
	open(session: ServerHttp2Session): Pushes;
	close(): Promise<void>;
}

/** The pushes of one connection. */
export interface Pushes {
	/**
	 * Promises what was found, in this order, as far as the client has room for it, and returns that. The responses
	 * follow once the document has gone out.
	 * @param fields those of the promised requests, as far as anybody sees them
	 */
	promise(
		document: PromisingDocument,
		versions: readonly ResourceVersion[],
		fields: PromisedFields,
	): readonly ResourceVersion[];
}
