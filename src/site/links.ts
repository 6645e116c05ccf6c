// The symbolic links of a site: under which other paths what lies at one path is known as well.

import type { UrlPath } from './paths.ts';

/** Links by their paths. Targets are resolved, so they go through no other link; they may be hidden, or not exist yet. */
export class Links {
	readonly #targets = new Map<UrlPath, UrlPath>();

	/** Notes that the link at `path` leads to `target`. Returns whether that is new. */
	set(path: UrlPath, target: UrlPath): boolean {
		const isNew = this.#targets.get(path) !== target;
		this.#targets.set(path, target);
		return isNew;
	}

	delete(path: UrlPath): void {
		this.#targets.delete(path);
	}

	has(path: UrlPath): boolean {
		return this.#targets.has(path);
	}

	paths(): Iterable<UrlPath> {
		return this.#targets.keys();
	}

	/** The other paths that something at `path` has, and the links whose targets lie below it. */
	aliasesOf(path: UrlPath): UrlPath[] {
		const aliases: UrlPath[] = [];
		for (const [link, target] of this.#targets)
			if (isAtOrBelow(path, target)) aliases.push((link + path.slice(target.length)) as UrlPath);
			else if (isAtOrBelow(target, path)) aliases.push(link);
		return aliases;
	}

	/** Whether `path` is, or goes through, a link. */
	leadVia(path: UrlPath): boolean {
		for (const link of this.#targets.keys()) if (isAtOrBelow(path, link)) return true;
		return false;
	}

	/** Whether a link leads to `path`, to something below it, or to a folder that it lies in. */
	leadTo(path: UrlPath): boolean {
		for (const target of this.#targets.values())
			if (isAtOrBelow(path, target) || isAtOrBelow(target, path)) return true;
		return false;
	}
}

const isAtOrBelow = (path: UrlPath, folder: UrlPath): boolean =>
	path === folder || path.startsWith(`${folder}/`);
