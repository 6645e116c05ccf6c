// `casper-serve [dir]`: serves until it is asked to stop, and says what it does.

import { homedir } from 'node:os';
import { formatEntry } from '../log.ts';
import type { LogFormat } from '../option-table.ts';
import type { ServeOptions } from '../options.ts';
import { type Server, serve } from '../server.ts';
import { dataFolder } from '../tls/data-folder.ts';

/**
 * Serves `directory` and resolves once SIGINT or SIGTERM has ended it. A second signal ends it at once.
 * @throws what {@link serve} throws
 */
export const runServe = async (
	directory: string,
	options: ServeOptions,
	{ log }: { readonly log: LogFormat; readonly open: string | boolean },
	version: string,
): Promise<void> => {
	// Whoever read our output may have gone: that is no reason to stop serving.
	process.stdout.on('error', () => {});
	// From the very start: whoever reads that we are listening may end us the next moment.
	const stop = stopSignal();
	const started = performance.now();
	const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR;
	const server = await serve(directory, {
		...options,
		storage: dataFolder(process.env, process.platform, homedir()),
		onRequest: log === 'none' ? undefined : (entry) => console.log(formatEntry(entry, log, isColoured)),
		onProblem: (message) => console.error(`casper-serve: ${message}`),
	});
	const say = log === 'json' ? sayAsJson : sayAsText;
	say.started(directory, server, version, options);
	void server.ready.then(() => say.indexed(server, (performance.now() - started) / 1000));
	await stop;
	await server.close();
};

const sayAsText = {
	started: (
		directory: string,
		{ url, redirectUrl }: Server,
		version: string,
		{ cert, push = true, hints = true, production = false, bundle = production }: ServeOptions,
	): void => {
		const protocol = `${cert === undefined || cert === false ? 'HTTP/1.1 and HTTP/2 without TLS' : 'HTTP/2 and HTTP/1.1'}`;
		const channels = Object.entries({ push, hints, bundle })
			.map(([channel, isOn]) => `${channel} ${isOn ? 'on' : 'off'}`)
			.join(', ');
		console.log(`casper-serve ${version}: ${directory} at ${url} (${protocol}, ${channels})`);
		if (redirectUrl !== undefined) console.log(`HTTP at ${redirectUrl} is redirected there.`);
		if (cert === true)
			console.log('The certificate is self-signed: a browser asks once whether you trust it. Ctrl-C stops.');
	},
	indexed: ({ contents }: Server, seconds: number): void => {
		const { files, pages, bytes } = contents;
		console.log(
			`${files} files, ${pages} of them pages, ${(bytes / 1e6).toFixed(1)} MB, indexed in ${seconds.toFixed(2)} s`,
		);
	},
};

const sayAsJson = {
	started: (directory: string, { url, redirectUrl }: Server, version: string): void => {
		console.log(
			JSON.stringify({ time: new Date(), event: 'listening', version, directory, url, redirectUrl }),
		);
	},
	indexed: ({ contents }: Server, seconds: number): void => {
		const { files, pages, bytes } = contents;
		console.log(JSON.stringify({ time: new Date(), event: 'indexed', files, pages, bytes, seconds }));
	},
};

const stopSignal = (): Promise<void> =>
	new Promise((resolve) => {
		let isAsked = false;
		for (const signal of ['SIGINT', 'SIGTERM'] as const)
			process.on(signal, () => {
				if (isAsked) process.exit(0);
				isAsked = true;
				resolve();
			});
	});
