// Chokidar, and what it forgets to close. Ends where the system has not enough watches or descriptors for it.

import { realpathSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { isLack, type Lack } from './watcher-blindness.ts';

/** What a watch tells. */
export interface EventListener {
	/** Whether to watch a file or folder. Asked again and again. */
	isOfInterest(file: string): boolean;
	/** Something happened to `file`, or it came or went. */
	onEvent(file: string): void;
	/** From now on events are told. */
	onReady(): void;
	/** Part of what there is cannot be watched. Told once. */
	onPartlyBlind(error: unknown): void;
	/** The system told something, of interest or not, of `name` in the folder `watched`, or of the file `watched` itself. */
	onSign(watched: string, name: string): void;
	/** No events will be told (any more), for lack of something. */
	onBlind(lack: Lack): void;
}

/** Events of folders and files, and of all below them, until it is closed. */
export class Events {
	readonly #listener: EventListener;
	#watcher: FSWatcher | undefined;
	readonly #watches: Watches;
	#closed: Promise<void> = Promise.resolve();
	#isPartlyBlind = false;

	constructor(files: readonly string[], listener: EventListener) {
		this.#listener = listener;
		const passages = new Passages();
		const ignored = (file: string): boolean => !listener.isOfInterest(file) || passages.isAstray(file);
		this.#watcher = watch([...files], { followSymlinks: false, ignoreInitial: true, ignored })
			.on('all', (_event, file) => listener.onEvent(file))
			.on('raw', (_event, name, details) => {
				const { watchedPath } = details as { readonly watchedPath?: unknown };
				if (typeof watchedPath === 'string') listener.onSign(watchedPath, name ?? '');
			})
			.on('ready', () => {
				passages.begin();
				listener.onReady();
			})
			.on('error', (error) => this.#fail(error));
		this.#watches = new Watches(this.#watcher);
	}

	/** Watches what is at `file` now, whatever was watched there before. */
	renew(file: string): void {
		this.#watcher?.unwatch(file);
		this.#watcher?.add(file);
	}

	/** Watches `file` no more, until it is renewed. */
	leave(file: string): void {
		this.#watcher?.unwatch(file);
	}

	/** Once: a lack of watches is told for every file. */
	#fail(error: unknown): void {
		const { code } = error as NodeJS.ErrnoException;
		if (isLack(code)) {
			if (this.#watcher === undefined) return;
			void this.close();
			this.#listener.onBlind(code);
		} else if (!this.#isPartlyBlind) {
			this.#isPartlyBlind = true;
			this.#listener.onPartlyBlind(error);
		}
	}

	/** Nothing is told any more. Resolves once nothing is watched. */
	close(): Promise<void> {
		const watcher = this.#watcher;
		this.#watcher = undefined;
		if (watcher !== undefined)
			this.#closed = new Promise((resolve) =>
				// In a turn of its own: what chokidar begins to watch in the same turn it would forget to close.
				setImmediate(() => {
					resolve(watcher.close().then(() => this.#watches.close()));
					// It forgets its listeners, and may still fail at what it has begun.
					watcher.on('error', () => {});
				}),
			);
		return this.#closed;
	}
}

/**
 * Ways that led through folders, and lead through links now: where a link takes the place of a folder that it watches,
 * chokidar would go on to watch what that leads to, be it the whole disk.
 */
class Passages {
	/** Whether the way to these folders leads through a link; asked once in a turn of the event loop. */
	readonly #known = new Map<string, boolean>();
	#isOn = false;

	/** From now on they are looked for: a first scan comes upon links as what they are. */
	begin(): void {
		this.#isOn = true;
	}

	isAstray(file: string): boolean {
		if (!this.#isOn) return false;
		const folder = dirname(file);
		let isAstray = this.#known.get(folder);
		if (isAstray !== undefined) return isAstray;
		if (this.#known.size === 0) setImmediate(() => this.#known.clear());
		isAstray = leadsThroughLink(folder);
		this.#known.set(folder, isAstray);
		return isAstray;
	}
}

/** What is not there leads nowhere. */
const leadsThroughLink = (folder: string): boolean => {
	try {
		return relative(realpathSync(folder), folder) !== '';
	} catch {
		return false;
	}
};

/**
 * What chokidar watches: of a file that comes twice at a time, or while it is being closed, it forgets the watch, which then
 * keeps the process from ending.
 */
class Watches {
	readonly #closers = new Set<() => void>();
	#isClosed = false;

	constructor(watcher: FSWatcher) {
		const handler = watcher._nodeFsHandler;
		const begin = handler._watchWithNodeFs.bind(handler);
		handler._watchWithNodeFs = (path, listener) => {
			const end = begin(path, listener);
			if (end === undefined) return undefined;
			const endOnce = (): void => {
				if (this.#closers.delete(endOnce)) end();
			};
			this.#closers.add(endOnce);
			if (this.#isClosed) endOnce();
			return endOnce;
		};
	}

	close(): void {
		this.#isClosed = true;
		for (const end of this.#closers)
			try {
				end();
			} catch {
				// Chokidar had ended it by another name.
			}
	}
}
