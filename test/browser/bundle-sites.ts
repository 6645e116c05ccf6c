// The sites of the tests of the bundle.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SITES, type Site } from '../interop/sites.ts';
import type { Files } from '../support/server.ts';

export const EXAMPLE: Site = SITES[0];
export const BLOG: Site = SITES[1];

/** What our script is put into a document as. */
export const OUR_SCRIPT: RegExp =
	/<script (?:type="module" )?async src="\/\.casper\/page-[^"]*"[^>]*><\/script>/;

/** Text that codings make smaller, but not to nothing. */
export const fillerOf = (bytes: number, seed: string): string => {
	let state = [...seed].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
	let text = '';
	while (text.length < bytes) {
		state = (state * 1_103_515_245 + 12_345) >>> 0;
		text += `${state.toString(36)} `;
	}
	return text.slice(0, bytes);
};

const STYLES = ['c1', 'c2', 'c3', 'c4'];
const SCRIPTS = ['s1', 's2', 's3', 's4'];
const MODULES = ['m0', 'm1', 'm2'];
const IMAGES = ['i1', 'i2', 'i3', 'i4', 'i5', 'i6', 'i7', 'i8'];

/** The files of {@link twenty} that say in the page which version they are. */
export const VERSIONED: readonly string[] = [...STYLES, ...SCRIPTS, ...MODULES, ...IMAGES.slice(0, 7)];
export const ELEVEN: readonly string[] = ['c1', 'c4', 's1', 's2', 's4', 'm0', 'm2', 'i1', 'i2', 'i5', 'i7'];

const pathOf = (name: string): string =>
	`a/${name}.${{ c: 'css', s: 'js', m: 'js', i: 'svg' }[name[0] ?? ''] ?? 'woff2'}`;

const contentOf = (name: string, version: number): string => {
	const filler = fillerOf(4000, name + version);
	if (name === 'c1')
		return `@font-face { font-family: f; src: url(f.woff2) }
body { font-family: f; background: url(i8.svg) }
:root { --c1: ${version} }
/* ${filler} */`;
	if (name === 'c3') return `@import 'c4.css';\n:root { --c3: ${version} }\n/* ${filler} */`;
	if (name.startsWith('c')) return `:root { --${name}: ${version} }\n/* ${filler} */`;
	if (name === 'm0') return `import './m1.js';\nwindow.m0 = ${version};\n// ${filler}`;
	if (name === 'm1') return `import './m2.js';\nwindow.m1 = ${version};\n// ${filler}`;
	if (name.startsWith('i'))
		return `<svg xmlns="http://www.w3.org/2000/svg" width="${version}" height="9"><!-- ${filler} --></svg>`;
	return `window.${name} = ${version};\n// ${filler}`;
};

/** Some files of {@link twenty} in this version. */
export const versionsOf = (names: readonly string[], version: number): Files =>
	Object.fromEntries(names.map((name) => [pathOf(name), contentOf(name, version)]));

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>twenty</title>
<link rel="stylesheet" href="a/c1.css">
<link rel="stylesheet" href="a/c2.css">
<link rel="stylesheet" href="a/c3.css">
${SCRIPTS.map((name) => `<script defer src="a/${name}.js"></script>`).join('\n')}
<script type="module" src="a/m0.js"></script>
</head>
<body>
<p id="begin">Begin</p>
<p>${fillerOf(20_000, 'page')}</p>
${IMAGES.slice(0, 7)
	.map((name) => `<img src="a/${name}.svg" alt="">`)
	.join('\n')}
<p id="end">End</p>
</body>
</html>
`;

/** A page and twenty files that it needs: style sheets, one of them imported, scripts, modules in a chain, images, a font. */
export const twenty = (): Files => ({
	'index.html': PAGE,
	'a/f.woff2': readFileSync(join(EXAMPLE.folder, 'fonts/gloock.woff2')),
	...versionsOf([...STYLES, ...SCRIPTS, ...MODULES, ...IMAGES], 1),
});

/** In the page of {@link twenty}: the versions of {@link VERSIONED}, and whether all of the document is there. */
export const SHOWN: string = `[...${JSON.stringify(STYLES)}.map((name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()),
...${JSON.stringify([...SCRIPTS, ...MODULES])}.map((name) => window[name]),
...[...document.images].map((image) => image.naturalWidth), document.getElementById('end')?.textContent].join(' ')`;

/** What {@link SHOWN} comes to where these are of that version and the others are as they were. */
export const shownWith = (names: readonly string[], version: number): string =>
	[...VERSIONED.map((name) => (names.includes(name) ? version : 1)), 'End'].join(' ');

/** The smallest site. */
export const page = (body: string, head = ''): string =>
	`<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>t</title>${head}</head><body>${body}</body></html>\n`;
