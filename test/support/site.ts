// Snapshots made of texts, without a disk.

import { encodePath, type UrlPath } from '../../src/site/paths.ts';
import { parseRedirectRules } from '../../src/site/redirect-rules.ts';
import { referencesOfHtml } from '../../src/site/references.ts';
import { referencesOfCss } from '../../src/site/references-css.ts';
import { importsOfModule } from '../../src/site/references-modules.ts';
import { type Asset, isHtml, Snapshot, toAsset, typeOf } from '../../src/site/snapshot.ts';

/** Contents by path; `undefined`: no such file any more. */
export type Files = Readonly<Record<string, string | undefined>>;

/** A file with this content. */
export const assetOf = (name: string, content: string): Asset => {
	const path = name as UrlPath;
	return toAsset({
		path,
		url: encodePath(path),
		file: name,
		size: content.length,
		hash: `hash of ${content}`,
		modifiedMs: 0,
		diskVersion: content,
		references:
			name === '/_redirects'
				? parseRedirectRules(content)
				: name.endsWith('.css')
					? referencesOfCss(content)
					: name.endsWith('.js')
						? importsOfModule(content)
						: isHtml(typeOf(name))
							? referencesOfHtml(content)
							: undefined,
	});
};

/** `site` after some files got other content, or went. */
export const changed = (site: Snapshot, files: Files): Snapshot =>
	site.with(
		new Map(
			Object.entries(files).map(([path, content]) => [
				path as UrlPath,
				content === undefined ? undefined : assetOf(path, content),
			]),
		),
	);

export const siteOf = (files: Files): Snapshot => changed(Snapshot.EMPTY, files);
