// The servers that give the page, each a process of its own: casper-serve in the ways in which it can be told to, its
// answers with a 103, and nginx as Debian packages it.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServeOptions } from '../../../src/options.ts';
import { findProgram } from '../../interop/casper.ts';
import { openQuietServer, openServer, type ServerProcess } from '../processes.ts';
import { type Command, recordAgain } from './casper.ts';
import { type Change, changed, type Page, type Versions, writePage } from './site.ts';

/** One request as a server saw it. */
export interface Seen {
	readonly status: number;
	readonly target: string;
}

/** A server and its site. */
export class PageServer {
	readonly port: number;
	versions: Versions = {};
	readonly #process: ServerProcess;
	readonly #directory: string;
	readonly #log: string;
	readonly #kind: Kind;
	#page: Page;
	/** Entity tags as last seen, by target. */
	readonly #tags = new Map<string, string>();

	private constructor(process: ServerProcess, directory: string, log: string, kind: Kind, page: Page) {
		this.port = Number(process.url.port);
		this.#process = process;
		this.#directory = directory;
		this.#log = log;
		this.#kind = kind;
		this.#page = page;
	}

	/** `open` is given an empty log and the page, and starts the server. */
	static async open(
		workplace: string,
		name: string,
		kind: Kind,
		open: (directory: string, log: string, page: Page) => Promise<ServerProcess>,
	): Promise<PageServer> {
		const directory = join(workplace, name, 'site');
		const log = join(workplace, name, 'requests.log');
		mkdirSync(directory, { recursive: true });
		writeFileSync(log, '');
		const page = writePage(directory, {}, kind === 'hashed');
		return new PageServer(await open(directory, log, page), directory, log, kind, page);
	}

	/** Changes the site, and resolves when all that changed is served. */
	async change(change: Change): Promise<void> {
		if (change === 'nothing') return;
		const before = this.versions;
		this.versions = changed(before, change);
		this.#page = writePage(this.#directory, this.versions, this.#kind === 'hashed');
		const targets = [...this.#page.paths]
			.filter(([asset]) => this.versions[asset] !== before[asset])
			.map(([, path]) => path);
		await this.#untilServed(this.#kind === 'hashed' ? ['/', ...targets] : targets);
	}

	/** Asks for all files, so that their tags are known, and compressed forms there. */
	warmUp(): Promise<void> {
		return this.#untilServed(['/', ...this.#page.paths.values()]);
	}

	/** A file is served as it is now once it has a tag that it had not before. */
	async #untilServed(targets: readonly string[]): Promise<void> {
		const deadline = performance.now() + 10_000;
		for (const target of targets) {
			let tag = await this.#tagOf(target);
			while (tag === undefined || tag === this.#tags.get(target)) {
				if (performance.now() > deadline) throw new Error(`${target}: is not served as it was written`);
				await sleep(20);
				tag = await this.#tagOf(target);
			}
			this.#tags.set(target, tag);
		}
	}

	async #tagOf(target: string): Promise<string | undefined> {
		const client = connect(`https://localhost:${this.port}`, {
			rejectUnauthorized: false,
			settings: { enablePush: false },
		});
		const ask = (path: string): Promise<string | undefined> =>
			new Promise((resolve, reject) => {
				const stream = client.request({ ':path': path, 'accept-encoding': 'gzip, br' });
				let tag: string | undefined;
				stream.on('response', (fields) => {
					tag = fields[':status'] === 200 ? fields.etag : undefined;
				});
				stream
					.resume()
					.on('error', reject)
					.on('end', () => resolve(tag));
			});
		try {
			if (this.#kind === 'recorded') await ask(recordAgain);
			return await ask(target);
		} finally {
			client.close();
		}
	}

	/** What was asked for since the log had `mark` lines. */
	seenSince(mark: number): readonly Seen[] {
		return this.#lines()
			.slice(mark)
			.map((line) => {
				const [status, target = ''] = line.split(' ');
				return { status: Number(status), target };
			});
	}

	mark(): number {
		return this.#lines().length;
	}

	#lines(): readonly string[] {
		return readFileSync(this.#log, 'utf8').split('\n').slice(0, -1);
	}

	close(): Promise<void> {
		return this.#process.close();
	}
}

/** `hashed`: names that carry a hash; `recorded`: answers that were recorded and are recorded anew when asked to. */
type Kind = 'plain' | 'hashed' | 'recorded';

/** The page with one of the ways to deliver it. */
export interface Channel {
	readonly name: string;
	readonly server: PageServer;
	/** Whether its worker is there and running, there and stopped, or never there. */
	readonly worker: 'warm' | 'cold' | 'none';
}

