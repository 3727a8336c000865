// A photograph's pixels at their depth, on a canvas: each a square as large as its pixel is from there, the nearest one
// in front (a depth buffer). Seen from the camera at first, and swaying until it is touched.
import {rememberView, steer} from '../../frame/web/cloud.js';
import {pixelRatio} from '../../frame/web/controls.js';

const FIRST = {yaw: 0, pitch: 0, zoom: 1};
const TORN = 0.025; // a step of nearness between neighbours, beside the root of nearness: above, nothing connects them
const BACKDROP = 8; // times as far as what is turned about: nothing is shown farther away, as a sky would be
const MAX_WIDTH = 1100; // pixels that are drawn; a larger canvas shows them larger
const MAX_SQUARE = 24;
const LARGER = 1.35; // so that what is seen from aside has no gaps between its squares
const SWAY = {yaw: 0.16, pitch: 0.05}; // radians each way
const SECONDS = 9; // of a sway there and back
const FRAMES = 24; // a second

// Which pixels of a map of nearness (1 is the nearest) lie on an edge, between two things: there a surface would be
// torn. As dlcv.depth.clouds.torn has it.
function torn(near, height, width) {
  const found = new Uint8Array(near.length);
  const compare = (a, b) => {
    if (Math.abs(near[a] - near[b]) > TORN * Math.sqrt(Math.max(near[a], near[b]))) found[a] = found[b] = 1;
  };
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const at = v * width + u;
      if (u + 1 < width) compare(at, at + 1);
      if (v + 1 < height) compare(at, at + width);
    }
  }
  return found;
}

// const scene = makeScene(canvas, onTurn); scene.show({near, colours, grid}, focal): nearness and bytes of colours on a
// grid [height, width], the focal length in pixels of the grid. onTurn(turned) says whether a visitor has turned it.
export function makeScene(canvas, onTurn) {
  const put = canvas.getContext('2d');
  const view = {...FIRST};
  let points = new Float32Array(0); // x, y, z from the camera; y is down, the nearest lies at 1
  let paint = new Uint32Array(0); // of each, as the canvas has it
  let shape = null; // {height, width, focal} of the grid
  let pivot = 1; // the depth that the view turns about
  let picture = null;
  let nearest = null; // the depth buffer
  let asked = false;
  let touched = false;
  let begun = null; // when the swaying began

  function draw() {
    asked = false;
    if (!shape || !canvas.clientWidth) return;
    const width = Math.min(MAX_WIDTH, Math.round(canvas.clientWidth * pixelRatio(canvas)));
    const height = Math.round((width * shape.height) / shape.width);
    if (canvas.width !== width || canvas.height !== height || !picture) {
      [canvas.width, canvas.height] = [width, height];
      picture = put.createImageData(width, height);
      nearest = new Float32Array(width * height);
    }
    const pixels = new Uint32Array(picture.data.buffer);
    pixels.fill(0);
    nearest.fill(Infinity);
    const [cy, sy] = [Math.cos(view.yaw), Math.sin(view.yaw)];
    const [cp, sp] = [Math.cos(view.pitch), Math.sin(view.pitch)];
    const square = (width / shape.width) * view.zoom; // of a pixel of the grid, as the camera sees it
    const focal = shape.focal * square;
    for (let i = 0, at = 0; i < paint.length; i++, at += 3) {
      const z = points[at + 2];
      const away = (z - pivot) * cy - points[at] * sy;
      const depth = points[at + 1] * sp + away * cp + pivot;
      if (depth < 0.1) continue; // behind the eye
      const x = width / 2 + (focal * (points[at] * cy + (z - pivot) * sy)) / depth;
      const y = height / 2 + (focal * (points[at + 1] * cp - away * sp)) / depth;
      const side = Math.min(MAX_SQUARE, (LARGER * square * z) / depth + 0.3);
      const left = Math.max(0, Math.round(x - side / 2));
      const top = Math.max(0, Math.round(y - side / 2));
      const right = Math.min(width, Math.round(x + side / 2));
      const bottom = Math.min(height, Math.round(y + side / 2));
      for (let v = top; v < bottom; v++) {
        for (let place = v * width + left, end = v * width + right; place < end; place++) {
          if (depth >= nearest[place]) continue;
          nearest[place] = depth;
          pixels[place] = paint[i];
        }
      }
    }
    put.putImageData(picture, 0, 0);
  }

  const redraw = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(draw);
  };

  // What the visitor turns stays as it is turned.
  function turn(change) {
    touched = true;
    onTurn(true);
    Object.assign(view, change);
    view.yaw = Math.max(-1.2, Math.min(1.2, view.yaw));
    view.pitch = Math.max(-1, Math.min(1, view.pitch));
    view.zoom = Math.max(0.5, Math.min(6, view.zoom));
    redraw();
  }

  function sway() {
    const part = ((performance.now() - begun) / 1000 / SECONDS) * 2 * Math.PI;
    view.yaw = SWAY.yaw * Math.sin(part);
    view.pitch = (SWAY.pitch * (1 - Math.cos(part))) / 2;
    redraw();
  }

  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  let timer = null;
  let inView = false;
  function move() {
    clearInterval(timer);
    if (!inView || touched || calm.matches) return;
    begun ??= performance.now();
    timer = setInterval(() => (touched ? clearInterval(timer) : sway()), 1000 / FRAMES);
  }

  function rest() {
    touched = false;
    onTurn(false);
    Object.assign(view, FIRST);
    begun = null;
    redraw();
    move();
  }

  new ResizeObserver(redraw).observe(canvas);
  new IntersectionObserver((entries) => {
    inView = entries.at(-1).isIntersecting;
    move();
  }).observe(canvas);
  calm.addEventListener('change', move);
  steer(canvas, view, FIRST, turn);
  rememberView(canvas, view, turn, {isTurned: () => touched, rest});

  return {
    show({near, colours, grid: [height, width]}, focal) {
      const edges = torn(near, height, width);
      const sorted = Float32Array.from(near).sort();
      pivot = 1 / sorted[Math.floor(0.6 * sorted.length)];
      const kept = [...near.keys()].filter((at) => !edges[at]);
      points = new Float32Array(3 * kept.length);
      paint = new Uint32Array(kept.length);
      kept.forEach((at, i) => {
        const z = Math.min(1 / near[at], BACKDROP * pivot);
        const [v, u] = [Math.floor(at / width), at % width];
        points.set([((u - (width - 1) / 2) * z) / focal, ((v - (height - 1) / 2) * z) / focal, z], 3 * i);
        paint[i] = 0xff000000 | (colours[3 * at + 2] << 16) | (colours[3 * at + 1] << 8) | colours[3 * at];
      });
      shape = {height, width, focal};
      canvas.style.width = `min(100%, ${(76 * width) / height}vh)`;
      canvas.style.aspectRatio = `${width} / ${height}`;
      redraw();
    },
  };
}
