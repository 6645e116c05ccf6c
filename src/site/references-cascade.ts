// Which declarations win for each element of a document (CSS Cascading 5), as far as they decide what is fetched.

import { type CheerioAPI, load } from 'cheerio/slim';
import {
	declarationsOfAttribute,
	imagePropertyOf,
	type StyleRule,
	type StyleSheet,
} from './references-css.ts';
import type { Declaration } from './references-css-syntax.ts';
import { parseSelectors, type Selector, type SelectorKey } from './references-selectors.ts';

/** An element of a parsed document. */
export type Element = ReturnType<CheerioAPI['root']>[0]['childNodes'][number] & {
	readonly name: string;
	readonly attribs: Readonly<Record<string, string | undefined>>;
};

/** A style sheet as a document uses it. */
export interface SheetInUse {
	readonly sheet: StyleSheet;
	/** The cascade layer that it was imported into. */
	readonly layer: string | undefined;
	readonly isConditional: boolean;
}

/** A declaration that counts for an element. */
export interface Winner {
	readonly property: string;
	readonly value: string;
	/** Index of its style sheet; -1 for a `style` attribute. */
	readonly sheet: number;
	readonly line: number;
	readonly priority: number;
}

/** What holds for one property of an element or of one of its pseudo-elements. */
export interface Decided {
	/** `undefined` where only conditional ones were found. */
	winner: Winner | undefined;
	/** Those that would win where their conditions are met. */
	readonly conditional: Winner[];
}

/** What was found out about an element: by property, with the pseudo-element behind it (`content::before`). */
export type Styles = ReadonlyMap<string, Decided>;

/**
 * Told of a declaration that could come to win: its rule matches only in another state (`:hover`), or there was too much
 * to compare.
 */
export type Undecided = (winner: Winner, why: 'only in another state' | 'the client chooses') => void;

const IMPORTANT = 1e14;
const ATTRIBUTE = 9e13;
const LAYER = 1e10;
/** Elements compared with selectors, and given declarations: about a second. */
const MAX_STEPS = 2e6;

/** Elements whose content is not part of the document that is shown. */
const INERT = 'template, noscript, iframe, noembed, noframes, xmp';

/** A document that can be asked which declarations win. */
export class Cascade {
	readonly root: readonly Element[];
	readonly #$: CheerioAPI;
	readonly #byName = {
		id: new Map<string, Element[]>(),
		class: new Map<string, Element[]>(),
		type: new Map<string, Element[]>(),
	};
	readonly #all: Element[] = [];
	readonly #styles = new Map<Element, Map<string, Decided>>();
	readonly #properties: ReadonlySet<string>;
	#steps = 0;

	/**
	 * @param sheets in cascade order
	 * @param properties those that are looked at, besides variables
	 */
	constructor(
		markup: string,
		isXml: boolean,
		sheets: readonly SheetInUse[],
		properties: ReadonlySet<string>,
		onUndecided: Undecided,
	) {
		this.#properties = properties;
		const $ = load(markup, { xml: { xmlMode: isXml, decodeEntities: true } });
		this.#$ = $;
		$(INERT).empty();
		if (!isXml) completeDocument($);
		this.#all = $('*').toArray() as Element[];
		this.root = this.#all.filter(({ parent }) => parent === null || !('name' in parent));
		for (const element of this.#all) this.#index(element);
		const layers = layersOf(sheets);
		for (const [index, used] of sheets.entries())
			for (const rule of used.sheet.rules) this.#apply(rule, index, used, layers, onUndecided);
		for (const element of this.#all)
			for (const declaration of declarationsOfAttribute(element.attribs.style ?? ''))
				if (this.#isLookedAt(declaration.property))
					this.#set(element, '', toWinner(declaration, -1, ATTRIBUTE), false);
	}

	/** What was declared for an element. */
	stylesOf(element: Element): Styles {
		return this.#styles.get(element) ?? NO_STYLES;
	}

	#index(element: Element): void {
		note(this.#byName.type, element.name.toLowerCase(), element);
		const { id, class: classes } = element.attribs;
		if (id !== undefined) note(this.#byName.id, id, element);
		for (const name of new Set(classes?.split(/[\t\n\f\r ]+/)))
			if (name !== '') note(this.#byName.class, name, element);
	}

	#apply(rule: StyleRule, index: number, used: SheetInUse, layers: Layers, onUndecided: Undecided): void {
		const declarations = rule.declarations.filter(({ property }) => this.#isLookedAt(property));
		if (declarations.length === 0) return;
		const layerRank = layers.rankOf(joined(used.layer, rule.layer));
		for (const selector of selectorsOf(rule)) {
			const isTooMuch = this.#steps > MAX_STEPS;
			const elements = this.#matches(selector, isTooMuch);
			if (elements.length === 0) continue;
			for (const declaration of declarations) {
				// Important declarations win in the reverse order of layers (§6.4.4).
				const rank = declaration.isImportant ? layers.count - layerRank : layerRank;
				const winner = toWinner(declaration, index, rank * LAYER + Math.min(selector.specificity, LAYER - 1));
				if (isTooMuch) onUndecided(winner, 'the client chooses');
				else if (selector.isState || selector.pseudoElement === 'other')
					onUndecided(winner, 'only in another state');
				else {
					const isConditional = rule.isConditional || used.isConditional;
					for (const element of elements) this.#set(element, suffixOf(selector), winner, isConditional);
					this.#steps += elements.length;
				}
			}
		}
	}

	#isLookedAt(property: string): boolean {
		return property.startsWith('--') || this.#properties.has(imagePropertyOf(property) ?? property);
	}

	#matches({ text, key }: Selector, isTooMuch: boolean): readonly Element[] {
		const candidates = this.#candidatesOf(key);
		if (candidates.length === 0 || isTooMuch || isPlain(text, key)) return candidates;
		this.#steps += candidates.length;
		try {
			return this.#$(candidates as Element[])
				.filter(text)
				.toArray() as Element[];
		} catch {
			return [];
		}
	}

	#candidatesOf({ kind, name }: SelectorKey): readonly Element[] {
		return kind === 'any' ? this.#all : (this.#byName[kind].get(name) ?? []);
	}

	#set(element: Element, suffix: string, winner: Winner, isConditional: boolean): void {
		let styles = this.#styles.get(element);
		if (styles === undefined) {
			styles = new Map();
			this.#styles.set(element, styles);
		}
		for (const property of longhandsOf(winner.property)) {
			const key = property + suffix;
			const decided: Decided = styles.get(key) ?? { winner: undefined, conditional: [] };
			styles.set(key, decided);
			if (isConditional) decided.conditional.push(winner);
			else if (decided.winner === undefined || winner.priority >= decided.winner.priority)
				decided.winner = winner;
		}
	}
}

