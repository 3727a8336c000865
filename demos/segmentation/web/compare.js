// The same picture through hour-glass, SegNet and U-Net: classes, mistakes or differences, and a loupe over them all.
import {choices, followPointer, percent} from '../../frame/web/controls.js';
import {html, made} from '../../frame/web/html.js';
import {labelsOf, legend, makeStage, picker, tinted} from './shared.js';

const NAMES = {
  truth: 'The picture',
  hourglass: 'Hour-glass: nothing crosses',
  segnet: 'SegNet: indices cross',
  unet: 'U-Net: features cross',
};
const MODES = {classes: 'Classes', mistakes: 'Mistakes', differences: 'Differences from U-Net'};
const LOUPE = 30; // pixels of the picture to each side of the loupe
const WRONG = [226, 56, 56];
const STEP = 0.01;

export default function ({board, server, find, liveCaller, loaded}) {
  const ask = liveCaller(server.compare);
  const stages = {};
  const loupes = {};
  let mode = 'classes';
  let seen = null; // the answer, the image, and labels by name
  let at = [0.57, 0.52];

  for (const [name, title] of Object.entries(NAMES)) {
    const figure = made(html`<figure><div class="sg-stage"><canvas role="img" aria-label="${title}"></canvas></div>
      <figcaption><strong>${title}</strong><br><span></span></figcaption></figure>`);
    const loupe = made(
      html`<canvas width="240" height="240" role="img" aria-label="${`${title}, enlarged`}"></canvas>`,
    );
    find('.sg-four').append(figure);
    find('.sg-loupes').append(loupe);
    const canvas = figure.querySelector('canvas');
    stages[name] = makeStage(canvas, frameOf);
    stages[name].said = figure.querySelector('span');
    loupes[name] = loupe;
    canvas.addEventListener('pointermove', (event) => {
      if (seen) point(...stages[name].view.at(event).map((value, axis) => value / seen.size[axis]));
    });
    if (name === 'truth') {
      Object.assign(canvas, {
        tabIndex: 0,
        role: 'application',
        ariaLabel: `${title}: point at it, or move with the arrow keys`,
      });
      followPointer(canvas, {
        moveTo: (x, y) => point(x, 1 - y),
        moveBy: (x, y, far) => point(at[0] + x * STEP * (far ? 5 : 1), at[1] - y * STEP * (far ? 5 : 1)),
        at: () => [at[0], 1 - at[1]],
      });
    }
  }

  function frameOf(pen, hair) {
    if (!seen) return;
    const [x, y] = corner();
    pen.strokeStyle = '#fff';
    pen.lineWidth = 1.5 * hair;
    pen.strokeRect(x, y, LOUPE, LOUPE);
  }

  function corner() {
    return at.map((part, axis) =>
      Math.round(Math.min(Math.max(part * seen.size[axis] - LOUPE / 2, 0), seen.size[axis] - LOUPE)),
    );
  }

  function point(x, y) {
    at = [x, y].map((part) => Math.min(Math.max(part, 0), 1));
    if (seen) showLoupes();
  }

  function showLoupes() {
    const [x, y] = corner();
    for (const [name, loupe] of Object.entries(loupes)) {
      const pen = loupe.getContext('2d');
      pen.imageSmoothingEnabled = false;
      pen.clearRect(0, 0, loupe.width, loupe.height);
      const {image, size} = seen;
      const scale = image.naturalWidth / size[0];
      const whole = [0, 0, loupe.width, loupe.height];
      pen.drawImage(image, x * scale, y * scale, LOUPE * scale, LOUPE * scale, ...whole);
      pen.globalAlpha = name === 'truth' ? 0 : 0.75;
      if (seen.sheets[name]) pen.drawImage(seen.sheets[name], x, y, LOUPE, LOUPE, ...whole);
      pen.globalAlpha = 1;
      stages[name].view.redraw();
    }
  }

  function sheetOf(name) {
    const {maps, colours} = seen;
    if (mode === 'classes') return tinted(maps[name], (label) => colours[label]);
    const beside = mode === 'mistakes' ? maps.truth : maps.unet;
    return tinted(maps[name], (label, i) => label !== beside.labels[i] && WRONG);
  }

  function show() {
    const known = Boolean(seen.maps.truth);
    if (!known && mode === 'mistakes') mode = 'differences';
    seen.sheets = {};
    for (const name of Object.keys(NAMES)) {
      if (seen.maps[name]) seen.sheets[name] = sheetOf(name);
      stages[name].cover(name === 'truth' && mode !== 'classes' ? null : seen.sheets[name]);
    }
    showLoupes();
  }

  function say() {
    stages.truth.said.textContent = seen.maps.truth ? 'and the truth' : 'of which nobody knows the truth';
    const {labels} = seen.maps.unet;
    for (const {network, miou, boundary_f1: f1} of seen.found) {
      const other = seen.maps[network].labels.filter((label, i) => label !== labels[i]).length / labels.length;
      const apart = network === 'unet' ? '' : `, ${percent(other, 1)} of the pixels differ from U-Net’s`;
      stages[network].said.textContent =
        miou === undefined ? apart.slice(2) : `IoU ${percent(miou, 1)}, boundary F1 ${percent(f1, 1)}${apart}`;
    }
  }

  async function compare({picture, image}) {
    const answer = await ask({token: picture.token});
    if (!answer) return;
    const maps = {};
    if (answer.truth) maps.truth = labelsOf(await loaded(answer.truth));
    for (const {network, labels} of answer.found) maps[network] = labelsOf(await loaded(labels));
    seen = {...answer, image, size: picture.size, maps};
    for (const stage of Object.values(stages)) stage.show(image, picture.size);
    legend(find('.sg-names'), answer);
    board.dataset.compared = picture.token;
    say();
    show();
  }

  choices(
    find('.sg-mode'),
    MODES,
    () => mode,
    (key) => {
      mode = key;
      if (seen) show();
    },
  );
  picker(find('.sg-bar'), {
    ask: liveCaller(server.open_picture),
    loaded,
    take: compare,
  });
}
