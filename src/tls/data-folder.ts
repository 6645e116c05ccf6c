// Where an application keeps what it made for this user: the convention of each platform. Pure.

import { posix, win32 } from 'node:path';

const NAME = 'casper-serve';

/**
 * The folder for our own files; it may not exist yet.
 *
 * - Windows: `%LOCALAPPDATA%`, else `AppData\Local` in `home` (not the roaming profile: a key stays on its machine)
 * - macOS: `~/Library/Application Support`
 * - elsewhere: `$XDG_DATA_HOME` if absolute (XDG Base Directory Specification 0.8: a relative one is to be ignored),
 *   else `~/.local/share`
 */
export const dataFolder = (
	environment: Readonly<Record<string, string | undefined>>,
	platform: NodeJS.Platform,
	home: string,
): string => {
	if (platform === 'win32') {
		const local = environment.LOCALAPPDATA ?? '';
		return win32.join(win32.isAbsolute(local) ? local : win32.join(home, 'AppData', 'Local'), NAME);
	}
	if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support', NAME);
	const shared = environment.XDG_DATA_HOME ?? '';
	return posix.join(posix.isAbsolute(shared) ? shared : posix.join(home, '.local', 'share'), NAME);
};
