// A drawn digit in other domains and back, each with what two readers make of it.
import {anySeed, percent, rememberSeed} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';
import {inked, makeDrawPad} from '../../frame/web/pad.js';

export default function ({first, server, board, find, say, liveCaller}) {
  const domains = first;
  const seen = find('.adapt-seen img');
  const ask = Object.fromEntries(Object.keys(domains).map((name) => [name, liveCaller(server.translate_digit)]));
  let seed = 0;

  fill(
    find('.adapt-domains'),
    html`${Object.entries(domains).map(
      ([name, title]) => html`
    <section data-name="${name}"><h3>${title}</h3>
      <div class="adapt-rows">
        <figure><img class="pixels there" alt="The digit as ${title} would have it">
          <figcaption>as ${title}</figcaption></figure>
        <figure><img class="pixels back" alt="The digit translated back"><figcaption>and back</figcaption></figure>
      </div><table></table></section>`,
    )}<button type="button" class="adapt-again">Other backgrounds</button>`,
  );

  function row(title, readings) {
    const cells = readings.map(({digit, sure}) => html`<td>${digit}, ${percent(sure)}</td>`);
    return html`<tr><th scope="row">${title}</th>${cells}</tr>`;
  }

  async function show(section) {
    const answer = await ask[section.dataset.name]({domain: section.dataset.name, picture: pad.dataURI(), seed});
    if (!answer || pad.empty()) return;
    seen.src = answer.seen;
    section.querySelector('.there').src = answer.translated;
    section.querySelector('.back').src = answer.back;
    const {adapted, source} = answer.readings;
    fill(
      section.querySelector('table'),
      html`${row('a reader that learned from translations', adapted)}
      ${row('a reader that knows MNIST alone', source)}`,
    );
  }

  function showAll() {
    if (!pad.empty()) for (const section of find('.adapt-domains').querySelectorAll('section')) show(section);
  }
  const pad = makeDrawPad(find('.paper'), {
    say,
    label: 'Draw one digit',
    onDraw: showAll,
    onClear: () => {
      for (const img of board.querySelectorAll('img')) img.removeAttribute('src');
      for (const table of board.querySelectorAll('table')) table.replaceChildren();
    },
  });
  function begin(number) {
    seed = number;
    showAll();
  }
  find('.adapt-again').addEventListener('click', () => begin(anySeed()));
  rememberSeed(find('.adapt-again'), () => seed, begin);
  pad.show(inked('M92 92C100 44 190 46 190 100C190 146 120 172 88 224H206')); // a two
}
