// What is put into a document that a browser navigates to, and nowhere else: a page that is shown has other bytes than the
// file, so that it is a representation of its own, with its own entity tag (RFC 9110 §8.8.1). Whoever fetches the file as
// a fragment or to copy it gets the file.

import { createHash } from 'node:crypto';
import type { DocumentReferences, Opening } from '../site/references.ts';
import type { Asset } from '../site/snapshot.ts';
import { HELD_BYTES, type Making } from './body.ts';

/** Where tags are not single bytes, and cannot be told from parts of characters. */
const NOT_ASCII = 'iso-2022-jp';
const TAG = '<'.charCodeAt(0);

/** The scripts that are put into documents, by their paths; another one has another path. */
export interface DocumentScripts {
	/** Has our service worker registered. */
	readonly page?: string | undefined;
	/** Shows what has changed. */
	readonly live?: string | undefined;
	/** It tells what the page writes to its console, too, and so has to run before the page's own scripts do. */
	readonly isListening?: boolean;
}

/** Makes documents as they are shown. */
export class Documents implements Making {
	/** What a page of ours has put in that tells of a file that is missing: it is shown as soon as it is there. */
	readonly forMissing: string;
	readonly #scripts: DocumentScripts;
	readonly #suffix: string;
	/** By file, and back. */
	readonly #shown = new WeakMap<Asset, Asset>();
	readonly #files = new WeakMap<Asset, Asset>();

	constructor(scripts: DocumentScripts) {
		this.#scripts = scripts;
		this.forMissing = markupOf({ ...scripts, page: undefined }, '');
		this.#suffix = createHash('sha256').update(markupOf(scripts, '')).digest('hex').slice(0, 8);
	}

	/** The document of a file as it is shown; the file itself where nothing can be put in. The same for the same file. */
	shownOf(file: Asset): Asset {
		let shown = this.#shown.get(file);
		if (shown === undefined) {
			shown = this.#make(file) ?? file;
			this.#shown.set(file, shown);
			if (shown !== file) this.#files.set(shown, file);
		}
		return shown;
	}

	/** Whether the document of a file may come with a bundle. */
	takesBundles(file: Asset): boolean {
		return (
			this.#scripts.page !== undefined && this.shownOf(file) !== file && openingOf(file)?.isAlone === false
		);
	}

	/** The file whose document `asset` is; `undefined` where it is a file itself. */
	fileOf(asset: Asset): Asset | undefined {
		return this.#files.get(asset);
	}

	/** The bytes of {@link shownOf} `file`, from its own. */
	bytesOf(file: Asset, bytes: Buffer): Buffer {
		const opening = openingOf(file);
		if (opening === undefined) return bytes;
		const markup = this.#markupFor(file, opening);
		const at = placeOf(opening, bytes);
		return Buffer.concat([bytes.subarray(0, at), markup, bytes.subarray(at)]);
	}

	#make(file: Asset): Asset | undefined {
		const opening = openingOf(file);
		if (opening === undefined) return undefined;
		const hash = `${file.hash}-${this.#suffix}`;
		return { ...file, hash, etag: `"${hash}"`, size: file.size + this.#markupFor(file, opening).length };
	}

	#markupFor({ hash }: Asset, { nonce, encoding }: Opening): Buffer {
		const text = markupOf(this.#scripts, hash, nonce);
		if (!isWide(encoding)) return Buffer.from(text, 'latin1');
		const wide = Buffer.from(text, 'utf16le');
		return encoding === 'utf-16be' ? wide.swap16() : wide;
	}
}

/** No modules, which would have the import maps behind them ignored (HTML Standard §8.1.6.2). */
const markupOf = ({ page, live, isListening }: DocumentScripts, version: string, nonce?: string): string => {
	const attribute = nonce !== undefined && /^[\w+/=-]+$/.test(nonce) ? ` nonce="${nonce}"` : '';
	const tagOf = (script: string | undefined, attributes: string): string =>
		script === undefined ? '' : `<script${attributes} src="${script}"${attribute}></script>`;
	const ofLive = `${isListening ? ' data-console' : ' async'} data-version="${version}"`;
	return tagOf(live, ofLive) + tagOf(page, ' async');
};

const openingOf = ({ references, size }: Asset): Opening | undefined => {
	const { opening } = (references?.kind === 'document' ? references : {}) as Partial<DocumentReferences>;
	// What is streamed from the disk goes as it is.
	return size > HELD_BYTES || opening?.encoding === NOT_ASCII ? undefined : opening;
};

const isWide = (encoding: string): boolean => encoding.startsWith('utf-16');

/** Where in `bytes` the tag begins that comes after so many others; their end where there is none. */
const placeOf = ({ tagsBefore, encoding }: Opening, bytes: Buffer): number => {
	if (tagsBefore === undefined) return isWide(encoding) ? bytes.length & ~1 : bytes.length;
	let left = tagsBefore;
	const step = isWide(encoding) ? 2 : 1;
	const [low, high] = encoding === 'utf-16be' ? [1, 0] : [0, 1];
	for (let at = 0; at + step <= bytes.length; at += step) {
		const isTag = step === 1 ? bytes[at] === TAG : bytes[at + low] === TAG && bytes[at + high] === 0;
		if (isTag && left-- === 0) return at;
	}
	return bytes.length;
};
