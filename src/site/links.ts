// The symbolic links of a site: under which paths what lies somewhere on the disk is known as well.

import { sep } from 'node:path';
import { pathOfFile, type UrlPath } from './paths.ts';

/**
 * Links by their paths. Targets are absolute files or folders, resolved, so they go through no other link; they may be
 * hidden, lie outside the site, or not exist yet.
 */
export class Links {
	readonly #targets = new Map<UrlPath, string>();

	/** Notes that the link at `path` leads to `target`. Returns whether that is new. */
	set(path: UrlPath, target: string): boolean {
		const isNew = this.#targets.get(path) !== target;
		this.#targets.set(path, target);
		return isNew;
	}

	/** Returns whether there was a link at `path`. */
	delete(path: UrlPath): boolean {
		return this.#targets.delete(path);
	}

	has(path: UrlPath): boolean {
		return this.#targets.has(path);
	}

	paths(): Iterable<UrlPath> {
		return this.#targets.keys();
	}

	targets(): Iterable<string> {
		return this.#targets.values();
	}

	/** The paths that `file` has by links, and those of links whose targets lie below it. */
	aliasesOf(file: string): UrlPath[] {
		const aliases: UrlPath[] = [];
		for (const [link, target] of this.#targets)
			if (file === target || isBelow(target, file, sep)) aliases.push(link);
			else if (isBelow(file, target, sep)) {
				const names = [...link.slice(1).split('/'), ...file.slice(target.length + 1).split(sep)];
				aliases.push(...[pathOfFile(names)].filter((path) => path !== undefined));
			}
		return aliases;
	}

	/** The links to exactly this file or folder. */
	leadingTo(file: string): UrlPath[] {
		return [...this.#targets].flatMap(([link, target]) => (target === file ? [link] : []));
	}

	/** The file that `path` stands for if it is, or goes through, a link. */
	resolve(path: UrlPath): string | undefined {
		for (const [link, target] of this.#targets) {
			if (path === link) return target;
			if (isBelow(path, link, '/')) return target + path.slice(link.length).replaceAll('/', sep);
		}
		return undefined;
	}
}

const isBelow = (path: string, folder: string, separator: string): boolean =>
	path.startsWith(folder.endsWith(separator) ? folder : folder + separator);
