// The table of probes: questions that a file server has to answer rightly, and which of the answers are right. Each is
// pure over a client, so that the same ones go to our server in the tests and to others in the comparison.

import type { Ask, Fields, RawAnswer, RawRequest } from './raw.ts';
import { BARE, INDEX, NAMES, SECRET, SECURITY, TEN, TYPES } from './site.ts';

export const RIGHT = 'right';

/** {@link RIGHT}, or in two or three words what was wrong. */
export type Verdict = string;

export interface Probe {
	readonly name: string;
	/** One that hangs on an answer takes the first one. */
	readonly requests: readonly (RawRequest | ((first: RawAnswer) => RawRequest))[];
	/** Takes the last answer, and the first. */
	readonly judge: (answer: RawAnswer, first: RawAnswer) => Verdict;
}

/** A row of the table: right if all of its probes are. */
export interface Row {
	readonly number: number;
	readonly name: string;
	readonly probes: readonly Probe[];
}

/** What the server makes of a probe. */
export const run = async ({ requests, judge }: Probe, ask: Ask): Promise<Verdict> => {
	const answers: RawAnswer[] = [];
	for (const request of requests)
		answers.push(await ask(typeof request === 'function' ? request(answers[0]!) : request));
	if (answers.some(({ status }) => status === 0)) return 'no answer';
	return judge(answers.at(-1)!, answers[0]!);
};

const probe = (
	target: string,
	judge: Probe['judge'],
	fields: Fields = {},
	name: string = JSON.stringify(target),
): Probe => ({ name, requests: [{ target, fields }], judge });

/** Nothing of what must not be had, and no fault either. Which refusal it is does not matter. */
const keepsSecret: Probe['judge'] = ({ status, body }) => {
	if (body.includes(SECRET)) return 'served';
	return status >= 500 ? String(status) : RIGHT;
};

const isOneOf =
	(...statuses: readonly number[]): Probe['judge'] =>
	({ status }) =>
		statuses.includes(status) ? RIGHT : String(status);

const isFile =
	(content: string): Probe['judge'] =>
	({ status, body }) => {
		if (status !== 200) return String(status);
		return String(body) === content ? RIGHT : 'another file';
	};

/** Browsers take `//name/`, `/\name/` and what they contain with tabs for other hosts (WHATWG URL §4.4). */
const staysHere: Probe['judge'] = ({ status, fields }) => {
	if (status >= 500) return String(status);
	if (fields.location === undefined) return RIGHT;
	try {
		const { hostname } = new URL(fields.location, 'http://localhost/');
		return hostname === 'localhost' ? RIGHT : 'open redirect';
	} catch {
		return 'broken redirect';
	}
};

const keepsQuery: Probe['judge'] = ({ status, fields }) => {
	if (status >= 500) return String(status);
	if (status < 300 || status > 399) return RIGHT;
	return fields.location?.endsWith('?x=1') ? RIGHT : 'query lost';
};

const isWhole: Probe['judge'] = ({ status, body }) => {
	if (status !== 200) return status === 206 ? 'part sent' : String(status);
	return String(body) === TEN ? RIGHT : 'not the file';
};

const HTML: Fields = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

