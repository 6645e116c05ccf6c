// A client that takes pushes and costs less than the server it measures. Node's own client spends more on a pushed
// stream than the server does, and h2load refuses push; this one looks at frame headers only (RFC 9113 §4.1), skips
// DATA payloads, and never decodes a header block beyond its first byte, which tells whether the status is 200.

import { lookup } from 'node:dns/promises';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import {
	flag,
	frame,
	frameOf,
	greeting,
	isStatus200,
	none,
	requestFrame,
	streamNumber,
	windowUpdate,
} from './raw-frames.ts';
import { Faults } from './report.ts';

export interface PageLoad {
	readonly url: URL;
	/** Fields of each document request, beside the pseudo-header fields. */
	readonly fields: Readonly<Record<string, string>>;
	/** What each page view must consist of; anything else is reported as a fault. */
	readonly expected: { readonly pushes: number; readonly bytes: number };
	readonly connections: number;
	/** Page views in flight on each connection. */
	readonly inFlight: number;
	/** A connection of its own for every page view. */
	readonly fresh: boolean;
	readonly milliseconds: number;
}

export interface PageLoadResult {
	readonly pages: number;
	readonly pushes: number;
	readonly bytes: number;
	readonly seconds: number;
	/** Empty when every page view was as expected. */
	readonly faults: Faults;
}

/** Views one page over and over for a time and counts complete views: the document and every promised stream. */
export async function loadPages(load: PageLoad): Promise<PageLoadResult> {
	const tally = new Tally(load);
	// Looked up once: for each connection it would cost a thread's turn.
	const { address } = await lookup(load.url.hostname);
	const lanes = Array.from({ length: load.connections });
	// Handshakes count only where they are the subject.
	const opened = load.fresh ? [] : await Promise.all(lanes.map(() => open(load.url, address)));
	const began = performance.now();
	tally.deadline = began + load.milliseconds;
	const view = async (_: unknown, lane: number): Promise<void> => {
		if (load.fresh) await viewOnFreshConnections(load, address, tally);
		else await new RawConnection(opened[lane]!, load, tally).run();
	};
	await Promise.all(lanes.map(view));
	return tally.result((tally.last - began) / 1000);
}

async function viewOnFreshConnections(load: PageLoad, address: string, tally: Tally): Promise<void> {
	while (performance.now() < tally.deadline) {
		await new RawConnection(await open(load.url, address), { ...load, inFlight: 1 }, tally).run();
	}
}

// One for all: made anew for each connection, it costs the client more than the handshake costs the server.
const secureContext = createSecureContext();

function open(url: URL, address: string): Promise<TLSSocket> {
	return new Promise((resolve, reject) => {
		const socket = connect({
			host: address,
			port: Number(url.port),
			servername: url.hostname,
			secureContext,
			ALPNProtocols: ['h2'],
			rejectUnauthorized: false,
		});
		socket.setNoDelay(true);
		socket.once('error', reject);
		socket.once('secureConnect', () => {
			socket.off('error', reject);
			if (socket.alpnProtocol === 'h2') resolve(socket);
			else reject(new Error(`${url.href}: does not speak HTTP/2`));
		});
	});
}

/** One page view: a document and what was promised with it. */
interface View {
	open: number;
	pushes: number;
	bytes: number;
}

class Tally {
	deadline = 0;
	/** When the last page view was complete. */
	last = 0;
	readonly faults: Faults = new Faults();
	#pages = 0;
	#pushes = 0;
	#bytes = 0;
	readonly #load: PageLoad;

	constructor(load: PageLoad) {
		this.#load = load;
	}

	complete(view: View): void {
		const { pushes, bytes } = this.#load.expected;
		if (view.pushes !== pushes) this.faults.add(`${view.pushes} pushes with a page instead of ${pushes}`);
		else if (view.bytes !== bytes) this.faults.add(`${view.bytes} bytes with a page instead of ${bytes}`);
		this.last = performance.now();
		this.#pages += 1;
		this.#pushes += view.pushes;
		this.#bytes += view.bytes;
	}

	result(seconds: number): PageLoadResult {
		return { pages: this.#pages, pushes: this.#pushes, bytes: this.#bytes, seconds, faults: this.faults };
	}
}

class RawConnection {
	readonly #socket: TLSSocket;
	readonly #load: PageLoad;
	readonly #tally: Tally;
	readonly #views = new Map<number, View>();
	readonly #request: Buffer;
	#nextStream = 1;
	#rest: Buffer = none;
	/** Bytes of the current DATA payload still to come, and the stream that ends with them. */
	#payload = 0;
	#ending = 0;
	/** Bytes since the connection's window was last topped up. */
	#unacknowledged = 0;
	#over = false;
	readonly #done: Promise<void>;
	#resolveDone!: () => void;

