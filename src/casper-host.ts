// Pushes what the host itself serves: a promised request goes through the same handlers as one that a client sent, as
// with the Pusher of Go's net/http, which Node has no counterpart of.

import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { PromisedFields, PromisingDocument } from './casper-exchange.ts';
import type { Pushes, Source } from './casper-source.ts';
import { MAX_RESERVED } from './delivery/push.ts';
import type { KeyOracle } from './digest/cookie.ts';
import type { ResourceVersion } from './digest/resource-key.ts';

/** So many promised requests are with the host's handlers at a time: they share the bandwidth. */
const MAX_ANSWERING = 8;
/** A document that takes longer, in milliseconds, leaves the connection idle, or has to wait for what is pushed. */
const STALL_MS = 40;
/** So long, in milliseconds, what was answered with an error is not pushed again. */
const ERROR_MS = 10_000;
/** Targets whose errors are remembered at most: those that were pushed are not many, but may be made from requests. */
const MAX_ERRORS = 1000;
/** HTTP/2 flags of a request without a body: END_STREAM and END_HEADERS (RFC 9113 §6.2). */
const WHOLE_REQUEST = 0x1 | 0x4;

/** Whatever the host has, in versions that nobody knows. */
export class Host implements Source {
	readonly ready: Promise<void> = Promise.resolve();
	readonly oracle: KeyOracle = { isCurrent: () => true, needsAge: () => false };
	/** What was answered with an error, oldest first, and when. */
	readonly #errors = new Map<string, number>();

	prepare(): undefined {}

	find(url: string): ResourceVersion | undefined {
		const answeredMs = this.#errors.get(url);
		if (answeredMs !== undefined && performance.now() - answeredMs < ERROR_MS) return undefined;
		return { url, hash: '' };
	}

	open(session: ServerHttp2Session): Pushes {
		return new PromisedRequests(session, (url, status) => this.#learn(url, status));
	}

	#learn(url: string, status: number): void {
		this.#errors.delete(url);
		if (status >= 400) this.#errors.set(url, performance.now());
		if (this.#errors.size > MAX_ERRORS)
			for (const oldest of this.#errors.keys()) return void this.#errors.delete(oldest);
	}

	async close(): Promise<void> {}
}

/** A promised request that no handler has seen yet. */
interface Promised {
	readonly stream: ServerHttp2Stream;
	readonly fields: IncomingHttpHeaders;
}

/** What was promised with one document. */
interface Batch {
	readonly promised: Promised[];
	isReleased: boolean;
}

/** The requests that were promised on one connection. */
class PromisedRequests implements Pushes {
	readonly #session: ServerHttp2Session;
	readonly #onAnswer: (url: string, status: number) => void;
	readonly #batches = new WeakMap<ServerHttp2Stream, Batch>();
	readonly #queue: Promised[] = [];
	/** Promised and not closed yet. */
	#reserved = 0;
	/** With the host's handlers. */
	#answering = 0;
	readonly #handed = new WeakSet<ServerHttp2Stream>();

	constructor(session: ServerHttp2Session, onAnswer: (url: string, status: number) => void) {
		this.#session = session;
		this.#onAnswer = onAnswer;
		// The client may take more streams than before.
		session.on('remoteSettings', () => this.#advance());
	}

	promise(
		document: PromisingDocument,
		versions: readonly ResourceVersion[],
		fields: PromisedFields,
	): readonly ResourceVersion[] {
		if (versions.length === 0) return [];
		const batch = this.#batchOf(document.stream);
		const promised: ResourceVersion[] = [];
		for (const version of versions.slice(0, MAX_RESERVED - this.#reserved)) {
			if (!this.#promiseOne(document, version.url, fields, batch)) break;
			promised.push(version);
		}
		return promised;
	}

	#promiseOne(
		{ stream: document, authority, isSecure }: PromisingDocument,
		url: string,
		fields: PromisedFields,
		batch: Batch,
	): boolean {
		const request = {
			':method': 'GET',
			':scheme': isSecure ? 'https' : 'http',
			':authority': authority,
			':path': url,
			...fields,
		};
		try {
			document.pushStream(request, (error, stream) => {
				if (error) {
					this.#reserved--;
					return;
				}
				// Unheard, the error of a stream would be the end of the process.
				stream.on('error', () => {});
				stream.on('close', () => this.#onClose(url, stream));
				batch.promised.push({ stream, fields: request });
				if (batch.isReleased) this.#take(batch);
			});
		} catch {
			// A client can switch pushes off, or go away, between two promises.
			return false;
		}
		this.#reserved++;
		return true;
	}

	/** What waits until `document` has handed over its last byte, or has come to an end or to a standstill. */
	#batchOf(document: ServerHttp2Stream): Batch {
		const known = this.#batches.get(document);
		if (known !== undefined) return known;
		const batch: Batch = { promised: [], isReleased: false };
		const release = (): void => {
			clearTimeout(timer);
			batch.isReleased = true;
			this.#take(batch);
		};
		const timer = setTimeout(release, STALL_MS).unref();
		document.on('finish', release).on('close', release);
		this.#batches.set(document, batch);
		return batch;
	}

	#take({ promised }: Batch): void {
		this.#queue.push(...promised.splice(0));
		this.#advance();
	}

	#onClose(url: string, stream: ServerHttp2Stream): void {
		this.#reserved--;
		if (this.#handed.delete(stream)) this.#answering--;
		const status = stream.sentHeaders?.[':status'];
		if (status !== undefined) this.#onAnswer(url, Number(status));
		this.#advance();
	}

	#advance(): void {
		const most = Math.min(MAX_ANSWERING, this.#session.remoteSettings?.maxConcurrentStreams ?? MAX_ANSWERING);
		while (this.#answering < most) {
			const next = this.#queue.shift();
			if (next === undefined) return;
			// The client may have declined it in the meantime.
			if (next.stream.destroyed || next.stream.closed) continue;
			this.#answering++;
			this.#handed.add(next.stream);
			setImmediate(() => this.#hand(next));
		}
	}

	/** The server listens to its sessions for requests: whatever answers those answers this one. */
	#hand({ stream, fields }: Promised): void {
		if (stream.destroyed || stream.closed) return;
		const raw = Object.entries(fields).flat();
		this.#session.emit('stream', stream, { ...fields }, WHOLE_REQUEST, raw);
	}
}
