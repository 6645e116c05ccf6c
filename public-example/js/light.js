// What the pages know about light. The arithmetic lives in "kelvin", which the import map finds.
export { toCss, toRgb } from 'kelvin';

/** A soft round glow, painted once and then stamped wherever it is needed. */
export function glow(radius, rgb) {
	const canvas = document.createElement('canvas');
	canvas.width = canvas.height = radius * 2;
	const ctx = canvas.getContext('2d');
	const gradient = ctx.createRadialGradient(radius, radius, 0, radius, radius, radius);
	const colour = rgb.join(' ');
	gradient.addColorStop(0, 'rgb(255 255 255 / 1)');
	gradient.addColorStop(0.1, 'rgb(255 255 255 / 0.95)');
	gradient.addColorStop(0.2, `rgb(${colour} / 0.55)`);
	gradient.addColorStop(0.5, `rgb(${colour} / 0.12)`);
	gradient.addColorStop(1, `rgb(${colour} / 0)`);
	ctx.fillStyle = gradient;
	ctx.fillRect(0, 0, canvas.width, canvas.height);
	return canvas;
}
