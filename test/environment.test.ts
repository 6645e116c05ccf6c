import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readEnvironment } from '../src/environment.ts';
import { OPTIONS } from '../src/options.ts';

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
