// What PointNet computes on the way: which points decide, which could be added without being noticed, the aligned
// cloud, the global feature. All of it follows the playground, and turns with it.

import {byHeight, makeCloud, unpacked} from '../../frame/web/cloud.js';
import {hear, onThemeChange, tell} from '../../frame/web/controls.js';

export default function ({server, find, findAll, liveCaller}) {
  const askUpper = liveCaller(server.upper_bound);
  const clouds = Object.fromEntries(
    ['critical', 'upper', 'aligned'].map((name) => [name, makeCloud(find(`.pi-${name}`))]),
  );
  let last = null;
  let upper = null;
  let resting = 0;

  function draw() {
    const {points, wins, answer, query} = last;
    const aligned = unpacked(answer.aligned);
    const kept = [];
    for (let i = 0; i < wins.length; i++) if (wins[i]) kept.push(...points.subarray(3 * i, 3 * i + 3));
    const critical = Float32Array.from(kept);
    clouds.critical.show(critical, byHeight(critical));
    clouds.aligned.show(aligned, byHeight(points));
    find('img').src = answer.features;
    find('figcaption').textContent =
      `${critical.length / 3} of ${wins.length} points have the largest value of a feature. ` +
      (query.symmetric === 'max' ? 'The others could be left out.' : 'Yet in a sum every point counts.');
  }

  async function drawUpper() {
    const {query} = last;
    const answer = await askUpper(query);
    if (!answer || last.query !== query) return;
    upper = unpacked(answer.points);
    clouds.upper.show(upper, byHeight(upper));
    findAll('figcaption')[1].textContent =
      `${answer.count.toLocaleString('en')} points of a grid that could all be added, and the answer stays the same.`;
  }

  hear('pointnet:answer', (shown) => {
    last = shown;
    draw();
    clearTimeout(resting);
    resting = setTimeout(drawUpper, 700);
  });
  onThemeChange(() => {
    if (last) draw();
    if (upper) clouds.upper.show(upper, byHeight(upper));
  });
  tell('pointnet:hello');
}
