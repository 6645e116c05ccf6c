// Our own packaged files under `/.casper/`.

import { readdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';
import { refuse } from '../delivery/refusal.ts';
import type { Reply } from '../delivery/reply.ts';

/** What the build makes of `src/client`, whether we run as TypeScript or built. */
const FOLDER = fileURLToPath(new URL('../../dist/client/', import.meta.url));
const WORKER = '/service-worker.js';
/** Below where our worker may have pages (Service Workers §4.1). */
const MOUNT = '/';

const clientFiles = sirv(FOLDER, {
	etag: true,
	extensions: [],
	setHeaders: (response, path) => {
		// Without charset, a script is read in the encoding of its document (HTML Standard §8.1.4.1).
		if (path.endsWith('.js')) response.setHeader('content-type', 'text/javascript; charset=utf-8');
		if (path === WORKER) response.setHeader('service-worker-allowed', MOUNT);
		response.setHeader(
			'cache-control',
			IS_HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
		);
	},
});

/** The build puts a hash of its content into the name of what pages refer to. */
const IS_HASHED = /-[A-Z0-9]{8}\.js$/;

/**
 * Path of a script that is put into documents.
 * @throws {Error} where the client files have not been built
 */
export const scriptPath = (script: 'page' | 'live'): string => {
	const name = readdirSync(FOLDER).find((file) => file.startsWith(`${script}-`) && IS_HASHED.test(file));
	if (name === undefined) throw new Error(`${FOLDER} has no ${script} script: npm run build makes it`);
	return `/.casper/${name}`;
};

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
