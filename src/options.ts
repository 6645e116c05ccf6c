// Every option of `serve`: its type, default and unit, once.

import { UsageError } from './errors.ts';
import type { LiveEvent } from './live-events.ts';
import type { RequestEntry } from './log.ts';
import { type Check, OPTIONS, text } from './option-table.ts';

/** What `serve` takes. Everything is optional; an option given as `undefined` counts as not given. */
export interface ServeOptions {
	/**
	 * TCP port, 0–65535; 0: any free one. Where it is not given and the default is taken, the next free one.
	 * @default 8080, with TLS 8443
	 */
	readonly port?: number | undefined;
	/**
	 * Name or address to listen on; `true`: all addresses.
	 * @default 'localhost', which means both loopback addresses
	 */
	readonly host?: string | true | undefined;
	/**
	 * Names that requests may have in `Host` or `:authority`, besides localhost, addresses, `host`, the machine's name and
	 * those in the certificate; one that begins with a dot stands for all below it. In production all names may be had
	 * where none is given here.
	 * @default []
	 */
	readonly allowedHosts?: readonly string[] | undefined;
	/**
	 * Let pages of other sites load files: `true` of all, else of this origin (`https://app.example`). While developing,
	 * they are refused otherwise; loopback origins never are.
	 * @default false
	 */
	readonly cors?: string | boolean | undefined;
	/**
	 * PEM file of the certificate and its chain; `true`: a self-signed one for localhost, made once and kept.
	 * @default false, which means no TLS
	 */
	readonly cert?: string | boolean | undefined;
	/**
	 * PEM file of the private key.
	 * @default the file that lies beside the certificate under the usual names
	 */
	readonly key?: string | undefined;
	/**
	 * Push what a page needs to clients that accept pushes.
	 * @default true
	 */
	readonly push?: boolean | undefined;
	/**
	 * **Bytes** of bodies pushed or bundled with one page at most.
	 * @default 1048576
	 */
	readonly pushBudget?: number | undefined;
	/**
	 * Push promises, or parts of a bundle, with one page at most, 0–200: clients cancel what is promised beyond 200.
	 * @default 100
	 */
	readonly pushCount?: number | undefined;
	/**
	 * Name what a page needs in the `Link` field of its document, for clients that take no pushes.
	 * @default true
	 */
	readonly hints?: boolean | undefined;
	/**
	 * Give browsers, which take no pushes, a service worker: from the second visit on, a page and what the browser lacks of
	 * it come in one response. A worker that is there when this is switched off goes away.
	 * @default false; true in production
	 */
	readonly bundle?: boolean | undefined;
	/**
	 * Have open pages show what has changed: anew, or in place where it is a style sheet, an image or a font. Browsers get a
	 * small script with each page for it.
	 * @default true; false in production
	 */
	readonly live?: boolean | undefined;
	/**
	 * Have open pages tell `onLive` what they write to their console, and errors that nobody caught. Only with `live`.
	 * @default false
	 */
	readonly forwardConsole?: boolean | undefined;
	/**
	 * Under which address a page is shown: `/about` and `/about/` lead to `about.html` and to `about/index.html` either way.
	 * `keep`: where its relative references work as written; `add`: under `/about/` alone; `remove`: under `/about` alone,
	 * so that references resolve against that address. Other forms are redirected there (308).
	 * @default 'keep'
	 */
	readonly trailingSlash?: 'keep' | 'add' | 'remove' | undefined;
	/**
	 * HTML file below the folder, shown for navigations that nothing else answers, but not in place of a missing file of a
	 * known type; `true`: `index.html`.
	 * @default false
	 */
	readonly single?: string | boolean | undefined;
	/**
	 * **Bytes** of files, and of their forms in content codings, held in memory at most. Files of more than 1 MiB, text
	 * of more than 8 MiB or an eighth of this, are never held.
	 * @default 268435456
	 */
	readonly memory?: number | undefined;
	/**
	 * Show what is in a folder that has no page.
	 * @default false
	 */
	readonly list?: boolean | undefined;
	/**
	 * **Seconds** for which files other than pages may be used without asking again; what changes meanwhile is seen late.
	 * @default undefined, which means that every use is asked for
	 */
	readonly maxage?: number | undefined;
	/**
	 * Serve files and folders whose names begin with a dot, too; `.well-known` (RFC 8615) is served in any case.
	 * @default false
	 */
	readonly dotfiles?: boolean | undefined;
	/**
	 * Serve what symbolic links lead to outside the folder, too.
	 * @default false
	 */
	readonly followSymlinks?: boolean | undefined;
	/**
	 * What is neither served nor watched: names (`node_modules`), which hold anywhere below the folder, or paths from it on
	 * (`/drafts/*.html`), with `*`, `**`, `?`, `[…]` and `{a,b}` as shells have them.
	 * @default ['node_modules']
	 */
	readonly ignore?: readonly string[] | undefined;
	/**
	 * **Seconds** for which running answers may go on after {@link Server.close}, 0–3600.
	 * @default 5
	 */
	readonly grace?: number | undefined;
	/**
	 * Answer this path with 200 as soon as the whole folder is indexed, with 503 before and while closing; `true`:
	 * `/.casper/health`. Such requests are not told to `onRequest`.
	 * @default false
	 */
	readonly health?: string | boolean | undefined;
	/**
	 * With TLS: port on which HTTP is redirected to HTTPS (308), 0–65535; 0: any free one; `true`: 8080.
	 * @default false
	 */
	readonly httpRedirect?: number | boolean | undefined;
	/**
	 * Listen on this Unix socket and not on a port.
	 * @default undefined, which means a port
	 */
	readonly unix?: string | undefined;
	/**
	 * Take the client's address, and the host and scheme that it asked for, from `Forwarded` (RFC 7239), else from
	 * `X-Forwarded-For`, `-Host` and `-Proto`. Only behind a proxy that sets them anew: anybody else can write them.
	 * @default false
	 */
	readonly trustProxy?: boolean | undefined;
	/**
	 * Files whose name carries a content hash may be kept for a year without asking again.
	 * @default false
	 */
	readonly production?: boolean | undefined;
	/**
	 * Folder in which the self-signed certificate is kept.
	 * @default the user's data folder
	 */
	readonly storage?: string | undefined;
	/** Told of each request once its answer has ended. Not called in the way of the answer. */
	readonly onRequest?: ((entry: RequestEntry) => void) | undefined;
	/** Told in one line when a file cannot be read or watched; the server goes on. */
	readonly onProblem?: ((message: string) => void) | undefined;
	/** Told of what happens while somebody works on the site. Only with `live`. */
	readonly onLive?: ((event: LiveEvent) => void) | undefined;
}

