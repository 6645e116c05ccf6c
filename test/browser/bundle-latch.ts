// Another origin that answers when it is told to: a page with an image from there goes on loading until then.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onEnd } from '../support/server.ts';

export interface Latch {
	readonly origin: string;
	/** Lets go what is held, and all that comes later. */
	release(): void;
}

/** Opens one with the certificate of the servers of a stage, to be closed by `endAll`. */
export const openLatch = async (storage: string): Promise<Latch> => {
	const pem = await readFile(join(storage, 'localhost.pem'));
	const held: (() => void)[] = [];
	let isOpen = false;
	const server = createServer({ cert: pem, key: pem }, (_, response) => {
		const answer = (): void => void response.writeHead(404).end();
		if (isOpen) answer();
		else held.push(answer);
	});
	await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
	onEnd(() => {
		server.closeAllConnections();
		server.close();
	});
	return {
		origin: `https://localhost:${(server.address() as AddressInfo).port}`,
		release: () => {
			isOpen = true;
			for (const answer of held.splice(0)) answer();
		},
	};
};
