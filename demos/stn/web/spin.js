// The spin: turns the digit of the playground through all angles and draws how sure both networks are of its class.
import {hear, largest, tell, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

export default function ({first, server, find, liveCaller}) {
  const FROM = -180;
  const TO = 180;
  const EVERY = 5;
  const STEPS = (TO - FROM) / EVERY + 1; // degrees
  const ask = liveCaller(server.rectify);
  const plot = find('.spin-plot');
  const go = find('.spin-go');
  const label = find('.spin-label');
  let shown = null;
  let resting = null;
  let points = [];
  let drawn = '';
  let spinning = false;
  let told = false;

  label.append(...Array.from({length: 10}, (_, digit) => new Option(digit)));

  // What stays the same while the digit spins; a curve belongs to one such thing.
  const subject = ({rotation, ...rest}) => JSON.stringify(rest);

  function draw() {
    const width = plot.clientWidth;
    const height = plot.clientHeight;
    const left = 52;
    const right = 22;
    const top = 12;
    const bottom = 46;
    if (!width) return;
    const x = (angle) => left + ((angle - FROM) / (TO - FROM)) * (width - left - right);
    const y = (share) => top + (1 - share) * (height - top - bottom);
    const ticks = width > 600 ? 30 : 90;
    const angles = [];
    const digit = Number(label.value);
    for (let angle = FROM; angle <= TO; angle += ticks) angles.push(angle);
    const spot = (point, net) => `${x(point.rotation)} ${y(point[net][digit])}`;
    const curve = (net) => (points.length ? `M${points.map((point) => spot(point, net)).join('L')}` : '');
    const level = (share) => html`
      <line class="spin-level" x1="${left}" x2="${width - right}" y1="${y(share)}" y2="${y(share)}"/>
      <text x="${left - 10}" y="${y(share) + 5}" text-anchor="end">${100 * share} %</text>`;
    const tick = (angle) => html`
      <text x="${x(angle)}" y="${height - 24}" text-anchor="middle">${written(angle, 0)}°</text>`;
    const now = shown ? x(Math.min(TO, Math.max(FROM, shown.query.rotation))) : 0;
    const [low, high] = shown ? first[shown.query.data] : [0, 0];
    fill(
      plot,
      html`<rect class="spin-band" x="${x(low) - 1}" width="${x(high) - x(low) + 2}" y="${top}"
        height="${height - top - bottom}"/>${[0, 0.5, 1].map(level)}${angles.map(tick)}
      <text x="${(left + width - right) / 2}" y="${height - 3}" text-anchor="middle">rotation, clockwise</text>
      ${shown ? html`<line class="spin-now" x1="${now}" x2="${now}" y1="${top}" y2="${y(0)}"/>` : ''}
      <path class="spin-second" d="${curve('plain')}"/><path class="spin-first" d="${curve('probabilities')}"/>`,
    );
  }

  // Between which angles a network is more than half sure of the true class, in words.
  function verdict(net) {
    const digit = Number(label.value);
    const sure = (i) => points[i]?.[net][digit] >= 0.5;
    const degrees = (i) => `${written(points[i].rotation, 0)}°`;
    let low = points.findIndex(({rotation}) => rotation >= 0);
    let high = low;
    if (!sure(low)) return 'not above 50 % where the digit is upright';
    while (sure(low - 1)) low--;
    while (sure(high + 1)) high++;
    if (low === 0 && high === points.length - 1) return 'above 50 % at every angle';
    return `above 50 % from ${degrees(low)} to ${degrees(high)}`;
  }

  function conclude() {
    const plain = shown?.query.classifier === 'fcn' ? 'Plain FCN' : 'Plain CNN';
    find('.spin-said').textContent =
      points.length < STEPS ? '' : `With the transformer: ${verdict('probabilities')}. ${plain}: ${verdict('plain')}.`;
  }

  // Asks for every angle in turn; with `moving`, the playground shows each of them.
  async function spin(moving) {
    if (!shown || spinning) return;
    resting = shown;
    spinning = true;
    points = [];
    drawn = subject(resting.query);
    plot.classList.remove('spin-old');
    find('.spin-said').textContent = '';
    go.textContent = 'Stop';
    for (let i = 0; i < STEPS && spinning; i++) {
      const query = {...resting.query, rotation: FROM + i * EVERY};
      const answer = await ask(query);
      if (!answer || !spinning) break;
      points.push({rotation: query.rotation, ...answer});
      if (!told && query.rotation === 0) label.value = largest(answer.probabilities);
      if (moving) {
        shown = {...resting, query, answer};
        tell('stn:turn', shown);
      }
      draw();
    }
    if (spinning) stop();
    go.textContent = 'Spin the digit';
    draw();
    conclude();
  }

  // Ends the spin with the digit as it lay before.
  function stop() {
    spinning = false;
    if (shown === resting) return;
    shown = resting;
    tell('stn:turn', resting);
  }

  go.addEventListener('click', () => {
    if (spinning) stop();
    else spin(!matchMedia('(prefers-reduced-motion: reduce)').matches);
  });
  label.addEventListener('change', () => {
    told = true;
    draw();
    conclude();
  });

  let inView = false;
  function firstCurve() {
    // a curve is there before anybody asks
    if (inView && shown && !points.length) spin(false);
  }
  new IntersectionObserver((entries) => {
    inView = entries.at(-1).isIntersecting;
    if (inView) draw();
    firstCurve();
  }).observe(plot);

  hear('stn:answer', (last) => {
    // the visitor moved something: a spin ends there
    spinning = false;
    if (last && last.query.picture !== shown?.query.picture) {
      // another digit, known or as the transformer reads it
      told = last.digit !== null;
      label.value = told ? last.digit : largest(last.answer.probabilities);
    }
    shown = last;
    go.disabled = !shown;
    plot.classList.toggle('spin-old', Boolean(points.length && shown) && subject(shown.query) !== drawn);
    if (inView) draw();
    firstCurve();
  });
  new ResizeObserver(draw).observe(plot);
  tell('stn:hello');
}