export const ROWS: readonly Row[] = [
	{ number: 1, name: '`/.env` is not served', probes: [probe('/.env', keepsSecret)] },
	{ number: 2, name: '`/.git/config` is not served', probes: [probe('/.git/config', keepsSecret)] },
	{
		number: 3,
		name: '`/.well-known/` is served (RFC 8615)',
		probes: [probe('/.well-known/security.txt', isFile(SECURITY))],
	},
	{
		number: 4,
		name: 'a link to a file outside is not followed',
		probes: [probe('/leading-out.txt', keepsSecret)],
	},
	{
		number: 5,
		name: 'a link to a folder outside is not followed',
		probes: [probe('/leading-out/secret.txt', keepsSecret)],
	},
	{
		number: 6,
		name: '`..` in any spelling leads nowhere',
		probes: [
			'/../secret.txt',
			'/../site-private/secret.txt',
			'/sub/../../secret.txt',
			'/%2e%2e/secret.txt',
			'/%2e%2e/site-private/secret.txt',
			'/..%2fsecret.txt',
			'/..%2fsite-private%2fsecret.txt',
			'/..%5csecret.txt',
			'/..\\secret.txt',
			'/%252e%252e%252fsecret.txt',
			'/%c0%ae%c0%ae/secret.txt',
		].map((target) => probe(target, keepsSecret)),
	},
	{
		number: 7,
		name: '`//evil.example` redirects to no other host',
		probes: [
			'//evil.example/..%2fsub',
			'//evil.example/../sub',
			'//evil.example/%2e%2e/sub',
			'//evil.example/',
			'//evil.example',
			'//sub',
			'///sub',
			'/\\sub',
			'/%5csub',
			'/\\evil.example/..%2fsub',
			'/%2fevil.example/..%2fsub',
			'//about.html',
			'//about/',
			'//',
		].map((target) => probe(target, staysHere)),
	},
	{
		number: 8,
		name: '`%00` is refused with 400 or 404',
		probes: ['/%00', '/a.txt%00', '/a.txt%00.html', '/%00/a.txt'].map((target) =>
			probe(target, isOneOf(400, 404)),
		),
	},
	{
		number: 9,
		name: 'a broken escape is refused with 400',
		probes: ['/%', '/%E0%A4%A', '/%zz'].map((target) => probe(target, isOneOf(400))),
	},
	{
		number: 10,
		name: 'names with `#`, `?`, `+`, `%`, blanks are found',
		probes: [
			...NAMES.map((name) => probe(`/${encodeURIComponent(name)}`, isFile(name), {}, name)),
			// Written by hand, these need no escape (RFC 3986 §3.3).
			...['a+b.txt', 'a&b.txt', "a;b='c'.txt"].map((name) => probe(`/${name}`, isFile(name))),
		],
	},
	{
		number: 11,
		name: 'redirects keep the query',
		probes: ['/sub?x=1', '/about.html?x=1', '/about?x=1', '/about/?x=1', '/sub/index.html?x=1'].map(
			(target) => probe(target, keepsQuery),
		),
	},
	{
		number: 12,
		name: '`404.html` is shown, with 404',
		probes: ['/nothing', '/sub/nothing'].map((target) =>
			probe(
				target,
				({ status, body }) => {
					if (status !== 404) return String(status);
					return String(body).includes('no such page') ? RIGHT : 'not shown';
				},
				HTML,
			),
		),
	},
	{
		number: 13,
		name: '`If-None-Match`: lists and `*` (RFC 9110 §13.1.2)',
		probes: [
			{ name: 'a list', condition: (tag: string) => `"x", ${tag}` },
			{ name: 'a list, weakly', condition: (tag: string) => `"x",W/${tag.replace(/^W\//, '')} , "y"` },
			{ name: 'any', condition: () => '*' },
		].map(({ name, condition }) => ({
			name,
			requests: [
				{ target: '/a.txt' },
				({ fields: { etag = '"none"' } }) => ({
					target: '/a.txt',
					fields: { 'if-none-match': condition(etag) },
				}),
			],
			judge: ({ status }, { fields }) => {
				if (fields.etag === undefined) return 'no ETag';
				return status === 304 ? RIGHT : String(status);
			},
		})),
	},
	{
		number: 14,
		name: '`If-Modified-Since` (RFC 9110 §13.1.3)',
		probes: [
			{
				name: 'the date of the file',
				requests: [
					{ target: '/a.txt' },
					({ fields: { 'last-modified': date = new Date().toUTCString() } }) => ({
						target: '/a.txt',
						fields: { 'if-modified-since': date },
					}),
				],
				judge: ({ status }, { fields }) => {
					if (fields['last-modified'] === undefined) return 'no Last-Modified';
					return status === 304 ? RIGHT : 'ignored';
				},
			},
		],
	},
	{
		number: 15,
		name: '`Range: bytes=-5` is the last five',
		probes: [
			probe(
				'/a.txt',
				({ status, fields, body }) => {
					if (status !== 206) return status === 200 ? 'ignored' : String(status);
					if (String(body) !== TEN.slice(-5)) return `sends \`${String(body).slice(0, 10)}\``;
					return fields['content-range'] === 'bytes 5-9/10' ? RIGHT : 'Content-Range';
				},
				{ range: 'bytes=-5' },
			),
		],
	},
	{
		number: 16,
		name: 'a range beyond the end is 416 with the length',
		probes: [
			probe(
				'/a.txt',
				({ status, fields, body }) => {
					if (status !== 416) return String(status);
					if (body.includes(TEN)) return '416 with the file';
					return fields['content-range'] === 'bytes */10' ? RIGHT : 'no Content-Range';
				},
				{ range: 'bytes=100-' },
			),
		],
	},
	{
		number: 17,
		name: '`If-Range` of another version gets the whole',
		probes: ['"another"', 'Thu, 01 Jan 1998 00:00:00 GMT'].map((version) =>
			probe('/a.txt', isWhole, { range: 'bytes=0-3', 'if-range': version }, version),
		),
	},
	{
		number: 18,
		name: 'several ranges get all parts or the whole',
		probes: [
			probe(
				'/a.txt',
				(answer, first) => {
					const { status, fields, body } = answer;
					if (status !== 206) return isWhole(answer, first);
					if (!/^multipart\/byteranges\b/i.test(fields['content-type'] ?? '')) return 'one part only';
					return /\r\n\r\n01\r\n.*\r\n\r\n56\r\n/s.test(String(body)) ? RIGHT : 'wrong parts';
				},
				{ range: 'bytes=0-1,5-6' },
			),
		],
	},
	{
		number: 19,
		name: '`POST` to a file is refused, with `Allow`',
		probes: [
			{
				name: 'an empty one',
				requests: [{ target: '/a.txt', method: 'POST', fields: { 'content-length': '0' } }],
				judge: ({ status, fields }) => {
					if (status === 404 || status === 501) return RIGHT;
					if (status !== 405) return String(status);
					// RFC 9110 §15.5.6 demands it with this one.
					return fields.allow === undefined ? '405, no Allow' : RIGHT;
				},
			},
		],
	},
	{
		number: 20,
		name: '`Host: evil.example` is refused',
		probes: [
			probe(
				'/a.txt',
				({ status, body }) => {
					if (body.includes(TEN)) return 'served';
					return status >= 400 && status <= 499 ? RIGHT : String(status);
				},
				{ host: 'evil.example' },
			),
		],
	},
	{
		number: 21,
		name: 'other origins may not read files',
		probes: ['/a.txt', '/'].map((target) =>
			probe(
				target,
				({ status, fields }) => {
					if (status >= 500) return String(status);
					const allowed = fields['access-control-allow-origin'];
					return allowed === undefined ? RIGHT : `allows ${allowed}`;
				},
				{ origin: 'https://evil.example' },
			),
		),
	},
	{
		number: 22,
		name: 'types of `.mjs`, `.wasm`, `.avif`, `.webmanifest`',
		probes: Object.entries(TYPES).map(([end, types]: readonly [string, readonly string[]]) =>
			probe(`/type.${end}`, ({ status, fields }) => {
				if (status !== 200) return String(status);
				const type = (fields['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
				return types.includes(type) ? RIGHT : `\`.${end}\`: ${type.split('/')[1] ?? 'none'}`;
			}),
		),
	},
	{
		number: 23,
		name: 'HTML says its charset',
		probes: [
			probe('/', ({ status, fields, body }) => {
				if (status !== 200 || String(body) !== INDEX) return String(status);
				return /;\s*charset="?utf-8"?/i.test(fields['content-type'] ?? '') ? RIGHT : 'no charset';
			}),
		],
	},
	{
		number: 24,
		name: '`X-Content-Type-Options: nosniff`',
		probes: ['/', '/a.txt'].map((target) =>
			probe(target, ({ status, fields }) => {
				if (status !== 200) return String(status);
				return fields['x-content-type-options']?.toLowerCase() === 'nosniff' ? RIGHT : 'missing';
			}),
		),
	},
	{
		number: 25,
		name: 'HTML without `head` and `body` comes whole',
		// Once there is live reload, this becomes: its script is in there, too. Until then, nothing may be.
		probes: [probe('/bare/', isFile(BARE))],
	},
];
