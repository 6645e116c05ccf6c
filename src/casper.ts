// The library for other servers, in the role that go-casper has in Go: a handler names what its page needs, and what the
// client was not given before is pushed with it.

import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { COOKIE_KINDS, type CookieKind, type Memory, openMemory } from './casper-cookies.ts';
import {
	type CasperExchange,
	type CasperRequest,
	type CasperResponse,
	type PromisedFields,
	type PromisingDocument,
	promisedFields,
	toExchange,
} from './casper-exchange.ts';
import { Folder } from './casper-folder.ts';
import { Host } from './casper-host.ts';
import type { Pushes, Source } from './casper-source.ts';
import type { DialectParameters } from './digest/dialects.ts';
import { ConnectionRecord } from './digest/knowledge.ts';
import type { ResourceVersion } from './digest/resource-key.ts';
import { UsageError } from './errors.ts';
import { refusesCached } from './http/request.ts';

/** What {@link createCasper} takes. Everything is optional; an option given as `undefined` counts as not given. */
export interface CasperOptions extends DialectParameters {
	/**
	 * The cookie that remembers what a client was given:
	 *
	 * - `x-go-casper`: go-casper's, laid out by `probability` and `capacity`. A session cookie.
	 * - `h2o_casper`: H2O's, laid out by `capacityBits`. Lasts for thirty days after it was last changed.
	 * - `casper`: our own, the one that `serve` sets, under the name `casper_<port>`, over TLS `__Host-casper_<port>`. Lasts
	 *   for thirty days, has at most 1,000 characters and forgets the oldest first.
	 *
	 * The first two know paths and no versions, also with a `directory`, since otherwise their other readers could not
	 * read them: what a client was given once is not pushed again when it changes. Neither holds more than 3,000
	 * characters; then it starts anew. `casper` with a `directory` knows versions: a changed file is pushed again.
	 * @default 'x-go-casper'
	 */
	readonly cookie?: CookieKind | undefined;
	/**
	 * Folder whose files are pushed: the target `/static/a.css` is the file `static/a.css` in it. They are read and
	 * answered by us (type, entity tag, `Cache-Control: no-cache`), and the host's handlers do not see the promised
	 * requests. What the folder does not have is not pushed.
	 * @default none, which means that the host's own handlers answer
	 */
	readonly directory?: string | undefined;
}

/** What one {@link Casper.push} is to do otherwise. */
export interface PushOptions {
	/**
	 * More fields of the promised requests, or others in place of those copied. Without effect with a `directory`.
	 * @default none
	 */
	readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What a {@link Casper.push} did. */
export interface Pushed {
	/** The targets that were promised, in order. */
	readonly pushed: readonly string[];
}

/** Pushes what clients lack, with any server on `node:http2`. */
export interface Casper {
	/** Resolves once the `directory` is indexed and watched; before, it is read as needed. At once without one. */
	readonly ready: Promise<void>;
	/**
	 * Promises `targets` with the response to `request`, but for those that the client was given already, and sets the
	 * cookie that says so. Call it, and await it, before the response is begun: then all promises come before it, so that
	 * the client does not ask for what it is about to get. It can be called several times for one request.
	 *
	 * A promised request goes through the host's own handlers, as if the client had sent it: a GET with the `cookie`,
	 * `authorization`, `accept-encoding`, `accept-language` and `user-agent` of `request`, or the `headers` of `options`. It does so once the document has
	 * gone out, or after 40 ms, eight at a time, and never more than the client takes. A handler that calls `push`
	 * for a pushed request pushes nothing. With a `directory` no handler is asked.
	 *
	 * Nothing is pushed, and no cookie is set, where nothing can be: over HTTP/1.1, for HEAD, when the client switched
	 * pushes off, through a proxy (`Via`, `Forwarded`, `X-Forwarded-For`), after the response was begun, and after
	 * {@link Casper.close}. No target is pushed twice on one connection, except for a hard reload (`Cache-Control:
	 * no-cache`), which gets everything anew. A cookie that cannot be read counts as none. 200 promises may be open on a
	 * connection.
	 *
	 * The cookie is set before the handlers answer. So what they answer with a status from 400 on is recorded once; for
	 * the ten seconds after it, that target is not pushed to anybody.
	 *
	 * @param request Node's, Express's or Fastify's
	 * @param response the one that goes with it. Give Fastify's reply itself and not its `raw`, whose `Set-Cookie` Fastify
	 * would replace by one set with `reply.header`
	 * @param targets path and query on the same origin, as a browser writes them: `/img/a%20b.svg?v=2`, at most 2048
	 * characters
	 * @throws {UsageError} (a TypeError; the promise rejects) for a target, request, response or field that is none. Never
	 * because of the client
	 */
	push(
		request: CasperRequest,
		response: CasperResponse,
		targets: readonly string[],
		options?: PushOptions,
	): Promise<Pushed>;
	/** Stops pushing and watching the `directory`, which keeps the process alive until then. */
	close(): Promise<void>;
}

/**
 * A {@link Casper}. One is enough for a server, and needed: another one does not know what this one pushed.
 * @throws {UsageError} for an unknown option and for a value of the wrong kind
 * @throws RangeError for `probability`, `capacity` or `capacityBits` outside their range
 *
 * Where the `directory` does not exist, `ready` rejects with a {@link CasperError} (`CASPER_FOLDER_MISSING`), which ends a
 * process that does not await it.
 */
export const createCasper = (options: CasperOptions = {}): Casper => {
	for (const [name, value] of Object.entries(options)) checkOption(name, value);
	const { cookie = 'x-go-casper', directory, ...parameters } = options;
	const memory = openMemory(cookie, parameters);
	return new PushingCasper(directory === undefined ? new Host() : new Folder(directory), memory);
};

const EXPECTED = {
	cookie: `one of ${COOKIE_KINDS.join(', ')}`,
	directory: 'a folder',
	probability: 'a number',
	capacity: 'a number',
	capacityBits: 'a number',
} as const satisfies Record<keyof CasperOptions, string>;

const checkOption = (name: string, value: unknown): void => {
	if (!Object.hasOwn(EXPECTED, name))
		throw new UsageError(name, `one of the options ${Object.keys(EXPECTED).join(', ')}`, name);
	const isValid =
		(name !== 'cookie' || COOKIE_KINDS.includes(value as CookieKind)) &&
		(name !== 'directory' || (typeof value === 'string' && value !== ''));
	if (value !== undefined && !isValid)
		throw new UsageError(name, EXPECTED[name as keyof CasperOptions], value);
};

/** What lasts as long as a connection. */
interface Connection {
	/** What it was given. */
	readonly record: ConnectionRecord;
	readonly pushes: Pushes;
}

const NOTHING: Pushed = { pushed: [] };

class PushingCasper implements Casper {
	readonly ready: Promise<void>;
	readonly #source: Source;
	readonly #memory: Memory;
	readonly #connections = new WeakMap<ServerHttp2Session, Connection>();
	/** What was pushed with each document, which not even a hard reload gets twice. */
	readonly #pushedWith = new WeakMap<ServerHttp2Stream, Set<string>>();
	#isClosed = false;

