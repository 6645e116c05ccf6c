import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Reference, referencesOfHtml } from '../src/site/references.ts';

/** `as href`, then `module`, the CORS setting and the reservation, where there is one. */
const described = ({ as, href, isModule, crossorigin, reservation }: Reference): string =>
	[
		as,
		href,
		isModule && 'module',
		crossorigin === 'anonymous' && 'cors',
		crossorigin === 'use-credentials' && 'credentials',
		reservation && `(${reservation})`,
	]
		.filter(Boolean)
		.join(' ');

const allOf = (html: string, isXml = false): string[] =>
	referencesOfHtml(html, isXml).references.map(described);

interface Row {
	readonly name: string;
	readonly input: string;
	readonly want: readonly string[];
}

const references = suite('references');

const check = (section: string, rows: readonly Row[], isXml = false): void => {
	for (const { name, input, want } of rows)
		references(`${name} (${section})`, () => assert.equal(allOf(input, isXml), want));
};

check('HTML Standard §4.6.7.23, link rel=stylesheet', [
	{ name: 'a style sheet', input: '<link rel=stylesheet href=a.css>', want: ['style a.css'] },
	{ name: 'in capitals', input: '<LINK REL=StyleSheet HREF=A.css>', want: ['style A.css'] },
	{ name: 'in the body', input: '<p>x<link rel=stylesheet href=a.css>', want: ['style a.css'] },
	{ name: 'one word of several', input: '<link rel="x stylesheet" href=a>', want: ['style a'] },
	{
		name: 'words apart by all white space',
		input: '<link rel="x\n\t\f\rstylesheet" href=a>',
		want: ['style a'],
	},
	{
		name: 'and by no other',
		input: '<link rel="x\u00a0stylesheet" href=a><link rel="x\vstylesheet" href=a>',
		want: [],
	},
	{
		name: 'its preload is the same',
		input: '<link rel="preload stylesheet" as=style href=a>',
		want: ['style a'],
	},
	{ name: 'CORS', input: '<link rel=stylesheet crossorigin href=a>', want: ['style a cors'] },
	{ name: 'for print', input: '<link rel=stylesheet media=print href=a>', want: ['style a (other media)'] },
	{ name: 'for a width', input: '<link rel=stylesheet media="(width<9px)" href=a>', want: ['style a'] },
	{ name: 'for everything', input: '<link rel=stylesheet media=all href=a>', want: ['style a'] },
	{
		name: 'an alternate one, with and without title',
		input: '<link rel="alternate stylesheet" title=x href=a><link rel="stylesheet ALTERNATE" href=b>',
		want: ['style a (alternate)', 'style b (alternate)'],
	},
	{ name: 'switched off', input: '<link rel=stylesheet disabled href=a>', want: ['style a (disabled)'] },
	{
		name: 'types that are CSS',
		input: ['', ' ', 'text/css', 'TEXT/CSS', ' text/css ', 'text/css;', 'text/css; charset=utf-8']
			.map((type, index) => `<link rel=stylesheet type="${type}" href=${index}>`)
			.join(''),
		want: [0, 1, 2, 3, 4, 5, 6].map((index) => `style ${index}`),
	},
	{
		name: 'types that are not',
		input: '<link rel=stylesheet type=text/less href=a><link rel=stylesheet type=css href=b>',
		want: [],
	},
	{
		name: 'without a target',
		input: '<link rel=stylesheet><link rel=stylesheet href><link rel=stylesheet href=" ">',
		want: [],
	},
	{ name: 'no relation', input: '<link href=a><link rel="" href=b><link itemprop=image href=c>', want: [] },
]);

