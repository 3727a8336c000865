// The same points in another order, for PointNet and for a network that reads them as one long list.

import {scaled} from '../../frame/web/cloud.js';
import {hear, largest, numbersOf, onThemeChange, percent, rememberSeed, tell} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

export default function ({server, find, liveCaller}) {
  const askShuffle = liveCaller(server.shuffle);
  const askDifferences = liveCaller(server.differences);
  const list = find('canvas').getContext('2d');
  let last = null;
  let order = null;
  let differences = null;
  let seed = 0;

  // A square a point, coloured by its place in the list at first.
  function drawList() {
    const count = last.points.length / 3;
    list.clearRect(0, 0, 32, 32);
    for (let i = 0; i < count; i++) {
      list.fillStyle = scaled((order ? order[i] : i) / count);
      list.fillRect(i % 32, Math.floor(i / 32), 1, 1);
    }
  }

  function says(name, probabilities, classes, line) {
    const best = largest(probabilities);
    const said = `${classes[best].replace('_', ' ')}, ${percent(probabilities[best], 1)}`;
    find(`[data-name=${name}] .ps-says`).textContent = said;
    fill(find(`[data-name=${name}] .ps-line`), line);
  }

  // A difference as it is set: 2.4 × 10⁻⁷.
  function tiny(value) {
    if (value >= 0.001 || value === 0) return html`${value.toFixed(value ? 3 : 0)}`;
    const [digits, power] = value.toExponential(1).split('e-');
    return html`${digits} × 10<sup>−${power}</sup>`;
  }

  async function ask(shuffled) {
    const query = last.query;
    const answer = await askShuffle({...query, seed, shuffled});
    if (!answer || last.query !== query) return;
    order = shuffled ? numbersOf(answer.order, Uint16Array) : null;
    drawList();
    const sorted = html`The points from the lowest to the highest.`;
    for (const name of ['pointnet', 'flat'])
      says(name, answer.says[name], answer.classes, shuffled ? line(name) : sorted);
    if (!shuffled || differences) return;
    const found = await askDifferences(query);
    if (!found || last.query !== query) return;
    differences = found.largest;
    for (const name of ['pointnet', 'flat']) fill(find(`[data-name=${name}] .ps-line`), line(name));
  }

  const line = (name) =>
    differences
      ? html`Over 100 other orders of these points, a probability changes by
      <b class="ps-largest">${tiny(differences[name])}</b> at most.`
      : html`Trying 100 other orders …`;

  let resting = 0;
  function shuffle(number) {
    clearTimeout(resting);
    seed = number;
    if (last) ask(true);
  }
  find('.ps-shuffle').addEventListener('click', () => shuffle(seed + 1));
  rememberSeed(find('.ps-shuffle'), () => (order ? seed : null), shuffle);
  find('.ps-back').addEventListener('click', () => {
    clearTimeout(resting);
    if (last) ask(false);
  });
  hear('pointnet:answer', (shown) => {
    last = shown;
    order = differences = null;
    drawList();
    clearTimeout(resting);
    resting = setTimeout(() => ask(false), 500);
  });
  onThemeChange(() => {
    if (last) drawList();
  });
  tell('pointnet:hello');
}
