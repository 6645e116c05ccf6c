// A smooth, aimless walk: three slow sines that never quite meet.
export function drift(seed, seconds) {
	const a = seed * 12.9898;
	return (
		Math.sin(seconds * 0.31 + a) * 0.55 +
		Math.sin(seconds * 0.73 + a * 1.7) * 0.3 +
		Math.sin(seconds * 1.37 + a * 2.3) * 0.15
	);
}
