// What a client gets when it does not get a file. Never echoes what it sent, never names a path of the disk.

import type { Fields } from '../http/request.ts';
import type { Reply } from './reply.ts';

/** The statuses that we answer without a file, with a sentence for people. */
const REFUSALS = {
	400: ['Bad request', 'The address is not written as addresses are.'],
	404: ['Not found', 'There is no such file here. Letter case counts.'],
	405: ['Method not allowed', 'Files can be read (GET, HEAD), nothing else.'],
	500: ['Internal error', 'This is a fault of the server, not of your request.'],
	503: ['Unavailable', 'The file is being written right now. Try again in a moment.'],
} as const;

export type RefusalStatus = keyof typeof REFUSALS;

/** Answers with a refusal: a small page for whoever shows pages, a line of text for all else. */
export const refuse = (
	reply: Reply,
	status: RefusalStatus,
	fields: Fields,
	isHead: boolean,
	extra: Readonly<Record<string, string | number>> = {},
): void => {
	const [title, sentence] = REFUSALS[status];
	const isForPeople = String(fields.accept ?? '').includes('text/html');
	const text = isForPeople ? pageOf(status, title, sentence) : `${status} ${title}: ${sentence}\n`;
	const body = Buffer.from(text);
	reply.head(
		{
			':status': status,
			'content-type': isForPeople ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8',
			'content-length': body.length,
			'cache-control': 'no-store',
			'x-content-type-options': 'nosniff',
			...extra,
		},
		isHead,
	);
	if (!isHead) reply.body.end(body);
};

const pageOf = (status: number, title: string, sentence: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} ${title}</title>
<link rel="stylesheet" href="/.casper/refusal.css">
<main>
<h1>${status} <span>${title}</span></h1>
<p>${sentence}</p>
</main>
</html>
`;
