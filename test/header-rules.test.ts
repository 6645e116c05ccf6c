import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { applyHeaderRules, parseHeaderRules } from '../src/site/header-rules.ts';
import type { UrlPath } from '../src/site/paths.ts';
import { parsePreloadLinks } from '../src/site/preload-links.ts';
import { ask, PROTOCOLS, type View, Wire } from './support/client.ts';
import { Random } from './support/random.ts';
import { endAll, eventually, newSeed, open, openIndexed, put, type Tested } from './support/server.ts';

const rules = suite('_headers');

/** The fields that rules give a path, and the names that they take from it, with a `!` before. */
const fieldsAt = (text: string, path: string): Record<string, string> | undefined => {
	const edits = applyHeaderRules(parseHeaderRules(text), path as UrlPath);
	return (
		edits && {
			...Object.fromEntries(edits.set),
			...Object.fromEntries([...edits.removed].map((name) => [`!${name}`, ''])),
		}
	);
};

const APPLIED: readonly {
	name: string;
	text: string;
	path: string;
	want: Record<string, string> | undefined;
}[] = [
	{ name: 'one path', text: '/a\n  X-A: 1', path: '/a', want: { 'x-a': '1' } },
	{ name: 'another path', text: '/a\n  X-A: 1', path: '/a/b', want: undefined },
	{ name: 'letter case', text: '/a\n  X-A: 1', path: '/A', want: undefined },
	{ name: 'a splat', text: '/a/*\n  X-A: 1', path: '/a/b/c', want: { 'x-a': '1' } },
	{ name: 'an empty splat', text: '/a/*\n  X-A: 1', path: '/a/', want: { 'x-a': '1' } },
	{ name: 'a splat in the middle', text: '/a/*.js\n  X-A: 1', path: '/a/b/c.js', want: { 'x-a': '1' } },
	{ name: 'a dot is a dot', text: '/a.js\n  X-A: 1', path: '/abjs', want: undefined },
	{ name: 'a placeholder', text: '/:a/x\n  X-A: :a', path: '/b/x', want: { 'x-a': 'b' } },
	{ name: 'a placeholder is one segment', text: '/:a/x\n  X-A: 1', path: '/b/c/x', want: undefined },
	{
		name: 'text around a placeholder',
		text: '/img-:a.png\n  X-A: :a',
		path: '/img-7.png',
		want: { 'x-a': '7' },
	},
	{
		name: 'a splat in a value',
		text: '/a/*\n  X-A: <:splat>',
		path: '/a/é/ü',
		want: { 'x-a': '<%C3%A9/%C3%BC>' },
	},
	{
		name: 'what is no variable of the path',
		text: '/a\n  X-A: http://b:80',
		path: '/a',
		want: { 'x-a': 'http://b:80' },
	},
	{ name: 'an escaped path', text: '/a%20b\n  X-A: 1', path: '/a b', want: { 'x-a': '1' } },
	{ name: 'the same field twice', text: '/a\n  X-A: 1\n  x-a: 2', path: '/a', want: { 'x-a': '1, 2' } },
	{
		name: 'two rules that fit',
		text: '/*\n  X-A: 1\n/a\n  X-A: 2\n  X-B: 3',
		path: '/a',
		want: { 'x-a': '1, 2', 'x-b': '3' },
	},
	{ name: 'a field that is taken away', text: '/*\n  X-A: 1\n/a\n  ! X-A', path: '/a', want: { '!x-a': '' } },
	{
		name: 'a field in the place of another',
		text: '/*\n  X-A: 1\n/a\n  ! X-A\n  X-A: 2',
		path: '/a',
		want: { 'x-a': '2' },
	},
	{
		name: 'comments, blank lines and tabs',
		text: '# a\n\n/a\n\t# b\n\tX-A: 1\r\n',
		path: '/a',
		want: { 'x-a': '1' },
	},
];
for (const { name, text, path, want } of APPLIED)
	rules(`applied: ${name}`, () => assert.equal(fieldsAt(text, path), want));

