// From one drawing to another in three spaces, under one slider; all pictures come with one answer.
import {button, saveCanvas} from '../../frame/web/controls.js';
import {html, made} from '../../frame/web/html.js';

export default function ({server, find, findAll, liveCaller, loaded, onValue}) {
  const STEPS = 41;
  const STRIP = 11;
  const ROWS = {pixels: 'As pixels: one fades out, one in', pca: "In PCA's code", network: "In the autoencoder's code"};
  const askWalk = liveCaller(server.walk_between);
  const slider = find('.ae-along');
  let sheet = null;
  let current = {};
  const ends = {a: null, b: 8}; // null: the drawing above; else the number of an example

  const rows = Object.entries(ROWS).map(([key, title]) => {
    const row = made(html`<div class="ae-row" data-space="${key}">
      <canvas class="pixels ae-now" width="28" height="28" role="img" aria-label="${title}, at the slider"></canvas>
      <div><h3>${title}</h3><canvas class="pixels ae-way" width="${28 * STRIP}" height="28" role="img"
        aria-label="${title}, eleven pictures of the way"></canvas></div></div>`);
    find('.ae-rows').append(row);
    return [...row.querySelectorAll('canvas')].map((canvas) => canvas.getContext('2d'));
  });

  for (const end of ['a', 'b']) {
    const label = made(html`<label>${end.toUpperCase()} <select data-end="${end}"></select></label>`);
    label.querySelector('select').addEventListener('change', ({target}) => {
      ends[end] = target.value === '' ? null : Number(target.value);
      walk();
    });
    find('.ae-walk-ends').append(label);
  }
  find('.ae-walk-ends').append(
    button('Exchange', () => {
      [ends.a, ends.b] = [ends.b, ends.a];
      showEnds();
      walk();
    }),
  );

  function showEnds() {
    for (const end of ['a', 'b']) find(`[data-end=${end}]`).value = ends[end] ?? '';
  }

  function show() {
    const t = Number(slider.value);
    slider.setAttribute('aria-valuetext', `${((100 * t) / (STEPS - 1)).toFixed(0)} % of the way`);
    if (!sheet) return;
    rows.forEach(([now], row) => {
      now.drawImage(sheet, 28 * t, 28 * row, 28, 28, 0, 0, 28, 28);
    });
  }

  async function walk() {
    if (!current.picture) return;
    const picture = (end) => (ends[end] === null ? current.picture : current.examples[ends[end]]);
    const answer = await askWalk({data: current.data, a: picture('a'), b: picture('b')});
    if (!answer) return;
    sheet = await loaded(answer.sheet);
    rows.forEach(([, way], row) => {
      for (let i = 0; i < STRIP; i++)
        way.drawImage(sheet, (28 * i * (STEPS - 1)) / (STRIP - 1), 28 * row, 28, 28, 28 * i, 0, 28, 28);
    });
    show();
  }

  function update(value) {
    if (value.data !== current.data) {
      ends.b = value.data === 'digits' ? 8 : 5;
      for (const select of findAll('select'))
        select.replaceChildren(
          new Option('your drawing', ''),
          ...value.names.map((name, i) => new Option(`example: ${name}`, i)),
        );
    }
    current = value;
    showEnds();
    walk();
  }

  slider.addEventListener('input', show);
  find('.ae-save').addEventListener('click', () => {
    if (!sheet) return;
    const canvas = Object.assign(document.createElement('canvas'), {width: 56 * STEPS, height: 168});
    const paper = canvas.getContext('2d');
    paper.imageSmoothingEnabled = false;
    paper.drawImage(sheet, 0, 0, canvas.width, canvas.height);
    saveCanvas(canvas, 'walk-pixels-pca-autoencoder.png');
  });
  onValue((value) => {
    if (value.data && value.picture) update(value);
  });
}
