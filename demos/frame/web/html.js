// Markup whose holes are text: html`<b>${name}</b>` escapes what stands in a hole, so that no name of a class or of a
// file becomes markup. Markup made by html, and lists of it, go in as they are. The only file that sets innerHTML.

const SIGNS = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;'};

class Markup {
  constructor(text) {
    this.text = text;
  }
}

function filled(hole) {
  if (hole instanceof Markup) return hole.text;
  if (Array.isArray(hole)) return hole.map(filled).join('');
  return String(hole).replace(/[&<>"']/g, (sign) => SIGNS[sign]);
}

export function html(parts, ...holes) {
  return new Markup(parts.reduce((text, part, i) => text + filled(holes[i - 1]) + part));
}

// Puts markup, or a list of it, into an element, in place of what was there.
export function fill(element, markup) {
  const parts = [markup].flat(Infinity);
  if (!parts.every((part) => part instanceof Markup)) throw new TypeError('only what html`...` made is markup');
  element.innerHTML = parts.map(({text}) => text).join('');
}

// The one element that markup describes.
export function made(markup) {
  const template = document.createElement('template');
  fill(template, markup);
  return template.content.firstElementChild;
}
