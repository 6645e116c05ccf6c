import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isFingerprinted } from '../src/site/fingerprint.ts';
import { encodePath, type UrlPath } from '../src/site/paths.ts';
import { type Asset, isHtml, isXhtml, Snapshot, toAsset, typeOf } from '../src/site/snapshot.ts';
import { onRandom } from './support/random.ts';

const snapshot = suite('snapshot');

const assetOf = (name: string, size = 1, version = 'v1'): Asset => {
	const path = name as UrlPath;
	return toAsset({
		path,
		url: encodePath(path),
		file: name,
		size,
		hash: `${name} ${version}`,
		modifiedMs: 0,
		diskVersion: version,
		references: undefined,
	});
};

const withAll = (...assets: readonly Asset[]): Snapshot =>
	Snapshot.EMPTY.with(new Map(assets.map((asset) => [asset.path, asset])));

const pathsOf = (site: Snapshot): string[] => [...site.assets()].map(({ path }) => path).sort();

snapshot('is empty at first', () => {
	assert.equal(pathsOf(Snapshot.EMPTY), []);
	assert.is(Snapshot.EMPTY.get('/' as UrlPath), undefined);
	assert.equal([Snapshot.EMPTY.files, Snapshot.EMPTY.pages, Snapshot.EMPTY.bytes], [0, 0, 0]);
});

snapshot('has what it was given, by exactly its path', () => {
	const a = assetOf('/a.html');
	const site = withAll(a, assetOf('/A.html'), assetOf('/b/c d.css'));
	assert.is(site.get('/a.html' as UrlPath), a);
	assert.is(site.get('/A.HTML' as UrlPath), undefined);
	assert.is(site.get('/a.html/' as UrlPath), undefined);
	assert.is(site.get('/constructor' as UrlPath), undefined);
	assert.is(site.get('/b/c d.css' as UrlPath)?.url, '/b/c%20d.css');
});

snapshot('counts files, pages and bytes, and changes of them', () => {
	const before = withAll(assetOf('/a.html', 10), assetOf('/b.xhtml', 20), assetOf('/c.css', 30));
	assert.equal([before.files, before.pages, before.bytes], [3, 2, 60]);
	const after = before.with(
		new Map<UrlPath, Asset | undefined>([
			['/a.html' as UrlPath, assetOf('/a.html', 11, 'v2')],
			['/b.xhtml' as UrlPath, undefined],
			['/gone' as UrlPath, undefined],
			['/d' as UrlPath, assetOf('/d', 1)],
		]),
	);
	assert.equal([after.files, after.pages, after.bytes], [3, 1, 42]);
	assert.equal(pathsOf(after), ['/a.html', '/c.css', '/d']);
});

snapshot('stays as it is when another one follows from it', () => {
	const before = withAll(assetOf('/a'), assetOf('/b'));
	before.with(new Map([['/a' as UrlPath, undefined]]));
	const after = before.with(new Map([['/a' as UrlPath, assetOf('/a', 5, 'v2')]]));
	assert.is(before.get('/a' as UrlPath)?.hash, '/a v1');
	assert.equal([before.files, before.bytes], [2, 2]);
	assert.is(
		after.get('/b' as UrlPath),
		before.get('/b' as UrlPath),
		'what did not change is the same object',
	);
});

snapshot('changes made by whoever gave them do not reach it', () => {
	const changes = new Map([['/a' as UrlPath, assetOf('/a')]]);
	const site = Snapshot.EMPTY.with(changes);
	changes.clear();
	assert.is(site.files, 1);
});

