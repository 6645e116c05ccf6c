// The page that is measured, the one of channels.md: 20 assets of which some are found late (a style sheet imports
// another, of three modules each imports the next, a style sheet has a font and a background), 390 KB. Deterministic but
// for the versions, which are in the files so that the page itself can tell whether it got what the server has.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { Random } from '../../support/random.ts';

const styles = ['type', 'base', 'layout', 'theme'] as const;
const scripts = ['menu', 'search', 'share', 'chart'] as const;
const modules = ['view', 'model', 'main'] as const;
const images = ['hero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven'] as const;

type Style = (typeof styles)[number];
type Script = (typeof scripts)[number] | (typeof modules)[number];
type Image = (typeof images)[number];
export type Asset = Style | Script | Image | 'font';

/** How often an asset has been changed; not at all where it is missing. */
export type Versions = Readonly<Partial<Record<Asset, number>>>;

/** What changes between two visits. */
export type Change = 'nothing' | 'one' | 'eleven';

/** The one is the module that is found last. With each of the eleven goes what mentions it, as names with hashes need. */
const changes: Readonly<Record<Change, readonly Asset[]>> = {
	nothing: [],
	one: ['view'],
	eleven: [...modules, ...styles, 'menu', 'search', 'one', 'two'],
};

export function changed(versions: Versions, change: Change): Versions {
	return {
		...versions,
		...Object.fromEntries(changes[change].map((asset) => [asset, (versions[asset] ?? 0) + 1])),
	};
}

export const assetCount: number = styles.length + scripts.length + modules.length + images.length + 1;

const styleBytes = 18_000;
const scriptBytes = 24_000;
const moduleBytes = 14_000;
const imageBytes = 18_500;
const documentBytes = 10_000;
const imageWidth = 100;

/** Where the files are: URL path by name, and that of the document as `/`. */
export interface Page {
	readonly paths: ReadonlyMap<Asset, string>;
}

/**
 * Writes the page into a folder.
 * @param isHashed files have names that change with their content, but for the document
 */
export function writePage(directory: string, versions: Versions, isHashed: boolean): Page {
	const paths = new Map<Asset, string>();
	// Servers that make tags of time and size must see that a file has changed, however quickly it did.
	const time = (version: number): Date => new Date(Date.UTC(2026, 0, 1) + version * 60_000);
	const write = (path: string, content: Buffer, version: number): void => {
		const file = join(directory, path);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, content);
		utimesSync(file, time(version), time(version));
	};
	const add = (asset: Asset, folder: string, extension: string, content: Buffer): void => {
		const hash = createHash('sha256').update(content).digest('hex').slice(0, 8);
		const path = `/${folder}/${asset}${isHashed ? `-${hash}` : ''}.${extension}`;
		paths.set(asset, path);
		write(path, content, versions[asset] ?? 0);
	};
	const at = (asset: Asset): string => paths.get(asset)!;

	// What is mentioned comes before what mentions it.
	for (const image of images) add(image, 'images', 'png', picture(image, versions[image] ?? 0));
	add(
		'font',
		'fonts',
		'woff2',
		readFileSync(join(import.meta.dirname, '../../../public-example/fonts/gloock.woff2')),
	);
	const mentions: Readonly<Record<Style, string>> = {
		type: '',
		base: '',
		layout: '.hero { height: 120px; background: url(HERO) }',
		theme: '@font-face { font-family: Face; src: url(FONT) format("woff2") } h1 { font-family: Face, serif }',
	};
	for (const style of styles) {
		const imported = style === 'base' ? `@import url(${at('type')});\n` : '';
		const rules = mentions[style]
			.replace('HERO', at('hero'))
			.replace('FONT', style === 'theme' ? at('font') : '');
		const marked = `${imported}:root { --${style}: ${versions[style] ?? 0} }\n${rules}\n`;
		add(style, 'styles', 'css', filled(style, marked, styleBytes, ruleOf));
	}
	modules.forEach((module, index) => {
		const before = modules[index - 1];
		const imported = before === undefined ? '' : `import '${at(before)}';\n`;
		const marked = `${imported}${mark(module, versions)}`;
		add(module, 'scripts', 'js', filled(module, marked, moduleBytes, functionOf));
	});
	for (const script of scripts)
		add(script, 'scripts', 'js', filled(script, mark(script, versions), scriptBytes, functionOf));
	const sum = Object.values(versions).reduce((total, version) => total + version, 0);
	// Without hashes it is the same whatever changes.
	write('index.html', documentOf(at), isHashed ? sum : 0);
	return { paths };
}

function mark(script: Script, versions: Versions): string {
	return `(globalThis.versions ??= {}).${script} = ${versions[script] ?? 0};\n`;
}

