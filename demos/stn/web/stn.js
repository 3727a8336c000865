// The playground of the Spatial Transformer. Says what it has shown as 'stn:answer' to the other two boards of the tab.
import {
  button,
  choices,
  hear,
  largest,
  numbersOf,
  percent,
  rememberSeed,
  saveFile,
  saveJson,
  slider,
  tell,
  written,
} from '../../frame/web/controls.js';
import {fill, html, made} from '../../frame/web/html.js';
import {inked, makeDrawPad} from '../../frame/web/pad.js';

export default function ({first, server, board, find, findAll, say, saying, liveCaller}) {
  const {sliders, transformers, classifiers, gain, data, examples} = first;
  const SIDE = 28;
  const STEP = 3; // of the output; every third line of the grid is drawn
  const ask = liveCaller(server.rectify);
  const state = {transformer: 'affine', data: 'all', classifier: 'cnn', seed: 1};
  let picture = '';
  let last = null;
  let grid = []; // where each pixel of the output that is shown was read: [row][column] is [x, y]
  let watched = null;
  let known = null;
  let arriving = null; // known: an example's digit

  const line = (points) => `M${points.map(([x, y]) => `${x} ${y}`).join('L')}`;

  async function refresh() {
    if (!picture) return;
    const query = {picture, ...state};
    const digit = known;
    const answer = await ask(query);
    if (!answer || !picture) return;
    last = {query, answer, digit};
    board.classList.remove('stn-empty');
    draw(last);
    speak(answer);
    tell('stn:answer', last);
  }

  function draw({query, answer}) {
    grid = gridOf(answer);
    drawInput(query, answer);
    drawOutput(answer);
    drawBars(answer);
    drawTheta(query, answer);
  }

  function blank() {
    picture = '';
    last = null;
    grid = [];
    board.classList.add('stn-empty');
    say('Draw a digit, or upload a picture of one.', 'note');
    tell('stn:answer', null);
  }

  // The pictures

  function gridOf(answer) {
    const hundredths = numbersOf(answer.grid, Int32Array);
    const at = (place) => [hundredths[2 * place] / 100, hundredths[2 * place + 1] / 100];
    return Array.from({length: SIDE}, (_, row) => Array.from({length: SIDE}, (__, column) => at(SIDE * row + column)));
  }

  function gridPaths(points) {
    const lines = [];
    const end = SIDE - 1;
    const columnAt = (column) => points.map((row) => row[column]);
    for (let i = 0; i < SIDE; i += STEP) lines.push(line(points[i]), line(columnAt(i)));
    const border = [...points[0], ...columnAt(end), ...[...points[end]].reverse(), ...columnAt(0).reverse()];
    return {lines: lines.join(''), border: `${line(border)}Z`, top: line(points[0])};
  }

  function setGrid(figure, points) {
    for (const [name, d] of Object.entries(gridPaths(points))) set(figure.querySelector(`.stn-${name}`), {d});
  }

  function set(node, attributes) {
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  }

  function drawInput(query, {size, input}) {
    const figure = find('.stn-in');
    const margin = size / 8; // so that a grid that leaves the picture is seen
    const start = -0.5 - margin;
    const side = size + 2 * margin;
    const image = figure.querySelector('image');
    set(figure.querySelector('svg'), {viewBox: [start, start, side, side]});
    set(figure.querySelector('.stn-outside'), {x: start, y: start, width: side, height: side});
    set(image, {x: -0.5, y: -0.5, width: size, height: size, href: input});
    setGrid(figure, grid);
    // the control points are read at the corners of the output's thirds: the spline goes through them
    const thirds = query.transformer === 'tps' ? [0, 9, 18, 27] : [];
    const control = thirds.flatMap((row) => thirds.map((column) => [[row, column], grid[row][column]]));
    const even = (place) => (place * (size - 1)) / (SIDE - 1); // where a spline that does nothing would read it
    fill(
      figure.querySelector('.stn-control'),
      control.map(
        ([[row, column], [x, y]]) => html`<path class="stn-arrow" marker-end="url(#stn-tip)"
          d="M${even(column)} ${even(row)}L${x} ${y}"/><circle cx="${x}" cy="${y}" r="${size / 60}"></circle>`,
      ),
    );
    const arrows = control.length ? ' The arrows are θ: from the even grid to where a control point is read.' : '';
    figure.querySelector('figcaption').textContent =
      `${size} × ${size} px, with the grid where it is read; the thick side is its top.${arrows}`;
  }

  function drawOutput(answer) {
    find('.stn-out image').setAttribute('href', answer.rectified);
    mark();
  }

  // The output pixel under the glass of "Look inside", here and where it is read.
  function mark() {
    if (!watched || !grid.length) return;
    const {row, column} = watched;
    const [x, y] = grid[row][column];
    set(find('.stn-out .stn-place'), {x: column - 0.5, y: row - 0.5, width: 1});
    set(find('.stn-in .stn-place'), {cx: x, cy: y, r: 0.9});
  }

  // The probabilities: rows and cells are made once, only widths and texts change

  const rows = Array.from({length: 10}, (_, label) => {
    const cell = html`<td><i></i><span></span></td>`;
    const row = made(html`<tr><th scope="row">${label}</th>${cell}${cell}</tr>`);
    find('.stn-bars tbody').append(row);
    return row.querySelectorAll('td');
  });

  function drawBars({probabilities, plain}) {
    const heads = findAll('.stn-read b');
    [probabilities, plain].forEach((values, net) => {
      const best = largest(values);
      heads[net].textContent = best;
      values.forEach((share, label) => {
        const cell = rows[label][net];
        cell.classList.toggle('stn-best', label === best);
        cell.querySelector('i').style.transform = `scaleX(${share})`;
        cell.querySelector('span').textContent = percent(share, 1);
      });
    });
  }

  let speaking = 0;
  function speak({probabilities, plain}) {
    // for screen readers, once the sliders rest
    clearTimeout(speaking);
    speaking = setTimeout(() => {
      const reading = (values) => `${largest(values)}, ${percent(Math.max(...values), 1)}`;
      find('.stn-spoken').textContent = `With the transformer: ${reading(probabilities)}. Without: ${reading(plain)}.`;
    }, 700);
  }

  // Theta

  const tableRow = (cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`;
  const table = (cells) => html`<table>${cells.map(tableRow)}</table>`;

  // How far the 16 control points are from the even grid they would form without any transformation, in pixels.
  function offsets(theta, size) {
    const even = (index) => -1 + (2 / 3) * index;
    const toPixels = (size - 1) / 2;
    return theta.map(([x, y], k) => [(x - even(k % 4)) * toPixels, (y - even(Math.floor(k / 4))) * toPixels]);
  }

  function windowInWords({rotation, width, height, shift_x: right, shift_y: down}) {
    const turn = `turned by ${written(Math.abs(rotation), 0)}° ${rotation > 0 ? 'clockwise' : 'anticlockwise'}`;
    const side = (value, more, less) => `${written(Math.abs(value), 1)} px ${value < 0 ? less : more}`;
    return (
      `The window is ${Math.abs(rotation) < 0.5 ? 'not turned' : turn}, ${written(width)} × as wide and ` +
      `${written(height)} × as high as the input; its middle lies ${side(right, 'right', 'left')}, ` +
      `${side(down, 'down', 'up')} of the input's.`
    );
  }

  function drawTheta({transformer}, {theta, meaning, size}) {
    const title = find('.stn-theta h3');
    const matrix = find('.stn-matrix');
    const text = find('.stn-meaning');
    matrix.dataset.kind = transformer;
    if (transformer === 'tps') {
      const points = offsets(theta, size);
      const far = Math.max(...points.map(([x, y]) => Math.hypot(x, y)));
      const cells = points.map(([x, y]) => html`${written(x, 1)}<br>${written(y, 1)}`);
      title.textContent = 'θ: where 16 control points go';
      fill(matrix, table([0, 4, 8, 12].map((start) => cells.slice(start, start + 4))));
      text.textContent =
        'Offsets from the even grid in px of the input, right over down. ' +
        `The farthest moves by ${written(far, 1)} px.`;
      return;
    }
    fill(title, html`A<sub>θ</sub>, as the network chose it`);
    fill(matrix, table(theta.map((row) => row.map((value) => written(value, 3)))));
    text.textContent = meaning
      ? windowInWords(meaning)
      : 'A homography: the other two rows are divided by the last one, which is how parallel lines come to meet.';
  }

  // Choices and sliders

  // The fully connected networks, of which there is one pair alone.
  const FULLY_CONNECTED = {transformer: 'affine', data: 'r'};
  const change = (field) => (value) => {
    state[field] = value;
    if (field === 'classifier' && value === 'fcn') Object.assign(state, FULLY_CONNECTED);
    if (Object.entries(FULLY_CONNECTED).some(([name, only]) => state[name] !== only)) state.classifier = 'cnn';
    showState();
    refresh();
  };
  const choose = (place, field, options) => choices(find(place), options, () => state[field], change(field));
  const showTransformer = choose('.stn-transformers', 'transformer', transformers);
  const titles = Object.fromEntries(Object.entries(data).map(([key, {title}]) => [key, title]));
  const showClassifier = choose('.stn-classifiers', 'classifier', classifiers);
  const showData = choose('.stn-data', 'data', titles);

  const handles = sliders.map((about) => {
    const {name, label, low, high, step, unit, value} = about;
    const id = `stn-${name}`;
    const digits = String(step).split('.')[1]?.length || 0;
    const suffix = unit === '°' ? '°' : unit && ` ${unit}`;
    const handle = slider(
      find('.stn-sliders'),
      {
        id,
        title: label,
        low,
        high,
        step,
        value,
        kind: 'stn-slider',
        text: (shown) => written(shown, digits) + suffix,
      },
      change(name),
    );
    handle.row.querySelector('output').before(made(html`<span class="stn-beyond" id="${id}-note"></span>`));
    handle.row.querySelector('input').setAttribute('aria-describedby', `${id}-note`);
    handle.row.append(made(html`<div class="stn-seen"><i></i></div>`));
    state[name] = value;
    return {about, handle};
  });

  // The values of a slider that the chosen network has met in training, as [low, high].
  function trained({name, value}) {
    const seen = data[state.data].trained[name] || [value, value];
    if (seen !== 'room') return seen;
    const room = Math.max(0, (42 - SIDE * state.scale) / 2);
    return [-room, room];
  }

  function showState() {
    showTransformer();
    showClassifier();
    showData();
    for (const one of findAll('.stn-plain'))
      one.textContent = state.classifier === 'fcn' ? 'Plain FCN, without' : 'Plain CNN, without';
    find('.stn-data-line').textContent = state.classifier === 'fcn' ? gain : data[state.data].line;
    for (const {
      about,
      handle: {row, set},
    } of handles) {
      const {name, low, high, step} = about;
      const value = state[name];
      const [from, to] = trained(about);
      const beyond = value < from - step / 2 || value > to + step / 2;
      const seen = row.querySelector('.stn-seen i').style;
      set(value);
      row.querySelector('.stn-beyond').textContent = beyond ? 'not trained on' : '';
      seen.left = `${(100 * (from - low)) / (high - low)}%`;
      seen.width = `${(100 * (to - from)) / (high - low)}%`;
    }
    find('.stn-seed').disabled = !state.warp;
  }

  function reset() {
    for (const {name, value} of sliders) state[name] = value;
  }

  find('.stn-reset').addEventListener('click', () => {
    reset();
    showState();
    refresh();
  });
  function warp(number) {
    state.seed = number;
    refresh();
  }
  find('.stn-seed').addEventListener('click', () => warp(state.seed + 1));
  rememberSeed(find('.stn-seed'), () => state.seed, warp);
  find('.stn-show').addEventListener('click', ({currentTarget}) => {
    currentTarget.setAttribute('aria-pressed', !board.classList.toggle('stn-bare'));
  });

  find('.stn-save-picture').addEventListener('click', async () => {
    if (last) saveFile(await (await fetch(last.answer.rectified)).blob(), 'rectified.png');
  });
  find('.stn-save-numbers').addEventListener('click', () => {
    if (last) saveJson({...last.query, ...last.answer, grid}, 'transformer.json');
  });

  // The digit

  const pad = makeDrawPad(find('.stn-pad'), {
    say,
    onDraw: (address) => {
      if (saying() === 'note') say('');
      [known, arriving] = [arriving, null];
      picture = address;
      refresh();
    },
    onClear: blank,
  });

  function example({digit, path, set, transformer}) {
    reset();
    Object.assign(state, {seed: 1, transformer, classifier: 'cnn'}, set);
    showState();
    arriving = digit;
    pad.show(inked(path, 1, 20));
  }
  find('.stn-examples').append(...examples.map((one) => button(one.title, () => example(one))));
  find('.stn-examples button').toggleAttribute('data-first', true);

  // The other boards: 'stn:hello' asks for what is shown, 'stn:turn' shows a step of the spin, 'stn:pixel' marks a
  // pixel, 'stn:distort' sets the sliders, 'stn:digit' puts a digit on the paper and leaves them

  hear('stn:hello', () => {
    if (last) tell('stn:answer', last);
  });
  hear('stn:turn', (step) => {
    state.rotation = step.query.rotation;
    showState();
    draw(step);
  });
  hear('stn:distort', (set) => {
    reset();
    Object.assign(state, set);
    showState();
    refresh();
  });
  hear('stn:digit', ({picture: paper, label}) => {
    arriving = label;
    pad.show(paper);
  });
  hear('stn:pixel', (pixel) => {
    watched = pixel;
    mark();
  });
  find('.stn-pick').addEventListener('click', (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = (value, start, length) => Math.min(SIDE - 1, Math.max(0, Math.floor(((value - start) / length) * SIDE)));
    tell('stn:pick', {row: at(event.clientY, box.top, box.height), column: at(event.clientX, box.left, box.width)});
  });

  const even = Array.from({length: SIDE}, (_, row) => Array.from({length: SIDE}, (_, column) => [column, row]));
  setGrid(find('.stn-out'), even);
  example(examples[0]);
}
