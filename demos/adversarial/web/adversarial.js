// A photograph, what fools the network about it, and what becomes of the probabilities on the way there.
import {
  CLASS_COLOURS,
  choices,
  hear,
  largest,
  numbersOf,
  percent,
  saveFile,
  saveJson,
  slider,
  tell,
} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {player} from '../../frame/web/play.js';
import {remember} from '../../frame/web/state.js';
import {line} from './shared.js';

const PLAYS = 2500; // milliseconds of the whole way
const LEVELS = 255;

export default function ({server, board, find, findAll, say, liveCaller, onValue}) {
  const ask = liveCaller(server.fool);
  const settings = {method: 'DeepFool', norm: '2', target: -1};
  const state = {picture: null, names: [], answer: null};
  const typed = find('.ad-target input');

  // ---- what it shall become

  const nameOf = (number) => state.names[number].replace(/^./, (letter) => letter.toUpperCase());
  const numberOf = (name) => state.names.findIndex((one) => one.toLowerCase() === name.trim().toLowerCase());

  function showTarget() {
    typed.value = settings.target < 0 ? '' : state.names[settings.target];
    for (const one of findAll('.ad-quick button'))
      one.setAttribute('aria-pressed', one.dataset.class.toLowerCase() === typed.value.toLowerCase());
  }
  function become(name) {
    const number = name.trim() ? numberOf(name) : -1;
    if (name.trim() && number < 0) return say(`ImageNet has no class “${name}”: choose one of the list.`);
    if (number === settings.target) return;
    settings.target = number;
    showTarget();
    run();
  }
  typed.addEventListener('change', () => become(typed.value));
  for (const one of findAll('.ad-quick button')) one.addEventListener('click', () => become(one.dataset.class));
  remember(typed, 'target', {
    choice: true,
    get: () => (settings.target < 0 ? null : String(settings.target)),
    set: (text) => become(state.names[text] ?? ''),
  });
  const change = (name) => (value) => {
    settings[name] = value;
    run();
  };
  const methods = {DeepFool: 'DeepFool', FGSM: 'FGSM', PGD: 'PGD'};
  choices(find('.ad-methods'), methods, () => settings.method, change('method'));
  choices(find('.ad-norms'), {2: 'shortest by ‖r‖₂', inf: 'by ‖r‖∞'}, () => settings.norm, change('norm'));

  // ---- on the way from x to x + r

  const way = slider(
    find('.ad-slider'),
    {
      id: 'ad-step',
      title: 'On the way from x to x + r, and beyond',
      low: 0,
      high: 1.5,
      step: 0.05,
      value: 1,
      text: percent,
    },
    (share) => {
      film.stop();
      showAt(share);
    },
  );
  const place = ({places}, share) => places.findIndex((at) => at > share - 0.001);

  function showAt(share) {
    const {answer} = state;
    if (!answer) return;
    const at = place(answer, share);
    const values = answer.curves.map((curve) => curve[at]);
    const top = largest(values);
    board.dataset.now = nameOf(answer.classes[top]);
    fill(
      find('.ad-bars'),
      values.map(
        (value, i) => html`<div class="ad-bar ${i === top ? 'top' : ''}"><span>${nameOf(answer.classes[i])}</span>
          <i style="width: ${100 * value}%; background: ${CLASS_COLOURS[i]}"></i>
          <output>${percent(value, 1)}</output></div>`,
      ),
    );
    const last = answer.curves[0].length - 1;
    const x = (i) => (400 * i) / Math.max(1, last);
    const y = (value) => 186 - 180 * value;
    fill(find('.ad-curves'), [
      ...answer.curves.map(
        (curve, i) => html`<path stroke="${CLASS_COLOURS[i]}" d="${line([...curve.keys()], curve, x, y)}"/>`,
      ),
      html`<path class="end" d="M${x(place(answer, 1))} 0V190"/><path class="at" d="M${x(at)} 0V190"/>`,
    ]);
    for (const one of findAll('.ad-film button'))
      one.setAttribute('aria-current', Number(one.dataset.place) <= share + 0.001);
  }

  const film = player(PLAYS, (share) => {
    way.set(share);
    showAt(share);
  });
  find('.ad-play').addEventListener('click', film.play);

  // ---- what was found

  function drawPerturbation({r}) {
    const values = numbersOf(r, Int16Array);
    const count = values.length / 3;
    const picture = new ImageData(Math.sqrt(count), Math.sqrt(count));
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < 3; c++) picture.data[4 * i + c] = 127.5 + values[c * count + i] / 257;
      picture.data[4 * i + 3] = 255;
    }
    find('.ad-r').getContext('2d').putImageData(picture, 0, 0);
  }

  function showSurvival({survival, lasting, before, after}) {
    const cell = (verdict) =>
      verdict
        ? html`<td class="${verdict.fools ? 'fools' : ''}">${nameOf(verdict.now)}, ${percent(verdict.probability)}</td>`
        : html`<td>none found</td>`;
    fill(
      find('.ad-survival tbody'),
      survival.map((row) => html`<tr><th scope="row">${row.what}</th>${cell(row.plain)}${cell(row.lasting)}</tr>`),
    );
    const rounded = survival.find(({what}) => what.startsWith('8 bits')).plain;
    const words = [
      `A PNG has 256 levels. Rounded to them, x + r is ${nameOf(rounded.now)}:`,
      rounded.fools ? 'it fools still.' : 'rounding has undone it.',
    ];
    if (!lasting) words.push('No longer push in this direction survives either.');
    else {
      words.push(`This file goes ${lasting.times.toPrecision(2)} times as far, and was read again after rounding:`);
      words.push(`${nameOf(survival[1].lasting.now)}, ${percent(survival[1].lasting.probability)}.`);
    }
    find('.ad-lasting').textContent = words.join(' ');
    find('.ad-png').disabled = !lasting;
    board.dataset.before = nameOf(before);
    board.dataset.after = nameOf(after);
  }

  function show(answer) {
    state.answer = answer;
    const {names, picture} = state;
    const {before, after, fooled, classes, curves, norm, relative} = answer;
    const end = place(answer, 1);
    const sure = (number, at) => {
      const row = classes.indexOf(number);
      return `${nameOf(number)}${row < 0 ? '' : `, ${percent(curves[row][at])}`}`;
    };
    find('.ad-x').src = picture;
    find('.ad-sum').src = answer.fooling;
    find('.ad-before').textContent = sure(before, 0);
    find('.ad-after').textContent = sure(after, end);
    find('.ad-after').parentElement.dataset.fools = fooled;
    find('.ad-times').textContent =
      `r, shown × ${Math.round(0.5 / Math.max(answer.largest, 1e-9)).toLocaleString('en')}`;
    const part = Math.round(1 / Math.max(relative, 1e-9)).toLocaleString('en');
    const levels = (LEVELS * answer.largest).toPrecision(2);
    find('.ad-norm').textContent =
      `‖r‖₂ = ${norm.toPrecision(2)}, 1/${part} of ‖x‖; no value changes by more than ${levels} of 255 levels`;
    drawPerturbation(answer);
    fill(
      find('.ad-film'),
      answer.film.map(
        ({step, place: at, picture: tile, norm: length, now, towards}) => html`<button type="button" data-place="${at}">
          <img src="${tile}" width="100" height="100" alt=""><b>${step ? `Step ${step}` : 'x'}</b>: ${nameOf(now)}<br>
          ‖r‖ ${length.toPrecision(2)}
          ${towards === null ? '' : html`<br>to ${nameOf(towards)}`}</button>`,
      ),
    );
    for (const one of findAll('.ad-film button'))
      one.addEventListener('click', () => {
        film.stop();
        const share = Number(one.dataset.place);
        way.set(share);
        showAt(share);
      });
    showSurvival(answer);
    way.set(1);
    showAt(1);
    if (!fooled && settings.target >= 0) say(`Within 50 steps it did not become ${names[settings.target]}.`, 'note');
    else if (!fooled) say('This method did not fool the network.', 'note');
    tell('adversarial:photograph', {picture, names, ...answer});
  }

  async function run() {
    if (!state.picture) return;
    film.stop();
    const answer = await ask({picture: state.picture, ...settings});
    if (answer) show(answer);
  }

  find('.ad-png').addEventListener('click', async () => {
    const file = await fetch(state.answer.lasting.picture);
    saveFile(await file.blob(), 'fooled.png');
  });
  find('.ad-json').addEventListener('click', () => {
    const {before, after, norm, relative, largest: most, survival, classes, curves} = state.answer;
    const name = (number) => state.names[number];
    const probabilities = Object.fromEntries(classes.map((number, i) => [name(number), curves[i]]));
    const kept = {before: name(before), after: name(after), ...settings, norm_of_r: norm, relative, largest: most};
    saveJson({...kept, probabilities, survival}, 'fooled.json');
  });
  hear('adversarial:hello', () => {
    if (state.answer) tell('adversarial:photograph', {picture: state.picture, names: state.names, ...state.answer});
  });
  onValue((value) => {
    if (!value.picture) return;
    if (!state.names.length) {
      state.names = value.names;
      fill(
        find('#ad-classes'),
        value.names.map((name) => html`<option value="${name}"></option>`),
      );
    }
    state.picture = value.picture;
    if (value.answer && settings.target < 0 && settings.method === 'DeepFool' && settings.norm === '2')
      show(value.answer);
    else run();
  });
  showTarget();
}
