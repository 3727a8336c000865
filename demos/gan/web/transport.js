// Two sets of points that can be dragged, matched by Python; two lines and their two distances.
import {capture, listed, onRelease, stepOf, unlisted, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {remember} from '../../frame/web/state.js';

export default function ({server, find, liveCaller}) {
  const plane = find('.transport-points');
  const offset = find('.transport-offset');
  const plot = find('.transport-plot');
  const askMatch = liveCaller(server.match);
  const askSlide = liveCaller(server.slide);
  const COUNT = 8;
  const NAMES = {real: 'Real', fake: 'Generated'};
  const sets = {real: [], fake: []};
  let partners = [];
  let curve = null;

  const within = (value) => Math.max(-1.1, Math.min(1.1, value));

  let last = 1; // of the minimal standard generator, which begins alike for all visitors
  function random() {
    last = (16807 * last) % 2147483647;
    return last / 2147483647;
  }
  function scatter(middle) {
    return Array.from({length: COUNT}, () =>
      [0, 1].map((axis) => within(middle[axis] + 0.45 * (random() + random() - 1))),
    );
  }

  // ---- the matching

  function draw() {
    const line = (_, i) => {
      const [x1, y1] = sets.real[i];
      const [x2, y2] = sets.fake[partners[i]];
      return html`<line x1="${x1}" y1="${-y1}" x2="${x2}" y2="${-y2}"/>`;
    };
    const circle =
      (kind) =>
      ([x, y], i) =>
        html`<circle class="transport-${kind}" data-kind="${kind}" data-i="${i}" cx="${x}" cy="${-y}" r="0.045"
          tabindex="0" role="img" aria-label="${NAMES[kind]} point ${i + 1}. The arrow keys move it"/>`;
    const focused = document.activeElement?.closest?.('circle');
    const {kind, i: number} = focused?.dataset || {};
    const kept = focused && plane.contains(focused) ? `[data-kind=${kind}][data-i="${number}"]` : null;
    fill(plane, html`${partners.map(line)}${sets.real.map(circle('real'))}${sets.fake.map(circle('fake'))}`);
    if (kept) plane.querySelector(kept).focus();
  }

  async function match() {
    draw();
    const answer = await askMatch(sets);
    if (!answer) return;
    partners = answer.partners;
    find('.transport-cost').textContent = written(answer.cost, 3);
    draw();
  }

  let held = null;
  function place(event) {
    const box = plane.getBoundingClientRect();
    return [
      (((event.clientX - box.left) / box.width) * 2 - 1) * 1.2,
      (1 - ((event.clientY - box.top) / box.height) * 2) * 1.2,
    ];
  }
  plane.addEventListener('pointerdown', (event) => {
    const {kind, i} = event.target.dataset;
    held = {from: place(event), moved: kind ? [sets[kind][i]] : sets.fake};
    held.began = held.moved.map((point) => [...point]);
    capture(plane, event);
    event.preventDefault();
  });
  plane.addEventListener('pointermove', (event) => {
    if (!held) return;
    const [x, y] = place(event);
    held.moved.forEach((point, i) => {
      point[0] = within(held.began[i][0] + x - held.from[0]);
      point[1] = within(held.began[i][1] + y - held.from[1]);
    });
    match();
  });
  onRelease(plane, () => {
    held = null;
  });
  plane.addEventListener('keydown', (event) => {
    const {kind, i} = event.target.dataset;
    const step = kind && stepOf(event);
    if (!step) return;
    sets[kind][i] = sets[kind][i].map((value, axis) => within(value + 0.05 * step[axis]));
    match();
  });
  remember(plane, 'points', {
    get: () => listed([...sets.real, ...sets.fake].flat()),
    set(text) {
      const to = unlisted(text, 4 * COUNT);
      if (!to) return;
      const points = Array.from({length: 2 * COUNT}, (_, i) => to.slice(2 * i, 2 * i + 2).map(within));
      [sets.real, sets.fake] = [points.slice(0, COUNT), points.slice(COUNT)];
      match();
    },
  });
  find('.transport-mix').addEventListener('click', () => {
    sets.real = scatter([-0.4, 0.3]);
    sets.fake = scatter([0.4, -0.3]);
    match();
  });
  find('.transport-collapse').addEventListener('click', () => {
    sets.fake = sets.fake.map(() => [...sets.fake[0]]);
    match();
  });

  // ---- the lines

  function drawLines() {
    const at = Number(offset.value);
    const spot = curve.offsets.findIndex((value) => Math.abs(value - at) < 1e-6);
    for (const [selector, x] of [
      ['.transport-lines .transport-real', 0],
      ['.transport-lines .transport-fake', at],
    ]) {
      find(selector).setAttribute('x1', x);
      find(selector).setAttribute('x2', x);
    }
    const [js, w] = curve.values[spot];
    find('.transport-at').textContent = written(at);
    find('figcaption .transport-js').textContent = written(js, 3);
    find('figcaption .transport-w').textContent = written(w);
    drawPlot(at, js, w);
  }

  function drawPlot(at, js, w) {
    const width = plot.clientWidth;
    const height = plot.clientHeight;
    const x = (value) => 40 + ((value + 1) / 2) * (width - 60);
    const y = (value) => height - 30 - value * (height - 60);
    const path = (index) => curve.offsets.map((value, i) => `${x(value)} ${y(curve.values[i][index])}`);
    const zero = curve.offsets.indexOf(0);
    const flat = path(0);
    const text = (words, left, top, anchor) =>
      html`<text x="${left}" y="${top}" text-anchor="${anchor}">${words}</text>`;
    const spot = (kind, left, top, r) => html`<circle class="transport-${kind}" cx="${left}" cy="${top}" r="${r}"/>`;
    fill(
      plot,
      html`<line x1="40" x2="${width - 20}" y1="${y(0)}" y2="${y(0)}"/>
      ${text('0', x(0), height - 8, 'middle')}${text('0', 32, y(0) + 5, 'end')}${text('1', 32, y(1) + 5, 'end')}
      <path class="transport-js" d="M${flat.slice(0, zero).join('L')}M${flat.slice(zero + 1).join('L')}"
        style="fill:none"/>
      <path class="transport-w" d="M${path(1).join('L')}" style="fill:none"/>
      ${spot('js', x(0), y(0), 5)}${spot('js', x(at), y(js), 6)}${spot('w', x(at), y(w), 6)}
      ${text('Jensen–Shannon, log 2', x(0) - 16, y(Math.log(2)) - 8, 'end')}
      ${text('Wasserstein', x(1) - 6, y(1) - 8, 'end')}`,
    );
  }
  offset.addEventListener('input', drawLines);
  new ResizeObserver(() => curve && drawLines()).observe(plot);

  find('.transport-mix').click();
  askSlide({}).then((answer) => {
    curve = answer;
    if (curve) drawLines();
  });
}
