// Shows one couplet of the key at a time. The address bar knows which, so "back" works.
import { Trail } from './trail.js';

export function startStepper(couplets, trailElement) {
	const trail = new Trail();
	const list = trailElement.querySelector('ol');
	const first = couplets[0].id;

	const show = () => {
		const id = location.hash.slice(1);
		const current = couplets.find((couplet) => couplet.id === id) ?? couplets[0];
		trail.forget(current.id);
		for (const couplet of couplets) couplet.hidden = couplet !== current;
		list.replaceChildren(
			...trail.steps.map(({ from, answer }) => {
				const item = document.createElement('li');
				const link = document.createElement('a');
				link.href = `#${from}`;
				link.textContent = answer;
				item.append(link);
				return item;
			}),
		);
		trailElement.hidden = current.id === first;
	};

	for (const couplet of couplets) {
		couplet.addEventListener('click', (event) => {
			const lead = event.target.closest('a.lead');
			if (lead) trail.add(couplet.id, lead.querySelector('span').textContent.trim());
		});
	}
	addEventListener('hashchange', () => {
		show();
		document.querySelector('.couplet:not([hidden]) a').focus({ preventScroll: true });
	});
	show();
}
