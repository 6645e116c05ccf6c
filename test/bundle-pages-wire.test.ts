// Pages and our own files as browsers and others get them where bundles are on, over both protocols.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HELD_BYTES } from '../src/delivery/body.ts';
import type { ServeOptions } from '../src/options.ts';
import { bundleOf, navigation, wordOf } from './support/bundle.ts';
import { type Answer, ask, type Fields, PROTOCOLS } from './support/client.ts';
import { endAll, openIndexed } from './support/server.ts';

const pages = suite('pages where bundles are on');
pages.after.each(endAll);

const FILES = {
	'index.html': `<!doctype html><title>A</title><link rel="stylesheet" href="a.css"><body>${'A'.repeat(2000)}`,
	'a.css': 'p { color: red }',
	'a.xhtml': '<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>',
	'elsewhere.html': '<!doctype html><base href="https://example.org/"><body>',
	'large.html': `<!doctype html><body>${'A'.repeat(HELD_BYTES)}`,
	'404.html': '<!doctype html><title>none</title><body>',
	'folder/a.txt': 'A',
};
const NAVIGATION: Fields = {
	'sec-fetch-mode': 'navigate',
	'sec-fetch-dest': 'document',
	accept: 'text/html',
};
const FETCH: Fields = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
/** Our worker, where there is no navigation preload. */
const asking = (word: string): Fields => ({ ...FETCH, 'cache-digest': word });

const SCRIPT = /<script async src="(\/\.casper\/page-[A-Z0-9]{8}\.js)"><\/script>/;

type Ask = (target: string, fields?: Fields, method?: string) => Promise<Answer>;
const onBoth = async (
	test: (ask: Ask, protocol: string) => Promise<void>,
	options: ServeOptions = { bundle: true },
	more: Readonly<Record<string, string>> = {},
): Promise<void> => {
	const tested = await openIndexed({ ...FILES, ...more }, { live: false, ...options });
	for (const protocol of PROTOCOLS)
		await test((target, fields, method) => ask(tested, protocol, target, fields, method), protocol);
};

pages('a navigation gets a document of its own, with a tag of its own (RFC 9110 §8.8.1)', async () => {
	await onBoth(async (ask, protocol) => {
		const file = await ask('/');
		const shown = await ask('/', NAVIGATION);
		assert.is(String(file.body), FILES['index.html'], protocol);
		assert.is(String(shown.body).replace(SCRIPT, ''), FILES['index.html'], protocol);
		assert.is(String(shown.body).match(new RegExp(SCRIPT, 'g'))?.length, 1, protocol);
		assert.is(shown.fields['content-length'], String(shown.body.length), protocol);
		assert.is.not(shown.fields.etag, file.fields.etag, protocol);
		const head = await ask('/', NAVIGATION, 'HEAD');
		for (const name of ['etag', 'content-length', 'casper', 'content-type'])
			assert.is(head.fields[name], shown.fields[name], `${protocol}: ${name}`);
	});
});

pages('each is confirmed by its own tag, and not by that of the other', async () => {
	await onBoth(async (ask, protocol) => {
		for (const accepted of ['identity', 'br']) {
			const fields = { 'accept-encoding': accepted };
			const { etag: file = '' } = (await ask('/', fields)).fields;
			const { etag: shown = '' } = (await ask('/', { ...fields, ...NAVIGATION })).fields;
			for (const [own, condition, want] of [
				[NAVIGATION, shown, 304],
				[NAVIGATION, file, 200],
				[FETCH, file, 304],
				[FETCH, shown, 200],
				[{}, file, 304],
			] as const) {
				const answer = await ask('/', { ...fields, ...own, 'if-none-match': condition });
				assert.is(answer.status, want, `${protocol} ${accepted} ${JSON.stringify(own)}`);
				if (want === 304) assert.is(answer.fields.etag, condition);
			}
		}
	});
});

