// Tissue, its membranes as a network sees them, and cells as instances; U-Net's weights between them.
import {choices, numbersOf, percent, saveFile, saveJson} from '../../frame/web/controls.js';
import {paletteAt, rgbOf} from '../../frame/web/view.js';
import {makeStage, picker, tinted} from './shared.js';

const TRAINED = {weighted: 'Trained with the weights', unweighted: 'Without'};
const SHOWN = {areas: 'Areas', outlines: 'Outlines'};
const INSIDE = 0.5; // opacity

export default function ({board, server, find, liveCaller, loaded}) {
  const ask = liveCaller(server.find_cells);
  const askFiles = liveCaller(server.take_cells);
  const stage = makeStage(find('.sg-cells'));
  const slider = find('.sg-limit input');
  let network = 'weighted';
  let shown = 'areas';
  let picture = null;
  let cells = null;

  const query = () => ({token: picture.token, network, threshold: Number(slider.value)});

  function show() {
    if (!cells) return;
    const {labels, width} = cells;
    const edge = (i) => [1, width].some((step) => labels[i + step] !== labels[i] && i + step < labels.length);
    stage.opacity = shown === 'areas' ? INSIDE : 1;
    const colours = Array.from({length: 24}, (_, i) => rgbOf(paletteAt(i)));
    const paint = (label, i) => label && (shown === 'areas' || edge(i)) && colours[label % colours.length];
    stage.cover(tinted(cells, paint));
  }

  async function look() {
    find('.sg-limit output').textContent = percent(Number(slider.value));
    if (!picture) return;
    const answer = await ask(query());
    if (!answer) return;
    find('.sg-membranes').src = answer.membranes;
    find('.sg-weights').src = answer.weights;
    const [width, height] = picture.size;
    cells = {labels: numbersOf(answer.cells, Uint16Array), width, height};
    board.dataset.count = answer.count;
    const known = answer.rand !== null;
    const drawn = known ? `, ${answer.true_count} were drawn; V^Rand ${percent(answer.rand, 1)}` : '';
    find('.sg-count').textContent = `${answer.count} cells found${drawn}`;
    show();
  }

  choices(
    find('.sg-network'),
    TRAINED,
    () => network,
    (key) => {
      network = key;
      look();
    },
  );
  choices(
    find('.sg-shown'),
    SHOWN,
    () => shown,
    (key) => {
      shown = key;
      show();
    },
  );
  slider.value = 0.5;
  slider.addEventListener('input', look);
  find('.sg-png').addEventListener('click', async () => {
    const answer = await askFiles(query());
    if (answer) saveFile(await (await fetch(answer.png)).blob(), 'cells.png');
  });
  find('.sg-coco').addEventListener('click', async () => {
    const answer = await askFiles(query());
    if (answer) saveJson(answer.coco, 'cells.json');
  });
  picker(find('.sg-bar'), {
    ask: liveCaller(server.open_picture),
    loaded,
    kind: 'tissue',
    drawn: 'Drawn tissue',
    take(one) {
      picture = one.picture;
      cells = null;
      stage.show(one.image, picture.size);
      return look();
    },
  });
}
