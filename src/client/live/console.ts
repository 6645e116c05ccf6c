// Passes on what the page's console says, and errors that nobody caught.

import { describe } from './describe.ts';
import { type ConsoleMessage, report } from './wire.ts';

const LEVELS = ['debug', 'log', 'info', 'warn', 'error'] as const;
/** Characters of a message. */
const MOST_TEXT = 10_000;
const BATCH_MS = 100;
/** Messages in a second; of the others only the number is told. */
const MOST_MESSAGES = 100;
const WINDOW_MS = 1000;
/** Bytes of a report, which may have 64 KiB. */
const MOST_BYTES = 60_000;
const FRAME = /(\w+:\/\/[^\s()]+):(\d+):(\d+)\)?$/;

/**
 * From now on.
 * @param self address of our own script, which is no place in the page's
 */
export const forwardConsole = (self: string): void => {
	const batch = new Batch();
	for (const level of LEVELS) {
		const original = console[level];
		console[level] = function (this: unknown, ...values: unknown[]): void {
			attempt(() => batch.add(level, values.map(describe).join(' '), frameOf(new Error().stack, self)));
			return Reflect.apply(original, this, values);
		};
	}
	addEventListener('error', ({ error, message, filename, lineno, colno }) =>
		attempt(() => {
			const text = error instanceof Error ? describe(error) : message.replace(/^Uncaught /, '');
			batch.add('error', `Uncaught ${text}`, filename && `${pathOf(filename)}:${lineno}:${colno}`);
		}),
	);
	addEventListener('unhandledrejection', ({ reason }) =>
		attempt(() => {
			const at = reason instanceof Error ? frameOf(reason.stack, self) : '';
			batch.add('error', `Uncaught (in promise) ${describe(reason)}`, at);
		}),
	);
	addEventListener('pagehide', () => attempt(() => batch.send(true)));
};

/** Nothing of ours may stop the page. */
const attempt = (act: () => void): void => {
	try {
		act();
	} catch {
		// A value that throws when it is looked at.
	}
};

/** Where it was said: of the first frame that is not ours. */
const frameOf = (stack: string | undefined, self: string): string => {
	for (const line of (stack ?? '').split('\n')) {
		const [, url, row, column] = FRAME.exec(line) ?? [];
		if (url !== undefined && url !== self) return `${pathOf(url)}:${row}:${column}`;
	}
	return '';
};

const pathOf = (url: string): string =>
	url.startsWith(`${location.origin}/`) ? url.slice(location.origin.length) : url;

/** What is sent together. */
class Batch {
	#messages: ConsoleMessage[] = [];
	#timer: ReturnType<typeof setTimeout> | undefined;
	/** When the current second began, and how many were added in it. */
	#since = 0;
	#count = 0;
	#omitted = 0;
	/** One after the other: browsers bound what is under way. */
	#sending: Promise<void> = Promise.resolve();

	add(level: string, text: string, at: string): void {
		const now = performance.now();
		if (now - this.#since > WINDOW_MS) [this.#since, this.#count] = [now, 0];
		if (this.#count++ < MOST_MESSAGES) this.#messages.push({ level, text: text.slice(0, MOST_TEXT), at });
		else this.#omitted++;
		this.#timer ??= setTimeout(() => this.send(), BATCH_MS);
	}

	/** @param isLast the page goes */
	send(isLast = false): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const isOver = performance.now() - this.#since > WINDOW_MS || isLast;
		if (this.#omitted > 0 && isOver) {
			this.#messages.push({ level: 'info', text: `… ${this.#omitted} more`, at: '' });
			this.#omitted = 0;
		}
		// The number is told once the second is over.
		if (this.#omitted > 0) this.#timer = setTimeout(() => this.send(), WINDOW_MS);
		for (const messages of partsOf(this.#messages))
			this.#sending = this.#sending.then(() => report({ messages }, isLast));
		this.#messages = [];
	}
}

const partsOf = (messages: readonly ConsoleMessage[]): readonly (readonly ConsoleMessage[])[] => {
	const parts: ConsoleMessage[][] = [];
	let room = 0;
	for (const message of messages) {
		const size = new TextEncoder().encode(JSON.stringify(message)).length + 1;
		if (size > room || parts.length === 0) {
			parts.push([]);
			room = MOST_BYTES;
		}
		parts.at(-1)?.push(message);
		room -= size;
	}
	return parts;
};
