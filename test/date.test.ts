import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatDate, parseDate } from '../src/http/date.ts';
import { onRandom } from './support/random.ts';

const dates = suite('dates');

const NOW = Date.UTC(2026, 10, 22) / 1000;
const MOMENT = Date.UTC(1994, 10, 6, 8, 49, 37) / 1000;

const TEXTS: readonly { name: string; input: string; want: number | undefined }[] = [
	{ name: 'the preferred form', input: 'Sun, 06 Nov 1994 08:49:37 GMT', want: MOMENT },
	{ name: 'the form of RFC 850', input: 'Sunday, 06-Nov-94 08:49:37 GMT', want: MOMENT },
	{ name: 'the form of asctime()', input: 'Sun Nov  6 08:49:37 1994', want: MOMENT },
	{
		name: 'asctime() with two digits',
		input: 'Wed Nov 16 08:49:37 1994',
		want: Date.UTC(1994, 10, 16, 8, 49, 37) / 1000,
	},
	{ name: 'a day of the week that does not fit', input: 'Mon, 06 Nov 1994 08:49:37 GMT', want: MOMENT },
	{ name: 'a leap second', input: 'Sat, 31 Dec 2016 23:59:60 GMT', want: Date.UTC(2017, 0, 1) / 1000 },
	{ name: 'a leap day', input: 'Thu, 29 Feb 2024 00:00:00 GMT', want: Date.UTC(2024, 1, 29) / 1000 },
	{ name: 'before 1970', input: 'Wed, 31 Dec 1969 23:59:59 GMT', want: -1 },
	{
		name: 'two digits, 50 years from now',
		input: 'Sunday, 01-Nov-76 00:00:00 GMT',
		want: Date.UTC(2076, 10, 1) / 1000,
	},
	{
		name: 'two digits, more than 50 years from now',
		input: 'Sunday, 01-Nov-77 00:00:00 GMT',
		want: Date.UTC(1977, 10, 1) / 1000,
	},
	{
		name: 'two digits, later in the 50th year',
		input: 'Sunday, 31-Dec-76 00:00:00 GMT',
		want: Date.UTC(1976, 11, 31) / 1000,
	},

	{ name: 'nothing', input: '', want: undefined },
	{ name: 'another zone', input: 'Sun, 06 Nov 1994 08:49:37 UTC', want: undefined },
	{ name: 'an offset', input: 'Sun, 06 Nov 1994 08:49:37 +0000', want: undefined },
	{ name: 'no zone', input: 'Sun, 06 Nov 1994 08:49:37', want: undefined },
	{ name: 'one digit', input: 'Sun, 6 Nov 1994 08:49:37 GMT', want: undefined },
	{ name: 'small letters', input: 'sun, 06 nov 1994 08:49:37 gmt', want: undefined },
	{ name: 'a day that the month does not have', input: 'Sun, 31 Feb 2026 08:49:37 GMT', want: undefined },
	{ name: 'a leap day of another year', input: 'Sun, 29 Feb 2026 08:49:37 GMT', want: undefined },
	{ name: 'day 0', input: 'Sun, 00 Nov 1994 08:49:37 GMT', want: undefined },
	{ name: 'hour 24', input: 'Sun, 06 Nov 1994 24:00:00 GMT', want: undefined },
	{ name: 'minute 60', input: 'Sun, 06 Nov 1994 08:60:00 GMT', want: undefined },
	{ name: 'second 61', input: 'Sun, 06 Nov 1994 08:49:61 GMT', want: undefined },
	{ name: 'ISO 8601', input: '1994-11-06T08:49:37Z', want: undefined },
	{ name: 'a number', input: '784111777', want: undefined },
	{
		name: 'two dates',
		input: 'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
		want: undefined,
	},
	{ name: 'something behind', input: 'Sun, 06 Nov 1994 08:49:37 GMT; length=1', want: undefined },
];
for (const { name, input, want } of TEXTS)
	dates(`${name}: ${JSON.stringify(input)} → ${want} (RFC 9110 §5.6.7)`, () => {
		assert.is(parseDate(input, NOW), want);
	});

dates('a date is written in the preferred form (RFC 9110 §5.6.7)', () => {
	assert.is(formatDate(MOMENT), 'Sun, 06 Nov 1994 08:49:37 GMT');
});

dates(
	'what is written is read again',
	onRandom((random) => {
		for (let round = 0; round < 1000; round++) {
			const seconds = random.below(2 ** 36) - 2 ** 33;
			assert.is(parseDate(formatDate(seconds), NOW), seconds);
		}
	}),
);

dates.run();
