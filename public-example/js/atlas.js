// Where on the map it is night, now or at the hour the slider says.
import { DARK, DUSK, paintNight } from './night.js';
import { altitude } from './sun.js';

const canvas = document.querySelector('.map canvas');
const clock = document.querySelector('.map-clock');
const slider = clock.querySelector('input');
const output = clock.querySelector('output');
const rows = [...document.querySelectorAll('.places [data-lat]')];

const midnight = Math.floor(Date.now() / 86_400_000) * 86_400_000;

function light(height) {
	if (height > DUSK) return 'day';
	return height > DARK ? 'dusk' : 'night';
}

function show() {
	const time = midnight + Number(slider.value) * 60_000;
	const sun = paintNight(canvas, time);
	let dark = 0;
	for (const row of rows) {
		const { lat, lon } = row.dataset;
		const now = light(altitude(Number(lat), Number(lon), sun));
		if (now === 'night') dark++;
		row.querySelector('[data-now]').textContent = now;
	}
	const hour = new Date(time).toISOString().slice(11, 16);
	output.textContent = `At ${hour} UTC it is night in ${dark} of ${rows.length} places.`;
}

slider.value = String(Math.floor((Date.now() - midnight) / 60_000));
slider.addEventListener('input', show);
for (const element of document.querySelectorAll('.map-clock, [data-now], .now')) element.hidden = false;
show();
