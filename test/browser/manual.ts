// Python's documentation as Debian packages it (python3.11-doc): a real site of some 1,000 files, made by Sphinx.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

/** Where it is installed, if it is. */
export const manualFolder: string | undefined = [
	'/usr/share/doc/python3.11/html',
	'/usr/share/doc/python3.11-doc/html',
].find(existsSync);

/** Copies it to `folder`, which must not be there yet, with what its links lead to outside of it; returns its pages. */
export const copyManual = (folder: string): readonly string[] => {
	if (manualFolder === undefined) throw new Error('python3.11-doc is not installed');
	execFileSync('cp', ['-rL', manualFolder, folder]);
	return readdirSync(folder, { recursive: true, encoding: 'utf8' })
		.filter((file) => file.endsWith('.html'))
		.map((file) => `/${file}`)
		.sort();
};