	constructor(source: Source, memory: Memory) {
		this.#source = source;
		this.#memory = memory;
		this.ready = source.ready;
	}

	async push(
		request: CasperRequest,
		response: CasperResponse,
		targets: readonly string[],
		{ headers = {} }: PushOptions = {},
	): Promise<Pushed> {
		const urls = checkTargets(targets);
		const exchange = toExchange(request, response);
		const fields = promisedFields(exchange.fields, headers);
		await this.#source.prepare(urls);
		// From here on nothing waits, so that no other call comes between what is decided and what is remembered.
		const { document } = exchange;
		if (document === undefined || this.#isClosed) return NOTHING;
		return this.#push(exchange, document, urls, fields);
	}

	#push(
		{ fields, setCookie }: CasperExchange,
		document: PromisingDocument,
		urls: Iterable<string>,
		promised: PromisedFields,
	): Pushed {
		const { record, pushes } = this.#connectionOf(document.session);
		const remembered = this.#memory(fields, document);
		const pushedWith = this.#pushedWith.get(document.stream) ?? new Set();
		this.#pushedWith.set(document.stream, pushedWith);

		const wantsAll = refusesCached(fields);
		const isHeld = (version: ResourceVersion): boolean =>
			!wantsAll && (remembered.holds(version) || record.claimOf(version) !== undefined);
		const lacking: ResourceVersion[] = [];
		for (const url of urls) {
			const version = pushedWith.has(url) ? undefined : this.#source.find(url);
			if (version !== undefined && !isHeld(version)) lacking.push(version);
		}

		const given = pushes.promise(document, lacking, promised);
		const nowMinutes = Math.floor(Date.now() / 60_000);
		for (const version of given) {
			pushedWith.add(version.url);
			record.give(version, nowMinutes);
		}
		const cookie = remembered.next(record, this.#source.oracle, nowMinutes);
		if (cookie !== undefined) setCookie(cookie.name, cookie.field);
		return { pushed: given.map(({ url }) => url) };
	}

	#connectionOf(session: ServerHttp2Session): Connection {
		let connection = this.#connections.get(session);
		if (connection === undefined) {
			connection = { record: new ConnectionRecord(), pushes: this.#source.open(session) };
			this.#connections.set(session, connection);
		}
		return connection;
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		await this.#source.close();
	}
}

const MAX_TARGET_CHARACTERS = 2048;
const ORIGIN = 'http://origin.invalid';

/** Each target once, in order. */
const checkTargets = (targets: readonly string[]): Set<string> => {
	if (!Array.isArray(targets)) throw new UsageError('targets', 'an array of paths', targets);
	for (const [index, target] of targets.entries())
		if (!isTarget(target))
			throw new UsageError(
				`targets[${index}]`,
				`a path on the same origin as a browser writes it, such as "/img/a%20b.svg?v=2", of at most ${MAX_TARGET_CHARACTERS} characters`,
				target,
			);
	return new Set(targets);
};

/** Whether it stays as it is when a browser reads it, so that it is what the browser will ask for. */
const isTarget = (target: unknown): boolean =>
	typeof target === 'string' &&
	target.length <= MAX_TARGET_CHARACTERS &&
	/^\/(?!\/)[^#]*$/.test(target) &&
	URL.canParse(ORIGIN + target) &&
	new URL(ORIGIN + target).href === ORIGIN + target;
