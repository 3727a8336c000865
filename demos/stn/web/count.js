// The count: how many digits, all distorted as the one of the playground is, both networks read wrong. It is computed
// in parts once the sliders rest, and given up when they move again; till it is there the last one is grey.
import {button, hear, tell} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

export default function ({first, server, board, find, liveCaller}) {
  const {parts, ways} = first;
  const REST = 300; // milliseconds
  const ask = liveCaller(server.over_part);
  let seen = false;
  let latest = null; // what the playground shows
  let counting = ''; // what is being counted, or has been
  let waiting = 0;

  const said = (query) => JSON.stringify(query);

  async function count(query) {
    const key = said(query);
    counting = key;
    const answers = [];
    for (let part = 0; part < parts; part++) {
      const answer = await ask({...query, part});
      if (!answer && counting === key) counting = '';
      if (counting !== key) return;
      answers.push(answer);
      show(answers, query);
    }
  }

  function show(answers, query) {
    const sum = (value) => answers.reduce((total, answer) => total + value(answer), 0);
    const [transformer, plain, both] = ['transformer', 'plain', 'both'].map((way) => sum(({wrong}) => wrong[way]));
    const of = sum((answer) => answer.of);
    const network = query.classifier === 'fcn' ? 'plain FCN' : 'plain CNN';
    board.classList.toggle('count-old', answers.length < parts);
    fill(
      find('.count-said'),
      html`Of ${of.toLocaleString('en')} digits distorted like yours, wrong: <b>${transformer}</b> with the transformer,
        <b>${plain}</b> without.`,
    );
    const others = transformer - both ? `; ${transformer - both} only by the ${network}` : '';
    find('.count-only').textContent =
      plain - both
        ? `${plain - both} are read right only with the transformer${others}. Found among them:`
        : `None is read right only with the transformer${others}.`;
    const found = answers.flatMap((answer) => answer.found).sort((a, b) => b.margin - a.margin);
    find('.count-found').replaceChildren(
      ...found.map(({paper, seen: picture, label, plain: misread}) => {
        const one = button('', () => tell('stn:digit', {picture: paper, label}));
        one.title = 'Put it on the paper';
        fill(one, html`<img src="${picture}" alt="A distorted ${label}"><span>${label}; without: ${misread}</span>`);
        return one;
      }),
    );
  }

  function soon() {
    clearTimeout(waiting);
    if (!latest || said(latest) === counting) return;
    counting = ''; // what was begun is of no use any more
    board.classList.add('count-old');
    if (seen) waiting = setTimeout(() => count(latest), REST);
  }

  hear('stn:answer', (shown) => {
    if (!shown) return;
    const {picture: _, ...query} = shown.query;
    latest = query;
    soon();
  });
  new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    soon();
  }).observe(board);
  find('.count-ways').append(...ways.map(([title, set]) => button(title, () => tell('stn:distort', set))));
  tell('stn:hello');
}
