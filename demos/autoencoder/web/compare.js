// What lies nearest to the drawing, by four measures.
import {whenSeen} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

export default function ({first, server, board, find, liveCaller, onValue}) {
  const askNearest = liveCaller(server.find_nearest);
  let asked = null;

  fill(
    find('.ae-nearest'),
    first.measures.map(
      (title) => html`<figure><h3>${title}</h3>
        <img class="pixels" width="336" height="56" alt="The nearest pictures. ${title}">
        <div class="ae-names"></div></figure>`,
    ),
  );

  let current = {};
  let seen = false;

  async function ask() {
    const {data, picture} = current;
    if (!seen || !picture || picture === asked) return;
    asked = picture;
    const answer = await askNearest({data, picture});
    if (!answer) return;
    find('.ae-seen').src = answer.seen;
    answer.rows.forEach((row, i) => {
      const figure = find('.ae-nearest').children[i];
      figure.querySelector('img').src = row.sheet;
      fill(
        figure.querySelector('.ae-names'),
        row.names.map((name) => html`<span>${name}</span>`),
      );
    });
  }

  onValue((value) => {
    current = value;
    ask();
  });
  whenSeen(board, () => {
    seen = true;
    ask();
  });
}
