// A relay between a browser and a server, HTTP/2 on both sides, each of the browser's connections on one of its own. It
// passes everything on as it is, keeps the order of what happens, and holds back the answers it is told to. So what a
// browser asks for, and before which answers, is a matter of order and never of time.

import { readFile } from 'node:fs/promises';
import {
	type ClientHttp2Session,
	type ClientHttp2Stream,
	connect,
	createSecureServer,
	type Http2SecureServer,
	type ServerHttp2Session,
	type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Trusted } from './certificates.ts';

/** A request of the browser's. */
export interface Relayed {
	readonly target: string;
	/** `sec-fetch-dest`; empty where the browser says none. */
	readonly destination: string;
	/** Its place, and that of the end of its answer, in the order of all that happened; no end: `undefined`. */
	readonly asked: number;
	readonly answered: number | undefined;
	/** Fields of its answer, once there is one. */
	readonly fields: Readonly<Record<string, unknown>>;
}

/** Whether the answer to `target` may go, asked again whenever a request comes in. */
export type Gate = (target: string, asked: ReadonlySet<string>) => boolean;

export interface Relay {
	/** Ends with a slash. */
	readonly url: string;
	readonly requests: readonly Relayed[];
	/** Holds answers back from now on, and forgets the requests so far. */
	reset(gate?: Gate): void;
	close(): Promise<void>;
}

/** Longer than any browser takes to ask for what it knows of; then held answers go, so that a failed test ends. */
const PATIENCE_MS = 5_000;

/** Opens a relay to `origin`, with the certificate of the server there. */
export const openRelay = async (origin: string, { certificate }: Trusted): Promise<Relay> => {
	const pem = await readFile(certificate, 'utf8');
	const server = createSecureServer({ cert: pem, key: pem });
	const relay = new RunningRelay(server, origin, pem);
	await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
	return relay;
};

type Draft = { -readonly [Name in keyof Relayed]: Relayed[Name] };

class RunningRelay implements Relay {
	readonly #server: Http2SecureServer;
	readonly #sessions = new Map<ServerHttp2Session, ClientHttp2Session>();
	readonly #held = new Set<() => void>();
	#requests: Draft[] = [];
	#gate: Gate = () => true;
	#clock = 0;

	constructor(server: Http2SecureServer, origin: string, ca: string) {
		this.#server = server;
		server.on('session', (session) => {
			// As browsers do: they take no pushes.
			const upstream = connect(origin, { ca, settings: { enablePush: false } });
			this.#sessions.set(session, upstream);
			upstream.on('error', () => session.destroy());
			upstream.on('close', () => session.destroy());
			session.on('error', () => {});
			session.on('close', () => {
				this.#sessions.delete(session);
				upstream.destroy();
			});
		});
		server.on('stream', (stream, headers) => {
			const upstream = stream.session && this.#sessions.get(stream.session as ServerHttp2Session);
			stream.on('error', () => {});
			if (upstream === undefined) return stream.close();
			this.#pass(stream, upstream.request(headers, { endStream: true }), {
				target: headers[':path'] ?? '',
				destination: String(headers['sec-fetch-dest'] ?? ''),
				asked: this.#clock++,
				answered: undefined,
				fields: {},
			});
		});
	}

	get url(): string {
		return `https://localhost:${(this.#server.address() as AddressInfo).port}/`;
	}

	get requests(): readonly Relayed[] {
		return this.#requests;
	}

	reset(gate: Gate = () => true): void {
		this.#requests = [];
		this.#gate = gate;
	}

	#pass(stream: ServerHttp2Stream, answer: ClientHttp2Stream, request: Draft): void {
		this.#requests.push(request);
		answer.on('error', () => stream.close());
		answer.on('headers', (headers) => stream.additionalHeaders(headers));
		answer.on('response', (headers) => {
			request.fields = headers;
			stream.respond(headers);
			// The head may go: it is in the body that a file mentions others.
			this.#whenOpen(request.target, () => {
				answer.pipe(stream);
				stream.once('finish', () => {
					request.answered = this.#clock++;
				});
			});
		});
		stream.once('close', () => answer.close());
		for (const look of [...this.#held]) look();
	}

	#whenOpen(target: string, go: () => void): void {
		const isOpen = (): boolean =>
			this.#gate(target, new Set(this.#requests.map((request) => request.target)));
		if (isOpen()) return go();
		const end = (): void => {
			clearTimeout(timer);
			this.#held.delete(look);
			go();
		};
		const look = (): void => {
			if (isOpen()) end();
		};
		const timer = setTimeout(end, PATIENCE_MS);
		this.#held.add(look);
	}

	async close(): Promise<void> {
		const closed = new Promise((resolve) => this.#server.close(resolve));
		for (const session of this.#sessions.keys()) session.destroy();
		await closed;
	}
}
