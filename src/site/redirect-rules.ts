// The `_redirects` file of a site, in the notation of Netlify and Cloudflare Pages: `from to [status][!]`, a rule a line.
// Conditions on query, country, language or role, proxies and rules for other hosts are mistakes here.

import { ORIGIN, parsePath, pathIn, type UrlPath } from './paths.ts';

/** Where the rules are. Never served. */
export const REDIRECTS_PATH: UrlPath = '/_redirects' as UrlPath;

/** What is wrong with a line. */
export interface RuleProblem {
	/** From 1. */
	readonly line: number;
	/** Subject, expected, got. */
	readonly message: string;
}

/** The rules of a file, ready for look-up. */
export interface RedirectRules {
	readonly kind: 'redirects';
	/** Those that go before files. */
	readonly forced: RuleSet;
	readonly others: RuleSet;
	/** Of the lines that are left out. */
	readonly problems: readonly RuleProblem[];
}

interface RuleSet {
	/** Rules for one path, in order. */
	readonly statics: Map<string, RedirectRule[]>;
	/** Rules with placeholders or a splat, in order. */
	readonly dynamics: RedirectRule[];
}

/** One rule. */
export interface RedirectRule {
	/** Decoded; `:name` stands for one segment, `*` at the end for the rest, even an empty one. */
	readonly from: readonly string[];
	/** As written: a path with query and fragment, or an `http:` or `https:` URL. */
	readonly to: string;
	/** 200: show what is at `to`; 404: the same, as what is not found; else a redirect. */
	readonly status: number;
	/** Goes before files. */
	readonly isForced: boolean;
	readonly line: number;
}

/** What a rule makes of a path. */
export interface RuleOutcome {
	readonly status: number;
	/** Path, query and fragment as a browser serialises them, or a whole URL. */
	readonly location: string;
}

const STATUSES: ReadonlySet<number> = new Set([200, 301, 302, 303, 307, 308, 404]);
/** Netlify's; Cloudflare's is 302. As no redirect of ours is kept, clients see no difference. */
const DEFAULT_STATUS = 301;
/** Cloudflare's. */
const MAX_STATICS = 2000;
const MAX_DYNAMICS = 100;
const MAX_LINE_LENGTH = 2000;
const PLACEHOLDER = /:([A-Za-z]\w*)/g;

/** Reads a `_redirects` file. Never throws: lines with mistakes are left out and told of. */
export const parseRedirectRules = (text: string): RedirectRules => {
	const forced: RuleSet = { statics: new Map(), dynamics: [] };
	const others: RuleSet = { statics: new Map(), dynamics: [] };
	const problems: RuleProblem[] = [];
	let [staticCount, dynamicCount] = [0, 0];
	for (const [index, content] of text.split(/\r\n|\n|\r/).entries()) {
		const line = index + 1;
		const words = content.trim().split(/\s+/);
		const comment = words.findIndex((word) => word.startsWith('#'));
		const parts = comment === -1 ? words : words.slice(0, comment);
		if (parts.length === 0 || parts[0] === '') continue;
		const rule =
			content.length > MAX_LINE_LENGTH
				? 'rule: expected a line of at most 2000 characters'
				: parseRule(parts, line);
		if (typeof rule === 'string') {
			problems.push({ line, message: rule });
			continue;
		}
		const { statics, dynamics } = rule.isForced ? forced : others;
		const path = `/${rule.from.join('/')}`;
		const namesakes = statics.get(path);
		if (rule.from.some(isVariable)) {
			if (dynamicCount++ < MAX_DYNAMICS) dynamics.push(rule);
			else problems.push({ line, message: `rules: expected at most ${MAX_DYNAMICS} with placeholders or *` });
		} else if (staticCount++ >= MAX_STATICS)
			problems.push({ line, message: `rules: expected at most ${MAX_STATICS} without placeholders or *` });
		else if (namesakes === undefined) statics.set(path, [rule]);
		else namesakes.push(rule);
	}
	return { kind: 'redirects', forced, others, problems };
};

/**
 * What the first rule that fits makes of a path; `undefined` where none does. A rule that leads where one is already does
 * not fit.
 * @param isForced whether to look among the rules that go before files, or among the others
 */
