// Two pictures on one canvas, side by side or on a narrow screen one above the other, and their matches.
import {loaded, numbersOf, onThemeChange, pixelRatio, thickness} from '../../frame/web/controls.js';

const GAP = 8;
const NARROW = 620;

// const two = makeTwo(canvas, most); await two.show(pair); two.draw = (pen) => ...; two.redraw(). `most` bounds the
// height. two.place(side, x, y) is where a pixel of a picture is on the canvas, two.at(event) the side and the pixel
// under the pointer.
export function makeTwo(canvas, most = 400) {
  const pen = canvas.getContext('2d');
  const two = {draw: () => {}, pair: null};
  let images = null;
  let rooms = [];

  function layout() {
    const wide = canvas.parentElement.clientWidth;
    const {sizes} = two.pair;
    const shapes = sizes.map(([width, height]) => width / height);
    if (wide < NARROW) {
      const highs = shapes.map((shape) => wide / shape);
      rooms = [0, 1].map((side) => ({x: 0, y: side * (highs[0] + GAP), scale: wide / sizes[side][0]}));
      return [wide, highs[0] + GAP + highs[1]];
    }
    const high = Math.min(most, (wide - GAP) / (shapes[0] + shapes[1]));
    const left = (wide - high * (shapes[0] + shapes[1]) - GAP) / 2;
    rooms = [
      {x: left, y: 0, scale: high / sizes[0][1]},
      {x: left + high * shapes[0] + GAP, y: 0, scale: high / sizes[1][1]},
    ];
    return [wide, high];
  }

  two.place = (side, x, y) => [rooms[side].x + x * rooms[side].scale, rooms[side].y + y * rooms[side].scale];
  two.at = (event) => {
    const box = canvas.getBoundingClientRect();
    const [wide, high] = [parseFloat(canvas.style.width), parseFloat(canvas.style.height)];
    const point = [((event.clientX - box.left) / box.width) * wide, ((event.clientY - box.top) / box.height) * high];
    return two.under(...point);
  };
  // The side and the pixel at a point of the canvas; null beside both pictures.
  two.under = (left, top) => {
    if (!two.pair) return null;
    for (const side of [0, 1]) {
      const [width, height] = two.pair.sizes[side];
      const x = (left - rooms[side].x) / rooms[side].scale;
      const y = (top - rooms[side].y) / rooms[side].scale;
      if (x >= 0 && y >= 0 && x < width && y < height) return {side, x, y, near: 1 / rooms[side].scale};
    }
    return null;
  };
  two.patch = (put, side, x, y, reach) => {
    const size = 2 * reach;
    put.fillStyle = '#000';
    put.fillRect(0, 0, put.canvas.width, put.canvas.height);
    put.drawImage(images[side], x - reach, y - reach, size, size, 0, 0, put.canvas.width, put.canvas.height);
  };

  two.redraw = () => {
    if (!images || !canvas.parentElement.clientWidth) return;
    const ratio = pixelRatio(canvas);
    const [wide, high] = layout();
    const size = [Math.round(wide * ratio), Math.round(high * ratio)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    Object.assign(canvas.style, {width: `${wide}px`, height: `${high}px`});
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, wide, high);
    pen.globalAlpha = 1;
    images.forEach((image, side) => {
      const [width, height] = two.pair.sizes[side];
      pen.drawImage(image, rooms[side].x, rooms[side].y, width * rooms[side].scale, height * rooms[side].scale);
    });
    pen.fillStyle = 'rgb(255 255 255 / 0.25)'; // so that lines stand out
    for (const side of [0, 1]) {
      const [width, height] = two.pair.sizes[side];
      pen.fillRect(rooms[side].x, rooms[side].y, width * rooms[side].scale, height * rooms[side].scale);
    }
    two.draw(pen);
  };

  two.show = async (pair) => {
    const both = await Promise.all(pair.pictures.map(loaded));
    [images, two.pair] = [both, pair];
    two.redraw();
  };

  // The match with the numbers x, y, x', y' as a line between both pictures.
  two.line = (match, colour, width = 1, alpha = 1) => {
    const places = two.pair.places;
    const ends = [0, 1].map((side) => two.place(side, places[4 * match + 2 * side], places[4 * match + 2 * side + 1]));
    pen.globalAlpha = alpha;
    pen.strokeStyle = colour;
    pen.lineWidth = width * thickness();
    pen.beginPath();
    pen.moveTo(...ends[0]);
    pen.lineTo(...ends[1]);
    pen.stroke();
    pen.globalAlpha = 1;
    return ends;
  };
  two.dot = (side, x, y, colour, radius = 4) => {
    const at = two.place(side, x, y);
    for (const [style, size] of [
      ['#fff', radius + 1.5],
      [colour, radius],
    ]) {
      pen.fillStyle = style;
      pen.beginPath();
      pen.arc(...at, size * thickness(), 0, 7);
      pen.fill();
    }
  };
  // The line (a, b, c), a x + b y + c = 0, in a picture, as thick as a band of so many pixels to either side.
  two.band = (side, [a, b, c], colour, {width = 2, reach = 0, dash = []} = {}) => {
    const [wide, high] = two.pair.sizes[side];
    const {scale} = rooms[side];
    const far = wide + high;
    const length = Math.hypot(a, b) || 1e-12;
    const foot = [wide / 2, high / 2];
    const away = (a * foot[0] + b * foot[1] + c) / length ** 2;
    const middle = [foot[0] - a * away, foot[1] - b * away];
    const along = [-b / length, a / length];
    pen.save();
    pen.beginPath();
    pen.rect(...two.place(side, 0, 0), wide * scale, high * scale);
    pen.clip();
    for (const [style, thick, alpha] of [
      [colour, 2 * reach * scale, 0.3],
      ['#000', 1.8 * width * thickness(), 0.4],
      [colour, width * thickness(), 1],
    ]) {
      if (!thick) continue;
      pen.globalAlpha = alpha;
      pen.strokeStyle = style;
      pen.lineWidth = thick;
      pen.setLineDash(dash);
      pen.beginPath();
      pen.moveTo(...two.place(side, middle[0] - far * along[0], middle[1] - far * along[1]));
      pen.lineTo(...two.place(side, middle[0] + far * along[0], middle[1] + far * along[1]));
      pen.stroke();
    }
    pen.restore();
  };

  new ResizeObserver(two.redraw).observe(canvas.parentElement);
  onThemeChange(two.redraw);
  return two;
}

// A pair as Python sends it, with its numbers.
export const unpacked = (pair) => ({
  ...pair,
  places: numbersOf(pair.places, Float32Array),
  weights: numbersOf(pair.weights, Float32Array),
  tested: numbersOf(pair.tested, Uint8Array),
  right: pair.right && numbersOf(pair.right, Uint8Array),
});

// F (x, y, 1): the epipolar line in the second picture of a point in the first.
export const lineOf = (f, x, y) => [0, 3, 6].map((row) => f[row] * x + f[row + 1] * y + f[row + 2]);

// Colours of a weight from 0 to 1, on photographs.
export const weightColour = (weight) => `hsl(${40 + 150 * weight} 95% ${40 + 8 * weight}%)`;
export const [GOOD, BAD] = ['#19a34a', '#e02d2d'];

// The empty sheet of a plot, as large as its canvas is on the screen, whose unit is a point of the screen.
export function sheet(canvas) {
  const ratio = pixelRatio(canvas);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return {pen, width, height};
}
