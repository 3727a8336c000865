// What boards share: numbers, files, colours, the pointer.

// Numbers that Python sent in base64: numbersOf(text, Float32Array).
export function numbersOf(text, Type) {
  return new Type(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

// Lets the visitor keep a blob as a file.
export function saveFile(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// A number as it is set: -1.2 as −1.20.
export function written(value, digits = 2) {
  return value.toFixed(digits).replace('-', '−');
}

// A point on a surface follows the pointer and the arrow keys: moveTo(x, y) with parts of the surface from 0 to 1, x to
// the right and y up; moveBy(x, y, far) with a step of -1, 0 or 1 each way, far with Shift.
export function followPointer(surface, {moveTo, moveBy}) {
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

// A colour of the theme for canvases: colourOf(board, '--gallery-first'). Read at drawing time, so that dark mode is
// followed.
export function colourOf(element, name) {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

// Calls redraw whenever the page changes between light and dark.
export function onThemeChange(redraw) {
  let before = document.body.classList.contains('dark');
  new MutationObserver(() => {
    const dark = document.body.classList.contains('dark');
    if (dark !== before) redraw();
    before = dark;
  }).observe(document.body, {attributes: true, attributeFilter: ['class']});
}
