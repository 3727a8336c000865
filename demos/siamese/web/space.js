// Drawings among the characters of the evaluation set, in the three directions in which those differ most.
import {makeCloud} from '../../frame/web/cloud.js';
import {hear, isDark, numbersOf, onThemeChange, percent, whenSeen} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {makeDrawPad} from '../../frame/web/pad.js';
import {drawn, kept, SYMBOLS} from './shared.js';

export default function ({first, server, board, find, say, liveCaller, colour}) {
  const askCharacters = liveCaller(server.characters);
  const askPlaces = liveCaller(server.locate);
  const cloud = makeCloud(find('canvas'), {leading: true});
  const names = Object.keys(first.alphabets);
  const alphabetOf = Object.values(first.alphabets).flatMap((count, i) => Array(count).fill(i));
  const select = find('select');
  const state = {known: null, share: 0, picture: null, answer: null};
  const kinds = {
    enrolled: ['--gallery-first', 2],
    alphabet: ['--gallery-second', 2],
    drawing: ['--body-text-color', 3.2],
  };

  function show() {
    const {known, share, answer} = state;
    if (!known) return;
    const chosen = Number(select.value);
    const lightness = isDark() ? 65 : 45;
    const faint = colour('--gallery-line');
    const near = new Set(answer?.nearest);
    const colours = alphabetOf.map((i) =>
      chosen < 0 || i === chosen ? `hsl(${(137.5 * i) % 360} 60% ${lightness}%)` : faint,
    );
    const sizes = alphabetOf.map((_, i) => (near.has(i) ? 1.6 : 0.7));
    const points = [...known];
    for (const [kind, [name, size]] of Object.entries(kinds)) {
      const places = answer ? numbersOf(answer.places[kind], Float32Array) : [];
      points.push(...places);
      for (let i = 0; i < places.length; i += 3) {
        colours.push(colour(name));
        sizes.push(size);
      }
    }
    const reach = Math.max(...points.map(Math.abs));
    cloud.show(
      Float32Array.from(points, (value) => value / reach),
      colours,
      sizes,
    );
    const nearest = (answer?.nearest ?? []).map((i, k) => `${names[alphabetOf[i]]} ${answer.distances[k].toFixed(2)}`);
    const said = [`The three directions hold ${percent(share)} of the differences between these characters.`];
    if (answer) said.push(`In all 128 directions these, drawn larger, are nearest: ${nearest.join(', ')}.`);
    find('.si-near').textContent = said.join(' ');
  }

  async function locate() {
    if (!state.known || !state.picture) return show();
    const answer = await askPlaces({picture: state.picture, ...kept});
    if (!answer) return;
    state.answer = answer;
    show();
  }

  const pad = makeDrawPad(find('.paper'), {
    say,
    label: 'Draw a character',
    onDraw: (picture) => {
      state.picture = picture;
      locate();
    },
    onClear: () => {
      state.picture = state.answer = null;
      show();
    },
  });

  fill(select, [
    html`<option value="-1">all alphabets</option>`,
    ...names.map((name, i) => html`<option value="${i}">${name}</option>`),
  ]);
  select.addEventListener('change', show);
  hear('siamese:kept', locate);
  onThemeChange(show);
  whenSeen(board, async () => {
    const answer = await askCharacters({});
    if (!answer) return;
    state.known = numbersOf(answer.places, Float32Array);
    state.share = answer.share;
    show();
    await pad.show(drawn(SYMBOLS[0], 7));
  });
}
