// Single keys of a terminal. Its mode is as it was before whenever this process is stopped or over.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { isForegroundByPs, isForegroundByStat, psArguments } from '../terminal/foreground.ts';

const CTRL_C = '\x03';
/** These a terminal sends to all that were started together, or the shell would wait for the others. */
const GROUP_SIGNALS: ReadonlyMap<string, NodeJS.Signals> = new Map([
	['\x1a', 'SIGTSTP'],
	['\x1c', 'SIGQUIT'],
]);
/** End a process that says nothing else, and none of its own code is run then. */
const ABRUPT = ['SIGHUP', 'SIGQUIT'] as const;
const PS_MS = 1000;

/**
 * Whether there is a terminal on both sides, and we are who it listens to. Whoever reads it from the background is stopped.
 */
export const canTakeKeys = (): boolean => isatty(0) && isatty(1) && isForeground();

const isForeground = (): boolean => {
	if (process.platform === 'win32') return true;
	if (process.platform !== 'linux') return isForegroundInPs();
	try {
		return isForegroundByStat(readFileSync('/proc/self/stat', 'latin1'));
	} catch {
		// Not mounted.
		return isForegroundInPs();
	}
};

const isForegroundInPs = (): boolean => {
	const { status, stdout } = spawnSync('ps', psArguments(process.pid), { encoding: 'utf8', timeout: PS_MS });
	return status === 0 && isForegroundByPs(stdout);
};

/**
 * Has `onKey` called with each key, but for Ctrl-C, Ctrl-Z and Ctrl-\, which do what they always do. To be called only
 * where {@link canTakeKeys}. Call what it returns to end it.
 */
export const takeKeys = (onKey: (key: string) => void): (() => void) => {
	const { stdin } = process;
	let isTaking = false;
	const begin = (): void => {
		if (isTaking || !canTakeKeys()) return;
		isTaking = true;
		stdin.setRawMode(true);
		stdin.resume();
	};
	const pause = (): void => {
		if (!isTaking) return;
		isTaking = false;
		stdin.setRawMode(false);
		stdin.pause();
	};
	const suspend = (): void => {
		pause();
		// With nobody listening, the signal does what it does by default: stop us, unless there is no shell to go on with.
		process.off('SIGTSTP', suspend);
		process.kill(process.pid, 'SIGTSTP');
		setTimeout(() => {
			if (isOver) return;
			process.on('SIGTSTP', suspend);
			begin();
		}, 0).unref();
	};
	let isOver = false;
	const take = (text: string): void => {
		// Arrows and the like are sent as an escape and characters.
		if (text.startsWith('\x1b')) return;
		for (const key of text) {
			const signal = GROUP_SIGNALS.get(key);
			if (key === CTRL_C) process.emit('SIGINT');
			else if (signal === undefined) onKey(key);
			else if (process.platform !== 'win32') process.kill(0, signal);
		}
	};
	const end = (): void => {
		isOver = true;
		pause();
		stdin.off('data', take);
		process.off('exit', pause).off('SIGCONT', begin).off('SIGTSTP', suspend);
		for (const signal of ABRUPT) process.off(signal, leave);
	};
	const leave = (signal: NodeJS.Signals): void => {
		end();
		// With nobody listening, it ends us.
		process.kill(process.pid, signal);
	};
	// An error is a terminal that is gone.
	stdin.setEncoding('utf8').on('data', take).on('error', end);
	process.on('exit', pause).on('SIGCONT', begin).on('SIGTSTP', suspend);
	// Windows ends us itself, and has no such signal to send.
	if (process.platform !== 'win32') for (const signal of ABRUPT) process.once(signal, leave);
	begin();
	return end;
};
