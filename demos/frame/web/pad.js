// A sheet of paper to draw a digit on: black ink on white paper in light and dark alike.
import {capture, loaded, onRelease} from './controls.js';
import {fill, html} from './html.js';
import * as ink from './ink.js';
import {penByKeys} from './pen.js';
import {remember as inAddress} from './state.js';

const PAD_SIZE = 280;
const PAD_BRUSH = 18;
const PAD_UNDO = 30;
const PAD_BYTES = 10e6;
const PAD_PIXELS = 100e6;
const SENT_BYTES = 500e3;
const SENT_SIDE = 1024;
const SENT = /^data:image\/[^,]*,(iVBORw0KGgo|\/9j\/|UklGR)/; // how PNG, JPEG and WebP begin, which Python reads

function blankSheet() {
  const sheet = Object.assign(document.createElement('canvas'), {width: PAD_SIZE, height: PAD_SIZE});
  const pen = sheet.getContext('2d');
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, PAD_SIZE, PAD_SIZE);
  return pen;
}

function segment(pen, from, to) {
  pen.strokeStyle = '#000';
  pen.lineWidth = PAD_BRUSH;
  pen.lineCap = pen.lineJoin = 'round';
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(to[0] + 0.01, to[1]);
  pen.stroke();
}

// Ink on a sheet of paper as a data URI: strokes given as an SVG path, whose units are `unit` pixels of the 280.
export function inked(path, unit = 1, brush = PAD_BRUSH) {
  const pen = blankSheet();
  pen.scale(unit, unit);
  pen.lineWidth = brush / unit;
  pen.lineCap = pen.lineJoin = 'round';
  pen.stroke(new Path2D(path));
  return pen.canvas.toDataURL('image/png');
}

// What a pad has `written`, as it draws it; null where the text is no drawing.
export function rewritten(text) {
  const pen = blankSheet();
  const strokes = ink.read(text);
  for (const points of strokes ?? [])
    for (const i of points.keys()) segment(pen, points[Math.max(i - 1, 0)], points[i]);
  return strokes && pen.canvas.toDataURL('image/png');
}

// Width times height from the header of a PNG, GIF or JPEG, or 0 where unknown: a bomb is refused before it is decoded.
async function pixelsOf(file) {
  const bytes = new DataView(await file.slice(0, 1 << 18).arrayBuffer());
  const at = (offset, name, ...rest) => (offset + 8 <= bytes.byteLength ? bytes[name](offset, ...rest) : 0);
  if (at(0, 'getUint32') === 0x89504e47) return at(16, 'getUint32') * at(20, 'getUint32');
  if (at(0, 'getUint32') === 0x47494638) return at(6, 'getUint16', true) * at(8, 'getUint16', true);
  if (at(0, 'getUint16') !== 0xffd8) return 0;
  for (let offset = 2; at(offset, 'getUint8') === 0xff; offset += 2 + at(offset + 2, 'getUint16')) {
    const marker = at(offset + 1, 'getUint8');
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return at(offset + 5, 'getUint16') * at(offset + 7, 'getUint16');
  }
  return 0;
}

// Whether pixels are light strokes on a transparent ground, which white paper would hide.
function lightAlone({data}) {
  let seen = 0;
  let light = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] < 128) continue;
    seen++;
    light += data[i] + data[i + 1] + data[i + 2] > 384;
  }
  return seen < data.length / 8 && light > 0.9 * seen;
}

// An uploaded picture as Python gets it, in a data URI: the file itself, or where it is large, or of a kind that Python
// does not read, the picture scaled down. What is transparent stays so: Python finds out what the ground is.
async function sendable(file, picture) {
  const scale = Math.min(1, SENT_SIDE / Math.max(picture.width, picture.height));
  if (scale === 1 && file.size <= SENT_BYTES) {
    const reader = new FileReader();
    await new Promise((done) => {
      reader.onloadend = done;
      reader.readAsDataURL(file);
    });
    if (SENT.test(reader.result)) return reader.result;
  }
  const size = {width: Math.max(1, picture.width * scale), height: Math.max(1, picture.height * scale)};
  const sheet = Object.assign(document.createElement('canvas'), size);
  const pen = sheet.getContext('2d');
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(picture, 0, 0, sheet.width, sheet.height);
  const {data} = pen.getImageData(0, 0, sheet.width, sheet.height);
  const clear = data.some((value, i) => i % 4 === 3 && value < 255);
  return sheet.toDataURL(clear ? 'image/webp' : 'image/jpeg', 0.92);
}

