// Whether a process is in the foreground of its terminal, from what the system tells of it (pure: asking is the command
// line's business).

/** From Linux' `/proc/self/stat`, as proc(5) has it. */
export const isForegroundByStat = (text: string): boolean => {
	// The program's name, in brackets, may have blanks and brackets of its own.
	const [, , group, , , foreground] = text.slice(text.lastIndexOf(')') + 2).split(' ');
	return group !== undefined && group === foreground;
};

/** Has `ps` tell both groups of a process: its own and the one in the foreground. POSIX takes all after `=` for a heading. */
export const psArguments = (id: number): readonly string[] => [
	'-o',
	'pgid=',
	'-o',
	'tpgid=',
	'-p',
	String(id),
];

/** From what `ps` prints if it is called with {@link psArguments}. Without a terminal the second number is 0 or negative. */
export const isForegroundByPs = (text: string): boolean => {
	const [, group, foreground] = /^\s*([1-9]\d*)\s+([1-9]\d*)\s*$/.exec(text) ?? [];
	return group !== undefined && group === foreground;
};
