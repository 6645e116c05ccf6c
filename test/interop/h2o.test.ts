// Digests as H2O (Debian: h2o) and we exchange them: what we write, it takes for what the client holds, and what it
// writes, we read.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decode, encode } from '../../src/digest/index.ts';
import { hasProgram } from './casper.ts';
import { PUSHED, withH2o } from './h2o.ts';
import { type Visit, visit } from './nghttp.ts';

const h2o = suite('h2o');
const missing = ['h2o', 'nghttp'].filter((program) => !hasProgram(program));
const test = missing.length === 0 ? h2o : h2o.skip;
if (missing.length > 0)
	console.error(
		`SKIPPED: ${missing.join(' and ')} not in the path (Debian: h2o, nghttp2-client), so no digest is exchanged with H2O`,
	);

const pushedIn = ({ rows }: Visit): string[] =>
	rows.filter(({ isPushed }) => isPushed).map(({ path }) => path);

/** Every choice of what H2O pushes, in its order. */
const CHOICES: readonly (readonly string[])[] = Array.from({ length: 2 ** PUSHED.length }, (_, choice) =>
	PUSHED.filter((_, index) => (choice & (1 << index)) !== 0),
);

for (const capacityBits of [13, 15])
	test(`cookies of ${capacityBits} bits: H2O pushes what ours does not name, and we read what it says then`, () =>
		withH2o(capacityBits, async (url) => {
			for (const held of CHOICES) {
				const ours = encode(
					'h2o-casper',
					held.map((path) => ({ url: path })),
					{ capacityBits },
				);
				const cookie = held.length === 0 ? [] : ['-H', `cookie: h2o_casper=${ours}`];
				const visited = await visit(cookie, url);
				assert.equal(
					pushedIn(visited).sort(),
					PUSHED.filter((path) => !held.includes(path)),
					held.join(),
				);
				const { response = {} } = visited.streams.find(({ request }) => request[':path'] === '/page') ?? {};
				const theirs = /h2o_casper=([^;,]*)/.exec(response['set-cookie'] ?? '')?.[1];
				if (held.length === PUSHED.length && theirs === undefined) continue;
				const digest = decode('h2o-casper', theirs ?? '', { capacityBits });
				assert.is(digest?.size, PUSHED.length);
				for (const path of PUSHED) assert.ok(digest?.has({ url: path }), path);
				assert.not(digest?.has({ url: '/none.css' }));
				// Bit by bit what we would have written for it.
				const grown = decode('h2o-casper', ours, { capacityBits })?.with(
					PUSHED.map((path) => ({ url: path })),
				);
				assert.is(theirs, grown?.encode());
			}
		}));

test('Cache-Digest: H2O pushes what ours does not name (draft-ietf-httpbis-cache-digest-02)', () =>
	withH2o(13, async (url) => {
		for (const held of CHOICES) {
			const resources = held.map((path) => ({ url: new URL(path, url).href }));
			const [added] = PUSHED;
			for (const probability of [2 ** 7, 2 ** 20]) {
				const text = encode('cache-digest', resources, { probability });
				const grown = decode('cache-digest', text)
					?.with([{ url: new URL(added, url).href }])
					.encode();
				for (const digest of [text, grown ?? '']) {
					const visited = await visit(['-H', `cache-digest: ${digest}; complete`], url);
					// The address is another one each time, and with it the false positives, which are the same for both.
					const set = decode('cache-digest', digest);
					const lacking = PUSHED.filter((path) => !set?.has({ url: new URL(path, url).href }));
					assert.equal(pushedIn(visited).sort(), lacking, `${url} ${digest}`);
					for (const path of held) assert.not(lacking.includes(path as (typeof PUSHED)[number]));
				}
			}
		}
	}));

h2o.run();
