// What is put into documents, and where. In the tables, ¦ is where it is to come; without one, the file stays as it is.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HELD_BYTES } from '../src/delivery/body.ts';
import { type DocumentScripts, Documents } from '../src/delivery/document.ts';
import type { UrlPath } from '../src/site/paths.ts';
import { referencesOfHtml } from '../src/site/references.ts';
import { type Asset, isXhtml, toAsset, typeOf } from '../src/site/snapshot.ts';
import { encodingOf } from '../src/site/text.ts';

const SCRIPT = '/.casper/page-ABCD1234.js';
const scriptWith = (nonce = ''): string => `<script async src="${SCRIPT}"${nonce}></script>`;

/** A file with these bytes, read as the scan reads it. */
const fileOf = (bytes: Buffer, path = '/index.html'): Asset => {
	const isXml = isXhtml(typeOf(path));
	const encoding = encodingOf(bytes, isXml);
	return toAsset({
		path: path as UrlPath,
		url: path,
		file: path,
		size: bytes.length,
		hash: '0123456789abcdef0123456789abcdef',
		modifiedMs: 0,
		diskVersion: '',
		references: referencesOfHtml(new TextDecoder(encoding).decode(bytes), isXml, encoding),
	});
};

type Encode = (text: string) => Buffer;
const utf8: Encode = (text) => Buffer.from(text);
/** One byte a character, whatever it is. */
const bytewise: Encode = (text) => Buffer.from(text, 'latin1');
const utf16le: Encode = (text) => Buffer.from(text, 'utf16le');
const utf16be: Encode = (text) => Buffer.from(text, 'utf16le').swap16();

interface Row {
	readonly name: string;
	readonly input: string;
	readonly encode?: Encode;
	readonly path?: string;
	/** Bytes behind all that. */
	readonly tail?: Buffer;
	/** What is put in, where that is not {@link scriptWith} without arguments. */
	readonly want?: string;
}

