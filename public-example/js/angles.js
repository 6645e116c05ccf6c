export const rad = (degrees) => (degrees * Math.PI) / 180;
export const deg = (radians) => (radians * 180) / Math.PI;
export const wrap = (degrees) => ((((degrees + 180) % 360) + 360) % 360) - 180;
