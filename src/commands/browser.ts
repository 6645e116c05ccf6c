// Opens a URL in the browser of whoever sits here.

import { spawn } from 'node:child_process';
import { release } from 'node:os';
import { type BrowserCommand, browserCommands } from '../terminal/browser-command.ts';

/** What has not failed by then has started. */
const FAILS_WITHIN_MS = 2000;

/** Whether anything could be started that opens `url`. It outlives this process, and shares nothing with it. */
export const openBrowser = async (url: string): Promise<boolean> => {
	const commands = browserCommands(url, {
		platform: process.platform,
		isWsl: process.platform === 'linux' && /microsoft/i.test(release()),
		environment: process.env,
	});
	for (const command of commands) if (await start(command)) return true;
	return false;
};

const start = ({ program, args, isVerbatim }: BrowserCommand): Promise<boolean> =>
	new Promise((resolve) => {
		try {
			const child = spawn(program, args, {
				detached: true,
				stdio: 'ignore',
				windowsVerbatimArguments: isVerbatim,
			});
			child.once('error', () => resolve(false));
			child.once('exit', (code) => resolve(code === 0));
			child.unref();
			setTimeout(() => resolve(true), FAILS_WITHIN_MS).unref();
		} catch {
			// A name that no program can have.
			resolve(false);
		}
	});
