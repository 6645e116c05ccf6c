// `casper-serve [dir]`: serves until it is asked to stop, and says what it does.

import { homedir } from 'node:os';
import { toJsonLine } from '../log.ts';
import type { LogFormat } from '../option-table.ts';
import type { ServeOptions } from '../options.ts';
import { type Server, serve } from '../server.ts';
import { isColourWanted, painter } from '../terminal/text.ts';
import { dataFolder } from '../tls/data-folder.ts';
import { Greeter, type Subject } from './greeter.ts';
import { canTakeKeys, takeKeys } from './keys.ts';
import { openReport } from './report.ts';
import { Screen } from './screen.ts';

const ADVICE = 'casper-serve: press u for the addresses and the folder, which this has pushed out of sight';

/**
 * Serves `directory` and resolves once SIGINT or SIGTERM has ended it. A second signal ends it at once.
 * @throws what {@link serve} throws
 */
export const runServe = async (
	directory: string,
	options: ServeOptions,
	{ log, open }: { readonly log: LogFormat; readonly open: string | boolean },
	version: string,
): Promise<void> => {
	// Whoever read our output may have gone: that is no reason to stop serving.
	for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
	// From the very start: whoever reads that we are listening may end us the next moment.
	const stop = stopSignal();
	const startedMs = performance.now();
	const isTerminal = process.stdout.isTTY === true;
	const hasKeys = (log === 'dev' || log === 'none') && canTakeKeys();
	const paint = painter(isColourWanted(process.env, isTerminal));
	const screen = new Screen(isTerminal && process.env.TERM !== 'dumb');
	const advice = hasKeys ? ADVICE : undefined;
	const columnsOf = (): number | undefined => (isTerminal && process.stdout.columns) || undefined;
	const { onRequest, onLive, onProblem, brokenKnown, release, end } = openReport(screen, {
		format: log,
		paint,
		columnsOf,
		advice,
	});
	const server = await serve(directory, {
		...options,
		storage: dataFolder(process.env, process.platform, homedir()),
		onRequest,
		onProblem,
		onLive,
	});
	const greeter = new Greeter(server, {
		directory,
		options,
		open,
		version,
		startedMs,
		hasKeys,
		paint,
		screen,
	});
	const quiet =
		log === 'json'
			? sayAsJson(server, { directory, version, startedMs, screen })
			: greeter.greet(brokenKnown, release);
	if (open !== false) greeter.openBrowser();
	const noKeys = hasKeys ? takeKeys((key) => greeter.press(key)) : undefined;
	await stop;
	noKeys?.();
	quiet();
	await server.close();
	end();
};

/** Says where it answers, and what it serves once that is known, unless what it returns has been called by then. */
const sayAsJson = (
	server: Server,
	{ directory, version, startedMs, screen }: Pick<Subject, 'directory' | 'version' | 'startedMs' | 'screen'>,
): (() => void) => {
	const { url, redirectUrl } = server;
	let isOver = false;
	screen.print([toJsonLine({ time: new Date(), event: 'listening', version, directory, url, redirectUrl })]);
	const sayIndexed = (): void => {
		if (isOver) return;
		const { files, pages, bytes } = server.contents;
		const seconds = (performance.now() - startedMs) / 1000;
		screen.print([toJsonLine({ time: new Date(), event: 'indexed', files, pages, bytes, seconds })]);
	};
	server.ready.then(sayIndexed).catch((error: unknown) => {
		if (!isOver) screen.complainOf(error);
	});
	return () => {
		isOver = true;
	};
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
