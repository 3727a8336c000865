// The plane while it forms: a slider over the moments of a training at which its weights were kept.
import {button, slider, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

export default function ({first, server, find, liveCaller, loaded}) {
  const SIDE = 560;
  const EACH = 700; // milliseconds that a moment is shown while it plays
  const {moments} = first;
  const last = moments.length - 1;
  const ask = liveCaller(server.form);
  const map = find('.vf-plane canvas').getContext('2d');
  let at = last;
  let playing = 0;

  const named = (state) => `${moments[state].toLocaleString('en')} updates`;
  const handle = slider(
    find('.vf-slider'),
    {id: 'vae-moment', title: 'Moment of the training', low: 0, high: last, step: 1, value: last, text: named},
    (state) => {
      pause();
      show(state);
    },
  );
  const play = button('Play', () => (playing ? pause() : begin()));
  play.dataset.run = '';
  find('.vf-buttons').append(play);

  async function show(state) {
    at = state;
    handle.set(state);
    const answer = await ask({state});
    if (!answer) return;
    map.drawImage(await loaded(answer.sheet), 0, 0, SIDE, SIDE);
    const place = (value) => ((value / answer.half + 1) * SIDE) / 2;
    fill(
      find('.vf-plane svg'),
      answer.means.map(([z1, z2], label) => html`<text x="${place(z1)}" y="${SIDE - place(z2) + 9}">${label}</text>`),
    );
    find('.vf-said').textContent =
      `After ${named(state)} the ELBO of a test digit is ${written(answer.elbo, 1)} nats on average.`;
  }

  function begin() {
    play.textContent = 'Pause';
    const step = async (state) => {
      await show(state);
      playing = state < last && setTimeout(() => step(state + 1), EACH);
      if (!playing) pause();
    };
    playing = setTimeout(() => step(at < last ? at + 1 : 0), 0);
  }

  function pause() {
    clearTimeout(playing);
    playing = 0;
    play.textContent = 'Play';
  }

  show(last);
}
