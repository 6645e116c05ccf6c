// What of a folder is there for the web: the one rule of what is hidden. Whatever it hides never gets into a snapshot, so
// that nobody who looks things up there has to ask again.

import picomatch from 'picomatch';
import { isHidden, type UrlPath } from './paths.ts';

/** What people may say about it. */
export interface VisibilityOptions {
	/** Whether files and folders are there whose names begin with a dot. */
	readonly dotfiles: boolean;
	/** Whether links lead out of the folder. */
	readonly followSymlinks: boolean;
	/** Names that are hidden at any depth, and paths with a slash at their start, both as shells have them. */
	readonly ignore: readonly string[];
}

/** Settings with code and secrets in them, and, with `--dotfiles`, what has a path of our own files. */
const OURS = /^\/(?:casper\.config\.(?:[cm]?[jt]s|json)|\.casper)(?:\/|$)/;

/** Read when the server starts, then for ever as they are: brackets, braces and `!(…)`, but no `!` that turns all around. */
const NOTATION = { dot: true, nonegate: true, windows: false } as const;

type Match = (text: string) => boolean;

const matchOf = (patterns: readonly string[]): Match =>
	patterns.length === 0 ? () => false : picomatch([...patterns], NOTATION);

/** As names are compared: composed (Unicode NFC), as whoever writes a pattern cannot see how a name is spelt. */
const normalised = (pattern: string): string => pattern.normalize().replace(/^\.\//, '/').replace(/\/+$/, '');

/** Tells what is hidden by its path alone. Immutable; knows no disk. */
export class Visibility {
	/** Without any option, and nothing ignored. */
	static readonly DEFAULT: Visibility = new Visibility({
		dotfiles: false,
		followSymlinks: false,
		ignore: [],
	});

	/** Whether links are followed to what lies outside the folder. */
	readonly leadsOut: boolean;
	readonly #showsDotfiles: boolean;
	readonly #names: ReadonlySet<string>;
	readonly #isName: Match;
	readonly #isPath: Match;

	constructor({ dotfiles, followSymlinks, ignore }: VisibilityOptions) {
		this.leadsOut = followSymlinks;
		this.#showsDotfiles = dotfiles;
		const patterns = ignore.map(normalised).filter((pattern) => pattern !== '' && pattern !== '/');
		const names = patterns.filter((pattern) => !pattern.includes('/'));
		this.#names = new Set(names);
		this.#isName = matchOf(names.filter((name) => !/^[\w.-]+$/.test(name)));
		this.#isPath = matchOf(
			patterns
				.filter((pattern) => pattern.includes('/'))
				.map((pattern) => (pattern.startsWith('/') ? pattern.slice(1) : `**/${pattern}`)),
		);
	}

	/** Whether what is at `path` is hidden, or a folder that it lies in, and so everything below it. */
	hides(path: UrlPath): boolean {
		return (!this.#showsDotfiles && isHidden(path)) || OURS.test(path) || this.#ignores(path.normalize());
	}

	#ignores(path: string): boolean {
		for (let start = 1; start < path.length; ) {
			const slash = path.indexOf('/', start);
			const end = slash === -1 ? path.length : slash;
			const name = path.slice(start, end);
			if (this.#names.has(name) || this.#isName(name) || this.#isPath(path.slice(1, end))) return true;
			start = end + 1;
		}
		return false;
	}
}
