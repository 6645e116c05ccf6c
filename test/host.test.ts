import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostCheck, hostOf } from '../src/http/host.ts';
import { ask, PROTOCOLS } from './support/client.ts';
import { endAll, openIndexed } from './support/server.ts';

const host = suite('hosts');
host.after.each(endAll);

const AUTHORITIES: readonly { input: string; want: string | undefined }[] = [
	{ input: 'localhost:8443', want: 'localhost' },
	{ input: 'Example.COM.', want: 'example.com' },
	{ input: '127.0.0.1', want: '127.0.0.1' },
	{ input: '[::1]:80', want: '::1' },
	{ input: '', want: undefined },
	{ input: 'user@localhost', want: undefined },
	{ input: 'localhost/x', want: undefined },
	{ input: 'localhost:80:80', want: undefined },
	{ input: 'a b', want: undefined },
];
for (const { input, want } of AUTHORITIES)
	host(`the host of ${JSON.stringify(input)} (RFC 3986 §3.2)`, () => assert.is(hostOf(input), want));

const NAMES: readonly { input: string; want: boolean }[] = [
	{ input: 'localhost:1', want: true },
	{ input: 'app.localhost', want: true },
	{ input: '192.168.1.7:8080', want: true },
	{ input: '[fe80::1]:8080', want: true },
	{ input: 'mine.test', want: true },
	{ input: 'a.sub.test', want: true },
	{ input: 'b.a.wild.test', want: true },
	{ input: 'sub.test', want: false },
	{ input: 'x.mine.test', want: false },
	{ input: 'evil.example', want: false },
	{ input: 'localhost.evil.example', want: false },
	{ input: 'evillocalhost', want: false },
	{ input: '127.0.0.1.evil.example', want: false },
	{ input: '', want: true },
	{ input: 'user@localhost', want: false },
];
for (const { input, want } of NAMES)
	host(`${input || 'nothing'} is ${want ? 'ours' : 'of others'}`, () =>
		assert.is(hostCheck(['Mine.test', '.sub.test', '*.wild.test'])(input), want),
	);

for (const protocol of PROTOCOLS)
	for (const cert of [true, false]) {
		const kind = `${protocol}${cert ? '' : ' without TLS'}`;
		const asked = async (name: string, options: { allowedHosts?: string[]; production?: boolean } = {}) => {
			const tested = await openIndexed({ 'a.txt': 'a' }, { cert, ...options });
			const field = protocol === 'HTTP/2' ? ':authority' : 'host';
			return ask(tested, protocol, '/a.txt', { [field]: name });
		};
		host(
			`a name that is not ours gets 421, which tells how to allow it (RFC 9110 §15.5.20), ${kind}`,
			async () => {
				const { status, fields, body } = await asked('evil.example:8443');
				assert.is(status, 421);
				assert.is(fields['cache-control'], 'no-store');
				assert.match(String(body), '--allowed-hosts');
				assert.not.match(String(body), 'evil');
			},
		);
		host(`names that are allowed, and our own, get the file, ${kind}`, async () => {
			for (const name of ['my.test', 'localhost', '127.0.0.1:9'])
				assert.is((await asked(name, { allowedHosts: ['my.test'] })).status, 200);
		});
		host(`in production every name does, unless some are named, ${kind}`, async () => {
			assert.is((await asked('any.example', { production: true })).status, 200);
			assert.is((await asked('any.example', { production: true, allowedHosts: ['my.test'] })).status, 421);
		});
	}

host.run();
