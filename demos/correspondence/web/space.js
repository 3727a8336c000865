// Both cameras and the triangulated points, turned by hand; the overlay where one plane is seen; and files.

import {projection, rememberView, steer} from '../../frame/web/cloud.js';
import {
  button,
  choices,
  hear,
  numbersOf,
  onThemeChange,
  pixelRatio,
  saveFile,
  tell,
  whenSeen,
} from '../../frame/web/controls.js';

const VIEW = {yaw: -0.5, pitch: 0.35, zoom: 1};
const TYPES = {csv: 'text/csv', json: 'application/json', ply: 'text/plain', zip: 'application/zip'};

export default function ({first, server, board, find, colour, liveCaller}) {
  const ask = liveCaller(server.space);
  const askFile = liveCaller(server.take);
  const canvas = find('.cp-space');
  const pen = canvas.getContext('2d');
  const view = {...VIEW};
  let pair = null;
  let method = first.method;
  let asked = null;
  let shown = null;
  let watching = false;

  // x right, y down, z forward of the first camera, as x right, y away, z up, within a unit cube around the points.
  const upright = ([x, y, z]) => [x, z, -y];
  function framed({points, rotation, translation}) {
    const spots = Array.from({length: points.length / 3}, (_, i) => upright(points.subarray(3 * i, 3 * i + 3)));
    const centre = upright(
      [0, 1, 2].map((i) => -[0, 1, 2].reduce((sum, k) => sum + rotation[k][i] * translation[k], 0)),
    );
    const sorted = spots.map(([, away]) => away).sort((one, other) => one - other);
    const far = Math.max(2, sorted[Math.floor(0.95 * sorted.length)] ?? 2);
    const to = ([x, y, z]) => [(1.6 * x) / far, (1.6 * y) / far - 0.8, (1.6 * z) / far];
    const turned = (corner) => {
      const world = [0, 1, 2].map((i) =>
        [0, 1, 2].reduce((sum, k) => sum + rotation[k][i] * (corner[k] - translation[k]), 0),
      );
      return to(upright(world));
    };
    const size = 0.07 * far;
    const corners = [
      [0, 0, 0],
      [-1, -0.75, 1.3],
      [1, -0.75, 1.3],
      [1, 0.75, 1.3],
      [-1, 0.75, 1.3],
    ].map((corner) => corner.map((value) => value * size));
    return {
      spots: spots.map(to),
      cameras: [corners.map((corner) => to(upright(corner))), corners.map(turned)],
      centres: [to([0, 0, 0]), to(centre)],
    };
  }

  function draw() {
    const side = Math.round(canvas.clientWidth * pixelRatio(canvas));
    if (!side) return;
    if (canvas.width !== side) canvas.width = canvas.height = side;
    pen.clearRect(0, 0, side, side);
    if (!shown?.space) return;
    const {project} = projection(view, side, 0);
    const {spots, cameras, centres} = shown.space;
    spots.forEach((spot, i) => {
      const [x, y, size] = project(...spot);
      pen.fillStyle = `rgb(${shown.colours.subarray(3 * i, 3 * i + 3).join()})`;
      pen.beginPath();
      pen.arc(x, y, (side / 220) * Math.min(3, Math.max(0.3, size)), 0, 7);
      pen.fill();
    });
    pen.lineWidth = side / 260;
    cameras.forEach((corners, number) => {
      pen.strokeStyle = colour(number ? '--gallery-second' : '--gallery-first');
      const [tip, ...others] = corners.map((corner) => project(...corner));
      pen.beginPath();
      others.forEach((corner, i) => {
        pen.moveTo(tip[0], tip[1]);
        pen.lineTo(corner[0], corner[1]);
        pen.lineTo(...others[(i + 1) % 4].slice(0, 2));
      });
      pen.stroke();
    });
    pen.strokeStyle = colour('--gallery-quiet');
    pen.beginPath();
    for (const centre of centres) pen.lineTo(...project(...centre).slice(0, 2));
    pen.stroke();
  }
  function turn(change) {
    Object.assign(view, change);
    view.pitch = Math.max(-1.57, Math.min(1.57, view.pitch));
    view.zoom = Math.max(0.3, Math.min(8, view.zoom));
    draw();
  }
  steer(canvas, view, VIEW, turn);
  rememberView(canvas, view, turn);

  async function look() {
    if (!asked || !watching) return;
    const mine = asked;
    const answer = await ask(mine);
    if (!answer || mine !== asked) return;
    find('.cp-said').textContent = answer.note;
    find('.cp-overlay').hidden = !answer.overlay;
    if (answer.overlay) find('.cp-overlay img').src = answer.overlay;
    const points = answer.points && numbersOf(answer.points, Float32Array);
    shown = points && {colours: numbersOf(answer.colours, Uint8Array), space: framed({...answer, points})};
    const guessed = answer.guessed ? ' The field of view is a guess, and so is the shape.' : '';
    find('.cp-two figcaption').textContent = points
      ? `${points.length / 3} points by “${mine.method}”. First camera, second camera, and the way between` +
        ` them.${guessed}`
      : '';
    board.dataset.points = points ? points.length / 3 : 0;
    draw();
  }
  for (const [file, title] of Object.entries(first.files))
    find('.cp-files').append(
      button(title, async () => {
        const answer = asked && (await askFile({...asked, file}));
        if (!answer) return;
        const bytes = Uint8Array.from(atob(answer.file), (letter) => letter.charCodeAt(0));
        saveFile(new Blob([bytes], {type: TYPES[file.split('.').at(-1)]}), file);
      }),
    );
  choices(
    find('.cp-methods'),
    Object.fromEntries(first.methods.map((one) => [one, one])),
    () => method,
    (one) => {
      method = one;
      begin();
    },
  );
  const begin = () => {
    if (!pair) return;
    asked = {pair: pair.pair, method};
    look();
  };
  hear('correspondence:pair', (next) => {
    const known = pair?.pair === next.pair;
    pair = next;
    if (!known) begin();
  });
  whenSeen(board, () => {
    watching = true;
    look();
  });
  new ResizeObserver(draw).observe(canvas);
  onThemeChange(draw);
  tell('correspondence:again');
}
