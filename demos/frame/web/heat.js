const HEAT = [
  [13, 20, 44],
  [24, 88, 110],
  [80, 160, 120],
  [240, 200, 90],
  [255, 248, 220],
]; // as dlcv.core.images.draw has it

// The colour [red, green, blue] of a part in [0, 1], dark to bright.
export function heatOf(part) {
  const place = Math.min(Math.max(part, 0), 0.9999) * (HEAT.length - 1);
  const from = Math.floor(place);
  return HEAT[from].map((dark, c) => dark + (place - from) * (HEAT[from + 1][c] - dark));
}
