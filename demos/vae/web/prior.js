// 64 pictures at once: z from the prior, decoded.

export default function ({server, find, liveCaller, onValue}) {
  const askSamples = liveCaller(server.sample_many), picture = find('img'), models = find('.models');
  const seed = find('.seed'), temperature = find('.temperature');
  let data = null;

  async function sample() {
    find('output').textContent = Number(temperature.value).toFixed(2);
    const model = models.querySelector('[aria-pressed=true]').textContent;
    const answer = await askSamples({model, seed: Number(seed.value), temperature: Number(temperature.value)});
    if (answer) picture.src = answer.sheet;
  }

  function choose(button) {
    for (const other of models.children) other.setAttribute('aria-pressed', other === button);
    sample();
  }

  function update(value) {
    if (!value.data || value.data === data) return;
    data = value.data;
    models.replaceChildren(...value.models.map((name) => {
      const button = Object.assign(document.createElement('button'), {type: 'button', textContent: name});
      button.addEventListener('click', () => choose(button));
      return button;
    }));
    choose(models.lastChild);
  }

  temperature.addEventListener('input', sample);
  seed.addEventListener('input', () => { if (seed.value !== '' && seed.checkValidity()) sample(); });
  find('.again').addEventListener('click', () => { seed.value = Math.floor(Math.random() * 1e6); sample(); });
  find('.save').addEventListener('click', async () => {
    const [name] = [...models.children].filter((button) => button.ariaPressed === 'true').map((button) => button.textContent);
    const canvas = Object.assign(document.createElement('canvas'), {width: 896, height: 896}), paper = canvas.getContext('2d');
    paper.imageSmoothingEnabled = false;
    paper.drawImage(picture, 0, 0, 896, 896);
    Object.assign(document.createElement('a'), {href: canvas.toDataURL('image/png'), download: `${name}-seed-${seed.value}.png`}).click();
  });
  onValue(update);
}
