// The file systems whose files others may change behind the back of this machine's kernel: it tells of what is done through
// it, and of nothing else.

/**
 * By what `statfs` has as the type on Linux (`f_type`): linux/magic.h, and what coreutils' stat.c counts as remote. FUSE and
 * 9P are how virtual machines and containers get at folders of their hosts, too.
 */
const FAR: ReadonlyMap<number, string> = new Map([
	[0x6969, 'nfs'],
	[0x517b, 'smb'],
	[0xff534d42, 'cifs'],
	[0xfe534d42, 'smb2'],
	[0x01021997, '9p'],
	[0x65735546, 'fuse'],
	[0x786f4256, 'vboxsf'],
	[0xbacbacbc, 'vmhgfs'],
	[0x7c7c6673, 'prl_fs'],
	[0x73757245, 'coda'],
	[0x5346414f, 'afs'],
	[0x6b414653, 'afs'],
	[0x00c36400, 'ceph'],
	[0x564c, 'ncp'],
	[0x7461636f, 'ocfs2'],
	[0x01161970, 'gfs2'],
	[0x47504653, 'gpfs'],
	[0x0bd00bd0, 'lustre'],
	[0x19830326, 'beegfs'],
	[0x20030528, 'orangefs'],
	[0xaad7aaea, 'panfs'],
	[0x013111a8, 'ibrix'],
	[0xbeefdead, 'snfs'],
	[0x61636673, 'acfs'],
]);

/**
 * The name of a file system that others may change unnoticed; `undefined` for all others.
 * @param type of `statfs`; where numbers have 32 bits it may be negative
 */
export const farFilesystemOf = (type: number): string | undefined => FAR.get(type >>> 0);
