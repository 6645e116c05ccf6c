// Our own packaged files under `/.casper/`.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';
import { refuse } from '../delivery/refusal.ts';
import type { Reply } from '../delivery/reply.ts';

const clientFiles = sirv(fileURLToPath(new URL('../client', import.meta.url)), {
	etag: true,
	extensions: [],
});

/** Answers from the packaged files by `path` below `/.casper`; 404 for all others. */
export const serveClientFile = (
	request: IncomingMessage,
	response: ServerResponse,
	path: string,
	reply: Reply,
): void => {
	const { method = 'GET', headers } = request;
	if (method !== 'GET' && method !== 'HEAD')
		return refuse(reply, 405, headers, false, { allow: 'GET, HEAD' });
	// A malformed range throws out of sirv and would end the process.
	delete headers.range;
	request.url = path;
	response.setHeader('x-content-type-options', 'nosniff');
	// It would leave the file open when the client goes away before its end.
	response.once('pipe', (file: Readable) => {
		if (reply.body.destroyed) file.destroy();
		else reply.body.once('close', () => file.destroy());
	});
	clientFiles(request, response, () => refuse(reply, 404, headers, method === 'HEAD'));
};