check('HTML Standard §4.6.7', [
	{
		name: 'links that nothing is fetched for with the page',
		input: [
			...[
				'canonical',
				'prefetch',
				'prerender',
				'preconnect',
				'dns-prefetch',
				'next',
				'prev',
				'alternate',
				'search',
			],
			...[
				'license',
				'author',
				'help',
				'pingback',
				'expect',
				'apple-touch-icon',
				'mask-icon',
				'noopener',
				'tag',
			],
		]
			.map((rel) => `<link rel=${rel} href=${rel}>`)
			.join(''),
		want: [],
	},
	{
		name: 'the destinations that are preloaded',
		input: ['style', 'script', 'FONT', 'fetch', 'image']
			.map((as) => `<link rel=preload as=${as} href=${as}>`)
			.join(''),
		want: ['style style', 'script script', 'font FONT cors', 'fetch fetch', 'image image'],
	},
	{
		name: 'and those that are not',
		input: [
			'',
			'audio',
			'video',
			'track',
			'document',
			'embed',
			'object',
			'worker',
			'manifest',
			'json',
			'x',
			'toString',
		]
			.map((as) => `<link rel=preload as="${as}" href=x>`)
			.join(''),
		want: [],
	},
	{ name: 'a preload without destination', input: '<link rel=preload href=a>', want: [] },
	{
		name: 'CORS of preloads',
		input:
			'<link rel=preload as=fetch crossorigin=use-credentials href=a><link rel=preload as=script crossorigin href=b>',
		want: ['script b cors', 'fetch a credentials'],
	},
	{
		name: 'a preload for print',
		input: '<link rel=preload as=image media=print href=a>',
		want: ['image a (other media)'],
	},
	{
		name: 'preloads of types that not all take',
		input: `<link rel=preload as=image type=image/avif href=a><link rel=preload as=image type=image/png href=b>
			<link rel=preload as=font type=font/woff2 href=c><link rel=preload as=font type=application/font-woff href=d>
			<link rel=preload as=style type=text/less href=e><link rel=preload as=style type=text/css href=f>`,
		want: [
			'style e (the client chooses)',
			'style f',
			'font c cors',
			'font d cors (the client chooses)',
			'image a (the client chooses)',
			'image b',
		],
	},
	{
		name: 'the type means nothing for scripts and fetches',
		input: '<link rel=preload as=script type=module href=a><link rel=preload as=fetch type=a/b href=b>',
		want: ['script a', 'fetch b'],
	},
	{
		name: 'preloads of responsive images',
		input: `<link rel=preload as=image imagesrcset="a 1x, b 2x" href=c><link rel=preload as=image imagesrcset=d>
			<link rel=preload as=image imagesrcset="" href=e><link rel=preload as=style imagesrcset="x 2x" href=f>`,
		want: ['style f', 'image c (the client chooses)', 'image d', 'image e'],
	},
	{
		name: 'a preload of a responsive image with sizes alone',
		input: '<link rel=preload as=image imagesrcset="a 1w, b 2w">',
		want: ['image a (the client chooses)'],
	},
	{
		name: 'module preloads, whatever they are to become',
		input: `<link rel=modulepreload href=a><link rel=modulepreload as=script crossorigin=use-credentials href=b>
			<link rel=modulepreload media=print href=c>`,
		want: ['script a module cors', 'script b module credentials', 'script c module cors (other media)'],
	},
	{
		name: 'a manifest',
		input: '<link rel=manifest href=a><link rel=manifest crossorigin=use-credentials href=b>',
		want: ['manifest a', 'manifest b credentials'],
	},
]);

check('HTML Standard §4.6.7.8, rel=icon, and what Chromium 156 fetches', [
	{ name: 'an icon', input: '<link rel=icon href=a>', want: ['image a'] },
	{ name: 'with the word of old', input: '<link rel="shortcut icon" href=a>', want: ['image a'] },
	{
		name: 'the last of several',
		input: '<link rel=icon href=a><link rel=icon href=b>',
		want: ['image a (another icon is preferred)', 'image b'],
	},
	{
		name: 'the scalable one',
		input:
			'<link rel=icon type=image/svg+xml href=a><link rel=icon href=b><link rel=icon sizes=32x32 href=c>',
		want: ['image a', 'image b (another icon is preferred)', 'image c (another icon is preferred)'],
	},
	{
		name: 'the scalable one by its name',
		input: '<link rel=icon href=a.SVG?1><link rel=icon href=b.png>',
		want: ['image a.SVG?1', 'image b.png (another icon is preferred)'],
	},
	{
		name: 'the one of the size that is shown',
		input:
			'<link rel=icon sizes=16x16 href=a><link rel=icon sizes="24X24 32X32" href=b><link rel=icon sizes=192x192 href=c>',
		want: ['image a (another icon is preferred)', 'image b', 'image c (another icon is preferred)'],
	},
	{
		name: 'the one for dark schemes is the choice of the client',
		input: '<link rel=icon href=a><link rel=icon media="(prefers-color-scheme:dark)" href=b>',
		want: ['image a', 'image b (the client chooses)'],
	},
	{
		name: 'for print',
		input: '<link rel=icon media=print href=a><link rel=icon href=b>',
		want: ['image a (other media)', 'image b'],
	},
	{
		name: 'a style sheet is no icon',
		input: '<link rel="icon stylesheet" href=a><link rel=icon href=b>',
		want: ['style a', 'image b'],
	},
	{
		name: 'the author prefers another',
		input: '<link rel=icon data-casper=push href=a><link rel=icon data-casper=skip href=b>',
		want: ['image a', 'image b (the author says skip)'],
	},
	{ name: 'within the page', input: '<link rel=icon href="data:,">', want: [] },
]);

