import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
	ask,
	CANCEL,
	type Fields,
	type Frame,
	goawayFrame,
	headersFrame,
	openSession,
	resetFrame,
	SETTING,
	settingsFrame,
	type View,
	Wire,
	windowFrame,
} from './support/client.ts';
import { endAll, eventually, type Files, makeFolder, openIndexed, put } from './support/server.ts';

const page = (...elements: readonly string[]): string =>
	`<!doctype html><title>Page</title>${elements.join('')}`;
const style = (path: string): string => `<link rel="stylesheet" href="${path}">`;
const image = (path: string): string => `<img src="${path}">`;

/** Written in another order than the one in which a page waits for them. */
const MIXED: Files = {
	'index.html': page(
		image('/img/a.svg'),
		'<script src="/js/late.js" defer></script>',
		'<link rel="preload" as="font" href="/font/f.woff2" crossorigin>',
		style('/css/one.css'),
		'<script src="/js/first.js"></script>',
		style('/css/two.css'),
	),
	'css/one.css': 'body { margin: 0 }'.repeat(2000),
	'css/two.css': 'p { margin: 0 }',
	'js/first.js': 'first();',
	'js/late.js': 'late();'.repeat(5000),
	'font/f.woff2': Buffer.from(Array.from({ length: 3000 }, (_, at) => at % 251)),
	'img/a.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
};
const MIXED_ORDER = [
	'/css/one.css',
	'/css/two.css',
	'/js/first.js',
	'/js/late.js',
	'/font/f.woff2',
	'/img/a.svg',
];

/** A page with so many images, of the sizes that `sizeOf` says. */
const gallery = (count: number, sizeOf: (index: number) => number): Files => {
	const files: Record<string, string> = {};
	for (let index = 0; index < count; index++)
		files[`${index}.svg`] = String(index).padEnd(sizeOf(index), '.');
	files['index.html'] = page(...Object.keys(files).map((path) => image(`/${path}`)));
	return files;
};

const statusesOf = ({ pushes }: View): number[] => [...pushes.values()].map(({ status }) => status);

/** The streams in the order of their response's HEADERS. */
const orderOf = (frames: readonly Frame[]): number[] =>
	frames.flatMap((frame) => (frame.kind === 'headers' ? [frame.stream] : []));

const countOf = (frames: readonly Frame[], kind: Frame['kind']): number =>
	frames.filter((frame) => frame.kind === kind).length;

/** A body that needs more DATA frames than one (RFC 9113 §4.2) shares bandwidth with others that do. */
const FRAME_BYTES = 2 ** 14;

/** The most pushed responses that were begun and not ended at a time: all, and those of more than one DATA frame. */
const mostOpen = (frames: readonly Frame[]): { all: number; large: number; bytes: number } => {
	const open = new Map<number, number>();
	const most = { all: 0, large: 0, bytes: 0 };
	for (const frame of frames) {
		if (frame.stream % 2 === 1) continue;
		if (frame.kind === 'headers' && !frame.isEnd)
			open.set(frame.stream, Number(frame.fields['content-length']));
		else if ((frame.kind === 'data' && frame.isEnd) || frame.kind === 'reset') open.delete(frame.stream);
		const sizes = [...open.values()];
		most.all = Math.max(most.all, sizes.length);
		most.large = Math.max(most.large, sizes.filter((size) => size > FRAME_BYTES).length);
		most.bytes = Math.max(
			most.bytes,
			sizes.filter((size) => size <= FRAME_BYTES).reduce((sum, size) => sum + size, 0),
		);
	}
	return most;
};

const promises = suite('what is promised');
promises.after.each(endAll);

promises('every promise comes before the first frame of the document (RFC 9113 §8.4.1)', async () => {
	const wire = new Wire(await openIndexed(MIXED));
	const { frames, document } = await wire.view('/');
	const firstOfDocument = frames.findIndex(({ kind, stream }) => kind === 'headers' && stream === 1);
	const lastPromise = frames.findLastIndex(({ kind }) => kind === 'promise');
	assert.is(countOf(frames, 'promise'), 6);
	assert.ok(lastPromise < firstOfDocument, `promise at ${lastPromise}, document at ${firstOfDocument}`);
	assert.is(document.status, 200);
});

promises('a promise is a complete GET of the same origin (RFC 9113 §8.4.1)', async () => {
	for (const cert of [true, false]) {
		const tested = await openIndexed(MIXED, { cert });
		const { pushes } = await new Wire(tested).view('/');
		assert.equal([...pushes.keys()], MIXED_ORDER);
		for (const [path, { promise, stream }] of pushes) {
			assert.is(stream % 2, 0);
			assert.equal(promise, {
				':method': 'GET',
				':scheme': cert ? 'https' : 'http',
				':authority': tested.authority,
				':path': path,
			});
		}
	}
});

