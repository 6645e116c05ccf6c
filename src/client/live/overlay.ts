// Shows in the page which of its references lead to nothing.

import type { BrokenReference } from './wire.ts';

const NAME = 'casper-serve-broken';
const MOST_LINES = 5;
/** Where it is stored which set somebody has closed. */
const CLOSED = 'casper-serve-closed';

// The page's own rules for the element must not win; what is within is out of their reach.
const STYLE = `:host{all:initial!important;display:block!important;position:fixed!important;inset:auto 0 0!important;
z-index:2147483647!important}
section{display:flex;gap:12px;justify-content:space-between;align-items:start;max-height:50vh;overflow:auto;
padding:10px 14px;border-top:3px solid #e5484d;background:#1c1b1f;color:#f5f5f5;
font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
button{all:unset;cursor:pointer;padding:0 6px}
button:focus-visible{outline:2px solid}
@media print{:host{display:none!important}}`;

let overlay: { readonly element: HTMLElement; readonly lines: HTMLElement } | undefined;
let shown = '';

/** As it is told to people. */
const lineOf = ({ from, line, url, suggestion }: BrokenReference): string =>
	`${from}:${line}  ${url}: no such file.${suggestion === undefined ? '' : ` Did you mean ${suggestion}?`}`;

/** Shows these, or nothing where there are none. In frames, nothing. */
export const showBroken = (broken: readonly BrokenReference[]): void => {
	if (window !== window.top) return;
	const lines = broken.slice(0, MOST_LINES).map(lineOf);
	if (broken.length > MOST_LINES) lines.push(`… and ${broken.length - MOST_LINES} more`);
	const text = lines.join('\n');
	if (text === '' || isClosed(text)) {
		overlay?.element.remove();
		shown = '';
		return;
	}
	overlay ??= make();
	// It also comes back where a script has written the page anew.
	if (!overlay.element.isConnected) document.documentElement.append(overlay.element);
	// What is read out is what changes.
	if (text !== shown) overlay.lines.textContent = text;
	shown = text;
};

const make = (): { readonly element: HTMLElement; readonly lines: HTMLElement } => {
	const element = document.createElement(NAME);
	const tree = element.attachShadow({ mode: 'open' });
	// A sheet made by a script is nothing that a policy forbids.
	const sheet = new CSSStyleSheet();
	sheet.replaceSync(STYLE);
	tree.adoptedStyleSheets = [sheet];
	const lines = document.createElement('div');
	lines.setAttribute('role', 'status');
	const button = document.createElement('button');
	button.type = 'button';
	button.textContent = '✕';
	button.setAttribute('aria-label', 'Close');
	button.addEventListener('click', () => {
		close(shown);
		element.remove();
	});
	const box = document.createElement('section');
	box.append(lines, button);
	tree.append(box);
	return { element, lines };
};

let closed = '';

/** It stays closed in this tab until another reference breaks. */
const close = (text: string): void => {
	closed = text;
	try {
		sessionStorage.setItem(CLOSED, text);
	} catch {
		// Then it comes back with a reload.
	}
};

const isClosed = (text: string): boolean => {
	try {
		closed = sessionStorage.getItem(CLOSED) ?? closed;
	} catch {
		// As above.
	}
	return text === closed;
};
