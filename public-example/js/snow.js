// In winter only: index.html keeps its tag in a comment for the rest of the year.
{
	const hero = document.querySelector('.hero');
	for (let i = 0; i < 40; i++) {
		const flake = document.createElement('i');
		flake.style.cssText = `position:absolute;top:-1rem;left:${Math.random() * 100}%;width:4px;height:4px;border-radius:50%;background:#fff`;
		flake.animate([{ translate: '0 0' }, { translate: `${Math.random() * 90 - 45}px 100vh` }], {
			duration: 9000 + Math.random() * 9000,
			delay: -Math.random() * 18000,
			iterations: Infinity,
		});
		hero.append(flake);
	}
}
