import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodePath, isHidden, parsePath, pathOfFile, spellingsOf, type UrlPath } from '../src/site/paths.ts';
import { onRandom } from './support/random.ts';

const paths = suite('paths');

/** The path, or the kind where there is none. */
const outcome = (encoded: string): string => {
	const parsed = parsePath(encoded);
	return parsed.kind === 'path' ? parsed.path : parsed.kind;
};

const parsing: readonly { name: string; input: string; want: string }[] = [
	{ name: 'the root', input: '/', want: '/' },
	{ name: 'a file', input: '/a/b.html', want: '/a/b.html' },
	{ name: 'a folder keeps its slash', input: '/a/', want: '/a/' },
	{ name: 'escapes', input: '/a%20b/%C3%BC%F0%9F%98%80', want: '/a b/ü😀' },
	{ name: 'escapes in both letter cases', input: '/%c3%Bc', want: '/ü' },
	{ name: 'escapes of what needs none', input: '/%61%2E%68tml', want: '/a.html' },
	{ name: 'an escaped percent sign is decoded once', input: '/%2541', want: '/%41' },
	{ name: 'plus is plus', input: '/a+b', want: '/a+b' },
	{ name: 'delimiters of other parts', input: '/%3F%23%25', want: '/?#%' },
	{ name: 'what is not ASCII as it is', input: '/ü😀', want: '/ü😀' },
	{ name: 'dots within names', input: '/a..b/...c/d.', want: '/a..b/...c/d.' },
	{ name: 'a colon and a drive', input: '/C:/x', want: '/C:/x' },

	{ name: 'nothing', input: '', want: 'malformed' },
	{ name: 'no slash', input: 'a', want: 'malformed' },
	{ name: 'no slash but its escape', input: '%2Fa', want: 'malformed' },
	{ name: 'the asterisk (RFC 9112 §3.2.4)', input: '*', want: 'malformed' },
	{ name: 'an escape without digits', input: '/%', want: 'malformed' },
	{ name: 'an escape with one', input: '/%4', want: 'malformed' },
	{ name: 'an escape with others', input: '/%zz', want: 'malformed' },
	{ name: 'an escape across segments', input: '/%4/1', want: 'malformed' },
	{ name: 'bytes that are not UTF-8', input: '/%FF', want: 'malformed' },
	{ name: 'UTF-8 that ends early', input: '/%C3', want: 'malformed' },
	{ name: 'UTF-8 that is too long', input: '/%C0%AF', want: 'malformed' },
	{ name: 'a surrogate', input: '/%ED%A0%80', want: 'malformed' },
	{ name: 'a hidden slash', input: '/a%2Fb', want: 'malformed' },
	{ name: 'a hidden slash, small', input: '/a%2fb', want: 'malformed' },
	{ name: 'a hidden backslash', input: '/a%5Cb', want: 'malformed' },
	{ name: 'a backslash', input: '/a\\b', want: 'malformed' },
	{ name: 'a way up with backslashes', input: '/..\\..\\x', want: 'malformed' },
	{ name: 'NUL', input: '/a%00.html', want: 'malformed' },
	{ name: 'NUL as it is', input: '/a\0', want: 'malformed' },
	{ name: 'a control character', input: '/a%1F', want: 'malformed' },
	{ name: 'a newline', input: '/a%0Ab', want: 'malformed' },
	{ name: 'DEL', input: '/%7F', want: 'malformed' },

	{ name: 'an empty segment', input: '//', want: 'absent' },
	{ name: 'an empty segment that looks like a host', input: '//b.example/x', want: 'absent' },
	{ name: 'an empty segment within', input: '/a//b', want: 'absent' },
	{ name: 'empty segments at the end', input: '/a//', want: 'absent' },
	{ name: 'here', input: '/./a', want: 'absent' },
	{ name: 'up', input: '/../a', want: 'absent' },
	{ name: 'up at the end', input: '/a/..', want: 'absent' },
	{ name: 'up, escaped', input: '/%2e%2E/a', want: 'absent' },
	{ name: 'up, half escaped', input: '/.%2e/a', want: 'absent' },
	{ name: 'here, escaped', input: '/%2e/a', want: 'absent' },
	{ name: 'up and malformed', input: '/../%', want: 'malformed' },
];

