// A network with a round trip, in front of a server on this machine: a TCP proxy, as there is no `tc netem` everywhere.
// Each direction takes half of the round trip. The kernel's handshake with the proxy takes no time at all, so the first
// bytes of a connection are held for one round trip, which is when a client could have sent them. No loss, no bottleneck
// and no slow start.

import type { AddressInfo } from 'node:net';
import { createServer, connect as dial, type Socket } from 'node:net';

export interface DelayProxy {
	readonly port: number;
	/** Bytes that clients have sent to the server, TLS included, since the proxy was opened. */
	readonly bytesUp: number;
	/** Bytes that clients were sent. */
	readonly bytesDown: number;
	/** Connections that clients have opened. */
	readonly connections: number;
	/** Ends all connections at once; new ones are taken. Resolves when both sides are closed. */
	disconnect(): Promise<void>;
	close(): Promise<void>;
}

/** What a direction may have on its way, which at 200 ms are 160 MB/s. More than that waits at the sender. */
const MOST_UNDER_WAY = 16 * 1024 * 1024;

/** Delays towards `port` of this machine. With 0 ms everything passes straight through. */
export const openDelayProxy = async (port: number, roundTripMs: number): Promise<DelayProxy> => {
	const sockets = new Set<Socket>();
	const bytes = { up: 0, down: 0 };
	let connections = 0;
	const keep = (socket: Socket): Socket => {
		socket.setNoDelay();
		sockets.add(socket);
		return socket.once('close', () => sockets.delete(socket));
	};
	const server = createServer({ allowHalfOpen: true }, (client) => {
		connections++;
		const upstream = dial({ host: 'localhost', port, allowHalfOpen: true });
		keep(client);
		keep(upstream);
		const sendsFrom = performance.now() + roundTripMs;
		pass(client, upstream, roundTripMs / 2, sendsFrom, (count) => {
			bytes.up += count;
		});
		pass(upstream, client, roundTripMs / 2, 0, (count) => {
			bytes.down += count;
		});
	});
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(0, 'localhost', resolve);
	});
	const disconnect = async (): Promise<void> => {
		const closed = [...sockets].map(
			(socket) => new Promise((resolve) => void socket.once('close', resolve).destroy()),
		);
		await Promise.all(closed);
	};
	return {
		port: (server.address() as AddressInfo).port,
		get bytesUp() {
			return bytes.up;
		},
		get bytesDown() {
			return bytes.down;
		},
		get connections() {
			return connections;
		},
		disconnect,
		close: async () => {
			const closed = new Promise((resolve) => server.close(resolve));
			await disconnect();
			await closed;
		},
	};
};

/** What travels: bytes, or that there are no more. */
interface Parcel {
	readonly due: number;
	readonly content: Buffer | undefined;
}

/** One direction. Nothing that `from` says sets out before `sendsFrom`. */
const pass = (
	from: Socket,
	to: Socket,
	delayMs: number,
	sendsFrom: number,
	count: (bytes: number) => void,
): void => {
	const parcels: Parcel[] = [];
	let underWay = 0;
	let timer: NodeJS.Timeout | undefined;
	let isFull = false;

	const dueNow = (): number => Math.max(performance.now(), sendsFrom) + delayMs;
	const deliver = (): void => {
		clearTimeout(timer);
		timer = undefined;
		while (!isFull) {
			const [first] = parcels;
			if (first === undefined) break;
			const wait = first.due - performance.now();
			if (wait > 0) {
				// Node's timers know whole milliseconds and round down.
				timer = setTimeout(deliver, Math.ceil(wait));
				break;
			}
			parcels.shift();
			if (first.content === undefined) to.end();
			else {
				underWay -= first.content.length;
				isFull = !to.write(first.content);
			}
		}
		if (!isFull && underWay < MOST_UNDER_WAY) from.resume();
	};
	const send = (content: Buffer | undefined): void => {
		parcels.push({ due: dueNow(), content });
		underWay += content?.length ?? 0;
		// Whoever is not read from any more stops sending.
		if (underWay >= MOST_UNDER_WAY || isFull) from.pause();
		if (timer === undefined) deliver();
	};

	from.on('data', (content) => {
		count(content.length);
		send(content);
	});
	from.on('end', () => send(undefined));
	to.on('drain', () => {
		isFull = false;
		deliver();
	});
	// A reset overtakes what the receiver has no room for, but nothing that is under way.
	let isBroken = false;
	from.on('error', () => {
		isBroken = true;
	});
	from.on('close', () => {
		if (isBroken)
			setTimeout(() => to.destroyed || to.resetAndDestroy(), Math.ceil(dueNow() - performance.now()));
	});
	to.on('close', () => {
		clearTimeout(timer);
		parcels.length = 0;
	});
};