snapshot(
	'does as a map does, over thousands of changes, and so do all that came before',
	onRandom((random) => {
		let site = Snapshot.EMPTY;
		let model = new Map<UrlPath, Asset>();
		const past: { readonly site: Snapshot; readonly model: ReadonlyMap<UrlPath, Asset> }[] = [];
		const check = (one: Snapshot, wanted: ReadonlyMap<UrlPath, Asset>): void => {
			assert.equal(pathsOf(one), [...wanted.keys()].sort());
			for (const [path, asset] of wanted) assert.is(one.get(path), asset);
			const assets = [...wanted.values()];
			assert.is(one.files, assets.length);
			assert.is(one.pages, assets.filter(({ type }) => isHtml(type)).length);
			assert.is(
				one.bytes,
				assets.reduce((sum, { size }) => sum + size, 0),
			);
		};
		for (let round = 0; round < 3000; round++) {
			const changes = new Map<UrlPath, Asset | undefined>();
			// Mostly a save, now and then a build.
			const count = random.once(100) ? random.below(800) : random.below(4);
			for (let change = 0; change < count; change++) {
				const path = `/${random.below(1500)}.${random.pick(['html', 'css', 'xhtml'])}` as UrlPath;
				const isGone = random.once(3);
				changes.set(path, isGone ? undefined : assetOf(path, random.below(1000), String(round)));
			}
			site = site.with(changes);
			model = new Map(model);
			for (const [path, asset] of changes) {
				if (asset === undefined) model.delete(path);
				else model.set(path, asset);
				assert.is(site.get(path), asset);
			}
			if (round % 250 === 0) past.push({ site, model });
		}
		check(site, model);
		for (const moment of past) check(moment.site, moment.model);
	}),
);

snapshot('a change costs about the same in a site of 1,000 files and in one of 100,000', () => {
	const costOf = (files: number): number => {
		let site = withAll(...Array.from({ length: files }, (_, at) => assetOf(`/${at}`)));
		const began = performance.now();
		for (let save = 0; save < 2000; save++)
			site = site.with(new Map([['/7' as UrlPath, assetOf('/7', 1, String(save))]]));
		return performance.now() - began;
	};
	costOf(1000);
	const [small, large] = [costOf(1000), costOf(100_000)];
	// A hundred times the files; copying them all each time would cost that.
	assert.ok(large < 20 * small + 200, `${Math.round(small)} ms and ${Math.round(large)} ms`);
});

const types: readonly { input: string; want: string }[] = [
	{ input: '/index.html', want: 'text/html; charset=utf-8' },
	{ input: '/a.htm', want: 'text/html; charset=utf-8' },
	{ input: '/a.xhtml', want: 'application/xhtml+xml' },
	{ input: '/a.css', want: 'text/css; charset=utf-8' },
	{ input: '/a.js', want: 'text/javascript; charset=utf-8' },
	{ input: '/a.mjs', want: 'text/javascript; charset=utf-8' },
	{ input: '/a.json', want: 'application/json; charset=utf-8' },
	{ input: '/a.map', want: 'application/json; charset=utf-8' },
	{ input: '/a.wasm', want: 'application/wasm' },
	{ input: '/a.webmanifest', want: 'application/manifest+json; charset=utf-8' },
	{ input: '/a.svg', want: 'image/svg+xml' },
	{ input: '/a.avif', want: 'image/avif' },
	{ input: '/a.webp', want: 'image/webp' },
	{ input: '/a.woff2', want: 'font/woff2' },
	{ input: '/a.ico', want: 'image/vnd.microsoft.icon' },
	{ input: '/a.txt', want: 'text/plain; charset=utf-8' },
	{ input: '/a.pdf', want: 'application/pdf' },
	{ input: '/A.HTML', want: 'text/html; charset=utf-8' },
	{ input: '/a.tar.gz', want: 'application/gzip' },
	{ input: '/a.b/readme', want: 'application/octet-stream' },
	{ input: '/README', want: 'application/octet-stream' },
	{ input: '/html', want: 'application/octet-stream' },
	{ input: '/a.', want: 'application/octet-stream' },
	{ input: '/a.unknown', want: 'application/octet-stream' },
	{ input: '/a.constructor', want: 'application/octet-stream' },
	{ input: '/a.__proto__', want: 'application/octet-stream' },
];

for (const { input, want } of types)
	snapshot(`${input} is ${want} (RFC 9110 §8.3)`, () => {
		assert.is(typeOf(input), want);
	});