pages('a part of the document that is shown is one of that document (RFC 9110 §14.2)', async () => {
	await onBoth(async (ask, protocol) => {
		const { body, fields } = await ask('/', NAVIGATION);
		const part = await ask('/', { ...NAVIGATION, range: 'bytes=10-99', 'if-range': fields.etag ?? '' });
		assert.is(part.status, 206, protocol);
		assert.ok(part.body.equals(body.subarray(10, 100)), protocol);
		assert.is(part.fields['content-range'], `bytes 10-99/${body.length}`, protocol);
	});
});

pages('whoever fetches the file, or says nothing of what it wants, gets the file', async () => {
	await onBoth(async (ask, protocol) => {
		for (const fields of [FETCH, {}, { accept: 'text/html' }, { 'sec-fetch-dest': 'document' }]) {
			const answer = await ask('/', fields);
			assert.is(String(answer.body), FILES['index.html'], protocol);
			assert.is(answer.fields.casper, undefined, protocol);
		}
	});
});

pages(
	'where caches need not ask, they are told what a document is chosen by (RFC 9110 §12.5.5)',
	async () => {
		for (const [policy, want] of [
			['no-cache', false],
			['max-age=60', true],
		] as const)
			await onBoth(
				async (ask, protocol) => {
					for (const fields of [
						NAVIGATION,
						FETCH,
						{},
						asking('casper/1'),
						{ ...NAVIGATION, ...navigation() },
					]) {
						const { vary = '' } = (await ask('/', fields)).fields;
						assert.is(
							/\bSec-Fetch-Mode\b/i.test(vary),
							want,
							`${protocol} ${policy} ${JSON.stringify(fields)}`,
						);
						assert.match(vary, 'Service-Worker-Navigation-Preload');
					}
					assert.is((await ask('/a.css')).fields.vary, undefined);
				},
				{ bundle: true },
				{ _headers: `/\n  Cache-Control: ${policy}\n` },
			);
	},
);

pages('a worker that wants the page alone gets it as a navigation does', async () => {
	await onBoth(async (ask, protocol) => {
		const shown = await ask('/', NAVIGATION);
		const alone = await ask('/', asking('casper/1'));
		assert.is(alone.status, 200, protocol);
		assert.ok(alone.body.equals(shown.body), protocol);
		for (const name of ['etag', 'content-type', 'casper'])
			assert.is(alone.fields[name], shown.fields[name], `${protocol}: ${name}`);
		for (const name of ['link', 'set-cookie'])
			assert.is(alone.fields[name], undefined, `${protocol}: ${name}`);
		const [document] = bundleOf(await ask('/', navigation())).parts.values();
		assert.ok(document?.body.equals(alone.body), protocol);
	});
});

const PRESENT: readonly { name: string; target: string; script: boolean }[] = [
	{ name: 'a page', target: '/', script: true },
	{ name: 'a page with a base elsewhere', target: '/elsewhere', script: false },
	{ name: 'a page of more than a mebibyte', target: '/large', script: false },
	{ name: 'XHTML', target: '/a.xhtml', script: false },
	{ name: 'a style sheet', target: '/a.css', script: false },
	{ name: 'a listing', target: '/folder/', script: false },
];
for (const { name, target, script } of PRESENT)
	pages(`what is navigated to says that a worker may stay: ${name}`, async () => {
		await onBoth(
			async (ask, protocol) => {
				// Under a worker of ours, too, where it is no page to send a bundle with.
				for (const fields of script ? [NAVIGATION] : [NAVIGATION, { ...NAVIGATION, ...navigation() }]) {
					const answer = await ask(target, fields);
					assert.is(answer.status, 200, protocol);
					assert.is(answer.fields.casper, '1', protocol);
					assert.is(SCRIPT.test(String(answer.body)), script, protocol);
				}
			},
			{ bundle: true, list: true },
		);
		await onBoth(
			async (ask, protocol) => {
				const answer = await ask(target, { ...NAVIGATION, ...navigation() });
				assert.is(answer.status, 200, protocol);
				assert.is(answer.fields.casper, undefined, protocol);
				assert.not.match(String(answer.body), 'page-');
				assert.is.not(answer.fields['content-type'], 'application/casper-bundle', protocol);
			},
			{ bundle: false, list: true },
		);
	});

