import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encode } from '../src/digest/dialects.ts';
import { type Forwarded, readForwarded } from '../src/http/forwarded.ts';
import type { Fields } from '../src/http/request.ts';
import { ask, PROTOCOLS } from './support/client.ts';
import { onRandom } from './support/random.ts';
import { endAll, eventually, openIndexed } from './support/server.ts';

const NOTHING: Forwarded = { address: undefined, host: undefined, scheme: undefined };

const reading = suite('http/forwarded');

const rows: readonly { name: string; input: Fields; want: Partial<Forwarded> }[] = [
	{ name: 'no field', input: {}, want: {} },
	{ name: 'an IPv4 address', input: { forwarded: 'for=192.0.2.60' }, want: { address: '192.0.2.60' } },
	{
		name: 'all parameters, names in any case (RFC 7239 §4)',
		input: { forwarded: 'For="192.0.2.60:4711";PROTO=HTTPS;by=203.0.113.43;host="example.com:8443"' },
		want: { address: '192.0.2.60', scheme: 'https', host: 'example.com:8443' },
	},
	{
		name: 'IPv6 in quotes and brackets, with a port (§6)',
		input: { forwarded: 'for="[2001:db8:cafe::17]:4711"' },
		want: { address: '2001:db8:cafe::17' },
	},
	{ name: 'IPv6 in brackets', input: { forwarded: 'for="[::1]"' }, want: { address: '::1' } },
	{
		name: 'IPv6 without quotes, as some write it',
		input: { forwarded: 'for=[::1]:80' },
		want: { address: '::1' },
	},
	{ name: 'IPv6 without brackets', input: { forwarded: 'for="::1"' }, want: { address: '::1' } },
	{ name: 'an obfuscated name (§6.3)', input: { forwarded: 'for=_hidden' }, want: { address: '_hidden' } },
	{
		name: 'an obfuscated port',
		input: { forwarded: 'for="192.0.2.60:_port"' },
		want: { address: '192.0.2.60' },
	},
	{ name: 'unknown (§6.2)', input: { forwarded: 'for=unknown;proto=http' }, want: { scheme: 'http' } },
	{ name: 'a name that is none', input: { forwarded: 'for=example.com' }, want: {} },
	{ name: 'no address', input: { forwarded: 'for=192.0.2.256' }, want: {} },
	{ name: 'no IPv6 address', input: { forwarded: 'for="[1::2::3]"' }, want: {} },
	{
		name: 'several elements: the last one is that of the proxy in front of us',
		input: { forwarded: 'for=192.0.2.1;host=evil.example, for=198.51.100.7' },
		want: { address: '198.51.100.7' },
	},
	{
		name: 'repeated fields',
		input: { forwarded: ['for=192.0.2.1', 'for=198.51.100.7;proto=https'] },
		want: { address: '198.51.100.7', scheme: 'https' },
	},
	{
		name: 'a comma and an escape in quotes',
		input: { forwarded: 'for=192.0.2.1, for=198.51.100.7;ext="a, \\"for=9.9.9.9\\\\"' },
		want: { address: '198.51.100.7' },
	},
	{
		name: 'escapes are taken out (RFC 9110 §5.6.4)',
		input: { forwarded: 'host="ex\\ample.com"' },
		want: { host: 'example.com' },
	},
	{
		name: 'a quote that a client left open takes nothing of what the proxy adds',
		input: { forwarded: 'for=", for=198.51.100.7;host="good.example"' },
		want: { address: '198.51.100.7', host: 'good.example' },
	},
	{
		name: 'a backslash and a quote that a client left open',
		input: { forwarded: 'for="\\", for=198.51.100.7;host="good.example"' },
		want: { address: '198.51.100.7', host: 'good.example' },
	},
	{
		name: 'blanks around',
		input: { forwarded: '  for=192.0.2.1 ; proto=http  ' },
		want: { address: '192.0.2.1', scheme: 'http' },
	},
	{ name: 'empty pairs', input: { forwarded: ';for=192.0.2.1;;' }, want: { address: '192.0.2.1' } },
	{ name: 'a parameter twice (§4)', input: { forwarded: 'for=192.0.2.1;For=192.0.2.2' }, want: {} },
	{ name: 'an empty last element', input: { forwarded: 'for=192.0.2.1,' }, want: {} },
	{ name: 'rubbish', input: { forwarded: 'rubbish' }, want: {} },
	{ name: 'rubbish after a parameter', input: { forwarded: 'for=192.0.2.1 x' }, want: {} },
	{ name: 'an empty field', input: { forwarded: '' }, want: {} },
	{ name: 'a scheme of others', input: { forwarded: 'proto=javascript' }, want: {} },
	{ name: 'a host that is none', input: { forwarded: 'host="a/b"' }, want: {} },
	{
		name: 'Forwarded alone counts where it is there, even if it is of no use',
		input: { forwarded: 'rubbish', 'x-forwarded-for': '192.0.2.1', 'x-forwarded-host': 'a' },
		want: {},
	},
	{
		name: 'X-Forwarded-*',
		input: {
			'x-forwarded-for': '192.0.2.1',
			'x-forwarded-host': 'a.example:81',
			'x-forwarded-proto': 'https',
		},
		want: { address: '192.0.2.1', host: 'a.example:81', scheme: 'https' },
	},
	{
		name: 'X-Forwarded-* of several proxies: the last ones',
		input: {
			'x-forwarded-for': '9.9.9.9, 2001:db8::1',
			'x-forwarded-host': 'evil.example,good.example',
			'x-forwarded-proto': 'http , https',
		},
		want: { address: '2001:db8::1', host: 'good.example', scheme: 'https' },
	},
	{
		name: 'X-Forwarded-For with a port',
		input: { 'x-forwarded-for': '192.0.2.1:1234' },
		want: { address: '192.0.2.1' },
	},
	{
		name: 'X-Forwarded-For: IPv6 with a port',
		input: { 'x-forwarded-for': '[::1]:1234' },
		want: { address: '::1' },
	},
	{ name: 'X-Forwarded-For: rubbish', input: { 'x-forwarded-for': '<script>' }, want: {} },
	{ name: 'X-Forwarded-For: a line feed', input: { 'x-forwarded-for': '192.0.2.1\n' + 'x' }, want: {} },
	{ name: 'a field that is too long', input: { forwarded: `${'a=b;'.repeat(3000)}for=192.0.2.1` }, want: {} },
];
for (const { name, input, want } of rows)
	reading(name, () => assert.equal(readForwarded(input), { ...NOTHING, ...want }));

