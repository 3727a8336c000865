// The same latents from 4 x 4 to 64 x 64 pixels, each new layer faded in.
import {anySeed, percent} from '../../frame/web/controls.js';

export default function ({server, board, find, liveCaller}) {
  const ask = liveCaller(server.grow);
  const slider = find('input');
  const play = find('.grow-play');
  const garment = find('.grow-garment');
  let seed = 1;
  let growing = null;

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
    if (garment.length === 1) garment.append(...answer.classes.map((name) => new Option(name)));
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
  find('.grow-again').addEventListener('click', () => {
    seed = anySeed();
    show();
  });
  show();
}
