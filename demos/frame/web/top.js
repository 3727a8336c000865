// What the whole page shares: the switch between light and dark, and the tab that the address names. A visitor's choice
// of a tab is a step of the browser's history, so that Back and Forward go from tab to tab.
// Any link such as <a href="?tab=vae"> opens its tab here.
import {isDark, onThemeChange} from './controls.js';
import {keepNamed} from './names.js';
import {presenter} from './present.js';
import {arrange, fold, keepInView, readSection, sectionOf, sectionsOf} from './sections.js';
import {follow} from './state.js';

const OF_THE_PAGE = ['__theme', 'present']; // what of the address goes along from tab to tab

export default function ({element, first, trigger, props}) {
  const themeButton = element.querySelector('.top-theme');
  function showTheme() {
    themeButton.textContent = isDark() ? 'Light' : 'Dark';
    themeButton.setAttribute('aria-label', isDark() ? 'Switch to light' : 'Switch to dark');
  }
  const remembered = localStorage.getItem('gallery-theme');
  if (remembered && !new URLSearchParams(location.search).has('__theme'))
    document.body.classList.toggle('dark', remembered === 'dark');
  themeButton.addEventListener('click', () => {
    document.body.classList.toggle('dark');
    localStorage.setItem('gallery-theme', isDark() ? 'dark' : 'light');
  });
  onThemeChange(showTheme);
  showTheme();
  keepNamed();

  const {titles} = first;
  function openTab(id) {
    props.value = {titles, open: id};
    trigger('open');
  }
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="?tab="]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return; // a window of its own
    event.preventDefault();
    visit(new URLSearchParams(link.search));
  });

  // A tab is seen once all of its parts are there: they load one by one, and each pushes down what was there before it.
  const propsOf = Object.fromEntries(window.gradio_config.components.map((part) => [part.id, part.props]));
  function partsOf({id, children}) {
    // ids of what is seen at a node of the layout and below; a form has none
    const {elem_id, visible, open} = propsOf[id];
    if (visible === false) return [];
    return [elem_id || [], open === false ? [] : (children || []).flatMap(partsOf)].flat();
  }
  const partsOfTab = Object.fromEntries(
    window.gradio_config.layout.children
      .flatMap((node) => node.children || [])
      .map((node) => [propsOf[node.id].id, partsOf(node)]),
  );
  const UNSET =
    '.heading:not(:has(h1)), .section:not(:has(h2)), .equation:not(:has(.katex)), .board:not([data-started])';
  const panelOf = (tab) => document.getElementById(partsOfTab[tab][0]);
  function reveal(tab) {
    const panel = panelOf(tab);
    if (!panel || panel.dataset.ready) return;
    if (!partsOfTab[tab].every((id) => document.getElementById(id)) || panel.querySelector(UNSET)) return;
    if (panel.querySelector('.heading')) {
      arrange(panel, tab, (at) => history.replaceState(null, '', addressOf(tab, at)));
      restoreIn[tab] = follow(panel, tab, (parts, choice) => {
        stateOf[tab] = parts;
        if (tab === tabOfAddress()) note(addressOf(tab, asked('at') || 'start'), choice);
      });
    }
    panel.dataset.ready = 'yes';
  }

  // ---- the address: ?tab=<topic>&at=<section>&open=all, and what is set on the tab. What has no meaning is ignored.

  const stateOf = {}; // of a tab, what its address says of its controls: [[name, value], ...]
  const restoreIn = {};
  const asked = (name) => new URLSearchParams(location.search).get(name);
  const stateIn = (parts) => [...parts].filter(([name]) => !['tab', 'at', 'open', ...OF_THE_PAGE].includes(name));
  function tabOfAddress() {
    return Object.hasOwn(titles, asked('tab')) ? asked('tab') : 'home';
  }
  function addressOf(tab, at) {
    const address = new URL(location);
    const before = [...address.searchParams];
    const along = tab === tabOfAddress() ? ['open', ...OF_THE_PAGE] : OF_THE_PAGE;
    const parts = [
      ...(tab === 'home' ? [] : [['tab', tab]]),
      ...(at === 'start' ? [] : [['at', at]]),
      ...before.filter(([name]) => along.includes(name)),
      ...(stateOf[tab] || []),
    ];
    address.search = new URLSearchParams(parts);
    return address.href;
  }
  // A visitor's choice is a step of the history; where a visitor scrolls to, or drags a slider to, is written down.
  function note(address, choice) {
    if (address !== location.href) history[choice ? 'pushState' : 'replaceState'](null, '', address);
  }
  function visit(parts) {
    const tab = parts.get('tab');
    if (stateIn(parts).length) stateOf[tab] = stateIn(parts);
    note(addressOf(tab, parts.get('at') || 'start'), true);
    arrive();
  }
  function showSection(tab) {
    const panel = panelOf(tab);
    const at = asked('at');
    if (!sectionOf(panel, 'start')) return presenting.show() || scrollTo(0, 0);
    if (asked('open') === 'all') for (const one of sectionsOf(panel)) fold(panel, one.dataset.section, false);
    const id = at && sectionOf(panel, at) ? at : 'start';
    fold(panel, id, false);
    if (presenting.show()) return;
    if (id !== 'start' || scrollY) keepInView(panel, id);
  }

  // The section in view as presenting has it, and the way to another one, or to the tab after or before.
  const inView = () => {
    const tab = tabOfAddress();
    const panel = panelOf(tab);
    const at = asked('at');
    return {panel, at: at && panel && sectionOf(panel, at) ? at : 'start'};
  };
  const order = Object.keys(titles);
  const presenting = presenter({
    element,
    shown: inView,
    go: (at) => visit(new URLSearchParams({tab: tabOfAddress(), at})),
    turn: (by) => {
      const tab = order[order.indexOf(tabOfAddress()) + by];
      if (tab) visit(new URLSearchParams({tab}));
    },
  });

  history.scrollRestoration = 'manual'; // the address says where
  let awaited = tabOfAddress(); // until it is shown, the address is left alone
  let unseen = true; // whether the section that the address asks for is still to be shown
  let stay = false;
  if (awaited !== 'home') openTab(awaited);
  function arrive({back = false} = {}) {
    const panel = panelOf(tabOfAddress());
    // on the way back to what is in view, nothing but its state changes
    stay = back && panel?.offsetParent && sectionOf(panel, 'start') && readSection(panel) === (asked('at') || 'start');
    awaited = tabOfAddress();
    unseen = true;
    openTab(awaited);
    followTab();
  }
  window.addEventListener('popstate', () => arrive({back: true}));

  function followTab() {
    const shown = document.querySelector('#topics [role=tab][aria-selected=true]')?.dataset.tabId;
    if (!shown || (awaited && shown !== awaited)) return;
    reveal(shown);
    // what the visitor chose is a step of the history; what the address asked for is there, unless no tab has that name
    if (shown !== tabOfAddress()) {
      history.pushState(null, '', addressOf(shown, 'start'));
      unseen = true;
    }
    awaited = null;
    // this runs at every change of the page, sixty times a second during a drag: what is as it should be stays
    if (document.title !== titles[shown]) document.title = titles[shown];
    for (const way of document.querySelectorAll('.foot nav'))
      if (way.hidden === (way.dataset.tab === shown)) way.hidden = !way.hidden;
    if (!unseen || !panelOf(shown)?.dataset.ready) return;
    unseen = false;
    if (!stay) showSection(shown);
    stay = false;
    stateOf[shown] = stateIn(new URLSearchParams(location.search));
    restoreIn[shown]?.(stateOf[shown]);
  }
  new MutationObserver(followTab).observe(document.querySelector('gradio-app') || document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ['aria-selected', 'data-started'],
  });
  followTab();
}
