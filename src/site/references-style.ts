// Which images and fonts of its style sheets a document makes a browser fetch: those that an element shows, and those
// that a text is set in (CSS Fonts 4 §5). What could only be shown in another state, or under conditions that are the
// client's to judge, is told apart.

import { TokenType } from '@csstools/css-tokenizer';
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
import {
	type FontFace,
	IMAGE_LONGHANDS,
	imagePropertyOf,
	imagesOf,
	type NamedFamily,
	namesImage,
	parseFamilies,
	parseWeight,
} from './references-css.ts';
import { tokensOf } from './references-css-syntax.ts';
import { PSEUDO_ELEMENTS, type SelectorKey } from './references-selectors.ts';

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
	readonly custom: ReadonlyMap<string, string>;
	readonly font: Font;
	/** Whether something above is not shown. */
	readonly isHidden: boolean;
}

/** The font of a text, as far as it decides which files are fetched. */
interface Font {
	/** As written, variables filled in. */
	readonly families: string;
	/** The client may choose other families. */
	readonly isChoice: boolean;
	readonly weight: number;
	readonly isItalic: boolean;
}

const TOP: Inherited = {
	custom: new Map(),
	font: { families: '', isChoice: false, weight: 400, isItalic: false },
	isHidden: false,
};

const BOLD = new Set(['b', 'strong', 'th', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
const ITALIC = new Set(['i', 'em', 'cite', 'var', 'dfn', 'address']);
const MONOSPACE = new Set(['pre', 'code', 'kbd', 'samp', 'tt', 'listing', 'plaintext', 'xmp']);
const CONTROLS = new Set(['input', 'select', 'textarea', 'button']);
const UNSHOWN = new Set([
	'area',
	'base',
	'datalist',
	'head',
	'link',
	'meta',
	'noscript',
	'param',
	'rp',
	'script',
	'style',
	'template',
	'title',
	'video',
	'audio',
]);
const SUFFIXES = ['', ...PSEUDO_ELEMENTS.map((name) => `::${name}`)];
/** Only there with a `content` (CSS Pseudo-Elements 4 §4.1). */
const GENERATED = new Set(['::before', '::after']);
/** What makes a line, which has a height, which takes the font of what it is in. */
const INLINE = new Set(
	'a abbr audio b bdi bdo br button canvas cite code data del dfn em embed i iframe img input ins kbd label mark math meter object output picture progress q ruby s samp select small span strong sub sup svg textarea time tt u var video wbr'.split(
		' ',
	),
);
/** Values grow with each variable filled in: longer ones are cut off. */
const MAX_VALUE = 10_000;

class StyleReader {
	readonly #needs: Needs;
	readonly #sheets: readonly SheetInUse[];
	readonly #faces = new Map<string, { readonly sheet: number; readonly face: FontFace }[]>();
	readonly #texts = new Map<string, { readonly font: Font; readonly points: Set<number> }>();
	readonly #families = new Map<string, readonly NamedFamily[]>();

	constructor(needs: Needs, sheets: readonly SheetInUse[]) {
		this.#needs = needs;
		this.#sheets = sheets;
		for (const [
			sheet,
			{
				sheet: { fontFaces },
			},
		] of sheets.entries())
			for (const face of fontFaces) {
				const faces = this.#faces.get(face.family) ?? [];
				this.#faces.set(face.family, faces);
				faces.push({ sheet, face });
			}
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
		for (const { font, points } of this.#texts.values()) this.#claimFonts(font, points);
	}

	#readElement(element: Element, styles: Styles, above: Inherited): Inherited {
		const custom = customIn(styles, '', above.custom);
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
			if (text !== '') this.#setText(isPseudo ? fontOf(styles, suffix, undefined, font, custom) : font, text);
		}
		const isHidden = /^hidden$/i.test(wordOf('content-visibility'));
		return { custom, font, isHidden };
	}

	#claimDecided({ winner, conditional }: Decided, custom: ReadonlyMap<string, string>): void {
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

	#setText(font: Font, text: string): void {
		const { families, isChoice, weight, isItalic } = font;
		if (families === '') return;
		const key = `${families}\n${weight}\n${isItalic}\n${isChoice}`;
		const set = this.#texts.get(key) ?? { font, points: new Set() };
		this.#texts.set(key, set);
		for (const character of text) set.points.add(character.codePointAt(0) ?? 0);
	}

	#claimFonts({ families, isChoice, weight, isItalic }: Font, points: ReadonlySet<number>): void {
		let left = [...points];
		let isUncertain = isChoice;
		for (const { name, isGeneric } of this.#familiesOf(families)) {
			if (left.length === 0) return;
			const faces = this.#faces.get(name);
			if (faces === undefined) {
				if (isGeneric) return;
				// It may be on the client's machine.
				isUncertain = true;
				continue;
			}
			const chosen = matchingFaces(faces, weight, isItalic);
			for (const { sheet, face } of chosen) {
				if (!left.some((point) => covers(face, point))) continue;
				this.#needs.claimFont(sheet, face, isUncertain ? 'the client chooses' : 'needed');
			}
			left = left.filter((point) => !chosen.some(({ face }) => covers(face, point)));
		}
	}

	#familiesOf(list: string): readonly NamedFamily[] {
		const known = this.#families.get(list) ?? parseFamilies(list);
		this.#families.set(list, known);
		return known;
	}
}