check('HTML Standard §4.12.1, script', [
	{ name: 'a script', input: '<script src=a></script>', want: ['script a'] },
	{ name: 'CORS', input: '<script crossorigin src=a></script>', want: ['script a cors'] },
	{
		name: 'a module has CORS, whatever is said',
		input:
			'<script type=module src=a></script><script type=MODULE crossorigin=use-credentials src=b></script>',
		want: ['script a module cors', 'script b module credentials'],
	},
	{
		name: 'a module with space around',
		input: '<script type=" module " src=a></script>',
		want: ['script a module cors'],
	},
	{ name: 'nomodule', input: '<script nomodule src=a></script>', want: ['script a (nomodule)'] },
	{
		name: 'nomodule means nothing on a module',
		input: '<script type=module nomodule src=a></script>',
		want: ['script a module cors'],
	},
	{
		name: 'all JavaScript types (MIME Sniffing §4.6)',
		input: [
			...[
				'',
				'text/javascript',
				'TEXT/JavaScript',
				' text/javascript ',
				'application/javascript',
				'text/ecmascript',
			],
			...[
				'application/ecmascript',
				'application/x-javascript',
				'application/x-ecmascript',
				'text/x-javascript',
			],
			...['text/x-ecmascript', 'text/jscript', 'text/livescript', 'text/javascript1.0', 'text/javascript1.5'],
		]
			.map((type) => `<script type="${type}" src=x></script>`)
			.join(''),
		want: Array.from({ length: 15 }, () => 'script x'),
	},
	{
		name: 'other types',
		input: [
			...[
				' ',
				'text/plain',
				'importmap',
				'speculationrules',
				'application/json',
				'application/ld+json',
				'text/template',
			],
			...[
				'text/babel',
				'text/javascript; charset=utf-8',
				'text/javascript1.9',
				'javascript',
				'text/x-handlebars',
			],
		]
			.map((type) => `<script type="${type}" src=x></script>`)
			.join(''),
		want: [],
	},
	{
		name: 'the language of old',
		input: `<script language=JavaScript1.5 src=a></script><script language=vbscript src=b></script>
			<script language="" src=c></script><script type="" language=vbscript src=d></script>`,
		want: ['script a', 'script c', 'script d'],
	},
	{ name: 'no source', input: '<script></script><script src></script><script src="">x</script>', want: [] },
	{ name: 'another attribute', input: '<script href=a data-src=b></script>', want: [] },
	{
		name: 'in SVG it is another attribute',
		input: '<svg><script href=a></script><script xlink:href=b></script><script src=c></script></svg>',
		want: ['script a', 'script b'],
	},
	{ name: 'its text is no markup', input: '<script>"<img src=a>"</script>', want: [] },
	{
		name: 'a tag that seems to end itself does not',
		input: '<script src=a /><img src=b></script><img src=c>',
		want: ['script a', 'image c'],
	},
	{ name: 'text that never ends', input: '<script>"<img src=a>', want: [] },
]);