// makeDrawPad(root, {onDraw(dataURI), say, onClear()}) fills `root` with the paper and its buttons and returns
// {canvas, clear(), undo(), show(dataURI), empty(), dataURI(), written()}. onDraw is called at most once a frame while
// drawing. An uploaded picture is given as it is, for Python to find the ink on it; the paper shows it.
export function makeDrawPad(root, {onDraw, say, onClear = () => {}, label = 'Draw a digit'}) {
  root.classList.add('pad');
  fill(
    root,
    html`
    <div class="pad-paper"><canvas width="${PAD_SIZE}" height="${PAD_SIZE}" tabindex="0" role="application"></canvas>
      <span class="pad-hint" aria-hidden="true"></span></div>
    <div class="pad-buttons">
      <button type="button" class="pad-undo">Undo</button>
      <button type="button" class="pad-clear">Clear</button>
      <button type="button" class="pad-upload" aria-label="Your own photograph">Photograph</button>
      <input type="file" accept="image/*" hidden aria-label="Your own photograph">
    </div>`,
  );
  const canvas = root.querySelector('canvas');
  const hint = root.querySelector('.pad-hint');
  const undoButton = root.querySelector('.pad-undo');
  const fileInput = root.querySelector('input');
  const paper = canvas.getContext('2d', {willReadFrequently: true});
  const keys = 'arrow keys move the pen, the space bar puts it down and lifts it';
  canvas.setAttribute('aria-label', `${label}: paper to draw on with the mouse, a pen or a finger; ${keys}`);
  hint.textContent = label;
  const before = [];
  let blank = true;
  let uploaded = null;
  let strokes = []; // on the ground: a blank paper, or the picture that was put there
  let ground = null;
  let drawing = null;
  let scheduled = false;

  const dataURI = () => uploaded || canvas.toDataURL('image/png');
  const snapshot = () => ({
    blank,
    uploaded,
    ground,
    strokes: strokes.map((points) => [...points]),
    pixels: paper.getImageData(0, 0, PAD_SIZE, PAD_SIZE),
  });
  const wipe = () => {
    paper.fillStyle = '#fff';
    paper.fillRect(0, 0, PAD_SIZE, PAD_SIZE);
  };
  const look = () => {
    hint.hidden = !blank;
    undoButton.disabled = !before.length;
  };
  const remember = () => {
    before.push(snapshot());
    if (before.length > PAD_UNDO) before.shift();
  };

  function changed() {
    look();
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      if (blank) onClear();
      else onDraw(dataURI());
    });
  }

  function clear(chosen) {
    if (!blank) remember();
    wipe();
    blank = true;
    uploaded = null;
    strokes = [];
    ground = {...snapshot(), chosen};
    changed();
  }

  function back(to) {
    paper.putImageData(to.pixels, 0, 0);
    ({blank, uploaded, strokes, ground} = to);
    changed();
  }

  function undo() {
    const last = before.pop();
    if (!last) return;
    back(last);
  }

  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    const part = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return part.map((value) => Math.round(value * PAD_SIZE)); // so that it is drawn again as it was
  };

  function stroke(from, to) {
    segment(paper, from, to);
    blank = false;
    uploaded = null;
    if (from === to) strokes.push([to]);
    else strokes.at(-1)?.push(to);
  }

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || drawing) return;
    event.preventDefault();
    canvas.focus({preventScroll: true});
    capture(canvas, event);
    remember();
    drawing = {pointer: event.pointerId, at: point(event)};
    stroke(drawing.at, drawing.at);
    changed();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!drawing || event.pointerId !== drawing.pointer) return;
    const parts = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const part of parts.length ? parts : [event]) {
      const to = point(part);
      stroke(drawing.at, to);
      drawing.at = to;
    }
    changed();
  });
  onRelease(canvas, () => {
    drawing = null;
  });
  penByKeys(canvas, PAD_SIZE, {
    down(at) {
      remember();
      stroke(at, at);
      changed();
    },
    move(from, to) {
      stroke(from, to);
      changed();
    },
  });

  // Draws a picture to fit on the paper, what is beside it in the shade of its rim. One whose rim is dark (white on
  // black, as in MNIST), or that has light strokes on nothing, is turned into ink on paper.
  function place(picture, address = null) {
    const scale = PAD_SIZE / Math.max(picture.width, picture.height);
    const width = Math.max(1, picture.width * scale);
    const height = Math.max(1, picture.height * scale);
    const x = (PAD_SIZE - width) / 2;
    const y = (PAD_SIZE - height) / 2;
    const put = (ground) => {
      paper.fillStyle = ground;
      paper.fillRect(0, 0, PAD_SIZE, PAD_SIZE);
      paper.drawImage(picture, x, y, width, height);
    };
    remember();
    paper.imageSmoothingQuality = 'high';
    paper.clearRect(0, 0, PAD_SIZE, PAD_SIZE);
    paper.drawImage(picture, x, y, width, height);
    put(lightAlone(paper.getImageData(x, y, Math.max(1, width), Math.max(1, height))) ? '#000' : '#fff');
    const rim = paper.getImageData(x, y, Math.max(1, width), Math.max(1, height));
    const {data, width: w, height: h} = rim;
    let dark = 0;
    let count = 0;
    let shade = [0, 0, 0];
    for (let i = 0; i < w * h; i++) {
      const column = i % w;
      const row = (i - column) / w;
      if (column && row && column < w - 1 && row < h - 1) continue;
      dark += data[4 * i] + data[4 * i + 1] + data[4 * i + 2] < 384;
      count++;
      shade = shade.map((sum, channel) => sum + data[4 * i + channel]);
    }
    put(`rgb(${shade.map((sum) => sum / count)})`);
    if (dark > count / 2) {
      paper.globalCompositeOperation = 'difference';
      paper.fillStyle = '#fff';
      paper.fillRect(0, 0, PAD_SIZE, PAD_SIZE);
      paper.globalCompositeOperation = 'source-over';
    }
    blank = false;
    uploaded = address;
    strokes = [];
    ground = {...snapshot(), chosen: false};
    changed();
  }

  async function upload(file) {
    if (!file) return;
    if (file.size > PAD_BYTES) return say('This file is larger than 10 MB. Choose a smaller picture.');
    try {
      if ((await pixelsOf(file)) > PAD_PIXELS)
        return say('This picture has more than 100 million pixels. Choose a smaller one.');
      const picture = await createImageBitmap(file);
      const address = await sendable(file, picture);
      say('');
      place(picture, address);
      picture.close();
    } catch (_) {
      say('This file could not be read as a picture. Try a PNG or a JPEG.');
    }
  }

  // Shows a picture given as a data URI, for examples.
  async function show(dataURI) {
    place(await loaded(dataURI));
  }

  undoButton.addEventListener('click', undo);
  root.querySelector('.pad-clear').addEventListener('click', () => clear(true));
  root.querySelector('.pad-upload').addEventListener('click', () => fileInput.click());
  fileInput.addEventListener('change', () => {
    upload(fileInput.files[0]);
    fileInput.value = '';
  });
  root.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'z') {
      event.preventDefault();
      undo();
    }
  });
  root.addEventListener('dragover', (event) => {
    event.preventDefault();
    root.classList.add('pad-over');
  });
  root.addEventListener('dragleave', () => root.classList.remove('pad-over'));
  root.addEventListener('drop', (event) => {
    event.preventDefault();
    root.classList.remove('pad-over');
    upload(event.dataTransfer.files[0]);
  });
  // In an address: what was drawn, after 0 on a blank paper or 1 on an example; no upload.
  inAddress(root, 'drawing', {
    get() {
      if (!strokes.length) return ground.chosen ? '0' : null;
      const text = ink.written(strokes);
      return text && `${ground.blank ? 0 : 1}${text}`;
    },
    set(text) {
      const drawn = text?.length > 1 ? ink.read(text.slice(1)) : [];
      if (!drawn) return;
      remember();
      if (text?.[0] === '0') clear(true);
      else back({...ground, ground, strokes: []});
      for (const points of drawn) for (const i of points.keys()) stroke(points[Math.max(i - 1, 0)], points[i]);
      changed();
    },
  });
  wipe();
  ground = {...snapshot(), chosen: false};
  look();
  // What was drawn on a blank paper as a text, which `rewritten` makes a picture of; null where it is more than that.
  const written = () => (strokes.length && ground.blank ? ink.written(strokes) : null);
  return {canvas, clear: () => clear(false), undo, show, upload, empty: () => blank, dataURI, written};
}
