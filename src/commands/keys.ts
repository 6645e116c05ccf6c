// Single keys of a terminal. Its mode is as it was before whenever this process is stopped or over.

import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';

const CTRL_C = '\x03';
const CTRL_Z = '\x1a';

/**
 * Whether there is a terminal on both sides, and we are who it listens to. Whoever reads it from the background is stopped.
 */
export const canTakeKeys = (): boolean => isatty(0) && isatty(1) && isForeground();

/** Only Linux tells. */
const isForeground = (): boolean => {
	try {
		const text = readFileSync('/proc/self/stat', 'latin1');
		// The program's name, in brackets, may have blanks and brackets of its own (proc(5)).
		const [, , group, , , foreground] = text.slice(text.lastIndexOf(')') + 2).split(' ');
		return group === foreground;
	} catch {
		return true;
	}
};

/**
 * Has `onKey` called with each key, but for Ctrl-C and Ctrl-Z, which do what they always do. To be called only where
 * {@link canTakeKeys}. Call what it returns to end it.
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
			if (key === CTRL_C) process.emit('SIGINT');
			else if (key !== CTRL_Z) onKey(key);
			// All that were started together, or the shell would wait for the others.
			else if (process.platform !== 'win32') process.kill(0, 'SIGTSTP');
		}
	};
	// A terminal that is gone.
	const end = (): void => {
		isOver = true;
		pause();
		stdin.off('data', take);
		process.off('exit', pause).off('SIGCONT', begin).off('SIGTSTP', suspend);
	};
	stdin.setEncoding('utf8').on('data', take).on('error', end);
	process.on('exit', pause).on('SIGCONT', begin).on('SIGTSTP', suspend);
	begin();
	return end;
};
