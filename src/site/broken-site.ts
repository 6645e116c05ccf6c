// The broken references of a whole site, kept current as its files change. An index of who refers to
// what would cost memory for every reference that is fine: when a file goes, all files are looked at again, by slices.

import type { BrokenReference } from './broken.ts';
import { FileJudge, type FileReport } from './broken-file.ts';
import { parsePath, pathIn, type UrlPath } from './paths.ts';
import { REDIRECTS_PATH } from './redirect-rules.ts';
import type { References } from './references.ts';
import { candidatesOf, DEFAULT_ROUTES, type RouteOptions, ruledCandidatesOf } from './routes.ts';
import type { Asset, Changes, Snapshot } from './snapshot.ts';
import { rememberNames, SiteNames } from './suggestions.ts';

/** What became of the broken references. */
export interface Difference {
	/** Were not broken before. */
	readonly added: readonly BrokenReference[];
	/** Are not any more, or are gone with their file. */
	readonly mended: readonly BrokenReference[];
}

/** References that are looked at in a millisecond, or in five on a machine that has just started or has much else to do. */
const SLICE = 250;
/** What it takes to note the name of a file, and to pass over one without references, in references. */
const COST = { naming: 1 / 2, passing: 1 / 8 } as const;

/** Knows every broken reference of a site. Has no timers: whoever owns it calls {@link BrokenReferences.step}. */
export class BrokenReferences {
	readonly #routes: RouteOptions;
	readonly #names = new SiteNames();
	/** By the file that has them; only of those that have any. */
	readonly #byFile = new Map<UrlPath, Findings>();
	/** Files with broken references, by what would mend them. */
	readonly #wanted = new Map<string, Set<UrlPath>>();
	/** Import maps by their document. */
	readonly #maps = new Map<UrlPath, string>();
	/** Files to be looked at next. */
	readonly #urgent = new Set<UrlPath>();
	#snapshot: Snapshot;
	#judge: FileJudge;
	#naming: Iterator<Asset> | undefined;
	#pass: Iterator<Asset> | undefined;
	/** All files are to be looked at again, once the pass that is under way is over. */
	#isPassDue = true;
	#total = 0;

	/** @param snapshot of a site whose scan is over: what is not known yet would be missing */
	constructor(snapshot: Snapshot, routes: RouteOptions = DEFAULT_ROUTES) {
		this.#routes = routes;
		this.#snapshot = snapshot;
		this.#judge = this.#judgeOf(snapshot);
		this.#naming = snapshot.assets();
	}

	/** Whether all is known; else {@link BrokenReferences.step} has something to do. */
	get isCurrent(): boolean {
		return !this.#isPassDue && this.#pass === undefined && this.#urgent.size === 0;
	}

	/** How many are known of. */
	get total(): number {
		return this.#total;
	}

