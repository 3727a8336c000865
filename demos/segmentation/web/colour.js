// Strokes of a few classes on a picture, and a small U-Net that learns from them while somebody watches.
import {choices, hear, saveCanvas, slider, whenSeen} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {makePaper} from './paper.js';
import {isAboveNow, labelsOf, makeStage, tinted} from './shared.js';

const PICTURES = {
  cat: 'Cat',
  astronaut: 'Astronaut',
  motorcycle: 'Motorcycle',
  coins: 'Coins',
  above: 'The picture above',
};
const CLASSES = {0: 'Background', 1: 'Class 1', 2: 'Class 2', 3: 'Class 3'};
const COLOURS = [
  [58, 110, 222],
  [240, 166, 30],
  [40, 160, 96],
  [206, 70, 160],
];
const REST = 400; // milliseconds without a stroke, after which it learns
// What is painted on the cat when the tab opens, in hundredths of the picture.
const OPENING = [
  [1, [14, 40, 30, 76, 56, 84]],
  [1, [32, 14, 58, 12]],
  [1, [44, 46, 62, 50]],
  [0, [87, 36, 91, 62]],
  [0, [81, 46, 84, 58]],
];

export default function ({board, server, find, say, liveCaller, loaded}) {
  const askOpen = liveCaller(server.open_picture);
  const askBegin = liveCaller(server.begin);
  const askAdvance = liveCaller(server.advance);
  const mask = makeStage(find('.sg-mask'));
  const learnButton = find('.sg-learn');
  let chosen = 'cat';
  let label = 1;
  let picture = null;
  let image = null;
  let learned = null; // labels
  let run = 0; // the newest one goes on
  let timer = 0;
  let losses = [];

  const brush = slider(
    find('.sg-brush'),
    {
      id: 'segmentation-brush',
      title: 'Width of the brush',
      low: 3,
      high: 31,
      step: 2,
      value: 9,
      text: (value) => `${value} px`,
    },
    () => {},
  );
  const paper = makePaper(find('.sg-paper canvas'), {
    colours: COLOURS,
    how: () => ({label, size: brush.value}),
    began() {
      rest();
      board.dataset.step = '';
    },
    changed,
  });

  function changed() {
    clearTimeout(timer);
    paper.redraw();
    if (new Set(paper.strokes.map((stroke) => stroke.label)).size > 1) timer = setTimeout(learn, REST);
    else say(paper.strokes.length ? 'Now a stroke of another class.' : '', 'note');
  }

  // ---- learning

  function rest() {
    clearTimeout(timer);
    run++;
    learnButton.textContent = 'Learn';
  }

  async function take(seen, updates) {
    learned = labelsOf(await loaded(seen.labels));
    mask.cover(tinted(learned, (one) => COLOURS[one]));
    losses.push([seen.step, seen.loss]);
    const most = Math.max(...losses.map(([, loss]) => loss), 0.1);
    const points = losses.map(([step, loss]) => `${(300 * step) / updates} ${58 - (56 * loss) / most}`);
    fill(find('.sg-loss'), html`<path d="M${points.join('L')}"/>`);
    board.dataset.step = seen.step;
    find('.sg-state').textContent = `${seen.step} of ${updates} updates, loss ${seen.loss.toFixed(3)}`;
  }

  async function learn() {
    if (!picture) return;
    rest();
    const mine = run;
    board.dataset.step = '';
    say('');
    const answer = await askBegin({token: picture.token, strokes: paper.painted()});
    if (!answer || mine !== run) return;
    learnButton.textContent = 'Stop';
    losses = [];
    await take(answer.seen, answer.updates);
    while (mine === run && losses.at(-1)[0] < answer.updates && board.offsetParent) {
      const next = await askAdvance({run: answer.run});
      if (!next || mine !== run) break;
      await take(next.seen, answer.updates);
    }
    if (mine === run) rest();
  }

  learnButton.addEventListener('click', () => (learnButton.textContent === 'Stop' ? rest() : learn()));

  // ---- pictures and classes

  async function use(next) {
    image = await loaded(next.picture);
    picture = next;
    learned = null;
    board.dataset.step = '';
    rest();
    paper.strokes = [];
    paper.show(image, picture.size);
    mask.show(image, picture.size);
    mask.cover(null);
    find('.sg-state').textContent = 'Paint a stroke on the thing, and one of another class beside it.';
    fill(find('.sg-loss'), html``);
  }

  async function open(key) {
    chosen = key;
    const number = Object.keys(PICTURES).indexOf(key);
    const next = key === 'above' ? isAboveNow() : await askOpen({kind: 'packaged', number});
    if (next && chosen === key) await use(next);
  }

  choices(find('.sg-pictures'), PICTURES, () => chosen, open);
  choices(
    find('.sg-class'),
    CLASSES,
    () => String(label),
    (key) => {
      label = Number(key);
    },
  );
  for (const one of find('.sg-class').children)
    one.style.setProperty('--own', `rgb(${COLOURS[one.dataset.key].join()})`);
  find('.sg-undo').addEventListener('click', () => {
    rest();
    paper.strokes.pop();
    changed();
  });
  find('.sg-clear').addEventListener('click', () => {
    rest();
    paper.strokes = [];
    changed();
  });
  hear('segmentation:above', (above) => {
    if (chosen === 'above') use(above);
  });

  // ---- take away

  // A picture as large as the mask; its pixels are those of `colour(label, [red, green, blue])`, four bytes.
  function save(name, colour) {
    if (!learned) return say('Paint and learn first.');
    const {width, height, labels} = learned;
    const sheet = Object.assign(document.createElement('canvas'), {width, height});
    const pen = sheet.getContext('2d');
    pen.drawImage(image, 0, 0, width, height);
    const found = pen.getImageData(0, 0, width, height);
    for (let i = 0; i < labels.length; i++)
      found.data.set(colour(labels[i], found.data.subarray(4 * i, 4 * i + 3)), 4 * i);
    pen.putImageData(found, 0, 0);
    saveCanvas(sheet, name);
  }
  find('.sg-save').addEventListener('click', () => save('mask.png', (one) => [...COLOURS[one], 255]));
  find('.sg-cutout').addEventListener('click', () => save('cut-out.png', (one, rgb) => [...rgb, one ? 255 : 0]));

  whenSeen(board, async () => {
    await open('cat');
    if (paper.strokes.length || chosen !== 'cat' || !picture) return;
    const [width, height] = picture.size;
    const points = (flat) =>
      Array.from({length: flat.length / 2}, (_, i) => [
        Math.round((flat[2 * i] * width) / 100),
        Math.round((flat[2 * i + 1] * height) / 100),
      ]);
    paper.strokes = OPENING.map(([kind, flat]) => ({label: kind, size: 9, points: points(flat)}));
    changed();
  });
}
