// Where a page refers to files: what there is to look through, and what a place is.

/** A reference that shows an older version than it should. */
export interface Place {
	readonly key: string;
	/** What it is to refer to. */
	readonly url: string;
	readonly kind: 'style' | 'image' | 'font';
	/** Has it refer to that; undefined where only a reload can. */
	readonly swap: (() => void | Promise<void>) | undefined;
}

/** A sheet or a rule that has rules. */
export interface RuleOwner {
	readonly cssRules: CSSRuleList;
	insertRule(rule: string, index: number): number;
	deleteRule(index: number): void;
}

/** The document and every shadow tree that scripts can see. */
export const roots = (): readonly (Document | ShadowRoot)[] => {
	const found: (Document | ShadowRoot)[] = [document];
	for (const root of found)
		for (const { shadowRoot } of root.querySelectorAll('*')) if (shadowRoot !== null) found.push(shadowRoot);
	return found;
};

/** Its engine differs from the others' in what it holds in memory. */
export const isFirefox: boolean = CSS.supports('-moz-appearance', 'none');

/** All elements that match, in every tree. */
export const elements = <T extends Element>(selector: string): readonly T[] =>
	roots().flatMap((root) => [...root.querySelectorAll<T>(selector)]);

/**
 * Sees a rule, what its addresses are relative to, and the element that its sheet, or the one that imports that, belongs to.
 * `false`: what is imported or nested there does not matter.
 */
export type Visit = (rule: CSSRule, base: string, owner: unknown) => boolean | undefined;

/** Shows `visit` every rule of every sheet that scripts may read, imported ones included, but of none in `except`. */
export const eachRule = (visit: Visit, except: ReadonlySet<unknown> = new Set()): void => {
	for (const root of roots())
		for (const sheet of [...root.styleSheets, ...root.adoptedStyleSheets])
			if (!except.has(sheet.ownerNode)) eachIn(sheet, baseOf(sheet), sheet.ownerNode, visit);
};

const baseOf = ({ href, ownerNode }: CSSStyleSheet): string => href ?? ownerNode?.baseURI ?? document.baseURI;

const eachIn = (rules: object, base: string, owner: unknown, visit: Visit): void => {
	for (const rule of rulesOf(rules)) {
		if (visit(rule, base, owner) === false) continue;
		const imported = rule instanceof CSSImportRule ? rule.styleSheet : undefined;
		if (imported) eachIn(imported, baseOf(imported), owner, visit);
		else eachIn(rule, base, owner, visit);
	}
};

/** None where there are none, where the sheet is another origin's, or where it has not come yet. */
const rulesOf = (owner: { readonly cssRules?: CSSRuleList }): readonly CSSRule[] => {
	try {
		return [...(owner.cssRules ?? [])];
	} catch {
		return [];
	}
};

/** Puts a rule behind another one. */
export const insertBehind = (rule: CSSRule, text: string): CSSRule => {
	const owner = ownerOf(rule);
	const index = owner.insertRule(text, indexOf(rule) + 1);
	return owner.cssRules[index] as CSSRule;
};

export const removeRule = (rule: CSSRule): void => {
	const index = indexOf(rule);
	if (index >= 0) ownerOf(rule).deleteRule(index);
};

const ownerOf = ({ parentRule, parentStyleSheet }: CSSRule): RuleOwner =>
	(parentRule ?? parentStyleSheet) as unknown as RuleOwner;

const indexOf = (rule: CSSRule): number => [...ownerOf(rule).cssRules].indexOf(rule);
