// Under which names a server answers. A page of another site can have its own name lead here (DNS rebinding), and then
// reads whatever we send as its own: a server that only its developer is to reach answers to names that are surely its.

/**
 * The host of an authority (RFC 3986 §3.2) in lower case, without port, brackets and the dot of the root; `undefined` for
 * what is none.
 */
export const hostOf = (authority: string): string | undefined => {
	const [, address, name] = /^(?:\[([0-9a-f:.]+)\]|([^\s:@/?#[\]]+))(?::\d{0,5})?$/i.exec(authority) ?? [];
	return (address ?? name?.replace(/\.$/, ''))?.toLowerCase();
};

/** The port that URLs of a scheme leave out (RFC 9110 §4.2). */
export const usualPortOf = (scheme: string): string => (scheme === 'https' ? '443' : '80');

/** No name of another site looks like this: a top-level domain has letters. */
const isAddress = (host: string): boolean => host.includes(':') || /^[\d.]+$/.test(host);

/**
 * Whether an authority names this server: none at all, which no browser says (RFC 9112 §3.2 lets HTTP/1.0 do so); an address, which no other site can have for a name; `localhost` and what is
 * below it (RFC 6761 §6.3); and `names`, of which one that begins with a dot or with `*.` stands for all names below it.
 */
export const hostCheck = (names: readonly string[]): ((authority: string) => boolean) => {
	const exact = new Set(['localhost', ...names.map((name) => name.toLowerCase())]);
	const suffixes = [
		'.localhost',
		...names.flatMap((name) => /^\*?(\..+)$/.exec(name.toLowerCase())?.[1] ?? []),
	];
	// Each request asks, and nearly all ask for the same.
	let last = '';
	return (authority) => {
		if (authority === '' || authority === last) return true;
		const host = hostOf(authority);
		if (host === undefined) return false;
		const isOurs = exact.has(host) || isAddress(host) || suffixes.some((suffix) => host.endsWith(suffix));
		if (isOurs) last = authority;
		return isOurs;
	};
};

/** Whether an authority is a name or an address of the client's own machine (RFC 6761 §6.3, RFC 6890). */
export const isLoopback = (authority: string): boolean => {
	const host = hostOf(authority);
	return host === undefined || /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|(?:0*:)*:?0*1)$/.test(host);
};
