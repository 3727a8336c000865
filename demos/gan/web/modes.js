// What 1,000 samples of each formulation are of: a generator that collapsed leaves classes out, or makes one over and over.

export default function ({first, server, find, liveCaller, onValue}) {
  const {formulations} = first, WIDTH = 330, HEIGHT = 150;
  const ask = Object.fromEntries(Object.keys(formulations).map((name) => [name, liveCaller(server.show_variety)]));
  let data = null, seed = 0;

  find('.modes').innerHTML = Object.entries(formulations).map(([name, title]) => `
    <section data-name="${name}"><h3>${title}</h3><svg viewBox="0 0 ${WIDTH} ${HEIGHT + 24}" role="img" aria-label="Classes of the samples"></svg>
    <p></p><img class="pixels" width="448" height="56" alt="32 samples"></section>`).join('');

  async function show(section) {
    const answer = await ask[section.dataset.name]({data, seed, formulation: section.dataset.name});
    if (!answer) return;
    const share = answer.count / answer.classes.length, most = Math.max(...answer.counts, 2 * share), step = WIDTH / answer.classes.length;
    const high = (count) => count / most * (HEIGHT - 16);
    section.querySelector('svg').innerHTML = answer.counts.map((count, i) => `
      <rect x="${i * step + 3}" width="${step - 6}" y="${HEIGHT - high(count)}" height="${high(count)}"><title>${answer.classes[i]}: ${count}</title></rect>
      <text x="${(i + 0.5) * step}" y="${HEIGHT - high(count) - 4}" text-anchor="middle" class="modes-count">${count}</text>
      <text x="${(i + 0.5) * step}" y="${HEIGHT + 15}" text-anchor="middle">${answer.classes[i].length > 2 ? answer.classes[i].slice(0, 4) : answer.classes[i]}</text>`).join('')
      + `<line x1="0" x2="${WIDTH}" y1="${HEIGHT - high(share)}" y2="${HEIGHT - high(share)}"/>`;
    section.querySelector('p').innerHTML = `Two samples are <output>${Math.round(100 * answer.distance / answer.real)} %</output> as different as two real pictures: <output>${answer.distance.toFixed(1)}</output> and <output>${answer.real.toFixed(1)}</output> apart in the classifier's features.`;
    section.querySelector('img').src = answer.pictures;
  }

  function showAll() {
    find('.modes-bar span').textContent = 'The line is where every class has its share.';
    for (const section of find('.modes').children) show(section);
  }
  find('.modes-again').addEventListener('click', () => { seed = Math.floor(Math.random() * 1e6); showAll(); });
  onValue((value) => {
    if (!value.data || value.data === data) return;
    data = value.data;
    showAll();
  });
}
