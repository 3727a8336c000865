// Every map on the way through the network, in the shape of the U; the one that is clicked is shown as large as it is.
import {choices, stepOf, written} from '../../frame/web/controls.js';
import {html, made} from '../../frame/web/html.js';
import {remember} from '../../frame/web/state.js';
import {picker} from './shared.js';

const NETWORKS = {unet: 'U-Net', segnet: 'SegNet', hourglass: 'Hour-glass', mobilenet: 'U-Net on MobileNetV2'};
const CROSSES = {features: 'features are copied', indices: 'indices of maxima', nothing: ''};
const COLUMNS = 8;
// The stages in the rows of the U: encoder, what crosses, enlarged, decoder.
const ROWS = [
  ['picture', '', 'large', 'logits'],
  ...[1, 2, 3, 4].map((level) => [`encoder ${level}`, 'arrow', `enlarged ${level}`, `decoder ${level}`]),
  ['', '', 'bottom', ''],
];

export default function ({board, server, find, findAll, liveCaller, loaded}) {
  const ask = liveCaller(server.path);
  const askMap = liveCaller(server.feature_map);
  const large = find('.sg-large');
  let network = 'unet';
  let token = null;
  let seen = null;
  let chosen = [1, 0]; // stage and channel

  // A stage: its maps on one sheet, each with a place of its own to click; the arrow keys go from one to the next.
  function figureOf(stage, number) {
    const [count, height, width] = stage.size;
    const title = stage.name[0].toUpperCase() + stage.name.slice(1);
    const many = stage.name === 'picture' ? '' : `${count} maps of `;
    const places = stage.name === 'picture' ? [] : stage.shown;
    const place = (channel) => html`<i data-place="${number} ${channel}" data-from="${fromOf(stage, channel)}"></i>`;
    const figure = made(html`<figure><figcaption>${title}: ${many}${width} × ${height}</figcaption>
      <div class="sg-maps"><img src="${stage.maps}" alt="">
      <div class="over">${places.map(place)}</div>
      </div></figure>`);
    const over = figure.querySelector('.over');
    over.style.gridTemplateRows = `repeat(${Math.ceil(places.length / COLUMNS)}, 1fr)`;
    if (!places.length) return figure;
    Object.assign(over, {
      tabIndex: 0,
      role: 'application',
      ariaLabel: `${title}: click a map, or go on with the arrow keys`,
    });
    over.addEventListener('click', (event) => {
      const place = event.target.dataset.place;
      if (place) enlarge(...place.split(' ').map(Number));
    });
    over.addEventListener('keydown', (event) => {
      const step = stepOf(event);
      if (!step) return;
      const at = chosen[0] === number ? places.indexOf(chosen[1]) : 0;
      const next = places[at + step[0] - COLUMNS * step[1]];
      if (next !== undefined) enlarge(number, next);
    });
    return figure;
  }
  const fromOf = ({copied}, channel) => (copied ? (channel < copied ? 'copied' : 'enlarged') : '');

  function show() {
    const cells = ROWS.flatMap((row) =>
      row.map((name) => {
        const number = seen.stages.findIndex((stage) => stage.name === name);
        if (number >= 0) return figureOf(seen.stages[number], number);
        if (name === 'large') return large;
        if (name === 'arrow' && CROSSES[seen.path])
          return made(html`<span class="arrow" role="img" aria-label="${CROSSES[seen.path]}">→</span>`);
        return made(html`<span class="empty"></span>`);
      }),
    );
    find('.sg-u').replaceChildren(...cells);
    find('.sg-key').hidden = seen.path !== 'features';
    board.dataset.network = network;
  }

  async function enlarge(stage, channel) {
    chosen = [stage, channel];
    const of = seen;
    const answer = await askMap({token, network, stage, channel});
    if (!answer || seen !== of) return;
    for (const one of findAll('.over i')) one.dataset.chosen = one.dataset.place === chosen.join(' ');
    const {name, size} = seen.stages[stage];
    large.querySelector('img').src = answer.picture;
    large.querySelector('figcaption').textContent =
      `${name}, map ${channel + 1} of ${size[0]}: ${size[2]} × ${size[1]} values` +
      ` from ${written(answer.low)} to ${written(answer.high)}`;
  }

  async function look() {
    const answer = token && (await ask({token, network}));
    if (!answer) return;
    seen = answer;
    show();
    const [stage, channel] = chosen;
    await (seen.stages[stage].size[0] > channel ? enlarge(stage, channel) : enlarge(1, 0));
  }

  remember(find('.sg-u'), 'map', {
    get: () => chosen.join('.'),
    set(text) {
      const [stage, channel] = text.split('.').map(Number);
      if (seen?.stages[stage]?.size[0] > channel && channel >= 0) enlarge(stage, channel);
    },
  });
  choices(
    find('.sg-network'),
    NETWORKS,
    () => network,
    (key) => {
      network = key;
      look();
    },
  );
  picker(find('.sg-bar'), {
    ask: liveCaller(server.open_picture),
    loaded,
    take({picture}) {
      token = picture.token;
      return look();
    },
  });
}