check('HTML Standard §4.8.3–4, img and picture', [
	{ name: 'an image', input: '<img src=a>', want: ['image a'] },
	{
		name: 'CORS',
		input: '<img crossorigin=anonymous src=a><img crossorigin=USE-CREDENTIALS src=b>',
		want: ['image a cors', 'image b credentials'],
	},
	{
		name: 'CORS in a word that is none',
		input: '<img crossorigin=" use-credentials " src=a>',
		want: ['image a cors'],
	},
	{ name: 'lazy', input: '<img loading=LAZY src=a>', want: ['image a (lazy)'] },
	{
		name: 'words that are not lazy',
		input: '<img loading=eager src=a><img loading=" lazy" src=b><img loading src=c>',
		want: ['image a', 'image b', 'image c'],
	},
	{
		name: 'hidden, which does not matter',
		input: '<div hidden><img style="display:none" src=a></div>',
		want: ['image a'],
	},
	{ name: 'nothing', input: '<img><img src><img src=""><img src=" \n"><img alt=x>', want: [] },
	{ name: 'attributes of old', input: '<img lowsrc=a dynsrc=b longdesc=c usemap=d>', want: [] },
	{ name: 'the other name of it', input: '<image src=a>', want: ['image a'] },
	{ name: 'a set of one', input: '<img srcset="a 1x" src=b>', want: ['image a'] },
	{
		name: 'a set to choose from',
		input: '<img srcset="a 2x" src=b>',
		want: ['image b (the client chooses)'],
	},
	{
		name: 'a set to choose from, without source',
		input: '<img srcset="a 1w, b 2w">',
		want: ['image a (the client chooses)'],
	},
	{
		name: 'lazy and to be chosen',
		input: '<img loading=lazy srcset="a 2x" src=b>',
		want: ['image b (lazy)'],
	},
	{ name: 'a source for all', input: '<picture><source srcset=a><img src=b></picture>', want: ['image a'] },
	{
		name: 'sources, with their end tags',
		input: '<picture><source srcset=""></source><source srcset=a></source><img src=b></picture>',
		want: ['image a'],
	},
	{
		name: 'a source for some',
		input: '<picture><source type=image/avif srcset=a><img src=b></picture>',
		want: ['image b (the client chooses)'],
	},
	{
		name: 'a source for nobody',
		input: '<picture><source media=print srcset=a><img src=b></picture>',
		want: ['image b'],
	},
	{
		name: 'a lazy picture',
		input: '<picture><source srcset=a><img loading=lazy src=b></picture>',
		want: ['image a (lazy)'],
	},
	{
		name: 'a source behind the image',
		input: '<picture><img src=a><source srcset=b></picture>',
		want: ['image a'],
	},
	{
		name: 'a source elsewhere',
		input: '<picture><div><source srcset=a></div><img src=b></picture>',
		want: ['image b'],
	},
	{
		name: 'an image elsewhere',
		input: '<picture><source srcset=a><div><img src=b></div></picture>',
		want: ['image b'],
	},
	{ name: 'a picture without image', input: '<picture><source srcset=a></picture>', want: [] },
	{
		name: 'text and comments between',
		input: '<picture>x<!-- y --><source srcset=a> <img src=b></picture>',
		want: ['image a'],
	},
	{
		name: 'another picture has its own sources',
		input: '<picture><source srcset=a></picture><picture><img src=b></picture>',
		want: ['image b'],
	},
]);

check('HTML Standard §4.8.8–11, media', [
	{
		name: 'a video and its poster',
		input: '<video poster=p src=v></video>',
		want: ['image p', 'video v (fetched in ranges)'],
	},
	{ name: 'sounds', input: '<audio src=a></audio>', want: ['audio a (fetched in ranges)'] },
	{
		name: 'sources',
		input: '<video><source src=a><source src=b></video><audio><source src=c></audio>',
		want: ['video a (fetched in ranges)', 'video b (fetched in ranges)', 'audio c (fetched in ranges)'],
	},
	{ name: 'sources of nothing', input: '<source src=a><div><source src=b></div>', want: [] },
	{
		name: 'the track that is shown',
		input: '<video><track default src=a><track src=b></video>',
		want: ['track a'],
	},
	{
		name: 'what is shown where videos are not is fetched anyway',
		input: '<video><img src=a></video><canvas><img src=b></canvas>',
		want: ['image a', 'image b'],
	},
]);

