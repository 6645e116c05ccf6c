// Where we listen: names to addresses, a port that is free on all of them, and what can be wrong with it, in words.

import type { AddressInfo, Server } from 'node:net';
import { CasperError } from '../errors.ts';

/** Where to listen. */
export interface Place {
	/** A name or an address; 'localhost': both loopbacks; `true`: everywhere. */
	readonly host: string | true;
	/** `undefined`: the first free one from {@link Place.defaultPort} on. */
	readonly port: number | undefined;
	readonly defaultPort: number;
	/** What the port is called where it is complained about. */
	readonly setting: 'port' | 'httpRedirect';
}

/** Servers that listen on one port, one for each address. */
export interface Listening {
	readonly port: number;
	readonly servers: readonly Server[];
}

const PORT_TRIES = 100;

/**
 * Listens with servers that `create` makes, and resolves when connections are taken.
 * @throws {CasperError} CASPER_PORT_IN_USE, CASPER_PORT_FORBIDDEN, CASPER_HOST_UNAVAILABLE
 */
export const listenAt = async (place: Place, create: () => Server): Promise<Listening> => {
	const first = place.port ?? place.defaultPort;
	const last = place.port === undefined ? first + PORT_TRIES - 1 : first;
	for (let port = first; ; port++) {
		const servers: Server[] = [];
		try {
			for (const address of addressesOf(place.host)) {
				const server = create();
				const bound = servers.map(portOf)[0] ?? port;
				if (await listen(server, address, bound)) servers.push(server);
			}
			const bound = servers.map(portOf)[0];
			if (bound === undefined) throw unavailable(place.host, undefined);
			return { port: bound, servers };
		} catch (error) {
			await closeAll(servers);
			const { code } = error as NodeJS.ErrnoException;
			// With port 0 the second loopback may find the port that the first one was given taken.
			if (code === 'EADDRINUSE' && (port < last || place.port === 0)) {
				if (place.port === 0) port--;
				continue;
			}
			throw toCasperError(error, place, port);
		}
	}
};

/** Takes no more connections; resolves when there are none left. */
export const closeAll = async (servers: readonly Server[]): Promise<void> => {
	await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
};

const addressesOf = (host: string | true): readonly Address[] => {
	if (host === true)
		return [
			{ address: '::', isOptional: true },
			{ address: '0.0.0.0', isOptional: true },
		];
	if (host === 'localhost')
		return [
			{ address: '127.0.0.1', isOptional: true },
			{ address: '::1', isOptional: true },
		];
	return [{ address: host, isOptional: false }];
};

interface Address {
	readonly address: string;
	/** The machine may not have the protocol of this address. */
	readonly isOptional: boolean;
}

const listen = (server: Server, { address, isOptional }: Address, port: number): Promise<boolean> =>
	new Promise((resolve, reject) => {
		server.once('error', (error: NodeJS.ErrnoException) => {
			if (isOptional && (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT')) resolve(false);
			else reject(error);
		});
		server.listen({ host: address, port, ipv6Only: true }, () => resolve(true));
	});

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const toCasperError = (error: unknown, { host, port: given, setting }: Place, port: number): unknown => {
	switch ((error as NodeJS.ErrnoException).code) {
		case 'EADDRINUSE':
			return new CasperError(
				'CASPER_PORT_IN_USE',
				`${setting}: expected a free ${setting === 'port' ? 'one' : 'port'}, got ${port}, on which another program listens; ${wayOut(setting, given)}`,
				{ cause: error },
			);
		case 'EACCES':
			return new CasperError(
				'CASPER_PORT_FORBIDDEN',
				`${setting}: expected ${setting === 'port' ? 'one' : 'a port'} that this user may listen on, got ${port}; name one above 1023`,
				{ cause: error },
			);
		case 'EADDRNOTAVAIL':
		case 'EAFNOSUPPORT':
		case 'ENOTFOUND':
		case 'EAI_AGAIN':
		case 'EINVAL':
			return unavailable(host, error);
		default:
			return error;
	}
};

const wayOut = (setting: Place['setting'], given: number | undefined): string => {
	if (given === undefined) return 'end it, or name a free port';
	return setting === 'port'
		? 'name another one, or none to get the next that is free'
		: 'name another one, or 0 for any';
};

const unavailable = (host: string | true, cause: unknown): CasperError =>
	new CasperError(
		'CASPER_HOST_UNAVAILABLE',
		`host: expected a name or an address of this machine, got ${JSON.stringify(host)}; leave it out for localhost`,
		{ cause },
	);