const MISTAKES: readonly { name: string; text: string; want: readonly string[] }[] = [
	{ name: 'none', text: '/a\n  X-A: 1', want: [] },
	{ name: 'a field without a path', text: 'X-A: 1', want: ['1 rule'] },
	{ name: 'a rule for another host', text: 'https://a.test/*\n  X-A: 1', want: ['1 path'] },
	{ name: 'a path without fields', text: '/a\n/b\n  X-B: 1', want: ['1 rule'] },
	{ name: 'two splats', text: '/*/a/*\n  X-A: 1', want: ['1 path'] },
	{ name: 'two variables in a segment', text: '/:a-:b\n  X-A: 1', want: ['1 path'] },
	{ name: 'a query', text: '/a?b\n  X-A: 1', want: ['1 path'] },
	{ name: 'a bad escape', text: '/%E0%A4%A\n  X-A: 1', want: ['1 path'] },
	{ name: 'no colon', text: '/a\n  X-A 1\n  X-B: 1', want: ['2 field'] },
	{ name: 'no value', text: '/a\n  X-A:\n  X-B: 1', want: ['2 x-a'] },
	{ name: 'a value beyond Latin-1', text: '/a\n  X-A: ☃\n  X-B: 1', want: ['2 x-a'] },
	{ name: 'a name with a blank', text: '/a\n  X A: 1\n  X-B: 1', want: ['2 field'] },
	{ name: 'a field that frames the message', text: '/a\n  Content-Length: 1\n  X-B: 1', want: ['2 field'] },
	{ name: 'a validator that is taken away', text: '/a\n  ! ETag\n  X-B: 1', want: ['2 field'] },
	{ name: 'a password', text: '/a\n  Basic-Auth: a:b\n  X-B: 1', want: ['2 field'] },
	{ name: 'a long line', text: `/a\n  X-A: ${'x'.repeat(2000)}\n  X-B: 1`, want: ['2 rule'] },
	{
		name: 'too many rules',
		text: Array.from({ length: 101 }, (_, at) => `/${at}\n  X-A: 1`).join('\n'),
		want: ['201 rules'],
	},
];
for (const { name, text, want } of MISTAKES)
	rules(`mistakes: ${name}`, () =>
		assert.equal(
			parseHeaderRules(text).problems.map(({ line, message }) => `${line} ${message.split(':')[0]}`),
			want,
		),
	);

rules('any text is read in linear time and applied without an error', () => {
	const seed = newSeed();
	console.log(`  seed ${seed} (repeat with CASPER_SEED=${seed})`);
	const imagination = new Random(seed);
	const pieces = [
		'/',
		'*',
		':a',
		':b',
		'x',
		'%41',
		'.',
		'\n',
		'\n  X-A: ',
		'\n  ! X-A',
		' :a:splat',
		'#',
		'"',
		'(',
		'[',
		'\\',
	];
	for (let round = 0; round < 3000; round++) {
		const text = Array.from({ length: imagination.below(30) }, () => imagination.pick(pieces)).join('');
		const parsed = parseHeaderRules(text);
		applyHeaderRules(parsed, '/x/x/xA' as UrlPath);
	}
	const hostile = parseHeaderRules('/:a/*x/:b/:c/y\n  X-A: 1');
	assert.equal(hostile.problems, []);
	assert.is(applyHeaderRules(hostile, `/${'x/'.repeat(50_000)}` as UrlPath), undefined);
	assert.is(applyHeaderRules(hostile, `/${'x'.repeat(100_000)}` as UrlPath), undefined);
});

