import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { matchesNone, parseEntityTags } from '../src/http/preconditions.ts';
import { onRandom } from './support/random.ts';

const preconditions = suite('preconditions');

const ETAG = '"9f86d081884c7d65"';

const MATCHES: readonly { name: string; field: string | undefined; etag?: string; want: boolean }[] = [
	{ name: 'no field', field: undefined, want: false },
	{ name: 'an empty field', field: '', want: false },
	{ name: 'spaces alone', field: ' \t ', want: false },
	{ name: 'commas alone', field: ',, ,', want: false },
	{ name: 'the tag itself', field: ETAG, want: true },
	{ name: 'another tag', field: '"other"', want: false },
	{ name: 'spaces around', field: ` \t${ETAG} \t`, want: true },

	{ name: 'weak in the request', field: `W/${ETAG}`, want: true },
	{ name: 'weak in the response', field: ETAG, etag: `W/${ETAG}`, want: true },
	{ name: 'weak on both sides', field: `W/${ETAG}`, etag: `W/${ETAG}`, want: true },
	{ name: 'weak, another tag', field: 'W/"other"', want: false },
	{ name: 'a small w', field: `w/${ETAG}`, want: false },
	{ name: 'weak twice', field: `W/W/${ETAG}`, want: false },
	{ name: 'a space after W/', field: `W/ ${ETAG}`, want: false },

	{ name: 'any', field: '*', want: true },
	{ name: 'any, with spaces around', field: ' *\t', want: true },
	{ name: 'any in quotes is a tag', field: '"*"', want: false },
	{ name: 'any in a list', field: `*, "other"`, want: false },
	{ name: 'any at the end of a list', field: `${ETAG}, *`, want: false },
	{ name: 'any twice', field: '**', want: false },
	{ name: 'any, weakly', field: 'W/*', want: false },

	{ name: 'first in a list', field: `${ETAG}, "other"`, want: true },
	{ name: 'last in a list', field: `"other", W/"another", ${ETAG}`, want: true },
	{ name: 'in no place of a list', field: '"other", "another"', want: false },
	{ name: 'a list without spaces', field: `"other",${ETAG}`, want: true },
	{ name: 'a list with spaces before commas', field: `"other" \t, ${ETAG}`, want: true },
	{ name: 'empty elements in a list (RFC 9110 §5.6.1.2)', field: `, "other",, ,${ETAG},`, want: true },

	{ name: 'a comma in another tag', field: `"a,b", ${ETAG}`, want: true },
	{ name: 'the tag within another one', field: `"a,${ETAG.slice(1, -1)},b"`, want: false },
	{ name: 'a comma in the tag itself', field: '"x", "a,b"', etag: '"a,b"', want: true },
	{ name: 'a part of a tag with a comma', field: '"a"', etag: '"a,b"', want: false },
	{ name: 'W/ within a tag', field: '"W/x"', etag: '"x"', want: false },
	{ name: 'a backslash, which escapes nothing', field: '"a\\"', etag: '"a\\"', want: true },
	{ name: 'bytes beyond ASCII', field: '"é"', etag: '"é"', want: true },
	{ name: 'an empty tag', field: '""', etag: '""', want: true },
	{ name: 'an empty tag against another', field: '""', want: false },
	{ name: 'another case', field: ETAG.toUpperCase(), want: false },

	{ name: 'no quotes', field: ETAG.slice(1, -1), want: false },
	{ name: 'no quotes, weak', field: `W/${ETAG.slice(1, -1)}`, want: false },
	{ name: 'no closing quote', field: ETAG.slice(0, -1), want: false },
	{ name: 'no opening quote', field: ETAG.slice(1), want: false },
	{ name: 'single quotes', field: `'${ETAG.slice(1, -1)}'`, want: false },
	{ name: 'no comma between', field: `"other" ${ETAG}`, want: false },
	{ name: 'a semicolon between', field: `"other"; ${ETAG}`, want: false },
	{ name: 'garbage before', field: `x${ETAG}`, want: false },
	{ name: 'garbage behind', field: `${ETAG}x`, want: false },
	{ name: 'garbage in a later element', field: `${ETAG}, x`, want: false },
	{ name: 'garbage in an earlier element', field: `x, ${ETAG}`, want: false },
	{ name: 'a suffix that servers add for content codings', field: '"9f86d081884c7d65-gzip"', want: false },
	{ name: 'a space in a tag', field: '"a b"', want: false },
	{ name: 'a control character in a tag', field: '"a\x01b"', want: false },
	{ name: 'DEL in a tag', field: '"a\x7fb"', want: false },
	{ name: 'space that is none in HTTP: no-break space', field: `\xa0${ETAG}`, want: false },
	{ name: 'space that is none in HTTP: form feed', field: `"other",\f${ETAG}`, want: false },
	{ name: 'space that is none in HTTP, around any', field: '\xa0*', want: false },
	{ name: 'a line feed', field: `"other",\n${ETAG}`, want: false },
	{ name: 'a date', field: 'Wed, 21 Oct 2015 07:28:00 GMT', want: false },
];
for (const { name, field, etag = ETAG, want } of MATCHES)
	preconditions(`If-None-Match: ${name} → ${want ? 'matches' : 'no match'} (RFC 9110 §13.1.2)`, () => {
		assert.is(matchesNone(field, etag), want);
	});

const LISTS: readonly { name: string; input: string; want: readonly string[] }[] = [
	{ name: 'nothing', input: '', want: [] },
	{ name: 'one', input: '"a"', want: ['"a"'] },
	{ name: 'weak and strong', input: '"a", W/"b"', want: ['"a"', 'W/"b"'] },
	{ name: 'commas within', input: '"a,b",",",W/",,"', want: ['"a,b"', '","', 'W/",,"'] },
	{
		name: 'every character that a tag may have',
		input: '"!#$%&\'()*+,-./~[\\]^_`{|}~\x80\xff"',
		want: ['"!#$%&\'()*+,-./~[\\]^_`{|}~\x80\xff"'],
	},
	{ name: 'empty elements', input: ',"a",,\t, "b" ,', want: ['"a"', '"b"'] },
	{ name: 'an unclosed element', input: '"a", "b', want: [] },
	{ name: 'two without a comma', input: '"a""b"', want: [] },
	{ name: 'any', input: '*', want: [] },
];
for (const { name, input, want } of LISTS)
	preconditions(`a list of entity tags is taken apart: ${name} (RFC 9110 §8.8.3)`, () => {
		assert.equal(parseEntityTags(input), want);
	});

preconditions(
	'random fields never throw, and what is read is in the text',
	onRandom((random) => {
		for (let round = 0; round < 5000; round++) {
			const field = random.text('"",, \tW/*ab\xa0\xff\x00', random.below(40));
			const tags = parseEntityTags(field);
			assert.ok(field.includes(tags.join('').slice(0, tags[0]?.length)));
			for (const tag of tags) {
				assert.match(tag, /^(W\/)?"[^"]*"$/);
				assert.is(matchesNone(field, tag), true, JSON.stringify(field));
			}
		}
	}),
);

preconditions('a field of 64 KB costs no more than its length', () => {
	const start = performance.now();
	for (const part of [' ', ',', '"', '"",', '"a" ', 'W/', '"a"  ,', '\t"'])
		for (const end of ['', 'x', '"', ' x', '*']) {
			const field = part.repeat(65_536 / part.length) + end;
			matchesNone(field, ETAG);
			matchesNone(`${ETAG}, ${field}`, '"other"');
		}
	assert.ok(performance.now() - start < 10_000);
});

preconditions.run();
