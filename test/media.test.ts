import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { excludesScreens, matchesEveryScreen } from '../src/site/media.ts';

/** `none`: no screen matches; `all`: every screen does; `some`: the client knows. */
const rows: readonly { input: string | undefined; want: 'none' | 'some' | 'all' }[] = [
	{ input: undefined, want: 'all' },
	{ input: '', want: 'all' },
	{ input: ' \n', want: 'all' },
	{ input: 'all', want: 'all' },
	{ input: 'screen', want: 'all' },
	{ input: ' SCREEN ', want: 'all' },
	{ input: 'only screen', want: 'all' },
	{ input: 'print, screen', want: 'all' },
	{ input: 'print', want: 'none' },
	{ input: 'PRINT', want: 'none' },
	{ input: 'only print', want: 'none' },
	{ input: 'print and (color)', want: 'none' },
	{ input: 'print, speech', want: 'none' },
	{ input: 'speech', want: 'none' },
	{ input: 'tty', want: 'none' },
	{ input: 'projection', want: 'none' },
	{ input: 'not all', want: 'none' },
	{ input: 'not screen', want: 'none' },
	{ input: 'not all, print', want: 'none' },
	{ input: 'min-width: 3em', want: 'none' },
	{ input: '(min-width: 3em)', want: 'some' },
	{ input: '(max-width: 1px)', want: 'some' },
	{ input: 'screen and (min-width: 3em)', want: 'some' },
	{ input: 'not print', want: 'some' },
	{ input: 'not all and (monochrome)', want: 'some' },
	{ input: 'not screen and (color)', want: 'some' },
	{ input: 'print, (min-width: 3em)', want: 'some' },
	{ input: '(prefers-color-scheme: dark)', want: 'some' },
];

const media = suite('media');

for (const { input, want } of rows)
	media(`${JSON.stringify(input)} matches ${want} of the screens (Media Queries 4 §2)`, () => {
		const got = excludesScreens(input) ? 'none' : matchesEveryScreen(input) ? 'all' : 'some';
		assert.is(got, want);
	});

media.run();
