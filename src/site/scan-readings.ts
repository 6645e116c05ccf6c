// The readings of a site's files: no two of one file at a time, and what to make of those that fail.

import type { UrlPath } from './paths.ts';
import { fileOf, isRefusal, readAsset } from './scan.ts';
import type { Asset } from './snapshot.ts';
import { Visibility } from './visibility.ts';

/** Of the mistakes in one file, so many are told. */
const TOLD_MISTAKES = 10;

/** The readings of a site's files that are under way. */
export class Readings {
	readonly #root: string;
	readonly #onProblem: (file: string, error: unknown) => void;
	readonly #visibility: Visibility;
	readonly #underWay = new Map<UrlPath, Promise<Asset | undefined>>();
	/** Of these it has been said. */
	readonly #unreadable = new Set<UrlPath>();
	/** Files of rules, and the hash of the version whose mistakes were told last. */
	readonly #mistaken = new Map<UrlPath, string>();

	constructor(
		root: string,
		onProblem: (file: string, error: unknown) => void,
		visibility: Visibility = Visibility.DEFAULT,
	) {
		this.#root = root;
		this.#onProblem = onProblem;
		this.#visibility = visibility;
	}

	/** {@link readAsset}; several askers for one path share one reading. `known` is what there is if it fails. */
	read(path: UrlPath, known: Asset | undefined, isListed = false): Promise<Asset | undefined> {
		const underWay = this.#underWay.get(path);
		if (underWay !== undefined) return underWay;
		const reading = this.#read(path, known, isListed).finally(() => this.#underWay.delete(path));
		this.#underWay.set(path, reading);
		return reading;
	}

	/** As {@link read}, but never of before now: a reading under way may have missed the change that is asked about. */
	async readAnew(path: UrlPath, known: Asset | undefined, isListed = false): Promise<Asset | undefined> {
		await this.#underWay.get(path);
		return this.read(path, known, isListed);
	}

	/** Rules with mistakes are told of once, and leave those before in force. */
	#withGoodRules(asset: Asset, known: Asset | undefined): Asset {
		const { references, hash, path } = asset;
		if (references?.kind !== 'redirects' && references?.kind !== 'headers') return asset;
		if (references.problems.length === 0) {
			this.#mistaken.delete(path);
			return asset;
		}
		if (this.#mistaken.get(path) !== hash)
			for (const { line, message } of references.problems.slice(0, TOLD_MISTAKES))
				this.#onProblem(asset.file, new Error(`line ${line}: ${message}`));
		this.#mistaken.set(path, hash);
		return known?.references?.kind === references.kind ? { ...asset, references: known.references } : asset;
	}

	async #read(path: UrlPath, known: Asset | undefined, isListed: boolean): Promise<Asset | undefined> {
		if (this.#visibility.hides(path)) return undefined;
		try {
			const asset = await readAsset(this.#root, path, isListed, this.#visibility);
			this.#unreadable.delete(path);
			return asset && this.#withGoodRules(asset, known);
		} catch (error) {
			if (!this.#unreadable.has(path)) this.#onProblem(fileOf(this.#root, path), error);
			this.#unreadable.add(path);
			// What is not refused may be too much at once: what was known of the file is not wrong for that.
			return isRefusal(error) ? undefined : known;
		}
	}
}
