// Where on a photograph the pointer is, and where the words about that place go.

// The parts of a picture, [across, down] from 0 to 1, under a point of the screen; null beside it. The picture lies in
// the middle of its box, as large as fits (`object-fit: contain`).
export function partsAt({left, top, width, height}, [wide, high], [x, y]) {
  const scale = Math.min(width / wide, height / high);
  const parts = [(x - left - width / 2) / (scale * wide) + 0.5, (y - top - height / 2) / (scale * high) + 0.5];
  return parts.every((part) => part >= 0 && part < 1) ? parts : null;
}

// The left and top of words of a size [wide, high], above a point of the screen and within a box there. What is in the
// box is `zoom` times enlarged: its lengths are not those of the screen.
export function above({left, top, width}, zoom, [wide, high], [x, y]) {
  return [
    Math.max(8, Math.min((x - left) / zoom + 16, width / zoom - wide - 8)),
    Math.max(8, (y - top) / zoom - high - 14),
  ];
}
