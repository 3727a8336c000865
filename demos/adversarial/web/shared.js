// What boards of this tab share.

// Points of a curve as the path of an SVG; x and y are functions to its units.
export function line(xs, ys, x, y) {
  return `M${xs.map((value, i) => `${x(value).toFixed(2)} ${y(ys[i]).toFixed(2)}`).join('L')}`;
}

// The foot of a point on a linearised border, normal · (p − from) + gap = 0, and the direction of the border.
export function beyond(from, {normal, gap}) {
  const square = normal[0] ** 2 + normal[1] ** 2;
  const length = Math.sqrt(square);
  return {
    foot: from.map((value, axis) => value - (gap * normal[axis]) / square),
    along: [-normal[1] / length, normal[0] / length],
  };
}

// The part of a polygon on the near side of such a border (Sutherland and Hodgman).
export function clipped(corners, from, {normal, gap}) {
  const side = (point) => gap + normal[0] * (point[0] - from[0]) + normal[1] * (point[1] - from[1]);
  return corners.flatMap((corner, i) => {
    const next = corners[(i + 1) % corners.length];
    const [here, there] = [side(corner), side(next)];
    const crossing = corner.map((value, axis) => value + ((next[axis] - value) * here) / (here - there));
    const kept = here <= 0 ? [corner] : [];
    return here <= 0 === there <= 0 ? kept : [...kept, crossing];
  });
}
