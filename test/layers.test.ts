// The layers that biome.json draws between the folders of src/: feeds the lint rules imports and globals that they must
// refuse, and some that they must let pass, so that a rule that no longer fires is noticed.

import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

interface Row {
	readonly name: string;
	readonly file: string;
	/** One line: the rows of a file become the lines of one probe. */
	readonly source: string;
	readonly forbidden: boolean;
}

const refuse = (name: string, file: string, source: string): Row => ({ name, file, source, forbidden: true });
const allow = (name: string, file: string, source: string): Row => ({ name, file, source, forbidden: false });

const pureFiles = ['src/plan.ts', 'src/site/probe.ts', 'src/digest/probe.ts', 'src/http/probe.ts'];
const unreachable = ['plan.ts', 'delivery/push.ts', 'server.ts', 'casper.ts', 'commands/serve.ts', 'cli.ts'];
const impureModules = [
	'node:fs',
	'node:fs/promises',
	'node:http',
	'node:http2',
	'node:https',
	'node:net',
	'node:tls',
	'node:timers',
	'node:timers/promises',
	'node:process',
	'node:child_process',
	'node:worker_threads',
];
const impureCalls = [
	'process.cwd();',
	'console.log();',
	'setTimeout(f);',
	'setInterval(f);',
	'setImmediate(f);',
];

/** A package, and the one place that may import it. */
const packages: readonly (readonly [name: string, place: string])[] = [
	['asn1js', 'src/tls/probe.ts'],
	['cheerio/slim', 'src/site/references.ts'],
	['cheerio/slim', 'src/site/references-css.ts'],
	['chokidar', 'src/site/watcher.ts'],
	['commander', 'src/cli.ts'],
	['mime-types', 'src/site/snapshot.ts'],
	['pkijs', 'src/tls/probe.ts'],
	['sirv', 'src/server.ts'],
];
/** A file of every layer: in each, a package that is not its own is refused. */
const everywhere = [
	...new Set(packages.map(([, place]) => place)),
	...pureFiles,
	'src/casper.ts',
	'src/commands/probe.ts',
	'src/delivery/probe.ts',
	'src/live-reload.ts',
	'src/options.ts',
	'src/site/scan.ts',
];