promises('a promise names the host of a request without an authority (RFC 9113 §8.3.1)', async () => {
	const tested = await openIndexed(MIXED);
	const wire = new Wire(tested);
	const request = { ':method': 'GET', ':scheme': 'https', ':path': '/', host: tested.authority };
	wire.send(headersFrame(1, request, true));
	await wire.ended(1);
	for (const { fields } of wire.promisesOn(1)) assert.is(fields[':authority'], tested.authority);
	assert.is(wire.promisesOn(1).length, 6);
});

promises('pushed bodies, types and tags are those of the files asked for', async () => {
	const tested = await openIndexed(MIXED);
	const { pushes } = await new Wire(tested).view('/');
	for (const [path, { status, body, fields, isWhole }] of pushes) {
		assert.is(status, 200);
		assert.ok(isWhole);
		assert.ok(body.equals(Buffer.from(MIXED[path.slice(1)] ?? '')), path);
		const { date: _, ...asked } = (await ask(tested, 'HTTP/2', path)).fields;
		const { date: __, ...pushed } = fields;
		assert.equal(pushed, asked, path);
	}
});

promises("Node's own client takes every push whole", async () => {
	const session = openSession(await openIndexed(MIXED));
	const pushed = new Map<string, number>();
	let promised = 0;
	session.on('stream', (stream, request) => {
		promised++;
		let length = 0;
		stream.on('data', (chunk: Buffer) => {
			length += chunk.length;
		});
		stream.on('close', () => pushed.set(String(request[':path']), stream.rstCode === 0 ? length : -1));
	});
	session.request({ ':path': '/' }).resume();
	await eventually('all pushes', () => promised === 6 && pushed.size === 6);
	for (const path of MIXED_ORDER)
		assert.is(pushed.get(path), Buffer.byteLength(MIXED[path.slice(1)] ?? ''), path);
});

promises('no more is promised than the push count allows', async () => {
	const rows = [
		{ name: 'default', input: {}, want: 100 },
		{ name: 'three', input: { pushCount: 3 }, want: 3 },
		{ name: 'none', input: { pushCount: 0 }, want: 0 },
		{ name: 'as many as clients keep', input: { pushCount: 200 }, want: 200 },
	];
	const files = gallery(230, () => 10);
	for (const { name, input, want } of rows) {
		const wire = new Wire(await openIndexed(files, input));
		const { pushes } = await wire.view('/');
		assert.is(pushes.size, want, name);
		assert.equal(
			[...pushes.keys()],
			Array.from({ length: want }, (_, index) => `/${index}.svg`),
			name,
		);
	}
});

promises('no more than 200 are promised on a connection and not yet answered', async () => {
	const wire = new Wire(
		await openIndexed(
			gallery(150, () => 30_000),
			{ pushCount: 200, pushBudget: 10 ** 9 },
		),
		{
			// No pushed body gets through, so that all promises stay outstanding.
			[SETTING.initialWindow]: 0,
		},
	);
	const first = wire.request('/', { 'cache-control': 'no-cache' });
	await wire.until('the first document', () => wire.told(first).status === 200);
	assert.is(wire.promisesOn(first).length, 150);
	const second = wire.request('/', { 'cache-control': 'no-cache' });
	await wire.until('the second document', () => wire.told(second).status === 200);
	assert.is(wire.promisesOn(second).length, 50);
	const third = wire.request('/', { 'cache-control': 'no-cache' });
	await wire.until('the third document', () => wire.told(third).status === 200);
	assert.is(wire.promisesOn(third).length, 0);

	// Each that is declined makes room for another.
	const declined = wire.promisesOn(second).slice(0, 20);
	wire.send(...declined.map(({ promised }) => resetFrame(promised, CANCEL)));
	await wire.flushed();
	const fourth = wire.request('/', { 'cache-control': 'no-cache' });
	await wire.until('the fourth document', () => wire.told(fourth).status === 200);
	assert.is(wire.promisesOn(fourth).length, 20);
});

promises(
	'the push budget counts bytes of bodies; what goes beyond is left, smaller ones after it are not',
	async () => {
		const files = gallery(5, (index) => [400, 500, 300, 101, 1][index] ?? 0);
		const rows = [
			{ name: 'all', input: 1302, want: [0, 1, 2, 3, 4] },
			{ name: 'one byte too few', input: 1301, want: [0, 1, 2, 3] },
			{ name: 'the largest does not fit', input: 802, want: [0, 2, 3, 4] },
			{ name: 'one byte', input: 1, want: [4] },
			{ name: 'nothing', input: 0, want: [] },
		];
		for (const { name, input, want } of rows) {
			const { pushes } = await new Wire(await openIndexed(files, { pushBudget: input })).view('/');
			assert.equal(
				[...pushes.keys()],
				want.map((index) => `/${index}.svg`),
				name,
			);
		}
	},
);

promises('confirmations cost no bytes of the budget', async () => {
	const files = gallery(4, () => 1000);
	const wire = new Wire(await openIndexed(files, { pushBudget: 2000 }));
	assert.equal([...(await wire.view('/')).pushes.keys()], ['/0.svg', '/1.svg']);
	const second = await wire.view('/');
	assert.equal([...second.pushes.keys()], ['/0.svg', '/1.svg', '/2.svg', '/3.svg']);
	assert.equal(statusesOf(second), [304, 304, 200, 200]);
});

