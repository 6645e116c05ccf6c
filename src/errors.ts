// The errors that a caller can meet. Two kinds only: a mistake in what the caller asked for, and a fault of the
// environment. What a peer sends never becomes an error: it yields a value (see `http/` and `digest/`).

/** Stable names of the environment's faults; safe to compare against. */
export type CasperErrorCode =
	| 'CASPER_CERTIFICATE_EXPIRED'
	| 'CASPER_CERTIFICATE_MISMATCH'
	| 'CASPER_CERTIFICATE_UNREADABLE'
	| 'CASPER_FOLDER_MISSING'
	| 'CASPER_HOST_UNAVAILABLE'
	| 'CASPER_PORT_FORBIDDEN'
	| 'CASPER_PORT_IN_USE'
	| 'CASPER_SOCKET_IN_USE'
	| 'CASPER_SOCKET_UNAVAILABLE'
	| 'CASPER_STORAGE_UNWRITABLE';

/** The environment cannot do what was asked. The message is one line: subject, expected, got, way out. */
export class CasperError extends Error {
	override readonly name = 'CasperError';
	readonly code: CasperErrorCode;

	constructor(code: CasperErrorCode, message: string, options?: { readonly cause?: unknown }) {
		super(message, options);
		this.code = code;
	}
}

/** An option that no environment could satisfy. `setting` is the name the caller used. */
export class UsageError extends TypeError {
	override readonly name = 'UsageError';
	readonly setting: string;

	constructor(setting: string, expected: string, got: unknown) {
		super(`${setting}: expected ${expected}, got ${describe(got)}`);
		this.setting = setting;
	}
}

const describe = (value: unknown): string => {
	if (typeof value === 'string') return JSON.stringify(value);
	if (typeof value === 'function') return 'a function';
	if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
	return String(value);
};
