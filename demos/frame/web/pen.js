// A pen that the keys move over a paper: arrows move it, with Shift farther; the space bar puts it down and lifts it.
import {stepOf} from './controls.js';

const NEAR = 7; // of 280, half the width of a stroke
const FAR = 28;

// `down(at)` begins a stroke, `move(from, to)` goes on with it; points are [x, y] in `size` by `size`.
export function penByKeys(canvas, size, {down, move}) {
  const mark = Object.assign(document.createElement('span'), {className: 'pad-pen'});
  mark.setAttribute('aria-hidden', 'true');
  canvas.after(mark);
  let at = [size / 2, size / 2];
  let drawing = false;
  const show = () => {
    Object.assign(mark.style, {left: `${(100 * at[0]) / size}%`, top: `${(100 * at[1]) / size}%`});
    mark.dataset.down = drawing;
  };
  canvas.addEventListener('keydown', (event) => {
    if (event.key === ' ') {
      event.preventDefault();
      if (event.repeat) return;
      drawing = !drawing;
      if (drawing) down(at);
      show();
      return;
    }
    const step = stepOf(event);
    if (!step) return;
    const far = event.shiftKey ? FAR : NEAR;
    const within = (value) => Math.min(Math.max(value, 0), size);
    const to = [within(at[0] + far * step[0]), within(at[1] - far * step[1])];
    if (drawing) move(at, to);
    at = to;
    show();
  });
  canvas.addEventListener('blur', () => {
    drawing = false;
    show();
  });
  show();
}
