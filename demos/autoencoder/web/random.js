// Sixteen random codes of each of three sources, and how many of their pictures the judge takes for something.
import {anySeed, percent} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

export default function ({first, server, find, liveCaller, onValue}) {
  const {sources, count, shares, seeds} = first;
  const askCodes = liveCaller(server.draw_codes);
  const seed = find('.ae-seed');
  let data = null;

  fill(
    find('.ae-three'),
    Object.entries(sources).map(
      ([key, title]) => html`<figure data-source="${key}"><h3>${title}</h3>
        <img class="pixels" width="224" height="224" alt="${count} pictures. ${title}">
        <figcaption><output></output></figcaption></figure>`,
    ),
  );
  if (shares.length) {
    const parts = Object.values(sources).map(
      (title, i) => `${title[0].toLowerCase()}${title.slice(1)} ${percent(shares[i] / 100, 1)}`,
    );
    find('.ae-measured').textContent =
      `Measured over ${seeds} seeds with digits, the judge is at least 90 % sure of a digit: ${parts.join(', ')}.`;
  }

  async function draw() {
    const answer = await askCodes({data, seed: Number(seed.value)});
    if (!answer) return;
    for (const key of Object.keys(sources)) {
      const figure = find(`[data-source=${key}]`);
      figure.querySelector('img').src = answer[key].sheet;
      figure.querySelector('output').textContent = `the judge is sure of ${answer[key].sure} of ${count}`;
    }
  }

  find('.ae-draw-codes').addEventListener('click', () => {
    seed.value = anySeed();
    draw();
  });
  seed.addEventListener('input', () => {
    if (seed.value !== '' && seed.checkValidity()) draw();
  });
  onValue((value) => {
    if (!value.data || value.data === data) return;
    data = value.data;
    draw();
  });
}
