// One perturbation for all photographs, laid over the one that is chosen above.
import {hear, percent, slider, tell, whenSeen} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

const TITLES = ['x', 'x + v', 'x + noise'];

export default function ({first, server, board, find, findAll, liveCaller}) {
  const ask = liveCaller(server.lay_over);
  const state = {picture: null, names: [], seen: false};
  const {label: title, low, high, step} = first.bound;
  const bound = slider(
    find('.ad-universal-bound'),
    {id: 'ad-universal-bound', title, low, high, step, value: 10},
    look,
  );

  async function look() {
    if (!state.seen || !state.picture) return;
    const answer = await ask({picture: state.picture, bound: bound.value});
    if (!answer) return;
    const figures = findAll('figure');
    [...answer.pictures, answer.v].forEach((picture, i) => {
      figures[i].querySelector('img').src = picture;
    });
    TITLES.forEach((words, i) => {
      const lines = answer.classes[i].map(
        (number, k) => html`${state.names[number]}, ${percent(answer.probabilities[i][k])}<br>`,
      );
      fill(figures[i].querySelector('figcaption'), [html`<b>${words}</b>`, ...lines]);
    });
    board.dataset.changed = answer.classes[0][0] !== answer.classes[1][0];
  }

  hear('adversarial:photograph', ({picture, names}) => {
    if (picture === state.picture) return;
    [state.picture, state.names] = [picture, names];
    look();
  });
  tell('adversarial:hello');
  whenSeen(board, () => {
    state.seen = true;
    look();
  });
}
