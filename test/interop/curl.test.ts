// What a client that is no browser and takes no pushes gets: curl, over each protocol that it speaks.

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Casper, hasProgram, withCasper, withFolder } from './casper.ts';
import { SITES } from './sites.ts';

const run = promisify(execFile);

const speaksHttp2 = (): boolean =>
	hasProgram('curl') && /\bHTTP2\b/.test(execFileSync('curl', ['--version'], { encoding: 'utf8' }));

const curl = suite('curl');
const test = speaksHttp2() ? curl : curl.skip;
if (test === curl.skip) console.error('SKIPPED: no curl with HTTP/2 is in the path, so none is tried');

/** curl 7.88 breaks a connection when it uses it again with this (its issue 10634). */
const PRIOR_KNOWLEDGE = '--http2-prior-knowledge';

const PROTOCOLS = [
	{ name: 'HTTP/2', casper: ['--cert'], curl: ['--http2'], version: '2' },
	{ name: 'HTTP/1.1', casper: ['--cert'], curl: ['--http1.1'], version: '1.1' },
	{ name: 'HTTP/2 without TLS', casper: [], curl: [PRIOR_KNOWLEDGE], version: '2' },
	{ name: 'HTTP/1.1 without TLS', casper: [], curl: ['--http1.1'], version: '1.1' },
	// It offers an upgrade, which servers may pass over (RFC 9113 §3.1).
	{ name: 'HTTP/1.1 with an upgrade offered', casper: [], curl: ['--http2'], version: '1.1' },
] as const;

interface Answer {
	readonly status: number;
	readonly version: string;
	readonly fields: Readonly<Record<string, string>>;
	readonly body: Buffer;
}

/** Asks for `targets` one after the other, on one connection if curl can. */
const ask = async (
	casper: Casper,
	options: readonly string[],
	targets: readonly string[],
): Promise<readonly Answer[]> => {
	if (!options.includes(PRIOR_KNOWLEDGE)) return askOnce(casper, options, targets);
	const answers: Answer[] = [];
	for (const target of targets) answers.push(...(await askOnce(casper, options, [target])));
	return answers;
};

const askOnce = (
	casper: Casper,
	options: readonly string[],
	targets: readonly string[],
): Promise<readonly Answer[]> =>
	withFolder(async (folder) => {
		const trust = casper.url.startsWith('https:') ? ['--cacert', casper.certificate] : [];
		const args = targets.flatMap((target, index) => [
			new URL(target, casper.url).href,
			'--output',
			join(folder, String(index)),
		]);
		const report = '%{json}\t%{header_json}\x1e';
		const { stdout } = await run(
			'curl',
			['--silent', '--show-error', '--globoff', ...trust, ...options, '--write-out', report, ...args],
			{ timeout: 60_000, maxBuffer: 2 ** 26 },
		);
		const reports = stdout.split('\x1e').slice(0, -1);
		assert.is(reports.length, targets.length);
		return reports.map((text, index) => {
			const [facts = '', fields = ''] = text.split('\t');
			const { http_code, http_version } = JSON.parse(facts) as { http_code: number; http_version: string };
			const entries = Object.entries(JSON.parse(fields) as Record<string, string[]>);
			return {
				status: http_code,
				version: http_version,
				fields: Object.fromEntries(entries.map(([name, values]) => [name, values.join(', ')])),
				body: bytesOf(join(folder, String(index))),
			};
		});
	});

/** curl writes no file where there is no body. */
const bytesOf = (file: string): Buffer => (existsSync(file) ? readFileSync(file) : Buffer.alloc(0));

const filesIn = (folder: string): readonly string[] =>
	readdirSync(folder, { recursive: true, encoding: 'utf8' })
		.filter((file) => statSync(join(folder, file)).isFile())
		.sort();
const targetOf = (file: string): string => `/${file.split(/[\\/]/).map(encodeURIComponent).join('/')}`;

for (const site of SITES)
	for (const protocol of PROTOCOLS)
		test(`${site.name}, ${protocol.name}: each file comes as it is on the disk, and as a 304 to who holds it`, () =>
			withCasper(site.folder, protocol.casper, async (casper) => {
				const files = filesIn(site.folder);
				const answers = await ask(casper, protocol.curl, files.map(targetOf));
				for (const [index, { status, version, fields, body }] of answers.entries()) {
					const file = files[index]!;
					assert.equal([status, version], [200, protocol.version], file);
					assert.ok(body.equals(readFileSync(join(site.folder, file))), `${file}: its bytes`);
					assert.is(fields['content-length'], String(body.length), file);
					assert.match(fields.etag ?? '', /^"[\w-]+"$/, file);
					assert.type(fields['content-type'], 'string', file);
				}

				const tags = answers.map(({ fields }) => fields.etag).join(', ');
				const known = await ask(
					casper,
					[...protocol.curl, '--header', `if-none-match: ${tags}`],
					files.map(targetOf),
				);
				for (const [index, { status, fields, body }] of known.entries()) {
					assert.equal([status, body.length], [304, 0], files[index]!);
					assert.is(fields.etag, answers[index]!.fields.etag, files[index]!);
				}

				const others = await ask(
					casper,
					[...protocol.curl, '--header', 'if-none-match: "other"'],
					files.map(targetOf),
				);
				for (const [index, { status, body }] of others.entries())
					assert.equal([status, body.length], [200, answers[index]!.body.length], files[index]!);
			}));

test('the automatic certificate is valid for each name of this machine by which it is reached', () =>
	withCasper(SITES[0].folder, ['--cert'], async (casper) => {
		const { port } = new URL(casper.url);
		for (const host of ['localhost', '127.0.0.1', '[::1]']) {
			const [answer] = await ask(casper, ['--http2'], [`https://${host}:${port}/`]);
			assert.is(answer?.status, 200, host);
		}
	}));

curl.run();
