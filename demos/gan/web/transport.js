// Two sets of points that can be dragged, matched by Python; two lines and their two distances.
import {written} from '../../frame/web/controls.js';

export default function ({server, find, liveCaller}) {
  const plane = find('.transport-points'), offset = find('.transport-offset'), plot = find('.transport-plot');
  const askMatch = liveCaller(server.match), askSlide = liveCaller(server.slide);
  const COUNT = 8, sets = {real: [], fake: []};
  let partners = [], curve = null;

  const within = (value) => Math.max(-1.1, Math.min(1.1, value));

  function scatter(middle) {
    return Array.from({length: COUNT}, () => [0, 1].map((axis) => within(middle[axis] + 0.45 * (Math.random() + Math.random() - 1))));
  }

  // ---- the matching

  function draw() {
    const line = (i) => `<line x1="${sets.real[i][0]}" y1="${-sets.real[i][1]}" x2="${sets.fake[partners[i]][0]}" y2="${-sets.fake[partners[i]][1]}"/>`;
    const circle = (kind) => ([x, y], i) => `<circle class="transport-${kind}" data-kind="${kind}" data-i="${i}" cx="${x}" cy="${-y}" r="0.045" tabindex="0"/>`;
    const focused = document.activeElement?.closest?.('circle');
    const kept = focused && plane.contains(focused) ? `[data-kind=${focused.dataset.kind}][data-i="${focused.dataset.i}"]` : null;
    plane.innerHTML = partners.map((_, i) => line(i)).join('') + sets.real.map(circle('real')).join('') + sets.fake.map(circle('fake')).join('');
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
    return [((event.clientX - box.left) / box.width * 2 - 1) * 1.2, (1 - (event.clientY - box.top) / box.height * 2) * 1.2];
  }
  plane.addEventListener('pointerdown', (event) => {
    const {kind, i} = event.target.dataset;
    held = {from: place(event), moved: kind ? [sets[kind][i]] : sets.fake};
    held.began = held.moved.map((point) => [...point]);
    plane.setPointerCapture(event.pointerId);
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
  for (const end of ['pointerup', 'pointercancel']) plane.addEventListener(end, () => { held = null; });
  plane.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: [-0.05, 0], ArrowRight: [0.05, 0], ArrowUp: [0, 0.05], ArrowDown: [0, -0.05]}[event.key];
    const {kind, i} = event.target.dataset;
    if (!step || !kind) return;
    event.preventDefault();
    sets[kind][i] = sets[kind][i].map((value, axis) => within(value + step[axis]));
    match();
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
    const at = Number(offset.value), spot = curve.offsets.findIndex((value) => Math.abs(value - at) < 1e-6);
    for (const [selector, x] of [['.transport-lines .transport-real', 0], ['.transport-lines .transport-fake', at]]) {
      find(selector).setAttribute('x1', x);
      find(selector).setAttribute('x2', x);
    }
    const [js, w] = curve.values[spot];
    find('.transport-at').textContent = written(at);
    find('figcaption .transport-js').textContent = written(js, 3);
    find('figcaption .transport-w').textContent = written(w);
    const width = plot.clientWidth, height = plot.clientHeight, x = (value) => 40 + (value + 1) / 2 * (width - 60), y = (value) => height - 30 - value * (height - 60);
    const path = (index) => curve.offsets.map((value, i) => `${x(value)} ${y(curve.values[i][index])}`);
    const zero = curve.offsets.indexOf(0), flat = path(0);
    plot.innerHTML = `<line x1="40" x2="${width - 20}" y1="${y(0)}" y2="${y(0)}"/><text x="${x(0)}" y="${height - 8}" text-anchor="middle">0</text>
      <text x="32" y="${y(0) + 5}" text-anchor="end">0</text><text x="32" y="${y(1) + 5}" text-anchor="end">1</text>
      <path class="transport-js" d="M${flat.slice(0, zero).join('L')}M${flat.slice(zero + 1).join('L')}" style="fill:none"/>
      <path class="transport-w" d="M${path(1).join('L')}" style="fill:none"/>
      <circle class="transport-js" cx="${x(0)}" cy="${y(0)}" r="5"/><circle class="transport-js" cx="${x(at)}" cy="${y(js)}" r="6"/><circle class="transport-w" cx="${x(at)}" cy="${y(w)}" r="6"/>
      <text x="${x(0) - 16}" y="${y(Math.log(2)) - 8}" text-anchor="end">Jensen–Shannon, log 2</text><text x="${x(1) - 6}" y="${y(1) - 8}" text-anchor="end">Wasserstein</text>`;
  }
  offset.addEventListener('input', drawLines);
  new ResizeObserver(() => curve && drawLines()).observe(plot);

  find('.transport-mix').click();
  askSlide({}).then((answer) => {
    curve = answer;
    if (curve) drawLines();
  });
}
