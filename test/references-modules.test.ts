import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { importsOfModule, parseImportMaps, resolveSpecifier } from '../src/site/references-modules.ts';
import { onRandom } from './support/random.ts';

const imports = suite('imports of modules');

const IMPORTS: readonly { name: string; input: string; want: readonly string[] }[] = [
	{
		name: 'all forms',
		input: 'import "a";import b from "b";import {c} from "c";import * as d from "d";import e,{f} from "e"',
		want: ['a', 'b', 'c', 'd', 'e'],
	},
	{
		name: 'exports from others',
		input: 'export {a} from "a";export * from "b";export * as c from "c"',
		want: ['a', 'b', 'c'],
	},
	{
		name: 'not those that come later',
		input: 'import("a");if(x)await import("b");import.meta.url',
		want: [],
	},
	{
		name: 'not in comments, strings, templates, regular expressions',
		input: '/* import "a" */// import "b"\n"import \'c\'";`import "d"`;/import "e"/',
		want: [],
	},
	{ name: 'escapes', input: 'import "\\u0061.js"', want: ['a.js'] },
	{
		name: 'a style sheet, and JSON',
		input: 'import a from "a.css" with {type:"css"};import b from "b" with {type:"json"}',
		want: ['a.css style', 'b json'],
	},
	{
		name: 'with an attribute that nobody knows: nothing is fetched',
		input: 'import "a";import b from "b" with {type:"x"}',
		want: [],
	},
	{ name: 'what is no JavaScript', input: 'import "a" import {{{', want: [] },
	{ name: 'a classic script', input: 'var a = "import"; function b() { return a }', want: [] },
	{ name: 'nothing', input: '', want: [] },
];
for (const { name, input, want } of IMPORTS)
	imports(`${name} (ECMA-262 §16.2)`, () =>
		assert.equal(
			importsOfModule(input).imports.map(
				({ specifier, as }) => `${specifier}${as === 'script' ? '' : ` ${as}`}`,
			),
			want,
		),
	);

imports('lines', () => {
	const text = 'import "a";\n\nimport {\n b } from "b";\nexport * from "c"';
	assert.equal(
		importsOfModule(text).imports.map(({ line }) => line),
		[1, 3, 5],
	);
});

imports(
	'any text is read and never throws',
	onRandom((random) => {
		const pieces = [
			'import',
			'export',
			' ',
			'"a"',
			'from',
			'{',
			'}',
			'*',
			'(',
			')',
			'`',
			'${',
			'/',
			'//',
			'\n',
			"'",
			'\\',
			'with',
		];
		for (let round = 0; round < 3000; round++)
			importsOfModule(Array.from({ length: random.below(40) }, () => random.pick(pieces)).join(''));
		for (const piece of pieces) importsOfModule(`import "a";${piece.repeat(50_000)}`);
	}),
);

imports.run();

const maps = suite('import maps');

const BASE = new URL('http://site.invalid/dir/page.html');

const MAP = {
	imports: {
		bare: './bare.js',
		'pkg/': '/pkg/src/',
		'pkg/one.js': '/one.js',
		'/absolute.js': '/mapped.js',
		'./relative.js': './mapped-relative.js',
		blocked: null,
		wrong: 'not-a-url',
		'half/': '/no-slash',
		elsewhere: 'https://cdn.example/x.js',
	},
	scopes: {
		'/scope/': { bare: '/scoped.js' },
		'/scope/deep/': { bare: '/deeper.js', blocked: '/unblocked.js' },
		'/exact.js': { bare: '/for-one.js' },
	},
};

const RESOLUTIONS: readonly { specifier: string; from?: string; want: string | undefined }[] = [
	{ specifier: './a.js', want: '/dir/a.js' },
	{ specifier: '../a.js?b', want: '/a.js?b' },
	{ specifier: '/a.js', want: '/a.js' },
	{ specifier: 'bare', want: '/dir/bare.js' },
	{ specifier: 'pkg/a/b.js', want: '/pkg/src/a/b.js' },
	{ specifier: 'pkg/one.js', want: '/one.js' },
	{ specifier: 'pkg/../../x', want: undefined },
	{ specifier: '/absolute.js', want: '/mapped.js' },
	{ specifier: '/dir/relative.js', want: '/dir/mapped-relative.js' },
	{ specifier: 'unknown', want: undefined },
	{ specifier: 'blocked', want: undefined },
	{ specifier: 'wrong', want: undefined },
	{ specifier: 'half/a', want: undefined },
	{ specifier: 'elsewhere', want: 'https://cdn.example/x.js' },
	{ specifier: 'https://other.example/y.js', want: 'https://other.example/y.js' },
	{ specifier: 'bare', from: '/scope/a.js', want: '/scoped.js' },
	{ specifier: 'bare', from: '/scope/deep/a.js', want: '/deeper.js' },
	{ specifier: 'blocked', from: '/scope/deep/a.js', want: '/unblocked.js' },
	{ specifier: 'bare', from: '/exact.js', want: '/for-one.js' },
	{ specifier: 'bare', from: '/exact.jsx', want: '/dir/bare.js' },
];
for (const { specifier, from = '/dir/m.js', want } of RESOLUTIONS)
	maps(`${specifier} in ${from} (HTML Standard §8.1.6.2)`, () => {
		const map = parseImportMaps([JSON.stringify(MAP)], BASE);
		const got = resolveSpecifier(specifier, new URL(from, BASE), map)?.href.replace(
			'http://site.invalid',
			'',
		);
		assert.is(got, want);
	});

maps('of several, what an earlier one says stands', () => {
	const map = parseImportMaps(
		['{"imports":{"a":"/1.js"}}', '{"imports":{"a":"/2.js","b":"/3.js"},"integrity":{"/1.js":"sha256-x"}}'],
		BASE,
	);
	assert.is(resolveSpecifier('a', BASE, map)?.pathname, '/1.js');
	assert.is(resolveSpecifier('b', BASE, map)?.pathname, '/3.js');
	assert.is(map.integrity.get('http://site.invalid/1.js'), 'sha256-x');
});

for (const text of [
	'',
	'{',
	'[]',
	'null',
	'1',
	'{"imports":[]}',
	'{"imports":{"":"/a"}}',
	'{"scopes":{"http://[":{}}}',
	'{"scopes":1}',
	'{"imports":{"__proto__":"/a"}}',
])
	maps(`${text || 'nothing'} is a map of nothing`, () => {
		const map = parseImportMaps([text], BASE);
		assert.is(resolveSpecifier('a', BASE, map), undefined);
		assert.is(resolveSpecifier('./a', BASE, map)?.pathname, '/dir/a');
	});

maps.run();
