// A request of another server, whatever API it comes by: Node's own over HTTP/2 and HTTP/1.1, Express's, which is the
// same with other prototypes, and Fastify's, which has Node's inside.

import {
	type IncomingMessage,
	type ServerResponse,
	validateHeaderName,
	validateHeaderValue,
} from 'node:http';
import type {
	Http2ServerRequest,
	Http2ServerResponse,
	ServerHttp2Session,
	ServerHttp2Stream,
} from 'node:http2';
import { UsageError } from './errors.ts';
import { type Fields, isForwarded } from './http/request.ts';

/** A request as a server hands it to its handlers; of Fastify's, `raw` counts. */
export type CasperRequest = NodeRequest | { readonly raw: NodeRequest };

/** The response that goes with a {@link CasperRequest}. Give Fastify's reply itself: it has header fields of its own. */
export type CasperResponse = NodeResponse | FastifyReply;

type NodeRequest = Http2ServerRequest | IncomingMessage;
type NodeResponse = Http2ServerResponse | ServerResponse;

/** What we use of Fastify's reply. */
interface FastifyReply {
	readonly raw: NodeResponse;
	getHeader(name: string): unknown;
	removeHeader(name: string): unknown;
	header(name: string, value: string[]): unknown;
}

/** A request and its response, one form for all. */
export interface CasperExchange {
	readonly fields: Fields;
	/** `undefined` for a request that nothing can be promised with. */
	readonly document: PromisingDocument | undefined;
	/** Adds a `Set-Cookie` field to those of the host, in the place of an earlier one of the same cookie. */
	setCookie(name: string, field: string): void;
}

/** The stream of a document that can come with promises. */
export interface PromisingDocument {
	readonly stream: ServerHttp2Stream;
	readonly session: ServerHttp2Session;
	readonly authority: string;
	readonly isSecure: boolean;
	/** TCP port of the server; 0 where it has none. */
	readonly port: number;
}

/** @throws {UsageError} for what is no request or no response */
export const toExchange = (request: CasperRequest, response: CasperResponse): CasperExchange => {
	const { headers: fields, method } = rawOf('request', request, 'headers');
	const raw = rawOf('response', response, 'setHeader');
	return {
		fields,
		get document() {
			const isBarred = method === 'HEAD' || raw.headersSent || isForwarded(fields);
			return isBarred ? undefined : documentOf(raw, fields);
		},
		setCookie: (name, field) => {
			const isOther = (line: string): boolean => !line.startsWith(`${name}=`);
			const lines = linesOf((isFastify(response) ? response : raw).getHeader('set-cookie'));
			const next = [...lines.filter(isOther), field];
			if (!isFastify(response)) return void raw.setHeader('set-cookie', next);
			// Otherwise Fastify would add to what is there.
			response.removeHeader('set-cookie');
			response.header('set-cookie', next);
		},
	};
};

const isFastify = (response: CasperResponse): response is FastifyReply => 'raw' in response;

/** Node's own object in what a server hands out. */
const rawOf = <T extends object>(
	setting: string,
	given: T | { readonly raw: T },
	property: keyof T & string,
): T => {
	const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
	const raw = isObject(given) && 'raw' in given ? given.raw : given;
	if (!isObject(raw) || !(property in raw)) throw new UsageError(setting, `a server's ${setting}`, given);
	return raw;
};

/** Fields of a promised request beside the pseudo-header ones, by lower-case name. */
export type PromisedFields = Readonly<Record<string, string>>;

/**
 * What a client would send with its own request for the resource. With less, a host would take it for a stranger, and
 * could give it another session.
 */
const COPIED = ['accept-encoding', 'accept-language', 'authorization', 'cookie', 'user-agent'] as const;

/** No promise can have them (RFC 9113 §8.2.2), or not from a caller (§8.3.1). */
const FORBIDDEN: ReadonlySet<string> = new Set([
	'connection',
	'host',
	'http2-settings',
	'keep-alive',
	'proxy-connection',
	'te',
	'transfer-encoding',
	'upgrade',
]);

/**
 * The fields of what is promised with a request that has `fields`: some of those, and `added`.
 * @throws {UsageError} for an added field that no promised request can have
 */
export const promisedFields = (fields: Fields, added: PromisedFields): PromisedFields => {
	const copied = COPIED.flatMap((name) => (fields[name] === undefined ? [] : [[name, String(fields[name])]]));
	if (typeof added !== 'object' || added === null) throw new UsageError('headers', 'fields by name', added);
	const lower = Object.entries(added).map(([name, value]) => {
		if (!isField(name, value))
			throw new UsageError(`headers[${JSON.stringify(name)}]`, 'a field of a promised request', value);
		return [name.toLowerCase(), value];
	});
	return Object.fromEntries([...copied, ...lower]);
};

const isField = (name: string, value: unknown): boolean => {
	try {
		validateHeaderName(name);
		validateHeaderValue(name, value as string);
		return typeof value === 'string' && !FORBIDDEN.has(name.toLowerCase());
	} catch {
		return false;
	}
};

const linesOf = (field: unknown): string[] =>
	field === undefined ? [] : Array.isArray(field) ? field.map(String) : [String(field)];

const documentOf = (response: NodeResponse, fields: Fields): PromisingDocument | undefined => {
	const stream = 'stream' in response ? response.stream : undefined;
	// The type of a server's stream does not say so, but a server's stream has a server's session.
	const session = stream?.session as ServerHttp2Session | undefined;
	const authority = fields[':authority'] ?? fields.host;
	if (stream === undefined || session === undefined || typeof authority !== 'string') return undefined;
	// Streams of even number are pushed ones, on which nothing can be promised (RFC 9113 §5.1.1 and §8.4).
	const isAsked = (stream.id ?? 0) % 2 === 1;
	// Node does not look at the second: a client that takes no pushed stream at all (RFC 9113 §8.4).
	const takesPushes = stream.pushAllowed && session.remoteSettings.maxConcurrentStreams !== 0;
	if (!isAsked || !takesPushes || stream.headersSent) return undefined;
	return {
		stream,
		session,
		authority,
		isSecure: session.encrypted === true,
		port: session.socket.localPort ?? 0,
	};
};
