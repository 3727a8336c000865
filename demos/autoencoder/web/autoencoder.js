// A drawing, its code as bars that can be dragged, and what is decoded from them: by the network, and by PCA.
// All pictures of a bar's way come with one answer, so that a drag asks for nothing.
import {
  button,
  capture,
  listed,
  onRelease,
  saveCanvas,
  saveFile,
  stepOf,
  unlisted,
  written,
} from '../../frame/web/controls.js';
import {fill, html, made} from '../../frame/web/html.js';
import {makeDrawPad} from '../../frame/web/pad.js';
import {remember} from '../../frame/web/state.js';
import {writtenDigits} from '../../frame/web/strokes.js';

export default function ({trigger, props, server, board, find, findAll, say, liveCaller, loaded}) {
  const UNITS = 30;
  const REACH = 3; // deviations, both ways, of a bar's drag
  const FINE = 10; // levels to a deviation
  const SHOWN = 3.5; // deviations that a bar's frame shows
  const STRIP = 13; // pictures of what a unit does
  const KEPT = 60; // answers
  const WHICH = {network: 'Autoencoder', pca: 'PCA'}; // in the order of the models' names
  const askData = liveCaller(server.show_data);
  const askReading = liveCaller(server.read_drawing);
  const askUnit = liveCaller(server.sweep_unit);
  const state = {data: 'digits', read: null, codes: null, unit: 6, sheets: new Map()};
  const moved = new Map(); // by hand, the last one last: units and the levels of their bars

  // What the rest of the tab reads: data set, names, drawing, and the drawing as the networks see it.
  function share(change) {
    props.value = {...props.value, ...change};
    trigger('shared');
  }

  // ---- the two models

  const panels = {};
  for (const [which, title] of Object.entries(WHICH)) {
    const panel = made(html`<section class="ae-model" data-model="${which}">
      <div><h3>${title} <span class="model">${UNITS} units</span></h3>
        <div class="ae-bars" tabindex="0" role="application"
          aria-label="Code of the ${title}, 30 bars. Left and right choose a unit, up and down change it.">
          <svg viewBox="0 0 600 140" preserveAspectRatio="none" aria-hidden="true"><path class="ae-zero" d="M0 70H600"/>
            <g></g></svg></div></div>
      <figure><canvas class="pixels ae-decoded" width="28" height="28" role="img"
        aria-label="Decoded by the ${title}"></canvas>
        <figcaption>error <output></output></figcaption></figure></section>`);
    find('.ae-models').append(panel);
    const strip = made(html`<div class="ae-strip" data-model="${which}"><span>${title}</span>
      <canvas class="pixels" width="${28 * STRIP}" height="28" role="img"
        aria-label="Pictures by the ${title} while the unit goes from −3 to 3 deviations"></canvas></div>`);
    find('.ae-strips').append(strip);
    const bars = panel.querySelector('.ae-bars');
    fill(
      bars.querySelector('g'),
      [...Array(UNITS).keys()].map((unit) => html`<rect x="${unit * 20 + 3}" width="14" y="70" height="0"/>`),
    );
    panels[which] = {
      panel,
      bars,
      rects: [...bars.querySelectorAll('rect')],
      pen: panel.querySelector('canvas').getContext('2d'),
      strip: strip.querySelector('canvas').getContext('2d'),
    };
  }
  find('.ae-strips').append(
    made(
      html`<div class="ae-scale" aria-hidden="true"><span></span><div><i>−3</i><i>0</i><i>3 deviations</i></div></div>`,
    ),
  );

  const limited = (level) => Math.max(-REACH, Math.min(REACH, level));
  const snapped = (level) => Math.round(limited(level) * FINE) / FINE;

  function showBars(which) {
    const {rects, bars} = panels[which];
    const code = state.codes[which];
    rects.forEach((rect, unit) => {
      const height = (Math.min(SHOWN, Math.abs(code[unit])) / SHOWN) * 70;
      rect.setAttribute('y', code[unit] > 0 ? 70 - height : 70);
      rect.setAttribute('height', Math.max(1, height));
      rect.classList.toggle('chosen', unit === state.unit);
    });
    bars.setAttribute('aria-description', `unit ${state.unit + 1}: ${written(code[state.unit], 1)} deviations`);
  }

  // The answer for a unit depends on all other units' levels, not on its own.
  function keyOf(unit) {
    const others = Object.keys(WHICH).map((which) => state.codes[which].map((level, i) => (i === unit ? 0 : level)));
    return JSON.stringify([state.data, unit, others]);
  }

  // The promise of a unit's sheet: asked for once, and again only where a later question overtook it.
  function sheetOf(unit) {
    const key = keyOf(unit);
    if (state.sheets.has(key)) return state.sheets.get(key);
    if (state.sheets.size >= KEPT) state.sheets.clear();
    const coming = askUnit({data: state.data, ...state.codes, unit}).then((answer) => {
      if (answer) return loaded(answer.sheet);
      state.sheets.delete(key);
      return null;
    });
    state.sheets.set(key, coming);
    return coming;
  }

  function showStrip(sheet) {
    const every = (2 * REACH * FINE) / (STRIP - 1);
    Object.keys(WHICH).forEach((which, row) => {
      for (let i = 0; i < STRIP; i++)
        panels[which].strip.drawImage(sheet, 28 * every * i, 28 * row, 28, 28, 28 * i, 0, 28, 28);
    });
  }

  async function choose(unit) {
    if (!state.codes) return;
    state.unit = unit;
    find('.ae-number').textContent = unit + 1;
    for (const which in WHICH) showBars(which);
    const sheet = await sheetOf(unit);
    if (sheet && unit === state.unit) showStrip(sheet);
  }

  function put(unit, levels) {
    for (const which in WHICH) state.codes[which][unit] = levels[which];
    moved.delete(unit);
    moved.set(unit, levels);
  }

  // Both bars of a unit are set; the pictures come out of the answer that is there, or as soon as it is.
  async function setLevels(unit, levels) {
    put(unit, levels);
    for (const which in WHICH) showBars(which);
    find('.ae-back').disabled = false;
    for (const which in WHICH) panels[which].panel.querySelector('figure').classList.add('moved');
    const sheet = await sheetOf(unit);
    if (!sheet) return;
    Object.keys(WHICH).forEach((which, row) => {
      const column = Math.round((snapped(state.codes[which][unit]) + REACH) * FINE);
      panels[which].pen.drawImage(sheet, 28 * column, 28 * row, 28, 28, 0, 0, 28, 28);
    });
    board.dataset.pictures = Number(board.dataset.pictures || 0) + 1;
  }

  // The other model's bar goes as far as this one.
  function drag(which, unit, start, level) {
    const to = snapped(level);
    const levels = {};
    for (const one in WHICH) levels[one] = snapped(one === which ? to : start[one] + to - start[which]);
    setLevels(unit, levels);
  }

  for (const [which, {bars}] of Object.entries(panels)) {
    let held = null;
    const at = (event) => {
      const box = bars.getBoundingClientRect();
      const unit = Math.floor(((event.clientX - box.left) / box.width) * UNITS);
      return {
        unit: Math.max(0, Math.min(UNITS - 1, unit)),
        level: (0.5 - (event.clientY - box.top) / box.height) * 2 * SHOWN,
      };
    };
    const begin = (unit) => ({unit, start: {network: state.codes.network[unit], pca: state.codes.pca[unit]}});
    bars.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || !state.codes) return;
      capture(bars, event);
      const {unit, level} = at(event);
      held = begin(unit);
      choose(unit);
      drag(which, unit, held.start, level);
    });
    bars.addEventListener('pointermove', (event) => {
      if (!state.codes) return;
      const {unit, level} = at(event);
      if (held) drag(which, held.unit, held.start, level);
      else if (event.pointerType === 'mouse' && unit !== state.unit) choose(unit);
    });
    onRelease(bars, () => {
      held = null;
    });
    bars.addEventListener('keydown', (event) => {
      const step = stepOf(event);
      if (!step || !state.codes) return;
      if (step[0]) return choose((state.unit + step[0] + UNITS) % UNITS);
      const {start} = begin(state.unit);
      drag(which, state.unit, start, start[which] + (step[1] * (event.shiftKey ? 5 : 1)) / FINE);
    });
  }

  // In the address, three numbers a unit: its place, and the levels of its two bars.
  const barsMoved = () => [...moved].flatMap(([unit, {network, pca}]) => [unit, network, pca]);
  remember(find('.ae-models'), 'bars', {
    get: () => (moved.size ? listed(barsMoved(), 1) : null),
    set(text) {
      if (!state.codes) return;
      showCode();
      const numbers = unlisted(text) ?? [];
      const bars = Array.from({length: numbers.length / 3}, (_, i) => numbers.slice(3 * i, 3 * i + 3));
      for (const [unit, network, pca] of bars)
        if (unit in panels.network.rects) put(unit, {network: snapped(network), pca: snapped(pca)});
      if (!moved.size) return;
      const [unit, levels] = [...moved].at(-1);
      choose(unit);
      setLevels(unit, levels);
    },
  });

  // ---- the drawing

  async function showCode() {
    const {read} = state;
    state.codes = {network: [...read.network.code], pca: [...read.pca.code]};
    moved.clear();
    find('.ae-back').disabled = true;
    choose(state.unit);
    for (const which in WHICH) {
      const {panel, pen} = panels[which];
      panel.querySelector('figure').classList.remove('moved');
      panel.querySelector('output').textContent = read[which].error.toFixed(1);
      const picture = await loaded(read[which].picture);
      if (!moved.size) pen.drawImage(picture, 0, 0);
    }
    board.classList.remove('faded');
  }

  let settle = 0;
  async function readDrawing(picture) {
    const {data} = state;
    const answer = await askReading({data, picture});
    if (!answer || data !== state.data || pad.empty()) return;
    state.read = answer;
    await showCode();
    clearTimeout(settle);
    if (picture === props.value.picture) return;
    const change = {data, picture, pixels: answer.pixels, seen: answer.seen};
    if (props.value.picture) settle = setTimeout(() => share(change), 200);
    else share(change); // the first, so that the tab is whole at once
  }

  function clearDrawing() {
    board.classList.add('faded');
    clearTimeout(settle);
  }

  const pad = makeDrawPad(find('.paper'), {say, onDraw: readDrawing, onClear: clearDrawing, label: 'Draw here'});
  find('.ae-back').addEventListener('click', showCode);

  // ---- take away

  find('.ae-csv').addEventListener('click', () => {
    if (!state.codes || pad.empty()) return say('Draw something first.');
    const head = ['model', ...Array.from({length: UNITS}, (_, unit) => `unit ${unit + 1}`)];
    const lines = Object.keys(WHICH).map((which, i) => [props.value.models[i], ...state.codes[which]]);
    const text = [head, ...lines].map((line) => line.join(',')).join('\n');
    saveFile(new Blob([`${text}\n`], {type: 'text/csv'}), 'codes-in-deviations.csv');
  });
  find('.ae-png').addEventListener('click', async () => {
    if (!state.read || pad.empty()) return say('Draw something first.');
    const canvas = Object.assign(document.createElement('canvas'), {width: 3 * 280, height: 280});
    const paper = canvas.getContext('2d');
    paper.imageSmoothingEnabled = false;
    const pictures = [await loaded(state.read.seen), panels.network.pen.canvas, panels.pca.pen.canvas];
    pictures.forEach((one, i) => {
      paper.drawImage(one, 280 * i, 0, 280, 280);
    });
    saveCanvas(canvas, 'seen-autoencoder-pca.png');
  });

  // ---- the data set

  async function open(data) {
    state.data = data;
    clearDrawing();
    for (const one of findAll('[data-data]')) one.setAttribute('aria-pressed', one.dataset.data === data);
    find('.draw-title').textContent = data === 'digits' ? 'Your digit' : 'Your garment';
    const answer = await askData({data});
    if (!answer || data !== state.data) return;
    const pictures = data === 'digits' ? writtenDigits() : answer.examples;
    props.value = {...props.value, data, names: answer.names, models: answer.models, examples: pictures};
    const examples = find('.ae-examples');
    const beginning = data === 'digits' ? 3 : 0;
    fill(examples, html`<span>Examples</span>`);
    pictures.forEach((picture, index) => {
      const one = button('', () => pad.show(picture));
      one.title = answer.names[index];
      one.toggleAttribute('data-first', index === beginning);
      one.setAttribute('aria-label', `Example: ${answer.names[index]}`);
      one.append(Object.assign(new Image(), {src: picture, alt: ''}));
      examples.append(one);
    });
    if (pad.empty()) await pad.show(pictures[beginning]);
  }
  for (const one of findAll('[data-data]'))
    one.addEventListener('click', () => {
      if (one.dataset.data === state.data) return;
      pad.clear();
      open(one.dataset.data);
    });
  open('digits');
}
