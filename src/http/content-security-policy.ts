// Whether a document's content security policies (CSP Level 3) let a script of the document's own origin run in it, and that
// script ask its server.

import { usualPortOf } from './host.ts';

/** A script of our own in somebody's document. */
export interface OwnScript {
	/** The document's origin: `https`, and `localhost:8443`. */
	readonly scheme: string;
	readonly authority: string;
	/** The nonce that its element has. */
	readonly nonce: string | undefined;
}

/**
 * The directive by which one of the policies keeps the script from running or from asking; `undefined`: none does.
 * @param policies as fields (which may hold several, with commas between) or `meta` elements have them
 */
export const forbiddenBy = (policies: readonly string[], script: OwnScript): string | undefined => {
	for (const policy of policies.flatMap((each) => each.split(','))) {
		const directives = parsePolicy(policy);
		const sandbox = directives.get('sandbox');
		if (sandbox !== undefined && !SANDBOX_NEEDS.every((token) => sandbox.includes(token)))
			return ['sandbox', ...sandbox].join(' ');
		for (const [names, nonce] of [
			[RUNNING, script.nonce],
			[ASKING, undefined],
		] as const) {
			const name = names.find((each) => directives.has(each));
			const sources = name && directives.get(name);
			if (sources && !isAllowed(sources, script, nonce)) return [name, ...sources].join(' ');
		}
	}
	return undefined;
};

/** The first that is there counts (§6.8.3). */
const RUNNING = ['script-src-elem', 'script-src', 'default-src'] as const;
const ASKING = ['connect-src', 'default-src'] as const;
const SANDBOX_NEEDS = ['allow-scripts', 'allow-same-origin'] as const;

/** Of directives of one name, the first counts (§2.2.1). */
const parsePolicy = (policy: string): ReadonlyMap<string, readonly string[]> => {
	const directives = new Map<string, readonly string[]>();
	for (const directive of policy.split(';')) {
		const [name = '', ...values] = directive.trim().split(/\s+/);
		if (name !== '' && !directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), values);
	}
	return directives;
};

const isAllowed = (sources: readonly string[], script: OwnScript, nonce: string | undefined): boolean => {
	if (nonce !== undefined && sources.includes(`'nonce-${nonce}'`)) return true;
	// Where scripts are trusted by nonce and hash, places count for nothing (§6.7.2.4).
	if (sources.some((source) => source.toLowerCase() === "'strict-dynamic'")) return false;
	return sources.some((source) => isPlace(source.toLowerCase(), script));
};

/** Whether a source expression names the script's origin (§6.7.2.7). Paths are looked at by the folder alone. */
const isPlace = (source: string, { scheme, authority }: OwnScript): boolean => {
	if (source === "'self'" || source === '*') return true;
	const [, written, host, port, path = ''] =
		/^(?:([a-z][a-z0-9+.-]*):(?:\/\/|$))?(\*|(?:\*\.)?[^\s:/*']+|\[[0-9a-f:.]+\])?(?::(\d+|\*))?(\/.*)?$/.exec(
			source,
		) ?? [];
	if (written !== undefined && written !== scheme && !(written === 'http' && scheme === 'https'))
		return false;
	if (host === undefined) return written !== undefined;
	const [, ownHost = '', ownPort] = /^(.*?)(?::(\d+))?$/.exec(authority.toLowerCase()) ?? [];
	const isHost =
		host === '*' || host === ownHost || (host.startsWith('*.') && ownHost.endsWith(host.slice(1)));
	const usualPort = usualPortOf(scheme);
	const isPort = port === '*' || (port ?? usualPort) === (ownPort ?? usualPort);
	return isHost && isPort && (path === '' || path === '/' || path.startsWith('/.casper/'));
};
