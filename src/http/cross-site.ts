// Loads of our files by pages of other sites. A server that runs on a developer's machine is within reach of every page
// that the developer opens: without a check, any of them could read or run what is being worked on.

import { hostOf, usualPortOf } from './host.ts';
import type { Fields } from './request.ts';
import { isNavigating } from './visitor.ts';

/**
 * Whether a page of another site loads a file into itself: by Fetch Metadata (`Sec-Fetch-Site`), else by `Origin`, else by
 * `Referer`. Not a link that is followed, nor a page of this machine, whichever its port.
 *
 * @param authority the request's own (`localhost:8443`)
 */
export const isForeignLoad = (fields: Fields, authority: string): boolean => {
	const site = fields['sec-fetch-site'];
	if (site !== undefined && site !== 'cross-site') return false;
	// Most that say nothing of a site say nothing at all.
	if (site === undefined && fields.origin === undefined && fields.referer === undefined) return false;
	if (isNavigating(fields)) return false;
	const from = hostOfUrl(fields.origin) ?? hostOfUrl(fields.referer);
	// A browser that says it is another site, but not which one.
	if (from === undefined) return site !== undefined || fields.origin === 'null';
	return from !== hostOf(authority) && !isLoopback(from);
};

/**
 * Whether a page of the same origin asks, or nobody's page: by Fetch Metadata, else by `Origin`, else by `Referer`.
 *
 * @param authority the request's own (`localhost:8443`)
 */
export const isSameOrigin = (fields: Fields, authority: string): boolean => {
	const site = fields['sec-fetch-site'];
	if (site !== undefined) return site === 'same-origin' || site === 'none';
	const from = fields.origin ?? fields.referer;
	if (from === undefined) return true;
	// Browsers leave the usual port of a scheme out, proxies may not.
	const usualPort = `:${usualPortOf(String(from).startsWith('https:') ? 'https' : 'http')}`;
	const named = (name: string | undefined): string | undefined => {
		const lower = name?.toLowerCase();
		return lower?.endsWith(usualPort) ? lower.slice(0, -usualPort.length) : lower;
	};
	return named(authorityOfUrl(from)) === named(authority);
};

const authorityOfUrl = (field: Fields[string]): string | undefined =>
	typeof field === 'string' ? /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(field)?.[1] : undefined;

const hostOfUrl = (field: Fields[string]): string | undefined => hostOf(authorityOfUrl(field) ?? '');

/** RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291 §2.5.3. */
const isLoopback = (host: string): boolean =>
	host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
