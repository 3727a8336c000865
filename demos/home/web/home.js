// The topics as cards. Each is a true link, so that it opens in a new window too; a plain click opens the tab here.

export default function ({element, first}) {
  const {title, sentence, cards} = first;
  element.querySelector('h1').textContent = title;
  element.querySelector('.home-head p').textContent = sentence;
  cards.forEach((card, index) => {
    const link = document.createElement('a');
    link.className = 'home-card';
    link.href = `?tab=${card.id}`;
    link.innerHTML = '<img alt="" width="640" height="400"><span class="eyebrow"></span><h2></h2><p></p>';
    link.querySelector('img').src = card.picture;
    link.querySelector('.eyebrow').textContent = card.lecture;
    link.querySelector('h2').textContent = card.title;
    link.querySelector('p').textContent = card.summary;
    link.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      window.dispatchEvent(new CustomEvent('gallery-open', {detail: card.id}));
    });
    element.querySelector('.home-cards').append(link);
  });
}
