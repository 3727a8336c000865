// Presenting: one section of a tab fills the window, and keys do everything. P or ?present=1 begins, Escape ends it.
// What a key presses is marked in the page: `primary` or data-run runs and pauses, data-reset resets, and what lies in
// data-examples is chosen by its number.
import {sectionsOf} from './sections.js';
import {asVisitor} from './state.js';

const USUAL = 1536; // pixels of a window's width, from which on everything grows with it
const FACTORS = [2.4, 2.2, 2, 1.8, 1.6]; // how much larger, the first that fits
const TALL = [1.6, 1.4, 1.2]; // where none does, the first that is not too wide: the rest is scrolled to
const PAGE = 0.8; // of the window, by which a page key scrolls
const CALM = 300; // milliseconds without growth, after which the size is chosen anew
const RUN = 'button.primary, button[data-run]';
const RESET = 'button[data-reset]';
const EXAMPLES = '[data-examples] button, button.gallery-item';
const TYPED = 'input:not([type="checkbox"]), textarea, select, [contenteditable="true"], [role="slider"]';

// `shown()` is the place in view, {panel, at}; `go(at)` shows another section of the tab, `turn(1)` or `turn(-1)` the
// tab after or before.
export function presenter({element, shown, go, turn}) {
  const button = element.querySelector('.top-present');
  const strip = element.querySelector('.present-strip');
  const help = element.querySelector('dialog');
  const root = document.documentElement;
  let on = false;
  let watched = null;
  let timer = 0;

  function fit() {
    const zoom = (factor) => root.style.setProperty('--zoom', factor * Math.max(1, innerWidth / USUAL));
    const wide = (factor) => {
      zoom(factor);
      return root.scrollWidth <= innerWidth;
    };
    const whole = (factor) => wide(factor) && root.scrollHeight <= innerHeight;
    const before = root.style.getPropertyValue('--zoom');
    if (!on) zoom(1);
    else if (!FACTORS.some(whole)) TALL.some(wide);
    if (root.style.getPropertyValue('--zoom') !== before) dispatchEvent(new Event('resize')); // plots measure anew
  }
  const growth = new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(() => on && fit(), CALM);
  });

  // The sections that are shown one after the other: not the scores.
  const sections = (panel) =>
    sectionsOf(panel)
      .map(({dataset}) => dataset.section)
      .filter((id) => !id.startsWith('scores'));

  // Puts away all but the section in view; whether it is presented.
  function show() {
    const {panel, at} = shown();
    if (!panel) return on;
    for (const part of panel.querySelectorAll('[data-section], [data-of]'))
      part.toggleAttribute('data-away', on && (part.dataset.section ?? part.dataset.of) !== at);
    if (!on) return false;
    const ids = sections(panel);
    strip.textContent = ids.length ? `${ids.indexOf(at) + 1} of ${ids.length} ✕` : '✕';
    if (watched !== panel) {
      growth.disconnect();
      growth.observe(panel);
      watched = panel;
    }
    fit();
    dispatchEvent(new Event('resize')); // for plots that were away
    scrollTo(0, 0);
    return true;
  }

  function toggle(next) {
    on = next;
    document.body.classList.toggle('presenting', on);
    button.setAttribute('aria-pressed', on);
    const address = new URL(location);
    if (on) address.searchParams.set('present', 1);
    else address.searchParams.delete('present');
    if (address.href !== location.href) history.replaceState(history.state, '', address);
    if (!on) {
      growth.disconnect();
      watched = null;
      fit();
    }
    show();
  }

  function step(by) {
    const {panel, at} = shown();
    const ids = sections(panel);
    const next = ids[ids.indexOf(at) + by];
    if (next) go(next);
    else turn(by);
  }

  // A page key, and so a presenter's remote, first goes through a section that is tall.
  function page(by) {
    const rest = by > 0 ? root.scrollHeight - innerHeight - scrollY : scrollY;
    if (rest > 1) scrollBy({top: by * PAGE * innerHeight, behavior: 'instant'});
    else step(by);
  }

  // The buttons of a kind in the section in view; where it has none, those of the tab.
  function buttons(kind) {
    const all = [...shown().panel.querySelectorAll(kind)].filter((one) => !one.disabled);
    const seen = all.filter((one) => one.checkVisibility({visibilityProperty: true}));
    return seen.length ? seen : all;
  }
  const press = (kind, number) => asVisitor(() => buttons(kind)[number]?.click());
  function fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else root.requestFullscreen();
  }

  const always = {p: () => toggle(!on), '?': () => help.showModal(), f: fullScreen};
  const presenting = {
    ArrowRight: () => step(1),
    ArrowDown: () => step(1),
    PageDown: () => page(1),
    ArrowLeft: () => step(-1),
    ArrowUp: () => step(-1),
    PageUp: () => page(-1),
    ' ': () => press(RUN, 0),
    r: () => press(RESET, 0),
    Escape: () => toggle(false),
  };
  for (let digit = 1; digit <= 9; digit++) presenting[digit] = () => press(EXAMPLES, digit - 1);

  document.addEventListener('keydown', (event) => {
    const {key, target} = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (target.matches?.(TYPED)) return; // a text or a slider has its own use for keys
    if (key === ' ' && target.matches?.('button:focus-visible, summary')) return;
    if (['ArrowUp', 'ArrowDown'].includes(key) && root.scrollHeight > innerHeight) return; // there is more to see here
    const name = key.length === 1 ? key.toLowerCase() : key;
    const act = always[name] || (on && presenting[name]);
    if (!act) return;
    event.preventDefault();
    act();
  });
  // after a drag the keys, and a remote, go on to be those of presenting
  document.addEventListener('pointerup', ({target}) => {
    if (on && target.matches?.('input[type="range"]')) target.blur();
  });
  button.addEventListener('click', () => toggle(true));
  strip.addEventListener('click', () => toggle(false));
  element.querySelector('.present-close').addEventListener('click', () => help.close());
  addEventListener('resize', fit);
  fit();
  if (new URLSearchParams(location.search).has('present')) toggle(true);
  return {show};
}
