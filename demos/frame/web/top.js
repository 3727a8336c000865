// What the whole page shares: the switch between light and dark, and the tab that the address names. A visitor's choice
// of a tab is a step of the browser's history, so that Back and Forward go from tab to tab.
// Any link such as <a href="?tab=vae"> opens its tab here.
import {isDark, onThemeChange} from './controls.js';
import {keepNamed} from './names.js';

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
    openTab(new URLSearchParams(link.search).get('tab'));
    scrollTo(0, 0);
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
  function reveal(tab) {
    const panel = document.getElementById(partsOfTab[tab][0]);
    if (!panel || panel.dataset.ready) return;
    if (partsOfTab[tab].every((id) => document.getElementById(id)) && !panel.querySelector(UNSET))
      panel.dataset.ready = 'yes';
  }

  function tabOfAddress() {
    const asked = new URLSearchParams(location.search).get('tab');
    return Object.hasOwn(titles, asked) ? asked : 'home';
  }
  function addressOf(tab) {
    const address = new URL(location);
    if (tab === 'home') address.searchParams.delete('tab');
    else address.searchParams.set('tab', tab);
    return address.href;
  }

  let awaited = tabOfAddress(); // until it is shown, the address is left alone
  if (awaited !== 'home') openTab(awaited);
  window.addEventListener('popstate', () => {
    awaited = tabOfAddress();
    openTab(awaited);
    followTab();
  });

  function followTab() {
    const shown = document.querySelector('#topics [role=tab][aria-selected=true]')?.dataset.tabId;
    if (!shown || (awaited && shown !== awaited)) return;
    reveal(shown);
    // what the visitor chose is a step of the history; what the address asked for is there, unless no tab has that name
    if (addressOf(shown) !== location.href)
      if (awaited) history.replaceState(null, '', addressOf(shown));
      else history.pushState(null, '', addressOf(shown));
    awaited = null;
    document.title = titles[shown];
    for (const way of document.querySelectorAll('.foot nav')) way.hidden = way.dataset.tab !== shown;
  }
  new MutationObserver(followTab).observe(document.querySelector('gradio-app') || document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ['aria-selected', 'data-started'],
  });
  followTab();
}
