// What a client gets when it does not get a file. Never echoes what it sent, never names a path of the disk.

import type { Fields } from '../http/request.ts';
import { type Reply, sendText } from './reply.ts';

/** The statuses that we answer without a file, with a sentence for people. */
const REFUSALS = {
	400: ['Bad request', 'The address is not written as addresses are.'],
	403: ['Forbidden', 'Pages of other sites may not load this. --cors allows it.'],
	404: ['Not found', 'There is no such file here. Letter case counts.'],
	405: ['Method not allowed', 'Files can be read (GET, HEAD), nothing else.'],
	412: ['Precondition failed', 'The file is not the version that was asked for.'],
	416: ['Range not satisfiable', 'The file has no such bytes.'],
	421: [
		'Misdirected request',
		'This name is not one of this server. More can be named with --allowed-hosts.',
	],
	500: ['Internal error', 'This is a fault of the server, not of your request.'],
	503: ['Unavailable', 'The file is being written right now. Try again in a moment.'],
} as const;

export type RefusalStatus = keyof typeof REFUSALS;

/** More fields of a refusal, names in lower case. */
export type RefusalFields = Readonly<Record<string, string | number>>;

/**
 * Answers with a refusal: a small page for whoever shows pages, a line of text for all else.
 * @param script markup of a script for the page
 */
export const refuse = (
	reply: Reply,
	status: RefusalStatus,
	fields: Fields,
	isHead: boolean,
	extra: RefusalFields = {},
	script = '',
): void => {
	const [title, sentence] = REFUSALS[status];
	const isForPeople = String(fields.accept ?? '').includes('text/html');
	const text = isForPeople ? pageOf(status, title, sentence, script) : `${status} ${title}: ${sentence}\n`;
	sendText(reply, status, isForPeople ? 'text/html' : 'text/plain', text, isHead, extra);
};

/**
 * Sends the client elsewhere, for this time only.
 * @param location a path or a URL, as browsers serialise it
 * @param query of the request, with its question mark, or empty; goes along where `location` has none
 */
export const redirect = (
	reply: Reply,
	status: number,
	location: string,
	query: string,
	extra: RefusalFields = {},
): void => {
	const [, place = '', fragment = ''] = /^([^#]*)(.*)$/s.exec(location) ?? [];
	const target = place.includes('?') ? location : place + query + fragment;
	// Browsers would keep it for as long as they like, and a file that is renamed would lead them in circles.
	reply.head(
		{ ':status': status, location: target, 'content-length': 0, 'cache-control': 'no-store', ...extra },
		true,
	);
};

/** Answers a browser that asks whether it may ask (Fetch §3.2.2): files can be read, with whatever fields. */
export const sendPreflight = (reply: Reply, origin: string): void =>
	reply.head(
		{
			':status': 204,
			'access-control-allow-origin': origin,
			'access-control-allow-methods': 'GET, HEAD',
			'access-control-allow-headers': '*',
			'access-control-max-age': 86_400,
		},
		true,
	);

const pageOf = (status: number, title: string, sentence: string, script: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} ${title}</title>
<link rel="stylesheet" href="/.casper/refusal.css">${script}
<main>
<h1>${status} <span>${title}</span></h1>
<p>${sentence}</p>
</main>
</html>
`;