promises('a file that is empty is pushed', async () => {
	const wire = new Wire(
		await openIndexed({ 'index.html': page(style('/a.css'), image('/b.svg')), 'a.css': '', 'b.svg': 'b' }),
	);
	const { pushes } = await wire.view('/');
	assert.equal(
		[...pushes].map(([path, { status, isWhole, body }]) => [path, status, isWhole, body.length]),
		[
			['/a.css', 200, true, 0],
			['/b.svg', 200, true, 1],
		],
	);
});

promises('references are promised as a browser writes them, query included', async () => {
	const wire = new Wire(
		await openIndexed({
			'index.html': page(
				style('a b.css?v=1&amp;w=%20'),
				image('/ü.svg'),
				image('/100%25.svg'),
				image('/ü.svg#part'),
			),
			'a b.css': 'a',
			'ü.svg': 'u',
			'100%.svg': 'p',
		}),
	);
	const { pushes } = await wire.view('/');
	assert.equal([...pushes.keys()], ['/a%20b.css?v=1&w=%20', '/%C3%BC.svg', '/100%25.svg']);
	assert.equal(
		[...pushes.values()].map(({ body }) => String(body)),
		['a', 'u', 'p'],
	);
});

promises('what leads out of the site, is missing, lazy or a redirect is not promised', async () => {
	const wire = new Wire(
		await openIndexed({
			'index.html': page(
				style('//other.example/a.css'),
				style('https://localhost/a.css'),
				style('/../../etc/passwd'),
				style('/missing.css'),
				style('/.secret.css'),
				style('/a%2fb.css'),
				image('/folder'),
				'<img loading="lazy" src="/lazy.svg">',
				style('data:text/css,a'),
				style('/held.css'),
			),
			'held.css': 'held',
			'.secret.css': 'secret',
			'lazy.svg': 'lazy',
			'folder/index.html': page(),
		}),
	);
	assert.equal([...(await wire.view('/')).pushes.keys()], ['/held.css']);
});

promises(
	'a page that refers to itself or twice to one file gets no push of itself and one of the file',
	async () => {
		const wire = new Wire(
			await openIndexed({
				'index.html': page(image('/'), image('/a.svg'), image('a.svg#x'), '<iframe src="/"></iframe>'),
				'a.svg': 'a',
			}),
		);
		assert.equal([...(await wire.view('/')).pushes.keys()], ['/a.svg']);
	},
);

promises.run();

const order = suite('the order of the responses');
order.after.each(endAll);

/** Read from the disk in whatever order the disk likes, or from memory. */
const viewAgainAndAgain = async (wire: Wire, times: number): Promise<View[]> => {
	const views: View[] = [];
	for (let time = 0; time < times; time++) views.push(await wire.view('/', { 'cache-control': 'no-cache' }));
	return views;
};

order('first the document, then style sheets, scripts, fonts, images', async () => {
	for (const cert of [true, false]) {
		const wire = new Wire(await openIndexed(MIXED, { cert }));
		for (const { frames, pushes } of await viewAgainAndAgain(wire, 3)) {
			assert.equal([...pushes.keys()], MIXED_ORDER);
			const [document = 0, ...others] = orderOf(frames);
			assert.is(document % 2, 1);
			assert.equal(
				others,
				[...pushes.values()].map(({ stream }) => stream),
			);
		}
	}
});

order('files that the disk gives out of order are answered in order', async () => {
	// What is large takes the disk longer than what is small.
	const files = gallery(40, (index) => (index % 5 === 0 ? 900_000 : 10 + index));
	for (let round = 0; round < 5; round++) {
		const wire = new Wire(await openIndexed(files, { pushBudget: 10 ** 9 }));
		const { frames, pushes } = await wire.view('/');
		assert.equal(orderOf(frames), [1, ...[...pushes.values()].map(({ stream }) => stream)]);
		await endAll();
	}
});

order('no pushed response begins before the whole document has gone out', async () => {
	const wire = new Wire(
		await openIndexed({ ...MIXED, 'index.html': `${MIXED['index.html']}${' '.repeat(200_000)}` }),
	);
	for (const { frames } of await viewAgainAndAgain(wire, 3)) {
		const endOfDocument = frames.findIndex(
			(frame) => frame.stream % 2 === 1 && frame.kind === 'data' && frame.isEnd,
		);
		const firstPushed = frames.findIndex(({ kind, stream }) => kind === 'headers' && stream % 2 === 0);
		assert.ok(
			endOfDocument < firstPushed,
			`document ended at ${endOfDocument}, push began at ${firstPushed}`,
		);
	}
});

