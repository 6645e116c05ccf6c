// Images: in elements, in style attributes, and in the rules of style sheets.

import { eachRule, elements, type Place } from './places.ts';
import { type Renewal, renewalOf, renewCss, type Versions } from './urls.ts';

/** Which attributes of which elements name an image. */
const ATTRIBUTES: readonly (readonly [string, string])[] = [
	['img,input[type=image i],embed', 'src'],
	['video', 'poster'],
	['object', 'data'],
	['link[rel~=icon i],link[rel~=apple-touch-icon i]', 'href'],
	['image,use,feImage', 'href'],
	['image,use,feImage', 'xlink:href'],
];
/** Commas, an address that does not end in one, and its descriptors (HTML, 4.8.4.2.1). */
const CANDIDATE = /([\s,]*)(\S*[^\s,])(,+|[^,]*(?:,|$))/g;

/** Every reference to an image that is not shown as it should be. */
export const imagePlaces = (wanted: Versions): readonly Place[] => {
	const places: Place[] = [];
	const add = ({ key, url }: Renewal, swap: () => void): void =>
		void places.push({ key, url: url.replace(/#.*/s, ''), kind: 'image', swap });
	for (const [selector, attribute] of ATTRIBUTES)
		for (const element of elements(selector)) {
			const renewal = renewalOf(element.getAttribute(attribute) ?? '#', element.baseURI, wanted);
			if (renewal !== undefined) add(renewal, () => element.setAttribute(attribute, renewal.url));
		}
	for (const element of elements<HTMLImageElement>('img[srcset],source[srcset]')) {
		const swap = (): string => (element.srcset = renewSet(element, wanted));
		renewSet(element, wanted, (renewal) => add(renewal, swap));
	}
	for (const element of elements<HTMLElement>('[style*="url("]'))
		addStyle(element.style, element.baseURI, wanted, add);
	eachRule((rule, base) => {
		const { style } = rule as CSSStyleRule;
		// Fonts are replaced as rules.
		if (style && !(rule instanceof CSSFontFaceRule)) addStyle(style, base, wanted, add);
		return undefined;
	});
	return places;
};

type Add = (renewal: Renewal, swap: () => void) => void;

const renewSet = (
	{ srcset, baseURI }: HTMLImageElement,
	wanted: Versions,
	found?: (renewal: Renewal) => void,
): string =>
	srcset.replace(CANDIDATE, (whole: string, before: string, url: string, after: string) => {
		const renewal = renewalOf(url, baseURI, wanted);
		if (renewal === undefined) return whole;
		found?.(renewal);
		return before + renewal.url + after;
	});

const addStyle = (style: CSSStyleDeclaration, base: string, wanted: Versions, add: Add): void => {
	const { cssText } = style;
	if (!cssText.includes('url(')) return;
	const swap = (): string => (style.cssText = renewCss(style.cssText, base, wanted));
	renewCss(cssText, base, wanted, (renewal) => add(renewal, swap));
};
