// The plane of a code of two units; all places are parts of its sides, y up.
import {CLASS_COLOURS, followPointer, greyPicture, numbersOf, onRelease} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

export default function ({server, find, liveCaller, loaded, onValue}) {
  const SIDE = 720;
  const SHOWS = {codes: 'Codes of test pictures', pictures: 'What the rest decodes to', arrows: 'The pull'};
  const FRAME = 45; // milliseconds a step of a point that drifts
  const DOT = 3;
  const askPlane = liveCaller(server.show_plane);
  const askPoint = liveCaller(server.decode_point);
  const askWay = liveCaller(server.let_go);
  const surface = find('.ae-plane');
  const pen = find('.ae-plane canvas').getContext('2d');
  const decoded = find('.ae-at').getContext('2d');
  const shown = {codes: true, pictures: true, arrows: false};
  const state = {data: null, at: [0.5, 0.5], plane: null, drifting: 0};

  for (const [key, title] of Object.entries(SHOWS)) {
    const one = Object.assign(document.createElement('button'), {type: 'button', textContent: title});
    one.dataset.key = key;
    one.setAttribute('aria-pressed', shown[key]);
    one.addEventListener('click', () => {
      shown[key] = !shown[key];
      one.setAttribute('aria-pressed', shown[key]);
      draw();
    });
    find('.ae-shows').append(one);
  }

  const place = ([x, y]) => [x * SIDE, (1 - y) * SIDE];

  function draw() {
    const {plane} = state;
    if (!plane) return;
    pen.globalAlpha = 1;
    pen.fillStyle = '#000';
    pen.fillRect(0, 0, SIDE, SIDE);
    if (shown.pictures) {
      pen.imageSmoothingEnabled = false;
      pen.globalAlpha = shown.codes ? 0.55 : 1;
      pen.drawImage(plane.sheet, 0, 0, SIDE, SIDE);
    }
    if (shown.codes) {
      pen.globalAlpha = 0.75;
      plane.labels.forEach((label, i) => {
        const [x, y] = place([plane.points[2 * i], plane.points[2 * i + 1]]);
        pen.fillStyle = CLASS_COLOURS[label];
        pen.fillRect(x - DOT / 2, y - DOT / 2, DOT, DOT);
      });
    }
    if (shown.arrows) drawArrows(plane.arrows);
  }

  // The longest are cut: near the rim the pull is many cells long.
  function drawArrows(arrows) {
    const cell = SIDE / Math.sqrt(arrows.length / 4);
    pen.globalAlpha = 1;
    pen.strokeStyle = '#ffffff';
    pen.lineWidth = 1.6;
    pen.beginPath();
    for (let i = 0; i < arrows.length; i += 4) {
      const from = place([arrows[i], arrows[i + 1]]);
      const pull = [arrows[i + 2] * SIDE, -arrows[i + 3] * SIDE];
      const length = Math.hypot(...pull);
      if (length < 0.5) continue;
      const wanted = Math.min(1.6 * cell, Math.max(5, length));
      const [dx, dy] = pull.map((part) => (part / length) * wanted);
      const tip = [from[0] + dx, from[1] + dy];
      pen.moveTo(...from);
      pen.lineTo(...tip);
      for (const turn of [2.6, -2.6]) {
        const angle = Math.atan2(dy, dx) + turn;
        pen.moveTo(...tip);
        pen.lineTo(tip[0] + 5 * Math.cos(angle), tip[1] + 5 * Math.sin(angle));
      }
    }
    pen.stroke();
  }

  // ---- the point

  function showPoint(at) {
    state.at = at.map((part) => Math.max(0, Math.min(1, part)));
    find('.ae-point').setAttribute('transform', `translate(${place(state.at)})`);
  }

  async function movePoint(at) {
    state.drifting++;
    showPoint(at);
    find('.ae-way').setAttribute('d', '');
    const answer = await askPoint({data: state.data, at: state.at});
    if (!answer) return;
    decoded.putImageData(greyPicture(numbersOf(answer.pixels, Uint8Array), 28), 0, 0);
    const tip = [0, 1].map((axis) => state.at[axis] + answer.pull[axis]);
    find('.ae-pull').setAttribute('d', `M${place(state.at)}L${place(tip)}`);
  }

  async function letGo() {
    const mine = ++state.drifting;
    const answer = await askWay({data: state.data, at: state.at});
    if (!answer || mine !== state.drifting) return;
    const sheet = await loaded(answer.sheet);
    const strip = find('.ae-drift').getContext('2d');
    const last = answer.way.length - 1;
    for (let i = 0; i < 5; i++) strip.drawImage(sheet, 28 * Math.round((i * last) / 4), 0, 28, 28, 28 * i, 0, 28, 28);
    find('.ae-pull').setAttribute('d', '');
    find('.ae-way').setAttribute('d', `M${answer.way.map(place).join('L')}`);
    const began = performance.now();
    requestAnimationFrame(function next(now) {
      if (mine !== state.drifting) return;
      const step = Math.max(0, Math.min(last, Math.floor((now - began) / FRAME)));
      showPoint(answer.way[step]);
      decoded.drawImage(sheet, 28 * step, 0, 28, 28, 0, 0, 28, 28);
      if (step < last) requestAnimationFrame(next);
    });
  }

  let dragged = false;
  followPointer(surface, {
    at: () => state.at,
    moveTo(x, y) {
      dragged = true;
      movePoint([x, y]);
    },
    moveBy(x, y, far) {
      movePoint([x, y].map((step, axis) => state.at[axis] + step * (far ? 0.1 : 0.02)));
    },
  });
  onRelease(surface, () => {
    if (dragged) letGo();
    dragged = false;
  });
  surface.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') letGo();
  });

  onValue(async (value) => {
    if (!value.data || value.data === state.data) return;
    state.data = value.data;
    const answer = await askPlane({data: value.data});
    if (!answer) return;
    state.plane = {
      sheet: await loaded(answer.sheet),
      points: numbersOf(answer.points, Float32Array),
      labels: numbersOf(answer.labels, Uint8Array),
      arrows: numbersOf(answer.arrows, Float32Array),
    };
    fill(
      find('.ae-legend'),
      answer.names.map((name, i) => html`<span><i style="background: ${CLASS_COLOURS[i]}"></i>${name}</span>`),
    );
    draw();
    movePoint([0.5, 0.5]);
  });
}
