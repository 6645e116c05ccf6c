// Selector lists (Selectors 4) as something a document can be asked for: what holds of it as it is, and what may come to
// hold of it by what its reader or its scripts do.

import { type CSSToken, TokenType } from '@csstools/css-tokenizer';
import { splitAtCommas, tokensOf } from './references-css-syntax.ts';

/** A complex selector. */
export interface Selector {
	/** What is to be matched, without what is said of states and pseudo-elements. */
	readonly text: string;
	/** `undefined`: the element itself; `other`: one that no document shows as it is loaded. */
	readonly pseudoElement: PseudoElement | 'other' | undefined;
	/** As a number of which a larger one wins (§17). */
	readonly specificity: number;
	/** Only in some state, such as `:hover`, or where we cannot tell. */
	readonly isState: boolean;
	/** What every match has: the quickest way to what could be one. */
	readonly key: SelectorKey;
}

/** The pseudo-elements that a document shows as it is loaded. */
export const PSEUDO_ELEMENTS = [
	'before',
	'after',
	'first-line',
	'first-letter',
	'marker',
	'placeholder',
] as const;
export type PseudoElement = (typeof PSEUDO_ELEMENTS)[number];

/** A condition on an element that its names answer. */
export interface SelectorKey {
	readonly kind: 'id' | 'class' | 'type' | 'any';
	readonly name: string;
}

const ANY: SelectorKey = { kind: 'any', name: '' };
const ID = 1_000_000;
const CLASS = 1000;
const TYPE = 1;

/** Pseudo-classes of which a document alone says whether they hold. */
const STRUCTURAL = new Set([
	'any-link',
	'checked',
	'disabled',
	'empty',
	'enabled',
	'first-child',
	'first-of-type',
	'last-child',
	'last-of-type',
	'link',
	'only-child',
	'only-of-type',
	'optional',
	'read-only',
	'read-write',
	'required',
	'root',
	'scope',
	'nth-child',
	'nth-last-child',
	'nth-last-of-type',
	'nth-of-type',
]);
const LOGICAL = new Set(['is', 'not', 'where', 'has', 'matches', '-webkit-any', '-moz-any']);
const LEGACY_PSEUDO_ELEMENTS = new Set(['before', 'after', 'first-line', 'first-letter']);

/** The selectors of a list. Never throws; what cannot be understood counts as a state. */
export const parseSelectors = (list: string): readonly Selector[] =>
	splitAtCommas(list).flatMap((text) => (text === '' ? [] : [parseSelector(text)]));

const parseSelector = (source: string): Selector => {
	const tokens = withoutLooseSpace(tokensOf(source));
	let text = '';
	let compound = '';
	let specificity = 0;
	let isState = false;
	let pseudoElement: Selector['pseudoElement'];
	let key = ANY;
	const add = (kind: SelectorKey['kind'], name: string, part: string): void => {
		compound += part;
		specificity += kind === 'id' ? ID : kind === 'class' ? CLASS : TYPE;
		if (key.kind === 'any' || kind === 'id' || (kind === 'class' && key.kind === 'type'))
			key = { kind, name };
	};
	const addPseudoClass = (name: string, part: string): void => {
		if (LOGICAL.has(name)) {
			const inner = parseSelectors(part.slice(part.indexOf('(') + 1, -1));
			if (name !== 'where') specificity += Math.max(0, ...inner.map((each) => each.specificity));
			// What is not in a state now is not: `:not(:hover)` holds.
			if (inner.every((each) => !each.isState && each.pseudoElement === undefined)) compound += part;
			else if (name !== 'not') isState = true;
			return;
		}
		specificity += CLASS;
		if (STRUCTURAL.has(name)) compound += part;
		else if (name !== 'defined') isState = true;
	};
	for (let at = 0; at < tokens.length; at++) {
		const token = tokens[at] as CSSToken;
		const [type, raw] = token;
		if (type === TokenType.Hash) add('id', contentOf(token), raw);
		else if (type === TokenType.Ident) add('type', contentOf(token).toLowerCase(), raw);
		else if (type === TokenType.Delim && raw === '.') {
			const name = tokens[++at];
			if (name !== undefined) add('class', contentOf(name), raw + name[1]);
		} else if (type === TokenType.Delim && raw === '*') compound += raw;
		else if (type === TokenType.OpenSquare) {
			const end = endOfBlock(tokens, at);
			specificity += CLASS;
			compound += joined(tokens.slice(at, end));
			at = end - 1;
		} else if (type === TokenType.Colon) {
			const isElement = tokens[at + 1]?.[0] === TokenType.Colon;
			at += isElement ? 2 : 1;
			const end = endOfBlock(tokens, at);
			const name = tokens[at] === undefined ? '' : contentOf(tokens[at] as CSSToken).toLowerCase();
			if (isElement || LEGACY_PSEUDO_ELEMENTS.has(name)) {
				specificity += TYPE;
				pseudoElement = PSEUDO_ELEMENTS.find((known) => known === name) ?? 'other';
			} else addPseudoClass(name, `:${joined(tokens.slice(at, end))}`);
			at = end - 1;
		} else if (isCombinator(token)) {
			text += (compound || '*') + (type === TokenType.Whitespace ? ' ' : raw);
			compound = '';
			key = ANY;
		} else isState = true;
	}
	return { text: text + (compound || '*'), pseudoElement, specificity, isState, key };
};

const isCombinator = (token: CSSToken | undefined): boolean =>
	token?.[0] === TokenType.Whitespace || (token?.[0] === TokenType.Delim && /^[>+~]$/.test(token[1]));

/** Without space at the ends and around other combinators. */
const withoutLooseSpace = (tokens: readonly CSSToken[]): readonly CSSToken[] => {
	const isLoose = (at: number): boolean =>
		[tokens[at - 1], tokens[at + 1]].some((beside) => beside === undefined || isCombinator(beside));
	return tokens.filter(([type], at) => type !== TokenType.Whitespace || !isLoose(at));
};

const joined = (tokens: readonly CSSToken[]): string => tokens.map(([, text]) => text).join('');

const contentOf = (token: CSSToken): string =>
	String((token[4] as { value?: unknown } | undefined)?.value ?? '');

/** The index after the block or function that opens at `from`. */
const endOfBlock = (tokens: readonly CSSToken[], from: number): number => {
	let depth = 0;
	for (let at = from; at < tokens.length; at++) {
		const type = tokens[at]?.[0];
		if (type === TokenType.Function || type === TokenType.OpenParen || type === TokenType.OpenSquare) depth++;
		else if (type === TokenType.CloseParen || type === TokenType.CloseSquare) depth--;
		if (depth === 0) return at + 1;
	}
	return tokens.length;
};
