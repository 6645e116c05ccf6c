// Which dependencies of a page its own document asks for: what a frame or a worker leads to is asked for by that one, which
// does not look among what was announced to its parent.

import type { Closure, Dependency } from './closure.ts';

/**
 * Whether the document itself asks for `dependency`.
 * @param find the dependency of a URL
 */
export const isOwnRequest = (
	dependency: Dependency,
	find: (url: string) => Dependency | undefined,
): boolean => {
	for (let at = dependency; at.depth > 1; ) {
		const parent = find(at.from);
		if (parent === undefined || parent.depth >= at.depth) return false;
		if (parent.as !== 'style' && parent.as !== 'script') return false;
		at = parent;
	}
	return true;
};

const known = new WeakMap<Closure, ReadonlySet<Dependency>>();

/** What the document of `closure` itself asks for. */
export const ownRequestsOf = (closure: Closure): ReadonlySet<Dependency> => {
	let own = known.get(closure);
	if (own === undefined) {
		const byUrl = new Map(closure.dependencies.map((dependency) => [dependency.url, dependency]));
		const all = [...closure.dependencies, ...(closure.alternatives ?? [])];
		own = new Set(all.filter((dependency) => isOwnRequest(dependency, (url) => byUrl.get(url))));
		known.set(closure, own);
	}
	return own;
};
