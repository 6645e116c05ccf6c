// Hints: what a page needs, named in the `Link` field of its 200 or 304, for clients that take no pushes. Browsers ask for
// it at once and not only when they have found it, which for what a style sheet or a module leads to takes a round trip
// for each step.
//
// There are no early hints (103, RFC 8297): what may be named in one has to be reusable without asking (Chromium fetches
// the rest twice), and a document of ours that takes longer than the 50 ms from which they pay is one whose references are
// not known yet either.

import { formatPreload } from '../http/link.ts';
import type { Delivery, Plan } from '../plan.ts';
import type { Dependency } from '../site/closure.ts';
import { isOwnRequest } from '../site/own-requests.ts';

/** More links at a time only compete with each other. */
export const MAX_LINKS = 30;
/** Characters of the field: proxies and clients have limits for a whole response head from 4 KiB on. */
export const MAX_LINK_CHARACTERS = 3072;

const NONE: ReadonlySet<string> = new Set();

/** The hints of one document. */
export interface Hints {
	/** The value of `Link`; `undefined` where there is nothing to say. */
	readonly link: string | undefined;
	/** What it names, in its order. */
	readonly deliveries: readonly Delivery[];
}

/**
 * What of `plan` is worth a link: what is sent or confirmed, the most deeply hidden first, since what the document itself
 * names is found by browsers on their own; among what is equally deep, in plan order. One that has no room is passed over,
 * a shorter one behind it is not.
 * @param hasImportMap of the document. A module that is hinted is there before its map: Chromium then cannot resolve what
 * it imports, and Firefox takes no map any more, so that of such a document no module is hinted
 * @param named URLs that the field names already
 * @param isSafe whether a dependency may be named to this client
 */
export const hintsOf = (
	plan: Plan,
	hasImportMap: boolean,
	named: ReadonlySet<string> = NONE,
	isSafe: (delivery: Delivery) => boolean = () => true,
): Hints => {
	const candidates = plan.deliveries
		.filter((delivery) => isSafe(delivery))
		.filter(
			({ dependency }) =>
				!(hasImportMap && dependency.isModule) &&
				!named.has(dependency.url) &&
				linkOf(dependency, plan) !== undefined,
		);
	candidates.sort((a, b) => b.dependency.depth - a.dependency.depth);
	const deliveries: Delivery[] = [];
	const links: string[] = [];
	let charactersLeft = MAX_LINK_CHARACTERS;
	for (const delivery of candidates) {
		if (links.length === MAX_LINKS) break;
		const link = linkOf(delivery.dependency, plan) ?? '';
		const characters = link.length + (links.length === 0 ? 0 : ', '.length);
		if (characters > charactersLeft) continue;
		charactersLeft -= characters;
		links.push(link);
		deliveries.push(delivery);
	}
	return { link: links.length === 0 ? undefined : links.join(', '), deliveries };
};

/**
 * Of the destinations that Chromium, Firefox and WebKit preload from a field, those where the later request is surely the
 * same: else the browser would fetch twice and complain. An image that the document itself names may be an icon, a
 * poster or an SVG's symbols, which are requested in ways of their own, and its preload scanner finds it anyway.
 */
const isHinted = ({ as, isModule, depth, crossorigin }: Dependency): boolean => {
	if (isModule) return as === 'script';
	switch (as) {
		case 'style':
		case 'script':
		case 'font':
			return true;
		case 'image':
			return depth > 1;
		case 'fetch':
			return depth > 1 && crossorigin !== undefined;
		default:
			return false;
	}
};

/** A dependency belongs to one closure and never changes, and pages are viewed more often than they do. */
const known = new WeakMap<Dependency, { readonly link: string | undefined }>();

/** The link for a dependency; `undefined` where it is not worth one. */
const linkOf = (dependency: Dependency, plan: Plan): string | undefined => {
	let memo = known.get(dependency);
	if (memo === undefined) {
		const { url, as, isModule, integrity } = dependency;
		const rel = isModule ? 'modulepreload' : 'preload';
		const find = (from: string): Dependency | undefined =>
			plan.decisions.find((decision) => decision.dependency.url === from)?.dependency;
		const isWorthIt = isHinted(dependency) && isOwnRequest(dependency, find);
		memo = {
			link: isWorthIt
				? formatPreload({ url, rel, as, crossorigin: corsOf(dependency, rel), integrity })
				: undefined,
		};
		known.set(dependency, memo);
	}
	return memo.link;
};

const corsOf = (
	{ as, crossorigin }: Dependency,
	rel: 'preload' | 'modulepreload',
): Dependency['crossorigin'] => {
	// Fonts are fetched with CORS whatever the author wrote (CSS Fonts §4.8.2) …
	if (as === 'font') return crossorigin ?? 'anonymous';
	// … and modules, too, which their `rel` says already (HTML Standard §4.6.7.7).
	return rel === 'modulepreload' && crossorigin === 'anonymous' ? undefined : crossorigin;
};
