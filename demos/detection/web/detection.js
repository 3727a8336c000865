// The picture with what was found in it. Score and mask sliders need nothing but what is here; the overlap slider asks
// for other boxes. Says 'detection:picture' and 'detection:object' to the board that looks inside.
import {
  button,
  hear,
  numbersOf,
  onThemeChange,
  percent,
  saveCanvas,
  saveJson,
  slider,
  tell,
} from '../../frame/web/controls.js';
import {fill, html, made} from '../../frame/web/html.js';
import {GRID, label, makeView, outline, paletteAt, pasted, rgbOf} from '../../frame/web/view.js';

const PLURALS = {person: 'people', nucleus: 'nuclei', sheep: 'sheep', mouse: 'mice', knife: 'knives', bus: 'buses'};
const NANODET = ' NanoDet-Plus, for everyday objects, finds more of the people.';

export default function ({props, server, find, liveCaller, loaded, onValue}) {
  const askDetect = liveCaller(server.detect);
  const askMasks = liveCaller(server.masks);
  const askExport = liveCaller(server.export);
  const view = makeView(find('.dt-stage canvas'));
  const LISTED = 400;
  const AT_ONCE = 100;
  const show = {boxes: true, masks: true, scores: true};
  const cells = new Map();
  const cache = new Map();
  let seen = null;
  let image = null;
  let things = [];
  let chosen = null;

  const keyOf = (thing) => `${thing.tile} ${thing.region} ${thing.label}`;

  // ---- what is known

  function take(found) {
    things = found.boxes.map((box, i) => ({
      box,
      label: found.labels[i],
      score: found.scores[i],
      region: found.regions[i],
      tile: found.tile[i],
    }));
    // One class: a colour an object. Several: a colour a class.
    things.forEach((thing, i) => {
      thing.colour = paletteAt(seen.names.length > 1 ? thing.label - 1 : i);
    });
  }

  function remember(text, some) {
    const values = numbersOf(text, Uint8Array);
    const size = GRID ** 2;
    some.slice(0, values.length / size).forEach((thing, i) => {
      cells.set(keyOf(thing), values.subarray(i * size, (i + 1) * size));
    });
  }

  const shownNow = () => things.filter((thing) => thing.score >= score.value);

  async function begin(value) {
    const picture = await loaded(value.picture);
    if (props.value.token !== value.token) return; // another one came meanwhile
    [seen, image, chosen] = [value, picture, null];
    cells.clear();
    cache.clear();
    take(seen);
    if (seen.masks && seen.cells) remember(seen.cells, things);
    score.limit(seen.lowest, 1);
    overlap.row.hidden = seen.tiles.length > 1;
    mask.row.hidden = !seen.masks;
    find('.dt').classList.toggle('dt-boxes-only', !seen.masks);
    overlap.set(seen.overlap);
    score.set(seen.sure);
    view.show(image, seen.size, [0, 0, ...seen.size]);
    tell('detection:picture', {seen, image});
    draw();
    choose(shownNow()[0] || things[0] || null);
    fetchMasks();
  }

  // Masks of objects that are to be seen and were not sent yet.
  async function fetchMasks() {
    if (!seen?.masks || seen.tiles.length > 1) return;
    const of = seen;
    for (;;) {
      const missing = shownNow()
        .filter((thing) => !cells.has(keyOf(thing)))
        .slice(0, AT_ONCE);
      if (!missing.length) return;
      const answer = await askMasks({
        token: of.token,
        tile: 0,
        objects: missing.map((thing) => [thing.region, thing.label]),
      });
      if (!answer || seen !== of) return;
      remember(answer.cells, missing);
      draw();
    }
  }

  // ---- drawing

  function maskOf(thing, zoom) {
    const values = cells.get(keyOf(thing));
    if (!values) return null;
    const key = `${keyOf(thing)} ${mask.value} ${zoom} ${thing.colour}`;
    if (!cache.has(key)) {
      if (cache.size > 3000) cache.clear();
      cache.set(key, pasted(values, thing.box, mask.value, rgbOf(thing.colour), zoom));
    }
    return cache.get(key);
  }

  function paint(pen, hair) {
    const visible = shownNow();
    const zoom = Math.min(1 / hair, 4);
    const few = visible.length <= 40;
    if (show.masks && seen.masks) {
      pen.imageSmoothingEnabled = false;
      for (const thing of [...visible].reverse()) {
        const found = maskOf(thing, zoom);
        pen.globalAlpha = thing === chosen ? 0.7 : 0.5;
        if (found) pen.drawImage(found.sheet, found.x, found.y, found.width, found.height);
      }
      pen.globalAlpha = 1;
    }
    for (const thing of [...visible].reverse())
      if (show.boxes || thing === chosen) outline(pen, thing.box, thing.colour, (thing === chosen ? 3.5 : 1.6) * hair);
    if (!show.scores || !few) return;
    for (const {box, label: kind, score: sure, colour} of [...visible].reverse()) {
      const words = seen.names.length > 1 ? `${seen.names[kind - 1]} ${percent(sure)}` : percent(sure);
      label(pen, hair, box[0], box[1], words, colour, seen.size);
    }
  }
  view.draw = paint;

  function draw() {
    if (!seen) return;
    view.redraw();
    const visible = shownNow();
    const counts = new Map();
    for (const {label} of visible) counts.set(label, (counts.get(label) || 0) + 1);
    const kinds = [...counts].sort((a, b) => b[1] - a[1]);
    const named = ([kind, count]) => {
      const name = seen.names[kind - 1];
      return `${count} ${count === 1 ? name : PLURALS[name] || `${name}s`}`;
    };
    const nothing = seen.names.length === 1 ? `No ${seen.names[0]}` : 'Nothing';
    const several = visible.length ? `${visible.length} objects` : nothing;
    find('.dt-count').textContent = kinds.length === 1 ? named(kinds[0]) : several;
    const listed = kinds.length > 1 ? kinds : [];
    fill(
      find('.dt-classes'),
      listed.map(
        (kind) => html`
      <li><i style="background: ${paletteAt(kind[0] - 1)}"></i>${named(kind)}</li>`,
      ),
    );
    const [width, height] = seen.size.map((side) => side.toLocaleString('en'));
    const tiles = seen.tiles.length > 1 ? `, in ${seen.tiles.length} tiles` : '';
    const next = seen.stages ? 'Click an object to look inside.' : '';
    const others = seen.names.join() === 'person' ? NANODET : '';
    find('.dt-said').textContent =
      `${width} × ${height} pixels${tiles}. ` +
      (visible.length ? next : `Lower the score, or choose another picture or detector.${others}`);
    fillTable(visible);
  }

  function fillTable(visible) {
    const body = find('.dt-table tbody');
    body.replaceChildren(
      ...visible.slice(0, LISTED).map((thing) => {
        const [left, top, right, bottom] = thing.box;
        const found = seen.masks && maskOf(thing, Math.min(1, 400 / (right - left)));
        const row = made(html`<tr tabindex="0">
        <td><i style="background: ${thing.colour}"></i>${seen.names[thing.label - 1]}</td>
        <td>${percent(thing.score)}</td>
        <td>${Math.round(right - left)} × ${Math.round(bottom - top)}</td>
        <td>${found ? found.pixels.toLocaleString('en') : ''}</td></tr>`);
        row.ariaSelected = thing === chosen;
        row.addEventListener('click', () => choose(thing));
        row.addEventListener('keydown', (event) => {
          if (event.key === 'Enter') choose(thing);
        });
        return row;
      }),
    );
  }

  function choose(thing) {
    chosen = thing;
    view.redraw();
    shownNow()
      .slice(0, LISTED)
      .forEach((other, i) => {
        find('.dt-table tbody').children[i].ariaSelected = other === chosen;
      });
    tell('detection:object', thing && {...thing, cells: cells.get(keyOf(thing))});
  }

  find('.dt-stage canvas').addEventListener('click', (event) => {
    if (!seen) return;
    const [x, y] = view.at(event);
    const area = ({box}) => (box[2] - box[0]) * (box[3] - box[1]);
    const under = shownNow().filter(({box}) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3]);
    if (under.length) choose(under.sort((a, b) => area(a) - area(b))[0]);
  });

  // ---- sliders, buttons

  const share = {low: 0.05, high: 0.95, step: 0.05, value: 0.5, text: (value) => percent(value)};
  const makeSlider = (name, title, limits, moved) =>
    slider(find('.dt-sliders'), {id: `detection-${name}`, title, ...share, ...limits}, moved);
  const score = makeSlider('score', 'Score at least', {high: 1, step: 0.01}, () => {
    draw();
    fetchMasks();
  });
  const overlap = makeSlider('overlap', 'Non-maximum suppression: overlap allowed', {}, refresh);
  const mask = makeSlider('mask', 'Mask where the probability is above', {}, (threshold) => {
    draw();
    tell('detection:mask', threshold);
  });

  async function refresh() {
    if (!seen) return;
    const of = seen;
    const answer = await askDetect({token: seen.token, overlap: overlap.value});
    if (!answer || seen !== of) return;
    const before = chosen && keyOf(chosen);
    take(answer);
    chosen = things.find((thing) => keyOf(thing) === before) || chosen;
    draw();
    fetchMasks();
  }

  for (const [name, title] of Object.entries({boxes: 'Boxes', masks: 'Masks', scores: 'Scores'})) {
    const one = button(title, () => {
      show[name] = !show[name];
      one.ariaPressed = show[name];
      if (seen) view.redraw();
    });
    one.ariaPressed = true;
    one.dataset.name = name;
    find('.dt-shown').append(one);
  }

  find('.dt-png').addEventListener('click', () => {
    // as large as the picture that was sent, not as the screen
    if (!seen) return;
    const sheet = document.createElement('canvas');
    const pen = sheet.getContext('2d');
    const zoom = image.naturalWidth / seen.size[0];
    Object.assign(sheet, {width: image.naturalWidth, height: image.naturalHeight});
    pen.drawImage(image, 0, 0);
    pen.setTransform(zoom, 0, 0, zoom, 0, 0);
    paint(pen, 1 / zoom);
    saveCanvas(sheet, 'detections.png');
  });
  find('.dt-coco').addEventListener('click', async () => {
    if (!seen) return;
    const answer = await askExport({token: seen.token, score: score.value, overlap: overlap.value, mask: mask.value});
    if (answer) saveJson(answer.coco, 'detections.json');
  });

  hear('detection:hello', () => {
    if (!seen) return;
    tell('detection:picture', {seen, image});
    tell('detection:object', chosen && {...chosen, cells: cells.get(keyOf(chosen))});
  });
  onThemeChange(draw);
  onValue((value) => {
    if (value.token) begin(value);
  });
}
