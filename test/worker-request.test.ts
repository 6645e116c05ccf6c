import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Fields } from '../src/http/request.ts';
import { isBrowserNavigation, type WorkerRequest, workerRequestOf } from '../src/http/worker-request.ts';

const worker = suite('what a worker says');

const DOCUMENT: WorkerRequest = { kind: 'document' };
const bundle = (digest: string): WorkerRequest => ({ kind: 'bundle', digest });

/** What either field may say; which of the two it is does not matter. */
const SAID: readonly {
	name: string;
	input: string | readonly string[];
	want: WorkerRequest | undefined;
}[] = [
	{ name: 'ours, which holds something', input: 'casper/1 -abc_', want: bundle('-abc_') },
	{ name: 'ours, which holds nothing', input: 'casper/1 AA', want: bundle('AA') },
	{ name: 'ours, and a digest that is none', input: 'casper/1 ?', want: bundle('?') },
	{ name: 'ours, which wants the document alone', input: 'casper/1', want: DOCUMENT },
	{ name: 'blanks around it', input: ' casper/1 AA\t', want: bundle('AA') },
	{ name: 'one that was not told what to say (Service Workers §4.5.5)', input: 'true', want: undefined },
	{ name: 'nothing', input: '', want: undefined },
	{ name: 'another version of ours', input: 'casper/2 AA', want: undefined },
	{ name: 'a version that begins like ours', input: 'casper/10 AA', want: undefined },
	{ name: 'other letter case', input: 'Casper/1 AA', want: undefined },
	{ name: 'more parts than there are', input: 'casper/1 AA BB', want: undefined },
	{ name: 'two blanks', input: 'casper/1  AA', want: undefined },
	{ name: 'a tab for a blank', input: 'casper/1\tAA', want: undefined },
	{ name: 'twice', input: ['casper/1 AA', 'casper/1 BB'], want: undefined },
	{ name: 'twice, one without a digest', input: ['casper/1', 'casper/1'], want: undefined },
	{ name: 'together with another', input: 'true, casper/1 AA', want: undefined },
	{
		name: 'a Golomb-coded set (draft-ietf-httpbis-cache-digest-02 §2)',
		input: 'AfdA; complete',
		want: undefined,
	},
	{ name: 'paths and hashes', input: '/a.css=0123, /b.js=4567', want: undefined },
	{ name: 'a mention of ours', input: 'AA; casper/1 AA', want: undefined },
];

for (const field of ['service-worker-navigation-preload', 'cache-digest'])
	for (const { name, input, want } of SAID)
		worker(`${field}: ${name}`, () => {
			const fields: Fields = { [field]: input };
			assert.equal(workerRequestOf(fields), want);
			assert.is(isBrowserNavigation(fields), want !== undefined);
			assert.is(isBrowserNavigation({ ...fields, 'sec-fetch-mode': 'navigate' }), true);
		});

worker('without either field, nothing', () => assert.is(workerRequestOf({}), undefined));

worker('of two that are ours, that of the navigation counts', () => {
	const both = { 'service-worker-navigation-preload': 'casper/1 AA', 'cache-digest': 'casper/1' };
	assert.equal(workerRequestOf(both), bundle('AA'));
});

worker('beside a worker of somebody else, ours is heard', () => {
	const both = { 'service-worker-navigation-preload': 'true', 'cache-digest': 'casper/1 AA' };
	assert.equal(workerRequestOf(both), bundle('AA'));
});

const NAVIGATIONS: readonly { name: string; input: Fields; want: boolean }[] = [
	{ name: 'a navigation', input: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, want: true },
	{ name: 'a frame', input: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, want: true },
	{ name: 'a script’s fetch', input: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, want: false },
	{ name: 'an image', input: { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }, want: false },
	{ name: 'a client that does not say', input: { accept: 'text/html' }, want: false },
	{ name: 'modes in a row', input: { 'sec-fetch-mode': 'navigate, cors' }, want: false },
];

for (const { name, input, want } of NAVIGATIONS)
	worker(`whether a browser shows it: ${name}`, () => {
		assert.is(isBrowserNavigation(input), want);
	});

worker.run();
