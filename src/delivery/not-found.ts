// The site's own page for what is not there.

import type { Asset } from '../site/snapshot.ts';
import type { Body } from './body.ts';
import type { Reply } from './reply.ts';
import { sendBody } from './send.ts';

/**
 * Sends `page` with status 404, whole whatever the request's preconditions and ranges are (RFC 9110 §13.2.1, §14.2), and
 * not to be kept: what is missing may come.
 * @param body of `page`; an open file is closed
 * @param own fields for this client alone
 */
export const sendNotFound = (
	reply: Reply,
	page: Asset,
	body: Body,
	isHead: boolean,
	own: Readonly<Record<string, string>> | undefined,
): void => {
	const isEnd = isHead || page.size === 0;
	reply.head(
		{
			':status': 404,
			'content-type': page.type,
			'content-length': page.size,
			'x-content-type-options': 'nosniff',
			...own,
			'cache-control': 'no-store',
		},
		isEnd,
	);
	if (!isEnd) sendBody(reply, page, body, undefined);
	else if (body.kind === 'file') void body.handle.close();
};
