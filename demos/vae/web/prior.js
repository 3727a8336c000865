// 64 pictures at once: z from the prior, decoded.
import {anySeed, choices, saveCanvas} from '../../frame/web/controls.js';
import {latentsOf} from './latents.js';

export default function ({server, find, liveCaller, onValue}) {
  const askSamples = liveCaller(server.sample_many);
  const picture = find('img');
  const models = find('.models');
  const seed = find('.seed');
  const temperature = find('.temperature');
  let data = null;
  let model = null;

  async function sample() {
    find('output').textContent = Number(temperature.value).toFixed(2);
    const answer = await askSamples({model, seed: Number(seed.value), temperature: Number(temperature.value)});
    if (answer) picture.src = answer.sheet;
  }

  function update(value) {
    if (!value.data || value.data === data) return;
    data = value.data;
    model = value.models.at(-1);
    models.replaceChildren();
    choices(
      models,
      Object.fromEntries(value.models.map((name) => [name, latentsOf(name)])),
      () => model,
      (name) => {
        model = name;
        sample();
      },
    );
    sample();
  }

  temperature.addEventListener('input', sample);
  seed.addEventListener('input', () => {
    if (seed.value !== '' && seed.checkValidity()) sample();
  });
  find('.again').addEventListener('click', () => {
    seed.value = anySeed();
    sample();
  });
  find('.save').addEventListener('click', () => {
    const canvas = Object.assign(document.createElement('canvas'), {width: 896, height: 896});
    const paper = canvas.getContext('2d');
    paper.imageSmoothingEnabled = false;
    paper.drawImage(picture, 0, 0, 896, 896);
    saveCanvas(canvas, `${model}-seed-${seed.value}.png`);
  });
  onValue(update);
}
