// Pushes files of a folder, whose versions are known. Nothing of the host is asked.

import type { ServerHttp2Session } from 'node:http2';
import type { PromisingDocument } from './casper-exchange.ts';
import type { Pushes, Source } from './casper-source.ts';
import { Bodies } from './delivery/body.ts';
import { assetFields } from './delivery/fields.ts';
import { PushQueue } from './delivery/push.ts';
import { SiteTerms } from './delivery/terms.ts';
import type { KeyOracle } from './digest/cookie.ts';
import { LivingKeys } from './digest/living-keys.ts';
import type { ResourceVersion } from './digest/resource-key.ts';
import type { Lifetime } from './http/freshness.ts';
import type { Delivery } from './plan.ts';
import { pathIn } from './site/paths.ts';
import { findFile } from './site/routes.ts';
import type { Asset } from './site/snapshot.ts';
import { openSite, type Site } from './site/watcher.ts';

/** Bytes of files held in memory at most. */
const HELD_BYTES = 64 * 2 ** 20;

/**
 * How long the host lets clients use a file is not known; to ask before each use is right for every file. Neither is in
 * which content codings it sends them.
 */
const REVALIDATE: Lifetime = { kind: 'revalidate' };
const fieldsOf = assetFields(new SiteTerms(() => REVALIDATE).of, false);

/** The files of `folder`, in the version that each has at the moment. */
export class Folder implements Source {
	readonly ready: Promise<void>;
	readonly oracle: KeyOracle;
	readonly #keys = new LivingKeys();
	readonly #bodies = new Bodies(HELD_BYTES);
	readonly #opening: Promise<Site>;
	#site: Site | undefined;

	constructor(folder: string) {
		this.#opening = openSite(folder, {
			onChange: (changes, before) => {
				for (const [path, asset] of changes) {
					const earlier = before.get(path);
					if (earlier !== undefined) this.#keys.remove(earlier);
					if (asset !== undefined) this.#keys.add(asset, false);
				}
			},
		});
		this.ready = this.#opening.then((site) => {
			this.#site = site;
			return site.ready;
		});
		this.oracle = {
			// By half an index, the keys of the other half would be those of files long gone.
			isCurrent: (key, keyBits) => this.#site?.isReady !== true || this.#keys.isCurrent(key, keyBits),
			needsAge: () => false,
		};
	}

	prepare(urls: Iterable<string>): Promise<void> | undefined {
		return this.#site?.isReady === true ? undefined : this.#settle(urls);
	}

	async #settle(urls: Iterable<string>): Promise<void> {
		const site = await this.#opening.catch(() => undefined);
		if (site === undefined) return;
		// Whatever cannot be read is not pushed; the document comes anyway.
		await Promise.allSettled(Array.from(urls, (url) => site.settle(pathIn(url))));
	}

	find(url: string): ResourceVersion | undefined {
		const asset = this.#assetAt(url);
		if (asset === undefined) return undefined;
		if (asset.url === url) return asset;
		const variant = { url, hash: asset.hash };
		this.#keys.addVariant(asset, variant, false);
		return variant;
	}

	#assetAt(url: string): Asset | undefined {
		return this.#site && findFile(this.#site.snapshot, pathIn(url));
	}

	open(session: ServerHttp2Session): Pushes {
		const queue = new PushQueue(session, this.#bodies, fieldsOf);
		return {
			promise: ({ stream, authority }: PromisingDocument, versions) => {
				const found = versions.slice(0, queue.room).flatMap((version) => {
					const asset = this.#assetAt(version.url);
					return asset === undefined ? [] : [{ version, delivery: toDelivery(version.url, asset) }];
				});
				const deliveries = found.map(({ delivery }) => delivery);
				// Each call listens to the document twice, which is not a leak.
				stream.setMaxListeners(stream.getMaxListeners() + 1);
				// It promises in order, and stops where it cannot.
				const { length } = queue.promise(stream, deliveries, authority);
				return found.slice(0, length).map(({ version }) => version);
			},
		};
	}

	async close(): Promise<void> {
		const site = await this.#opening.catch(() => undefined);
		await site?.close();
	}
}

/** A file as the dependency of a page of which nothing is known but that it needs it. */
const toDelivery = (url: string, asset: Asset): Delivery => ({
	dependency: {
		url,
		hash: asset.hash,
		asset,
		as: 'fetch',
		isModule: false,
		crossorigin: undefined,
		integrity: undefined,
		reservation: undefined,
		depth: 1,
		from: '',
		line: 1,
	},
	verdict: 'send',
	reason: 'not held',
	asset,
});