order(
	'two large pushed bodies at most are under way at a time, or small ones of 256 KiB together',
	async () => {
		const rows = [
			{ name: 'large', input: gallery(12, () => 100_000) },
			{ name: 'small', input: gallery(190, () => 3000) },
			{ name: 'tiny', input: gallery(100, () => 3) },
			{ name: 'mixed', input: gallery(30, (index) => [3, 60_000, 9000, 20_000, 16_384][index % 5] ?? 0) },
		];
		for (const { name, input } of rows) {
			const wire = new Wire(await openIndexed(input, { pushBudget: 10 ** 9, pushCount: 200 }));
			for (const { frames, pushes } of await viewAgainAndAgain(wire, 2)) {
				const { large, bytes } = mostOpen(frames);
				assert.is(new Set(statusesOf({ pushes } as View)).size, 1, name);
				assert.ok(large <= 2, `${name}: ${large} large ones at a time`);
				assert.ok(bytes <= 2 ** 18, `${name}: ${bytes} bytes of small ones at a time`);
			}
		}
	},
);

order(
	"never more are under way than the client's SETTINGS_MAX_CONCURRENT_STREAMS (RFC 9113 §5.1.2)",
	async () => {
		const files = gallery(30, (index) => [3, 60_000, 9000, 0, 16_384][index % 5] ?? 0);
		for (const limit of [1, 2, 3]) {
			const wire = new Wire(await openIndexed(files, { pushBudget: 10 ** 9 }), {
				[SETTING.maxConcurrentStreams]: limit,
			});
			for (const view of await viewAgainAndAgain(wire, 3)) {
				assert.ok(statusesOf(view).every((status) => status === 200));
				const { all } = mostOpen(view.frames);
				assert.ok(all <= limit, `${all} at a time with a limit of ${limit}`);
			}
		}
	},
);

order(
	'a confirmation counts, too: it waits while the client takes no more streams (RFC 9113 §5.1.2)',
	async () => {
		const tested = await openIndexed({
			...gallery(4, () => 10),
			'index.html': page(style('/big.css'), ...[0, 1, 2, 3].map((index) => image(`/${index}.svg`))),
			'big.css': '.'.repeat(200_000),
		});
		const wire = new Wire(tested, { [SETTING.maxConcurrentStreams]: 1 });
		await wire.view('/');
		await put(tested.folder, 'big.css', '!'.repeat(200_000));
		await eventually(
			'the new style sheet',
			async () => (await ask(tested, 'HTTP/2', '/big.css')).body[0] === 33,
		);
		// From now on every stream gets 65,535 bytes, and the large style sheet is stuck.
		wire.send(settingsFrame({ [SETTING.initialWindow]: 65_535 }));
		await wire.flushed();
		const document = wire.request('/');
		await wire.ended(document);
		const [sheet] = wire.promisesOn(document);
		assert.is(sheet?.fields['if-none-match'], undefined);
		const stuck = sheet?.promised ?? 0;
		await wire.until('the stuck style sheet', () => wire.told(stuck).body.length === 65_535);
		await wire.flushed();
		const { pushes } = wire.viewOf(document);
		assert.equal(statusesOf({ pushes } as View), [200, 0, 0, 0, 0]);
		wire.send(windowFrame(stuck, 10 ** 6));
		for (const { promised } of wire.promisesOn(document)) await wire.ended(promised);
		assert.equal(statusesOf(wire.viewOf(document)), [200, 304, 304, 304, 304]);
	},
);

order(
	'a limit that the client lowers to 0 and raises again holds pushes up for that long (RFC 9113 §6.5.2)',
	async () => {
		const wire = new Wire(await openIndexed(gallery(5, () => 30_000)), { [SETTING.initialWindow]: 0 });
		const document = wire.request('/');
		await wire.until('the document', () => wire.told(document).status === 200);
		assert.is(wire.promisesOn(document).length, 5);
		wire.send(settingsFrame({ [SETTING.maxConcurrentStreams]: 0 }));
		// Pushes that began before the setting arrived may go on.
		await wire.flushed();
		wire.send(windowFrame(document, 10 ** 6));
		await wire.ended(document);
		const begun = (): number => statusesOf(wire.viewOf(document)).filter((status) => status !== 0).length;
		for (const { promised } of wire.promisesOn(document))
			if (wire.told(promised).status !== 0) {
				wire.send(windowFrame(promised, 10 ** 6));
				await wire.ended(promised);
			}
		await wire.flushed();
		assert.ok(begun() <= 2, `${begun()} begun in spite of a limit of 0`);
		wire.send(settingsFrame({ [SETTING.maxConcurrentStreams]: 10, [SETTING.initialWindow]: 10 ** 6 }));
		for (const { promised } of wire.promisesOn(document)) await wire.ended(promised);
		assert.equal(statusesOf(wire.viewOf(document)), [200, 200, 200, 200, 200]);
	},
);

order.run();

const confirmation = suite('what the connection was given');
confirmation.after.each(endAll);

