// The playground of PointNet: a cloud, what the sliders do to it, and what the network says.
// Says what it has shown as 'pointnet:answer' to the other boards of the tab.

import {byHeight, makeCloud, scaled, unpacked, upright} from '../../frame/web/cloud.js';
import {
  choices,
  hear,
  largest,
  numbersOf,
  onThemeChange,
  percent,
  saveFile,
  slider,
  tell,
  written,
} from '../../frame/web/controls.js';
import {fill, html, made} from '../../frame/web/html.js';

export default function ({first, server, board, find, liveCaller, colour}) {
  const {sliders, learned, sides, kinds, symmetric} = first;
  const askLook = liveCaller(server.look);
  const askParts = liveCaller(server.parts);
  const COLOURS = {
    height: 'Height',
    part: 'Part',
    critical: 'Critical points',
    wins: 'Features won',
    file: 'Own colours',
  };
  const PARTS = ['--gallery-first', '--gallery-second', '--gallery-third', '--gallery-good'];
  const READ_AS = {chair: 'chair', table: 'table', desk: 'table', bed: 'bed', sofa: 'bed'}; // class -> kind with parts
  const cloud = makeCloud(find('.pn-stage canvas'), {leading: true});
  const state = {symmetric: 'max', side: 'left', up: 'z'};
  let base = null;
  let last = null;
  let parts = null;
  let colouring = 'height';
  let kind = null;

  async function refresh() {
    if (!base) return;
    const query = {...state, cloud: base.cloud};
    const answer = await askLook(query);
    if (!answer) return;
    last = {
      query,
      answer,
      title: base.title,
      points: unpacked(answer.points),
      source: numbersOf(answer.source, Int16Array),
      wins: numbersOf(answer.wins, Uint16Array),
    };
    if (colouring === 'part') await refreshParts();
    draw();
    tell('pointnet:answer', last);
  }

  async function refreshParts() {
    const {query, answer} = last;
    const best = answer.classes[largest(answer.probabilities)];
    const read = kind || (kinds.includes(base.title) ? base.title : READ_AS[best] || kinds[0]);
    const found = await askParts({...query, kind: read});
    if (found) parts = {...found, read, labels: numbersOf(found.labels, Uint8Array)};
  }

  // ---- the cloud and its colours

  function paint() {
    const {points, source, wins} = last;
    const count = wins.length;
    const each = (what) => Array.from({length: count}, (_, i) => what(i));
    const faint = colour('--gallery-line');
    if (colouring === 'part' && parts?.labels.length === count) {
      const palette = PARTS.map(colour);
      return [each((i) => palette[parts.labels[i]])];
    }
    if (colouring === 'critical') {
      const accent = colour('--gallery-second');
      return [each((i) => (wins[i] ? accent : faint)), each((i) => (wins[i] ? 1.25 : 0.8))];
    }
    if (colouring === 'wins') {
      const most = Math.max(...wins);
      return [
        each((i) => (wins[i] ? scaled(wins[i] / most) : faint)),
        each((i) => 0.7 + 2.2 * Math.sqrt(wins[i] / most)),
      ];
    }
    if (colouring === 'file' && base.colours) {
      const own = numbersOf(base.colours, Uint8Array);
      return [each((i) => (source[i] < 0 ? faint : `rgb(${own.subarray(3 * source[i], 3 * source[i] + 3).join()})`))];
    }
    const heights = byHeight(points);
    const bad = colour('--gallery-bad');
    return [each((i) => (source[i] < 0 ? bad : heights[i]))];
  }

  function draw() {
    cloud.show(last.points, ...paint());
    drawLegend();
    drawAnswer();
  }

  const dot = (name, text) => html`<span><i style="background: var(${name})"></i>${text}</span>`;
  const ramp = () => `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map(scaled).join(', ')})`;

  function drawLegend() {
    const {wins, source} = last;
    const critical = wins.filter((won) => won).length;
    const outliers = source.filter((at) => at < 0).length;
    const legend = find('.pn-legend');
    if (colouring === 'part' && parts) {
      fill(
        legend,
        html`<label>Read as <select></select></label>${parts.names.map((name, i) => dot(PARTS[i], name))}
        <span>by a network trained on made shapes</span>`,
      );
      const select = legend.querySelector('select');
      select.append(...kinds.map((name) => new Option(name)));
      select.value = parts.read;
      select.addEventListener('change', () => {
        kind = select.value;
        refresh();
      });
    } else if (colouring === 'critical') {
      const so = last.query.symmetric === 'max' ? 'they decide' : 'yet in a sum all count';
      fill(
        legend,
        dot('--gallery-second', `${critical} of ${wins.length} points have the largest value of a feature: ${so}`),
      );
    } else if (colouring === 'wins') {
      fill(
        legend,
        html`<span>1 feature</span><span class="pn-ramp" style="background: ${ramp()}"></span>
        <span>${Math.max(...wins)} of 1,024 features won by one point</span>`,
      );
    } else {
      const bad = outliers && colouring === 'height' ? dot('--gallery-bad', `${outliers} outliers`) : '';
      fill(legend, html`<span>${wins.length.toLocaleString('en')} points</span>${bad}`);
    }
  }

  // ---- the answer

  const rows = [];
  function drawAnswer() {
    const {classes, probabilities, strangeness} = last.answer;
    const best = largest(probabilities);
    const strange = strangeness > 1;
    const name = classes[best].replace('_', ' ');
    if (!rows.length) {
      for (const title of classes) {
        const row = made(html`<tr><th scope="row">${title.replace('_', ' ')}</th><td><i></i><span></span></td></tr>`);
        find('.pn-bars tbody').append(row);
        rows.push(row);
      }
    }
    find('.pn-answer').classList.toggle('pn-strange', strange);
    find('.pn-verdict').textContent = strange
      ? 'Unlike anything in the training set'
      : `${name}, ${percent(probabilities[best], 1)}`;
    const score = `Out-of-distribution score ${strangeness.toFixed(2)}`;
    find('.pn-sub').textContent = strange
      ? `${score}: shapes of the ten classes stay below 1. The bars only say which class is nearest.`
      : `${score}: below 1, as for shapes of the classes of the training set.`;
    probabilities.forEach((share, label) => {
      rows[label].classList.toggle('pn-best', label === best);
      rows[label].querySelector('i').style.transform = `scaleX(${share})`;
      rows[label].querySelector('span').textContent = percent(share, 1);
    });
    speak();
  }

  let speaking = 0;
  function speak() {
    // for screen readers, once the sliders rest
    clearTimeout(speaking);
    speaking = setTimeout(() => {
      find('.pn-spoken').textContent = find('.pn-verdict').textContent;
    }, 700);
  }

  // ---- choices and sliders

  const showColouring = choices(
    find('.pn-colours'),
    COLOURS,
    () => colouring,
    async (key) => {
      colouring = key;
      if (!last) return;
      if (key === 'part') await refreshParts();
      draw();
    },
  );
  const choose = (place, field, options) =>
    choices(
      find(place),
      options,
      () => state[field],
      (key) => {
        state[field] = key;
        refresh();
      },
    );
  const showUp = choose('.pn-up', 'up', {x: 'x', y: 'y', z: 'z'});
  choose('.pn-symmetric', 'symmetric', symmetric);

  const textOf = {
    '%': (value) => percent(value),
    '°': (value) => `${written(value, 0)}°`,
  };
  const handles = sliders.map(({name, label, low, high, step, unit, value}) => {
    const text = textOf[unit] || ((value) => value.toLocaleString('en'));
    const about = {id: `pointnet-${name}`, title: label, low, high, step, value, text};
    const handle = slider(find('.pn-sliders'), about, (value) => {
      state[name] = value;
      showBeyond(name, handle);
      refresh();
    });
    find('.pn-after').before(handle.row);
    addBand(handle.row, name, low, high);
    return {name, handle};
  });

  // Below a slider the values that the network met in training: often, and fainter, in a tenth of the clouds.
  function addBand(row, name, low, high) {
    const part = (kind, [from, to]) => html`<i class="pn-${kind}"
      style="left: ${(100 * (from - low)) / (high - low)}%; width: ${(100 * (to - from)) / (high - low)}%"></i>`;
    const {usual, seldom} = learned[name];
    row.append(made(html`<div class="pn-seen">${seldom ? part('seldom', seldom) : ''}${part('usual', usual)}</div>`));
    row.querySelector('output').before(made(html`<span class="pn-beyond" id="pointnet-${name}-note"></span>`));
    row.querySelector('input').setAttribute('aria-describedby', `pointnet-${name}-note`);
  }

  function showSliders() {
    for (const {name, handle} of handles) {
      handle.set(state[name]);
      showBeyond(name, handle);
    }
  }

  function showBeyond(name, {row}) {
    const within = (band) => band && state[name] >= band[0] - 1e-6 && state[name] <= band[1] + 1e-6;
    const {usual, seldom} = learned[name];
    const said = within(usual) ? '' : within(seldom) ? 'seldom trained on' : 'not trained on';
    row.querySelector('.pn-beyond').textContent = said;
  }

  function reset() {
    for (const {name, value} of sliders) state[name] = value;
    showSliders();
  }

  find('.pn-side').append(...sides.map((side) => new Option(side)));
  find('.pn-side').addEventListener('change', ({target}) => {
    state.side = target.value;
    if (!state.cut) {
      state.cut = 0.5;
      showSliders();
    }
    refresh();
  });
  find('.pn-reset').addEventListener('click', () => {
    reset();
    refresh();
  });
  find('.pn-stage canvas').addEventListener('pointerdown', () => board.classList.add('pn-turned'));

  // The cloud as it is shown, with its colours, as text that every program for clouds reads.
  find('.pn-save').addEventListener('click', () => {
    if (!last) return;
    const {points} = last;
    const count = points.length / 3;
    const probe = document.createElement('canvas').getContext('2d');
    const lines = paint()[0].map((css, i) => {
      probe.fillStyle = css;
      const [, ...hex] = probe.fillStyle.match(/^#(..)(..)(..)$/);
      const place = [...points.subarray(3 * i, 3 * i + 3)].map((value) => value.toFixed(5));
      return [...place, ...hex.map((c) => parseInt(c, 16))].join(' ');
    });
    const properties = [
      ...['x', 'y', 'z'].map((axis) => `property float ${axis}`),
      ...['red', 'green', 'blue'].map((part) => `property uchar ${part}`),
    ];
    const head = ['ply', 'format ascii 1.0', `element vertex ${count}`, ...properties, 'end_header'];
    const text = [...head, ...lines, ''].join('\n');
    saveFile(new Blob([text], {type: 'application/octet-stream'}), 'cloud.ply');
  });

  // ---- the other boards

  hear('pointnet:cloud', (chosen) => {
    base = chosen;
    [kind, parts, state.up] = [null, null, chosen.up];
    const own = find('.pn-colours [data-key=file]');
    own.hidden = !chosen.colours;
    if (own.hidden && colouring === 'file') colouring = 'height';
    showColouring();
    showUp();
    reset();
    find('.pn-said').textContent = `${chosen.title}: ${chosen.said}`;
    const points = upright(unpacked(chosen.cloud), chosen.up);
    cloud.show(points, byHeight(points)); // before the network has seen it
    refresh();
  });
  hear('pointnet:hello', () => {
    if (last) tell('pointnet:answer', last);
  });
  onThemeChange(() => {
    if (last) draw();
  });
  reset();
  tell('pointnet:wanted'); // where the shape was chosen before this board was there
}
