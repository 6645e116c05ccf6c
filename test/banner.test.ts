// What is said at the start, for each kind of server; and whether a terminal listens to us, which the word on keys is for.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
	describeFolder,
	describeProgress,
	describeServer,
	type FolderFacts,
	type ServerFacts,
} from '../src/terminal/banner.ts';
import { isForegroundByPs, isForegroundByStat } from '../src/terminal/foreground.ts';
import { painter } from '../src/terminal/text.ts';
import type { Trust } from '../src/tls/trust.ts';

const banner = suite('banner');

const PLAIN = painter(false);
const FACTS: ServerFacts = {
	version: '1.2.3',
	url: 'http://localhost:8080/',
	redirectUrl: undefined,
	host: 'localhost',
	addresses: ['192.0.2.7', '2001:db8::1'],
	trust: 'none',
	modes: { 'live reload': true, push: true, bundle: false },
	hint: '',
};
const TRUST: Trust = {
	kind: 'public',
	issuer: 'Root 1',
	expires: new Date('2027-03-04T05:06:07Z'),
	daysLeft: 90,
};
const MODES = '  Modes     live reload on, push on, bundle off';
const PROTOCOL = '  Protocol  HTTP/1.1 and HTTP/2 without TLS';

const rows: readonly { name: string; input: Partial<ServerFacts>; want: readonly string[] }[] = [
	{
		name: 'on this machine alone',
		input: {},
		want: [
			'casper-serve 1.2.3',
			'  Local     http://localhost:8080/',
			'  Network   closed; --host opens it',
			PROTOCOL,
			MODES,
		],
	},
	{
		name: 'on all addresses',
		input: { host: true },
		want: [
			'casper-serve 1.2.3',
			'  Local     http://localhost:8080/',
			'  Network   http://192.0.2.7:8080/  http://[2001:db8::1]:8080/',
			PROTOCOL,
			MODES,
		],
	},
	{
		name: 'on the usual port of TLS, with more addresses than anybody reads',
		input: {
			host: true,
			url: 'https://localhost/',
			addresses: ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'],
		},
		want: [
			'casper-serve 1.2.3',
			'  Local     https://localhost/',
			'  Network   https://192.0.2.1/  https://192.0.2.2/  https://192.0.2.3/  and 2 more',
			PROTOCOL,
			MODES,
		],
	},
	{
		name: 'without a network',
		input: { host: true, addresses: [] },
		want: [
			'casper-serve 1.2.3',
			'  Local     http://localhost:8080/',
			'  Network   this machine has no address of its own',
			PROTOCOL,
			MODES,
		],
	},
	{
		name: 'on one address',
		input: { host: '192.0.2.7', url: 'http://192.0.2.7:8080/' },
		want: ['casper-serve 1.2.3', '  Network   http://192.0.2.7:8080/', PROTOCOL, MODES],
	},
	{
		name: 'on one of the loopback addresses',
		input: { host: '::1', url: 'http://[::1]:8080/' },
		want: [
			'casper-serve 1.2.3',
			'  Local     http://[::1]:8080/',
			'  Network   closed; --host opens it',
			PROTOCOL,
			MODES,
		],
	},
	{
		name: 'on a Unix socket, with a word on keys',
		input: { url: 'unix:/run/casper.sock', hint: 'h: help' },
		want: ['casper-serve 1.2.3', '  Socket    unix:/run/casper.sock', PROTOCOL, `${MODES}; h: help`],
	},
	{
		name: 'with a redirect',
		input: { url: 'https://localhost:8443/', redirectUrl: 'http://localhost:8080/', trust: 'made' },
		want: [
			'casper-serve 1.2.3',
			'  Local     https://localhost:8443/  (http://localhost:8080/ leads there)',
			'  Network   closed; --host opens it',
			'  Protocol  HTTP/2 and HTTP/1.1; self-signed: a browser asks once whether you trust it',
			MODES,
		],
	},
];
for (const { name, input, want } of rows)
	banner(`says where it answers: ${name}`, () => {
		assert.equal(describeServer({ ...FACTS, ...input }, PLAIN), want);
	});

