import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readEnvironment, toTyped } from '../src/environment.ts';
import { UsageError } from '../src/errors.ts';
import { OPTIONS, type OptionSpec } from '../src/option-table.ts';

const environment = suite('environment');

const ROWS: readonly { name: string; input: Record<string, string>; want: Record<string, unknown> }[] = [
	{ name: 'nothing', input: {}, want: {} },
	{ name: 'what is empty', input: { CASPER_PORT: '', CASPER_CERT: '' }, want: {} },
	{ name: 'variables of others', input: { PORT: '1', CASPERPORT: '2', casper_port: '3' }, want: {} },
	{ name: 'a value', input: { CASPER_PORT: '8080' }, want: { port: '8080' } },
	{ name: 'a name of two words', input: { CASPER_PUSH_BUDGET: '0' }, want: { pushBudget: '0' } },
	{
		name: 'a switch',
		input: { CASPER_PUSH: 'false', CASPER_HINTS: '1' },
		want: { push: false, hints: true },
	},
	{ name: 'a switch that is none', input: { CASPER_PUSH: 'maybe' }, want: { push: 'maybe' } },
	{ name: 'a value that may be left out', input: { CASPER_CERT: 'true' }, want: { cert: true } },
	{ name: 'and is not', input: { CASPER_CERT: 'a.pem' }, want: { cert: 'a.pem' } },
	{
		name: 'a number that may be left out',
		input: { CASPER_HTTP_REDIRECT: '81' },
		want: { httpRedirect: '81' },
	},
	{ name: 'a list', input: { CASPER_IGNORE: 'a,b' }, want: { ignore: 'a,b' } },
	{ name: 'a configuration', input: { CASPER_CONFIG: 'a.js' }, want: { config: 'a.js' } },
];
for (const { name, input, want } of ROWS)
	environment(`gives ${JSON.stringify(want)} for ${name}`, () =>
		assert.equal(Object.fromEntries(readEnvironment(input).map((given) => [given.name, given.value])), want),
	);

environment('every option has a variable of its own', () => {
	const all = Object.fromEntries(
		OPTIONS.map(({ name }) => [`CASPER_${name.replace(/(?=[A-Z])/g, '_').toUpperCase()}`, 'x']),
	);
	assert.equal(
		readEnvironment(all).map(({ name }) => name),
		OPTIONS.map(({ name }) => name),
	);
});

environment.run();

const text = suite('text');

const TYPED: readonly { name: OptionSpec['name']; input: string | boolean; want: unknown }[] = [
	{ name: 'port', input: '0', want: 0 },
	{ name: 'pushBudget', input: '1048576', want: 1_048_576 },
	{ name: 'grace', input: '10', want: 10 },
	{ name: 'httpRedirect', input: '8081', want: 8081 },
	{ name: 'httpRedirect', input: true, want: true },
	{ name: 'push', input: false, want: false },
	{ name: 'host', input: '127', want: '127' },
	{ name: 'cert', input: true, want: true },
	{ name: 'health', input: '/up', want: '/up' },
	{ name: 'unix', input: '1', want: '1' },
	{ name: 'ignore', input: 'a', want: ['a'] },
	{ name: 'ignore', input: 'node_modules,/b/*.html', want: ['node_modules', '/b/*.html'] },
	{ name: 'ignore', input: '', want: [] },
	{ name: 'ignore', input: ', ,a,,', want: ['a'] },
	{ name: 'allowedHosts', input: '', want: [] },
	{ name: 'allowedHosts', input: 'a.test,.b.test,', want: ['a.test', '.b.test'] },
];
for (const { name, input, want } of TYPED)
	text(`${name} ${JSON.stringify(input)} is ${JSON.stringify(want)}`, () =>
		assert.equal(toTyped(name, input, '--x'), want),
	);

const MISTYPED: readonly { name: OptionSpec['name']; input: string | boolean; want: string }[] = [
	{ name: 'port', input: '80a', want: 'a whole number from 0 to 65535, got "80a"' },
	{ name: 'port', input: '', want: 'a whole number from 0 to 65535, got ""' },
	{ name: 'httpRedirect', input: '65536', want: 'a whole number from 0 to 65535, got "65536"' },
	{ name: 'httpRedirect', input: 'on', want: 'a whole number from 0 to 65535, got "on"' },
	{ name: 'ignore', input: 'a, b', want: 'names or paths without blanks at their ends, got "a, b"' },
	{ name: 'allowedHosts', input: 'a/b', want: 'host names, got "a/b"' },
	{ name: 'list', input: 'yes', want: 'true or false, got "yes"' },
	{ name: 'config', input: '', want: 'a file, got ""' },
];
for (const { name, input, want } of MISTYPED)
	text(`${name} is not ${JSON.stringify(input)}`, () =>
		assert.throws(
			() => toTyped(name, input, 'CASPER_X'),
			(error: unknown) => error instanceof UsageError && error.message === `CASPER_X: expected ${want}`,
		),
	);

text.run();