	/** The first `count` by file and line. */
	list(count: number): readonly BrokenReference[] {
		const found: BrokenReference[] = [];
		for (const path of [...this.#byFile.keys()].sort()) {
			if (found.length >= count) break;
			found.push(...(this.#byFile.get(path)?.broken ?? []));
		}
		return found.slice(0, count);
	}

	/**
	 * Takes notice of changes, and looks at the first of the files that they concern. What else there is to look at is left
	 * to {@link BrokenReferences.step}.
	 */
	update(changes: Changes, before: Snapshot, after: Snapshot): Difference {
		this.#snapshot = after;
		this.#judge = this.#judgeOf(after);
		this.#names.update(changes);
		if (this.#naming === undefined) rememberNames(after, this.#names, before);
		for (const [path, asset] of changes) {
			const earlier = before.get(path);
			const hasComeOrGone = (earlier === undefined) !== (asset === undefined);
			if (path === REDIRECTS_PATH || (hasComeOrGone && path === this.#routes.single)) this.#startOver();
			if (hasReferences(asset) || this.#byFile.has(path)) this.#urgent.add(path);
			if (this.#setMaps(path, asset) && this.#naming === undefined) this.#startOver();
			if (earlier === undefined && asset !== undefined) this.#noteComing(path);
			else if (earlier !== undefined && asset === undefined) this.#isPassDue = true;
			// Which of its addresses a page is shown under depends on what else has such a name.
			if (hasComeOrGone && this.#routes.trailingSlash !== 'keep')
				for (const other of candidatesOf((asset ?? earlier)?.url ?? ''))
					if (hasReferences(after.get(other))) this.#urgent.add(other);
		}
		return this.step();
	}

	/**
	 * Looks at some of the files that are to be looked at.
	 * @param budget references at most, but for those of the last file: 250 take about a millisecond
	 */
	step(budget: number = SLICE): Difference {
		const added: BrokenReference[] = [];
		const mended: BrokenReference[] = [];
		for (let left = budget; left > 0 && !this.isCurrent; ) {
			if (this.#naming !== undefined) left -= this.#nameNext(this.#naming);
			else left -= this.#lookAtNext(added, mended);
		}
		return { added, mended };
	}

	#judgeOf(snapshot: Snapshot): FileJudge {
		return new FileJudge(snapshot, this.#routes, () => [...this.#maps.values()]);
	}

	/** Before anything is judged, names and import maps are to be known. */
	#nameNext(naming: Iterator<Asset>): number {
		const { value: asset, done } = naming.next();
		if (done === true) {
			this.#naming = undefined;
			rememberNames(this.#snapshot, this.#names);
		} else if (this.#snapshot.get(asset.path) === asset) {
			this.#names.add(asset.path);
			this.#setMaps(asset.path, asset);
		}
		return COST.naming;
	}

	#lookAtNext(added: BrokenReference[], mended: BrokenReference[]): number {
		for (const path of this.#urgent) {
			this.#urgent.delete(path);
			return this.#lookAt(path, added, mended);
		}
		if (this.#pass === undefined) {
			this.#pass = this.#snapshot.assets();
			this.#isPassDue = false;
		}
		const { value: asset, done } = this.#pass.next();
		if (done === true) this.#pass = undefined;
		// What has changed meanwhile was looked at when it did.
		else if (hasReferences(asset) && this.#snapshot.get(asset.path) === asset)
			return this.#lookAt(asset.path, added, mended);
		return COST.passing;
	}

	#lookAt(path: UrlPath, added: BrokenReference[], mended: BrokenReference[]): number {
		const asset = this.#snapshot.get(path);
		const { broken, looks } = hasReferences(asset) ? this.#judge.judge(asset) : NOTHING;
		const earlier = this.#byFile.get(path);
		if (earlier === undefined && broken.length === 0) return 1 + looks;
		added.push(...without(broken, earlier?.broken ?? []));
		mended.push(...without(earlier?.broken ?? [], broken));
		this.#total += broken.length - (earlier?.broken.length ?? 0);
		for (const key of earlier?.wanted ?? []) this.#unwant(key, path);
		const wanted = new Set(broken.flatMap(({ url }) => wantedBy(url, this.#snapshot)));
		for (const key of wanted) {
			const files = this.#wanted.get(key);
			if (files === undefined) this.#wanted.set(key, new Set([path]));
			else files.add(path);
		}
		if (broken.length === 0) this.#byFile.delete(path);
		else this.#byFile.set(path, { broken, wanted });
		return 1 + looks;
	}

	#unwant(key: string, path: UrlPath): void {
		const files = this.#wanted.get(key);
		files?.delete(path);
		if (files?.size === 0) this.#wanted.delete(key);
	}

	/** Has those looked at whose references may lead to a file that has come. */
	#noteComing(path: UrlPath): void {
		if (this.#byFile.size === 0) return;
		for (const key of mendedBy(path)) for (const file of this.#wanted.get(key) ?? []) this.#urgent.add(file);
	}

	/** Whether the import maps of a file are others than before. */
	#setMaps(path: UrlPath, asset: Asset | undefined): boolean {
		const { references } = asset ?? {};
		const maps = references?.kind === 'document' ? references.importMaps.join('\n') : '';
		if (maps === (this.#maps.get(path) ?? '')) return false;
		if (maps === '') this.#maps.delete(path);
		else this.#maps.set(path, maps);
		return true;
	}

	#startOver(): void {
		this.#isPassDue = true;
		this.#pass = undefined;
	}
}

/** What is known of a file with broken references. */
interface Findings {
	readonly broken: readonly BrokenReference[];
	readonly wanted: ReadonlySet<string>;
}

const NOTHING: FileReport = { broken: [], looks: 0 };

/** Whether there is something to look at. What others have published is for them to mend. */
const hasReferences = (asset: Asset | undefined): asset is Asset =>
	asset?.references !== undefined && LOOKED_AT.has(asset.references.kind) && !isOthers(asset.path);

const LOOKED_AT: ReadonlySet<References['kind']> = new Set(['document', 'style', 'module'] as const);

const isOthers = (path: UrlPath): boolean => path.includes('/node_modules/');

/** Those of `some` that are not among `others`, wherever in the file they are. */
const without = (
	some: readonly BrokenReference[],
	others: readonly BrokenReference[],
): readonly BrokenReference[] => {
	const counts = new Map<string, number>();
	for (const { url } of others) counts.set(url, (counts.get(url) ?? 0) + 1);
	return some.filter(({ url }) => {
		const count = counts.get(url) ?? 0;
		counts.set(url, count - 1);
		return count <= 0;
	});
};

/** Under what a broken reference is found again when a file comes that mends it: see {@link mendedBy}. */
const wantedBy = (url: string, snapshot: Snapshot): readonly string[] => {
	const path = pathIn(url);
	const parsed = parsePath(path);
	if (parsed.kind !== 'path') return [];
	return [parsed.path.replace(/\/$/, ''), ...ruledCandidatesOf(snapshot, path)].map((key) => key.normalize());
};

/** What leads to a file: its path, that without what addresses can do without, and the folders that would show a list. */
const mendedBy = (path: UrlPath): ReadonlySet<string> => {
	const file = path.normalize();
	const keys = new Set([file, file.replace(/\.html$/, '')]);
	for (let end = file.lastIndexOf('/'); end !== -1; end = file.lastIndexOf('/', end - 1)) {
		keys.add(file.slice(0, end));
		if (end === 0) break;
	}
	return keys;
};
