// CSS text → its rules, flat and in order, nesting resolved (CSS Syntax 3, CSS Nesting 1). What rules mean is read elsewhere.

import { type CSSToken, TokenType, tokenizer } from '@csstools/css-tokenizer';
import { lineCounter } from './lines.ts';
import { excludesScreens, matchesEveryScreen } from './media.ts';

/** One declaration. */
export interface Declaration {
	/** Lower case; as written where it begins with two dashes. */
	readonly property: string;
	/** As written, without `!important`. */
	readonly value: string;
	readonly isImportant: boolean;
	/** Line in the text, from 1. */
	readonly line: number;
}

/** A block of declarations and what it is for. */
export interface Block {
	/** The selector list, or the name of an at-rule (`@font-face`). */
	readonly prelude: string;
	/** The cascade layer, dots between nested ones; `undefined` outside of all. */
	readonly layer: string | undefined;
	/** Only in force under conditions that a server cannot judge. */
	readonly isConditional: boolean;
	readonly declarations: readonly Declaration[];
	readonly line: number;
}

/** One `@import`: what follows its keyword. */
export interface ImportRule {
	readonly prelude: string;
	readonly line: number;
}

/** The rules of a style sheet. */
export interface SheetRules {
	readonly imports: readonly ImportRule[];
	readonly blocks: readonly Block[];
	/** Names of cascade layers in the order in which they are first met. */
	readonly layers: readonly string[];
}

/** Deeper nesting than anybody writes: what lies below is passed over. */
const MAX_DEPTH = 32;

/** A nested selector can double with each level: one longer than this is dropped. */
const MAX_SELECTOR_LENGTH = 4096;

/** At-rules whose blocks hold rules under a condition that cannot be judged here. */
const CONDITIONAL = new Set(['container', 'scope', 'starting-style', 'document', '-moz-document']);

interface Context {
	/** The selector list that nested rules are relative to. */
	readonly selector: string | undefined;
	readonly layer: string | undefined;
	readonly isConditional: boolean;
}

/**
 * The rules of `css`, with those of their declarations whose properties are wanted. Never throws: what is malformed is
 * passed over as browsers do.
 */
export const parseRules = (css: string, isWanted: (property: string) => boolean = () => true): SheetRules =>
	new RuleReader(css, isWanted).read();

/** The tokens of a text without its comments. */
export const tokensOf = (css: string): CSSToken[] => {
	const tokens: CSSToken[] = [];
	const source = tokenizer({ css });
	for (let token = source.nextToken(); token[0] !== TokenType.EOF; token = source.nextToken())
		if (token[0] !== TokenType.Comment) tokens.push(token);
	return tokens;
};

class RuleReader {
	readonly #css: string;
	readonly #isWanted: (property: string) => boolean;
	readonly #tokens: readonly CSSToken[];
	readonly #lineOf: (offset: number) => number;
	readonly #imports: ImportRule[] = [];
	readonly #blocks: Block[] = [];
	readonly #layers = new Set<string>();
	#at = 0;
	#takesImports = true;
	#anonymous = 0;

	constructor(css: string, isWanted: (property: string) => boolean) {
		this.#css = css;
		this.#isWanted = isWanted;
		this.#tokens = tokensOf(css);
		this.#lineOf = lineCounter(css);
	}

