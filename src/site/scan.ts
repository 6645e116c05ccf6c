// Reads the disk: which files lie below the root, and what one file holds. The only reader of files that are served.

import { createHash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { HEADERS_PATH, parseHeaderRules } from './header-rules.ts';
import { encodePath, pathOfFile, type UrlPath } from './paths.ts';
import { parseRedirectRules, REDIRECTS_PATH } from './redirect-rules.ts';
import { type References, referencesOfHtml } from './references.ts';
import { referencesOfCss } from './references-css.ts';
import { importsOfModule } from './references-modules.ts';
import { type OpenFile, openFile, statFile } from './scan-open.ts';
import { type Asset, isCss, isHtml, isJavaScript, isXhtml, toAsset, typeOf } from './snapshot.ts';
import { type Found, ROOT } from './terrain.ts';
import { decodeCss, encodingOf } from './text.ts';
import { Visibility } from './visibility.ts';

/** Documents above this size, in bytes, are served but not read for references: one would hold up all requests. */
const MAX_PARSED_BYTES = 8 * 2 ** 20;
/** Files up to this size are read in one piece. */
const WHOLE_BYTES = 4 * 2 ** 20;
const CHUNK_BYTES = 2 ** 18;
/** A file that is being written is read again so often; then what was read last counts, until its next event. */
const READ_TRIES = 4;
/**
 * Who writes a file anew empties it first: one that was changed so many milliseconds ago, or less, is empty only if it was
 * at so many looks in a row. Those are counted, since while a machine stands still whoever writes does so, too.
 */
const RECENT_MS = 500;
const EMPTY_LOOKS = 10;
const EMPTY_PAUSE_MS = 5;

/** How files are opened. Without O_NONBLOCK a named pipe that took a file's place would hold a thread for ever. */
export const READ_FLAGS: number = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** The path below `root` of a file on disk, as a URL has it; `undefined` for what lies outside or no URL can express. */
export const pathOf = (root: string, file: string): UrlPath | undefined => {
	const names = relative(root, file);
	// To another drive there is no way but an absolute one.
	const isOutside = names.startsWith(`..${sep}`) || names === '..' || isAbsolute(names);
	return isOutside ? undefined : pathOfFile(names.split(sep));
};

/** The file on disk that a path below `root` stands for, whether or not it exists. */
export const fileOf = (root: string, path: UrlPath): string => join(root, ...path.slice(1).split('/'));

/** Whether `file`, links resolved, is `root` (resolved before) or lies below it. */
export const isInside = (root: string, file: string): boolean =>
	file === root || file.startsWith(root.endsWith(sep) ? root : root + sep);

/**
 * What is servable at `path` and below it. Links are followed within the root, or wherever they lead if the visibility says
 * so; not those that lead in circles, or from one linked folder to another. What vanishes or refuses to be read on the way
 * is passed over.
 * @param root absolute, links resolved
 */
export async function* explore(
	root: string,
	path: UrlPath,
	visibility: Visibility = Visibility.DEFAULT,
): AsyncGenerator<Found> {
	if (visibility.hides(path)) return;
	const file = fileOf(root, path);
	const folder = path === ROOT ? root : await realpath(dirname(file)).catch(() => undefined);
	if (folder === undefined || !(visibility.leadsOut || isInside(root, folder))) return;
	const stats = await lstat(file).catch(() => undefined);
	if (stats?.isFile()) yield { kind: 'file', path };
	else if (stats?.isDirectory()) yield* exploreFolder(root, path, visibility);
	else if (stats?.isSymbolicLink()) yield* exploreLink(root, path, visibility);
}

async function* exploreFolder(root: string, path: UrlPath, visibility: Visibility): AsyncGenerator<Found> {
	const folder = fileOf(root, path);
	const id = await folderIdAt(root, path);
	if (id === undefined) return;
	yield { kind: 'folder', path, id };
	const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
		if (isAbsence(error) || isRefusal(error)) return [];
		throw error;
	});
	for (const entry of entries) {
		const below = pathOf(root, join(folder, entry.name));
		if (below === undefined || visibility.hides(below)) continue;
		if (entry.isFile()) yield { kind: 'file', path: below, isListed: true };
		else if (entry.isDirectory()) yield* exploreFolder(root, below, visibility);
		else if (entry.isSymbolicLink()) yield* exploreLink(root, below, visibility);
	}
}

async function* exploreLink(root: string, path: UrlPath, visibility: Visibility): AsyncGenerator<Found> {
	const file = fileOf(root, path);
	const real = await realpath(file).catch(() => undefined);
	const target = real ?? (await danglingTarget(file));
	const isWithin = pathOf(root, target) !== undefined;
	if (!isWithin && !visibility.leadsOut) return;
	const stats = real === undefined ? undefined : await stat(real).catch(() => undefined);
	const isFolder = stats?.isDirectory() === true && !(await leadsAstray(file, target));
	// What is outside is to be watched only if something of it is shown.
	if (isWithin || stats === undefined || stats.isFile() || isFolder)
		yield { kind: 'link', path, target, isWithin, isBroken: stats === undefined };
	if (stats?.isFile()) yield { kind: 'file', path };
	else if (isFolder) yield* exploreFolder(root, path, visibility);
}

/** Where a link leads whose target is not there yet. */
const danglingTarget = async (file: string): Promise<string> => {
	const folder = await realpath(dirname(file)).catch(() => dirname(file));
	return resolve(folder, await readlink(file).catch(() => '..'));
};

