// Keys in ascending order are a set as they stand: decoding yields them so, and looking one up needs no table of them,
// which for the largest hostile digest would cost five times the decoding.

/** Whether `key` is among `keys`, which are in ascending order. */
export const includesKey = (keys: readonly number[], key: number): boolean => {
	let low = 0;
	let high = keys.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((keys[middle] ?? 0) < key) low = middle + 1;
		else high = middle;
	}
	return keys[low] === key;
};