check('HTML Standard §4.8.5–7 and §16.3, what holds other documents', [
	{ name: 'a frame', input: '<iframe src=a></iframe>', want: ['document a'] },
	{ name: 'lazy', input: '<iframe loading=lazy src=a></iframe>', want: ['document a (lazy)'] },
	{ name: 'with its document in an attribute', input: '<iframe src=a srcdoc="<p>"></iframe>', want: [] },
	{
		name: 'text within',
		input: '<iframe src=a><img src=b></iframe><img src=c>',
		want: ['image c', 'document a'],
	},
	{
		name: 'a tag that seems to end itself does not',
		input: '<iframe src=a /><img src=b></iframe><img src=c>',
		want: ['image c', 'document a'],
	},
	{
		name: 'frames of old',
		input: '<frameset><frame src=a><frame src=b></frameset><frame src=c>',
		want: ['document a', 'document b'],
	},
	{ name: 'an object', input: '<object data=a></object>', want: ['object a'] },
	{ name: 'what is embedded', input: '<embed src=a>', want: ['embed a'] },
	{
		name: 'what is shown instead of an object: images always, others if need be',
		input: '<object data=a><object data=b><embed src=c></object><img src=d><iframe src=e></iframe></object>',
		want: [
			'image d',
			'object a',
			'object b (the client chooses)',
			'embed c (the client chooses)',
			'document e',
		],
	},
	{
		name: 'parameters of old',
		input: '<object><param name=movie value=a></object><applet code=b></applet>',
		want: [],
	},
]);

check('HTML Standard §4.10.5 and §15.3, other images', [
	{
		name: 'a button',
		input: '<input type=image src=a><input type=IMAGE src=b>',
		want: ['image a', 'image b'],
	},
	{
		name: 'other inputs',
		input: '<input src=a><input type=text src=b><input type=" image " src=c>',
		want: [],
	},
	{
		name: 'backgrounds of old',
		input: `<body background=a><table background=b><thead background=c><tr background=d><th background=e>x
			<tbody background=f><tr><td background=g>x<tfoot background=h></table>`,
		want: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((href) => `image ${href}`),
	},
	{ name: 'no backgrounds', input: '<html background=a><div background=b><p background=c>', want: [] },
	{
		name: 'links and forms',
		input: '<a href=a ping=b>x</a><form action=c></form><area href=d><q cite=e>',
		want: [],
	},
]);

check('SVG 2 §16.1', [
	{ name: 'an image', input: '<svg><image href=a /></svg>', want: ['image a'] },
	{ name: 'by the name of old', input: '<svg><image xlink:href=a /></svg>', want: ['image a'] },
	{ name: 'by both: the new one', input: '<svg><image xlink:href=a href=b /></svg>', want: ['image b'] },
	{
		name: 'what is used, from elsewhere',
		input: '<svg><use href="a.svg#b"/></svg>',
		want: ['image a.svg#b'],
	},
	{ name: 'what is used, from here', input: '<svg><use href="#b"/></svg>', want: [] },
	{ name: 'an effect', input: '<svg><filter><feImage href=a /></filter></svg>', want: ['image a'] },
	{ name: 'outside of SVG they are nothing', input: '<use href=a><feImage href=b><image href=c>', want: [] },
	{
		name: 'HTML within',
		input: '<svg><foreignObject><img src=a><image src=b></foreignObject></svg>',
		want: ['image a', 'image b'],
	},
	{
		name: 'what is not fetched',
		input: '<svg><a href=a><pattern href=b /><textPath href=c>x</textPath></a></svg>',
		want: [],
	},
]);

check('HTML Standard §4.12.2–3, not part of the page', [
	{ name: 'a template', input: '<template><img src=a><template><img src=b></template></template>', want: [] },
	{
		name: 'no script',
		input: '<noscript><img src=a><link rel=stylesheet href=b></noscript><img src=c>',
		want: ['image c'],
	},
	{
		name: 'a declarative shadow root, which is a part of it',
		input: `<div><template shadowrootmode=open><link rel=stylesheet href=a></template></div>
			<p><template shadowrootmode=CLOSED><img src=b></template></p>`,
		want: ['style a', 'image b'],
	},
	{
		name: 'a template with another word',
		input: '<template shadowrootmode=x><img src=a></template>',
		want: [],
	},
	{
		name: 'a shadow root in a template',
		input: '<template><template shadowrootmode=open><img src=a></template></template>',
		want: [],
	},
	{
		name: 'elements of text',
		input: ['textarea', 'title', 'style', 'xmp', 'noembed', 'noframes', 'iframe', 'script']
			.map((name) => `<${name}><img src=${name}></${name}>`)
			.join('<img src=x>'),
		want: Array.from({ length: 7 }, () => 'image x'),
	},
	{ name: 'text to the end', input: '<img src=a><plaintext><img src=b></plaintext>', want: ['image a'] },
	{ name: 'a comment', input: '<!-- <img src=a> --><img src=b>', want: ['image b'] },
	{
		name: 'comments that end at once',
		input: '<!--><img src=a><!---><img src=b>-->',
		want: ['image a', 'image b'],
	},
	{ name: 'a comment that does not end', input: '<img src=a><!-- <img src=b>', want: ['image a'] },
	{
		name: 'conditional comments',
		input: '<!--[if IE]><img src=a><![endif]--><![if !IE]><img src=b><![endif]>',
		want: ['image b'],
	},
	{
		name: 'no comments, but read as such',
		input: '<? <img src=a> ?></ <img src=b>><! <img src=c>><img src=d>',
		want: ['image d'],
	},
	{ name: 'CDATA in HTML', input: '<![CDATA[<img src=a>]]><img src=b>', want: ['image b'] },
]);

