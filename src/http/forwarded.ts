// What a proxy says of the client that it asks for: `Forwarded` (RFC 7239), or the `X-Forwarded-*` fields that were there
// before it. Anybody can write these fields: they say something only where a proxy that is trusted sets them anew or adds
// to them.

import { hostOf } from './host.ts';
import { type Fields, fieldOf } from './request.ts';

/** What the proxy in front of us says. What it does not say, or not in a form that can be, is `undefined`. */
export interface Forwarded {
	/** The client as the proxy saw it: an address without port and brackets, or an identifier such as `_hidden`. */
	readonly address: string | undefined;
	/** The host, with its port, that the client asked for. */
	readonly host: string | undefined;
	/** How the client asked the proxy. */
	readonly scheme: 'http' | 'https' | undefined;
}

const NOTHING_SAID: Forwarded = { address: undefined, host: undefined, scheme: undefined };
/** Characters of a field that are looked at; none of a longer one are. */
const LONGEST_FIELD = 8192;

/**
 * What the nearest proxy says. Each one adds to the end, so that the last element is its own (RFC 7239 §5.2: of `for`, the
 * client as that proxy saw it), and all before it are what it was told, by whomever. Where `Forwarded` is there, it alone
 * counts, even if nothing can be made of it. Never throws; linear time.
 */
export const readForwarded = (fields: Fields): Forwarded => {
	const forwarded = fieldOf(fields, 'forwarded');
	if (forwarded !== undefined) return parseLastElement(forwarded);
	return {
		address: addressOf(lastOf(fieldOf(fields, 'x-forwarded-for'))),
		host: authorityOf(lastOf(fieldOf(fields, 'x-forwarded-host'))),
		scheme: schemeOf(lastOf(fieldOf(fields, 'x-forwarded-proto'))),
	};
};

/** The last value of a list without quoted strings. */
const lastOf = (list: string | undefined): string | undefined =>
	list === undefined || list.length > LONGEST_FIELD
		? undefined
		: list.slice(list.lastIndexOf(',') + 1).trim();

/**
 * One parameter and what parts it from the next (RFC 7239 §4). In a token, the colons and brackets of addresses, too,
 * which are to be quoted and often are not. No two neighbours take the same characters: no text makes it go back.
 */
const PARAMETER =
	/(?:([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~:[\]-]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?(?:;[ \t]*|$)/y;

const parseLastElement = (field: string): Forwarded => {
	if (field.length > LONGEST_FIELD) return NOTHING_SAID;
	const element = field.slice(startOfLast(field)).trim();
	const said = new Map<string, string>();
	PARAMETER.lastIndex = 0;
	while (PARAMETER.lastIndex < element.length) {
		const match = PARAMETER.exec(element);
		if (match === null) return NOTHING_SAID;
		const [, name, token, quoted] = match;
		if (name === undefined) continue;
		const key = name.toLowerCase();
		// RFC 7239 §4: none may be there twice.
		if (said.has(key)) return NOTHING_SAID;
		said.set(key, token ?? quoted?.replace(/\\(.)/g, '$1') ?? '');
	}
	return {
		address: addressOf(said.get('for')),
		host: authorityOf(said.get('host')),
		scheme: schemeOf(said.get('proto')),
	};
};

/**
 * Where the last element of a list with quoted strings begins. Found from its end: a quote that a client left open ahead of
 * what the proxy added takes nothing of that.
 */
const startOfLast = (field: string): number => {
	let isQuoted = false;
	for (let at = field.length - 1; at >= 0; at--) {
		if (field[at] === ',' && !isQuoted) return at + 1;
		if (field[at] !== '"') continue;
		let backslashes = 0;
		while (isQuoted && field[at - 1 - backslashes] === '\\') backslashes++;
		at -= backslashes;
		// An escaped one is part of the string.
		if (backslashes % 2 === 0) isQuoted = !isQuoted;
	}
	return 0;
};

/** A node (RFC 7239 §6) without its port: an address, or the name that stands for one that is kept secret. */
const addressOf = (node: string | undefined): string | undefined => {
	if (node === undefined) return undefined;
	if (isIpv6(node)) return node;
	const [, inBrackets, plain = ''] =
		/^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(?:\d{1,5}|_[\w.-]+))?$/i.exec(node) ?? [];
	if (inBrackets !== undefined) return isIpv6(inBrackets) ? inBrackets : undefined;
	// `unknown` is as good as nothing (§6.2).
	return isIpv4(plain) || /^_[\w.-]+$/.test(plain) ? plain : undefined;
};

const isIpv4 = (text: string): boolean =>
	/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) && text.split('.').every((octet) => Number(octet) < 256);

const isIpv6 = (text: string): boolean =>
	text.includes(':') && /^[\da-f:.]{2,45}$/i.test(text) && URL.canParse(`http://[${text}]/`);

const authorityOf = (host: string | undefined): string | undefined =>
	host !== undefined && hostOf(host) !== undefined ? host : undefined;

const schemeOf = (scheme: string | undefined): 'http' | 'https' | undefined => {
	const lower = scheme?.toLowerCase();
	return lower === 'http' || lower === 'https' ? lower : undefined;
};