confirmation('a second view on one connection gets 304s only, each with its tag in the promise', async () => {
	const wire = new Wire(await openIndexed(MIXED));
	const first = await wire.view('/');
	const second = await wire.view('/');
	assert.equal([...second.pushes.keys()], MIXED_ORDER);
	for (const [path, { promise, status, fields, body, isWhole }] of second.pushes) {
		const given = first.pushes.get(path)?.fields.etag;
		assert.is(promise['if-none-match'], given, path);
		assert.is(status, 304);
		assert.is(fields.etag, given, path);
		assert.is(fields['cache-control'], 'no-cache');
		assert.is(fields['content-length'], undefined);
		assert.is(body.length, 0);
		assert.ok(isWhole);
	}
});

confirmation('pages that share files: each body once on a connection', async () => {
	const wire = new Wire(
		await openIndexed({
			'a.html': page(style('/shared.css'), image('/a.svg')),
			'b.html': page(style('/shared.css'), image('/b.svg'), image('/a.svg')),
			'shared.css': 'shared',
			'a.svg': 'a',
			'b.svg': 'b',
		}),
	);
	assert.equal(statusesOf(await wire.view('/a.html')), [200, 200]);
	assert.equal(statusesOf(await wire.view('/b.html')), [304, 200, 304]);
});

confirmation('two views at once on a connection: each body once', async () => {
	const wire = new Wire(await openIndexed(gallery(20, () => 5000)));
	const streams = [wire.request('/'), wire.request('/'), wire.request('/')];
	for (const stream of streams) await wire.ended(stream);
	const all = streams.flatMap((stream) => wire.promisesOn(stream));
	for (const { promised } of all) await wire.ended(promised);
	const bodies = all.filter(({ promised }) => wire.told(promised).status === 200);
	assert.is(bodies.length, 20);
	assert.is(new Set(bodies.map(({ fields }) => fields[':path'])).size, 20);
});

confirmation('a file that the client asked for itself is not pushed after that', async () => {
	const wire = new Wire(await openIndexed(MIXED));
	await wire.ended(wire.request('/css/one.css', { 'sec-fetch-dest': 'style' }));
	await wire.ended(wire.request('/js/first.js'));
	assert.equal(statusesOf(await wire.view('/')), [304, 200, 304, 200, 200, 200]);
});

confirmation('a page in a frame that was shown before is not pushed after that', async () => {
	const wire = new Wire(
		await openIndexed({
			'outer.html': page('<iframe src="/inner.html"></iframe>'),
			'inner.html': page('<p>inner</p>'),
		}),
	);
	await wire.view('/inner.html');
	assert.equal(statusesOf(await wire.view('/outer.html')), [304]);
});

confirmation('a file asked for with another query is another one', async () => {
	const wire = new Wire(await openIndexed({ 'index.html': page(style('/a.css?v=2')), 'a.css': 'a' }));
	await wire.ended(wire.request('/a.css?v=1'));
	assert.equal(statusesOf(await wire.view('/')), [200]);
});

confirmation('a hard reload gets every body again (RFC 9111 §5.2.1.4)', async () => {
	const wire = new Wire(await openIndexed(MIXED));
	await wire.view('/');
	const rows: { name: string; input: Fields; want: number }[] = [
		{ name: 'cache-control', input: { 'cache-control': 'no-cache' }, want: 200 },
		{ name: 'among others', input: { 'cache-control': 'max-age=0, No-Cache' }, want: 200 },
		{ name: 'pragma', input: { pragma: 'no-cache' }, want: 200 },
		{ name: 'a usual reload', input: { 'cache-control': 'max-age=0' }, want: 304 },
		{ name: 'another directive', input: { 'cache-control': 'x-no-cache-please' }, want: 304 },
		{ name: 'nothing', input: {}, want: 304 },
	];
	for (const { name, input, want } of rows)
		assert.equal(
			statusesOf(await wire.view('/', input)),
			Array.from({ length: 6 }, () => want),
			name,
		);
});

confirmation('a document that is unmodified still brings what is lacking (RFC 9110 §15.4.5)', async () => {
	const tested = await openIndexed(MIXED);
	const { etag = '' } = (await ask(tested, 'HTTP/2', '/')).fields;
	const wire = new Wire(tested);
	const { document, pushes, frames } = await wire.view('/', { 'if-none-match': etag });
	assert.is(document.status, 304);
	assert.is(document.fields.etag, etag);
	assert.equal(statusesOf({ pushes } as View), [200, 200, 200, 200, 200, 200]);
	assert.is(orderOf(frames)[0], 1);
});

confirmation('a file that changed on disk is pushed anew, the others are confirmed', async () => {
	const tested = await openIndexed(MIXED);
	const wire = new Wire(tested);
	await wire.view('/');
	await put(tested.folder, 'js/first.js', 'changed();');
	await eventually(
		'the change',
		async () => String((await ask(tested, 'HTTP/2', '/js/first.js')).body) === 'changed();',
	);
	const { pushes } = await wire.view('/');
	assert.equal(statusesOf({ pushes } as View), [304, 304, 200, 304, 304, 304]);
	assert.is(String(pushes.get('/js/first.js')?.body), 'changed();');
});

confirmation.run();

