// Clients. `Wire` speaks HTTP/2 frame by frame and keeps every frame in the order in which it came (RFC 9113); `ask` is
// Node's own client of either protocol; `Line` says over a socket exactly what a test writes.

import { request as http1Request } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { onEnd, type Tested, within } from './server.ts';

export type Fields = Record<string, string>;

/** An answer as a test looks at it. */
export interface Answer {
	readonly status: number;
	/** By lower-case name; `set-cookie` as one line. */
	readonly fields: Fields;
	readonly body: Buffer;
}

/** The two protocols that every answer must be the same over. */
export const PROTOCOLS = ['HTTP/2', 'HTTP/1.1'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

const PATIENCE_SECONDS = 20;

/** One request on a connection of its own, by Node's client. The target is sent as it is given. */
export const ask = async (
	tested: Tested,
	protocol: Protocol,
	target: string,
	fields: Fields = {},
	method = 'GET',
	content = '',
): Promise<Answer> => {
	if (protocol === 'HTTP/1.1')
		return within(`${method} ${target}`, askHttp1(tested, target, fields, method, content), PATIENCE_SECONDS);
	const session = openSession(tested, { enablePush: false });
	try {
		return await askOn(session, target, fields, method, content);
	} finally {
		session.close();
	}
};

/** An HTTP/2 connection of Node's client, closed after the test. */
export const openSession = (tested: Tested, settings: { enablePush?: boolean } = {}): ClientHttp2Session => {
	const session = connectHttp2(tested.server.url, { rejectUnauthorized: false, settings });
	session.on('error', () => {});
	onEnd(() => session.destroy());
	return session;
};

/** One request on an HTTP/2 connection of Node's client. */
export const askOn = (
	session: ClientHttp2Session,
	target: string,
	fields: Fields = {},
	method = 'GET',
	content = '',
): Promise<Answer> =>
	within(
		`${method} ${target}`,
		new Promise((resolve, reject) => {
			const stream = session.request({ ':method': method, ':path': target, ...fields });
			let head: Omit<Answer, 'body'> = { status: 0, fields: {} };
			const chunks: Buffer[] = [];
			stream.on('response', (headers) => {
				head = { status: Number(headers[':status']), fields: textOf(headers) };
			});
			stream.on('data', (chunk: Buffer) => chunks.push(chunk));
			stream.on('error', reject);
			stream.on('close', () => {
				if (stream.rstCode !== 0) reject(new Error(`${target}: reset with code ${stream.rstCode}`));
				else resolve({ ...head, body: Buffer.concat(chunks) });
			});
			if (content === '') stream.end();
			else stream.end(content);
		}),
		PATIENCE_SECONDS,
	);

const askHttp1 = (
	tested: Tested,
	target: string,
	fields: Fields,
	method: string,
	content: string,
): Promise<Answer> =>
	new Promise((resolve, reject) => {
		const { port } = tested;
		const options = { host: 'localhost', port, path: target, headers: fields, method, agent: false } as const;
		const request = tested.isSecure
			? httpsRequest({ ...options, rejectUnauthorized: false })
			: http1Request(options);
		request.on('error', reject);
		request.on('response', (response) => {
			const chunks: Buffer[] = [];
			response.on('data', (chunk: Buffer) => chunks.push(chunk));
			response.on('error', reject);
			response.on('end', () => {
				const { statusCode = 0, headers } = response;
				resolve({ status: statusCode, fields: textOf(headers), body: Buffer.concat(chunks) });
			});
		});
		request.end(content);
	});

const textOf = (headers: Record<string, string | string[] | number | undefined>): Fields =>
	Object.fromEntries(
		Object.entries(headers).flatMap(([name, value]) =>
			value === undefined || name.startsWith(':') ? [] : [[name, String(value)]],
		),
	);

/** A socket to the server; over TLS with this protocol agreed on. */
const openSocket = (tested: Tested, alpn: 'h2' | 'http/1.1', host = 'localhost'): Socket => {
	const { port } = tested;
	const socket = tested.isSecure
		? connectTls({ host, port, servername: 'localhost', ALPNProtocols: [alpn], rejectUnauthorized: false })
		: connectTcp({ host, port });
	socket.setNoDelay(true);
	socket.on('error', () => {});
	onEnd(() => socket.destroy());
	return socket;
};

/** Writes pieces that arrive one by one: the server, in this same process, has its turn after each. */
const writeInPieces = async (socket: Socket, bytes: Buffer, size: number): Promise<void> => {
	for (let at = 0; at < bytes.length; at += size) {
		await new Promise((resolve) => socket.write(bytes.subarray(at, at + size), resolve));
		for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
	}
};

/** What a test waits for: looked at again whenever something comes in. */
class Watch {
	readonly #waiting = new Set<() => void>();

	look(): void {
		for (const check of this.#waiting) check();
	}

	async until(what: string, isMet: () => boolean, describe: () => string): Promise<void> {
		if (isMet()) return;
		let check = (): void => {};
		const met = new Promise<void>((resolve, reject) => {
			check = () => {
				try {
					if (isMet()) resolve();
				} catch (error) {
					reject(error);
				}
			};
		});
		this.#waiting.add(check);
		try {
			await within(what, met, PATIENCE_SECONDS);
		} catch (error) {
			throw new Error(`${(error as Error).message}; so far: ${describe()}`);
		} finally {
			this.#waiting.delete(check);
		}
	}
}

/** HTTP/1.1 as text over a socket. */
export class Line {
	readonly socket: Socket;
	isClosed = false;
	readonly #watch = new Watch();
	#received = '';

	constructor(tested: Tested, host?: string) {
		this.socket = openSocket(tested, 'http/1.1', host);
		this.socket.setEncoding('latin1').on('data', (text: string) => {
			this.#received += text;
			this.#watch.look();
		});
		this.socket.on('close', () => {
			this.isClosed = true;
			this.#watch.look();
		});
	}

	/** Everything that came in, one character a byte. */
	get received(): string {
		return this.#received;
	}

	/** Writes one byte a character, in pieces of `size` that arrive one by one. */
	async write(text: string, size: number = text.length): Promise<void> {
		await writeInPieces(this.socket, Buffer.from(text, 'latin1'), size);
	}

	until(what: string, isMet: (received: string) => boolean): Promise<void> {
		return this.#watch.until(
			what,
			() => isMet(this.#received),
			() => this.#received.slice(0, 500),
		);
	}

	closed(): Promise<void> {
		return this.#watch.until(
			'the end of the connection',
			() => this.isClosed,
			() => this.#received.slice(0, 500),
		);
	}
}

/** The status of an HTTP/1.1 exchange of which the request is written byte for byte; 0 where there is no answer. */
export const askRaw = async (tested: Tested, request: string): Promise<{ status: number; text: string }> => {
	const line = new Line(tested);
	await line.write(request);
	await line.closed();
	return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(line.received)?.[1] ?? 0), text: line.received };
};

