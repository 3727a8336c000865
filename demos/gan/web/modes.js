// What 1,000 samples of each formulation are of: a generator that collapsed leaves classes out, or makes one over and
// over.
import {anySeed, percent, rememberSeed} from '../../frame/web/controls.js';
import {fill, html} from '../../frame/web/html.js';

export default function ({first, server, find, liveCaller, onValue}) {
  const {formulations, digits} = first; // digits: those that know nothing else
  const WIDTH = 330;
  const HEIGHT = 150;
  const ask = Object.fromEntries(Object.keys(formulations).map((name) => [name, liveCaller(server.show_variety)]));
  let data = null;
  let seed = 0;

  fill(
    find('.modes'),
    Object.entries(formulations).map(
      ([name, title]) => html`
    <section data-name="${name}"><h3>${title}</h3>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT + 38}" role="img" aria-label="Classes of the samples"></svg>
    <p class="modes-meaning"></p><p class="modes-apart"></p>
    <img class="pixels" width="448" height="56" alt="32 samples"></section>`,
    ),
  );

  async function show(section) {
    const answer = await ask[section.dataset.name]({data, seed, formulation: section.dataset.name});
    if (!answer) return;
    const {classes, counts, covered, misplaced, distance, real} = answer;
    const share = answer.count / classes.length;
    const most = Math.max(...counts, 2 * share);
    const step = WIDTH / classes.length;
    const high = (count) => (count / most) * (HEIGHT - 2);
    const bar = (count, i) => html`
      <rect x="${i * step + 3}" width="${step - 6}" y="${HEIGHT - high(count)}" height="${high(count)}">
        <title>${classes[i]}: ${count}</title></rect>
      <text x="${(i + 0.5) * step}" y="${HEIGHT + 15}" text-anchor="middle">
        ${classes[i].length > 2 ? classes[i].slice(0, 4) : classes[i]}</text>
      <text x="${(i + 0.5) * step}" y="${HEIGHT + 31}" text-anchor="middle" class="modes-count">${count}</text>`;
    fill(
      section.querySelector('svg'),
      html`${counts.map(bar)}
      <line x1="0" x2="${WIDTH}" y1="${HEIGHT - high(share)}" y2="${HEIGHT - high(share)}"/>`,
    );
    fill(
      section.querySelector('.modes-meaning'),
      html`<b>${covered} of ${classes.length} classes</b>, and ${percent(misplaced)} of the samples would have to be of
      other classes for all to be alike. ${answer.meaning}`,
    );
    fill(
      section.querySelector('.modes-apart'),
      html`Two samples are <output>${percent(distance / real)}</output> as different as two
      real pictures: <output>${distance.toFixed(1)}</output> and <output>${real.toFixed(1)}</output> apart in the
      classifier's features.`,
    );
    section.querySelector('img').src = answer.pictures;
  }

  function showAll() {
    find('.modes-bar span').textContent = 'The line is where every class has its share.';
    for (const section of find('.modes').children) {
      section.hidden = data !== 'digits' && digits.includes(section.dataset.name);
      if (!section.hidden) show(section);
    }
  }
  function begin(number) {
    seed = number;
    showAll();
  }
  find('.modes-again').addEventListener('click', () => begin(anySeed()));
  rememberSeed(find('.modes-again'), () => seed, begin);
  onValue((value) => {
    if (!value.data || value.data === data) return;
    data = value.data;
    showAll();
  });
}
