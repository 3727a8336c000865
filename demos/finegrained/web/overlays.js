// What lies over the picture: the landscape p(species | centre of a window), and arrows where windows would move.
import {button, percent} from '../../frame/web/controls.js';
import {heatOf} from '../../frame/web/heat.js';
import {fill, html} from '../../frame/web/html.js';
import {joint, ranked, softmax, WINDOW_COLOURS} from './shared.js';

const LONGEST = 14; // of an arrow, in hundredths of the picture

export function overlays({first, server, board, find, liveCaller, state, question}) {
  const {names, across, reach} = first;
  const askRows = liveCaller(server.landscape);
  const askPull = liveCaller(server.pull);
  const canvas = find('.fg-heat');
  const pen = canvas.getContext('2d');
  // a pixel for each centre: the first ones and the last ones lie half a window within the picture's borders
  const step = reach / (across - 1); // between two centres, in parts of the picture
  const [edge, side] = [0.5 - reach / 2 - step / 2, reach + step].map((part) => `${100 * part}%`);
  Object.assign(canvas, {width: across, height: across});
  Object.assign(canvas.style, {left: edge, top: edge, width: side, height: side});
  const shown = {window: 0, rows: [], run: 0, species: null, pull: null};
  const chosen = find('.fg-species');
  fill(
    chosen,
    names.map((name, i) => html`<option value="${i}">${name}</option>`),
  );

  // ---- landscape

  function draw() {
    canvas.hidden = !shown.rows.length;
    find('.fg-stage').classList.toggle('mapped', shown.rows.length > 0);
    find('.fg-map').setAttribute('aria-pressed', shown.rows.length > 0);
    pen.clearRect(0, 0, across, across);
    shown.rows.forEach((row, i) => {
      row?.forEach((value, j) => {
        pen.fillStyle = `rgb(${heatOf(value).map(Math.round).join()})`;
        pen.fillRect(j, i, 1, 1);
      });
    });
  }

  function forget() {
    shown.run++;
    Object.assign(shown, {rows: [], pull: null, species: null});
    find('.fg-said').textContent = '';
    draw();
    drawArrows();
  }

  // All rows, the middle ones first.
  async function map() {
    if (!state.centres.length) {
      find('.fg-said').textContent = 'The whole picture has no window to move: choose a network that has.';
      return;
    }
    const mine = ++shown.run;
    shown.rows = [];
    const species = Number(chosen.value);
    const middle = (across - 1) / 2;
    const order = [...Array(across).keys()].sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
    for (const i of order) {
      const heights = [-reach + (2 * reach * i) / (across - 1)];
      const answer = await askRows({...question(), window: shown.window, species, heights});
      if (!answer || mine !== shown.run) return;
      [shown.rows[i]] = answer.rows;
      board.dataset.rows = shown.rows.filter(Boolean).length;
      draw();
    }
    const best = Math.max(...shown.rows.flat());
    find('.fg-said').textContent =
      `${names[species]} by window ${shown.window + 1} alone: dark is 0 %, bright 100 %; at most ${percent(best)}.`;
  }
  find('.fg-map').addEventListener('click', () => (shown.rows.length ? forget() : map()));
  chosen.addEventListener('change', () => shown.rows.length && map());

  function showWhose() {
    const place = find('.fg-whose');
    if (place.children.length === state.centres.length) return;
    shown.window = 0;
    place.replaceChildren(
      ...state.centres.map((_, k) =>
        button(String(k + 1), () => {
          shown.window = k;
          press();
          if (shown.rows.length) map();
        }),
      ),
    );
    press();
  }
  function press() {
    [...find('.fg-whose').children].forEach((one, k) => {
      one.setAttribute('aria-pressed', k === shown.window);
    });
  }

  // ---- arrows

  function drawArrows() {
    const most = Math.max(1e-9, ...(shown.pull ?? []).map(([x, y]) => Math.hypot(x, y)));
    fill(
      find('.fg-arrows'),
      (shown.pull ?? []).map(([x, y], k) => {
        const from = state.centres[k].map((value) => 50 * (value + 1));
        const to = [from[0] + (LONGEST * x) / most, from[1] + (LONGEST * y) / most];
        const angle = Math.atan2(y, x);
        const wings = [2.6, -2.6].map((turn) =>
          [0, 1].map((axis) => to[axis] + 3 * [Math.cos, Math.sin][axis](angle + turn)),
        );
        const [line, tip] = [
          [from, to],
          [wings[0], to, wings[1]],
        ].map((points) => `M${points.flat().join(' ')}`);
        return html`<path style="--fg-colour: ${WINDOW_COLOURS[k]}" d="${line}${tip}"/>`;
      }),
    );
  }

  async function pull() {
    if (!state.centres.length) return;
    const species = Number(chosen.value);
    const answer = await askPull({...question(), species, centres: state.centres});
    if (!answer || answer.pull.length !== state.centres.length) return;
    shown.pull = answer.pull;
    find('.fg-said').textContent =
      `−∂L/∂θ for ${names[species]}, where the windows lie now: a slope that holds for a pixel or two. ` +
      'Training adds up those of all pictures.';
    board.dataset.pulled = answer.pull.length;
    drawArrows();
  }
  find('.fg-pull').addEventListener('click', pull);

  return {
    forget,
    show() {
      draw();
      showWhose();
      shown.pull = null;
      drawArrows();
      if (shown.species === null) {
        [shown.species] = ranked(softmax(joint(state.logits)), 1);
        chosen.value = shown.species;
      }
    },
  };
}
