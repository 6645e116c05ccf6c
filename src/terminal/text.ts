// Text for a terminal: colours where they are wanted, and nothing in it that a terminal obeys but those.

import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Gives text a style, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** A {@link Paint} that colours, or one that does not. */
export const painter = (isColoured: boolean): Paint =>
	isColoured ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;

/**
 * Whether a stream gets colours: `FORCE_COLOR` goes before `NO_COLOR` (no-color.org), as Node has it, and both before what
 * the stream is.
 */
export const isColourWanted = (
	{ FORCE_COLOR, NO_COLOR, TERM }: Readonly<Record<string, string | undefined>>,
	isTerminal: boolean,
): boolean => {
	if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
	return isTerminal && !NO_COLOR && TERM !== 'dumb';
};

/** Controls, what turns the direction of text, and halves of characters. */
const OBEYED = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** What files are called and what pages write: as it is, but for what could move or colour a terminal's text. */
export const printable = (text: string): string =>
	text.replace(OBEYED, (character) => {
		const code = character.charCodeAt(0).toString(16);
		return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
	});

/** At most `width` characters of `text`, which loses its middle; at least its two ends. */
export const shorten = (text: string, width: number): string => {
	if (text.length <= width) return text;
	const kept = Math.max(2, Math.floor(width) - 1);
	const start = Math.ceil(kept / 2);
	return `${text.slice(0, start)}…${text.slice(start - kept)}`;
};

/** Hours, minutes and seconds, here. */
export const clockOf = (time: Date): string =>
	[time.getHours(), time.getMinutes(), time.getSeconds()]
		.map((part) => String(part).padStart(2, '0'))
		.join(':');

/** `812 B`, `397 kB`, `1.2 MB`: decimal, as browsers show it. */
export const sizeOf = (bytes: number): string => {
	if (bytes < 1000) return `${bytes} B`;
	if (bytes < 999_500) return `${Math.round(bytes / 1000)} kB`;
	return bytes < 999_950_000 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
};

/** `1 file`, `1,234 files`. */
export const countOf = (count: number, one: string, many = `${one}s`): string =>
	`${grouped(count)} ${count === 1 ? one : many}`;

/** `1,234`. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
