// The seven steps from the picture to one object: what is said, what is drawn over the picture, which sliders are
// there, what stands beside. `now` is what is known: seen (the picture's answer), thing (the object), crop and data (of
// its tile), at (the anchors of a place), after (proposals), region (one of them), channelMap, and the sliders.
import {percent, written} from '../../frame/web/controls.js';
import {heatOf} from '../../frame/web/heat.js';
import {html} from '../../frame/web/html.js';
import {outline, paletteAt, pasted, rgbOf} from '../../frame/web/view.js';

export const LEVELS = ['finest', '2nd', '3rd', '4th', 'coarsest'];
const SHAPES = ['2 : 1', '1 : 1', '1 : 2'];
const ACCENT = '#f59a52';
const AFTER = '#5fe0e8';
const QUIET = 'rgb(255 255 255 / 0.75)';
const sure = (share) => percent(share, share > 0.995 || share < 0.005 ? 1 : 0);
const count = (value) => value.toLocaleString('en');
const facts = (rows, best) =>
  html`<table><tbody>${Object.entries(rows).map(
    ([name, value]) => html`
  <tr><th>${name}</th><td class="${name === best ? 'di-best' : ''}">${value}</td></tr>`,
  )}</tbody></table>`;

// The box of the object in pixels of its tile.
export function inTile({
  thing: {
    box: [left, top, right, bottom],
  },
  crop,
}) {
  return [left - crop[0], top - crop[1], right - crop[0], bottom - crop[1]];
}

function bestAnchor({at, sliders: {level: chosen}}) {
  let best = [0, 0];
  at.objectness.forEach((shapes, level) => {
    shapes.forEach((value, shape) => {
      if (chosen.value && level !== chosen.value - 1) return;
      const [row, column] = best;
      if (value > at.objectness[row][column] || (chosen.value && row !== chosen.value - 1)) best = [level, shape];
    });
  });
  return best;
}

export function drawCells(canvas, values, side, low, high) {
  const paper = canvas.getContext('2d');
  const picture = paper.createImageData(side, values.length / side);
  values.forEach((value, i) => {
    picture.data.set([...heatOf((value - low) / (high - low || 1)), 255], 4 * i);
  });
  paper.putImageData(picture, 0, 0);
}

function drawBoxes(pen, hair, now, all) {
  const boxes = all.slice(0, now.sliders.top.value);
  pen.lineWidth = 1.3 * hair;
  pen.globalAlpha = Math.max(0.25, Math.min(1, 40 / boxes.length));
  boxes.forEach(([left, top, right, bottom], i) => {
    pen.strokeStyle = paletteAt(i);
    pen.strokeRect(left, top, right - left, bottom - top);
  });
  pen.globalAlpha = 1;
  if (now.thing) outline(pen, inTile(now), QUIET, 2 * hair, [3 * hair, 4 * hair]);
}

function arrow(pen, hair, from, to) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const far = Math.hypot(dx, dy);
  const head = Math.min(10 * hair, far);
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(...to);
  if (far > hair)
    for (const side of [-0.45, 0.45]) {
      const angle = Math.atan2(dy, dx) + side;
      pen.moveTo(...to);
      pen.lineTo(to[0] - head * Math.cos(angle), to[1] - head * Math.sin(angle));
    }
  for (const [style, width] of [
    ['rgb(0 0 0 / 0.6)', 5],
    ['#fff', 2.2],
  ]) {
    pen.strokeStyle = style;
    pen.lineWidth = width * hair;
    pen.stroke();
  }
}

