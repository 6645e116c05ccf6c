// Where the sun is: good to about half a degree, which is plenty to tell night from day.
import { deg, rad, wrap } from './angles.js';

const J2000 = Date.UTC(2000, 0, 1, 12);

/** The point of the Earth that has the sun overhead. */
export function subsolar(time) {
	const days = (time - J2000) / 86_400_000;
	const anomaly = rad(357.529 + 0.98560028 * days);
	const mean = 280.459 + 0.98564736 * days;
	const longitude = rad(mean + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly));
	const tilt = rad(23.439 - 0.00000036 * days);
	const ascension = deg(Math.atan2(Math.cos(tilt) * Math.sin(longitude), Math.cos(longitude)));
	const equation = wrap(mean - ascension);
	const hours = (time % 86_400_000) / 3_600_000;
	return {
		lat: deg(Math.asin(Math.sin(tilt) * Math.sin(longitude))),
		lon: wrap(-15 * (hours - 12) - equation),
	};
}

/** How high the sun stands there, in degrees; below zero it has set. */
export function altitude(lat, lon, sun) {
	const sine =
		Math.sin(rad(lat)) * Math.sin(rad(sun.lat)) +
		Math.cos(rad(lat)) * Math.cos(rad(sun.lat)) * Math.cos(rad(lon - sun.lon));
	return deg(Math.asin(Math.min(1, Math.max(-1, sine))));
}