const rows: readonly Row[] = [
	// What the terminal shows follows from what it is told …
	refuse('the terminal has no server', 'src/terminal/probe.ts', "import '../server.ts';"),
	refuse('the terminal has no files', 'src/terminal/probe.ts', "import 'node:fs';"),
	refuse('the terminal has no timers', 'src/terminal/probe.ts', 'setTimeout(f);'),
	refuse('the terminal does not write', 'src/terminal/probe.ts', 'console.log();'),
	allow('the terminal knows what happens', 'src/terminal/probe.ts', "import '../live-events.ts';"),
	// The three folders of knowledge know nothing of each other …
	refuse('site does not know digest', 'src/site/probe.ts', "import '../digest/golomb.ts';"),
	refuse('site does not know http', 'src/site/probe.ts', "import '../http/range.ts';"),
	refuse('digest does not know site', 'src/digest/probe.ts', "import '../site/snapshot.ts';"),
	refuse('digest does not know http', 'src/digest/probe.ts', "import '../http/range.ts';"),
	refuse('http does not know site', 'src/http/probe.ts', "import '../site/snapshot.ts';"),
	refuse('http does not know digest', 'src/http/probe.ts', "import '../digest/golomb.ts';"),
	refuse('nor by their types', 'src/site/probe.ts', "import type { Golomb } from '../digest/golomb.ts';"),
	refuse('nor by a dynamic import', 'src/digest/probe.ts', "await import('../site/snapshot.ts');"),
	refuse('nor by a re-export', 'src/http/probe.ts', "export * from '../digest/golomb.ts';"),
	refuse('nor by a detour', 'src/site/probe.ts', "import './../digest/golomb.ts';"),
	// … nor of anything above them.
	...['site', 'digest', 'http'].flatMap((folder) =>
		unreachable.map((above) =>
			refuse(`${folder} does not know ${above}`, `src/${folder}/probe.ts`, `import '../${above}';`),
		),
	),
	...['site', 'digest', 'http'].flatMap((folder) => [
		allow(`${folder} knows its own files`, `src/${folder}/probe.ts`, "import './sibling.ts';"),
		allow(`${folder} knows the errors`, `src/${folder}/probe.ts`, "import '../errors.ts';"),
	]),

	// Pure layers have no world around them.
	...pureFiles.flatMap((file) => [
		...impureModules.map((module) => refuse(`${file} does not know ${module}`, file, `import '${module}';`)),
		...impureCalls.map((call) => refuse(`${file} has no ${call}`, file, call)),
		refuse(`${file} has no clock`, file, 'Date.now();'),
		refuse(`${file} cannot go round by globalThis`, file, 'globalThis.process.cwd();'),
		allow(`${file} may hash`, file, "import 'node:crypto';"),
	]),
	allow('http may read dates', 'src/http/probe.ts', 'Date.parse(f);'),
	refuse('golomb.ts has not even node:crypto', 'src/digest/golomb.ts', "import 'node:crypto';"),
	refuse('bits.ts has not even node:crypto', 'src/digest/bits.ts', "import 'node:crypto';"),
	allow('golomb.ts has the sibling that is as free of Node', 'src/digest/golomb.ts', "import './bits.ts';"),
	refuse('golomb.ts has no others', 'src/digest/golomb.ts', "import './cookie.ts';"),
	refuse('golomb.ts has no clock', 'src/digest/golomb.ts', 'Date.now();'),
	// The edge to the disk is two files, which the pure ones do not know.
	...['src/site/watcher.ts', 'src/site/scan.ts'].flatMap((file) => [
		allow(`${file} reads the disk`, file, "import 'node:fs/promises';"),
		allow(`${file} has timers`, file, 'setTimeout(f);'),
		allow(`${file} knows its siblings`, file, "import './sibling.ts';"),
		refuse(`${file} has no sockets`, file, "import 'node:http2';"),
		refuse(`${file} has no process`, file, 'process.cwd();'),
		refuse(`${file} does not know digest`, file, "import '../digest/golomb.ts';"),
	]),
	refuse('a pure file of site does not know the edge', 'src/site/routes.ts', "import './watcher.ts';"),
	refuse('nor does the snapshot', 'src/site/snapshot.ts', "import './scan.ts';"),
	refuse('nor the references', 'src/site/references.ts', "import './scan.ts';"),

	// The plan is where the three meet.
	allow('plan knows site', 'src/plan.ts', "import './site/snapshot.ts';"),
	allow('plan knows digest', 'src/plan.ts', "import './digest/cookie.ts';"),
	allow('plan knows http', 'src/plan.ts', "import './http/link.ts';"),
	refuse('plan does not know the disk', 'src/plan.ts', "import './site/watcher.ts';"),
	...['delivery/push.ts', 'server.ts', 'casper.ts', 'commands/serve.ts', 'cli.ts', 'options.ts'].map(
		(above) => refuse(`plan does not know ${above}`, 'src/plan.ts', `import './${above}';`),
	),

	// Streams and sockets: delivery and the servers alone.
	...[
		'src/delivery/probe.ts',
		'src/casper.ts',
		'src/server.ts',
		'src/server/probe.ts',
		'src/live-reload.ts',
	].flatMap((file) => [
		...['node:http2', 'node:http', 'node:net', 'node:tls'].map((module) =>
			allow(`${file} has ${module}`, file, `import '${module}';`),
		),
		refuse(`${file} has no process`, file, 'process.cwd();'),
		refuse(`${file} has no console`, file, 'console.log();'),
		refuse(`${file} does not import node:process`, file, "import 'node:process';"),
	]),
	...['src/options.ts', 'src/cli.ts', 'src/commands/probe.ts'].flatMap((file) =>
		['node:http2', 'node:http', 'node:net', 'node:tls'].map((module) =>
			refuse(`${file} has no ${module}`, file, `import '${module}';`),
		),
	),
	allow(
		'an option may be checked for being an address',
		'src/options.ts',
		"import { isIP } from 'node:net';",
	),
	...[
		'src/casper.ts',
		'src/cli.ts',
		'src/commands/probe.ts',
		'src/delivery/probe.ts',
		'src/options.ts',
		'src/server.ts',
	].map((file) => allow(`${file} may read files`, file, "import 'node:fs/promises';")),
	allow('delivery knows the plan', 'src/delivery/probe.ts', "import '../plan.ts';"),
	...['server.ts', 'casper.ts', 'commands/serve.ts', 'cli.ts'].map((above) =>
		refuse(`delivery does not know ${above}`, 'src/delivery/probe.ts', `import '../${above}';`),
	),
	allow('the server knows delivery', 'src/server.ts', "import './delivery/push.ts';"),
	allow('casper knows delivery', 'src/casper.ts', "import './delivery/push.ts';"),
	refuse('casper does not know the server', 'src/casper.ts', "import './server.ts';"),
	refuse('the server does not know the command line', 'src/server.ts', "import './cli.ts';"),

	// Certificates have files and TLS, no server.
	...['node:fs', 'node:crypto', 'node:os', 'node:path', 'node:tls'].map((module) =>
		allow(`tls has ${module}`, 'src/tls/probe.ts', `import '${module}';`),
	),
	refuse('tls listens to nothing', 'src/tls/probe.ts', "import { createServer } from 'node:net';"),
	refuse('tls does not know http2', 'src/tls/probe.ts', "import 'node:http2';"),
	refuse('tls does not know the server', 'src/tls/probe.ts', "import '../server.ts';"),

	// The process: the command line alone.
	...['src/cli.ts', 'src/commands/probe.ts'].flatMap((file) => [
		allow(`${file} has the process`, file, 'process.cwd();'),
		allow(`${file} has the console`, file, 'console.log();'),
		allow(`${file} imports node:process`, file, "import 'node:process';"),
	]),
	...['src/options.ts', 'src/index.ts', 'src/tls/probe.ts'].flatMap((file) => [
		refuse(`${file} has no process`, file, 'process.cwd();'),
		refuse(`${file} has no console`, file, 'console.log();'),
		refuse(`${file} does not import node:process`, file, "import 'node:process';"),
	]),
	allow('cli knows the commands', 'src/cli.ts', "import './commands/serve.ts';"),
	allow('a command knows the server', 'src/commands/probe.ts', "import '../server.ts';"),
	refuse('a command does not know the command line', 'src/commands/probe.ts', "import '../cli.ts';"),
	refuse('the public API does not know the command line', 'src/index.ts', "import './cli.ts';"),

	// Browser code takes the codec and the framing, and nothing else.
	allow('browser code knows the codec', 'src/client/probe.ts', "import '../digest/held-keys.ts';"),
	allow('browser code knows the framing', 'src/client/probe.ts', "import '../http/bundle-format.ts';"),
	refuse('the codec has nothing of Node', 'src/digest/held-keys.ts', "import 'node:crypto';"),
	refuse('the framing has nothing of Node', 'src/http/bundle-format.ts', "import 'node:buffer';"),
	refuse('nor of the rules of HTTP', 'src/http/bundle-format.ts', "import './request.ts';"),
	refuse('browser code knows nothing else of src', 'src/client/probe.ts', "import '../digest/cookie.ts';"),
	refuse('browser code has nothing of Node', 'src/client/probe.ts', "import 'node:crypto';"),
	allow('browser code has the world of browsers', 'src/client/probe.ts', 'globalThis.fetch(f);'),
	allow('the script of pages says what it does', 'src/client/page/probe.ts', 'console.info(f);'),
	refuse(
		'the script of pages is small: it does without the worker',
		'src/client/page/probe.ts',
		"import '../store.ts';",
	),
	refuse('and without the codec', 'src/client/page/probe.ts', "import '../../digest/held-keys.ts';"),
	...['site', 'digest', 'http'].map((folder) =>
		refuse(`${folder} does not know browser code`, `src/${folder}/probe.ts`, "import '../client/view.ts';"),
	),
	refuse('nor does the plan', 'src/plan.ts', "import './client/view.ts';"),

	// Each package in its one place, and a new package in none until it has been given one.
	...packages.map(([name, place]) => allow(`${place} has ${name}`, place, `import '${name}';`)),
	...packages.flatMap(([name]) =>
		everywhere
			.filter((file) => !packages.some(([other, place]) => other === name && place === file))
			.map((file) => refuse(`${file} does not have ${name}`, file, `import '${name}';`)),
	),
	...everywhere.map((file) => refuse(`${file} has no unlisted package`, file, "import 'left-pad';")),

	// Two files of one folder that import each other.
	refuse('no import cycles', 'src/http/cycle-a.ts', "export { b as a } from './cycle-b.ts';"),
	refuse(
		'no import cycles, from the other side',
		'src/http/cycle-b.ts',
		"export { a as b } from './cycle-a.ts';",
	),
];

