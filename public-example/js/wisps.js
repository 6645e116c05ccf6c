// Lights over the marsh of the opening picture. They keep a polite distance from the pointer.
import { drift } from './drift.js';
import { glow, toRgb } from './light.js';

const COUNT = 7;
const SHY = 150;

export function startWisps(canvas) {
	const still = matchMedia('(prefers-reduced-motion: reduce)');
	const ctx = canvas.getContext('2d');
	const stamps = [9_500, 12_000, 18_000].map((kelvin) => glow(40, toRgb(kelvin)));
	const pointer = { x: -1e4, y: -1e4 };
	const wisps = Array.from({ length: COUNT }, (_, i) => ({
		seed: i + 1,
		home: [(i + 0.6) / COUNT, 0.6 + ((i * 37) % 11) / 90],
		away: [0, 0],
		stamp: stamps[i % stamps.length],
		size: 10 + ((i * 53) % 17),
	}));

	let request = 0;

	const frame = (now) => {
		const { clientWidth: width, clientHeight: height } = canvas;
		const scale = Math.min(2, devicePixelRatio);
		if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
		if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
		ctx.setTransform(scale, 0, 0, scale, 0, 0);
		ctx.clearRect(0, 0, width, height);

		const seconds = now / 1000;
		for (const wisp of wisps) {
			const x = wisp.home[0] * width + drift(wisp.seed, seconds) * 70 + wisp.away[0];
			const y = wisp.home[1] * height + drift(wisp.seed + 20, seconds) * 26 + wisp.away[1];
			const dx = x - pointer.x;
			const dy = y - pointer.y;
			const distance = Math.hypot(dx, dy) || 1;
			const push = Math.max(0, SHY - distance) * 0.06;
			wisp.away[0] = wisp.away[0] * 0.985 + (dx / distance) * push;
			wisp.away[1] = wisp.away[1] * 0.985 + (dy / distance) * push;
			const size = wisp.size * (1 + drift(wisp.seed + 40, seconds * 2) * 0.25);
			ctx.globalAlpha = 0.55 + drift(wisp.seed + 60, seconds) * 0.4;
			ctx.drawImage(wisp.stamp, x - size, y - size, size * 2, size * 2);
		}
		if (!still.matches) request = requestAnimationFrame(frame);
	};

	addEventListener('pointermove', (event) => {
		const box = canvas.getBoundingClientRect();
		pointer.x = event.clientX - box.left;
		pointer.y = event.clientY - box.top;
	});

	// Nothing is drawn while the picture is out of sight.
	new IntersectionObserver(([entry]) => {
		cancelAnimationFrame(request);
		if (entry.isIntersecting) request = requestAnimationFrame(frame);
	}).observe(canvas);
}
