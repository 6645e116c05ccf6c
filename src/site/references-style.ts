// Which images and fonts of its style sheets a document makes a browser fetch: those that an element shows, and those
// that a text is set in (CSS Fonts 4 §5). What could only be shown in another state, or under conditions that are the
// client's to judge, is told apart.

import type { Reservation } from './references.ts';
import {
	Cascade,
	type Decided,
	type Element,
	type SheetInUse,
	type Styles,
	selectorsOf,
	type Winner,
} from './references-cascade.ts';
import { type FontFace, IMAGE_LONGHANDS, imagePropertyOf, imagesOf, namesImage } from './references-css.ts';
import { type Font, FontTexts, fontOf, NO_FONT } from './references-fonts.ts';
import { PSEUDO_ELEMENTS, type SelectorKey } from './references-selectors.ts';
import { childrenOf, isUnshown, stringsOf, textOf } from './references-shown.ts';
import { filled, type Variables, variablesOf } from './references-variables.ts';

/** An image or a font of a style sheet, and whether the document makes a browser fetch it. */
export interface StyleNeed {
	/** Index of the style sheet. */
	readonly sheet: number;
	readonly href: string;
	readonly as: 'image' | 'font';
	/** Fetched with CORS: fonts (CSS Fonts 4 §4.9), masks (CSS Masking 1 §7.1), shapes (CSS Shapes 1 §3.1.1). */
	readonly isCors: boolean;
	readonly line: number;
	readonly reservation: Reservation | undefined;
}

/**
 * What a document needs of the images and fonts of `sheets` (in cascade order).
 * @param markup `undefined` where it is not known: then nothing is known to be needed
 */
export const needsOf = (
	markup: string | undefined,
	isXml: boolean,
	sheets: readonly SheetInUse[],
): readonly StyleNeed[] => {
	const needs = new Needs(sheets);
	const properties = propertiesAtStake(markup ?? '', sheets);
	if (properties.size > 0 && markup !== undefined)
		new StyleReader(needs, sheets).read(markup, isXml, properties);
	return needs.all;
};

const FONT_PROPERTIES = ['font', 'font-family', 'font-style', 'font-weight'];
const SHOWING_PROPERTIES = ['content', 'content-visibility', 'display'];

/**
 * The properties that have to be looked at: most documents show none of the images of their style sheets, which their
 * text tells without its tree.
 */
const propertiesAtStake = (markup: string, sheets: readonly SheetInUse[]): ReadonlySet<string> => {
	const properties = new Set<string>();
	for (const { sheet } of sheets) {
		if (sheet.fontFaces.length > 0) for (const property of FONT_PROPERTIES) properties.add(property);
		if (!sheet.hasImages) continue;
		for (const rule of sheet.rules) {
			const named = rule.declarations.filter(({ value }) => namesImage(value));
			if (named.length === 0 || !selectorsOf(rule).some(({ key }) => mayMatch(markup, key))) continue;
			for (const { property } of named)
				if (!property.startsWith('--')) properties.add(imagePropertyOf(property) ?? property);
				// A variable can stand in any of them.
				else for (const any of IMAGE_LONGHANDS) properties.add(any);
		}
	}
	if (properties.size > 0) for (const property of SHOWING_PROPERTIES) properties.add(property);
	return properties;
};

const mayMatch = (markup: string, { kind, name }: SelectorKey): boolean =>
	kind === 'any' || kind === 'type' || markup.includes(name);

/** From the weakest claim to the strongest. */
const CLAIMS = [
	'no element shows it',
	'no text is set in it',
	'only in another state',
	'the client chooses',
	'needed',
] as const;
type Claim = (typeof CLAIMS)[number];

class Needs {
	readonly #needs = new Map<string, { readonly need: StyleNeed; claim: Claim }>();

	constructor(sheets: readonly SheetInUse[]) {
		for (const [
			sheet,
			{
				sheet: { rules, fontFaces },
			},
		] of sheets.entries()) {
			for (const { declarations } of rules)
				for (const { property, value, line } of declarations)
					if (imagePropertyOf(property) !== undefined)
						for (const { href } of imagesOf(value))
							this.claim(
								{ sheet, href, as: 'image', isCors: isCorsProperty(property), line },
								'no element shows it',
							);
			for (const face of fontFaces) this.claimFont(sheet, face, 'no text is set in it');
		}
	}