const pages: readonly { input: string; want: 'html' | 'xhtml' | 'none' }[] = [
	{ input: 'text/html; charset=utf-8', want: 'html' },
	{ input: 'application/xhtml+xml', want: 'xhtml' },
	{ input: 'text/plain; charset=utf-8', want: 'none' },
	{ input: 'application/xml', want: 'none' },
	{ input: 'image/svg+xml', want: 'none' },
];

for (const { input, want } of pages)
	snapshot(`${input} is a page in the syntax of ${want}`, () => {
		assert.is(isXhtml(input) ? 'xhtml' : isHtml(input) ? 'html' : 'none', want);
		assert.is(isHtml(input), want !== 'none');
	});

const SHA1 = '7c945a00df91db1004abe6821518e9b04d43f814';
const MD5 = '9e107d9d372bb6826bd81d3542a419d6';
const SHA256 = '5f0c8d1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6';

const fingerprints: readonly { name: string; input: readonly string[]; want: boolean }[] = [
	{
		name: 'Parcel: 8 hexadecimal digits',
		input: ['index.3f9a1c7b.js', 'index.3f9a1c7b.css', 'photo.0a4b1c7d.jpg', 'index.3f9a1c7b.js.map'],
		want: true,
	},
	{
		name: 'webpack: 20 hexadecimal digits, or what it is told',
		input: [
			'main.3f9a1c7be2d40a5b6c7d.js',
			'main-3f9a1c7be2d40a5b6c7d.css',
			'3f9a1c7be2d40a5b6c7d.woff2',
			'app.3f9a1c7be2.js',
			'app.3f9a1c7be2.js.map',
			'123.3f9a1c7be2d40a5b.js',
			'vendors~main.3f9a1c7b.js',
		],
		want: true,
	},
	{
		name: 'others with hexadecimal digits: Hugo, Rails, Phoenix, Django',
		input: [
			`logo.${SHA1}.svg`,
			`app-${MD5}.css`,
			`main.${SHA256}.js`,
			`application-${SHA256}.css`,
			'admin.55e7cbb9ba48.css',
		],
		want: true,
	},
	{
		name: 'Vite, Rollup: 8 of base 64',
		input: [
			'main-DiwrgTda.js',
			'index.BX9s2k1a.css',
			'logo-aB_dE-fG.svg',
			'vendor-aF3kQ9zL.mjs',
			'x-CqT3fk7_.js.map',
		],
		want: true,
	},
	{
		name: 'esbuild, Angular: 8 of base 32',
		input: ['chunk-5EAKHAUM.js', 'main-Q7XK3JPL.js', 'styles-5INURTSO.css'],
		want: true,
	},
	{ name: 'in any folder', input: ['assets/main-BX9s2k1a.js', '2024-01-01/app.3f9a1c7be2.js'], want: true },

	{
		name: 'words',
		input: ['my-beautiful-vacation.jpg', 'bootstrap.bundle.min.js', 'app.js', 'my-component.js'],
		want: false,
	},
	{
		name: 'words of 8 letters, in all cases',
		input: [
			'date-calendar.js',
			'x-JAPANESE.js',
			'ui-DataGrid.js',
			'x.CheckBox.css',
			'lib-HtmlView.js',
			'app-JavaScr.js',
			'my-dropDown.mjs',
		],
		want: false,
	},
	{
		name: 'words with numbers',
		input: [
			'photo-iPhone15.jpg',
			'guide-MacBook2.png',
			'book-Chapter1.png',
			'plan-Fall2024.png',
			'x-WINDOWS7.js',
			'canon-Canon5D2.jpg',
			'paper-A4Paper1.png',
			'icon-decade80.svg',
		],
		want: false,
	},
	{
		name: 'words of hexadecimal letters',
		input: ['deadbeef.txt', 'feedface-cafe.css', 'x-deadbeef.css', 'x.defaced.js', 'beef-feedface.js'],
		want: false,
	},
	{
		name: 'versions',
		input: [
			'jquery-3.7.1.min.js',
			'release-1.2.3.tgz',
			'jquery-3.7.1.js',
			'lib-v1.20.300.js',
			'x-10.20.30400000.js',
			'a-v1beta2c.js',
		],
		want: false,
	},
	{
		name: 'dates and times',
		input: [
			'photo-20240101.jpg',
			'2024-01-01.html',
			'12345678.html',
			'report-20241231a.pdf',
			'photo-20241231a.jpg',
			'photo-2024123a.jpg',
			'IMG_20240101_123456.jpg',
			'IMG-20240101-WA0001.jpg',
			'PXL_20240101_123456789.jpg',
			'photo-2024010112345678.jpg',
			'x-1700000000.js',
		],
		want: false,
	},
	{
		name: 'what cameras count',
		input: ['DSC00012345.jpg', 'DSC-00012345.jpg', 'img-00000042.png'],
		want: false,
	},
	// A UUID names a thing, whose content may change; bundlers do not write them. Hexadecimal digits that end in 12 behind a
	// hyphen are one, or the address of a device.
	{
		name: 'identities',
		input: [
			'photo-550e8400-e29b-41d4-a716-446655440000.jpg',
			'550e8400-e29b-41d4-a716-446655440000.png',
			'phone-001a2b3c4d5e.png',
			`${MD5}.jpg`,
			`${SHA1}.js`,
		],
		want: false,
	},
	// Pages and data are known by their names: what looks like a hash in them is an identity (Notion's exports have 32 digits).
	{
		name: 'pages, data and documents',
		input: [
			`My-Page-${MD5}.html`,
			'index.3f9a1c7be2.html',
			'data.3f9a1c7be2.json',
			'feed-3f9a1c7b.xml',
			'note-BX9s2k1a.md',
			'doc-BX9s2k1a.pdf',
			'x-3f9a1c7b.zip',
		],
		want: false,
	},
	{
		name: 'lengths that no bundler writes',
		input: ['app.3f9a1c7.js', 'app.3f9a1c7be.js', 'app-BX9s2k1.js', 'app-BX9s2k1aa.js'],
		want: false,
	},
	{
		name: 'names that only end so',
		input: ['3f9a1c7b.js', '.3f9a1c7b.js', 'BX9s2k1a.js', 'abc3f9a1c7b.js', 'app_3f9a1c7b.js'],
		want: false,
	},
	{ name: 'a folder of such a name', input: ['app.3f9a1c7be2.js/x.js', 'app-BX9s2k1a/x.css'], want: false },
	{ name: 'no extension', input: ['app.3f9a1c7be2', 'app-BX9s2k1a', ''], want: false },
];

