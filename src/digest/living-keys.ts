// Which keys the site's present versions bear: what a client's record is pruned by. Told of each change as it happens,
// so that pruning costs the same whether the site has a thousand files or fifty thousand.

import type { KeyOracle } from './cookie.ts';
import { KEY_BITS, keyOf, type ResourceVersion } from './resource-key.ts';

/** Counts the versions that bear each key. Costs 3 MB whatever the size of the site. */
export class LivingKeys implements KeyOracle {
	/** How many present versions bear a key; 65,535 stands for "that many or more" and is never counted down. */
	readonly #bearers = new Uint16Array(2 ** KEY_BITS);
	readonly #aged = new Uint8Array(2 ** KEY_BITS);
	/** The same content under other URLs (a query, a folder's own path), by the version that they go with. */
	readonly #variants = new Map<ResourceVersion, Map<string, ResourceVersion>>();

	/** `version` is present from now on; `needsAge` as {@link KeyOracle.needsAge}. */
	add(version: ResourceVersion, needsAge: boolean): void {
		const key = keyOf(version);
		const count = this.#bearers[key] ?? 0;
		if (count < 0xffff) this.#bearers[key] = count + 1;
		// Stays set when a bearer goes: to take a settled key for an ageing one costs only its place in the record.
		if (needsAge) this.#aged[key] = 1;
	}

	/** `variant` is another URL of `version`, which was added before: it comes now and goes when that one does. */
	addVariant(version: ResourceVersion, variant: ResourceVersion, needsAge: boolean): void {
		const variants = this.#variants.get(version) ?? new Map<string, ResourceVersion>();
		// Of a version that is gone by now, nothing would ever remove it.
		if (variants.has(variant.url) || !this.isCurrent(keyOf(version), KEY_BITS)) return;
		this.#variants.set(version, variants.set(variant.url, variant));
		this.add(variant, needsAge);
	}

	/** `version`, added before, and its variants have come to need an age. */
	age(version: ResourceVersion): void {
		for (const each of [version, ...(this.#variants.get(version)?.values() ?? [])])
			this.#aged[keyOf(each)] = 1;
	}

	/** `version`, added before, is gone, and with it its variants. */
	remove(version: ResourceVersion): void {
		const variants = this.#variants.get(version);
		this.#variants.delete(version);
		for (const variant of variants?.values() ?? []) this.remove(variant);
		const key = keyOf(version);
		const count = this.#bearers[key] ?? 0;
		if (count > 0 && count < 0xffff) this.#bearers[key] = count - 1;
	}

	isCurrent(key: number, keyBits: number): boolean {
		return some(this.#bearers, key, keyBits);
	}

	needsAge(key: number, keyBits: number): boolean {
		return some(this.#aged, key, keyBits);
	}
}

const some = (counts: Uint16Array | Uint8Array, key: number, keyBits: number): boolean => {
	const span = 2 ** (KEY_BITS - keyBits);
	for (let wide = key * span; wide < (key + 1) * span; wide++) if ((counts[wide] ?? 0) > 0) return true;
	return false;
};