const rows: readonly Row[] = [
	{
		name: 'a usual document: before its body',
		input:
			'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>A</title>\n' +
			'<link rel="stylesheet" href="a.css">\n</head>\n¦<body>\n<h1>A</h1>\n</body>\n</html>\n',
	},
	{ name: 'without tags of head and body', input: '<!doctype html><title>A</title>\n¦<h1>A</h1><p>B' },
	{ name: 'a fragment', input: '¦<p>A</p>' },
	{ name: 'text alone', input: 'Hello, world¦' },
	{ name: 'text before the first element', input: '<!doctype html>Hello, ¦<b>world</b>' },
	{ name: 'a document type alone', input: '<!doctype html>¦' },
	{ name: 'an empty file', input: '¦' },
	{ name: 'blanks alone', input: ' \n\t¦' },
	{ name: 'a head alone', input: '<!doctype html><head><title>A</title></head>¦' },
	{
		name: 'a frameset',
		input: '<!doctype html><title>A</title>¦<frameset cols="*"><frame src="a"></frameset>',
	},
	{ name: 'names in capitals', input: '<!DOCTYPE HTML><HTML><HEAD><TITLE>A</TITLE></HEAD>¦<BODY>' },
	{
		name: 'a policy in the head comes before it (Content Security Policy 3 §4.2)',
		input:
			'<!doctype html><head><title>A</title>' +
			'<meta http-equiv="Content-Security-Policy" content="script-src \'self\'"></head>¦<body>',
	},
	{
		name: 'scripts of the head come before it',
		input: '<!doctype html><script>a</script><script src="b.js"></script>¦<body><script>c</script>',
	},
	{ name: 'a base within this site', input: '<base href="/a/">¦<p>' },
	{ name: 'a base of another origin', input: '<base href="https://example.org/"><p>' },
	{ name: 'a base of another host', input: '<!doctype html><base href="//example.org/a/"><body><p>' },
	{ name: 'a base of another host, written with backslashes', input: '<base href="\\\\example.org/"><p>' },
	{
		name: 'a base of another origin after what is shown',
		input: '<p>A</p><base href="https://example.org/">',
	},
	{
		name: 'the nonce of its own scripts is copied (Content Security Policy 3 §2.3.1)',
		input: '<script nonce="Zm9v+/-_=">a</script>¦<body>',
		want: scriptWith(' nonce="Zm9v+/-_="'),
	},
	{
		name: 'of several the first nonce, wherever it is',
		input: '<script>a</script>¦<body><script nonce="YQ==">b</script><script nonce="Yg==">c</script>',
		want: scriptWith(' nonce="YQ=="'),
	},
	...['a"b', 'a b', '', '<', "a'", 'a\u00e9', 'a&quot;b'].map((nonce) => ({
		name: `a nonce that is none: ${JSON.stringify(nonce)}`,
		input: `<script nonce='${nonce.replaceAll("'", '&#39;')}'>a</script>¦<body>`,
	})),
	{ name: 'tags in a comment', input: '<!doctype html><!-- <body> <p> --><title>A</title>¦<body>' },
	{ name: 'tags in a title', input: '<!doctype html><title><b>A</b> < B</title>¦<body>' },
	{ name: 'tags in a style sheet', input: '<style>a::after { content: "<p><" }</style>¦<body>' },
	{ name: 'tags in a script', input: '<script>if (a<b) c = "<p>"</script>¦<body>' },
	{ name: 'tags in an attribute', input: '<meta name="a" content="<p><"><link title=<p>>¦<body>' },
	{ name: 'tags in a template', input: '<template><p>A</p></template>¦<body>' },
	{ name: 'tags for those without scripts', input: '<noscript><style>a</style><p>A</noscript>¦<body>' },
	{ name: '< in text', input: '<!doctype html>1 < 2 << 3 ¦<p>4 < 5' },
	{ name: '< and nothing more', input: '<!doctype html><title>A</title> < <¦' },
	{ name: 'a processing instruction', input: '<?xml version="1.0"?><!doctype html><title>A</title>¦<body>' },
	{ name: 'lines that end in CRLF', input: '<!doctype html>\r\n<title>A</title>\r\n\r\n¦<body>\r\n' },
	{ name: 'lines that end in CR', input: '<!doctype html>\r<title>A</title>\r¦<body>\r' },
	{ name: 'characters that are none', input: '<!doctype html>\0<title>\0</title>¦<p>\0' },
	{ name: 'UTF-8', input: '<title>日本 – 😀</title>\u00a0é¦<p>é' },
	{ name: 'UTF-8 with a byte order mark', input: '\ufeff<!doctype html><title>é</title>¦<body>é' },
	{
		name: 'bytes before the tag that are not UTF-8',
		input: '<title>\xe9\xff\xc3</title>\xf0\x9f\x98\xc3¦<p>\xe9',
		encode: bytewise,
	},
	{
		name: 'windows-1252',
		input: '<meta charset="windows-1252"><title>\xe9\x80\x8b</title>¦<p>\xe9',
		encode: bytewise,
	},
	{
		name: 'Shift_JIS, with second bytes that are ASCII elsewhere',
		input: '<meta charset="shift_jis"><title>\x83\x5c\x95\x5c\x81\x40\x83\x7c</title>\x83¦<p>\x83\x5c',
		encode: bytewise,
	},
	{
		name: 'GB18030, with characters of four bytes',
		input: '<meta charset="gb18030"><title>\x81\x30\x81\x30\xc4\xe3\x84\x31\xa4\x37</title>\x81\x30¦<p>\x81',
		encode: bytewise,
	},
	{ name: 'UTF-16LE', input: '\ufeff<!doctype html><title>㰀<b>日\u3c3c</title>¦<p>é', encode: utf16le },
	{ name: 'UTF-16BE', input: '\ufeff<!doctype html><title>㰀<b>日\u3c3c</title>¦<p>é', encode: utf16be },
	{
		name: 'UTF-16LE, half a surrogate',
		input: '\ufeff<title>\ud800</title>\ud83d¦<p>\udc00',
		encode: utf16le,
	},
	{
		name: 'UTF-16LE with an odd byte',
		input: '\ufeff<!doctype html>¦<p>é',
		encode: utf16le,
		tail: Buffer.from('<'),
	},
	{
		name: 'UTF-16BE with an odd byte, and nothing to stand before',
		input: '\ufeff<!doctype html>é¦',
		encode: utf16be,
		tail: Buffer.from('<'),
	},
	{
		name: 'UTF-16 by a declaration alone is none (HTML Standard §13.2.3.2)',
		input: '<meta charset="utf-16">¦<p>',
	},
	{
		name: 'ISO-2022-JP, where bytes of < are parts of characters',
		input: '<meta charset="iso-2022-jp"><title>\x1b$B<><=\x1b(B</title><p>',
		encode: bytewise,
	},
	{
		name: 'XHTML, which has rules of its own',
		input: '<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>',
		path: '/a.xhtml',
	},
	{
		name: 'scripts of the body come after it',
		input: '<!doctype html>¦<iframe src="a"></iframe><script>a</script>',
	},
	{ name: 'an end of a paragraph that never began', input: '<!doctype html>¦</p><title>A</title><p>' },
	// What is put in would be part of these, or end them: a script that nothing ends is not run (§13.2.6.4.8).
	{ name: 'a title that is never closed', input: '<!doctype html><title>A' },
	{ name: 'a style sheet that is never closed', input: '<!doctype html><style>html { color: red' },
	{ name: 'a script that is never closed', input: '<!doctype html><title>A</title><script>run() //' },
	{
		name: 'a script that writes another one, within a comment (§13.2.5.27, "script data double escaped")',
		input: '<script><!--\ndocument.write("<script src=a.js></script><p>");\n//--></script><body>',
	},
	{ name: 'a comment that is never closed', input: '<!doctype html><!-- <body>¦' },
	{ name: 'a text area that is never closed', input: '<!doctype html>¦<textarea><p>' },
	{ name: 'plain text, which nothing ends', input: '<!doctype html><title>A</title>¦<plaintext><p>' },
	{ name: 'a tag that is never closed', input: '<!doctype html><title>A</title>¦<p><a href="' },
];

const documents = suite('documents');

