// Sites to measure on. Deterministic: the same seed gives the same bytes, so that two runs, or two machines, serve the
// same thing. Text is text and images are noise, since a server may look into the one and compress it, but not the other.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Site {
	readonly directory: string;
	readonly files: number;
	readonly bytes: number;
	/** Bytes of HTML, CSS and JavaScript: what a server may hold in memory. */
	readonly textBytes: number;
	/** URL paths of the style sheets, the files that the change bench edits. */
	readonly styles: readonly string[];
}

/** The style sheets of the small-file bench: what is printed → URL path. */
export const smallFiles = { '200 B': '/small.css', '2 KB': '/medium.css', '20 KB': '/large.css' } as const;

/** How many assets the page of `writePushSite` refers to. */
export const pushedAssets = 20;

const seed = 20_261_121;
const kilobyte = 1024;

export function writeSmallFilesSite(directory: string): Site {
	const make = new Maker(directory, seed);
	make.write('small.css', make.style(200));
	make.write('medium.css', make.style(2 * kilobyte));
	make.write('large.css', make.style(20 * kilobyte));
	make.write('index.html', make.page(2 * kilobyte, ['small.css', 'medium.css', 'large.css']));
	return make.site();
}

/** One page of 10 KB with 5 style sheets, 6 scripts and 9 images of 1 to 4 KB. None of them refers further. */
export function writePushSite(directory: string): Site {
	const make = new Maker(directory, seed);
	const assets: string[] = [];
	for (const [folder, extension, count] of [
		['styles', 'css', 5],
		['scripts', 'js', 6],
		['images', 'png', pushedAssets - 11],
	] as const) {
		for (let index = 1; index <= count; index += 1) {
			const name = `${folder}/${index}.${extension}`;
			const size = kilobyte + make.below(3 * kilobyte);
			const contents = {
				css: () => make.style(size),
				js: () => make.script(size),
				png: () => make.image(size),
			};
			make.write(name, contents[extension]());
			assets.push(name);
		}
	}
	make.write('index.html', make.page(10 * kilobyte, assets));
	return make.site();
}

/**
 * A site of `files` files of together about `bytes`: of every eight, two pages, a style sheet, a module, a font and three
 * images; a hundred to a folder; each page refers to twelve files of its folder. Every second style sheet imports the one
 * before, each has a font face and a background in one rule of sixteen; each module imports up to two before it.
 */
export function writeLargeSite(directory: string, files: number, bytes: number): Site {
	const make = new Maker(directory, seed + files);
	// Parts of the mean size, so chosen that eight files come to eight.
	const mix = [
		['html', 1],
		['css', 0.6],
		['png', 1.1],
		['png', 1.1],
		['html', 1],
		['js', 1],
		['woff2', 1.1],
		['png', 1.1],
	] as const;
	const name = (index: number): string =>
		`folder-${Math.floor(index / 100)}/file-${index % 100}.${mix[(index % 100) % mix.length]![0]}`;
	for (let index = 0; index < files; index += 1) {
		const [extension, share] = mix[(index % 100) % mix.length]!;
		const size = Math.round(((share * bytes) / files) * (0.5 + make.below(1024) / 1024));
		const first = index - (index % 100);
		const folder = Array.from({ length: Math.min(100, files - first) }, (_, at) => `/${name(first + at)}`);
		const named = (ending: string): readonly string[] => folder.filter((path) => path.endsWith(ending));
		const before = folder.slice(0, index - first);
		if (extension === 'html') {
			const assets = folder.filter((path) => !/\.(?:html|woff2)$/.test(path)).slice(0, 12);
			make.write(name(index), make.page(size, assets, 'module'));
		} else if (extension === 'css') {
			const imported =
				(index - first) % 16 === 9 ? before.filter((path) => path.endsWith('.css')).slice(-1) : [];
			make.write(name(index), make.style(size, { imported, fonts: named('.woff2'), images: named('.png') }));
		} else if (extension === 'js') {
			const imported = before.filter((path) => path.endsWith('.js')).slice(-2);
			make.write(name(index), make.module(size, imported));
		} else make.write(name(index), make.image(size));
	}
	return make.site();
}

/** What a style sheet mentions, as URLs. */
interface Mentions {
	readonly imported: readonly string[];
	readonly fonts: readonly string[];
	readonly images: readonly string[];
}

const NO_MENTIONS: Mentions = { imported: [], fonts: [], images: [] };

/** Makes contents from one seed, writes them, and counts what it wrote. */
class Maker {
	readonly #directory: string;
	readonly #folders = new Set<string>();
	readonly #words: string;
	readonly #noise: Buffer;
	readonly #styles: string[] = [];
	#state: number;
	#files = 0;
	#bytes = 0;
	#textBytes = 0;

