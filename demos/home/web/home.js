// The topics as cards, links that top.js opens here.
import {html, made} from '../../frame/web/html.js';

export default function ({first, find}) {
  const {title, sentence, cards} = first;
  find('h1').textContent = title;
  find('.home-head p').textContent = sentence;
  for (const card of cards) {
    const link = made(html`<a class="home-card" href="?tab=${card.id}">
      <img alt="" width="640" height="400" src="${card.picture}">
      <span class="eyebrow">${card.lecture}</span><h2>${card.title}</h2><p>${card.summary}</p></a>`);
    find('.home-cards').append(link);
  }
}
