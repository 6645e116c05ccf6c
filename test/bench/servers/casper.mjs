// casper-serve as a library, for what its command does not show: when the index is complete, and how much memory it
// takes. JavaScript, since a TypeScript loader in this process would be part of the memory.
// Started as `node casper.mjs <url of dist/index.js> <directory> <options as JSON>` with a channel for messages.

const [entry, directory, options] = process.argv.slice(2);
const { serve } = await import(entry);
const server = await serve(directory, { live: false, ...JSON.parse(options) });
process.send({ kind: 'listening', url: String(server.url) });
process.on('message', () => process.send({ kind: 'memory', bytes: process.memoryUsage.rss() }));
process.on('disconnect', () => process.exit());
if (server.ready === undefined) process.send({ kind: 'no-ready' });
else {
	await server.ready;
	process.send({ kind: 'ready' });
}