const childrenOf = (element: Element): readonly Element[] =>
	('children' in element ? element.children : []).filter((node): node is Element => 'attribs' in node);

/** What browsers do not show of themselves (HTML Standard §15.3). */
const isUnshown = ({ name, attribs, parent }: Element): boolean =>
	UNSHOWN.has(name) ||
	'hidden' in attribs ||
	(name === 'dialog' && !('open' in attribs)) ||
	(name === 'input' && attribs.type?.toLowerCase() === 'hidden') ||
	(parent !== null &&
		'name' in parent &&
		parent.name === 'details' &&
		name !== 'summary' &&
		!('open' in parent.attribs));

/** The text that an element itself shows. */
const textOf = (element: Element): string => {
	if (element.name === 'input') return element.attribs.value ?? element.attribs.placeholder ?? '';
	const children = 'children' in element ? element.children : [];
	const text = children.map((node) => ('data' in node && node.type === 'text' ? node.data : '')).join('');
	if (text.trim() !== '') return text;
	return children.some((node) => 'name' in node && INLINE.has(node.name)) ? ' ' : '';
};

/** The strings of a `content` value. */
const stringsOf = (content: string): string =>
	tokensOf(content)
		.map(([type, , , , token]) =>
			type === TokenType.String ? String((token as { readonly value?: unknown }).value ?? '') : '',
		)
		.join('');

