// A bird, the windows that a network looks through, and what it says; a visitor drags a window, or paints.
import {
  capture,
  choices,
  hear,
  listed,
  loaded,
  onRelease,
  percent,
  stepOf,
  tell,
  unlisted,
} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {remember} from '../../frame/web/state.js';
import {overlays} from './overlays.js';
import {cornerOf, joint, ranked, softmax, WINDOW_COLOURS, within} from './shared.js';

const TOP = 5; // species shown
const STEP = 0.04; // of the picture's [-1, 1], by an arrow key
const BRUSH = 0.055; // of the picture's width, its radius
const GREY = '#808080';

export default function ({first, server, board, find, findAll, liveCaller, onValue}) {
  const {networks, usual, names, accuracies} = first;
  const askLook = liveCaller(server.look);
  const askOther = liveCaller(server.look);
  const askSteer = liveCaller(server.steer);
  const picture = find('.fg-picture');
  const square = document.createElement('canvas'); // the picture as the networks see it
  const clean = {}; // both before anything was painted
  const state = {network: usual, answers: {}, centres: [], logits: [], moved: new Set(), painting: false, asked: 0};
  let sent = null; // the square as it is sent, until it is painted on

  const question = () => {
    sent ??= square.toDataURL('image/png');
    return {picture: sent, network: state.network};
  };
  const extra = overlays({first, server, board, find, liveCaller, state, question});

  // ---- what is said

  function showVerdict() {
    const shares = softmax(joint(state.logits));
    const best = ranked(shares, TOP);
    const {unlike} = state.answers[state.network];
    const said = `${names[best[0]]}, ${percent(shares[best[0]])}`;
    const own = state.moved.size === 0;
    find('.fg-verdict').textContent = own && unlike ? `Unlike all twenty species. The nearest: ${said}` : said;
    board.dataset.species = names[best[0]];
    board.dataset.unlike = own && unlike;
    find('.fg-back').disabled = own;
    fill(
      find('.fg-bars'),
      best.map(
        (i, rank) => html`<div class="fg-bar ${rank ? '' : 'top'}"><span>${names[i]}</span>
          <i style="width: ${100 * shares[i]}%"></i><output>${percent(shares[i], 1)}</output></div>`,
      ),
    );
  }

  const titleOf = (k) => (state.centres.length ? `Window ${k + 1}` : 'The whole picture');
  const inShort = (k) => (state.centres.length ? `${k + 1} alone` : titleOf(k));
  function showEach() {
    findAll('.fg-each figure').forEach((figure, k) => {
      const shares = softmax(state.logits[k]);
      const [best] = ranked(shares, 1);
      figure.querySelector('span').textContent = `${names[best]}, ${percent(shares[best])}`;
      const canvas = figure.querySelector('canvas');
      const part = state.centres.length ? 0.5 : 1;
      const [left, top] = state.centres.length ? cornerOf(state.centres[k]) : [0, 0];
      const [x, y, width, height] = [left, top, part, part].map(
        (share, i) => share * (i % 2 ? picture.height : picture.width),
      );
      canvas.getContext('2d').drawImage(picture, x, y, width, height, 0, 0, canvas.width, canvas.height);
    });
  }

  function placeWindows() {
    state.centres.forEach((centre, k) => {
      const [left, top] = cornerOf(centre);
      const box = findAll('.fg-windows div')[k];
      Object.assign(box.style, {left: `${100 * left}%`, top: `${100 * top}%`});
      box.classList.toggle('moved', state.moved.has(k));
    });
    board.dataset.centres = JSON.stringify(state.centres.map((centre) => centre.map((v) => Number(v.toFixed(3)))));
  }

  function showHint() {
    const untouched = state.centres.length > 0 && state.moved.size === 0;
    find('.fg-hint').textContent = state.painting ? 'brush a part away' : untouched ? 'drag a window' : '';
  }

  function show() {
    placeWindows();
    showHint();
    showVerdict();
    showEach();
    extra.show();
  }

  // ---- windows

  function makeWindows() {
    fill(
      find('.fg-windows'),
      state.centres.map(
        (_, k) => html`<div tabindex="0" role="application" style="--fg-colour: ${WINDOW_COLOURS[k]}"
          aria-label="Window ${k + 1}: drag it, or move it with the arrow keys"><b>${k + 1}</b></div>`,
      ),
    );
    findAll('.fg-windows div').forEach(makeDraggable);
    const height = Math.round((160 * picture.height) / picture.width);
    find('.fg-each').style.setProperty('--fg-count', state.logits.length);
    fill(
      find('.fg-each'),
      state.logits.map(
        (_, k) => html`<figure style="--fg-colour: ${WINDOW_COLOURS[k]}">
          <canvas width="160" height="${height}" role="img" aria-label="${titleOf(k)}"></canvas>
          <figcaption><b>${inShort(k)}</b> <span></span></figcaption></figure>`,
      ),
    );
  }

  function makeDraggable(box, k) {
    let from = null;
    box.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      capture(box, event);
      from = {x: event.clientX, y: event.clientY, centre: state.centres[k]};
    });
    box.addEventListener('pointermove', (event) => {
      if (!from) return;
      const {width, height} = find('.fg-stage').getBoundingClientRect();
      const far = [(2 * (event.clientX - from.x)) / width, (2 * (event.clientY - from.y)) / height];
      move(
        k,
        from.centre.map((value, axis) => value + far[axis]),
      );
    });
    onRelease(box, () => {
      from = null;
    });
    box.addEventListener('keydown', (event) => {
      const step = stepOf(event);
      if (!step) return;
      const far = STEP * (event.shiftKey ? 5 : 1);
      move(k, [state.centres[k][0] + far * step[0], state.centres[k][1] - far * step[1]]);
    });
  }

  async function move(k, centre) {
    const at = centre.map(within);
    const {network} = state;
    state.centres[k] = at;
    state.moved.add(k);
    placeWindows();
    const answer = await askSteer({...question(), window: k, at});
    if (!answer || state.network !== network) return;
    state.logits[k] = answer.logits;
    board.dataset.steered = Number(board.dataset.steered ?? 0) + 1;
    show();
  }
  remember(find('.fg-stage'), 'windows', {
    get: () => (state.moved.size ? listed(state.centres.flat(), 3) : null),
    set(text) {
      const values = unlisted(text, 2 * state.centres.length);
      values?.forEach((x, i) => {
        if (i % 2 === 0) move(i / 2, [x, values[i + 1]]);
      });
    },
  });

  // ---- questions

  function use(answer) {
    state.answers[state.network] = answer;
    Object.assign(state, {centres: [...answer.centres], logits: [...answer.logits], moved: new Set()});
    makeWindows();
    show();
    tellOthers();
  }
  const tellOthers = () =>
    tell('finegrained:picture', {picture: question().picture, width: picture.width, height: picture.height});
  hear('finegrained:hello', () => state.logits.length && tellOthers());

  async function run() {
    const mine = ++state.asked;
    const answer = state.answers[state.network] ?? (await askLook(question()));
    if (answer && mine === state.asked) use(answer);
    compare(mine);
  }

  // The other networks, one after the other, while nothing else was asked.
  async function compare(mine) {
    for (const network of Object.keys(networks)) {
      const answer = state.answers[network] ?? (await askOther({...question(), network}));
      if (!answer || mine !== state.asked) return;
      state.answers[network] = answer;
      fill(
        find('.fg-others tbody'),
        Object.keys(networks)
          .filter((name) => state.answers[name])
          .map((name) => {
            const shares = softmax(joint(state.answers[name].logits));
            const [best] = ranked(shares, 1);
            const said = state.answers[name].unlike ? `${names[best]}, but unlike all` : names[best];
            const right = accuracies[name] === null ? '' : `${accuracies[name].toFixed(1)} %`;
            return html`<tr><td>${networks[name]}</td><td>${said}</td><td>${percent(shares[best])}</td>
              <td>${right}</td></tr>`;
          }),
      );
    }
  }

  const showNetworks = choices(
    find('.fg-networks'),
    networks,
    () => state.network,
    (network) => {
      state.network = network;
      extra.forget();
      run();
    },
  );
  find('.fg-back').addEventListener('click', () => state.answers[state.network] && use(state.answers[state.network]));

  // ---- paint

  function paintAt(event) {
    const {left, top, width, height} = find('.fg-stage').getBoundingClientRect();
    const at = [(event.clientX - left) / width, (event.clientY - top) / height];
    const upright = picture.width / picture.height; // the square is squeezed, and so is a dot on it
    for (const canvas of [picture, square]) {
      const pen = canvas.getContext('2d');
      pen.fillStyle = GREY;
      pen.beginPath();
      pen.ellipse(
        at[0] * canvas.width,
        at[1] * canvas.height,
        BRUSH * canvas.width,
        BRUSH * upright * canvas.height,
        0,
        0,
        7,
      );
      pen.fill();
    }
  }
  function painted() {
    sent = null;
    state.answers = {};
    find('.fg-clean').disabled = false;
    extra.forget();
    run();
  }
  const stage = find('.fg-stage');
  let down = false;
  stage.addEventListener('pointerdown', (event) => {
    if (!state.painting || event.button !== 0) return;
    capture(stage, event);
    down = true;
    paintAt(event);
  });
  stage.addEventListener('pointermove', (event) => down && paintAt(event));
  onRelease(stage, () => {
    if (down) painted();
    down = false;
  });
  find('.fg-brush').addEventListener('click', ({target}) => {
    state.painting = !state.painting;
    target.setAttribute('aria-pressed', state.painting);
    stage.classList.toggle('painting', state.painting);
    showHint();
  });
  find('.fg-clean').addEventListener('click', () => {
    picture.getContext('2d').drawImage(clean.picture, 0, 0);
    square.getContext('2d').drawImage(clean.square, 0, 0);
    painted();
    find('.fg-clean').disabled = true;
  });

  onValue(async (value) => {
    if (!value.picture) return;
    [clean.picture, clean.square] = await Promise.all([loaded(value.picture), loaded(value.square)]);
    for (const [canvas, image] of [
      [picture, clean.picture],
      [square, clean.square],
    ]) {
      Object.assign(canvas, {width: image.naturalWidth, height: image.naturalHeight});
      canvas.getContext('2d').drawImage(image, 0, 0);
    }
    find('.fg-main').style.setProperty('--fg-aspect', (picture.width / picture.height).toFixed(4));
    find('.fg-clean').disabled = true;
    sent = value.square;
    state.answers = {[usual]: value.answer};
    extra.forget();
    run();
  });
  showNetworks();
}
