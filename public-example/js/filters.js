// Builds the row of filters, and says what is chosen.
import { count, FACETS, LABELS } from './facets.js';

function chip(name, value, label) {
	const element = document.createElement('label');
	const input = document.createElement('input');
	element.className = 'chip';
	input.type = 'radio';
	input.name = name;
	input.value = value;
	input.checked = value === '';
	element.append(input, label);
	return element;
}

export function buildFilters(form, lights, onChange) {
	for (const { name, legend, values } of FACETS) {
		const set = document.createElement('fieldset');
		const title = document.createElement('legend');
		title.textContent = legend;
		set.append(
			title,
			chip(name, '', 'all'),
			...values.map((value) => chip(name, value, LABELS[value] ?? value)),
		);
		form.append(set);
	}
	const output = document.createElement('output');
	form.append(output);
	form.hidden = false;

	const update = () => {
		const choice = Object.fromEntries(new FormData(form));
		for (const input of form.elements) {
			if (input.type !== 'radio' || input.value === '') continue;
			input.disabled = !input.checked && count(lights, choice, input.name, input.value) === 0;
		}
		const shown = onChange(choice);
		output.textContent =
			shown === lights.length ? `All ${shown} lights` : `${shown} of ${lights.length} lights`;
	};
	form.addEventListener('change', update);
	update();
}
