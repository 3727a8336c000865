// The same points in another order, for PointNet and for a network that reads them as one long list.
import {scaled} from '../../frame/web/cloud.js';
import {numbersOf, onThemeChange} from '../../frame/web/controls.js';

export default function ({server, find, liveCaller}) {
  const askShuffle = liveCaller(server.shuffle), askDifferences = liveCaller(server.differences);
  const list = find('canvas').getContext('2d');
  let last = null, order = null, largest = null, seed = 0;

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
    const best = probabilities.indexOf(Math.max(...probabilities)), section = find(`[data-name=${name}]`);
    section.querySelector('.ps-says').textContent = `${classes[best].replace('_', ' ')}, ${(100 * probabilities[best]).toFixed(1)} %`;
    section.querySelector('.ps-line').innerHTML = line;
  }

  // A difference as it is set: 2.4 × 10⁻⁷.
  function tiny(value) {
    if (value >= 0.001 || value === 0) return value.toFixed(value ? 3 : 0);
    const [digits, power] = value.toExponential(1).split('e-');
    return `${digits} × 10<sup>−${power}</sup>`;
  }

  async function ask(shuffled) {
    const query = last.query, answer = await askShuffle({...query, seed, shuffled});
    if (!answer || last.query !== query) return;
    order = shuffled ? numbersOf(answer.order, Uint16Array) : null;
    drawList();
    for (const name of ['pointnet', 'flat'])
      says(name, answer.says[name], answer.classes, shuffled ? line(name) : 'The points from the lowest to the highest.');
    if (!shuffled || largest) return;
    const found = await askDifferences(query);
    if (!found || last.query !== query) return;
    largest = found.largest;
    for (const name of ['pointnet', 'flat']) find(`[data-name=${name}] .ps-line`).innerHTML = line(name);
  }

  const line = (name) => largest
    ? `Over 100 other orders of these points, a probability changes by <b class="ps-largest">${tiny(largest[name])}</b> at most.`
    : 'Trying 100 other orders …';

  find('.ps-shuffle').addEventListener('click', () => { if (last) { seed += 1; ask(true); } });
  find('.ps-back').addEventListener('click', () => { if (last) ask(false); });
  let resting = 0;
  document.addEventListener('pointnet:answer', ({detail}) => {
    last = detail;
    order = largest = null;
    drawList();
    clearTimeout(resting);
    resting = setTimeout(() => ask(false), 500);
  });
  onThemeChange(() => { if (last) drawList(); });
  document.dispatchEvent(new CustomEvent('pointnet:hello'));
}
