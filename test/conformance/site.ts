// The site that every server is probed on, with what must not be had beside it.

import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** In every file that must not be had, and in no other. */
export const SECRET = 'SECRET';

/** Ten bytes, so that ranges can be told apart by their length. */
export const TEN = '0123456789';

export const INDEX = '<!doctype html><html><head><title>Home</title></head><body>home</body></html>\n';
export const NOT_FOUND =
	'<!doctype html><html><head><title>404</title></head><body>no such page</body></html>\n';
export const SECURITY = 'Contact: mailto:security@example.com\n';
/** HTML without `head`, `body` and `html`, all of which may be left out (HTML §13.1.2.4). */
export const BARE = '<!doctype html>\n<title>Bare</title>\n<p>Neither head nor body.\n';

/** Names with what a URL must escape, or need not; each file contains its name. */
export const NAMES = [
	'a#b.txt',
	'a?b.txt',
	'a+b.txt',
	'a%b.txt',
	'a%20b.txt',
	'a&b.txt',
	"a;b='c'.txt",
	'a b.txt',
	'ünïcödé-日本.txt',
] as const;

/** By the end of a name, the types that are right for it. */
export const TYPES = {
	mjs: ['text/javascript', 'application/javascript'],
	wasm: ['application/wasm'],
	avif: ['image/avif'],
	webmanifest: ['application/manifest+json'],
} as const;

const FILES: Readonly<Record<string, string>> = {
	'secret.txt': SECRET,
	'outside/secret.txt': SECRET,
	// Its path begins like that of the site.
	'site-private/secret.txt': SECRET,
	'site/.env': SECRET,
	'site/.git/config': SECRET,
	'site/.well-known/security.txt': SECURITY,
	'site/index.html': INDEX,
	'site/about.html': '<!doctype html><html><head><title>About</title></head><body>about</body></html>\n',
	'site/sub/index.html': '<!doctype html><html><head><title>Sub</title></head><body>sub</body></html>\n',
	'site/bare/index.html': BARE,
	'site/404.html': NOT_FOUND,
	'site/a.txt': TEN,
	...Object.fromEntries(NAMES.map((name) => [`site/${name}`, name])),
	...Object.fromEntries(Object.keys(TYPES).map((end) => [`site/type.${end}`, TEN])),
};

/** Writes the site to `site` below the folder, and what is beside it. */
export const writeSite = async (folder: string): Promise<void> => {
	for (const [path, content] of Object.entries(FILES)) {
		const file = join(folder, path);
		await mkdir(dirname(file), { recursive: true });
		await writeFile(file, content);
	}
	await symlink('../secret.txt', join(folder, 'site/leading-out.txt'));
	await symlink('../outside', join(folder, 'site/leading-out'));
};
