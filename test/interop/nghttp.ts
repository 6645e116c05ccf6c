// nghttp, the client of the nghttp2 project, as a peer: runs it, and reads its log of frames and its table of statistics.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A line of the table: a response that nghttp took. */
export interface Row {
	/** Shown as an asterisk. */
	readonly isPushed: boolean;
	readonly status: number;
	readonly path: string;
}

/** An HTTP/2 stream with a request, asked for or promised. */
export interface Stream {
	readonly id: number;
	/** The stream whose answer promised this one; `undefined` where nghttp asked. */
	readonly promisedOn: number | undefined;
	readonly request: Fields;
	/** `undefined` where nghttp declined the promise. */
	readonly response: Fields | undefined;
	/** Bytes of body received. */
	readonly bytes: number;
}

export type Fields = Readonly<Record<string, string>>;

/** A frame of the connection. */
export interface Frame {
	readonly isReceived: boolean;
	readonly type: string;
	readonly streamId: number;
	readonly isEndOfStream: boolean;
	/** Of a `PUSH_PROMISE`. */
	readonly promisedId: number | undefined;
	/** Of a `GOAWAY` or `RST_STREAM`, such as `NO_ERROR`. */
	readonly errorCode: string | undefined;
	/** Bytes of content: padding not counted. */
	readonly bytes: number;
	readonly fields: Fields;
}

/** What nghttp got on one connection. */
export interface Visit {
	readonly rows: readonly Row[];
	readonly streams: readonly Stream[];
	readonly frames: readonly Frame[];
	/** The table as it is printed, from its line of titles on. */
	readonly table: string;
}

const run = promisify(execFile);

/**
 * Asks for `urls` on one connection. `options` are nghttp's own, such as `-a` to fetch also what a page needs as far as
 * nghttp sees it: style sheets, scripts and images.
 */
export const visit = async (options: readonly string[], ...urls: readonly string[]): Promise<Visit> => {
	// -n: bodies are not printed; -s: statistics; -y: no word about the certificate; -v: frames.
	const args = ['-nsyv', ...options, ...urls];
	const { stdout, stderr } = await run('nghttp', args, { timeout: 30_000, maxBuffer: 2 ** 26 });
	const [log = '', table = ''] = stdout.split(/^(?=id +responseEnd )/m);
	const frames = parseFrames(log);
	const streams = streamsOf(frames);
	const rows = parseTable(table);
	const trouble = troubleIn(rows, streams, stderr);
	if (trouble !== undefined) throw new Error(`nghttp ${args.join(' ')}: ${trouble}`);
	return { rows, streams, frames, table };
};

/** Reads the lines `id responseEnd [*] requestStart process code size request-path` in `text`, and passes over others. */
export const parseTable = (text: string): Row[] => {
	const rows: Row[] = [];
	for (const line of text.split('\n')) {
		const [, star, status, path = ''] =
			/^ *\d+ +\+\S+ +(\* +)?\+\S+ +\S+ +(\d{3}) +\S+ (\S+)$/.exec(line.trimEnd()) ?? [];
		if (status !== undefined) rows.push({ isPushed: star !== undefined, status: Number(status), path });
	}
	return rows;
};

const parseFrames = (log: string): Frame[] => {
	const frames: Frame[] = [];
	/** Received fields are logged one by one, before their frame. */
	const pending = new Map<string, Record<string, string>>();
	// A frame's details follow it in lines that are set in.
	for (const entry of log.split(/\n(?=\[)/)) {
		const [, streamId = '', name = '', value = ''] =
			/^\[ *[\d.]+\] recv \(stream_id=(\d+)[^)]*\) (:?[^:]+): (.*)$/.exec(entry.trimEnd()) ?? [];
		if (name !== '') {
			const fields = pending.get(streamId) ?? {};
			pending.set(streamId, addField(fields, name, value));
			continue;
		}
		const frame = /^\[ *[\d.]+\] (recv|send) (\w+) frame <length=(\d+), .*stream_id=(\d+)>/.exec(entry);
		if (frame === null) continue;
		const [, direction, type = '', length, id = ''] = frame;
		const isReceived = direction === 'recv';
		const hasFields = type === 'HEADERS' || type === 'PUSH_PROMISE';
		const fields = isReceived && hasFields ? (pending.get(id) ?? {}) : sentFields(entry);
		if (isReceived && hasFields) pending.delete(id);
		const promisedId = /promised_stream_id=(\d+)/.exec(entry)?.[1];
		const padding = type === 'DATA' ? Number(/padlen=(\d+)/.exec(entry)?.[1] ?? 0) : 0;
		frames.push({
			isReceived,
			type,
			streamId: Number(id),
			isEndOfStream: /^ +; .*\bEND_STREAM\b/m.test(entry),
			promisedId: promisedId === undefined ? undefined : Number(promisedId),
			errorCode: /error_code=(\w+)/.exec(entry)?.[1],
			bytes: Number(length) - padding,
			fields,
		});
	}
	return frames;
};

const sentFields = (entry: string): Fields => {
	const fields = {};
	for (const [, name = '', value = ''] of entry.matchAll(/^ +(:?[\w-]+): (.*)$/gm))
		addField(fields, name, value);
	return fields;
};

const addField = (fields: Record<string, string>, name: string, value: string): Record<string, string> => {
	fields[name] = name in fields ? `${fields[name]}, ${value}` : value;
	return fields;
};

const streamsOf = (frames: readonly Frame[]): Stream[] => {
	const streams = new Map<number, { -readonly [Name in keyof Stream]: Stream[Name] }>();
	const open = (id: number, promisedOn: number | undefined, request: Fields): void => {
		streams.set(id, { id, promisedOn, request, response: undefined, bytes: 0 });
	};
	for (const { isReceived, type, streamId, promisedId, bytes, fields } of frames) {
		const stream = streams.get(streamId);
		if (type === 'HEADERS' && !isReceived) open(streamId, undefined, fields);
		else if (type === 'PUSH_PROMISE' && promisedId !== undefined) open(promisedId, streamId, fields);
		else if (type === 'HEADERS' && stream) stream.response = fields;
		else if (type === 'DATA' && isReceived && stream) stream.bytes += bytes;
	}
	return [...streams.values()];
};

/** Where the table and the frames do not tell the same story, one of them has been misread. */
const troubleIn = (rows: readonly Row[], streams: readonly Stream[], stderr: string): string | undefined => {
	const answered = streams.filter(({ response }) => response !== undefined);
	const left = answered.map(({ promisedOn, request, response }) =>
		describe(promisedOn !== undefined, Number(response?.[':status']), request[':path'] ?? ''),
	);
	for (const { isPushed, status, path } of rows) {
		const at = left.indexOf(describe(isPushed, status, path));
		if (at === -1) return `no frames for ${status} ${path}`;
		left.splice(at, 1);
	}
	if (rows.length === 0) return 'no line in its table';
	// It declines a promise of what it is getting already, and counts it among what went wrong.
	const [, total = 0, processed = 0] =
		/^Some requests were not processed\. total=(\d+), processed=(\d+)\s*$/.exec(stderr) ?? [];
	const declined = streams.filter(({ promisedOn, response }) => promisedOn !== undefined && !response);
	return stderr === '' || Number(total) - Number(processed) === declined.length ? undefined : stderr;
};

const describe = (isPushed: boolean, status: number, path: string): string =>
	`${isPushed ? '*' : ' '} ${status} ${path}`;

/** The rows as lines without timings, in an order of their own. */
export const toLines = (rows: readonly Row[]): string[] =>
	rows.map(({ isPushed, status, path }) => describe(isPushed, status, path)).sort();
