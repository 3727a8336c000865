// From the picture to one object in seven steps. The picture, and the object that was clicked, come from the board above;
// candidates, objectness and the like are sent once, so that most sliders ask for nothing.
import {numbersOf, onThemeChange, written} from '../../frame/web/controls.js';
import {boxesOf, loaded, makeSlider, makeView, outline, paletteAt, pasted, rgbOf} from '../../frame/web/view.js';

export default function ({server, board, find, liveCaller}) {
  const asks = Object.fromEntries(Object.entries(server).map(([name, ask]) => [name, liveCaller(ask)]));
  const view = makeView(find('.di-stage canvas'));
  const SHAPES = ['2 : 1', '1 : 1', '1 : 2'], LEVELS = 5, ACCENT = '#f59a52', AFTER = '#5fe0e8', QUIET = 'rgb(255 255 255 / 0.75)';
  const percent = (share) => `${(100 * share).toFixed(share > 0.995 || share < 0.005 ? 1 : 0)} %`;
  const levelName = (level) => ['finest', '2nd', '3rd', '4th', 'coarsest'][level];
  let seen = null, image = null, thing = null, crop = null, tile = -1, data = null, step = 0;
  let at = null, region = null, after = null, channelMap = null;

  // ---- the steps: what is said, what is drawn, which sliders, what stands beside

  const STEPS = [
    {
      name: 'Anchors',
      text: () => 'At every cell of five feature maps, fine to coarse, stand three anchor boxes of different shapes. For each, the proposal network says how probable an object is, and how to move the box: dashed, for the surest one. Click the picture to look at another position.',
      sliders: ['level'],
      pick: true,
      draw(pen, hair) {
        if (!at) return;
        const best = bestAnchor();
        at.boxes.forEach((shapes, level) => {
          if (levelSlider.value && level !== levelSlider.value - 1) return;
          shapes.forEach((box, shape) => {
            pen.globalAlpha = 0.3 + 0.7 * at.objectness[level][shape];
            outline(pen, box, paletteAt(level), 1.6 * hair);
          });
        });
        pen.globalAlpha = 1;
        const [level, shape] = best;
        outline(pen, at.boxes[level][shape], paletteAt(level), 3.5 * hair);
        outline(pen, at.moved[level][shape], '#fff', 2 * hair, [7 * hair, 5 * hair]);
        pen.fillStyle = '#fff';
        pen.strokeStyle = '#000';
        pen.lineWidth = hair;
        pen.beginPath();
        pen.arc(...at.point, 5 * hair, 0, 7);
        pen.fill();
        pen.stroke();
      },
      detail() {
        if (!at) return '';
        const [row, column] = bestAnchor();
        return `<table><thead><tr><th>Feature map</th>${SHAPES.map((name) => `<th>${name}</th>`).join('')}</tr></thead><tbody>`
          + at.objectness.map((shapes, level) => `<tr><th><i style="background: ${paletteAt(level)}"></i>${levelName(level)}</th>`
            + shapes.map((value, shape) => `<td class="${level === row && shape === column ? 'di-best' : ''}">${percent(value)}</td>`).join('') + '</tr>').join('')
          + '</tbody></table><p>Probability of an object in each anchor, by its width : height.</p>';
      },
    },
    {
      name: 'Objectness',
      text: () => 'The same for all positions at once: bright where the surest of the three anchors probably holds an object. Fine maps see small objects, coarse ones large objects.',
      sliders: ['map'],
      draw(pen) {
        const {width, height, cell, picture} = data.levels[mapSlider.value - 1];
        pen.globalAlpha = 0.78;
        pen.imageSmoothingEnabled = false;
        pen.drawImage(picture, 0, 0, width * cell[0], height * cell[1]);
        pen.globalAlpha = 1;
      },
      detail() {
        const {width, height, cell, values} = data.levels[mapSlider.value - 1];
        const sure = values.filter((value) => value > 127).length;
        return `<table><tbody><tr><th>Cells</th><td>${width} × ${height}</td></tr><tr><th>One cell, in the picture</th><td>${cell[0].toFixed(1)} × ${cell[1].toFixed(1)} px</td></tr>`
          + `<tr><th>Cells surer than 50 %</th><td>${sure}</td></tr><tr><th>Surest</th><td>${percent(Math.max(...values) / 255)}</td></tr></tbody></table>`
          + '<p>Dark: no object. Bright: an object.</p>';
      },
    },
    {
      name: 'Candidates',
      text: () => `Every anchor moved as the network says; the best ${data.before.length.toLocaleString('en')} of all maps go on. Most lie on top of each other: each object was found from many anchors.`,
      sliders: ['top'],
      draw(pen, hair) { drawBoxes(pen, hair, data.before.slice(0, topSlider.value)); },
      detail: () => `<p>${Math.min(topSlider.value, data.before.length).toLocaleString('en')} of ${data.before.length.toLocaleString('en')} candidates are drawn, the surest ones.</p>`,
    },
    {
      name: 'Proposals',
      text: () => 'Non-maximum suppression: of candidates that overlap by more than the threshold, only the surest stays. These proposals go on to the heads, at 70 %.',
      sliders: ['top', 'overlap'],
      draw(pen, hair) { drawBoxes(pen, hair, after.slice(0, topSlider.value)); },
      detail: () => `<table><tbody><tr><th>Candidates</th><td>${data.before.length.toLocaleString('en')}</td></tr><tr><th>Left as proposals</th><td class="di-best">${after.length.toLocaleString('en')}</td></tr>`
        + `<tr><th>Drawn</th><td>${Math.min(topSlider.value, after.length).toLocaleString('en')}</td></tr></tbody></table>`,
    },
    {
      name: 'RoIAlign',
      text: () => `A proposal of any size becomes 7 × 7 cells. In each, the feature maps are read at four points, between their pixels, and the mean is kept. This one is read from the ${levelName(region?.level ?? 0)} map, which suits its size; under the points is one of its ${data.channels} channels.`,
      sliders: ['proposal', 'channel'],
      close: () => region?.box || inTile(thing.box),
      draw(pen, hair) {
        if (!region) return;
        const {width, height, cell} = data.levels[region.level];
        if (channelMap) {
          pen.globalAlpha = 0.72;
          pen.imageSmoothingEnabled = false;
          pen.drawImage(channelMap, 0, 0, width * cell[0], height * cell[1]);
          pen.globalAlpha = 1;
        }
        const [left, top, right, bottom] = region.box;
        pen.strokeStyle = 'rgb(255 255 255 / 0.8)';
        pen.lineWidth = hair;
        for (let i = 1; i < 7; i++) {
          const x = left + (right - left) * i / 7, y = top + (bottom - top) * i / 7;
          pen.beginPath();
          pen.moveTo(x, top); pen.lineTo(x, bottom); pen.moveTo(left, y); pen.lineTo(right, y);
          pen.stroke();
        }
        outline(pen, region.box, ACCENT, 2.5 * hair);
        pen.fillStyle = '#fff';
        pen.strokeStyle = '#000';
        const radius = Math.min(2.6 * hair, (right - left) / 34);
        for (let i = 0; i < region.points.length; i += 2) {
          pen.beginPath();
          pen.arc(region.points[i], region.points[i + 1], radius, 0, 7);
          pen.fill();
          pen.stroke();
        }
      },
      detail: () => '<canvas class="di-cells" width="7" height="7" role="img" aria-label="The 7 by 7 cells of this channel"></canvas><p class="di-range"></p>',
      fill() {
        if (!region) return;
        const values = region.features.subarray(49 * (channelSlider.value - 1), 49 * channelSlider.value);
        const low = Math.min(...values), high = Math.max(...values);
        drawCells(find('.di-cells'), values, 7, low, high);
        find('.di-range').textContent = `What the heads get of this channel: 7 × 7 numbers, ${written(low)} (dark) to ${written(high)} (bright).`;
      },
    },
    {
      name: 'Class and box',
      text: () => 'From these cells the heads tell the class of the proposal, the background among them, and move the box once more. The arrow goes from the corner and the centre of the proposal, dashed, to those of the refined box.',
      sliders: ['proposal', 'refine'],
      close: () => region?.box || inTile(thing.box),
      draw(pen, hair) {
        if (!region) return;
        const part = refineSlider.value, now = region.box.map((value, i) => value + part * (region.refined[i] - value));
        outline(pen, region.box, ACCENT, 2 * hair, [7 * hair, 5 * hair]);
        outline(pen, now, AFTER, 3 * hair);
        const middle = (box) => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
        for (const point of [(box) => box.slice(0, 2), middle, (box) => box.slice(2)]) arrow(pen, hair, point(region.box), point(region.refined));
      },
      detail() {
        if (!region) return '';
        const names = ['background', ...seen.names], order = region.probabilities.map((share, i) => [share, i]).sort((a, b) => b[0] - a[0]).slice(0, 5);
        const moved = region.refined.map((value, i) => value - region.box[i]);
        const size = ([left, top, right, bottom]) => `${Math.round(right - left)} × ${Math.round(bottom - top)} px`;
        const share = region.probabilities[thing?.label], doubted = thing?.region === region.number && thing.score < 0.9 * share;
        return `<table class="di-bars"><tbody>${order.map(([share, i]) => `<tr><th>${names[i]}</th><td><b style="width: ${60 * share}%"></b><span>${percent(share)}</span></td></tr>`).join('')}</tbody></table>`
          + `<p>Proposal ${size(region.box)}, refined ${size(region.refined)}: its centre moved by ${written((moved[0] + moved[2]) / 2, 1)} right, ${written((moved[1] + moved[3]) / 2, 1)} down.</p>`
          + (doubted ? `<p>PoseNet, whose layers are in the backbone, sees no joint of a person in this box: its ${percent(share)} count as ${percent(thing.score)}.</p>` : '');
      },
    },
    {
      name: 'Mask',
      text: () => 'In the refined box, the mask head gives a probability of the object for each of 28 × 28 cells. Stretched over the box and cut at the threshold, they are the mask.',
      sliders: ['mask'],
      close: () => (thing ? inTile(thing.box) : region.box),
      draw(pen, hair) {
        if (!thing) return;
        const box = inTile(thing.box);
        if (thing.cells) {
          const found = pasted(thing.cells, box, maskSlider.value, rgbOf(thing.colour), Math.min(1 / hair, 12));
          pen.globalAlpha = 0.62;
          pen.drawImage(found.sheet, found.x, found.y, found.width, found.height);
          pen.globalAlpha = 1;
        }
        outline(pen, box, thing.colour, 2.5 * hair);
      },
      detail: () => thing?.cells ? '<canvas class="di-cells" width="28" height="28" role="img" aria-label="The mask before it is pasted, 28 by 28 cells"></canvas><p>Before pasting: 28 × 28 probabilities, dark 0 to bright 1.</p>' : '<p>Choose an object in the picture above.</p>',
      fill() { if (thing?.cells) drawCells(find('.di-cells'), thing.cells, 28, 0, 255); },
    },
  ];

  // ---- drawing

  const HEAT = [[13, 20, 44], [24, 88, 110], [80, 160, 120], [240, 200, 90], [255, 248, 220]];  // as dlcv.draw has it
  function drawCells(canvas, values, side, low, high) {
    const paper = canvas.getContext('2d'), picture = paper.createImageData(side, values.length / side);
    values.forEach((value, i) => {
      const place = Math.min(Math.max((value - low) / (high - low || 1), 0), 0.9999) * (HEAT.length - 1), from = Math.floor(place);
      const rgb = HEAT[from].map((part, c) => part + (place - from) * (HEAT[from + 1][c] - part));
      picture.data.set([...rgb, 255], 4 * i);
    });
    paper.putImageData(picture, 0, 0);
  }

  function drawBoxes(pen, hair, boxes) {
    pen.lineWidth = 1.3 * hair;
    pen.globalAlpha = Math.max(0.25, Math.min(1, 40 / boxes.length));
    boxes.forEach(([left, top, right, bottom], i) => { pen.strokeStyle = paletteAt(i); pen.strokeRect(left, top, right - left, bottom - top); });
    pen.globalAlpha = 1;
    if (thing) outline(pen, inTile(thing.box), QUIET, 2 * hair, [3 * hair, 4 * hair]);
  }

  function arrow(pen, hair, from, to) {
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]], far = Math.hypot(dx, dy), head = Math.min(10 * hair, far);
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    if (far > hair) for (const side of [-0.45, 0.45]) {
      const angle = Math.atan2(dy, dx) + side;
      pen.moveTo(...to);
      pen.lineTo(to[0] - head * Math.cos(angle), to[1] - head * Math.sin(angle));
    }
    for (const [style, width] of [['rgb(0 0 0 / 0.6)', 5], ['#fff', 2.2]]) {
      pen.strokeStyle = style;
      pen.lineWidth = width * hair;
      pen.stroke();
    }
  }

  // The part of the picture around a box, in pixels of the picture: twice as large, but never a few pixels only.
  function around([left, top, right, bottom]) {
    const half = Math.max(right - left, bottom - top, 16) * 0.95, [x, y] = [crop[0] + (left + right) / 2, crop[1] + (top + bottom) / 2];
    return [Math.max(crop[0], x - half), Math.max(crop[1], y - half), Math.min(crop[2], x + half), Math.min(crop[3], y + half)];
  }

  const inTile = ([left, top, right, bottom]) => [left - crop[0], top - crop[1], right - crop[0], bottom - crop[1]];

  function bestAnchor() {
    let best = [0, 0];
    at.objectness.forEach((shapes, level) => shapes.forEach((value, shape) => {
      if (levelSlider.value && level !== levelSlider.value - 1) return;
      const [row, column] = best;
      if (value > at.objectness[row][column] || (levelSlider.value && row !== levelSlider.value - 1)) best = [level, shape];
    }));
    return best;
  }

  view.draw = (pen, hair) => { if (data) STEPS[step].draw(pen, hair); };

  function draw() {
    const {name, text, sliders, detail, fill, pick, close} = STEPS[step];
    board.classList.toggle('di-pick', Boolean(pick));
    find('.di-title').textContent = `${step + 1}. ${name}`;
    for (const [key, slider] of Object.entries(all)) slider.row.hidden = !sliders.includes(key);
    if (!data) return;
    find('.di-text').textContent = text();
    find('.di-detail').innerHTML = detail();
    if (fill) fill();
    view.show(image, seen.size, close && (thing || region) ? around(close()) : crop, crop);
  }

  // ---- questions

  async function enter() {  // the tile that the object is in
    const of = seen, wanted = thing ? thing.tile : 0;
    if (wanted !== tile || !data) {
      const answer = await asks.inside({token: seen.token, tile: wanted});
      if (!answer || seen !== of) return;
      tile = wanted;
      crop = seen.tiles[tile];
      data = {...answer, before: boxesOf(answer.before)};
      after = boxesOf(answer.after);
      for (const level of data.levels) {
        level.values = numbersOf(level.values, Uint8Array);
        level.picture = new OffscreenCanvas(level.width, level.height);
        drawCells(level.picture, level.values, level.width, 0, 255);
      }
      topSlider.limit(1, data.before.length);
      topSlider.set(Math.min(100, data.before.length));
      proposalSlider.limit(1, after.length);
      channelSlider.limit(1, data.channels);
      overlapSlider.set(0.7);
    }
    const box = thing ? inTile(thing.box) : [0, 0, crop[2] - crop[0], crop[3] - crop[1]];
    proposalSlider.set(thing ? thing.region + 1 : 1);
    mapSlider.set(bestLevel(box));
    draw();
    await Promise.all([refreshAnchors((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), refreshRegion()]);
  }

  // The map whose surest cell under a box is the surest of all.
  function bestLevel([left, top, right, bottom]) {
    const sure = data.levels.map(({width, height, cell, values}) => {
      let most = 0;
      for (let row = 0; row < height; row++) for (let column = 0; column < width; column++) {
        const [x, y] = [(column + 0.5) * cell[0], (row + 0.5) * cell[1]];
        if (x >= left && x <= right && y >= top && y <= bottom) most = Math.max(most, values[row * width + column]);
      }
      return most;
    });
    return 1 + sure.indexOf(Math.max(...sure));
  }

  async function refreshAnchors(x, y) {
    const answer = await asks.anchors({token: seen.token, tile, x, y});
    if (answer) { at = {...answer, point: [x, y]}; draw(); }
  }

  async function refreshRegion() {
    const answer = await asks.region({token: seen.token, tile, number: proposalSlider.value - 1});
    if (!answer) return;
    region = {...answer, points: numbersOf(answer.points, Float32Array), features: numbersOf(answer.features, Float32Array)};
    draw();
    await refreshMap();
  }

  async function refreshMap() {
    const answer = await asks.feature_map({token: seen.token, tile, level: region.level, channel: channelSlider.value - 1});
    if (answer) { channelMap = await loaded(answer.picture); draw(); }
  }

  async function refreshProposals() {
    const answer = await asks.proposals({token: seen.token, tile, overlap: overlapSlider.value});
    if (answer) { after = boxesOf(answer.after); draw(); }
  }

  // ---- sliders and steps

  const place = find('.di-sliders'), share = (value) => `${Math.round(100 * value)} %`;
  const levelSlider = makeSlider(place, {id: 'detection-level', title: 'Feature map', low: 0, high: LEVELS, step: 1, value: 0, text: (v) => (v ? levelName(v - 1) : 'all')}, draw);
  const mapSlider = makeSlider(place, {id: 'detection-map', title: 'Feature map', low: 1, high: LEVELS, step: 1, value: 1, text: (v) => levelName(v - 1)}, draw);
  const topSlider = makeSlider(place, {id: 'detection-top', title: 'Boxes drawn, best first', low: 1, high: 1000, step: 1, value: 100}, draw);
  const overlapSlider = makeSlider(place, {id: 'detection-suppress', title: 'Proposals may overlap by', low: 0.1, high: 1, step: 0.05, value: 0.7, text: share}, refreshProposals);
  const proposalSlider = makeSlider(place, {id: 'detection-proposal', title: 'Proposal, best first', low: 1, high: 300, step: 1, value: 1}, refreshRegion);
  const channelSlider = makeSlider(place, {id: 'detection-channel', title: 'Channel', low: 1, high: 96, step: 1, value: 1}, () => { draw(); if (region) refreshMap(); });
  const refineSlider = makeSlider(place, {id: 'detection-refine', title: 'On the way to the refined box', low: 0, high: 1, step: 0.01, value: 1, text: share}, draw);
  const maskSlider = makeSlider(place, {id: 'detection-cut', title: 'Mask where the probability is above', low: 0.05, high: 0.95, step: 0.05, value: 0.5, text: share}, draw);
  const all = {level: levelSlider, map: mapSlider, top: topSlider, overlap: overlapSlider, proposal: proposalSlider, channel: channelSlider, refine: refineSlider, mask: maskSlider};
  const walk = makeSlider(find('.di-walk'), {id: 'detection-step', title: 'Step', low: 1, high: STEPS.length, step: 1, value: 1, text: (v) => `${v} of ${walkable()}`}, (value) => go(value - 1));

  function walkable() { return STEPS.length - (seen && !seen.masks); }

  function go(next) {
    step = Math.min(next, walkable() - 1);
    walk.set(step + 1);
    [...find('.di-steps').children].forEach((button, i) => button.setAttribute('aria-pressed', i === step));
    draw();
  }

  STEPS.forEach(({name}, i) => {
    const button = document.createElement('button');
    Object.assign(button, {type: 'button', textContent: `${i + 1} ${name}`});
    button.addEventListener('click', () => go(i));
    find('.di-steps').append(button);
  });
  find('.di-stage canvas').addEventListener('click', (event) => { if (data && STEPS[step].pick) refreshAnchors(...view.at(event)); });

  document.addEventListener('detection:picture', ({detail}) => {
    [seen, image, data, thing, at, region, channelMap, tile] = [detail.seen, detail.image, null, null, null, null, null, -1];
    find('.di-steps').lastElementChild.hidden = !seen.masks;
    walk.limit(1, walkable());
    go(step);
  });
  document.addEventListener('detection:object', ({detail}) => { thing = detail; if (seen) enter(); });
  document.addEventListener('detection:mask', ({detail}) => { maskSlider.set(detail); draw(); });
  onThemeChange(draw);
  go(0);
  document.dispatchEvent(new CustomEvent('detection:hello'));
}
