// H2O as a peer (Debian: h2o): a server that pushes what its pages name in `Link` fields, with its own casper.

import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withFolder } from './casper.ts';

/** Style sheets that the page at `/page` pushes. */
export const PUSHED = ['/a.css', '/b.css?v=2', '/c%20d.css'] as const;

const PATIENCE_MS = 10_000;

/** A port that was free a moment ago: H2O does not say which one it took. */
const freePort = (): Promise<number> =>
	new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const { port } = server.address() as AddressInfo;
			server.close(() => resolve(port));
		});
	});

/** Calls `use` with the address of an H2O whose cookie has keys of so many bits. */
export const withH2o = <T>(capacityBits: number, use: (url: string) => Promise<T>): Promise<T> =>
	withFolder(async (folder) => {
		const port = await freePort();
		const links = PUSHED.map((path) => `<${path}>; rel=preload`).join('\\n');
		const site = join(folder, 'site');
		await mkdir(site);
		for (const path of PUSHED)
			await writeFile(join(site, decodeURIComponent(path.replace(/\?.*/, ''))), 'a { margin: 0 }');
		const configuration = join(folder, 'h2o.conf');
		await writeFile(
			configuration,
			// As root it gives its rights up to `nobody`, who cannot read a temporary folder.
			`${process.getuid?.() === 0 ? 'user: root' : ''}
num-threads: 1
listen:
  host: 127.0.0.1
  port: ${port}
http2-casper:
  capacity-bits: ${capacityBits}
  tracking-types: blocking-assets
hosts:
  default:
    paths:
      "/page":
        mruby.handler: |
          Proc.new do |env|
            [200, {"content-type" => "text/html", "link" => "${links}"}, ["<!doctype html>"]]
          end
      "/":
        file.dir: ${site}
`,
		);
		const child = spawn('h2o', ['-c', configuration], { stdio: ['ignore', 'pipe', 'pipe'] });
		const end = (): boolean => child.kill('SIGKILL');
		process.once('exit', end);
		let said = '';
		for (const stream of [child.stdout, child.stderr])
			stream.setEncoding('utf8').on('data', (text: string) => {
				said += text;
			});
		const gone = new Promise((resolve) => child.once('exit', resolve));
		try {
			for (const deadline = Date.now() + PATIENCE_MS; !(await answers(port)); await sleep(20))
				if (Date.now() > deadline || child.exitCode !== null) throw new Error(`h2o does not answer: ${said}`);
			return await use(`http://127.0.0.1:${port}/page`);
		} finally {
			end();
			await gone;
			process.off('exit', end);
		}
	});

const answers = (port: number): Promise<boolean> =>
	new Promise((resolve) => {
		const session = connect(`http://127.0.0.1:${port}`, { settings: { enablePush: false } });
		session.once('error', () => resolve(false));
		session.once('remoteSettings', () => {
			session.close();
			resolve(true);
		});
	});
