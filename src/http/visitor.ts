// What a client would do with a page where it asked for something that is not there.

import { type Fields, fieldOf, PAGES } from './request.ts';
import { isWebKit } from './webkit.ts';

/**
 * Whether the request is a navigation, as Fetch Metadata says it; of a client that does not send them, whether it asks for
 * HTML by name.
 */
export const isNavigating = (fields: Fields): boolean => {
	const mode = fields['sec-fetch-mode'];
	const destination = fields['sec-fetch-dest'];
	if (mode !== undefined || destination !== undefined) return mode === 'navigate' || PAGES.has(destination);
	return namesHtml(fieldOf(fields, 'accept'));
};

/**
 * Whether a page is as good an answer as any: to what is shown as one, and to those who ask for HTML or for anything at
 * all. Not to a browser's image or script.
 */
export const takesPages = (fields: Fields): boolean => {
	if (isNavigating(fields)) return true;
	if (fields['sec-fetch-mode'] !== undefined || fields['sec-fetch-dest'] !== undefined) return false;
	const accept = fieldOf(fields, 'accept')?.trim();
	return accept === undefined || accept === '' || accept === '*/*';
};

const namesHtml = (accept: string | undefined): boolean =>
	accept !== undefined && /(?:^|,)\s*text\/html\s*(?:$|[,;])/i.test(accept);

/**
 * Whether the client shows whatever a `Link` field once had it preload as long as its tab is open, without asking whether it
 * is still current: WebKit, as of 2.50 (CachedResourceLoader, "always use preloads").
 */
export const keepsPreloads = (fields: Fields): boolean => isWebKit(fieldOf(fields, 'user-agent') ?? '');
