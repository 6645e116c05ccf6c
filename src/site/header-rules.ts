// The `_headers` file of a site, in the notation of Netlify and Cloudflare Pages: a path on a line of its own, then the
// fields that its responses get, `Name: value`, or lose, `! Name`. Rules for other hosts are mistakes here.

import type { UrlPath } from './paths.ts';
import type { RuleProblem } from './redirect-rules.ts';

/** Where the rules are. Never served. */
export const HEADERS_PATH: UrlPath = '/_headers' as UrlPath;

/** The rules of a file. */
export interface HeaderRules {
	readonly kind: 'headers';
	readonly rules: readonly HeaderRule[];
	/** Of the lines that are left out. */
	readonly problems: readonly RuleProblem[];
}

/** The fields for the paths that fit a pattern. */
export interface HeaderRule {
	/** Of decoded paths; each variable is a group of its name, `*` the group `splat`. */
	readonly pattern: RegExp;
	readonly set: ReadonlyMap<string, HeaderValue>;
	/** Names in lower case. */
	readonly removed: ReadonlySet<string>;
}

/** As written; `:name` stands for what the variable of the pattern does. */
export interface HeaderValue {
	readonly text: string;
	/** From 1. */
	readonly line: number;
}

/** What the rules make of the fields of one path. */
export interface FieldEdits {
	/** By names in lower case. */
	readonly set: ReadonlyMap<string, string>;
	readonly removed: ReadonlySet<string>;
	/** The line of the rules that says `Link`, where one does. */
	readonly linkLine: number;
}

/** Cloudflare's. */
const MAX_RULES = 100;
const MAX_LINE_LENGTH = 2000;
const VARIABLE = /:([A-Za-z]\w*)/g;
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/** Fields that say how a message is framed, or what exactly its content is: a site cannot know better than its server. */
const OURS: ReadonlySet<string> = new Set([
	'accept-ranges',
	'connection',
	'content-encoding',
	'content-length',
	'content-range',
	'date',
	'etag',
	'http2-settings',
	'keep-alive',
	'last-modified',
	'location',
	'proxy-connection',
	'te',
	'trailer',
	'transfer-encoding',
	'upgrade',
	// What is kept by many clients and caches is the same for all of them.
	'set-cookie',
	'basic-auth',
]);

/** Reads a `_headers` file. Never throws: lines with mistakes are left out and told of. */
export const parseHeaderRules = (text: string): HeaderRules => {
	const rules: HeaderRule[] = [];
	const problems: RuleProblem[] = [];
	let current: Draft | 'left out' | undefined;
	const finish = (): void => {
		if (typeof current !== 'object') return;
		if (current.set.size > 0 || current.removed.size > 0) rules.push(current);
		else problems.push({ line: current.line, message: 'rule: expected fields below its path, got none' });
	};
	for (const [index, content] of text.split(/\r\n|\n|\r/).entries()) {
		const line = index + 1;
		const words = content.trim();
		if (words === '' || words.startsWith('#')) continue;
		let problem: string | undefined;
		if (words.length > MAX_LINE_LENGTH) problem = 'rule: expected a line of at most 2000 characters';
		else if (/^(?:\/|[^\s:]+:\/\/)/.test(words)) {
			finish();
			const pattern = rules.length < MAX_RULES ? patternOf(words) : `rules: expected at most ${MAX_RULES}`;
			current =
				typeof pattern === 'string' ? 'left out' : { ...pattern, line, set: new Map(), removed: new Set() };
			problem = typeof pattern === 'string' ? pattern : undefined;
		} else if (current === undefined) problem = `rule: expected a path first, got ${JSON.stringify(words)}`;
		else if (current !== 'left out') problem = takeField(words, line, current);
		if (problem !== undefined) problems.push({ line, message: problem });
	}
	finish();
	return { kind: 'headers', rules, problems };
};

interface Draft extends HeaderRule {
	readonly line: number;
	readonly variables: ReadonlySet<string>;
	readonly set: Map<string, HeaderValue>;
	readonly removed: Set<string>;
}

