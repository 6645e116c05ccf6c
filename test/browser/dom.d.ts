// The types that the declarations of playwright-core and puppeteer-core expect as globals. The library `dom` would have
// them, but would let every file name `window`; nothing here runs in a page, so nothing needs more of them than their names.

declare global {
	interface Node {
		readonly nodeType: number;
	}
	interface Element extends Node {
		readonly tagName: string;
	}
	interface HTMLElement extends Element {
		readonly hidden: boolean;
	}
	interface SVGElement extends Element {
		readonly viewportElement: SVGElement | null;
	}
	interface HTMLFormElement extends HTMLElement {}
	interface HTMLIFrameElement extends HTMLElement {}
	interface HTMLInputElement extends HTMLElement {}
	interface HTMLLinkElement extends HTMLElement {}
	interface HTMLScriptElement extends HTMLElement {}
	interface HTMLStyleElement extends HTMLElement {}
	type HTMLElementTagNameMap = Record<string, HTMLElement>;
	type SVGElementTagNameMap = Record<string, SVGElement>;
}

export {};
