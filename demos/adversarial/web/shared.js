// What boards of this tab share.

// Points of a curve as the path of an SVG; x and y are functions to its units.
export function line(xs, ys, x, y) {
  return `M${xs.map((value, i) => `${x(value).toFixed(2)} ${y(ys[i]).toFixed(2)}`).join('L')}`;
}
