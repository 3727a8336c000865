// Two eyes: everything that the left picture says about the pair. One question a pair; the place of the eye and the
// threshold are answered here.
import {written} from '../../frame/web/controls.js';

export default function ({first, server, board, find, say, liveCaller, onValue}) {
  const ask = liveCaller(server.pair), {pairs, places, seed: madeSeed} = first;
  const FIGURES = [  // what it is, of which eye, and its line
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
  const place = find('.ds-place'), threshold = find('.ds-threshold'), strip = new Image();
  let shown = null, apart = null, seed = madeSeed;

  // Over its caption a picture, or where it has no source a canvas.
  function figure(source, caption) {
    const made = document.createElement('figure');
    made.innerHTML = source ? '<img alt=""><figcaption></figcaption>' : '<canvas></canvas><figcaption></figcaption>';
    if (source) made.firstChild.src = source;
    made.firstChild.style.aspectRatio = `${shown.shape[1]} / ${shown.shape[0]}`;
    made.querySelector('figcaption').textContent = caption;
    return made;
  }

  function draw(answer) {
    shown = answer;
    apart = shown.apart.map((text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
    const {pictures, said, shape} = shown, ratio = `${shape[1]} / ${shape[0]}`;
    find('.ds-main').src = pictures.disparity[0];
    find('.ds-main').style.aspectRatio = find('.ds-view').style.aspectRatio = ratio;
    find('.ds-top figure:last-child figcaption').textContent = `dˡ, bright where it is large: ${said.disparity}.`;
    find('.ds-truth').textContent = said.truth;
    find('.ds-grid').replaceChildren(...FIGURES.map(
      ([name, eye, caption]) => name === 'mask' ? figure(null, '') : figure(pictures[name][eye], caption(said))));
    find('.ds-scales').replaceChildren(...pictures.scales.map((source, k) => figure(source, `${said.scales[k]} pixels`)));
    find('.ds-losses').replaceChildren(...shown.losses.map((loss) => {
      const made = figure(loss.disparity, loss.said), title = document.createElement('h3'), second = document.createElement('img');
      title.textContent = loss.title;
      second.src = loss.apart;
      second.alt = 'How far the eyes disagree, bright where by four pixels and more';
      second.style.aspectRatio = ratio;
      made.prepend(title);
      made.querySelector('img').after(second);
      return made;
    }));
    strip.src = shown.views.strip;
    mask();
  }

  // The eye at one of the places for which there is a view, in the strip one below the other.
  function look() {
    if (!shown || !strip.complete || !strip.naturalWidth) return;
    const canvas = find('.ds-view'), [height, width] = shown.views.size, at = Number(place.value);
    [canvas.width, canvas.height] = [width, height];
    canvas.getContext('2d').drawImage(strip, 0, at * height, width, height, 0, 0, width, height);
    const where = places[at], between = where > 0 && where < 1 ? 'between the eyes' : where < 0 || where > 1 ? 'beyond them' : where ? 'the right eye' : 'the left eye';
    find('.ds-top figcaption').textContent =
      `Made from the left picture and dˡ alone, ${written(where)} of the way from the left eye to the right one: ${between}.`;
    place.setAttribute('aria-valuetext', `${written(where)}, ${between}`);
  }

  function mask() {
    if (!shown) return;
    const [height, width] = shown.grid, most = 16 * threshold.value;
    find('.ds-line output').textContent = `${written(Number(threshold.value))} pixels, of ${width}.`;
    board.querySelectorAll('.ds-grid canvas').forEach((canvas, eye) => {
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
      canvas.nextSibling.textContent =
        `The eyes agree in ${(100 * agree / apart[eye].length).toFixed(0)} % of the ${eye ? 'right' : 'left'} picture.`;
    });
  }

  const buttons = Object.entries(pairs).map(([name, title]) => button(title, () => bring(name, name === 'made' ? madeSeed : 0), name));
  const another = button('Another scene', () => bring('made', seed + 1));

  function button(title, act, name = '') {
    const made = document.createElement('button');
    made.type = 'button';
    made.textContent = title;
    made.dataset.name = name;
    made.addEventListener('click', act);
    find('.ds-choose').append(made);
    return made;
  }

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
  onValue((value) => { if (value.pictures) { choose(''); say(''); draw(value); } });
}
