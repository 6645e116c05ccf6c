// Texts that stand for URLs, as far as that shows without a base.

/** As the URL parser begins (WHATWG URL §4.4): controls and spaces around it go, tabs and newlines within it. */
export const trimHref = (text: string): string => {
	let [start, end] = [0, text.length];
	while (start < end && text.charCodeAt(start) <= 0x20) start++;
	while (start < end && text.charCodeAt(end - 1) <= 0x20) end--;
	return text.slice(start, end).replace(/[\t\n\r]+/g, '');
};

/** What looks like a URL but has no request made for it. */
const NOT_FETCHED = /^(?!https?:)[a-z][a-z0-9+.-]*:/i;

/** A reference's text without what the URL parser drops; empty where no request is made for it. */
export const toHref = (text: string): string => {
	const href = trimHref(text);
	return href.startsWith('#') || NOT_FETCHED.test(href) ? '' : href;
};

/** The URL that a text stands for, at `base` if there is one; `undefined` for what is none. */
export const parseUrl = (text: string, base?: URL): URL | undefined => {
	try {
		return new URL(text, base);
	} catch {
		return undefined;
	}
};
