// A pair and its matches, coloured by the network's weight; the epipolar lines of what is pointed at, by each method;
// and the weight of one match, which the visitor may change.
import {button, choices, hear, slider, stepOf, tell, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {remember} from '../../frame/web/state.js';
import {BAD, GOOD, lineOf, makeTwo, unpacked, weightColour} from './shared.js';

const COLOURS = ['#1769e0', '#8a2be2', '#0f9d8a', '#b36b00', '#d81b7a', '#e0561f'];
const YOURS = '#111';
const NEAR = 9; // points of the screen around the end of a match that take hold of it
const REACH = 16; // pixels around a match that its patches show

export default function ({first, server, board, find, say, liveCaller, onValue}) {
  const {examples, methods, usual, threshold: limit} = first;
  const askShow = liveCaller(server.show);
  const askWeigh = liveCaller(server.reweigh);
  const askPoint = liveCaller(server.point_out);
  const askers = Object.fromEntries(methods.map((method) => [method, liveCaller(server.estimate)]));
  const two = makeTwo(find('.co-two'), 380);
  const state = {
    colour: 'weight',
    out: true,
    on: new Set([usual, 'RANSAC']),
    at: null,
    match: null,
    changed: new Map(),
  };
  let pair = null;
  let found = {};
  let yours = null;
  let there = null; // where the right picture truly has what is pointed at

  // ---- what is drawn

  const weightOf = (match) => state.changed.get(match) ?? pair.weights[match];
  const kept = (match) => weightOf(match) > cut.value;
  function colourOf(match) {
    if (state.colour === 'truth' && pair.right) return pair.right[match] ? GOOD : BAD;
    return weightColour(weightOf(match));
  }

  two.draw = (pen) => {
    const numbers = [...pair.weights.keys()];
    if (state.out) for (const match of numbers) if (!kept(match)) two.line(match, '#222', 0.6, 0.13);
    for (const match of numbers) if (kept(match)) two.line(match, colourOf(match), 1.1, 0.8);
    if (state.at) {
      const [x, y] = state.at;
      for (const [i, method] of methods.entries())
        if (state.on.has(method) && found[method]?.matrix) two.band(1, lineOf(found[method].matrix, x, y), COLOURS[i]);
      if (yours) two.band(1, lineOf(yours, x, y), YOURS, {width: 3});
      if (pair.truth) two.band(1, lineOf(pair.truth, x, y), '#fff', {width: 1.4, dash: [5, 5]});
      two.dot(0, x, y, '#111');
      if (there) two.dot(1, ...there, GOOD);
    }
    if (state.match !== null) {
      two.line(state.match, '#fff', 4.5);
      two.line(state.match, colourOf(state.match), 2.4);
      for (const side of [0, 1])
        two.dot(side, ...pair.places.subarray(4 * state.match + 2 * side, 4 * state.match + 2 * side + 2), '#111', 4);
    }
    pen.globalAlpha = 1;
  };

  function tellCounts() {
    if (!pair) return;
    const all = pair.weights.length;
    const count = [...pair.weights.keys()].filter(kept).length;
    const good = pair.right && [...pair.right.keys()].filter((match) => kept(match) && pair.right[match]).length;
    const right = pair.right?.reduce((sum, one) => sum + one, 0);
    const truth = pair.right
      ? ` ${good} of these are right, of ${right} right ones in all; the true line is white and dashed.`
      : '';
    const guessed = pair.cameras.includes('guessed') ? ' A field of view of 58° is guessed.' : '';
    find('.co-said').textContent =
      `${all.toLocaleString('en')} matches, weighed in ${written(pair.milliseconds, 0)} ms: ${count} are kept.` +
      `${truth}${guessed}`;
    Object.assign(board.dataset, {matches: all, kept: count, good: good ?? '', pair: pair.pair});
  }

  function tellColours() {
    const scale = [0, 0.25, 0.5, 0.75, 1].map(weightColour).join();
    const byWeight = html`0 <i style="background: linear-gradient(to right, ${scale})"></i> 1`;
    const unknown = html`The truth is not known here: ${byWeight}`;
    const byTruth = pair?.right ? html`green is right, red is wrong` : unknown;
    fill(find('.co-key'), state.colour === 'truth' ? byTruth : byWeight);
  }

  // Pixels between the true point and a method's line.
  function missed(matrix) {
    if (!there || !matrix) return '';
    const [a, b, c] = lineOf(matrix, ...state.at);
    return `${written(Math.abs(a * there[0] + b * there[1] + c) / Math.hypot(a, b), 1)} px`;
  }
  async function pointTo(x, y) {
    state.at = [x, y];
    there = null;
    two.redraw();
    if (!pair.truth) return;
    const asked = state.at;
    const answer = await askPoint({pair: pair.pair, x, y});
    if (!answer || asked !== state.at) return;
    there = answer.point;
    tellMethods();
    two.redraw();
  }

  function tellMethods() {
    const rows = methods.filter((method) => state.on.has(method) && found[method]);
    fill(
      find('.co-table tbody'),
      rows.map((method) => {
        const {count, milliseconds, off, matrix} = found[method];
        const degrees = off === null ? '' : off > 90 ? 'lost' : `${written(off, 1)}°`;
        const style = `background: ${COLOURS[methods.indexOf(method)]}`;
        return html`<tr data-method="${method}"><td><i style="${style}"></i>${method}</td>
          <td>${matrix ? count : 'none'}</td><td>${written(milliseconds, 0)} ms</td><td>${degrees}</td>
          <td data-misses>${missed(matrix)}</td></tr>`;
      }),
    );
    say(rows.map((method) => found[method].note).find(Boolean) ?? '', 'note');
  }

  // ---- one match

  function tellMatch() {
    const match = state.match;
    find('.co-back').disabled = !state.changed.size;
    if (match === null) {
      find('.co-one').textContent = 'Point at an end of a match, and click to take hold of it.';
      weight.row.hidden = true;
      return;
    }
    const ends = [0, 1].map((side) => [...pair.places.subarray(4 * match + 2 * side, 4 * match + 2 * side + 2)]);
    board.querySelectorAll('.co-patches canvas').forEach((canvas, side) => {
      two.patch(canvas.getContext('2d'), side, ...ends[side], REACH);
    });
    const truth = pair.right ? `, ${pair.right[match] ? 'right' : 'wrong'} in truth` : '';
    const test = pair.tested[match] ? 'passes' : 'fails';
    find('.co-one').textContent =
      `Match ${match}: weight ${written(weightOf(match))}${truth}; it ${test} the ratio test and the mutual check.`;
    weight.row.hidden = false;
    weight.set(weightOf(match));
  }
  const weight = slider(
    find('.co-weight'),
    {id: 'co-weight', title: 'Its weight', low: 0, high: 1, step: 0.01, value: 0, text: (value) => written(value)},
    async (value) => {
      state.changed.set(state.match, value);
      tellMatch();
      tellCounts();
      two.redraw();
      const name = pair.pair;
      const answer = await askWeigh({pair: name, weights: [...state.changed]});
      if (!answer || pair.pair !== name) return;
      yours = answer.matrix;
      two.redraw();
    },
  );
  weight.row.dataset.passing = '';
  find('.co-back').addEventListener('click', () => {
    state.changed.clear();
    yours = null;
    tellMatch();
    tellCounts();
    two.redraw();
  });

  // The match with an end nearest to a place, where one is near.
  function nearest({side, x, y, near}) {
    let best = null;
    let least = (NEAR * near) ** 2;
    for (const match of pair.weights.keys()) {
      if (!state.out && !kept(match)) continue;
      const away =
        (pair.places[4 * match + 2 * side] - x) ** 2 +
        (pair.places[4 * match + 2 * side + 1] - y) ** 2 -
        (kept(match) ? 1 : 0);
      if (away < least) [best, least] = [match, away];
    }
    return best;
  }

  // ---- the pointer

  const canvas = find('.co-two');
  let held = false;
  canvas.addEventListener('pointermove', (event) => {
    const under = pair && two.at(event);
    if (!under) return;
    if (under.side === 0) pointTo(under.x, under.y);
    if (!held) {
      state.match = nearest(under);
      tellMatch();
    }
    two.redraw();
  });
  canvas.addEventListener('pointerdown', (event) => {
    const under = pair && two.at(event);
    if (!under) return;
    if (under.side === 0) pointTo(under.x, under.y);
    hold(nearest(under));
  });
  function hold(match) {
    state.match = match;
    held = match !== null;
    tellMatch();
    two.redraw();
  }
  canvas.addEventListener('keydown', (event) => {
    if (!pair) return;
    const step = stepOf(event);
    const [wide, high] = pair.sizes[0];
    const [x, y] = state.at ?? [wide / 2, high / 2];
    if (step) {
      const far = event.shiftKey ? 20 : 2;
      const within = (value, length) => Math.min(length - 1, Math.max(0, value));
      pointTo(within(x + far * step[0], wide), within(y - far * step[1], high));
    } else if (event.key === 'Enter') hold(nearest({side: 0, x, y, near: 3}));
  });
  remember(canvas, 'point', {
    get: () => (state.at ? state.at.map(Math.round).join('_') : null),
    set(text) {
      const to = text.split('_').map(Number);
      if (to.length !== 2 || !to.every((value) => value >= 0 && value < 5000)) return;
      if (pair) pointTo(...to);
    },
  });

  // ---- the controls

  const again = () => {
    tellCounts();
    tellColours();
    two.redraw();
  };
  const cut = slider(
    find('.co-sliders'),
    {
      id: 'co-cut',
      title: 'Kept from a weight of',
      low: 0,
      high: 0.95,
      step: 0.05,
      value: 0,
      text: (value) => written(value),
    },
    again,
  );
  const near = slider(
    find('.co-sliders'),
    {
      id: 'co-threshold',
      title: limit.label,
      low: limit.low,
      high: limit.high,
      step: limit.step,
      value: limit.value,
      text: (value) => written(value),
    },
    () => {
      found = {};
      estimateAll();
    },
  );
  choices(
    find('.co-colours'),
    {weight: 'By weight', truth: 'By truth'},
    () => state.colour,
    (colour) => {
      state.colour = colour;
      tellColours();
      two.redraw();
    },
  );
  find('.co-out').addEventListener('click', (event) => {
    state.out = !state.out;
    event.currentTarget.setAttribute('aria-pressed', state.out);
    two.redraw();
  });
  for (const [i, method] of methods.entries()) {
    const one = button(method, () => {
      state.on[state.on.has(method) ? 'delete' : 'add'](method);
      one.setAttribute('aria-pressed', state.on.has(method));
      if (state.on.has(method)) estimate(method);
      tellMethods();
      two.redraw();
    });
    one.dataset.key = String(i);
    one.setAttribute('aria-pressed', state.on.has(method));
    find('.co-methods').append(one);
  }

  async function estimate(method) {
    if (!pair || found[method]) return;
    const asked = {pair: pair.pair, threshold: near.value};
    const answer = await askers[method]({...asked, method});
    if (!answer || asked.pair !== pair.pair || asked.threshold !== near.value) return;
    found[method] = answer;
    tellMethods();
    two.redraw();
  }
  const estimateAll = () => {
    for (const method of state.on) estimate(method);
  };

  let wanted = null;
  function press(name) {
    wanted = name;
    for (const one of find('.co-examples').children) one.setAttribute('aria-pressed', one.dataset.key === name);
  }
  async function bring(name) {
    press(name); // at once, for the address
    const answer = await askShow({pair: name});
    if (!answer) {
      if (wanted === name) press(pair?.pair);
      return;
    }
    [found, yours, held, state.match] = [{}, null, false, null];
    state.changed.clear();
    const next = unpacked(answer);
    [pair, state.at, there] = [next, null, null];
    await two.show(next);
    pointTo(...next.sizes[0].map((side, axis) => side * [0.31, 0.62][axis]));
    again();
    tellMatch();
    tellMethods();
    tell('correspondence:pair', next);
    estimateAll();
  }
  for (const [name, title] of Object.entries(examples)) {
    const one = button(title, () => bring(name));
    one.dataset.key = name;
    one.setAttribute('aria-pressed', name === 'room');
    find('.co-examples').append(one);
  }
  hear('correspondence:again', () => pair && tell('correspondence:pair', pair)); // a board that began later
  weight.row.hidden = true;
  onValue((value) => {
    if (value.own) bring(value.own);
  });
  // an address has the name of two photographs that another tab hands over
  const takeOver = liveCaller(server.take_over);
  remember(find('.co-examples'), 'photographs', {
    get: () => null,
    async set(photographs) {
      const answer = await takeOver({photographs});
      if (!answer) return;
      await bring(answer.own);
      scrollTo(0, 0); // from wherever the link was
    },
  });
  bring('room');
}
