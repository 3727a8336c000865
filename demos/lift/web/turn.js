// A patch turned, zoomed and darkened by the visitor: which angles follow, and whether its descriptor is found again.
import {capture, hear, onRelease, slider, stepOf, tell, whenSeen, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

const METHODS = {'with ORI': 'LIFT', 'without ORI': 'LIFT without ORI', SIFT: 'SIFT'};
const OTHERS = 5000;
const QUARTERS = [0, 90, 180, 270, 360];
const TURN = 180 / Math.PI;
const LATER = 250; // milliseconds after the last change before the curves of a whole turn are asked for

export default function ({first, server, board, find, liveCaller}) {
  const asks = {turn: liveCaller(server.turn), whole: liveCaller(server.whole_turn)};
  const state = {point: null, curves: null, seen: false, timer: 0};
  const controls = Object.fromEntries(
    first.sliders.map(({name, label: title, low, high, step, value, unit}) => {
      const settings = {
        id: `li-turn-${name}`,
        title,
        low,
        high,
        step,
        value,
        text: (one) => `${written(one, step < 1 ? 2 : 0)}${unit}`,
      };
      return [name, slider(find('.li-sliders'), settings, () => run(name !== 'degrees'))];
    }),
  );

  const query = () => ({
    ...state.point,
    ...Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, control.value])),
  });
  const within = (angle) => ((((angle + 180) % 360) + 360) % 360) - 180;

  function showAngles({angles, before}) {
    const truth = controls.degrees.value;
    const hand = (turned, kind) => {
      const at = (turned - 90) / TURN;
      return html`<line class="${kind}" x2="${40 * Math.cos(at)}" y2="${40 * Math.sin(at)}"/>`;
    };
    const followed = (name) => within((angles[name] - before[name]) * TURN);
    const [ori, sift] = [followed('ORI'), followed('SIFT')];
    fill(
      find('.li-dial svg'),
      html`<circle r="46"/>${hand(truth, 'li-truth')}${hand(sift, 'li-second')}${hand(ori, '')}`,
    );
    find('.li-followed').textContent =
      `turned by ${written(truth, 0)}°: ORI says ${written(ori, 0)}°, SIFT ${written(sift, 0)}°`;
    Object.assign(board.dataset, {ori, sift});
  }

  function drawCurve(svg, values, y, marks) {
    const {degrees} = state.curves;
    const x = (angle) => 44 + (346 * angle) / 360;
    const now = x(((controls.degrees.value % 360) + 360) % 360);
    fill(
      svg,
      html`${marks.map(
        ([value, words]) => html`<line x1="44" x2="390" y1="${y(value)}" y2="${y(value)}"/>
          <text x="38" y="${y(value) + 4}" text-anchor="end">${words}</text>`,
      )}${QUARTERS.map((angle) => html`<text x="${x(angle)}" y="186" text-anchor="middle">${angle}°</text>`)}
      <line class="li-now" x1="${now}" x2="${now}" y1="8" y2="168"/>
      ${Object.entries(values).map(
        ([method, row]) => html`<path data-method="${method}"
          d="M${row.map((value, i) => `${x(degrees[i]).toFixed(1)} ${y(value).toFixed(1)}`).join('L')}"/>`,
      )}`,
    );
  }

  function drawCurves() {
    if (!state.curves) return;
    const {missed, rank} = state.curves;
    const marks = [180, 90, 0, -90, -180].map((value) => [value, `${written(value, 0)}°`]);
    drawCurve(find('.li-missed'), missed, (value) => 88 - (80 * value) / 180, marks);
    const log = (value) => 8 + (160 * Math.log(value)) / Math.log(OTHERS + 1);
    drawCurve(
      find('.li-rank'),
      rank,
      log,
      [1, 10, 100, 1000].map((value) => [value, value.toLocaleString('en')]),
    );
  }

  function show(answer) {
    find('.li-original').src = answer.original;
    find('.li-variant').src = answer.variant;
    find('.li-set').src = answer.upright;
    showAngles(answer);
    fill(
      find('.li-ranks tbody'),
      Object.entries(METHODS).map(
        ([name, title]) => html`<tr><th scope="row">${title}</th><td>${answer.distance[name].toFixed(2)}</td>
          <td data-lost="${answer.rank[name] > 1}">${answer.rank[name].toLocaleString('en')}</td></tr>`,
      ),
    );
    board.dataset.ranks = JSON.stringify(answer.rank);
    drawCurves();
  }

  async function run(curves) {
    if (!state.seen || !state.point) return;
    if (curves) {
      clearTimeout(state.timer);
      state.timer = setTimeout(runWhole, LATER);
    }
    const answer = await asks.turn(query());
    if (answer) show(answer);
  }

  async function runWhole() {
    const answer = await asks.whole(query());
    if (!answer) return;
    state.curves = answer;
    drawCurves();
  }

  // ---- turned by dragging around the middle

  const variant = find('.li-variant');
  const angleAt = (event) => {
    const box = variant.getBoundingClientRect();
    return TURN * Math.atan2(event.clientY - box.top - box.height / 2, event.clientX - box.left - box.width / 2);
  };
  let grip = null;
  const turnTo = (degrees) => {
    controls.degrees.set(Math.round(within(degrees)));
    run(false);
  };
  variant.addEventListener('pointerdown', (event) => {
    capture(variant, event);
    grip = controls.degrees.value - angleAt(event);
  });
  variant.addEventListener('pointermove', (event) => grip !== null && turnTo(grip + angleAt(event)));
  onRelease(variant, () => {
    grip = null;
  });
  variant.addEventListener('keydown', (event) => {
    const step = stepOf(event);
    if (step) turnTo(controls.degrees.value + 5 * (step[0] - step[1]));
  });

  hear('lift:point', (point) => {
    state.point = point;
    run(true);
  });
  whenSeen(board, () => {
    state.seen = true;
    tell('lift:which-point');
    run(true);
  });
}
