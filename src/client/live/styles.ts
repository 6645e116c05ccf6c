// Style sheets: links, and what they import.

import { eachRule, elements, insertBehind, isFirefox, type Place, removeRule } from './places.ts';
import { renewalOf, type Versions } from './urls.ts';

/** What has not come by then does not come. */
const PATIENCE_MS = 8000;
const POLL_MS = 10;
const IMPORTED = /^@import\s+(?:url\(\s*(?:"(?:\\[\s\S]|[^"\\])*"|[^"()]*)\s*\)|"(?:\\[\s\S]|[^"\\])*")/i;

/** An element with a sheet. */
type Owner = HTMLLinkElement | HTMLStyleElement;

/** Of the elements that we have made: what was wanted then, and so is imported, too. */
const made = new WeakMap<Owner, Versions>();

/**
 * Every link and import of a sheet that is not shown as it should be.
 * @param isDeep also those within sheets that are to be replaced themselves
 */
export const stylePlaces = (wanted: Versions, isDeep: boolean): readonly Place[] => {
	const places: Place[] = [];
	const links = new Set<unknown>();
	for (const link of elements<HTMLLinkElement>('link[rel~=stylesheet i][href]')) {
		const renewal = renewalOf(link.href, link.baseURI, wanted);
		if (renewal === undefined) continue;
		if (!isDeep) links.add(link);
		const swap = link.integrity === '' ? () => swapOwner(link, wanted, renewal.url) : undefined;
		places.push({ ...renewal, kind: 'style', swap });
	}
	const swaps = new Map<Owner, Promise<void>>();
	eachRule((rule, base, owner) => {
		if (!(rule instanceof CSSImportRule)) return undefined;
		const renewal = renewalOf(rule.href, base, wanted);
		if (renewal === undefined) return undefined;
		if (isFirefox) places.push({ ...renewal, kind: 'style', swap: () => swapImport(rule, renewal.url) });
		else {
			// The other engines show nothing of a sheet into which an import is put until that has come, but ask anew for what
			// a new one imports. Firefox does neither.
			const root = owner as Owner;
			const { key } = renewal;
			if (made.get(root)?.get(key) === wanted.get(key)) return undefined;
			const swap = (): Promise<void> => {
				const swapping = swaps.get(root) ?? swapOwner(root, wanted);
				swaps.set(root, swapping);
				return swapping;
			};
			places.push({ key, url: new URL(rule.href, base).href, kind: 'style', swap });
		}
		return isDeep;
	}, links);
	return places;
};

/** The old one goes when the new one is there: at no time is there none. */
const swapOwner = (old: Owner, wanted: Versions, url?: string): Promise<void> =>
	new Promise((resolve, reject) => {
		const fresh = old.cloneNode(true) as Owner;
		fresh.nonce = old.nonce ?? '';
		if (url !== undefined) fresh.setAttribute('href', url);
		made.set(fresh, wanted);
		// A script may have switched it, which no attribute shows: it must not be seen before it is switched again.
		const isSwitched = old.sheet?.disabled === true && !old.disabled;
		if (isSwitched) fresh.media = 'not all';
		const finish = (isThere: boolean): void => {
			clearTimeout(timer);
			if (isThere && old.sheet && fresh.sheet) fresh.sheet.disabled = old.sheet.disabled;
			if (isThere && isSwitched) restoreMedia(fresh, old);
			(isThere ? old : fresh).remove();
			if (isThere) resolve();
			else reject(new Error(url));
		};
		const timer = setTimeout(finish, PATIENCE_MS, false);
		fresh.addEventListener('load', () => finish(true), { once: true });
		fresh.addEventListener('error', () => finish(false), { once: true });
		old.after(fresh);
		// It would not be loaded.
		if (old.disabled) finish(true);
	});

/** For the same condition as the old one, and as switched as before. */
const restoreMedia = (fresh: Owner, old: Owner): void => {
	const isDisabled = fresh.sheet?.disabled ?? false;
	const media = old.getAttribute('media');
	if (media === null) fresh.removeAttribute('media');
	else fresh.setAttribute('media', media);
	if (fresh.sheet) fresh.sheet.disabled = isDisabled;
};

const swapImport = async (rule: CSSImportRule, url: string): Promise<void> => {
	const fresh = insertBehind(
		rule,
		rule.cssText.replace(IMPORTED, () => `@import url(${JSON.stringify(url)})`),
	);
	const deadline = Date.now() + PATIENCE_MS;
	while (!isThere(fresh as CSSImportRule)) {
		if (Date.now() > deadline) {
			removeRule(fresh);
			throw new Error(url);
		}
		await new Promise((resolve) => setTimeout(resolve, POLL_MS));
	}
	removeRule(rule);
};

/** There is no event for it: browsers let nobody read the rules before. */
const isThere = ({ styleSheet }: CSSImportRule): boolean => {
	try {
		return styleSheet?.cssRules !== undefined;
	} catch {
		return false;
	}
};