check('HTML Standard §13.2, as browsers read it', [
	{ name: 'no markup', input: 'text & more', want: [] },
	{ name: 'nothing', input: '', want: [] },
	{ name: 'no html, head or body', input: '<img src=a>text', want: ['image a'] },
	{ name: 'after the end', input: '<body></body></html><img src=a>', want: ['image a'] },
	{
		name: 'all quotes',
		input: `<img src="a"><img src='b'><img src=c><img src = "d"alt=x><img/src=e/>`,
		want: ['image a', 'image b', 'image c', 'image d', 'image e/'],
	},
	{ name: 'the first of two attributes', input: '<img src=a src=b>', want: ['image a'] },
	{ name: 'a tag in a tag', input: '<img src=a<img src=b>', want: ['image a<img'] },
	{ name: 'a bracket in a value', input: '<img alt=">" src=a>', want: ['image a'] },
	{ name: 'a value that does not end', input: '<img src="a><img src=b>', want: [] },
	{ name: 'a tag that does not end', input: '<img src=a><img src=b', want: ['image a'] },
	{
		name: 'crossed elements',
		input: '<b><i></b><img src=a></i></u></p><img src=b>',
		want: ['image a', 'image b'],
	},
	{ name: 'many opening brackets', input: '<<<<<<<img src=a>', want: ['image a'] },
	{
		name: 'character references in attributes (§13.2.5.73)',
		input: '<img src="a?x=1&amp;y=2&copy=3&amp=4&lt;&#x41;&#66;&notit;">',
		want: ['image a?x=1&y=2&copy=3&amp=4<AB&notit;'],
	},
	{
		name: 'names out of a prototype',
		input: '<constructor src=a><img __proto__=x constructor=y src=b>',
		want: ['image b'],
	},
	{
		name: 'an attribute that an object has',
		input: '<input type=constructor src=a><link rel=constructor href=b>',
		want: [],
	},
]);

check('WHATWG URL §4.4 and §4.5', [
	{ name: 'space and controls around', input: '<img src=" \t\n a b \u0001\n">', want: ['image a b'] },
	{ name: 'tabs and newlines within', input: '<img src="a\n\tb\rc.png">', want: ['image abc.png'] },
	{
		name: 'other white space stays',
		input: '<img src="\u00a0a\u2003"><img src="\ufeffb">',
		want: ['image \u00a0a\u2003', 'image \ufeffb'],
	},
	{ name: 'fragments alone', input: '<img src="#a"><img src=" #b">', want: [] },
	{
		name: 'schemes that nothing is requested for',
		input: [
			'data:,x',
			'javascript:x',
			'blob:x',
			'about:blank',
			'mailto:x',
			'DATA:,x',
			'java\nscript:x',
			'\tdata:,x',
			'x-y+z.1:q',
			'file:///x',
			'ws://x/',
		]
			.map((url) => `<img src="${url}">`)
			.join(''),
		want: [],
	},
	{
		name: 'other origins are references',
		input:
			'<img src="//b.example/x"><img src="http://b.example/y"><img src="HTTPS://b.example/z"><img src="\\\\b.example\\x">',
		want: [
			'image //b.example/x',
			'image http://b.example/y',
			'image HTTPS://b.example/z',
			'image \\\\b.example\\x',
		],
	},
	{
		name: 'what only looks like a scheme',
		input: '<img src="1:x"><img src="./a:b"><img src="a/b:c">',
		want: ['image 1:x', 'image ./a:b', 'image a/b:c'],
	},
	{ name: 'a query alone', input: '<img src="?x">', want: ['image ?x'] },
]);

