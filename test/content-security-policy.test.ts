import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { forbiddenBy, type OwnScript } from '../src/http/content-security-policy.ts';

const policy = suite('content security policies');

const OURS: OwnScript = { scheme: 'https', authority: 'localhost:8443', nonce: undefined };
const NONCE: OwnScript = { ...OURS, nonce: 'abc' };

const ROWS: readonly {
	name: string;
	input: readonly string[];
	script?: OwnScript;
	want: string | undefined;
}[] = [
	{ name: 'none', input: [], want: undefined },
	{ name: 'an empty one', input: ['', ' ; ;'], want: undefined },
	{ name: 'one that is about other things', input: ["img-src 'none'; style-src 'none'"], want: undefined },
	{ name: "'self'", input: ["default-src 'self'"], want: undefined },
	{ name: 'everywhere', input: ['default-src *'], want: undefined },
	{ name: "'none'", input: ["default-src 'none'"], want: "default-src 'none'" },
	{ name: 'nothing named', input: ['script-src'], want: 'script-src' },
	{
		name: 'elements go before scripts, scripts before all (§6.8.3)',
		input: ["default-src 'none'; script-src 'none'; script-src-elem 'self'; connect-src 'self'"],
		want: undefined,
	},
	{
		name: 'the first of a name counts (§2.2.1)',
		input: ["script-src 'self'; script-src 'none'"],
		want: undefined,
	},
	{ name: 'asking', input: ["script-src 'self'; default-src 'none'"], want: "default-src 'none'" },
	{
		name: 'asking elsewhere',
		input: ["script-src 'self'; connect-src https://a.test"],
		want: 'connect-src https://a.test',
	},
	{ name: 'names in any case', input: ["Script-Src 'SELF'"], want: undefined },
	{
		name: 'every one of several',
		input: ["script-src 'self'", "script-src 'none'"],
		want: "script-src 'none'",
	},
	{
		name: 'several in a field',
		input: ["script-src 'self', script-src https://a.test"],
		want: 'script-src https://a.test',
	},
	{ name: 'a nonce that is ours', input: ["script-src 'nonce-abc'"], script: NONCE, want: undefined },
	{
		name: 'a nonce that is not',
		input: ["script-src 'nonce-abd'"],
		script: NONCE,
		want: "script-src 'nonce-abd'",
	},
	{
		name: 'a nonce does not let it ask',
		input: ["default-src 'nonce-abc'"],
		script: NONCE,
		want: "default-src 'nonce-abc'",
	},
	{
		name: "'strict-dynamic' makes places count for nothing (§6.7.2.4)",
		input: ["script-src 'self' 'strict-dynamic'"],
		want: "script-src 'self' 'strict-dynamic'",
	},
	{
		name: "'strict-dynamic' with our nonce",
		input: ["script-src 'nonce-abc' 'strict-dynamic'"],
		script: NONCE,
		want: undefined,
	},
	{ name: 'inline alone', input: ["script-src 'unsafe-inline'"], want: "script-src 'unsafe-inline'" },
	{ name: 'a scheme', input: ['default-src https:'], want: undefined },
	{ name: 'a scheme that ours is better than', input: ['default-src http:'], want: undefined },
	{ name: 'another scheme', input: ['default-src data:'], want: 'default-src data:' },
	{ name: 'our host and port', input: ['default-src https://localhost:8443'], want: undefined },
	{ name: 'our host without scheme', input: ['default-src localhost:8443'], want: undefined },
	{ name: 'our host on any port', input: ['default-src localhost:*'], want: undefined },
	{ name: 'our host on another port', input: ['default-src localhost'], want: 'default-src localhost' },
	{
		name: 'hosts below one',
		input: ['default-src *.dev.test:8443'],
		script: { ...OURS, authority: 'a.dev.test:8443' },
		want: undefined,
	},
	{
		name: 'not that one itself',
		input: ['default-src *.dev.test:8443'],
		script: { ...OURS, authority: 'dev.test:8443' },
		want: 'default-src *.dev.test:8443',
	},
	{
		name: 'the usual port',
		input: ['default-src https://a.test'],
		script: { ...OURS, authority: 'a.test' },
		want: undefined,
	},
	{
		name: 'an address',
		input: ['default-src http://[::1]:8080'],
		script: { scheme: 'http', authority: '[::1]:8080', nonce: undefined },
		want: undefined,
	},
	{
		name: 'another folder',
		input: ['default-src localhost:8443/js/'],
		want: 'default-src localhost:8443/js/',
	},
	{ name: 'a sandbox', input: ['sandbox allow-scripts'], want: 'sandbox allow-scripts' },
	{
		name: 'a sandbox that is one no more',
		input: ['sandbox allow-same-origin allow-scripts'],
		want: undefined,
	},
];
for (const { name, input, script = OURS, want } of ROWS)
	policy(name, () => assert.is(forbiddenBy(input, script), want));

policy.run();
