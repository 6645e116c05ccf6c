// Deferred: the button in the masthead that switches the alternate stylesheet on and off.
{
	const button = document.querySelector('.torch-button');
	const sheet = document.querySelector("link[title='Red torch']");
	const root = document.documentElement;

	const show = (on) => {
		// An alternate stylesheet counts as chosen once it has been disabled and enabled again.
		sheet.disabled = true;
		sheet.disabled = !on;
		root.classList.toggle('torch', on);
		button.setAttribute('aria-pressed', String(on));
	};

	const remember = (on) => {
		try {
			localStorage.setItem('torch', on ? 'red' : 'off');
		} catch {
			// Not remembered, then.
		}
	};

	if (root.classList.contains('torch')) show(true);
	button.hidden = false;
	button.addEventListener('click', () => {
		const on = !root.classList.contains('torch');
		show(on);
		remember(on);
	});
}
