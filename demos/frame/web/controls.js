// What boards share: numbers as they are set, buttons and sliders, the pointer, colours, files.
import {html, made} from './html.js';
import {remember} from './state.js';

// ---- numbers

// -1.2 as −1.20; nothing below zero is left of -0.001.
export function written(value, digits = 2) {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) ? `−${text}` : text;
}

export const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)} %`;

// The place of the largest, which is the class that a network names.
export const largest = (values) => values.indexOf(Math.max(...values));

const SEEDS = 1e6;
export const anySeed = () => Math.floor(Math.random() * SEEDS);

// A seed that no control holds, for the address: get() is a whole number or null, use(seed) begins with another one.
export function rememberSeed(element, get, use) {
  remember(element, 'seed', {
    choice: true,
    get: () => (get() === null ? null : String(get())),
    set(text) {
      if (/^\d+$/.test(text) && Number(text) < SEEDS) use(Number(text));
    },
  });
}

// Numbers for the address, and back: null where the text is not `count` finite ones, or any number of them.
export const listed = (values, digits = 2) => values.map((value) => Number(value.toFixed(digits))).join('_');
export function unlisted(text, count = null) {
  const values = (text ?? '').split(/[_,]/).map(Number);
  return text && (count === null || values.length === count) && values.every(Number.isFinite) ? values : null;
}

// Numbers that Python sent in base64: numbersOf(text, Float32Array).
export function numbersOf(text, Type) {
  return new Type(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

// ---- pictures

// The picture at an address, once it is there.
export async function loaded(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

// Grey values 0 to 255, row by row, as a picture of this width.
export function greyPicture(values, width) {
  const picture = new ImageData(width, values.length / width);
  values.forEach((value, i) => {
    picture.data.set([value, value, value, 255], 4 * i);
  });
  return picture;
}

// Pixels of the screen to one of an element's own, of which there are more where the page has grown (present.js).
export const pixelRatio = (element) => (window.devicePixelRatio || 1) * (element.currentCSSZoom || 1);

// ---- buttons and sliders

export function button(title, act) {
  const made = Object.assign(document.createElement('button'), {type: 'button', textContent: title});
  made.addEventListener('click', act);
  return made;
}

// A button for each of {key: title}, of which one is pressed: current() is its key, choose(key) is called by a click.
// The answer shows anew which one is pressed.
export function choices(place, options, current, choose) {
  const buttons = Object.entries(options).map(([key, title]) => {
    const one = button(title, () => {
      choose(key);
      show();
    });
    one.dataset.key = key;
    return one;
  });
  const show = () => {
    for (const one of buttons) one.setAttribute('aria-pressed', one.dataset.key === current());
  };
  place.append(...buttons);
  show();
  return show;
}

// A labelled slider with its value beside it: const {row, set} = slider(place, {...}, (value) => ...).
export function slider(place, {id, title, low, high, step, value, text = String, kind = 'view-slider'}, moved) {
  const row = made(html`<div class="${kind}"><label for="${id}">${title}</label><output for="${id}"></output>
    <input type="range" id="${id}" min="${low}" max="${high}" step="${step}"></div>`);
  const input = row.querySelector('input');
  const output = row.querySelector('output');
  const show = () => {
    output.textContent = text(Number(input.value));
    input.setAttribute('aria-valuetext', output.textContent);
  };
  input.addEventListener('input', () => {
    show();
    moved(Number(input.value));
  });
  const handle = {
    row,
    get value() {
      return Number(input.value);
    },
    set(next) {
      input.value = next;
      show();
    },
    limit(from, to) {
      Object.assign(input, {min: from, max: to});
      show();
    },
  };
  place.append(row);
  handle.set(value);
  return handle;
}

// ---- the other boards of a tab

export const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, {detail}));
export const hear = (name, use) => document.addEventListener(name, ({detail}) => use(detail));

// ---- files

// Lets the visitor keep a blob as a file.
export function saveFile(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export const saveJson = (value, name) =>
  saveFile(new Blob([JSON.stringify(value, null, 1)], {type: 'application/json'}), name);

export const saveCanvas = (canvas, name) => canvas.toBlob((blob) => saveFile(blob, name));

// ---- the pointer

// What a pointer does after it went down on an element goes to that element, also outside of it.
export function capture(element, event) {
  try {
    element.setPointerCapture(event.pointerId);
  } catch (_) {
    /* a made-up pointer */
  }
}

export function onRelease(element, act) {
  for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) element.addEventListener(end, act);
}

// Where an arrow key points, [x, y] with y up, and the page does not scroll; undefined for another key.
export function stepOf(event) {
  const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
  if (step) event.preventDefault();
  return step;
}

// A point on a surface follows the pointer and the arrow keys: moveTo(x, y) with parts of the surface from 0 to 1, x to
// the right and y up; moveBy(x, y, far) with a step of -1, 0 or 1 each way, far with Shift; at() is where it is,
// for the address.
export function followPointer(surface, {moveTo, moveBy, at}) {
  remember(surface, 'point', {
    get: () => listed(at(), 4),
    set(text) {
      const to = unlisted(text, 2);
      if (to?.every((part) => part >= 0 && part <= 1)) moveTo(...to);
    },
  });
  let dragging = null;
  const move = (event) => {
    const box = surface.getBoundingClientRect();
    moveTo((event.clientX - box.left) / box.width, (box.bottom - event.clientY) / box.height);
  };
  surface.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    capture(surface, event);
    dragging = event.pointerId;
    move(event);
  });
  surface.addEventListener('pointermove', (event) => {
    if (event.pointerId === dragging) move(event);
  });
  onRelease(surface, () => {
    dragging = null;
  });
  surface.addEventListener('keydown', (event) => {
    const step = stepOf(event);
    if (step) moveBy(...step, event.shiftKey);
  });
}

// ---- colours

// A colour of the theme for canvases: colourOf(board, '--gallery-first'). Read at drawing time, so that dark mode is
// followed.
export function colourOf(element, name) {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

export const isDark = () => document.body.classList.contains('dark');

// How much thicker lines and points on a canvas are in a hall; in CSS it is --thick.
const isPresenting = () => document.body.classList.contains('presenting');
export const thickness = () => (isPresenting() ? 1.4 : 1);

// Calls redraw whenever the page changes between light and dark, and where presenting begins or ends.
export function onThemeChange(redraw) {
  const look = () => `${isDark()} ${isPresenting()}`;
  let before = look();
  new MutationObserver(() => {
    const now = look();
    if (now !== before) redraw();
    before = now;
  }).observe(document.body, {attributes: true, attributeFilter: ['class']});
}

// The colours of the ten classes, told apart on white and on black.
export const CLASS_COLOURS = [
  '#e6194b',
  '#f58231',
  '#d8b400',
  '#7ab800',
  '#1f9d55',
  '#16a3b5',
  '#3b6fe0',
  '#8a4fd3',
  '#d45bb6',
  '#8a6d4b',
];

// Calls act once, when the board first comes into view: what takes seconds is not asked for by opening the tab.
export function whenSeen(board, act) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.at(-1).isIntersecting) return;
    watcher.disconnect();
    act();
  });
  watcher.observe(board);
}
