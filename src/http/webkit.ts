// Which client is WebKit: what it does otherwise than the others, no field and no API tells. Runs in the service worker too.

/** Whether a `User-Agent` is WebKit's: Safari, GNOME Web, every browser on iOS; not Chromium, which says so as well. */
export const isWebKit = (userAgent: string): boolean =>
	userAgent.includes('AppleWebKit/') && !/Chrom(?:e|ium)\//.test(userAgent);
