// One patch on its way through the three networks: click in the picture; a button shows the gradient that flows back.
import {hear, listed, slider, stepOf, tell, unlisted, written} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {remember} from '../../frame/web/state.js';
import {makeView, outline} from '../../frame/web/view.js';

const SIDE = 64; // pixels of a patch
const CROP = 32;
const TURN = 180 / Math.PI;
const WORDS = {
  none: 'Dashed: where DET looks. Square: the crop, set upright. Dot: the point; ring: the largest score.',
  point: 'Bright: where a change of the patch would move the point.',
  angle: 'Bright: where a change of the patch would turn the angle, with the point held still.',
  descriptor: 'Bright: where a change of the patch would change the 128 numbers, with point and angle held still.',
  all: 'Bright: where a change of the patch would change the 128 numbers, by way of all three networks at once.',
};

export function degrees(angle) {
  return `${written(angle * TURN, 0)}°`;
}

export default function ({first, server, board, find, findAll, colour, liveCaller}) {
  const asks = {look: liveCaller(server.look), slope: liveCaller(server.slope)};
  const canvas = find('.li-picture');
  const view = makeView(canvas);
  const state = {pair: null, images: null, at: null, way: null, answer: null};
  const {label: scaleTitle, low, high, step, value} = first.scale;
  const scale = slider(find('.li-scale'), {id: 'li-scale', title: scaleTitle, low, high, step, value}, run);
  const beta = slider(
    find('.li-beta'),
    {
      id: 'li-beta',
      title: 'β: from the mean of all places to the largest score',
      low: 0,
      high: first.betas.length - 1,
      step: 1,
      value: first.betas.indexOf(10),
      text: (place) => first.betas[place].toLocaleString('en'),
    },
    run,
  );

  const query = () => ({
    pair: state.pair,
    x: state.at[0],
    y: state.at[1],
    scale: scale.value,
    beta: first.betas[beta.value],
  });

  view.draw = (pen, hair) => {
    if (!state.at) return;
    const half = (SIDE / 2) * scale.value;
    const [x, y] = state.at;
    outline(pen, [x - half, y - half, x + half, y + half], colour('--gallery-second'), 2 * hair);
  };

  function show(answer) {
    state.answer = answer;
    const {point, largest, window: side, angle, descriptor} = answer;
    const middle = SIDE / 2;
    find('.li-patch img').src = answer.patch;
    find('.li-scores img').src = answer.scores;
    find('.li-crop img').src = answer.cropped;
    find('.li-upright img').src = answer.upright;
    const corner = (SIDE - side + 1) / 2;
    const half = CROP / 2;
    const [x, y] = [middle + point[0], middle + point[1]];
    fill(
      find('.li-patch svg'),
      html`<rect x="${corner}" y="${corner}" width="${side}" height="${side}" stroke-dasharray="2 1.5"/>
        <rect x="${x - half}" y="${y - half}" width="${CROP}" height="${CROP}"
          transform="rotate(${angle * TURN} ${x} ${y})"/><circle class="li-dot" cx="${x}" cy="${y}" r="1.5"/>`,
    );
    const inMap = ([across, down]) => [across + side / 2 - 0.5, down + side / 2 - 0.5];
    const [mx, my] = inMap(point);
    const [tx, ty] = inMap(largest);
    fill(
      find('.li-scores svg'),
      html`<circle class="li-top" cx="${tx}" cy="${ty}" r="1.4"/>
        <circle class="li-dot" cx="${mx}" cy="${my}" r="0.8"/>`,
    );
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    fill(find('.li-dial svg'), html`<circle r="44"/><line x2="${38 * cos}" y2="${38 * sin}"/>`);
    find('.li-point').textContent = `${written(point[0], 1)}, ${written(point[1], 1)}`;
    find('.li-angle').textContent = degrees(angle);
    const most = Math.max(...descriptor.map(Math.abs), 1e-6);
    fill(
      find('.li-numbers svg'),
      descriptor.map((number, i) => {
        const long = (28 * Math.abs(number)) / most;
        return html`<rect class="${number < 0 ? 'li-below' : ''}" x="${i + 0.1}" width="0.8" height="${long}"
          y="${number < 0 ? 30 : 30 - long}"/>`;
      }),
    );
    board.dataset.point = point.join(' ');
    board.dataset.largest = largest.join(' ');
    board.dataset.angle = angle * TURN;
    view.redraw();
    tell('lift:point', query());
  }

  async function run() {
    if (!state.at) return;
    view.redraw();
    const answer = await asks.look(query());
    if (!answer) return;
    show(answer);
    if (state.way) await showSlope();
  }

  async function showSlope() {
    const {way} = state;
    const answer = await asks.slope({...query(), way});
    if (!answer || way !== state.way) return;
    const image = find('.li-slope');
    image.src = answer.slope;
    image.hidden = false;
    find('.li-said').textContent = WORDS[way];
    board.dataset.slope = way;
  }

  for (const one of findAll('.li-chain button'))
    one.addEventListener('click', () => {
      state.way = state.way === one.dataset.way ? null : one.dataset.way;
      for (const other of findAll('.li-chain button'))
        other.setAttribute('aria-pressed', other.dataset.way === state.way);
      find('.li-slope').hidden = true;
      find('.li-said').textContent = WORDS.none;
      if (state.way) showSlope();
    });

  function moveTo([x, y]) {
    const {naturalWidth: width, naturalHeight: height} = state.images[0];
    state.at = [Math.min(Math.max(x, 0), width - 1), Math.min(Math.max(y, 0), height - 1)];
    run();
  }
  let down = false;
  canvas.addEventListener('pointerdown', (event) => {
    if (!state.images || event.button !== 0) return;
    down = true;
    canvas.setPointerCapture(event.pointerId);
    moveTo(view.at(event));
  });
  canvas.addEventListener('pointermove', (event) => down && moveTo(view.at(event)));
  for (const end of ['pointerup', 'pointercancel'])
    canvas.addEventListener(end, () => {
      down = false;
    });
  canvas.addEventListener('keydown', (event) => {
    const by = stepOf(event);
    if (by && state.at) moveTo([state.at[0] + 2 * by[0], state.at[1] - 2 * by[1]]);
  });
  remember(canvas, 'point', {
    get: () => (state.at ? listed(state.at, 1) : null),
    set(text) {
      const to = unlisted(text, 2);
      if (to && state.images) moveTo(to);
    },
  });

  find('.li-said').textContent = WORDS.none;
  hear('lift:pair', ({pair, images}) => {
    if (pair === state.pair) return;
    Object.assign(state, {pair, images});
    const size = [images[0].naturalWidth, images[0].naturalHeight];
    view.show(images[0], size, [0, 0, ...size]);
    moveTo([size[0] * first.at[0], size[1] * first.at[1]]);
  });
  hear('lift:which-point', () => {
    if (state.answer) tell('lift:point', query());
  });
  tell('lift:which-pair');
}
