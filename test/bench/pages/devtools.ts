// Chromium's developer tools over a pipe, and nothing more of them than what is sent here: the libraries that drive
// browsers attach to service workers as well, which keeps these alive and holds their start up.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

type Fields = Readonly<Record<string, unknown>>;
type Listener = (parameters: Fields, session: string | undefined) => void;

interface Message {
	readonly id?: number;
	readonly method?: string;
	readonly params?: Fields;
	readonly result?: Fields;
	readonly error?: { readonly message: string };
	readonly sessionId?: string;
}

interface Waiting {
	readonly resolve: (result: Fields) => void;
	readonly reject: (reason: Error) => void;
}

export class Devtools {
	readonly #process: ChildProcess;
	readonly #waiting = new Map<number, Waiting>();
	readonly #listeners = new Map<string, Set<Listener>>();
	#received = '';
	#last = 0;

	/** Starts `program`; its profile and everything else is said by `values`. */
	constructor(program: string, values: readonly string[], env: NodeJS.ProcessEnv) {
		this.#process = spawn(program, ['--remote-debugging-pipe', ...values], {
			env,
			stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
		});
		process.once('exit', () => this.#process.kill('SIGKILL'));
		(this.#process.stdio[3] as Writable).on('error', () => {});
		(this.#process.stdio[4] as Readable).setEncoding('utf8').on('data', (text) => this.#take(text));
		this.#process.once('exit', () => {
			for (const { reject } of this.#waiting.values()) reject(new Error(`${program} has ended`));
		});
	}

	/** @param session that of a tab; none: the browser itself */
	send(method: string, params: Fields = {}, session?: string): Promise<Fields> {
		const id = ++this.#last;
		const message = JSON.stringify({ id, method, params, ...(session && { sessionId: session }) });
		return new Promise((resolve, reject) => {
			this.#waiting.set(id, { resolve, reject: (error) => reject(new Error(`${method}: ${error.message}`)) });
			(this.#process.stdio[3] as Writable).write(`${message}\0`);
		});
	}

	on(event: string, listener: Listener): void {
		const listeners = this.#listeners.get(event) ?? new Set();
		this.#listeners.set(event, listeners.add(listener));
	}

	/** The next event of this kind in a tab. */
	next(event: string, session: string, patienceMs: number): Promise<void> {
		return new Promise((resolve, reject) => {
			const end = (): void => {
				clearTimeout(timer);
				this.#listeners.get(event)?.delete(listener);
			};
			const listener: Listener = (_, from) => {
				if (from !== session) return;
				end();
				resolve();
			};
			const timer = setTimeout(() => {
				end();
				reject(new Error(`no ${event} within ${patienceMs} ms`));
			}, patienceMs);
			this.on(event, listener);
		});
	}

	async close(): Promise<void> {
		const gone = new Promise((resolve) => this.#process.once('exit', resolve));
		this.send('Browser.close').catch(() => {});
		const timer = setTimeout(() => this.#process.kill('SIGKILL'), 5000);
		await gone;
		clearTimeout(timer);
	}

	#take(text: string): void {
		const messages = (this.#received + text).split('\0');
		this.#received = messages.pop()!;
		for (const message of messages) this.#handle(JSON.parse(message));
	}

	#handle({ id, method, params = {}, result = {}, error, sessionId }: Message): void {
		if (method !== undefined) {
			for (const listener of [...(this.#listeners.get(method) ?? [])]) listener(params, sessionId);
		} else if (id !== undefined) {
			const waiting = this.#waiting.get(id);
			this.#waiting.delete(id);
			if (error) waiting?.reject(new Error(error.message));
			else waiting?.resolve(result);
		}
	}
}