const NO_STYLES: Styles = new Map();

const suffixOf = ({ pseudoElement }: Selector): string =>
	pseudoElement === undefined ? '' : `::${pseudoElement}`;

const toWinner = (
	{ property, value, isImportant, line }: Declaration,
	sheet: number,
	rank: number,
): Winner => ({
	property,
	value,
	sheet,
	line,
	priority: rank + (isImportant ? IMPORTANT : 0),
});

const longhandsOf = (property: string): readonly string[] =>
	property === 'font'
		? ['font-family', 'font-style', 'font-weight']
		: [imagePropertyOf(property) ?? property];

const parsed = new WeakMap<StyleRule, readonly Selector[]>();
/** The selectors of a rule. */
export const selectorsOf = (rule: StyleRule): readonly Selector[] => {
	let selectors = parsed.get(rule);
	if (selectors === undefined) {
		selectors = parseSelectors(rule.selectors);
		parsed.set(rule, selectors);
	}
	return selectors;
};

/** Whether the key says all that the selector says. */
const isPlain = (text: string, { kind, name }: SelectorKey): boolean =>
	text === (kind === 'any' ? '*' : `${kind === 'id' ? '#' : kind === 'class' ? '.' : ''}${name}`);

const note = (map: Map<string, Element[]>, name: string, element: Element): void => {
	const elements = map.get(name);
	if (elements === undefined) map.set(name, [element]);
	else elements.push(element);
};

interface Layers {
	readonly count: number;
	/** Unlayered rules come after all layers. */
	rankOf(layer: string | undefined): number;
}

const layersOf = (sheets: readonly SheetInUse[]): Layers => {
	const ranks = new Map<string, number>();
	const add = (layer: string | undefined): void => {
		if (layer !== undefined && !ranks.has(layer)) ranks.set(layer, ranks.size);
	};
	for (const { sheet, layer } of sheets) {
		for (const name of sheet.layers) add(joined(layer, name));
		add(layer);
	}
	const count = ranks.size;
	return { count, rankOf: (layer) => (layer === undefined ? count : (ranks.get(layer) ?? count)) };
};

const joined = (outer: string | undefined, inner: string | undefined): string | undefined =>
	outer === undefined ? inner : inner === undefined ? outer : `${outer}.${inner}`;

const HEAD = new Set(['title', 'meta', 'link', 'style', 'script', 'base', 'template', 'noscript']);

/** The parser of HTML makes the three elements whose tags may be left out (§13.2.6.4), and selectors are about them. */
const completeDocument = ($: CheerioAPI): void => {
	if ($('html').length === 0) $.root().append($('<html></html>').append($.root().contents()));
	const html = $('html').first();
	if ($('body, frameset').length > 0) return;
	const contents = html.contents().toArray();
	const isOfHead = (node: (typeof contents)[number]): boolean =>
		'name' in node
			? node.name === 'head' || HEAD.has(node.name)
			: !('data' in node) || node.data.trim() === '';
	const first = contents.findIndex((node) => !isOfHead(node));
	if (first !== -1) html.append($('<body></body>').append($(contents.slice(first))));
};
