// The sections of a tab: each can be folded, has a link beside its heading, and its place in the row of contents. What
// makes them stands in demos/frame/sections.py, with the attributes by which they are found in the page.
import {fill, html, made} from './html.js';

const ROOM = 3300; // pixels that a page may be high as it opens; the last sections are folded until it is no higher
const SETTLED = 2500; // milliseconds without a change after which nothing more is expected to move the page
const COPIED = 2500; // milliseconds that it is said
const ACTS = ['wheel', 'touchmove', 'pointerdown', 'keydown'];

export const sectionsOf = (panel) => [...panel.querySelectorAll('[data-section]')];
export const sectionOf = (panel, id) => sectionsOf(panel).find((heading) => heading.dataset.section === id);
const partsOf = (panel, id) => [...panel.querySelectorAll('[data-of]')].filter(({dataset}) => dataset.of === id);

const placeOf = (heading) => [...heading.classList].find((name) => name.startsWith('at-')).slice(3);
const wordsOf = (id) => (id[0].toUpperCase() + id.slice(1)).replaceAll('-', ' ');

// What follows a heading, up to the next one.
function* followers(heading) {
  for (let next = heading.nextElementSibling; next; next = next.nextElementSibling) {
    if (next.matches('.block.section') || next.querySelector('.block.section')) return;
    yield next;
  }
}

export function fold(panel, id, folded) {
  const heading = sectionOf(panel, id);
  if (id === 'start') return;
  heading.toggleAttribute('data-folded', folded);
  heading.querySelector('.section-fold').setAttribute('aria-expanded', !folded);
  // found by the browser's search all the same
  for (const part of partsOf(panel, id))
    if (folded) part.setAttribute('hidden', 'until-found');
    else part.removeAttribute('hidden');
}

// Scrolls to a section and keeps it there while what is above it grows, until the visitor does something.
let release = () => {};
export function keepInView(panel, id) {
  release();
  const heading = sectionOf(panel, id);
  let timer = 0;
  const show = () => {
    if (id === 'start') scrollTo({top: 0, behavior: 'instant'});
    else heading.scrollIntoView({behavior: 'instant'});
    clearTimeout(timer);
    timer = setTimeout(() => (panel.querySelector('[aria-busy=true]') ? show() : release()), SETTLED);
  };
  const growth = new ResizeObserver(show);
  release = () => {
    growth.disconnect();
    clearTimeout(timer);
    for (const act of ACTS) removeEventListener(act, release, true);
    release = () => {};
  };
  for (const act of ACTS) addEventListener(act, release, {capture: true, passive: true});
  growth.observe(panel);
  show();
}

// The section that is read: the last whose heading has passed the upper third of the window.
export function readSection(panel) {
  const passed = sectionsOf(panel).filter(
    (heading) => heading.checkVisibility() && heading.getBoundingClientRect().top < innerHeight / 3,
  );
  return (passed.at(-1) || sectionOf(panel, 'start')).dataset.section;
}

// Makes the sections of a tab whose parts are all there; read(id) is called when another section is scrolled to.
export function arrange(panel, tab, read) {
  const linkTo = (id) => (id === 'start' ? `?tab=${tab}` : `?tab=${tab}&at=${id}`);
  const title = panel.querySelector('h1').closest('.column > *');
  let top = title;
  while (top.parentElement !== panel.querySelector('.column')) top = top.parentElement;
  top.dataset.section = 'start';
  for (const part of followers(top)) part.dataset.of = 'start';
  for (const heading of panel.querySelectorAll('.block.section')) {
    const id = placeOf(heading);
    heading.dataset.section = id;
    for (const part of followers(heading)) part.dataset.of = id;
    const words = heading.querySelector('h2');
    const button = made(html`<button type="button" class="section-fold" aria-expanded="true"></button>`);
    button.append(...words.childNodes);
    button.addEventListener('click', () => fold(panel, id, !heading.hasAttribute('data-folded')));
    words.append(button);
    for (const part of followers(heading)) part.addEventListener('beforematch', () => fold(panel, id, false));
  }
  for (const heading of sectionsOf(panel)) {
    const id = heading.dataset.section;
    const words = heading.querySelector('h1, h2');
    const label = `Link to “${words.textContent.trim()}”`;
    const link = made(html`<a class="section-link" href="${linkTo(id)}" title="Link to this section"
      aria-label="${label}">#</a>`);
    words.append(link);
  }
  const show = contents(panel, top, linkTo, read);
  for (const heading of panel.querySelectorAll('.block.section.folded')) fold(panel, heading.dataset.section, true);
  for (const heading of sectionsOf(panel).reverse())
    if (panel.scrollHeight > ROOM) fold(panel, heading.dataset.section, true);
  show();
}

// The row of contents under the title, which stays in view; on a phone, a menu.
function contents(panel, top, linkTo, read) {
  const row = made(html`<nav class="contents" aria-label="Sections">
    <button type="button" class="contents-menu" aria-expanded="false">Sections</button>
    <ul>${sectionsOf(panel).map(
      ({dataset: {section}}) =>
        html`<li><a href="${linkTo(section)}" data-to="${section}">${wordsOf(section)}</a></li>`,
    )}</ul>
    <button type="button" class="contents-copy">Copy link</button>
    <button type="button" class="contents-all">Open all</button></nav>`);
  const menu = row.querySelector('.contents-menu');
  const toggle = (open) => menu.setAttribute('aria-expanded', open);
  menu.addEventListener('click', () => toggle(menu.getAttribute('aria-expanded') === 'false'));
  row.addEventListener('click', (event) => {
    if (event.target.closest('a')) toggle(false);
  });
  const copy = row.querySelector('.contents-copy');
  copy.addEventListener('click', async () => {
    await navigator.clipboard?.writeText(location.href);
    copy.textContent = navigator.clipboard ? 'Copied' : 'The address of this page is the link';
    setTimeout(() => Object.assign(copy, {textContent: 'Copy link'}), COPIED);
  });
  row.querySelector('.contents-all').addEventListener('click', () => {
    for (const heading of sectionsOf(panel)) fold(panel, heading.dataset.section, false);
  });
  let before = 'start';
  let asked = false;
  function show() {
    asked = false;
    if (!panel.offsetParent) return;
    const now = readSection(panel);
    for (const link of row.querySelectorAll('a'))
      if (link.dataset.to === now) link.setAttribute('aria-current', 'location');
      else link.removeAttribute('aria-current');
    fill(menu, html`${wordsOf(now)}`);
    if (now !== before) read(now);
    before = now;
  }
  document.addEventListener('scroll', () => {
    if (!asked) requestAnimationFrame(show);
    asked = true;
  });
  top.after(row);
  return show;
}