for (const { name, input, want } of fingerprints)
	snapshot(`a name ${want ? 'carries' : 'does not carry'} a content hash: ${name}`, () => {
		for (const file of input) assert.is(isFingerprinted(`/${file}`), want, file);
	});

snapshot(
	'most names that bundlers write are recognised',
	onRandom((random) => {
		const recognised = (stem: string, alphabet: string, length: number): number => {
			const names = Array.from({ length: 2000 }, () => `/${stem}${random.text(alphabet, length)}.js`);
			return names.filter(isFingerprinted).length / names.length;
		};
		for (const length of [8, 10, 16, 20, 32, 40, 64])
			assert.ok(recognised('app.', '0123456789abcdef', length) > 0.85, String(length));
		const letters = 'abcdefghijklmnopqrstuvwxyz';
		assert.ok(recognised('chunk-', `${letters.toUpperCase()}234567`, 8) > 0.7);
		assert.ok(recognised('app-', `${letters}${letters.toUpperCase()}0123456789-_`, 8) > 0.5);
		// The tail of a name in words, or of a number, is not.
		assert.is(recognised('app-', letters, 8), 0);
		assert.is(recognised('app-', '0123456789', 8), 0);
	}),
);

snapshot('an asset has what follows from its name and content', () => {
	const asset = assetOf('/x/app.3f9a1c7be2.js');
	assert.is(asset.etag, '"/x/app.3f9a1c7be2.js v1"');
	assert.is(asset.type, 'text/javascript; charset=utf-8');
	assert.ok(asset.isFingerprinted);
});

snapshot.run();
