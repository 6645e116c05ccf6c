// Assets and dependencies out of nothing, for tests of what is done with them.

import type { Dependency } from '../../src/site/closure.ts';
import type { UrlPath } from '../../src/site/paths.ts';
import { type Asset, type AssetFacts, toAsset } from '../../src/site/snapshot.ts';

/** A file of 100 bytes at this URL, whose query is not its own; last modified in 1970. */
export const assetOf = (url: string, changes: Partial<AssetFacts> = {}): Asset =>
	toAsset({
		path: url.replace(/\?.*/, '') as UrlPath,
		url,
		file: url,
		size: 100,
		hash: `hash of ${url}`,
		modifiedMs: 0,
		diskVersion: '',
		references: undefined,
		...changes,
	});

/** A script in line 1 of the page, on a file that exists, but for what `changes` says. */
export const dependencyOf = (url: string, changes: Partial<Dependency> = {}): Dependency => {
	const asset = 'asset' in changes ? changes.asset : assetOf(url);
	return {
		url,
		hash: asset?.hash ?? '',
		asset,
		as: 'script',
		isModule: false,
		crossorigin: undefined,
		integrity: undefined,
		reservation: undefined,
		depth: 1,
		from: '/',
		line: 1,
		...changes,
	};
};
