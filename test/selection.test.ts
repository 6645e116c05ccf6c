import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluatePreconditions, isSameVersion } from '../src/http/preconditions.ts';
import type { Fields } from '../src/http/request.ts';
import { isSelective, type Selection, select } from '../src/http/selection.ts';

const selection = suite('selection');

const TAG = '"current"';
const MODIFIED = Date.UTC(2026, 10, 22, 10, 0, 0) / 1000;
const AT = 'Sun, 22 Nov 2026 10:00:00 GMT';
const BEFORE = 'Sun, 22 Nov 2026 09:59:59 GMT';
const AFTER = 'Sun, 22 Nov 2026 10:00:01 GMT';
const NOW = MODIFIED + 3600;

const CONDITIONS: readonly {
	name: string;
	input: Fields;
	etag?: string;
	want: 'met' | 'not-modified' | 'failed';
}[] = [
	{ name: 'none', input: {}, want: 'met' },

	{ name: 'If-Match: the tag (§13.1.1)', input: { 'if-match': TAG }, want: 'met' },
	{ name: 'If-Match: any (§13.1.1)', input: { 'if-match': '*' }, want: 'met' },
	{ name: 'If-Match: one of several', input: { 'if-match': `"a", ${TAG}` }, want: 'met' },
	{ name: 'If-Match: several fields', input: { 'if-match': ['"a"', TAG] }, want: 'met' },
	{ name: 'If-Match: another', input: { 'if-match': '"other"' }, want: 'failed' },
	{ name: 'If-Match: weak (§8.8.3.2)', input: { 'if-match': `W/${TAG}` }, want: 'failed' },
	{
		name: 'If-Match: both weak (§8.8.3.2)',
		input: { 'if-match': `W/${TAG}` },
		etag: `W/${TAG}`,
		want: 'failed',
	},
	{ name: 'If-Match: a weak current tag', input: { 'if-match': TAG }, etag: `W/${TAG}`, want: 'failed' },
	{ name: 'If-Match: no list of tags', input: { 'if-match': 'current' }, want: 'failed' },
	{ name: 'If-Match: empty', input: { 'if-match': '' }, want: 'failed' },

	{ name: 'If-Unmodified-Since: then (§13.1.4)', input: { 'if-unmodified-since': AT }, want: 'met' },
	{ name: 'If-Unmodified-Since: later', input: { 'if-unmodified-since': AFTER }, want: 'met' },
	{ name: 'If-Unmodified-Since: earlier', input: { 'if-unmodified-since': BEFORE }, want: 'failed' },
	{ name: 'If-Unmodified-Since: no date', input: { 'if-unmodified-since': 'yesterday' }, want: 'met' },
	{
		name: 'If-Match goes before If-Unmodified-Since (§13.2.2)',
		input: { 'if-match': TAG, 'if-unmodified-since': BEFORE },
		want: 'met',
	},
	{
		name: 'If-Match goes before If-Unmodified-Since, failed (§13.2.2)',
		input: { 'if-match': '"other"', 'if-unmodified-since': AFTER },
		want: 'failed',
	},

	{ name: 'If-None-Match: the tag (§13.1.2)', input: { 'if-none-match': TAG }, want: 'not-modified' },
	{ name: 'If-None-Match: weak (§8.8.3.2)', input: { 'if-none-match': `W/${TAG}` }, want: 'not-modified' },
	{ name: 'If-None-Match: any', input: { 'if-none-match': '*' }, want: 'not-modified' },
	{ name: 'If-None-Match: another', input: { 'if-none-match': '"other"' }, want: 'met' },

	{ name: 'If-Modified-Since: then (§13.1.3)', input: { 'if-modified-since': AT }, want: 'not-modified' },
	{ name: 'If-Modified-Since: later', input: { 'if-modified-since': AFTER }, want: 'not-modified' },
	{ name: 'If-Modified-Since: earlier', input: { 'if-modified-since': BEFORE }, want: 'met' },
	{ name: 'If-Modified-Since: no date', input: { 'if-modified-since': '*' }, want: 'met' },
	{
		name: 'If-None-Match goes before If-Modified-Since (§13.1.3)',
		input: { 'if-none-match': '"other"', 'if-modified-since': AFTER },
		want: 'met',
	},
	{
		name: 'If-None-Match that is no list goes before If-Modified-Since',
		input: { 'if-none-match': 'current', 'if-modified-since': AFTER },
		want: 'met',
	},
	{
		name: 'If-Match goes before If-None-Match (§13.2.2)',
		input: { 'if-match': '"other"', 'if-none-match': TAG },
		want: 'failed',
	},
	{
		name: 'both If-Match and If-None-Match (§13.2.2)',
		input: { 'if-match': TAG, 'if-none-match': TAG },
		want: 'not-modified',
	},
	{
		name: 'both dates (§13.2.2)',
		input: { 'if-unmodified-since': AT, 'if-modified-since': AT },
		want: 'not-modified',
	},
];
for (const { name, input, etag = TAG, want } of CONDITIONS)
	selection(`${name} → ${want} (RFC 9110 §13)`, () => {
		assert.is(evaluatePreconditions(input, { etag, modified: MODIFIED }, NOW), want);
		assert.is(isSelective(input), Object.keys(input).length > 0);
	});

