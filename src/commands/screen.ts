// Both outputs of this process, and the one line at their end that is rewritten in place.

import { printable } from '../terminal/text.ts';

/** Characters may be two columns wide: what does not fit must not go on in the next line, where it could not be erased. */
const WRAP_OFF = '\x1b[?7l';
const WRAP_ON = '\x1b[?7h';

/** Where lines go. */
export class Screen {
	readonly #isTerminal: boolean;
	#status = '';

	/** @param isTerminal whether a line can be rewritten in place; else none is shown that would be */
	constructor(isTerminal: boolean) {
		this.#isTerminal = isTerminal;
	}

	/** Writes whole lines to the standard output. */
	print(lines: readonly string[]): void {
		this.#write(lines, console.log);
	}

	/** Writes whole lines to the standard error. */
	complain(lines: readonly string[]): void {
		this.#write(lines, console.error);
	}

	/** Says what went wrong where nothing should have, and is no reason to stop serving. */
	complainOf(error: unknown): void {
		this.complain([`casper-serve: ${printable(error instanceof Error ? error.message : String(error))}`]);
	}

	/** Shows this below all lines, in place of what was there; `''`: nothing. What does not fit into a line is cut off. */
	showStatus(text: string): void {
		if (!this.#isTerminal || text === this.#status) return;
		this.#erase();
		this.#status = text;
		this.#draw();
	}

	clear(): void {
		process.stdout.write('\x1b[2J\x1b[3J\x1b[H');
		this.#draw();
	}

	#write(lines: readonly string[], write: (text: string) => void): void {
		if (lines.length === 0) return;
		this.#erase();
		write(lines.join('\n'));
		this.#draw();
	}

	#erase(): void {
		if (this.#status !== '') process.stdout.write('\r\x1b[K');
	}

	#draw(): void {
		if (this.#status !== '') process.stdout.write(`${WRAP_OFF}${this.#status}${WRAP_ON}`);
	}
}