for (const { name, input, want } of parsing)
	paths(`parses ${name}: ${JSON.stringify(input)} (WHATWG URL §4.1, RFC 3986 §3.3)`, () => {
		assert.is(outcome(input), want);
	});

paths('a very long path is parsed in linear time', () => {
	const began = performance.now();
	assert.is(outcome(`/${'a/'.repeat(2 ** 20)}`).length, 2 ** 21 + 1);
	assert.is(outcome(`/${'%61'.repeat(2 ** 12 - 1)}`).length, 2 ** 12);
	// No file has so long a path.
	assert.is(outcome(`/${'%61'.repeat(2 ** 20)}`), 'absent');
	assert.is(outcome('/'.repeat(2 ** 20)), 'absent');
	assert.is(outcome(`/${'%'.repeat(2 ** 12)}`), 'malformed');
	assert.ok(performance.now() - began < 10_000);
});

const files: readonly { name: string; input: readonly string[]; want: string | undefined }[] = [
	{ name: 'a name', input: ['a.html'], want: '/a.html' },
	{ name: 'names', input: ['a', 'b c'], want: '/a/b c' },
	{ name: 'a hidden name', input: ['.a'], want: '/.a' },
	{ name: 'no name', input: [], want: undefined },
	{ name: 'an empty name', input: ['a', ''], want: undefined },
	{ name: 'here', input: ['.'], want: undefined },
	{ name: 'up', input: ['a', '..', 'b'], want: undefined },
	{ name: 'a slash', input: ['a/b'], want: undefined },
	{ name: 'a backslash', input: ['a\\b'], want: undefined },
	{ name: 'a newline', input: ['a\nb'], want: undefined },
	{ name: 'DEL', input: ['a\x7f'], want: undefined },
];

for (const { name, input, want } of files)
	paths(`the path of a file: ${name}`, () => {
		assert.is(pathOfFile(input), want);
	});

/** Names that a file system takes, and what stands for each in a correct reference. */
const names: readonly string[] = [
	'a b',
	' a',
	'a ',
	'  ',
	'a#b',
	'a%b',
	'100%25',
	'a?b',
	'a+b',
	'a&b',
	"a'b",
	'a"b',
	'a<b>',
	'[a]',
	'{a}',
	'a|b',
	'a^b',
	'`a`',
	'a;b',
	'a=b',
	'a@b',
	'a:b',
	'a,b',
	'a$b',
	'a!b',
	'(a)',
	'a*b',
	'~a',
	'a_b-c',
	'...',
	'a.',
	'%2e%2e',
	'%00',
	'ü',
	'u\u0308',
	'日本語',
	'😀',
	'\u00a0a\u2003',
	'\ufeffa',
	'a\u200db',
];

for (const name of names) {
	const path = `/x/${name}` as UrlPath;
	paths(
		`${JSON.stringify(name)} is written as a browser writes a correct reference (WHATWG URL §4.5)`,
		() => {
			// What an author has to write: every byte that could mean anything else escaped.
			const reference = `../x/${encodeURIComponent(name)}`;
			const fromEscapes = new URL(encodePath(path), 'http://site.invalid/y/').pathname;
			assert.is(encodePath(path), fromEscapes, 'stays as it is when it is read again');
			assert.is(outcome(new URL(reference, 'http://site.invalid/y/').pathname), path, 'by its escapes');
			assert.is(outcome(encodePath(path)), path, 'and back');
		},
	);
}

const serialised: readonly { input: string; want: string }[] = [
	{ input: '/', want: '/' },
	{ input: '/a b', want: '/a%20b' },
	{ input: '/a ', want: '/a%20' },
	{ input: '/a#b?c%d', want: '/a%23b%3Fc%25d' },
	{ input: `/+&'()*,;=:@!$~_-.`, want: `/+&'()*,;=:@!$~_-.` },
	{ input: '/"<>`{}', want: '/%22%3C%3E%60%7B%7D' },
	{ input: '/[]', want: '/[]' },
	{ input: '/a^b', want: '/a%5Eb' },
	{ input: '/ü/😀', want: '/%C3%BC/%F0%9F%98%80' },
	{ input: '/u\u0308', want: '/u%CC%88' },
];

