// Where in a site what happens on the disk belongs, and what of the disk has to be watched for it: links lead elsewhere, and
// what takes the place of a folder is not watched by itself.

import type { UrlPath } from './paths.ts';
import { fileOf, pathOf } from './scan.ts';
import { type LinkTarget, ROOT, type Terrain } from './terrain.ts';
import type { Visibility } from './visibility.ts';

/** What has files watched. */
export interface Watch {
	/** Watches `file`, anew if it has been watched. */
	renew(file: string): void;
	/** Watches `file` no more. */
	leave(file: string): void;
}

/** Paths of a site and the files that they stand for. Asks the disk nothing. */
export class Places {
	readonly #root: string;
	readonly #terrain: Terrain;
	readonly #visibility: Visibility;
	/** `undefined` before there is one. */
	#watch: Watch | undefined;

	/** @param root absolute, links resolved */
	constructor(root: string, terrain: Terrain, visibility: Visibility) {
		this.#root = root;
		this.#terrain = terrain;
		this.#visibility = visibility;
	}

	/** What is to be watched from the start: the root, and wherever links lead out of what is shown of it. */
	get watched(): readonly string[] {
		const targets = [...this.#terrain.links.targets()];
		return [this.#root, ...targets.filter((target) => !this.#isShown(target))];
	}

	/** From now on, `watch` is told what else there is to be watched. */
	tell(watch: Watch): void {
		this.#watch = watch;
	}

	/** What is hidden, or outside, is of interest where a link leads to it. */
	isOfInterest(file: string): boolean {
		if (this.#isShown(file)) return true;
		return this.#terrain.links.aliasesOf(file).some((alias) => !this.#visibility.hides(alias));
	}

	/** Something happened at `file`: forgets the links to it that lead outside. Returns where to look. */
	touch(file: string): readonly UrlPath[] {
		const { links } = this.#terrain;
		const path = this.#pathOf(file);
		// What took its place is not watched, as the folder around it is not: the next look has it watched anew.
		if (path === undefined) {
			const touched = links.aliasesOf(file);
			for (const link of links.leadingTo(file)) this.forgetLink(link);
			return touched;
		}
		// A link elsewhere may lead through this one.
		return [path, ...(links.has(path) ? links.paths() : links.aliasesOf(file))];
	}

	/** Takes note of the folder at `path`. Returns whether it is other than known. */
	takeInFolder(path: UrlPath, id: string): boolean {
		if (this.#terrain.isSameFolder(path, id)) return false;
		if (this.#terrain.setFolder(path, id)) {
			const target = this.#terrain.links.resolve(path);
			// Whether chokidar noticed or not, it now watches the folder that is there.
			if (target === undefined || !this.#isShown(target))
				this.#watch?.renew(target ?? fileOf(this.#root, path));
		}
		return true;
	}

	/** Takes note of the link at `path`. Returns whether it is other than known. */
	takeInLink(path: UrlPath, { target }: LinkTarget): boolean {
		const isNew = this.#terrain.links.set(path, target);
		if (isNew && !this.#isShown(target)) this.#watch?.renew(target);
		return isNew;
	}

	/** Returns whether there was one. */
	forgetLink(path: UrlPath): boolean {
		const target = this.#terrain.links.resolve(path);
		if (target !== undefined && this.#pathOf(target) === undefined) this.#watch?.leave(target);
		return this.#terrain.links.delete(path);
	}

	#pathOf(file: string): UrlPath | undefined {
		return file === this.#root ? ROOT : pathOf(this.#root, file);
	}

	/** Whether `file` lies in the site under its own path. */
	#isShown(file: string): boolean {
		const path = this.#pathOf(file);
		return path !== undefined && !this.#visibility.hides(path);
	}
}
