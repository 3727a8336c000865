// The topics as cards in the chapters of the lecture, links that top.js opens here; and the button that makes ready.
import {isDark, onThemeChange} from '../../frame/web/controls.js';
import {html, made} from '../../frame/web/html.js';

const cardOf = ({id, name, lecture, summary, slides}) => html`<a class="home-card" href="?tab=${id}">
  <span class="home-picture"><img alt=""></span>
  <span class="eyebrow">${lecture}</span><h3>${name}</h3><p>${summary}</p><p class="home-covers">${slides}</p></a>`;

export default function ({first, find, findAll, server, liveCaller}) {
  const {title, sentence, chapters} = first;
  find('h1').textContent = title;
  find('.home-sentence').textContent = sentence;
  for (const {title, cards, missing} of chapters) {
    const rest = missing ? `${missing} slides of this chapter are shown nowhere yet.` : '';
    find('nav').append(
      made(html`<section><h2>${title}</h2><div class="home-cards">${cards.map(cardOf)}</div>
      <p class="home-missing">${rest}</p></section>`),
    );
  }
  const cards = chapters.flatMap((chapter) => chapter.cards);
  const look = () => {
    findAll('.home-picture img').forEach((image, i) => {
      image.src = cards[i].pictures[isDark() ? 'dark' : 'light'];
    });
  };
  onThemeChange(look);
  look();

  const ask = liveCaller(server.next_step);
  const start = find('.home-ready button');
  const bar = find('progress');
  const told = find('.home-told');
  start.addEventListener('click', async () => {
    start.disabled = true;
    Object.assign(bar, {hidden: false, value: 0});
    told.textContent = 'The first one takes longest.';
    const wrong = new Set();
    for (let step = {done: 0, of: 1}; step && step.done < step.of; ) {
      step = await ask({done: step.done});
      if (!step) {
        told.textContent = 'The gallery does not answer. Try again.';
        break;
      }
      Object.assign(bar, {value: step.done, max: step.of});
      told.textContent = `${step.done} of ${step.of}: ${step.name}`;
      if (step.wrong) wrong.add(step.wrong);
      if (step.done === step.of) told.textContent = ['Every network that is here is ready.', ...wrong].join(' ');
    }
    start.disabled = false;
    bar.hidden = true;
  });
}