export interface Contenders {
	readonly channels: readonly Channel[];
	/** PEM file of the certificate that all have; the key is in it. */
	readonly pem: string;
	/** What could not be had, in words. */
	readonly missing: readonly string[];
	close(): Promise<void>;
}

export async function openContenders(workplace: string): Promise<Contenders> {
	const storage = join(workplace, 'storage');
	const servers: PageServer[] = [];
	const openCasper = async (
		name: string,
		options: ServeOptions,
		early?: (page: Page) => Command['early'],
	): Promise<PageServer> => {
		const given: ServeOptions = { port: 0, cert: true, storage, production: true, bundle: false, ...options };
		const server = await PageServer.open(
			workplace,
			name,
			early === undefined ? 'plain' : 'recorded',
			(directory, log, page) => {
				const recorded = early?.(page);
				const command: Command = { directory, log, options: given, ...(recorded && { early: recorded }) };
				const program = [process.execPath, '--import', import.meta.resolve('tsx')];
				return openServer(
					[...program, join(import.meta.dirname, 'casper.ts'), JSON.stringify(command)],
					'all',
				);
			},
		);
		servers.push(server);
		return server;
	};
	const plain = await openCasper('plain', { hints: false });
	const pem = join(storage, readdirSync(storage).find((file) => file.endsWith('.pem'))!);
	const link = await openCasper('link', {});
	const early = await openCasper('early', {}, ({ paths }) => ({ paths: ['/', ...paths.values()], pem }));
	const bundle = await openCasper('bundle', { bundle: true });
	const channels: Channel[] = [
		{ name: 'plain', server: plain, worker: 'none' },
		{ name: 'Link', server: link, worker: 'none' },
		{ name: '103', server: early, worker: 'none' },
		{ name: 'bundle, worker warm', server: bundle, worker: 'warm' },
		{ name: 'bundle, worker cold', server: bundle, worker: 'cold' },
	];
	const missing: string[] = [];
	if (findProgram('nginx') === undefined) missing.push('nginx (apt-get install nginx-light)');
	else {
		const same = await openNginx(workplace, 'nginx', pem, false);
		const hashed = await openNginx(workplace, 'nginx-hashed', pem, true);
		servers.push(same, hashed);
		channels.push(
			{ name: 'nginx no-cache', server: same, worker: 'none' },
			{ name: 'nginx immutable', server: hashed, worker: 'none' },
		);
	}
	for (const server of servers) await server.warmUp();
	return {
		channels,
		pem,
		missing,
		close: async () => void (await Promise.all(servers.map((server) => server.close()))),
	};
}

/** nginx with Debian's settings for what matters here: sendfile, gzip (of style sheets and scripts, too; there is no br). */
function openNginx(workplace: string, name: string, pem: string, isHashed: boolean): Promise<PageServer> {
	return PageServer.open(workplace, name, isHashed ? 'hashed' : 'plain', (directory, log) => {
		const prefix = join(workplace, name);
		const text = readFileSync(pem, 'utf8');
		for (const [file, label] of [
			['cert.pem', 'CERTIFICATE'],
			['key.pem', '[A-Z ]*PRIVATE KEY'],
		] as const)
			writeFileSync(
				join(prefix, file),
				`${new RegExp(`-----BEGIN ${label}-----.*?-----END ${label}-----`, 's').exec(text)![0]}\n`,
				{ mode: 0o600 },
			);
		const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
		const hashed = `location ~ "-[0-9a-f]{8}\\." { add_header Cache-Control "max-age=31536000, immutable"; }`;
		const configuration = (port: number): string => `
			${process.getuid?.() === 0 ? 'user root;' : ''}
			daemon off;
			worker_processes 1;
			pid ${prefix}/pid;
			error_log stderr error;
			events {}
			http {
				include /etc/nginx/mime.types;
				sendfile on;
				tcp_nopush on;
				gzip on;
				gzip_types text/css application/javascript;
				log_format short '$status $request_uri $body_bytes_sent';
				access_log ${log} short;
				${temporary.map((kind) => `${kind}_temp_path ${prefix}/${kind};`).join('\n')}
				ssl_protocols TLSv1.2 TLSv1.3;
				ssl_session_cache shared:pages:1m;
				server {
					listen 127.0.0.1:${port} ssl http2;
					ssl_certificate ${prefix}/cert.pem;
					ssl_certificate_key ${prefix}/key.pem;
					root ${directory};
					location / { add_header Cache-Control no-cache; }
					${isHashed ? hashed : ''}
				}
			}`;
		return openQuietServer((port) => {
			writeFileSync(join(prefix, 'nginx.conf'), configuration(port));
			return [findProgram('nginx')!, '-e', 'stderr', '-p', prefix, '-c', join(prefix, 'nginx.conf')];
		}, 'all');
	});
}
