import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IdleQueue } from '../src/delivery/idle-queue.ts';
import { until } from './support/folder.ts';

const idle = suite('work for idle times');

idle('is done one piece after the other, whatever becomes of the one before', async () => {
	const queue = new IdleQueue();
	const done: string[] = [];
	let under = 0;
	for (const name of ['a', 'b', 'c'])
		queue.add(name, async () => {
			assert.is(++under, 1);
			await new Promise(setImmediate);
			under--;
			done.push(name);
			if (name === 'b') throw new Error('b');
		});
	await until('all of it', () => done.length === 3);
	assert.equal(done, ['a', 'b', 'c']);
	queue.add('d', async () => void done.push('d'));
	await until('one more', () => done.length === 4);
});

idle('waits while there is something else to do, and is done once for each key', async () => {
	const queue = new IdleQueue();
	const done: number[] = [];
	for (const time of [1, 2, 3]) queue.add('same', async () => void done.push(time));
	const start = performance.now();
	while (performance.now() - start < 600) {
		for (const now = performance.now(); performance.now() - now < 20; );
		await new Promise(setImmediate);
	}
	assert.equal(done, []);
	await until('it', () => done.length > 0);
	assert.equal(done, [3]);
});

idle.run();
