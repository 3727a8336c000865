// Panels of matches in one pair of pictures: by LIFT and by SIFT, or by LIFT after each of its trainings. The pair is
// one of the examples, or the visitor's own.
import {choices, hear, onThemeChange, saveFile, slider, tell, whenSeen} from '../../frame/web/controls.js';
import {html, made} from '../../frame/web/html.js';
import {counted, drawMatches, matchesOf} from './pair.js';

export default function ({first, server, board, find, colour, liveCaller, loaded, onValue}) {
  const show = liveCaller(server.show_pair);
  const state = {pair: null, shown: null, images: null};
  board.toggleAttribute('data-empty', !first.pairs); // until a visitor's own two photographs are there
  const panels = Object.entries(first.panels).map(([method, title]) => {
    const figure = made(html`<figure data-method="${method}"><figcaption><b>${title}</b>
      <span role="status"></span></figcaption>
      <div><canvas role="img" aria-label="${title}: matches"></canvas></div></figure>`);
    find('.li-panels').append(figure);
    return {figure, method, ask: liveCaller(server.match_pair), canvas: figure.querySelector('canvas'), matches: null};
  });
  const {label: title, low, high, step, value} = first.count;
  const count = slider(find('.li-count'), {id: `${board.id}-count`, title, low, high, step, value}, match);

  const draw = (panel) => drawMatches(panel.canvas, state.images, panel.matches, colour);

  async function matchIn(panel) {
    const {pair, shown} = state;
    const answer = await panel.ask({pair, method: panel.method, count: count.value});
    if (!answer || pair !== state.pair) return;
    panel.matches = matchesOf(answer);
    panel.figure.querySelector('span').textContent = counted(answer, shown.known);
    [panel.figure.dataset.right, panel.figure.dataset.wrong] = answer.counts;
    [panel.figure.dataset.points] = answer.points;
    draw(panel);
  }
  async function match() {
    if (state.shown) await Promise.all(panels.map(matchIn));
  }

  async function choose(pair) {
    state.pair = pair;
    const shown = await show({pair});
    if (!shown || pair !== state.pair) return;
    Object.assign(state, {shown, images: await Promise.all(shown.pictures.map(loaded))});
    for (const panel of panels) {
      panel.matches = null;
      panel.figure.querySelector('span').textContent = '';
      draw(panel);
    }
    if (first.leads) tell('lift:pair', state);
    await match();
  }

  if (first.pairs) {
    const [begin] = Object.keys(first.pairs);
    choices(find('.li-pairs'), first.pairs, () => state.pair ?? begin, choose);
    whenSeen(board, () => state.pair ?? choose(begin));
  }
  onValue((given) => {
    if (!given.pair) return;
    board.toggleAttribute('data-empty', false);
    find('.li-handed').hidden = false;
    find('.li-handed a').href = `?tab=correspondence&photographs=${given.handed}`;
    choose(given.pair);
  });
  if (first.leads)
    hear('lift:which-pair', () => {
      if (state.shown) tell('lift:pair', state);
    });

  // ---- what can be taken away

  if (server.take) {
    const take = liveCaller(server.take);
    for (const [name, words] of Object.entries(first.files)) {
      const one = made(html`<button type="button">${words}</button>`);
      one.addEventListener('click', async () => {
        const answer = state.pair && (await take({pair: state.pair, count: count.value, file: name}));
        if (answer) saveFile(new Blob([Uint8Array.from(atob(answer.file), (letter) => letter.charCodeAt(0))]), name);
      });
      find('.li-take').append(one);
    }
  }

  const again = () => panels.forEach(draw);
  onThemeChange(again);
  new ResizeObserver(again).observe(find('.li-panels'));
}
