// What is said when the server starts: where it answers, what it serves and how, in six lines at most (pure).

import type { Trust } from '../tls/trust.ts';
import { countOf, type Paint, printable, shorten, sizeOf } from './text.ts';

/** What the lines are about. */
export interface ServerFacts {
	readonly version: string;
	/** `https://localhost:8443/`, or `unix:/run/casper.sock`. */
	readonly url: string;
	readonly redirectUrl: string | undefined;
	/** As the option has it. */
	readonly host: string | true;
	/** The machine's own, in order of use. */
	readonly addresses: readonly string[];
	/** `none`: no TLS; `made`: a certificate of our own; `undefined`: nothing is known of it. */
	readonly trust: Trust | 'none' | 'made' | undefined;
	/** What is on or off, by name. */
	readonly modes: Readonly<Record<string, boolean>>;
	/** What to press, or nothing. */
	readonly hint: string;
}

/** What was found in the folder. */
export interface FolderFacts {
	readonly directory: string;
	readonly files: number;
	readonly pages: number;
	readonly bytes: number;
	/** References of the site that lead to nothing; `undefined`: nobody has looked. */
	readonly broken: number | undefined;
	/** How long that took. */
	readonly seconds: number;
}

const LABEL = 10;
const MOST_ADDRESSES = 3;
const SOON_DAYS = 14;

/** All lines but the folder's: version, addresses, protocol and modes. */
export const describeServer = (facts: ServerFacts, paint: Paint): readonly string[] => {
	const { version, url, redirectUrl, modes, hint } = facts;
	const redirect = redirectUrl === undefined ? '' : paint('dim', `  (${redirectUrl} leads there)`);
	const states = Object.entries(modes).map(([mode, isOn]) =>
		isOn ? `${mode} on` : paint('dim', `${mode} off`),
	);
	return [
		`${paint('bold', 'casper-serve')} ${version}`,
		labelled(isFor(facts), `${paint(['bold', 'cyan'], url)}${redirect}`, paint),
		...networkLines(facts, paint),
		labelled('Protocol', describeProtocol(facts.trust, paint), paint),
		labelled('Modes', `${states.join(', ')}${hint === '' ? '' : paint('dim', `; ${hint}`)}`, paint),
	];
};

/** The folder's line. */
export const describeFolder = (
	{ directory, files, pages, bytes, broken, seconds }: FolderFacts,
	paint: Paint,
): string => {
	const references = broken === undefined ? '' : countOf(broken, 'broken reference');
	const facts = [countOf(files, 'file'), countOf(pages, 'page'), sizeOf(bytes)].join(', ');
	const found =
		references === '' ? '' : `, ${broken === 0 ? 'no broken references' : paint('red', references)}`;
	return labelled(
		'Folder',
		`${printable(directory)}: ${facts}${found}${paint('dim', `, indexed in ${seconds.toFixed(2)} s`)}`,
		paint,
	);
};

/**
 * The folder's line while it is being indexed.
 * @param columns it has to fit into so many characters
 */
export const describeProgress = (directory: string, files: number, columns: number): string =>
	shorten(
		labelled(
			'Folder',
			`${printable(directory)}: indexing, ${countOf(files, 'file')} so far`,
			(_, text) => text,
		),
		columns - 1,
	);

const labelled = (label: string, text: string, paint: Paint): string =>
	`  ${paint('dim', label.padEnd(LABEL))}${text}`;

const isFor = ({ url, host }: ServerFacts): string => {
	if (url.startsWith('unix:')) return 'Socket';
	return host === true || isLoopback(host) ? 'Local' : 'Network';
};

const networkLines = ({ url, host, addresses }: ServerFacts, paint: Paint): readonly string[] => {
	if (url.startsWith('unix:') || (host !== true && !isLoopback(host))) return [];
	if (host !== true) return [labelled('Network', paint('dim', 'closed; --host opens it'), paint)];
	const { protocol, port } = new URL(url);
	const urls = addresses.map(
		(address) =>
			`${protocol}//${address.includes(':') ? `[${address}]` : address}${port === '' ? '' : `:${port}`}/`,
	);
	const more = urls.length - MOST_ADDRESSES;
	const named = urls.slice(0, MOST_ADDRESSES).map((one) => paint('cyan', one));
	const text = named.length === 0 ? paint('dim', 'this machine has no address of its own') : named.join('  ');
	return [labelled('Network', more > 0 ? `${text}  and ${more} more` : text, paint)];
};

const isLoopback = (host: string): boolean => /^(?:localhost|127\.[\d.]+|::1)$/.test(host);

const describeProtocol = (trust: ServerFacts['trust'], paint: Paint): string => {
	if (trust === 'none') return 'HTTP/1.1 and HTTP/2 without TLS';
	const both = 'HTTP/2 and HTTP/1.1';
	if (trust === undefined) return both;
	if (trust === 'made') return `${both}; self-signed: a browser asks once whether you trust it`;
	const by = printable(trust.issuer);
	const expiry = describeExpiry(trust, paint);
	switch (trust.kind) {
		case 'public':
			return `${both}; certificate trusted (${by})${expiry}`;
		case 'private':
			return `${both}; certificate by ${by}, for those who trust it${expiry}`;
		case 'self-signed':
			return `${both}; self-signed: a browser asks once whether you trust it${expiry}`;
	}
};

const describeExpiry = ({ expires, daysLeft }: Trust, paint: Paint): string => {
	if (expires === undefined || daysLeft === undefined) return '';
	const date = expires.toISOString().slice(0, 10);
	if (daysLeft < 0) return `, ${paint('red', `expired on ${date}`)}`;
	return daysLeft < SOON_DAYS
		? `, ${paint('yellow', `expires in ${countOf(daysLeft, 'day')}`)}`
		: `, until ${date}`;
};
