// Reads the disk: which files lie below the root, and what one file holds. The only reader of files that are served.

import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { encodePath, isHidden, pathOfFile, type UrlPath } from './paths.ts';
import { referencesOfHtml } from './references.ts';
import { type Asset, isHtml, toAsset, typeOf } from './snapshot.ts';
import { decodeText } from './text.ts';

/** A file that a walk came upon. */
export interface FoundFile {
	readonly path: UrlPath;
	readonly file: string;
}

/** A symbolic link to a folder within the root: what changes below `real` changes below `path` as well. */
export interface FolderLink {
	readonly path: UrlPath;
	readonly real: string;
}

/** Documents above this size, in bytes, are served but not read for references: one would hold up all requests. */
const MAX_PARSED_BYTES = 8 * 2 ** 20;
/** Files up to this size are read in one piece. */
const WHOLE_BYTES = 4 * 2 ** 20;
const CHUNK_BYTES = 2 ** 18;
/** A file that is being written is read again so often; then what was read last counts, until its next event. */
const READ_TRIES = 4;

// Without O_NONBLOCK a named pipe that took a file's place would hold a thread for ever.
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** The path below `root` of a file on disk, as a URL has it; `undefined` for what lies outside or no URL can express. */
export const pathOf = (root: string, file: string): UrlPath | undefined => {
	const names = relative(root, file);
	return names.startsWith(`..${sep}`) || names === '..' ? undefined : pathOfFile(names.split(sep));
};

/** The file on disk that a path below `root` stands for, whether or not it exists. */
export const fileOf = (root: string, path: UrlPath): string => join(root, ...path.slice(1).split('/'));

/** Whether `file`, links resolved, is `root` (resolved before) or lies below it. */
export const isInside = (root: string, file: string): boolean =>
	file === root || file.startsWith(root.endsWith(sep) ? root : root + sep);

/**
 * Every servable file below the folder `folder` of `root`, links within the root followed, those that leave it left out.
 * Folders that vanish or refuse to be read on the way are passed over.
 */
export async function* walk(
	root: string,
	folder: string,
	onFolderLink: (link: FolderLink) => void,
	chain: readonly string[] = [root],
): AsyncGenerator<FoundFile> {
	const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
	for (const entry of entries) {
		const file = join(folder, entry.name);
		const path = pathOf(root, file);
		if (path === undefined || isHiddenEntry(path)) continue;
		if (entry.isFile()) yield { path, file };
		else if (entry.isDirectory()) yield* walk(root, file, onFolderLink, [...chain, file]);
		else if (entry.isSymbolicLink()) yield* walkLink(root, path, file, onFolderLink, chain);
	}
}

/** {@link walk} for what a symbolic link leads to. */
export async function* walkLink(
	root: string,
	path: UrlPath,
	file: string,
	onFolderLink: (link: FolderLink) => void,
	chain: readonly string[] = [root],
): AsyncGenerator<FoundFile> {
	const real = await realpath(file).catch(() => undefined);
	if (real === undefined || real === file || !isInside(root, real)) return;
	const kind = await stat(real).catch(() => undefined);
	if (kind?.isFile()) yield { path, file };
	// A folder that is already on the way here would go on for ever.
	if (!kind?.isDirectory() || chain.includes(real) || chain.some((above) => isInside(real, above))) return;
	onFolderLink({ path, real });
	yield* walk(root, file, onFolderLink, [...chain, real]);
}

const isHiddenEntry = (path: UrlPath): boolean => path !== '/.well-known' && isHidden(path);

/**
 * What lies at `path` now, or `undefined`: nothing, no regular file, or something outside the root.
 * @param root absolute, links resolved
 */
export const readAsset = async (root: string, path: UrlPath): Promise<Asset | undefined> => {
	const file = fileOf(root, path);
	try {
		const real = await realpath(file);
		if (!isInside(root, real) || !(await lstat(real)).isFile()) return undefined;
		// Where letter case does not matter to the disk it still does to the web.
		if (real.length === file.length && real !== file && real.toLowerCase() === file.toLowerCase())
			return undefined;
		return await readFoundFile({ path, file });
	} catch (error) {
		if (isAbsence(error)) return undefined;
		throw error;
	}
};

/** The asset for a file known to be inside the root. Throws what the file system throws. */
export const readFoundFile = async ({ path, file }: FoundFile): Promise<Asset> => {
	const handle = await open(file, READ_FLAGS);
	try {
		for (let tries = 1; ; tries++) {
			const before = await handle.stat({ bigint: true });
			const { hash, size, content } = await readContent(handle, Number(before.size), isHtml(typeOf(path)));
			const after = await handle.stat({ bigint: true });
			if (diskVersionOf(before) !== diskVersionOf(after) && tries < READ_TRIES) continue;
			const references = content && referencesOfHtml(decodeText(content));
			const modifiedMs = Number(after.mtimeMs);
			return toAsset({
				path,
				url: encodePath(path),
				file,
				size,
				hash,
				modifiedMs,
				diskVersion: diskVersionOf(after),
				references,
			});
		}
	} finally {
		await handle.close();
	}
};

const readContent = async (
	handle: FileHandle,
	expected: number,
	isParsed: boolean,
): Promise<{ hash: string; size: number; content: Uint8Array | undefined }> => {
	const digest = createHash('sha256');
	const isWhole = expected <= WHOLE_BYTES || (isParsed && expected <= MAX_PARSED_BYTES);
	// One byte more than expected: a file that grew meanwhile shows it without another read.
	const buffer = Buffer.allocUnsafe(isWhole ? expected + 1 : CHUNK_BYTES);
	let size = 0;
	for (;;) {
		const offset = isWhole ? size : 0;
		const { bytesRead } = await handle.read(buffer, offset, buffer.length - offset, size);
		digest.update(buffer.subarray(offset, offset + bytesRead));
		size += bytesRead;
		if (bytesRead === 0 || (isWhole && size >= expected)) break;
	}
	const hash = digest.digest('hex').slice(0, 32);
	return { hash, size, content: isWhole && isParsed ? buffer.subarray(0, size) : undefined };
};

/** What tells one version of a file on disk from the next without reading it. */
export const diskVersionOf = ({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
	`${ino}-${size}-${mtimeNs}-${ctimeNs}`;

const isAbsence = (error: unknown): boolean =>
	['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EISDIR', 'ENXIO'].includes(
		(error as NodeJS.ErrnoException).code ?? '',
	);