	read(): SheetRules {
		this.#readContents({ selector: undefined, layer: undefined, isConditional: false }, 0, 1);
		return { imports: this.#imports, blocks: this.#blocks, layers: [...this.#layers] };
	}

	/** Reads rules, and declarations where there is a selector for them, up to the end of the block. */
	#readContents(context: Context, depth: number, line: number): void {
		const declarations: Declaration[] = [];
		for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
			switch (token[0]) {
				case TokenType.Whitespace:
				case TokenType.Semicolon:
				case TokenType.CDO:
				case TokenType.CDC:
					this.#at++;
					continue;
				case TokenType.CloseCurly:
					this.#at++;
					if (depth === 0) continue;
					this.#emit(context.selector, context, declarations, line);
					return;
				case TokenType.AtKeyword:
					this.#readAtRule(context, depth);
					continue;
				default:
					if (context.selector !== undefined && this.#isDeclaration()) {
						const declaration = this.#readDeclaration();
						if (declaration !== undefined) declarations.push(declaration);
					} else this.#readStyleRule(context, depth);
			}
		}
		this.#emit(context.selector, context, declarations, line);
	}

	#emit(
		prelude: string | undefined,
		{ layer, isConditional }: Context,
		declarations: Declaration[],
		line: number,
	): void {
		if (prelude !== undefined && declarations.length > 0)
			this.#blocks.push({ prelude, layer, isConditional, declarations, line });
	}

	/** Whether a name and a colon come before any block: else `a:hover {` would be one. */
	#isDeclaration(): boolean {
		const name = this.#tokens[this.#at];
		if (name?.[0] !== TokenType.Ident) return false;
		let at = this.#at + 1;
		while (this.#tokens[at]?.[0] === TokenType.Whitespace) at++;
		if (this.#tokens[at]?.[0] !== TokenType.Colon) return false;
		if (name[1].startsWith('--')) return true;
		const end = this.#tokens[this.#endOfPrelude(at)];
		return end?.[0] !== TokenType.OpenCurly;
	}

	#readDeclaration(): Declaration | undefined {
		const [, name = '', start = 0] = this.#tokens[this.#at] ?? [];
		const property = name.startsWith('--') ? name : name.toLowerCase();
		while (this.#tokens[this.#at]?.[0] !== TokenType.Colon) this.#at++;
		const from = ++this.#at;
		for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
			if (token[0] === TokenType.Semicolon || token[0] === TokenType.CloseCurly) break;
			this.#skipComponent();
		}
		if (!this.#isWanted(property)) return undefined;
		const text = this.#textOf(from);
		const value = text.replace(/\s*!\s*important$/i, '');
		return { property, value, isImportant: value !== text, line: this.#lineOf(start) };
	}

	/** What was read since a token, as written but for comments. */
	#textOf(from: number): string {
		const first = this.#tokens[from];
		const last = this.#tokens[this.#at - 1];
		if (first === undefined || last === undefined || this.#at <= from) return '';
		const text = this.#css.slice(first[2], last[3] + 1);
		return text.includes('/*') ? textOf(this.#tokens.slice(from, this.#at)) : text.trim();
	}

	#readStyleRule(context: Context, depth: number): void {
		this.#takesImports = false;
		const from = this.#at;
		const line = this.#lineOf(this.#tokens[from]?.[2] ?? 0);
		this.#at = this.#endOfPrelude(from);
		const opening = this.#tokens[this.#at]?.[0];
		if (opening !== TokenType.OpenCurly) {
			if (opening === TokenType.Semicolon) this.#at++;
			return;
		}
		const own = this.#textOf(from);
		if (depth >= MAX_DEPTH) return this.#skipComponent();
		this.#at++;
		const selector = context.selector === undefined ? own : nest(context.selector, own);
		// Nothing is below a selector that matches nothing.
		const isTooLong = selector.length > MAX_SELECTOR_LENGTH && context.selector !== undefined;
		this.#readContents({ ...context, selector: isTooLong ? ':not(*)' : selector }, depth + 1, line);
	}

	#readAtRule(context: Context, depth: number): void {
		const [, keyword = '', start = 0] = this.#tokens[this.#at] ?? [];
		const name = keyword.slice(1).toLowerCase();
		const line = this.#lineOf(start);
		const from = this.#at + 1;
		this.#at = this.#endOfPrelude(from);
		const prelude = this.#textOf(from);
		if (this.#tokens[this.#at]?.[0] !== TokenType.OpenCurly) {
			if (this.#tokens[this.#at]?.[0] === TokenType.Semicolon) this.#at++;
			if (name === 'import' && this.#takesImports && depth === 0) this.#imports.push({ prelude, line });
			else if (name === 'layer')
				for (const layer of prelude.split(',')) this.#layers.add(joinLayers(context.layer, layer.trim()));
			else if (name !== 'charset') this.#takesImports = false;
			return;
		}
		this.#takesImports = false;
		const within = depth >= MAX_DEPTH ? undefined : this.#contextIn(name, prelude, context);
		if (within === undefined) return this.#skipComponent();
		this.#at++;
		this.#readContents(within, depth + 1, line);
	}

	/** What holds in the block of an at-rule; `undefined` where nothing in it matters. */
	#contextIn(name: string, prelude: string, context: Context): Context | undefined {
		if (name === 'media') {
			if (excludesScreens(prelude)) return undefined;
			return matchesEveryScreen(prelude) ? context : { ...context, isConditional: true };
		}
		if (name === 'supports') {
			const judgement = judgeSupports(prelude);
			if (judgement === false) return undefined;
			return judgement === true ? context : { ...context, isConditional: true };
		}
		if (name === 'layer') {
			const layer = joinLayers(context.layer, prelude === '' ? `(${++this.#anonymous})` : prelude);
			this.#layers.add(layer);
			return { ...context, layer };
		}
		if (name === 'font-face') return { ...context, selector: '@font-face' };
		return CONDITIONAL.has(name) ? { ...context, isConditional: true } : undefined;
	}

	/** Where the prelude that begins at `from` ends: at a brace or a semicolon. */
	#endOfPrelude(from: number): number {
		const before = this.#at;
		this.#at = from;
		for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
			const [type] = token;
			if (type === TokenType.OpenCurly || type === TokenType.CloseCurly || type === TokenType.Semicolon)
				break;
			this.#skipComponent();
		}
		const end = this.#at;
		this.#at = before;
		return end;
	}

	/** Skips one token, or a block or function as a whole. */
	#skipComponent(): void {
		let open = 0;
		for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
			this.#at++;
			open += depthChangeOf(token);
			if (open <= 0) return;
		}
	}
}

