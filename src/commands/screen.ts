// Both outputs of this process, and the one line at their end that is rewritten in place.

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

	/** Shows this below all lines, in place of what was there; `''`: nothing. Has to fit into a line. */
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
		if (this.#status !== '') process.stdout.write(this.#status);
	}
}
