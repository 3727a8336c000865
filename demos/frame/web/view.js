// A part of a picture on a canvas, and what is drawn over it in pixels of that part.

import {numbersOf, pixelRatio, thickness} from './controls.js';

const PALETTE = Array.from({length: 24}, (_, i) => `hsl(${(i * 137.5 + 190) % 360} 85% 60%)`);
export const paletteAt = (number) => PALETTE[number % PALETTE.length];

// const view = makeView(canvas); view.show(image, size, crop, origin); view.draw = (pen, hair) => ...; view.redraw().
// `size` is the picture's width and height, `crop` the left, top, right and bottom of what is shown, `origin` the point
// of the picture that is drawn from; `hair` is the width of one point on the screen.
export function makeView(canvas) {
  const pen = canvas.getContext('2d');
  const view = {draw: () => {}};
  let image = null;
  let size = [1, 1];
  let crop = [0, 0, 1, 1];
  let origin = [0, 0];

  function redraw() {
    const room = canvas.parentElement;
    if (!image || !room.clientWidth) return;
    const wide = crop[2] - crop[0];
    const high = crop[3] - crop[1];
    const ratio = pixelRatio(canvas);
    const points = Math.min(room.clientWidth / wide, room.clientHeight / high);
    const width = Math.max(1, Math.round(wide * points * ratio));
    const height = Math.max(1, Math.round(high * points * ratio));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, {width, height});
    canvas.style.width = `${wide * points}px`;
    canvas.style.height = `${high * points}px`;
    const shrunk = image.naturalWidth / size[0];
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.globalAlpha = 1;
    pen.imageSmoothingEnabled = points * ratio < 3; // single pixels of a tiny picture are seen as such
    pen.drawImage(image, crop[0] * shrunk, crop[1] * shrunk, wide * shrunk, high * shrunk, 0, 0, width, height);
    const [across, down] = [width / wide, height / high];
    pen.setTransform(across, 0, 0, down, (origin[0] - crop[0]) * across, (origin[1] - crop[1]) * down);
    view.draw(pen, 1 / points);
  }

  // Where in the picture, from its origin, an event of the pointer is.
  view.at = (event) => {
    const box = canvas.getBoundingClientRect();
    const inside = (part, length) => Math.min(Math.max(part, 0), 0.9999) * length;
    const x = inside((event.clientX - box.left) / box.width, crop[2] - crop[0]);
    const y = inside((event.clientY - box.top) / box.height, crop[3] - crop[1]);
    return [x + crop[0] - origin[0], y + crop[1] - origin[1]];
  };
  view.show = (...what) => {
    [image, size, crop, origin = crop] = what;
    redraw();
  };
  view.redraw = redraw;
  new ResizeObserver(redraw).observe(canvas.parentElement);
  return view;
}

// A box [left, top, right, bottom] with a dark rim, so that it is seen on bright and on dark ground.
export function outline(pen, box, colour, width, dash = []) {
  const [left, top, right, bottom] = box;
  const thick = width * thickness();
  pen.setLineDash(dash);
  for (const [style, line] of [
    ['rgb(0 0 0 / 0.55)', 1.9 * thick],
    [colour, thick],
  ]) {
    pen.strokeStyle = style;
    pen.lineWidth = line;
    pen.strokeRect(left, top, right - left, bottom - top);
  }
  pen.setLineDash([]);
}

// Words on a dark ground, with their lower left corner at x, y, held within the picture.
export function label(pen, hair, x, y, words, colour, limits) {
  pen.font = `700 ${13 * hair}px ${getComputedStyle(document.querySelector('.board')).fontFamily}`;
  const wide = pen.measureText(words).width + 10 * hair;
  const high = 19 * hair;
  x = Math.max(0, Math.min(x, limits[0] - wide));
  y = Math.min(Math.max(y, high), limits[1]);
  pen.fillStyle = 'rgb(13 18 24 / 0.82)';
  pen.fillRect(x, y - high, wide, high);
  pen.fillStyle = colour;
  pen.fillText(words, x + 5 * hair, y - 5 * hair);
}

// Which pixels of a canvas, `zoom` to a pixel of the picture, are in the mask of a box: where its 28 x 28 values (0 to
// 255), read bilinearly, are above `threshold` (0 to 1). `inside` holds 0 or 1 for each, row by row from (x0, y0).
export const GRID = 28;
export function maskOf(cells, [left, top, right, bottom], threshold, zoom) {
  const x0 = Math.floor(left * zoom);
  const wide = Math.max(1, Math.ceil(right * zoom) - x0);
  const y0 = Math.floor(top * zoom);
  const high = Math.max(1, Math.ceil(bottom * zoom) - y0);
  const inside = new Uint8Array(wide * high);
  const limit = 255 * threshold;
  const value = (row, column) =>
    row < 0 || column < 0 || row >= GRID || column >= GRID ? 0 : cells[row * GRID + column];
  for (let y = 0; y < high; y++) {
    const v = (((y0 + y + 0.5) / zoom - top) / (bottom - top)) * GRID - 0.5;
    const row = Math.floor(v);
    const down = v - row;
    for (let x = 0; x < wide; x++) {
      const u = (((x0 + x + 0.5) / zoom - left) / (right - left)) * GRID - 0.5;
      const column = Math.floor(u);
      const over = u - column;
      const above = value(row, column) * (1 - over) + value(row, column + 1) * over;
      const below = value(row + 1, column) * (1 - over) + value(row + 1, column + 1) * over;
      inside[y * wide + x] = above * (1 - down) + below * down > limit;
    }
  }
  return {x0, y0, wide, high, inside};
}

// The same in a colour [red, green, blue], as a canvas and where it lies in the picture, and its area in the picture.
export function pasted(cells, box, threshold, colour, zoom) {
  const {x0, y0, wide, high, inside} = maskOf(cells, box, threshold, zoom);
  const sheet = new OffscreenCanvas(wide, high);
  const picture = new ImageData(wide, high);
  let count = 0;
  inside.forEach((set, i) => {
    if (!set) return;
    picture.data.set([...colour, 255], 4 * i);
    count++;
  });
  sheet.getContext('2d').putImageData(picture, 0, 0);
  const [x, y, width, height] = [x0, y0, wide, high].map((length) => length / zoom);
  return {sheet, x, y, width, height, pixels: Math.round(count / zoom ** 2)};
}

let probe = null;
export function rgbOf(css) {
  probe ||= new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  probe.fillStyle = css;
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

export const boxesOf = (text) => {
  const numbers = numbersOf(text, Float32Array);
  return Array.from({length: numbers.length / 4}, (_, i) => [...numbers.subarray(4 * i, 4 * i + 4)]);
};
