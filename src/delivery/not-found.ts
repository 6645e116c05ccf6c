// The site's own page for what is not there.

import type { AssetFields } from './fields.ts';
import type { Reply, ResponseFields } from './reply.ts';
import { type Answer, codedBodyOf, sendBody } from './send.ts';

/**
 * Sends a page with status 404, whole whatever the request's preconditions and ranges are (RFC 9110 §13.2.1, §14.2), and
 * not to be kept: what is missing may come.
 * @param answer the page and its body; an open file is closed
 * @param known the fields of the page where it is asked for
 * @param own fields for this client alone
 */
export const sendNotFound = (
	reply: Reply,
	{ asset, body, coding }: Pick<Answer, 'asset' | 'body' | 'coding'>,
	known: AssetFields,
	isHead: boolean,
	own: Readonly<Record<string, string>> | undefined,
): void => {
	const coded = codedBodyOf(coding, body);
	const full = (coded && coding && known.coded?.full(coding, coded.length)) ?? known.full;
	const isEnd = isHead || body === undefined || asset.size === 0;
	reply.head({ ...withoutValidators(full), ...own, ':status': 404, 'cache-control': 'no-store' }, isEnd);
	if (!isEnd) sendBody(reply, asset, body, undefined, coded);
	else if (body?.kind === 'file') void body.handle.close();
};

/** They are those of the page, not of what is missing. */
const withoutValidators = ({
	etag: _,
	'last-modified': __,
	'accept-ranges': ___,
	...fields
}: ResponseFields): Omit<ResponseFields, ':status'> => fields;
