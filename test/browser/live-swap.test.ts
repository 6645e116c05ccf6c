// What is shown in place, without a reload: style sheets, images and fonts, wherever a page has them.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suiteOf } from './bundle-cases.ts';
import { EXAMPLE, page } from './bundle-sites.ts';
import { comesTo, isKept, liveCase, property } from './live-site.ts';

const link = (path: string, more = ''): string => `<link rel="stylesheet" href="${path}"${more}>`;
const svg = (width: number): string =>
	`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="9"><rect id="r" width="${width}" height="9"/></svg>`;
const FIXED = ':root { --b: 1 }';
const font = (name: string): Buffer => readFileSync(join(EXAMPLE.folder, `fonts/${name}.woff2`));

/** In a page: sees in each frame whether an element is in another colour than one of these. */
const watchColour = (colours: readonly string[]): string => `(() => {
	window.others = [];
	const see = () => {
		const { color } = getComputedStyle(document.querySelector('p'));
		if (!${JSON.stringify(colours)}.includes(color)) window.others.push(color);
		requestAnimationFrame(see);
	};
	see();
})()`;

const CASES = [
	liveCase(
		'a style sheet is replaced: nothing that the page has is lost, and at no time is it without',
		{
			'index.html': page(
				'<p>text</p><input><div style="height: 5000px"></div>',
				link('css/a.css', ' id="it" data-x="1"'),
			),
			'css/a.css': 'p { color: rgb(1, 1, 1) }',
		},
		async (site) => {
			const tab = await site.show();
			await tab.evaluate("document.querySelector('input').value = 'typed'; scrollTo(0, 400)");
			await tab.evaluate(watchColour(['rgb(1, 1, 1)', 'rgb(2, 2, 2)']));
			await site.write({ 'css/a.css': 'p { color: rgb(2, 2, 2) }' });
			await comesTo(tab, "getComputedStyle(document.querySelector('p')).color", 'rgb(2, 2, 2)');
			await site.told(1);
			const state = await tab.evaluate(
				"[document.querySelector('input').value, scrollY, others, document.querySelectorAll('link').length, it.dataset.x]",
			);
			return [state, await isKept(tab), site.shown, site.navigations()];
		},
		[['typed', 400, [], 1, '1'], true, ['/ in place /css/a.css'], 1],
	),
	liveCase(
		'a sheet that a script has switched off stays so all the time, and can be switched on',
		{
			'index.html': page('<p>text</p>', link('a.css', ' media="screen"')),
			'a.css': 'p { color: rgb(1, 1, 1) }',
		},
		async (site) => {
			const tab = await site.show();
			await tab.evaluate('void (document.styleSheets[0].disabled = true)');
			await tab.evaluate(watchColour(['rgb(0, 0, 0)']));
			await site.write({ 'a.css': 'p { color: rgb(2, 2, 2) }' });
			await site.told(1);
			const frames = 'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))';
			const others = await tab.evaluate(`${frames}.then(() => window.others)`);
			const sheets = await tab.evaluate(
				"[...document.querySelectorAll('link')].map(({ media, sheet }) => [media, sheet.disabled])",
			);
			await tab.evaluate('void (document.styleSheets[0].disabled = false)');
			await comesTo(tab, "getComputedStyle(document.querySelector('p')).color", 'rgb(2, 2, 2)');
			return [others, sheets, await isKept(tab), site.shown];
		},
		[[], [['screen', true]], true, ['/ in place /a.css']],
	),
	liveCase(
		'an imported sheet is replaced at any depth, with its layer and its conditions, and stays so when its parent is',
		{
			'index.html': page('', `${link('css/a.css')}<style>@import "css/c.css" layer(inline);</style>`),
			'css/a.css': '@import "b.css" layer(one) screen;\n:root { --a: 1 }',
			'css/b.css':
				'@import url(c.css) layer(two) supports(display: grid) (min-width: 1px);\n:root { --b: 1 }',
			'css/c.css': ':root { --c: 1 }',
		},
		async (site) => {
			const tab = await site.show();
			await site.write({ 'css/c.css': ':root { --c: 2 }' });
			await comesTo(tab, property('c'), '2');
			await site.told(1);
			await comesTo(tab, property('b'), '1');
			const rules = await tab.evaluate(`(() => {
				const [b] = document.styleSheets[0].cssRules;
				const [c, ...others] = b.styleSheet.cssRules;
				const inline = document.styleSheets[1].cssRules;
				return [b.layerName, b.media.mediaText, c.layerName, c.media.mediaText, /supports\\(display: ?grid\\)/.test(c.cssText),
					others.length, inline.length, inline[0].layerName, inline[0].styleSheet.cssRules[0].style.getPropertyValue('--c').trim()];
			})()`);
			await site.write({ 'css/b.css': '@import url(c.css);\n:root { --b: 2 }' });
			await comesTo(tab, `[${property('b')}, ${property('c')}]`, ['2', '2']);
			await site.write({
				'css/a.css': '@import "b.css";\n:root { --a: 2 }',
				'css/c.css': ':root { --c: 3 }',
			});
			await comesTo(tab, `[${property('a')}, ${property('b')}, ${property('c')}]`, ['2', '2', '3']);
			return [rules, await isKept(tab), site.shown.slice(0, 2), site.navigations()];
		},
		[
			['one', 'screen', 'two', '(min-width: 1px)', true, 1, 1, 'inline', '2'],
			true,
			['/ in place /css/c.css', '/ in place /css/b.css'],
			1,
		],
	),
	liveCase(
		'an image is replaced wherever it is: in elements, sets, style attributes, rules and shadow trees',
		{
			'index.html': page(
				`<img id="img" src="i.svg?v=1#x"><img id="set" srcset="other.svg 1x, i.svg 2x"><picture><source srcset="i.svg"><img></picture>
				<video poster="i.svg"></video><input type="image" src="i.svg"><svg><use href="i.svg#r"/><image href="i.svg"/></svg>
				<p style="background: url('i.svg') no-repeat; color: red">text</p><div></div>
				<script>document.querySelector('div').attachShadow({ mode: 'open' }).innerHTML = '<img src="i.svg">';</script>`,
				`${link('css/a.css')}<link rel="icon" href="i.svg"><style>@media screen { p { & b { content: url(i.svg) } } }</style>`,
			),
			'css/a.css': ':root { --i: url("../i.svg"); background: linear-gradient(red, red), url(../i.svg) }',
			'i.svg': svg(10),
			'other.svg': svg(10),
		},
		async (site) => {
			const tab = await site.show();
			await site.write({ 'i.svg': svg(20) });
			await site.told(1);
			await comesTo(tab, 'img.naturalWidth', 20);
			const stamped = await tab.evaluate(`(() => {
				const is = (text) => /i\\.svg\\?(v=1&)?casper=[0-9a-f]+/.test(text);
				const at = (selector, name) => is(document.querySelector(selector).getAttribute(name));
				const [a, b] = document.styleSheets;
				return [at('#img', 'src'), at('#set', 'srcset'), at('source', 'srcset'), at('video', 'poster'), at('input', 'src'),
					at('use', 'href'), at('image', 'href'), at('[rel=icon]', 'href'), is(document.querySelector('p').style.cssText),
					is(document.querySelector('div').shadowRoot.firstChild.src), is(a.cssRules[0].style.background),
					is(b.cssRules[0].cssText)];
			})()`);
			const kept = await tab.evaluate(
				"[document.querySelector('use').getAttribute('href').endsWith('#r'), document.querySelector('#set').srcset.startsWith('other.svg 1x, '), document.querySelector('p').style.color]",
			);
			return [stamped, kept, await isKept(tab), site.shown, site.navigations()];
		},
		[Array(12).fill(true), [true, true, 'red'], true, ['/ in place /i.svg /i.svg?v=1'], 1],
	),
	liveCase(
		'a font is replaced',
		{
			'index.html': page('<span>The quick brown fox</span>', link('css/a.css')),
			'css/a.css':
				"@font-face { font-family: f; src: url('../f.woff2') format('woff2'); font-weight: 400 }\nspan { font: 40px f }",
			'f.woff2': font('gloock'),
		},
		async (site) => {
			const width = "Math.round(document.querySelector('span').getBoundingClientRect().width)";
			const tab = await site.show();
			await tab.evaluate('document.fonts.ready.then(() => undefined)');
			const before = await tab.evaluate(width);
			await site.write({ 'f.woff2': font('alegreya') });
			await site.told(1);
			const after = await tab.evaluate(`document.fonts.load('40px f').then(() => ${width})`);
			const rule = await tab.evaluate<string>('document.styleSheets[0].cssRules[0].cssText');
			return [before !== after, /casper=/.test(rule), /400/.test(rule), await isKept(tab), site.shown];
		},
		[true, true, true, true, ['/ in place /f.woff2']],
	),
	liveCase(
		'what cannot be replaced in place is shown by a reload: what a script has put in, and what has a fixed content',
		{
			'index.html': page(
				'',
				`<script type="module">
				const sheet = new CSSStyleSheet();
				sheet.replaceSync(await (await fetch('a.css')).text());
				document.adoptedStyleSheets = [sheet];
			</script>${link('b.css', ` integrity="sha256-${createHash('sha256').update(FIXED).digest('base64')}"`)}`,
			),
			'a.css': ':root { --a: 1 }',
			'b.css': FIXED,
		},
		async (site) => {
			const tab = await site.show();
			await comesTo(tab, `[${property('a')}, ${property('b')}]`, ['1', '1']);
			await site.write({ 'a.css': ':root { --a: 2 }' });
			await comesTo(tab, `[${property('a')}, ${property('b')}]`, ['2', '1']);
			await site.write({ 'b.css': `${FIXED}\n` });
			await comesTo(tab, `[${property('a')}, ${property('b')}]`, ['2', '']);
			return [site.shown, site.navigations()];
		},
		[['/ reload /a.css', '/ reload /b.css'], 3],
	),
	{
		...liveCase(
			'sheets that caches may keep are new in place, and are still new after a reload',
			{
				'index.html': page('<p>1</p>', link('b.css')),
				'b.css': '@import "a.css";',
				'a.css': ':root { --a: 1 }',
			},
			async (site) => {
				const tab = await site.show();
				await site.write({ 'a.css': ':root { --a: 2 }' });
				await comesTo(tab, property('a'), '2');
				await site.told(1);
				await site.write({ 'index.html': page('<p>2</p>', link('b.css')) });
				await comesTo(tab, `[document.querySelector('p').textContent, ${property('a')}]`, ['2', '2']);
				return [await isKept(tab), site.shown];
			},
			[false, ['/ in place /a.css', '/ reload /']],
			{ maxage: 3600 },
		),
		// It would go on with what it has in memory.
		wantIn: { Firefox: [false, ['/ reload /a.css', '/ reload /']] },
	},
];

suiteOf('live: in place', CASES).run();
