// What a page is made of at one moment, as far as its own document shows it: what differs from one moment to the next has to
// be shown anew.

import type { Closure, Dependency } from './closure.ts';
import { ownRequestsOf } from './own-requests.ts';
import { type Asset, isHtml } from './snapshot.ts';

/** One file of a page. */
export interface PageItem {
	/** Path and query. */
	readonly url: string;
	/** `undefined` where there is no such file. */
	readonly asset: Asset | undefined;
	readonly as: Dependency['as'];
}

/** The files of this site that the document of `closure` itself asks for, or would but for a choice. */
export const pageItemsOf = (closure: Closure): readonly PageItem[] => {
	const own = ownRequestsOf(closure);
	return [...closure.dependencies, ...(closure.alternatives ?? [])]
		.filter((each) => own.has(each) && !showsItself(each) && (each.asset !== undefined || isMissing(each)))
		.map(({ url, asset, as }) => ({ url, asset, as: as === 'document' ? 'object' : as }));
};

/** A frame with a document has that look after itself; one with an image or a text can do no such thing. */
const showsItself = ({ as, asset }: Dependency): boolean =>
	as === 'document' && (asset === undefined || isHtml(asset.type));

/** Not what is another site's, nor what a rule of this one leads elsewhere. */
const isMissing = ({ url, reservation }: Dependency): boolean =>
	url.startsWith('/') && reservation !== 'redirected' && reservation !== 'other origin';
