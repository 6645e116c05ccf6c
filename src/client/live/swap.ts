// Shows new versions in place: everything is loaded first, and then replaced together.

import { fontPlaces } from './fonts.ts';
import { imagePlaces } from './images.ts';
import type { Place } from './places.ts';
import { stylePlaces } from './styles.ts';
import type { Versions } from './urls.ts';
import { fetchAhead } from './wire.ts';

const PATIENCE_MS = 8000;
/** Sheets that import each other more deeply than this have no end. */
const MOST_ROUNDS = 20;

/**
 * Has the page show `wanted`; false where it cannot without a reload.
 * @param changed the addresses in it that are news; the others were replaced before, and may come back with new sheets
 * @throws where something could not be loaded
 */
export const swapAll = async (changed: readonly string[], wanted: Versions): Promise<boolean> => {
	const places = [...stylePlaces(wanted, true), ...imagePlaces(wanted), ...fontPlaces(wanted)];
	const isFound = (key: string): boolean => places.some((place) => place.key === key);
	if (!changed.every(isFound) || places.some(({ swap }) => swap === undefined)) return false;
	// What is loaded is held, so that the browser has it at hand.
	const held = await Promise.all(
		[...new Map(places.map((place) => [place.kind + place.url, place])).values()].map(load),
	);
	for (let rounds = 0; rounds < MOST_ROUNDS; rounds++) {
		const sheets = stylePlaces(wanted, false);
		if (sheets.length === 0) break;
		await Promise.all(sheets.map(({ swap }) => swap?.()));
	}
	for (const { swap } of [...imagePlaces(wanted), ...fontPlaces(wanted)]) swap?.();
	return held.length > 0;
};

const load = async ({ kind, url }: Place): Promise<unknown> => {
	if (kind === 'style') return fetchAhead(url);
	if (kind === 'image') return loadImage(url);
	// A file that is no font shows itself as a page without it.
	return new FontFace('casper-serve', `url(${JSON.stringify(url)})`).load().catch(() => undefined);
};

/** Also resolves where it is no image: the page shows that, as it would have. */
const loadImage = (url: string): Promise<HTMLImageElement> =>
	new Promise((resolve) => {
		const image = new Image();
		const finish = (): void => resolve(image);
		image.onload = finish;
		image.onerror = finish;
		setTimeout(finish, PATIENCE_MS);
		image.src = url;
	});