/** A frame that came in, or the end of the connection. */
export type Frame = { readonly stream: number } & (
	| { readonly kind: 'headers'; readonly fields: Fields; readonly isEnd: boolean }
	| { readonly kind: 'promise'; readonly promised: number; readonly fields: Fields }
	| { readonly kind: 'data'; readonly bytes: Buffer; readonly isEnd: boolean }
	| { readonly kind: 'reset' | 'goaway'; readonly code: number }
	| { readonly kind: 'settings' | 'ping'; readonly isAcknowledgement: boolean }
	| { readonly kind: 'closed' | 'other' }
);

/** What a stream came to, as far as its frames say. */
export interface Told extends Answer {
	/** Ended with END_STREAM. */
	readonly isWhole: boolean;
	/** The code of the RST_STREAM, if one came. */
	readonly resetCode: number | undefined;
}

interface Telling {
	status: number;
	fields: Fields;
	chunks: Buffer[];
	isWhole: boolean;
	resetCode: number | undefined;
}

const NOTHING: Telling = { status: 0, fields: {}, chunks: [], isWhole: false, resetCode: undefined };

/** A page view: the document, and by path what was promised with it, in the order of the promises. */
export interface View {
	readonly document: Told;
	readonly pushes: ReadonlyMap<string, Told & { readonly promise: Fields; readonly stream: number }>;
	/** All frames since the request. */
	readonly frames: readonly Frame[];
}

