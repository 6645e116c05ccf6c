// Lines of a text, for people who have to find something in it.

/** The line of an offset, from 1. To be asked for ascending offsets: lines are counted once and forwards. */
export const lineCounter = (text: string): ((offset: number) => number) => {
	let line = 1;
	let next = text.indexOf('\n');
	return (offset) => {
		for (; next !== -1 && next < offset; next = text.indexOf('\n', next + 1)) line++;
		return line;
	};
};
