// One pixel of the output under the glass: the four source pixels it reads, their weights, the sampler's derivatives.
import {hear, listed, stepOf, tell, unlisted, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {remember} from '../../frame/web/state.js';

export default function ({server, board, find, liveCaller, loaded}) {
  const SIDE = 28;
  const AROUND = 6; // of the output; of the patch of the input that is shown, pixels
  const ask = liveCaller(server.pixel);
  const output = find('.look-output');
  const patch = find('.look-patch');
  const place = find('.look-place');
  let shown = null;
  let source = null; // the promise of the values of the input that is shown
  let pinned = null;
  let chosen = false; // by a visitor
  let at = null;
  let inView = false;
  let stale = true;

  const fixed = (value, digits = 3) => written(value, digits);

  async function refresh() {
    place.setAttribute('x', at.column - 0.5);
    place.setAttribute('y', at.row - 0.5);
    tell('stn:pixel', at);
    stale = true;
    if (!shown || !inView) return; // what nobody sees is not computed
    stale = false;
    const here = at;
    source ??= readPixels(shown.answer.input, shown.answer.size);
    const [found, values] = await Promise.all([ask({...shown.query, ...here}), source]);
    if (!found) return;
    drawPatch(found, values);
    drawNumbers(found, here);
  }

  // The values of a picture, by column and row: paper is 0, ink is 1, null is outside.
  async function readPixels(address, size) {
    const picture = await loaded(address);
    const sheet = new OffscreenCanvas(size, size);
    const paper = sheet.getContext('2d');
    paper.drawImage(picture, 0, 0);
    const {data} = paper.getImageData(0, 0, size, size);
    return (m, n) => (m >= 0 && n >= 0 && m < size && n < size ? 1 - data[4 * (n * size + m)] / 255 : null);
  }

  function drawPatch({x, y, neighbours, dx, dy}, values) {
    const left = Math.floor(x) - AROUND / 2 + 1;
    const top = Math.floor(y) - AROUND / 2 + 1;
    const px = (value) => value - left + 0.5;
    const py = (value) => value - top + 0.5; // pixel centres to the patch
    const weights = new Map(neighbours.map(([m, n, weight]) => [`${m},${n}`, weight]));
    const parts = [];
    const texts = [];
    for (let n = top; n < top + AROUND; n++) {
      for (let m = left; m < left + AROUND; m++) {
        const value = values(m, n);
        const weight = weights.get(`${m},${n}`);
        const read = weight !== undefined;
        const column = m - left;
        const row = n - top;
        const shade = 255 * (1 - value);
        const outside = value === null;
        const ink = outside ? 'currentColor' : shade > 120 ? '#101418' : '#fff';
        const text = (down, words, look) =>
          texts.push(html`
          <text x="${column + 0.5}" y="${row + down}" fill="${ink}" class="${look}">${words}</text>`);
        if (!outside)
          parts.push(html`<rect x="${column}" y="${row}" width="1.01" height="1.01"
            fill="rgb(${shade} ${shade} ${shade})"/>`);
        if (read) {
          parts.push(html`<rect class="look-read" x="${column + 0.03}" y="${row + 0.03}" width="0.94" height="0.94"/>`);
          text(0.3, fixed(value || 0, 2), '');
          text(0.87, `× ${fixed(weight, 2)}`, 'look-weight');
        } else if (!outside) text(0.57, fixed(value, 2), 'look-quiet');
      }
    }
    parts.push(html`<rect class="look-kernel" x="${px(x) - 1}" y="${py(y) - 1}" width="2" height="2"/>`);
    parts.push(arrow(px(x), py(y), dx, dy), html`<circle class="look-dot" cx="${px(x)}" cy="${py(y)}" r="0.09"/>`);
    fill(patch, html`${parts}${texts}`);
  }

  // Where V grows: the gradient, drawn one and a half pixels long where its slope is 1 or more.
  function arrow(x, y, dx, dy) {
    const slope = Math.hypot(dx, dy);
    if (slope < 0.005) return '';
    const [ux, uy] = [dx / slope, dy / slope];
    const reach = 1.5 * Math.min(1, slope);
    const tip = [x + reach * ux, y + reach * uy];
    const barb = (side) => [tip[0] - 0.16 * ux + side * 0.09 * uy, tip[1] - 0.16 * uy - side * 0.09 * ux].join(' ');
    return html`<path class="look-arrow" d="M${x} ${y}L${tip.join(' ')}M${barb(1)}L${tip.join(' ')}L${barb(-1)}"/>`;
  }

  // One derivative written out as on the slide: for each pixel its value, the weight in the other direction, the sign.
  function slope(neighbours, along, across, total) {
    const terms = neighbours
      .filter((neighbour) => neighbour[3])
      .map((neighbour) => {
        const sign = neighbour[along.axis] > along.at ? '+' : '−';
        const weight = 1 - Math.abs(across.at - neighbour[across.axis]);
        return `${sign} ${fixed(neighbour[3])} · ${fixed(weight)}`;
      });
    return `${terms.join(' ').replace(/^\+ /, '') || '0'} = ${fixed(total)}`;
  }

  function drawNumbers({x, y, neighbours, value, dx, dy}, {row, column}) {
    fill(
      find('.look-table tbody'),
      neighbours.map(([m, n, weight, u]) => {
        const cells = [u, 1 - Math.abs(x - m), 1 - Math.abs(y - n), weight, u * weight];
        return html`<tr><th scope="row">${m}, ${n}</th>${cells.map((cell) => html`<td>${fixed(cell)}</td>`)}</tr>`;
      }),
    );
    find('.look-weights').textContent = fixed(neighbours.reduce((sum, neighbour) => sum + neighbour[2], 0));
    find('.look-value').textContent = fixed(value);
    find('.look-at').textContent =
      `Column ${column}, row ${row}, counted from 0: V = ${fixed(value)}, where 0 is paper and 1 is ink.`;
    find('.look-from').textContent =
      `Read at x = ${fixed(x, 2)}, y = ${fixed(y, 2)} (the dot). ` +
      'The four pixels it reads are framed; the arrow shows where V grows.';
    find('.look-dx').textContent = slope(neighbours, {axis: 0, at: x}, {axis: 1, at: y}, dx);
    find('.look-dy').textContent = slope(neighbours, {axis: 1, at: y}, {axis: 0, at: x}, dy);
    find('.look-said').textContent =
      `Column ${column}, row ${row}: ${fixed(value)}, read at ${fixed(x, 1)}, ${fixed(y, 1)}.`;
  }

  // Choosing a pixel: a click or a key stays, hovering only looks

  const clamp = (value) => Math.min(SIDE - 1, Math.max(0, Math.floor(value)));
  function under(event) {
    const box = output.getBoundingClientRect();
    const part = SIDE / box.width;
    return {row: clamp((event.clientY - box.top) * part), column: clamp((event.clientX - box.left) * part)};
  }
  function go(to, stay) {
    if (stay) {
      pinned = to;
      chosen = true;
    }
    if (!to || (to.row === at?.row && to.column === at?.column)) return;
    at = to;
    refresh();
  }
  output.addEventListener('pointermove', (event) => go(under(event), event.buttons > 0));
  output.addEventListener('pointerdown', (event) => go(under(event), true));
  output.addEventListener('pointerleave', () => go(pinned));
  output.addEventListener('keydown', (event) => {
    if (!pinned) return;
    const step = stepOf(event);
    if (step) go({row: clamp(pinned.row - step[1]), column: clamp(pinned.column + step[0])}, true);
  });

  // Before anybody has chosen: the pixel nearest to the middle that is half ink, on the edge of a stroke.
  function edge(values) {
    const oddness = ([column, row]) =>
      Math.abs(values(column, row) - 0.5) + 0.02 * Math.hypot(column - 13.5, row - 13.5);
    const places = Array.from({length: SIDE * SIDE}, (_, k) => [k % SIDE, Math.floor(k / SIDE)]);
    const [column, row] = places.reduce((best, place) => (oddness(place) < oddness(best) ? place : best));
    return {row, column};
  }

  async function look() {
    if (!pinned) pinned = at = edge(await readPixels(shown.answer.rectified, SIDE));
    refresh();
  }

  remember(output, 'pixel', {
    get: () => (chosen ? listed([pinned.column, pinned.row], 0) : null),
    set(text) {
      const [column, row] = unlisted(text, 2) ?? [];
      if ([column, row].every((value) => Number.isInteger(value) && value === clamp(value)))
        return go({row, column}, true);
      pinned = null;
      chosen = false;
      if (shown) look();
    },
  });

  hear('stn:pick', (pixel) => go(pixel, true));
  hear('stn:answer', (last) => {
    shown = last;
    source = null;
    board.classList.toggle('stn-empty', !shown);
    if (!shown) return;
    output.querySelector('image').setAttribute('href', shown.answer.rectified);
    look();
  });
  new IntersectionObserver(([entry]) => {
    inView = entry.isIntersecting;
    if (inView && stale && at) refresh();
  }).observe(board);
  tell('stn:hello');
}
