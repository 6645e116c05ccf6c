// Which programs open a URL in a browser, by platform (pure: starting them is the command line's business).

/** A program and its arguments. */
export interface BrowserCommand {
	readonly program: string;
	readonly args: readonly string[];
	/** The arguments are the very line that Windows is to have. */
	readonly isVerbatim: boolean;
}

/** Where a browser is to be opened. */
export interface Desktop {
	readonly platform: NodeJS.Platform;
	/** Linux inside Windows. */
	readonly isWsl: boolean;
	readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * What to try, the first that starts is enough. No shell gets to see the URL, but for Windows' own, whose special
 * characters are escaped.
 * @param url as `URL` writes it, so without blanks and quotes
 */
export const browserCommands = (
	url: string,
	{ platform, isWsl, environment }: Desktop,
): readonly BrowserCommand[] => [
	...chosenCommands(environment.BROWSER ?? '', url, platform),
	...usualCommands(url, platform, isWsl),
];

/** `$BROWSER`: programs, parted by colons where paths have none; `%s` stands for the URL. */
const chosenCommands = (browser: string, url: string, platform: NodeJS.Platform): readonly BrowserCommand[] =>
	(platform === 'win32' ? [browser] : browser.split(':'))
		.map((chosen) => chosen.trim())
		.filter((chosen) => chosen !== '')
		.map((chosen) => {
			const [program = '', ...args] = chosen.includes('%s') ? chosen.split(/\s+/) : [chosen];
			const isPlaced = args.some((argument) => argument.includes('%s'));
			const placed = args.map((argument) => argument.replaceAll('%s', () => url));
			return { program, args: isPlaced ? placed : [...placed, url], isVerbatim: false };
		});

const usualCommands = (url: string, platform: NodeJS.Platform, isWsl: boolean): readonly BrowserCommand[] => {
	const start = ['/c', 'start', escapeForCmd(url)];
	if (platform === 'darwin') return [{ program: 'open', args: [url], isVerbatim: false }];
	if (platform === 'win32') return [{ program: 'cmd', args: start, isVerbatim: true }];
	const xdg = { program: 'xdg-open', args: [url], isVerbatim: false };
	if (!isWsl) return [xdg];
	return [
		{ program: 'wslview', args: [url], isVerbatim: false },
		{ program: 'cmd.exe', args: start, isVerbatim: false },
		xdg,
	];
};

const escapeForCmd = (url: string): string => url.replace(/[^\w:/.-]/g, '^$&');
