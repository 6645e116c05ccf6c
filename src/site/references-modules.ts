// ES modules: what they import before they run, and where a specifier leads (HTML Standard §8.1.6, ECMA-262 §16.2).
// Dynamic imports are none of these: they happen if and when the script gets there.

import { parse } from 'es-module-lexer/js';
import { parseUrl } from './hrefs.ts';
import { lineCounter } from './lines.ts';
import type { Destination } from './references.ts';

/** A static import or re-export. */
export interface ModuleImport {
	readonly specifier: string;
	readonly as: Destination;
	/** Line in the text, from 1. */
	readonly line: number;
}

/** What a module imports. */
export interface ModuleImports {
	readonly kind: 'module';
	readonly imports: readonly ModuleImport[];
}

/** What the attribute `type` of an import stands for; other types make the module an error. */
const DESTINATIONS: Readonly<Record<string, Destination>> = { css: 'style', json: 'json' };

/** The static imports of a module's text. Never throws; what is no module imports nothing. */
export const importsOfModule = (text: string): ModuleImports => {
	// A quick look: most scripts are no modules.
	if (!/\b(?:import|export)\b/.test(text)) return { kind: 'module', imports: [] };
	try {
		const lineOf = lineCounter(text);
		const imports: ModuleImport[] = [];
		for (const found of parse(text)[0]) {
			// `import source` and `import defer` fetch, too.
			if (found.type !== 'static' && found.type !== 'reexport-star') continue;
			const type = found.attributes?.find(([key]) => key === 'type')?.[1];
			const as = type === undefined ? 'script' : DESTINATIONS[type];
			// A module with an import that cannot be is not run, and nothing of it is fetched.
			if (as === undefined || found.typeOnly) return { kind: 'module', imports: [] };
			imports.push({ specifier: found.specifier, as, line: lineOf(found.importStart) });
		}
		return { kind: 'module', imports };
	} catch {
		return { kind: 'module', imports: [] };
	}
};

type Addresses = ReadonlyMap<string, URL | undefined>;

/** Where bare specifiers lead (HTML Standard §8.1.6.2). */
export interface ImportMap {
	readonly imports: Addresses;
	/** By prefixes of the importing module's URL, longest first. */
	readonly scopes: readonly (readonly [prefix: string, imports: Addresses])[];
	readonly integrity: ReadonlyMap<string, string>;
}

/** Longer maps are read up to here. */
const MAX_ENTRIES = 10_000;

/** The import maps of a document's inline scripts, merged: what an earlier one says stands. What is malformed is none. */
export const parseImportMaps = (texts: readonly string[], base: URL): ImportMap => {
	const imports = new Map<string, URL | undefined>();
	const scopes = new Map<string, Map<string, URL | undefined>>();
	const integrity = new Map<string, string>();
	for (const text of texts) {
		const map = parseObject(text);
		if (map === undefined) continue;
		addAddresses(imports, map.imports, base);
		for (const [prefix, addresses] of entriesOf(map.scopes)) {
			const url = parseUrl(prefix, base)?.href;
			if (url === undefined) continue;
			const scope = scopes.get(url) ?? new Map<string, URL | undefined>();
			scopes.set(url, scope);
			addAddresses(scope, addresses, base);
		}
		for (const [key, value] of entriesOf(map.integrity)) {
			const url = parseLikeUrl(key, base)?.href;
			if (url !== undefined && typeof value === 'string' && !integrity.has(url)) integrity.set(url, value);
		}
	}
	const longestFirst = [...scopes].sort(([a], [b]) => (a < b ? 1 : -1));
	return { imports, scopes: longestFirst, integrity };
};

/** Where `specifier` leads in a module at `base`; `undefined` where that is an error. */
export const resolveSpecifier = (specifier: string, base: URL, map: ImportMap): URL | undefined => {
	const asUrl = parseLikeUrl(specifier, base);
	const normalized = asUrl?.href ?? specifier;
	for (const [prefix, addresses] of map.scopes) {
		if (prefix !== base.href && !(prefix.endsWith('/') && base.href.startsWith(prefix))) continue;
		const match = findAddress(normalized, asUrl, addresses);
		if (match !== 'none') return match;
	}
	const match = findAddress(normalized, asUrl, map.imports);
	return match === 'none' ? asUrl : match;
};

/** HTML Standard, "resolve an imports match": `undefined` is an entry that blocks the specifier. */
const findAddress = (
	normalized: string,
	asUrl: URL | undefined,
	addresses: Addresses,
): URL | undefined | 'none' => {
	if (addresses.has(normalized)) return addresses.get(normalized);
	let best: string | undefined;
	for (const key of addresses.keys())
		if (key.endsWith('/') && normalized.startsWith(key) && (best === undefined || key > best)) best = key;
	// Only bare specifiers and URLs of hierarchical schemes are mapped by prefix.
	if (best === undefined || (asUrl !== undefined && !/^(?:https?|file|ftp|wss?):$/.test(asUrl.protocol)))
		return 'none';
	const address = addresses.get(best);
	const url = address && parseUrl(normalized.slice(best.length), address);
	return url?.href.startsWith(address?.href ?? '') ? url : undefined;
};

const addAddresses = (addresses: Map<string, URL | undefined>, given: unknown, base: URL): void => {
	for (const [key, value] of entriesOf(given)) {
		const specifier = parseLikeUrl(key, base)?.href ?? key;
		if (key === '' || addresses.has(specifier) || addresses.size >= MAX_ENTRIES) continue;
		const url = typeof value === 'string' ? parseLikeUrl(value, base) : undefined;
		addresses.set(specifier, key.endsWith('/') && !url?.href.endsWith('/') ? undefined : url);
	}
};

const parseObject = (text: string): Readonly<Record<string, unknown>> | undefined => {
	try {
		const value: unknown = JSON.parse(text);
		return isObject(value) ? value : undefined;
	} catch {
		return undefined;
	}
};

const entriesOf = (value: unknown): [string, unknown][] => (isObject(value) ? Object.entries(value) : []);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** HTML Standard, "resolve a URL-like module specifier": bare names are none. */
const parseLikeUrl = (text: string, base: URL): URL | undefined =>
	/^(?:\/|\.\/|\.\.\/)/.test(text) ? parseUrl(text, base) : parseUrl(text);
