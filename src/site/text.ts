// Bytes of a document → its text (Encoding Standard §6; HTML Standard §13.2.3.2, "prescan"; XML 1.0 §4.3.3).

const PRESCAN_BYTES = 1024;

/**
 * The text of a document: by byte order mark, else by the encoding it declares, else UTF-8. Never throws.
 * @param isXml for XHTML, which declares its encoding elsewhere
 */
export const decodeText = (bytes: Uint8Array, isXml = false): string =>
	new TextDecoder(encodingOf(bytes, isXml)).decode(bytes);

/** The name of a document's encoding, as {@link decodeText} finds it: `utf-8`, `utf-16le`. */
export const encodingOf = (bytes: Uint8Array, isXml = false): string =>
	new TextDecoder(labelOf(bytes, isXml ? declaredInXml : declaredInHtml)).encoding;

/** The text of a style sheet: by byte order mark, else by its `@charset`, else UTF-8 (CSS Syntax 3 §3.2). Never throws. */
export const decodeCss = (bytes: Uint8Array): string =>
	new TextDecoder(labelOf(bytes, declaredInCss)).decode(bytes);

const labelOf = (bytes: Uint8Array, declaredIn: (start: string) => string | undefined): string => {
	if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
	if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
	if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
	const start = new TextDecoder('latin1').decode(bytes.subarray(0, PRESCAN_BYTES));
	const declared = declaredIn(start)?.toLowerCase() ?? 'utf-8';
	// The declaration itself was readable as ASCII, so it cannot be true of UTF-16.
	return declared.startsWith('utf-16') || !isKnown(declared) ? 'utf-8' : declared;
};

const declaredInCss = (start: string): string | undefined => /^@charset "([^"]*)";/.exec(start)?.[1];

const declaredInXml = (start: string): string | undefined =>
	/^<\?xml\s[^>]*?\bencoding\s*=\s*["']([\w:.-]+)/.exec(start)?.[1];

/** A `charset` counts as an attribute, and within a `content` that stands for the field Content-Type. */
const declaredInHtml = (start: string): string | undefined => {
	for (const [, attributes = ''] of start.replace(/<!--.*?(?:-->|$)/gs, '').matchAll(/<meta[\s/]([^>]*)/gi)) {
		const charset = /\bcharset\s*=\s*["']?\s*([\w:.-]+)/i.exec(attributes)?.[1];
		const isOther = /\bcontent\s*=/i.test(attributes) && !/\bcontent-type\b/i.test(attributes);
		if (charset !== undefined && !isOther) return charset;
	}
	return undefined;
};

const isKnown = (label: string): boolean => {
	try {
		return new TextDecoder(label).encoding !== '';
	} catch {
		return false;
	}
};
