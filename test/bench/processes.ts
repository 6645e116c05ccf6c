// The processes that are measured and the cores they run on. Servers get one core to themselves and whatever makes the
// load (this process, h2load) gets another, so that a ratio of rates is a ratio of what the servers cost.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerProcess {
	readonly url: URL;
	readonly process: ChildProcess;
	/** From the start of the process to its line with the URL. */
	readonly startMs: number;
	close(): Promise<void>;
}

/** `one`: the servers' core; `load`: the load generator's; `all`: wherever the system likes. */
export type Place = 'one' | 'load' | 'all';

const cores = availableCores();

/** True if servers and load generator have a core each. */
export const isPinned: boolean = cores.length >= 2;

export const placesText: string = isPinned
	? `server on core ${cores[1]}, load on core ${cores[0]}`
	: 'not pinned (needs taskset and two cores): read the ratios with care';

/** Moves this process, and thereby every child that `placed` moves nowhere else, to the load generator's core. */
export function pinThisProcess(): void {
	if (isPinned) execFileSync('taskset', ['-acp', String(cores[0]), String(process.pid)], { stdio: 'ignore' });
}

/** The command that runs `command` in a place. taskset replaces itself by it, so the process id is the command's. */
export function placed(command: readonly string[], place: Place): readonly string[] {
	if (!isPinned) return command;
	const list = place === 'all' ? cores.join(',') : String(place === 'one' ? cores[1] : cores[0]);
	return ['taskset', '-c', list, ...command];
}

/** Starts a server and resolves when it prints its URL. */
export async function openServer(command: readonly string[], place: Place): Promise<ServerProcess> {
	const started = performance.now();
	const child = start(command, place);
	let printed = '';
	child.stdout!.setEncoding('utf8');
	for await (const text of child.stdout!) {
		printed += text;
		const startMs = performance.now() - started;
		// biome-ignore lint/suspicious/noControlCharactersInRegex: the URL may be printed in colour
		const url = /https:\/\/[^\s\x1b]+/.exec(printed)?.[0];
		if (url !== undefined) return { url: new URL(url), process: child, startMs, close: () => stop(child) };
	}
	await stop(child);
	throw new Error(`${command.join(' ')}: ended without printing a URL\n${printed}${processErrors(child)}`);
}

/** Starts a server that prints nothing (sirv-cli --quiet) and resolves when it takes connections. */
export async function openQuietServer(
	command: (port: number) => readonly string[],
	place: Place,
): Promise<ServerProcess> {
	const port = await freePort();
	const started = performance.now();
	const child = start(command(port), place);
	while (!(await takesConnections(port))) {
		if (child.exitCode !== null || performance.now() - started > 10_000) {
			await stop(child);
			throw new Error(`${command(port).join(' ')}: does not listen\n${processErrors(child)}`);
		}
		await sleep(20);
	}
	const startMs = performance.now() - started;
	return { url: new URL(`https://localhost:${port}/`), process: child, startMs, close: () => stop(child) };
}

/** Starts a Node script that talks to us with `process.send`. */
export function openScript(script: string, values: readonly string[], place: Place): ChildProcess {
	return start([process.execPath, script, ...values], place, true);
}

/** Processor time a process has used, all threads, or undefined where there is no /proc. */
export function processorMs(child: ChildProcess): number | undefined {
	try {
		const tasks = `/proc/${child.pid}/task`;
		let nanoseconds = 0;
		for (const task of readdirSync(tasks)) {
			nanoseconds += Number(readFileSync(join(tasks, task, 'schedstat'), 'utf8').split(' ')[0]);
		}
		return nanoseconds / 1e6;
	} catch {
		return undefined;
	}
}

/** Time the servers' core has been busy with anything, or undefined where that cannot be told. */
export function serverCoreMs(): number | undefined {
	if (!isPinned) return undefined;
	try {
		const line = new RegExp(`^cpu${cores[1]} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))?.[1];
		// Hundredths of a second: user, nice, system, idle, iowait, irq, softirq.
		const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line!.split(' ').map(Number);
		return (user + nice + system + irq + softirq) * 10;
	} catch {
		return undefined;
	}
}

/** Ends a process that we started, and resolves when it is gone. */
export async function stop(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const gone = new Promise((resolve) => child.once('exit', resolve));
	child.kill('SIGTERM');
	const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
	await gone;
	clearTimeout(timer);
}

/** A certificate for localhost. P-256, as ours and most of the web's are: RSA would make handshakes the subject. */
export function writeCertificate(directory: string): { readonly cert: string; readonly key: string } {
	const cert = join(directory, 'cert.pem');
	const key = join(directory, 'key.pem');
	const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'];
	const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
	execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert], {
		stdio: 'pipe',
	});
	return { cert, key };
}

const children = new Set<ChildProcess>();
const errors = new WeakMap<ChildProcess, string>();

// Whatever ends this process, no server stays behind.
process.once('exit', () => {
	for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

function start(command: readonly string[], place: Place, talks = false): ChildProcess {
	const [program, ...values] = placed(command, place);
	// Settings of the caller must not reach one server and not the other (sirv-cli reads HOST and PORT, all read NODE_*).
	const { PATH, HOME, TMPDIR } = process.env;
	const child = spawn(program!, values, {
		env: { PATH, HOME, TMPDIR, NO_COLOR: '1' },
		stdio: ['ignore', 'pipe', 'pipe', ...(talks ? (['ipc'] as const) : [])],
	});
	children.add(child);
	child.once('exit', () => children.delete(child));
	child.stderr!.setEncoding('utf8').on('data', (text) => errors.set(child, processErrors(child) + text));
	return child;
}

/** What a process has written to its standard error so far. */
export function processErrors(child: ChildProcess): string {
	return errors.get(child) ?? '';
}

async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}

function takesConnections(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, 'localhost');
		socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
		socket.once('connect', () => socket.destroy());
	});
}

/** The cores this process may use, none if they cannot be told or set. */
function availableCores(): readonly number[] {
	try {
		const printed = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
		const list = printed.slice(printed.lastIndexOf(':') + 1).trim();
		return list.split(',').flatMap((range) => {
			const [first = 0, last = first] = range.split('-').map(Number);
			return Array.from({ length: last - first + 1 }, (_, index) => first + index);
		});
	} catch {
		return [];
	}
}
