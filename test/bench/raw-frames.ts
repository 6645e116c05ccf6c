// The few frames of RFC 9113 that the raw client writes, and what it reads of a header block.

/** Frame types (RFC 9113 §6). */
export const frame = {
	data: 0,
	headers: 1,
	reset: 3,
	settings: 4,
	promise: 5,
	ping: 6,
	goAway: 7,
	windowUpdate: 8,
} as const;
/** Bits of a frame's flags; what they mean depends on its type. */
export const flag = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;
const largestWindow = 2 ** 31 - 1;
/** An empty payload. */
export const none: Buffer = Buffer.alloc(0);

/** The preface, our settings, and a window for the connection that is never in the way. */
export function greeting(push: boolean): Buffer {
	// HEADER_TABLE_SIZE 0: the server keeps no table for us. ENABLE_PUSH. MAX_CONCURRENT_STREAMS, which for us limits
	// the pushes, as large as Chromium's was when it took them. INITIAL_WINDOW_SIZE.
	const settings = [1, 0, 2, push ? 1 : 0, 3, 1000, 4, largestWindow];
	const payload = Buffer.alloc(settings.length * 3);
	for (let at = 0; at < settings.length; at += 2) {
		payload.writeUInt16BE(settings[at]!, at * 3);
		payload.writeUInt32BE(settings[at + 1]!, at * 3 + 2);
	}
	return Buffer.concat([
		Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
		frameOf(frame.settings, 0, 0, payload),
		windowUpdate(largestWindow - 65_535),
	]);
}

/** A GET with these fields beside the pseudo-header fields. The stream number is still to be written, at byte 5. */
export function requestFrame(url: URL, fieldsBeside: Readonly<Record<string, string>>): Buffer {
	const fields = {
		':method': 'GET',
		':scheme': 'https',
		':authority': url.host,
		':path': url.pathname + url.search,
		...fieldsBeside,
	};
	const block = Object.entries(fields).map(([name, value]) => literal(name, value));
	return frameOf(frame.headers, flag.endStream | flag.endHeaders, 0, Buffer.concat(block));
}

/** A field without indexing and without Huffman coding (RFC 7541 §6.2.2). */
function literal(name: string, value: string): Buffer {
	return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

function text(value: string): Buffer {
	const bytes = Buffer.from(value);
	if (bytes.length > 126) throw new RangeError(`field text: expected at most 126 bytes, got ${bytes.length}`);
	return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

export function frameOf(type: number, flags: number, stream: number, payload: Buffer): Buffer {
	const header = Buffer.alloc(9);
	header.writeUIntBE(payload.length, 0, 3);
	header[3] = type;
	header[4] = flags;
	header.writeUInt32BE(stream, 5);
	return Buffer.concat([header, payload]);
}

export function windowUpdate(bytes: number): Buffer {
	const payload = Buffer.alloc(4);
	payload.writeUInt32BE(bytes);
	return frameOf(frame.windowUpdate, 0, 0, payload);
}

/** Whether a header block begins with entry 8 of the static table, `:status: 200` (RFC 7541 appendix A). */
export function isStatus200(payload: Buffer, flags: number): boolean {
	let at = ((flags & flag.padded) === 0 ? 0 : 1) + ((flags & flag.priority) === 0 ? 0 : 5);
	// Dynamic table size updates come first (RFC 7541 §4.2); ours are below 31 and so take one byte.
	while (at < payload.length && (payload[at]! & 0xe0) === 0x20) at += 1;
	return payload[at] === 0x88;
}

/** The 31 bits of a stream number: the one above them is reserved. */
export function streamNumber(from: Buffer, at: number): number {
	return from.readUInt32BE(at) & largestWindow;
}
