// Live calls to Python: one in flight, the latest wins. Prepended to every board's script, where `element`, `server`,
// `trigger`, `props` and `watch` are given.

const board = element.querySelector('.board') || element;
const messageLine = (() => {
  let line = board.querySelector('.board-message');
  if (!line) {
    line = document.createElement('p');
    line.className = 'board-message';
    board.append(line);
  }
  line.setAttribute('role', 'status');
  return line;
})();

// Says one sentence under the board; '' clears it. kind: 'error', 'note' or 'busy'.
function say(sentence, kind = 'error') {
  messageLine.textContent = sentence || '';
  messageLine.dataset.kind = sentence ? kind : '';
}

const inFlight = new Set();
let awake = false;

// A board looks busy only when an answer is late. The first answer loads the model, the others take milliseconds.
function lookBusy() {
  const late = [...inFlight].some((call) => performance.now() - call.began > 300);
  board.setAttribute('aria-busy', inFlight.size > 0);
  if (late && messageLine.dataset.kind !== 'error') say(awake ? 'Computing …' : 'One moment, the model is being loaded …', 'busy');
  if (!inFlight.size && messageLine.dataset.kind === 'busy') say('');
}

// const ask = liveCaller(server.decode); const answer = await ask({...}); if (!answer) return;
// Resolves with Python's answer, or with null when a later call overtook this one or Python answered {error}.
function liveCaller(ask) {
  let running = false, waiting = null;
  async function run() {
    running = true;
    while (waiting) {
      const {argument, resolve} = waiting;
      waiting = null;
      const call = {began: performance.now()};
      inFlight.add(call);
      const timer = setTimeout(lookBusy, 320);
      let answer = null;
      try {
        answer = await ask(argument);
        awake = true;
        if (!answer) say('Something went wrong here. Try another input.');
        else if (answer.error) { say(answer.error); answer = null; }
        else if (messageLine.dataset.kind === 'error') say('');
      } catch (_) {
        say('The gallery does not answer. Check the connection, or reload this page.');
      }
      clearTimeout(timer);
      inFlight.delete(call);
      lookBusy();
      resolve(answer);
    }
    running = false;
  }
  return (argument) => new Promise((resolve) => {
    if (waiting) waiting.resolve(null);
    waiting = {argument, resolve};
    if (!running) run();
  });
}

// Numbers that Python sent with frame.coded: numbersOf(text, Float32Array).
function numbersOf(text, Type) {
  return new Type(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

// Lets the visitor keep a blob as a file.
function saveFile(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// A number as it is set: -1.2 as −1.20.
function written(value, digits = 2) {
  return value.toFixed(digits).replace('-', '−');
}

// A point on a surface follows the pointer and the arrow keys: moveTo(x, y) with parts of the surface from 0 to 1, x to the
// right and y up; moveBy(x, y, far) with a step of -1, 0 or 1 each way, far with Shift.
function followPointer(surface, {moveTo, moveBy}) {
  let dragging = null;
  const move = (event) => {
    const box = surface.getBoundingClientRect();
    moveTo((event.clientX - box.left) / box.width, (box.bottom - event.clientY) / box.height);
  };
  surface.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    try { surface.setPointerCapture(event.pointerId); } catch (_) { /* a made-up pointer */ }
    dragging = event.pointerId;
    move(event);
  });
  surface.addEventListener('pointermove', (event) => { if (event.pointerId === dragging) move(event); });
  for (const end of ['pointerup', 'pointercancel', 'lostpointercapture'])
    surface.addEventListener(end, () => { dragging = null; });
  surface.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
    if (!step) return;
    event.preventDefault();
    moveBy(...step, event.shiftKey);
  });
}

// Colours of the theme for canvases: colour('--gallery-first'). Read at drawing time, so that dark mode is followed.
function colour(name) {
  return getComputedStyle(board).getPropertyValue(name).trim();
}

// Calls redraw whenever the page changes between light and dark.
function onThemeChange(redraw) {
  let before = document.body.classList.contains('dark');
  new MutationObserver(() => {
    const dark = document.body.classList.contains('dark');
    if (dark !== before) redraw();
    before = dark;
  }).observe(document.body, {attributes: true, attributeFilter: ['class']});
}
