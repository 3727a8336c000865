// The whole network from left to right, with the numbers of the visitor's cloud: of one of its points until the maximum
// over all points, of the cloud from there on.
import {makeCloud} from '../../frame/web/cloud.js';
import {hear, largest, numbersOf, onThemeChange, percent, slider, tell, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

export default function ({server, find, findAll, liveCaller, colour}) {
  const ask = liveCaller(server.flow);
  const cloud = makeCloud(find('.pw-cloud'));
  const SAYS = {
    x: ['n points', 'its place: x, y, z'],
    'T-Net': ['T-Net', 'one matrix A for the whole cloud, by a small PointNet'],
    'x A': ['Aligned', 'its place, times A'],
    '64 features': ['h begins', 'layers 3 → 64 → 64, the same for every point'],
    'T-Net of features': ['T-Net', 'one matrix for the features'],
    'after the T-Net': ['Aligned', 'its 64 features, times the matrix'],
    '128 features': ['h goes on', 'layers 64 → 64 → 128'],
    h: ['h ends', 'layer 128 → 1,024'],
    g: ['g', ''],
    γ: ['γ', 'layers 1,024 → 512 → 256'],
    classes: ['k classes', ''],
  };
  let last = null;
  let stages = null;
  let resting = 0;
  const point = slider(
    find('.pw-slider'),
    {id: 'pointnet-point', title: 'Point', low: 1, high: 1024, step: 1, value: 1, text: (value) => `${value}`},
    refresh,
  );

  // Values from their least to their greatest as light over dark, as many in a row as make a square of them.
  function drawStrip(canvas, values, won) {
    const wide = values.length === 3 ? 3 : 2 ** Math.ceil(Math.log2(Math.sqrt(values.length)));
    const side = values.length === 9 ? 3 : wide;
    Object.assign(canvas, {width: side, height: Math.ceil(values.length / side)});
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const pen = canvas.getContext('2d');
    values.forEach((value, i) => {
      const share = (value - low) / (high - low || 1);
      pen.fillStyle = won?.has(i) ? '#f08228' : `hsl(190 ${45 + 20 * share}% ${12 + 72 * share}%)`;
      pen.fillRect(i % side, Math.floor(i / side), 1, 1);
    });
  }

  function draw() {
    const [features, global] = ['h', 'g'].map((name) => stages.find((one) => one.name === name).values);
    const won = new Set();
    const isMax = last.query.symmetric === 'max';
    if (isMax)
      features.forEach((value, i) => {
        if (value >= global[i]) won.add(i);
      });
    const {classes} = last.answer;
    const card = ({name, size, values}) => {
      const [title, words] = SAYS[name];
      const ofAll = !(size.length === 2 && size[0] === last.wins.length);
      const said =
        name === 'g'
          ? isMax
            ? `the largest of each feature over all points; orange: the ${won.size} that this point won`
            : 'the sum of each feature over all points'
          : words;
      const numbers =
        values.length === 3 ? html`<small>${[...values].map((value) => written(value)).join(', ')}</small>` : '';
      const best = largest([...values]);
      const row = (value, i) => html`<tr class="${i === best ? 'pw-best' : ''}"><th>${classes[i].replace('_', ' ')}</th>
        <td>${percent(value, 1)}</td></tr>`;
      const shown =
        name === 'classes'
          ? html`<table>${[...values].map(row)}</table>`
          : html`<canvas data-name="${name}" aria-hidden="true"></canvas>`;
      return html`<li class="${ofAll ? 'pw-whole' : ''} ${name === 'classes' ? 'pw-classes' : ''}"><b>${title}</b>
        <code>${size.map((count) => count.toLocaleString('en')).join(' × ')}</code>${shown}${numbers}
        <small>${said}</small></li>`;
    };
    fill(find('.pw-flow'), stages.map(card));
    for (const canvas of findAll('.pw-flow canvas')) {
      const {name, values} = stages.find((one) => one.name === canvas.dataset.name);
      drawStrip(canvas, values, name === 'g' ? won : null);
    }
    find('.pw-said').textContent = isMax
      ? `Point ${point.value} has the largest value of ${won.size} of the 1,024 features` +
        `${won.size ? ': it is critical.' : ': without it the answer would be the same.'}`
      : 'In a sum every point counts.';
    drawCloud();
  }

  function drawCloud() {
    const chosen = point.value - 1;
    const [faint, accent] = [colour('--gallery-line'), colour('--gallery-second')];
    const each = (what) => Array.from({length: last.wins.length}, (_, i) => what(i));
    cloud.show(
      last.points,
      each((i) => (i === chosen ? accent : faint)),
      each((i) => (i === chosen ? 4 : 0.8)),
    );
  }

  async function refresh() {
    if (!last) return;
    const {query} = last;
    const answer = await ask({...query, number: point.value - 1});
    if (!answer || last.query !== query) return;
    stages = answer.stages.map((one) => ({...one, values: numbersOf(one.values, Float32Array)}));
    draw();
  }

  hear('pointnet:answer', (shown) => {
    const another = shown.title !== last?.title;
    last = shown;
    point.limit(1, shown.wins.length);
    if (another) point.set(1 + largest([...shown.wins])); // the one that decides most
    clearTimeout(resting);
    resting = setTimeout(refresh, stages ? 300 : 0);
  });
  onThemeChange(() => {
    if (stages) draw();
  });
  tell('pointnet:hello');
}