const LINKS: readonly { name: string; input: string; want: readonly string[] }[] = [
	{ name: 'one', input: '</a.css>; rel=preload; as=style', want: ['/a.css style'] },
	{
		name: 'several',
		input: '</a.css>; rel=preload; as=style, </b.js>; rel="preload"; as="script"',
		want: ['/a.css style', '/b.js script'],
	},
	{ name: 'with nopush', input: '</a.css>; rel=preload; as=style; nopush', want: ['/a.css style nopush'] },
	{
		name: 'a font, which implies CORS',
		input: '</f.woff2>; rel=preload; as=font',
		want: ['/f.woff2 font anonymous'],
	},
	{
		name: 'CORS with credentials',
		input: '</a>; rel=preload; as=fetch; crossorigin=use-credentials',
		want: ['/a fetch use-credentials'],
	},
	{ name: 'a module', input: '</m.js>; rel=modulepreload', want: ['/m.js script module anonymous'] },
	{ name: 'a comma in a target', input: '</a,b.css>; rel=preload; as=style', want: ['/a,b.css style'] },
	{
		name: 'a comma in a parameter',
		input: '</a>; title="x, </b>; y"; rel=preload; as=image',
		want: ['/a image'],
	},
	{ name: 'another relation', input: '</a>; rel=canonical', want: [] },
	{ name: 'no destination', input: '</a>; rel=preload', want: [] },
	{ name: 'a destination that no page has', input: '</a>; rel=preload; as=worm', want: [] },
	{ name: 'the first of two parameters', input: '</a>; rel=preload; as=image; as=style', want: ['/a image'] },
	{ name: 'garbage', input: 'rel=preload; </a', want: [] },
];
for (const { name, input, want } of LINKS)
	rules(`Link: ${name} (RFC 8288 §3)`, () =>
		assert.equal(
			parsePreloadLinks(input).map(({ href, as, isModule, crossorigin, isNopush }) =>
				[href, as, isModule && 'module', crossorigin, isNopush && 'nopush'].filter(Boolean).join(' '),
			),
			want,
		),
	);

rules('a Link field of any text is read', () => {
	const imagination = new Random(newSeed());
	for (let round = 0; round < 3000; round++)
		parsePreloadLinks(
			Array.from({ length: 40 }, () =>
				imagination.pick(['<', '>', ';', ',', '"', '\\', '=', ' ', 'rel', 'preload', 'as']),
			).join(''),
		);
	parsePreloadLinks(`</a>${'; x="\\'.repeat(20_000)}`);
	parsePreloadLinks('<a>;'.repeat(20_000));
	for (const piece of ['; ', ';a = ', '; ;', ' ;', ';a="', '\t;a=b '])
		for (const end of ['"', '', ',', ' <']) parsePreloadLinks(`<a>${piece.repeat(20_000)}${end}`);
});

rules.run();

const wire = suite('_headers over the wire');
wire.after.each(endAll);

const SITE = {
	'index.html': '<!doctype html><title>a</title><script src="/a.js"></script>',
	'about.html': '<!doctype html><title>b</title>',
	'a.js': 'a();',
	'b.css': '@import "/c.css";',
	'c.css': 'a{}',
	'404.html': '<!doctype html><title>none</title>',
};

const viewOf = async (tested: Tested): Promise<View> => {
	const wire = new Wire(tested);
	try {
		return await wire.view('/');
	} finally {
		wire.socket.destroy();
	}
};

