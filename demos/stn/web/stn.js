// The playground of the Spatial Transformer. Says what it has shown as 'stn:answer' to the other two boards of the tab.
import {saveFile} from '../../frame/web/controls.js';
import {inked, makeDrawPad} from '../../frame/web/pad.js';

export default function ({first, server, upload, board, find, say, saying, liveCaller}) {
  const {sliders, transformers, data, examples} = first;
  const SIDE = 28, STEP = 3;  // of the output; every third line of the grid is drawn
  const ask = liveCaller(server.rectify);
  const state = {transformer: 'affine', data: 'all', seed: 1};
  let picture = '', last = null, watched = null, asked = 0, known = null, arriving = null;  // known: an example's digit

  const fixed = (value, digits = 3) => {
    const text = Math.abs(value).toFixed(digits);
    return (value < 0 && Number(text) ? '−' : '') + text;
  };
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const winner = (probabilities) => probabilities.indexOf(Math.max(...probabilities));
  const line = (points) => 'M' + points.map(([x, y]) => `${x} ${y}`).join('L');
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, {detail}));

  async function refresh() {
    if (!picture) return;
    const query = {picture, ...state}, digit = known, turn = ++asked;
    board.ariaBusy = 'true';
    const answer = await ask(query);
    board.ariaBusy = turn !== asked;
    if (!answer || !picture) return;
    last = {query, answer, digit};
    board.classList.remove('stn-empty');
    draw(last);
    speak(answer);
    tell('stn:answer', last);
  }

  function draw({query, answer}) {
    drawInput(query, answer);
    drawOutput(answer);
    drawBars(answer);
    drawTheta(query, answer);
  }

  function blank() {
    picture = '';
    last = null;
    board.classList.add('stn-empty');
    say('Draw a digit, or upload a picture of one.', 'note');
    tell('stn:answer', null);
  }

  // The pictures

  function gridPaths(grid) {
    const lines = [], end = SIDE - 1, columnAt = (column) => grid.map((row) => row[column]);
    for (let i = 0; i < SIDE; i += STEP) lines.push(line(grid[i]), line(columnAt(i)));
    const border = [...grid[0], ...columnAt(end), ...[...grid[end]].reverse(), ...columnAt(0).reverse()];
    return {lines: lines.join(''), border: line(border) + 'Z', top: line(grid[0])};
  }

  function setGrid(figure, grid) {
    for (const [name, d] of Object.entries(gridPaths(grid))) set(figure.querySelector(`.stn-${name}`), {d});
  }

  function set(node, attributes) {
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  }

  function drawInput(query, {size, input, grid}) {
    const figure = find('.stn-in'), margin = size / 8;  // so that a grid that leaves the picture is seen
    const start = -0.5 - margin, side = size + 2 * margin, image = figure.querySelector('image');
    set(figure.querySelector('svg'), {viewBox: [start, start, side, side]});
    set(figure.querySelector('.stn-outside'), {x: start, y: start, width: side, height: side});
    set(image, {x: -0.5, y: -0.5, width: size, height: size, href: input});
    setGrid(figure, grid);
    // the control points are read at the corners of the output's thirds: the spline goes through them
    const thirds = query.transformer === 'tps' ? [0, 9, 18, 27] : [];
    figure.querySelector('.stn-control').innerHTML = thirds.flatMap((row) => thirds.map((column) => grid[row][column]))
      .map(([x, y]) => `<circle cx="${x}" cy="${y}" r="${size / 60}"></circle>`).join('');
    figure.querySelector('figcaption').textContent =
      `${size} × ${size} px, with the grid where it is read; the thick side is its top.`;
  }

  function drawOutput(answer) {
    find('.stn-out image').setAttribute('href', answer.rectified);
    mark(answer);
  }

  // The output pixel under the glass of "Look inside", here and where it is read.
  function mark({grid}) {
    if (!watched) return;
    const {row, column} = watched, [x, y] = grid[row][column];
    set(find('.stn-out .stn-place'), {x: column - 0.5, y: row - 0.5, width: 1});
    set(find('.stn-in .stn-place'), {cx: x, cy: y, r: 0.9});
  }

  // The probabilities: rows and cells are made once, only widths and texts change

  const rows = Array.from({length: 10}, (_, label) => {
    const row = document.createElement('tr');
    row.innerHTML = `<th scope="row">${label}</th>` + '<td><i></i><span></span></td>'.repeat(2);
    find('.stn-bars tbody').append(row);
    return row.querySelectorAll('td');
  });

  function drawBars({probabilities, plain}) {
    const heads = board.querySelectorAll('.stn-bars th b');
    [probabilities, plain].forEach((values, net) => {
      const best = winner(values);
      heads[net].textContent = best;
      values.forEach((share, label) => {
        const cell = rows[label][net];
        cell.classList.toggle('stn-best', label === best);
        cell.querySelector('i').style.transform = `scaleX(${share})`;
        cell.querySelector('span').textContent = percent(share);
      });
    });
  }

  let speaking = 0;
  function speak({probabilities, plain}) {  // for screen readers, once the sliders rest
    clearTimeout(speaking);
    speaking = setTimeout(() => {
      const reading = (values) => `${winner(values)}, ${percent(Math.max(...values))}`;
      find('.stn-spoken').textContent = `With the transformer: ${reading(probabilities)}. Without: ${reading(plain)}.`;
    }, 700);
  }

  // Theta

  const tableRow = (cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  const table = (cells) => `<table>${cells.map(tableRow).join('')}</table>`;

  // How far the 16 control points are from the even grid they would form without any transformation, in pixels.
  function offsets(theta, size) {
    const even = (index) => -1 + 2 / 3 * index, toPixels = (size - 1) / 2;
    return theta.map(([x, y], k) => [(x - even(k % 4)) * toPixels, (y - even(Math.floor(k / 4))) * toPixels]);
  }

  function windowInWords({rotation, width, height, shift_x: right, shift_y: down}) {
    const turn = `turned by ${fixed(Math.abs(rotation), 0)}° ${rotation > 0 ? 'clockwise' : 'anticlockwise'}`;
    const side = (value, more, less) => `${fixed(Math.abs(value), 1)} px ${value < 0 ? less : more}`;
    return `The window is ${Math.abs(rotation) < 0.5 ? 'not turned' : turn}, ${fixed(width, 2)} × as wide and `
      + `${fixed(height, 2)} × as high as the input; its middle lies ${side(right, 'right', 'left')}, `
      + `${side(down, 'down', 'up')} of the input's.`;
  }

  function drawTheta({transformer}, {theta, meaning, size}) {
    const title = find('.stn-theta h3'), matrix = find('.stn-matrix'), text = find('.stn-meaning');
    matrix.dataset.kind = transformer;
    if (transformer === 'tps') {
      const points = offsets(theta, size), far = Math.max(...points.map(([x, y]) => Math.hypot(x, y)));
      const cells = points.map(([x, y]) => `${fixed(x, 1)}<br>${fixed(y, 1)}`);
      title.textContent = 'θ: where 16 control points go';
      matrix.innerHTML = table([0, 4, 8, 12].map((start) => cells.slice(start, start + 4)));
      text.textContent = 'Offsets from the even grid in px of the input, right over down. '
        + `The farthest moves by ${fixed(far, 1)} px.`;
      return;
    }
    title.innerHTML = 'A<sub>θ</sub>, as the network chose it';
    matrix.innerHTML = table(theta.map((row) => row.map((value) => fixed(value))));
    text.textContent = meaning ? windowInWords(meaning)
      : 'A homography: the other two rows are divided by the last one, which is how parallel lines come to meet.';
  }

  // Choices and sliders

  function makeChoice(place, field, options) {
    const buttons = Object.entries(options).map(([key, title]) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = title;
      button.dataset.key = key;
      button.addEventListener('click', () => { state[field] = key; showState(); refresh(); });
      find(place).append(button);
      return button;
    });
    return () => buttons.forEach((button) => button.setAttribute('aria-pressed', button.dataset.key === state[field]));
  }
  const showTransformer = makeChoice('.stn-transformers', 'transformer', transformers);
  const titles = Object.fromEntries(Object.entries(data).map(([key, {title}]) => [key, title]));
  const showData = makeChoice('.stn-data', 'data', titles);

  const handles = sliders.map((slider) => {
    const row = document.createElement('div'), id = `stn-${slider.name}`;
    row.className = 'stn-slider';
    row.innerHTML = `<label for="${id}">${slider.label}</label><span class="stn-beyond" id="${id}-note"></span>
      <output for="${id}"></output>
      <input type="range" id="${id}" min="${slider.low}" max="${slider.high}" step="${slider.step}"
        aria-describedby="${id}-note">
      <div class="stn-seen"><i></i></div>`;
    const input = row.querySelector('input');
    state[slider.name] = slider.neutral;
    input.addEventListener('input', () => { state[slider.name] = Number(input.value); showState(); refresh(); });
    find('.stn-sliders').append(row);
    return {slider, row, input};
  });

  // The values of a slider that the chosen network has met in training, as [low, high].
  function trained({name, neutral}) {
    const seen = data[state.data].trained[name] || [neutral, neutral];
    if (seen !== 'room') return seen;
    const room = Math.max(0, (42 - SIDE * state.scale) / 2);
    return [-room, room];
  }

  function showState() {
    showTransformer();
    showData();
    find('.stn-data-line').textContent = data[state.data].line;
    for (const {slider, row, input} of handles) {
      const {name, low, high, step, unit} = slider, value = state[name], [from, to] = trained(slider);
      const text = fixed(value, String(step).split('.')[1]?.length || 0) + (unit === '°' ? '°' : unit && ` ${unit}`);
      const beyond = value < from - step / 2 || value > to + step / 2, seen = row.querySelector('.stn-seen i').style;
      input.value = value;
      input.setAttribute('aria-valuetext', text);
      row.querySelector('output').textContent = text;
      row.querySelector('.stn-beyond').textContent = beyond ? 'not trained on' : '';
      seen.left = `${100 * (from - low) / (high - low)}%`;
      seen.width = `${100 * (to - from) / (high - low)}%`;
    }
    find('.stn-seed').disabled = !state.warp;
  }

  function reset() {
    for (const {name, neutral} of sliders) state[name] = neutral;
  }

  find('.stn-reset').addEventListener('click', () => { reset(); showState(); refresh(); });
  find('.stn-seed').addEventListener('click', () => { state.seed += 1; refresh(); });
  find('.stn-show').addEventListener('click', ({currentTarget}) => {
    currentTarget.setAttribute('aria-pressed', !board.classList.toggle('stn-bare'));
  });

  function save(name, address) {
    const link = document.createElement('a');
    link.href = address;
    link.download = name;
    link.click();
  }
  find('.stn-save-picture').addEventListener('click', () => last && save('rectified.png', last.answer.rectified));
  find('.stn-save-numbers').addEventListener('click', () => {
    if (!last) return;
    const text = JSON.stringify({...last.query, ...last.answer}, null, 1);
    saveFile(new Blob([text], {type: 'application/json'}), 'transformer.json');
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
    Object.assign(state, {seed: 1, transformer}, set);
    showState();
    arriving = digit;
    pad.show(inked(path, 1, 20));
  }
  for (const one of examples) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = one.title;
    button.addEventListener('click', () => example(one));
    find('.stn-examples').append(button);
  }

  // The other boards: 'stn:hello' asks for what is shown, 'stn:turn' shows a step of the spin, 'stn:pixel' marks a pixel

  document.addEventListener('stn:hello', () => { if (last) tell('stn:answer', last); });
  document.addEventListener('stn:turn', ({detail}) => {
    state.rotation = detail.query.rotation;
    showState();
    draw(detail);
  });
  document.addEventListener('stn:pixel', ({detail}) => {
    watched = detail;
    if (last) mark(last.answer);
  });
  find('.stn-pick').addEventListener('click', (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = (value, start, length) => Math.min(SIDE - 1, Math.max(0, Math.floor((value - start) / length * SIDE)));
    tell('stn:pick', {row: at(event.clientY, box.top, box.height), column: at(event.clientX, box.left, box.width)});
  });

  const even = Array.from({length: SIDE}, (_, row) => Array.from({length: SIDE}, (_, column) => [column, row]));
  setGrid(find('.stn-out'), even);
  example(examples[0]);
}
