// Shows one plate large. Imported on demand by catalogue.js, and by notes/hessdalen.html.

let dialog;
let plates;
let index;

function build() {
	const template = document.getElementById('lightbox');
	dialog = template.content.cloneNode(true).querySelector('dialog');
	dialog.querySelector("[data-step='-1']").addEventListener('click', () => step(-1));
	dialog.querySelector("[data-step='1']").addEventListener('click', () => step(1));
	dialog.addEventListener('keydown', (event) => {
		if (event.key === 'ArrowLeft') step(-1);
		if (event.key === 'ArrowRight') step(1);
	});
	dialog.addEventListener('click', (event) => {
		if (event.target === dialog) dialog.close();
	});
	document.body.append(dialog);
}

function step(by) {
	index = (index + by + plates.length) % plates.length;
	show();
}

function show() {
	const small = plates[index].querySelector('img');
	const large = dialog.querySelector('img');
	large.src = plates[index].href;
	large.alt = small.alt;
	dialog.querySelector('p').textContent = small.alt;
	for (const button of dialog.querySelectorAll('[data-step]')) button.hidden = plates.length < 2;
}

export function openPlate(plate, all = [plate]) {
	if (!dialog) build();
	plates = all;
	index = all.indexOf(plate);
	show();
	dialog.showModal();
}