/** The same with every default filled in, except those that depend on the environment. */
export interface ResolvedOptions {
	/** `undefined`: the default one, or the next that is free. */
	readonly port: number | undefined;
	readonly host: string | true;
	/** `undefined`: none given. */
	readonly allowedHosts: readonly string[] | undefined;
	readonly cors: string | boolean;
	readonly cert: string | boolean;
	readonly key: string | undefined;
	readonly push: boolean;
	readonly pushBudget: number;
	readonly pushCount: number;
	readonly hints: boolean;
	readonly bundle: boolean;
	readonly live: boolean;
	readonly forwardConsole: boolean;
	readonly trailingSlash: 'keep' | 'add' | 'remove';
	readonly single: string | boolean;
	readonly list: boolean;
	readonly memory: number;
	/** `undefined`: every use is asked for. */
	readonly maxage: number | undefined;
	readonly dotfiles: boolean;
	readonly followSymlinks: boolean;
	readonly ignore: readonly string[];
	readonly grace: number;
	readonly health: string | boolean;
	readonly httpRedirect: number | boolean;
	/** `undefined`: a port. */
	readonly unix: string | undefined;
	readonly trustProxy: boolean;
	readonly production: boolean;
	/** `undefined`: the user's data folder. */
	readonly storage: string | undefined;
	readonly onRequest: ServeOptions['onRequest'];
	readonly onProblem: ServeOptions['onProblem'];
	readonly onLive: ServeOptions['onLive'];
}

