// From A to B in latent space. All pictures of the way come with one call, so the slider itself asks for nothing.
import {button} from '../../frame/web/controls.js';
import {html, made} from '../../frame/web/html.js';
import {nameModel} from './latents.js';

export default function ({server, find, findAll, liveCaller, loaded, onValue}) {
  const STRIP = 10;
  const askMorph = liveCaller(server.morph_ends);
  const slider = find('.along');
  const between = find('.between canvas').getContext('2d');
  const ends = {a: find('[data-end=a]'), b: find('[data-end=b]')};
  const KEPT = {a: 'keptA', b: 'keptB'};
  let sheet = null;
  let last = 90;
  let current = {};

  const strip = [...Array(STRIP).keys()].map((index) => {
    const one = button('', () => {
      slider.value = (index * last) / (STRIP - 1);
      show();
    });
    one.setAttribute('aria-label', `t = ${(index / (STRIP - 1)).toFixed(2)}`);
    one.append(made(html`<canvas class="pixels" width="28" height="28"></canvas>`));
    find('.strip').append(one);
    return one.firstElementChild.getContext('2d');
  });

  const cut = (context, step) => context.drawImage(sheet, 28 * step, 0, 28, 28, 0, 0, 28, 28);

  function show() {
    const step = Number(slider.value);
    const t = (step / last).toFixed(2);
    find('output').textContent = `t = ${t}`;
    slider.setAttribute('aria-valuetext', `t = ${t}`);
    findAll('.strip button').forEach((one, index) => {
      one.setAttribute('aria-current', index === Math.round(t * (STRIP - 1)));
    });
    if (sheet) cut(between, step);
  }

  // An end is one of the classes, or the drawing that was kept for it.
  function end(name) {
    const {value} = ends[name].querySelector('select');
    return value === 'drawing' ? {picture: current[KEPT[name]]} : {label: Number(value)};
  }

  async function morph() {
    const answer = await askMorph({data: current.data, a: end('a'), b: end('b')});
    if (!answer) return;
    sheet = await loaded(answer.sheet);
    last = slider.max = answer.steps - 1;
    ends.a.querySelector('img').src = answer.a;
    ends.b.querySelector('img').src = answer.b;
    nameModel(find('.model'), answer.model);
    strip.forEach((context, index) => {
      cut(context, (index * last) / (STRIP - 1));
    });
    show();
  }

  function update(value) {
    const before = current;
    current = value;
    for (const [name, first] of [
      ['a', 7],
      ['b', 3],
    ]) {
      const select = ends[name].querySelector('select');
      if (before.data !== current.data) {
        const classes = current.names.map((text, index) => new Option(text, index));
        select.replaceChildren(...classes, new Option('kept drawing', 'drawing'));
        select.value = first;
      }
      const kept = current[KEPT[name]];
      select.lastChild.disabled = !kept;
      if (kept && kept !== before[KEPT[name]]) select.value = 'drawing';
    }
    morph();
  }

  slider.addEventListener('input', show);
  for (const box of Object.values(ends)) box.querySelector('select').addEventListener('change', morph);
  onValue((value) => {
    if (value.data) update(value);
  });
}
