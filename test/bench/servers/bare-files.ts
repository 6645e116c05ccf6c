// The least that node:http2 can do for a file: known fields and a constant buffer through the core stream API.

import { listen, type ReadyResponse, readRecording, ready, send } from './bare.ts';

const responses = new Map<unknown, ReadyResponse>();
for (const response of readRecording()) responses.set(response.path, ready(response));

listen((stream, fields) => send(stream, responses.get(fields[':path'])!));