/** What a client may write that is to be taken for something else. */
const PARTS = [
	...['for=', 'For="', 'host=evil', 'proto=https', '[::1]', '192.0.2.9', '_x', '"', '\\', ',', ';', '=', ':'],
	...[' ', '\t', '\u00ff', '\0'],
];

reading(
	'whatever a client wrote before it, the element that the proxy adds counts',
	onRandom((random) => {
		for (let round = 0; round < 20_000; round++) {
			const text = Array.from({ length: random.below(12) }, () => random.pick(PARTS)).join('');
			const { address = '' } = readForwarded({ forwarded: text });
			assert.match(address, /^[\w.:-]*$/);
			readForwarded({ 'x-forwarded-for': text, 'x-forwarded-host': text, 'x-forwarded-proto': text });
			assert.equal(
				readForwarded({ forwarded: `${text}, for="[2001:db8::7]:80";host="good.example";proto=http` }),
				{ address: '2001:db8::7', host: 'good.example', scheme: 'http' },
				JSON.stringify(text),
			);
		}
	}),
);

reading('takes linear time', () => {
	const started = performance.now();
	for (const part of [
		'\\',
		'"',
		' ',
		';',
		',',
		'a=',
		'a="',
		'a=b;',
		'\t;',
		'"\\',
		'[',
		':',
		'1.',
		'for="\\\\',
	])
		for (const end of ['', '"', ' x', 'for=192.0.2.1'])
			for (const name of ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'])
				readForwarded({ [name]: part.repeat(Math.floor(8000 / part.length)) + end });
	assert.ok(performance.now() - started < 2000);
});

reading.run();

const wire = suite('trustProxy');
wire.after.each(endAll);

const SITE = { 'index.html': '<!doctype html><link rel="stylesheet" href="/a.css">', 'a.css': 'a {}' };
const cases: readonly {
	name: string;
	input: Record<string, string>;
	/** Status and the address in the log, with and without trust. */
	want: readonly [trusting: string, other: string];
}[] = [
	{ name: 'nothing forwarded', input: {}, want: ['200 loopback', '200 loopback'] },
	{
		name: 'an address',
		input: { forwarded: 'for=192.0.2.1, for="[2001:db8::1]:443"' },
		want: ['200 2001:db8::1', '200 loopback'],
	},
	{
		name: 'X-Forwarded-For',
		input: { 'x-forwarded-for': '192.0.2.1, 192.0.2.2' },
		want: ['200 192.0.2.2', '200 loopback'],
	},
	{
		name: 'a host of ours',
		input: { forwarded: 'for=192.0.2.1;host=ours.example' },
		want: ['200 192.0.2.1', '200 loopback'],
	},
	{
		name: 'a host of others',
		input: { forwarded: 'for=192.0.2.1;host=evil.example' },
		want: ['421 192.0.2.1', '200 loopback'],
	},
	{
		name: 'X-Forwarded-Host of others',
		input: { 'x-forwarded-host': 'evil.example' },
		want: ['421 loopback', '200 loopback'],
	},
	{
		name: 'a host of ours where the proxy itself says another one',
		input: { host: 'backend', 'x-forwarded-host': 'ours.example' },
		want: ['200 loopback', '421 loopback'],
	},
	{ name: 'rubbish', input: { forwarded: '"' }, want: ['200 loopback', '200 loopback'] },
];
for (const trustProxy of [true, false])
	wire(`${trustProxy ? 'with' : 'without'} it: addresses in the log, and the Host check`, async () => {
		const tested = await openIndexed(SITE, { trustProxy, cert: false, allowedHosts: ['ours.example'] });
		for (const protocol of PROTOCOLS)
			for (const { name, input, want } of cases) {
				const { host, ...fields } = input;
				const named = host === undefined ? {} : protocol === 'HTTP/2' ? { ':authority': host } : { host };
				const before = tested.entries.length;
				const { status } = await ask(tested, protocol, '/', { ...fields, ...named });
				await eventually('the entry', () => tested.entries.length > before);
				const { remoteAddress = '' } = tested.entries.at(-1) ?? {};
				const address = /^(?:127\.0\.0\.1|::1)$/.test(remoteAddress) ? 'loopback' : remoteAddress;
				assert.is(`${status} ${address}`, want[trustProxy ? 0 : 1], `${name} over ${protocol}`);
			}
	});

wire('what a client holds is told of the address that it asked the proxy for', async () => {
	const set = encode('cache-digest', [{ url: 'https://ours.example/a.css' }], { probability: 2 ** 20 });
	const tested = await openIndexed(SITE, { trustProxy: true, cert: false, allowedHosts: ['ours.example'] });
	for (const protocol of PROTOCOLS)
		for (const [scheme, want] of [
			['https', 'leave'],
			['http', 'send'],
		] as const) {
			const before = tested.entries.length;
			const forwarded = `for=192.0.2.1;host=ours.example;proto=${scheme}`;
			await ask(tested, protocol, '/', { forwarded, 'cache-digest': `${set}; complete` });
			await eventually('the entry', () => tested.entries.length > before);
			const decisions = tested.entries.at(-1)?.page?.plan.decisions ?? [];
			assert.equal(
				decisions.map(({ verdict }) => verdict),
				[want],
				`${scheme} over ${protocol}`,
			);
		}
});

wire.run();
