// Distances of positive and of negative pairs as histograms, a threshold, and the pairs that are hard.
import {choices, percent, slider, whenSeen} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

const FARTHEST = 2; // of unit vectors
const MARKS = [0, 0.5, 1, 1.5, 2];
const KINDS = ['positive pairs', 'negative pairs', 'the hardest negative one of each point'];

export default function ({first, server, board, find, findAll, liveCaller}) {
  const ask = liveCaller(server.distances);
  const state = {pair: Object.keys(first.pairs)[0], answer: null};
  const settings = {
    id: 'li-threshold',
    title: 'Called the same up to a distance of',
    low: 0,
    high: FARTHEST,
    step: 0.02,
  };
  const threshold = slider(find('.li-threshold'), {...settings, value: 0.9, text: (one) => one.toFixed(2)}, draw);

  function draw() {
    const {answer} = state;
    if (!answer) return;
    const x = (place) => 10 + (580 * place) / FARTHEST;
    const bins = answer.shares[0].length;
    const most = Math.max(...answer.shares.flat());
    const path = (shares) => {
      const points = shares.map((share, i) => `${x(((i + 0.5) * FARTHEST) / bins)} ${165 - (155 * share) / most}`);
      return `M${x(0)} 165L${points.join('L')}L${x(FARTHEST)} 165Z`;
    };
    const at = x(threshold.value);
    fill(
      find('.li-histogram svg'),
      html`${[1, 2, 0].map((kind) => html`<path data-kind="${kind}" d="${path(answer.shares[kind])}"/>`)}
        <line x1="${at}" x2="${at}" y1="6" y2="168"/>
        ${MARKS.map((place) => html`<text x="${x(place)}" y="184" text-anchor="middle">${place}</text>`)}`,
    );
    const within = answer.shares.map((shares) =>
      shares.reduce((sum, share, i) => sum + (((i + 0.5) * FARTHEST) / bins <= threshold.value ? share : 0), 0),
    );
    find('.li-rates').textContent =
      `Within it: ${percent(within[0], 1)} of the positive pairs, ${percent(within[1], 2)} of the negative ones,` +
      ` and ${percent(within[2], 1)} of the hardest.`;
    board.dataset.within = within.join(' ');
  }

  function show(answer) {
    state.answer = answer;
    for (const one of findAll('.li-kinds span'))
      one.textContent = `${answer.counts[one.dataset.kind].toLocaleString('en')} ${KINDS[one.dataset.kind]}`;
    for (const kind of ['negatives', 'positives'])
      fill(
        find(`.li-${kind}`),
        answer[kind].map(
          ({picture, distance}) => html`<figure><img src="${picture}" width="128" height="64" alt="Two patches">
            <figcaption>${distance.toFixed(2)}</figcaption></figure>`,
        ),
      );
    draw();
  }

  async function choose(pair) {
    state.pair = pair;
    const answer = await ask({pair});
    if (answer && pair === state.pair) show(answer);
  }
  choices(find('.li-pairs'), first.pairs, () => state.pair, choose);
  whenSeen(board, () => choose(state.pair));
}
