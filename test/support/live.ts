// A tab without a browser: it is told of changes, and asks what its page is made of.

import { request as http1Request, type IncomingMessage } from 'node:http';
import type { ClientHttp2Session } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { ask, openSession, type Protocol } from './client.ts';
import { eventually, onEnd, type Tested, within } from './server.ts';

/** What a page is made of, as the server says it. */
export interface State {
	readonly document: { readonly hash: string; readonly ago?: number };
	readonly items: readonly {
		readonly url: string;
		readonly hash: string;
		readonly as: string;
		readonly ago?: number;
		readonly isKept?: boolean;
	}[];
	readonly broken: readonly { readonly from: string; readonly line: number; readonly url: string }[];
}

/** Asks what a page is made of. */
export const stateOf = async (
	tested: Tested,
	page: string,
	loaded: readonly string[] = [],
	protocol: Protocol = 'HTTP/2',
): Promise<State> => {
	const content = JSON.stringify({ page, loaded });
	const { status, body } = await ask(tested, protocol, '/.casper/live/state', {}, 'POST', content);
	if (status !== 200) throw new Error(`state of ${page}: ${status} ${body}`);
	return JSON.parse(String(body)) as State;
};

/** A stream of events (HTML Standard §9.2), as it comes in. */
export class EventStream {
	readonly events: { readonly event: string; readonly content: string }[] = [];
	readonly status: number;
	isOver = false;
	#text = '';

	private constructor(status: number, body: Readable) {
		this.status = status;
		body.setEncoding('utf8');
		body.on('error', () => {});
		body.on('close', () => {
			this.isOver = true;
		});
		body.on('data', (text: string) => this.#take(text));
	}

	static async open(
		tested: Tested,
		protocol: Protocol,
		session: ClientHttp2Session | undefined = undefined,
	): Promise<EventStream> {
		const path = '/.casper/live/events';
		if (protocol === 'HTTP/2') {
			const stream = (session ?? openSession(tested)).request({ ':path': path, accept: 'text/event-stream' });
			const status = await within(
				path,
				new Promise<number>((resolve) =>
					stream.once('response', (fields) => resolve(Number(fields[':status']))),
				),
			);
			return new EventStream(status, stream);
		}
		const { port, isSecure } = tested;
		const headers = { accept: 'text/event-stream' };
		const options = { host: 'localhost', port, path, headers, agent: false } as const;
		const request = isSecure
			? httpsRequest({ ...options, rejectUnauthorized: false })
			: http1Request(options);
		onEnd(() => request.destroy());
		request.on('error', () => {});
		request.end();
		const response = await within(
			path,
			new Promise<IncomingMessage>((resolve) => request.once('response', resolve)),
		);
		return new EventStream(response.statusCode ?? 0, response);
	}

	/** Resolves once so many events have come. */
	async until(count: number): Promise<void> {
		await eventually(`${count} events`, () => this.events.length >= count);
	}

	#take(text: string): void {
		const blocks = (this.#text + text).split('\n\n');
		this.#text = blocks.pop() ?? '';
		for (const block of blocks) {
			const event = /^event: (.*)$/m.exec(block)?.[1];
			if (event !== undefined) this.events.push({ event, content: /^data: (.*)$/m.exec(block)?.[1] ?? '' });
		}
	}
}