export const STEPS = [
  {
    name: 'Anchors',
    text: () =>
      'At every cell of five feature maps, fine to coarse, stand three anchor boxes of different shapes. For each, ' +
      'the proposal network says how probable an object is, and how to move the box: dashed, for the surest one. ' +
      'Click the picture to look at another position.',
    sliders: ['level'],
    pick: true,
    draw(pen, hair, now) {
      const {at, sliders} = now;
      if (!at) return;
      const best = bestAnchor(now);
      at.boxes.forEach((shapes, level) => {
        if (sliders.level.value && level !== sliders.level.value - 1) return;
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
    detail(now) {
      const {at} = now;
      if (!at) return html``;
      const [row, column] = bestAnchor(now);
      const cells = (shapes, level) =>
        shapes.map(
          (value, shape) => html`<td class="${level === row && shape === column ? 'di-best' : ''}">${sure(value)}</td>`,
        );
      const rows = at.objectness.map(
        (shapes, level) => html`<tr>
        <th><i style="background: ${paletteAt(level)}"></i>${LEVELS[level]}</th>${cells(shapes, level)}</tr>`,
      );
      return html`<table><thead><tr><th>Feature map</th>${SHAPES.map((name) => html`<th>${name}</th>`)}</tr></thead>
        <tbody>${rows}</tbody></table><p>Probability of an object in each anchor, by its width : height.</p>`;
    },
  },
  {
    name: 'Objectness',
    text: () =>
      'The same for all positions at once: bright where the surest of the three anchors probably holds an object. ' +
      'Fine maps see small objects, coarse ones large objects.',
    sliders: ['map'],
    draw(pen, _, {data, sliders}) {
      const {width, height, cell, picture} = data.levels[sliders.map.value - 1];
      pen.globalAlpha = 0.78;
      pen.imageSmoothingEnabled = false;
      pen.drawImage(picture, 0, 0, width * cell[0], height * cell[1]);
      pen.globalAlpha = 1;
    },
    detail({data, sliders}) {
      const {width, height, cell, values} = data.levels[sliders.map.value - 1];
      return html`${facts({
        Cells: `${width} × ${height}`,
        'One cell, in the picture': `${cell[0].toFixed(1)} × ${cell[1].toFixed(1)} px`,
        'Cells surer than 50 %': values.filter((value) => value > 127).length,
        Surest: sure(Math.max(...values) / 255),
      })}<p>Dark: no object. Bright: an object.</p>`;
    },
  },
  {
    name: 'Candidates',
    text: ({data}) =>
      `Every anchor moved as the network says; the best ${count(data.before.length)} of all maps go on. Most ` +
      'lie on top of each other: each object was found from many anchors.',
    sliders: ['top'],
    draw(pen, hair, now) {
      drawBoxes(pen, hair, now, now.data.before);
    },
    detail({data: {before}, sliders}) {
      const drawn = count(Math.min(sliders.top.value, before.length));
      return html`<p>${drawn} of ${count(before.length)} candidates are drawn, the surest ones.</p>`;
    },
  },
  {
    name: 'Proposals',
    text: () =>
      'Non-maximum suppression: of candidates that overlap by more than the threshold, only the surest stays. ' +
      'These proposals go on to the heads, at 70 %.',
    sliders: ['top', 'overlap'],
    draw(pen, hair, now) {
      drawBoxes(pen, hair, now, now.after);
    },
    detail: ({data, after, sliders}) =>
      facts(
        {
          Candidates: count(data.before.length),
          'Left as proposals': count(after.length),
          Drawn: count(Math.min(sliders.top.value, after.length)),
        },
        'Left as proposals',
      ),
  },
  {
    name: 'RoIAlign',
    text: ({region, data}) =>
      'A proposal of any size becomes 7 × 7 cells. In each, the feature maps are read at four points, ' +
      `between their pixels, and the mean is kept. This one is read from the ${LEVELS[region?.level ?? 0]} map, ` +
      `which suits its size; under the points is one of its ${data.channels} channels.`,
    sliders: ['proposal', 'channel'],
    close: (now) => now.region?.box || inTile(now),
    draw(pen, hair, {region, data, channelMap}) {
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
        const x = left + ((right - left) * i) / 7;
        const y = top + ((bottom - top) * i) / 7;
        pen.beginPath();
        pen.moveTo(x, top);
        pen.lineTo(x, bottom);
        pen.moveTo(left, y);
        pen.lineTo(right, y);
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
    detail: () => html`<canvas class="di-cells" width="7" height="7" role="img"
      aria-label="The 7 by 7 cells of this channel"></canvas><p class="di-range"></p>`,
    finish(find, {region, sliders: {channel}}) {
      if (!region) return;
      const values = region.features.subarray(49 * (channel.value - 1), 49 * channel.value);
      const low = Math.min(...values);
      const high = Math.max(...values);
      drawCells(find('.di-cells'), values, 7, low, high);
      find('.di-range').textContent =
        `What the heads get of this channel: 7 × 7 numbers, ${written(low)} (dark) to ${written(high)} (bright).`;
    },
  },
  {
    name: 'Class and box',
    text: () =>
      'From these cells the heads tell the class of the proposal, the background among them, and move the box once ' +
      'more. The arrow goes from the corner and the centre of the proposal, dashed, to those of the refined box.',
    sliders: ['proposal', 'refine'],
    close: (now) => now.region?.box || inTile(now),
    draw(pen, hair, {region, sliders}) {
      if (!region) return;
      const part = sliders.refine.value;
      const now = region.box.map((value, i) => value + part * (region.refined[i] - value));
      outline(pen, region.box, ACCENT, 2 * hair, [7 * hair, 5 * hair]);
      outline(pen, now, AFTER, 3 * hair);
      const middle = (box) => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
      for (const point of [(box) => box.slice(0, 2), middle, (box) => box.slice(2)])
        arrow(pen, hair, point(region.box), point(region.refined));
    },
    detail({region, thing, seen}) {
      if (!region) return html``;
      const names = ['background', ...seen.names];
      const moved = region.refined.map((value, i) => value - region.box[i]);
      const order = region.probabilities
        .map((share, i) => [share, i])
        .sort((a, b) => b[0] - a[0])
        .slice(0, 5);
      const size = ([left, top, right, bottom]) => `${Math.round(right - left)} × ${Math.round(bottom - top)} px`;
      const right = written((moved[0] + moved[2]) / 2, 1);
      const down = written((moved[1] + moved[3]) / 2, 1);
      const share = region.probabilities[thing?.label];
      const doubted = thing?.region === region.number && thing.score < 0.9 * share;
      const bar = ([part, i]) => html`<tr><th>${names[i]}</th>
        <td><b style="width: ${60 * part}%"></b><span>${sure(part)}</span></td></tr>`;
      return html`<table class="di-bars"><tbody>${order.map(bar)}</tbody></table>
        <p>Proposal ${size(region.box)}, refined ${size(region.refined)}: its centre moved by ${right} right,
          ${down} down.</p>
        ${
          doubted
            ? html`<p>PoseNet, whose layers are in the backbone, sees no joint of a person in this box: its
          ${sure(share)} count as ${sure(thing.score)}.</p>`
            : ''
        }`;
    },
  },
  {
    name: 'Mask',
    text: () =>
      'In the refined box, the mask head gives a probability of the object for each of 28 × 28 cells. Stretched over ' +
      'the box and cut at the threshold, they are the mask.',
    sliders: ['mask'],
    close: (now) => (now.thing ? inTile(now) : now.region.box),
    draw(pen, hair, now) {
      const {thing, sliders} = now;
      if (!thing) return;
      const box = inTile(now);
      if (thing.cells) {
        const found = pasted(thing.cells, box, sliders.mask.value, rgbOf(thing.colour), Math.min(1 / hair, 12));
        pen.globalAlpha = 0.62;
        pen.drawImage(found.sheet, found.x, found.y, found.width, found.height);
        pen.globalAlpha = 1;
      }
      outline(pen, box, thing.colour, 2.5 * hair);
    },
    detail: ({thing}) =>
      thing?.cells
        ? html`<canvas class="di-cells" width="28" height="28" role="img"
      aria-label="The mask before it is pasted, 28 by 28 cells"></canvas>
      <p>Before pasting: 28 × 28 probabilities, dark 0 to bright 1.</p>`
        : html`<p>Choose an object in the picture above.</p>`,
    finish(find, {thing}) {
      if (thing?.cells) drawCells(find('.di-cells'), thing.cells, 28, 0, 255);
    },
  },
];
