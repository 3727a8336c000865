// The playground of PointNet: a cloud, what the sliders do to it, and what the network says.
// Says what it has shown as 'pointnet:answer' to the other boards of the tab.
import {byHeight, makeCloud, scaled, unpacked, upright} from '../../frame/web/cloud.js';
import {numbersOf, onThemeChange, saveFile, written} from '../../frame/web/controls.js';

export default function ({element, first, server, board, find, say, liveCaller, colour}) {
  const {sliders, sides, kinds, symmetric} = first;
  const askLook = liveCaller(server.look), askParts = liveCaller(server.parts);
  const COLOURS = {height: 'Height', part: 'Part', critical: 'Critical points', wins: 'Features won', file: 'Own colours'};
  const PARTS = ['--gallery-first', '--gallery-second', '--gallery-third', '--gallery-good'];
  const READ_AS = {chair: 'chair', table: 'table', desk: 'table', bed: 'bed', sofa: 'bed'};  // class -> kind with parts
  const cloud = makeCloud(find('.pn-stage canvas'));
  const state = {symmetric: 'max', side: 'left', up: 'z'};
  let base = null, last = null, parts = null, colouring = 'height', kind = null, asked = 0;

  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, {detail}));

  async function refresh() {
    if (!base) return;
    const query = {...state, cloud: base.cloud}, turn = ++asked;
    board.ariaBusy = 'true';
    const answer = await askLook(query);
    if (answer) {
      last = {
        query, answer, title: base.title,
        points: unpacked(answer.points), source: numbersOf(answer.source, Int16Array), wins: numbersOf(answer.wins, Uint16Array),
      };
      if (colouring === 'part') await refreshParts();
      draw();
      tell('pointnet:answer', last);
    }
    board.ariaBusy = turn !== asked;
  }

  async function refreshParts() {
    const {query, answer} = last, best = answer.classes[winner(answer.probabilities)];
    const read = kind || (kinds.includes(base.title) ? base.title : READ_AS[best] || kinds[0]);
    const found = await askParts({...query, kind: read});
    if (found) parts = {...found, read, labels: numbersOf(found.labels, Uint8Array)};
  }

  const winner = (values) => values.indexOf(Math.max(...values));

  // ---- the cloud and its colours

  function paint() {
    const {points, source, wins} = last, count = wins.length, each = (what) => Array.from({length: count}, (_, i) => what(i));
    const faint = colour('--gallery-line');
    if (colouring === 'part' && parts?.labels.length === count) {
      const palette = PARTS.map(colour);
      return [each((i) => palette[parts.labels[i]])];
    }
    if (colouring === 'critical') {
      const accent = colour('--gallery-second');
      return [each((i) => wins[i] ? accent : faint), each((i) => wins[i] ? 1.25 : 0.8)];
    }
    if (colouring === 'wins') {
      const most = Math.max(...wins);
      return [each((i) => wins[i] ? scaled(wins[i] / most) : faint), each((i) => 0.7 + 2.2 * Math.sqrt(wins[i] / most))];
    }
    if (colouring === 'file' && base.colours) {
      const own = numbersOf(base.colours, Uint8Array);
      return [each((i) => source[i] < 0 ? faint : `rgb(${own.subarray(3 * source[i], 3 * source[i] + 3).join()})`)];
    }
    const heights = byHeight(points), bad = colour('--gallery-bad');
    return [each((i) => source[i] < 0 ? bad : heights[i])];
  }

  function draw() {
    cloud.show(last.points, ...paint());
    drawLegend();
    drawAnswer();
  }

  const dot = (name, text) => `<span><i style="background: var(${name})"></i>${text}</span>`;
  const ramp = () => `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map(scaled).join(', ')})`;

  function drawLegend() {
    const {wins, source} = last, critical = wins.filter((won) => won).length, outliers = source.filter((at) => at < 0).length;
    const legend = find('.pn-legend');
    if (colouring === 'part' && parts) {
      legend.innerHTML = '<label>Read as <select></select></label>' + parts.names.map((name, i) => dot(PARTS[i], name)).join('')
        + '<span>by a network trained on made shapes</span>';
      const select = legend.querySelector('select');
      select.innerHTML = kinds.map((name) => `<option${name === parts.read ? ' selected' : ''}>${name}</option>`).join('');
      select.addEventListener('change', () => { kind = select.value; refresh(); });
    } else if (colouring === 'critical') {
      legend.innerHTML = dot('--gallery-second', `${critical} of ${wins.length} points have the largest value of a feature: ${last.query.symmetric === 'max' ? 'they decide' : 'yet in a sum all count'}`);
    } else if (colouring === 'wins') {
      legend.innerHTML = `<span>1 feature</span><span class="pn-ramp" style="background: ${ramp()}"></span><span>${Math.max(...wins)} of 1,024 features won by one point</span>`;
    } else {
      legend.innerHTML = `<span>${wins.length.toLocaleString('en')} points</span>`
        + (outliers && colouring === 'height' ? dot('--gallery-bad', `${outliers} outliers`) : '');
    }
  }

  // ---- the answer

  const rows = [];
  function drawAnswer() {
    const {classes, probabilities, strangeness} = last.answer, best = winner(probabilities), strange = strangeness > 1;
    const name = classes[best].replace('_', ' ');
    if (!rows.length) {
      for (const title of classes) {
        const row = document.createElement('tr');
        row.innerHTML = `<th scope="row">${title.replace('_', ' ')}</th><td><i></i><span></span></td>`;
        find('.pn-bars tbody').append(row);
        rows.push(row);
      }
    }
    find('.pn-answer').classList.toggle('pn-strange', strange);
    find('.pn-verdict').textContent = strange ? 'Unlike anything I was trained on' : `${name}, ${percent(probabilities[best])}`;
    find('.pn-sub').textContent = strange
      ? `Strangeness ${strangeness.toFixed(2)}: what I know stays below 1. The bars only say which of my ten classes is nearest.`
      : `Strangeness ${strangeness.toFixed(2)}: below 1, so it is like what I was trained on.`;
    probabilities.forEach((share, label) => {
      rows[label].classList.toggle('pn-best', label === best);
      rows[label].querySelector('i').style.transform = `scaleX(${share})`;
      rows[label].querySelector('span').textContent = percent(share);
    });
    speak();
  }

  let speaking = 0;
  function speak() {  // for screen readers, once the sliders rest
    clearTimeout(speaking);
    speaking = setTimeout(() => { find('.pn-spoken').textContent = find('.pn-verdict').textContent; }, 700);
  }

  // ---- choices and sliders

  function choices(place, options, current, choose) {
    const buttons = Object.entries(options).map(([key, title]) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = title;
      button.dataset.key = key;
      button.addEventListener('click', () => { choose(key); show(); });
      find(place).append(button);
      return button;
    });
    const show = () => buttons.forEach((button) => button.setAttribute('aria-pressed', button.dataset.key === current()));
    show();
    return show;
  }
  const showColouring = choices('.pn-colours', COLOURS, () => colouring, async (key) => {
    colouring = key;
    if (!last) return;
    if (key === 'part') await refreshParts();
    draw();
  });
  const showUp = choices('.pn-up', {x: 'x', y: 'y', z: 'z'}, () => state.up, (key) => { state.up = key; refresh(); });
  choices('.pn-symmetric', symmetric, () => state.symmetric, (key) => { state.symmetric = key; refresh(); });

  const handles = sliders.map((slider) => {
    const row = document.createElement('div'), id = `pointnet-${slider.name}`;
    row.className = 'pn-slider';
    row.innerHTML = `<label for="${id}">${slider.label}</label><output for="${id}"></output>
      <input type="range" id="${id}" min="${slider.low}" max="${slider.high}" step="${slider.step}">`;
    const input = row.querySelector('input');
    input.addEventListener('input', () => { state[slider.name] = Number(input.value); showSliders(); refresh(); });
    find('.pn-after').before(row);
    return {slider, row, input};
  });

  function showSliders() {
    for (const {slider: {name, unit}, row, input} of handles) {
      const value = state[name], text = {'%': `${Math.round(100 * value)} %`, '°': `${written(value, 0)}°`}[unit] ?? value.toLocaleString('en');
      input.value = value;
      input.setAttribute('aria-valuetext', text);
      row.querySelector('output').textContent = text;
    }
  }

  function reset() {
    for (const {name, neutral} of sliders) state[name] = neutral;
    showSliders();
  }

  find('.pn-side').innerHTML = sides.map((side) => `<option>${side}</option>`).join('');
  find('.pn-side').addEventListener('change', ({target}) => {
    state.side = target.value;
    if (!state.cut) { state.cut = 0.5; showSliders(); }
    refresh();
  });
  find('.pn-reset').addEventListener('click', () => { reset(); refresh(); });
  find('.pn-stage canvas').addEventListener('pointerdown', () => board.classList.add('pn-turned'));

  // The cloud as it is shown, with its colours, as text that every program for clouds reads.
  find('.pn-save').addEventListener('click', () => {
    if (!last) return;
    const {points} = last, count = points.length / 3, probe = document.createElement('canvas').getContext('2d');
    const lines = paint()[0].map((css, i) => {
      probe.fillStyle = css;
      const [, ...hex] = probe.fillStyle.match(/^#(..)(..)(..)$/);
      return [...points.subarray(3 * i, 3 * i + 3)].map((value) => value.toFixed(5)).concat(hex.map((c) => parseInt(c, 16))).join(' ');
    });
    const properties = [...'xyz'].map((axis) => `property float ${axis}`).concat(['red', 'green', 'blue'].map((c) => `property uchar ${c}`));
    const text = ['ply', 'format ascii 1.0', `element vertex ${count}`, ...properties, 'end_header', ...lines, ''].join('\n');
    saveFile(new Blob([text], {type: 'application/octet-stream'}), 'cloud.ply');
  });

  // ---- the other boards

  document.addEventListener('pointnet:cloud', ({detail}) => {
    base = detail;
    [kind, parts, state.up] = [null, null, detail.up];
    const own = find('.pn-colours [data-key=file]');
    own.hidden = !detail.colours;
    if (own.hidden && colouring === 'file') colouring = 'height';
    showColouring();
    showUp();
    reset();
    find('.pn-said').textContent = `${detail.title}: ${detail.said}`;
    const points = upright(unpacked(detail.cloud), detail.up);
    cloud.show(points, byHeight(points));  // before the network has seen it
    refresh();
  });
  document.addEventListener('pointnet:hello', () => { if (last) tell('pointnet:answer', last); });
  onThemeChange(() => { if (last) draw(); });
  reset();
  document.dispatchEvent(new CustomEvent('pointnet:wanted'));  // where the shape was chosen before this board was there
}