function documentOf(at: (asset: Asset) => string): Buffer {
	const random = new Random(20);
	const words = (count: number): string =>
		Array.from({ length: count }, () => random.text('etaoinshrdlu', 2 + random.below(7))).join(' ');
	const lines = [
		'<!doctype html>',
		'<html lang="en">',
		'<meta charset="utf-8">',
		'<title>Twenty assets</title>',
		// Browsers would ask for /favicon.ico whenever they like.
		'<link rel="icon" href="data:,">',
		...(['base', 'layout', 'theme'] as const).map((style) => `<link rel="stylesheet" href="${at(style)}">`),
		...scripts.map((script) => `<script defer src="${at(script)}"></script>`),
		`<script type="module" src="${at('main')}"></script>`,
		`<h1>${words(4)}</h1>`,
		'<p class="hero"></p>',
		...images
			.slice(1)
			.map((image) => `<p><img src="${at(image)}" alt="" data-name="${image}"> ${words(12)}</p>`),
	];
	while (lines.join('\n').length < documentBytes) lines.push(`<p>${words(40)}</p>`);
	return Buffer.from(`${lines.join('\n')}\n</html>\n`);
}

/** Text that compresses as code does. */
function filled(asset: Asset, start: string, size: number, line: (random: Random) => string): Buffer {
	const random = new Random(crc32(asset));
	const lines = [start];
	for (let length = start.length; length < size; length += lines.at(-1)!.length) lines.push(line(random));
	return Buffer.from(lines.join(''));
}

function ruleOf(random: Random): string {
	return `.name-${random.below(100_000)} { margin: ${random.below(100)}px; color: #${random.below(900) + 100}; }\n`;
}

function functionOf(random: Random): string {
	return `globalThis.value${random.below(10_000)} = (a, b) => a * ${random.below(1000)} + b;\n`;
}

/** Grey noise, so many pixels wide that the version can be told. */
function picture(image: Image, version: number): Buffer {
	const random = new Random(crc32(image) + version);
	const width = imageWidth + version;
	const height = Math.round(imageBytes / width);
	const rows = Array.from({ length: height }, () => Buffer.from([0, ...random.bytes(width)]));
	const head = Buffer.alloc(13);
	head.writeUInt32BE(width, 0);
	head.writeUInt32BE(height, 4);
	head[8] = 8;
	const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
	const parts = [
		chunk('IHDR', head),
		chunk('IDAT', deflateSync(Buffer.concat(rows))),
		chunk('IEND', Buffer.alloc(0)),
	];
	return Buffer.concat([signature, ...parts]);
}

function chunk(kind: string, content: Buffer): Buffer {
	const body = Buffer.concat([Buffer.from(kind, 'latin1'), content]);
	const ends = Buffer.alloc(8);
	ends.writeUInt32BE(content.length, 0);
	ends.writeUInt32BE(crc32(body), 4);
	return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** What the page says of itself, as {@link report} has it evaluated. */
export interface Report {
	/** Milliseconds since navigation start, as all here. */
	readonly load: number;
	/** `null`: nothing was painted yet. */
	readonly paint: number | null;
	readonly workerStart: number;
	readonly responseStart: number;
	readonly responseEnd: number;
	/** Firefox does not count images that it has in memory. */
	readonly resources: number;
	readonly hasFont: boolean;
	/** A service worker controls the page. */
	readonly isControlled: boolean;
	readonly versions: Versions;
	/** By name of the image. */
	readonly widths: Readonly<Record<string, number>>;
}

/** Evaluated in the page; its value is a {@link Report} as JSON. */
export const report: string = `(() => {
	const [{ loadEventStart, workerStart, responseStart, responseEnd }] = performance.getEntriesByType('navigation');
	const root = getComputedStyle(document.documentElement);
	const styles = ${JSON.stringify(styles)}.map((name) => [name, Number(root.getPropertyValue('--' + name) || -1)]);
	return JSON.stringify({
		load: loadEventStart,
		paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
		workerStart, responseStart, responseEnd,
		resources: performance.getEntriesByType('resource').length,
		hasFont: [...document.fonts].every(({ status }) => status === 'loaded'),
		isControlled: navigator.serviceWorker?.controller != null,
		versions: { ...globalThis.versions, ...Object.fromEntries(styles) },
		widths: Object.fromEntries([...document.images].map((image) => [image.dataset.name, image.naturalWidth])),
	});
})()`;

/** What is wrong with a page that was shown. */
export function faultsOf(shown: Report, versions: Versions): readonly string[] {
	const faults: string[] = [];
	if (!(shown.load > 0)) faults.push('has not loaded');
	if (!shown.hasFont) faults.push('font: not loaded');
	for (const asset of [...styles, ...scripts, ...modules]) {
		const expected = versions[asset] ?? 0;
		const actual = shown.versions[asset];
		if (actual !== expected) faults.push(`${asset}: version ${actual ?? 'none'}, expected ${expected}`);
	}
	for (const image of images.slice(1)) {
		const expected = imageWidth + (versions[image] ?? 0);
		if (shown.widths[image] !== expected)
			faults.push(`${image}: ${shown.widths[image]} pixels wide, expected ${expected}`);
	}
	return faults;
}
