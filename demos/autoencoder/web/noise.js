// The drawing, or nothing at all, under noise, and what the wide networks make of it.
import {anySeed, choices, rememberSeed} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

export default function ({first, server, find, findAll, liveCaller, onValue}) {
  const TITLES = [
    ['Without a constraint', 'as many units as it likes: noise comes back'],
    ['The same width, denoising', 'trained to undo noise'],
    ['30 units', 'the narrow code is its constraint'],
    ['PCA, 30 units', 'the linear code of that width'],
  ];
  const askNoise = liveCaller(server.add_noise);
  const level = find('.ae-level input');
  let kind = 'gaussian';
  let seed = 0;
  let picture = null;

  choices(
    find('.ae-kinds'),
    first.kinds,
    () => kind,
    (chosen) => {
      kind = chosen;
      show();
    },
  );
  fill(find('.ae-made'), [
    html`<figure><h3>Shown</h3><img class="pixels" width="168" height="168" alt="The picture under noise">
      <figcaption>x with noise<br><output></output></figcaption></figure>`,
    ...TITLES.map(
      ([title, what]) => html`<figure><h3>${title}</h3>
        <img class="pixels" width="168" height="168" alt="What comes back. ${title}">
        <figcaption>${what}<br><output></output></figcaption></figure>`,
    ),
  ]);

  async function show() {
    find('.ae-level output').textContent = Number(level.value).toFixed(2);
    const alone = find('.ae-alone').checked;
    if (!alone && !picture) return;
    const asked = {picture: alone ? null : picture, kind, level: Number(level.value), seed};
    const answer = await askNoise(asked);
    if (!answer) return;
    const [shown, ...made] = findAll('.ae-made figure');
    shown.querySelector('img').src = answer.spoiled;
    shown.querySelector('output').textContent = alone ? '' : `${answer.apart.toFixed(1)} from the clean one`;
    made.forEach((figure, i) => {
      const {picture: uri, shown: apart, clean} = answer.made[i];
      figure.querySelector('img').src = uri;
      figure.querySelector('output').textContent =
        `${apart.toFixed(1)} from what was shown${alone ? '' : `, ${clean.toFixed(1)} from the clean one`}`;
    });
  }

  level.addEventListener('input', show);
  find('.ae-alone').addEventListener('change', show);
  function begin(number) {
    seed = number;
    show();
  }
  find('.ae-again').addEventListener('click', () => begin(anySeed()));
  rememberSeed(find('.ae-again'), () => seed, begin);
  onValue((value) => {
    if (value.data !== 'digits' || !value.picture || value.picture === picture) return;
    picture = value.picture;
    show();
  });
}
