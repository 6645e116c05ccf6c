// Pure: which lights a choice shows, and how many each further choice would show.

export const FACETS = [
	{ name: 'where', legend: 'Where', values: ['marsh', 'water', 'plain', 'mountain', 'forest'] },
	{ name: 'colour', legend: 'Colour', values: ['blue', 'white', 'green', 'gold', 'red'] },
	{ name: 'status', legend: 'Explained', values: ['explained', 'argued', 'open'] },
];

export const LABELS = { explained: 'yes', argued: 'argued over', open: 'not yet' };

export function matches(light, choice) {
	return FACETS.every(({ name }) => !choice[name] || light[name] === choice[name]);
}

export function count(lights, choice, name, value) {
	return lights.filter((light) => matches(light, { ...choice, [name]: value })).length;
}