const none = suite('who gets no push');
none.after.each(endAll);

none(
	'requests that a proxy forwards, scripts and readers without a page (RFC 9110 §7.6.3, RFC 7239)',
	async () => {
		const wire = new Wire(await openIndexed(MIXED));
		const rows: { name: string; input: Fields; want: number }[] = [
			{ name: 'Via', input: { via: '1.1 proxy' }, want: 0 },
			{ name: 'Via, empty', input: { via: '' }, want: 0 },
			{ name: 'Forwarded', input: { forwarded: 'for=192.0.2.1' }, want: 0 },
			{ name: 'X-Forwarded-For', input: { 'x-forwarded-for': '192.0.2.1' }, want: 0 },
			{ name: 'HEAD', input: { ':method': 'HEAD' }, want: 0 },
			{ name: 'a fetch', input: { 'sec-fetch-dest': 'empty' }, want: 0 },
			{ name: 'an image', input: { 'sec-fetch-dest': 'image' }, want: 0 },
			{ name: 'a frame', input: { 'sec-fetch-dest': 'iframe' }, want: 6 },
			{ name: 'a page', input: { 'sec-fetch-dest': 'document' }, want: 6 },
			{ name: 'a client that says nothing', input: {}, want: 6 },
		];
		for (const { name, input, want } of rows) {
			const { document, pushes } = await wire.view('/', input);
			assert.is(document.status, 200, name);
			assert.is(pushes.size, want, name);
		}
	},
);

none('other methods, files, missing pages and redirects', async () => {
	const wire = new Wire(await openIndexed({ ...MIXED, 'folder/index.html': page(style('/css/one.css')) }));
	for (const [target, method, want] of [
		['/', 'POST', 405],
		['/css/one.css', 'GET', 200],
		['/missing', 'GET', 404],
		['/folder', 'GET', 308],
		['/%', 'GET', 400],
	] as const) {
		const { document, pushes } = await wire.view(target, { ':method': method });
		assert.is(document.status, want);
		assert.is(pushes.size, 0, target);
	}
});

none('a server told not to push', async () => {
	const { document, pushes } = await new Wire(await openIndexed(MIXED, { push: false })).view('/');
	assert.is(document.status, 200);
	assert.is(pushes.size, 0);
});

none('a client that switched it off, in the beginning or later (RFC 9113 §6.5.2)', async () => {
	const tested = await openIndexed(MIXED);
	const never = await new Wire(tested, { [SETTING.enablePush]: 0 }).view('/');
	assert.is(never.document.status, 200);
	assert.is(never.pushes.size, 0);

	const wire = new Wire(tested);
	assert.is((await wire.view('/')).pushes.size, 6);
	wire.send(settingsFrame({ [SETTING.enablePush]: 0 }));
	assert.is((await wire.view('/')).pushes.size, 0);
	wire.send(settingsFrame({ [SETTING.enablePush]: 1 }));
	assert.is((await wire.view('/')).pushes.size, 6);
});

none('a client that takes no concurrent streams (RFC 9113 §5.1.2)', async () => {
	const wire = new Wire(await openIndexed(MIXED), { [SETTING.maxConcurrentStreams]: 0 });
	const { document, pushes } = await wire.view('/');
	assert.is(document.status, 200);
	assert.is(pushes.size, 0);
});

none('HTTP/1.1', async () => {
	const { status, body } = await ask(await openIndexed(MIXED), 'HTTP/1.1', '/');
	assert.is(status, 200);
	assert.is(String(body), MIXED['index.html']);
});

none.run();

const interruptions = suite('clients that change their mind');
interruptions.after.each(endAll);

interruptions('one promise is declined: the others and the document arrive (RFC 9113 §8.4.2)', async () => {
	const wire = new Wire(await openIndexed(gallery(6, () => 40_000)), { [SETTING.initialWindow]: 0 });
	const document = wire.request('/');
	await wire.until('the document', () => wire.told(document).status === 200);
	const streams = wire.promisesOn(document).map(({ promised }) => promised);
	const declined = streams.filter((_, index) => index === 0 || index === 3);
	wire.send(
		...declined.map((stream) => resetFrame(stream, CANCEL)),
		settingsFrame({ [SETTING.initialWindow]: 10 ** 6 }),
	);
	await wire.ended(document);
	const kept = streams.filter((stream) => !declined.includes(stream));
	for (const stream of kept) await wire.ended(stream);
	for (const stream of [document, ...kept]) assert.ok(wire.told(stream).isWhole);
	assert.ok(kept.every((stream) => wire.told(stream).body.length === 40_000));
	assert.is((await wire.view('/')).document.status, 200);
});

