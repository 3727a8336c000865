// The drawing is spoiled here, pixel by pixel; then every step of x <- x + step (g(f(x)) - x) comes with one answer.
import {capture, choices, greyPicture, numbersOf, onRelease} from '../../frame/web/controls.js';
import {html, made} from '../../frame/web/html.js';

export default function ({server, find, liveCaller, loaded, onValue}) {
  const SIDE = 28;
  const STEPS = 30;
  const FRAME = 55; // milliseconds a step, when it plays
  const TOOLS = {rub: 'Rub out', pen: 'Pen', smear: 'Smear'};
  const TITLES = ['Denoising network', 'Autoencoder, 2 units', 'Autoencoder, 30 units', 'PCA, 30 units'];
  const askHealing = liveCaller(server.heal_picture);
  const canvas = find('.ae-sheet');
  const paper = canvas.getContext('2d');
  const slider = find('.ae-step input');
  let tool = 'rub';
  let original = null; // as the networks see the drawing
  let pixels = new Float32Array(SIDE * SIDE);
  let sheet = null;
  let playing = 0;

  choices(
    find('.ae-tools'),
    TOOLS,
    () => tool,
    (chosen) => {
      tool = chosen;
    },
  );
  const rows = TITLES.map((title) => {
    const figure = made(html`<figure><canvas class="pixels" width="28" height="28" role="img"
      aria-label="At the step of the slider. ${title}"></canvas><figcaption>${title}</figcaption></figure>`);
    find('.ae-rows').append(figure);
    return figure.querySelector('canvas').getContext('2d');
  });

  const show = () => paper.putImageData(greyPicture(Uint8Array.from(pixels), SIDE), 0, 0);

  function showStep(step) {
    slider.value = step;
    find('.ae-step output').textContent = step;
    if (!sheet) return;
    rows.forEach((pen, row) => {
      pen.drawImage(sheet, 28 * step, 28 * row, 28, 28, 0, 0, 28, 28);
    });
  }

  function play() {
    const began = performance.now();
    const mine = ++playing;
    requestAnimationFrame(function next(now) {
      if (mine !== playing) return;
      const step = Math.max(0, Math.min(STEPS, Math.floor((now - began) / FRAME)));
      showStep(step);
      if (step < STEPS) requestAnimationFrame(next);
    });
  }

  async function heal() {
    const bytes = Uint8Array.from(pixels);
    const answer = await askHealing({pixels: btoa(String.fromCharCode(...bytes))});
    if (!answer) return;
    sheet = await loaded(answer.sheet);
    play();
  }

  // ---- tools, in pixels of the small picture

  function near([x, y], radius, change) {
    const before = pixels.slice();
    for (let row = 0; row < SIDE; row++)
      for (let column = 0; column < SIDE; column++) {
        const share = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(column + 0.5 - x, row + 0.5 - y)));
        const at = row * SIDE + column;
        if (share) pixels[at] = Math.max(0, Math.min(255, change(before, at, share, row, column)));
      }
  }

  function use(which, from, to) {
    const way = Math.max(1, Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])));
    for (let i = 1; i <= way; i++) {
      const spot = [0, 1].map((axis) => from[axis] + ((to[axis] - from[axis]) * i) / way);
      if (which === 'pen') near(spot, 1, (before, at, share) => Math.max(before[at], 255 * share));
      else if (which === 'rub') near(spot, 2.5, (before, at, share) => before[at] * (1 - share));
      else {
        const [dx, dy] = [0, 1].map((axis) => Math.sign(Math.round(to[axis] - from[axis])));
        near(spot, 3, (before, at, share, row, column) => {
          const [r, c] = [row - dy, column - dx];
          const moved = r >= 0 && c >= 0 && r < SIDE && c < SIDE ? before[r * SIDE + c] : 0;
          return before[at] + 0.6 * share * (moved - before[at]);
        });
      }
    }
    show();
  }

  const inked = () => [...pixels.keys()].filter((at) => pixels[at] > 100);
  const SPOILS = {
    'Rub out half': () => {
      pixels = pixels.map((value, at) => (at < (SIDE * SIDE) / 2 ? value : 0));
    },
    'Smear all of it': () => {
      for (let y = 6; y < 24; y += 3) use('smear', [6, y], [24, y]);
    },
    'Give it a moustache': () => {
      const spots = inked();
      const middle = spots.reduce((sum, at) => sum + Math.floor(at / SIDE), 0) / Math.max(1, spots.length);
      use('pen', [14, middle], [7, middle + 2]);
      use('pen', [14, middle], [21, middle + 2]);
      use('pen', [7, middle + 2], [5, middle - 1]);
      use('pen', [21, middle + 2], [23, middle - 1]);
    },
    'As it was': () => {},
  };
  for (const [title, spoil] of Object.entries(SPOILS)) {
    const one = Object.assign(document.createElement('button'), {type: 'button', textContent: title});
    one.addEventListener('click', () => {
      if (!original) return;
      pixels = original.slice();
      spoil();
      show();
      heal();
    });
    find('.ae-spoils').append(one);
  }

  let last = null;
  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  };
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    capture(canvas, event);
    playing++;
    last = point(event);
    use(tool, last, last);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!last) return;
    const to = point(event);
    use(tool, last, to);
    last = to;
  });
  onRelease(canvas, () => {
    if (last) heal();
    last = null;
  });

  slider.addEventListener('input', () => {
    playing++;
    showStep(Number(slider.value));
  });
  find('.ae-play-again').addEventListener('click', play);
  onValue((value) => {
    if (value.data !== 'digits' || !value.pixels) return;
    original = Float32Array.from(numbersOf(value.pixels, Uint8Array));
    pixels = original.slice();
    SPOILS['Rub out half']();
    show();
    heal();
  });
}
