// Kantorovich-Rubinstein on a line: two distributions that can be pulled apart, and the best critic drawn over them.
import {button, capture, onRelease, stepOf, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {dual, masses} from './line.js';

export default function ({find}) {
  const [REACH, CELLS, WIDTH, FLOOR] = [2, 400, 0.14, 0.7];
  const FLAT = 0.35; // as high as f is drawn, so that all of it is seen
  const PRESETS = {
    'Side by side': {real: [-1.1, -0.5], fake: [0.5, 1.1]},
    'On each other': {real: [-0.6, 0.6], fake: [-0.6, 0.6]},
    'One of two modes': {real: [-0.9, 0.9], fake: [-0.9, -0.9]},
    'Around the real ones': {real: [-0.3, 0.3], fake: [-1.3, 1.3]},
  };
  const svg = find('.dual-line');
  let hills = {};
  let held = null;

  const at = (i) => ((i + 0.5) / CELLS) * 2 * REACH - REACH;
  const within = (x) => Math.max(-1.6, Math.min(1.6, x));
  const pathOf = (values, height) => values.map((value, i) => `${at(i).toFixed(4)} ${height(value).toFixed(4)}`);

  function draw() {
    const [p, q] = ['real', 'fake'].map((kind) => masses(hills[kind], WIDTH, REACH, CELLS));
    const {f, area, ofReal, ofFake} = dual(p, q, (2 * REACH) / CELLS);
    const hill = (kind, mass) =>
      html`<path class="dual-${kind}"
        d="M-2 ${FLOOR}L${pathOf(mass, (value) => FLOOR - 30 * value).join('L')}L2 ${FLOOR}Z"/>`;
    fill(find('.dual-hills'), [hill('real', p), hill('fake', q)]);
    find('.dual-f').setAttribute('d', `M${pathOf(f, (value) => -0.5 - FLAT * value).join('L')}`);
    const peak = f.indexOf(Math.max(...f));
    fill(
      find('.dual-words'),
      html`<text x="${Math.max(-1.9, Math.min(1.5, at(peak) + 0.05))}" y="${-0.56 - FLAT * f[peak]}">the best f</text>`,
    );
    drawArea(p, q);
    const numbers = {real: written(ofReal, 3), fake: written(ofFake, 3), gap: written(ofReal - ofFake, 3)};
    for (const [name, text] of Object.entries({...numbers, area: written(area, 3)}))
      find(`[data-number=${name}]`).textContent = text;
    drawHandles();
  }

  function drawArea(p, q) {
    const summed = (mass) => {
      let sum = 0;
      return mass.map((value) => {
        sum += value;
        return sum;
      });
    };
    const [first, second] = [p, q].map((mass) => pathOf(summed(mass), (value) => -value));
    fill(
      find('.dual-area'),
      html`<path class="dual-between" d="M${first.join('L')}L${[...second].reverse().join('L')}Z"/>
        <path class="dual-real" d="M${first.join('L')}"/><path class="dual-fake" d="M${second.join('L')}"/>`,
    );
  }

  // Made once for each choice, so that a dot keeps the focus while it is moved.
  function drawHandles() {
    const circles = svg.querySelectorAll('circle');
    if (circles.length) {
      for (const circle of circles) circle.setAttribute('cx', hills[circle.dataset.kind][circle.dataset.i]);
      return;
    }
    const names = {real: 'real', fake: 'generated'};
    const handle = (kind) =>
      hills[kind].map(
        (x, i) => html`<circle class="dual-${kind}" data-kind="${kind}" data-i="${i}" cx="${x}"
          cy="${FLOOR + (kind === 'real' ? 0 : 0.07)}" r="0.055" tabindex="0" role="slider" aria-valuemin="-1.6"
          aria-valuemax="1.6" aria-valuenow="${x}" aria-label="Hill ${i + 1} of ${names[kind]} points"/>`,
      );
    fill(find('.dual-handles'), [handle('real'), handle('fake')]);
  }

  function move({kind, i}, x) {
    hills[kind][i] = within(x);
    const circle = svg.querySelector(`circle[data-kind=${kind}][data-i="${i}"]`);
    circle.setAttribute('aria-valuenow', hills[kind][i].toFixed(2));
    draw();
  }

  const place = (event) => {
    const box = svg.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * 2 * REACH - REACH;
  };
  svg.addEventListener('pointerdown', (event) => {
    const {kind, i} = event.target.dataset;
    if (!kind) return;
    held = {kind, i};
    event.target.focus();
    capture(svg, event);
    event.preventDefault();
  });
  svg.addEventListener('pointermove', (event) => held && move(held, place(event)));
  onRelease(svg, () => {
    held = null;
  });
  svg.addEventListener('keydown', (event) => {
    const {kind, i} = event.target.dataset;
    const step = kind && stepOf(event);
    if (step) move({kind, i}, hills[kind][i] + 0.05 * (step[0] || step[1]));
  });

  for (const [title, preset] of Object.entries(PRESETS)) {
    const choose = () => {
      hills = structuredClone(preset);
      draw();
    };
    find('.dual-buttons').append(button(title, choose));
  }
  find('.dual-buttons button').click();
}