check('the words of the author', [
	{ name: 'skip', input: '<img data-casper=skip src=a>', want: ['image a (the author says skip)'] },
	{
		name: 'push what would not be',
		input: '<img data-casper=push loading=lazy src=a><script nomodule data-casper=push src=b></script>',
		want: ['script b', 'image a'],
	},
	{
		name: 'other words',
		input: '<img data-casper=x src=a><img data-casper="" loading=lazy src=b>',
		want: ['image a', 'image b (lazy)'],
	},
]);

check(
	'XHTML: HTML Standard §14.2',
	[
		{
			name: 'tags that end themselves',
			input:
				'<html><head><script src="a"/><link rel="stylesheet" href="b"/></head><body><iframe src="c"/><img src="d"/></body></html>',
			want: ['style b', 'script a', 'image d', 'document c'],
		},
		{
			name: 'letter case counts',
			input: '<body><IMG src="a"/><img SRC="b"/><img src="c"/></body>',
			want: ['image c'],
		},
		{ name: 'CDATA is text', input: '<p><![CDATA[<img src="a"/>]]><img src="b"/></p>', want: ['image b'] },
		{ name: 'character references', input: '<img src="a?b=1&amp;c=2"/>', want: ['image a?b=1&c=2'] },
		{
			name: 'no scripts, templates',
			input: '<p><noscript><img src="a"/></noscript><template><img src="b"/></template></p>',
			want: [],
		},
		{
			name: 'SVG',
			input:
				'<svg><filter><feImage xlink:href="a"/></filter><foreignObject><img src="b"/></foreignObject></svg>',
			want: ['image a', 'image b'],
		},
		{
			name: 'a declaration and a type before it',
			input: '<?xml version="1.0"?><!DOCTYPE html><html><img src="a"/></html>',
			want: ['image a'],
		},
		{
			name: 'what is not well-formed',
			input: '<p><b><img src="a"></p><img src="b"/>',
			want: ['image a', 'image b'],
		},
	],
	true,
);

references('come in the order in which they hold the page up', () => {
	const html = `<link rel=icon href=icon><img src=image><iframe src=frame></iframe><script async src=async></script>
		<link rel=preload as=font href=font><script src=blocking></script><script defer src=defer></script>
		<script type=module src=module></script><link rel=stylesheet href=style><img src=image2>`;
	assert.equal(
		referencesOfHtml(html).references.map(({ href }) => href),
		['style', 'blocking', 'async', 'defer', 'module', 'font', 'image', 'image2', 'frame', 'icon'],
	);
});

references('say in which line they are', () => {
	const html = '<img src=a>\n\n<img\n src=b>\r\n<!--\n--><img src=c><img src=d>\n<script src=e></script>';
	const lines = referencesOfHtml(html).references.map(({ href, line }) => `${href} ${line}`);
	assert.equal(lines, ['e 7', 'a 1', 'b 3', 'c 6', 'd 6']);
});

references('keep type, media and integrity as written', () => {
	const html =
		'<link rel=stylesheet type="Text/CSS" media="Screen" integrity="sha256-x y" href=a><img src=b>';
	const [style, image] = referencesOfHtml(html).references;
	assert.is(style?.type, 'Text/CSS');
	assert.is(style?.media, 'Screen');
	assert.is(style?.integrity, 'sha256-x y');
	assert.is(image?.type, undefined);
	assert.is(image?.media, undefined);
	assert.is(image?.integrity, undefined);
});

const bases: readonly { name: string; input: string; want: string | undefined }[] = [
	{ name: 'none', input: '<img src=a>', want: undefined },
	{ name: 'without href', input: '<base target=_top>', want: undefined },
	{ name: 'with href', input: '<base href="sub/">', want: 'sub/' },
	{ name: 'the first with href', input: '<base target=x><base href=a><base href=b>', want: 'a' },
	{ name: 'the first even if empty', input: '<base href=""><base href=b>', want: '' },
	{ name: 'in the body', input: '<p><base href=a>', want: 'a' },
	{ name: 'in capitals, with space', input: '<BASE HREF=" /A/\n">', want: '/A/' },
	{ name: 'data: and javascript: are not taken', input: '<base href="data:,x"><base href=b>', want: '' },
	{ name: 'javascript: neither', input: '<base href=" JavaScript:x">', want: '' },
	{ name: 'another origin', input: '<base href="https://b.example/x/">', want: 'https://b.example/x/' },
	{ name: 'not in a template', input: '<template><base href=a></template><base href=b>', want: 'b' },
	{ name: 'not in SVG', input: '<svg><base href=a /></svg>', want: undefined },
	{ name: 'not in a comment', input: '<!--<base href=a>-->', want: undefined },
];

