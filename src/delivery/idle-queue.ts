// Work that waits until there is nothing better to do.

import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';

/** How long the process is looked at, in milliseconds, and which part of that time it may be busy. */
const LOOK_MS = 250;
const MOST_BUSY = 0.2;

/** Does one piece of work after the other, each after a while in which the event loop had little to do. */
export class IdleQueue {
	readonly #queue = new Map<string, () => Promise<void>>();
	#isRunning = false;

	/**
	 * Adds work, which takes the place of that with the same key. It may stay undone: it does not keep the process alive.
	 * What it throws is dropped.
	 */
	add(key: string, work: () => Promise<void>): void {
		this.#queue.set(key, work);
		if (!this.#isRunning) void this.#run();
	}

	async #run(): Promise<void> {
		this.#isRunning = true;
		while (this.#queue.size > 0) {
			await untilIdle();
			for (const [key, work] of this.#queue) {
				this.#queue.delete(key);
				await work().catch(() => undefined);
				break;
			}
		}
		this.#isRunning = false;
	}
}

const untilIdle = async (): Promise<void> => {
	for (let busy = 1; busy > MOST_BUSY; ) {
		const before = performance.eventLoopUtilization();
		await setTimeout(LOOK_MS, undefined, { ref: false });
		busy = performance.eventLoopUtilization(before).utilization;
	}
};
