// PEM, the text form of certificates and keys (RFC 7468): base64 between a BEGIN and an END line. Text around and
// between the blocks is ignored, as the RFC asks of a parser (§2); what is inside a block is OpenSSL's to judge.

/** One block: its label (`CERTIFICATE`, `PRIVATE KEY`, …) and its text, both lines included, with a final newline. */
export interface PemBlock {
	readonly label: string;
	readonly text: string;
}

const BEGIN = /-----BEGIN ([A-Z0-9 ]{1,40})-----/g;

/** The blocks of `text` in order. A block without an END line is left out. Never throws. */
export const parsePem = (text: string): readonly PemBlock[] => {
	const blocks: PemBlock[] = [];
	let after = 0;
	for (const { 0: begin, 1: label = '', index } of text.matchAll(BEGIN)) {
		const end = `-----END ${label}-----`;
		const at = index < after ? -1 : text.indexOf(end, index + begin.length);
		if (at === -1) continue;
		after = at + end.length;
		blocks.push({ label, text: `${text.slice(index, after)}\n` });
	}
	return blocks;
};

/** The block that holds `der`, in lines of 64 characters (RFC 7468 §2). */
export const formatPem = (label: string, der: ArrayBuffer): string => {
	const lines =
		Buffer.from(der)
			.toString('base64')
			.match(/.{1,64}/g) ?? [];
	return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};
