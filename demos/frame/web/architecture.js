// A network as boxes in the order in which its layers run: as tall as the maps are large, as wide as they are many.
// What skips a layer is an arc. A click on a box says what it is and where in the code it is made.
import {whenSeen} from './controls.js';
import {fill, html} from './html.js';

const STEP = 58; // from box to box
const BASE = 168; // middle line of the boxes
const ARC = 26; // how much higher an arc is for each doubling of its length

const size = (value) => Math.log2(1 + value);

// How many numbers a layer gives: channels of a map, or units, or features of points.
function measured({shape}) {
  if (shape.length === 3) return {many: shape[0], high: shape[1], below: `${shape[1]}×${shape[2]}`};
  if (shape.length === 2) return {many: shape[1], high: shape[0], below: `of ${shape[0]}`};
  return {many: shape[0] ?? 1, high: 1, below: ''};
}

function box(layer, i) {
  const {many, high, below} = measured(layer);
  const width = 4 + 3.6 * size(many);
  const height = 10 + 11 * size(high);
  const x = i * STEP + STEP / 2;
  const times = layer.times > 1 ? ` ×${layer.times}` : '';
  const kind = layer.weights ? 'layer' : 'layer plain';
  return html`<g class="${kind}" role="button" tabindex="0" data-i="${i}" aria-pressed="false"
      aria-label="${layer.name}: ${layer.kind}${times}, gives ${layer.shape.join(' × ') || 'one number'}">
    <rect class="touch" x="${x - STEP / 2}" y="${BASE - 80}" width="${STEP}" height="180"></rect>
    <rect class="box" x="${x - width / 2}" y="${BASE - height / 2}" width="${width}" height="${height}" rx="2"></rect>
    <text class="channels" x="${x}" y="${BASE - height / 2 - 7}">${many}${times}</text>
    <text x="${x}" y="${BASE + height / 2 + 16}">${below}</text></g>`;
}

function edges(layers) {
  const halves = layers.map((layer) => {
    const {many, high} = measured(layer);
    return [2 + 1.8 * size(many), 5 + 5.5 * size(high)];
  });
  return layers.flatMap((layer, i) =>
    (layer.sources.length ? layer.sources : [-1]).map((source) => {
      const end = i * STEP + STEP / 2 - halves[i][0];
      if (source === i - 1 || source < 0) {
        const start = source < 0 ? end - 14 : source * STEP + STEP / 2 + halves[source][0];
        return html`<path class="edge" d="M${start} ${BASE}H${end}" marker-end="url(#arrow)"></path>`;
      }
      const from = source * STEP + STEP / 2;
      const to = i * STEP + STEP / 2;
      const [top, goal] = [BASE - halves[source][1] - 22, BASE - halves[i][1] - 22];
      const peak = Math.min(top, goal) - ARC * Math.log2(i - source);
      return html`<path class="edge skip" d="M${from} ${top}C${from} ${peak} ${to} ${peak} ${to} ${goal}"></path>`;
    }),
  );
}

// The attribute that holds a layer: the last word of its path, or of what is around it.
const part = ({name}) =>
  name
    .split('.')
    .filter((word) => Number.isNaN(Number(word)))
    .at(-1) ?? name;

function parts(layers) {
  const runs = [];
  layers.forEach((layer, i) => {
    if (runs.at(-1)?.name === part(layer)) runs.at(-1).last = i;
    else runs.push({name: part(layer), first: i, last: i});
  });
  return runs.map(({name, first, last}, k) => {
    const y = BASE + 92 + 20 * (k % 2);
    const x = first * STEP + 6;
    return html`<path class="rule" d="M${x} ${y - 14}H${(last + 1) * STEP - 6}"></path>
      <text class="part" x="${x}" y="${y}">${name}</text>`;
  });
}

export default function ({server, board, find, liveCaller}) {
  const ask = liveCaller(server.describe_network);
  const flow = find('.architecture-flow');
  let layers = [];
  let repository = '';

  function choose(i) {
    const layer = layers[i];
    for (const one of flow.querySelectorAll('.layer')) one.setAttribute('aria-pressed', one.dataset.i === String(i));
    const place = `${layer.file}:${layer.line}`;
    const where = repository
      ? html`<a href="${repository}${layer.file}#L${layer.line}" target="_blank" rel="noopener">${place}</a>`
      : html`<code>${place}</code>`;
    const gives = layer.shape.length ? layer.shape.join(' × ') : 'one number';
    const many = layer.times > 1 ? `${layer.times} of them in a row, ` : '';
    const learned = layer.weights ? `${layer.weights.toLocaleString('en')} weights` : 'nothing to learn';
    fill(
      find('.architecture-layer'),
      html`<h3>${layer.name}</h3><p>${layer.kind}${layer.detail ? `(${layer.detail})` : ''}</p>
        <p>${many}gives ${gives}; ${learned}. Made in ${where}:</p><pre tabindex="0"><code>${layer.code}</code></pre>`,
    );
  }

  async function draw() {
    const answer = await ask({});
    if (!answer) return;
    ({layers, repository} = answer);
    const width = layers.length * STEP + 12;
    const highest = Math.max(...layers.flatMap(({sources}, i) => sources.map((source) => Math.log2(i - source))));
    const top = Math.min(60, 70 - ARC * highest * 0.75);
    fill(
      flow,
      html`<svg viewBox="-6 ${top} ${width} ${BASE + 122 - top}" role="group" aria-label="Layers of the network"
          style="min-width: ${0.82 * width}px; max-width: ${1.35 * width}px">
        <marker id="arrow" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="5" markerHeight="5" orient="auto">
          <path d="M0 0 6 3 0 6z" fill="currentColor"></path></marker>
        ${edges(layers)}${parts(layers)}${layers.map(box)}</svg>`,
    );
    choose(0);
  }

  flow.addEventListener('click', (event) => {
    const layer = event.target.closest('.layer');
    if (layer) choose(Number(layer.dataset.i));
  });
  flow.addEventListener('keydown', (event) => {
    const layer = event.target.closest('.layer');
    if (!layer) return;
    const way = {ArrowRight: 1, ArrowLeft: -1, Enter: 0, ' ': 0}[event.key];
    if (way === undefined) return;
    event.preventDefault();
    const i = Math.min(Math.max(Number(layer.dataset.i) + way, 0), layers.length - 1);
    flow.querySelector(`.layer[data-i="${i}"]`).focus();
    choose(i);
  });
  whenSeen(board, draw);
}