	constructor(directory: string, seed: number) {
		this.#directory = directory;
		this.#state = seed >>> 0;
		// Contents are cut out of these two, since making 80 MB letter by letter takes longer than what is measured.
		this.#noise = Buffer.alloc(kilobyte * kilobyte);
		for (let at = 0; at < this.#noise.length; at += 4) this.#noise.writeUInt32LE(this.#next(), at);
		const words: string[] = [];
		for (let length = 0; length < kilobyte * kilobyte; length += words.at(-1)!.length + 1) {
			words.push(this.#next().toString(36).replaceAll(/\d/g, 'e'));
		}
		this.#words = words.join(' ');
	}

	site(): Site {
		return {
			directory: this.#directory,
			files: this.#files,
			bytes: this.#bytes,
			textBytes: this.#textBytes,
			styles: this.#styles,
		};
	}

	write(name: string, content: Buffer): void {
		const path = join(this.#directory, name);
		const folder = join(path, '..');
		if (!this.#folders.has(folder)) mkdirSync(folder, { recursive: true });
		this.#folders.add(folder);
		writeFileSync(path, content);
		this.#files += 1;
		this.#bytes += content.length;
		if (!/\.(?:png|woff2)$/.test(name)) this.#textBytes += content.length;
		if (name.endsWith('.css')) this.#styles.push(`/${name}`);
	}

	style(size: number, { imported, fonts, images }: Mentions = NO_MENTIONS): Buffer {
		const lines = imported.map((path) => `@import "${path}";`);
		const font = fonts[this.#files % Math.max(1, fonts.length)];
		if (font !== undefined)
			lines.push(`@font-face { font-family: Face${this.#files}; src: url("${font}") format("woff2"); }`);
		for (let length = lines.join('\n').length; length < size; length += lines.at(-1)!.length + 1) {
			const image = this.below(16) === 0 ? images[this.below(Math.max(1, images.length))] : undefined;
			const background = image === undefined ? '' : ` background: url(${image}) no-repeat;`;
			lines.push(
				`.name-${this.below(100_000)} { margin: ${this.below(100)}px; color: #${this.below(900) + 100};${background} }`,
			);
		}
		return exactly(lines.join('\n'), size);
	}

	page(size: number, assets: readonly string[], scripts: 'classic' | 'module' = 'classic'): Buffer {
		const kind = scripts === 'module' ? 'type="module"' : 'defer';
		const head: string[] = [];
		const body: string[] = [];
		for (const asset of assets) {
			if (asset.endsWith('.css')) head.push(`<link rel="stylesheet" href="${asset}">`);
			else if (asset.endsWith('.js')) head.push(`<script ${kind} src="${asset}"></script>`);
			else body.push(`<p><img src="${asset}" alt="" width="8" height="8"></p>`);
		}
		const before = `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Page ${this.#files}</title>\n`;
		const after = '\n</html>\n';
		const start = `${before}${head.join('\n')}\n${body.join('\n')}\n<p>`;
		const fill = Math.max(0, size - start.length - '</p>'.length - after.length);
		return Buffer.from(`${start}${this.#text(fill)}</p>${after}`);
	}

	/** A whole number from 0 to below `bound`. */
	below(bound: number): number {
		return this.#next() % bound;
	}

	script(size: number): Buffer {
		return this.#lines(size, [], () => `globalThis.value${this.below(100_000)} =`);
	}

	module(size: number, imported: readonly string[]): Buffer {
		const head = imported.map((path, at) => `import * as other${at} from '${path}';`);
		let exports = 0;
		return this.#lines(size, head, () => `export const value${exports++} =`);
	}

	#lines(size: number, head: readonly string[], start: () => string): Buffer {
		const lines = [...head];
		for (let length = lines.join('\n').length; length < size; length += lines.at(-1)!.length + 1) {
			lines.push(`${start()} (a, b) => a * ${this.below(1000)} + b;`);
		}
		return exactly(lines.join('\n'), size);
	}

	/** Noise under a signature that makes each one different; fonts are as good as images for that. */
	image(size: number): Buffer {
		const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0]);
		signature.writeUInt32BE(this.#files, 8);
		const length = Math.max(0, size - signature.length);
		const from = this.below(this.#noise.length - length);
		return Buffer.concat([signature, this.#noise.subarray(from, from + length)]);
	}

	#text(length: number): string {
		const from = this.below(this.#words.length - length);
		return this.#words.slice(from, from + length);
	}

	// xorshift32
	#next(): number {
		let state = this.#state;
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		this.#state = state >>> 0;
		return this.#state;
	}
}

/** Cuts at the last whole line that leaves room for a comment, and fills up with that comment. */
function exactly(text: string, size: number): Buffer {
	const kept = text.slice(0, text.lastIndexOf('\n', size - 6) + 1);
	return Buffer.from(`${kept}/*${'-'.repeat(size - kept.length - 5)}*/\n`);
}