for (const { name, input, encode = utf8, path, tail = Buffer.alloc(0), want = scriptWith() } of rows)
	documents(name, () => {
		const [before = '', after] = input.split('¦');
		const bytes = Buffer.concat([encode(before), encode(after ?? ''), tail]);
		const file = fileOf(bytes, path);
		const made = new Documents({ page: SCRIPT });
		const shown = made.shownOf(file);
		if (after === undefined) {
			assert.is(shown, file);
			assert.is(made.fileOf(file), undefined);
			assert.ok(made.bytesOf(file, bytes).equals(bytes));
			return;
		}
		const got = made.bytesOf(file, bytes);
		const wanted = Buffer.concat([encode(before), encode(want), encode(after), tail]);
		assert.is(got.toString('latin1'), wanted.toString('latin1'));
		assert.is(shown.size, got.length);
		assert.is(made.fileOf(shown), file);
		assert.is.not(shown.etag, file.etag);
		assert.is(shown.etag, `"${shown.hash}"`);
		assert.match(shown.etag, /^"0123456789abcdef0123456789abcdef-[0-9a-f]{8}"$/);
		for (const same of ['path', 'url', 'file', 'modifiedMs', 'diskVersion', 'type', 'references'] as const)
			assert.is(shown[same], file[same]);
	});

documents('it is no module, which may forbid the import maps that follow (§8.1.5)', () => {
	const bytes = Buffer.from(
		'<p>A</p><script type="importmap">{}</script><script type="module">import "a"</script>',
	);
	const [ours = ''] = String(new Documents({ page: SCRIPT }).bytesOf(fileOf(bytes), bytes)).split('<p>');
	assert.match(ours, SCRIPT);
	assert.not.match(ours, 'module');
});

documents(
	'a page that wants no worker of ours gets the script, which sends ours away, and no bundles',
	() => {
		const made = new Documents({ page: SCRIPT });
		for (const [text, want] of [
			['<!doctype html><html data-casper="off"><p>', false],
			['<!doctype html><html data-casper="on"><p>', true],
			['<!doctype html><p data-casper="off">', true],
			['<base href="https://example.org/"><p>', false],
		] as const) {
			const file = fileOf(Buffer.from(text));
			assert.is(made.takesBundles(file), want, text);
			assert.is(made.shownOf(file) === file, text.includes('<base'), text);
		}
	},
);

documents('a script of another name makes another version of every document', () => {
	const file = fileOf(Buffer.from('<p>'));
	const first = new Documents({ page: '/.casper/page-AAAAAAAA.js' });
	const second = new Documents({ page: '/.casper/page-BBBBBBBB.js' });
	assert.is.not(first.shownOf(file).etag, second.shownOf(file).etag);
	assert.is(
		first.shownOf(file).etag,
		new Documents({ page: '/.casper/page-AAAAAAAA.js' }).shownOf(file).etag,
	);
	assert.is(first.shownOf(file), first.shownOf(file));
});

const LIVE = '/.casper/live-AAAAAAAA.js';
const scripts: readonly { name: string; input: DocumentScripts; text?: string; want: string }[] = [
	{
		name: 'live reload, with the version that it shows',
		input: { live: LIVE },
		want: `<script async data-version="0123456789abcdef0123456789abcdef" src="${LIVE}"></script>`,
	},
	{
		name: 'live reload that listens to the console runs before what it listens to',
		input: { live: LIVE, isListening: true },
		want: `<script data-console data-version="0123456789abcdef0123456789abcdef" src="${LIVE}"></script>`,
	},
	{
		name: 'both, with the nonce of the document',
		input: { live: LIVE, page: SCRIPT },
		text: '<script nonce="q1"></script>',
		want: `<script async data-version="0123456789abcdef0123456789abcdef" src="${LIVE}" nonce="q1"></script><script async src="${SCRIPT}" nonce="q1"></script>`,
	},
];
for (const { name, input, text = '', want } of scripts)
	documents(`put in: ${name}`, () => {
		const bytes = Buffer.from(`${text}<p>`);
		const file = fileOf(bytes);
		const made = new Documents(input);
		assert.is(String(made.bytesOf(file, bytes)), `${text}${want}<p>`);
		assert.is(made.shownOf(file).size, bytes.length + want.length);
		assert.is(made.takesBundles(file), input.page !== undefined);
		assert.is(
			made.forMissing,
			want.includes('async')
				? `<script async data-version="" src="${LIVE}"></script>`
				: `<script data-console data-version="" src="${LIVE}"></script>`,
		);
	});

documents('what is streamed from the disk stays as it is', () => {
	const sized = (size: number): Asset => ({ ...fileOf(Buffer.from('<p>')), size });
	const made = new Documents({ page: SCRIPT });
	assert.is.not(made.shownOf(sized(HELD_BYTES)).size, HELD_BYTES);
	const long = sized(HELD_BYTES + 1);
	assert.is(made.shownOf(long), long);
});

documents('what is no document stays as it is', () => {
	const style = { ...fileOf(Buffer.from('')), references: undefined };
	assert.is(new Documents({ page: SCRIPT }).shownOf(style), style);
});

documents.run();