/** Frame types (RFC 9113 §6). */
export const TYPE = {
	data: 0,
	headers: 1,
	reset: 3,
	settings: 4,
	promise: 5,
	ping: 6,
	goaway: 7,
	window: 8,
} as const;
/** Settings (RFC 9113 §6.5.2). */
export const SETTING = { tableSize: 1, enablePush: 2, maxConcurrentStreams: 3, initialWindow: 4 } as const;
export const CANCEL = 8;
const FLAG = { acknowledgement: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 };
const LARGEST_WINDOW = 2 ** 31 - 1;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** An HTTP/2 connection, frame by frame. Its windows are as large as can be unless `settings` say otherwise. */
export class Wire {
	readonly frames: Frame[] = [];
	readonly socket: Socket;
	/** Answers PINGs. */
	isAlive = true;
	/** What a client sends first (RFC 9113 §3.4). */
	readonly #greeting: Buffer;
	readonly #told = new Map<number, Telling>();
	/** Frames that wait for the greeting. */
	#held: Buffer[] | undefined;
	readonly #authority: string;
	readonly #scheme: string;
	readonly #watch = new Watch();
	#pending = Buffer.alloc(0);
	#nextStream = 1;
	#pings = 0;

	/**
	 * @param settings by their number; table size 0, so that header blocks can be read one by one
	 * @param isSilent nothing is sent before {@link Wire.greetInPieces}
	 */
	constructor(tested: Tested, settings: Readonly<Record<number, number>> = {}, isSilent = false) {
		this.#authority = tested.authority;
		this.#scheme = tested.isSecure ? 'https' : 'http';
		this.socket = openSocket(tested, 'h2');
		this.#greeting = Buffer.concat([
			Buffer.from(PREFACE),
			settingsFrame({ [SETTING.tableSize]: 0, [SETTING.initialWindow]: LARGEST_WINDOW, ...settings }),
			windowFrame(0, LARGEST_WINDOW - 65_535),
		]);
		if (isSilent) this.#held = [];
		else this.send(this.#greeting);
		this.socket.on('data', (chunk: Buffer) => this.#receive(chunk));
		this.socket.on('close', () => this.#note({ kind: 'closed', stream: 0 }));
	}

	send(...frames: readonly Buffer[]): void {
		if (this.#held === undefined) this.socket.write(Buffer.concat(frames));
		else this.#held.push(...frames);
	}

	/** Sends the greeting in pieces that arrive one by one: a first one of `first` bytes, then of `size` bytes. */
	async greetInPieces(first: number, size: number): Promise<void> {
		await writeInPieces(this.socket, this.#greeting.subarray(0, first), first);
		await writeInPieces(this.socket, this.#greeting.subarray(first), size);
		const held = this.#held ?? [];
		this.#held = undefined;
		this.send(...held);
	}

	/** Sends a request without body, and returns its stream. Pseudo-header fields can be overridden. */
	request(target: string, fields: Fields = {}, isEnd = true): number {
		const stream = this.#nextStream;
		this.#nextStream += 2;
		this.send(headersFrame(stream, this.#requestFields(target, fields), isEnd));
		return stream;
	}

	#requestFields(target: string, fields: Fields): Fields {
		const pseudo = {
			':method': 'GET',
			':scheme': this.#scheme,
			':authority': this.#authority,
			':path': target,
		};
		return { ...pseudo, ...fields };
	}

	/** Views a page: resolves when the document and all that was promised with it have come to an end. */
	async view(target: string, fields: Fields = {}): Promise<View> {
		const from = this.frames.length;
		const stream = this.request(target, fields);
		await this.ended(stream);
		for (const { promised } of this.promisesOn(stream)) await this.ended(promised);
		return this.viewOf(stream, from);
	}

	/** What the document on `stream` and its promises have come to. */
	viewOf(stream: number, from = 0): View {
		const pushes = this.promisesOn(stream).map(
			({ promised, fields: promise }) =>
				[promise[':path'] ?? '', { ...this.told(promised), promise, stream: promised }] as const,
		);
		return { document: this.told(stream), pushes: new Map(pushes), frames: this.frames.slice(from) };
	}

	promisesOn(stream: number): Extract<Frame, { kind: 'promise' }>[] {
		return this.frames.flatMap((frame) =>
			frame.kind === 'promise' && frame.stream === stream ? [frame] : [],
		);
	}

	/** What came on `stream` so far. */
	told(stream: number): Told {
		const { status, fields, chunks, isWhole, resetCode } = this.#told.get(stream) ?? NOTHING;
		return { status, fields, body: Buffer.concat(chunks), isWhole, resetCode };
	}

	/** Resolves when `stream` has come to its end, whole or reset. */
	ended(stream: number): Promise<void> {
		return this.until(`the end of stream ${stream}`, () => {
			const { isWhole, resetCode } = this.#told.get(stream) ?? NOTHING;
			return isWhole || resetCode !== undefined;
		});
	}

	/** Resolves when the server has answered a PING: all that it did before has arrived. */
	async flushed(): Promise<void> {
		this.#pings++;
		this.send(frameOf(TYPE.ping, 0, 0, Buffer.alloc(8)));
		const isAnswer = (frame: Frame): boolean => frame.kind === 'ping' && frame.isAcknowledgement;
		await this.until('the answer to a PING', () => this.frames.filter(isAnswer).length >= this.#pings);
	}

	get isClosed(): boolean {
		return this.frames.at(-1)?.kind === 'closed';
	}

	until(what: string, isMet: () => boolean): Promise<void> {
		const isMetOrOver = (): boolean => {
			if (isMet()) return true;
			if (this.isClosed) throw new Error(`${what}: the connection was closed; so far: ${this.#describe()}`);
			return false;
		};
		return this.#watch.until(what, isMetOrOver, () => this.#describe());
	}

	#describe(): string {
		return this.frames
			.slice(-40)
			.map((frame) => `${frame.kind} ${frame.stream}${'isEnd' in frame && frame.isEnd ? ' end' : ''}`)
			.join(', ');
	}

	#receive(chunk: Buffer): void {
		this.#pending = Buffer.concat([this.#pending, chunk]);
		while (this.#pending.length >= 9) {
			const length = this.#pending.readUIntBE(0, 3);
			if (this.#pending.length < 9 + length) return;
			const payload = this.#pending.subarray(9, 9 + length);
			const stream = this.#pending.readUInt32BE(5) & LARGEST_WINDOW;
			const [type = 0, flags = 0] = this.#pending.subarray(3, 5);
			this.#pending = this.#pending.subarray(9 + length);
			this.#note(this.#read(type, flags, stream, payload));
		}
	}

	#note(frame: Frame): void {
		this.frames.push(frame);
		const told = this.#told.get(frame.stream) ?? { ...NOTHING, chunks: [] };
		this.#told.set(frame.stream, told);
		if (frame.kind === 'headers') {
			const { ':status': status, ...fields } = frame.fields;
			Object.assign(told, { status: Number(status), fields });
		} else if (frame.kind === 'data') told.chunks.push(frame.bytes);
		else if (frame.kind === 'reset') told.resetCode = frame.code;
		if (frame.kind === 'headers' || frame.kind === 'data') told.isWhole ||= frame.isEnd;
		this.#watch.look();
	}

	#read(type: number, flags: number, stream: number, payload: Buffer): Frame {
		const isEnd = (flags & FLAG.endStream) !== 0;
		const isAcknowledgement = (flags & FLAG.acknowledgement) !== 0;
		switch (type) {
			case TYPE.data:
				return { kind: 'data', stream, isEnd, bytes: unpad(payload, flags) };
			case TYPE.headers: {
				const block = unpad(payload, flags).subarray((flags & FLAG.priority) === 0 ? 0 : 5);
				return { kind: 'headers', stream, isEnd, fields: readBlock(block, flags) };
			}
			case TYPE.promise: {
				const block = unpad(payload, flags);
				const promised = block.readUInt32BE(0) & LARGEST_WINDOW;
				return { kind: 'promise', stream, promised, fields: readBlock(block.subarray(4), flags) };
			}
			case TYPE.reset:
				return { kind: 'reset', stream, code: payload.readUInt32BE(0) };
			case TYPE.goaway:
				return { kind: 'goaway', stream, code: payload.readUInt32BE(4) };
			case TYPE.settings:
				if (!isAcknowledgement)
					this.send(frameOf(TYPE.settings, FLAG.acknowledgement, 0, payload.subarray(0, 0)));
				return { kind: 'settings', stream, isAcknowledgement };
			case TYPE.ping:
				if (!isAcknowledgement && this.isAlive)
					this.send(frameOf(TYPE.ping, FLAG.acknowledgement, 0, payload));
				return { kind: 'ping', stream, isAcknowledgement };
			default:
				return { kind: 'other', stream };
		}
	}
}

/** A frame (RFC 9113 §4.1). */
export const frameOf = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
	const head = Buffer.alloc(9);
	head.writeUIntBE(payload.length, 0, 3);
	head.writeUInt8(type, 3);
	head.writeUInt8(flags, 4);
	head.writeUInt32BE(stream, 5);
	return Buffer.concat([head, payload]);
};

const uint32 = (value: number): Buffer => {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return bytes;
};

export const settingsFrame = (settings: Readonly<Record<number, number>>): Buffer => {
	const entries = Object.entries(settings).map(([id, value]) =>
		Buffer.concat([Buffer.from([0, Number(id)]), uint32(value)]),
	);
	return frameOf(TYPE.settings, 0, 0, Buffer.concat(entries));
};
export const windowFrame = (stream: number, bytes: number): Buffer =>
	frameOf(TYPE.window, 0, stream, uint32(bytes));
export const resetFrame = (stream: number, code: number): Buffer =>
	frameOf(TYPE.reset, 0, stream, uint32(code));
export const goawayFrame = (code: number): Buffer =>
	frameOf(TYPE.goaway, 0, 0, Buffer.concat([uint32(0), uint32(code)]));
export const dataFrame = (stream: number, bytes: Buffer, isEnd: boolean): Buffer =>
	frameOf(TYPE.data, isEnd ? FLAG.endStream : 0, stream, bytes);
/** Fields without indexing and without Huffman coding (RFC 7541 §6.2.2); one byte a character, whatever it is. */
export const headersFrame = (stream: number, fields: Fields, isEnd: boolean): Buffer => {
	const block = Object.entries(fields).map(([name, value]) =>
		Buffer.concat([Buffer.from([0]), textBytes(name), textBytes(value)]),
	);
	return frameOf(TYPE.headers, FLAG.endHeaders | (isEnd ? FLAG.endStream : 0), stream, Buffer.concat(block));
};

const textBytes = (text: string): Buffer => {
	const bytes = Buffer.from(text, 'latin1');
	// RFC 7541 §5.1: an integer with a prefix of seven bits.
	const length = [];
	if (bytes.length < 127) length.push(bytes.length);
	else {
		length.push(127);
		let rest = bytes.length - 127;
		for (; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128);
		length.push(rest);
	}
	return Buffer.concat([Buffer.from(length), bytes]);
};

const unpad = (payload: Buffer, flags: number): Buffer =>
	(flags & FLAG.padded) === 0 ? payload : payload.subarray(1, payload.length - (payload[0] ?? 0));

/** The fields of a header block (RFC 7541 §6) of an encoder that was given no dynamic table. */
const readBlock = (block: Buffer, flags: number): Fields => {
	if ((flags & FLAG.endHeaders) === 0) throw new Error('header block: expected one frame, got more');
	const fields: Fields = {};
	let at = 0;
	const readInteger = (prefix: number): number => {
		const most = 2 ** prefix - 1;
		let value = (block[at++] ?? 0) & most;
		if (value < most) return value;
		for (let shift = 0; ; shift += 7) {
			const byte = block[at++] ?? 0;
			value += (byte & 127) * 2 ** shift;
			if (byte < 128) return value;
		}
	};
	const readText = (): string => {
		const isHuffman = ((block[at] ?? 0) & 128) !== 0;
		const length = readInteger(7);
		const bytes = block.subarray(at, at + length);
		at += length;
		return isHuffman ? decodeHuffman(bytes) : bytes.toString('latin1');
	};
	while (at < block.length) {
		const first = block[at] ?? 0;
		if ((first & 0xe0) === 0x20) {
			readInteger(5);
			continue;
		}
		const isIndexed = (first & 0x80) !== 0;
		const index = readInteger(isIndexed ? 7 : (first & 0x40) === 0 ? 4 : 6);
		const entry = STATIC_TABLE[index - 1];
		if (index > 0 && entry === undefined)
			throw new Error(`header block: expected no dynamic table, got ${index}`);
		const name = entry?.[0] ?? readText();
		const value = isIndexed ? (entry?.[1] ?? '') : readText();
		fields[name] = fields[name] === undefined ? value : `${fields[name]}, ${value}`;
	}
	return fields;
};

/** RFC 7541 appendix A. */
const STATIC_TABLE = [
	':authority| :method|GET :method|POST :path|/ :path|/index.html :scheme|http :scheme|https :status|200 :status|204',
	':status|206 :status|304 :status|400 :status|404 :status|500 accept-charset| accept-encoding|gzip,@deflate',
	'accept-language| accept-ranges| accept| access-control-allow-origin| age| allow| authorization| cache-control|',
	'content-disposition| content-encoding| content-language| content-length| content-location| content-range|',
	'content-type| cookie| date| etag| expect| expires| from| host| if-match| if-modified-since| if-none-match|',
	'if-range| if-unmodified-since| last-modified| link| location| max-forwards| proxy-authenticate|',
	'proxy-authorization| range| referer| refresh| retry-after| server| set-cookie| strict-transport-security|',
	'transfer-encoding| user-agent| vary| via| www-authenticate|',
].flatMap((line) => line.split(' ').map((entry) => entry.replace('@', ' ').split('|')));

/** RFC 7541 appendix B: the code is canonical, so that its lengths say everything. By byte, the last is the end. */
const HUFFMAN_LENGTHS = [
	'13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28',
	'6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10',
	'13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6',
	'15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28',
	'20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24',
	'22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23',
	'26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27',
	'20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26',
	'30',
].flatMap((line) => line.split(' ').map(Number));

/** Symbols by length and code: `5:0` is the first code of five bits. */
const HUFFMAN_SYMBOLS: ReadonlyMap<string, number> = (() => {
	const symbols = new Map<string, number>();
	let code = 0;
	for (let length = 5; length <= 30; length++, code *= 2)
		for (const [symbol, its] of HUFFMAN_LENGTHS.entries())
			if (its === length) symbols.set(`${length}:${code++}`, symbol);
	return symbols;
})();

const decodeHuffman = (bytes: Buffer): string => {
	let text = '';
	let code = 0;
	let length = 0;
	for (const byte of bytes)
		for (let bit = 7; bit >= 0; bit--) {
			code = code * 2 + ((byte >> bit) & 1);
			length++;
			const symbol = HUFFMAN_SYMBOLS.get(`${length}:${code}`);
			if (symbol === undefined) continue;
			text += String.fromCharCode(symbol);
			code = 0;
			length = 0;
		}
	// What is left is padding: fewer than eight bits, all ones.
	if (length > 7 || code !== 2 ** length - 1)
		throw new Error('Huffman code: expected padding of ones, got others');
	return text;
};
