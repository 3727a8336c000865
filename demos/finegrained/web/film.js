// Where the two windows lay on this picture in the course of the training.
import {hear, percent, slider, tell, whenSeen} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {player} from '../../frame/web/play.js';
import {cornerOf, WINDOW_COLOURS} from './shared.js';

const PLAYS = 4000; // milliseconds

export default function ({server, board, find, liveCaller}) {
  const ask = liveCaller(server.film);
  const state = {thing: null, film: null, seen: false};

  const way = slider(
    find('.fg-film-slider'),
    {id: 'fg-moment', title: 'Moment of the training', low: 0, high: 1, step: 0.02, value: 1, text: stepAt},
    (share) => {
      film.stop();
      showAt(share);
    },
  );
  const place = (share) => Math.round(share * (state.film.steps.length - 1));
  function stepAt(share) {
    return state.film ? `step ${state.film.steps[place(share)].toLocaleString('en')}` : '';
  }

  function showAt(share) {
    if (!state.film) return;
    const now = place(share);
    const {centres} = state.film;
    fill(
      find('.fg-film-stage svg'),
      centres[now].flatMap((centre, k) => {
        const [left, top] = cornerOf(centre).map((value) => 100 * value);
        const points = centres.slice(0, now + 1).map((at) => at[k].map((value) => 50 * (value + 1)).join(' '));
        const [x, y] = cornerOf(centres[0][k]).map((value) => 100 * value);
        return [
          html`<path class="began" style="stroke: ${WINDOW_COLOURS[k]}" d="M${x} ${y}h50v50h-50z"/>`,
          html`<path style="stroke: ${WINDOW_COLOURS[k]}" d="M${left} ${top}h50v50h-50z"/>`,
          html`<path class="way" style="stroke: ${WINDOW_COLOURS[k]}" d="M${points.join('L')}"/>`,
        ];
      }),
    );
    const far = centres[now].map((at, k) => Math.hypot(...at.map((value, axis) => (value - centres[0][k][axis]) / 2)));
    const moved = far.map((share, k) => `window ${k + 1} by ${percent(share)}`).join(', ');
    find('.fg-film-said').textContent = now
      ? `Moved from where they began (dashed): ${moved} of the picture.`
      : 'Side by side, as they began.';
    board.dataset.moment = now;
  }

  const film = player(PLAYS, (share) => {
    way.set(share);
    showAt(share);
  });
  find('.fg-film-play').addEventListener('click', film.play);

  async function begin() {
    if (!state.thing || !state.seen) return;
    const {picture, width, height} = state.thing;
    Object.assign(find('img'), {src: picture, width, height});
    find('img').hidden = false;
    find('img').style.aspectRatio = `${width} / ${height}`;
    const answer = await ask({picture});
    if (!answer) return;
    state.film = answer;
    way.set(1);
    showAt(1);
  }
  hear('finegrained:picture', (thing) => {
    state.thing = thing;
    begin();
  });
  tell('finegrained:hello');
  whenSeen(board, () => {
    state.seen = true;
    begin();
  });
}
