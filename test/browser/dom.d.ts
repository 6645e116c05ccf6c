// The types that the declarations of playwright-core expect as globals. The library `dom` would have them, but would let
// every file name `window`; nothing here runs in a page, so nothing needs more of them than their names.

declare global {
	interface Node {
		readonly nodeType: number;
	}
	interface HTMLElement extends Node {
		readonly tagName: string;
	}
	interface SVGElement extends Node {
		readonly tagName: string;
	}
	type HTMLElementTagNameMap = Record<string, HTMLElement>;
}

export {};
