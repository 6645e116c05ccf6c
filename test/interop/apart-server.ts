// A server in a process of its own: `node --import tsx apart-server.ts <folder> <storage>`. Prints its two ports, with TLS
// and without, as JSON; ends with whoever started it.

import { serve } from '../../src/server.ts';

const [folder = '', storage = ''] = process.argv.slice(2);
const options = { port: 0, bundle: true, storage, onProblem: (message: string) => console.error(message) };
const servers = await Promise.all([
	serve(folder, { ...options, cert: true }),
	serve(folder, { ...options, cert: false }),
]);
await Promise.all(servers.map(({ ready }) => ready));
// Where the flags allow it, memory is then what is held, and no garbage.
setInterval(() => globalThis.gc?.(), 300).unref();
process.on('disconnect', () => process.exit());
process.send?.(servers.map(({ url }) => Number(new URL(url).port)));
