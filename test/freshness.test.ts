import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheControlOf, type Lifetime } from '../src/http/freshness.ts';

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

freshness.run();
