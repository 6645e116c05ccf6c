// What opens a browser, by platform: and that nothing in a URL is taken for a command.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { browserCommands, type Desktop } from '../src/terminal/browser-command.ts';

const browser = suite('what opens a browser');

const URL_TEXT = 'http://localhost:8080/a;b?c=1&d=%20$(id)|e^f';
const CMD_TEXT = 'http://localhost:8080/a^;b^?c^=1^&d^=^%20^$^(id^)^|e^^f';
const LINUX: Desktop = { platform: 'linux', isWsl: false, environment: {} };

const rows: readonly { name: string; input: Partial<Desktop>; want: readonly string[][] }[] = [
	{ name: 'Linux', input: {}, want: [['xdg-open', URL_TEXT]] },
	{ name: 'macOS', input: { platform: 'darwin' }, want: [['open', URL_TEXT]] },
	{ name: 'Windows', input: { platform: 'win32' }, want: [['cmd', '/c', 'start', CMD_TEXT]] },
	{
		name: 'Linux in Windows',
		input: { isWsl: true },
		want: [
			['wslview', URL_TEXT],
			['cmd.exe', '/c', 'start', CMD_TEXT],
			['xdg-open', URL_TEXT],
		],
	},
	{
		name: '$BROWSER goes before',
		input: { environment: { BROWSER: '/opt/my browser' } },
		want: [
			['/opt/my browser', URL_TEXT],
			['xdg-open', URL_TEXT],
		],
	},
	{
		name: '$BROWSER with several, and a place for the URL',
		input: { environment: { BROWSER: 'w3m -o x %s -n:  :lynx' } },
		want: [
			['w3m', '-o', 'x', URL_TEXT, '-n'],
			['lynx', URL_TEXT],
			['xdg-open', URL_TEXT],
		],
	},
	{ name: 'an empty $BROWSER', input: { environment: { BROWSER: '' } }, want: [['xdg-open', URL_TEXT]] },
	{
		name: '$BROWSER of Windows has a colon of its own',
		input: { platform: 'win32', environment: { BROWSER: 'C:\\b.exe' } },
		want: [
			['C:\\b.exe', URL_TEXT],
			['cmd', '/c', 'start', CMD_TEXT],
		],
	},
];
for (const { name, input, want } of rows)
	browser(name, () => {
		const commands = browserCommands(URL_TEXT, { ...LINUX, ...input });
		assert.equal(
			commands.map(({ program, args }) => [program, ...args]),
			want,
		);
		// Node would put quotes around what it takes for text; Windows' shell reads its line as it is.
		for (const { program, isVerbatim } of commands) assert.is(isVerbatim, program === 'cmd');
	});

browser.run();
