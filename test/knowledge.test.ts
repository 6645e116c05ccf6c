import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { advanceRecord, type KeyOracle } from '../src/digest/cookie.ts';
import {
	ConnectionRecord,
	knowledgeOfCondition,
	knowledgeOfRecord,
	NOTHING_KNOWN,
	NOTHING_WANTED_FROM_CACHE,
} from '../src/digest/knowledge.ts';
import type { ResourceVersion } from '../src/digest/resource-key.ts';

const knowledge = suite('knowledge');

const A: ResourceVersion = { url: '/a.css', hash: 'hash of a' };
const B: ResourceVersion = { url: '/b.css', hash: 'hash of b' };
const C: ResourceVersion = { url: '/c.css', hash: 'hash of c' };

const given = (record: ConnectionRecord): string[] =>
	[...record.gifts()].map(({ version, atMinutes }) => `${version.url} at ${atMinutes}`);

knowledge('of a stranger, and of a client that refuses what is cached, nothing is claimed', () => {
	assert.is(NOTHING_KNOWN.evidence, 'none');
	assert.is(NOTHING_KNOWN.claimOf(A), undefined);
	assert.is(NOTHING_WANTED_FROM_CACHE.evidence, 'no-cache');
	assert.is(NOTHING_WANTED_FROM_CACHE.claimOf(A), undefined);
});

knowledge('a record claims what was given, with its age where that is known', () => {
	const oracle: KeyOracle = { isCurrent: () => true, needsAge: () => false };
	const first = advanceRecord(undefined, [{ version: A, atMinutes: 100 }], oracle, 100);
	const record = advanceRecord(first, [{ version: B, atMinutes: 200 }], oracle, 200);
	const known = knowledgeOfRecord(record);
	assert.is(known.evidence, 'cookie');
	assert.ok(known.claimOf(A));
	assert.is(known.claimOf(A)?.sinceMinutes, undefined);
	assert.is(known.claimOf(B)?.sinceMinutes, 200);
	assert.is(known.claimOf(C), undefined);
});

knowledge('a client that holds a document unchanged holds what goes with it, since nobody knows when', () => {
	const given = new ConnectionRecord();
	given.give(A, 100);
	const known = knowledgeOfCondition(given);
	assert.is(known.evidence, 'conditional');
	assert.equal(known.claimOf(A), { sinceMinutes: 100 });
	assert.equal(known.claimOf(B), { sinceMinutes: undefined });
});

const connection = suite('connection record');

connection('claims what was given, since when, and nothing else', () => {
	const record = new ConnectionRecord();
	record.give(A, 100);
	assert.is(record.evidence, 'connection');
	assert.equal(record.claimOf(A), { sinceMinutes: 100 });
	assert.equal(record.claimOf({ ...A }), { sinceMinutes: 100 });
	assert.is(record.claimOf(B), undefined);
});

connection('another content, query or path is another thing', () => {
	const record = new ConnectionRecord();
	record.give(A, 100);
	assert.is(record.claimOf({ ...A, hash: 'another hash' }), undefined);
	assert.is(record.claimOf({ ...A, url: '/a.css?v=1' }), undefined);
	assert.is(record.claimOf({ ...A, url: '/x/a.css' }), undefined);
});

connection('starts empty', () => {
	const record = new ConnectionRecord();
	assert.equal([...record.gifts()], []);
	assert.is(record.claimOf(A), undefined);
});

connection('gifts come oldest first, each once', () => {
	const record = new ConnectionRecord();
	record.give(A, 100);
	record.give(B, 100);
	record.give({ ...A }, 100);
	record.give(C, 101);
	assert.equal(given(record), ['/a.css at 100', '/b.css at 100', '/c.css at 101']);
});

connection('what is given again counts from then on, and is the last to go', () => {
	const record = new ConnectionRecord(2);
	record.give(A, 100);
	record.give(B, 100);
	record.give(A, 105);
	assert.equal(record.claimOf(A), { sinceMinutes: 105 });
	assert.equal(given(record), ['/b.css at 100', '/a.css at 105']);
	record.give(C, 106);
	assert.equal(given(record), ['/a.css at 105', '/c.css at 106']);
});

connection('a clock that is set back takes nothing away', () => {
	const record = new ConnectionRecord();
	record.give(A, 100);
	record.give(B, 40);
	record.give(A, 41);
	assert.equal(given(record), ['/b.css at 40', '/a.css at 41']);
});

connection('is bounded: the oldest go first', () => {
	const record = new ConnectionRecord(3);
	for (const [index, version] of [A, B, C, { ...A, hash: 'new' }, { ...B, hash: 'new' }].entries())
		record.give(version, 100 + index);
	assert.equal(given(record), ['/c.css at 102', '/a.css at 103', '/b.css at 104']);
	assert.is(record.claimOf(A), undefined);
	assert.equal(record.claimOf(C), { sinceMinutes: 102 });
});

connection('is bounded by 2000 versions if nothing else is said', () => {
	const record = new ConnectionRecord();
	for (let index = 0; index < 2500; index++) record.give({ url: `/${index}`, hash: 'h' }, 100);
	const gifts = given(record);
	assert.is(gifts.length, 2000);
	assert.is(gifts[0], '/500 at 100');
	assert.is(gifts.at(-1), '/2499 at 100');
});

connection('with room for nothing remembers nothing', () => {
	const record = new ConnectionRecord(0);
	record.give(A, 100);
	assert.equal(given(record), []);
});

connection('is bounded in memory: a URL longer than any that a page refers to is not remembered', () => {
	const record = new ConnectionRecord();
	const long: ResourceVersion = { url: `/a.css?${'x'.repeat(60_000)}`, hash: 'hash of a' };
	record.give(long, 100);
	assert.is(record.claimOf(long), undefined);
	assert.is([...record.gifts()].length, 0);
	const usual: ResourceVersion = { url: `/a.css?${'x'.repeat(1000)}`, hash: 'hash of a' };
	record.give(usual, 100);
	assert.equal(record.claimOf(usual), { sinceMinutes: 100 });
});

knowledge.run();
connection.run();