/**
 * Whether the link `file` to the folder `real` leads in circles, or on from a folder that another link led to: folders
 * that are linked to each other have as many paths as there are ways through a maze.
 */
const leadsAstray = async (file: string, real: string): Promise<boolean> => {
	const folder = dirname(file);
	const place = await realpath(folder).catch(() => undefined);
	return place !== folder || isInside(real, place);
};

/** Tells a folder from others that had or will have its path, even those that get its inode; `undefined`: none. */
export const folderIdAt = async (root: string, path: UrlPath): Promise<string | undefined> => {
	const stats = await stat(fileOf(root, path), { bigint: true }).catch(() => undefined);
	return stats?.isDirectory() ? `${stats.dev}-${stats.ino}-${stats.birthtimeNs}` : undefined;
};

/**
 * {@link diskVersionOf} what is at `path` now.
 * @param isFar whether the disk is that of another machine, which may be silent for long
 */
export const diskVersionAt = async (
	root: string,
	path: UrlPath,
	isFar = false,
): Promise<string | undefined> => {
	const stats = await statFile(fileOf(root, path), !isFar);
	return stats && diskVersionOf(stats);
};

/**
 * What lies at `path` now, or `undefined`: nothing, no regular file, or something outside the root where links do not lead
 * out. Throws what else the file system throws.
 * @param root absolute, links resolved
 * @param isListed its folder, which lies in the root, lists it as a file of this name: then nothing else needs to be asked
 */
export const readAsset = async (
	root: string,
	path: UrlPath,
	isListed = false,
	visibility: Visibility = Visibility.DEFAULT,
): Promise<Asset | undefined> => {
	const file = fileOf(root, path);
	try {
		// Should a link take its place meanwhile, it is not followed.
		if (isListed) return await readFile(path, file, READ_FLAGS | (constants.O_NOFOLLOW ?? 0), true);
		const real = await realpath(file);
		const isReachable = visibility.leadsOut || isInside(root, real);
		return isReachable && (await isSpelled(file, real))
			? await readFile(path, file, READ_FLAGS, false)
			: undefined;
	} catch (error) {
		if (isAbsence(error)) return undefined;
		throw error;
	}
};

/** Whether the letter case is right: where it does not matter to the disk, it still does to the web. */
const isSpelled = async (file: string, real: string): Promise<boolean> => {
	if (file === real || file.toLowerCase() !== real.toLowerCase()) return true;
	// A link may well lead to another spelling of its own name.
	let differs = 0;
	while (file[differs] === real[differs]) differs++;
	const end = file.indexOf(sep, differs);
	return (await lstat(end === -1 ? file : file.slice(0, end))).isSymbolicLink();
};

const readFile = async (
	path: UrlPath,
	file: string,
	flags: number,
	isOneOfMany: boolean,
): Promise<Asset | undefined> => {
	const handle = await openFile(file, flags, isOneOfMany);
	try {
		const type = typeOf(path);
		for (let tries = 1; ; tries++) {
			const before = await statFilled(handle);
			if (!before.isFile()) return undefined;
			const { hash, size, content } = await readContent(
				handle,
				Number(before.size),
				readerOf(path, type) !== undefined,
			);
			const after = await handle.stat({ bigint: true });
			if (diskVersionOf(before) !== diskVersionOf(after) && tries < READ_TRIES) continue;
			return toAsset({
				path,
				url: encodePath(path),
				file,
				size,
				hash,
				modifiedMs: Number(before.mtimeMs),
				// Of a file that is written all the time this is a version that has been: the next look sees the difference.
				diskVersion: diskVersionOf(before),
				references: content && readerOf(path, type)?.(content),
			});
		}
	} finally {
		await handle.close();
	}
};

/** What is said of an open file, as soon as it can be taken to be meant. */
const statFilled = async (handle: OpenFile): Promise<BigIntStats> => {
	for (let looks = 1; ; looks++) {
		const stats = await handle.stat({ bigint: true });
		const isRecent = Math.abs(Date.now() - Number(stats.mtimeMs)) < RECENT_MS;
		if (stats.size > 0n || !isRecent || looks === EMPTY_LOOKS) return stats;
		await new Promise((resolve) => setTimeout(resolve, EMPTY_PAUSE_MS));
	}
};

/** What reads the references of a file; `undefined` where there are none to read. */
const readerOf = (path: UrlPath, type: string): ((content: Uint8Array) => References) | undefined => {
	if (path === REDIRECTS_PATH) return (content) => parseRedirectRules(new TextDecoder().decode(content));
	if (path === HEADERS_PATH) return (content) => parseHeaderRules(new TextDecoder().decode(content));
	if (isHtml(type))
		return (content) => {
			const encoding = encodingOf(content, isXhtml(type));
			return referencesOfHtml(new TextDecoder(encoding).decode(content), isXhtml(type), encoding);
		};
	if (isCss(type)) return (content) => referencesOfCss(decodeCss(content));
	// Modules are always UTF-8 (HTML Standard §8.1.4.1).
	if (isJavaScript(type)) return (content) => importsOfModule(new TextDecoder().decode(content));
	return undefined;
};

const readContent = async (
	handle: OpenFile,
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
	['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EISDIR', 'ENXIO'].includes(codeOf(error));

/** Whether the file system does not let us. */
export const isRefusal = (error: unknown): boolean => ['EACCES', 'EPERM'].includes(codeOf(error));

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
