// A folder's entries as a page.

import type { Listing } from '../site/listing.ts';
import { type Reply, sendText } from './reply.ts';

/** Of more entries, the rest is counted only. */
const MAX_ENTRIES = 5000;

/**
 * Answers with the entries of a folder. Names are shown as they are, and are never markup.
 * @param extra fields beside ours
 */
export const sendListing = (
	reply: Reply,
	listing: Listing,
	isHead: boolean,
	extra: Readonly<Record<string, string>> = {},
): void => {
	const policy = { 'content-security-policy': "default-src 'none'; style-src 'self'" };
	sendText(reply, 200, 'text/html', pageOf(listing), isHead, { ...policy, ...extra });
};

const pageOf = ({ path, entries }: Listing): string => {
	const rows = entries
		.slice(0, MAX_ENTRIES)
		.map(
			({ name, href, size }) =>
				`<li><a href="${escaped(href)}">${escaped(name)}</a> <small>${sizeOf(size)}</small>`,
		);
	const more = entries.length - rows.length;
	return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(path)}</title>
<link rel="stylesheet" href="/.casper/listing.css">
<main>
<h1>${escaped(path)}</h1>
<ul>
${path === '/' ? '' : '<li><a href="../">../</a>\n'}${rows.join('\n')}
</ul>${more > 0 ? `\n<p>${more} more` : ''}
</main>
</html>
`;
};

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

const sizeOf = (bytes: number): string => {
	let [size, unit] = [bytes, 0];
	for (; size >= 999.5 && unit < UNITS.length - 1; unit++) size /= 1000;
	return `${unit === 0 ? size : size.toPrecision(3)} ${UNITS[unit]}`;
};

const ENTITIES: Readonly<Record<string, string>> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
	"'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
