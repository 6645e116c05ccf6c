import { Buffer } from 'node:buffer';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeText } from '../src/site/text.ts';

const latin = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const utf16 = (text: string): Uint8Array => Buffer.from(`\ufeff${text}`, 'utf16le');

const rows: readonly { name: string; input: Uint8Array; isXml?: boolean; want: string }[] = [
	{ name: 'nothing', input: utf8(''), want: '' },
	{ name: 'UTF-8 where nothing is declared', input: utf8('<p>é😀'), want: '<p>é😀' },
	{ name: 'a byte order mark, which goes', input: utf8('\ufeff<p>é'), want: '<p>é' },
	{ name: 'UTF-16 by its mark, little end first', input: utf16('<p>é😀'), want: '<p>é😀' },
	{ name: 'UTF-16 by its mark, big end first', input: Buffer.from(utf16('<p>é')).swap16(), want: '<p>é' },
	{
		name: 'an odd byte at the end of UTF-16',
		input: Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x62),
		want: 'a\ufffd',
	},
	{
		name: 'the mark over the declaration',
		input: utf8('\ufeff<meta charset=latin1>é'),
		want: '<meta charset=latin1>é',
	},
	{
		name: 'a declared charset',
		input: latin('<meta charset="iso-8859-1">é'),
		want: '<meta charset="iso-8859-1">é',
	},
	{ name: 'its label in capitals', input: latin('<META CHARSET=LATIN1>é'), want: '<META CHARSET=LATIN1>é' },
	{ name: 'a slash for a space', input: latin('<meta/charset=latin1>é'), want: '<meta/charset=latin1>é' },
	{
		name: 'the charset of a content type',
		input: latin(`<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">é`),
		want: `<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">é`,
	},
	{
		name: 'other attributes of the element before it',
		input: latin('<meta name=x\ncharset=latin1>é'),
		want: '<meta name=x\ncharset=latin1>é',
	},
	{
		name: 'a charset that is only talked of',
		input: utf8('<meta name=description content="of charset=latin1"><meta charset=utf-8>é'),
		want: '<meta name=description content="of charset=latin1"><meta charset=utf-8>é',
	},
	{
		name: 'a declaration in a comment',
		input: utf8('<!-- <meta charset=latin1> -->é'),
		want: '<!-- <meta charset=latin1> -->é',
	},
	{
		name: 'a declaration that begins after 1024 bytes',
		input: utf8(`${' '.repeat(1024)}<meta charset=latin1>é`),
		want: `${' '.repeat(1024)}<meta charset=latin1>é`,
	},
	{ name: 'an unknown label', input: utf8('<meta charset=klingon>é'), want: '<meta charset=klingon>é' },
	{ name: 'an empty label', input: utf8('<meta charset="">é'), want: '<meta charset="">é' },
	{
		name: 'UTF-16 declared in ASCII, which cannot be true',
		input: utf8('<meta charset=utf-16>é'),
		want: '<meta charset=utf-16>é',
	},
	{ name: 'bytes that are not UTF-8', input: latin('a\xffb'), want: 'a\ufffdb' },
	{
		name: 'the declaration of XML',
		input: latin('<?xml version="1.0" encoding="ISO-8859-1"?><p>é</p>'),
		isXml: true,
		want: '<?xml version="1.0" encoding="ISO-8859-1"?><p>é</p>',
	},
	{
		name: 'which has no meaning in HTML',
		input: utf8('<?xml version="1.0" encoding="ISO-8859-1"?><p>é</p>'),
		want: '<?xml version="1.0" encoding="ISO-8859-1"?><p>é</p>',
	},
	{
		name: 'nor that of HTML in XML',
		input: utf8('<p><meta charset="latin1"/>é</p>'),
		isXml: true,
		want: '<p><meta charset="latin1"/>é</p>',
	},
];

const text = suite('text');

for (const { name, input, isXml = false, want } of rows)
	text(`decodes ${name} (HTML Standard §13.2.3)`, () => {
		assert.is(decodeText(input, isXml), want);
	});

text.run();
