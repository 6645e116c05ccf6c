// Blocking, and so tiny: it runs before the first paint.
document.documentElement.classList.add('js');
try {
	if (localStorage.getItem('torch') === 'red') document.documentElement.classList.add('torch');
} catch {
	// Storage is switched off: the torch just forgets.
}
