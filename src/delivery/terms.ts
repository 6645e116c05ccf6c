// What is said of a representation at one address beside what it is: by default what the options say of its kind, and what
// the site's own rules (`_headers`) say of its path.

import { cacheControlOf, type Lifetime, readCacheControl } from '../http/freshness.ts';
import { applyHeaderRules, type FieldEdits, type HeaderRules } from '../site/header-rules.ts';
import { parsePath, pathIn } from '../site/paths.ts';
import type { Asset } from '../site/snapshot.ts';

/** The terms on which a representation is given. The same object as long as they are the same. */
export interface Terms {
	readonly lifetime: Lifetime;
	/** The value of `Cache-Control`; `undefined`: none, as the site wants it. */
	readonly cacheControl: string | undefined;
	/** The same for a response that is for one client alone. */
	readonly privately: string;
	/** Caches may give it to other clients without asking: it must have nothing of one client in it. */
	readonly isShared: boolean;
	/** Fields that the site adds to ours or puts in their place, by names in lower case. */
	readonly set: ReadonlyMap<string, string>;
	/** Names of fields of ours that the site does not want, in lower case. */
	readonly removed: ReadonlySet<string>;
	/** What the site says of its host's transport: for TLS alone, and never for this machine's own names. */
	readonly transportSecurity: string | undefined;
}

/** The terms of an asset at a URL, which is its own unless given. */
export type TermsSource = (asset: Asset, url?: string) => Terms;

const NO_FIELDS: ReadonlyMap<string, string> = new Map();
const NO_NAMES: ReadonlySet<string> = new Set();
const TRANSPORT_SECURITY = 'strict-transport-security';
/** Of more paths, those known are forgotten: clients can make up any number. */
const MAX_KNOWN = 10_000;
const MAX_PATH = 512;

/** The terms of a site, under the rules that are in force. */
export class SiteTerms {
	readonly #lifetimeOf: (asset: Asset) => Lifetime;
	readonly #plain = new Map<Lifetime, Terms>();
	readonly #ruled = new Map<string, Ruled>();
	#rules: HeaderRules | undefined;

	/** @param lifetimeOf what holds where the rules say nothing; the same object for the same lifetime */
	constructor(lifetimeOf: (asset: Asset) => Lifetime) {
		this.#lifetimeOf = lifetimeOf;
	}

	/** Puts other rules in force. */
	use(rules: HeaderRules | undefined): void {
		this.#rules = rules?.rules.length === 0 ? undefined : rules;
		this.#ruled.clear();
	}

	readonly of: TermsSource = (asset, url = asset.url) => {
		const lifetime = this.#lifetimeOf(asset);
		if (this.#rules === undefined) return this.#plainTerms(lifetime);
		const path = url === asset.url ? asset.url : pathIn(url);
		const known = this.#ruled.get(path);
		if (known?.lifetime === lifetime) return known.terms;
		const parsed = parsePath(path);
		const edits = parsed.kind === 'path' ? applyHeaderRules(this.#rules, parsed.path) : undefined;
		const terms = edits === undefined ? this.#plainTerms(lifetime) : termsOf(lifetime, edits);
		// Clients can make up long ones, too.
		if (path.length > MAX_PATH) return terms;
		if (this.#ruled.size >= MAX_KNOWN) this.#ruled.clear();
		this.#ruled.set(path, { lifetime, terms });
		return terms;
	};

	#plainTerms(lifetime: Lifetime): Terms {
		let terms = this.#plain.get(lifetime);
		if (terms === undefined) {
			terms = termsOf(lifetime, { set: NO_FIELDS, removed: NO_NAMES });
			this.#plain.set(lifetime, terms);
		}
		return terms;
	}
}

interface Ruled {
	/** What would hold without the rules. */
	readonly lifetime: Lifetime;
	readonly terms: Terms;
}

const termsOf = (usual: Lifetime, { set, removed }: Pick<FieldEdits, 'set' | 'removed'>): Terms => {
	const written = set.get('cache-control');
	const isSilent = written === undefined && removed.has('cache-control');
	const { lifetime, isShared, privately } =
		written === undefined
			? {
					lifetime: isSilent ? REVALIDATE : usual,
					isShared: false,
					privately: isSilent ? 'private' : cacheControlOf(usual, true),
				}
			: readCacheControl(written);
	return {
		lifetime,
		cacheControl: written ?? (isSilent ? undefined : cacheControlOf(usual, false)),
		privately,
		isShared,
		set: new Map([...set].filter(([name]) => name !== 'cache-control' && name !== TRANSPORT_SECURITY)),
		removed,
		transportSecurity: set.get(TRANSPORT_SECURITY),
	};
};

/** What nothing is said about may be used by a rule of thumb (RFC 9111 §4.2.2), which is not to be relied on. */
const REVALIDATE: Lifetime = { kind: 'revalidate' };
