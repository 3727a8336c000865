// The topics as cards. Each is a true link, so that it opens in a new window too; a plain click opens the tab here.
import {html, made} from '../../frame/web/html.js';

export default function ({first, find}) {
  const {title, sentence, cards} = first;
  find('h1').textContent = title;
  find('.home-head p').textContent = sentence;
  for (const card of cards) {
    const link = made(html`<a class="home-card" href="?tab=${card.id}">
      <img alt="" width="640" height="400" src="${card.picture}">
      <span class="eyebrow">${card.lecture}</span><h2>${card.title}</h2><p>${card.summary}</p></a>`);
    link.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      window.dispatchEvent(new CustomEvent('gallery-open', {detail: card.id}));
    });
    find('.home-cards').append(link);
  }
}