const listener: Check = { expected: 'a function', isValid: (value) => typeof value === 'function' };

/** What each option takes, those included that only code can give. */
const CHECKS: ReadonlyMap<string, Check> = new Map([
	...OPTIONS.map(({ name, accepts }) => [name, accepts] as const),
	['storage', text('a folder')],
	['onRequest', listener],
	['onProblem', listener],
	['onLive', listener],
]);

const DEFAULTS: ResolvedOptions = {
	port: undefined,
	host: 'localhost',
	allowedHosts: undefined,
	cors: false,
	cert: false,
	key: undefined,
	push: true,
	pushBudget: 2 ** 20,
	pushCount: 100,
	hints: true,
	bundle: false,
	live: true,
	forwardConsole: false,
	trailingSlash: 'keep',
	single: false,
	list: false,
	memory: 2 ** 28,
	maxage: undefined,
	dotfiles: false,
	followSymlinks: false,
	ignore: ['node_modules'],
	grace: 5,
	health: false,
	httpRedirect: false,
	unix: undefined,
	trustProxy: false,
	production: false,
	storage: undefined,
	onRequest: undefined,
	onProblem: undefined,
	onLive: undefined,
};

/**
 * Fills in the defaults: the only place that knows them.
 * @throws {UsageError} for an unknown option, a value out of its range, or values that exclude each other
 */
export const resolveOptions = (options: ServeOptions): ResolvedOptions => {
	const given = Object.entries(options).filter(([, value]) => value !== undefined);
	for (const [name, value] of given) {
		if (!Object.hasOwn(DEFAULTS, name))
			throw new UsageError(name, `one of the options ${Object.keys(DEFAULTS).join(', ')}`, name);
		checkOption(name, value);
	}
	// Whoever hosts a site has visitors who come again; whoever makes one wants to see what is there without a third party.
	const { production = DEFAULTS.production } = options;
	const byMode = { bundle: production, live: !production };
	const resolved: ResolvedOptions = { ...DEFAULTS, ...byMode, ...Object.fromEntries(given) };
	if (resolved.key !== undefined && typeof resolved.cert !== 'string')
		throw new UsageError('key', 'a certificate file to go with it', 'none');
	if (resolved.unix !== undefined && resolved.port !== undefined)
		throw new UsageError('port', 'none beside a Unix socket', resolved.port);
	if (resolved.forwardConsole && !resolved.live)
		throw new UsageError('forwardConsole', 'live reload to go with it', 'none');
	checkRedirect(resolved);
	return resolved;
};

/** @throws {UsageError} where there is no TLS port to redirect to, or where it is the one to redirect from */
const checkRedirect = ({ httpRedirect, cert, unix, port = 8443 }: ResolvedOptions): void => {
	if (httpRedirect === false) return;
	if (cert === false) throw new UsageError('httpRedirect', 'a certificate to go with it', 'none');
	if (unix !== undefined) throw new UsageError('httpRedirect', 'none beside a Unix socket', httpRedirect);
	const from = httpRedirect === true ? 8080 : httpRedirect;
	if (from !== 0 && from === port)
		throw new UsageError('httpRedirect', 'another port than the one of TLS', from);
};

/** @throws {UsageError} where `value` is not what the option takes */
export const checkOption = (name: string, value: unknown): void => {
	const accepts = CHECKS.get(name);
	if (accepts !== undefined && !accepts.isValid(value)) throw new UsageError(name, accepts.expected, value);
};
