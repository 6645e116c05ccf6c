import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Fields } from '../src/http/request.ts';
import { isNavigating, keepsPreloads, takesPages } from '../src/http/visitor.ts';

const PAGE = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

const rows: readonly { name: string; fields: Fields; navigates: boolean; takes: boolean }[] = [
	{ name: 'nothing', fields: {}, navigates: false, takes: true },
	{ name: 'anything', fields: { accept: '*/*' }, navigates: false, takes: true },
	{ name: 'anything, with spaces', fields: { accept: ' */* ' }, navigates: false, takes: true },
	{ name: 'an empty list', fields: { accept: '' }, navigates: false, takes: true },
	{ name: 'a page', fields: { accept: PAGE }, navigates: true, takes: true },
	{ name: 'a page alone', fields: { accept: 'text/html' }, navigates: true, takes: true },
	{ name: 'a page in capitals', fields: { accept: 'Text/HTML;q=0.9' }, navigates: true, takes: true },
	{ name: 'a page last', fields: { accept: 'image/png, text/html' }, navigates: true, takes: true },
	{ name: 'what only looks like one', fields: { accept: 'text/html-x' }, navigates: false, takes: false },
	{ name: 'an image', fields: { accept: 'image/avif,image/webp,*/*;q=0.8' }, navigates: false, takes: false },
	{ name: 'a style sheet', fields: { accept: 'text/css,*/*;q=0.1' }, navigates: false, takes: false },
	{ name: 'JSON', fields: { accept: 'application/json' }, navigates: false, takes: false },
	{
		name: 'a navigation',
		fields: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
		navigates: true,
		takes: true,
	},
	{
		name: 'a navigation by its mode',
		fields: { 'sec-fetch-mode': 'navigate' },
		navigates: true,
		takes: true,
	},
	{ name: 'a frame', fields: { 'sec-fetch-dest': 'iframe' }, navigates: true, takes: true },
	{
		name: 'a script',
		fields: { accept: '*/*', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
		navigates: false,
		takes: false,
	},
	{
		name: 'a fetch that asks for HTML',
		fields: { accept: 'text/html', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
		navigates: false,
		takes: false,
	},
];

const visitor = suite('visitor');

for (const { name, fields, navigates, takes } of rows)
	visitor(`who asks for ${name}`, () => {
		assert.is(isNavigating(fields), navigates);
		assert.is(takesPages(fields), takes);
	});

for (const { name: agent, input, want } of [
	{
		name: 'Safari',
		input:
			'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
		want: true,
	},
	{
		name: 'Chrome on iOS',
		input:
			'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/138.0 Mobile/15E148 Safari/604.1',
		want: true,
	},
	{
		name: 'Chrome',
		input:
			'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
		want: false,
	},
	{
		name: 'Firefox',
		input: 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0',
		want: false,
	},
	{ name: 'curl', input: 'curl/8.14.1', want: false },
	{ name: 'nobody', input: undefined, want: false },
])
	visitor(`${agent} ${want ? 'keeps' : 'asks again for'} what was preloaded`, () =>
		assert.is(keepsPreloads({ 'user-agent': input }), want),
	);

visitor.run();
