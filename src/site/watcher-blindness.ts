// Why a watch does not see everything, in one line for a person: where, what was found, what is done, and the way out.

import type { UrlPath } from './paths.ts';

/** What is known of a watch that cannot be relied on. */
export type Blindness =
	/** The file system is one that others may change unnoticed. */
	| { readonly kind: 'far'; readonly filesystem: string }
	/** What we did ourselves was not told. */
	| { readonly kind: 'silent' }
	/** A file was other than known, and nothing had told of it. */
	| { readonly kind: 'missed'; readonly path: UrlPath }
	/** There is too little to watch with. `code` is the system's. */
	| { readonly kind: 'exhausted'; readonly code: Lack };

/** What there may be too little of. */
export type Lack = 'ENOSPC' | 'EMFILE' | 'ENFILE';

/** What is lacking, and what gives more of it. */
const LACKS: Readonly<Record<Lack, readonly [found: string, wayOut: string]>> = {
	ENOSPC: [
		'the system has no watch left for it (ENOSPC)',
		'for more, run: sudo sysctl fs.inotify.max_user_watches=524288',
	],
	EMFILE: [
		'too many files are open, or too many programs watch (EMFILE)',
		'for more, run: ulimit -n 65536, or: sudo sysctl fs.inotify.max_user_instances=1024',
	],
	ENFILE: ['the system has too many files open (ENFILE)', 'for more, run: sudo sysctl fs.file-max=2097152'],
};

/** Whether the code of an error says that there is too little to watch with. */
export const isLack = (code: unknown): code is Lack => typeof code === 'string' && Object.hasOwn(LACKS, code);

/** From so many files on a look may take so long that there are fewer of them. */
const MANY_FILES = 20_000;

/** The line, without a line break unless `root` has one. `pauseMs` lies between two looks, `files` are there to look at. */
export const lineOf = (root: string, blindness: Blindness, pauseMs: number, files: number): string => {
	const [found, wayOut] = wordsOf(blindness);
	const pause = `${pauseMs / 1000} s${files < MANY_FILES ? '' : ', or less often if that takes long'}`;
	return `${root}: ${found}, so the folder is looked at every ${pause}; ${wayOut}`;
};

const wordsOf = (blindness: Blindness): readonly [found: string, wayOut: string] => {
	switch (blindness.kind) {
		case 'far':
			return [
				`on ${blindness.filesystem} changes by others are not told`,
				'a folder of a local disk shows them at once',
			];
		case 'silent':
			return ['the system does not tell of changes there', 'a folder of a local disk shows them at once'];
		case 'missed':
			return [
				`${blindness.path} changed and the system did not tell`,
				'if something was mounted there, start again',
			];
		case 'exhausted':
			return LACKS[blindness.code];
		default:
			return blindness satisfies never;
	}
};
