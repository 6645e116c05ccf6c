// The least that node:http2 can do for a page with pushes: a loop over pushStream with known promises, fields and
// buffers. It knows no client, asks nothing, orders nothing.

import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { listen, readRecording, ready, send } from './bare.ts';

const page = readRecording()[0]!;
const document = ready(page);

// Made once: a closure for every push would be a cost of this file (tsx names every function it makes), not of the loop.
const pushes = page.pushes.map((push) => {
	const response = ready(push);
	const answer = (error: Error | null, stream: ServerHttp2Stream): void => {
		if (error === null) send(stream, response);
	};
	return { promise: push.promise as OutgoingHttpHeaders, answer };
});

listen((stream) => {
	for (const { promise, answer } of pushes) stream.pushStream(promise, answer);
	send(stream, document);
});
