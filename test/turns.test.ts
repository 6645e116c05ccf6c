import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Turns } from '../src/server/turns.ts';

const turns = suite('turns');

/** Keeps the thread busy. */
const toil = (ms: number): void => {
	for (const until = performance.now() + ms; performance.now() < until; );
};

turns('what there is time for is done at once', () => {
	const done: number[] = [];
	const tested = new Turns();
	for (let at = 0; at < 3; at++) tested.take({}, () => done.push(at));
	assert.equal(done, [0, 1, 2]);
});

turns(
	'who brings much at once waits behind those who bring little, and all is done in its order',
	async () => {
		const done: string[] = [];
		const tested = new Turns();
		const [greedy, modest] = [{}, {}];
		for (let at = 0; at < 50; at++)
			tested.take(greedy, () => {
				toil(2);
				done.push(`greedy ${at}`);
			});
		assert.ok(done.length < 10, String(done.length));
		tested.take(modest, () => done.push('modest'));
		while (done.length < 51) await sleep(1);
		assert.ok(done.indexOf('modest') < 12, String(done.indexOf('modest')));
		assert.equal(
			done.filter((entry) => entry !== 'modest'),
			Array.from({ length: 50 }, (_, at) => `greedy ${at}`),
		);
	},
);

turns('the event loop goes on meanwhile', async () => {
	const tested = new Turns();
	let left = 30;
	for (let at = 0; at < 30; at++)
		tested.take(tested, () => {
			toil(3);
			left--;
		});
	await nextTurn();
	assert.ok(left > 10, String(left));
	while (left > 0) await sleep(1);
});

turns('a later turn begins anew', async () => {
	const tested = new Turns();
	tested.take({}, () => toil(20));
	await sleep(1);
	let isDone = false;
	tested.take({}, () => {
		isDone = true;
	});
	assert.ok(isDone);
});

turns.run();
