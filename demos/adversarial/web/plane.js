// Points that the visitor puts, the classifier that learned them, and DeepFool's way from x over the nearest border.
import {CLASS_COLOURS, capture, choices, numbersOf, onRelease, stepOf} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {remember} from '../../frame/web/state.js';
import {beyond, clipped} from './shared.js';

const COLOURS = [6, 1, 4, 7].map((place) => CLASS_COLOURS[place]);
const NAMES = ['blue', 'orange', 'green', 'violet'];
const BEGIN = [
  [-0.6, 0.5, 0],
  [-0.35, 0.7, 0],
  [-0.75, 0.1, 0],
  [-0.3, 0.35, 0],
  [-0.85, 0.75, 0],
  [0.5, 0.65, 1],
  [0.75, 0.35, 1],
  [0.35, 0.3, 1],
  [0.8, 0.8, 1],
  [0.1, -0.1, 1],
  [-0.1, -0.6, 2],
  [0.35, -0.75, 2],
  [0.65, -0.45, 2],
  [-0.5, -0.5, 2],
  [0, -0.35, 2],
];
const MOST = 200;
const PACE = 1000; // milliseconds a step
const NEAR = 20; // pixels of the canvas around x that take hold of it

export default function ({server, board, find, liveCaller}) {
  const askLearn = liveCaller(server.learn);
  const askWalk = liveCaller(server.walk);
  const canvas = find('.ad-map');
  const pen = canvas.getContext('2d');
  const SIDE = canvas.width;
  const state = {points: BEGIN, x: [-0.42, 0.12], kind: 'bent', colour: '0', run: null, map: null, way: null, step: 0};
  let timer = 0;

  choices(
    find('.ad-kinds'),
    {bent: 'A network', linear: 'A linear classifier'},
    () => state.kind,
    (kind) => {
      state.kind = kind;
      learn();
    },
  );
  const colours = Object.fromEntries(NAMES.map((name, i) => [String(i), name]));
  choices(
    find('.ad-colours'),
    colours,
    () => state.colour,
    (colour) => {
      state.colour = colour;
    },
  );
  find('.ad-colours')
    .querySelectorAll('button')
    .forEach((one, i) => {
      one.prepend(Object.assign(document.createElement('i'), {style: `background: ${COLOURS[i]}`}));
    });

  const place = ([x, y]) => [((x + 1) * SIDE) / 2, ((1 - y) * SIDE) / 2];
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const part = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return [2 * part[0] - 1, 1 - 2 * part[1]].map((value) => Math.max(-1, Math.min(1, value)));
  };

  // ---- what is drawn

  function drawMap() {
    const side = Math.sqrt(state.map.length);
    const small = Object.assign(document.createElement('canvas'), {width: side, height: side});
    const ink = small.getContext('2d');
    state.map.forEach((value, i) => {
      ink.fillStyle = COLOURS[value];
      ink.fillRect(i % side, Math.floor(i / side), 1, 1);
    });
    pen.globalAlpha = 1;
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, SIDE, SIDE);
    pen.globalAlpha = 0.4;
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, SIDE, SIDE);
    pen.globalAlpha = 1;
  }
  function dot(point, radius, colour, rim = '#fff') {
    pen.beginPath();
    pen.arc(...place(point), radius, 0, 7);
    pen.fillStyle = colour;
    pen.fill();
    pen.strokeStyle = rim;
    pen.lineWidth = 2;
    pen.stroke();
  }
  function stroke(points, colour, width, dash = []) {
    pen.beginPath();
    points.forEach((point, i) => {
      pen[i ? 'lineTo' : 'moveTo'](...place(point));
    });
    pen.setLineDash(dash);
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.stroke();
    pen.setLineDash([]);
  }

  // The region in which the class would stay if all borders were straight, these borders, and the foot on each.
  function drawStep({at: from, borders, chosen}) {
    const region = borders.reduce(
      (corners, border) => clipped(corners, from, border),
      [
        [-1, -1],
        [1, -1],
        [1, 1],
        [-1, 1],
      ],
    );
    if (region.length) {
      pen.beginPath();
      region.forEach((point, i) => {
        pen[i ? 'lineTo' : 'moveTo'](...place(point));
      });
      pen.closePath();
      pen.fillStyle = 'rgb(255 255 255 / 0.55)';
      pen.fill();
    }
    for (const border of borders) {
      const {foot, along} = beyond(from, border);
      const line = [-4, 4].map((far) => foot.map((value, axis) => value + far * along[axis]));
      stroke(line, COLOURS[border.to], border.to === chosen ? 3.5 : 2, border.to === chosen ? [] : [7, 6]);
      stroke([from, foot], '#333', 1.4, [3, 4]);
      dot(foot, 4, COLOURS[border.to], '#333');
    }
  }

  function draw() {
    if (!state.map) return;
    drawMap();
    const steps = state.way?.steps ?? [];
    const now = steps[state.step];
    if (now?.borders.length) drawStep(now);
    for (const [x, y, colour] of state.points) dot([x, y], 6, COLOURS[colour]);
    stroke(
      steps.slice(0, state.step + 1).map((step) => step.at),
      '#111',
      3,
    );
    for (const step of steps.slice(1, state.step + 1)) dot(step.at, 5, '#111');
    dot(state.x, 10, '#111');
    pen.fillStyle = '#fff';
    pen.font = 'bold 14px sans-serif';
    pen.textAlign = 'center';
    const [left, top] = place(state.x);
    pen.fillText('x', left, top + 4);
  }

  function say() {
    const {way, step} = state;
    if (!way) return;
    const now = way.steps[step];
    const last = way.steps.length - 1;
    board.dataset.steps = last;
    board.dataset.step = step;
    board.dataset.length = way.length;
    const from = NAMES[way.steps[0].now];
    const after = (count) => `after ${count} ${count === 1 ? 'step' : 'steps'}`;
    const nearby = 'Nearest of the borders, as they would be if they were straight: that with';
    find('.ad-plane-said').textContent =
      step < last
        ? `x is ${step ? 'still ' : ''}${from}${step ? ` ${after(step)}` : ''}. ${nearby} ${NAMES[now.chosen]}. ` +
          'There goes the next step.'
        : way.done
          ? `Over the border ${after(last)}: ${NAMES[now.now]}. ‖r‖₂ = ${way.length.toFixed(4)}.`
          : 'The class did not change.';
    fill(
      find('.ad-plane-borders tbody'),
      now.borders.map(
        ({to, gap, normal, distance}) => html`<tr class="${to === now.chosen ? 'chosen' : ''}"><td>${NAMES[to]}</td>
          <td>${Math.abs(gap).toFixed(3)}</td><td>${Math.hypot(...normal).toFixed(3)}</td>
          <td>${distance.toFixed(4)}</td></tr>`,
      ),
    );
    const nearest = Math.min(...way.steps[0].borders.map(({distance}) => distance));
    board.dataset.closed = nearest;
    find('.ad-plane-closed').textContent =
      state.kind === 'linear'
        ? 'A linear classifier has straight borders: one step is enough, and no shorter one exists. ' +
          `Closed form: ${nearest.toFixed(4)}; DeepFool goes 2 % farther, to be over it.`
        : 'The borders bend, so that a step lands beside them and the next one starts from there.';
  }

  // ---- what is asked

  async function walk() {
    pause();
    state.step = 0;
    draw();
    const answer = state.run && (await askWalk({run: state.run, at: state.x}));
    if (!answer) return;
    state.way = answer;
    draw();
    say();
  }
  async function learn() {
    pause();
    const points = state.points.map(([x, y]) => [x, y]);
    const labels = state.points.map(([, , colour]) => colour);
    const answer = await askLearn({points, labels, linear: state.kind === 'linear'});
    if (!answer) return;
    state.run = answer.run;
    state.map = numbersOf(answer.map, Uint8Array);
    state.way = null;
    await walk();
  }

  // ---- steps

  function pause() {
    clearInterval(timer);
    timer = 0;
    find('.ad-plane-run').textContent = 'Play';
  }
  function forward() {
    const last = (state.way?.steps.length ?? 1) - 1;
    if (state.step >= last) return pause();
    state.step++;
    draw();
    say();
    if (state.step === last) pause();
  }
  find('.ad-plane-run').addEventListener('click', () => {
    if (timer) return pause();
    if (state.way && state.step >= state.way.steps.length - 1) state.step = -1;
    find('.ad-plane-run').textContent = 'Pause';
    timer = setInterval(forward, PACE);
    forward();
  });
  find('.ad-plane-step').addEventListener('click', () => {
    pause();
    forward();
  });
  find('.ad-plane-back').addEventListener('click', () => {
    pause();
    state.step = 0;
    draw();
    say();
  });

  // ---- points

  function put(point) {
    if (state.points.length >= MOST) return;
    state.points = [...state.points, [...point.map((value) => Math.round(value * 100) / 100), Number(state.colour)]];
    learn();
  }
  function moveX(point) {
    state.x = point;
    walk();
  }
  let holding = false;
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    const point = at(event);
    const [a, b] = [place(point), place(state.x)];
    if (Math.hypot(a[0] - b[0], a[1] - b[1]) > NEAR) return put(point);
    holding = true;
    capture(canvas, event);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (holding) moveX(at(event));
  });
  onRelease(canvas, () => {
    holding = false;
  });
  canvas.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') put(state.x);
    const step = stepOf(event);
    const far = event.shiftKey ? 0.1 : 0.02;
    if (step) moveX(state.x.map((value, axis) => Math.max(-1, Math.min(1, value + far * step[axis]))));
  });
  find('.ad-undo').addEventListener('click', () => {
    state.points = state.points.slice(0, -1);
    learn();
  });
  find('.ad-clear').addEventListener('click', () => {
    state.points = [];
    [state.map, state.way, state.run] = [new Uint8Array(1), null, null];
    draw();
    find('.ad-plane-said').textContent = 'Put points of at least two colours.';
  });

  const written = () =>
    state.points.map(([x, y, colour]) => [Math.round(100 * x), Math.round(100 * y), colour].join('.')).join('_');
  const usual = written();
  remember(canvas, 'points', {
    get: () => (written() === usual ? null : written()),
    set(text) {
      const points = (text ?? usual).split('_').map((point) => point.split('.').map(Number));
      if (!points.every((point) => point.length === 3 && point.every((value) => Math.abs(value) <= 100))) return;
      state.points = points.map(([x, y, colour]) => [x / 100, y / 100, Math.min(3, Math.max(0, colour))]);
      learn();
    },
  });
  remember(canvas, 'x', {
    get: () => state.x.map((value) => value.toFixed(3)).join(),
    set(text) {
      const point = text.split(',').map(Number);
      if (point.length === 2 && point.every((value) => Math.abs(value) <= 1)) moveX(point);
    },
  });
  learn();
}
