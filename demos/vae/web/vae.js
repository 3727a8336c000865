// The latent plane and the drawing on it. z is (z1, z2), z1 to the right, z2 up; `half` is the plane's half-width.
import {button, followPointer, greyPicture, numbersOf, percent, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {makeDrawPad} from '../../frame/web/pad.js';
import {writtenDigits} from '../../frame/web/strokes.js';
import {nameModel} from './latents.js';

export default function ({trigger, props, server, board, find, findAll, say, liveCaller, loaded}) {
  const SIDE = 560;
  const LENS = 128;
  const plane = find('.plane');
  const map = find('.plane canvas').getContext('2d');
  const decoded = find('.decoded').getContext('2d');
  const lens = find('.lens canvas').getContext('2d');
  const askPlane = liveCaller(server.show_plane);
  const askPicture = liveCaller(server.decode_point);
  const askAnswer = liveCaller(server.read_drawing);
  const askExamples = liveCaller(server.example_garments);
  const state = {data: 'digits', z: [0, 0], half: 3.16, posterior: null};

  // What the rest of the tab reads: data set, drawing and the drawings kept as A and B.
  function share(change, tell) {
    props.value = {...props.value, ...change};
    if (tell) trigger('shared');
  }

  const place = ([z1, z2]) => [((z1 / state.half + 1) * SIDE) / 2, ((1 - z2 / state.half) * SIDE) / 2];
  const aligned = (value) => written(value).padStart(5); // a minus sign is as wide as the space before no sign

  // ---- the point

  async function movePoint(z) {
    state.z = z.map((value) => Math.max(-state.half, Math.min(state.half, value)));
    const [x, y] = place(state.z);
    find('.point').setAttribute('transform', `translate(${x} ${y})`);
    find('.z').textContent = `z = (${state.z.map(aligned).join(', ')})`;
    const answer = await askPicture({data: state.data, z: state.z});
    if (!answer) return;
    decoded.putImageData(greyPicture(numbersOf(answer.pixels, Uint8Array), 28), 0, 0);
  }

  followPointer(plane, {
    at: () => state.z.map((value) => (value / state.half + 1) / 2),
    moveTo(x, y) {
      find('.z').setAttribute('aria-live', 'off');
      movePoint([x, y].map((part) => (part * 2 - 1) * state.half));
    },
    moveBy(x, y, far) {
      find('.z').setAttribute('aria-live', 'polite');
      movePoint([x, y].map((step, axis) => state.z[axis] + step * (far ? 0.5 : 0.1)));
    },
  });

  // ---- the plane

  async function showPlane() {
    const answer = await askPlane({data: state.data});
    if (!answer) return false;
    share({data: state.data, names: answer.names, models: answer.models, keptA: null, keptB: null}, true);
    const sheet = await loaded(answer.sheet);
    state.half = answer.half;
    state.z = answer.start;
    map.drawImage(sheet, 0, 0, SIDE, SIDE);
    for (const label of findAll('.plane-model')) nameModel(label, answer.models[0]);
    for (const label of findAll('.large-model')) nameModel(label, answer.models[1]);
    const sigmas = answer.sigmas.map((sigma) => sigma?.toFixed(3)); // none where pixels are black or white
    find('.pixel-model').textContent =
      answer.sigmas[0] === null
        ? 'Pixels are black or white: P(X|z) is a Bernoulli distribution with mean f(z).'
        : `Pixels are grey: P(X|z) = N(f(z), σ²I), σ = ${sigmas.join(' and ')}, learned. ` +
          'It is a density: its logarithm may be positive.';
    const ticks = [];
    for (let value = -Math.floor(state.half); value <= state.half; value++) {
      const [x, y] = place([value, value]);
      const text = written(value, 0);
      ticks.push(html`<text x="${x}" y="${SIDE + 18}" text-anchor="middle">${text}</text>
        <text x="-8" y="${y + 5}" text-anchor="end">${text}</text>`);
    }
    fill(find('.ticks'), ticks);
    return true;
  }

  function setEllipse(ellipse, [x, y], [rx, ry]) {
    for (const [name, value] of Object.entries({cx: x, cy: y, rx, ry})) ellipse.setAttribute(name, value);
  }

  // The posterior on the plane, and the same through a lens that is strong enough to show its shape.
  function showPosterior() {
    const {posterior} = state;
    const scale = SIDE / 2 / state.half;
    find('.posterior').setAttribute('visibility', posterior ? 'visible' : 'hidden');
    for (const ellipse of findAll('.lens ellipse'))
      ellipse.setAttribute('visibility', posterior ? 'visible' : 'hidden');
    lens.clearRect(0, 0, LENS, LENS);
    if (!posterior) return;
    const centre = place(posterior.mean);
    const radii = posterior.std.map((std) => std * scale);
    find('.cross').setAttribute('d', `M0 ${centre[1]}H${SIDE}M${centre[0]} 0V${SIDE}`);
    find('.key-outside').hidden = !posterior.mean.some((value) => Math.abs(value) > state.half);
    for (const [name, times] of [
      ['halo', 2],
      ['two', 2],
      ['one', 1],
    ])
      setEllipse(
        find(`.posterior .${name}`),
        centre,
        radii.map((radius) => times * radius),
      );
    const power = Math.max(1, Math.min(32, 2 ** Math.floor(Math.log2(LENS / (5 * Math.max(...radii))))));
    const width = LENS / power;
    lens.imageSmoothingEnabled = false;
    lens.drawImage(map.canvas, centre[0] - width / 2, centre[1] - width / 2, width, width, 0, 0, LENS, LENS);
    for (const [name, times] of [
      ['two', 2],
      ['one', 1],
    ])
      setEllipse(
        find(`.lens .${name}`),
        [LENS / 2, LENS / 2],
        radii.map((radius) => times * radius * power),
      );
    find('.lens-power').textContent = power > 1 ? `, ${power} times larger` : '';
  }

  // ---- the drawing

  fill(
    find('.vae-terms'),
    ['plane', 'large'].map(
      (which) => html`
    <section class="terms"><h3>Samples from P(z|X), decoded <span class="model ${which}-model"></span></h3>
      <img class="pixels samples" alt="Eight pictures decoded from samples of the posterior" width="448" height="56">
      <p class="z-text"></p>
      <dl>
        <dt>E[log P(X|z)]</dt><dd class="bar likelihood"><i></i></dd><dd class="mono likelihood-value"></dd>
        <dt>D[P(z|X) ‖ P(z)]</dt><dd class="bar kl"><i></i></dd><dd class="mono kl-value"></dd>
        <dt class="sum">ELBO, their difference</dt><dd class="bar elbo"><i></i></dd>
        <dd class="mono sum elbo-value"></dd>
      </dl><p class="typical"></p></section>`,
    ),
  );
  const [planeTerms, largeTerms] = findAll('.terms');

  // One bar a quantity, on the scale that both models share: from `from` to `to`, in nats.
  function setBar(bar, from, to, [low, high]) {
    const at = (value) => ((value - low) / (high - low)) * 100;
    bar.firstChild.style.left = `${at(Math.min(from, to))}%`;
    bar.firstChild.style.width = `${at(Math.max(from, to)) - at(Math.min(from, to))}%`;
  }

  // Where the ELBO of X lies among those of the test pictures, which nothing was learned from either.
  const STRANGE = 0.005;
  const kind = () => (state.data === 'digits' ? 'digits' : 'garments');
  function typicality({below}) {
    if (below >= STRANGE) return `${percent(below)} of the test ${kind()} have a lower ELBO.`;
    return `Fewer than 1 in 200 of the test ${kind()} have so low an ELBO.`;
  }

  function showTerms(section, answer, scale) {
    const {log_likelihood: likelihood, kl, elbo} = answer;
    const listed = (values, digits) => values.map((value) => written(value, digits)).join(', ');
    section.querySelector('.samples').src = answer.samples;
    section.querySelector('.z-text').textContent = answer.mean
      ? `μ(X) = (${listed(answer.mean, 2)}), σ(X) = (${listed(answer.std, 3)})`
      : `${answer.telling} of the ${answer.latents} latents tell something about this drawing ` +
        '(more than 0.1 nats each)';
    section.querySelector('.typical').textContent = typicality(answer);
    setBar(section.querySelector('.likelihood'), 0, likelihood, scale);
    setBar(section.querySelector('.kl'), likelihood, elbo, scale);
    setBar(section.querySelector('.elbo'), 0, elbo, scale);
    for (const [name, value] of [
      ['likelihood', likelihood],
      ['kl', kl],
      ['elbo', elbo],
    ])
      section.querySelector(`.${name}-value`).textContent = `${written(value, 1)} nats`;
  }

  let settle = 0;
  async function readDrawing(picture) {
    const {data} = state;
    const answer = await askAnswer({data, picture});
    if (!answer || data !== state.data || pad.empty()) return;
    find('.seen').src = answer.models[0].seen;
    findAll('.rebuilt').forEach((image, which) => {
      image.src = answer.models[which].picture;
    });
    state.posterior = answer.models[0];
    showPosterior();
    const ends = answer.models.flatMap(({log_likelihood, elbo}) => [0, log_likelihood, elbo]);
    const scale = [Math.min(...ends), Math.max(...ends)];
    showTerms(planeTerms, answer.models[0], scale);
    showTerms(largeTerms, answer.models[1], scale);
    find('.vae-strange').textContent =
      answer.models.at(-1).below < STRANGE
        ? `X is unlike the ${kind()} that these networks learned from: ` +
          'take what they make of it as no more than a guess.'
        : '';
    board.classList.remove('faded');
    clearTimeout(settle);
    settle = setTimeout(() => {
      share({picture});
      lookInside();
    }, 200);
  }

  // "Look inside" answers for the drawing when it comes into view, and again when the drawing has changed since.
  let inView = false;
  let looked = null;
  function lookInside() {
    if (!inView || !props.value.picture || looked === props.value.picture) return;
    looked = props.value.picture;
    trigger('looked');
  }
  const watcher = new IntersectionObserver((entries) => {
    inView = entries.at(-1).isIntersecting;
    lookInside();
  });
  requestAnimationFrame(function attach() {
    const inside = document.getElementById('vae-inside');
    if (inside) watcher.observe(inside);
    else requestAnimationFrame(attach);
  });

  function clearDrawing() {
    state.posterior = null;
    find('.vae-strange').textContent = '';
    showPosterior();
    board.classList.add('faded');
    clearTimeout(settle);
    share({picture: null});
  }

  const pad = makeDrawPad(find('.paper'), {say, onDraw: readDrawing, onClear: clearDrawing, label: 'Draw here'});
  for (const one of findAll('[data-keep]'))
    one.addEventListener('click', () => {
      if (pad.empty()) return say('Draw something first, then keep it.');
      share({[`kept${one.dataset.keep}`]: pad.dataURI()}, true);
      say(`Kept as ${one.dataset.keep}. The morph is further down.`, 'note');
    });

  // ---- examples: digits as a pen writes them, garments as decoded

  async function showExamples() {
    const digits = state.data === 'digits';
    const pictures = digits ? writtenDigits() : (await askExamples({}))?.pictures;
    if (!pictures || digits !== (state.data === 'digits')) return;
    const examples = find('.vae-examples');
    const beginning = digits ? 3 : 0;
    fill(examples, html`<span>Examples</span>`);
    pictures.forEach((picture, index) => {
      const one = button('', () => pad.show(picture));
      const name = props.value.names[index];
      one.title = name;
      one.toggleAttribute('data-first', index === beginning);
      one.setAttribute('aria-label', `Example: ${name}`);
      one.append(Object.assign(new Image(), {src: picture, alt: ''}));
      examples.append(one);
    });
    if (pad.empty()) await pad.show(pictures[beginning]);
  }

  // ---- the data set

  async function open(data) {
    state.data = data;
    clearDrawing();
    for (const one of findAll('[data-data]')) one.setAttribute('aria-pressed', one.dataset.data === data);
    find('.draw-title').textContent = data === 'digits' ? 'Your digit' : 'Your garment';
    if (!(await showPlane()) || data !== state.data) return;
    movePoint(state.z);
    showExamples();
  }
  for (const one of findAll('[data-data]'))
    one.addEventListener('click', () => {
      if (one.dataset.data === state.data) return;
      pad.clear();
      open(one.dataset.data);
    });
  open('digits');
}
