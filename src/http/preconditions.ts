// Conditional requests (RFC 9110 §13), as far as a GET or HEAD of what exists needs them.

/**
 * Whether `If-None-Match` names the current representation, so that the answer is 304 (RFC 9110 §13.1.2). Comparison is
 * weak (§8.8.3.2): `W/` on either side does not matter. `*` matches whatever exists. What is no list of entity tags
 * matches nothing.
 *
 * @param field the field's value, repeated fields joined by commas; `undefined` where it is absent
 * @param etag the current entity tag, quotes included
 */
export const matchesNone = (field: string | undefined, etag: string): boolean => {
	if (field === undefined) return false;
	// The common case first: exactly the tag that was sent.
	if (field === etag || /^[ \t]*\*[ \t]*$/.test(field)) return true;
	const opaque = opaqueOf(etag);
	return parseEntityTags(field).some((tag) => opaqueOf(tag) === opaque);
};

/**
 * The entity tags of a list, `W/` and quotes included (RFC 9110 §8.8.3: `[ W/ ] DQUOTE *etagc DQUOTE`); empty when any
 * element is none. A tag may contain commas.
 */
export const parseEntityTags = (list: string): string[] => {
	const tags: string[] = [];
	const element = /[ \t,]*(?:((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)|$)/y;
	while (element.lastIndex < list.length) {
		const match = element.exec(list);
		if (match === null) return [];
		if (match[1] === undefined) break;
		tags.push(match[1]);
	}
	return tags;
};

const opaqueOf = (tag: string): string => (tag.startsWith('W/') ? tag.slice(2) : tag);
