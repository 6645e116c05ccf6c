// Media query lists, as far as a server can judge them: whether a screen could match (Media Queries 4 §2).

/**
 * Whether no screen whatever can match `media`: `print`, `speech`, `not all`, `not screen`. Features such as widths are
 * the client's to judge and count as possible.
 */
export const excludesScreens = (media: string | undefined): boolean => {
	const list = media?.trim() ?? '';
	return list !== '' && list.split(',').every(excludesScreen);
};

/** Whether every screen matches `media`: nothing, `all`, `screen`. */
export const matchesEveryScreen = (media: string | undefined): boolean => {
	const list = media?.trim() ?? '';
	return list === '' || list.split(',').some((query) => /^\s*(?:only\s+)?(?:all|screen)\s*$/i.test(query));
};

const excludesScreen = (query: string): boolean => {
	const [first = '', second = '', ...others] = query.trim().toLowerCase().split(/\s+/);
	if (first === 'not') {
		const isWhole = others.length === 0;
		return isWhole && (second === 'screen' || second === 'all');
	}
	const type = first === 'only' ? second : first;
	if (type === '' || type.startsWith('(')) return false;
	return type !== 'screen' && type !== 'all';
};
