// A server in a process of its own, so that what it costs can be measured: memory and processor time as the kernel counts
// them, neither of them mixed with what its clients cost.

import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { towards } from '../support/host.ts';
import { onEnd, type Tested, within } from '../support/server.ts';

/** The kernel tells of the memory of processes. */
export const isMeasurable: boolean = existsSync('/proc/self/status');

export interface Apart {
	readonly secure: Tested;
	readonly plain: Tested;
	/** Throws, with what it last said, if the process has come to an end. */
	assertAlive(): void;
	/** Resident memory, in megabytes. */
	residentMb(): number;
	/** Processor time so far, in seconds. */
	processorSeconds(): number;
	/** Watches the memory from now on, until it is called again: the most that it was, in megabytes. */
	watchPeak(): () => number;
	close(): Promise<void>;
}

const TSX = ['--import', import.meta.resolve('tsx')];
/** What the kernel counts processor time in, everywhere that Node runs. */
const TICKS_A_SECOND = 100;

const scriptOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Starts a script of this folder in a process of its own; it ends after the test at the latest. */
export const start = (
	script: string,
	values: readonly string[],
	flags: readonly string[] = [],
): ReturnType<typeof fork> => {
	const child = fork(scriptOf(script), values, {
		execArgv: [...TSX, ...flags],
		stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
	});
	onEnd(() => child.kill('SIGKILL'));
	return child;
};

/** Serves `folder`. One certificate for all servers is kept in `storage`. `flags` are Node's. */
export const openApart = async (
	folder: string,
	storage: string,
	flags: readonly string[] = [],
): Promise<Apart> => {
	const child = start('apart-server.ts', [folder, storage], flags);
	const { pid } = child;
	let said = '';
	child.stderr?.setEncoding('utf8').on('data', (text: string) => {
		said = (said + text).slice(-4000);
	});
	let end: string | undefined;
	const ended = new Promise<void>((resolve) =>
		child.once('exit', (code, signal) => {
			end = signal ?? `exit code ${code}`;
			resolve();
		}),
	);
	const assertAlive = (): void => {
		if (end !== undefined) throw new Error(`the server ended with ${end}: ${said}`);
	};
	const listening = new Promise<[number, number]>((resolve) => child.once('message', resolve));
	await within('a server', Promise.race([listening, ended]), 20);
	assertAlive();
	const [secure, plain] = await listening;
	const timers = new Set<NodeJS.Timeout>();
	const residentMb = (): number => {
		assertAlive();
		const status = readFileSync(`/proc/${pid}/status`, 'utf8');
		return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
	};
	const apart: Apart = {
		secure: towards(secure, true),
		plain: towards(plain, false),
		assertAlive,
		residentMb,
		processorSeconds: () => {
			assertAlive();
			// proc(5): the name may hold anything, so that the fields are counted from behind it.
			const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
				.replace(/^.*\) /s, '')
				.split(' ');
			return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
		},
		watchPeak: () => {
			let peak = residentMb();
			const look = (): void => {
				if (end === undefined) peak = Math.max(peak, residentMb());
			};
			const timer = setInterval(look, 25);
			timers.add(timer);
			return () => {
				clearInterval(timer);
				look();
				return peak;
			};
		},
		close: async () => {
			for (const timer of timers) clearInterval(timer);
			child.kill('SIGKILL');
			await ended;
		},
	};
	onEnd(() => apart.close());
	return apart;
};