interruptions('every promise is declined at once, again and again', async () => {
	const tested = await openIndexed(gallery(50, () => 20_000));
	const wire = new Wire(tested);
	for (let round = 0; round < 10; round++) {
		const document = wire.request('/', { 'cache-control': 'no-cache' });
		await wire.until('a promise', () => wire.promisesOn(document).length > 0);
		wire.send(...wire.promisesOn(document).map(({ promised }) => resetFrame(promised, CANCEL)));
		await wire.ended(document);
		assert.ok(wire.told(document).isWhole);
	}
	await wire.flushed();
	const { pushes } = await wire.view('/', { 'cache-control': 'no-cache' });
	assert.is(pushes.size, 50);
	assert.ok([...pushes.values()].every(({ isWhole }) => isWhole));
});

interruptions('the document is declined: what was promised arrives (RFC 9113 §8.4.2)', async () => {
	const wire = new Wire(
		await openIndexed({ ...MIXED, 'index.html': `${MIXED['index.html']}${' '.repeat(300_000)}` }),
		{
			[SETTING.initialWindow]: 1000,
		},
	);
	const document = wire.request('/');
	await wire.until('the document', () => wire.told(document).body.length > 0);
	wire.send(resetFrame(document, CANCEL), settingsFrame({ [SETTING.initialWindow]: 10 ** 6 }));
	const promised = wire.promisesOn(document);
	assert.is(promised.length, 6);
	for (const { promised: stream } of promised) await wire.ended(stream);
	assert.ok(promised.every(({ promised: stream }) => wire.told(stream).isWhole));
	assert.is(wire.told(document).isWhole, false);
});

interruptions('a request that is declined before it is answered harms nobody', async () => {
	const tested = await openIndexed(gallery(40, () => 1000));
	const wire = new Wire(tested);
	for (let round = 0; round < 30; round++) {
		const stream = wire.request('/', { 'cache-control': 'no-cache' });
		wire.send(resetFrame(stream, CANCEL));
	}
	await wire.flushed();
	const { document, pushes } = await wire.view('/', { 'cache-control': 'no-cache' });
	assert.is(document.status, 200);
	assert.is(pushes.size, 40);
});

interruptions('after GOAWAY the document and what was promised arrive (RFC 9113 §6.8)', async () => {
	const tested = await openIndexed({
		...MIXED,
		'index.html': `${MIXED['index.html']}${' '.repeat(300_000)}`,
	});
	const wire = new Wire(tested, { [SETTING.initialWindow]: 1000 });
	const document = wire.request('/');
	await wire.until('the document', () => wire.told(document).body.length > 0);
	wire.send(goawayFrame(0), settingsFrame({ [SETTING.initialWindow]: 10 ** 6 }));
	await wire.ended(document);
	assert.ok(wire.told(document).isWhole);
	assert.is((await ask(tested, 'HTTP/2', '/')).status, 200);
});

interruptions('GOAWAY in the same packet as the request, with and without an error', async () => {
	const tested = await openIndexed(MIXED);
	for (const code of [0, 2, 11]) {
		const wire = new Wire(tested);
		wire.request('/');
		wire.send(goawayFrame(code));
		await eventually('the end of the connection', () => {
			wire.socket.end();
			return wire.isClosed;
		});
		assert.is((await new Wire(tested).view('/')).pushes.size, 6);
	}
});

interruptions('a client that vanishes in the middle takes nothing along', async () => {
	const tested = await openIndexed(
		gallery(50, () => 100_000),
		{ pushBudget: 10 ** 9 },
	);
	for (const moment of ['promise', 'headers', 'data'] as const)
		for (let round = 0; round < 5; round++) {
			const wire = new Wire(tested, round % 2 === 0 ? {} : { [SETTING.initialWindow]: 1000 });
			wire.request('/');
			wire.request('/');
			await wire.until(moment, () => countOf(wire.frames, moment) > round);
			wire.socket.destroy();
		}
	const { document, pushes } = await new Wire(tested).view('/');
	assert.is(document.status, 200);
	assert.ok([...pushes.values()].every(({ isWhole }) => isWhole));
	assert.equal(tested.problems, []);
});

interruptions('a document that is not read does not hold up its style sheet (RFC 9113 §5.2)', async () => {
	const files = {
		'index.html': page(style('/a.css'), ' '.repeat(200_000)),
		'a.css': 'a { color: red }'.repeat(100),
	};
	const rows = [
		{ name: 'no window at all', input: 0 },
		{ name: 'the window of RFC 9113 §6.9.2', input: 65_535 },
	];
	for (const cert of [true, false])
		for (const { name, input } of rows) {
			const wire = new Wire(await openIndexed(files, { cert }), { [SETTING.initialWindow]: input });
			const document = wire.request('/');
			await wire.until('a promise', () => wire.promisesOn(document).length > 0);
			const [{ promised } = { promised: 0 }] = wire.promisesOn(document);
			wire.send(windowFrame(promised, 10_000));
			await wire.ended(promised);
			assert.is(wire.told(promised).body.length, 1600, name);
			assert.is(wire.told(document).isWhole, false, name);
			wire.send(windowFrame(document, 10 ** 6));
			await wire.ended(document);
			assert.ok(wire.told(document).isWhole);
		}
});

