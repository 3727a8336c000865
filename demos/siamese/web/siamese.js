// Three drawings are enrolled; each further one stands on a dial, between what the evaluation set's pairs do.
import {percent} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {makeDrawPad, rewritten} from '../../frame/web/pad.js';
import {remember} from '../../frame/web/state.js';
import {drawn, keep, kept, line, SIGNATURE, takeAway} from './shared.js';

export default function ({first, server, find, say, liveCaller}) {
  const FARTHEST = 1.8; // the dial's end
  const BINS = 40;
  const MOST = 20; // enrolled
  const LONGEST = 3000; // letters of all that is enrolled, in the address
  const OPENING = '1.2.3'; // the signature by three hands
  const ask = liveCaller(server.judge);
  const askEnrolled = liveCaller(server.judge);
  const askPairs = liveCaller(server.evaluation_pairs);
  const slider = find('.si-limit input');
  const state = {enrolled: [], last: null, moved: false, quantiles: null};
  let coming = OPENING; // what is about to be enrolled, as the address has it
  let turn = 0; // of enrolling: it ends where the next begins

  const quantiles = () => state.quantiles[state.enrolled.length < 3 ? 0 : 1];
  const within = (values, distance) => values.filter((value) => value <= distance).length / values.length;
  const across = (distance) => 20 + (560 * Math.min(distance, FARTHEST)) / FARTHEST;

  // Quantiles as a histogram's outline over the dial: as many in a bin, as high.
  function hill(values) {
    const counts = Array(BINS).fill(0);
    for (const value of values) counts[Math.min(BINS - 1, Math.floor((value / FARTHEST) * BINS))]++;
    const smooth = counts.map((count, i) => (count + (counts[i - 1] ?? count) + (counts[i + 1] ?? count)) / 3);
    const xs = smooth.map((_, i) => ((i + 0.5) * FARTHEST) / BINS);
    return `${line(xs, smooth, across, (count) => 120 - (110 * count) / (values.length / 6))}L580 120L20 120Z`;
  }

  function showDial() {
    const [same, other, forged] = quantiles();
    const limit = Number(slider.value);
    const {verdict} = state.last ?? {};
    const distance = verdict?.distance;
    find('.si-limit output').textContent = limit.toFixed(2);
    fill(
      find('.si-dial'),
      html`<path class="same" d="${hill(same)}"/><path class="other" d="${hill(other)}"/>
      <path class="limit" d="M${across(limit)} 4V126"/>
      <path class="needle" d="${distance === undefined ? '' : `M${across(distance)} 4V126`}"/>
      <path d="M20 120H580" stroke="currentColor"/>
      <text x="20" y="144">0: the same</text><text x="580" y="144" text-anchor="end">farther</text>`,
    );
    const refused = 1 - within(same, limit);
    const accepted = within(other, limit);
    const words = find('.si-verdict');
    const [said, why] = words.children;
    const rates = [
      `At this threshold ${percent(refused, 1)} of the evaluation set's same characters, by other hands, are refused,`,
      `and ${percent(accepted, 1)} of other characters accepted; of the five most alike,`,
      `${percent(within(forged, limit))}.`,
    ];
    if (distance === undefined) {
      words.dataset.accepted = '';
      said.textContent = state.enrolled.length ? 'Draw it again.' : 'Draw something and enrol it.';
      why.textContent = '';
    } else {
      words.dataset.accepted = distance <= limit;
      said.textContent = distance <= limit ? 'Accepted' : 'Refused';
      why.textContent = `at a distance of ${distance.toFixed(2)}`;
      rates.push(`Beyond your drawing lie ${percent(1 - within(same, distance), 1)} of the same,`);
      rates.push(`within it ${percent(within(other, distance), 1)} of others.`);
    }
    find('.si-rates').textContent = rates.join(' ');
    const limits = Array.from({length: 81}, (_, i) => (i * FARTHEST) / 80);
    const side = (value) => 100 * Math.min(1, value * 2); // up to 50 %
    const curve = (others) =>
      line(
        limits.map((at) => within(others, at)),
        limits.map((at) => 1 - within(same, at)),
        side,
        (value) => 100 - side(value),
      );
    fill(
      find('.si-det'),
      html`<path class="line" d="${curve(other)}"/><path class="line forged" d="${curve(forged)}"/>
      <circle class="at" r="3" cx="${side(accepted)}" cy="${100 - side(refused)}"/>`,
    );
  }

  function showPlaces() {
    const {places, verdict} = state.last ?? {};
    if (!places) return fill(find('.si-places'), html``);
    const scale = 0.85 / Math.max(0.5, ...places.map(([x, y]) => Math.hypot(x, y)));
    const dots = places.map(([x, y], i) => {
      const kind = i === places.length - 1 ? 'asked' : 'kept';
      return html`<circle class="${kind}" r="0.06" cx="${scale * x}" cy="${-scale * y}"/>`;
    });
    fill(find('.si-places'), [html`<circle class="ring" r="${scale * verdict.spread}"/>`, ...dots]);
  }

  function showKept() {
    fill(
      find('.si-kept'),
      state.enrolled.map(
        ({seen}, i) => html`<img src="${seen}" width="64" height="64" alt="Enrolled drawing ${i + 1}">`,
      ),
    );
    find('.si-enrol').disabled = !state.last || state.enrolled.length >= MOST;
    const embeddings = state.enrolled.map(({embedding}) => embedding);
    if (embeddings.join() !== kept.enrolled.join()) keep('enrolled', embeddings);
  }

  function show() {
    if (!state.quantiles) return;
    const suggested = state.last?.verdict?.threshold;
    if (suggested && !state.moved) slider.value = suggested;
    showDial();
    showPlaces();
    showKept();
  }

  async function judge(picture) {
    const answer = await ask({picture, enrolled: state.enrolled.map(({embedding}) => embedding)});
    if (!answer) return;
    state.last = {...answer, picture};
    show();
  }

  const pad = makeDrawPad(find('.paper'), {
    onDraw: judge,
    say,
    label: 'Sign here',
    onClear: () => {
      state.last = null;
      show();
    },
  });

  // Enrols what a text says, in place of all that is: drawings as a pad has written them, or numbers of hands.
  async function enrol(text) {
    const mine = ++turn;
    coming = text;
    const enrolled = [];
    for (const one of text.split('.').filter(Boolean).slice(0, MOST)) {
      const picture = /^\d$/.test(one) ? drawn(SIGNATURE, Number(one)) : rewritten(one);
      const answer = picture && (await askEnrolled({picture}));
      if (mine !== turn) return;
      if (answer) enrolled.push({...answer, text: one});
    }
    [state.enrolled, coming] = [enrolled, null];
    if (state.last) await judge(state.last.picture);
    else show();
  }

  remember(find('.si-kept'), 'enrolled', {
    choice: true,
    get() {
      if (coming !== null) return coming;
      const texts = state.enrolled.map(({text}) => text);
      const whole = texts.join('.');
      return texts.every(Boolean) && whole.length < LONGEST ? whole : OPENING; // as if untouched
    },
    set: (text) => enrol(text ?? OPENING),
  });

  const byHand = () => {
    turn += 1;
    coming = null;
  };
  find('.si-enrol').addEventListener('click', () => {
    byHand();
    state.enrolled.push({...state.last, text: pad.written()});
    judge(state.last.picture);
  });
  find('.si-anew').addEventListener('click', () => {
    byHand();
    state.enrolled = [];
    state.moved = false;
    pad.clear();
    state.last = null;
    show();
  });
  slider.addEventListener('input', () => {
    state.moved = true;
    if (state.quantiles) showDial();
  });
  takeAway(find('.si-take'), first.files, liveCaller(server.take), () =>
    [...state.enrolled, ...(state.last ? [state.last] : [])].map(({embedding}, i) => [
      i < state.enrolled.length ? `enrolled ${i + 1}` : 'drawing',
      embedding,
    ]),
  );

  async function open() {
    const pairs = await askPairs({});
    if (!pairs) return;
    state.quantiles = pairs.quantiles;
    if (coming !== null) await enrol(coming);
    await pad.show(drawn(SIGNATURE, 4));
  }
  open();
}