const certificates: readonly { name: string; input: ServerFacts['trust']; want: string }[] = [
	{ name: 'public', input: TRUST, want: '; certificate trusted (Root 1), until 2027-03-04' },
	{
		name: 'private',
		input: { ...TRUST, kind: 'private', issuer: 'mkcert dev@box' },
		want: '; certificate by mkcert dev@box, for those who trust it, until 2027-03-04',
	},
	{
		name: 'self-signed',
		input: { ...TRUST, kind: 'self-signed' },
		want: '; self-signed: a browser asks once whether you trust it, until 2027-03-04',
	},
	{
		name: 'near its end',
		input: { ...TRUST, daysLeft: 13 },
		want: '; certificate trusted (Root 1), expires in 13 days',
	},
	{
		name: 'in its last days',
		input: { ...TRUST, daysLeft: 1 },
		want: '; certificate trusted (Root 1), expires in 1 day',
	},
	{
		name: 'expired',
		input: { ...TRUST, daysLeft: -1 },
		want: '; certificate trusted (Root 1), expired on 2027-03-04',
	},
	{
		name: 'with a name that would colour the line',
		input: { ...TRUST, issuer: '\x1b[31mEvil' },
		want: '; certificate trusted (\\x1b[31mEvil), until 2027-03-04',
	},
	{
		name: 'without a date in its place',
		input: { ...TRUST, expires: undefined, daysLeft: undefined },
		want: '; certificate trusted (Root 1)',
	},
	{ name: 'unknown', input: undefined, want: '' },
];
for (const { name, input, want } of certificates)
	banner(`says whether a certificate is trusted: ${name}`, () => {
		const lines = describeServer({ ...FACTS, url: 'https://localhost:8443/', trust: input }, PLAIN);
		assert.is(lines[3], `  Protocol  HTTP/2 and HTTP/1.1${want}`);
	});

const FOLDER: FolderFacts = {
	directory: 'site',
	files: 63,
	pages: 5,
	bytes: 1_234_567,
	broken: undefined,
	seconds: 0.345,
};
const folders: readonly {
	name: string;
	input: Partial<FolderFacts>;
	want: string;
}[] = [
	{ name: 'nobody looked for broken references', input: {}, want: '63 files, 5 pages, 1.2 MB, indexed' },
	{
		name: 'none is broken',
		input: { broken: 0 },
		want: '63 files, 5 pages, 1.2 MB, no broken references, indexed',
	},
	{
		name: 'one of each',
		input: { files: 1, pages: 1, bytes: 1, broken: 1 },
		want: '1 file, 1 page, 1 B, 1 broken reference, indexed',
	},
	{
		name: 'many',
		input: { files: 12_345, broken: 1234 },
		want: '12,345 files, 5 pages, 1.2 MB, 1,234 broken references, indexed',
	},
];
for (const { name, input, want } of folders)
	banner(`says what is in the folder: ${name}`, () => {
		assert.is(describeFolder({ ...FOLDER, ...input }, PLAIN), `  Folder    site: ${want} in 0.34 s`);
	});

banner('a folder cannot write lines or colours by its name', () => {
	for (const directory of ['a\nb', '\x1b[2Jb', 'a\u202eb']) {
		// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
		assert.not.match(describeFolder({ ...FOLDER, directory }, PLAIN), /[\x00-\x1f\u202e]/);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
		assert.not.match(describeProgress(directory, 1, 100), /[\x00-\x1f\u202e]/);
	}
});

banner('progress fits into a line, whatever the folder is called', () => {
	assert.is(describeProgress('site', 1234, 80), '  Folder    site: indexing, 1,234 files so far');
	for (const columns of [10, 40, 80])
		assert.ok(describeProgress('a'.repeat(200), 1234, columns).length < columns);
});

banner('colours change nothing but colours', () => {
	const facts: ServerFacts = {
		...FACTS,
		host: true,
		redirectUrl: 'http://x/',
		trust: TRUST,
		hint: 'h: help',
	};
	const coloured = describeServer(facts, painter(true)).join('\n');
	assert.match(coloured, '\x1b[');
	// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
	assert.is(coloured.replace(/\x1b\[\d+m/g, ''), describeServer(facts, PLAIN).join('\n'));
});

const foreground = suite('foreground');

const REST = '0 -1 4194304 102 0 0';
const stats: readonly { name: string; input: string; want: boolean }[] = [
	{ name: 'its group is the one', input: `7 (node) S 1 70 5 34816 70 ${REST}`, want: true },
	{ name: 'another group is', input: `7 (node) S 1 70 5 34816 71 ${REST}`, want: false },
	{ name: 'there is no terminal', input: `7 (node) S 1 70 5 0 -1 ${REST}`, want: false },
	{ name: 'brackets in a name', input: `7 (a) R 1 2 3 4 2 b) S 1 70 5 34816 71 ${REST}`, want: false },
	{ name: 'nothing', input: '', want: false },
];
for (const { name, input, want } of stats)
	foreground(`as /proc/self/stat has it: ${name}`, () => assert.is(isForegroundByStat(input), want));

const told: readonly { name: string; input: string; want: boolean }[] = [
	{ name: 'its group is the one', input: '   70    70\n', want: true },
	{ name: 'another group is', input: '   70    71\n', want: false },
	{ name: 'there is no terminal', input: '   70    -1\n', want: false },
	{ name: 'there is no terminal, on macOS', input: '    0     0\n', want: false },
	{ name: 'one number', input: '70\n', want: false },
	{ name: 'a heading', input: ' PGID TPGID\n   70    70\n', want: false },
	{ name: 'nothing', input: '', want: false },
];
for (const { name, input, want } of told)
	foreground(`as ps has it: ${name}`, () => assert.is(isForegroundByPs(input), want));

banner.run();
foreground.run();