const customIn = (
	styles: Styles,
	suffix: string,
	above: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> => {
	let custom: Map<string, string> | undefined;
	for (const [key, { winner, conditional }] of styles) {
		if (!key.startsWith('--') || key.includes('::') !== (suffix !== '')) continue;
		// Where only conditions decide, any of the values is a guess: the first will do.
		const value = winner?.value ?? conditional[0]?.value;
		custom ??= new Map(above);
		if (value !== undefined) custom.set(key, value);
	}
	return custom ?? above;
};

/** A value with its variables filled in (CSS Custom Properties 1 §3). */
const filled = (value: string, custom: ReadonlyMap<string, string>): string => {
	let text = value;
	// Innermost first; each round goes one level deeper.
	for (let round = 0; round < 10 && text.includes('var('); round++)
		text = text
			.replace(
				/var\(\s*(--[^\s,()]+)\s*(?:,([^()]*(?:\([^()]*\)[^()]*)*))?\)/g,
				(_all, name: string, fallback?: string) => custom.get(name) ?? fallback ?? '',
			)
			.slice(0, MAX_VALUE);
	return text;
};

const fontOf = (
	styles: Styles,
	suffix: string,
	element: Element | undefined,
	above: Font,
	custom: ReadonlyMap<string, string>,
): Font => {
	const name = element?.name ?? '';
	const isControl = CONTROLS.has(name);
	const of = (property: string): { value: string | undefined; isShorthand: boolean } => {
		const winner = styles.get(property + suffix)?.winner;
		return { value: winner && filled(winner.value, custom).trim(), isShorthand: winner?.property === 'font' };
	};
	const family = of('font-family');
	const shorthand = family.isShorthand ? parseFont(family.value ?? '') : undefined;
	const written = shorthand?.families ?? family.value;
	const own = isControl ? 'system-ui' : MONOSPACE.has(name) ? 'monospace' : above.families;
	const families =
		written === undefined || written === '' ? own : isInherit(written) ? above.families : written;

	const weight = of('font-weight');
	const words = weight.isShorthand ? parseFont(weight.value ?? '').words : [weight.value ?? ''];
	const style = of('font-style');
	const styleText = style.isShorthand ? parseFont(style.value ?? '').words.join(' ') : style.value;
	const conditional = styles.get(`font-family${suffix}`)?.conditional ?? [];
	return {
		families: /^(?:initial|revert|revert-layer)$/i.test(families) ? '' : families,
		isChoice: conditional.length > 0 || (written === undefined && !isControl && above.isChoice),
		weight: weightOf(words, weight.value === undefined ? name : '', above.weight),
		isItalic:
			styleText === undefined || isInherit(styleText)
				? ITALIC.has(name) || above.isItalic
				: /\b(?:italic|oblique)\b/i.test(styleText),
	};
};

const isInherit = (value: string): boolean => /^(?:inherit|unset)$/i.test(value);

const weightOf = (words: readonly string[], name: string, above: number): number => {
	if (BOLD.has(name) || words.some((word) => /^bolder$/i.test(word))) return above < 600 ? 700 : 900;
	if (words.some((word) => /^lighter$/i.test(word))) return above < 600 ? 100 : above < 800 ? 400 : 700;
	return words.flatMap(parseWeight)[0] ?? (words.length > 1 ? 400 : above);
};

const SIZE =
	/^(?:[\d.+-]|calc\(|clamp\(|min\(|max\(|(?:xx?-)?(?:small|large)|xxx-large|medium|smaller|larger|inherit$)/i;

/** A `font` value: the words before its size, and the families behind it. */
const parseFont = (value: string): { readonly words: readonly string[]; readonly families: string } => {
	const words = value.match(/(?:[^\s(]|\([^()]*(?:\([^()]*\)[^()]*)*\))+/g) ?? [];
	const isSize = (word: string): boolean => SIZE.test(word) && !/^\d{1,4}$/.test(word);
	const size = words.findIndex(isSize);
	if (size === -1 || isInherit(value))
		return { words: ['normal', ''], families: isInherit(value) ? 'inherit' : '' };
	// `16px / 1.5 serif` as well as `16px/1.5 serif`.
	let rest = words.slice(size + 1);
	if (rest[0] === '/') rest = rest.slice(2);
	else if (rest[0]?.startsWith('/') || words[size]?.endsWith('/')) rest = rest.slice(1);
	return { words: [...words.slice(0, size), ''], families: rest.join(' ') };
};

const covers = ({ range }: FontFace, point: number): boolean =>
	range === undefined || range.some(([first, last]) => first <= point && point <= last);

type Faced = { readonly sheet: number; readonly face: FontFace };

/** CSS Fonts 4 §5.2: style first, then the weight that is nearest. */
const matchingFaces = (faces: readonly Faced[], weight: number, isItalic: boolean): readonly Faced[] => {
	const sameStyle = faces.filter(({ face }) => face.isItalic === isItalic);
	const ofStyle = sameStyle.length > 0 ? sameStyle : faces;
	let least = Number.POSITIVE_INFINITY;
	for (const { face } of ofStyle) least = Math.min(least, distance(face, weight));
	return ofStyle.filter(({ face }) => distance(face, weight) === least);
};

/** The order in which weights are tried, as a distance. */
const distance = ({ weights: [low, high] }: FontFace, weight: number): number => {
	if (low <= weight && weight <= high) return 0;
	const isAbove = low > weight;
	const gap = isAbove ? low - weight : weight - high;
	if (weight >= 400 && weight <= 500) {
		if (isAbove && low <= 500) return gap;
		return isAbove ? 20_000 + gap : 10_000 + gap;
	}
	return weight < 400 === isAbove ? 10_000 + gap : gap;
};
