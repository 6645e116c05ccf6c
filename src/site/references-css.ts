// CSS text → what it makes browsers fetch: imports at once, images and fonts only where an element wants them.

import { TokenType } from '@csstools/css-tokenizer';
import { toHref } from './hrefs.ts';
import { excludesScreens, matchesEveryScreen } from './media.ts';
import type { Reservation } from './references.ts';
import {
	type Block,
	type Declaration,
	type ImportRule,
	judgeSupports,
	parseRules,
	splitAtCommas,
	tokensOf,
} from './references-css-syntax.ts';

/** An `@import`. */
export interface StyleImport {
	readonly href: string;
	/** The cascade layer that all of it belongs to; empty: one without a name. */
	readonly layer: string | undefined;
	readonly isConditional: boolean;
	readonly reservation: Reservation | undefined;
	readonly line: number;
}

/** An `@font-face`. */
export interface FontFace {
	/** Lower case. */
	readonly family: string;
	/** The lightest and the boldest weight that it is for, 1–1000. */
	readonly weights: readonly [number, number];
	readonly isItalic: boolean;
	/** Code points that it is for, both ends included; `undefined`: all. */
	readonly range: readonly (readonly [number, number])[] | undefined;
	/** The source that a browser takes. */
	readonly href: string;
	readonly reservation: Reservation | undefined;
	readonly line: number;
}

/** A style rule, with those of its declarations that decide which images and fonts are fetched. */
export interface StyleRule {
	/** A selector list. */
	readonly selectors: string;
	readonly layer: string | undefined;
	readonly isConditional: boolean;
	readonly declarations: readonly Declaration[];
}

/** What a style sheet refers to. */
export interface StyleSheet {
	readonly kind: 'style';
	readonly imports: readonly StyleImport[];
	readonly fontFaces: readonly FontFace[];
	readonly rules: readonly StyleRule[];
	/** Names of cascade layers in the order in which they are first met. */
	readonly layers: readonly string[];
	/** Whether any rule names an image. */
	readonly hasImages: boolean;
}

/** Properties that name images, by the one of them that a shorthand or an old name stands for. */
const IMAGE_PROPERTIES: ReadonlyMap<string, string> = new Map([
	['background', 'background-image'],
	['background-image', 'background-image'],
	['border-image', 'border-image-source'],
	['border-image-source', 'border-image-source'],
	['-webkit-border-image', 'border-image-source'],
	['content', 'content'],
	['cursor', 'cursor'],
	['list-style', 'list-style-image'],
	['list-style-image', 'list-style-image'],
	['mask', 'mask-image'],
	['mask-image', 'mask-image'],
	['-webkit-mask', 'mask-image'],
	['-webkit-mask-image', 'mask-image'],
	['shape-outside', 'shape-outside'],
]);
/** What {@link imagePropertyOf} yields. */
export const IMAGE_LONGHANDS: ReadonlySet<string> = new Set(IMAGE_PROPERTIES.values());
const OTHER_PROPERTIES = new Set([
	'content-visibility',
	'display',
	'font',
	'font-family',
	'font-style',
	'font-weight',
]);

/** The property that decides about an image where `property` is set; `undefined` where it names none. */
export const imagePropertyOf = (property: string): string | undefined => IMAGE_PROPERTIES.get(property);

/** What a style sheet's text refers to. Never throws. */
export const referencesOfCss = (css: string): StyleSheet => {
	const { imports, blocks, layers } = parseRules(css, isWanted);
	const fontFaces: FontFace[] = [];
	const rules: StyleRule[] = [];
	let hasImages = false;
	for (const block of blocks) {
		if (block.prelude === '@font-face') {
			const face = toFontFace(block);
			if (face !== undefined) fontFaces.push(face);
			continue;
		}
		const declarations = block.declarations.filter(isRelevant);
		if (declarations.length === 0) continue;
		hasImages ||= declarations.some(({ value }) => namesImage(value));
		const { prelude: selectors, layer, isConditional } = block;
		rules.push({ selectors, layer, isConditional, declarations });
	}
	return { kind: 'style', imports: imports.flatMap(toImport), fontFaces, rules, layers, hasImages };
};

