// What may be meant by a path that leads to nothing: the file of nearly the same name, or of the same name elsewhere.

import { parsePath, pathIn, type UrlPath } from './paths.ts';
import { isRuleFile } from './routes.ts';
import { type Changes, isCss, isHtml, isJavaScript, type Snapshot, typeOf } from './snapshot.ts';

/** So many slips of the keyboard are forgiven, in names of more than three times as many characters. */
const MAX_DISTANCE = 2;
/** Names of one folder that are compared letter by letter. */
const MAX_COMPARED = 2000;

/** The names of a site's files, in lower case. */
export class SiteNames {
	readonly #byFolder = new Map<string, Set<UrlPath>>();
	readonly #byName = new Map<string, UrlPath | Set<UrlPath>>();

	add(path: UrlPath): void {
		if (isRuleFile(path)) return;
		const { folder, name } = partsOf(path.toLowerCase());
		const siblings = this.#byFolder.get(folder);
		if (siblings === undefined) this.#byFolder.set(folder, new Set([path]));
		else siblings.add(path);
		const namesakes = this.#byName.get(name);
		if (namesakes === undefined) this.#byName.set(name, path);
		else if (typeof namesakes !== 'string') namesakes.add(path);
		else if (namesakes !== path) this.#byName.set(name, new Set([namesakes, path]));
	}

	remove(path: UrlPath): void {
		const { folder, name } = partsOf(path.toLowerCase());
		const siblings = this.#byFolder.get(folder);
		siblings?.delete(path);
		if (siblings?.size === 0) this.#byFolder.delete(folder);
		const namesakes = this.#byName.get(name);
		if (namesakes === path) this.#byName.delete(name);
		else if (typeof namesakes === 'object') {
			namesakes.delete(path);
			if (namesakes.size === 0) this.#byName.delete(name);
		}
	}

	update(changes: Changes): void {
		for (const [path, asset] of changes)
			if (asset === undefined) this.remove(path);
			else this.add(path);
	}

	/** The file that may be meant by a path where there is none; of several that are as likely, none. */
	nearest(path: UrlPath): UrlPath | undefined {
		const lower = path.toLowerCase();
		const { folder, name } = partsOf(lower);
		if (name === '') return undefined;
		const siblings = [...(this.#byFolder.get(folder) ?? [])];
		return (
			siblings.find((sibling) => sibling.toLowerCase() === lower) ??
			nearestOf(siblings, name) ??
			this.#onlyNamesake(name) ??
			only(siblings.filter((sibling) => isInOtherFormat(partsOf(sibling.toLowerCase()).name, name)))
		);
	}

	#onlyNamesake(name: string): UrlPath | undefined {
		const namesakes = this.#byName.get(name);
		return typeof namesakes === 'object' ? only([...namesakes]) : namesakes;
	}
}

/** The names of the sites that were asked about, each as long as it is the current one. */
const known = new WeakMap<Snapshot, SiteNames>();

/** Has `names` be what is known of `snapshot`, and no longer of the one before it. */
export const rememberNames = (snapshot: Snapshot, names: SiteNames, before?: Snapshot): void => {
	if (before !== undefined && before !== snapshot) known.delete(before);
	known.set(snapshot, names);
};

/** The file that may be meant by `url` (encoded path, and query), which leads to none; `undefined`: no idea. */
export const suggestionFor = (snapshot: Snapshot, url: string): UrlPath | undefined => {
	const parsed = parsePath(pathIn(url));
	if (parsed.kind !== 'path') return undefined;
	let names = known.get(snapshot);
	if (names === undefined) {
		names = new SiteNames();
		for (const { path } of snapshot.assets()) names.add(path);
		known.set(snapshot, names);
	}
	return names.nearest(parsed.path);
};

interface Parts {
	/** With its slash. */
	readonly folder: string;
	readonly name: string;
}

const partsOf = (path: string): Parts => {
	const end = path.lastIndexOf('/') + 1;
	return { folder: path.slice(0, end), name: path.slice(end) };
};

/** A name before its extension, and that with its dot; a page's address can do without one. */
const splitName = (name: string): { readonly stem: string; readonly extension: string } => {
	const dot = name.lastIndexOf('.');
	return dot <= 0
		? { stem: name, extension: '.html' }
		: { stem: name.slice(0, dot), extension: name.slice(dot) };
};

/** Files of one kind can stand for each other. */
const kindOf = (extension: string): string => {
	const type = typeOf(extension);
	if (isHtml(type)) return 'page';
	if (isCss(type)) return 'style';
	if (isJavaScript(type)) return 'script';
	return /^(?:image|audio|video|font)(?=\/)/.exec(type)?.[0] ?? extension;
};

const nearestOf = (siblings: readonly UrlPath[], name: string): UrlPath | undefined => {
	const { stem, extension } = splitName(name);
	const most = Math.min(MAX_DISTANCE, Math.ceil(stem.length / 3) - 1);
	if (most < 1) return undefined;
	const kind = kindOf(extension);
	let best: { readonly paths: UrlPath[]; readonly score: number } | undefined;
	let compared = 0;
	for (const path of siblings) {
		const other = splitName(partsOf(path.toLowerCase()).name);
		if (Math.abs(other.stem.length - stem.length) > most || kindOf(other.extension) !== kind) continue;
		if (compared++ >= MAX_COMPARED) break;
		const distance = distanceOf(stem, other.stem, most);
		if (distance === 0 || distance > most) continue;
		// Of two that are as near, the one with the same extension.
		const score = 2 * distance + (other.extension === extension ? 0 : 1);
		if (best === undefined || score < best.score) best = { paths: [path], score };
		else if (score === best.score) best.paths.push(path);
	}
	return best && only(best.paths);
};

/** Whether it is the same name with another extension of its kind, or with any where `wanted` has none. */
const isInOtherFormat = (name: string, wanted: string): boolean => {
	const [one, other] = [splitName(name), splitName(wanted)];
	if (one.stem !== other.stem) return false;
	return !wanted.includes('.') || kindOf(one.extension) === kindOf(other.extension);
};

const only = <T>(all: readonly T[]): T | undefined => (all.length === 1 ? all[0] : undefined);

/**
 * How many letters have to be put in, left out, replaced or swapped with their neighbour to make `b` of `a` (the optimal
 * string alignment distance of Damerau and Levenshtein); anything above `most` where it is more than that.
 */
const distanceOf = (a: string, b: string, most: number): number => {
	let above: number[] = [];
	let last = Array.from({ length: b.length + 1 }, (_, at) => at);
	for (let row = 1; row <= a.length; row++) {
		const line = [row];
		for (let at = 1; at <= b.length; at++) {
			const isSame = a[row - 1] === b[at - 1];
			let cost = Math.min(
				(last[at] ?? 0) + 1,
				(line[at - 1] ?? 0) + 1,
				(last[at - 1] ?? 0) + (isSame ? 0 : 1),
			);
			if (at > 1 && row > 1 && a[row - 1] === b[at - 2] && a[row - 2] === b[at - 1])
				cost = Math.min(cost, (above[at - 2] ?? 0) + 1);
			line.push(cost);
		}
		if (Math.min(...line) > most) return most + 1;
		[above, last] = [last, line];
	}
	return last[b.length] ?? most + 1;
};