const depthChangeOf = ([type]: CSSToken): number => {
	switch (type) {
		case TokenType.Function:
		case TokenType.OpenParen:
		case TokenType.OpenSquare:
		case TokenType.OpenCurly:
			return 1;
		case TokenType.CloseParen:
		case TokenType.CloseSquare:
		case TokenType.CloseCurly:
			return -1;
		default:
			return 0;
	}
};

const textOf = (tokens: readonly CSSToken[]): string =>
	tokens
		.map(([, text]) => text)
		.join('')
		.trim();

const joinLayers = (outer: string | undefined, inner: string): string =>
	outer === undefined ? inner : `${outer}.${inner}`;

/** Splits a text at its commas, but for those within brackets, functions and strings. */
export const splitAtCommas = (css: string): string[] => {
	const parts: CSSToken[][] = [[]];
	let depth = 0;
	for (const token of tokensOf(css)) {
		depth += depthChangeOf(token);
		if (token[0] === TokenType.Comma && depth === 0) parts.push([]);
		else parts.at(-1)?.push(token);
	}
	return parts.map(textOf);
};

/** CSS Nesting 1 §3: `&` stands for what the outer rule matches; without one the nested rule is below it. */
const nest = (outer: string, inner: string): string =>
	splitAtCommas(inner)
		.map((selector) => {
			const isRelative = !tokensOf(selector).some(([type, text]) => type === TokenType.Delim && text === '&');
			const absolute = isRelative ? `& ${selector}` : selector;
			return tokensOf(absolute)
				.map(([type, text]) => (type === TokenType.Delim && text === '&' ? `:is(${outer})` : text))
				.join('');
		})
		.join(', ');

/**
 * Whether browsers meet an `@supports` condition; `undefined` where that is not known. Whoever asks for a feature means
 * today's browsers, so that what is asked for counts as there.
 */
export const judgeSupports = (condition: string): boolean | undefined => {
	if (!/\bnot\b/i.test(condition)) return true;
	return /^\s*not\s*\([^()]*\)\s*$/i.test(condition) ? false : undefined;
};
