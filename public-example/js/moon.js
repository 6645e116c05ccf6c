// Async: works out tonight's moon, and fills whatever on the page asks for it.
{
	const SYNODIC_MONTH = 29.530588853;
	const A_NEW_MOON = Date.UTC(2000, 0, 6, 18, 14);
	const NAMES = [
		'new moon',
		'waxing crescent',
		'first quarter',
		'waxing gibbous',
		'full moon',
		'waning gibbous',
		'last quarter',
		'waning crescent',
	];

	const days = (Date.now() - A_NEW_MOON) / 86_400_000;
	const phase = (((days / SYNODIC_MONTH) % 1) + 1) % 1;
	const lit = (1 - Math.cos(2 * Math.PI * phase)) / 2;
	const name = NAMES[Math.round(phase * 8) % 8];
	const advice =
		lit < 0.3
			? 'A dark night: go out.'
			: lit < 0.75
				? 'A middling night: go out while the moon is down.'
				: 'A bright night: stay in, unless you are on the Mekong.';

	const draw = (canvas) => {
		const size = canvas.width;
		const r = size * 0.44;
		const ctx = canvas.getContext('2d');
		ctx.translate(size / 2, size / 2);
		ctx.fillStyle = '#22315c';
		ctx.beginPath();
		ctx.arc(0, 0, r, 0, 7);
		ctx.fill();
		// The lit part: half a disc, and half an ellipse added to it or taken away.
		const waxing = phase < 0.5;
		const width = Math.cos(2 * Math.PI * phase) * r;
		ctx.scale(waxing ? 1 : -1, 1);
		ctx.fillStyle = '#fff1cf';
		ctx.beginPath();
		ctx.arc(0, 0, r, -Math.PI / 2, Math.PI / 2);
		ctx.ellipse(0, 0, Math.abs(width), r, 0, Math.PI / 2, -Math.PI / 2, width > 0);
		ctx.fill();
		ctx.fillStyle = 'rgb(0 0 0 / 0.09)';
		for (const [x, y, s] of [
			[-0.3, -0.35, 0.32],
			[0.4, -0.45, 0.2],
			[0.45, 0.15, 0.27],
			[-0.3, 0.4, 0.2],
			[0.1, 0.75, 0.12],
		]) {
			ctx.beginPath();
			ctx.arc(x * r, y * r, s * r, 0, 7);
			ctx.fill();
		}
	};

	const fill = () => {
		for (const text of document.querySelectorAll('[data-moon]')) {
			text.textContent = `Tonight: ${name}, ${Math.round(lit * 100)} % lit. ${advice}`;
		}
		for (const canvas of document.querySelectorAll('canvas.moon')) {
			canvas.hidden = false;
			draw(canvas);
		}
	};

	if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', fill);
	else fill();
}
