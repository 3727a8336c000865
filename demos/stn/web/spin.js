// The spin: turns the digit of the playground through all angles and draws how sure both networks are of its class.

export default function ({first, server, board, find, liveCaller}) {
  const FROM = -180, TO = 180, EVERY = 5, STEPS = (TO - FROM) / EVERY + 1;  // degrees
  const ask = liveCaller(server.rectify);
  const plot = find('.spin-plot'), go = find('.spin-go'), label = find('.spin-label');
  let shown = null, resting = null, points = [], drawn = '', spinning = false, told = false;

  label.innerHTML = Array.from({length: 10}, (_, digit) => `<option>${digit}</option>`).join('');

  const best = (probabilities) => probabilities.indexOf(Math.max(...probabilities));
  // What stays the same while the digit spins; a curve belongs to one such thing.
  const subject = ({rotation, ...rest}) => JSON.stringify(rest);

  function draw() {
    const width = plot.clientWidth, height = plot.clientHeight, left = 52, right = 22, top = 12, bottom = 46;
    if (!width) return;
    const x = (angle) => left + (angle - FROM) / (TO - FROM) * (width - left - right);
    const y = (share) => top + (1 - share) * (height - top - bottom);
    const ticks = width > 600 ? 30 : 90, angles = [], digit = Number(label.value);
    for (let angle = FROM; angle <= TO; angle += ticks) angles.push(angle);
    const sign = (value) => String(value).replace('-', '−');
    const spot = (point, net) => `${x(point.rotation)} ${y(point[net][digit])}`;
    const curve = (net) => (points.length ? `M${points.map((point) => spot(point, net)).join('L')}` : '');
    const level = (share) => `
      <line class="spin-level" x1="${left}" x2="${width - right}" y1="${y(share)}" y2="${y(share)}"/>
      <text x="${left - 10}" y="${y(share) + 5}" text-anchor="end">${100 * share} %</text>`;
    const tick = (angle) => `<text x="${x(angle)}" y="${height - 24}" text-anchor="middle">${sign(angle)}°</text>`;
    const now = shown ? x(Math.min(TO, Math.max(FROM, shown.query.rotation))) : 0;
    const [low, high] = shown ? first[shown.query.data] : [0, 0];
    plot.innerHTML = `<rect class="spin-band" x="${x(low) - 1}" width="${x(high) - x(low) + 2}" y="${top}"
        height="${height - top - bottom}"/>` + [0, 0.5, 1].map(level).join('') + angles.map(tick).join('') + `
      <text x="${(left + width - right) / 2}" y="${height - 3}" text-anchor="middle">rotation, clockwise</text>
      ${shown ? `<line class="spin-now" x1="${now}" x2="${now}" y1="${top}" y2="${y(0)}"/>` : ''}
      <path class="spin-second" d="${curve('plain')}"/><path class="spin-first" d="${curve('probabilities')}"/>`;
  }

  // Between which angles a network is more than half sure of the true class, in words.
  function verdict(net) {
    const digit = Number(label.value), sure = (i) => points[i]?.[net][digit] >= 0.5;
    const degrees = (i) => `${points[i].rotation}°`.replace('-', '−');
    let low = points.findIndex(({rotation}) => rotation >= 0), high = low;
    if (!sure(low)) return 'not above 50 % where the digit is upright';
    while (sure(low - 1)) low--;
    while (sure(high + 1)) high++;
    if (low === 0 && high === points.length - 1) return 'above 50 % at every angle';
    return `above 50 % from ${degrees(low)} to ${degrees(high)}`;
  }

  function conclude() {
    find('.spin-said').textContent = points.length < STEPS ? ''
      : `With the transformer: ${verdict('probabilities')}. Plain CNN: ${verdict('plain')}.`;
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
      const query = {...resting.query, rotation: FROM + i * EVERY}, answer = await ask(query);
      if (!answer || !spinning) break;
      points.push({rotation: query.rotation, ...answer});
      if (!told && query.rotation === 0) label.value = best(answer.probabilities);
      if (moving) {
        shown = {...resting, query, answer};
        document.dispatchEvent(new CustomEvent('stn:turn', {detail: shown}));
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
    document.dispatchEvent(new CustomEvent('stn:turn', {detail: resting}));
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
  function firstCurve() {  // a curve is there before anybody asks
    if (inView && shown && !points.length) spin(false);
  }
  new IntersectionObserver(([entry]) => {
    inView = entry.isIntersecting;
    firstCurve();
  }, {threshold: 0.3}).observe(board);

  document.addEventListener('stn:answer', ({detail}) => {  // the visitor moved something: a spin ends there
    spinning = false;
    if (detail && detail.query.picture !== shown?.query.picture) {  // another digit, known or as the transformer reads it
      told = detail.digit !== null;
      label.value = told ? detail.digit : best(detail.answer.probabilities);
    }
    shown = detail;
    go.disabled = !shown;
    plot.classList.toggle('spin-old', Boolean(points.length && shown) && subject(shown.query) !== drawn);
    draw();
    firstCurve();
  });
  new ResizeObserver(draw).observe(plot);
  document.dispatchEvent(new Event('stn:hello'));
}