interruptions('a pushed body that is not read does not hold up the next page', async () => {
	const wire = new Wire(await openIndexed(gallery(8, () => 50_000)), { [SETTING.initialWindow]: 1000 });
	const first = wire.request('/');
	wire.send(windowFrame(first, 10 ** 6));
	await wire.ended(first);
	const second = wire.request('/');
	wire.send(windowFrame(second, 10 ** 6));
	await wire.ended(second);
	assert.ok(wire.told(second).isWhole);
});

interruptions.run();

const changes = suite('a promise whose file changes');
changes.after.each(endAll);

/** Replaces a file in one step, so that nobody sees half of it. */
const replace = async (folder: string, path: string, content: string): Promise<void> => {
	const aside = await makeFolder({ new: content });
	await rename(join(aside, 'new'), join(folder, path));
};

changes('the new version is never sent for the old promise; the client that asks gets it', async () => {
	for (const [name, size] of [
		['held in memory', 5000],
		['streamed from the disk', 1_500_000],
	] as const) {
		const earlier = 'a'.repeat(size);
		const later = 'b'.repeat(size);
		const tested = await openIndexed(
			{ 'index.html': page(style('/a.css'), ' '.repeat(200_000)), 'a.css': earlier },
			{ pushBudget: 10 ** 9 },
		);
		const tag = (await ask(tested, 'HTTP/2', '/a.css', {}, 'HEAD')).fields.etag;
		const wire = new Wire(tested, { [SETTING.initialWindow]: 1000 });
		const document = wire.request('/');
		await wire.until('a promise', () => wire.promisesOn(document).length === 1);
		await replace(tested.folder, 'a.css', later);
		wire.send(settingsFrame({ [SETTING.initialWindow]: 10 ** 7 }));
		const [promise] = wire.promisesOn(document);
		await wire.ended(promise?.promised ?? 0);
		await wire.ended(document);
		assert.ok(wire.told(document).isWhole, name);
		const { status, fields, body, isWhole } = wire.told(promise?.promised ?? 0);
		if (isWhole) {
			assert.is(status, 200, name);
			assert.is(fields.etag, tag, name);
			assert.ok(body.equals(Buffer.from(earlier)), name);
		} else {
			assert.ok(
				body.every((byte) => byte === 97),
				name,
			);
			assert.ok(body.length < size, `${name}: ${body.length} of ${size} bytes`);
		}

		await eventually('the new version', async () => {
			const stream = wire.request('/a.css', tag === undefined ? {} : { 'if-none-match': tag });
			await wire.ended(stream);
			const answer = wire.told(stream);
			if (answer.status === 304) return false;
			assert.is(answer.status, 200);
			assert.is.not(answer.fields.etag, tag);
			assert.ok(answer.body.equals(Buffer.from(later)));
			return true;
		});
	}
});

changes('a promised file that is gone: its stream is reset, everything else arrives', async () => {
	const tested = await openIndexed({
		...gallery(4, () => 1000),
		'index.html': page(
			image('/0.svg'),
			image('/1.svg'),
			image('/2.svg'),
			image('/3.svg'),
			' '.repeat(200_000),
		),
	});
	const wire = new Wire(tested, { [SETTING.initialWindow]: 1000 });
	// It was there when it was promised.
	const document = wire.request('/');
	await wire.until('a promise', () => wire.promisesOn(document).length === 4);
	await rm(join(tested.folder, '1.svg'));
	wire.send(settingsFrame({ [SETTING.initialWindow]: 10 ** 6 }));
	await wire.ended(document);
	for (const { promised } of wire.promisesOn(document)) await wire.ended(promised);
	assert.ok(wire.told(document).isWhole);
	const [zero, one, two, three] = [...wire.viewOf(document).pushes.values()];
	for (const told of [zero, two, three]) assert.ok(told?.isWhole);
	// Unless it had been read before it went.
	assert.ok(one?.isWhole === false ? one.resetCode !== undefined : String(one?.body).startsWith('1'));
});

changes('pages viewed while their files are rewritten: no body under the tag of another', async () => {
	const tested = await openIndexed(gallery(6, () => 3000));
	const wire = new Wire(tested);
	const known = new Map<string, string>();
	let isOver = false;
	const writer = (async () => {
		for (let version = 0; !isOver; version++)
			await replace(
				tested.folder,
				`${version % 6}.svg`,
				`version ${version} `.padEnd(3000 + (version % 7), '.'),
			);
	})();
	const deadline = performance.now() + 1500;
	while (performance.now() < deadline) {
		const { document, pushes } = await wire.view('/', { 'cache-control': 'no-cache' });
		assert.is(document.status, 200);
		for (const [path, { status, fields, body, isWhole }] of pushes) {
			if (!isWhole || status !== 200) continue;
			assert.is(body.length, Number(fields['content-length']), path);
			const text = String(body);
			const tag = fields.etag ?? '';
			assert.is(known.get(tag) ?? text, text, `${path}: two bodies with the tag ${tag}`);
			known.set(tag, text);
		}
	}
	isOver = true;
	await writer;
	assert.ok(known.size > 6);
});

changes.run();
