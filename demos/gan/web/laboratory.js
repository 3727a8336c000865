// The laboratory: asks for a slice of training, draws what came of it, asks again. Nothing runs while nobody asks.
import {capture, choices, isDark, numbersOf, onThemeChange, thickness, written} from '../../frame/web/controls.js';
import {fill, html, made} from '../../frame/web/html.js';

export default function ({first, server, board, find, findAll, liveCaller, colour}) {
  const {data, formulations, numbers, optimisers, window: half} = first;
  const screens = find('.lab-screens');
  const play = find('.lab-play');
  const speed = find('.lab-speed input');
  const beginTraining = liveCaller(server.begin);
  const advance = liveCaller(server.advance);
  const SPEEDS = [
    [1, 'line by line', 700],
    [1, 'a step a second', 1000],
    [1, 'step by step', 120],
    [20, 'fast', 0],
    [200, 'as fast as it goes', 0],
  ];
  const drawn = []; // the visitor's own points
  let chosen = data[0];
  let run = null;
  let playing = false;
  let views = [];

  // ---- choices

  const titles = Object.fromEntries(data.map((name) => [name, name === 'drawn' ? 'draw your own' : name]));
  const showData = choices(
    find('.lab-chips'),
    titles,
    () => chosen,
    (name) => {
      chosen = name;
      showChoices();
      begin();
    },
  );
  const options = () => Object.entries(formulations).map(([key, title]) => new Option(title, key));
  find('.lab-first').append(...options());
  find('.lab-second').append(new Option('nothing beside it', ''), ...options());
  find('.lab-first').value = 'wgan-gp';
  find('.lab-second').value = 'gan';
  find('.lab-numbers').append(
    ...numbers.map(({name, label, low, high, step, value}) =>
      made(html`<label>${label}
      <input type="range" data-name="${name}" min="${low}" max="${high}" step="${step}" value="${value}">
      <output></output></label>`),
    ),
    made(html`<label>Optimiser<select class="lab-optimiser"></select></label>`),
  );
  find('.lab-optimiser').append(...optimisers.map((name) => new Option(name)));

  // Rates, bounds and penalties are powers of ten on their sliders.
  function setOn(slider) {
    const {power} = numbers.find(({name}) => name === slider.dataset.name);
    return power ? 10 ** Number(slider.value) : Number(slider.value);
  }

  function settings() {
    const found = {
      data: chosen,
      optimiser: find('.lab-optimiser').value,
      saturating: find('[name=saturating]').checked,
    };
    for (const slider of findAll('.lab-numbers input')) found[slider.dataset.name] = setOn(slider);
    found.formulations = [find('.lab-first').value, find('.lab-second').value].filter(Boolean);
    if (chosen === 'drawn') found.drawn = drawn;
    return found;
  }

  function showChoices() {
    showData();
    board.classList.toggle('lab-drawing', chosen === 'drawn');
    find('.lab-hint').hidden = chosen !== 'drawn';
    for (const slider of findAll('.lab-numbers input')) {
      slider.nextElementSibling.textContent = Number(setOn(slider).toPrecision(2)).toLocaleString('en', {
        maximumFractionDigits: 5,
      });
    }
    find('.lab-speed output').textContent = SPEEDS[speed.value][1];
  }

  // ---- screens

  // One plane with its facts and curves.
  class View {
    constructor(formulation) {
      this.history = [];
      const name = formulation === 'gan' ? 'D' : html`f<sub>w</sub>`;
      this.section = made(html`<section aria-label="${formulations[formulation]}">
        <h3>${formulations[formulation]}<span></span></h3>
        <canvas class="lab-plane" width="640" height="640" role="img"
          aria-label="Real and generated points over the critic's heat map"></canvas>
        <dl class="lab-facts"><div><dt>W, exact</dt><dd></dd></div><div><dt>modes covered</dt><dd></dd></div>
          <div><dt>${name} is between</dt><dd></dd></div>
          <div><dt>the critic's W</dt><dd data-fact="estimate"></dd></div>
          <div><dt>÷ its steepest slope</dt><dd data-fact="bound"></dd></div>
          <div><dt>‖∇${name}‖, mean</dt><dd data-fact="slope"></dd></div></dl>
        <svg class="lab-curves" viewBox="0 0 100 100" preserveAspectRatio="none" role="img"
          aria-label="Distance and losses so far"></svg></section>`);
      screens.append(this.section);
      this.canvas = this.section.querySelector('canvas');
    }

    show(seen) {
      this.seen = seen;
      this.history.push([seen.distance, seen.critic_loss, seen.generator_loss]);
      if (this.history.length > 2000) this.history = this.history.filter((_, i) => i % 2);
      const facts = this.section.querySelectorAll('dd');
      const modes = {'ring of 8': 8, 'grid of 25': 25}[chosen];
      this.section.querySelector('h3 span').textContent = `step ${seen.step.toLocaleString('en')}`;
      facts[0].textContent = seen.distance.toFixed(3);
      facts[1].textContent = modes ? `${seen.covered} of ${modes}` : '–';
      facts[2].textContent = seen.range.map((value) => written(value)).join(' and ');
      for (const fact of ['estimate', 'bound', 'slope']) {
        const cell = this.section.querySelector(`[data-fact=${fact}]`);
        cell.textContent = seen[fact] === null ? 'none' : written(seen[fact], 3);
      }
      this.draw();
      this.drawCurves();
    }

    draw() {
      const {canvas, seen} = this;
      const pen = canvas.getContext('2d');
      const size = canvas.width;
      const at = (x, y) => [((x / half + 1) / 2) * size, ((1 - y / half) / 2) * size];
      this.drawHeat(pen, size);
      if (find('[name=net]').checked) this.drawNet(pen, at);
      pen.strokeStyle = pen.fillStyle = colour('--gallery-first');
      this.dots(pen, at, seen.real, 3);
      pen.strokeStyle = pen.fillStyle = colour('--gallery-second');
      pen.lineWidth = 1.5 * thickness();
      pen.globalAlpha = 0.6;
      const lengths = [];
      for (let i = 0; i < seen.pull.length; i += 2) lengths.push(Math.hypot(seen.pull[i], seen.pull[i + 1]));
      const scale = 0.22 / Math.max(...lengths, 1e-6); // the longest arrow is always as long; their ratios tell
      pen.beginPath();
      for (let i = 0; i < seen.fake.length; i += 8) {
        // a quarter of them
        pen.moveTo(...at(seen.fake[i], seen.fake[i + 1]));
        pen.lineTo(...at(seen.fake[i] + scale * seen.pull[i], seen.fake[i + 1] + scale * seen.pull[i + 1]));
      }
      pen.stroke();
      pen.globalAlpha = 1;
      this.dots(pen, at, seen.fake, 3.5);
    }

    dots(pen, at, points, radius) {
      for (let i = 0; i < points.length; i += 2) {
        pen.beginPath();
        pen.arc(...at(points[i], points[i + 1]), radius * thickness(), 0, 7);
        pen.fill();
      }
    }

    // Low is the page's colour, high the colour of real points: the critic thinks there are such.
    drawHeat(pen, size) {
      const {side, heat} = this.seen;
      const small = new OffscreenCanvas(side, side);
      const picture = new ImageData(side, side);
      const [low, high] = isDark()
        ? [
            [16, 22, 28],
            [24, 92, 100],
          ]
        : [
            [250, 251, 252],
            [168, 216, 219],
          ];
      numbersOf(heat, Uint8Array).forEach((byte, i) => {
        const share = byte / 255;
        for (let c = 0; c < 3; c++) picture.data[4 * i + c] = low[c] + share * (high[c] - low[c]);
        picture.data[4 * i + 3] = 255;
      });
      small.getContext('2d').putImageData(picture, 0, 0);
      pen.imageSmoothingEnabled = true;
      pen.drawImage(small, 0, 0, size, size);
    }

    drawNet(pen, at) {
      const {net} = this.seen;
      const lines = Math.round(Math.sqrt(net.length / 2));
      const place = (row, column) => at(net[2 * (row * lines + column)], net[2 * (row * lines + column) + 1]);
      pen.strokeStyle = colour('--gallery-quiet');
      pen.lineWidth = 1;
      pen.globalAlpha = 0.6;
      pen.beginPath();
      for (let i = 0; i < lines; i++) {
        for (let j = 1; j < lines; j++) {
          pen.moveTo(...place(i, j - 1));
          pen.lineTo(...place(i, j));
          pen.moveTo(...place(j - 1, i));
          pen.lineTo(...place(j, i));
        }
      }
      pen.stroke();
      pen.globalAlpha = 1;
    }

    drawCurves() {
      const curve = (index, name) => {
        const values = this.history.map((entry) => entry[index]);
        const known = values.filter((value) => value !== null);
        if (known.length < 2) return [];
        const low = Math.min(0, ...known);
        const high = Math.max(...known, low + 1e-9);
        const height = (value) => 94 - ((value - low) / (high - low)) * 88;
        const spots = values.map((value, i) =>
          value === null ? '' : `${(i / (values.length - 1)) * 100} ${height(value)}`,
        );
        return html`<path d="M${spots.filter(Boolean).join('L')}" stroke="${colour(name)}"/>`;
      };
      const curves = [curve(1, '--gallery-line'), curve(2, '--gallery-quiet'), curve(0, '--gallery-second')];
      fill(this.section.querySelector('.lab-curves'), curves);
    }
  }

  function show(answer) {
    answer.seen.forEach((seen, i) => {
      views[i].show(seen);
    });
    light(answer.lines || []);
  }

  // ---- the algorithm

  const listing = findAll('.lab-algorithm [data-line]');
  let k = 0;

  // Marks the lines that were executed since the picture before this one.
  function light(lines) {
    for (const line of listing) {
      const now = lines.some(({name}) => name === line.dataset.line);
      line.classList.toggle('lab-now', now);
      if (now) line.setAttribute('aria-current', 'step');
      else line.removeAttribute('aria-current');
    }
    const {update} = lines[0] || {};
    find('.lab-turn').textContent = lines.length === 1 && update <= k ? `(${update} of ${k})` : '';
  }

  function writeAlgorithm({formulations: names, critic_steps: steps}) {
    k = steps;
    find('.lab-k').textContent = steps;
    const [wasserstein, original] = [names.some((name) => name !== 'gan'), names.includes('gan')];
    const joined = (first, second) => html`${original ? first : []}${original && wasserstein ? ' and ' : ''}
      ${wasserstein ? second : []}`;
    fill(find('.lab-critic-name'), joined(html`<i>D</i>`, html`the critic <i>f<sub>w</sub></i>`));
    fill(find('.lab-generator-name'), joined(html`<i>G</i>`, html`<i>g<sub>θ</sub></i>`));
    const clip = listing.find((line) => line.dataset.line === 'clip');
    clip.classList.toggle('lab-idle', !names.includes('wgan'));
    clip.querySelector('small').textContent =
      names.length > 1 || !names.includes('wgan') ? 'the clipped WGAN alone' : '';
    light([]);
  }

  function wipe() {
    for (const {canvas} of views) canvas.getContext('2d').clearRect(0, 0, canvas.width, canvas.height);
  }

  // ---- training

  async function begin() {
    playing = false;
    play.textContent = 'Train';
    const chosenNow = settings();
    if (chosen === 'drawn' && drawn.length < 8) {
      run = null;
      wipe();
      return;
    }
    const answer = await beginTraining(chosenNow);
    if (!answer) return;
    run = answer.run;
    screens.textContent = '';
    writeAlgorithm(chosenNow);
    views = chosenNow.formulations.map((formulation) => new View(formulation));
    show(answer);
  }

  async function step(who, rounds) {
    if (!run) return false;
    const answer = await advance({run, who, rounds});
    if (answer) show(answer);
    return Boolean(answer);
  }

  async function train() {
    playing = true;
    play.textContent = 'Pause';
    while (playing && !document.hidden && board.offsetParent) {
      const [rounds, , pause] = SPEEDS[speed.value];
      const began = performance.now();
      if (!(await step('both', rounds))) break;
      await new Promise((resume) => setTimeout(resume, Math.max(0, pause - (performance.now() - began))));
    }
    playing = false;
    play.textContent = 'Train';
  }

  play.addEventListener('click', () => {
    if (playing) playing = false;
    else train();
  });
  find('.lab-steps').addEventListener('click', ({target}) => {
    playing = false;
    if (target.dataset.who) step(target.dataset.who, 1);
  });
  find('.lab-again').addEventListener('click', begin);
  speed.addEventListener('input', showChoices);
  find('.lab-numbers').addEventListener('input', showChoices);
  find('.lab-choices').addEventListener('change', begin);
  find('[name=net]').addEventListener('change', () => {
    for (const view of views) view.draw();
  });

  // ---- the visitor's own points

  let pen = false;
  function addPoint({target, clientX, clientY}) {
    const box = target.getBoundingClientRect();
    const x = (((clientX - box.left) / box.width) * 2 - 1) * half;
    const y = (1 - ((clientY - box.top) / box.height) * 2) * half;
    if (drawn.length >= 1000 || Math.max(Math.abs(x), Math.abs(y)) > 1.2) return;
    drawn.push([x, y]);
    const sheet = target.getContext('2d');
    sheet.fillStyle = colour('--gallery-first');
    sheet.beginPath();
    sheet.arc(((x / half + 1) / 2) * target.width, ((1 - y / half) / 2) * target.height, 4, 0, 7);
    sheet.fill();
  }
  screens.addEventListener('pointerdown', (event) => {
    if (chosen !== 'drawn' || event.target.tagName !== 'CANVAS') return;
    if (run) {
      drawn.length = 0;
      [run, playing] = [null, false];
      wipe();
    }
    pen = true;
    capture(event.target, event);
    addPoint(event);
  });
  screens.addEventListener('pointermove', (event) => pen && event.target.tagName === 'CANVAS' && addPoint(event));
  screens.addEventListener('pointerup', () => {
    if (pen) begin();
    pen = false;
  });

  onThemeChange(() => {
    for (const view of views) {
      view.draw();
      view.drawCurves();
    }
  });
  showChoices();
  begin();
}
