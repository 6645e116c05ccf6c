// The tiniest clients there are: they say exactly what a probe wants said. A URL parser or an HTTP library would tidy the
// target first, and the server would never see what makes the probe one.

import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';

export type Fields = Readonly<Record<string, string>>;

export interface RawRequest {
	/** Goes onto the wire as it is, one byte a character. */
	readonly target: string;
	readonly method?: string;
	/** By lower-case name; `host` is `:authority` over HTTP/2. */
	readonly fields?: Fields;
}

export interface RawAnswer {
	/** 0: there was no answer. */
	readonly status: number;
	/** By lower-case name; of a repeated field, the lines joined by commas. */
	readonly fields: Fields;
	readonly body: Buffer;
}

export type Ask = (request: RawRequest) => Promise<RawAnswer>;

/** Where a server listens. */
export interface Address {
	readonly port: number;
	readonly isSecure: boolean;
}

const NO_ANSWER: RawAnswer = { status: 0, fields: {}, body: Buffer.alloc(0) };
const PATIENCE_MS = 10_000;

/** One request over HTTP/1.1, on a connection of its own. */
export const askHttp1 = (
	{ port, isSecure }: Address,
	{ target, method = 'GET', fields = {} }: RawRequest,
): Promise<RawAnswer> =>
	new Promise((resolve) => {
		const lines = Object.entries({ host: `localhost:${port}`, connection: 'close', ...fields });
		const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
		const socket = isSecure
			? connectTls({
					host: 'localhost',
					port,
					servername: 'localhost',
					ALPNProtocols: ['http/1.1'],
					rejectUnauthorized: false,
				})
			: connectTcp({ host: 'localhost', port });
		const chunks: Buffer[] = [];
		// A server that keeps the connection is judged by what it has sent.
		const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
		socket.on('data', (chunk) => chunks.push(chunk));
		socket.on('error', () => {});
		socket.on('close', () => {
			clearTimeout(timer);
			resolve(parse(Buffer.concat(chunks)));
		});
		socket.write(`${method} ${target} HTTP/1.1\r\n${head}\r\n`, 'latin1');
	});

const parse = (bytes: Buffer): RawAnswer => {
	const end = bytes.indexOf('\r\n\r\n');
	const [first = '', ...lines] = bytes.toString('latin1', 0, Math.max(end, 0)).split('\r\n');
	const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? 0);
	if (status === 0) return NO_ANSWER;
	const fields: Record<string, string> = {};
	for (const line of lines) {
		const colon = line.indexOf(':');
		const name = line.slice(0, colon).toLowerCase();
		const value = line.slice(colon + 1).trim();
		fields[name] = fields[name] === undefined ? value : `${fields[name]}, ${value}`;
	}
	const rest = bytes.subarray(end + 4);
	const isChunked = /chunked/i.test(fields['transfer-encoding'] ?? '');
	return { status, fields, body: isChunked ? joinChunks(rest) : rest };
};

/** RFC 9112 §7.1. */
const joinChunks = (bytes: Buffer): Buffer => {
	const pieces: Buffer[] = [];
	for (let at = 0; ; ) {
		const line = bytes.indexOf('\r\n', at);
		const size = line < 0 ? 0 : Number.parseInt(bytes.toString('latin1', at, line), 16) || 0;
		if (size === 0) return Buffer.concat(pieces);
		pieces.push(bytes.subarray(line + 2, line + 2 + size));
		at = line + 2 + size + 2;
	}
};

/** An HTTP/2 connection of Node's client, which sends `:path` as it is given. To be closed by who opens it. */
export const openHttp2 = ({ port, isSecure }: Address): ClientHttp2Session => {
	const session = connectHttp2(`${isSecure ? 'https' : 'http'}://localhost:${port}`, {
		rejectUnauthorized: false,
		settings: { enablePush: false },
	});
	session.on('error', () => {});
	return session;
};

/** One request on an HTTP/2 connection. */
export const askHttp2 = (
	session: ClientHttp2Session,
	{ target, method = 'GET', fields = {} }: RawRequest,
): Promise<RawAnswer> =>
	new Promise((resolve) => {
		const { host, ...others } = fields;
		const stream = session.request({
			':method': method,
			':path': target,
			...(host === undefined ? {} : { ':authority': host }),
			...others,
		});
		let head: Omit<RawAnswer, 'body'> = NO_ANSWER;
		const chunks: Buffer[] = [];
		stream.setTimeout(PATIENCE_MS, () => stream.close());
		stream.on('response', (headers) => {
			const entries = Object.entries(headers).map(([name, value]) => [name, String(value)]);
			head = { status: Number(headers[':status']), fields: Object.fromEntries(entries) };
		});
		stream.on('data', (chunk: Buffer) => chunks.push(chunk));
		stream.on('error', () => {});
		stream.on('close', () => resolve({ ...head, body: Buffer.concat(chunks) }));
		stream.end();
	});
