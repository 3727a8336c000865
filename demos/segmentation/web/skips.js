// Four switches and a slider: how much crosses from the encoder to the decoder at each level. Only the decoder runs.
import {choices, percent, slider} from '../../frame/web/controls.js';
import {html, made} from '../../frame/web/html.js';
import {labelsOf, legend, makeStage, picker, tinted} from './shared.js';

const NETWORKS = {unet: 'U-Net', mobilenet: 'U-Net on MobileNetV2', segnet: 'SegNet'};
const HOW = {
  features: 'A level that is off gets zeros in place of the features; the slider multiplies those of the others.',
  indices: 'At a level that is off each maximum is put anywhere in its square of 2 × 2 pixels.',
};

export default function ({board, server, find, liveCaller, loaded}) {
  const askCut = liveCaller(server.cut);
  const stage = makeStage(find('.sg-stage canvas'));
  let network = 'unet';
  let token = null;

  const switches = [1, 2, 3, 4].map((level) => {
    const row = made(
      html`<label><input type="checkbox" name="level-${level}" checked> Level ${level} <small>${
        ['the finest: 1/2 of the picture', '1/4', '1/8', '1/16'][level - 1]
      }</small></label>`,
    );
    find('.sg-levels').append(row);
    const input = row.querySelector('input');
    input.addEventListener('change', cut);
    return input;
  });
  const share = slider(
    find('.sg-slider'),
    {
      id: 'segmentation-share',
      title: 'How much crosses',
      low: 0,
      high: 1,
      step: 0.02,
      value: 1,
      text: (value) => percent(value),
    },
    cut,
  );

  function showNetwork() {
    const shuffled = network === 'segnet';
    share.row.hidden = shuffled;
    find('.sg-how').textContent = shuffled ? HOW.indices : HOW.features;
    find('.sg-none').textContent = shuffled ? 'Shuffle them all' : 'Cut them all';
    find('.sg-every').textContent = shuffled ? 'Leave all in place' : 'Let all cross';
  }

  async function cut() {
    if (!token) return;
    const how = network === 'segnet' ? 1 : share.value;
    const answer = await askCut({token, network, shares: switches.map(({checked}) => (checked ? how : 0))});
    if (!answer) return;
    const map = labelsOf(await loaded(answer.labels));
    stage.cover(tinted(map, (label) => answer.colours[label]));
    legend(find('.sg-names'), answer);
    board.dataset.f1 = answer.boundary_f1;
    find('.sg-f1').textContent = percent(answer.boundary_f1, 1);
    find('.sg-miou').textContent = percent(answer.miou, 1);
    find('.sg-against').textContent = answer.known
      ? 'Against the truth of this drawn street: how much of the borders, and of the areas, is right.'
      : 'Nobody knows the truth of this picture: against the answer where everything crosses.';
  }

  choices(
    find('.sg-network'),
    NETWORKS,
    () => network,
    (key) => {
      network = key;
      showNetwork();
      cut();
    },
  );
  const setAll = (on) => {
    for (const one of switches) one.checked = on;
    if (on) share.set(1);
    cut();
  };
  find('.sg-none').addEventListener('click', () => setAll(false));
  find('.sg-every').addEventListener('click', () => setAll(true));
  showNetwork();
  picker(find('.sg-bar'), {
    ask: liveCaller(server.open_picture),
    loaded,
    take({picture, image}) {
      token = picture.token;
      stage.show(image, picture.size);
      return cut();
    },
  });
}
