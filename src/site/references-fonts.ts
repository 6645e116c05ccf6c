// The fonts that texts are set in, and the files of them that a browser fetches (CSS Fonts 4 §5).

import type { Element, SheetInUse, Styles } from './references-cascade.ts';
import { type FontFace, type NamedFamily, parseFamilies, parseWeight } from './references-css.ts';
import { filled, type Variables } from './references-variables.ts';

/** The font of a text, as far as it decides which files are fetched. */
export interface Font {
	/** As written, variables filled in. */
	readonly families: string;
	/** The client may choose other families. */
	readonly isChoice: boolean;
	readonly weight: number;
	readonly isItalic: boolean;
}

/** That of a document that says nothing. */
export const NO_FONT: Font = { families: '', isChoice: false, weight: 400, isItalic: false };

const BOLD = new Set(['b', 'strong', 'th', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
const ITALIC = new Set(['i', 'em', 'cite', 'var', 'dfn', 'address']);
const MONOSPACE = new Set(['pre', 'code', 'kbd', 'samp', 'tt', 'listing', 'plaintext', 'xmp']);
const CONTROLS = new Set(['input', 'select', 'textarea', 'button']);
/** Told of a face that is fetched, surely or where the client chooses so. */
export type FaceListener = (sheet: number, face: FontFace, isCertain: boolean) => void;

/** The texts of a document by the fonts that they are set in. */
export class FontTexts {
	readonly #faces = new Map<string, Faced[]>();
	readonly #texts = new Map<string, { readonly font: Font; readonly points: Set<number> }>();
	readonly #families = new Map<string, readonly NamedFamily[]>();

	/** @param sheets those with the faces */
	constructor(sheets: readonly SheetInUse[]) {
		for (const [index, { sheet }] of sheets.entries())
			for (const face of sheet.fontFaces) {
				const faces = this.#faces.get(face.family) ?? [];
				this.#faces.set(face.family, faces);
				faces.push({ sheet: index, face });
			}
	}

	/** Notes that `text` is set in `font`. */
	set(font: Font, text: string): void {
		const { families, isChoice, weight, isItalic } = font;
		if (families === '') return;
		const key = `${families}\n${weight}\n${isItalic}\n${isChoice}`;
		const set = this.#texts.get(key) ?? { font, points: new Set() };
		this.#texts.set(key, set);
		for (const character of text) set.points.add(character.codePointAt(0) ?? 0);
	}

	#claim(
		{ families, isChoice, weight, isItalic }: Font,
		points: ReadonlySet<number>,
		claim: FaceListener,
	): void {
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
				claim(sheet, face, !isUncertain);
			}
			left = left.filter((point) => !chosen.some(({ face }) => covers(face, point)));
		}
	}

	#familiesOf(list: string): readonly NamedFamily[] {
		const known = this.#families.get(list) ?? parseFamilies(list);
		this.#families.set(list, known);
		return known;
	}

	/** Tells of every face that is fetched for the texts noted. */
	claimAll(claim: FaceListener): void {
		for (const { font, points } of this.#texts.values()) this.#claim(font, points, claim);
	}
}

/** The font of an element, or of the pseudo-element of this suffix. */
export const fontOf = (
	styles: Styles,
	suffix: string,
	element: Element | undefined,
	above: Font,
	variables: Variables,
): Font => {
	const name = element?.name ?? '';
	const isControl = CONTROLS.has(name);
	const of = (property: string): { value: string | undefined; isShorthand: boolean } => {
		const winner = styles.get(property + suffix)?.winner;
		return {
			value: winner && filled(winner.value, variables).trim(),
			isShorthand: winner?.property === 'font',
		};
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
