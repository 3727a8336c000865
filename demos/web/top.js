// What the whole page shares: the switch between light and dark, and the tab that the address names.
// Any board opens a tab by: window.dispatchEvent(new CustomEvent('gallery-open', {detail: 'vae'})).
messageLine.hidden = true;

const themeButton = element.querySelector('.top-theme');
const dark = () => document.body.classList.contains('dark');
function showTheme() {
  themeButton.textContent = dark() ? 'Light' : 'Dark';
  themeButton.setAttribute('aria-label', dark() ? 'Switch to light' : 'Switch to dark');
}
const remembered = localStorage.getItem('gallery-theme');
if (remembered && !new URLSearchParams(location.search).has('__theme'))
  document.body.classList.toggle('dark', remembered === 'dark');
themeButton.addEventListener('click', () => {
  document.body.classList.toggle('dark');
  localStorage.setItem('gallery-theme', dark() ? 'dark' : 'light');
});
onThemeChange(showTheme);
showTheme();

const {titles} = props.value;
function openTab(id) {
  props.value = {titles, open: id};
  trigger('open');
}
window.addEventListener('gallery-open', (event) => openTab(event.detail));

const asked = new URLSearchParams(location.search).get('tab');
let awaited = Object.hasOwn(titles, asked) ? asked : 'home';  // until it is shown, the address is left alone
if (awaited !== 'home') {
  document.body.classList.add('gallery-opening');
  openTab(awaited);
}

setTimeout(() => { if (awaited) { awaited = null; document.body.classList.remove('gallery-opening'); } }, 8000);

function followTab() {
  const shown = document.querySelector('#topics [role=tab][aria-selected=true]')?.dataset.tabId;
  if (!shown || (awaited && shown !== awaited)) return;
  if (awaited) document.body.classList.remove('gallery-opening');
  awaited = null;
  const address = new URL(location);
  if (shown === 'home') address.searchParams.delete('tab'); else address.searchParams.set('tab', shown);
  if (address.href !== location.href) history.replaceState(history.state, '', address);
  document.title = titles[shown];
}
new MutationObserver(followTab).observe(document.querySelector('gradio-app') || document.body, {
  subtree: true, childList: true, attributes: true, attributeFilter: ['aria-selected'],
});
followTab();
