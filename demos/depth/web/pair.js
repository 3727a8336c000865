// Two eyes: everything that the left picture says about the pair. One question a pair; the place of the eye and the
// threshold are answered here.
import {button, numbersOf, percent, rememberSeed, written} from '../../frame/web/controls.js';
import {html, made} from '../../frame/web/html.js';

export default function ({first, server, find, findAll, say, liveCaller, onValue}) {
  const ask = liveCaller(server.pair);
  const askDescent = liveCaller(server.descend);
  const {pairs, places, seed: madeSeed} = first;
  const FIGURES = [
    // what it is, of which eye, and its line
    ['left', 0, () => 'The left picture Iˡ: all that the network sees'],
    ['right', 0, () => 'The right picture Iʳ, which it never sees'],
    ['disparity', 1, () => 'Right disparity dʳ, from the left picture too'],
    ['matched', 0, (said) => `Semi-global matching of the real pair: ${said.matched}`],
    ['rebuilt', 0, () => 'Left, rebuilt from the right picture: Ĩˡ(x) = Iʳ(x − dˡ)'],
    ['l1', 0, (said) => `|Iˡ − Ĩˡ|: ${said.l1[0]}`],
    ['ssim', 0, (said) => `(1 − SSIM) / 2 of the left: ${said.ssim[0]}`],
    ['mask', 0],
    ['rebuilt', 1, () => 'Right, rebuilt from the left picture: Ĩʳ(x) = Iˡ(x + dʳ)'],
    ['l1', 1, (said) => `|Iʳ − Ĩʳ|: ${said.l1[1]}`],
    ['ssim', 1, (said) => `(1 − SSIM) / 2 of the right: ${said.ssim[1]}`],
    ['mask', 1],
  ];
  const place = find('.ds-place');
  const threshold = find('.ds-threshold');
  const strip = new Image();
  let shown = null;
  let apart = null;
  let seed = madeSeed;

  // Over its caption a picture, or where it has no source a canvas.
  function figure(source, caption) {
    const [height, width] = shown.shape;
    const ratio = `aspect-ratio: ${width} / ${height}`;
    const picture = source
      ? html`<img alt="" src="${source}" style="${ratio}">`
      : html`<canvas style="${ratio}" role="img" aria-label="Where the eyes agree"></canvas>`;
    return made(html`<figure>${picture}<figcaption>${caption}</figcaption></figure>`);
  }

  function draw(answer) {
    shown = answer;
    apart = shown.apart.map((text) => numbersOf(text, Uint8Array));
    const {pictures, said, shape} = shown;
    const ratio = `${shape[1]} / ${shape[0]}`;
    find('.ds-main').src = pictures.disparity[0];
    find('.ds-main').style.aspectRatio = find('.ds-view').style.aspectRatio = ratio;
    find('.ds-top figure:last-child figcaption').textContent = `dˡ, bright where it is large: ${said.disparity}.`;
    find('.ds-note').textContent = said.note;
    find('.ds-truth').textContent = said.truth;
    find('.ds-grid').replaceChildren(
      ...FIGURES.map(([name, eye, caption]) =>
        name === 'mask' ? figure(null, '') : figure(pictures[name][eye], caption(said)),
      ),
    );
    find('.ds-scales').replaceChildren(
      ...pictures.scales.map((source, k) => figure(source, `${said.scales[k]} pixels`)),
    );
    find('.ds-losses').replaceChildren();
    strip.src = shown.views.strip;
    mask();
  }

  // The eye at one of the places for which there is a view, in the strip one below the other.
  function look() {
    if (!shown || !strip.complete || !strip.naturalWidth) return;
    const canvas = find('.ds-view');
    const [height, width] = shown.views.size;
    const at = Number(place.value);
    [canvas.width, canvas.height] = [width, height];
    canvas.getContext('2d').drawImage(strip, 0, at * height, width, height, 0, 0, width, height);
    const where = places[at];
    let between = where ? 'the right eye' : 'the left eye';
    if (where > 0 && where < 1) between = 'between the eyes';
    else if (where < 0 || where > 1) between = 'beyond them';
    find('.ds-top figcaption').textContent =
      `Made from the left picture and dˡ alone, ${written(where)} of the way from the left eye to the right one: ` +
      `${between}.`;
    place.setAttribute('aria-valuetext', `${written(where)}, ${between}`);
  }

  function mask() {
    if (!shown) return;
    const [height, width] = shown.grid;
    const most = 16 * threshold.value;
    find('.ds-line output').textContent = `${written(Number(threshold.value))} pixels, of ${width}.`;
    findAll('.ds-grid canvas').forEach((canvas, eye) => {
      const put = canvas.getContext('2d');
      [canvas.width, canvas.height] = [width, height];
      const pixels = put.createImageData(width, height);
      let agree = 0;
      apart[eye].forEach((far, i) => {
        const good = far < most;
        agree += good;
        pixels.data.set(good ? [255, 255, 255, 255] : [32, 36, 42, 255], 4 * i);
      });
      put.putImageData(pixels, 0, 0);
      const share = percent(agree / apart[eye].length);
      canvas.nextSibling.textContent = `The eyes agree in ${share} of the ${eye ? 'right' : 'left'} picture.`;
    });
  }

  async function descend() {
    const [left] = shown.pictures.left;
    const [right] = shown.pictures.right;
    const answer = await askDescent({left, right});
    if (!answer || shown.pictures.left[0] !== left) return;
    find('.ds-losses').replaceChildren(
      ...answer.terms.map(({title, disparity, apart: far, agree, rough}) => {
        const step = written(rough);
        const said = `Both eyes agree in ${percent(agree)}; from pixel to pixel dˡ changes by ${step} pixels.`;
        const whole = figure(disparity, said);
        whole.prepend(made(html`<h3>${title}</h3>`));
        whole.querySelector('img').after(
          made(html`<img src="${far}" style="aspect-ratio: ${shown.shape[1]} / ${shown.shape[0]}"
            alt="How far the eyes disagree, bright where by four pixels and more">`),
        );
        return whole;
      }),
    );
  }
  find('.ds-descend').addEventListener('click', () => shown && descend());

  const buttons = Object.entries(pairs).map(([name, title]) => {
    const one = button(title, () => bring(name, name === 'made' ? madeSeed : 0));
    one.dataset.name = name;
    return one;
  });
  const another = button('Another scene', () => bring('made', seed + 1));
  find('.ds-choose').append(...buttons, another);
  rememberSeed(
    another,
    () => seed,
    (number) => bring('made', number),
  );

  async function bring(name, number) {
    const answer = await ask({name, seed: number});
    if (!answer) return;
    if (name === 'made') seed = number;
    choose(name);
    draw(answer);
  }

  function choose(name) {
    for (const one of buttons) one.setAttribute('aria-pressed', one.dataset.name === name);
    another.hidden = name !== 'made';
  }

  [place.min, place.max, place.step] = [0, places.length - 1, 1];
  place.value = places.indexOf(0.5);
  place.addEventListener('input', look);
  threshold.addEventListener('input', mask);
  strip.addEventListener('load', look);
  choose('');
  bring('motorcycle', 0);
  onValue((value) => {
    if (value.pictures) {
      choose('');
      say('');
      draw(value);
    }
  });
}
