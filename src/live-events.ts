// What happens while somebody works on a site, as it is told to whoever runs the server.

import type { BrokenReference } from './site/broken.ts';
import type { UrlPath } from './site/paths.ts';

export type { BrokenReference } from './site/broken.ts';

/** What became of a file. */
export interface FileChange {
	readonly path: UrlPath;
	readonly kind: 'added' | 'changed' | 'removed';
}

/** What a page's console said, or an error that nobody caught. */
export interface ConsoleMessage {
	readonly level: 'debug' | 'log' | 'info' | 'warn' | 'error';
	/** As the page wrote it, at most 10,000 characters; may have control characters. */
	readonly text: string;
	/** Where: `/js/app.js:12:5`, or empty. */
	readonly at: string;
}

/** Something that happened. */
export type LiveEvent =
	/** Files have other content than before, and have been left alone for a moment. */
	| { readonly kind: 'changed'; readonly files: readonly FileChange[] }
	/** A tab showed it: anew as a whole, or in place. `page` is its path and query. */
	| {
			readonly kind: 'shown';
			readonly page: string;
			readonly how: 'reload' | 'in place';
			readonly files: readonly string[];
	  }
	/** `added` were not broken before, `mended` are not any more. `total`: in the whole site now. */
	| {
			readonly kind: 'broken';
			readonly added: readonly BrokenReference[];
			readonly mended: readonly BrokenReference[];
			readonly total: number;
	  }
	/** A page cannot be reloaded, since its content security policy does not let it. Told once a version. */
	| { readonly kind: 'forbidden'; readonly page: string; readonly policy: string }
	| { readonly kind: 'console'; readonly page: string; readonly messages: readonly ConsoleMessage[] };
