// The slider of notes/colour-card.html.
import { toCss } from './light.js';

const slider = document.querySelector('input');
const output = document.querySelector('output');
const swatch = document.querySelector('.swatch');

function show() {
	const kelvin = Number(slider.value);
	swatch.style.setProperty('--glow', toCss(kelvin));
	output.textContent = `${kelvin.toLocaleString('en')} K`;
}

slider.addEventListener('input', show);
slider.closest('p').hidden = false;
show();
