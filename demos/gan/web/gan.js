// One latent through three generators, on the plane through three anchors (u, v): A at (0, 0), B at (1, 0), C at (0,
// 1).
import {anySeed, followPointer, greyPicture, numbersOf, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {remember} from '../../frame/web/state.js';

export default function ({first, trigger, props, server, board, find, findAll, liveCaller, loaded}) {
  const {formulations, edge, start} = first;
  const SIDE = 504;
  const CELLS = 64; // of a sheet of samples
  const askSamples = liveCaller(server.show_samples);
  const askPlane = liveCaller(server.show_plane);
  const askPoint = liveCaller(server.decode_point);
  const plane = find('.gan-plane');
  const map = find('.gan-plane canvas').getContext('2d');
  const which = find('.gan-map select');
  const seed = find('.gan-seed');
  const truncation = find('.gan-truncation input');
  const state = {
    data: 'digits',
    anchors: start.digits.map((index) => ({seed: 1, index})),
    at: [0.06, 0.9],
    choosing: 0,
  };
  let walking = null;

  const entries = Object.entries(formulations);
  which.append(...entries.map(([name, title]) => new Option(title, name)));
  which.value = 'wgan-gp';
  const score = (name) => (name === 'gan' ? html`D(G(z))` : html`f<sub>w</sub>(g<sub>θ</sub>(z))`);
  fill(
    find('.gan-three'),
    entries.map(
      ([name, title]) => html`
    <figure data-name="${name}"><h3>${title}</h3>
      <canvas class="pixels" width="28" height="28" role="img" aria-label="Picture at the point, ${title}"></canvas>
      <figcaption>${score(name)} = <output></output><br>real pictures: <output></output></figcaption></figure>`,
    ),
  );
  fill(
    find('.gan-sheets'),
    entries.map(
      ([name, title]) => html`
    <figure data-name="${name}"><h3>${title}</h3><div class="gan-sheet">
      <img class="pixels" width="448" height="448" alt="64 samples of ${title}"><i hidden></i></div></figure>`,
    ),
  );

  const place = ([u, v]) => [u, 1 - v].map((value) => ((value + edge) / (1 + 2 * edge)) * SIDE);
  const query = () => ({data: state.data, truncation: Number(truncation.value), anchors: state.anchors});

  // ---- the point

  async function movePoint(at) {
    state.at = at.map((value) => Math.max(-edge, Math.min(1 + edge, value)));
    find('.gan-point').setAttribute('transform', `translate(${place(state.at)})`);
    const answer = await askPoint({...query(), u: state.at[0], v: state.at[1]});
    if (!answer) return;
    for (const figure of findAll('.gan-three figure')) {
      const {pixels, score, real} = answer.seen[figure.dataset.name];
      figure
        .querySelector('canvas')
        .getContext('2d')
        .putImageData(greyPicture(numbersOf(pixels, Uint8Array), 28), 0, 0);
      figure.querySelectorAll('output').forEach((output, i) => {
        output.textContent = written([score, real][i]);
      });
    }
  }

  followPointer(plane, {
    at: () => state.at.map((value) => (value + edge) / (1 + 2 * edge)),
    moveTo(x, y) {
      stopWalking();
      movePoint([x, y].map((part) => part * (1 + 2 * edge) - edge));
    },
    moveBy(x, y, far) {
      stopWalking();
      movePoint([x, y].map((step, axis) => state.at[axis] + step * (far ? 0.2 : 0.04)));
    },
  });

  // ---- the walk round the triangle, three seconds an edge

  function stopWalking() {
    cancelAnimationFrame(walking);
    walking = null;
    find('.gan-walk').textContent = 'Walk from A to B to C';
  }
  find('.gan-walk').addEventListener('click', () => {
    if (walking) return stopWalking();
    const corners = [
      [0, 0],
      [1, 0],
      [0, 1],
      [0, 0],
    ];
    const began = performance.now();
    find('.gan-walk').textContent = 'Stop walking';
    const walk = (now) => {
      const way = Math.max(0, now - began) / 3000;
      const edgeOf = Math.floor(way);
      const part = way % 1;
      if (edgeOf > 2 || !board.isConnected) {
        stopWalking();
        return movePoint([0, 0]);
      }
      movePoint([0, 1].map((axis) => corners[edgeOf][axis] * (1 - part) + corners[edgeOf + 1][axis] * part));
      walking = requestAnimationFrame(walk);
    };
    walking = requestAnimationFrame(walk);
  });

  // ---- the plane and the samples

  async function showPlane() {
    movePoint(state.at);
    const answer = await askPlane({...query(), formulation: which.value});
    if (!answer) return;
    map.imageSmoothingEnabled = false;
    map.drawImage(await loaded(answer.sheet), 0, 0, SIDE, SIDE);
  }

  const corners = [
    [0, 0],
    [1, 0],
    [0, 1],
  ].map(place);
  find('.gan-triangle').setAttribute('d', `M${corners.join('L')}Z`);
  fill(
    find('.gan-corners'),
    corners.map(
      ([x, y], i) => html`
    <g transform="translate(${x} ${y})"><circle r="13"/><text y="5" text-anchor="middle">${'ABC'[i]}</text></g>`,
    ),
  );

  async function showSamples() {
    find('.gan-truncation output').textContent = Number(truncation.value).toFixed(2);
    const answer = await askSamples({data: state.data, seed: Number(seed.value), truncation: Number(truncation.value)});
    if (!answer) return;
    for (const figure of findAll('.gan-sheets figure')) {
      figure.querySelector('img').src = answer.sheets[figure.dataset.name];
      figure.dataset.seed = seed.value;
    }
  }

  for (const sheet of findAll('.gan-sheet')) {
    const cell = (event) => {
      const box = sheet.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top].map((value, axis) =>
        Math.max(0, Math.min(7, Math.floor((value / (axis ? box.height : box.width)) * 8))),
      );
    };
    sheet.addEventListener('pointermove', (event) => {
      // the same latent on all three sheets
      const [column, row] = cell(event);
      for (const other of findAll('.gan-sheet i')) {
        other.hidden = false;
        other.style.left = `${column * 12.5}%`;
        other.style.top = `${row * 12.5}%`;
      }
    });
    sheet.addEventListener('pointerleave', () => {
      for (const other of findAll('.gan-sheet i')) other.hidden = true;
    });
    sheet.addEventListener('click', (event) => {
      const [column, row] = cell(event);
      stopWalking();
      state.anchors[state.choosing] = {seed: Number(sheet.parentElement.dataset.seed), index: 8 * row + column};
      state.at = [
        [0, 0],
        [1, 0],
        [0, 1],
      ][state.choosing];
      choose((state.choosing + 1) % 3);
      showPlane();
    });
  }

  const usual = () => start[state.data].map((index) => ({seed: 1, index}));
  const named = (anchors) => anchors.map(({seed: number, index}) => `${number}.${index}`).join('_');
  remember(find('.gan-sheets'), 'anchors', {
    choice: true,
    get: () => (named(state.anchors) === named(usual()) ? null : named(state.anchors)),
    set(text) {
      const anchors = (text ?? named(usual())).split('_').map((one) => {
        const [number, index] = one.split('.').map(Number);
        return {seed: number, index};
      });
      if (anchors.length !== 3 || anchors.some(({seed: number, index}) => !(number >= 0 && index < CELLS))) return;
      state.anchors = anchors;
      showPlane();
    },
  });

  function choose(anchor) {
    state.choosing = anchor;
    for (const one of findAll('[data-anchor]')) one.setAttribute('aria-pressed', Number(one.dataset.anchor) === anchor);
  }
  for (const one of findAll('[data-anchor]')) one.addEventListener('click', () => choose(Number(one.dataset.anchor)));

  function open(data) {
    state.data = data;
    state.anchors = usual();
    for (const one of findAll('[data-data]')) one.setAttribute('aria-pressed', one.dataset.data === data);
    props.value = {...props.value, data};
    trigger('shared');
    showPlane();
    showSamples();
  }
  for (const one of findAll('[data-data]'))
    one.addEventListener('click', () => {
      if (one.dataset.data === state.data) return;
      stopWalking();
      open(one.dataset.data);
    });
  which.addEventListener('change', showPlane);
  truncation.addEventListener('input', () => {
    showPlane();
    showSamples();
  });
  seed.addEventListener('input', () => {
    if (seed.value !== '' && seed.checkValidity()) showSamples();
  });
  find('.gan-again').addEventListener('click', () => {
    seed.value = anySeed();
    showSamples();
  });
  open('digits');
}
