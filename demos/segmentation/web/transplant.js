// Two streets: the deep features of A, and what crosses at each level from A, from B, from noise, or from nowhere.
import {choices} from '../../frame/web/controls.js';
import {html, made} from '../../frame/web/html.js';
import {labelsOf, legend, makeStage, picker, tinted} from './shared.js';

const NETWORKS = {segnet: 'SegNet: indices', unet: 'U-Net: features', mobilenet: 'U-Net on MobileNetV2: features'};
const SOURCES = {own: 'A’s own', other: 'B’s', noise: 'Noise', none: 'Nothing'};
const LEVELS = ['Level 1, the finest', 'Level 2', 'Level 3', 'Level 4'];

export default function ({server, find, liveCaller, loaded}) {
  const ask = liveCaller(server.transplant);
  const stages = Object.fromEntries(['a', 'b', 'out'].map((name) => [name, makeStage(find(`.sg-${name}`))]));
  const sources = ['other', 'other', 'other', 'other'];
  const pictures = {};
  let network = 'segnet';
  let under = 'a';
  stages.out.opacity = 0.62;

  function showUnder() {
    const {image} = pictures[under === 'b' ? 'b' : 'a'];
    stages.out.opacity = under === 'none' ? 1 : 0.62;
    stages.out.show(image, pictures.a.picture.size);
  }

  async function transplant() {
    if (!pictures.a || !pictures.b) return;
    const query = {token: pictures.a.picture.token, other: pictures.b.picture.token, network, sources, seed: 0};
    const answer = await ask(query);
    if (!answer) return;
    const map = labelsOf(await loaded(answer.labels));
    showUnder();
    stages.out.cover(tinted(map, (label) => answer.colours[label]));
    legend(find('.sg-names'), answer);
  }

  choices(
    find('.sg-network'),
    NETWORKS,
    () => network,
    (key) => {
      network = key;
      transplant();
    },
  );
  LEVELS.forEach((title, level) => {
    const row = made(
      html`<div class="sg-level"><span>${title}</span>
        <span role="group" aria-label="${`Level ${level + 1}`}"></span></div>`,
    );
    find('.sg-grid').append(row);
    choices(
      row.querySelector('[role=group]'),
      SOURCES,
      () => sources[level],
      (key) => {
        sources[level] = key;
        transplant();
      },
    );
  });
  choices(
    find('.sg-under'),
    {a: 'Over A', b: 'Over B', none: 'Classes alone'},
    () => under,
    (key) => {
      under = key;
      if (pictures.a && pictures.b) showUnder();
    },
  );
  const asks = {a: liveCaller(server.open_picture), b: liveCaller(server.open_picture)};
  for (const [name, number] of [
    ['a', 1],
    ['b', 3],
  ])
    picker(find(`.sg-bar-${name}`), {
      ask: asks[name],
      loaded,
      number,
      group: `Picture ${name.toUpperCase()}`,
      drawn: 'Drawn',
      take(one) {
        pictures[name] = one;
        stages[name].show(one.image, one.picture.size);
        return transplant();
      },
    });
}