	constructor(socket: TLSSocket, load: PageLoad, tally: Tally) {
		this.#socket = socket;
		this.#load = load;
		this.#tally = tally;
		this.#request = requestFrame(load.url, load.fields);
		this.#done = new Promise((resolve) => {
			this.#resolveDone = resolve;
		});
	}

	/** Views pages until the deadline (on a fresh connection, one) and resolves when the last is complete. */
	run(): Promise<void> {
		const socket = this.#socket;
		socket.on('data', this.#receive.bind(this));
		socket.once('error', (error) => this.#fail(`connection: ${error.message}`));
		// A server that owes us a stream would otherwise hold the bench for ever.
		socket.setTimeout(5000, () => this.#fail('nothing for 5 s with streams open'));
		socket.once('close', () => this.#fail(`connection closed with ${this.#views.size} streams open`));
		const opening = [greeting(this.#load.expected.pushes > 0)];
		for (let view = 0; view < this.#load.inFlight; view += 1) opening.push(this.#nextRequest());
		socket.write(Buffer.concat(opening));
		return this.#done;
	}

	#nextRequest(): Buffer {
		const request = Buffer.from(this.#request);
		request.writeUInt32BE(this.#nextStream, 5);
		this.#views.set(this.#nextStream, { open: 1, pushes: 0, bytes: 0 });
		this.#nextStream += 2;
		return request;
	}

	#receive(received: Buffer): void {
		const chunk = this.#rest.length === 0 ? received : Buffer.concat([this.#rest, received]);
		this.#rest = none;
		let at = 0;
		while (at < chunk.length) {
			if (this.#payload > 0) {
				const taken = Math.min(this.#payload, chunk.length - at);
				at += taken;
				this.#payload -= taken;
				if (this.#payload === 0 && this.#ending !== 0) this.#streamEnds(this.#ending);
				continue;
			}
			const header = at + 9;
			const length = header > chunk.length ? 0 : chunk.readUIntBE(at, 3);
			const isData = header <= chunk.length && chunk[at + 3] === frame.data;
			if (header > chunk.length || (!isData && header + length > chunk.length)) {
				this.#rest = chunk.subarray(at);
				break;
			}
			const flags = chunk[at + 4]!;
			const stream = streamNumber(chunk, at + 5);
			if (isData) {
				this.#dataBegins(stream, flags, length);
				at = header;
			} else {
				this.#control(chunk[at + 3]!, flags, stream, chunk.subarray(header, header + length));
				at = header + length;
			}
		}
		if (this.#unacknowledged > 2 ** 29) {
			this.#socket.write(windowUpdate(this.#unacknowledged));
			this.#unacknowledged = 0;
		}
	}

	#dataBegins(stream: number, flags: number, length: number): void {
		const view = this.#views.get(stream);
		if (view === undefined) this.#tally.faults.add('DATA on a stream that is not open');
		else view.bytes += length;
		this.#unacknowledged += length;
		this.#payload = length;
		this.#ending = (flags & flag.endStream) === 0 ? 0 : stream;
		if (length === 0 && this.#ending !== 0) this.#streamEnds(stream);
	}

	#control(type: number, flags: number, stream: number, payload: Buffer): void {
		if (type === frame.headers) {
			if (!isStatus200(payload, flags)) this.#tally.faults.add('a response that is not 200');
			if ((flags & flag.endStream) !== 0) this.#streamEnds(stream);
		} else if (type === frame.promise) {
			this.#promised(stream, streamNumber(payload, (flags & flag.padded) === 0 ? 0 : 1));
		} else if (type === frame.settings) {
			if ((flags & flag.ack) === 0) this.#socket.write(frameOf(frame.settings, flag.ack, 0, none));
		} else if (type === frame.ping) {
			if ((flags & flag.ack) === 0) this.#socket.write(frameOf(frame.ping, flag.ack, 0, payload));
		} else if (type === frame.reset) {
			this.#tally.faults.add(`RST_STREAM with code ${payload.readUInt32BE(0)}`);
			this.#streamEnds(stream);
		} else if (type === frame.goAway && !this.#over) {
			this.#fail(`GOAWAY with code ${payload.readUInt32BE(4)}`);
		}
	}

	#promised(stream: number, promised: number): void {
		const view = this.#views.get(stream);
		if (view === undefined) {
			this.#tally.faults.add('PUSH_PROMISE on a stream that is not open');
			return;
		}
		view.open += 1;
		view.pushes += 1;
		this.#views.set(promised, view);
	}

	#streamEnds(stream: number): void {
		const view = this.#views.get(stream);
		this.#ending = 0;
		if (view === undefined || this.#over) return;
		this.#views.delete(stream);
		view.open -= 1;
		if (view.open > 0) return;
		const isTimeUp = performance.now() >= this.#tally.deadline;
		// A view that is complete only after the deadline would lengthen the time for itself alone.
		if (!isTimeUp || this.#load.fresh) this.#tally.complete(view);
		if (!isTimeUp && !this.#load.fresh) this.#socket.write(this.#nextRequest());
		else if (this.#views.size === 0) this.#close();
	}

	#close(): void {
		this.#over = true;
		this.#socket.end(frameOf(frame.goAway, 0, 0, Buffer.alloc(8)));
		this.#resolveDone();
	}

	#fail(fault: string): void {
		this.#socket.destroy();
		if (this.#over) return;
		this.#over = true;
		this.#tally.faults.add(fault);
		this.#resolveDone();
	}
}