for (const protocol of PROTOCOLS) {
	wire(`${protocol}: fields are given, joined and taken away, on 200, 206, 304 and 404`, async () => {
		const tested = await openIndexed({
			...SITE,
			_headers:
				'/*\n  X-Frame-Options: DENY\n  X-A: 1\n/about\n  X-A: 2\n  ! X-Content-Type-Options\n/a.js\n  Cache-Control: max-age=60\n  Vary: Origin\n',
		});
		const plain = await ask(tested, protocol, '/a.js');
		assert.equal(
			[
				plain.fields['x-frame-options'],
				plain.fields['x-a'],
				plain.fields['cache-control'],
				plain.fields.vary,
			],
			['DENY', '1', 'max-age=60', 'Origin'],
		);
		const part = await ask(tested, protocol, '/a.js', { range: 'bytes=0-1' });
		assert.equal([part.status, part.fields['x-a']], [206, '1']);
		const kept = await ask(tested, protocol, '/a.js', { 'if-none-match': String(plain.fields.etag) });
		assert.equal([kept.status, kept.fields['x-a'], kept.fields['cache-control']], [304, '1', 'max-age=60']);
		const page = await ask(tested, protocol, '/about');
		assert.equal(
			[page.status, page.fields['x-a'], page.fields['x-content-type-options']],
			[200, '1, 2', undefined],
		);
		const own = await ask(tested, protocol, '/about.html');
		assert.equal([own.fields['x-a'], own.fields['x-content-type-options']], ['1', 'nosniff']);
		const missing = await ask(tested, protocol, '/missing', { accept: 'text/html' });
		assert.equal(
			[missing.status, missing.fields['x-frame-options'], missing.fields['cache-control']],
			[404, 'DENY', 'no-store'],
		);
	});

	wire(`${protocol}: the rules themselves are not served, whatever their spelling`, async () => {
		const tested = await openIndexed({ ...SITE, _headers: '/*\n  X-A: 1\n', _redirects: '/x /_headers 200' });
		for (const path of ['/_headers', '/%5Fheaders', '/_redirects', '/x'])
			assert.is((await ask(tested, protocol, path)).status, 404, path);
	});
}

wire(
	'a change is in force at once; with a mistake, the last good version stays, and it is told of with its line',
	async () => {
		const problems: string[] = [];
		const tested = await openIndexed(
			{ ...SITE, _headers: '/*\n  X-A: 1\n' },
			{ onProblem: (message) => problems.push(message) },
		);
		const xOf = async (): Promise<unknown> => (await ask(tested, 'HTTP/2', '/a.js')).fields['x-a'];
		assert.is(await xOf(), '1');
		await put(tested.folder, '_headers', '/*\n  X-A: 2\n');
		await eventually('the change', async () => (await xOf()) === '2');
		await put(tested.folder, '_headers', '/*\n  X-A: 3\n  nonsense\n');
		await eventually('the mistake', () => problems.length > 0);
		assert.match(
			problems[0] ?? '',
			/_headers: line 3: field: expected Name: value or ! Name, got "nonsense"/,
		);
		assert.is(await xOf(), '2');
		await put(tested.folder, '_headers', '/*\n  X-A: 4\n');
		await eventually('the mended file', async () => (await xOf()) === '4');
	},
);

wire(
	'Link with rel=preload brings files that the page does not name, and what they lead to; nopush does not',
	async () => {
		const tested = await openIndexed({
			...SITE,
			_headers:
				'/\n  Link: </b.css>; rel=preload; as=style\n  Link: </a.js>; rel=preload; as=script; nopush\n',
		});
		const { document, pushes } = await viewOf(tested);
		assert.equal([...pushes.keys()].sort(), ['/b.css', '/c.css']);
		assert.is(
			document.fields.link,
			'</b.css>; rel=preload; as=style, </a.js>; rel=preload; as=script; nopush',
		);
	},
);

wire('hints go behind the links of the site, without those that it names', async () => {
	const tested = await openIndexed({ ...SITE, _headers: '/\n  Link: </b.css>; rel=preload; as=style\n' });
	const { fields } = await ask(tested, 'HTTP/1.1', '/');
	assert.is(
		fields.link,
		'</b.css>; rel=preload; as=style, </c.css>; rel=preload; as=style, </a.js>; rel=preload; as=script',
	);
});

