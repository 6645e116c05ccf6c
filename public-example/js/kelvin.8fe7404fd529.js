// The colour of a glowing body at a temperature in kelvin, after Tanner Helland's fit.
// The file's name carries the start of its own SHA-256: when the file changes, so must
// the name, and the import maps that know it.

const byte = (value) => Math.round(Math.min(255, Math.max(0, value)));

export function toRgb(kelvin) {
	const t = Math.min(40_000, Math.max(1_000, kelvin)) / 100;
	const red = t <= 66 ? 255 : 329.7 * (t - 60) ** -0.1332;
	const green = t <= 66 ? 99.47 * Math.log(t) - 161.12 : 288.12 * (t - 60) ** -0.0755;
	const blue = t >= 66 ? 255 : t <= 19 ? 0 : 138.52 * Math.log(t - 10) - 305.04;
	return [byte(red), byte(green), byte(blue)];
}

export function toCss(kelvin, alpha = 1) {
	return `rgb(${toRgb(kelvin).join(' ')} / ${alpha})`;
}