const rules = ['noImportCycles', 'noJsRestrictedProperties', 'noRestrictedGlobals', 'noRestrictedImports'];

/** Runs the project's Biome once over all probes. Returns `file:line` of whatever a layer rule refused. */
const lint = async (files: ReadonlyMap<string, readonly string[]>): Promise<ReadonlySet<string>> => {
	const root = await mkdtemp(join(await realpath(tmpdir()), 'casper-layers-'));
	try {
		await copyFile(fileURLToPath(new URL('../biome.json', import.meta.url)), join(root, 'biome.json'));
		for (const [file, lines] of files) {
			await mkdir(dirname(join(root, file)), { recursive: true });
			await writeFile(join(root, file), `${lines.join('\n')}\n`);
		}
		const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
		const args = [biome, 'lint', '--reporter=json', '--max-diagnostics=none', 'src'];
		const run = promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 2 ** 26 });
		// Biome ends with 1, as it should on such code: what it printed counts.
		const { stdout } = await run.catch((error: { stdout: string }) => error);
		const { diagnostics } = JSON.parse(stdout) as {
			diagnostics: { category: string; location: { path: string; start: { line: number } } }[];
		};
		return new Set(
			diagnostics
				.filter(({ category }) => rules.some((rule) => category.endsWith(`/${rule}`)))
				.map(({ location }) => `${location.path}:${location.start.line}`),
		);
	} finally {
		await rm(root, { recursive: true, force: true });
	}
};

const files = new Map<string, string[]>();
const places = rows.map(({ file, source }) => {
	const lines = files.get(file) ?? [];
	files.set(file, lines);
	return `${file}:${lines.push(source)}`;
});

const layers = suite('layers');
let refused: ReadonlySet<string> = new Set();

layers.before(async () => {
	refused = await lint(files);
});

for (const [index, row] of rows.entries()) {
	layers(row.name, () => {
		const want = row.forbidden ? 'refused' : 'passed';
		assert.is(refused.has(places[index]!) ? 'refused' : 'passed', want, `${row.file}: ${row.source}`);
	});
}

layers.run();
