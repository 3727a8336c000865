// A picture to paint strokes of a few classes on, with a pointer or with keys.
import {capture, onRelease} from '../../frame/web/controls.js';
import {read, written} from '../../frame/web/ink.js';
import {penByKeys} from '../../frame/web/pen.js';
import {remember} from '../../frame/web/state.js';

const BARE = 255; // where nobody painted
const KEYS = 280; // the side of the paper of penByKeys
const LONGEST = 1400; // letters of the strokes in an address
const AT_ONCE = 8192; // bytes

// A stroke is {label, size, points}, in pixels of the picture. `how()` gives the label and size of the next one;
// `began` is called when one begins, `changed` when one is whole, or has gone.
export function makePaper(canvas, {colours, how, began, changed}) {
  const pen = canvas.getContext('2d');
  let image = null;
  let size = null;
  let drawing = null;
  const paper = {strokes: []};

  paper.show = (next, its) => {
    [image, size] = [next, its];
    [canvas.width, canvas.height] = size;
    canvas.parentElement.style.setProperty('--shape', size[0] / size[1]);
    paper.redraw();
  };
  paper.redraw = () => {
    if (!image) return;
    pen.drawImage(image, 0, 0, ...size);
    pen.lineCap = pen.lineJoin = 'round';
    for (const stroke of paper.strokes) {
      const [x, y] = stroke.points[0];
      pen.strokeStyle = `rgb(${colours[stroke.label].join()})`;
      pen.lineWidth = stroke.size;
      pen.beginPath();
      pen.moveTo(x + 0.01, y); // one point is a dot
      for (const point of stroke.points) pen.lineTo(...point);
      pen.stroke();
    }
  };

  // The class of every pixel, as bytes in base64.
  paper.painted = () => {
    const [width, height] = size;
    const found = new Uint8Array(width * height).fill(BARE);
    const dab = (x, y, {label, size: wide}) => {
      const reach = wide / 2;
      for (let row = Math.max(0, Math.ceil(y - reach)); row <= Math.min(height - 1, y + reach); row++)
        for (let column = Math.max(0, Math.ceil(x - reach)); column <= Math.min(width - 1, x + reach); column++)
          if (Math.hypot(column - x, row - y) <= reach) found[row * width + column] = label;
    };
    for (const stroke of paper.strokes) {
      let [x, y] = stroke.points[0];
      for (const [right, down] of stroke.points) {
        const steps = Math.max(1, Math.ceil(Math.hypot(right - x, down - y)));
        for (let step = 0; step <= steps; step++)
          dab(x + (step / steps) * (right - x), y + (step / steps) * (down - y), stroke);
        [x, y] = [right, down];
      }
    }
    let text = '';
    for (let i = 0; i < found.length; i += AT_ONCE) text += String.fromCharCode(...found.subarray(i, i + AT_ONCE));
    return btoa(text);
  };

  const down = (at) => {
    if (!size) return;
    paper.strokes.push({...how(), points: [at]});
    began();
    paper.redraw();
  };
  const move = (to) => {
    paper.strokes.at(-1)?.points.push(to);
    paper.redraw();
  };
  const within = (event) => {
    const box = canvas.getBoundingClientRect();
    const part = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return part.map((value, axis) => Math.round(Math.min(Math.max(value, 0), 1) * (size[axis] - 1)));
  };

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !size) return;
    event.preventDefault();
    canvas.focus({preventScroll: true});
    capture(canvas, event);
    drawing = event.pointerId;
    down(within(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (event.pointerId === drawing) move(within(event));
  });
  onRelease(canvas, () => {
    if (drawing === null) return;
    drawing = null;
    changed();
  });
  const ofKeys = (at) => at.map((value, axis) => Math.round((value / KEYS) * ((size?.[axis] ?? 1) - 1)));
  penByKeys(canvas, KEYS, {down: (at) => down(ofKeys(at)), move: (_, to) => move(ofKeys(to))});
  canvas.addEventListener('keyup', (event) => {
    if (event.key === ' ') changed();
  });

  remember(canvas, 'strokes', {
    get() {
      const text = paper.strokes
        .map(({label, size: wide, points}) => `${label}-${wide}-${written([points])}`)
        .join('.');
      return text && text.length < LONGEST ? text : null;
    },
    set(text) {
      const parts = (text ?? '').split('.').map((part) => part.match(/^([0-3])-(\d{1,2})-(.+)$/));
      if (!size || !parts.every((part) => part && read(part[3]))) return;
      paper.strokes = parts.map(([, label, wide, ink]) => ({
        label: Number(label),
        size: Number(wide),
        points: read(ink)[0],
      }));
      changed();
    },
  });
  return paper;
}
