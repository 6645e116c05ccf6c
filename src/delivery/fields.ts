// The fields of an asset's responses, the same whether it was asked for or pushed.

import { cacheControlOf, type Lifetime } from '../http/freshness.ts';
import { type Asset, isHtml } from '../site/snapshot.ts';
import type { ResponseFields } from './reply.ts';

/** The fields of an asset's 200 and 304, made once a version. */
export interface AssetFields {
	readonly full: ResponseFields;
	/** What a 200 would have carried of what RFC 9110 §15.4.5 asks for. */
	readonly notModified: ResponseFields;
}

/**
 * What the answer to a page view depends on beside its URL: which hints it carries, and in which form it comes
 * (RFC 9110 §12.5.5). Files are the same for everybody.
 */
const DOCUMENT_VARIES = { vary: 'Accept-Encoding, Cache-Digest, Service-Worker-Navigation-Preload' };

/** A source of {@link AssetFields} for a server whose lifetimes are `lifetimeOf`. */
export const assetFields = (lifetimeOf: (asset: Asset) => Lifetime): ((asset: Asset) => AssetFields) => {
	const known = new WeakMap<Asset, AssetFields>();
	return (asset) => {
		let fields = known.get(asset);
		if (fields === undefined) {
			const validators = {
				'cache-control': cacheControlOf(lifetimeOf(asset), false),
				etag: asset.etag,
				...(isHtml(asset.type) && DOCUMENT_VARIES),
			};
			const full = {
				':status': 200,
				'content-type': asset.type,
				'content-length': asset.size,
				...validators,
				'x-content-type-options': 'nosniff',
			};
			fields = { full, notModified: { ':status': 304, ...validators } };
			known.set(asset, fields);
		}
		return fields;
	};
};
