// A picture under the colours of its classes. Opacity and the lit class need nothing but what is here; a pixel that is
// clicked is asked for.
import {choices, followPointer, percent, saveCanvas, saveFile, saveJson} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {outline} from '../../frame/web/view.js';
import {isAbove, labelsOf, makeStage, tinted} from './shared.js';

const LISTED = 6; // classes of a pixel, where there are too many
const FEW = 11; // classes, all of which are listed
const FAR = 20; // pixels
const REST = 250; // milliseconds
const SURE = 1e-6; // a probability below cannot be told from 0

export default function ({props, board, server, find, liveCaller, loaded, onValue}) {
  const askPixel = liveCaller(server.at_pixel);
  const askField = liveCaller(server.field_at);
  const askCut = liveCaller(server.cut_out);
  const askFiles = liveCaller(server.take_away);
  const slider = find('.sg-opacity input');
  const stage = makeStage(find('.sg-stage canvas'), paint);
  let seen = null;
  let image = null;
  let lit = 'all';
  let pixel = null; // what is known of the one that was clicked
  let field = null;
  let timer = 0;

  const colourOf = (label) => `rgb(${seen.colours[label].join()})`;
  const isShown = (label) =>
    lit === 'all' ? label !== 0 || seen.names[0] !== 'background' : seen.names[label] === lit;
  const sheet = () => tinted(seen.map, (label) => isShown(label) && seen.colours[label]);

  function paint(pen, hair) {
    if (field) outline(pen, field.box, '#ffd84a', 2 * hair, [6 * hair, 4 * hair]);
    if (!pixel) return;
    const [x, y] = [pixel.x + 0.5, pixel.y + 0.5];
    outline(pen, [x - 4 * hair, y - 4 * hair, x + 4 * hair, y + 4 * hair], '#fff', 2 * hair);
  }

  // ---- the legend

  function countShares() {
    const counts = new Map();
    for (const label of seen.map.labels) counts.set(label, (counts.get(label) || 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]).map(([label, count]) => [label, count / seen.map.labels.length]);
  }

  function showLegend() {
    const place = find('.sg-legend');
    place.replaceChildren();
    const shares = countShares();
    const titles = {all: 'All', ...Object.fromEntries(shares.map(([label, share]) => [seen.names[label], share]))};
    if (!(lit in titles)) lit = 'all';
    choices(
      place,
      titles,
      () => lit,
      (key) => {
        lit = key;
        stage.cover(sheet());
        showCut();
      },
    );
    for (const [label, share] of shares) {
      const name = seen.names[label];
      const one = [...place.children].find(({dataset}) => dataset.key === name);
      fill(one, html`<i style="background: ${colourOf(label)}"></i>${name} ${percent(share, share < 0.1 ? 1 : 0)}`);
    }
    showCut();
  }

  // What is cut out is the class that is lit, or that of the pixel.
  const showCut = () => {
    find('.sg-cut').textContent = `Cut out the ${lit === 'all' ? (board.dataset.named ?? 'class') : lit}`;
  };

  // ---- a pixel

  // The pixel at x, y, and what its answer hangs on, once nothing else was asked for a moment.
  async function look(x, y) {
    const of = seen;
    const [width, height] = of.size;
    const within = (value, side) => Math.min(Math.max(Math.floor(value), 0), side - 1);
    const query = {token: of.token, look: of.look, x: within(x, width), y: within(y, height)};
    clearTimeout(timer);
    const answer = await askPixel(query);
    if (!answer || seen !== of) return;
    pixel = answer;
    field = null;
    showPixel();
    clearTimeout(timer);
    board.setAttribute('aria-busy', true); // more is to come
    timer = setTimeout(() => lookAround(of, query), REST);
  }

  async function lookAround(of, query) {
    const found = await askField(query);
    if (!found || seen !== of || pixel.x !== found.x || pixel.y !== found.y) return;
    field = found;
    const [left, top, right, bottom] = field.box;
    find('.sg-field').textContent =
      `Dashed: ${right - left} × ${bottom - top} of the ${seen.size.join(' × ')} pixels,` +
      ' the frame in which 95 % of what moves this answer lies.';
    stage.view.redraw();
  }

  function showPixel() {
    const order = pixel.probabilities.map((p, label) => [label, p]).sort((a, b) => b[1] - a[1]);
    const [best] = order[0];
    board.dataset.named = seen.names[best];
    showCut();
    find('.sg-where').textContent = `Pixel ${pixel.x}, ${pixel.y}: ${seen.names[best]}`;
    fill(
      find('.sg-pixel tbody'),
      order.slice(0, seen.names.length > FEW ? LISTED : FEW).map(
        ([label, p]) => html`<tr><td><i style="background: ${colourOf(label)}"></i>${seen.names[label]}</td>
        <td>${percent(p, 1)}</td><td>${p < SURE ? 'over 13' : (-Math.log(p)).toFixed(2).replace('-', '')}</td></tr>`,
      ),
    );
    stage.view.redraw();
  }

  followPointer(find('.sg-stage canvas'), {
    moveTo: (x, y) => seen && look(x * seen.size[0], (1 - y) * seen.size[1]),
    moveBy: (x, y, far) => pixel && look(pixel.x + x * (far ? FAR : 1), pixel.y - y * (far ? FAR : 1)),
    at: () => (pixel ? [(pixel.x + 0.5) / seen.size[0], 1 - (pixel.y + 0.5) / seen.size[1]] : [0.5, 0.5]),
  });

  // ---- take away

  find('.sg-cut').addEventListener('click', async () => {
    const name = lit === 'all' ? board.dataset.named : lit;
    const answer = await askCut({token: seen.token, look: seen.look, label: seen.names.indexOf(name)});
    if (answer) saveFile(await (await fetch(answer.png)).blob(), `${name}.png`);
  });
  const files = () => askFiles({token: seen.token, look: seen.look});
  find('.sg-png').addEventListener('click', async () => {
    const answer = await files();
    if (answer) saveFile(await (await fetch(answer.png)).blob(), 'labels.png');
  });
  find('.sg-coco').addEventListener('click', async () => {
    const answer = await files();
    if (answer) saveJson(answer.coco, 'segmentation.json');
  });
  find('.sg-over').addEventListener('click', () => {
    const canvas = Object.assign(document.createElement('canvas'), {width: image.width, height: image.height});
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    pen.globalAlpha = slider.value;
    pen.imageSmoothingEnabled = false;
    pen.drawImage(sheet(), 0, 0, image.width, image.height);
    saveCanvas(canvas, 'overlay.png');
  });

  function showOpacity() {
    stage.opacity = Number(slider.value);
    find('.sg-opacity output').textContent = percent(stage.opacity);
    stage.view.redraw();
  }
  slider.addEventListener('input', showOpacity);
  slider.value = 0.6;
  showOpacity();

  onValue(async (value) => {
    const [picture, map] = [await loaded(value.picture), labelsOf(await loaded(value.labels))];
    if (props.value.token !== value.token) return; // another one came meanwhile
    const same = seen && seen.picture === value.picture;
    const [x, y] = same && pixel ? [pixel.x, pixel.y] : value.size.map((side) => Math.floor(side / 2));
    seen = {...value, map};
    image = picture;
    [pixel, field] = [null, null];
    showLegend();
    stage.show(image, seen.size);
    stage.cover(sheet());
    isAbove(value);
    await look(x, y);
  });
}
