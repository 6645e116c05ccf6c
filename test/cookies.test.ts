import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatSetCookie, readCookie } from '../src/http/cookies.ts';
import { onRandom } from './support/random.ts';

const reading = suite('reading a cookie');

const NAME = 'casper_8080';

const FIELDS: readonly {
	name: string;
	field: string | readonly string[] | undefined;
	want: string | undefined;
}[] = [
	{ name: 'no field', field: undefined, want: undefined },
	{ name: 'an empty field', field: '', want: undefined },
	{ name: 'no field at all in an array', field: [], want: undefined },
	{ name: 'alone', field: 'casper_8080=abc', want: 'abc' },
	{ name: 'first of several', field: 'casper_8080=abc; b=2', want: 'abc' },
	{ name: 'in the middle', field: 'a=1; casper_8080=abc; b=2', want: 'abc' },
	{ name: 'last', field: 'a=1; casper_8080=abc', want: 'abc' },
	{ name: 'no space between', field: 'a=1;casper_8080=abc;b=2', want: 'abc' },
	{ name: 'many spaces and tabs', field: 'a=1 ;\t casper_8080 = \tabc  ; b=2', want: 'abc' },
	{ name: 'a semicolon at the end', field: 'casper_8080=abc;', want: 'abc' },
	{ name: 'one field a cookie (RFC 9113 §8.2.3)', field: ['a=1', 'casper_8080=abc', 'b=2'], want: 'abc' },
	{ name: 'several in each of several fields', field: ['a=1; b=2', 'c=3; casper_8080=abc'], want: 'abc' },

	{ name: 'an empty value', field: 'casper_8080=', want: '' },
	{ name: 'an empty value before others', field: 'casper_8080=; b=2', want: '' },
	{ name: 'equals signs in the value', field: 'casper_8080=a=b==', want: 'a=b==' },
	{ name: 'quotes are part of the value', field: 'casper_8080="abc"', want: '"abc"' },
	{ name: 'commas are part of the value', field: 'casper_8080=a,b; c=d', want: 'a,b' },
	{ name: 'escapes are not decoded', field: 'casper_8080=%61', want: '%61' },

	{
		name: 'the first of the same name: the longer path (RFC 6265 §5.4)',
		field: 'casper_8080=1; casper_8080=2',
		want: '1',
	},
	{ name: 'an empty one before another of the same name', field: 'casper_8080=; casper_8080=2', want: '' },
	{ name: 'another port', field: 'casper_8443=abc', want: undefined },
	{ name: 'a longer name', field: 'casper_80800=abc; xcasper_8080=def', want: undefined },
	{ name: 'a name with a prefix', field: '__Host-casper_8080=abc', want: undefined },
	{ name: 'a longer name before ours', field: 'casper_80800=no; casper_8080=yes', want: 'yes' },
	{ name: 'another case', field: 'Casper_8080=abc', want: undefined },
	{ name: 'the name without a value', field: 'casper_8080; a=1', want: undefined },
	{ name: 'a longer name without a value', field: 'casper_80801; a=1', want: undefined },
	{ name: 'the name as a value', field: 'a=casper_8080; b=casper_8080=c', want: undefined },
	{ name: 'no name', field: '=casper_8080=abc', want: undefined },
	{ name: 'in quotes of another one, which do not protect', field: 'a="x; casper_8080=abc"', want: 'abc"' },
	{ name: 'a space within the name', field: 'casper _8080=abc', want: undefined },
	{ name: 'semicolons alone', field: ';;; ;', want: undefined },
	{
		name: 'the name of a property that every object has',
		field: 'constructor=1; __proto__=2',
		want: undefined,
	},
];
for (const { name, field, want } of FIELDS)
	reading(`${name} → ${want === undefined ? 'none' : JSON.stringify(want)} (RFC 6265 §4.2.1)`, () => {
		assert.is(readCookie(field, NAME), want);
	});

for (const space of ['\xa0', '\ufeff', '\u2003', '\v', '\f', '\x85', '\n'])
	reading(
		`a name with ${JSON.stringify(space)} before it is another one: anybody may set it without the __Host- prefix`,
		() => {
			for (const field of [
				`${space}__Host-casper_8443=abc`,
				`a=1; ${space}__Host-casper_8443=abc`,
				`__Host-casper_8443${space}=abc`,
			])
				assert.is(readCookie(field, '__Host-casper_8443'), undefined);
		},
	);

reading(
	'is found among random others, wherever it stands',
	onRandom((random) => {
		for (let round = 0; round < 2000; round++) {
			const others = Array.from(
				{ length: random.below(6) },
				() => `${random.text('abc_=8" ', 10)}=${random.text('xyz=", ', 10)}`,
			);
			others.splice(random.below(others.length + 1), 0, `${NAME}=it`);
			assert.is(readCookie(others.join('; '), NAME), 'it');
			assert.is(readCookie(others, NAME), 'it');
		}
	}),
);

reading('a field of 64 KB costs no more than its length', () => {
	const start = performance.now();
	for (const part of [' ', ';', '=', 'a ', '; ', '\t=', `${NAME} `]) {
		const field = part.repeat(65_536 / part.length);
		for (const whole of [field, `${field}x`, `${field}=`, `${NAME}=${field}x`]) readCookie(whole, NAME);
	}
	assert.ok(performance.now() - start < 10_000);
});

const setting = suite('setting a cookie');

setting('over plain HTTP: the whole origin, no script, not from other sites (RFC 6265 §4.1.2)', () => {
	assert.is(
		formatSetCookie('casper_8080', 'abc', { isSecure: false, maxAgeSeconds: 2_592_000 }),
		'casper_8080=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax',
	);
});

setting('over TLS also Secure, and no Domain: what the __Host- prefix demands (RFC 6265bis §4.1.3.2)', () => {
	const field = formatSetCookie('__Host-casper_8443', 'abc', { isSecure: true, maxAgeSeconds: 60 });
	assert.is(field, '__Host-casper_8443=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure');
	assert.not.match(field, /domain/i);
});

setting('an empty value with no time to live deletes the cookie', () => {
	assert.match(formatSetCookie('a', '', { isSecure: false, maxAgeSeconds: 0 }), /^a=; Path=\/; Max-Age=0;/);
});

setting('what is set is what is read', () => {
	const field = formatSetCookie(NAME, 'abc-_', { isSecure: false, maxAgeSeconds: 1 });
	assert.is(readCookie(field.split(';')[0], NAME), 'abc-_');
});

reading.run();
setting.run();