selection('dates are no conditions where none is known (RFC 9110 §13.1.3, §13.1.4)', () => {
	for (const name of ['if-modified-since', 'if-unmodified-since'])
		for (const date of [BEFORE, AT, AFTER])
			assert.is(evaluatePreconditions({ [name]: date }, { etag: TAG, modified: undefined }, NOW), 'met');
});

const SAME: readonly { name: string; input: string | undefined; etag?: string; want: boolean }[] = [
	{ name: 'no field', input: undefined, want: true },
	{ name: 'the tag', input: TAG, want: true },
	{ name: 'spaces around', input: ` ${TAG}\t`, want: true },
	{ name: 'another tag', input: '"other"', want: false },
	{ name: 'a weak tag', input: `W/${TAG}`, want: false },
	{ name: 'weak on both sides', input: `W/${TAG}`, etag: `W/${TAG}`, want: false },
	{ name: 'a list', input: `${TAG}, "other"`, want: false },
	{ name: 'any', input: '*', want: false },
	{ name: 'the very date, which is not strong (§8.8.2.2)', input: AT, want: false },
	{ name: 'a later date', input: AFTER, want: false },
	{ name: 'nothing', input: '', want: false },
];
for (const { name, input, etag = TAG, want } of SAME)
	selection(`If-Range: ${name} → ${want ? 'the part' : 'the whole'} (RFC 9110 §13.1.5)`, () => {
		assert.is(isSameVersion(input, etag), want);
	});

const range = 'bytes=0-9';
const PART: Selection = { kind: 'part', start: 0, end: 10 };
const SELECTIONS: readonly { name: string; method?: 'HEAD'; input: Fields; want: Selection }[] = [
	{ name: 'nothing special', input: {}, want: { kind: 'whole' } },
	{ name: 'a range', input: { range }, want: PART },
	{ name: 'a range of a HEAD (§14.2)', method: 'HEAD', input: { range }, want: { kind: 'whole' } },
	{
		name: 'an unsatisfiable range',
		input: { range: 'bytes=100-' },
		want: { kind: 'unsatisfiable' },
	},
	{
		name: 'an unsatisfiable range of another version (§13.1.5)',
		input: { range: 'bytes=100-', 'if-range': '"other"' },
		want: { kind: 'whole' },
	},
	{ name: 'a range of this version', input: { range, 'if-range': TAG }, want: PART },
	{ name: 'a range of another version', input: { range, 'if-range': '"other"' }, want: { kind: 'whole' } },
	{ name: 'If-Range alone (§13.1.5)', input: { 'if-range': '"other"' }, want: { kind: 'whole' } },
	{
		name: 'preconditions go before the range (§13.2.2)',
		input: { range: 'bytes=100-', 'if-none-match': TAG },
		want: { kind: 'not-modified' },
	},
	{ name: 'a failed one, too', input: { range, 'if-match': '"other"' }, want: { kind: 'failed' } },
	{ name: 'If-Match and a range', input: { range, 'if-match': TAG }, want: PART },
];
for (const { name, method = 'GET', input, want } of SELECTIONS)
	selection(`${name} → ${want.kind} (RFC 9110 §13.2.2, §14.2)`, () => {
		assert.equal(select(method, input, { etag: TAG, modified: MODIFIED }, 100, NOW), want);
	});

selection.run();