pages('a worker that asks on its own is shown what a navigation is shown', async () => {
	await onBoth(
		async (ask, protocol) => {
			for (const [target, status] of [
				['/missing', 404],
				['/folder/', 200],
			] as const) {
				const want = await ask(target, NAVIGATION);
				assert.is(want.status, status);
				for (const word of ['casper/1', wordOf()]) {
					const got = await ask(target, asking(word));
					assert.is(got.status, status, `${protocol} ${target} ${word}`);
					assert.is(String(got.body), String(want.body), `${protocol} ${target} ${word}`);
				}
			}
		},
		{ bundle: true, list: true },
	);
});

pages('an application of one page comes as a bundle under each of its addresses', async () => {
	await onBoth(
		async (ask, protocol) => {
			const [document] = bundleOf(await ask('/some/view', navigation())).parts.values();
			assert.is(document?.url, '/some/view', protocol);
			for (const word of ['casper/1', wordOf()]) {
				const answer = await ask('/some/view', asking(word));
				assert.is(answer.status, 200, `${protocol} ${word}`);
				if (word === 'casper/1') assert.ok(document?.body.equals(answer.body), protocol);
				else assert.ok(bundleOf(answer).isComplete, protocol);
			}
		},
		{ bundle: true, single: true },
	);
});

pages(
	'the worker may have all pages, is asked for each time, and is small (Service Workers §4.1)',
	async () => {
		await onBoth(async (ask, protocol) => {
			const { status, fields, body } = await ask('/.casper/service-worker.js', {
				'service-worker': 'script',
			});
			assert.is(status, 200, protocol);
			assert.is(fields['service-worker-allowed'], '/', protocol);
			assert.is(fields['cache-control'], 'no-cache', protocol);
			assert.match(fields['content-type'] ?? '', 'javascript', protocol);
			assert.ok(body.length <= 12_288, `${body.length} bytes`);
			assert.ok(fields.etag);
			const again = await ask('/.casper/service-worker.js', { 'if-none-match': fields.etag });
			assert.is(again.status, 304, protocol);
		});
	},
);

pages('the script of pages has a name of its content, and is kept for ever (RFC 8246)', async () => {
	await onBoth(async (ask, protocol) => {
		const [, path = ''] = SCRIPT.exec(String((await ask('/', NAVIGATION)).body)) ?? [];
		const { status, fields, body } = await ask(path);
		assert.is(status, 200, protocol);
		assert.is(fields['cache-control'], 'public, max-age=31536000, immutable', protocol);
		assert.match(fields['content-type'] ?? '', 'javascript', protocol);
		assert.is(fields['service-worker-allowed'], undefined, protocol);
		// In a classic script, these would be errors.
		assert.not.match(String(body), /\b(?:import|export)\b[\s{*]/, protocol);
		assert.is((await ask('/.casper/page-AAAAAAAA.js')).status, 404, protocol);
	});
});

pages('without memory for bodies, pages and bundles come all the same', async () => {
	await onBoth(
		async (ask, protocol) => {
			for (let round = 0; round < 2; round++) {
				const shown = await ask('/', NAVIGATION);
				assert.is(String(shown.body).replace(SCRIPT, ''), FILES['index.html'], protocol);
				const { parts, isComplete } = bundleOf(await ask('/', navigation()));
				assert.ok(isComplete, protocol);
				assert.is(String(parts.get('/a.css')?.body), FILES['a.css'], protocol);
			}
		},
		{ bundle: true, memory: 0 },
	);
});

pages.run();
