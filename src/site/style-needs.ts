// What a document needs of its style sheets, remembered: it is the same under however many addresses the document is
// shown, of which clients can make up any number where it stands for what is not there.

import type { SheetInUse } from './references-cascade.ts';
import { needsOf, type StyleNeed } from './references-style.ts';
import { type Asset, isXhtml } from './snapshot.ts';

interface Memo {
	readonly isWhole: boolean;
	readonly sheets: readonly SheetInUse[];
	readonly needs: readonly StyleNeed[];
}

const memos = new WeakMap<Asset, Memo>();

/**
 * What `document` needs of the images and fonts of `sheets` (in cascade order).
 * @param text of the document; `undefined` where it is not at hand: then nothing is known to be needed
 */
export const needsOfDocument = (
	document: Asset,
	text: (() => string) | undefined,
	sheets: readonly SheetInUse[],
): readonly StyleNeed[] => {
	const isWhole = text !== undefined;
	const known = memos.get(document);
	if (known?.isWhole === isWhole && areSame(known.sheets, sheets)) return known.needs;
	const needs = needsOf(text?.(), isXhtml(document.type), sheets);
	const inUse = sheets.map(({ sheet, layer, isConditional }) => ({ sheet, layer, isConditional }));
	memos.set(document, { isWhole, sheets: inUse, needs });
	return needs;
};

const areSame = (some: readonly SheetInUse[], others: readonly SheetInUse[]): boolean =>
	some.length === others.length &&
	some.every(({ sheet, layer, isConditional }, index) => {
		const other = others[index];
		return other?.sheet === sheet && other.layer === layer && other.isConditional === isConditional;
	});
