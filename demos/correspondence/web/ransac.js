// RANSAC, a trial at a time: the sample, its hypothesis, the inliers, the best so far, and how many trials are enough.
import {
  choices,
  hear,
  numbersOf,
  onThemeChange,
  percent,
  slider,
  tell,
  whenSeen,
  written,
} from '../../frame/web/controls.js';
import {GOOD, lineOf, makeTwo, sheet} from './shared.js';

const PACE = 500; // milliseconds a trial, at first
const FASTER = 0.9; // and of each that follows, a part of the one before
const AT_ONCE = 250;
const SAMPLE = '#e0561f';
const COLOUR = '#1769e0';

export default function ({first, server, board, find, colour, liveCaller}) {
  const {kinds, among, sliders} = first;
  const askBegin = liveCaller(server.begin);
  const askMore = liveCaller(server.go_on);
  const two = makeTwo(find('.cr-two'), 330);
  const curve = find('.cr-curve');
  const state = {kind: kinds[0], among: 'tested'};
  let pair = null;
  let run = null;
  let timer = 0;
  let watching = false;

  // ---- what is drawn

  two.draw = () => {
    if (!run?.seen) return;
    const {sample, inliers, kept, matrix} = run.seen;
    run.drawn.forEach((match) => {
      const mine = inliers[match];
      two.line(
        match,
        mine ? GOOD : kept[match] ? COLOUR : '#222',
        mine ? 1.2 : 0.7,
        mine ? 0.85 : kept[match] ? 0.4 : 0.12,
      );
    });
    for (const match of sample) {
      two.line(match, '#fff', 4.5);
      two.line(match, SAMPLE, 2.6);
      const [x, y] = pair.places.subarray(4 * match, 4 * match + 2);
      if (matrix && !state.kind.startsWith('Homography'))
        two.band(1, lineOf(matrix, x, y), SAMPLE, {width: 1.5, reach: threshold.value});
      for (const side of [0, 1])
        two.dot(side, ...pair.places.subarray(4 * match + 2 * side, 4 * match + 2 * side + 2), SAMPLE);
    }
    if (matrix && state.kind.startsWith('Homography')) outline(matrix);
  };

  // Where a homography takes the frame of the first picture.
  function outline(matrix) {
    const [wide, high] = pair.sizes[0];
    const corners = [
      [0, 0],
      [wide, 0],
      [wide, high],
      [0, high],
    ].map(([x, y]) => {
      const [u, v, w] = lineOf(matrix, x, y);
      return [u / w, v / w];
    });
    corners.forEach((corner, i) => {
      const next = corners[(i + 1) % 4];
      const line = [corner[1] - next[1], next[0] - corner[0], corner[0] * next[1] - next[0] * corner[1]];
      two.band(1, line, SAMPLE, {width: 2});
    });
  }

  function drawCurve() {
    const {pen, width, height} = sheet(curve);
    if (!run || !width) return;
    const last = run.trials.at(-1)?.number ?? 0;
    const bound = run.trials.at(-1)?.bound ?? Infinity;
    const most = Math.max(20, last, Math.min(bound, 3 * last));
    const across = (number) => 40 + ((width - 50) * number) / most;
    const down = (count) => height - 22 - ((height - 32) * count) / Math.max(1, run.matches);
    pen.fillStyle = colour('--gallery-quiet');
    pen.font = '13px sans-serif';
    pen.fillText(String(run.matches), 4, down(run.matches) + 10);
    pen.fillText('0', 26, down(0));
    pen.fillText(`${Math.round(most).toLocaleString('en')} trials`, width - 110, height - 4);
    pen.strokeStyle = colour('--gallery-line');
    pen.strokeRect(40, 10, width - 50, height - 32);
    pen.fillStyle = colour('--gallery-second');
    for (const {number, inliers} of run.trials) pen.fillRect(across(number) - 1.5, down(inliers) - 1.5, 3, 3);
    pen.strokeStyle = colour('--gallery-first');
    pen.lineWidth = 2.5;
    pen.beginPath();
    for (const {number, best} of run.trials) pen.lineTo(across(number), down(best));
    pen.stroke();
    if (bound <= most) {
      pen.strokeStyle = colour('--gallery-third');
      pen.setLineDash([6, 5]);
      pen.beginPath();
      pen.moveTo(across(bound), 10);
      pen.lineTo(across(bound), height - 22);
      pen.stroke();
      pen.setLineDash([]);
    }
    pen.lineWidth = 1;
  }

  function say() {
    const last = run?.trials.at(-1);
    Object.assign(board.dataset, {trials: last?.number ?? 0, best: last?.best ?? 0, done: run?.done ?? false});
    if (!last) {
      find('.cr-said').textContent = '';
      return;
    }
    const share = last.best / run.matches;
    const enough = last.bound >= 1e9 ? 'more than can be counted' : Math.ceil(last.bound).toLocaleString('en');
    const end = run.done ? (last.number >= last.bound ? ' That is enough.' : ' RANSAC gives up here.') : '';
    find('.cr-said').textContent =
      `Trial ${last.number.toLocaleString('en')}: ${last.inliers} inliers. Best so far ${last.best} of` +
      ` ${run.matches}, ${percent(share)}, so that ${enough} trials are enough.${end}`;
  }

  function tellNetwork() {
    const count = pair.weights.reduce((sum, weight) => sum + (weight > 0), 0);
    find('.cr-network').textContent =
      `The network, beside it: ${count} of ${pair.weights.length.toLocaleString('en')} matches kept in one look, ` +
      `${written(pair.milliseconds, 0)} ms.`;
  }

  // ---- the run

  async function begin() {
    stop();
    if (!pair) return;
    const asked = {
      pair: pair.pair,
      kind: state.kind,
      among: state.among,
      threshold: threshold.value,
      confidence: confidence.value,
      seed: Number(find('[name=seed]').value) || 0,
    };
    run = null;
    const answer = await askBegin(asked);
    if (!answer || pair.pair !== asked.pair) return;
    const numbers = [...pair.weights.keys()];
    run = {
      name: answer.run,
      matches: answer.matches,
      drawn: state.among === 'all' ? numbers : numbers.filter((match) => pair.tested[match]),
      trials: [],
      seen: null,
      done: false,
    };
    show();
    await more(1);
  }
  function show() {
    say();
    drawCurve();
    two.redraw();
  }
  async function more(count) {
    const mine = run;
    if (!mine || mine.done) return false;
    const answer = await askMore({run: mine.name, count});
    if (!answer || mine !== run) return false;
    mine.trials.push(...answer.trials);
    mine.done = answer.done;
    if (answer.trials.length)
      mine.seen = {
        sample: answer.trials.at(-1).sample,
        matrix: answer.matrix,
        inliers: numbersOf(answer.inliers, Uint8Array),
        kept: numbersOf(answer.kept, Uint8Array),
      };
    show();
    return true;
  }
  function stop() {
    clearTimeout(timer);
    timer = 0;
    find('.cr-run').textContent = 'Play';
  }
  async function play(pace) {
    const going = await more(pace < 20 ? 10 : 1);
    if (!going || run.done || !timer) return stop();
    timer = setTimeout(() => play(Math.max(12, pace * FASTER)), pace);
  }
  find('.cr-run').addEventListener('click', async () => {
    if (timer) return stop();
    if (!run || run.done) await begin();
    find('.cr-run').textContent = 'Pause';
    timer = setTimeout(() => play(PACE), 1);
  });
  find('.cr-step').addEventListener('click', async () => {
    stop();
    if (!run) await begin();
    more(1);
  });
  find('.cr-end').addEventListener('click', async () => {
    stop();
    if (!run) await begin();
    while (await more(AT_ONCE)) if (run.done) break;
  });
  find('.cr-again').addEventListener('click', begin);
  find('[name=seed]').addEventListener('change', begin);

  // ---- the controls

  const chosen = (place, options, name) =>
    choices(
      find(place),
      options,
      () => state[name],
      (key) => {
        state[name] = key;
        begin();
      },
    );
  chosen('.cr-kinds', Object.fromEntries(kinds.map((kind) => [kind, kind])), 'kind');
  chosen('.cr-among', among, 'among');
  const [threshold, confidence] = sliders.map(({name, label, low, high, step, value}) =>
    slider(
      find('.cr-sliders'),
      {
        id: `cr-${name}`,
        title: label,
        low,
        high,
        step,
        value,
        text: (now) => written(now, name === 'confidence' ? 4 : 2),
      },
      begin,
    ),
  );
  hear('correspondence:pair', async (next) => {
    if (pair?.pair === next.pair) return;
    pair = next;
    run = null;
    await two.show(next);
    tellNetwork();
    if (watching) begin();
  });
  whenSeen(board, () => {
    watching = true;
    begin();
  });
  new ResizeObserver(drawCurve).observe(curve);
  onThemeChange(drawCurve);
  tell('correspondence:again');
}
