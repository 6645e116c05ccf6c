// Bytes of a document → its text (Encoding Standard §6; HTML Standard §13.2.3.2, "prescan").

const PRESCAN_BYTES = 1024;

/** The text of an HTML document: by byte order mark, else by the charset it declares, else UTF-8. Never throws. */
export const decodeText = (bytes: Uint8Array): string => new TextDecoder(labelOf(bytes)).decode(bytes);

const labelOf = (bytes: Uint8Array): string => {
	if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
	if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
	if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
	const start = new TextDecoder('latin1').decode(bytes.subarray(0, PRESCAN_BYTES));
	const declared =
		/<meta[^>]*?\bcharset\s*=\s*["']?\s*([\w:.-]+)/i.exec(start)?.[1]?.toLowerCase() ?? 'utf-8';
	// The declaration itself was readable as ASCII, so it cannot be true of UTF-16.
	return declared.startsWith('utf-16') || !isKnown(declared) ? 'utf-8' : declared;
};

const isKnown = (label: string): boolean => {
	try {
		return new TextDecoder(label).encoding !== '';
	} catch {
		return false;
	}
};
