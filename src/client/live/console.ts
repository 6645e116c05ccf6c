// Passes on what the page's console says, and errors that nobody caught.

import { describe } from './describe.ts';
import { type ConsoleMessage, report } from './wire.ts';

const LEVELS = ['debug', 'log', 'info', 'warn', 'error'] as const;
/** Characters of a message. */
const MOST_TEXT = 10_000;
/** And of where it was said. */
const MOST_PLACE = 1000;
const BATCH_MS = 100;
/** Messages in a second; of the others only the number is told. */
const MOST_MESSAGES = 100;
const WINDOW_MS = 1000;
/** For all that is said in a second: objects can be large, and the page waits meanwhile. */
const MOST_SPENT_MS = 200;
/** Messages that a server that hangs has not taken. */
const MOST_WAITING = 500;
/** Values of one message. */
const MOST_VALUES = 100;
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
			attempt(() =>
				batch.add(() => ({
					level,
					text: values.slice(0, MOST_VALUES).map(describe).join(' '),
					at: frameOf(new Error().stack, self),
				})),
			);
			return Reflect.apply(original, this, values);
		};
	}
	addEventListener('error', ({ error, message, filename, lineno, colno }) =>
		attempt(() =>
			batch.add(() => {
				const text = error instanceof Error ? describe(error) : message.replace(/^Uncaught /, '');
				const at = filename && `${pathOf(filename)}:${lineno}:${colno}`;
				return { level: 'error', text: `Uncaught ${text}`, at };
			}),
		),
	);
	addEventListener('unhandledrejection', ({ reason }) =>
		attempt(() =>
			batch.add(() => {
				const at = reason instanceof Error ? frameOf(reason.stack, self) : '';
				return { level: 'error', text: `Uncaught (in promise) ${describe(reason)}`, at };
			}),
		),
	);
	addEventListener('pagehide', () => attempt(() => batch.send(true)));
};

let isAttempting = false;

/** Nothing of ours may stop the page. What is said while we look at a value, by its getters, is not passed on. */
const attempt = (act: () => void): void => {
	if (isAttempting) return;
	isAttempting = true;
	try {
		act();
	} catch {
		// A value that throws when it is looked at.
	} finally {
		isAttempting = false;
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
	/** When the current second began, how many were added in it, and how long it took to describe them. */
	#since = 0;
	#count = 0;
	#spentMs = 0;
	#omitted = 0;
	/** One report after the other: browsers bound what is under way. */
	#isSending = false;

	/** Asks for the message only where there is room for it. */
	add(describeIt: () => ConsoleMessage): void {
		const now = performance.now();
		if (now - this.#since > WINDOW_MS) [this.#since, this.#count, this.#spentMs] = [now, 0, 0];
		this.#timer ??= setTimeout(() => this.send(), BATCH_MS);
		const isFull = this.#count >= MOST_MESSAGES || this.#messages.length >= MOST_WAITING;
		if (isFull || this.#spentMs > MOST_SPENT_MS) {
			this.#omitted++;
			return;
		}
		this.#count++;
		try {
			const { level, text, at } = describeIt();
			this.#messages.push({ level, text: text.slice(0, MOST_TEXT), at: at.slice(0, MOST_PLACE) });
		} finally {
			this.#spentMs += performance.now() - now;
		}
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
		if (!isLast) return void this.#sendAll();
		// There is no time to wait for what is under way.
		while (this.#messages.length > 0) void report({ messages: this.#takePart() }, true);
	}

	async #sendAll(): Promise<void> {
		if (this.#isSending) return;
		this.#isSending = true;
		while (this.#messages.length > 0) await report({ messages: this.#takePart() });
		this.#isSending = false;
	}

	/** As many of the first messages as a report has room for, at least one. */
	#takePart(): readonly ConsoleMessage[] {
		let room = MOST_BYTES;
		const end = this.#messages.findIndex((message) => {
			room -= new TextEncoder().encode(JSON.stringify(message)).length + 1;
			return room < 0;
		});
		return this.#messages.splice(0, end < 0 ? this.#messages.length : Math.max(1, end));
	}
}