for (const { input, want } of serialised)
	paths(`${JSON.stringify(input)} is serialised as ${want} (WHATWG URL §1.3)`, () => {
		assert.is(encodePath(input as UrlPath), want);
	});

paths(
	'any names come back from their serialisation',
	onRandom((random) => {
		const alphabet = [...' #%?+&\'"<>[]{}|^`;:@,=$!*()~.-_aZ09éü日😀\u0301\u00a0\u2028\u{10ffff}'];
		const name = (): string => {
			const length = 1 + random.below(8);
			return Array.from({ length }, () => random.pick(alphabet)).join('');
		};
		for (let round = 0; round < 5000; round++) {
			const path = pathOfFile(Array.from({ length: 1 + random.below(4) }, name));
			if (path === undefined) continue;
			const encoded = encodePath(path);
			assert.is(outcome(encoded), path);
			assert.is(new URL(encoded, 'http://site.invalid/').pathname, encoded);
			assert.match(encoded, /^[!-~]+$/);
		}
	}),
);

paths(
	'no text at all throws, or becomes a path that leads elsewhere',
	onRandom((random) => {
		const pieces = [
			'/',
			'//',
			'.',
			'..',
			'%2e',
			'%2E',
			'%2f',
			'%5c',
			'\\',
			'%',
			'%00',
			'%c3',
			'%bc',
			'a',
			'é',
			'😀',
			'\ud800',
			' ',
		];
		for (let round = 0; round < 20_000; round++) {
			const text = `/${Array.from({ length: random.below(8) }, () => random.pick(pieces)).join('')}`;
			const parsed = parsePath(text);
			if (parsed.kind !== 'path') continue;
			const segments = parsed.path.slice(1).split('/');
			assert.not.ok(
				segments.some((segment) => segment === '.' || segment === '..' || /[\\\0]/.test(segment)),
				JSON.stringify(text),
			);
			assert.not.ok(segments.slice(0, -1).includes(''), JSON.stringify(text));
		}
	}),
);

const hidden: readonly { input: string; want: boolean }[] = [
	{ input: '/', want: false },
	{ input: '/a.html', want: false },
	{ input: '/a.b/c.d', want: false },
	{ input: '/a./b', want: false },
	{ input: '/.env', want: true },
	{ input: '/.git/config', want: true },
	{ input: '/a/.b', want: true },
	{ input: '/a/.b/c', want: true },
	{ input: '/...', want: true },
	{ input: '/.well-known/acme-challenge/x', want: false },
	{ input: '/.well-known/', want: false },
	{ input: '/.well-known/.x', want: true },
	{ input: '/.well-known/a/.x', want: true },
	{ input: '/.well-known', want: false },
	{ input: '/.well-known2/x', want: true },
	{ input: '/.Well-Known/x', want: true },
	{ input: '/a/.well-known/x', want: true },
];

for (const { input, want } of hidden)
	paths(`${input} is ${want ? 'hidden' : 'served'} (RFC 8615 §3)`, () => {
		assert.is(isHidden(input as UrlPath), want);
	});

const spellings: readonly { input: string; want: readonly string[] }[] = [
	{ input: '/', want: ['/'] },
	{ input: '/a.html', want: ['/a.html'] },
	{ input: '/\u00e9', want: ['/\u00e9', '/e\u0301'] },
	{ input: '/e\u0301', want: ['/e\u0301', '/\u00e9'] },
	{ input: '/\u00e9/e\u0301', want: ['/\u00e9/e\u0301', '/\u00e9/\u00e9', '/e\u0301/e\u0301'] },
	{ input: '/\u4e0d', want: ['/\u4e0d'] },
	{ input: '/\ufb01', want: ['/\ufb01'] },
];

for (const { input, want } of spellings)
	paths(`the spellings of ${encodeURI(input)} are its own, the composed and the decomposed one`, () => {
		assert.equal([...spellingsOf(input as UrlPath)], want);
	});

paths.run();
