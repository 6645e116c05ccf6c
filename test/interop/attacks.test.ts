// Attacks that have brought servers down, each against a server in a process of its own: meanwhile, others are served at
// once, memory stays where it was, and nothing is left of it afterwards.

import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Tested } from '../support/server.ts';
import { endAll, within } from '../support/server.ts';
import { type Apart, isMeasurable, openApart, start } from './apart.ts';
import { ATTACKS } from './attacker.ts';

const MOST_SECONDS = 1;
const MOST_MB = 50;
const ATTACK_SECONDS = 3;
const EVERY_MS = 200;
/** Every so many of the others speaks HTTP/1.1. */
const HTTP1_EVERY = 4;
/**
 * On a large machine, V8 lets garbage lie until there is more of it than any attack leaves: what is measured would be its
 * patience. With little room, and told to clear up now and then, it is what is held. Whoever makes the server hold more
 * than this ends it.
 */
const SMALL_HEAP = ['--max-old-space-size=96', '--max-semi-space-size=4', '--expose-gc'];
const EXAMPLE = fileURLToPath(new URL('../../public-example', import.meta.url));

const secureContext = createSecureContext();

/** One page on a fresh connection: the status, 0 where there was none. */
const askFresh = ({ port }: Tested, alpn: 'h2' | 'http/1.1'): Promise<number> =>
	new Promise((resolve) => {
		const socket = connectTls({
			host: '127.0.0.1',
			port,
			secureContext,
			ALPNProtocols: [alpn],
			rejectUnauthorized: false,
		});
		const settle = (status: number): void => {
			socket.destroy();
			resolve(status);
		};
		socket.on('error', () => settle(0));
		socket.on('close', () => settle(0));
		setTimeout(() => settle(0), 5000).unref();
		if (alpn === 'http/1.1') {
			let received = '';
			socket.setEncoding('latin1').on('data', (text: string) => {
				received += text;
				// To the end of the page, and not only to its first line.
				if (received.includes('</html>')) settle(Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? 0));
			});
			socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
			return;
		}
		socket.once('secureConnect', () => {
			const session = connectHttp2(`https://localhost:${port}`, {
				createConnection: () => socket,
				settings: { enablePush: false },
			});
			session.on('error', () => settle(0));
			const stream = session.request({ ':path': '/' });
			let status = 0;
			stream.on('error', () => settle(0));
			stream.on('response', (fields) => {
				status = Number(fields[':status']);
			});
			stream.on('end', () => settle(status)).resume();
		});
	});

interface Served {
	readonly seconds: number;
	readonly status: number;
}

/** Others ask one after the other, not waiting for each other, until `isOver`. */
const askMeanwhile = async (tested: Tested, isOver: () => boolean): Promise<readonly Served[]> => {
	const asked: Promise<Served>[] = [];
	while (!isOver()) {
		const began = performance.now();
		const alpn = asked.length % HTTP1_EVERY === HTTP1_EVERY - 1 ? 'http/1.1' : 'h2';
		asked.push(
			askFresh(tested, alpn).then((status) => ({ status, seconds: (performance.now() - began) / 1000 })),
		);
		await sleep(EVERY_MS);
	}
	return Promise.all(asked);
};

interface Outcome {
	readonly worst: number;
	readonly statuses: readonly number[];
	readonly beforeMb: number;
	readonly grownMb: number;
	readonly processor: number;
	readonly late: number;
}

const outcomeOf = async (name: string, opening: Promise<Apart>): Promise<Outcome> => {
	const attacker = start('attacker.ts', [name, String(ATTACK_SECONDS)]);
	let said = '';
	attacker.stderr?.setEncoding('utf8').on('data', (text: string) => {
		said += text;
	});
	const reports = (what: string): Promise<void> =>
		within(
			what,
			new Promise((resolve) => {
				attacker.once('message', () => resolve());
				attacker.once('exit', () => resolve());
			}),
			ATTACK_SECONDS + 15,
		);
	await reports('the attacker');
	const server = await opening;
	const { secure } = server;
	const order = { secure: secure.port, plain: server.plain.port };
	// First many ordinary visits: what they cost a server, code that is compiled and room for the young, it has to have.
	attacker.send({ ...order, what: 'visit' });
	await reports('the end of the visits');
	await sleep(200);
	const beforeMb = server.residentMb();
	const processorBefore = server.processorSeconds();
	const peakMb = server.watchPeak();
	let isOver = false;
	attacker.send({ ...order, what: 'attack' });
	const served = askMeanwhile(secure, () => isOver);
	await reports('the end of the attack');
	const processor = server.processorSeconds() - processorBefore;
	attacker.kill('SIGKILL');
	await sleep(300);
	isOver = true;
	const answers = await served;
	server.assertAlive();
	assert.is(said, '', 'the attacker');
	const grownMb = peakMb() - beforeMb;
	assert.is(await askFresh(secure, 'h2'), 200);
	return {
		worst: Math.max(...answers.map(({ seconds }) => seconds)),
		statuses: answers.map(({ status }) => status),
		beforeMb,
		grownMb,
		processor,
		late: answers.filter(({ seconds }) => seconds > MOST_SECONDS).length,
	};
};

const attacks = suite('attacks');
attacks.after.each(endAll);
const test = isMeasurable ? attacks : attacks.skip;
if (!isMeasurable)
	console.error('SKIPPED: there is no /proc, so that what attacks cost a server cannot be measured');

let home: string;
attacks.before(async () => {
	home = await mkdtemp(join(tmpdir(), 'casper-attacks-'));
	await cp(EXAMPLE, join(home, 'site'), { recursive: true });
	await writeFile(join(home, 'site', 'large.bin'), Buffer.alloc(50 * 2 ** 20, 'large '));
});
attacks.after(() => rm(home, { recursive: true, force: true }));

for (const { name } of ATTACKS)
	test(`${name}: others have their page within ${MOST_SECONDS} s, memory grows by ${MOST_MB} MB at most`, async () => {
		const opening = openApart(join(home, 'site'), join(home, 'storage'), SMALL_HEAP);
		try {
			const { worst, statuses, beforeMb, grownMb, processor, late } = await outcomeOf(name, opening);
			const figures =
				`${name}: worst answer ${worst.toFixed(2)} s of ${statuses.length}, ${late} late, ` +
				`${grownMb.toFixed(0)} MB more than ${beforeMb.toFixed(0)}, ${processor.toFixed(1)} s of processor time`;
			console.log(`  ${figures}`);
			assert.ok(statuses.length >= 10, figures);
			assert.equal(
				statuses.filter((status) => status !== 200),
				[],
				figures,
			);
			assert.ok(worst <= MOST_SECONDS, figures);
			assert.ok(grownMb <= MOST_MB, figures);
		} finally {
			await opening.then((server) => server.close());
		}
	});

attacks.run();
