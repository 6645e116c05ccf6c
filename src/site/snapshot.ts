// What the directory holds at one moment: immutable, so that a request that took it cannot see two versions mixed.

import mime from 'mime-types';
import { isFingerprinted } from './fingerprint.ts';
import type { UrlPath } from './paths.ts';
import type { References } from './references.ts';

/** One file of the site in one version. A changed file is another asset; an unchanged one stays the same object. */
export interface Asset {
	readonly path: UrlPath;
	/** The path as a browser serialises it. */
	readonly url: string;
	/** Absolute path on the disk. */
	readonly file: string;
	/** Bytes. */
	readonly size: number;
	/** First 128 bits of the content's SHA-256 as 32 hex digits. */
	readonly hash: string;
	/** Strong entity tag of the identity representation, quotes included (RFC 9110 §8.8.3). */
	readonly etag: string;
	/** When the disk says that it was last written, in milliseconds since 1970. */
	readonly modifiedMs: number;
	/** What the disk said of this version (inode, size, times): differs as soon as the file was touched. */
	readonly diskVersion: string;
	/** Media type with charset where text has one. */
	readonly type: string;
	/** What a document, a style sheet or a module refers to; `undefined` for everything else. */
	readonly references: References | undefined;
	/** Whether the file name carries a hash of the content, so that another content would have another name. */
	readonly isFingerprinted: boolean;
}

/** What a scan found out about a file; {@link toAsset} adds what follows from it. */
export type AssetFacts = Pick<
	Asset,
	'path' | 'url' | 'file' | 'size' | 'hash' | 'modifiedMs' | 'diskVersion' | 'references'
>;

/** Paths and the asset that is there now; `undefined`: there is none any more. */
export type Changes = ReadonlyMap<UrlPath, Asset | undefined>;

export const toAsset = (facts: AssetFacts): Asset => ({
	...facts,
	etag: `"${facts.hash}"`,
	type: typeOf(facts.path),
	isFingerprinted: isFingerprinted(facts.path),
});

/** The media type for a file name; `application/octet-stream` where the name says nothing (RFC 9110 §8.3). */
export const typeOf = (path: string): string => {
	const extension = /\.[^./]+$/.exec(path)?.[0];
	return (extension !== undefined && mime.contentType(extension)) || 'application/octet-stream';
};

/** Whether the media type is HTML, whose references are read and whose requests are page views. */
export const isHtml = (type: string): boolean => type.startsWith('text/html') || isXhtml(type);

/** Whether it is HTML in the syntax of XML. */
export const isXhtml = (type: string): boolean => type.startsWith('application/xhtml');

/** Whether the media type is CSS. */
export const isCss = (type: string): boolean => type.startsWith('text/css');

/** Whether the media type is JavaScript. */
export const isJavaScript = (type: string): boolean => /^(?:text|application)\/javascript\b/.test(type);

/** An immutable map from paths to assets that a change copies only a small part of. */
export class Snapshot {
	static readonly EMPTY: Snapshot = new Snapshot(new Map(), new Map(), 0, 0, 0);

	/** Files in the site. */
	readonly files: number;
	/** HTML documents among them. */
	readonly pages: number;
	/** Sum of the files' sizes. */
	readonly bytes: number;
	readonly #base: Changes;
	readonly #patch: Changes;

	private constructor(base: Changes, patch: Changes, files: number, pages: number, bytes: number) {
		this.#base = base;
		this.#patch = patch;
		this.files = files;
		this.pages = pages;
		this.bytes = bytes;
	}

	/** The asset at exactly this path, letter case included. */
	get(path: UrlPath): Asset | undefined {
		return this.#patch.has(path) ? this.#patch.get(path) : this.#base.get(path);
	}

	/** Every asset, in no particular order. */
	*assets(): Generator<Asset> {
		for (const [path, asset] of this.#base) if (asset !== undefined && !this.#patch.has(path)) yield asset;
		for (const asset of this.#patch.values()) if (asset !== undefined) yield asset;
	}

	/** The snapshot after `changes`; this one stays as it is. */
	with(changes: Changes): Snapshot {
		let { files, pages, bytes } = this;
		const count = (asset: Asset | undefined, by: 1 | -1): void => {
			if (asset === undefined) return;
			files += by;
			pages += isHtml(asset.type) ? by : 0;
			bytes += by * asset.size;
		};
		for (const [path, asset] of changes) {
			count(this.get(path), -1);
			count(asset, 1);
		}
		const patch = new Map([...this.#patch, ...changes]);
		// Copying the whole map for each saved file would make a change cost more the larger the site; copying it once in
		// about √n changes does not.
		if (patch.size <= Math.max(256, 4 * Math.sqrt(this.#base.size)))
			return new Snapshot(this.#base, patch, files, pages, bytes);
		const base = new Map(this.#base);
		for (const [path, asset] of patch) {
			if (asset === undefined) base.delete(path);
			else base.set(path, asset);
		}
		return new Snapshot(base, new Map(), files, pages, bytes);
	}
}
