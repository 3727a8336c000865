// Digits move into the plane while a network learns. Asks for a slice, draws it, asks again; settings count at once.
import {
  CLASS_COLOURS,
  choices,
  numbersOf,
  onThemeChange,
  percent,
  slider,
  thickness,
} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {training} from '../../frame/web/training.js';
import {line} from './shared.js';

export default function ({first, server, board, find, liveCaller, colour}) {
  const LASTS = 60_000; // milliseconds of one press
  const ARROW = 0.1; // of a force, as a part of the plane's width for the strongest
  const askBegin = liveCaller(server.begin);
  const askAdvance = liveCaller(server.advance);
  const settings = {loss: 'slide', mining: 'random', negatives: true};
  const state = {run: null, labels: null, seen: null};

  choices(find('.si-losses-choice'), first.losses, () => settings.loss, change('loss'));
  choices(find('.si-mining'), first.mining, () => settings.mining, change('mining'));
  find('.si-alone').addEventListener('change', ({target}) => change('negatives')(!target.checked));
  for (const {name, label: title, low, high, step, value} of first.numbers) {
    settings[name] = value;
    slider(find('.si-margin-lab'), {id: `si-lab-${name}`, title, low, high, step, value}, change(name));
  }

  // Settings count from the next update on; while nothing runs, the pairs are shown as they now are.
  function change(name) {
    return (value) => {
      settings[name] = value;
      if (state.run && !lesson.runs()) step(0);
    };
  }

  function drawMap() {
    const {seen, labels} = state;
    const canvas = find('.si-map');
    const pen = canvas.getContext('2d');
    const size = canvas.width;
    const [points, batch, forces] = ['points', 'batch', 'forces'].map((name) => numbersOf(seen[name], Float32Array));
    const reach = Math.max(0.5, ...points.map(Math.abs), ...batch.map(Math.abs)) * 1.08;
    const at = (value) => ((value / reach + 1) * size) / 2;
    pen.clearRect(0, 0, size, size);
    for (let i = 0; i < points.length; i += 2) {
      pen.fillStyle = CLASS_COLOURS[labels[i / 2]];
      pen.beginPath();
      pen.arc(at(points[i]), size - at(points[i + 1]), 4 * thickness(), 0, 7);
      pen.fill();
    }
    const strongest = Math.max(1e-6, ...forces.map(Math.abs));
    pen.strokeStyle = colour('--body-text-color');
    pen.lineWidth = 1.5;
    for (let i = 0; i < batch.length; i += 2) {
      const [x, y] = [at(batch[i]), size - at(batch[i + 1])];
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(x + (ARROW * size * forces[i]) / strongest, y - (ARROW * size * forces[i + 1]) / strongest);
      pen.stroke();
    }
  }

  function drawCurve() {
    const {at: places, height, curve, active} = state.seen;
    const [xs, ys] = curve;
    const [low, high] = [xs[0], xs.at(-1)];
    const top = Math.max(...ys, 1e-6);
    const x = (value) => 10 + (380 * (Math.min(high, Math.max(low, value)) - low)) / (high - low);
    const y = (cost) => 205 - 190 * Math.min(1, cost / top);
    const costs = numbersOf(height, Float32Array);
    const dots = [...numbersOf(places, Float32Array)].map(
      (place, i) => html`<circle class="${costs[i] > 0 ? '' : 'flat'}" r="4" cx="${x(place)}" cy="${y(costs[i])}"/>`,
    );
    fill(find('.si-flat'), [html`<path d="${line(xs, ys, x, y)}"/>`, ...dots]);
    const what = settings.loss === 'triplets' ? 'triplets' : 'negatives';
    find('.si-flat-words').textContent = settings.negatives
      ? `${percent(1 - active)} of these ${what} lie where the loss is flat: they teach nothing.`
      : 'No negatives: nothing pushes.';
  }

  function show(seen) {
    state.seen = seen;
    find('.si-at').textContent = seen.step.toLocaleString('en');
    find('.si-right').textContent = percent(seen.right);
    board.dataset.imploded = seen.imploded;
    find('.si-state').textContent = !seen.imploded
      ? ''
      : seen.step === 0
        ? ''
        : settings.negatives
          ? 'Imploded: all points are one, where negatives hardly push. Switch to random or semi-hard negatives.'
          : 'Imploded: positive pairs alone are happiest when everything is one point.';
    drawMap();
    drawCurve();
  }

  async function step(rounds) {
    const {run} = state;
    const answer = run && (await askAdvance({run, rounds, ...settings}));
    if (!answer || run !== state.run) return false;
    show(answer.seen);
    return true;
  }

  async function begin() {
    lesson.stop();
    const answer = await askBegin({...settings, seed: 0});
    if (!answer) return;
    state.run = answer.run;
    state.labels = numbersOf(answer.labels, Uint8Array);
    show(answer.seen);
  }

  const lesson = training(board, {
    play: find('.si-play'),
    one: find('.si-step'),
    lasts: LASTS,
    again: 'Train',
    begin,
    step,
  });
  find('.si-again').addEventListener('click', begin);
  onThemeChange(() => {
    if (state.seen) drawMap();
  });
}
