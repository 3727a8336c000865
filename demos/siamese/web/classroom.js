// An alphabet known by one sample a character: the nearest sample names a drawing.
import {choices} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {makeDrawPad} from '../../frame/web/pad.js';
import {drawn, keep, SYMBOLS, takeAway} from './shared.js';

export default function ({first, server, board, find, findAll, say, liveCaller}) {
  const MOST = 20;
  const FARTHEST = 1.8;
  const askAlphabet = liveCaller(server.read_alphabet);
  const askName = liveCaller(server.name_character);
  const alphabets = {
    omniglot: first.omniglot.map((strokes) => ({picture: drawn(strokes, 0, 0)})),
    made: SYMBOLS.map((strokes, i) => ({picture: drawn(strokes, 100 + i)})),
    own: [],
  };
  const state = {which: 'omniglot', picture: null};
  const characters = () => alphabets[state.which];

  function showCards() {
    fill(
      find('.si-cards'),
      characters().map(
        ({picture}, i) => html`<div class="si-card"><img src="${picture}" alt="Character ${i + 1}">
          <i></i><output></output></div>`,
      ),
    );
    find('.si-add').hidden = state.which !== 'own';
    find('.si-add').disabled = !state.picture || characters().length >= MOST;
    if (!characters().length)
      find('.si-named').textContent = 'Draw a character that never existed, and add it. Then the next.';
  }

  const showKept = () =>
    keep(
      'alphabet',
      characters().flatMap(({embedding}) => embedding ?? []),
    );

  // Characters that were not yet embedded, all in one question.
  async function learn() {
    const fresh = characters().filter(({embedding}) => !embedding);
    if (!fresh.length) return true;
    const answer = await askAlphabet({pictures: fresh.map(({picture}) => picture)});
    if (!answer) return false;
    fresh.forEach((one, i) => {
      one.embedding = answer.embeddings[i];
    });
    showKept();
    return true;
  }

  async function name() {
    const alphabet = characters();
    if (!state.picture || !alphabet.length || !(await learn())) return;
    const answer = await askName({picture: state.picture, alphabet: alphabet.map(({embedding}) => embedding)});
    if (!answer || alphabet !== characters() || answer.distances.length !== findAll('.si-card').length) return;
    findAll('.si-card').forEach((card, i) => {
      const distance = answer.distances[i];
      card.dataset.nearest = i === answer.nearest;
      card.querySelector('i').style.width = `${Math.min(100, (100 * distance) / FARTHEST)}%`;
      card.querySelector('output').textContent = distance.toFixed(2);
    });
    board.dataset.nearest = answer.nearest;
    const distance = answer.distances[answer.nearest].toFixed(2);
    find('.si-named').textContent = `Nearest: character ${answer.nearest + 1}, at a distance of ${distance}.`;
  }

  const pad = makeDrawPad(find('.paper'), {
    onDraw: (picture) => {
      state.picture = picture;
      find('.si-add').disabled = characters().length >= MOST;
      name();
    },
    onClear: () => {
      state.picture = null;
      showCards();
    },
    say,
    label: 'Draw a character',
  });

  choices(
    find('.si-which'),
    {omniglot: 'Ge’ez', made: 'Twenty made up', own: 'Invent your own'},
    () => state.which,
    (which) => {
      state.which = which;
      find('.si-named').textContent = '';
      showCards();
      showKept();
      name();
    },
  );
  find('.si-add').addEventListener('click', () => {
    characters().push({picture: state.picture});
    pad.clear();
  });
  takeAway(find('.si-take'), first.files, liveCaller(server.take), () =>
    characters().flatMap(({embedding}, i) => (embedding ? [[`character ${i + 1}`, embedding]] : [])),
  );
  showCards();
  pad.show(drawn(first.omniglot[0], 7));
}
