// How alike the network finds two species, for all pairs; one pair in full, by window.
import {followPointer, onThemeChange, percent, whenSeen, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {ranked, WINDOW_COLOURS} from './shared.js';

const BEGIN = [15, 16]; // the two crows

export default function ({first, server, board, find, findAll, colour, liveCaller}) {
  const {names} = first;
  const askMap = liveCaller(server.alike);
  const askPair = liveCaller(server.pair);
  const canvas = find('.fg-alike-cells canvas');
  const pen = canvas.getContext('2d');
  const count = names.length;
  const cell = canvas.width / count;
  const state = {windows: null, confused: [], pair: BEGIN};
  fill(
    find('.fg-alike-rows'),
    names.map((name) => html`<li>${name}</li>`),
  );
  const mean = (i, j) => state.windows.reduce((sum, one) => sum + one[i][j], 0) / state.windows.length;

  function draw() {
    const tint = colour('--gallery-first');
    pen.clearRect(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        pen.globalAlpha = i === j ? 0.04 : Math.max(0.04, mean(i, j));
        pen.fillStyle = tint;
        pen.fillRect(j * cell + 0.5, i * cell + 0.5, cell - 1, cell - 1);
      }
    }
    pen.globalAlpha = 1;
    pen.fillStyle = colour('--gallery-second');
    for (const [i, j, share] of state.confused) {
      pen.beginPath();
      pen.arc((j + 0.5) * cell, (i + 0.5) * cell, (cell / 2) * Math.sqrt(share / 100), 0, 7); // its area is the share
      pen.fill();
    }
    pen.strokeStyle = colour('--body-text-color');
    pen.lineWidth = 3;
    const [i, j] = state.pair;
    pen.strokeRect(j * cell, i * cell, cell, cell);
  }

  function taken(i, j) {
    const found = state.confused.find(([from, to]) => from === i && to === j);
    return found ? `${percent(found[2] / 100)} of ${names[i]}'s test photographs were taken for ${names[j]}.` : '';
  }

  async function show() {
    if (!state.windows) return;
    draw();
    const [i, j] = state.pair;
    findAll('.fg-alike-rows li').forEach((row, at) => {
      row.classList.toggle('chosen', at === i || at === j);
    });
    const others = [...Array(count).keys()].map((one) => (one === i ? -2 : mean(i, one)));
    const [nearest] = ranked(others, 1);
    const said = i === j ? names[i] : `${names[i]} and ${names[j]}: ${written(mean(i, j))} alike`;
    const mistaken = [...new Set([taken(i, j), taken(j, i)])].filter(Boolean).join(' ');
    find('.fg-alike-said').textContent = `${said}. ${mistaken} Most like ${names[i]}: ${names[nearest]}.`;
    board.dataset.nearest = names[nearest];
    fill(
      find('.fg-alike-windows'),
      state.windows.map((one, k) => {
        const share = Math.max(0, one[i][j]);
        return html`<div class="fg-alike-bar"><span>by window ${k + 1}</span>
          <i style="width: ${100 * share}%; background: ${WINDOW_COLOURS[k]}"></i>
          <output>${written(one[i][j])}</output></div>`;
      }),
    );
    const answer = await askPair({first: i, second: j});
    if (!answer) return;
    findAll('.fg-alike-birds figure').forEach((figure, k) => {
      const name = names[[i, j][k]];
      Object.assign(figure.querySelector('img'), {hidden: false, src: answer.birds[k], alt: `${name}, drawn`});
      figure.querySelector('figcaption').textContent = name;
    });
  }

  const at = (part) => Math.max(0, Math.min(count - 1, part));
  function choose(i, j) {
    if (i === state.pair[0] && j === state.pair[1]) return;
    state.pair = [at(i), at(j)];
    show();
  }
  followPointer(find('.fg-alike-cells'), {
    at: () => [(state.pair[1] + 0.5) / count, 1 - (state.pair[0] + 0.5) / count],
    moveTo: (x, y) => choose(Math.floor((1 - y) * count), Math.floor(x * count)),
    moveBy: (x, y) => choose(state.pair[0] - y, state.pair[1] + x),
  });
  onThemeChange(show);
  whenSeen(board, async () => {
    const answer = await askMap({});
    if (!answer) return;
    Object.assign(state, {windows: answer.alike, confused: answer.confused});
    show();
  });
}
