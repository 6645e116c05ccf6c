// Listening on a Unix socket. Its file outlives a process that ended without a word, so that it has to be told from one
// on which somebody listens; what is no socket is never touched.

import { lstatSync, type Stats, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { platform } from 'node:os';
import { dirname } from 'node:path';
import { CasperError } from '../errors.ts';

/** Bytes that the address of a socket has room for (`sun_path` without its NUL); what is longer, some systems cut off. */
const LONGEST_PATH = platform() === 'linux' ? 107 : 103;

/**
 * Has `server` listen at `path`, where the socket of a server that is no more is replaced. The file is gone when the
 * server has closed. Who may connect is as the umask has it.
 * @throws {CasperError} CASPER_SOCKET_IN_USE where another program listens there, CASPER_SOCKET_UNAVAILABLE where
 * something else than a socket is there, or where no socket can be
 */
export const listenOnUnix = async (server: Server, path: string): Promise<void> => {
	// The names of pipes, which Windows has instead, are no files.
	if (platform() !== 'win32') await makeRoom(path);
	await new Promise<void>((resolve, reject) => {
		server.once('error', (error) => reject(toCasperError(error, path)));
		server.listen({ path }, resolve);
	});
};

const makeRoom = async (path: string): Promise<void> => {
	const length = Buffer.byteLength(path);
	if (length > LONGEST_PATH)
		throw unavailable(
			path,
			`a path of ${LONGEST_PATH} bytes at most`,
			`${length} bytes`,
			'name a shorter one',
		);
	const found = look(path);
	if (found === undefined) {
		// Node would say that it is forbidden.
		if (look(dirname(path)) === undefined) throw folderMissing(path);
		return;
	}
	if (!found.isSocket())
		throw unavailable(path, 'a socket or nothing there', kindOf(found), 'remove it, or name another path');
	const answer = await knock(path);
	// Nobody is there any more, or the file is gone by now.
	if (answer === 'ECONNREFUSED' || answer === 'ENOENT') {
		const now = look(path);
		// Another server may have taken the place while we knocked.
		if (now !== undefined && isSame(now, found)) remove(path);
		return;
	}
	// A queue that is full is somebody's, too.
	if (answer === undefined || answer === 'EAGAIN') throw inUse(path);
	throw unavailable(path, 'a socket that this user may use', answer, 'name another path');
};

const look = (path: string): Stats | undefined => {
	try {
		return lstatSync(path, { throwIfNoEntry: false });
	} catch (error) {
		throw toCasperError(error, path);
	}
};

/** Numbers are given anew as soon as they are free, times are not. */
const isSame = (one: Stats, other: Stats): boolean =>
	one.dev === other.dev && one.ino === other.ino && one.ctimeMs === other.ctimeMs;

const remove = (path: string): void => {
	try {
		unlinkSync(path);
	} catch (error) {
		throw toCasperError(error, path);
	}
};

const kindOf = (stats: Stats): string =>
	stats.isDirectory() ? 'a folder' : stats.isSymbolicLink() ? 'a link' : 'a file';

/** Why nobody answers at `path`; `undefined` where somebody does. */
const knock = (path: string): Promise<string | undefined> =>
	new Promise((resolve) => {
		const socket = connect({ path }, () => {
			socket.destroy();
			resolve(undefined);
		});
		socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
	});

const toCasperError = (error: unknown, path: string): CasperError => {
	const code = (error as NodeJS.ErrnoException).code ?? String(error);
	switch (code) {
		case 'EADDRINUSE':
			return inUse(path, error);
		case 'ENOENT':
			return folderMissing(path, error);
		case 'EACCES':
		case 'EPERM':
			return unavailable(path, 'a folder that this user may write to', code, 'name another path', error);
		default:
			return unavailable(path, 'a path where a socket can be', code, 'name another path', error);
	}
};

const folderMissing = (path: string, cause?: unknown): CasperError =>
	unavailable(path, 'an existing folder for it', 'none', 'make the folder', cause);

const inUse = (path: string, cause?: unknown): CasperError =>
	new CasperError(
		'CASPER_SOCKET_IN_USE',
		`unix ${JSON.stringify(path)}: expected a socket of its own, got one on which another program listens; end it, or name another path`,
		{ cause },
	);

const unavailable = (
	path: string,
	expected: string,
	got: string,
	wayOut: string,
	cause?: unknown,
): CasperError =>
	new CasperError(
		'CASPER_SOCKET_UNAVAILABLE',
		`unix ${JSON.stringify(path)}: expected ${expected}, got ${got}; ${wayOut}`,
		{ cause },
	);