/** A pattern of paths, or what is wrong with it. Each segment has one variable at most, so that matching takes linear time. */
const patternOf = (source: string): Pick<Draft, 'pattern' | 'variables'> | string => {
	if (!source.startsWith('/')) return `path: expected one of this site, got ${JSON.stringify(source)}`;
	if (/[\s?#]/.test(source))
		return `path: expected one without blanks, query and fragment, got ${JSON.stringify(source)}`;
	const variables = new Set<string>();
	const parts: string[] = [];
	for (const segment of source.split('/')) {
		const found = segment.match(/\*|:[A-Za-z]\w*/g) ?? [];
		const name = found[0] === '*' ? 'splat' : found[0]?.slice(1);
		if (found.length > 1 || (name !== undefined && variables.has(name)))
			return `path: expected one * or :name in a segment, and each once, got ${JSON.stringify(source)}`;
		const [before = '', after = ''] = found[0] === undefined ? [segment] : segment.split(found[0]);
		const fixed = [decoded(before), decoded(after)];
		if (fixed[0] === undefined || fixed[1] === undefined)
			return `path: expected escapes of UTF-8, got ${JSON.stringify(source)}`;
		if (name !== undefined) variables.add(name);
		const variable = name === undefined ? '' : name === 'splat' ? '(?<splat>.*)' : `(?<${name}>[^/]+)`;
		parts.push(escaped(fixed[0]) + variable + escaped(fixed[1]));
	}
	return { pattern: new RegExp(`^${parts.join('/')}$`, 's'), variables };
};

const decoded = (text: string): string | undefined => {
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined;
	}
};

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** Takes one line below a path in; returns what is wrong with it. */
const takeField = (words: string, line: number, { set, removed, variables }: Draft): string | undefined => {
	const [, unset] = /^!\s*([^\s:]+)$/.exec(words) ?? [];
	const [, given = '', value = ''] = /^([^:]*?)\s*:\s*(.*)$/.exec(words) ?? [];
	const name = (unset ?? given).toLowerCase();
	if (!TOKEN.test(name)) return `field: expected Name: value or ! Name, got ${JSON.stringify(words)}`;
	if (OURS.has(name)) return `field: expected one that a site may set, got ${JSON.stringify(name)}`;
	if (unset !== undefined) {
		removed.add(name);
		return undefined;
	}
	if (value === '' || !/^[\t\x20-\x7e\xa0-\xff]*$/.test(value))
		return `${name}: expected a value in Latin-1, got ${JSON.stringify(value)}`;
	// Others are part of the value, as in `Link: <https://…>`.
	const isVariable = [...value.matchAll(VARIABLE)].some(([, variable = '']) => variables.has(variable));
	const earlier = set.get(name);
	const whole = earlier === undefined ? value : `${earlier.text}, ${value}`;
	if (isVariable && name === 'link') return 'link: expected no variables of the path';
	set.set(name, { text: whole, line: earlier?.line ?? line });
	return undefined;
};

/**
 * What all rules that fit a path make of its fields, in their order: each first takes fields away, then gives some. Fields
 * that several rules give are joined (RFC 9110 §5.3). `undefined` where no rule fits.
 */
export const applyHeaderRules = ({ rules }: HeaderRules, path: UrlPath): FieldEdits | undefined => {
	const set = new Map<string, string>();
	const removed = new Set<string>();
	let linkLine = 0;
	for (const rule of rules) {
		const match = rule.pattern.exec(path);
		if (match === null) continue;
		for (const name of rule.removed) {
			set.delete(name);
			removed.add(name);
		}
		for (const [name, { text, line }] of rule.set) {
			const value = text.replace(VARIABLE, (all, variable: string) => {
				const part = match.groups?.[variable];
				return part === undefined ? all : part.split('/').map(encodeURIComponent).join('/');
			});
			const earlier = set.get(name);
			set.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
			removed.delete(name);
			if (name === 'link') linkLine = line;
		}
	}
	return set.size === 0 && removed.size === 0 ? undefined : { set, removed, linkLine };
};
