// Wrong matches beside the right ones of the pair: the trials of RANSAC grow, the network looks once.
import {hear, onThemeChange, percent, slider, tell, whenSeen, written} from '../../frame/web/controls.js';
import {sheet} from './shared.js';

const SHARES = Array.from({length: 20}, (_, i) => i / 20);
const LEFT = 46;
const FOOT = 26;
const DECADES = 7;

export default function ({first, server, board, find, colour, liveCaller}) {
  const {share: limits} = first;
  const ask = liveCaller(server.spoil);
  let pair = null;
  let seen = new Map(); // answers by share

  // ---- what is drawn

  function axes(canvas, ticks) {
    const {pen, width, height} = sheet(canvas);
    pen.font = '13px sans-serif';
    pen.lineWidth = 1;
    pen.strokeStyle = colour('--gallery-line');
    pen.fillStyle = colour('--gallery-quiet');
    const across = (share) => LEFT + (width - LEFT - 14) * share;
    const down = (part) => height - FOOT - (height - FOOT - 12) * part;
    for (const [part, words] of ticks) {
      pen.beginPath();
      pen.moveTo(LEFT, down(part));
      pen.lineTo(width - 14, down(part));
      pen.stroke();
      pen.fillText(words, 2, down(part) + 5);
    }
    for (const share of [0, 0.5, 0.95]) pen.fillText(percent(share), across(share) - 14, height - 6);
    return {pen, across, down};
  }
  function line(pen, points, style) {
    pen.strokeStyle = style;
    pen.lineWidth = 2.5;
    pen.beginPath();
    for (const point of points) pen.lineTo(...point);
    pen.stroke();
  }
  function dots(pen, points, style) {
    pen.fillStyle = style;
    for (const point of points) {
      pen.beginPath();
      pen.arc(...point, 5, 0, 7);
      pen.fill();
    }
  }

  function draw() {
    const answers = [...seen].sort(([one], [other]) => one - other);
    const decades = Array.from({length: DECADES + 1}, (_, i) => [
      i / DECADES,
      i < 4 ? (10 ** i).toLocaleString('en') : `10${'⁴⁵⁶⁷'[i - 4]}`,
    ]);
    const trials = axes(find('.cs-trials'), decades);
    const high = (count) => trials.down(Math.min(1, Math.log10(Math.max(1, count)) / DECADES));
    const needed = (e) => Math.log(1 - 0.999) / Math.log1p(-((1 - e) ** 5));
    const fine = Array.from({length: 96}, (_, i) => i / 100);
    line(
      trials.pen,
      fine.map((e) => [trials.across(e), high(e ? needed(e) : 1)]),
      colour('--gallery-second'),
    );
    dots(
      trials.pen,
      answers.filter(([, one]) => one.trials !== null).map(([e, one]) => [trials.across(e), high(one.trials)]),
      colour('--gallery-first'),
    );

    const score = axes(find('.cs-f1'), [
      [0, '0'],
      [0.5, '0.5'],
      [1, '1'],
    ]);
    for (const [who, style] of [
      ['network', '--gallery-first'],
      ['plain', '--gallery-third'],
      ['ransac', '--gallery-second'],
    ]) {
      const points = answers.map(([e, one]) => [score.across(e), score.down(one[who].f1)]);
      line(score.pen, points, colour(style));
      dots(score.pen, points, colour(style));
    }
    score.pen.font = 'bold 14px sans-serif';
    for (const [words, style, at] of [
      ['Network', '--gallery-first', 6],
      ['without context normalisation', '--gallery-third', 24],
      ['RANSAC', '--gallery-second', 42],
    ]) {
      score.pen.fillStyle = colour(style);
      score.pen.fillText(words, LEFT + 10, score.down(0) - 60 + at);
    }
  }

  function say(answer) {
    const {network, plain, ransac, trials, formula, matches, right} = answer;
    const by = `${Math.ceil(formula).toLocaleString('en')} trials`;
    const made =
      trials === null
        ? `RANSAC needs ${by} by the formula: more than are made here`
        : `RANSAC stopped after ${trials.toLocaleString('en')} trials; the formula says ${by}`;
    Object.assign(board.dataset, {network: network.f1, plain: plain.f1, ransac: ransac.f1, matches});
    find('.cs-said').textContent =
      `${right} of ${matches.toLocaleString('en')} matches are right. ${made}. The network took ` +
      `${written(network.milliseconds, 0)} ms, F1 ${written(network.f1)}, without context normalisation ` +
      `${written(plain.f1)}; RANSAC in that time, F1 ${written(ransac.f1)}.`;
  }

  // ---- questions

  async function at(share) {
    if (!pair) return null;
    const name = pair.pair;
    const answer = await ask({pair: name, share});
    if (!answer || name !== pair.pair) return null;
    seen.set(share, answer);
    draw();
    say(answer);
    return answer;
  }
  const wrong = slider(
    find('.cs-slider'),
    {
      id: 'cs-share',
      title: limits.label,
      low: limits.low,
      high: limits.high,
      step: limits.step,
      value: limits.value,
      text: (value) => percent(value),
    },
    at,
  );
  find('.cs-all').addEventListener('click', async () => {
    for (const share of SHARES) {
      if (!seen.has(share) && !(await at(share))) return;
      wrong.set(share);
    }
  });
  hear('correspondence:pair', (next) => {
    if (pair?.pair === next.pair) return;
    pair = next;
    seen = new Map();
    draw();
    if (watching) at(wrong.value);
  });
  let watching = false;
  whenSeen(board, () => {
    watching = true;
    draw();
    at(wrong.value);
  });
  new ResizeObserver(draw).observe(find('.cs-trials'));
  onThemeChange(draw);
  tell('correspondence:again');
}
