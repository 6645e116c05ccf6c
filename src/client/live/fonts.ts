// Fonts that style sheets name.

import { eachRule, insertBehind, type Place, removeRule } from './places.ts';
import { renewCss, type Versions } from './urls.ts';

/** Every `@font-face` with a file that is not shown as it should be. */
export const fontPlaces = (wanted: Versions): readonly Place[] => {
	const places: Place[] = [];
	eachRule((rule, base) => {
		if (!(rule instanceof CSSFontFaceRule)) return undefined;
		const swap = (): void => {
			const { cssText } = rule;
			const renewed = renewCss(cssText, base, wanted);
			// It may be done already: one rule can name several files that changed.
			if (renewed === cssText || rule.parentStyleSheet === null) return;
			insertBehind(rule, renewed);
			removeRule(rule);
		};
		renewCss(rule.cssText, base, wanted, (renewal) => places.push({ ...renewal, kind: 'font', swap }));
		return undefined;
	});
	return places;
};
