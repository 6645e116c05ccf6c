import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheControlOf, type Lifetime, readCacheControl } from '../src/http/freshness.ts';

const freshness = suite('freshness');

const FIELDS: readonly { name: string; lifetime: Lifetime; isPrivate: boolean; want: string }[] = [
	{
		name: 'stored, but never used without asking (RFC 9111 §5.2.2.4)',
		lifetime: { kind: 'revalidate' },
		isPrivate: false,
		want: 'no-cache',
	},
	{
		name: 'the same, with something of one client only (RFC 9111 §5.2.2.7)',
		lifetime: { kind: 'revalidate' },
		isPrivate: true,
		want: 'private, no-cache',
	},
	{
		name: 'fresh for a time (RFC 9111 §5.2.2.1)',
		lifetime: { kind: 'max-age', seconds: 600 },
		isPrivate: false,
		want: 'max-age=600',
	},
	{
		name: 'fresh for no time',
		lifetime: { kind: 'max-age', seconds: 0 },
		isPrivate: false,
		want: 'max-age=0',
	},
	{
		name: 'fresh for a time, for one client',
		lifetime: { kind: 'max-age', seconds: 600 },
		isPrivate: true,
		want: 'private, max-age=600',
	},
	{
		name: 'fresh for ever (RFC 8246 §2)',
		lifetime: { kind: 'immutable' },
		isPrivate: false,
		want: 'max-age=31536000, immutable',
	},
	{
		name: 'fresh for ever, for one client',
		lifetime: { kind: 'immutable' },
		isPrivate: true,
		want: 'private, max-age=31536000, immutable',
	},
];
for (const { name, lifetime, isPrivate, want } of FIELDS)
	freshness(`${name} → ${want}`, () => assert.is(cacheControlOf(lifetime, isPrivate), want));

/** `lifetime; shared?; value for one client`. */
const WRITTEN: readonly { input: string; want: readonly [string, boolean, string] }[] = [
	{ input: 'no-cache', want: ['revalidate', false, 'private, no-cache'] },
	{ input: 'public, max-age=600', want: ['max-age 600', true, 'private, max-age=600'] },
	{ input: 'max-age=600', want: ['max-age 600', false, 'private, max-age=600'] },
	{ input: 'Public, Max-Age=600, IMMUTABLE', want: ['immutable', true, 'private, Max-Age=600, IMMUTABLE'] },
	{
		input: 'public, max-age=0, must-revalidate',
		want: ['revalidate', false, 'private, max-age=0, must-revalidate'],
	},
	{ input: 's-maxage=60, max-age=0', want: ['revalidate', true, 'private, max-age=0'] },
	{ input: 's-maxage=0, public, max-age=9', want: ['max-age 9', false, 'private, max-age=9'] },
	{ input: 'private, max-age="9"', want: ['max-age 9', false, 'private, max-age="9"'] },
	{ input: 'public, no-cache, max-age=9', want: ['revalidate', false, 'private, no-cache, max-age=9'] },
	{
		input: 'no-cache="set-cookie", max-age=9',
		want: ['max-age 9', false, 'private, no-cache="set-cookie", max-age=9'],
	},
	{ input: 'no-store', want: ['no-store', false, 'private, no-store'] },
	{ input: 'max-age=-1', want: ['revalidate', false, 'private, max-age=-1'] },
	{
		input: 'max-age=99999999999999999999',
		want: ['max-age 2147483648', false, 'private, max-age=99999999999999999999'],
	},
	{ input: '"=,;', want: ['revalidate', false, 'private'] },
];
for (const { input, want } of WRITTEN)
	freshness(`written: ${input} (RFC 9111 §5.2.2)`, () => {
		const { lifetime, isShared, privately } = readCacheControl(input);
		const age = lifetime.kind === 'max-age' ? ` ${lifetime.seconds}` : '';
		assert.equal([lifetime.kind + age, isShared, privately], want);
	});

freshness.run();
