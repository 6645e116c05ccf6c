// What our service worker says with its requests. Other workers say other things in the same fields: then it is a request
// like any other.

import { PROTOCOL } from './bundle-format.ts';
import { type Fields, fieldOf } from './request.ts';

/** `bundle`: it takes one, and holds what `digest` says; `document`: it wants the page as a navigation gets it, alone. */
export type WorkerRequest =
	| { readonly kind: 'bundle'; readonly digest: string }
	| { readonly kind: 'document' };

/** With navigation preload (Service Workers §4.5.5), and where the worker asks on its own because there is none. */
const FIELDS = ['service-worker-navigation-preload', 'cache-digest'] as const;

/** What the worker of a page says with the request for it; `undefined`: nothing. */
export const workerRequestOf = (fields: Fields): WorkerRequest | undefined => {
	for (const name of FIELDS) {
		const [protocol, digest, ...others] = (fieldOf(fields, name) ?? '').trim().split(' ');
		if (protocol !== PROTOCOL || others.length > 0) continue;
		return digest === undefined ? { kind: 'document' } : { kind: 'bundle', digest };
	}
	return undefined;
};

/** Whether the answer is shown as a page by a browser that may have a service worker: those say what they ask for. */
export const isBrowserNavigation = (fields: Fields): boolean =>
	fields['sec-fetch-mode'] === 'navigate' || workerRequestOf(fields) !== undefined;