for (const { name, input, want } of bases)
	references(`the base: ${name} (HTML Standard §4.2.3)`, () => assert.is(referencesOfHtml(input).base, want));

const MEGABYTES = 5 * 2 ** 20;
const fill = (piece: string, bytes = MEGABYTES): string => piece.repeat(Math.ceil(bytes / piece.length));
/** Far above what is needed, far below what anything quadratic takes. */
const LIMIT_MS = 15_000;

const hostile: readonly { name: string; input: () => string }[] = [
	...[
		'<',
		'<!',
		'<!--',
		'</a>',
		'</p>',
		'</br>',
		'<img src=a>',
		'\n<img src=a>',
		'<img src=a ',
		'&amp;',
		'<base href=x>',
	].map((piece) => ({ name: `5 MB of ${JSON.stringify(piece)}`, input: () => fill(piece) })),
	...[
		'<b>',
		'<div><img src=a>',
		'<p>',
		'<li><p>',
		'<svg>',
		'<template>',
		'<b></i>',
		'<b></p>',
		'<object data=a>',
	].map((piece) => ({
		name: `5 MB of ${JSON.stringify(piece)}, deep`,
		input: () => fill(piece),
	})),
	{
		name: '100,000 elements deep',
		input: () => `${'<div>'.repeat(100_000)}<img src=a>${'</div>'.repeat(100_000)}`,
	},
	{
		name: '100,000 elements deep and as many wrong ends',
		input: () => `${'<b>'.repeat(100_000)}${'</i>'.repeat(100_000)}`,
	},
	{ name: '5 MB of attributes', input: () => `<img ${fill('a=b ')}>` },
	{
		name: '500,000 different attributes',
		input: () => `<img ${Array.from({ length: 500_000 }, (_, at) => `a${at}`).join(' ')}>`,
	},
	{ name: 'a URL of 5 MB', input: () => `<img src="${fill('a')}">` },
	{ name: 'a URL with 5 MB of space within', input: () => `<img src="a${fill(' ')}b">` },
	{ name: 'a URL with 5 MB of newlines', input: () => `<img src="a${fill('\n')}b">` },
	{ name: 'a set of 5 MB', input: () => `<img srcset="${fill('a 1x, ')}">` },
	{ name: 'relations of 5 MB', input: () => `<link rel="${fill('a ')}" href=x>` },
	{ name: 'media of 5 MB', input: () => `<link rel=stylesheet media="${fill('print,')}" href=x>` },
	{ name: '100,000 icons', input: () => '<link rel=icon href=a>'.repeat(100_000) },
	{
		name: '10,000 sources and images of one picture',
		input: () => `<picture>${'<source srcset=a media=print>'.repeat(10_000)}${'<img src=a>'.repeat(10_000)}`,
	},
];

for (const { name, input } of hostile)
	references(`hostile markup is read in linear time: ${name}`, () => {
		const html = input();
		const began = performance.now();
		referencesOfHtml(html);
		const elapsed = performance.now() - began;
		assert.ok(elapsed < LIMIT_MS, `${Math.round(elapsed)} ms`);
	});

references('what comes before markup that is nested too deep is found', () => {
	const html = `<link rel=stylesheet href=a>${'<b>'.repeat(500_000)}<img src=b>`;
	assert.equal(allOf(html), ['style a']);
});

references('a long document with many elements that never end is read to its end', () => {
	const html = `${'<p>text <b>bold</b><ul><li>item<li>item</ul>'.repeat(5_000)}<img src=last>`;
	assert.equal(allOf(html), ['image last']);
});

references('the policies that a document sets itself (CSP 3 §3.3)', () => {
	const html = `<meta http-equiv=" Content-Security-Policy" content="script-src 'none'"><meta name="content-security-policy" content="a"><meta http-equiv="content-security-policy"><meta http-equiv="CONTENT-SECURITY-POLICY" content="img-src *">`;
	assert.equal(referencesOfHtml(html).policies, ["script-src 'none'", 'img-src *']);
});

references.run();
