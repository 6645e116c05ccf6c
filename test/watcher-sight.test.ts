import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { UrlPath } from '../src/site/paths.ts';
import { Snapshot } from '../src/site/snapshot.ts';
import { type Blindness, isLack, lineOf } from '../src/site/watcher-blindness.ts';
import { Checks } from '../src/site/watcher-checks.ts';
import { farFilesystemOf } from '../src/site/watcher-filesystems.ts';
import { Findings } from '../src/site/watcher-found.ts';
import { Told } from '../src/site/watcher-told.ts';
import { until } from './support/folder.ts';
import { assetOf } from './support/site.ts';

const sight = suite('sight');

const A = '/a.css' as UrlPath;
const B = '/b.css' as UrlPath;

for (const { name, input, want } of [
	{ name: 'NFS', input: 0x6969, want: 'nfs' },
	{ name: 'CIFS', input: 0xff534d42, want: 'cifs' },
	{ name: 'CIFS in 32 bits', input: 0xff534d42 | 0, want: 'cifs' },
	{ name: 'SMB 2', input: 0xfe534d42, want: 'smb2' },
	{ name: '9P', input: 0x01021997, want: '9p' },
	{ name: 'FUSE', input: 0x65735546, want: 'fuse' },
	{ name: 'VirtualBox', input: 0x786f4256, want: 'vboxsf' },
	{ name: 'Ceph', input: 0x00c36400, want: 'ceph' },
	{ name: 'ext4', input: 0xef53, want: undefined },
	{ name: 'btrfs', input: 0x9123683e, want: undefined },
	{ name: 'XFS', input: 0x58465342, want: undefined },
	{ name: 'tmpfs', input: 0x01021994, want: undefined },
	{ name: 'overlay', input: 0x794c7630, want: undefined },
	{ name: 'what Windows says', input: 0, want: undefined },
])
	sight(`${name} is ${want === undefined ? 'a file system that tells' : want}`, () => {
		assert.is(farFilesystemOf(input), want);
	});

const LOOKED = 'so the folder is looked at every 2 s';
const LINES: readonly { name: string; input: Blindness; files?: number; want: string }[] = [
	{
		name: 'the file system',
		input: { kind: 'far', filesystem: 'nfs' },
		want: `/work/site: on nfs changes by others are not told, ${LOOKED}; a folder of a local disk shows them at once`,
	},
	{
		name: 'silence',
		input: { kind: 'silent' },
		want: `/work/site: the system does not tell of changes there, ${LOOKED}; a folder of a local disk shows them at once`,
	},
	{
		name: 'a change that was missed',
		input: { kind: 'missed', path: A },
		want: `/work/site: /a.css changed and the system did not tell, ${LOOKED}; if something was mounted there, start again`,
	},
	{
		name: 'no watch left',
		input: { kind: 'exhausted', code: 'ENOSPC' },
		want: `/work/site: the system has no watch left for it (ENOSPC), ${LOOKED}; for more, run: sudo sysctl fs.inotify.max_user_watches=524288`,
	},
	{
		name: 'too many watchers',
		input: { kind: 'exhausted', code: 'EMFILE' },
		want: `/work/site: too many files are open, or too many programs watch (EMFILE), ${LOOKED}; for more, run: ulimit -n 65536, or: sudo sysctl fs.inotify.max_user_instances=1024`,
	},
	{
		name: 'a folder so large that looks take long',
		input: { kind: 'silent' },
		files: 50_000,
		want: `/work/site: the system does not tell of changes there, ${LOOKED}, or less often if that takes long; a folder of a local disk shows them at once`,
	},
];
for (const { name, input, files = 100, want } of LINES)
	sight(`${name} is told in one line`, () => {
		assert.is(lineOf('/work/site', input, 2000, files), want);
	});

for (const { input, want } of [
	{ input: 'ENOSPC', want: true },
	{ input: 'ENFILE', want: true },
	{ input: 'EACCES', want: false },
	{ input: 'toString', want: false },
	{ input: undefined, want: false },
])
	sight(`${input} is ${want ? 'a' : 'no'} lack of watches`, () => {
		assert.is(isLack(input), want);
	});

sight('what was told is told from then on, for those who ask since before', () => {
	const told = new Told();
	told.note('/s/a', 10);
	assert.ok(told.isTold(['/s/none', '/s/a'], 10));
	assert.not.ok(told.isTold(['/s/a'], 11));
	told.note('/s/a', 20);
	assert.ok(told.isTold(['/s/a'], 11));
	assert.not.ok(told.isTold(['/s/b', '/s'], 0));
	assert.not.ok(told.isTold([], 0));
});

sight('of more files than can be kept all count as told', () => {
	const told = new Told();
	for (let at = 0; at <= 10_000; at++) told.note(`/s/${at}`, at);
	assert.ok(told.isTold(['/s/never'], 10_000));
	assert.not.ok(told.isTold(['/s/never'], 10_001));
	assert.ok(told.isTold(['/s/10000'], 10_000));
});

sight('a path is checked once in a while, however many ask', async () => {
	const rounds: string[][] = [];
	let end = (): void => {};
	const checks = new Checks((paths) => {
		rounds.push(paths);
		return new Promise((resolve) => {
			end = resolve;
		});
	});
	const first = checks.run([A, A]);
	const second = checks.run([A]);
	end();
	await Promise.all([first, second]);
	assert.equal(rounds, [[A]]);
	await until('it is due again', async () => {
		const third = checks.run([A]);
		end();
		await third;
		return rounds.length === 2;
	});
	const fourth = checks.run([A, B]);
	end();
	await fourth;
	assert.equal(rounds, [[A], [A], [B]]);
});

sight('who asks for what is being checked waits for it', async () => {
	let end = (): void => {};
	const checks = new Checks(
		() =>
			new Promise((resolve) => {
				end = resolve;
			}),
	);
	const done: string[] = [];
	const first = checks.run([A]).then(() => done.push('first'));
	const second = checks.run([A]).then(() => done.push('second'));
	await new Promise(setImmediate);
	assert.equal(done, []);
	end();
	await Promise.all([first, second]);
	assert.equal(done.sort(), ['first', 'second']);
});

sight('more paths than can be remembered are still checked', async () => {
	let checked = 0;
	const checks = new Checks(async (paths) => {
		checked += paths.length;
	});
	const paths = Array.from({ length: 20_001 }, (_, at) => `/${at}` as UrlPath);
	await checks.run(paths);
	assert.is(checked, 20_001);
	const long = `/${'x'.repeat(600)}` as UrlPath;
	await checks.run([long]);
	await checks.run([long]);
	assert.is(checked, 20_003);
});

sight('what was published since a file was looked at stays', () => {
	const [one, two, three] = ['1', '2', '3'].map((content) => assetOf(A, content));
	const other = assetOf(B, '1');
	const before = Snapshot.EMPTY.with(new Map([[A, one]]));
	const found = new Findings();
	found.note(A, one, two);
	found.note(B, undefined, other);
	const { changes, overtaken } = found.take(before.with(new Map([[A, three]])));
	assert.equal([...changes], [[B, other]]);
	assert.equal(overtaken, [A]);
	assert.equal([...found.take(before).changes], [], 'it is handed out once');
	found.note(A, one, two);
	assert.equal([...found.take(before).changes], [[A, two]]);
});

sight.run();
