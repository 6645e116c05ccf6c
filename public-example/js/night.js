// Paints the night over the map.
import { altitude, subsolar } from './sun.js';

export const DUSK = -0.8;
export const DARK = -12;

const COLUMNS = 180;
const ROWS = 70;

export function paintNight(canvas, time) {
	const sun = subsolar(time);
	canvas.width = COLUMNS;
	canvas.height = ROWS;
	const ctx = canvas.getContext('2d');
	const image = ctx.createImageData(COLUMNS, ROWS);
	for (let row = 0; row < ROWS; row++) {
		for (let column = 0; column < COLUMNS; column++) {
			const height = altitude(82 - (row + 0.5) * 2, (column + 0.5) * 2 - 180, sun);
			const depth = Math.min(1, Math.max(0, (DUSK - height) / (DUSK - DARK)));
			image.data.set([86, 100, 178, depth * 225], (row * COLUMNS + column) * 4);
		}
	}
	ctx.putImageData(image, 0, 0);
	return sun;
}
