// Two pictures side by side on a canvas, and the matches between them: right ones, wrong ones, ones nobody can judge.
import {numbersOf, pixelRatio, thickness} from '../../frame/web/controls.js';

const GAP = 6; // points of the screen between the two pictures
export const RIGHT = 1;
export const WRONG = 0;

// What Python says of matches, as numbers.
export function matchesOf({first, second, right, ...rest}) {
  return {
    first: numbersOf(first, Float32Array),
    second: numbersOf(second, Float32Array),
    right: numbersOf(right, Int8Array),
    ...rest,
  };
}

export function drawMatches(canvas, images, matches, colour) {
  const pen = canvas.getContext('2d');
  const width = canvas.parentElement.clientWidth;
  if (!images || !width) return;
  const scale = (width - GAP) / (images[0].naturalWidth + images[1].naturalWidth);
  const height = scale * Math.max(...images.map((image) => image.naturalHeight));
  const ratio = pixelRatio(canvas);
  Object.assign(canvas, {width: Math.round(width * ratio), height: Math.round(height * ratio)});
  canvas.style.height = `${height}px`;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const left = [0, scale * images[0].naturalWidth + GAP];
  images.forEach((image, i) => {
    pen.drawImage(image, left[i], 0, scale * image.naturalWidth, scale * image.naturalHeight);
  });
  if (!matches) return;
  const styles = [
    {kind: -1, stroke: colour('--gallery-third'), dash: []},
    {kind: WRONG, stroke: colour('--gallery-bad'), dash: [5, 4]},
    {kind: RIGHT, stroke: colour('--gallery-good'), dash: []},
  ];
  const at = (values, i, from) => [from + scale * (values[2 * i] + 0.5), scale * (values[2 * i + 1] + 0.5)];
  for (const {kind, stroke, dash} of styles) {
    pen.strokeStyle = stroke;
    pen.fillStyle = stroke;
    pen.lineWidth = 0.9 * thickness();
    pen.setLineDash(dash);
    matches.right.forEach((one, i) => {
      if (one !== kind) return;
      const ends = [at(matches.first, i, left[0]), at(matches.second, i, left[1])];
      pen.globalAlpha = 0.55;
      pen.beginPath();
      pen.moveTo(...ends[0]);
      pen.lineTo(...ends[1]);
      pen.stroke();
      pen.globalAlpha = 1;
      for (const [x, y] of ends) pen.fillRect(x - 1.5, y - 1.5, 3, 3);
    });
  }
  pen.setLineDash([]);
}

// How many matches there are, in words.
export function counted({counts: [right, wrong, unknown]}, known) {
  const judged = right + wrong;
  const share = judged ? ` (${Math.round((100 * right) / judged)} %)` : '';
  const rest = unknown ? `, ${unknown} nobody can judge` : '';
  return known || judged
    ? `${right} right${share}, ${wrong} wrong${rest}`
    : `${unknown} matches, too few to find a geometry`;
}
