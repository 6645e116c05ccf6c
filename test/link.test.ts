import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatPreload, type Preload } from '../src/http/link.ts';
import { onRandom } from './support/random.ts';

const link = suite('link');

const STYLE: Preload = {
	url: '/a.css',
	rel: 'preload',
	as: 'style',
	crossorigin: undefined,
	integrity: undefined,
};

for (const { name, changes, want } of [
	{ name: 'a style sheet', changes: {}, want: '</a.css>; rel=preload; as=style' },
	{
		name: 'with query and escapes',
		changes: { url: '/a%20b.css?v=1&w=2,3;4' },
		want: '</a%20b.css?v=1&w=2,3;4>; rel=preload; as=style',
	},
	{
		name: 'a font, with CORS (Fetch §3.3)',
		changes: { url: '/f.woff2', as: 'font', crossorigin: 'anonymous' },
		want: '</f.woff2>; rel=preload; as=font; crossorigin',
	},
	{
		name: 'with credentials',
		changes: { crossorigin: 'use-credentials' },
		want: '</a.css>; rel=preload; as=style; crossorigin=use-credentials',
	},
	{
		name: 'a module (HTML Standard §4.6.7.7)',
		changes: { url: '/m.js', rel: 'modulepreload', as: 'script' },
		want: '</m.js>; rel=modulepreload; as=script',
	},
	{
		name: 'with integrity (Subresource Integrity §3.5)',
		changes: { integrity: 'sha384-abc+/= sha512-x' },
		want: '</a.css>; rel=preload; as=style; integrity="sha384-abc+/= sha512-x"',
	},
	{
		name: 'an integrity that cannot be quoted is left out',
		changes: { integrity: 'sha256-"; rel=x' },
		want: '</a.css>; rel=preload; as=style',
	},
	{ name: 'an integrity of nothing', changes: { integrity: '' }, want: '</a.css>; rel=preload; as=style' },
	{
		name: 'a URL that would end its reference',
		changes: { url: '/a>; rel="x", <b"\r\n' },
		want: '</a%3E;%20rel=%22x%22,%20%3Cb%22%0D%0A>; rel=preload; as=style',
	},
	{
		name: 'bytes beyond ASCII',
		changes: { url: '/é\ud800' },
		want: '</%C3%A9%EF%BF%BD>; rel=preload; as=style',
	},
	{
		name: 'what browsers leave as it is, for an escaped one would be another URL',
		changes: { url: "/a|b^c`{d}'?e\\f" },
		want: "</a|b^c`{d}'?e\\f>; rel=preload; as=style",
	},
	{
		name: 'two slashes, which must not become a host (RFC 3986 §4.2)',
		changes: { url: '//evil.example/a.css' },
		want: '</.//evil.example/a.css>; rel=preload; as=style',
	},
] satisfies { name: string; changes: Partial<Preload>; want: string }[])
	link(name, () => assert.is(formatPreload({ ...STYLE, ...changes }), want));

link(
	'whatever it is made of, it is one link of printable ASCII, with the parameters that were given',
	onRandom((random) => {
		for (let round = 0; round < 1000; round++) {
			const text = (): string => random.text('/ab<>",;= \\\r\n\0é日\ud800', random.below(20));
			const formatted = formatPreload({ ...STYLE, url: `/${text()}`, integrity: text() });
			assert.match(
				formatted,
				/^<[!#-;=?-~]+>; rel=preload; as=style(?:; integrity="[ !#-[\]-~]+")?$/,
				JSON.stringify(formatted),
			);
		}
	}),
);

link.run();
