// The twelve lights: reads them from the page, filters them, opens their plates.
import { matches } from './facets.js';
import { buildFilters } from './filters.js';

export function startCatalogue(list, form) {
	const lights = [...list.querySelectorAll('.light')].map((element) => ({ element, ...element.dataset }));

	buildFilters(form, lights, (choice) => {
		let shown = 0;
		for (const light of lights) {
			light.element.hidden = !matches(light, choice);
			if (!light.element.hidden) shown++;
		}
		return shown;
	});

	// The lightbox is fetched when the first plate is asked for, not before.
	list.addEventListener('click', async (event) => {
		const plate = event.target.closest('a.plate');
		if (!plate || event.ctrlKey || event.metaKey || event.shiftKey) return;
		event.preventDefault();
		const { openPlate } = await import('./lightbox.js');
		openPlate(plate, [...list.querySelectorAll('.light:not([hidden]) a.plate')]);
	});
}
