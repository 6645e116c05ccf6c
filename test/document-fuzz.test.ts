// What is put into documents, on random ones, as a browser's parser sees them (parse5, HTML Standard §13.2).

import { load } from 'cheerio';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Documents } from '../src/delivery/document.ts';
import type { UrlPath } from '../src/site/paths.ts';
import { referencesOfHtml } from '../src/site/references.ts';
import { type Asset, toAsset } from '../src/site/snapshot.ts';
import { encodingOf } from '../src/site/text.ts';
import { onRandom, type Random } from './support/random.ts';

const SCRIPT = '/.casper/page-ABCD1234.js';
const ROUNDS = 4000;

/** What heads are made of. */
const HEAD = [
	'<title>A</title>',
	'<title><b>A</b> <!-- < </title>',
	'<meta charset=utf-8>',
	'<meta name="a" content="<p>">',
	"<META NAME=a CONTENT='<body>'>",
	'<link rel=stylesheet href=a.css>',
	'<style>a::after { content: "<p>" }</style>',
	'<script>if (a<b) c("<p>")</script>',
	'<script nonce="YQ==" src=a.js></script>',
	'<script type=importmap>{}</script>',
	'<script></scrip></script >',
	'<!-- <body> -->',
	'<!-- > <p> -- > -->',
	'<!---->',
	'<!p>',
	'<?php <p>',
	'<noscript><link rel=stylesheet href=b.css></noscript>',
	'<noscript><style><p></style></noscript>',
	'<template><p>A</p></template>',
	'<base href="/a/">',
	'</title>',
	'\n',
	' ',
	'\r\n',
];
const OPENINGS = ['<html>', '<html lang=en>', '<head>', '</head>', '<HEAD >', '<body class=a>', '<body>'];
const BODY = [
	'text',
	'1 < 2 <3',
	'&lt;p&gt; &copy',
	'é日😀',
	'<p>A',
	'<div><span>A</span></div>',
	'<table><tr><td>A</table>',
	'<svg><style><p></style><title>A</title></svg>',
	'<math><mi>a</mi></math>',
	'<select><option>A</select>',
	'<textarea><p></textarea>',
	'<iframe src=a><p></iframe>',
	'<xmp><p></xmp>',
	'<img alt="<p>" src=a>',
	'<br/>',
	'</br>',
	'<x-a>A</x-a>',
	'<frameset><frame src=a></frameset>',
	'<h1>A</h1>',
	'</body></html>',
	...HEAD,
];
/** What ends a document in the middle of something. */
const TAILS = [
	'<title>A',
	'<style>a',
	'<script>a',
	'<!-- <p>',
	'<textarea>A',
	'<plaintext>A',
	'<p',
	'<a b="',
	'<',
	'</',
];

const listOf = (random: Random, from: readonly string[], most: number): string =>
	Array.from({ length: random.below(most) }, () => random.pick(from)).join('');

const randomDocument = (random: Random): string => {
	const start = random.pick([
		'<!doctype html>',
		'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">\n',
		'',
		'',
	]);
	const head = listOf(random, [...HEAD, ...(random.once(2) ? OPENINGS : [])], 8);
	const body = listOf(random, [...BODY, ...(random.once(3) ? OPENINGS : [])], 8);
	const text = `${start}${random.pick(['', '<html>', '<head>', '<html>\n<head>\n'])}${head}${random.pick(['', '</head>', '<body>', '</head>\n<body>'])}${body}`;
	if (random.once(4)) return text + random.pick(TAILS);
	return random.once(8) ? text.slice(0, random.below(text.length + 1)) : text;
};

const encoded = (random: Random, text: string): Buffer => {
	switch (random.below(6)) {
		case 0:
			return Buffer.from(`\ufeff${text}`, 'utf16le');
		case 1:
			return Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
		case 2:
			return Buffer.from(`\ufeff${text}`);
		case 3:
			return Buffer.from(text.replaceAll('<meta charset=utf-8>', '<meta charset=windows-1252>'), 'latin1');
		default:
			return Buffer.from(text);
	}
};

const fileOf = (bytes: Buffer): Asset => {
	const encoding = encodingOf(bytes);
	return toAsset({
		path: '/index.html' as UrlPath,
		url: '/index.html',
		file: 'index.html',
		size: bytes.length,
		hash: 'hash',
		modifiedMs: 0,
		diskVersion: '',
		references: referencesOfHtml(new TextDecoder(encoding).decode(bytes), false, encoding),
	});
};

/** The tree of a document, as scripts and styles see it, and whether our script is in it, which is then taken out. */
const treeOf = (bytes: Buffer): { tree: string; mode: unknown; isIn: boolean } => {
	const $ = load(new TextDecoder(encodingOf(bytes)).decode(bytes), { scriptingEnabled: true });
	const ours = $(`script[src="${SCRIPT}"]`);
	const isIn = ours.length === 1 && ours.text() === '';
	ours.remove();
	const mode = ($.root()[0] as unknown as { 'x-mode': unknown })['x-mode'];
	return { tree: $.root().html() ?? '', mode, isIn };
};

/** Whether something that is added to the end of a document is an element there. */
const isOpenEnded = (text: string): boolean =>
	load(`${text}<i id="probe">`, { scriptingEnabled: true })('i#probe').length === 1;

/** The markup that is in `got` and not in `bytes`, and where. */
const insertionOf = (bytes: Buffer, got: Buffer): { at: number; markup: string } => {
	const length = got.length - bytes.length;
	const step = bytes.length > 1 && /^(?:fffe|feff)/.test(bytes.toString('hex')) ? 2 : 1;
	for (let at = 0; at <= bytes.length; at += step) {
		const isHere = got.subarray(0, at).equals(bytes.subarray(0, at));
		const markup = got.subarray(at, at + length);
		const text = markup.toString('latin1').replaceAll('\0', '');
		if (
			isHere &&
			text.startsWith('<script async src') &&
			got.subarray(at + length).equals(bytes.subarray(at))
		)
			return { at, markup: text };
	}
	throw new Error('expected an insertion, got none');
};

const fuzz = suite('documents, random');

fuzz(
	'whatever a document is, at most one script is put into it, and a browser sees nothing else of it',
	onRandom((random) => {
		const made = new Documents({ page: SCRIPT });
		let untouched = 0;
		for (let round = 0; round < ROUNDS; round++) {
			const bytes = encoded(random, randomDocument(random));
			const file = fileOf(bytes);
			const shown = made.shownOf(file);
			const got = made.bytesOf(file, bytes);
			const what = JSON.stringify(bytes.toString('latin1'));
			if (shown === file) {
				assert.ok(got === bytes, what);
				untouched++;
				continue;
			}
			assert.is.not(shown.etag, file.etag, what);
			assert.is(shown.size, got.length, what);
			const { at, markup } = insertionOf(bytes, got);
			assert.match(markup, /^<script async src="[^"]+"(?: nonce="YQ==")?><\/script>$/, what);
			const text = new TextDecoder(encodingOf(bytes)).decode(bytes);
			if (at >= (bytes.length & ~1) && !isOpenEnded(text)) continue;
			const [before, after] = [treeOf(bytes), treeOf(got)];
			// A frameset takes the place of a body that had been begun, and of what is in it; it is asked for by then.
			assert.ok(after.isIn || before.tree.includes('<frameset'), what);
			assert.is(after.mode, before.mode, what);
			assert.is(after.tree, before.tree, what);
		}
		assert.ok(untouched < ROUNDS / 3, `${untouched} of ${ROUNDS} stayed as they are`);
	}),
);

fuzz.run();
