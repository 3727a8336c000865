// A faint scribble that is laid over all digits at once: how many it fools, while the brush moves.
import {
  capture,
  choices,
  colourOf,
  numbersOf,
  onRelease,
  onThemeChange,
  percent,
  slider,
  whenSeen,
} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {penByKeys} from '../../frame/web/pen.js';
import {remember} from '../../frame/web/state.js';

const SIDE = 28;
const PAPER = 280;
const RADIUS = 1.3; // of the brush, in pixels of a digit
const BRUSHES = {255: 'brighter', 0: 'darker', 128: 'nothing'};
const BEGIN = [
  [7, 9],
  [20, 18],
];

export default function ({first, server, board, find, liveCaller, loaded}) {
  const ask = liveCaller(server.count_fooled);
  const askBest = liveCaller(server.universal_doodle);
  const canvas = find('.ad-scribble');
  const pen = canvas.getContext('2d');
  const state = {levels: new Uint8Array(SIDE * SIDE).fill(128), brush: '255', seen: null};

  choices(
    find('.ad-brushes'),
    BRUSHES,
    () => state.brush,
    (brush) => {
      state.brush = brush;
    },
  );
  const bound = slider(
    find('.ad-bound'),
    {id: 'ad-bound', title: first.bound.label, ...first.bound, text: (value) => percent(value)},
    () => look(false),
  );
  find('.ad-bound input').addEventListener('change', () => look(true));

  function drawDoodle() {
    const small = Object.assign(document.createElement('canvas'), {width: SIDE, height: SIDE});
    const picture = new ImageData(SIDE, SIDE);
    state.levels.forEach((level, i) => {
      picture.data.set([level, level, level, 255], 4 * i);
    });
    small.getContext('2d').putImageData(picture, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, PAPER, PAPER);
  }

  async function look(whole) {
    const doodle = btoa(String.fromCharCode(...state.levels));
    const answer = await ask({doodle, bound: bound.value, whole});
    if (answer) await show(answer);
  }

  async function show(answer) {
    const {count, fooled, rates} = answer;
    state.seen = {...state.seen, ...answer};
    board.dataset.fooled = fooled / count;
    board.dataset.count = count;
    find('.ad-fooled output').textContent = fooled;
    find('.ad-fooled span').textContent = `of ${count.toLocaleString('en')} generated digits are taken for others`;
    const ranks = {...(rates ?? state.seen.rates)};
    const rows = [
      ['own', 'Your doodle', fooled / count],
      ['', 'The computed one', ranks.universal],
      ['', 'Noise', ranks.noise],
    ].filter(([, , rate]) => rate !== undefined);
    fill(
      find('.ad-ranks'),
      rows
        .sort((a, b) => b[2] - a[2])
        .map(
          ([kind, title, rate]) => html`<div class="ad-rank ${kind}"><span>${title}</span>
            <i style="width: ${100 * rate}%"></i><output>${percent(rate, 1)}</output></div>`,
        ),
    );
    drawFlow();
    fill(
      find('.ad-examples'),
      answer.examples.map(
        ({from, to}) => html`<div><canvas width="28" height="28"></canvas><span>${from} → ${to}</span></div>`,
      ),
    );
    if (!answer.sheet) return;
    const sheet = await loaded(answer.sheet);
    for (const [i, one] of [...board.querySelectorAll('.ad-examples canvas')].entries())
      one.getContext('2d').drawImage(sheet, -SIDE * i, 0);
  }

  function drawFlow() {
    const ink = find('.ad-flow').getContext('2d');
    const {flow, count} = state.seen;
    const [cell, edge] = [27, 28];
    ink.clearRect(0, 0, 300, 300);
    ink.font = '13px sans-serif';
    ink.textAlign = 'center';
    ink.textBaseline = 'middle';
    for (let i = 0; i < 10; i++) {
      ink.fillStyle = colourOf(board, '--gallery-quiet');
      ink.fillText(i, 12, edge + cell * (i + 0.5));
      ink.fillText(i, edge + cell * (i + 0.5), 12);
      for (let j = 0; j < 10; j++) {
        const part = Math.min(1, (flow[10 * i + j] / count) * 10);
        ink.globalAlpha = 0.06 + 0.94 * part;
        ink.fillStyle = colourOf(board, i === j ? '--gallery-first' : '--gallery-second');
        ink.fillRect(edge + cell * j, edge + cell * i, cell - 2, cell - 2);
        ink.globalAlpha = 1;
      }
    }
  }

  // ---- painting

  function dab([x, y]) {
    const centre = [(x / PAPER) * SIDE - 0.5, (y / PAPER) * SIDE - 0.5];
    for (let row = 0; row < SIDE; row++)
      for (let column = 0; column < SIDE; column++)
        if (Math.hypot(column - centre[0], row - centre[1]) <= RADIUS)
          state.levels[SIDE * row + column] = Number(state.brush);
  }
  function stroke(from, to) {
    const far = Math.hypot(to[0] - from[0], to[1] - from[1]);
    const steps = Math.max(1, Math.ceil(far / 5));
    for (let i = 0; i <= steps; i++) dab(from.map((value, axis) => value + ((to[axis] - value) * i) / steps));
    drawDoodle();
    look(false);
  }
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * PAPER, ((event.clientY - box.top) / box.height) * PAPER];
  };
  let last = null;
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    capture(canvas, event);
    last = at(event);
    stroke(last, last);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!last) return;
    const to = at(event);
    stroke(last, to);
    last = to;
  });
  onRelease(canvas, () => {
    if (last) look(true);
    last = null;
  });
  penByKeys(canvas, PAPER, {down: (point) => stroke(point, point), move: stroke});
  canvas.addEventListener('keyup', () => look(true));

  function put(levels) {
    state.levels = Uint8Array.from(levels);
    drawDoodle();
    look(true);
  }
  find('.ad-wipe').addEventListener('click', () => put(new Uint8Array(SIDE * SIDE).fill(128)));
  find('.ad-best').addEventListener('click', async () => {
    const answer = await askBest({});
    if (answer) put(numbersOf(answer.doodle, Uint8Array));
  });

  // In an address: each pixel in a letter, as long as the doodle has three levels.
  const LETTERS = {0: '0', 128: '1', 255: '2'};
  const packed = () => {
    const letters = [...state.levels].map((level) => LETTERS[level]).join('');
    return letters.length === SIDE * SIDE
      ? letters
          .match(/.{1,4}/g)
          .map((four) => Number.parseInt(four, 3).toString(36).padStart(2, '0'))
          .join('')
      : null;
  };
  remember(canvas, 'doodle', {
    get: packed,
    set(text) {
      const fours = (text ?? '').match(/[0-9a-z]{2}/g) ?? [];
      const letters = fours.map((two) => Number.parseInt(two, 36).toString(3).padStart(4, '0')).join('');
      if (/^[012]{784}$/.test(letters)) put([...letters].map((letter) => [0, 128, 255][letter]));
    },
  });
  onThemeChange(() => {
    if (state.seen) drawFlow();
  });

  const [from, to] = BEGIN.map((point) => point.map((value) => (value / SIDE) * PAPER));
  for (let i = 0; i <= 20; i++) dab(from.map((value, axis) => value + ((to[axis] - value) * i) / 20));
  drawDoodle();
  whenSeen(board, () => look(true));
}
