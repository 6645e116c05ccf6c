// Where a client ends a session, Node ends it at once, in the middle of what is being read. Up to Node 22 the rest of that
// then meets a session that is half gone: an assertion fails, or memory is damaged, and the process is at its end. A
// GOAWAY with a few more frames behind it was enough.

import type { Http2Session } from 'node:http2';

/** Has `session` end after what is being read, whoever ends it. To be called before anything is read. */
export const deferEnd = (session: Http2Session): void => {
	// Node itself calls them by these names.
	const { close, destroy } = session;
	session.close = (callback) => void setImmediate(() => close.call(session, callback));
	session.destroy = (error, code) => void setImmediate(() => destroy.call(session, error, code));
};