export const applyRedirectRules = (
	{ forced, others }: RedirectRules,
	path: UrlPath,
	isForced: boolean,
): RuleOutcome | undefined => {
	const { statics, dynamics } = isForced ? forced : others;
	const fixed = statics.get(path) ?? [];
	const segments = dynamics.length === 0 ? [] : path.slice(1).split('/');
	const rules = fixed.length === 0 ? dynamics : [...fixed, ...dynamics].sort((a, b) => a.line - b.line);
	for (const rule of rules) {
		const values = rule.from.some(isVariable) ? valuesOf(rule.from, segments) : new Map<string, string>();
		const location = values && locationOf(rule.to, values);
		if (location !== undefined && (rule.status === 200 || !isAt(location, path)))
			return { status: rule.status, location };
	}
	return undefined;
};

const isVariable = (segment: string): boolean => segment === '*' || /^:[A-Za-z]\w*$/.test(segment);

/** A rule, or what is wrong with it. */
const parseRule = (parts: readonly string[], line: number): RedirectRule | string => {
	const [source = '', to = '', status, ...rest] = parts;
	const from = parseSource(source);
	if (typeof from === 'string') return from;
	if (!to.startsWith('/') && !/^https?:\/\//i.test(to))
		return `destination: expected a path or an http or https URL, got ${JSON.stringify(to)}`;
	const [, digits, force] = /^(\d{3})(!?)$/.exec(status ?? String(DEFAULT_STATUS)) ?? [];
	const code = Number(digits);
	if (!STATUSES.has(code))
		return `status: expected one of ${[...STATUSES].join(', ')}, and ! where it goes before files, got ${JSON.stringify(status)}`;
	if (rest.length > 0)
		return `rule: expected nothing after the status, got ${JSON.stringify(rest.join(' '))}`;
	const problem = problemOf(to, from, code);
	return problem ?? { from, to, status: code, isForced: force === '!', line };
};

const parseSource = (source: string): readonly string[] | string => {
	const parsed = /[?#]/.test(source) ? undefined : parsePath(source);
	if (parsed?.kind !== 'path')
		return `source: expected a path without query and fragment, got ${JSON.stringify(source)}`;
	const segments = parsed.path.slice(1).split('/');
	const wrong = segments.findIndex(
		(segment, at) => segment.includes('*') && (segment !== '*' || at < segments.length - 1),
	);
	return wrong === -1
		? segments
		: `source: expected * as the last segment alone, got ${JSON.stringify(source)}`;
};

const problemOf = (to: string, from: readonly string[], status: number): string | undefined => {
	const isUrl = !to.startsWith('/');
	const authority = /^https?:\/\/([^/?#\\]*)/i.exec(to)?.[1] ?? '';
	if (isUrl && (status === 200 || status === 404))
		return `destination: expected a path, as proxies are not served, got ${JSON.stringify(to)}`;
	if (/^\/[/\\]/.test(to) || /:[A-Za-z]/.test(authority) || !URL.canParse(to, ORIGIN))
		return `destination: expected a path or a URL with a fixed host, got ${JSON.stringify(to)}`;
	const known = new Set(from.filter(isVariable).map((name) => (name === '*' ? 'splat' : name.slice(1))));
	const unknown = [...to.matchAll(PLACEHOLDER)].find(([, name = '']) => !known.has(name));
	return unknown && `destination: expected placeholders of the source, got ${JSON.stringify(unknown[0])}`;
};

/** What the variables of a pattern stand for, as it goes into a URL. */
const valuesOf = (
	from: readonly string[],
	segments: readonly string[],
): ReadonlyMap<string, string> | undefined => {
	const hasSplat = from.at(-1) === '*';
	if (hasSplat ? segments.length < from.length : segments.length !== from.length) return undefined;
	const values = new Map<string, string>();
	for (const [at, pattern] of from.entries()) {
		const segment = segments[at] ?? '';
		if (pattern === '*') values.set('splat', segments.slice(at).map(encodeURIComponent).join('/'));
		else if (!isVariable(pattern)) {
			if (pattern !== segment) return undefined;
		} else if (segment === '') return undefined;
		else values.set(pattern.slice(1), encodeURIComponent(segment));
	}
	return values;
};

const locationOf = (to: string, values: ReadonlyMap<string, string>): string | undefined => {
	const filled = to.replace(PLACEHOLDER, (all, name: string) => values.get(name) ?? all);
	const isPath = to.startsWith('/');
	// An empty splat must not make two slashes, which browsers read as a host.
	const text = isPath ? ORIGIN + filled.replace(/^[/\\]+/, '/') : filled;
	if (!URL.canParse(text)) return undefined;
	const { href } = new URL(text);
	return isPath ? href.slice(ORIGIN.length).replace(/^\/+/, '/') : href;
};

const isAt = (location: string, path: UrlPath): boolean => {
	const target = parsePath(pathIn(location));
	return target.kind === 'path' && target.path === path;
};
