// A training from nothing: asks for a slice, draws what came of it, asks again. Nothing runs while nobody asks.
import {CLASS_COLOURS, choices, numbersOf, onThemeChange, slider, thickness} from '../../frame/web/controls.js';
import {fill, html, made} from '../../frame/web/html.js';
import {training} from '../../frame/web/training.js';

export default function ({first, server, board, find, liveCaller, loaded, colour}) {
  const LASTS = 10_000; // milliseconds of one press
  const askBegin = liveCaller(server.begin);
  const askAdvance = liveCaller(server.advance);
  const play = find('.ae-lab-play');
  const settings = {data: 'digits'};
  const state = {run: null, history: [], labels: null, seen: null, pca: null};

  const rows = ['Pictures', 'Autoencoder', 'PCA'].map((title) => {
    const row = made(html`<div class="ae-lab-row"><span>${title}</span>
      <canvas class="pixels" width="280" height="28" role="img" aria-label="${title}"></canvas></div>`);
    find('.ae-lab-rows').append(row);
    return row.querySelector('canvas').getContext('2d');
  });

  choices(
    find('.ae-lab-data'),
    {digits: 'Digits', garments: 'Garments'},
    () => settings.data,
    (data) => {
      settings.data = data;
      begin();
    },
  );
  for (const {name, label: title, low, high, step, value} of first.numbers) {
    settings[name] = value;
    const id = `ae-lab-${name}`;
    slider(find('.ae-lab-numbers'), {id, title, low, high, step, value}, (chosen) => {
      settings[name] = chosen;
      begin();
    });
  }

  // ---- what is seen

  function drawMap() {
    const {seen, labels} = state;
    const canvas = find('.ae-lab-map');
    const pen = canvas.getContext('2d');
    const size = canvas.width;
    const codes = numbersOf(seen.codes, Float32Array);
    const [low, high] = [
      [Infinity, Infinity],
      [-Infinity, -Infinity],
    ];
    codes.forEach((value, i) => {
      low[i % 2] = Math.min(low[i % 2], value);
      high[i % 2] = Math.max(high[i % 2], value);
    });
    const at = (value, axis) => 16 + ((value - low[axis]) / Math.max(1e-6, high[axis] - low[axis])) * (size - 32);
    pen.clearRect(0, 0, size, size);
    for (let i = 0; i < codes.length; i += 2) {
      pen.fillStyle = CLASS_COLOURS[labels[i / 2]];
      pen.beginPath();
      pen.arc(at(codes[i], 0), size - at(codes[i + 1], 1), 4 * thickness(), 0, 7);
      pen.fill();
    }
  }

  function drawCurve() {
    const top = 2 * state.pca; // where it begins is far above
    const height = (value) => Math.max(0, 100 - (value / top) * 100);
    const spots = state.history.map(
      (value, i) => `${(i / Math.max(1, state.history.length - 1)) * 100} ${height(value)}`,
    );
    const line = height(state.pca);
    fill(
      find('.ae-lab-curve'),
      html`<path d="M0 ${line}H100" stroke="${colour('--gallery-second')}" stroke-dasharray="6 5"/>
      <path d="M${spots.join('L')}" stroke="${colour('--gallery-first')}"/>`,
    );
  }

  async function show(seen) {
    state.seen = seen;
    state.history.push(seen.error);
    if (state.history.length > 1000) state.history = state.history.filter((_, i) => i % 2 === 0);
    find('.ae-lab-at').textContent = seen.step.toLocaleString('en');
    find('.ae-lab-error').textContent = seen.error.toFixed(2);
    board.classList.toggle('below', seen.error < state.pca);
    drawCurve();
    drawMap();
    rows[1].drawImage(await loaded(seen.sheet), 0, 0);
  }

  // ---- training

  async function begin() {
    lesson.stop();
    const answer = await askBegin(settings);
    if (!answer) return;
    state.run = answer.run;
    state.history = [];
    state.pca = answer.pca.error;
    state.labels = numbersOf(answer.labels, Uint8Array);
    find('.ae-lab-pca').textContent = answer.pca.error.toFixed(2);
    rows[0].drawImage(await loaded(answer.true), 0, 0);
    rows[2].drawImage(await loaded(answer.pca.sheet), 0, 0);
    await show(answer.seen);
  }

  async function step(rounds) {
    const {run} = state;
    const answer = run && (await askAdvance({run, rounds}));
    if (!answer || run !== state.run) return false;
    await show(answer.seen);
    return true;
  }

  const lesson = training(board, {
    play,
    one: find('.ae-lab-step'),
    lasts: LASTS,
    again: 'Ten seconds more',
    begin,
    step,
  });
  find('.ae-lab-again').addEventListener('click', async () => {
    await begin();
    play.textContent = 'Train for ten seconds';
  });
  onThemeChange(() => {
    if (state.seen) drawCurve();
  });
}
