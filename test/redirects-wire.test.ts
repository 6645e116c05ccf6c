// The `_redirects` file of a folder, over real sockets and both protocols.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ask, PROTOCOLS, Wire } from './support/client.ts';
import { endAll, eventually, type Files, open, openIndexed, put } from './support/server.ts';

const RULES = `
# as Netlify and Cloudflare read it
/old        /new            302
/gone/*     /missing.html   404
/app/*      /app.html       200
/nowhere    /not/there      200
/secret     /.env           200
/rules      /_redirects     200
/about      /elsewhere
/docs/      /elsewhere      302!
/twitch     https://twitch.tv/
/q          /new?fixed#part
/f          /new#part
/news/:id   /posts/:id
/out/*      /:splat
`;
const SITE: Files = {
	_redirects: RULES,
	'index.html': 'home',
	'new.html': 'new',
	'about.html': 'about',
	'missing.html': '<link rel="stylesheet" href="/a.css">gone',
	'app.html': '<script src="b.js"></script>app',
	'app/x/b.js': '',
	'docs/index.html': 'docs',
	'a.css': '',
	'.env': 'secret',
};

const wire = suite('_redirects');
wire.after.each(endAll);

const rows: readonly { input: string; status: number; want: string | RegExp }[] = [
	{ input: '/old', status: 302, want: '/new' },
	{ input: '/old?a=1', status: 302, want: '/new?a=1' },
	{ input: '/q?a=1', status: 301, want: '/new?fixed#part' },
	{ input: '/f?a=1', status: 301, want: '/new?a=1#part' },
	{ input: '/twitch?a', status: 301, want: 'https://twitch.tv/?a' },
	{ input: '/news/7', status: 301, want: '/posts/7' },
	{ input: '/out/evil.example', status: 301, want: '/evil.example' },
	{ input: '/out/', status: 301, want: '/' },
	{ input: '/out//evil.example', status: 404, want: /^404 / },
	{ input: '/gone/x.png', status: 404, want: /gone$/ },
	{ input: '/app/x/7', status: 200, want: /app$/ },
	{ input: '/app/x/b.js', status: 200, want: '' },
	{ input: '/about', status: 200, want: 'about' },
	{ input: '/docs/', status: 302, want: '/elsewhere' },
	{ input: '/docs', status: 308, want: '/docs/' },
	{ input: '/nowhere', status: 404, want: /^404 / },
	{ input: '/secret', status: 404, want: /^404 / },
	{ input: '/rules', status: 404, want: /^404 / },
	{ input: '/_redirects', status: 404, want: /^404 / },
	{ input: '/%5Fredirects', status: 404, want: /^404 / },
];

wire('its rules come after files, or before them with a !, and it is never served itself', async () => {
	const tested = await openIndexed(SITE);
	for (const protocol of PROTOCOLS)
		for (const { input, status, want } of rows)
			for (const method of ['GET', 'HEAD']) {
				const answer = await ask(tested, protocol, input, {}, method);
				const what = `${protocol} ${method} ${input}`;
				assert.is(answer.status, status, what);
				if (status < 400 && status >= 300) {
					assert.is(answer.fields.location, want, what);
					assert.is(answer.fields['cache-control'], 'no-store', what);
				} else if (method === 'GET') assert.match(String(answer.body), want, what);
			}
	assert.equal(tested.problems, []);
});

wire('what a rule shows is a page view at the address that was asked for', async () => {
	const tested = await openIndexed(SITE);
	const views = new Wire(tested);
	assert.equal([...(await views.view('/app/x/7')).pushes.keys()], ['/app/x/b.js']);
	assert.equal([...(await views.view('/gone/x', { accept: 'text/html' })).pushes.keys()], ['/a.css']);
	const { etag = '' } = (await ask(tested, 'HTTP/2', '/app/x/7')).fields;
	assert.is((await ask(tested, 'HTTP/1.1', '/app/x/8', { 'if-none-match': etag })).status, 304);
});

wire('its rules are in force before everything is indexed', async () => {
	const crowd = Object.fromEntries(Array.from({ length: 1500 }, (_, at) => [`0/${at}.txt`, String(at)]));
	const tested = await open({ ...crowd, ...SITE });
	const answers = await Promise.all(rows.map(({ input }) => ask(tested, 'HTTP/2', input)));
	assert.equal(
		answers.map(({ status }) => status),
		rows.map(({ status }) => status),
	);
});

wire('a change is in force at once; with mistakes, what was in force before stays', async () => {
	const tested = await openIndexed(SITE);
	const location = async (): Promise<string | undefined> =>
		(await ask(tested, 'HTTP/2', '/old')).fields.location;
	await put(tested.folder, '_redirects', '/old /newer');
	await eventually('the new rule', async () => (await location()) === '/newer');
	await put(tested.folder, '_redirects', '/old /newest\n/x y\n/z');
	await eventually('two problems', () => tested.problems.length >= 2);
	assert.is(await location(), '/newer');
	assert.equal(
		tested.problems.map((problem) => problem.replace(tested.folder, '')),
		[
			'/_redirects: line 2: destination: expected a path or an http or https URL, got "y"',
			'/_redirects: line 3: destination: expected a path or an http or https URL, got ""',
		],
	);
	await put(tested.folder, '_redirects', '/old /last');
	await eventually('the mended rule', async () => (await location()) === '/last');
	await put(tested.folder, '_redirects', '/old /newest\n/x y\n/z');
	await eventually('the same problems again', () => tested.problems.length >= 4);
	assert.is(await location(), '/last');
	await put(tested.folder, '_redirects', '');
	await eventually('no rule', async () => (await location()) === undefined);
	assert.is(tested.problems.length, 4);
});

wire('mistakes from the start leave the other lines in force', async () => {
	const tested = await openIndexed({ ...SITE, _redirects: '/old /new\n/x' });
	assert.is((await ask(tested, 'HTTP/2', '/old')).fields.location, '/new');
	assert.is(tested.problems.length, 1);
});

wire.run();
