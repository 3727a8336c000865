// The same latents from 4 x 4 to 64 x 64 pixels, each new layer faded in.
import {anySeed, percent, rememberSeed} from '../../frame/web/controls.js';

export default function ({server, board, find, liveCaller}) {
  const ask = liveCaller(server.grow);
  const slider = find('input');
  const play = find('.grow-play');
  const garment = find('.grow-garment');
  let seed = 1;
  let growing = null;
  let kinds = [];

  async function show() {
    const stage = Number(slider.value);
    const whole = Math.ceil(stage);
    const side = 4 * 2 ** whole;
    const part = 1 - (whole - stage);
    find('.grow-stage').textContent =
      `${side} × ${side} pixels${part < 1 ? `, ${percent(part)} of the new layer` : ''}`;
    const answer = await ask({stage, seed, garment: garment.value});
    if (!answer) return;
    find('img').src = answer.sheet;
    if (!kinds.length) offer(answer.kinds);
    const chosen = kinds.filter(({name, learned}) => (garment.value ? name === garment.value : learned));
    find('.grow-about').textContent = chosen
      .map(
        ({name, photographs, recognised}) =>
          `${name}: ${photographs} photographs, ${percent(recognised / 100)} of its samples are recognised`,
      )
      .join('; ');
  }

  // The kinds that it learned, and below a line those whose pictures are still smears.
  function offer(answered) {
    kinds = answered;
    const learned = kinds.filter((kind) => kind.learned).map(({name}) => name);
    garment.options[0].textContent = `${learned.slice(0, -1).join(', ')} and ${learned.at(-1)}`;
    const too = Object.assign(document.createElement('optgroup'), {label: 'Too few photographs: smears'});
    too.append(...kinds.filter((kind) => !kind.learned).map(({name}) => new Option(name)));
    garment.append(...learned.map((name) => new Option(name)), too);
  }

  function stop() {
    cancelAnimationFrame(growing);
    growing = null;
    play.textContent = 'Watch it grow';
  }
  play.addEventListener('click', () => {
    if (growing) return stop();
    const began = performance.now();
    play.textContent = 'Stop';
    const step = (now) => {
      slider.value = Math.min(4, Math.max(0, now - began) / 2500);
      show();
      growing = requestAnimationFrame(step);
      if (slider.value >= 4 || !board.isConnected) stop();
    };
    growing = requestAnimationFrame(step);
  });
  slider.addEventListener('input', () => {
    stop();
    show();
  });
  garment.addEventListener('change', show);
  function begin(number) {
    seed = number;
    show();
  }
  find('.grow-again').addEventListener('click', () => begin(anySeed()));
  rememberSeed(find('.grow-again'), () => seed, begin);
  show();
}
