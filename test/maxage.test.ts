import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ask, PROTOCOLS, Wire } from './support/client.ts';
import { endAll, openIndexed, put } from './support/server.ts';

const maxage = suite('--maxage');
maxage.after.each(endAll);

const SITE = {
	'index.html': '<!doctype html><link rel="stylesheet" href="a.css"><script src="b.js"></script>',
	'a.css': 'a {}',
	'b.js': 'b()',
	'c-4f2d9c1e7b.js': 'c()',
};

for (const protocol of PROTOCOLS)
	maxage(`files have a lifetime, pages have none (RFC 9111 §5.2.2.1), ${protocol}`, async () => {
		const tested = await openIndexed(SITE, { maxage: 600 });
		const policyOf = async (path: string) => (await ask(tested, protocol, path)).fields['cache-control'];
		assert.is(await policyOf('/a.css'), 'max-age=600');
		assert.match(String(await policyOf('/')), /no-cache$/);
		const production = await openIndexed(SITE, { maxage: 600, production: true });
		const { fields } = await ask(production, protocol, '/c-4f2d9c1e7b.js');
		assert.is(fields['cache-control'], 'max-age=31536000, immutable');
	});

maxage('what is fresh at a client is skipped, and what changed is left to it', async () => {
	const tested = await openIndexed(SITE, { maxage: 600 });
	const first = await new Wire(tested).view('/');
	assert.equal([...first.pushes.keys()], ['/a.css', '/b.js']);
	const cookie = first.document.fields['set-cookie']?.split(';')[0] ?? '';
	const second = await new Wire(tested).view('/', { cookie });
	assert.equal([...second.pushes.keys()], []);
	await put(tested.folder, 'a.css', 'a { color: red }');
	await new Promise((resolve) => setTimeout(resolve, 300));
	const third = await new Wire(tested).view('/', { cookie });
	assert.equal([...third.pushes.keys()], []);
});

maxage.run();