	get all(): readonly StyleNeed[] {
		return [...this.#needs.values()].map(({ need, claim }) => ({
			...need,
			reservation: claim === 'needed' ? undefined : claim,
		}));
	}

	claim(need: Omit<StyleNeed, 'reservation'>, claim: Claim): void {
		const key = `${need.sheet} ${need.as} ${need.isCors} ${need.href}`;
		const known = this.#needs.get(key);
		if (known === undefined) this.#needs.set(key, { need: { ...need, reservation: undefined }, claim });
		else if (CLAIMS.indexOf(claim) > CLAIMS.indexOf(known.claim)) known.claim = claim;
	}

	claimFont(sheet: number, { href, line, reservation }: FontFace, claim: Claim): void {
		const isChoice = claim === 'needed' && reservation !== undefined;
		this.claim({ sheet, href, as: 'font', isCors: true, line }, isChoice ? 'the client chooses' : claim);
	}
}

const isCorsProperty = (property: string): boolean =>
	['mask-image', 'shape-outside'].includes(imagePropertyOf(property) ?? '');

/** What elements hand down to those in them. */
interface Inherited {
	readonly custom: Variables;
	readonly font: Font;
	/** Whether something above is not shown. */
	readonly isHidden: boolean;
}

const TOP: Inherited = {
	custom: new Map(),
	font: NO_FONT,
	isHidden: false,
};

const SUFFIXES = ['', ...PSEUDO_ELEMENTS.map((name) => `::${name}`)];
/** Only there with a `content` (CSS Pseudo-Elements 4 §4.1). */
const GENERATED = new Set(['::before', '::after']);
class StyleReader {
	readonly #needs: Needs;
	readonly #sheets: readonly SheetInUse[];
	readonly #texts: FontTexts;

	constructor(needs: Needs, sheets: readonly SheetInUse[]) {
		this.#needs = needs;
		this.#sheets = sheets;
		this.#texts = new FontTexts(sheets);
	}

	read(markup: string, isXml: boolean, properties: ReadonlySet<string>): void {
		const cascade = new Cascade(markup, isXml, this.#sheets, properties, (winner, why) =>
			this.#claimImages(winner, winner.value, why),
		);
		const queue: { readonly elements: readonly Element[]; readonly above: Inherited }[] = [
			{ elements: cascade.root, above: TOP },
		];
		for (let next = queue.pop(); next !== undefined; next = queue.pop())
			for (const element of next.elements) {
				const below = this.#readElement(element, cascade.stylesOf(element), next.above);
				const elements = childrenOf(element);
				if (elements.length > 0 && !below.isHidden) queue.push({ elements, above: below });
			}
		this.#texts.claimAll((sheet, face, isCertain) =>
			this.#needs.claimFont(sheet, face, isCertain ? 'needed' : 'the client chooses'),
		);
	}

	#readElement(element: Element, styles: Styles, above: Inherited): Inherited {
		const custom = variablesOf(styles, above.custom);
		const wordOf = (property: string): string =>
			filled(styles.get(property)?.winner?.value ?? '', custom).trim();
		const contentOf = (suffix: string): string => {
			const decided = styles.get(`content${suffix}`);
			return filled((decided?.winner ?? decided?.conditional[0])?.value ?? '', custom).trim();
		};
		const display = wordOf('display') || (isUnshown(element) ? 'none' : '');
		const font = fontOf(styles, '', element, above.font, custom);
		if (display === 'none') return { custom, font, isHidden: true };
		for (const suffix of SUFFIXES) {
			const isPseudo = suffix !== '';
			const content = isPseudo ? contentOf(suffix) : '';
			if (GENERATED.has(suffix) && (content === '' || /^(?:none|normal)$/i.test(content))) continue;
			for (const [key, decided] of styles)
				if (key.endsWith(suffix) && key.includes('::') === isPseudo) this.#claimDecided(decided, custom);
			const text = isPseudo ? stringsOf(content) : textOf(element);
			if (text !== '')
				this.#texts.set(isPseudo ? fontOf(styles, suffix, undefined, font, custom) : font, text);
		}
		const isHidden = /^hidden$/i.test(wordOf('content-visibility'));
		return { custom, font, isHidden };
	}

	#claimDecided({ winner, conditional }: Decided, custom: Variables): void {
		const isContested = conditional.some(({ priority }) => priority >= (winner?.priority ?? 0));
		if (winner !== undefined)
			this.#claimImages(winner, filled(winner.value, custom), isContested ? 'the client chooses' : 'needed');
		for (const each of conditional)
			if (each.priority >= (winner?.priority ?? 0))
				this.#claimImages(each, filled(each.value, custom), 'the client chooses');
	}

	#claimImages({ property, sheet, line }: Winner, value: string, claim: Claim): void {
		// Those of `style` attributes are references of the document.
		if (sheet === -1 || imagePropertyOf(property) === undefined) return;
		for (const { href, isChoice } of imagesOf(value))
			this.#needs.claim(
				{ sheet, href, as: 'image', isCors: isCorsProperty(property), line },
				isChoice && claim === 'needed' ? 'the client chooses' : claim,
			);
	}
}