/** The declarations of a `style` attribute that count. */
export const declarationsOfAttribute = (style: string): readonly Declaration[] =>
	parseRules(`a{${style}}`).blocks.flatMap(({ prelude, declarations }) =>
		prelude === 'a' ? declarations.filter(isRelevant) : [],
	);

const FACE_DESCRIPTORS = new Set(['src', 'unicode-range']);

const isWanted = (property: string): boolean => FACE_DESCRIPTORS.has(property) || decides(property);

const isRelevant = ({ property }: Declaration): boolean => decides(property);

const decides = (property: string): boolean =>
	IMAGE_PROPERTIES.has(property) || OTHER_PROPERTIES.has(property) || property.startsWith('--');

/** Whether a value names an image. */
export const namesImage = (value: string): boolean => /\b(?:url|src|image-set)\(/i.test(value);

const toImport = ({ prelude, line }: ImportRule): StyleImport[] => {
	const tokens = tokensOf(prelude);
	const first = tokens[0];
	if (first === undefined) return [];
	const [own = '', ...others] = imagesOf(first[0] === TokenType.String ? `url(${first[1]})` : prelude);
	const href = typeof own === 'string' ? own : own.href;
	if (href === '' || others.length > 0) return [];
	const rest = prelude
		.slice(first[0] === TokenType.Function ? prelude.indexOf(')') + 1 : first[1].length)
		.trim();
	const [all = '', layer] = /^layer(?:\(([^()]*)\))?(?![\w-])/i.exec(rest) ?? [];
	const afterLayer = rest.slice(all.length).trim();
	const supports = /^supports\(((?:[^()]|\([^()]*\))*)\)/i.exec(afterLayer);
	const media = afterLayer.slice(supports?.[0].length ?? 0).trim();
	const support = supports === null ? true : judgeSupports(supports[1] ?? '');
	const reservation: Reservation | undefined =
		excludesScreens(media) || support === false
			? 'other media'
			: support === undefined
				? 'the client chooses'
				: undefined;
	return [
		{
			href,
			layer: all === '' ? undefined : (layer?.trim() ?? ''),
			isConditional: !matchesEveryScreen(media),
			reservation,
			line,
		},
	];
};

/** An image that a value names. */
export interface NamedImage {
	readonly href: string;
	/** Whether it is one of several, of which the client takes the best. */
	readonly isChoice: boolean;
}

/** The images that a value names, without those to nowhere. */
export const imagesOf = (value: string): readonly NamedImage[] => {
	if (!namesImage(value)) return [];
	const images: NamedImage[] = [];
	/** Names of the functions that are open. */
	const open: string[] = [];
	for (const [type, text, , , content] of tokensOf(value)) {
		const words = content as { readonly value?: string } | undefined;
		if (type === TokenType.Function) open.push(text.slice(0, -1).toLowerCase());
		else if (type === TokenType.OpenParen) open.push('');
		else if (type === TokenType.CloseParen) open.pop();
		const isSet = open.some((name) => name === 'image-set' || name === '-webkit-image-set');
		const inner = open.at(-1);
		const names =
			type === TokenType.URL ||
			(type === TokenType.String && (inner === 'url' || inner === 'src' || (isSet && inner !== 'type')));
		if (!names) continue;
		const href = toHref(String(words?.value ?? ''));
		if (href !== '') images.push({ href, isChoice: isSet });
	}
	// A set of one is no choice.
	const isOne = new Set(images.map(({ href }) => href)).size === 1;
	return isOne ? images.slice(0, 1).map(({ href }) => ({ href, isChoice: false })) : images;
};

const toFontFace = ({ declarations, isConditional, line }: Block): FontFace | undefined => {
	const descriptors = new Map<string, string>();
	let source: FontSource | undefined;
	for (const { property, value } of declarations) {
		if (property !== 'src') descriptors.set(property, value);
		// Older forms come first, for browsers that could not read this one.
		else source = sourceOf(value) ?? source;
	}
	const family = parseFamilies(descriptors.get('font-family') ?? '')[0]?.name;
	if (family === undefined || source === undefined) return undefined;
	const [low = 400, high = low] = (descriptors.get('font-weight') ?? '').split(/\s+/).flatMap(parseWeight);
	const isChoice = isConditional || source.isChoice;
	return {
		family,
		weights: [Math.min(low, high), Math.max(low, high)],
		isItalic: /^(?:italic|oblique)/i.test(descriptors.get('font-style') ?? ''),
		range: parseRange(descriptors.get('unicode-range')),
		href: source.href,
		reservation: isChoice ? 'the client chooses' : undefined,
		line,
	};
};

interface FontSource {
	readonly href: string;
	readonly isChoice: boolean;
}

/** Formats that today's browsers do not read. */
const DEAD_FORMAT = /^(?:embedded-opentype|svg)$/i;

/** The first source of a list that a browser reads; one that may lie on its machine makes that a choice. */
const sourceOf = (list: string): FontSource | undefined => {
	let isChoice = false;
	for (const candidate of splitAtCommas(list)) {
		if (/^local\(/i.test(candidate)) {
			isChoice = true;
			continue;
		}
		const href = imagesOf(candidate)[0]?.href;
		if (href === undefined) continue;
		const format = /\bformat\(\s*["']?([\w-]+)/i.exec(candidate)?.[1];
		if (format === undefined ? /\.(?:eot|svg)(?:[?#]|$)/i.test(href) : DEAD_FORMAT.test(format)) continue;
		return { href, isChoice };
	}
	return undefined;
};

/** The weight, 1–1000, that a word of `font-weight` stands for; none for words that depend on the parent. */
export const parseWeight = (word: string): number[] => {
	if (/^normal$/i.test(word)) return [400];
	if (/^bold$/i.test(word)) return [700];
	const weight = Number(word);
	return weight >= 1 && weight <= 1000 ? [weight] : [];
};

/** A family that a list names. */
export interface NamedFamily {
	/** Lower case. */
	readonly name: string;
	readonly isGeneric: boolean;
}

const GENERIC =
	/^(?:serif|sans-serif|monospace|cursive|fantasy|math|emoji|fangsong|system-ui|ui-[a-z-]+|-apple-system|blinkmacsystemfont)$/;

/** The families of a `font-family` value, in order. */
export const parseFamilies = (list: string): NamedFamily[] =>
	splitAtCommas(list).flatMap((part) => {
		const tokens = tokensOf(part).filter(([type]) => type !== TokenType.Whitespace);
		const isQuoted = tokens[0]?.[0] === TokenType.String;
		const name = tokens
			.map(([, , , , content]) => String((content as { value?: unknown } | undefined)?.value ?? ''))
			.join(' ')
			.toLowerCase();
		return name === '' ? [] : [{ name, isGeneric: !isQuoted && GENERIC.test(name) }];
	});

const parseRange = (text: string | undefined): FontFace['range'] => {
	if (text === undefined) return undefined;
	const ranges = text.split(',').flatMap((part): [number, number][] => {
		const [, first = '', last] =
			/^\s*u\+([0-9a-f]{1,6}|[0-9a-f?]{1,6})(?:-([0-9a-f]{1,6}))?\s*$/i.exec(part) ?? [];
		if (first === '') return [];
		const low = Number.parseInt(first.replaceAll('?', '0'), 16);
		return [[low, Number.parseInt(last ?? first.replaceAll('?', 'f'), 16)]];
	});
	return ranges.length === 0 ? undefined : ranges;
};