wire('pages that caches may give to others have no cookie and the hints of a stranger', async () => {
	const tested = await openIndexed({ ...SITE, _headers: '/\n  Cache-Control: public, max-age=600\n' });
	const first = (await viewOf(tested)).document;
	assert.equal(
		[first.fields['cache-control'], first.fields['set-cookie']],
		['public, max-age=600', undefined],
	);
	const other = await openIndexed({
		...SITE,
		_headers: '/\n  Cache-Control: public, max-age=0, must-revalidate\n',
	});
	const second = (await viewOf(other)).document;
	assert.is(second.fields['cache-control'], 'private, max-age=0, must-revalidate');
	assert.ok(second.fields['set-cookie']);
});

wire('what nobody may store is not pushed, and what has a lifetime is not confirmed within it', async () => {
	const tested = await openIndexed({ ...SITE, _headers: '/a.js\n  Cache-Control: no-store\n' });
	assert.equal([...(await viewOf(tested)).pushes.keys()], []);
});

wire('Strict-Transport-Security is for TLS, and never for this machine (RFC 6797 §7.2)', async () => {
	const rule = { ...SITE, _headers: '/*\n  Strict-Transport-Security: max-age=9\n' };
	const tested = await openIndexed(rule, { allowedHosts: ['site.test'] });
	const valueFor = async (authority: string): Promise<unknown> =>
		(await ask(tested, 'HTTP/2', '/a.js', { ':authority': authority })).fields['strict-transport-security'];
	for (const name of ['localhost:8443', 'a.localhost', '127.0.0.1', '[::1]:1'])
		assert.is(await valueFor(name), undefined, name);
	assert.is(await valueFor('site.test'), 'max-age=9');
	const plain = await openIndexed(rule, { allowedHosts: ['site.test'], cert: false });
	assert.is(
		(await ask(plain, 'HTTP/1.1', '/a.js', { host: 'site.test' })).fields['strict-transport-security'],
		undefined,
	);
});

wire('pages that caches may reuse unasked say that shown ones are others (RFC 9110 §12.5.5)', async () => {
	const headers = '/kept.html\n  Cache-Control: max-age=60\n';
	const files = { ...SITE, 'kept.html': '<p>x', _headers: headers };
	for (const { bundle, path, want } of [
		{ bundle: true, path: '/kept.html', want: true },
		{ bundle: true, path: '/', want: false },
		{ bundle: false, path: '/kept.html', want: false },
	]) {
		const tested = await openIndexed(files, { bundle, live: false });
		for (const mode of ['navigate', 'cors']) {
			const { vary } = (await ask(tested, 'HTTP/2', path, { 'sec-fetch-mode': mode })).fields;
			assert.is(String(vary).includes('Sec-Fetch-Mode'), want, path);
		}
	}
});

wire('a site may let others load a file while it is developed', async () => {
	const tested = await openIndexed({ ...SITE, _headers: '/a.js\n  Access-Control-Allow-Origin: *\n' });
	const foreign = {
		'sec-fetch-site': 'cross-site',
		'sec-fetch-mode': 'cors',
		'sec-fetch-dest': 'script',
		origin: 'https://evil.test',
	};
	assert.is((await ask(tested, 'HTTP/2', '/a.js', foreign)).status, 200);
	assert.is((await ask(tested, 'HTTP/2', '/b.css', foreign)).status, 403);
	assert.is((await ask(tested, 'HTTP/2', '/missing.js', foreign)).status, 403);
	const crowd = Object.fromEntries(
		Array.from({ length: 3000 }, (_, at) => [`${at % 50}/${at}.txt`, `${at}`]),
	);
	const indexing = await open({
		...crowd,
		'zz/a.js': '',
		_headers: '/zz/a.js\n  Access-Control-Allow-Origin: *\n',
	});
	assert.ok(indexing.server.contents.files < 3000);
	assert.is((await ask(indexing, 'HTTP/2', '/zz/a.js', foreign)).status, 200);
	assert.is((await ask(indexing, 'HTTP/2', '/1/1.txt', foreign)).status, 403);
});

wire.run();
